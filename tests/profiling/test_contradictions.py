"""What several rows tell of one thing: who is outvoted, what is known, which cell is to blame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from consulting.profiling import Thresholds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from consulting.profiling import FeedProfile, Issue

SOURCES, THINGS = 6, 30


def cells_of(issue: Issue, columns: Mapping[str, Sequence[str]]) -> list[int]:
    """The rows, from 0, that an issue's condition selects."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA raw")
        names = ", ".join(f'unnest(${n + 1}) AS "{c}"' for n, c in enumerate(columns))
        connection.execute(
            "CREATE TABLE raw.orders AS SELECT *, 'orders.csv' AS _file, "
            f"row_number() OVER () + 1 AS _row FROM (SELECT {names})",
            [list(cells) for cells in columns.values()],
        )
        found = connection.execute(
            f"SELECT _row - 2 FROM raw.orders WHERE {issue.rows_where} ORDER BY 1"
        )
        return [row for (row,) in found.fetchall()]


def issue_of(found: FeedProfile, code: str, column: str) -> Issue | None:
    return next((i for i in found.issues if (i.issue_type, i.column) == (code, column)), None)


def told_by_sources(**changed: Mapping[int, str]) -> dict[str, list[str]]:
    """Each of 30 flights as six websites tell of it; some cells changed."""
    told = [(thing, source) for thing in range(THINGS) for source in range(SOURCES)]
    table = {
        "flight": [f"AA-{thing}" for thing, _ in told],
        "website": [f"site {'abcdef'[source]}" for _, source in told],
        "gate": [f"{'ABCDE'[thing % 5]}{thing}" for thing, _ in told],
        "departs": [f"{thing % 12 + 1}:{thing + 10} p.m." for thing, _ in told],
    }
    for name, cells in changed.items():
        for row, text in cells.items():
            table[name][row] = text
    return table


def test_the_source_that_disagrees_is_outvoted_and_the_alternative_told(
    profile: Callable[..., FeedProfile],
) -> None:
    table = told_by_sources(departs={3: "4:44 p.m.", 50: "9:81 p.m."}, gate={7: "C7"})
    found = profile(table)
    departs, gate = (issue_of(found, "disputed_values", c) for c in ("departs", "gate"))
    assert departs is not None
    assert gate is not None
    assert (departs.severity, departs.evidence_count) == ("warn", 2)
    assert cells_of(departs, table) == [3, 50]
    assert cells_of(gate, table) == [7]
    assert "(“C7”, where 5 of 6 have “B1”)" in gate.detail
    assert not [i for i in found.issues if i.column in {"flight", "website"}]


def test_sources_that_disagree_often_are_still_outvoted(
    profile: Callable[..., FeedProfile],
) -> None:
    wrong = {row: f"{row % 7 + 1}:59 a.m." for row in range(1, THINGS * SOURCES, 4)}
    table = told_by_sources(departs=wrong)
    issue = issue_of(profile(table), "disputed_values", "departs")
    assert issue is not None
    assert cells_of(issue, table) == sorted(wrong)  # 45 of 180, far above the 5 % of a dependency


def test_a_tie_and_a_series_of_days_are_no_vote(profile: Callable[..., FeedProfile]) -> None:
    half = {row: "other" for row in range(SOURCES * THINGS) if row % 2}
    assert issue_of(profile(told_by_sources(gate=half)), "disputed_values", "gate") is None
    series = told_by_sources(gate={3: "Z9", 9: "Z8"})
    series["website"] = [f"2024-01-0{row % SOURCES + 1}" for row in range(SOURCES * THINGS)]
    assert not [i for i in profile(series).issues if i.issue_type == "disputed_values"]


def shops(**changed: Mapping[int, str]) -> dict[str, list[str]]:
    """Twenty shops with their city and state, ten visits each; some cells changed."""
    table = {
        "row": [f"r{n}" for n in range(200)],
        "shop": [f"shop {'abcdefghijklmnopqrst'[n // 10]}" for n in range(200)],
        "city": [f"city {'abcdefghijklmnopqrst'[n // 10]}" for n in range(200)],
        "state": [f"{'ABCD'[n // 50]}{'XYZW'[n // 50]}" for n in range(200)],
    }
    for name, cells in changed.items():
        for row, text in cells.items():
            table[name][row] = text
    return table


def test_a_blank_that_the_other_rows_fill_is_told_with_their_value(
    profile: Callable[..., FeedProfile],
) -> None:
    table = shops(state={5: "", 120: "", **dict.fromkeys(range(190, 200), "")})
    issue = issue_of(profile(table), "blank_but_known", "state")
    assert issue is not None
    assert issue.severity == "warn"
    assert cells_of(issue, table) == [5, 120]  # of the last shop nobody knows the state
    assert "(nothing, where 9 of 9 have “AX”)" in issue.detail


def test_the_cell_with_the_most_contradictions_of_its_row_is_to_blame(
    profile: Callable[..., FeedProfile],
) -> None:
    table = shops(city={3: "city t", 77: "city a"})
    found = profile(table)
    pointed = {
        i.column: cells_of(i, table)
        for i in found.issues
        if i.issue_type in {"unusual_combination", "broken_dependency"}
    }
    assert pointed["city"] == [3, 77]
    assert not pointed.get("shop")
    assert not pointed.get("state")


def test_what_columns_of_persons_disagree_on_is_named_nowhere(
    profile: Callable[..., FeedProfile],
) -> None:
    table = told_by_sources()
    table["email"] = [f"{t.lower()}@acme.com" for t in table.pop("gate")]
    table["email"][7] = "jane.doe@acme.com"
    found = profile(table)
    issue = issue_of(found, "disputed_values", "email")
    assert issue is not None
    assert cells_of(issue, table) == [7]
    assert "jane.doe" not in found.model_dump_json()


def test_clean_tables_have_no_contradictions(profile: Callable[..., FeedProfile]) -> None:
    for table in (told_by_sources(), shops()):
        assert not profile(table, Thresholds()).issues


def tariffs(**changed: Mapping[int, str]) -> dict[str, list[str]]:
    """1,200 people; in two states there is no tax, and who is active has no day of leaving."""
    states = ["AK", "AL", "NV", "NY"]
    table = {
        "person": [f"p{n}" for n in range(1_200)],
        "state": [states[n % 4] for n in range(1_200)],
        "rate": ["0" if n % 2 == 0 else ("3", "4.5", "5")[n * 7 % 3] for n in range(1_200)],
        "active": ["Y" if n * 11 % 3 else "N" for n in range(1_200)],
        "left": ["" if n * 11 % 3 else f"2024-0{n % 9 + 1}-11" for n in range(1_200)],
    }
    for name, cells in changed.items():
        for row, text in cells.items():
            table[name][row] = text
    return table


def test_what_nearly_always_goes_with_one_value_is_told_where_it_does_not(
    profile: Callable[..., FeedProfile],
) -> None:
    table = tariffs(rate={8: "4.5"}, left={7: "2024-05-11"})  # of AK, and of somebody active
    found = profile(table)
    rate, left = (issue_of(found, "unusual_combination", c) for c in ("rate", "left"))
    assert rate is not None
    assert left is not None
    assert (rate.severity, left.severity) == ("warn", "warn")
    assert cells_of(rate, table) == [8]
    assert cells_of(left, table) == [7]
    assert "(“4.5”, where 299 of 300 have “0”)" in rate.detail
    assert not profile(tariffs()).issues or not issue_of(
        profile(tariffs()), "unusual_combination", "rate"
    )
