from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from consulting.profiling import FeedProfile, Score, delivery_score, profile_feed, quality_score
from consulting.records import FeedAccount

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


def account(delivered: int, rejected: int, merged: int = 0, table: str | None = "t") -> FeedAccount:
    return FeedAccount(
        feed="orders",
        table=table,
        received=delivered + rejected + merged,
        delivered=delivered,
        rejected={"a:not_a_date": rejected} if rejected else {},
        merged={"same id": merged} if merged else {},
    )


@pytest.mark.parametrize(
    ("accounts", "value", "used"),
    [
        ([account(100, 0)], 97.1, 100.0),
        ([account(80, 10, 10)], 87.4, 90.0),
        ([account(90, 0, 10)], 97.1, 100.0),
        ([account(0, 100)], 0.0, 0.0),
        ([account(0, 0)], 0.0, 0.0),
        # there are rules for one of two feeds: the rows of the other could not be used
        ([account(100, 0), account(0, 100, table=None)], 48.5, 50.0),
        ([account(0, 100, table=None)], None, None),
    ],
)
def test_the_score_of_a_delivery_falls_with_each_row_that_could_not_be_used(
    accounts: list[FeedAccount], value: float | None, used: float | None
) -> None:
    score = delivery_score(Score(value=97.1), accounts)
    assert (score.value, score.used) == (value, used)
    assert "multiplied by the share of rows used" in score.formula
