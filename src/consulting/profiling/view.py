"""What is known of one column before it is judged: the same for few and for many values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consulting.privacy.column_names import words
from consulting.rules.missing import KEPT, is_null_like, trim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consulting.profiling.model import Bin, NumberSummary
    from consulting.profiling.tally import Tally
    from consulting.profiling.typing import TypeDecision
    from consulting.records import PiiFinding

_ALIKE = 0.8
_KEY_WORDS = frozenset({"id", "key", "no", "nr", "number", "code", "uuid", "index"})


@dataclass
class Lengths:
    """Lengths of the values that are not blank, in characters."""

    shortest: int | None = None
    longest: int | None = None
    total: int = 0
    at_longest: int = 0


@dataclass
class ColumnView:
    """One column, as the rules see it.

    Attributes:
        name: The column.
        position: Its place in the feed, from 0.
        rows: Rows of the feed.
        blank: Rows without a value, or with white space only.
        null_like: Null tokens as written, with rows.
        kept: Of them, those that are values here, like NA among codes of countries.
        values: The other values as written, with rows: all where `complete`; else those that are
            not of the column's ordinary form, the most frequent first.
        complete: Whether `values` holds every value.
        typical: Some of the values, for the shapes and for finding personal data.
        top: The most frequent values, null tokens included.
        known: Exact row counts by what is wrong, where `values` may not hold all of them.
        distinct: Distinct values, blanks not counted.
        unique: Values that stand in one row only.
        lengths: Of the values that are not blank.
        tally: What the values are.
        type: The column's type.
        numbers: The values as numbers, if they are.
        near: The least and the greatest number that are not far from all others.
        number: SQL that reads a value as written as a number, where `values` are not all.
        histogram: Of numbers or dates.
        date_quantiles: The days at 0, 5, … 100 percent.
        lowest: The least value, as written.
        highest: The greatest value, as written.
        pii: Personal data found.
        masked: Whether the values were masked before they were stored.
        sums: Values, as written, whose rows are sums of other rows by their numbers.
    """

    name: str
    position: int
    rows: int
    type: TypeDecision
    tally: Tally
    blank: int = 0
    null_like: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    complete: bool = True
    typical: list[tuple[str, int]] = field(default_factory=list)
    top: list[tuple[str, int]] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)
    distinct: int = 0
    unique: int = 0
    lengths: Lengths = field(default_factory=Lengths)
    numbers: NumberSummary | None = None
    near: tuple[float, float] | None = None
    number: str = ""
    histogram: tuple[Bin, ...] = ()
    date_quantiles: tuple[str, ...] = ()
    lowest: str | None = None
    highest: str | None = None
    pii: PiiFinding | None = None
    masked: bool = False
    sums: set[str] = field(default_factory=set)

    @property
    def filled(self) -> int:
        """Rows with a value that is neither blank nor a null token."""
        return self.rows - self.blank - self.missing_tokens

    @property
    def missing_tokens(self) -> int:
        """Rows with a null token."""
        return self.known.get("null_like", sum(self.null_like.values()))

    @property
    def named_like_key(self) -> bool:
        """Whether its name says that the values identify something."""
        return bool(_KEY_WORDS & set(words(self.name)[-1:]))

    @property
    def private(self) -> bool:
        """Whether values must not be shown as they are."""
        return self.pii is not None and not self.masked


def split_values(
    counts: Mapping[str | None, int],
) -> tuple[int, dict[str, int], dict[str, int]]:
    """Parts value counts into blank rows, null tokens and values, each in a stable order."""
    blank = 0
    null_like: dict[str, int] = {}
    values: dict[str, int] = {}
    for text, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0] or "")):
        if text is None or not trim(text):
            blank += count
        elif is_null_like(text):
            null_like[text] = count
        else:
            values[text] = count
    return blank, null_like, values


def kept_words(null_like: Mapping[str, int], values: Mapping[str, int]) -> dict[str, int]:
    """The null tokens that are written like nearly all values: NA among codes of countries."""
    kept: dict[str, int] = {}
    for word, form in KEPT.items():
        alike = sum(n for text, n in values.items() if re.fullmatch(form, trim(text)))
        if alike >= _ALIKE * sum(values.values()) and len(values) > 1:
            kept |= {text: n for text, n in null_like.items() if trim(text) == word}
    return kept
