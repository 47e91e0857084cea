"""What the profile suspects and does not tell, until somebody says that it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from consulting.profiling import FeedProfile
from consulting.profiling.asking import Ask, chosen
from consulting.profiling.odd import coarse_shape, uncommon_forms
from consulting.profiling.thresholds import SUSPICIOUS
from consulting.rules.accepted import Mark

Profile = Callable[..., FeedProfile]
PHONES = [f"555.010.2{100 + n}" if n % 5 == 0 else f"555-010-2{100 + n}" for n in range(60)]
WEIGHTS = [f"{50 + n % 9}" if n % 6 else f"{50 + n % 9}.5" for n in range(60)]
BLANKS = ["" if n % 3 == 0 else f"v{n % 7}" for n in range(60)]
CITIES = ["Paris"] * 18 + ["Lyon"] * 2 + ["Bonn"] * 20 + ["Lyon"] * 20
CODES = ["75"] * 20 + ["53"] * 20 + ["69"] * 20
COLUMNS = {"phone": PHONES, "weight": WEIGHTS, "blank": BLANKS, "city": CITIES, "code": CODES}


def told(found: FeedProfile) -> dict[tuple[str | None, str], tuple[str, int]]:
    return {(i.column, i.issue_type): (i.severity, i.evidence_count) for i in found.issues}


@pytest.mark.parametrize(
    ("column", "issue", "count"),
    [("phone", "other_marks", 12), ("weight", "other_marks", 10), ("blank", "missing_values", 20),
     ("city", "unusual_combination", 2)],
)  # fmt: skip
def test_what_is_wrong_is_a_warning_and_nothing_else_is_told_otherwise(
    profile: Profile, column: str, issue: str, count: int
) -> None:
    before = told(profile(COLUMNS))
    assert before.get((column, issue), ("info", 0))[0] == "info"
    after = told(profile(COLUMNS, suspected={column: {issue: True}}))
    assert after[column, issue] == ("warn", count)
    others = {key: said for key, said in after.items() if key != (column, issue)}
    assert others == {key: said for key, said in before.items() if key != (column, issue)}
    assert told(profile(COLUMNS, suspected={column: {issue: False}})) == before


def test_no_cell_is_suspected_for_two_reasons_of_form(profile: Profile) -> None:
    """Lengths are of those alone that have the usual marks: 100 of 10 to 99, and not 50.5."""
    numbers = [*map(str, range(10, 99)), *(f"{n}.5" for n in range(20, 30)), *["100"] * 3]
    found = told(profile({"x": numbers}, thresholds=SUSPICIOUS))
    assert (found["x", "other_marks"][1], found["x", "odd_shapes"][1]) == (10, 3)


def test_a_value_that_is_right_is_spared_of_what_is_wrong_and_counted_once(
    profile: Profile,
) -> None:
    mark = Mark(issue="other_marks", values=(PHONES[5],), by="Ann")
    found = profile(COLUMNS, accepted={"phone": [mark]}, suspected={"phone": {"other_marks": True}})
    assert told(found)["phone", "other_marks"] == ("warn", 11)
    (one,) = found.accepted
    assert (one.rows, one.idle) == (1, 0)


def test_suspicions_are_no_profile_of_their_own(profile: Profile) -> None:
    """The looser thresholds find what is told, and more."""
    tight, loose = told(profile(COLUMNS)), told(profile(COLUMNS, thresholds=SUSPICIOUS))
    assert {*tight} <= {*loose}
    assert loose["phone", "other_marks"][1] == 12


@pytest.mark.parametrize(
    ("values", "share", "odd"),
    [
        ({"1-2": 6, "3-4": 2, "5/6": 1, "7": 1}, 0.7, {"5/6", "7"}),
        ({"1-2": 5, "5/6": 4, "7": 1}, 0.7, {"7"}),
        ({"1-2": 5, "5/6": 4, "7": 1}, 0.95, set()),
        ({f"1{'-' * n}2": 1 for n in range(20)}, 0.7, set()),  # as many forms as values
        ({"a b": 1, "c d": 1}, 0.7, set()),
        ({}, 0.7, set()),
    ],
)
def test_uncommon_forms_are_those_beyond_the_most_frequent(
    values: dict[str, int], share: float, odd: Sequence[str]
) -> None:
    assert {*uncommon_forms(values, coarse_shape, share)} == odd


def ask(issue: str, value: str, rows: int, settles: int, weight: float) -> Ask:
    return Ask(
        key=f"{issue} {value}", feed="f", column="c", issues=(issue,), severity="info",
        suspected=True, cells={"c": value}, rows=rows, settles=settles, weight=weight, why="",
    )  # fmt: skip


def test_the_first_question_of_each_finding_comes_first_and_none_is_settled_twice() -> None:
    """Of 'outliers' all is found by 'odd_shapes', too; what is left goes to further values."""
    shapes = [ask("odd_shapes", value, rows, 9, 0.5) for value, rows in (("a", 6), ("b", 3))]
    outliers = [ask("outliers", "b", 3, 3, 0.5)]
    lone = [ask("lone_values", "x", 1, 1, 0.5)]
    asked = [*lone, *outliers, *shapes]
    assert [one.key for one in chosen(asked, 2)] == ["odd_shapes a", "lone_values x"]
    assert [one.key for one in chosen(asked, 9)] == [
        "odd_shapes a", "lone_values x", "odd_shapes b",
    ]  # fmt: skip
