from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from consulting.profiling import FeedProfile, profile_feed, quality_score

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.records import FileReading

Profile = Callable[..., FeedProfile]


def test_flawless_rows_score_100(profile: Profile) -> None:
    score = quality_score([profile({"order_id": [str(n) for n in range(50)]})])
    assert score.value == 100.0
    assert sum(part.weight for part in score.parts) == 100


def test_the_score_is_the_weighted_mean_its_formula_says(profile: Profile) -> None:
    found = profile(
        {
            "order_id": [f"o{n}" for n in range(98)] + ["o0", "o0"],  # 3 rows share a key
            "amount": ["1.5"] * 80 + ["2.5"] * 10 + ["none at all"] * 5 + [""] * 5,
            "city": ["Berlin"] * 90 + ["berlin"] * 10,
        },
        received_rows=125,
        unparsed_rows=25,
    )
    parts = {part.name: part for part in quality_score([found]).parts}
    assert (parts["complete"].good, parts["complete"].total) == (295, 300)
    assert (parts["valid"].good, parts["valid"].total) == (290, 295)
    assert (parts["consistent"].good, parts["consistent"].total) == (285, 295)
    assert (parts["unique"].good, parts["unique"].total) == (97, 100)
    assert (parts["readable"].good, parts["readable"].total) == (100, 125)
    expected = 25 * 295 / 300 + 30 * 290 / 295 + 20 * 285 / 295 + 15 * 0.97 + 10 * 0.8
    assert quality_score([found]).value == pytest.approx(expected, abs=0.06)
    formula = quality_score([found]).formula
    assert all(f"{part.name} (" in formula and str(part.weight) in formula for part in
               parts.values())  # fmt: skip


def test_a_column_that_is_empty_throughout_costs_nothing(profile: Profile) -> None:
    score = quality_score([profile({"id": ["a", "b"], "unused": ["", None]})])
    assert score.parts[0].good == score.parts[0].total == 2


def test_a_large_feed_weighs_more_than_a_small_one(profile: Profile) -> None:
    large = profile({"id": [f"o{n}" for n in range(90)]})
    small = profile({"id": [f"o{n}" for n in range(9)] + [""]})
    complete = quality_score([large, small]).parts[0]
    assert (complete.good, complete.total, complete.value) == (99, 100, 99.0)


def test_headers_alone_have_no_score(land: Callable[..., FileReading], tmp_path: Path) -> None:
    headers = profile_feed("orders", [land({"id": ["1"]}, rows_path=None)], tmp_path)
    assert quality_score([headers]).value is None
    assert quality_score([]).value is None
