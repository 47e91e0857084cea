"""A column that another decides: slips are pointed at, exceptions with a system are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.profiling import FeedProfile

ROWS = 400


def columns(**changed: dict[int, str]) -> dict[str, list[str]]:
    """Ten items, each with its tariff, in two countries; some cells changed."""
    table = {
        "row": [f"r{n}" for n in range(ROWS)],
        "item": [f"item {'abcdefghij'[n % 10]}" for n in range(ROWS)],
        "tariff": [f"de-{'abcdefghij'[n % 10]}" for n in range(ROWS)],
        "country": ["DE"] * ROWS,
        "remark": ["" if n % 3 else "checked" for n in range(ROWS)],
    }
    for name, cells in changed.items():
        for row, text in cells.items():
            table[name][row] = text
    return table


def pointed_at(found: FeedProfile, column: str) -> tuple[int, tuple[str, ...]]:
    for issue in found.issues:
        if issue.column == column and issue.issue_type == "broken_dependency":
            return issue.evidence_count, issue.examples
    return 0, ()


def test_slips_are_pointed_at(profile: Callable[..., FeedProfile]) -> None:
    slips = {3: "de-x", 17: "dee-h", 200: "d-a"}
    assert pointed_at(profile(columns(tariff=slips)), "tariff") == (3, ("d-a", "de-x", "dee-h"))


def test_rows_that_another_column_tells_apart_are_a_case_of_their_own(
    profile: Callable[..., FeedProfile],
) -> None:
    abroad = {n: f"ch-{'abcdefghij'[n % 10]}" for n in range(0, 40, 4)}
    table = columns(tariff={**abroad, 201: "de-x"}, country=dict.fromkeys(abroad, "CH"))
    assert pointed_at(profile(table), "tariff") == (1, ("de-x",))
    unexplained = columns(tariff={**abroad, 201: "de-x"})
    assert pointed_at(profile(unexplained), "tariff")[0] == 11


def test_a_missing_value_explains_no_contradiction(profile: Callable[..., FeedProfile]) -> None:
    slips = {3: "de-x", 17: "dee-h", 200: "d-a", 210: "deea"}
    table = columns(tariff=slips, country=dict.fromkeys(slips, ""))
    assert pointed_at(profile(table), "tariff")[0] == 4


def test_two_rows_are_too_few_for_a_case_of_their_own(
    profile: Callable[..., FeedProfile],
) -> None:
    slips = {3: "de-x", 17: "dee-h"}
    table = columns(tariff=slips, country=dict.fromkeys(slips, "CH"))
    assert pointed_at(profile(table), "tariff")[0] == 2


def test_a_value_that_makes_up_a_fifth_of_its_group_is_no_slip(
    profile: Callable[..., FeedProfile],
) -> None:
    second = dict.fromkeys(range(0, 80, 10), "second a")  # 8 of the 40 rows of "item a"
    assert pointed_at(profile(columns(tariff={**second, 3: "de-x"})), "tariff") == (1, ("de-x",))
    fewer = dict.fromkeys(range(0, 70, 10), "second a")
    assert pointed_at(profile(columns(tariff={**fewer, 3: "de-x"})), "tariff")[0] == 8


def test_the_condition_selects_the_rows_that_were_counted(
    profile: Callable[..., FeedProfile],
) -> None:
    abroad = {n: f"ch-{'abcdefghij'[n % 10]}" for n in range(0, 40, 4)}
    table = columns(tariff={**abroad, 201: "de-x"}, country=dict.fromkeys(abroad, "CH"))
    issue = next(i for i in profile(table).issues if i.issue_type == "broken_dependency")
    assert issue.rows_where is not None
    assert "NOT coalesce(\"country\" IN ('CH'), false)" in issue.rows_where
