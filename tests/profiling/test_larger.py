"""Two columns of which always one was the larger, and now the other is, or none."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from consulting.profiling import compare

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.profiling.conftest import Columns

    from consulting.profiling import DriftFinding, FeedProfile

    Profile = Callable[..., FeedProfile]

OF = ["Net", "Gross"]
READS = ["Net", "Gross", "Ordered", "Delivered", "Heating", "Cooling"]


def german(amount: float) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def month(seed: int, rows: int = 80, sign: int = 1) -> dict[str, list[str]]:
    """Amounts made of others, days that follow others, and what hangs together with nothing."""
    r = random.Random(seed)
    net = [sign * r.lognormvariate(6, 1.5) for _ in range(rows)]
    days = [date(2026, seed, r.randint(1, 28)) for _ in range(rows)]
    warm, cold = [[r.randint(low, low + 99) for _ in range(rows)] for low in (800, 10)]
    return {
        "Net": [german(n) for n in net],
        "Gross": [german(1.19 * n) for n in net],
        "Ordered": [f"{day:%d.%m.%Y}" for day in days],
        "Delivered": [f"{day + timedelta(r.randint(0, 9)):%d.%m.%Y}" for day in days],
        "Heating": [*map(str, warm if seed < 3 else cold)],
        "Cooling": [*map(str, cold if seed < 3 else warm)],
    }


def told(*profiles: FeedProfile) -> dict[tuple[str | None, str | None], DriftFinding]:
    *earlier, last, now = profiles
    found = compare(last, now, READS, earlier=earlier)
    kinds = {"swapped_columns", "copied_column"}
    both = {"Heating", "Cooling"}
    return {
        (f.column, f.previous_column): f for f in found if f.kind in kinds and f.column not in both
    }


def swapped(columns: Columns, one: str, other: str) -> dict[str, list[str | None]]:
    return {{one: other, other: one}.get(name, name): [*values] for name, values in columns.items()}


@pytest.mark.parametrize("rows", [40, 80, 400])
def test_columns_that_hang_together_and_changed_places_stop(profile: Profile, rows: int) -> None:
    then = profile(month(1, rows))
    amounts = told(then, profile(swapped(month(2, rows), "Net", "Gross")))
    (found,) = amounts.values()
    assert (found.kind, found.severity) == ("swapped_columns", "block")
    assert found.to_confirm == "swapped_columns orders Gross"
    assert found.detail == (
        "“Gross” is less than “Net” in every row that was looked at; in the last delivery it was "
        "the reverse in each."
    )
    (found,) = told(then, profile(swapped(month(2, rows), "Ordered", "Delivered"))).values()
    assert found.detail.startswith("“Delivered” lies before “Ordered” in every row that was")


def test_a_column_that_is_filled_from_another_is_told(profile: Profile) -> None:
    now = month(2) | {"Gross": month(2)["Net"]}
    (found,) = told(profile(month(1)), profile(now)).values()
    assert (found.kind, found.severity) == ("copied_column", "warn")
    assert found.detail == (
        "“Net” equals “Gross” in every row that was looked at; in the last delivery they differed."
    )
    alike = month(1) | {"Gross": [*month(1)["Net"][:-9], *month(1)["Gross"][-9:]]}
    assert not told(profile(alike), profile(now)), "they were nearly always equal"
    more = profile(month(2) | {"VAT": month(2)["Gross"]})
    assert not told(profile(month(1)), more), "a column that is new"


def test_prices_that_rose_and_fall_by_another_part_are_none(profile: Profile) -> None:
    def prices(seed: int, change: float) -> FeedProfile:
        r = random.Random(seed)
        old = [r.lognormvariate(3, 1) for _ in range(60)]
        return profile({"Net": [*map(german, old)], "Gross": [german(o * change) for o in old]})

    rose = prices(1, 1.05)
    assert not told(rose, prices(2, 0.97))
    assert not told(rose, prices(3, 0.8))
    (found,) = told(rose, prices(4, 1 / 1.05)).values()
    assert found.kind == "swapped_columns", "by as much: the columns may be exchanged"


def test_honest_months_and_what_was_so_before_are_none(profile: Profile) -> None:
    first, second = profile(month(1)), profile(month(2))
    turned = profile(swapped(month(2), "Net", "Gross"))
    assert not told(first, second)
    assert not told(first, profile(month(2, sign=-1))), "credit notes"
    assert not told(first, profile(month(3))), "in summer heating is less than cooling"
    assert not told(first, turned, profile(month(4))), "one wrong month, and all as it was"
    assert not told(profile(month(1, 19)), turned), "few rows"
    share, other = (
        month(n) | {"Net": [f"{s} %" for s in month(n)[of]]} for n, of in enumerate(OF, 1)
    )
    other["Gross"] = month(2)["Net"]
    assert not told(profile(share), profile(other)), "percents are not held against amounts"
    mixed = month(2)
    mixed["Gross"][3] = "0,01"
    assert not told(first, profile(swapped(mixed, "Net", "Gross")))
