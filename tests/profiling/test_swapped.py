"""Two columns that hold each other's values are told, and an honest month never is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from consulting.profiling import compare
from consulting.profiling.swapped import find_swaps

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.profiling.conftest import Columns

    from consulting.profiling import FeedProfile

    Profile = Callable[..., FeedProfile]
    Make = Callable[[random.Random, int], str]

KINDS: dict[str, Make] = {
    "customer": lambda r, _: r.choice(["Ada", "Bo", "Cy", "Di", "Ed"]),
    "status": lambda r, _: r.choice(["open", "paid", "void"]),
    "country": lambda r, _: r.choice(["DE", "FR", "PL"]),
    "order": lambda _, n: f"A-{n:04}",
    "invoice": lambda _, n: f"{n:05}/26",
    "quantity": lambda r, _: str(r.randint(1, 9)),
    "price": lambda r, _: f"{r.randint(2000, 9000) / 100:.2f}",
    "weight": lambda r, _: f"{r.randint(300, 900)}",
    "day": lambda r, _: f"2026-0{r.randint(1, 3)}-{r.randint(1, 28):02}",
}


def month(seed: int, rows: int = 60, begin: int = 0) -> dict[str, list[str]]:
    """A table of each kind of column; other months have other rows of it."""
    r = random.Random(seed)
    return {name: [make(r, begin + n) for n in range(rows)] for name, make in KINDS.items()}


def swapped(columns: Columns, one: str, other: str) -> dict[str, list[str | None]]:
    return {{one: other, other: one}.get(name, name): [*values] for name, values in columns.items()}


def told(profile: Profile, then: Columns, now: Columns) -> list[tuple[str | None, str | None]]:
    found = compare(profile(then), profile(now), [*KINDS])
    return [(f.column, f.previous_column) for f in found if f.kind == "swapped_columns"]


PAIRS = [
    ("customer", "status"), ("customer", "country"), ("status", "country"),
    ("order", "invoice"), ("quantity", "price"), ("quantity", "weight"), ("price", "weight"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_headers_that_changed_places_stop(profile: Profile, one: str, other: str) -> None:
    now = swapped(month(2, begin=60), one, other)
    assert sorted(*told(profile, month(1), now)) == sorted([one, other])


def test_what_is_told_names_both_columns_and_is_confirmed_for_these_files(profile: Profile) -> None:
    then, now = month(1), swapped(month(2), "customer", "status")
    stops = compare(profile(then), profile(now), [*KINDS])
    (found,) = (f for f in stops if f.kind == "swapped_columns")
    assert found.severity == "block"
    assert found.detail == (
        "“status” holds what “customer” held in the last delivery, and the reverse."
    )
    assert found.recommendation == (
        "Ask the client whether headers changed places, and have the files sent again if they did. "
        "If it is right so, `consulting accept` delivers these files."
    )
    assert found.to_confirm == "swapped_columns orders status"
    (unread,) = (f for f in compare(profile(then), profile(now)) if f.kind == "swapped_columns")
    assert unread.severity == "warn", "no model reads them"


def test_what_was_let_through_is_no_swap_next_month_and_a_swap_back_is(profile: Profile) -> None:
    then, now = month(1), month(2)
    turned = swapped(then, "customer", "status")
    assert not told(profile, turned, swapped(now, "customer", "status"))
    assert told(profile, turned, now)
    # after one wrong file all others are as they always were
    back = compare(profile(turned), profile(now), [*KINDS], earlier=[profile(then)])
    assert "swapped_columns" not in {f.kind for f in back}


@pytest.mark.parametrize(
    ("then", "now"),
    [
        # this month's figures are last month's, next month
        ({"month": "2026-02", "last": "2026-01"}, {"month": "2026-03", "last": "2026-02"}),
        # one column alone changed
        ({"month": "open", "last": "DE"}, {"month": "DE", "last": "DE"}),
        ({"month": "open", "last": "DE"}, {"month": "DE", "last": "FR"}),
        # both words were in both
        ({"month": "yes", "last": "no"}, {"month": "yes", "last": "no"}),
    ],
)
def test_what_one_column_takes_over_is_no_swap(
    profile: Profile, then: dict[str, str], now: dict[str, str]
) -> None:
    made = [{name: [text] * 40 for name, text in one.items()} for one in (then, now)]
    assert not told(profile, *made)


def test_few_rows_show_nothing(profile: Profile) -> None:
    then = {"a": [*"xxvv"], "b": [*"yyzz"]}
    assert not told(profile, then, swapped(then, "a", "b"))
    then = {"a": [*"xxxvv"], "b": [*"yyyzz"]}
    assert told(profile, then, swapped(then, "a", "b"))


@pytest.mark.parametrize("words", [("yes", "no"), ("1", "0"), ("active", "off"), ("850", "50")])
def test_two_words_that_change_places_are_flags_of_two_seasons(
    profile: Profile, words: tuple[str, str]
) -> None:
    then = {"winter": [words[0]] * 40, "summer": [words[1]] * 40}
    assert not told(profile, then, swapped(then, "winter", "summer"))


TEAMS = [f"FC {n}" for n in "ABCDEFGHI"], [f"SV {n}" for n in "ABCDEFGHI"]
RANGES = [str(n) for n in range(800, 840)], [str(n) for n in range(10, 50)]


@pytest.mark.parametrize("sides", [TEAMS, RANGES])
def test_columns_that_take_turns_are_no_swap_once_they_did(
    profile: Profile, sides: tuple[list[str], list[str]]
) -> None:
    home = profile({"Home": sides[0], "Away": sides[1]})
    away = profile({"Home": sides[1], "Away": sides[0]})

    def kinds(*earlier: FeedProfile) -> list[str]:
        found = compare(home, away, ["Home", "Away"], earlier=earlier)
        return [f.kind for f in found if f.kind == "swapped_columns"]

    assert kinds() == ["swapped_columns"]
    assert kinds(home, home) == ["swapped_columns"]
    assert kinds(home, away) == []


@pytest.mark.parametrize("seed", range(12))
def test_counts_that_are_mostly_nought_are_no_swap(profile: Profile, seed: int) -> None:
    r = random.Random(seed)
    then, now = (
        {name: [str(int(r.random() < 0.05)) for _ in range(200)] for name in "abcd"}
        for _ in range(2)
    )
    assert not told(profile, then, now)


@pytest.mark.parametrize("by", [1, 2])
def test_teams_that_rotate_over_shifts_are_no_ring(profile: Profile, by: int) -> None:
    teams = ["red", "green", "blue"]
    then, now = (
        {shift: [team] * 40 for shift, team in zip("ABC", [*teams[n:], *teams[:n]], strict=True)}
        for n in (0, by)
    )
    assert not told(profile, then, now)


def test_in_a_season_all_numbers_move(profile: Profile) -> None:
    lie = {"a": (800, 10), "b": (10, 800), "c": (300, 5000), "d": (900, 40), "e": (20, 20)}
    then, now = (
        {name: [str(at[n] + k + n / 2) for k in range(40)] for name, at in lie.items()}
        for n in (0, 1)
    )
    assert not told(profile, then, now)
    still = {name: then[name] for name in "cde"}
    assert told(profile, then, now | still)


RINGS = [("customer", "status", "country"), ("quantity", "price", "weight")]


@pytest.mark.parametrize("ring", RINGS)
@pytest.mark.parametrize("by", [1, 2])
def test_three_headers_that_changed_places_stop(
    profile: Profile, ring: tuple[str, str, str], by: int
) -> None:
    then, now = month(1), month(2, begin=60)
    turned = dict(zip(ring, (*ring[by:], *ring[:by]), strict=True))
    moved = {turned.get(name, name): [*values] for name, values in now.items()}
    (found,) = (
        f for f in compare(profile(then), profile(moved), [*KINDS]) if f.kind == "swapped_columns"
    )
    held = {there: name for name, there in turned.items()}
    first = found.column or ""
    second, third = held[first], held[held[first]]
    assert (found.severity, found.previous_column) == ("block", second)
    assert found.detail == (
        f"“{first}” holds what “{second}” held in the last delivery, “{second}” what “{third}” "
        f"held, and “{third}” what “{first}” held."
    )


@pytest.mark.parametrize("rows", [1, 3, 8, 20, 60])
def test_no_honest_month_is_a_swap(profile: Profile, rows: int) -> None:
    months = [profile(month(seed, rows, begin=seed * rows)).columns for seed in range(10)]
    for then in months:
        for now in months:
            assert not [*find_swaps(zip(then, now, strict=True))]
