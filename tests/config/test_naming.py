"""What the names of files say: feeds, globs, periods."""

from __future__ import annotations

import fnmatch
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.config.engagement import EngagementConfig
from consulting.config.naming import NamedFeed, name_feeds, rhythm_of
from consulting.timekeeping import Partitioning

NOW = datetime(2026, 11, 28, tzinfo=UTC)
WRITTEN = ("%Y-%m-%d", "%Y%m%d", "%Y_%m_%d", "%Y%m%dT%H%M%S", "%d.%m.%Y", "%B %Y", "%Y-%m")
words = st.lists(
    st.sampled_from(["orders", "items", "customers", "Umsätze", "price list", "covid19_x", "[eu]"]),
    min_size=1,
    max_size=3,
    unique=True,
).map("_".join)
stamps = st.sampled_from(WRITTEN)
days = st.dates(date(2015, 1, 1), date(2035, 12, 28))
anything = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=24
)


def globs(*paths: str) -> dict[str, str]:
    return {feed.name: feed.glob for feed in name_feeds(paths)}


def first(feeds: list[NamedFeed], path: str) -> str | None:
    """The feed that the intake gives a file to."""
    name = path.rpartition("/")[2].casefold()
    fits = (
        f.name
        for f in feeds
        if fnmatch.fnmatchcase(path.casefold() if "/" in f.glob else name, f.glob.casefold())
    )
    return next(fits, None)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["customers.csv"], {"customers": "customers*.csv"}),
        (["orders_2026-01-05.csv", "orders_2026-01-12.csv"], {"orders": "orders_[0-9]*.csv"}),
        (["20260105_orders.xlsx", "20260112_orders.xlsx"], {"orders": "[0-9]*_orders*.xlsx"}),
        (["Orders Monday.csv", "Orders Tuesday.csv"], {"orders": "Orders *.csv"}),
        (["Q1 sales 2024.xlsx", "Q2 sales 2024.xlsx"], {"sales": "* sales [0-9]*.xlsx"}),
        (["export(1).csv", "export.csv"], {"export": "export*.csv"}),
        (["covid19_cases.csv"], {"covid19_cases": "covid19_cases*.csv"}),
        (["sales.csv", "sales.xlsx"], {"sales": "sales*.csv", "sales_xlsx": "sales*.xlsx"}),
        (["a_2026-01.csv", "a_b_2026-01.csv"], {"a_b": "a_b_[0-9]*.csv", "a": "a_[0-9]*.csv"}),
        (["14512.csv"], {"data": "[0-9]*.csv"}),
        (["[table].csv"], {"table": "[[]table]*.csv"}),
        (["orders"], {"orders": "orders*"}),
        (["Umsatz März 2026.csv", "Umsatz April 2026.csv"], {"umsatz": "Umsatz *.csv"}),
        (["ventes_janv_2026.csv", "ventes_févr_2026.csv"], {"ventes": "ventes_*.csv"}),
        (
            ["data_mart_1.csv", "data_mars_1.csv"],
            {"data_mars": "data_mars_[0-9]*.csv", "data_mart": "data_mart_[0-9]*.csv"},
        ),
        (["x_20260105T120000Z.csv", "x_20260106T120000Z.csv"], {"x_z": "x_[0-9]*Z*.csv"}),
    ],
)
def test_what_varies_from_file_to_file_is_left_open(
    paths: list[str], expected: dict[str, str]
) -> None:
    assert globs(*paths) == expected


def test_files_that_are_named_alike_and_have_other_columns_are_feeds_of_their_own() -> None:
    feeds = name_feeds(["d/chunk1.csv", "chunk2.csv", "e/chunk2.csv"], apart=str)
    assert [(f.name, f.files) for f in feeds] == [
        ("chunk1", ("d/chunk1.csv",)),
        ("chunk2_csv", ("e/chunk2.csv",)),
        ("chunk2", ("chunk2.csv",)),
    ]
    assert [first(feeds, f.files[0]) for f in feeds] == ["chunk1", "chunk2_csv", "chunk2"]


@given(st.lists(st.tuples(words, stamps, days), min_size=1, max_size=6), st.integers(1, 400))
def test_each_file_and_its_successor_belong_to_one_feed(
    files: list[tuple[str, str, date]], later: int
) -> None:
    paths = [f"{word}_{day.strftime(stamp)}.csv" for word, stamp, day in files]
    feeds = name_feeds(paths)
    for (word, stamp, day), path in zip(files, paths, strict=True):
        mine = next(f.name for f in feeds if path in f.files)
        assert first(feeds, path) == mine
        following = f"{word}_{(day + timedelta(days=later)).strftime(stamp)}.csv"
        assert first(feeds, following) == mine


@given(st.sets(anything, min_size=1, max_size=8))
def test_feeds_of_any_names_are_let_through_and_take_their_files(paths: set[str]) -> None:
    feeds = name_feeds(paths)
    said = [{"name": f.name, "files": f.glob} for f in feeds]
    EngagementConfig.model_validate({"client_name": "x", "feeds": said})
    assert sorted(p for f in feeds for p in f.files) == sorted(paths)
    assert len({f.name for f in feeds}) == len(feeds)


@given(
    st.sampled_from([("day", 1), ("week", 7), ("month", 31)]),
    st.dates(date(2018, 1, 1), date(2024, 1, 1)),
    st.integers(3, 8),
    st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%Y_%m_%d", "%Y.%m.%d"]),
)
def test_the_pattern_finds_the_period_of_each_file(
    length: tuple[str, int], start: date, count: int, stamp: str
) -> None:
    every, step = length
    of = [start.replace(day=1) if every == "month" else start]
    for _ in range(count):
        later = of[-1] + timedelta(days=step)
        of.append(later.replace(day=1) if every == "month" else later)
    paths = [f"orders_{day.strftime(stamp)}.csv" for day in of]
    rhythm = rhythm_of(paths, now=NOW)
    assert rhythm is not None
    assert (rhythm.every, rhythm.certain) == (every, True)
    parts = Partitioning.model_validate(rhythm.partitions)
    assert [parts.placement(p, NOW).period for p in paths] == [parts.key(day) for day in of]


@pytest.mark.parametrize(
    ("paths", "certain"),
    [
        (["a_31-01-2026.csv", "a_28-02-2026.csv"], True),
        (["a_01-02-2026.csv", "a_01-03-2026.csv"], False),
        (["a_2026-01.csv"], False),
        (["a_2026-01.csv", "a_2026-02.csv", "b_2026-01.csv"], True),
        (["a_2027-01.csv", "a_2027-02.csv"], False),
        (["a_2026-01-01.csv", "a_2026-05-11.csv"], False),
        (["a_2026W05.csv", "a_2026W06.csv"], True),
        (["Export Jan 2026.csv", "Export Feb 2026.csv"], True),
    ],
)
def test_a_rhythm_is_certain_only_where_the_names_leave_no_doubt(
    paths: list[str],
    certain: bool,  # noqa: FBT001 - a parameter of the table above
) -> None:
    rhythm = rhythm_of(paths, now=NOW)
    assert rhythm is not None
    assert rhythm.certain is certain


@pytest.mark.parametrize(
    ("paths", "periods"),
    [
        (["Umsatz Dezember 2025.csv", "Umsatz März 2026.csv"], ["2025-12", "2026-03"]),
        (["ventes_2026_août.csv", "ventes_2026_sept.csv"], ["2026-08", "2026-09"]),
        (["sprzedaż-styczeń-2026.csv", "sprzedaż-luty-2026.csv"], ["2026-01", "2026-02"]),
        (["orders_May_2026.csv", "orders_June_2026.csv"], ["2026-05", "2026-06"]),
        (["a_listopad_2026.csv", "a_srp_2026.csv"], None),  # two months each, by language
    ],
)
def test_months_are_read_in_words_of_each_language(
    paths: list[str], periods: list[str] | None
) -> None:
    rhythm = rhythm_of(paths, now=NOW)
    assert (list(rhythm.periods) if rhythm else None) == periods
    if rhythm:
        Partitioning.model_validate(rhythm.partitions)


def test_names_without_a_period_have_no_rhythm() -> None:
    assert rhythm_of(["a_2026-01.csv", "b.csv"], now=NOW) is None
    assert rhythm_of(["a_99999999.csv"], now=NOW) is None
