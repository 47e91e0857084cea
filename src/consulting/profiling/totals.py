"""Rows that sum up other rows, in the middle of a table: kept in, they are counted twice."""

from __future__ import annotations

import re
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

from consulting.profiling.columns import pct
from consulting.profiling.model import Issue
from consulting.rules.numbers import read_number
from consulting.rules.sums import MAYBE, SURE, summed
from consulting.sql import quoted
from consulting.wording import inflected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from consulting.profiling.drafting import Drafting
    from consulting.profiling.source import FeedSource
    from consulting.profiling.view import ColumnView

_LISTED = re.compile(r"'((?:[^']|'')*)'")
REASON = "subtotal"
MEASURES = frozenset({"integer", "decimal", "money"})
LABELS = frozenset({"text", "code"})
MOST_COLUMNS = 8  # of each kind are looked at
MOST_ROWS = 20_000  # longer tables are no reports with sums in them
LAST_SUMS = 4  # of which another sum may be what is left
ROUNDED = 0.0051


def subtotal_issues(draft: Drafting) -> Iterator[Issue]:
    """Labels of rows that sum up other rows: "West Total" beside "West", "Zwischensumme"."""
    view = draft.view
    if view.type.name != "text" or not view.complete or view.masked:
        return
    found = {t: n for t, n in view.values.items() if t in view.sums} | subtotals(view.values)
    if not found:
        return
    yield draft.issue(
        "subtotal_rows", "warn",
        "{n} [row sums|rows sum] up other rows{told}: in a sum over the table they count twice.",
        "If the client agrees, reject [it|them] by `reject_when` in the feed's model, with "
        f"“{REASON}” as the reason, as the models proposed by `consulting models` do.",
        values=found,
        question="Are these rows subtotals, to be left out of the delivery?",
        told="" if view.private else f" ({', '.join(f'“{t.strip()}”' for t in list(found)[:3])})",
    )  # fmt: skip


def listed_subtotals(issue: Issue, column: str) -> list[str]:
    """The labels that an issue of a column lists; none of other issues, or where none may be."""
    own = issue.issue_type == "subtotal_rows" and issue.column == column
    listed = (issue.rows_where or "").removeprefix(quoted(column)) if own else ""
    return [text.replace("''", "'") for text in _LISTED.findall(listed)]


def subtotals(values: Mapping[str, int]) -> dict[str, int]:
    """The values that name a sum of other rows, with their rows.

    A word for a sum alone may be a name; with another value of the column ("West Total" beside
    "West"), or in an unmistakable form ("Zwischensumme"), it is none.
    """
    others = {text.strip().casefold() for text in values}
    return {
        text: rows
        for text, rows in values.items()
        if SURE.fullmatch(text) or any(name.casefold() in others for name in summed(text))
    }


def find_sums(source: FeedSource, views: Sequence[ColumnView]) -> int:
    """Find rows that are the sum of rows above them, or what one such sum leaves of another.

    Their labels are noted in the columns' views (`sums`), where all rows of a label are sums.

    Args:
        source: The rows.
        views: Their columns.

    Returns:
        How many such rows have no label.
    """
    measures = [v for v in views if v.type.name in MEASURES and not v.masked][:MOST_COLUMNS]
    labels = [v for v in views if v.type.name in LABELS and not v.masked][:MOST_COLUMNS]
    if not measures or source.rows > MOST_ROWS:
        return 0
    names = ", ".join(quoted(v.name) for v in (*labels, *measures))
    sums, unlabelled = _Sums(len(measures)), 0
    rows = source.query(f"SELECT {names} FROM feed ORDER BY _file, _row")
    texts = [tuple((cell or "").strip() for cell in row[: len(labels)]) for row in rows]
    usual = Counter(sum(map(bool, row)) for row in texts).most_common(1)[0][0] if texts else 0
    proven: Counter[tuple[int, str]] = Counter()
    for row, label in zip(rows, texts, strict=True):
        numbers = [_number(cell, v) for cell, v in zip(row[len(labels) :], measures, strict=True)]
        named = [at for at, text in enumerate(label) if _may_sum(text)]
        odd = bool(named) or sum(map(bool, label)) < usual
        if not sums.add(numbers, odd=odd):
            continue
        named = named or [at for at, text in enumerate(label) if text][:1]
        unlabelled += not named
        proven.update((at, row[at]) for at in named[:1])
    for (at, text), count in proven.items():
        if labels[at].values.get(text) == count:
            labels[at].sums.add(text)
    return unlabelled


def unlabelled_issue(feed: str, rows: int, of: int) -> Issue:
    """Rows of sums that nothing but their numbers tells from the others."""
    return Issue(
        feed=feed, issue_type="subtotal_rows", severity="warn",
        detail=inflected("{n} [row without a label is|rows without a label are] the sum of rows "
                         "above: in a sum over the table they count twice.", rows),
        evidence_count=rows, evidence_pct=pct(rows, of),
        recommendation="Ask for the file without them, or reject rows without a label by "
        "`reject_when` in the feed's model.",
        question="Are these rows subtotals, to be left out of the delivery?",
    )  # fmt: skip


def _may_sum(text: str) -> bool:
    return bool(text) and (MAYBE.match(text) is not None or bool(summed(text)))


def _number(cell: str | None, view: ColumnView) -> float | None:
    found = read_number(cell.strip()) if cell and cell.strip() else None
    return found.read_with(view.tally.read_mark) if found else None


class _Sums:
    """Sums over rows: since the last subtotal, over the subtotals, and over all."""

    def __init__(self, width: int) -> None:
        self._zero = [0.0] * width
        self._block, self._rows = self._zero, 0
        self._whole, self._all = self._zero, 0
        self._tops: list[list[float]] = []

    def add(self, numbers: Sequence[float | None], *, odd: bool) -> bool:
        """Take a row; whether it is a sum of those before.

        Args:
            numbers: Its numbers.
            odd: Whether it is written unlike the others, as a sum is.
        """
        filled = [number or 0.0 for number in numbers]
        if not any(filled):
            return False
        if odd and self._is_sum(numbers):
            self._tops = [*self._tops[1 - LAST_SUMS :], filled]
            self._block, self._rows = self._zero, 0
            return True
        self._block = _plus(self._block, filled)
        self._whole = _plus(self._whole, filled)
        self._rows += 1
        self._all += 1
        return False

    def _is_sum(self, numbers: Sequence[float | None]) -> bool:
        if self._rows > 0 and _equal(numbers, self._block):
            return True
        if self._all > 1 and _equal(numbers, self._whole):
            return True
        combined = (
            _plus(*map(_times, (1, *signs), self._tops[start:]))
            for start in range(len(self._tops) - 1)
            for signs in product((1, -1), repeat=len(self._tops) - 1 - start)
        )
        return any(_equal(numbers, sums) for sums in combined)


def _plus(*vectors: Sequence[float]) -> list[float]:
    return [sum(column) for column in zip(*vectors, strict=True)]


def _times(sign: int, vector: Sequence[float]) -> list[float]:
    return [sign * number for number in vector]


def _equal(numbers: Sequence[float | None], sums: Sequence[float]) -> bool:
    """Whether all numbers of a row are the sums, but for a rounded last digit."""
    return all(
        number is None or abs(number - total) <= max(ROUNDED, 1e-9 * abs(total))
        for number, total in zip(numbers, sums, strict=True)
    )
