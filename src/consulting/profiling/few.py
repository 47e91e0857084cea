"""Columns with few distinct values: each value is looked at once, and every count is exact."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from consulting.profiling.far import near_of
from consulting.profiling.statistics import (
    day_histogram,
    histogram,
    quantiles,
    summarise,
)
from consulting.profiling.typing import decide_type
from consulting.profiling.view import ColumnView, Lengths, kept_words, split_values
from consulting.rules.dates import COUNTED
from consulting.rules.missing import trim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consulting.profiling.tally import Tally
    from consulting.profiling.thresholds import Thresholds


def view_of_counts(
    name: str,
    position: int,
    counts: Mapping[str | None, int],
    thresholds: Thresholds,
    tally: Tally,
) -> ColumnView:
    """The view of a column from all its values with their counts (None: no value).

    `tally` is one of nothing yet, and is filled.
    """
    blank, null_like, values = split_values(counts)
    kept = kept_words(null_like, values)
    null_like = {text: n for text, n in null_like.items() if text not in kept}
    values |= kept
    tally.add((trim(text), count) for text, count in values.items())
    present = {**null_like, **values}
    view = ColumnView(
        name=name,
        position=position,
        rows=sum(counts.values()),
        type=decide_type(name, tally, thresholds.type_share),
        tally=tally,
        blank=blank,
        null_like=null_like,
        kept=kept,
        values=values,
        typical=list(values.items()),
        top=sorted(present.items(), key=lambda p: (-p[1], p[0]))[: thresholds.top_values],
        distinct=len(present),
        unique=sum(count == 1 for count in present.values()),
        lengths=_lengths(present),
    )
    add_extent(view, thresholds)
    return view


def _lengths(values: Mapping[str, int]) -> Lengths:
    if not values:
        return Lengths()
    by_length: Counter[int] = Counter()
    for text, count in values.items():
        by_length[len(text)] += count
    longest = max(by_length)
    return Lengths(
        shortest=min(by_length),
        longest=longest,
        total=sum(length * count for length, count in by_length.items()),
        at_longest=by_length[longest],
    )


def add_extent(view: ColumnView, thresholds: Thresholds) -> None:
    """Adds least and greatest value, quantiles and histogram, from the values that fit the type."""
    forms = view.tally.forms
    if view.type.name in {"integer", "decimal", "money"}:
        fitting = {t: (f, n) for t, (f, n) in forms.items() if view.type.fits(t, f) and f.number}
        mark = view.tally.read_mark
        numbers = [(f.number.read_with(mark), n) for f, n in fitting.values() if f.number]
        view.numbers = summarise(numbers)
        view.near = near_of(numbers, view.numbers, thresholds) if view.numbers else None
        view.histogram = histogram(numbers, thresholds.histogram_bins)
        texts = [(f.number.read_with(mark), t) for t, (f, _) in fitting.items() if f.number]
        view.lowest, view.highest = min(texts)[1], max(texts)[1]
    elif view.type.name in {"date", "timestamp"}:
        days = day_counts(view)
        if days:
            view.histogram = day_histogram(days, thresholds.histogram_bins)
            view.date_quantiles = tuple(quantiles(days))
            view.lowest, view.highest = days[0][0], days[-1][0]
    elif view.values:
        view.lowest, view.highest = min(view.values), max(view.values)


def day_counts(view: ColumnView) -> list[tuple[str, int]]:
    """Rows per day in order; where day and month could be either, as the column's majority."""
    days: Counter[str] = Counter()
    day_of = view.tally.day_reader()
    for text, (form, count) in view.tally.forms.items():
        if form.date is not None and form.date.readings:
            days[day_of(form.date)] += count
        elif form.number is not None and view.type.fits(text, form):
            read = (COUNTED[name].read(text) for name in view.type.counted)
            days.update({at.date().isoformat(): count for at in read if at})
    return sorted(days.items())
