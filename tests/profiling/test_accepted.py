"""Findings that somebody found right are not told again; the profile says how many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.profiling.test_issues import CASES, OF_FEEDS, Case, selected

from consulting.profiling import FeedProfile, Issue, quality_score
from consulting.profiling.accepted import without_accepted
from consulting.rules.accepted import ACCEPTABLE, OF_A_COLUMN, Mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Profile = Callable[..., FeedProfile]
MARKABLE = [case for case in CASES if case.issue_type in ACCEPTABLE]


def columns(case: Case) -> dict[str, Sequence[str | None]]:
    return {"row": [f"r{n}" for n in range(len(case.values))], case.column: case.values}


def told(found: FeedProfile, case: Case) -> int:
    mine = [i for i in found.issues if (i.column, i.issue_type) == (case.column, case.issue_type)]
    return sum(issue.evidence_count for issue in mine)


@pytest.mark.parametrize("case", MARKABLE, ids=lambda c: f"{c.issue_type} {c.severity}")
def test_an_issue_that_is_right_is_told_no_more_and_counted(profile: Profile, case: Case) -> None:
    mark = Mark(issue=case.issue_type, by="Ann")
    found = profile(columns(case), accepted={case.column: [mark]})
    assert told(found, case) == 0
    assert not [i for i in found.issues if (i.column, i.issue_type) == (case.column, mark.issue)]
    (one,) = found.accepted
    assert (one.column, one.issue_type, one.by) == (case.column, case.issue_type, "Ann")
    assert (one.values, one.rows, one.idle) == (0, case.count, 0)


@pytest.mark.parametrize("case", MARKABLE, ids=lambda c: f"{c.issue_type} {c.severity}")
def test_a_value_that_is_right_is_spared_and_no_other(profile: Profile, case: Case) -> None:
    """Whatever the issue: rows spared and rows told are all the rows, and the sentence fits."""
    before = profile(columns(case))
    examples = next(
        i.examples
        for i in before.issues
        if (i.column, i.issue_type) == (case.column, case.issue_type)
    )
    if case.issue_type in OF_A_COLUMN or not examples:
        return
    mark = Mark(issue=case.issue_type, values=(examples[0],), by="Ann")
    found = profile(columns(case), accepted={case.column: [mark]})
    (one,) = found.accepted
    assert one.rows > 0
    assert one.rows + told(found, case) == case.count
    for issue in found.issues:
        if (issue.column, issue.issue_type) == (case.column, case.issue_type):
            assert examples[0] not in issue.examples
            named = f"“{examples[0].strip()}”" in issue.detail
            assert not named or "number like" in issue.detail  # an example of any such number


UNITS = {
    "code": ["75001"] * 40 + ["10001"] * 40 + ["60601"] * 40,
    "unit": ["Sales"] * 39 + ["Stores"] + ["Stores"] * 40 + ["Repair"] * 39 + ["Sales"],
}
"""Two rows that contradict the others: Stores in 75001, and Sales in 60601."""


def contradictions(profile: Profile, *marks: Mark) -> tuple[FeedProfile, int]:
    found = profile(UNITS, accepted={"unit": marks})
    mine = [i for i in found.issues if (i.column, i.issue_type) == ("unit", "unusual_combination")]
    return found, sum(i.evidence_count for i in mine)


def test_a_combination_is_right_in_its_rows_and_wrong_in_others(profile: Profile) -> None:
    _, rows = contradictions(profile)
    assert rows == 2
    right: dict[str, str] = {"code": "75001", "unit": "Stores"}
    found, rows = contradictions(
        profile, Mark(issue="unusual_combination", values=(right,), by="Ann")
    )
    assert rows == 1
    issue = next(i for i in found.issues if i.column == "unit")
    assert issue.examples == ("Sales",)
    assert "Stores”, where" not in issue.detail
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute(
            "CREATE TABLE raw.orders AS SELECT unnest($1) AS code, unnest($2) AS unit",
            [UNITS["code"], UNITS["unit"]],
        )
        left = connection.sql(f"SELECT code, unit FROM raw.orders WHERE {issue.rows_where}")
        assert left.fetchall() == [("60601", "Sales")]
    (one,) = found.accepted
    assert (one.values, one.rows, one.idle) == (1, 1, 0)


def test_a_mark_that_fits_nothing_any_more_is_told(profile: Profile) -> None:
    marks = [
        Mark(issue="unusual_combination", values=("Stores", "Boston"), by="Ann"),
        Mark(issue="outliers", by="Bob"),
    ]
    found, _ = contradictions(profile, *marks)
    assert [(a.issue_type, a.by, a.rows, a.idle) for a in found.accepted] == [
        ("unusual_combination", "Ann", 1, 1),
        ("outliers", "Bob", 0, 1),
    ]


def test_a_mark_of_what_was_only_suspected_fits_while_a_row_has_it(profile: Profile) -> None:
    """The report of the client would count it as fitting nothing, though somebody just made it."""
    values = ("Stores", "Atlantis", {"unit": "Stores", "code": "75001"}, {"gone": "Stores"})
    found = profile(UNITS, accepted={"unit": [Mark(issue="moved_cells", values=values, by="Ann")]})
    (one,) = found.accepted
    assert (one.values, one.rows, one.idle) == (4, 0, 2)


def test_marks_of_a_column_that_no_file_has_are_no_concern(profile: Profile) -> None:
    assert profile(UNITS, accepted={"gone": [Mark(issue="outliers", by="A")]}).accepted == ()


@pytest.mark.parametrize(
    ("issue", "values"),
    [
        ("missing_values", ["a", "b"] * 49 + ["", ""]),
        ("null_like_values", ["a", "b"] * 49 + ["N/A", "?"]),
        ("type_mismatch", [*map(str, range(98)), "abc", "def"]),
        ("casing_variants", ["Berlin", "Paris"] * 49 + ["berlin", "PARIS"]),
    ],
)
def test_what_is_right_does_not_count_against_the_score(
    profile: Profile, issue: str, values: list[str]
) -> None:
    columns = {"row": [f"r{n}" for n in range(100)], "x": values}
    before = quality_score([profile(columns)])
    after = quality_score([profile(columns, accepted={"x": [Mark(issue=issue, by="Ann")]})])
    assert before.value is not None
    assert after.value is not None
    assert before.value < after.value == 100.0


def test_whatever_may_be_marked_is_an_issue_and_what_may_not_has_another_way() -> None:
    others = {"declared_column_missing", "duplicate_rows", "no_rows", "unparsed_rows"}
    others |= {"another_table", "skipped_lines", "columns_differ_between_files"}
    others |= {"personal_data", "masked_to_be_safe", "replaced_values"}
    suspected = {"other_marks"}  # told where somebody said that it is wrong
    found = {case.issue_type for case in CASES} | OF_FEEDS | suspected
    assert found - others == ACCEPTABLE


def test_a_mark_is_never_read_as_anything_but_text(profile: Profile) -> None:
    evil = "'); DROP TABLE feed; --"
    columns = {"row": [f"r{n}" for n in range(100)], "x": ["Berlin"] * 99 + [evil]}
    marks = [Mark(issue=kind, values=(evil, "{t}", "{c}"), by=evil) for kind in sorted(ACCEPTABLE)]
    found = profile(columns, accepted={"x": marks, evil: marks})
    assert not [i for i in found.issues if evil in i.examples]


def test_several_readers_of_a_mark_add_up(profile: Profile) -> None:
    marks: Mapping[str, Sequence[Mark]] = {
        "x": [
            Mark(issue="null_like_values", values=("?",), by="Ann"),
            Mark(issue="null_like_values", values=("N/A",), by="Bob"),
        ]
    }
    columns = {"row": [f"r{n}" for n in range(100)], "x": ["a", "b"] * 49 + ["N/A", "?"]}
    found = profile(columns, accepted=marks)
    assert [(a.by, a.rows) for a in found.accepted] == [("Ann", 1), ("Bob", 1)]
    assert not [i for i in found.issues if i.issue_type == "null_like_values"]


def test_what_is_right_between_feeds_is_spared_after_they_were_compared(profile: Profile) -> None:
    mark = Mark(issue="orphan_values", by="Ann")
    found = profile(UNITS, accepted={"unit": [mark], "code": [mark]})
    orphans = Issue(
        feed="orders", column="unit", issue_type="orphan_values", severity="warn", detail="x",
        evidence_count=7, recommendation="x",
    )  # fmt: skip
    other = orphans.model_copy(update={"feed": "others"})
    (settled,), left = without_accepted([found], [orphans, other])
    assert left == (other,)
    assert [(a.column, a.rows, a.idle) for a in settled.accepted] == [
        ("unit", 7, 0),
        ("code", 0, 1),
    ]


@pytest.mark.parametrize("more", [0, 30_000])
def test_what_is_replaced_is_told_whatever_else_is_known_of_it(profile: Profile, more: int) -> None:
    values = ["piece"] * 90 + [" pcs", "pcs\u00a0", "PCS", "", "N/A"]
    columns = {"x": values + [f"v{n}" for n in range(more)]}
    found = profile(columns, replaced={"x": {"pcs", "N/A", "gone", "', (SELECT 1)"}})
    issue = next(i for i in found.issues if i.issue_type == "replaced_values")
    assert (issue.severity, issue.evidence_count) == ("warn", 3)
    assert set(issue.examples) == {" pcs", "pcs\u00a0", "N/A"}
    assert selected(columns["x"], "x", issue) == 3
    assert not [i for i in profile(columns).issues if i.issue_type == "replaced_values"]
