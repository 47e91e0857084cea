"""The same fix in several rows that came back: the client would rather not make it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.corrections.returned import returned_rows
from consulting.corrections.sent import sent_rows
from consulting.corrections.values import is_damaged, is_same
from consulting.formulas import restore
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from consulting.corrections.sent import SentRow
    from consulting.layout import ClientFolder
    from consulting.records import CorrectionsFile

OFTEN = 3
"""Rows in which a text was replaced by the same other one, from which it is no chance."""


class Fix(Record):
    """A text that a client replaces by the same other one again and again.

    Attributes:
        feed: The feed.
        column: The column's header, in lower case.
        wrong: What we sent out.
        right: What came back.
        rows: Rejected rows in which it did.
        corrections: Corrections files that brought it.
        file: The file of the first row.
        row: Its line or sheet row there.
    """

    feed: str
    column: str
    wrong: str
    right: str
    rows: int
    corrections: int
    file: str
    row: int


def repeated_fixes(
    files: Sequence[tuple[CorrectionsFile, Path]], past: ClientFolder
) -> tuple[Fix, ...]:
    """Fixes that came back in `OFTEN` rows or more, and never as anything else.

    Args:
        files: Each corrections file as it came, with the run folder that holds its rows.
        past: The client's folder, for what was sent out.
    """
    found: dict[tuple[str, str, str], dict[str, dict[str, tuple[str, SentRow]]]] = {}
    for file, run_folder in files:
        for identity, known, column, wrong, right in _changes(file, run_folder, past):
            rights = found.setdefault((known.feed, column, wrong), {})
            rights.setdefault(right, {})[identity] = (file.reading.sha256, known)
    fixes = []
    for (feed, column, wrong), rights in found.items():
        (right, rows), *others = rights.items()
        if len(rows) >= OFTEN and not others:
            first = min((known for _, known in rows.values()), key=lambda k: (k.file, k.row))
            brought = {sha256 for sha256, _ in rows.values()}
            fixes.append(
                Fix(
                    feed=feed, column=column, wrong=wrong, right=right, rows=len(rows),
                    corrections=len(brought), file=first.file, row=first.row,
                )
            )  # fmt: skip
    return tuple(sorted(fixes, key=lambda fix: (-fix.rows, fix.feed, fix.column, fix.wrong)))


def _changes(
    file: CorrectionsFile, run_folder: Path, past: ClientFolder
) -> Iterator[tuple[str, SentRow, str, str, str]]:
    """Id, row, column, the text that was sent and the one that came back."""
    rows = list(returned_rows(file.reading, run_folder))
    sent = sent_rows(past, (row.identity for row in rows), before=file.since)
    for row in rows:
        known = sent.get(row.identity)
        for column, cell in row.cells.items() if known else ():
            wrong = (known.versions[-1].get(column) or "").strip() if known else ""
            left = is_same(cell, wrong) or is_damaged(cell, wrong)
            if known and wrong and not left:
                yield row.identity, known, column, wrong, restore(cell or "").strip()
