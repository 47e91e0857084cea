"""What the values of a column are, counted: kinds, notations, formats, by rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consulting.profiling.forms import Form, read_form
from consulting.rules.dates import are_days_of_months, days_by_order, reordered
from consulting.rules.months import deciding_language, month_names, unclear_months
from consulting.rules.numbers import FLOAT_NOISE, decimal_mark, is_float_noise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from consulting.rules.dates import DateText
    from consulting.rules.numbers import NumberText

_CLEAR = {"unclear_point": "point", "unclear": "comma"}
"""What numbers like 1.234 are in a file that has them as numbers."""
_THREE_DIGITS = {"point": "unclear_point", "comma": "unclear", "unclear": "unclear_point"}
"""By the column's mark, which of them have three digits after it; of either mark none is read."""
_VARIED = 8
"""Of so many values one end of a date is the day, where the other has a third of them."""


def _settled(letters: str, year_first: bool | None) -> str:  # noqa: FBT001 - three values
    if year_first is None or "y" not in letters:
        return letters
    return "y" if year_first else letters.replace("y", "")


def _year_first(day: DateText) -> str | None:
    """A short date with its year at the begin, whatever order its marks are a sign of."""
    month = next((iso[5:7] for form, iso in day.readings if form.startswith("%d")), "")
    return days_by_order(f"{day.ends[0]}-{month}-{day.ends[1]}")[1].get("ymd") if day.ends else None


@dataclass
class Tally:
    """Counts of rows by what their value is; missing values are not in it.

    Attributes:
        typed: Whether its numbers were numbers in the files: 1.234 is one and a fraction.
        declared: The decimal mark that the column's rule reads, if that is a comma.
        kinds: By `Form.kind`.
        notations: Numbers, by notation.
        currencies: Numbers with a currency, by its code.
        units: Numbers with a unit, by the unit as written.
        whole: Numbers without a fraction.
        leading_zeros: Digits that start with a zero.
        fractions: The most digits after a decimal mark, by notation; more than computers may add
            are left out.
        precise: Numbers with more digits than that, which are meant, and the most of them.
        patterns: Dates, by pattern ("?/?/%Y" where the order of day and month is open).
        with_time: Dates with a time of day.
        past_midnight: Those of them whose time is another than 00:00.
        orders: Dates by whether the year is short, and by `DateText.orders`.
        ends: What stands first and last in dates of three numbers of two digits.
        months: Dates by the name of their month.
        short_years: Dates with two-digit years.
        forms: The values behind the counts: all of them, or the exceptions.
    """

    typed: bool = False
    declared: str | None = None
    kinds: Counter[str] = field(default_factory=Counter)
    notations: Counter[str] = field(default_factory=Counter)
    currencies: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    whole: int = 0
    leading_zeros: int = 0
    fractions: Counter[str] = field(default_factory=Counter)
    precise: tuple[int, int] = (0, 0)
    patterns: Counter[str] = field(default_factory=Counter)
    with_time: int = 0
    past_midnight: int = 0
    orders: Counter[tuple[bool, str]] = field(default_factory=Counter)
    ends: tuple[set[str], set[str]] = field(default_factory=lambda: (set(), set()))
    months: Counter[str] = field(default_factory=Counter)
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
    def read_mark(self) -> str | None:
        """The mark that its numbers are read with: where they do not tell it, as its rule does."""
        return self.declared or self.mark if self.mark == "unclear" else self.mark

    @property
    def whole_numbers(self) -> int:
        """Numbers without a fraction, as the decimal mark reads them."""
        if self.read_mark != "comma":
            return self.whole
        return self.whole + self.notations["unclear_point"] - self.notations["unclear"]

    @property
    def fraction(self) -> int:
        """The most digits after the decimal mark, as that mark reads them."""
        precise, longest = self.precise
        if 2 * precise > self.notations.total():
            return longest
        three = _THREE_DIGITS.get(self.read_mark or "", "")
        most = self.fractions | {"unclear": 0, "unclear_point": 0, three: 3}
        return max((most.get(name, 0) for name, n in self.notations.items() if n), default=0)

    @property
    def year_first(self) -> bool | None:
        """Whether short dates begin with the year; None where nothing shows it.

        A date that is one only in that way shows it, or that one is not; else the end that varies
        is the day.
        """
        short = {letters: n for (is_short, letters), n in self.orders.items() if is_short}
        never = any("y" not in letters for letters in short if letters)
        if not short or bool(short.get("y")) != never:
            return bool(short.get("y"))
        first, last = map(len, self.ends)
        if short.get("y") or max(first, last) < max(_VARIED, 3 * min(first, last)):
            return None
        return first < last

    @property
    def is_turned(self) -> bool:
        """Whether short dates begin with the year, whatever their marks are a sign of."""
        if self.year_first is not False or self.short_years != self.patterns.total():
            return False
        first, last = ({*map(int, end)} for end in self.ends)
        return are_days_of_months(first, last)

    @property
    def _settled(self) -> Counter[str]:
        """Dates by what may come first, as far as the column leaves it open."""
        found: Counter[str] = Counter()
        year_first, turned = self.year_first, self.is_turned
        for (short, letters), count in self.orders.items():
            settled = _settled(letters, year_first) if short else letters
            found["x" if turned and letters else settled] += count
        return found

    def orders_of(self, day: DateText) -> str:
        """As `DateText.orders`, without those that the column's other dates rule out."""
        if not day.ends:
            return day.orders
        return "x" if self.is_turned else _settled(day.orders, self.year_first)

    @property
    def day_first(self) -> int:
        """Dates that exist only with the day first."""
        return self._settled["d"]

    @property
    def month_first(self) -> int:
        """Dates that exist only with the month first."""
        return self._settled["m"]

    @property
    def open_order(self) -> int:
        """Dates that name different days by the order of their parts."""
        return sum(n for letters, n in self._settled.items() if len(letters) > 1)

    @property
    def unclear_months(self) -> int:
        """Dates whose month's name is two months, where no other name shows the language."""
        if not self.months or self.month_language:
            return 0
        return sum(self.months[name] for name in unclear_months())

    @property
    def impossible(self) -> int:
        """Texts written as a date of no calendar (31/02)."""
        return self._settled[""]

    @property
    def month_language(self) -> str | None:
        """The language of the months, where a name needs it and the others show it."""
        return deciding_language(self.months)

    def settled_pattern(self, pattern: str) -> str:
        """A pattern of dates with what the column shows of its order."""
        if self.is_turned:
            return reordered(pattern, "ymd")
        if pattern.count("?") < 3 or self.year_first is None:  # noqa: PLR2004 - a short year
            return pattern
        order = ("%y", "%m", "%d") if self.year_first else ("?", "?", "%y")
        first, second, third, tail = pattern.split("?")
        return f"{first}{order[0]}{second}{order[1]}{third}{order[2]}{tail}"

    def day_reader(self) -> Callable[[DateText], str]:
        """Gives the day of a date as the column's others show its order; the first if none does."""
        first = "%y" if self.year_first else "%m" if self.month_first > self.day_first else "%d"
        language, turned = self.month_language, self.is_turned

        def read(day: DateText) -> str:
            if turned and (iso := _year_first(day)):
                return iso
            if language and day.month:
                month = month_names()[day.month].get(language)
                return next(iso for _, iso in day.readings if int(iso[5:7]) == month)
            return next((iso for form, iso in day.readings if form.startswith(first)),
                        day.readings[0][1])  # fmt: skip

        return read

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

    def add_notation(self, name: str, count: int, fraction: int = 0) -> None:
        """Counts numbers in a notation; what is unclear in a text is not in a number."""
        name = _CLEAR.get(name, name) if self.typed else name
        self.notations[name] += count
        if self.fractions[name] < fraction <= FLOAT_NOISE:
            self.fractions[name] = fraction

    def _add_number(self, number: NumberText, count: int) -> None:
        self.add_notation(number.notation, count, number.fraction)
        if number.fraction > FLOAT_NOISE and not is_float_noise(number.value, number.fraction):
            precise, longest = self.precise
            self.precise = precise + count, max(longest, number.fraction)
        # a whole number is typed without a mark
        self.whole += count * (number.whole and not (self.typed and number.notation in _CLEAR))
        self.leading_zeros += count * number.leading_zero
        if number.currency:
            self.currencies[number.currency] += count
        if number.unit:
            self.units[number.unit] += count

    def _add_date(self, day: DateText, count: int) -> None:
        self.patterns[day.pattern] += count
        self.with_time += count * day.has_time
        self.past_midnight += count * day.past_midnight
        self.short_years += count * day.short_year
        self.orders[bool(day.ends), day.orders] += count
        if day.month:
            self.months[day.month] += count
        if day.ends and day.readings:
            for found, text in zip(self.ends, day.ends, strict=True):
                found.add(text)
