"""Keys, references, repeats and code lists of a client whose truth is known, and of traps."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from tests.rules.macros import read

from consulting.profiling import (
    FeedProfile,
    Proposal,
    find_joint_keys,
    find_relations,
    profile_feed,
    propose_feed,
)

from .conftest import land_rows

if TYPE_CHECKING:
    from pathlib import Path

Columns = dict[str, list[str | None]]
CHOOSE = random.Random(20)


def of_rows(names: str, rows: list[tuple[Any, ...]]) -> Columns:
    cells = zip(*rows, strict=True)
    return {
        name: [None if cell is None else str(cell) for cell in column]
        for name, column in zip(names.split(), cells, strict=True)
    }


CITIES = ["Oslo", "Rome", "Kyiv", "Lima"]
CUSTOMERS = of_rows(
    "customer_no name city",
    [(f"C{n:04}", f"Buyer {n}", CHOOSE.choice(CITIES)) for n in range(200)],
)
_ORDERS = [
    (f"O-{n:05}", f"C{CHOOSE.randrange(200):04}" if n % 100 else "C9999", CHOOSE.randrange(1, 30))
    for n in range(600)
]
ORDERS = of_rows("order_no customer_no quantity", [*_ORDERS, *_ORDERS[10:16]])  # repeated whole
LINES = of_rows(
    "order_no line_no sku price",
    [(f"O-{n:05}", line, f"S{CHOOSE.randrange(40)}", CHOOSE.randrange(900))
     for n in range(150) for line in range(1, 2 + n % 4)],
)  # fmt: skip
TICKETS = of_rows(
    "ticket_no state",
    [(f"T{n}" if n % 50 else None, CHOOSE.choice(["open", "done"])) for n in range(1, 300)],
)
VERSIONS = of_rows(
    "policy_no updated_at rate",
    [(f"P{n}", f"2024-01-{1 + n % 28:02}", n % 90) for n in range(300)]
    + [(f"P{n}", f"2024-03-{1 + n:02}", n + 5) for n in range(4)],
)
SMALL = of_rows("city region_no amount", [("Oslo", 1, 5), ("Rome", 2, 6), ("Kyiv", 3, 7)])
PEOPLE = of_rows(
    "name city", [(f"Ann Lee{'abcdefgh'[n % 8] * (n // 8 + 1)}", CITIES[n % 4]) for n in range(90)]
)
FEEDS = {
    "customers": CUSTOMERS, "orders": ORDERS, "lines": LINES, "tickets": TICKETS,
    "versions": VERSIONS, "small": SMALL, "people": PEOPLE,
}  # fmt: skip


@pytest.fixture(scope="module")
def proposals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Proposal]:
    folder = tmp_path_factory.mktemp("truth")
    readings = [land_rows(folder, rows, feed, f"{feed}.csv") for feed, rows in FEEDS.items()]
    profiles = [profile_feed(reading.feed, [reading], folder) for reading in readings]
    relations = find_relations(profiles, folder, readings)
    names = {(p.feed, c.name): c.name for p in profiles for c in p.columns}
    joint = find_joint_keys(profiles, folder, readings)
    return {p.feed: propose_feed(p, relations, names, joint) for p in profiles}


def named_tests(proposal: Proposal, name: str) -> list[str]:
    [column] = [c for c in proposal.columns if c["name"] == name]
    return [test if isinstance(test, str) else next(iter(test)) for test in column["tests"]]


def test_the_key_of_each_feed_is_proposed_and_nothing_that_is_none(
    proposals: dict[str, Proposal],
) -> None:
    unique = {
        (feed, column["name"])
        for feed, proposal in proposals.items()
        for column in proposal.columns
        if "unique" in column["tests"]
    }
    assert unique == {
        ("customers", "customer_no"),
        ("orders", "order_no"),
        ("tickets", "ticket_no"),
        ("versions", "policy_no"),
        ("small", "region_no"),
    }
    assert named_tests(proposals["customers"], "customer_no") == ["unique", "not_null"]
    assert named_tests(proposals["tickets"], "ticket_no") == ["unique"]  # blank in five rows


def test_two_columns_that_identify_a_row_together_are_proposed(
    proposals: dict[str, Proposal],
) -> None:
    found = {feed: p.unique_together for feed, p in proposals.items() if p.unique_together}
    assert found == {"lines": ("order_no", "line_no")}


def test_rows_that_repeat_are_merged_by_their_key(proposals: dict[str, Proposal]) -> None:
    assert {feed: p.dedupe for feed, p in proposals.items() if p.dedupe} == {
        "orders": {"key": ["order_no"], "keep": "latest"},
        "versions": {"key": ["policy_no"], "keep": "latest", "order_by": "updated_at"},
    }


def test_rows_are_ordered_by_the_moment_of_a_change_that_most_of_them_have(tmp_path: Path) -> None:
    often = VERSIONS["updated_at"]
    seldom = [day if n % 8 == 0 else None for n, day in enumerate(often)]
    rows = {"policy_no": VERSIONS["policy_no"], "changed_on": seldom, "updated_at": often}
    profile = profile_feed(
        "policies", [land_rows(tmp_path, rows, "policies", "policies.csv")], tmp_path
    )
    dedupe = {"key": ["policy_no"], "keep": "latest", "order_by": "updated_at"}
    assert propose_feed(profile).dedupe == dedupe


def test_a_joint_key_that_repeats_with_its_whole_row_is_merged(tmp_path: Path) -> None:
    rows = {name: [*column, *column[:9]] for name, column in LINES.items()}
    reading = land_rows(tmp_path, rows, "lines", "lines.csv")
    profile = profile_feed("lines", [reading], tmp_path)
    joint = find_joint_keys([profile], tmp_path, [reading])
    proposal = propose_feed(profile, joint_keys=joint)
    assert proposal.unique_together == ("order_no", "line_no")
    assert proposal.dedupe == {"key": ["order_no", "line_no"], "keep": "latest"}


def test_references_are_found_with_one_orphan_in_a_hundred(proposals: dict[str, Proposal]) -> None:
    refers = {
        (feed, column["name"], test["relationships"]["arguments"]["to"])
        for feed, proposal in proposals.items()
        for column in proposal.columns
        for test in column["tests"]
        if isinstance(test, dict) and "relationships" in test
    }
    assert refers == {
        ("orders", "customer_no", "ref('customers')"),
        ("lines", "order_no", "ref('orders')"),
    }


# ---- code lists -----------------------------------------------------------------------------


def profiled(folder: Path, texts: list[str]) -> FeedProfile:
    reading = land_rows(folder, {"state": list(texts)}, "feed", "feed.csv")
    return profile_feed("feed", [reading], folder)


@pytest.mark.parametrize(
    ("counts", "codes"),
    [
        ({"open": 40, "Open": 3, "done": 30, "DONE ": 4}, {"open": ["Open"], "done": ["DONE"]}),
        ({"Berlin": 40, "Berlni": 3, "Munich": 30}, {"Berlin": ["Berlni"], "Munich": []}),
        ({"N.Y.": 20, "NY": 20, "LA": 30}, {"NY": ["N.Y."], "LA": []}),  # as often: the plain one
        ({"open": 40, "Open": 3, "done": 30, "new": 1}, None),  # not closed: seen once
        ({"open": 10, "Open": 3, "done": 10}, None),  # too few rows to tell
        ({"open": 40, "done": 30}, None),  # nothing to unite
        ({"13-14": 40, "131-4": 30, "13-15": 20}, None),  # other numbers, not other spellings
    ],
    ids=str,
)  # fmt: skip
def test_a_code_list_is_proposed_where_it_is_closed(
    tmp_path: Path, counts: dict[str, int], codes: dict[str, list[str]] | None
) -> None:
    [column] = propose_feed(profiled(tmp_path, list(Counter(counts).elements()))).columns
    assert column.get("codes") == codes
    if codes:
        spellings = {s: code for code, others in codes.items() for s in (code, *others)}
        assert read(column, list(counts)) == [spellings[text.strip()] for text in counts]


# ---- currencies -----------------------------------------------------------------------------


@pytest.mark.parametrize("few", [10_000, 2])
def test_amounts_and_their_currencies_are_told_apart(tmp_path: Path, few: int) -> None:
    from consulting.profiling import Thresholds

    written = [("€{}", "EUR"), ("{} EUR", "EUR"), ("${}", "USD"), ("{} SEK", "SEK"), ("{}", None)]
    truth = [(Decimal(CHOOSE.randrange(10**7)) / 100, *CHOOSE.choice(written)) for _ in range(400)]
    texts: list[str | None] = [form.format(f"{amount:,.2f}") for amount, form, _ in truth]
    reading = land_rows(tmp_path, {"price": texts}, "feed", "feed.csv")
    profile = profile_feed("feed", [reading], tmp_path, thresholds=Thresholds(few_distinct=few))
    amount, currency = propose_feed(profile).columns
    assert (amount["rule"], currency["name"]) == ("to_money", "price_currency")
    assert read(amount, texts) == [number for number, _, _ in truth]
    assert read(currency, texts) == [code for _, _, code in truth]


@pytest.mark.parametrize(
    ("texts", "told"),
    [(["Oslo", "OSLO", "Rome", "Kyiv"], False), (["Oslo", "Oslo", "OSLO", "Rome"], True),
     (["13-14", "13-14", "131-4", "1314"], False)],
)  # fmt: skip
def test_another_writing_is_told_where_one_is_more_frequent(
    tmp_path: Path, texts: list[str], *, told: bool
) -> None:
    found = {issue.issue_type for issue in profiled(tmp_path, texts).issues}
    assert ("casing_variants" in found) is told


# ---- telephone numbers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "proposed"),
    [
        (["205325{n:04}"], {"rule": "to_phone", "national_length": 10}),
        (["(205) 325-{n:04}"], {"rule": "to_phone", "national_length": 10}),
        (["+1 205 325 {n:04}"], {"rule": "to_phone"}),  # its country's code says how long it is
        (["030 325{n:04}"], {"rule": "to_phone", "national_length": 10}),
        (["205325{n:04}", "325{n:04}"], {"rule": "to_phone"}),  # of no one length
    ],
)
def test_digits_that_are_cut_short_are_no_phone_number_with_an_extension(
    tmp_path: Path, written: list[str], proposed: dict[str, Any]
) -> None:
    plain = [written[n % len(written)].format(n=1000 + n) for n in range(200)]
    texts = [*plain, "2568453x50", "205325x900"]
    reading = land_rows(tmp_path, {"phone_number": texts}, "people", "people.csv")
    (column,) = propose_feed(profile_feed("people", [reading], tmp_path)).columns
    said = {key: column[key] for key in ("rule", "national_length") if key in column}
    assert said == proposed
    became = read(said, texts)
    assert None not in became[:200]
    assert (became[200:] == [None, None]) == ("national_length" in said)
