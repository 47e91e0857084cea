"""What the profile calls a number, a date or a yes, the rule it proposes reads as just that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consulting.profiling import FeedProfile, Thresholds, profile_feed
from consulting.profiling.propose import propose_feed
from consulting.rules import currencies, dates
from tests.profiling.conftest import land_rows
from tests.rules.macros import read

Pairs = st.SearchStrategy[list[tuple[str, Any]]]


def profile_of(columns: dict[str, list[str | None]], few: int = 10_000) -> FeedProfile:
    with TemporaryDirectory() as folder:
        reading = land_rows(Path(folder), columns, "feed", "feed.csv")
        return profile_feed(
            "feed", [reading], Path(folder), thresholds=Thresholds(few_distinct=few)
        )


def proposed(name: str, texts: list[str | None], few: int = 10_000) -> dict[str, Any]:
    return propose_feed(profile_of({name: texts}, few)).columns[0]


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
    "01Feb2024": lambda d: f"{d:%d}{dates.ENGLISH[d.month - 1].upper()}{d.year}",
    "2 Feb. 2024": lambda d: f"{d.day} {dates.ENGLISH[d.month - 1]}. {d.year}",
    "Feb 2, 2024": lambda d: f"{dates.ENGLISH[d.month - 1]} {d.day}, {d.year}",
    "Sept": lambda d: f"{d.day} {'Sept' if d.month == 9 else dates.ENGLISH[d.month - 1]} {d.year}",
    **{
        f"words {n}": lambda d, n=n: f"{d.day}. {_month(d.month, n)} {d.year}" for n in range(12)
    },
}  # fmt: skip


def _month(month: int, n: int) -> str:
    names = dates.MONTHS[month - 1].split()
    return names[n % len(names)]


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
            text += f"{half[: len(half) - len(half.lstrip())]}{noon[0] + '.' + noon[1] + '.' if '.' in half else noon}"
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


@pytest.mark.parametrize(
    ("kind", "pairs"),
    [("integer", integers()), ("decimal", decimals()), ("money", amounts()), ("date", days()),
     ("timestamp", moments()), ("boolean", flags())],
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_what_the_profile_knows_the_proposed_rule_reads_value_by_value(
    kind: str, pairs: Pairs
) -> None:
    @settings(
        max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(pairs)
    def holds(written: list[tuple[str, Any]]) -> None:
        texts = [text for text, _ in written] * 2
        name = "due date" if kind == "date" else "x"
        found = proposed(name, list(texts))
        assert found["rule"] == f"to_{kind}", (found, texts)
        assert read(found, texts) == [value for _, value in written] * 2, (found, texts)

    holds()
