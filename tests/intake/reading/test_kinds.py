"""What tells a header from data reads numbers and dates as the profile and the rules do."""

from __future__ import annotations

import pytest

from consulting.intake.reading.cells import kind
from consulting.rules import all_rules

KINDS = {
    "to_integer": "number",
    "to_decimal": "number",
    "to_money": "number",
    "to_date": "date",
}
OTHERWISE = {"date": {"number"}}
"""Days counted in seconds, or written without a mark, are numbers as they stand."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 109,51", "number"), ("1'234", "number"), ("SEK 12", "number"),
        ("12,50 z\u0142", "number"), ("\u22127", "number"), ("(9.50)", "number"),
        ("9-", "number"), ("12,34,567", "number"), ("7 %", "number"), ("2 kg", "text"),
        ("12A", "text"), ("12E5", "text"), ("7:10 a.m.", "time"), ("3 Feb. 2024", "date"),
        ("12. listopada 2023.", "date"), ("2024-03-02T01:30:01 UTC", "date"), ("a@b.pl", "email"),
        ("www.b.pl", "url"), ("Order", "text"), (" ", "empty"), (None, "empty"),
    ],
)  # fmt: skip
def test_a_cell_is_of_its_kind(text: str | None, expected: str) -> None:
    assert kind(text) == expected


def test_what_a_rule_reads_is_of_its_kind() -> None:
    read = [
        (name, text)
        for name, rule in all_rules().items()
        for arguments, text, value in rule.cases
        if name in KINDS and value is not None and not isinstance(value, str)  # no reason's code
        if arguments.keys().isdisjoint({"formats", "replace", "unit"})
    ]
    assert {name for name, _ in read} == KINDS.keys()
    wrong = [
        (name, text, kind(text))
        for name, text in read
        if kind(text) not in {KINDS[name]} | OTHERWISE.get(KINDS[name], set())
    ]
    assert wrong == []
