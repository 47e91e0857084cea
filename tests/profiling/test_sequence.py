"""Rows out of the order that a column keeps: only where the order is nearly whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from consulting.profiling import FeedProfile
from consulting.rules.accepted import Mark

Profile = Callable[..., FeedProfile]
UP = list(range(1000, 1100))


def changed(numbers: list[int], other: dict[int, int]) -> list[str]:
    return [str(other.get(at, number)) for at, number in enumerate(numbers)]


def misplaced(found: FeedProfile, rows: int = 100) -> int:
    (issue,) = [i for i in found.issues if i.issue_type == "out_of_order"] or (None,)
    assert rows == found.row_count
    return issue.evidence_count if issue else 0


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        (changed(UP, {50: 1005, 70: 1700}), 2),
        (changed(UP, {50: 1005, 51: 1006}), 2),
        (changed(UP[::-1], {50: 1005, 70: 1700}), 2),
        (changed([n // 5 for n in UP], {50: 999, 51: 1}), 2),  # several rows of one number
        ([f"{n:05}" for n in (*UP[:50], 7, *UP[51:])], 1),  # codes
        (changed(UP, {}), 0),
        (changed(UP[50:] + UP[:50], {10: 9}), 0),  # begins anew
        (changed([n % 20 for n in UP], {}), 0),
        (changed([n + n * 37 % 11 for n in UP], {50: 1}), 0),  # goes to and fro
        (changed(UP, {n: 5000 - n for n in range(0, 100, 4)}), 25),
        (changed(UP, {n: 5000 - n for n in range(0, 100, 3)}), 0),  # too many
        (changed([1] * 50 + [2] * 50, {30: 2}), 0),  # two groups
        (changed([n * 7 % 101 for n in UP], {}), 0),
    ],
)
def test_what_stands_out_of_an_order_is_told(
    profile: Profile, values: list[str], wrong: int
) -> None:
    assert misplaced(profile({"x": values})) == wrong


def test_blanks_texts_and_marks_are_passed_over(profile: Profile) -> None:
    values = changed(UP, {50: 1005, 70: 1700})
    values[20], values[21] = "", "n/a"
    assert misplaced(profile({"x": values})) == 2
    mark = Mark(issue="out_of_order", values=("1005",), by="Ann")
    found = profile({"x": values}, accepted={"x": [mark]})
    assert misplaced(found) == 1
    assert [(one.rows, one.idle) for one in found.accepted] == [(1, 0)]


def test_each_file_has_an_order_of_its_own_and_many_rows_are_looked_at(profile: Profile) -> None:
    values = changed(list(range(9000)), {4000: 9, 8000: 99_999})
    assert misplaced(profile({"x": values}), 9000) == 2
