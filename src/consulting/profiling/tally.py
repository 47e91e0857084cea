"""What the values of a column are, counted: kinds, notations, formats, by rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consulting.profiling.forms import Form, read_form
from consulting.rules.numbers import FLOAT_NOISE, decimal_mark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consulting.rules.dates import DateText
    from consulting.rules.numbers import NumberText


@dataclass
class Tally:
    """Counts of rows by what their value is; missing values are not in it.

    Attributes:
        kinds: By `Form.kind`.
        notations: Numbers, by notation.
        currencies: Numbers with a currency, by its code.
        units: Numbers with a unit, by the unit as written.
        whole: Numbers without a fraction.
        leading_zeros: Digits that start with a zero.
        fraction: The most digits after a decimal mark; more than computers add are left out.
        patterns: Dates, by pattern ("?/?/%Y" where the order of day and month is open).
        with_time: Dates with a time of day.
        day_first: Dates that exist only with the day first.
        month_first: Dates that exist only with the month first.
        open_order: Dates that name two different days by that order.
        impossible: Texts written as a date of no calendar (31/02).
        short_years: Dates with two-digit years.
        forms: The values behind the counts: all of them, or the exceptions.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    notations: Counter[str] = field(default_factory=Counter)
    currencies: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    whole: int = 0
    leading_zeros: int = 0
    fraction: int = 0
    patterns: Counter[str] = field(default_factory=Counter)
    with_time: int = 0
    day_first: int = 0
    month_first: int = 0
    open_order: int = 0
    impossible: int = 0
    short_years: int = 0
    forms: dict[str, tuple[Form, int]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Rows with a value."""
        return self.kinds.total()

    @property
    def mark(self) -> str | None:
        """The decimal mark of its numbers, as `decimal_mark` tells it."""
        return decimal_mark(self.notations)

    @property
    def whole_numbers(self) -> int:
        """Numbers without a fraction, as the decimal mark reads them."""
        if self.mark != "comma":
            return self.whole
        return self.whole + self.notations["unclear_point"] - self.notations["unclear"]

    def add(self, values: Iterable[tuple[str, int]], *, kept: bool = True) -> None:
        """Counts trimmed values with the number of rows that hold each; keeps them in `forms`."""
        for text, count in values:
            form = read_form(text)
            if kept:
                known = self.forms.get(text)
                self.forms[text] = (form, count + (known[1] if known else 0))
            self.kinds[form.kind] += count
            if form.number is not None:
                self._add_number(form.number, count)
            elif form.date is not None:
                self._add_date(form.date, count)

    def _add_number(self, number: NumberText, count: int) -> None:
        self.notations[number.notation] += count
        self.whole += count * number.whole
        self.leading_zeros += count * number.leading_zero
        if self.fraction < number.fraction <= FLOAT_NOISE:
            self.fraction = number.fraction
        if number.currency:
            self.currencies[number.currency] += count
        if number.unit:
            self.units[number.unit] += count

    def _add_date(self, day: DateText, count: int) -> None:
        self.patterns[day.pattern] += count
        self.with_time += count * day.has_time
        self.short_years += count * day.short_year
        if not day.readings:
            self.impossible += count
        elif day.ambiguous:
            self.open_order += count
        elif day.pattern.startswith("?") and len(day.readings) == 1:
            if day.readings[0][0].startswith("%d"):
                self.day_first += count
            else:
                self.month_first += count
