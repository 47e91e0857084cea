"""One feed's desk: its rows in use, and what each corrected row does to them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from consulting.corrections.identity import correction_id
from consulting.corrections.values import is_damaged, is_respelled, is_same
from consulting.formulas import restore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from consulting.corrections.returned import ReturnedRow
    from consulting.corrections.sent import Forms, SentRow
    from consulting.records import CorrectionsFile, FileReading

Result = Literal["corrected", "unchanged", "repeated", "settled", "unknown", "unparsed"]
_PLAIN = re.compile("[0-9]*|[0-9]{4}-[0-9]{2}-[0-9]{2}.*", re.DOTALL)
"""What is the same in each notation: digits alone, and ISO dates."""
Cells = dict[str, str | None]
Place = tuple[int, int]
"""Which of the base's files, and which row of it."""


@dataclass
class Target:
    """A row that may be corrected.

    Attributes:
        first: Its cells as the file has them, by header in lower case; empty if it did not parse.
        now: Its cells with the corrections so far.
    """

    first: Cells
    now: Cells


@dataclass
class Added:
    """A row of a file that is no longer in use, corrected.

    Attributes:
        by: Which of the corrections files brought it.
        identity: Its correction id.
        file: Its own file's name.
        row: Its line there.
        target: Its cells.
    """

    by: int
    identity: str
    file: str
    row: int
    target: Target


@dataclass
class Judged:
    """What became of one row of a corrections file."""

    line: int
    identity: str
    result: Result
    changed: tuple[str, ...] = ()
    added: bool = False


@dataclass
class Desk:
    """The state of one feed while its corrections files are gone through, in order.

    Attributes:
        client_id: The client.
        feed: The feed.
        columns: The feed's columns: header in lower case → header.
        base: The feed's files in use.
        targets: The rows of the base that a correction names.
        sent: Rejected rows of earlier deliveries, by id.
        added: Rows of files no longer in use, by id.
        unknown: Lines of corrections files that were set aside: id → (which file, line).
        damaged: Cells that came back as a spreadsheet had made them.
        written: Header in lower case → how the rules read its values now.
        otherwise: By corrections file, of the rows that it adds: how many cells of a column nobody
            changed that are read otherwise now than when they were sent.
    """

    client_id: str
    feed: str
    columns: Mapping[str, str]
    base: Sequence[FileReading]
    targets: dict[Place, Target]
    sent: dict[str, SentRow]
    added: dict[str, Added] = field(default_factory=dict)
    unknown: dict[str, tuple[int, int]] = field(default_factory=dict)
    damaged: dict[int, int] = field(default_factory=dict)
    written: Forms = field(default_factory=dict)
    otherwise: dict[int, Counter[str]] = field(default_factory=dict)

    def take(self, number: int, file: CorrectionsFile, rows: Sequence[ReturnedRow]) -> list[Judged]:
        """Go through one corrections file.

        Args:
            number: Which of the corrections files it is.
            file: That file.
            rows: Its rows, in order.
        """
        seen: set[str] = set()
        judged = []
        for row in rows:
            if row.identity in seen:
                judged.append(Judged(row.line, row.identity, "repeated"))
                continue
            one = self._judge(number, file, row)
            if one.result == "unknown":
                self.set_aside(number, file.reading.sha256, row.line)
            else:
                seen.add(row.identity)
            judged.append(one)
        return judged

    def set_aside(self, number: int, sha256: str, line: int) -> None:
        """Set a line of a corrections file aside, under an id of its own."""
        own = correction_id(self.client_id, self.feed, sha256, line)
        self.unknown[own] = (number, line)

    def places(self, row: ReturnedRow) -> list[Place]:
        """Where in the base the row is: the id tells, the line is only tried."""
        number = self._line(row)
        if number is None:
            return []
        hashes = [reading.sha256 for reading in self.base]
        return [(at, number) for at, each in enumerate(hashes) if self._is_of(row, each, number)]

    def _line(self, row: ReturnedRow) -> int | None:
        known = self.sent.get(row.identity)
        return known.row if known else row.row

    def _is_of(self, row: ReturnedRow, sha256: str, number: int) -> bool:
        return correction_id(self.client_id, self.feed, sha256, number) == row.identity

    def _judge(self, number: int, file: CorrectionsFile, row: ReturnedRow) -> Judged:
        in_use = [self.targets[place] for place in self.places(row) if place in self.targets]
        if in_use:
            changes = [self._change(number, row, target) for target in in_use]
            return _judged(row, max(changes, key=len))
        if row.identity in self.added:
            return _judged(row, self._change(number, row, self.added[row.identity].target))
        known = self.sent.get(row.identity)
        if known is None or known.feed != self.feed:
            return Judged(row.line, row.identity, "unknown")
        if not known.rejected or any(self._is_of(row, each, known.row) for each in file.replaced):
            return Judged(row.line, row.identity, "settled")
        return self._add(number, row, known)

    def _add(self, number: int, row: ReturnedRow, known: SentRow) -> Judged:
        last = known.versions[-1]
        first: Cells = {key: last.get(key, "") for key in self.columns}
        target = Target(first=first, now=dict(first))
        changed = self._change(number, row, target)
        if not changed:
            return Judged(row.line, row.identity, "unchanged")
        # a row that an earlier corrections file brought with an unknown id stays that file's
        by, _ = self.unknown.pop(row.identity, (number, 0))
        self.added[row.identity] = Added(by, row.identity, known.file, known.row, target)
        self.otherwise.setdefault(number, Counter()).update(
            name
            for key, name in self.columns.items()
            if name not in changed
            and self.written.get(key)
            and (known.written.get(key) or self.written[key]) != self.written[key]
            and not _PLAIN.fullmatch((target.now[key] or "").strip())
        )
        return Judged(row.line, row.identity, "corrected", changed, added=True)

    def _change(self, number: int, row: ReturnedRow, target: Target) -> tuple[str, ...]:
        """Take over the cells that the client changed; whoever left a cell alone undoes nothing.

        What the client started from is the state of the row (as the file has it, as we sent it)
        that is nearest to what came back, the newest if several are. A row as it was corrected
        since is none: nobody was sent it.
        """
        states: list[Mapping[str, str | None]] = [target.first]
        known = self.sent.get(row.identity)
        if known is not None:
            states += known.versions
        cells = {key: row.cells[key] for key in self.columns if key in row.cells}
        # what was right may come back as a spreadsheet writes it
        right = {key for key in cells if known and not known.is_at_fault(self.columns[key])}

        def is_spoilt(key: str, sent: str | None) -> bool:
            return is_damaged(cells[key], sent) or (key in right and is_respelled(cells[key], sent))

        def is_left(key: str, sent: str | None) -> bool:
            return is_same(cells[key], sent) or is_spoilt(key, sent)

        differing = [[key for key in cells if not is_left(key, state.get(key))] for state in states]
        nearest = min(range(len(states)), key=lambda at: (len(differing[at]), -at))
        self.damaged[number] = self.damaged.get(number, 0) + sum(
            is_spoilt(key, states[nearest].get(key)) or is_spoilt(key, target.now[key])
            for key in cells
        )
        changed = [key for key in differing[nearest] if not is_left(key, target.now[key])]
        for key in changed:
            target.now[key] = restore(row.cells[key] or "")
        return tuple(self.columns[key] for key in changed)


def _judged(row: ReturnedRow, changed: tuple[str, ...]) -> Judged:
    result: Result = "corrected" if changed else "unchanged"
    return Judged(row.line, row.identity, result, changed)
