"""Each of several files is held against the one of its name in an earlier delivery."""

from __future__ import annotations

import random
import shutil
import uuid
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.chain.test_accepted import csv, monthly, run_accept

from consulting import chain
from consulting.chain.measure import Earlier
from consulting.chain.namesakes import namesake_in, without_namesake
from consulting.profiling import FeedProfile, Held

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chain.conftest import World

    Row = dict[str, str]

HEADER = "id;w;customer;qty;net;gross;voucher"
SIZES = {"Berlin": 120, "Munich": 60, "Leipzig": 50, "Hamburg": 20}
"""Rows of a branch's file. Berlin alone fills `voucher`; Hamburg writes whole thousands."""


def german(number: float) -> str:
    return f"{number:.2f}".replace(".", ",")


def rows_of(branch: str, month: int) -> list[Row]:
    """A month's orders of a branch, as honest as they come."""
    chance, low = random.Random(f"{branch} {month}"), 300 * len(branch)
    rows = []
    for n in range(SIZES[branch]):
        net = low * chance.uniform(1, 4)
        amount, total = german(net), german(net * 1.19)
        if branch == "Hamburg":
            amount, total = (f"{each:,.0f}".replace(",", ".") for each in (net, net * 1.19))
        rows.append(
            {
                "id": f"{branch[:2].upper()}-0{month}{n:04}",
                "w": date(2026, month, n % 28 + 1).isoformat(),
                "customer": f"{branch} {chance.choice('ABCDEFGH')}",
                "qty": str(5 * chance.randint(1, 9)),
                "net": amount,
                "gross": total,
                "voucher": "SUMMER" if branch == "Berlin" else "",
            }
        )
    return rows


def drop(world: World, branch: str, month: int, **changed: Callable[[Row], str]) -> None:
    """A branch's file, with some columns made otherwise."""
    rows = [row | {c: of(row) for c, of in changed.items()} for row in rows_of(branch, month)]
    lines = [[";".join(row[name] for name in HEADER.split(";"))] for row in rows]
    world.drop(f"kilo_{branch}_2026-0{month}.csv", csv(HEADER, lines))


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A client of months, two of which were delivered, with four files each."""
    amounts = [
        {"name": name, "from": name, "rule": "to_decimal", "decimal": "comma"}
        for name in ("net", "gross")
    ]
    texts = [{"name": name, "from": name} for name in ("customer", "voucher")]
    qty = {"name": "qty", "from": "qty", "rule": "to_integer"}
    root = tmp_path_factory.mktemp("branches") / "client"
    world = monthly(root, {"rule": "to_date"}, *texts, qty, *amounts)
    for month in (1, 2):
        for branch in SIZES:
            drop(world, branch, month)
        world.run()
        shutil.rmtree(world.folder.incoming)
        world.folder.incoming.mkdir()
    return world


@pytest.fixture
def world(delivered: World, tmp_path: Path) -> World:
    return delivered.copy_with_models(tmp_path / "client")


def found(world: World) -> set[tuple[str, str, str | None, str]]:
    """Severity, kind, column and file of what changed in the files that lie there."""
    run_id = uuid.uuid4().hex
    batch_id = world.receive(run_id).batch.batch_id
    left = chain.profile(world.engagement, batch_id=batch_id, run_id=run_id, log=world.said.append)
    told = set()
    for each in left.drift:
        files = [branch for branch in SIZES if f"kilo_{branch}_2026-03.csv" in each.detail]
        if each.severity != "info":
            told.add((each.severity, each.kind, each.column, " ".join(files)))
            # against all of the last delivery are only its rows
            assert each.column is None or "of 2026-02" not in each.detail
    return told


def of(column: str) -> Callable[[Row], str]:
    return lambda row: row[column]


def test_what_is_wrong_in_one_file_stops_by_its_name(world: World) -> None:
    drop(world, "Berlin", 3, net=of("gross"), gross=of("net"))
    drop(
        world,
        "Munich",
        3,
        customer=lambda _row: "",
        qty=lambda row: f"{row['qty']}000",
        net=lambda row: row["net"].replace(",", ""),
    )
    drop(world, "Leipzig", 3, id=lambda row: row["id"].removeprefix("LE-0"))
    drop(world, "Hamburg", 3)
    assert found(world) == {
        ("block", "swapped_columns", "gross", "Berlin"),
        ("block", "null_jump", "customer", "Munich"),
        ("block", "unit_changed", "qty", "Munich"),
        ("block", "decimal_mark_unclear", "net", "Munich"),
        ("block", "retyped_column", "id", "Leipzig"),
    }


def test_what_seems_wrong_in_one_file_is_told_by_its_name(world: World) -> None:
    drop(world, "Berlin", 3, net=of("gross"))
    drop(
        world,
        "Munich",
        3,
        **{name: lambda row, of=name: f"-{row[of]}" for name in ("net", "gross")},
    )
    drop(world, "Leipzig", 3)
    world.drop(
        "kilo_Hamburg_2026-03.csv",
        csv(HEADER, [[";".join(row.values())] for row in rows_of("Hamburg", 3)[:1]]),
    )
    assert found(world) == {
        ("warn", "copied_column", "net", "Berlin"),
        ("warn", "unit_changed", "net", "Munich"),
        ("warn", "unit_changed", "gross", "Munich"),
        ("warn", "volume_collapse", None, "Hamburg"),
    }


def test_a_file_that_is_found_right_stops_no_more_and_is_the_next_ones_measure(
    world: World,
) -> None:
    for month in (3, 4):
        for branch in SIZES:
            kilo: Any = {"qty": lambda row: f"{row['qty']}000"} if branch == "Munich" else {}
            drop(world, branch, month, **kilo)
    waiting = world.stopped()
    assert waiting == (
        "The numbers in “qty” of kilo_Munich_2026-03.csv are about 1,000 times as large as those "
        "of kilo_Munich_2026-02.csv."
    )
    batch_id = world.engagement.intake.state().batches[0].batch_id
    assert run_accept(world, answer="y\n").exit_code == 0
    assert world.run(batch_id).summary.delivered == sum(SIZES.values())
    assert world.run().summary.delivered == sum(SIZES.values())


@pytest.mark.parametrize("missing", ["Berlin", "Hamburg"])
def test_a_month_without_a_branch_says_so_and_stops_nothing_nor_does_the_next(
    world: World, missing: str
) -> None:
    for branch in SIZES:
        if branch != missing:
            drop(world, branch, 3)
        drop(world, branch, 4)
    told = [
        [each.detail for each in world.profile_of(world.run()).drift if each.kind == "missing_file"]
        for _ in range(2)
    ]
    name = f"kilo_{missing}_2026-02.csv"
    said = f"No file is called like {name}; the last two deliveries had such files."
    assert sorted(told, key=len) == [[], [said]]


def test_a_file_that_comes_late_is_missed_until_it_is_there(world: World) -> None:
    for branch in SIZES:
        if branch != "Leipzig":
            drop(world, branch, 3)
    early, late = world.run(), drop(world, "Leipzig", 3) or world.run()
    kinds = [
        [change.kind for change in world.profile_of(each).drift if change.severity != "info"]
        for each in (early, late)
    ]
    assert kinds == [["missing_file"], []]
    assert late.summary.delivered == sum(SIZES.values())


def test_the_file_of_one_branch_alone_is_held_against_its_own(world: World) -> None:
    drop(world, "Hamburg", 3)
    assert found(world) == {
        ("block", "volume_collapse", None, "Hamburg"),
        ("warn", "missing_file", None, ""),
    }


def test_files_of_branches_that_come_one_by_one_are_held_each_against_its_own(
    delivered: World, tmp_path: Path
) -> None:
    """A client without periods: the last delivery is another branch's."""
    world = delivered.copy_with_models(tmp_path / "client")
    shutil.rmtree(world.folder.path)
    world.folder.incoming.mkdir(parents=True)
    world.changes["partitions"] = None
    for branch in ("Berlin", "Hamburg"):
        drop(world, branch, 1)
    world.run()
    for branch in ("Berlin", "Hamburg"):
        drop(world, branch, 2)
        told = world.profile_of(world.run()).drift
        assert not [each.detail for each in told if each.severity != "info"]
    lines = [[";".join(row.values())] for row in rows_of("Berlin", 3)[:10]]
    world.drop("kilo_Berlin_2026-03.csv", csv(HEADER, lines))
    assert world.stopped() == (
        "10 rows in kilo_Berlin_2026-03.csv, where kilo_Berlin_2026-02.csv had 120."
    )
    drop(world, "Hamburg", 3, net=of("gross"), gross=of("net"))
    assert "kilo_Hamburg_2026-03.csv; in the last delivery it was" in world.stopped(), "its own"


def test_a_late_file_of_a_month_whose_others_wait_is_no_part_that_is_missing(world: World) -> None:
    for branch in ("Berlin", "Munich", "Leipzig"):
        swapped: Any = {"net": of("gross"), "gross": of("net")} if branch == "Berlin" else {}
        drop(world, branch, 3, **swapped)
    assert "kilo_Berlin_2026-03.csv" in world.stopped()
    drop(world, "Hamburg", 3)
    assert world.tried() == ""
    assert world.states()["kilo_Hamburg_2026-03.csv"] == "delivered"


def test_one_file_that_was_cut_within_its_month_is_told(world: World) -> None:
    for branch in ("Munich", "Leipzig", "Hamburg"):
        drop(world, branch, 3)
    lines = [[";".join(row.values())] for row in rows_of("Berlin", 3) if row["w"] < "2026-03-18"]
    world.drop("kilo_Berlin_2026-03.csv", csv(HEADER, lines))
    assert found(world) == {("warn", "part_of_period", "w", "Berlin")}


@pytest.mark.parametrize(
    ("name", "now", "then", "expected"),
    [
        ("a_Berlin_2026-03.csv", ["a_Berlin_2026-03.csv", "a_Essen_2026-03.csv"],
         ["a_Essen_2026-02.csv", "a_Berlin_2026-02.csv"], "a_Berlin_2026-02.csv"),
        ("BERLIN-Mar26.csv", ["BERLIN-Mar26.csv"], ["berlin-feb26.csv"], "berlin-feb26.csv"),
        ("store12_202603.csv", ["store12_202603.csv", "store13_202603.csv"],
         ["store12_202602.csv", "store13_202602.csv"], "store12_202602.csv"),
        ("store12_202603.csv", ["store12_202603.csv"],
         ["store12_202602.csv", "store13_202602.csv"], "store12_202602.csv"),
        # a day, a part or a month by itself names nobody
        ("a_2026-03-01.csv", ["a_2026-03-01.csv", "a_2026-03-02.csv"],
         ["a_2026-02-01.csv", "a_2026-02-02.csv"], None),
        ("a_jan.csv", ["a_jan.csv", "a_feb.csv"], ["a_oct.csv", "a_nov.csv"], None),
        ("a_Dresden.csv", ["a_Dresden.csv"], ["a_Essen.csv"], None),
        ("1.csv", ["1.csv", "2.csv"], ["1.csv"], None),
        ("2026.csv", ["2026.csv"], [], None),
        ("a_*_03~3aad98.csv", ["a_*_03~3aad98.csv"], ["a_*_02~6dbdce.csv"], None),  # a branch each
    ],
)  # fmt: skip
def test_a_file_is_known_by_its_words(
    name: str, now: list[str], then: list[str], expected: str | None
) -> None:
    assert namesake_in(then, name, now) == expected


MONTHS = ["a_Berlin_2026-0{}.csv", "a_Essen_2026-0{}.csv", "a_Ulm_2026-0{}.csv"]


@pytest.mark.parametrize(
    ("now", "last", "second", "missed"),
    [
        (MONTHS[:2], MONTHS, MONTHS, ["a_Ulm_2026-02.csv"]),
        (MONTHS[:1], MONTHS, MONTHS, ["a_Essen_2026-02.csv", "a_Ulm_2026-02.csv"]),
        ([*MONTHS, "a_Bonn_2026-0{}.csv"], MONTHS, MONTHS, []),
        (MONTHS[:2], MONTHS, MONTHS[:2], []),  # it came once
        (MONTHS[:2], MONTHS[:2], MONTHS, []),  # it was missed then
        (
            [MONTHS[0], "Ulm a 0{}.csv"],
            MONTHS,
            MONTHS,
            ["a_Essen_2026-02.csv", "a_Ulm_2026-02.csv"],
        ),
        ([MONTHS[0], "a_ESSEN_{}.csv", "a_Ulm_1.csv", "a_Ulm_2.csv"], MONTHS, MONTHS, []),
        (["all_{}.csv"], MONTHS, MONTHS, []),  # they are called otherwise now
        (MONTHS[:1], MONTHS[:1], MONTHS, []),
        (["s1_0{}.csv"], ["s1_0{}.csv", "s2_0{}.csv"], ["s1_0{}.csv", "s2_0{}.csv"], ["s2_02.csv"]),
        (["a_1.csv"], ["a_1.csv", "a_2.csv"], ["a_1.csv", "a_2.csv"], []),  # parts have no names
    ],
)
def test_a_file_that_each_delivery_had_is_missed(
    now: list[str], last: list[str], second: list[str], missed: list[str]
) -> None:
    def then(names: list[str], month: int) -> Earlier:
        profile = FeedProfile(
            feed="a", basis="all_rows", file_metadata=(), row_count=1, column_count=0, columns=()
        )
        called = tuple(name.format(month) for name in names)
        none: frozenset[Any] = frozenset()
        held = Held(profile, f"2026-0{month}")
        return Earlier(
            held, replaced=False, confirmed=none, told=none, files=none, names=called, folder=Path()
        )

    # a later month and one that these files take the place of are none before
    earlier = [then(MONTHS, 3), then(last, 2), then(second, 1), then(MONTHS, 4)]
    names = [name.format(3) for name in now]
    assert without_namesake(names, earlier, "2026-03") == missed
