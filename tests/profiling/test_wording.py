from __future__ import annotations

import pytest

from consulting.profiling.wording import (
    enumerated,
    figure,
    share,
)
from consulting.rules.dates import date_format


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 7, "0 %"),
        (1, 100_000, "less than 0.1 %"),
        (801_863, 1_000_000, "80.2 %"),
        (8, 10, "80 %"),
        (99_999, 100_000, "more than 99.9 %"),
        (7, 7, "100 %"),
        (0, 0, "0 %"),
    ],
)
def test_a_share_is_rounded_but_never_to_none_or_all(part: int, whole: int, said: str) -> None:
    assert share(part, whole) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(-13.0, "-13"), (0.118, "0.118"), (-0.001, "-0.001"), (12.34567, "12.35"), (0.0, "0"),
     (1_234_567.8, "1,234,568"), (-1e21, "-1,000,000,000,000,000,000,000"), (100.0, "100")],
)  # fmt: skip
def test_a_number_is_written_for_people(value: float, said: str) -> None:
    assert figure(value) == said


@pytest.mark.parametrize(
    ("pattern", "day_first", "said"),
    [
        ("%Y-%m-%d", None, "YYYY-MM-DD"),
        ("?/?/%Y", True, "DD/MM/YYYY"),
        ("?/?/%Y", False, "MM/DD/YYYY"),
        ("?/?/%y", None, "DD/MM/YY or MM/DD/YY"),
        ("%d %b %Y", None, "DD Mon YYYY"),
        ("%d. %B %Y", None, "DD. Month YYYY"),
        ("%Y%m%d", None, "YYYYMMDD"),
        ("%Y-%m-%dT%H:%M:%S.%f%z", None, "YYYY-MM-DDThh:mm:ss.fraction±hh:mm"),
        ("?/?/%Y %I:%M %p", True, "DD/MM/YYYY hh:mm am/pm"),
    ],
)
def test_a_date_format_is_written_as_people_do(
    pattern: str,
    day_first: bool | None,  # noqa: FBT001 - a case
    said: str,
) -> None:
    assert date_format(pattern, day_first=day_first) == said


def test_words_are_enumerated() -> None:
    assert enumerated(["a"]) == "a"
    assert enumerated(["a", "b"]) == "a and b"
    assert enumerated(["a", "b", "c"], "or") == "a, b or c"
