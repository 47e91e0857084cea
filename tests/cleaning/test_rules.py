"""Each rule with input and expected value or reason; one dbt run does them all."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from consulting.cleaning.rules import told
from consulting.rules import all_rules, column_rule

if TYPE_CHECKING:
    from tests.cleaning.conftest import Project


REJECTS = "a value that does not fit rejects the row"
NONE = "left empty: a word for “no value”, such as -"
OTHER = "any other value that does not fit rejects the row"


@pytest.mark.parametrize(
    ("meta", "harmless", "words"),
    [
        (
            {"rule": "to_timestamp", "formats": ["%Y-%m-%d", "%d.%m.%Y %H:%M"]},
            True,
            f"date and time, written YYYY-MM-DD hh:mm:ss or DD.MM.YYYY hh:mm; {NONE}; {OTHER}",
        ),
        (
            {"rule": "to_date", "null_tokens": ["pending", "-"], "min": "2000-01-01"},
            True,
            f"date, written YYYY-MM-DD; at least 2000-01-01; left empty: pending, -; {OTHER}",
        ),
        (
            {"rule": "to_code", "codes": ["Ann Lee", "Bob"], "null_tokens": ["Zoe"]},
            False,
            f"one of 2 agreed codes; left empty: 1 agreed word; {OTHER}",
        ),
        (
            {"rule": "to_date", "required": True},
            True,
            f"date, written YYYY-MM-DD; a row without it is rejected; {REJECTS}",
        ),
        ({"rule": "to_text"}, True, "blanks trimmed, words for “no value” made empty"),
    ],
)
def test_what_a_rule_does_is_told_with_what_leaves_a_value_empty(
    meta: dict[str, Any], words: str, *, harmless: bool
) -> None:
    assert told(column_rule({"from": "x", **meta}), harmless=harmless) == words


class Rejected(str):
    """An expected reason code in place of a value."""

    __slots__ = ()


MIXED_DATES = ["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d %b %Y", "%B %d, %Y", "%Y%m%d"]
COUNTRIES = {"US": ["USA", "United States"], "DE": ["Germany", "Deutschland"]}

# a column with its rule, and what becomes of its texts
CASES: dict[str, tuple[dict[str, Any], list[tuple[str, Any]]]] = {
    "plain_text": (
        {"rule": "to_text"},
        [
            ("  Ann Lee \t", "Ann Lee"),
            ("\u00a0\u200bAnn\ufeff", "Ann"),
            ("N/A", None),
            ("  - ", None),
            ("NULL", None),
            ("   ", None),
            ("nancy", "nancy"),
            ('O\'Brien; "x"', 'O\'Brien; "x"'),
            ("a  b", "a  b"),
        ],
    ),
    "tidy_text": (
        {"rule": "to_text", "collapse": True, "case": "upper"},
        [("ann \u00a0 lee", "ANN LEE"), ("x\ny", "X Y")],
    ),
    "capital_text": ({"rule": "to_text", "case": "capital"}, [("bERLIN", "Berlin")]),
    "short_text": (
        {"rule": "to_text", "max_length": 3},
        [("abc", "abc"), ("abcd", Rejected("too_long"))],
    ),
    "zip_code": (
        {"rule": "to_text", "pad_zeros": 5, "pattern": "[0-9]{5}"},
        [
            ("1234", "01234"),
            ("01234", "01234"),
            ("123456", Rejected("wrong_format")),
            ("12a", Rejected("wrong_format")),
            ("1234\n", "01234"),
        ],
    ),
    "own_tokens": (
        {"rule": "to_text", "null_tokens": ["Unknown", "tbd"]},
        [("UNKNOWN", None), ("TBD", None), ("n/a", "n/a")],
    ),
    "whole": (
        {"rule": "to_integer"},
        [
            ("12", 12),
            ("-7", -7),
            ("+3", 3),
            ("007", 7),
            ("12.0", 12),
            ("12.", 12),
            ("12.5", Rejected("not_an_integer")),
            ("1,200", Rejected("not_an_integer")),
            ("1e3", Rejected("not_an_integer")),
            ("twelve", Rejected("not_an_integer")),
            ("9223372036854775807", 9223372036854775807),
            ("9223372036854775808", Rejected("not_an_integer")),
        ],
    ),
    "thousands": (
        {"rule": "to_integer", "thousands": ",", "min": 0, "max": 5000},
        [
            ("1,200", 1200),
            ("-1", Rejected("below_minimum")),
            ("5,001", Rejected("above_maximum")),
            ("0", 0),
        ],
    ),
    "weight": ({"rule": "to_integer", "unit": "kg"}, [("12 kg", 12), ("12KG", 12), ("12", 12)]),
    "point": (
        {"rule": "to_decimal"},
        [
            ("1234.5", Decimal("1234.5")),
            ("1,234.50", Decimal("1234.5")),
            ("1 234.5", Decimal("1234.5")),
            (".5", Decimal("0.5")),
            ("-0.125", Decimal("-0.125")),
            ("19.990000000000002", Decimal("19.99")),
            ("1e-3", Decimal("0.001")),
            ("1.234.567", Rejected("not_a_number")),
            ("12,34", Rejected("not_a_number")),
            ("1,2345", Rejected("not_a_number")),
            (".", None),
            (",", Rejected("not_a_number")),
            ("+", Rejected("not_a_number")),
            ("NaN", None),
            ("inf", Rejected("not_a_number")),
        ],
    ),
    "comma": (
        {"rule": "to_decimal", "decimal": "comma", "unit": "%"},
        [
            ("1.234,50", Decimal("1234.5")),
            ("1\u202f234,5", Decimal("1234.5")),
            ("1'234,5", Decimal("1234.5")),
            ("19 %", Decimal(19)),
            ("1234.5", Rejected("not_a_number")),
            ("1.234", Decimal(1234)),
        ],
    ),
    "either": (
        {"rule": "to_decimal", "decimal": "either"},
        [
            ("1,234.50", Decimal("1234.5")),
            ("1.234,50", Decimal("1234.5")),
            ("12,5", Decimal("12.5")),
            ("12.5", Decimal("12.5")),
            ("1.234.567", Decimal(1234567)),
            ("1234", Decimal(1234)),
            ("1.234", Rejected("ambiguous_number")),
            ("12,345", Rejected("ambiguous_number")),
            ("0,000", Decimal(0)),
            ("abc", Rejected("not_a_number")),
        ],
    ),
    "money": (
        {"rule": "to_money"},
        [
            ("$1,234.50", Decimal("1234.50")),
            ("USD 12", Decimal(12)),
            ("12 eur", Decimal(12)),
            ("(12.50)", Decimal("-12.50")),
            ("($12.50)", Decimal("-12.50")),
            ("12.50-", Decimal("-12.50")),
            ("-$5", Decimal(-5)),
            ("$-5", Decimal(-5)),
            ("US$ 7.999", Decimal("8.00")),
            ("free", Rejected("not_an_amount")),
            ("$", Rejected("not_an_amount")),
            ("12 kr", Decimal(12)),
            ("12 xyz", Rejected("not_an_amount")),
            ("--5", Rejected("not_an_amount")),
        ],
    ),
    "euro": (
        {"rule": "to_money", "decimal": "comma"},
        [("1.234,50 €", Decimal("1234.50")), ("€\u00a05,-", Decimal(5)), ("5,-- €", Decimal(5))],
    ),
    "kroner": (
        {"rule": "to_money", "currencies": ["kr", "kr."], "decimal": "comma"},
        [("12,50 kr.", Decimal("12.50")), ("kr 3", Decimal(3)), ("$3", Rejected("not_an_amount"))],
    ),
    "any_money": (
        {"rule": "to_money", "decimal": "either"},
        [
            ("€1.234", Rejected("ambiguous_number")),
            ("$1,234.5", Decimal("1234.5")),
            ("1.234,5 €", Decimal("1234.5")),
        ],
    ),
    "day": (
        {"rule": "to_date", "formats": MIXED_DATES, "min": "1950-01-01"},
        [
            ("2024-02-29", date(2024, 2, 29)),
            ("2023-02-29", Rejected("not_a_date")),
            ("05/01/2024", date(2024, 1, 5)),
            ("5/1/2024", date(2024, 1, 5)),
            ("05/01/24", date(2024, 1, 5)),
            ("31/12/99", date(1999, 12, 31)),
            ("12/31/2024", Rejected("not_a_date")),
            ("5 Jan 2024", date(2024, 1, 5)),
            ("JANUARY 5, 2024", date(2024, 1, 5)),
            ("20240105", date(2024, 1, 5)),
            ("2024-01-05x", Rejected("not_a_date")),
            ("45296", Rejected("not_a_date")),
            ("1949-12-31", Rejected("below_minimum")),
            ("01/01/0024", Rejected("not_a_date")),
            ("tomorrow", Rejected("not_a_date")),
        ],
    ),
    "sheet_day": (
        {"rule": "to_date"},
        [
            ("2024-01-05 00:00:00", date(2024, 1, 5)),
            ("2024-01-05", date(2024, 1, 5)),
            ("05.01.2024", Rejected("not_a_date")),
        ],
    ),
    "moment": (
        {"rule": "to_timestamp", "formats": ["%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %I:%M %p"]},
        [
            ("2024-01-05T13:30:00", datetime(2024, 1, 5, 13, 30)),  # noqa: DTZ001
            ("01/05/2024 01:30 PM", datetime(2024, 1, 5, 13, 30)),  # noqa: DTZ001
            ("2024-01-05T25:00:00", Rejected("not_a_timestamp")),
        ],
    ),
    "flag": (
        {"rule": "to_boolean"},
        [
            ("Yes", True),
            ("n", False),
            ("TRUE", True),
            ("0", False),
            ("maybe", Rejected("not_a_boolean")),
        ],
    ),
    "ja_nein": (
        {"rule": "to_boolean", "means_true": ["ja", "x"], "means_false": ["nein"]},
        [("JA", True), ("Nein", False), ("yes", Rejected("not_a_boolean"))],
    ),
    "us_phone": (
        {"rule": "to_phone", "country_code": "1", "national_length": 10},
        [
            ("(555) 123-4567", "+15551234567"),
            ("1-555-123-4567", "+15551234567"),
            ("+1 555.123.4567", "+15551234567"),
            ("555 123 4567 ext. 12", "+15551234567"),
            ("+44 20 7946 0958", "+442079460958"),
            ("0049 30 1234567", "+49301234567"),
            ("123-4567", Rejected("not_a_phone")),
            ("call me", Rejected("not_a_phone")),
            ("555-CALL-NOW", Rejected("not_a_phone")),
            ("+12", Rejected("not_a_phone")),
        ],
    ),
    "uk_phone": (
        {"rule": "to_phone", "country_code": "44"},
        [("020 7946 0958", "+442079460958"), ("07700 900123", "+447700900123")],
    ),
    "bare_phone": (
        {"rule": "to_phone"},
        [("020-7946", "0207946"), ("12", Rejected("not_a_phone"))],
    ),
    "mail": (
        {"rule": "to_email"},
        [
            (" Ann.Lee@Example.COM ", "ann.lee@example.com"),
            ("mailto:a@b.co", "a@b.co"),
            ("a+b_c@sub.example.org", "a+b_c@sub.example.org"),
            ("a@b", Rejected("not_an_email")),
            ("a b@c.de", Rejected("not_an_email")),
            ("a..b@c.de", Rejected("not_an_email")),
            ("a@b@c.de", Rejected("not_an_email")),
            ("a@-b.de", Rejected("not_an_email")),
        ],
    ),
    "country": (
        {"rule": "to_code", "codes": COUNTRIES},
        [
            ("usa", "US"),
            ("us", "US"),
            ("UNITED STATES", "US"),
            ("Deutschland", "DE"),
            ("France", Rejected("not_in_list")),
        ],
    ),
    "state": (
        {"rule": "to_code", "codes": ["open", "closed"], "otherwise": "other"},
        [("Open", "open"), ("pending", "other"), ("", None)],
    ),
}
for rule in all_rules().values():
    for number, (arguments, text, want) in enumerate(rule.cases):
        settings = {"rule": rule.name, **arguments}
        known = next((n for n, (s, _) in CASES.items() if s == settings), f"{rule.name}_{number}")
        wanted = Rejected(want) if want in rule.reasons else want
        CASES.setdefault(known, (settings, []))[1].append((text, wanted))
FLAT = [(name, text, want) for name, (_, cases) in CASES.items() for text, want in cases]


@pytest.fixture(scope="module")
def staged(project: Project) -> dict[tuple[str, str], tuple[Any, str | None]]:
    """What became of each case: the value and the reasons."""
    names = list(CASES)
    project.feed("rules", "cases", [{"name": n, **CASES[n][0]} for n in names])
    rows = [[text if n == name else None for n in names] for name, text, _ in FLAT]
    project.load("rules", "cases", names, rows)
    project.run("rules").run()
    sql = f"SELECT {', '.join(names)}, _reasons FROM staging.stg_cases ORDER BY _row_id"
    found = project.rows("rules", sql)
    return {
        (name, text): (row[names.index(name)], row[-1])
        for (name, text, _), row in zip(FLAT, found, strict=True)
    }


@pytest.mark.parametrize(("name", "text", "want"), FLAT, ids=lambda value: repr(value)[:30])
def test_a_rule_gives_the_value_or_the_reason(
    staged: dict[tuple[str, str], tuple[Any, str | None]], name: str, text: str, want: Any
) -> None:
    value, reasons = staged[name, text]
    if isinstance(want, Rejected):
        assert reasons == f"{name}:{want}"
    else:
        assert (value, reasons) == (want, None)
        assert type(value) is type(want)


def test_every_rule_has_cases() -> None:
    assert all(rule.cases for rule in all_rules().values())
    assert {settings["rule"] for settings, _ in CASES.values()} >= set(all_rules())
