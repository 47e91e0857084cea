"""What a client's files ask for ends, is paid once by all processes, and can be asked for again."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

import pytest

from consulting import shared_child
from consulting.errors import ConfigurationError
from consulting.shared_child import StoppedError, asked_again, end_shared_child, read_apart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENDLESS = (r"(a|aa)+\Z", "a" * 60 + "b")


@pytest.fixture(autouse=True)
def _a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(shared_child, "_budget", shared_child._Budget())
    monkeypatch.setattr(shared_child, "LEAST_SECONDS", 0.2)
    monkeypatch.setenv("CONSULTING_PARSE_SECONDS", "0.5")
    yield
    end_shared_child()


def endless(memory: Path | None) -> None:
    read_apart("acme", "its dbt models", None, re.fullmatch, *ENDLESS, memory=memory)


def spent(memory: Path | None) -> float:
    """Seconds by the clock until it is refused."""
    began = time.monotonic()
    with pytest.raises(StoppedError):
        endless(memory)
    return time.monotonic() - began


def test_what_did_not_end_is_remembered_until_more_time_is_given_or_a_person_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "target" / ".stopped-abc"
    with pytest.raises(
        StoppedError, match=r"^acme: reading its dbt models took more than 0\.5 sec"
    ):
        endless(memory)
    monkeypatch.setattr(shared_child, "_budget", shared_child._Budget())  # another process
    assert spent(memory) < 0.1
    assert spent(tmp_path / ".stopped-another-content") > 0.3
    with asked_again():
        assert spent(memory) > 0.3
    day = shared_child.STOPPED_IS_TRUE_SECONDS
    monkeypatch.setattr(shared_child, "STOPPED_IS_TRUE_SECONDS", -1)
    assert spent(memory) > 0.3
    monkeypatch.setattr(shared_child, "STOPPED_IS_TRUE_SECONDS", day)
    memory.write_text("{")
    assert spent(memory) > 0.3, "what is damaged tells nothing"


def test_the_seconds_shrink_as_others_do_not_end_and_an_honest_one_still_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_PARSE_SECONDS", "60")
    monkeypatch.setenv("CONSULTING_LOAD_SECONDS", "2")
    budget = shared_child._budget
    given = []
    for _ in range(8):
        given.append(budget.share(60))
        budget.spend(given[-1])
    assert given[:4] == [1.0, 0.5, 0.25, 0.2]
    assert set(given[3:]) == {0.2}
    with pytest.raises(StoppedError, match=r"did not end within the 0\.2 seconds that were left"):
        endless(tmp_path / "cut-short")
    with pytest.raises(StoppedError, match="`consulting check --models acme` tries again at once"):
        endless(tmp_path / "cut-short")
    assert read_apart("globex", "its dbt models", int, os.getpid) != os.getpid()
    with asked_again():
        monkeypatch.setenv("CONSULTING_PARSE_SECONDS", "0.5")
        with pytest.raises(StoppedError, match=r"took more than 0\.5 seconds"):
            endless(tmp_path / "cut-short")


def test_one_client_leaves_nothing_in_the_process_that_reads_the_next() -> None:
    set_it = "__import__('os').environ.__setitem__('LEFT', 'behind')"
    read_apart("acme", "x", None, eval, set_it)
    assert read_apart("globex", "x", str | None, os.getenv, "LEFT") is None


def test_a_limit_that_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSULTING_LOAD_SECONDS", "soon")
    with pytest.raises(ConfigurationError, match=r"CONSULTING_LOAD_SECONDS is 'soon'.*example 40"):
        endless(None)
