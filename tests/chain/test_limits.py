"""What loading and profiling may take: beyond it the files are set aside, by the limit's name."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from consulting import chain
from consulting.bounded_memory import confine
from consulting.chain.apart import child_of, end_child, within
from consulting.errors import BeyondLimitError, ConfigurationError
from consulting.intake.reading import Limits

from .conftest import AT_ONCE, World
from .test_delivering import HEADER, customer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1024**2


@pytest.fixture(autouse=True)
def _no_child_left() -> Iterator[None]:
    yield
    end_child()


@pytest.mark.parametrize(
    ("function", "arguments", "limits", "told"),
    [
        (
            re.fullmatch,
            (r"(a|aa)+\Z", "a" * 60 + "b"),
            {"max_profile_seconds": 0.5},
            (
                "profiling feed 'f' takes more than the 0.5 seconds of processor time allowed. "
                "Have "
                "them sent in smaller files, or raise `max_profile_seconds` for the feed in the "
                "client's defs.yaml if this is right."
            ),
        ),
        (
            bytearray,
            (2000 * MIB,),
            {"max_memory_bytes": 64 * MIB},
            (
                "profiling feed 'f' takes more than the 67,108,864 bytes of memory allowed. "
                "Have them "
                "sent in smaller files, or raise `max_memory_bytes` for the feed in the client's "
                "defs.yaml if this is right."
            ),
        ),
        (
            os.abort,
            (),
            {},
            (
                "profiling feed 'f' broke the process down that did it (SIGABRT). Have them saved "
                "again, or as CSV, and sent once more."
            ),
        ),
    ],
    ids=["time", "memory", "fault"],
)
def test_a_stage_goes_on_beside_what_it_computes_and_names_the_limit_it_is_over(
    world: World, function: Any, arguments: Any, limits: dict[str, Any], told: str
) -> None:
    beats, over = [0], threading.Event()

    def beat() -> None:
        while not over.wait(0.02):
            beats[0] += 1

    child_of().start()
    thread = threading.Thread(target=beat)
    thread.start()
    try:
        with pytest.raises(BeyondLimitError) as caught:
            within(
                world.engagement, Limits(**limits), "profiling feed 'f'", Any, function, *arguments
            )
    finally:
        over.set()
        thread.join()
    assert str(caught.value) == f"acme_corp: {told}"
    if "max_profile_seconds" in limits:
        assert beats[0] > 10, "it was held up, and so would be the run's sign of life"


def test_duckdb_writes_to_disk_before_the_process_is_over_its_limit(world: World) -> None:
    low, high = Limits(max_memory_bytes=90 * MIB), Limits(max_memory_bytes=2**40)
    found = [
        within(world.engagement, limits, "x", str, os.getenv, "CONSULTING_MEMORY_LIMIT")
        for limits in (low, high)
    ]
    assert found == [f"{90 * MIB}B", "2GB"]


def test_a_limit_of_the_project_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSULTING_MEMORY_LIMIT", "lots")
    with duckdb.connect() as connection, pytest.raises(ConfigurationError) as caught:
        confine(connection, None)
    assert str(caught.value) == (
        "CONSULTING_MEMORY_LIMIT is 'lots'; it is an amount of memory, for example 2GB."
    )


def test_each_call_has_a_process_of_its_own_that_begins_with_the_libraries(world: World) -> None:
    asked = ("__import__('os').getpid()", "'phonenumbers' in __import__('sys').modules")
    first, second, loaded = (
        within(world.engagement, Limits(), "x", int, eval, what) for what in (asked[0], *asked)
    )
    assert loaded == 1
    assert first != second


def test_files_with_too_many_columns_together_fail_by_the_limit_s_name(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, intake=AT_ONCE, limits={"max_columns": 40})
    for n in (1, 2):
        extra = [f"extra_{n}_{i}" for i in range(25)]
        header = HEADER.strip() + "".join(f",{name}" for name in extra)
        row = customer(n).strip() + ",x" * len(extra)
        world.drop(f"customers_{n}.csv", f"{header}\n{row}\n")
    with pytest.raises(
        BeyondLimitError, match=r"together, more than the 40 allowed.*`max_columns`"
    ):
        world.receive("run")


def test_a_profile_that_takes_too_long_is_a_failure_of_its_files(tmp_path: Path) -> None:
    wide = [f"c{n}" for n in range(1200)]
    world = World(tmp_path, limits={"max_profile_seconds": 0.5})
    rows = [",".join(str(n * at % 97) for at in range(len(wide))) for n in range(30)]
    world.drop("customers_1.csv", "\n".join([",".join(wide), *rows]))
    received = world.receive("run")
    with pytest.raises(BeyondLimitError, match=r"profiling feed 'customers' .*max_profile_second"):
        chain.profile(
            world.engagement, batch_id=received.batch.batch_id, run_id="run", log=world.said.append
        )
    (batch,) = world.engagement.intake.state().batches
    assert "`max_profile_seconds`" in (batch.reason or "")
