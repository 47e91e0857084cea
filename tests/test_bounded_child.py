"""What is done in a bounded child gives its answer, or ends, and its parent goes on."""

from __future__ import annotations

import json
import math
import os
import pickle
import re
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from patience import await_that

from consulting.bounded_child import BoundedChild, Bounds, ChildStoppedError, _Answer
from consulting.errors import UnreadableFileError
from consulting.raised import RaisedElsewhereError
from consulting.records import Drop

SMALL = Bounds(seconds=1, memory_bytes=256 * 1024**2)
pytestmark = pytest.mark.usefixtures("new_interpreters")


def test_an_answer_and_an_error_come_back_from_one_and_the_same_process() -> None:
    with BoundedChild() as child:
        first = child.call(SMALL, int, os.getpid)
        assert child.call(SMALL, float, math.sqrt, 4.0) == 2.0
        with pytest.raises(RaisedElsewhereError, match=r"^ValueError: .*(math|nonneg)"):
            child.call(SMALL, float, math.sqrt, -1.0)
        assert child.call(SMALL, int, os.getpid) == first != os.getpid()


@pytest.mark.parametrize(
    ("function", "arguments", "cause"),
    [
        (re.fullmatch, (r"(a|aa)+\Z", "a" * 60 + "b"), "time"),  # holds the GIL all the while
        (time.sleep, (3600,), "time"),
        (bytearray, (2 * 1024**3,), "memory"),
        (os.abort, (), "fault"),
        (os._exit, (3,), "fault"),
        (eval, ("__import__('os').kill(__import__('os').getpid(), 9)",), "killed"),
    ],
)
def test_what_outgrows_its_bounds_is_ended_and_the_next_call_is_answered(
    function: Any, arguments: tuple[Any, ...], cause: str
) -> None:
    with BoundedChild() as child:
        with pytest.raises(ChildStoppedError) as caught:
            child.call(Bounds(0.5, SMALL.memory_bytes), Any, function, *arguments)
        assert caught.value.cause == cause
        assert child.call(SMALL, float, math.sqrt, 9.0) == 3.0


def test_a_child_begins_each_of_its_lives_and_each_of_its_processes_with_what_is_prepared() -> None:
    ready = partial(eval, "__import__('os').environ.update(READY='yes')")
    with BoundedChild(forks=True) as child:
        child.prepare(SMALL, ready)
        pids = {child.call(SMALL, int, os.getpid) for _ in range(2)}
        assert len(pids) == 2
        child.call(SMALL, None, eval, "__import__('os').environ.pop('READY') and None")
        assert child.call(SMALL, str | None, os.getenv, "READY") == "yes"
        child.end()
        assert child.call(SMALL, str | None, os.getenv, "READY") == "yes"


def test_a_child_that_can_not_be_prepared_says_so_to_whoever_calls_it() -> None:
    with BoundedChild(forks=True) as child:
        child.prepare(SMALL, partial(os._exit, 3))
        with pytest.raises(ChildStoppedError, match=r"fault: exit code 3"):
            child.call(SMALL, int, os.getpid)


def test_a_call_is_held_to_its_own_seconds_not_to_those_of_the_calls_before() -> None:
    with BoundedChild() as child:
        for _ in range(4):
            assert child.call(Bounds(1, SMALL.memory_bytes), int, sum, range(15_000_000)) > 0


def test_the_child_has_only_the_environment_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOBEX_SECRET_ACCESS_KEY", "secret")
    with BoundedChild() as child:
        assert child.call(SMALL, str | None, os.getenv, "GLOBEX_SECRET_ACCESS_KEY") is None
        assert child.call(SMALL, str | None, os.getenv, "TZ") == "UTC"
    with BoundedChild({"ONLY": "this"}) as child:
        assert child.call(SMALL, str | None, os.getenv, "ONLY") == "this"
        assert child.call(SMALL, str | None, os.getenv, "PATH") is None


def test_an_error_of_the_project_keeps_its_facts_on_the_way() -> None:
    made = "__import__('consulting.errors').errors.UnreadableFileError('f', 'c', 'r.', 'x.')"
    with BoundedChild() as child, pytest.raises(UnreadableFileError) as caught:
        child.call(SMALL, None, eval, f"(_ for _ in ()).throw({made})")
    assert (caught.value.filename, caught.value.code, caught.value.fix) == ("f", "c", "x.")
    assert str(caught.value) == "f: r. x."


class Forged:
    """Runs a command where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


def test_a_child_that_was_taken_over_can_not_run_anything_by_its_answer(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    forged = pickle.dumps(Forged(mark))
    facts = {"own": True, "kind": "ConfigurationError", "text": "t", "where": "w", "place": "p"}
    answers = [
        forged,
        b"=" + forged,
        b"!" + forged,
        b"x" + forged,
        b"",
        b"=",
        b"=" + b"[" * 100_000,
        b'={"drop_id": "x"}',
        b"![]",
        b'!{"own": true, "kind": "SystemExit", "text": "t", "facts": {}, "where": "w"}',
        b'x["surrender", "now"]',
        b"!" + json.dumps(facts | {"facts": 5}).encode(),
    ]
    for answer in answers:
        read = _Answer.read(answer, Drop)
        assert read.value is read.raised is None, answer
        assert str(read.stopped) == "the child process was stopped (fault: its answer is none)"
    for answer in answers[:2]:
        # the bytes stand on the line before the child could answer, as if it had sent them
        sent = f"__import__('os').write({{line}}, __import__('struct').pack('!i', {len(answer)})"
        with BoundedChild() as child:
            line = child.call(SMALL, str, eval, "__import__('sys').argv[1]")
            with pytest.raises(ChildStoppedError, match="its answer is none") as caught:
                child.call(SMALL, Drop, eval, f"{sent.format(line=line)} + {answer!r})")
            assert caught.value.cause == "fault"
    assert not mark.exists()


def test_an_error_s_class_and_place_are_told_only_where_they_look_like_one() -> None:
    error = RaisedElsewhereError("duckdb.Error\nAKIA", "/etc/passwd of root", "text")
    assert (error.kind, error.place) == ("an error", "unknown")
    error = RaisedElsewhereError("duckdb.Error", "consulting/sql.py:7", "text")
    assert (error.kind, error.place) == ("duckdb.Error", "consulting/sql.py:7")


def test_an_answer_that_never_ends_or_is_far_too_long_ends_the_child() -> None:
    began = time.monotonic()
    for size, cause in ((1000, "time"), (2**30, "fault")):
        with BoundedChild() as child:
            line = child.call(SMALL, str, eval, "__import__('sys').argv[1]")
            start = f"__import__('struct').pack('!i', {size})"
            never = "__import__('time').sleep(60)"
            with pytest.raises(ChildStoppedError) as caught:
                child.call(
                    Bounds(0.2, SMALL.memory_bytes),
                    None,
                    eval,
                    f"[__import__('os').write({line}, {start}), {never}]",
                )
            assert caught.value.cause in {cause, "killed"}
    assert time.monotonic() - began < 30


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import os, sys, time\n"
        "from consulting.bounded_child import BoundedChild, Bounds\n"
        "child = BoundedChild()\n"
        "print(child.call(Bounds(5, 2**28), int, os.getpid), flush=True)\n"
        "child.call(Bounds(600, 2**28), None, time.sleep, 600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    await_that(lambda: _is_dead(child), lambda: "the child outlived its parent")


def _is_dead(process: int) -> bool:
    try:
        # a zombie is dead, and not yet buried by whoever inherited it
        return " Z " in Path(f"/proc/{process}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return True
