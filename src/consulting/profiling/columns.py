"""The columns of a feed: which way each is profiled, and its profile."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from consulting.privacy import detect_pii, shape, shown
from consulting.profiling.decision import Decision
from consulting.profiling.few import view_of_counts
from consulting.profiling.many import views_of_many
from consulting.profiling.model import ColumnProfile, DayOrder, FormatCount, ValueCount
from consulting.profiling.statistics import quantiles
from consulting.profiling.tally import Tally
from consulting.rules.dates import days_by_order, worded_days
from consulting.rules.missing import WHITESPACE
from consulting.shown import cut
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from consulting.profiling.source import FeedSource
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView

_SHAPES = 10
_LONGEST_SHOWN = 200
_LONGEST_SAID = 60
_DIGITS, _PACKED = frozenset({"integer", "code"}), 6
"""Dates without marks, which are numbers or labels to a profile: 260221."""
_SKETCH_ERROR = 1.1  # HyperLogLog is off by up to 7 %


def view_columns(
    source: FeedSource,
    columns: Sequence[str],
    decisions: Mapping[str, Decision],
    thresholds: Thresholds,
) -> list[ColumnView]:
    """Looks at some columns: value by value where there are few, by aggregates where many."""
    views: list[ColumnView] = []
    for chunk in chunks(columns, thresholds.columns_per_statement):
        with source.narrowed(chunk):
            views += _views(source, chunk, thresholds)
    for view in views:
        _find_personal_data(view, decisions.get(view.name, Decision()))
    return views


def _views(
    source: FeedSource, columns: Sequence[str], thresholds: Thresholds
) -> Iterator[ColumnView]:
    """The views of some columns, in their order."""
    sketches = _sketch(source, columns)
    views: dict[str, ColumnView] = {}
    for name in columns:
        if sketches[name] > thresholds.few_distinct * _SKETCH_ERROR:
            continue
        counts = _value_counts(source, name, thresholds.few_distinct)
        if counts is not None:
            tally = Tally(name in source.typed, source.marks.get(name))
            views[name] = view_of_counts(name, source.place(name), counts, thresholds, tally)
    rest = [name for name in columns if name not in views]
    views |= {view.name: view for view in views_of_many(source, rest, thresholds)}
    return (views[name] for name in columns)


def _sketch(source: FeedSource, columns: Sequence[str]) -> dict[str, int]:
    counted = ", ".join(f"approx_count_distinct({quoted(c)})" for c in columns)
    return dict(zip(columns, source.one(f"SELECT {counted} FROM feed"), strict=True))


def chunks(names: Sequence[str], size: int) -> list[Sequence[str]]:
    """Names in groups of at most `size`."""
    return [names[start : start + size] for start in range(0, len(names), size)]


def _value_counts(source: FeedSource, name: str, limit: int) -> dict[str | None, int] | None:
    found = source.query(f"SELECT {quoted(name)}, count(*) FROM feed GROUP BY 1 LIMIT {limit + 2}")
    return dict(found) if len(found) <= limit + 1 else None


def _find_personal_data(view: ColumnView, decided: Decision) -> None:
    """The decision on a column: what a lower tier found before it hid it, else what is found now.

    Masks are not looked at: they would tell of themselves.
    """
    view.masked = decided.masked
    view.pii = decided.pii
    if view.pii is None and not decided.final:
        texts = [text for text, _ in view.typical]
        view.pii = detect_pii(view.name, texts, declared=decided.contains_pii)


def shown_in(view: ColumnView, text: str) -> str:
    """A value as a profile may show it: its shape only, where it is personal."""
    short = text[:_LONGEST_SHOWN]
    return short if view.masked else shown(short, personal=view.private)


def said(text: str) -> str:
    """A value as a sentence names it, in quotation marks."""
    return f"“{cut(text, _LONGEST_SAID)}”"


def column_profile(view: ColumnView, shown: Mapping[str, int] | None) -> ColumnProfile:
    """The stored profile of a column, of whose numbers so many are shown with something beside.

    None where the files have no formats that are looked at.
    """
    present = view.rows - view.blank
    lengths, tally = view.lengths, view.tally
    dates = view.type.name in {"date", "timestamp"}
    return ColumnProfile(
        name=view.name,
        position=view.position,
        inferred_type=view.type.name,
        type_pct=pct(view.type.fitting, tally.total),
        null_count=view.blank,
        null_pct=pct(view.blank, view.rows),
        null_like_count=view.missing_tokens,
        null_like_values=_counted(list(view.null_like.items()), view.rows),
        distinct_count=view.distinct,
        unique_count=view.unique,
        cardinality_ratio=round(view.distinct / present, 6) if present else 0.0,
        key_candidate=0 < present == view.rows == view.distinct and not view.missing_tokens,
        min_length=lengths.shortest,
        max_length=lengths.longest,
        mean_length=round(lengths.total / present, 3) if present else None,
        min=None if view.pii else _short(view.lowest),
        max=None if view.pii else _short(view.highest),
        numbers=None if view.pii else view.numbers,
        date_quantiles=() if view.pii else view.date_quantiles,
        day_orders=() if view.pii else _day_orders(view),
        top_values=_top_values(view),
        histogram=() if view.pii else view.histogram,
        shapes=_shapes(view),
        formats=_formats(_date_formats(view) if dates else tally.notations),
        ambiguous_dates=tally.open_order + tally.unclear_months if dates else 0,
        day_first=_day_first(view) if dates else None,
        month_language=tally.month_language if dates else None,
        times=tally.past_midnight if dates else 0,
        units=() if view.private else _formats(tally.units),
        currencies=_formats(tally.currencies),
        shown_as=None
        if shown is None or view.private
        else _formats(Counter({mark: n for mark, n in shown.items() if mark})),
        leading_zeros=tally.leading_zeros,
        fraction_digits=tally.fraction,
        read_with=tally.declared if tally.mark == "unclear" else None,
        kept_words=tuple(sorted(view.kept)),
        untrimmed=view.known.get("untrimmed", _untrimmed(view)),
        pii=view.pii,
        masked=view.masked,
    )


def pct(part: int, whole: int) -> float:
    """A percentage from 0 to 100; 100 only where it is all, 0 only where it is none."""
    if not whole or not part:
        return 0.0
    share = round(100 * part / whole, 4)
    return share if part == whole else min(max(share, 0.0001), 99.9999)


def _short(text: str | None) -> str | None:
    return None if text is None else text[:_LONGEST_SHOWN]


def _untrimmed(view: ColumnView) -> int:
    return sum(n for values in (view.values, view.null_like) for t, n in values.items()
               if t != t.strip(WHITESPACE))  # fmt: skip


def _counted(values: Sequence[tuple[str, int]], rows: int) -> tuple[ValueCount, ...]:
    return tuple(ValueCount(value=v, count=n, pct=pct(n, rows)) for v, n in values)


def _top_values(view: ColumnView) -> tuple[ValueCount, ...]:
    if not view.private:
        return _counted([(t[:_LONGEST_SHOWN], n) for t, n in view.top], view.rows)
    shapes: Counter[str] = Counter()
    for text, count in view.top:
        shapes[shape(text[:_LONGEST_SHOWN])] += count
    return _counted(sorted(shapes.items(), key=lambda p: (-p[1], p[0])), view.rows)


def _shapes(view: ColumnView) -> tuple[ValueCount, ...]:
    """The most frequent shapes; of a sample where there are many distinct values."""
    shapes: Counter[str] = Counter()
    total = 0
    for text, count in view.typical:
        shapes[shape(text[:_LONGEST_SHOWN])] += count
        total += count
    top = sorted(shapes.items(), key=lambda p: (-p[1], p[0]))[:_SHAPES]
    return _counted(top, total)


def _formats(counter: Counter[str]) -> tuple[FormatCount, ...]:
    ordered = sorted(counter.items(), key=lambda p: (-p[1], p[0]))
    return tuple(FormatCount(format=f, count=n) for f, n in ordered if n)


def _date_formats(view: ColumnView) -> Counter[str]:
    """With what the column shows of their order; dates that are numbers have formats, too."""
    found = Counter(dict(view.type.counted))
    for pattern, count in view.tally.patterns.items():
        found[view.tally.settled_pattern(pattern)] += count
    return found


def _day_orders(view: ColumnView) -> tuple[DayOrder, ...]:
    """The days of dates of three numbers in each order that most of them can have."""
    dates, packed = (view.type.name in names for names in ({"date", "timestamp"}, _DIGITS))
    found: dict[tuple[str, str], Counter[str]] = {}
    for text, (form, count) in view.tally.forms.items() if dates or packed else ():
        if form.date or (packed and len(text) == _PACKED):
            named = form.date and form.date.month
            written, days = worded_days(form.date) if form.date and named else days_by_order(text)
            for order, day in days.items():
                found.setdefault((written, order), Counter())[day] += count
    most = {written: max(n.total() for key, n in found.items() if key[0] == written)
            for written, _ in found}  # fmt: skip
    return tuple(
        DayOrder(form=written, order=order, count=days.total(),
                 quantiles=tuple(quantiles(sorted(days.items()))))
        for (written, order), days in sorted(found.items())
        if dates or 2 * most[written] > view.tally.total
    )  # fmt: skip


def _day_first(view: ColumnView) -> bool | None:
    """Which comes first; None where no date shows it, or some show the one and some the other."""
    if bool(view.tally.day_first) == bool(view.tally.month_first):
        return None
    return bool(view.tally.day_first)
