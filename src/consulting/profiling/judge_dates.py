"""Issues of dates: unclear order, several formats, impossible days, short years."""

from __future__ import annotations

import calendar
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

from consulting.profiling.far import near_of
from consulting.profiling.forms import read_form
from consulting.profiling.statistics import summarise
from consulting.rules.dates import COUNTED, date_format
from consulting.rules.missing import trim
from consulting.rules.months import months_of, unclear_months

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from consulting.profiling.drafting import Drafting
    from consulting.profiling.model import Issue
    from consulting.profiling.tally import Tally
    from consulting.rules.dates import DateText

_EARLIEST = "1900-01-01"
_LATEST = "2100-01-01"
_THAI = ("2440", "2640")
_MONTHS = 12
_ENOUGH_ROWS, _ENOUGH_DISTINCT = 20, 8
"""Of fewer days none is far from all others."""
_HANDFUL, _DAYS = 5, 3
"""Fewer dates, or days of a month, lie before the thirteenth or after the twelfth by chance."""
_TWO_MONTHS, _SEASON = timedelta(days=62), timedelta(days=100)
"""What the days of a month's and of a quarter's file lie within, with some of the month before."""
_SHORT_MONTH = 3
"""Letters of a month's short name."""


def date_issues(draft: Drafting) -> Iterator[Issue]:
    """All issues of a column of dates."""
    if draft.view.type.name not in {"date", "timestamp"}:
        return
    swapped = [*_swapped(draft)]
    yield from swapped
    for rule in (
        _order,
        _short_order,
        _turned,
        _months,
        _numbers,
        *(() if swapped else (_formats,)),
        _impossible,
        _short_years,
        _implausible,
        _far,
    ):
        yield from rule(draft)


def _values(draft: Drafting, wanted: Callable[[DateText], bool]) -> dict[str, int]:
    view = draft.view
    return {
        text: n
        for text, n in view.values.items()
        if (found := view.tally.forms.get(trim(text))) and found[0].date and wanted(found[0].date)
    }


def _has(count: int) -> str:
    return f"{count:,} {'date has' if count == 1 else 'dates have'}"


def _is_open(draft: Drafting) -> Callable[[DateText], bool]:
    return lambda day: len(draft.view.tally.orders_of(day)) > 1


def _order(draft: Drafting) -> Iterator[Issue]:
    tally = draft.view.tally
    if tally.year_first is None:
        return
    if tally.day_first and tally.month_first:
        less = "month" if tally.day_first >= tally.month_first else "day"
        values = _values(
            draft,
            lambda d: d.pattern.startswith("?") and len(d.readings) == 1
            and d.readings[0][0].startswith("%m" if less == "month" else "%d"),
        )  # fmt: skip
        yield draft.issue(
            "mixed_date_order", "error",
            f"{_has(tally.day_first)} the day first and {_has(tally.month_first)} the month first; "
            f"{tally.open_order:,} more could be either.",
            "Ask for dates as YYYY-MM-DD; until then the proposed rule rejects those that could be "
            "either.",
            values=values, count=min(tally.day_first, tally.month_first) + tally.open_order,
            question="Where do the two ways of writing dates come from?",
        )  # fmt: skip
    elif tally.open_order and not tally.day_first and not tally.month_first:
        yield draft.issue(
            "ambiguous_dates", "error",
            "{n} [date|dates] could be day/month or month/day, and no other date in the "
            "file decides it.",
            "Ask, then declare the order in the model's date formats; until then the proposed rule "
            "rejects [it|them].",
            values=_values(draft, _is_open(draft)), count=tally.open_order,
            whole=_is_most(draft, tally.open_order),
            question="Is 03/04 the 3rd of April or the 4th of March?",
        )  # fmt: skip
    elif tally.open_order:
        first = "day" if tally.day_first else "month"
        sure = tally.day_first or tally.month_first
        others = f"{sure:,} {'other has' if sure == 1 else 'others have'}"
        yield draft.issue(
            "ambiguous_dates", "info" if sure > tally.open_order / 20 else "warn",
            f"{{n}} [date|dates] could be day/month or month/day; {others} the {first} first, so "
            "[this one is|these are] read that way too.",
            "Confirm the order, and declare it in the model's date formats.",
            values=_values(draft, _is_open(draft)), count=tally.open_order,
            whole=_is_most(draft, tally.open_order),
            question=f"Are all dates written with the {first} first?",
        )  # fmt: skip


def _swapped(draft: Drafting) -> Iterator[Issue]:
    """What a spreadsheet program leaves of dates that are written in another order than its own.

    It makes a date of each that can be read in its order, with day and month swapped; days after
    the twelfth are no months, and stay text.
    """
    view = draft.view
    known = view.values if view.complete else dict(view.typical)
    dates = {text: form for text in known if (form := read_form(trim(text)).date) and form.readings}
    numbered = {text: form for text, form in dates.items() if not form.month}
    made, left = (
        {
            text: date.fromisoformat(form.readings[0][1])
            for text, form in numbered.items()
            if form.pattern.startswith("%Y") is year_first
        }
        for year_first in (True, False)
    )
    fit = all(day.day <= _MONTHS for day in made.values()) and all(
        day.day > _MONTHS and len(view.tally.orders_of(numbered[text])) == 1
        for text, day in left.items()
    )
    back = (
        {text: day.replace(month=day.day, day=day.month) for text, day in made.items()}
        if fit
        else {}
    )
    if not back or _lie_together(back, made, left, _SEASON):
        return
    if not (_are_many(made, left) or _lie_together(made, back, left, _TWO_MONTHS)):
        return
    values = {text: known[text] for text, day in made.items() if day.day != day.month}
    rows = sum(n for pattern, n in view.tally.patterns.items() if pattern.startswith("%Y"))
    count = sum(values.values()) if view.complete else rows
    like = min(values, default="")
    asked = (
        f", so that {trim(like)} means {made[like]:%Y-%d-%m}" if like and not view.private else ""
    )
    yield draft.issue(
        "mixed_date_order", "error",
        "{n} [date has|dates have] the year first and a day up to the twelfth, and all dates that "
        "are written in the other way a later one: a spreadsheet program seems to have swapped day "
        "and month wherever it could.",
        "Ask for the table as its system exports it, not as a spreadsheet program saved it. "
        "Where it can not be had, swap them back: in the model's date formats, put the day before "
        "the month where the year is first.",
        values=values, count=count, whole=_is_most(draft, count),
        question=f"Were day and month of these dates swapped by a spreadsheet program{asked}?",
    )  # fmt: skip


def _are_many(made: Mapping[str, date], left: Mapping[str, date]) -> bool:
    """Whether it is no chance that those before the thirteenth are written in another way."""
    return all(
        len({*days.values()}) >= _HANDFUL and len({day.day for day in days.values()}) >= _DAYS
        for days in (made, left)
    )


def _lie_together(
    wrong: Mapping[str, date],
    right: Mapping[str, date],
    left: Mapping[str, date],
    within: timedelta,
) -> bool:
    """Whether dates lie with the others if they are read in one way, and do not in the other.

    In a month's file the day of all that were swapped is its month, in a quarter's one of three.
    """
    if min(len({*right.values()}), len({*left.values()})) < _DAYS:
        return False
    near, far = (_spread([*days.values(), *left.values()]) for days in (right, wrong))
    return near <= min(within, far / 3)


def _spread(days: Collection[date]) -> timedelta:
    """Within what most days lie: one in twenty at either end may be an old booking, or a slip."""
    cut = (len({*days}) + 10) // 20
    known = sorted({*days})[cut : len({*days}) - cut]
    return known[-1] - known[0]


def _is_most(draft: Drafting, rows: int) -> bool:
    """Whether it is about the column, and not about some rows to be picked out."""
    return 2 * rows > draft.view.tally.total


def _short_order(draft: Drafting) -> Iterator[Issue]:
    tally = draft.view.tally
    if tally.year_first is None and tally.open_order:
        yield draft.issue(
            "ambiguous_dates", "error",
            "{n} [date|dates] of three short numbers could begin with the year or the day, and no "
            "other date in the file decides it.",
            "Ask, then declare the order in the model's date formats; until then the proposed rule "
            "rejects [it|them].",
            values=_values(draft, _is_open(draft)), count=tally.open_order,
            whole=_is_most(draft, tally.open_order),
            question="Is 24-01-31 the 31st of January 2024, or the 24th of January 2031?",
        )  # fmt: skip


def _turned(draft: Drafting) -> Iterator[Issue]:
    """Short dates whose marks are a sign of the day first, and whose days are last all the same."""
    tally = draft.view.tally
    if tally.is_turned:
        yield draft.issue(
            "ambiguous_dates", "warn",
            "{n} [date|dates] of three short numbers could begin with the day; the last numbers "
            "are all days of a month, and few come first, so [this one is|these are] read with the "
            "year first.",
            "Confirm the order, and declare it in the model's date formats.",
            values=_values(draft, lambda d: d.ends is not None), count=tally.short_years,
            whole=_is_most(draft, tally.short_years),
            question="Are all dates written with the year first, so that 24/01/31 is the 31st of "
            "January 2024?",
        )  # fmt: skip


def _months(draft: Drafting) -> Iterator[Issue]:
    tally = draft.view.tally
    if tally.unclear_months:
        names = sorted(tally.months.keys() & unclear_months())
        months = " or ".join(calendar.month_name[month] for month in months_of(names[0]))
        yield draft.issue(
            "ambiguous_dates", "error",
            "{n} [date has|dates have] a month whose name is one month in some languages and "
            "another in others, and no other date in the file shows the language.",
            "Ask, then declare the `language` in the model's date rule; until then the proposed "
            "rule rejects [it|them].",
            values=_values(draft, lambda d: d.month in names), count=tally.unclear_months,
            question=f"Is “{names[0]}” {months}?",
        )  # fmt: skip


def _numbers(draft: Drafting) -> Iterator[Issue]:
    for name, count in draft.view.type.counted.items():
        counted = COUNTED[name]
        forms = draft.view.tally.forms
        values = {
            text: n
            for text, n in draft.view.values.items()
            if trim(text) in forms and forms[trim(text)][0].number and counted.read(trim(text))
        }
        like = min(values, default="")
        if counted.units is None or not like:
            continue
        asked = f"Do such numbers count {counted.words}"
        if not draft.view.private:
            asked += f", so that {trim(like)} is {counted.read(trim(like)):%Y-%m-%d}"
        yield draft.issue(
            "dates_as_numbers", "warn" if draft.view.tally.patterns else "info",
            f"{{n}} [date is a number|dates are numbers]: {counted.words}.",
            "Ask for dates as YYYY-MM-DD; the proposed rule reads [it|them] so.",
            values=values, count=count, whole=2 * count > draft.view.tally.total,
            question=f"{asked}?",
        )  # fmt: skip


def _formats(draft: Drafting) -> Iterator[Issue]:
    tally = draft.view.tally
    written = _as_written(tally)
    patterns: Counter[str] = Counter()
    for pattern, rows in tally.patterns.items():
        patterns[written(pattern)] += rows
    if len(patterns) < 2:  # noqa: PLR2004 - several
        return
    main = min(patterns, key=lambda p: (-patterns[p], p))
    day_first = (
        None if tally.day_first == tally.month_first else tally.day_first > tally.month_first
    )
    ranked = sorted(patterns, key=lambda p: (-patterns[p], p))[:4]
    named = ", ".join(date_format(tally.settled_pattern(p), day_first=day_first) for p in ranked)
    more = ", …" if len(patterns) > len(ranked) else ""
    yield draft.issue(
        "mixed_date_formats", "warn",
        f"Dates are written in {len(patterns)} formats ({named}{more}); {{n}} [differs|differ] "
        "from the main one.",
        "List all formats in the model's date rule, or ask for one.",
        values=_values(draft, lambda d: written(d.pattern) != main),
        count=patterns.total() - patterns[main],
    )  # fmt: skip


def _as_written(tally: Tally) -> Callable[[str], str]:
    """Patterns as the column writes them: “May” is short and long, and is as the others are."""
    short = {month for month in tally.months if len(month) <= _SHORT_MONTH}
    cut = any(long != month and long.startswith(month) for month in short for long in tally.months)
    both = len(short) == 1 and not cut and any("%B" in pattern for pattern in tally.patterns)
    return lambda pattern: pattern.replace("%b", "%B") if both else pattern


def _impossible(draft: Drafting) -> Iterator[Issue]:
    if draft.view.tally.impossible:
        yield draft.issue(
            "impossible_dates", "warn",
            "{n} [date does|dates do] not exist in the calendar (like 31/02).",
            "Correct [it|them] at the source; the date rule rejects [its row|their rows].",
            values=_values(draft, lambda d: not d.readings), count=draft.view.tally.impossible,
        )  # fmt: skip


def _short_years(draft: Drafting) -> Iterator[Issue]:
    short = draft.view.tally.short_years
    if short:
        yield draft.issue(
            "two_digit_years", "warn",
            "{n} [date has|dates have] a year of two digits; 00 to 68 are read as 20xx, "
            "69 to 99 as 19xx.",
            "Ask for four digits.",
            values=_values(draft, lambda d: d.short_year), count=short,
            whole=_is_most(draft, short),
            question=None
            if draft.view.tally.year_first is None
            else "Which century do years like 68 belong to?",
        )  # fmt: skip


def _implausible(draft: Drafting) -> Iterator[Issue]:
    def is_implausible(day: DateText) -> bool:
        return bool(day.readings) and not _EARLIEST < day.readings[0][1] < _LATEST

    forms = draft.view.tally.forms.values()
    found = [(form.date, n) for form, n in forms if form.date and is_implausible(form.date)]
    if found:
        thai = all(_THAI[0] < day.readings[0][1] < _THAI[1] for day, _ in found)
        question = "Are these years of the Buddhist calendar, where 2567 is 2024?"
        yield draft.issue(
            "implausible_dates", "warn", "{n} [date lies|dates lie] before 1900 or after 2099.",
            "Check them; days like 1900-01-01 often stand for “not known”.",
            values=_values(draft, is_implausible),
            count=sum(n for _, n in found), question=question if thai else None,
        )  # fmt: skip


def _far(draft: Drafting) -> Iterator[Issue]:
    """Days far from all others, as numbers are: a slip in the year leaves a day like any other."""
    view = draft.view
    read = view.tally.day_reader()
    days = {
        text: (date.fromisoformat(read(form.date)).toordinal(), n)
        for text, (form, n) in view.tally.forms.items()
        if form.date and form.date.readings
    }
    summary = summarise([*days.values()]) if view.complete and not view.pii else None
    if summary is None or summary.count < _ENOUGH_ROWS or len(days) < _ENOUGH_DISTINCT:
        return
    low, high = near_of([*days.values()], summary, draft.thresholds)
    far = {text for text, (day, _) in days.items() if not low <= day <= high}
    values = {text: n for text, n in view.values.items() if trim(text) in far}
    if values and sum(values.values()) <= draft.thresholds.outlier_share * summary.count:
        first, last = (date.fromordinal(int(end)).isoformat() for end in (low, high))
        ends = "" if view.masked else f", which go from {first} to {last}"
        yield draft.issue(
            "outliers", "warn", f"{{n}} [day lies|days lie] far from all others{ends}.",
            "Check [it|them] against the source: a slip in the year.",
            values=values,
        )  # fmt: skip
