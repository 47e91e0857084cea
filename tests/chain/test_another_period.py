"""Files whose dates lie outside of their period stop, where those before lay in theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.chain.test_accepted import accept_all, csv, monthly

from consulting.chain.another_period import (
    dates_of_a_part,
    dates_of_another_period,
    kept_to_periods,
)
from consulting.errors import BlockedDeliveryError
from consulting.profiling import ColumnProfile, FeedProfile
from consulting.records import ReadColumn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.chain.conftest import World


def drop(world: World, period: str, days_of: str, begin: str) -> None:
    rows = [[f"{begin}{n};{days_of}-{n:02};2025-12-{n:02}"] for n in range(1, 29)]
    world.drop(f"kilo_{period}.csv", csv("id;w;due", rows))


def test_a_file_of_another_periods_rows_stops_until_somebody_finds_it_right(
    tmp_path: Path,
) -> None:
    date = {"rule": "to_date", "formats": ["%Y-%m-%d"]}
    world = monthly(tmp_path, date, {"name": "due", "from": "due"} | date)
    drop(world, "2026-01", "2026-01", "a")
    assert world.run().summary.delivered == 28
    drop(world, "2026-02", "2026-02", "b")
    assert world.run().summary.delivered == 28
    drop(world, "2026-03", "2026-02", "b")
    with pytest.raises(BlockedDeliveryError) as stopped:
        world.run()
    assert str(stopped.value).count("lie outside") == 1, "“due” never lay in its period"
    assert (
        "The dates in “w” of kilo_2026-03.csv lie outside of 2026-03, the period of these files; "
        "those of the last ones lay in theirs."
    ) in str(stopped.value)
    accept_all(world)
    assert world.run(world.engagement.intake.state().batches[-1].batch_id).summary.delivered == 28
    drop(world, "2026-04", "2026-02", "b")
    assert "lie outside of 2026-04" in world.stopped(), "that was said of March alone"
    accept_all(world)
    assert world.run(world.engagement.intake.state().batches[-1].batch_id).summary.delivered == 28
    drop(world, "2026-05", "2026-02", "b")
    assert world.run().summary.delivered == 28, "twice running somebody found that right"


def test_a_list_that_was_made_in_one_month_is_no_file_of_another(tmp_path: Path) -> None:
    date = {"rule": "to_date", "formats": ["%Y-%m-%d"]}
    world = monthly(tmp_path, date, {"name": "due", "from": "due"} | date)
    for period in ("2026-01", "2026-02", "2026-03"):
        drop(world, period, "2026-01", "a")
        assert world.run().summary.delivered == 28


def of_days(days: Sequence[date]) -> FeedProfile:
    """The profile of a file with a row for each day."""
    each, rows = sorted(days), len(days)
    column = ColumnProfile(
        name="w", position=1, inferred_type="date", type_pct=100, null_count=0, null_pct=0,
        distinct_count=len({*days}), cardinality_ratio=1,
        date_quantiles=tuple(str(each[n * (rows - 1) // 20]) for n in range(21)),
    )  # fmt: skip
    return FeedProfile(
        feed="orders", basis="all_rows", file_metadata=(), row_count=rows, column_count=1,
        columns=(column,),
    )  # fmt: skip


def spread(month: int, rows: int = 60, later: int = 0) -> list[date]:
    """Days of a month, so many days later."""
    return [date(2026, month, 1 + n % 28) + timedelta(later) for n in range(rows)]


def told(march: Sequence[date], january: Sequence[date], february: Sequence[date]) -> str:
    """What stops March's file."""
    now = of_days(march), "2026-03"
    before = [(of_days(february), "2026-02"), (of_days(january), "2026-01")]
    kept = kept_to_periods(now, before, [ReadColumn(names=("w",))], files=1)
    return "".join(f.detail for f in dates_of_another_period(now, kept, ["m.csv"]))


@pytest.mark.parametrize(
    ("march", "january", "february"),
    [
        (spread(3), spread(1), spread(2)),
        # paid on the bank day after; taken after midnight; a list that went on to be valid
        ([date(2026, 4, 1)] * 60, [date(2026, 1, 30)] * 60, [date(2026, 2, 27)] * 60),
        ([date(2026, 2, 1)] * 60, [date(2026, 1, 1)] * 60, [date(2026, 2, 1)] * 60),
        ([*[date(2026, 4, 1)] * 60], [*[date(2026, 1, n) for n in (1, 15, 31)] * 20], spread(2)),
        # dates that often lie elsewhere: deliveries, what is due
        (spread(3, later=14), spread(1, later=3), spread(2, later=3)),
        (spread(3, later=14), spread(1, later=14), spread(2, later=14)),
        # a few of them late, and few at all
        (spread(3, 50) + spread(2, 20), spread(1), spread(2)),
        (spread(3, 4) + spread(2, 2), spread(1, 6), spread(2, 6)),
    ],
)
def test_an_honest_month_is_of_no_other(
    march: list[date], january: list[date], february: list[date]
) -> None:
    assert not told(march, january, february)


@pytest.mark.parametrize(
    ("march", "said"),
    [
        (spread(2), "The dates in “w” of m.csv lie outside of 2026-03, the period of these files"),
        (
            spread(3) + spread(2),
            "Only some dates in “w” of m.csv lie in 2026-03, the period of these",
        ),
        (
            spread(3) + spread(2) + spread(1),
            "Only some dates in “w” of m.csv lie in 2026-03, the period",
        ),
    ],
)
def test_rows_of_other_months_are_told(march: list[date], said: str) -> None:
    assert said in told(march, spread(1), spread(2))


def test_rows_of_which_one_date_lies_in_the_period_are_of_it() -> None:
    """A shop that paid at once opens accounts: what is due lies in the next month."""
    day = ColumnProfile(**of_days(spread(3)).columns[0].model_dump() | {"name": "day"})

    def both(month: int, later: int = 0) -> FeedProfile:
        found = of_days(spread(month, later=later))
        own = day.model_copy(
            update={"date_quantiles": of_days(spread(month)).columns[0].date_quantiles}
        )
        return found.model_copy(update={"columns": (*found.columns, own)})

    reads = [ReadColumn(names=(name,)) for name in ("w", "day")]
    before = [(both(2), "2026-02"), (both(1), "2026-01")]
    for now, columns in ((both(3, later=30), []), (both(2), ["w", "day"])):
        kept = kept_to_periods((now, "2026-03"), before, reads, files=1)
        found = dates_of_another_period((now, "2026-03"), kept, ["m.csv"])
        assert [f.column for f in found] == columns


def of_a_part(march: Sequence[date], january: Sequence[date], february: Sequence[date]) -> str:
    """What is told of March's file for the part of the month that its dates reach."""
    before = [(of_days(february), "2026-02"), (of_days(january), "2026-01")]
    reads = [ReadColumn(names=("w",))]
    found = dates_of_a_part((of_days(march), "2026-03"), before, reads, ["m.csv"])
    return "".join(f.detail for f in found)


@pytest.mark.parametrize(
    ("march", "part"),
    [
        (spread(3, 17) * 2, "end 14 days before 2026-03 does"),
        (spread(3, 51)[:23] * 2, "end 8 days before 2026-03 does"),
        (spread(3)[10:28] * 2, "begin 10 days after 2026-03 does"),
        # one row of the last day, and one of next month
        ([*spread(3)[:15] * 3, date(2026, 4, 1)], "end 16 days before 2026-03 does"),
    ],
)
def test_a_file_that_was_cut_within_its_month_is_told(march: list[date], part: str) -> None:
    assert of_a_part(march, spread(1), spread(2)) == (
        f"The dates in “w” of m.csv {part}; those of the last two deliveries reached both ends of "
        "their period."
    )


@pytest.mark.parametrize(
    ("march", "january", "february"),
    [
        (spread(3), spread(1), spread(2)),
        (spread(3)[:24] * 2, spread(1), spread(2)),  # a week without work
        (spread(3)[2:8], spread(1), spread(2)),  # few rows lie anywhere
        (spread(3, 17) * 2, spread(1, 17), spread(2)),  # it ended early before
        (spread(3, 17) * 2, spread(1), spread(2, 17)),
        (spread(3, 17) * 2, [date(2026, 1, 31)] * 60, [date(2026, 2, 28)] * 60),  # when it was made
        (spread(2), spread(1), spread(2)),  # of another month: told as that
        (spread(3, 17) * 2, spread(1, later=20), spread(2, later=20)),
    ],
)
def test_an_honest_month_is_whole(
    march: list[date], january: list[date], february: list[date]
) -> None:
    assert not of_a_part(march, january, february)


def test_a_month_is_whole_where_one_column_reaches_its_end() -> None:
    def both(month: int, days: list[date]) -> FeedProfile:
        ordered, paid = of_days(spread(month)), of_days(days).columns[0]
        paid = paid.model_copy(update={"name": "paid", "null_count": 60 - len(days)})
        return ordered.model_copy(update={"columns": (*ordered.columns, paid)})

    before = [(both(month, spread(month)), f"2026-0{month}") for month in (2, 1)]
    reads = [ReadColumn(names=(name,)) for name in ("w", "paid")]
    assert not [*dates_of_a_part((both(3, spread(3, 17) * 2), "2026-03"), before, reads, ["m.csv"])]


@pytest.mark.parametrize("over", [True, False])
def test_a_file_that_comes_before_its_month_is_over_reaches_as_far_as_it_can(
    tmp_path: Path,
    over: bool,  # noqa: FBT001 - the case
) -> None:
    world = monthly(tmp_path, {"rule": "to_date", "formats": ["%Y-%m-%d"]})
    newest = datetime.now(UTC).date().replace(day=1)
    if over:
        newest = (newest - timedelta(1)).replace(day=1)
    last = (newest - timedelta(1)).replace(day=1)
    for month in ((last - timedelta(1)).replace(day=1), last, newest):
        days = [f"{month:%Y-%m}-{n:02}" for n in range(1, 15 if month == newest else 29)] * 2
        rows = [[f"{month}{n};{day}"] for n, day in enumerate(days)]
        world.drop(f"kilo_{month:%Y-%m}.csv", csv("id;w", rows))
        delivery = world.run()
    kinds = [change.kind for change in world.profile_of(delivery).drift]
    assert ("part_of_period" in kinds) is over
