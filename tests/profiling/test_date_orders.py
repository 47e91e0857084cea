from __future__ import annotations

import random
from datetime import date
from itertools import permutations, product
from typing import TYPE_CHECKING, Any

import pytest
from tests.profiling.conftest import land_rows

from consulting.profiling import FeedProfile, compare, profile_each, profile_feed, unclear_columns
from consulting.profiling.propose import propose_columns
from consulting.records import ReadColumn

if TYPE_CHECKING:
    from collections.abc import Callable

ORDERS = ("%d{0}%m{0}%y", "%m{0}%d{0}%y", "%y{0}%m{0}%d")
YEAR_FIRST = (
    "Are all dates written with the year first, so that 24/01/31 is the 31st of January 2024?"
)
MARKS = (".", "/", "-", " ", "")
YAML = """\
version: 2

models:
  - name: orders
    columns:
      - name: day
        meta: {{from: day, rule: to_date, formats: ["{}"]}}
"""
Days = list[date]
SPANS: dict[str, list[Days]] = {  # of three deliveries
    "day": [[date(2026, 2, n)] for n in (22, 23, 24)],
    "week": [[date(2026, 2, first + n) for n in range(7)] for first in (9, 16, 22)],
    "month": [[date(2026, month, n) for n in range(1, 29)] for month in (1, 2, 3)],
    "months later": [[date(2026, month, n) for n in range(1, 29)] for month in (1, 6, 7)],
    "year": [
        [date(2025, month, n) for month in range(1, 13) for n in range(first, 29, 4)]
        for first in (1, 2, 3)
    ],
}
MONTH = [[date(2026, month, n) for n in range(1, 29)] for month in range(1, 7)]
HONEST = random.Random(1)
MONTHS = [
    [
        date(2026, month, HONEST.randint(1, 28))
        for _ in range(HONEST.choice((1, 2, 3, 5, 8, 13, 20, 40, 60)))
    ]
    for month in range(1, 13)
]
ROWS = 100


@pytest.fixture(scope="module")
def profiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., FeedProfile]:
    """The profile of one column of all those that are tried, which are profiled together."""
    columns: dict[str, list[str]] = {}
    for one, mark in product(ORDERS, MARKS):
        pattern = one.format(mark)
        for n, days in enumerate(MONTHS):
            columns[f"{pattern} honest {n}"] = [day.strftime(pattern) for day in days]
        for span, n in product(SPANS, range(3)):
            some = SPANS[span][n] * (40 if span == "day" else 1)
            columns[f"{pattern} {span} {n}"] = [day.strftime(pattern) for day in some]
        for other in ORDERS:
            columns[f"{pattern} both {other.format(mark)}"] = [
                day.strftime(each) for each in (pattern, other.format(mark)) for day in MONTH[1]
            ]
    rows = {name: [*texts, *[None] * (ROWS - len(texts))] for name, texts in columns.items()}
    folder = tmp_path_factory.mktemp("dates")
    small, reading = (
        land_rows(folder, some, "orders", name)
        for name, some in (("small.csv", {"id": ["a"]}), ("orders.csv", rows))
    )
    known = profile_feed("orders", [small], folder)
    (every,) = profile_each(known, list(columns), [reading], folder)

    def of(name: str) -> FeedProfile:
        column = next(each for each in every.columns if each.name == name)
        rows = every.row_count - column.null_count
        alone = column.model_copy(update={"name": "day", "null_count": 0, "position": 0})
        return every.model_copy(update={"columns": (alone,), "row_count": rows, "issues": ()})

    return of


def stops(
    before: FeedProfile | None, now: FeedProfile, declared: str, **more: Any
) -> list[tuple[str, str]]:
    """What stops a delivery: its kind, and the formats of its patch."""
    reads = [ReadColumn(names=("day",), rule="to_date", formats=(declared,))]
    found = compare(before, now, reads, models_yaml=YAML.format(declared), **more)
    return [
        (each.kind, (each.patch or "").rpartition("formats: ")[2].strip("}\n"))
        for each in found
        if each.severity == "block" and each.kind != "volume_collapse"
    ]


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(("declared", "other"), permutations(ORDERS, 2))
def test_short_dates_in_another_order_stop_once_and_the_patch_reads_them(
    profiled: Callable[..., FeedProfile], declared: str, other: str, mark: str, span: str
) -> None:
    said, written = declared.format(mark), other.format(mark)
    before = profiled(f"{said} {span} 0")
    now, later = (profiled(f"{written} {span} {n}") for n in (1, 2))
    assert stops(before, now, said) == [("date_order_changed", f'["{written}"]')]
    assert stops(before, now, said, part="one file") == [("date_order_changed", "")]
    # with the patch nothing is left, nor is anything in the next delivery
    assert stops(before, now, written) == []
    assert stops(now, later, written) == []
    # and back
    assert stops(now, profiled(f"{said} {span} 2"), written)[0][1] == f'["{said}"]'


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(("declared", "other"), permutations(ORDERS, 2))
def test_short_dates_of_files_in_two_orders_are_looked_at_by_file(
    profiled: Callable[..., FeedProfile], declared: str, other: str, mark: str
) -> None:
    said = declared.format(mark)
    both = profiled(f"{said} both {other.format(mark)}")
    assert stops(profiled(f"{said} month 0"), both, said) == []
    reads = [ReadColumn(names=("day",), rule="to_date", formats=(said,))]
    assert unclear_columns(both, reads) == ["day"]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("order", ORDERS)
def test_short_dates_as_their_rule_reads_them_stop_nothing(
    profiled: Callable[..., FeedProfile], order: str, mark: str
) -> None:
    pattern = order.format(mark)
    months = [profiled(f"{pattern} honest {n}") for n in range(len(MONTHS))]
    for before, now in zip([None, *months], months, strict=False):
        assert stops(before, now, pattern) == []
    for span in SPANS:
        then, now = (profiled(f"{pattern} {span} {n}") for n in (0, 1))
        assert stops(then, now, pattern) == []
        assert stops(None, now, pattern) == []


@pytest.mark.parametrize(
    "days", [MONTH[0], [date(2025, n % 12 + 1, n % 28 + 1) for n in range(60)]]
)
@pytest.mark.parametrize("mark", ["/", "-", "."])
def test_the_order_of_a_first_delivery_is_told_by_its_days(
    profile: Callable[..., FeedProfile], mark: str, days: Days
) -> None:
    for order in ORDERS[::2] if mark == "." else ORDERS:
        pattern = order.format(mark)
        found = profile({"day": [day.strftime(pattern) for day in days]})
        (column,) = found.columns
        assert column.date_quantiles[:1] == (min(days).isoformat(),)
        assert column.date_quantiles[-1:] == (max(days).isoformat(),)
        (proposed,) = propose_columns(found)
        assert proposed["formats"] == [pattern]
        asked = [issue.question for issue in found.issues if issue.issue_type == "ambiguous_dates"]
        assert (asked[:1] == [YEAR_FIRST]) is (order == ORDERS[2] and mark != "-")


@pytest.mark.parametrize("day", [1, 15, 20, 25, 31])
@pytest.mark.parametrize("pattern", ["%d.%m.%y", "%d/%m/%y"])
def test_years_of_contracts_are_no_days(
    profile: Callable[..., FeedProfile], pattern: str, day: int
) -> None:
    days = [date(2010 + n % 17, 12, day).strftime(pattern) for n in range(40)]
    (column,) = profile({"day": days}).columns
    assert column.date_quantiles[0] == f"2010-12-{day:02}"
    assert stops(None, profile({"day": days}), pattern) == []


BIRTHS = [date(1970 + n % 29, n % 12 + 1, n % 28 + 1) for n in range(40)]


@pytest.mark.parametrize(
    ("declared", "written", "days"),
    [
        ("%d %b %y", "%y %b %d", MONTH),
        ("%y-%b-%d", "%d-%b-%y", MONTH),
        ("%d. %B %y", "%y. %B %d", MONTH),
        ("%d.%m.%y", "%y.%m.%d", [BIRTHS, BIRTHS]),
        ("%y/%m/%d", "%d/%m/%y", [BIRTHS, BIRTHS]),
    ],
)
def test_years_of_dates_with_names_of_months_and_of_births_may_move_too(
    profile: Callable[..., FeedProfile], declared: str, written: str, days: list[Days]
) -> None:
    then, same = (profile({"day": [day.strftime(declared) for day in some]}) for some in days[:2])
    now = profile({"day": [day.strftime(written) for day in days[1]]})
    assert stops(then, same, declared) == []
    assert stops(then, now, declared) == [("date_order_changed", f'["{written}"]')]
    assert stops(then, now, written) == []


SLASHES = ("%d/%m/%Y", "%Y-%m-%d")
BACK = ("%Y-%d-%m", "%d/%m/%Y")
TO_SWAP, AS_WRITTEN = ("%d/%m/%Y", "%Y-%d-%m"), ("%Y-%m-%d", "%d/%m/%Y")


def half(days: Days, *, swapped: bool) -> list[str]:
    """Days up to the twelfth as ISO 8601, as a spreadsheet program left them or as they are."""
    iso = "%Y-%d-%m" if swapped else "%Y-%m-%d"
    return [day.strftime(iso if day.day <= 12 else "%d/%m/%Y") for day in days]


QUARTER = [date(2026, month, n) for month in (4, 5, 6) for n in range(1, 29, 2)]
OLD = ["20/09/2025"]


@pytest.mark.parametrize(
    ("formats", "before", "now", "becomes"),
    [
        (SLASHES, MONTH[0], half(MONTH[1], swapped=True), TO_SWAP),
        (SLASHES, MONTH[0], [*half(MONTH[1], swapped=True), *OLD], TO_SWAP),
        (SLASHES, MONTH[0], half(MONTH[1], swapped=False), None),
        (SLASHES, MONTH[0], [*half(MONTH[1], swapped=False), *OLD], None),
        (SLASHES, MONTH[2], half(QUARTER, swapped=False), None),
        (SLASHES, MONTH[2], half(QUARTER, swapped=True), TO_SWAP),
        (SLASHES[:1], MONTH[0], half(MONTH[1], swapped=True), TO_SWAP),
        (BACK, MONTH[0], half(MONTH[1], swapped=True), None),
        (BACK, MONTH[0], half(MONTH[1], swapped=False), AS_WRITTEN),
        (BACK, MONTH[2], half(QUARTER, swapped=False), AS_WRITTEN),
    ],
)
@pytest.mark.parametrize("part", [None, "one file"])
def test_dates_that_a_spreadsheet_program_swapped_are_told_by_those_before(  # noqa: PLR0913, PLR0917 - a case
    profile: Callable[..., FeedProfile],
    formats: tuple[str, ...],
    before: Days,
    now: list[str],
    becomes: tuple[str, ...] | None,
    part: Any,
) -> None:
    reads = [ReadColumn(names=("day",), rule="to_date", formats=formats)]
    then = profile({"day": [day.strftime("%d/%m/%Y") for day in before]})
    found = compare(then, profile({"day": now}), reads, part=part)
    stopped = [each for each in found if each.severity == "block"]
    assert [each.kind for each in stopped] == ["date_order_changed"] * bool(becomes)
    assert [each.formats for each in stopped] == [becomes] * bool(becomes)


@pytest.mark.parametrize(
    ("declared", "then", "now"),
    [
        ("%d%m%y", [f"{n:02}0126" for n in range(1, 29)], ["150226", "160226", "280226"]),
        ("%Y%m%d", [f"202601{n % 28 + 1:02}" for n in range(40)], ["20260215", "20260216"]),
        ("excel", ["45352", "2026-01-03"] * 20, ["45352", "45353.5"]),
    ],
)
def test_numbers_that_a_rule_reads_as_dates_are_of_no_other_type(
    profile: Callable[..., FeedProfile], declared: str, then: list[str], now: list[str]
) -> None:
    assert stops(profile({"day": then}), profile({"day": now}), declared) == []
