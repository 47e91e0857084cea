"""What the profile calls a number, a date or a yes, the rule it proposes reads as just that."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from babel.core import get_global
from babel.dates import format_date
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.profiling.conftest import land_rows
from tests.rules.macros import read, steps

from consulting.chain.questions import questions_of
from consulting.profiling import FeedProfile, Thresholds, profile_feed
from consulting.profiling.propose import propose_feed
from consulting.rules import all_rules, currencies, missing, months
from consulting.rules.numbers import NOTATIONS, read_number
from consulting.rules.units import are_spellings

if TYPE_CHECKING:
    from collections.abc import Callable

Pairs = st.SearchStrategy[list[tuple[str, Any]]]


def profile_of(columns: dict[str, list[str | None]], few: int = 10_000) -> FeedProfile:
    with TemporaryDirectory() as folder:
        reading = land_rows(Path(folder), columns, "feed", "feed.csv")
        return profile_feed(
            "feed", [reading], Path(folder), thresholds=Thresholds(few_distinct=few)
        )


def proposed(name: str, texts: list[str | None], few: int = 10_000) -> dict[str, Any]:
    return propose_feed(profile_of({name: texts}, few)).columns[0]


@pytest.mark.parametrize("unit", ["\u00b5g", "\u03bcg", "\u00b5", "\u03bc"])
def test_the_two_letters_for_a_millionth_are_one(unit: str) -> None:
    number = read_number(f"5 {unit}")
    assert number is not None
    assert number.unit == unit
    assert are_spellings(unit, unit.replace("\u00b5", "\u03bc"))


MARKED = [
    sign + mark.join([first, *rest])
    for sign in ("", "-")
    for mark in (".", ",", " ", "'")
    for first in ("0", "00", "012", "1", "12", "123", "1234")
    for rest in (("5",), ("50",), ("125",), ("000",), ("1250",), ("125", "250"))
]


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("001.234,50", "comma", 1234.5),
        ("012.345,67", "comma", 12345.67),
        ("001,234.50", "point", 1234.5),
        ("000,123,456.00", "point", 123456),
        ("0.125", "point", 0.125),
        ("000.123.456", "comma", 123456),
    ],
)
def test_noughts_that_fill_a_number_up_are_read_where_another_mark_shows_it(
    text: str, mark: str, value: float
) -> None:
    number = read_number(text)
    assert number is not None
    assert number.value == value
    for declared in (mark, "either"):
        (found,) = read({"rule": "to_decimal", "decimal": declared}, [text])
        assert found is not None
        assert float(found) == value


@pytest.mark.parametrize("declared", ["point", "comma", "either"])
def test_a_mark_that_a_number_proves_is_no_other_mark_to_any_rule(declared: str) -> None:
    """0.125 has a decimal point whatever the rule says: after a nought no thousands begin."""
    values = read({"rule": "to_decimal", "decimal": declared}, MARKED)
    for text, value in zip(MARKED, values, strict=True):
        number = read_number(text)
        says = NOTATIONS[number.notation].says if number else ""
        if number is None:
            assert value is None, text
        elif says and declared in {says, "either"}:
            assert value is not None, text
            assert float(value) == pytest.approx(round(number.value, 4)), text
        elif says:
            assert value is None or float(value) == pytest.approx(number.value), text


# ---- how true values are written -----------------------------------------------------------


def grouped(digits: str, mark: str) -> str:
    first = len(digits) % 3 or 3
    return mark.join([digits[:first], *(digits[i : i + 3] for i in range(first, len(digits), 3))])


def lakh(digits: str) -> str:
    head, tail = digits[:-3], digits[-3:]
    if not head:
        return tail
    first = len(head) % 2 or 2
    return ",".join([head[:first], *(head[i : i + 2] for i in range(first, len(head), 2)), tail])


MINUS: dict[str, Callable[[str], str]] = {
    "hyphen": lambda text: f"-{text}",
    "after": lambda text: f"{text}-",
    "parentheses": lambda text: f"({text})",
    "U+2212": lambda text: f"\u2212{text}",
}
GROUPS: dict[str, Callable[[str], str]] = {
    "none": str,
    "comma": lambda d: grouped(d, ","),
    "point": lambda d: grouped(d, "."),
    "apostrophe": lambda d: grouped(d, "'"),
    "quote": lambda d: grouped(d, "\u2019"),
    "blank": lambda d: grouped(d, " "),
    "no-break": lambda d: grouped(d, "\u00a0"),
    "thin": lambda d: grouped(d, "\u202f"),
    "lakh": lakh,
}
whole = st.integers(-(10**12), 10**12)


@st.composite
def integers(draw: st.DrawFn) -> list[tuple[str, Any]]:
    group = GROUPS[draw(st.sampled_from(sorted(GROUPS)))]
    minus = MINUS[draw(st.sampled_from(sorted(MINUS)))]
    values = [1234567, *draw(st.lists(whole, min_size=3, max_size=12))]
    return [(minus(group(str(-v))) if v < 0 else group(str(v)), v) for v in values]


@st.composite
def decimals(draw: st.DrawFn) -> list[tuple[str, Any]]:
    name = draw(st.sampled_from(sorted(GROUPS)))
    mark = {"comma": ".", "lakh": ".", "point": ","}.get(name) or draw(st.sampled_from(".,"))
    minus = MINUS[draw(st.sampled_from(sorted(MINUS)))]
    scale = draw(st.sampled_from([1, 2, 4, 6]))
    values = draw(st.lists(whole, min_size=3, max_size=12))
    return [_decimal(v, scale, mark, GROUPS[name], minus) for v in [1234567890, *values]]


def _decimal(
    value: int, scale: int, mark: str, group: Callable[[str], str], minus: Callable[[str], str]
) -> tuple[str, Decimal]:
    digits = str(abs(value)).rjust(scale + 1, "0")
    text = f"{group(digits[:-scale])}{mark}{digits[-scale:]}"
    return (minus(text) if value < 0 else text), Decimal(value).scaleb(-scale)


@st.composite
def amounts(draw: st.DrawFn) -> list[tuple[str, Any]]:
    sign = draw(st.sampled_from([*sorted(currencies.CODES), *currencies.SIGNS]))
    around = draw(st.sampled_from(["{s} {t}", "{t} {s}", "{t}\u00a0{s}"]))
    group = draw(st.sampled_from(["none", "comma", "point", "no-break", "apostrophe"]))
    mark = "," if group in {"point", "no-break"} else "."
    minus = MINUS[draw(st.sampled_from(sorted(MINUS)))]
    values = [1234567890, *draw(st.lists(whole, min_size=3, max_size=10))]
    pairs = [_decimal(v, 2, mark, GROUPS[group], str) for v in map(abs, values)]
    return [
        (
            around.format(s=sign, t=t) if v >= 0 else minus(around.format(s=sign, t=t)),
            n * (-1 if v < 0 else 1),
        )
        for v, (t, n) in zip(values, pairs, strict=True)
    ]


DATES: dict[str, Callable[[date], str]] = {
    "iso": lambda d: d.isoformat(),
    "slash year": lambda d: f"{d:%Y/%m/%d}",
    "day first": lambda d: f"{d:%d/%m/%Y}",
    "month first": lambda d: f"{d:%m/%d/%Y}",
    "unpadded": lambda d: f"{d.day}.{d.month}.{d.year}",
    "short year": lambda d: f"{d:%d.%m.%y}",
    "compact": lambda d: f"{d:%Y%m%d}",
    "01Feb2024": lambda d: f"{d:%d}{months.ENGLISH[d.month - 1].upper()}{d.year}",
    "2 Feb. 2024": lambda d: f"{d.day} {months.ENGLISH[d.month - 1]}. {d.year}",
    "Feb 2, 2024": lambda d: f"{months.ENGLISH[d.month - 1]} {d.day}, {d.year}",
    "Sept": lambda d: f"{d.day} {'Sept' if d.month == 9 else months.ENGLISH[d.month - 1]} {d.year}",
    **{
        f"{language} {width}": lambda d, language=language, width=width: format_date(
            d, width, locale=language
        )
        for language in months.LANGUAGES
        for width in ("long", "medium")
        if language not in {"lt", "lv", "ca"} or (language, width) == ("ca", "long")
    },
}  # fmt: skip
"""Lithuanian and Latvian dates have words of their own between the parts."""


@st.composite
def days(draw: st.DrawFn) -> list[tuple[str, Any]]:
    write = DATES[draw(st.sampled_from(sorted(DATES)))]
    any_day = st.dates(date(1970, 1, 1), date(2060, 12, 31))
    found = [
        date(2024, 2, 28),
        date(2024, 5, 13),
        *draw(st.lists(any_day, min_size=3, max_size=10)),
    ]
    return [(write(d), d) for d in found]


ZONES = {
    "Z": 0, " UTC": 0, " GMT": 0, "+00": 0, "+00:00": 0, " -0500": -300, "+0530": 330, "+01:00": 60,
    " +02:00": 120, "-03": -180,
}  # fmt: skip
HALVES = (" AM", " pm", "am", " a.m.", " P.M.")


@st.composite
def moments(draw: st.DrawFn) -> list[tuple[str, Any]]:
    zones = draw(st.one_of(st.just([""]), st.lists(st.sampled_from(sorted(ZONES)), min_size=1)))
    digits = draw(st.sampled_from([0, 3, 6, 7, 9]))
    point, gap = draw(st.sampled_from(".,")), draw(st.sampled_from(["T", " "]))
    half = draw(st.sampled_from(["", *HALVES]))
    any_moment = st.datetimes(datetime(1980, 1, 1), datetime(2050, 1, 1))  # noqa: DTZ001
    pairs = []
    for n, moment in enumerate(draw(st.lists(any_moment, min_size=4, max_size=10))):
        shown = moment.replace(
            microsecond=moment.microsecond // 1000 * 1000 if digits == 3 else moment.microsecond
        )
        shown = shown.replace(microsecond=0) if not digits else shown
        hour = f"{shown:%H}" if not half else f"{shown:%I}"
        text = f"{shown:%Y-%m-%d}{gap}{hour}:{shown:%M:%S}"
        if digits:
            text += point + f"{shown.microsecond:06d}000"[:digits]
        if half:
            upper = half.upper() == half
            noon = ("PM" if upper else "pm") if shown.hour >= 12 else ("AM" if upper else "am")
            noon = f"{noon[0]}.{noon[1]}." if "." in half else noon
            text += f" {noon}" if half.startswith(" ") else noon
        zone = zones[n % len(zones)]
        offset = timezone(timedelta(minutes=ZONES.get(zone, 0)))
        pairs.append(
            (text + zone, shown.replace(tzinfo=offset).astimezone(UTC).replace(tzinfo=None))
        )
    return pairs


YES_NO = [
    ("yes", "no"), ("Y", "N"), ("true", "false"), ("T", "F"), ("ja", "nein"), ("JA", "NEE"),
    ("oui", "non"), ("VRAI", "FAUX"), ("wahr", "falsch"), ("sí", "no"), ("Sì", "No"), ("on", "off"),
    ("vero", "falso"), ("verdadero", "falso"), ("ja", "nej"), ("sim", "não"), ("tak", "nie"),
]  # fmt: skip


@st.composite
def flags(draw: st.DrawFn) -> list[tuple[str, Any]]:
    words = draw(st.sampled_from(YES_NO))
    values = [True, False, *draw(st.lists(st.booleans(), min_size=3, max_size=10))]
    return [(words[0] if v else words[1], v) for v in values]


NUMBERS: dict[str, Callable[[datetime], str]] = {
    "epoch": lambda at: f"{at.replace(tzinfo=UTC).timestamp():.0f}",
    "epoch_ms": lambda at: f"{at.replace(tzinfo=UTC).timestamp() * 1000:.0f}",
    "epoch_us": lambda at: f"{at.replace(tzinfo=UTC).timestamp() * 1e6:.0f}",
    "excel": lambda at: f"{(at - datetime(1899, 12, 30)) / timedelta(days=1):.10f}",  # noqa: DTZ001
    "14 digits": lambda at: f"{at:%Y%m%d%H%M%S}",
    "basic": lambda at: f"{at:%Y%m%dT%H%M%S}Z",
}


@st.composite
def numbered(draw: st.DrawFn) -> list[tuple[str, Any]]:
    write = NUMBERS[draw(st.sampled_from(sorted(NUMBERS)))]
    any_moment = st.datetimes(datetime(1980, 1, 1), datetime(2050, 1, 1))  # noqa: DTZ001
    found = [at.replace(microsecond=0) for at in draw(st.lists(any_moment, min_size=3))]
    return [(write(at), at) for at in found]


@st.composite
def serials(draw: st.DrawFn) -> list[tuple[str, Any]]:
    any_day = st.dates(date(1980, 1, 1), date(2050, 12, 31))
    found = draw(st.lists(any_day, min_size=3, max_size=10))
    return [(str((d - date(1899, 12, 30)).days), d) for d in found]


KINDS: dict[str, Pairs] = {
    "integer": integers(), "decimal": decimals(), "money": amounts(),
    "date": st.one_of(days(), serials()),
    "timestamp": st.one_of(moments(), numbered()), "boolean": flags(),
}  # fmt: skip
COLUMNS = st.lists(
    st.sampled_from(sorted(KINDS)).flatmap(lambda kind: KINDS[kind].map(lambda p: (kind, p))),
    min_size=8,
    max_size=16,
)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],  # to shrink so many columns takes minutes, and the message is clear
)
@given(COLUMNS, st.sampled_from([10_000, 2]))
def test_what_the_profile_knows_the_proposed_rule_reads_value_by_value(
    columns: list[tuple[str, list[tuple[str, Any]]]], few: int
) -> None:
    height = 2 * max(len(pairs) for _, pairs in columns)
    texts = {
        f"{kind} {number}": [*(text for text, _ in pairs * 2), *[None] * (height - 2 * len(pairs))]
        for number, (kind, pairs) in enumerate(columns)
    }
    found = {column["from"]: column for column in propose_feed(profile_of(texts, few)).columns}
    for (name, written), (kind, pairs) in zip(texts.items(), columns, strict=True):
        rule = found[name]
        assert rule["rule"] == f"to_{kind}", (rule, written)
        values = [value for _, value in pairs * 2]
        assert read(rule, written) == values + [None] * (height - len(values)), (rule, written)


@pytest.mark.parametrize(
    ("texts", "rule"),
    [
        (["12E5", "13E5", "1E1", "20E7"], "to_text"),  # article numbers
        (["12A", "3C", "2B", "7F"], "to_text"),  # seats
        (["12AB", "13CD", "14EF", "15GH", "16IJ"], "to_text"),
        (["PEN001", "PEN002", "TOP003"], "to_text"),
        (["\uff11\uff10\uff11", "\uff11\uff10\uff12"], "to_text"),  # full-width
        (["\u0661\u0662", "\u0663\u0664"], "to_text"),  # Arabic-Indic
        (["0012", "0013", "4711"], "to_text"),
        (["1st", "2nd", "3rd", "24th"], "to_text"),
        (["2c", "3a", "4b"], "to_text"),
        (["99999999999999999999", "99999999999999999998"], "to_text"),
        (["5 kg", "7 g", "9 lb"], "to_text"),  # no one number
        (["1.2E-05", "3.4E-03"], "to_decimal"),
        (["12 oz", "12 oz.", "3 OZ"], "to_decimal"),
        (["5 m²", "12 m²"], "to_decimal"),
        (["1.50", "2.50 SEK", "3.50"], "to_money"),
        (["20240101", "20240230", "20249999"], "to_integer"),
    ],
    ids=str,
)  # fmt: skip
def test_what_only_looks_like_a_number_is_none(texts: list[str], rule: str) -> None:
    found = proposed("x", [*texts, *texts])
    assert found["rule"] == rule
    assert None not in read(found, texts)


@pytest.mark.parametrize("texts", [["2.107", "3.114", "345"], ["2,107", "3,114", "12"]], ids=str)
@pytest.mark.parametrize("few", [10_000, 1])
def test_a_mark_that_nothing_explains_is_asked_for_and_never_guessed(
    texts: list[str], few: int
) -> None:
    profile = profile_of({"x": texts * 2}, few)
    assert [i.issue_type for i in profile.issues if i.question] == ["ambiguous_numbers"]
    rule = propose_feed(profile).columns[0]
    assert read(rule, texts)[:2] == [None, None]
    assert read(rule, texts)[2] == Decimal(texts[2])
    assert rule["decimal"] == "either"


@pytest.mark.parametrize(
    ("other", "text", "value"),
    [("1.5", "2.107", "2.107"), ("0.250", "2.107", "2.107"), ("1.234,5", "2.107", "2107"),
     ("2.101.201", "2.107", "2107"), ("1,5", "2,107", "2.107"), ("1,234,567", "2,107", "2107")],
)  # fmt: skip
def test_another_number_of_the_column_decides_the_mark(other: str, text: str, value: str) -> None:
    rule = proposed("x", [other, text, text])
    assert read(rule, [text]) == [Decimal(value)]


@pytest.mark.parametrize(
    ("name", "texts", "rule"),
    [
        ("snow_depth", ["0"] * 90 + ["1", "2", "22", "T", "T"], "to_integer"),
        ("snow_depth", ["0"] * 90 + ["1", "T", "F"], "to_boolean"),
        ("active", ["0", "1"] * 45 + ["9"], "to_boolean"),
        ("x", ["yes", "no"] * 45 + ["1", "0", "3"], "to_boolean"),
    ],
)
def test_a_column_of_numbers_with_a_word_among_them_is_no_choice_of_two(
    name: str, texts: list[str], rule: str
) -> None:
    assert propose_feed(profile_of({name: texts})).columns[0]["rule"] == rule


@pytest.mark.parametrize(
    ("others", "text", "value"),
    [
        ({"y": ["1.5", "2.25"]}, "30,250", "30250"),
        ({"y": ["1,5", "2,25"]}, "30.250", "30250"),
        ({"y": ["1,5", "2,25"]}, "30,250", None),
        ({"y": ["1.234,50 €", "7,00 €"], "z": ["7", "8"]}, "30.250", "30250"),
        ({"y": ["1,5", "2,5"], "z": ["1.5", "2.5"]}, "30.250", None),
        ({"y": ["1.5", "2,5"]}, "30.250", None),
        ({"y": ["1.250", "2.250"]}, "30.250", None),
        ({"y": ["7", "8"], "z": ["a", "b"]}, "30.250", None),
    ],
)
def test_the_other_columns_decide_the_mark_of_one_that_has_no_sign_of_its_own(
    others: dict[str, list[str]], text: str, value: str | None
) -> None:
    columns = {name: texts * 3 for name, texts in others.items()} | {"x": [text, text, "345"] * 2}
    profile = profile_of(columns)
    proposal = propose_feed(profile)
    rule = next(each for each in proposal.columns if each["from"] == "x")
    assert read(rule, [text]) == [Decimal(value) if value else None]
    asked = [q.text for q in questions_of(profile, [], proposal.columns, 2) if "x" in q.columns]
    assert ("as the other columns are?" in " ".join(asked)) == (value is not None)
    assert len(asked) == 1


@pytest.mark.parametrize("few", [10_000, 1])
@pytest.mark.parametrize(
    ("texts", "formats", "kind", "days"),
    [
        (["02/06/2024", "04/04/2024"], ["?/?/%Y"], "ambiguous_dates", [None, date(2024, 4, 4)]),
        (["13/06/2024", "02/06/2024"], ["%d/%m/%Y"], "ambiguous_dates",
         [date(2024, 6, 13), date(2024, 6, 2)]),
        (["13/06/2024", "06/13/2024", "02/06/2024"], ["?/?/%Y"], "mixed_date_order",
         [date(2024, 6, 13), date(2024, 6, 13), None]),
        (["02.06.2024", "03/04/2024"], ["%d.%m.%Y", "?/?/%Y"], "ambiguous_dates",
         [date(2024, 6, 2), None]),
    ],
    ids=str,
)  # fmt: skip
def test_the_order_of_day_and_month_is_asked_for_where_nothing_shows_it(
    few: int, texts: list[str], formats: list[str], kind: str, days: list[date | None]
) -> None:
    profile = profile_of({"d": texts * 2}, few)
    assert kind in {i.issue_type for i in profile.issues if i.question}
    rule = propose_feed(profile).columns[0]
    assert (rule["rule"], rule["formats"]) == ("to_date", formats)
    assert read(rule, texts) == days


def test_marks_and_parentheses_do_not_make_a_number_too_long() -> None:
    texts = ["(1 000 000 000 000)", "54 011 342", "(157)"]
    assert read(proposed("x", texts * 2), texts) == [-1_000_000_000_000, 54_011_342, -157]


@pytest.mark.parametrize("few", [10_000, 2])
def test_eight_digits_are_days_however_many_there_are(few: int) -> None:
    days = [date(1951, 1, 1) + timedelta(days=11 * n) for n in range(12)]
    texts = [f"{day:%Y%m%d}" for day in days]
    rule = propose_feed(profile_of({"x": [*texts, *texts]}, few)).columns[0]
    assert (rule["rule"], read(rule, texts)) == ("to_date", days)


@pytest.mark.parametrize("few", [10_000, 2])
def test_hours_that_no_clock_shows_are_told(few: int) -> None:
    texts = [
        "2024-01-01 24:00:00",
        "2016-12-31 23:59:60",
        *(f"2024-01-{n} 00:00:00" for n in range(10, 20)),
    ]
    profile = profile_of({"at": texts}, few)
    assert [(i.issue_type, i.evidence_count) for i in profile.issues] == [("impossible_dates", 2)]


@pytest.mark.parametrize("few", [10_000, 2])
def test_years_of_the_buddhist_calendar_are_asked_for(few: int) -> None:
    profile = profile_of({"d": ["2567-01-31", "2566-12-31", "2567-02-01"]}, few)
    [asked] = [i for i in profile.issues if i.issue_type == "implausible_dates"]
    assert (asked.evidence_count, asked.question) == (
        3, "Are these years of the Buddhist calendar, where 2567 is 2024?",
    )  # fmt: skip


@pytest.mark.parametrize("few", [10_000, 2])
@pytest.mark.parametrize(
    ("texts", "formats", "days", "asked"),
    [
        (["24-01-31", "24-12-13"], ["?-?-?"], [None, None], "Is 24-01-31 the 31st of January"),
        (["98-01-31", "24-12-13"], ["%y-%m-%d"], [date(1998, 1, 31), date(2024, 12, 13)], "Which"),
        (["24-01-31", "24-12-53", "01-02-03"], ["%d-%m-%y"],
         [date(2031, 1, 24), date(2053, 12, 24), date(2003, 2, 1)], "Are all dates"),
        (["31-12-69", "13-01-24"], ["%d-%m-%y"], [date(1969, 12, 31), date(2024, 1, 13)], "Which"),
        (["31/12/24", "13/01/24"], ["%d/%m/%y"], [date(2024, 12, 31), date(2024, 1, 13)], "Which"),
        (["98/12/31"], ["%y/%m/%d"], [date(1998, 12, 31)], "Which"),
        (["98.12.31"], ["%y.%m.%d"], [date(1998, 12, 31)], "Which"),
        # the year is the end that hardly varies
        ([f"23-06-{n}" for n in range(10, 30)], ["%y-%m-%d"], [date(2023, 6, 10)], "Which"),
        ([f"{n}-06-23" for n in range(10, 30)], ["%d-%m-%y"], [date(2023, 6, 10)], "Which"),
        # one begins with the year, another does not: each is read where it can be but one
        (["98-01-31", "31-01-98", "24-01-31"], ["?-?-?"],
         [date(1998, 1, 31), date(1998, 1, 31), None], "Is 24-01-31"),
    ],
    ids=lambda texts: texts[0] if isinstance(texts, list) else "",
)  # fmt: skip
def test_short_dates_are_read_by_the_order_that_they_show(
    texts: list[str], formats: list[str], days: list[date | None], asked: str, few: int
) -> None:
    profile = profile_of({"d": texts * 2}, few)
    assert [i.question for i in profile.issues if i.question and i.question.startswith(asked)]
    rule = propose_feed(profile).columns[0]
    assert (rule["rule"], rule["formats"]) == ("to_date", formats)
    assert read(rule, texts)[: len(days)] == days


@pytest.mark.parametrize(
    ("texts", "language", "days"),
    [
        (["1. listopada 2024", "3. prosinca 2024"], "hr", [date(2024, 10, 1), date(2024, 12, 3)]),
        (["1 listopada 2024", "3 grudnia 2024"], "pl", [date(2024, 11, 1), date(2024, 12, 3)]),
        (["1 lip 2024", "3 sie 2024"], "pl", [date(2024, 7, 1), date(2024, 8, 3)]),
        (["1. lip 2024", "3. srp 2024"], "hr", [date(2024, 6, 1), date(2024, 7, 3)]),
        (["1. srp 2024", "3. pro 2024", "4. zář 2024"], "cs",
         [date(2024, 8, 1), date(2024, 12, 3), date(2024, 9, 4)]),
        (["1. listopada 2024"], None, [None]),
    ],
    ids=str,
)  # fmt: skip
def test_a_month_of_two_languages_is_what_the_other_months_say_or_asked_for(
    texts: list[str], language: str | None, days: list[date | None]
) -> None:
    profile = profile_of({"d": texts * 2})
    rule = propose_feed(profile).columns[0]
    assert (rule["rule"], rule.get("language")) == ("to_date", language)
    assert read(rule, texts) == days
    asked = [i.question for i in profile.issues if i.question]
    assert asked == ([] if language else ["Is “listopada” October or November?"])


@pytest.mark.parametrize("few", [10_000, 2])
def test_days_of_excel_among_dates_are_told_and_read(few: int) -> None:
    texts = [*(f"2024-03-{n}" for n in range(10, 30)), "45352", "45353", "99"]
    profile = profile_of({"when": texts * 2}, few)
    [told] = [i for i in profile.issues if i.issue_type == "dates_as_numbers"]
    assert (told.evidence_count, told.severity, told.question) == (
        4, "warn",
        "Do such numbers count the days that Excel counts, so that 45352 is 2024-03-01?",
    )  # fmt: skip
    rule = propose_feed(profile).columns[0]
    assert (rule["rule"], rule["formats"]) == ("to_date", ["%Y-%m-%d", "excel"])
    assert read(rule, texts)[-3:] == [date(2024, 3, 1), date(2024, 3, 2), None]


def test_a_number_far_from_the_dates_is_no_day_of_excel() -> None:
    texts = [*(f"2024-03-{n}" for n in range(10, 30)), "45352", "71234"]
    rule = proposed("when", texts)
    assert (rule["rule"], rule["formats"]) == ("to_date", ["%Y-%m-%d"])
    assert read(rule, texts)[-2:] == [None, None]


def test_fourteen_digits_that_are_a_time_each_are_one_by_any_name() -> None:
    rule = proposed("x", ["20240302013001", "20231224235959", "20240229000000"])
    assert (rule["rule"], rule["formats"]) == ("to_timestamp", ["%Y%m%d%H%M%S"])


def test_every_way_to_write_a_day_is_read() -> None:
    days = [date(2023 + n % 2, 1 + n % 12, 13 + n) for n in range(12)]
    texts = {f"date {name}": [write(day) for day in days] for name, write in DATES.items()}
    for rule in propose_feed(profile_of(texts)).columns:
        assert rule["rule"] == "to_date", (rule, texts[rule["from"]])
        assert read(rule, texts[rule["from"]]) == days, (rule, texts[rule["from"]])


@pytest.mark.parametrize(
    ("header", "texts"),
    [("amount due", ["45352", "46111"]), ("calls", ["45352", "46111"]),
     ("order no", ["20240302013001", "20240302013002", "20240302013003"]),
     ("number", ["1709340000", "1709340001"]), ("id", ["20240302", "20240303"])],
)  # fmt: skip
def test_numbers_that_nothing_calls_a_date_stay_numbers(header: str, texts: list[str]) -> None:
    assert proposed(header, texts)["rule"] == "to_integer"


def test_common_currencies_are_read_in_lower_case() -> None:
    texts = ["12.50 eur", "3 Euro", "1.20 EUR"]
    profile = profile_of({"x": texts * 2})
    rule = propose_feed(profile).columns[0]
    assert [c.format for c in profile.columns[0].currencies] == ["EUR"]
    assert (rule["rule"], read(rule, texts)) == (
        "to_money", [Decimal("12.50"), Decimal(3), Decimal("1.20")],
    )  # fmt: skip


def test_the_currency_of_several_goes_to_a_column_of_its_own() -> None:
    texts = ["12.50 SEK", "$3.00", "€4.10", "7.25"]
    amount, currency = propose_feed(profile_of({"Price": [*texts, *texts]})).columns
    assert (amount["name"], amount["rule"]) == ("price", "to_money")
    assert (currency["name"], currency["rule"]) == ("price_currency", "to_currency")
    assert read(amount, texts) == [Decimal(n) for n in ("12.50", "3.00", "4.10", "7.25")]
    assert read(currency, texts) == ["SEK", "USD", "EUR", None]


def test_every_word_that_the_profile_reads_as_missing_is_delivered_so() -> None:
    words = [*missing.NULL_TOKENS, *(w.upper() for w in missing.NULL_TOKENS)]
    found = profile_of({"x": ["Ann", "Bob", *words]}).column("x")
    assert found is not None
    assert found.null_like_count == len(words) == 66
    assert read({"rule": "to_text"}, words) == [None] * len(words)


def test_na_among_codes_of_two_letters_is_asked_for_and_kept() -> None:
    texts: list[str | None] = ["ZA", "BW", "NA", "AO", "NA", "n/a"]
    profile = profile_of({"country": texts})
    [asked] = [i for i in profile.issues if i.issue_type == "placeholder_values"]
    assert (asked.evidence_count, asked.question) == (
        2, "Is “NA” a code here, or does it mean “no value”?",
    )  # fmt: skip
    assert read(propose_feed(profile).columns[0], texts) == ["ZA", "BW", "NA", "AO", "NA", None]


def test_every_active_code_of_iso_4217_is_known() -> None:
    active = {
        code
        for history in get_global("territory_currencies").values()
        for code, _, end, tender in history
        if end is None and tender
    }
    assert active - currencies.CODES == set()


@given(st.lists(st.text(f'{missing.WHITESPACE}="x', max_size=8), min_size=20, max_size=20))
def test_blanks_are_taken_off_as_the_profile_does(texts: list[str]) -> None:
    assert read({"rule": "to_text"}, texts) == [missing.trim(text) or None for text in texts]


@pytest.mark.parametrize("rule", [name for name, rule in all_rules().items() if rule.cases])
def test_no_step_of_a_rule_writes_a_long_pattern_again_and_again(rule: str) -> None:
    """An engine reads, plans and compiles each of them for each column, however few the rows."""
    for arguments, _, _ in all_rules()[rule].cases:
        for step in steps({"rule": rule, **arguments}):
            long = [text for text in re.findall("'(?:[^']|'')*'", step) if len(text) > 100]
            assert all(long.count(text) <= 2 for text in long), step


def test_no_rule_costs_a_join_for_each_column() -> None:
    """As lists of words do in DuckDB: a file of two hundred columns ran out of memory."""
    metas = [{"rule": r.name, **a} for r in all_rules().values() for a, _, _ in r.cases]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE raw AS SELECT 'x' || range AS c FROM range(9)")
        for step in dict.fromkeys(step for meta in metas for step in steps(meta)):
            [(_, plan)] = connection.execute(f"EXPLAIN SELECT {step} AS c FROM raw").fetchall()
            assert "join" not in plan.lower(), step


def test_the_months_are_the_same_whatever_was_read_before() -> None:
    # a process that has read a name of a person has read all locales, and dbt's macros hold months
    fresh = (
        "import sys; from consulting.rules.macros import rule_macros\n"
        "if sys.argv[1:]:\n"
        "    from babel import Locale, localedata\n"
        "    for name in localedata.locale_identifiers():\n"
        "        {c: dict(w['wide']) | dict(w['abbreviated']) for c, w in\n"
        "         Locale.parse(name).months.items()}\n"
        "print(hash(rule_macros()))\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", fresh, *before],
            env={**os.environ, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for before in ((), ("all",))
    }
    assert len(said) == 1


UNITS = "m ms mi min mins to toe ton tonnes le len oz oz. KGS inch inches box boxes Person".split()  # noqa: SIM905
UNITS += "Personen Portion Portionen Tag Tage Tagen Stück Stunden %".split()  # noqa: SIM905


@pytest.mark.parametrize("unit", UNITS)
def test_a_rule_takes_off_the_spellings_of_its_unit_and_no_other(unit: str) -> None:
    found = read({"rule": "to_decimal", "unit": unit}, [f"5 {other}" for other in UNITS])
    taken = {other for other, value in zip(UNITS, found, strict=True) if value is not None}
    assert taken == {other for other in UNITS if are_spellings(unit, other)}


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("day", "days", True),
        ("oz", "OZ.", True),
        ("inch", "inches", True),
        ("Person", "Personen", True),
        ("Tag", "Tagen", True),
        ("m", "ms", False),
        ("mi", "min", False),
        ("to", "toe", False),
        ("kg", "g", False),
        ("kg", "KG", True),
        ("min", "Min", True),
        ("MW", "mW", False),
        ("MB", "Mb", False),
        ("mA", "mAs", False),
    ],
)
def test_spellings_of_a_unit_are_one(first: str, second: str, *, is_one: bool) -> None:
    assert are_spellings(first, second) is is_one
    assert are_spellings(second, first) is is_one
