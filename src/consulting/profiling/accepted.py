"""Findings that somebody found right: left out of a profile, and counted."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from consulting.profiling.model import AcceptedFinding, FeedProfile
from consulting.profiling.source import bare
from consulting.rules.missing import trim
from consulting.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from consulting.profiling.model import Issue
    from consulting.profiling.source import FeedSource
    from consulting.rules.accepted import Mark


@dataclass
class Accepted:
    """One value or combination that is right, or a whole column's issue type.

    Attributes:
        cells: Column → value, without blanks at its ends; None where all is right.
        by: Who found it right.
        rows: Rows that would have been told.
    """

    cells: Mapping[str, str] | None
    by: str
    rows: int = 0

    def is_idle(self, source: FeedSource) -> bool:
        """Whether it fits nothing.

        A value that no issue tells may be one that was only suspected: it fits while a row has it.
        """
        if self.rows or self.cells is None or not {*self.cells} <= {*source.columns}:
            return not self.rows
        return not source.one(f"SELECT count(*) FROM feed WHERE {self.where}")[0]

    @property
    def where(self) -> str:
        """SQL that selects its rows from those that an issue points at."""
        if self.cells is None:
            return "true"
        return " AND ".join(
            f"coalesce({bare(quoted(name))}, '') = {literal(text)}"
            for name, text in self.cells.items()
        )

    def fits(self, text: str) -> bool:
        """Whether it is about a value of its one column."""
        return self.cells is None or trim(text) in self.cells.values()


class AcceptedFindings:
    """What of a feed was found right.

    Args:
        marks: Column → its marks.
        replaced: Column → texts that are wrong.
        suspected: Column → issue type that was suspected there → whether it is wrong.

    Attributes:
        replaced: The same.
        wrong: Column → the issue types of which all that may be is wrong.
    """

    def __init__(
        self,
        marks: Mapping[str, Sequence[Mark]],
        replaced: Mapping[str, Collection[str]],
        suspected: Mapping[str, Mapping[str, bool]] = MappingProxyType({}),
    ) -> None:
        self.replaced = replaced
        self.wrong = {
            column: {issue for issue, is_wrong in said.items() if is_wrong}
            for column, said in suspected.items()
        }
        self._found: dict[tuple[str, str], list[Accepted]] = {}
        for column, mark in ((name, one) for name, some in marks.items() for one in some):
            found = self._found.setdefault((column, mark.issue), [])
            known = [one.cells for one in found]
            for value in mark.values or (None,):
                cells = {column: trim(value)} if isinstance(value, str) else value
                if cells not in known and None not in known:
                    found[:] = [] if cells is None else found
                    found.append(Accepted(cells, mark.by))

    def of_the_wrong(self) -> AcceptedFindings:
        """What is right of that of which the rest is wrong, to be counted anew."""
        found = AcceptedFindings({}, self.replaced)
        found._found = {
            (column, issue): marks
            for (column, issue), marks in self._found.items()
            if issue in self.wrong.get(column, ())
        }
        for one in (one for marks in found._found.values() for one in marks):
            one.rows = 0
        return found

    def of(self, column: str, issue_type: str) -> Sequence[Accepted]:
        """What of an issue of a column is right."""
        return self._found.get((column, issue_type), ())

    def spare(self, column: str, issue_type: str, count: Callable[[str], int]) -> str:
        """A further condition for the rows of an issue, which leaves out those that are right.

        Args:
            column: The issue's column.
            issue_type: The issue.
            count: Counts the rows of the issue for which a condition holds.
        """
        found = self.of(column, issue_type)
        for one in found:
            one.rows += count(one.where)
        spared = " OR ".join(f"({one.where})" for one in found if one.rows)
        return f" AND NOT ({spared})" if spared else ""

    def told(self, source: FeedSource) -> tuple[AcceptedFinding, ...]:
        """What was left out of the profile of a feed, and which marks fit nothing."""
        told: dict[tuple[str, str, str], list[Accepted]] = {}
        for (column, issue_type), found in self._found.items():
            for one in found if column in source.columns else ():
                told.setdefault((column, issue_type, one.by), []).append(one)
        return tuple(
            AcceptedFinding(
                column=column, issue_type=issue_type, by=by, rows=sum(one.rows for one in found),
                values=sum(one.cells is not None for one in found),
                idle=sum(one.is_idle(source) for one in found),
            )
            for (column, issue_type, by), found in told.items()
        )  # fmt: skip


def without_accepted(
    profiles: Sequence[FeedProfile], across: Sequence[Issue]
) -> tuple[list[FeedProfile], tuple[Issue, ...]]:
    """Leaves out what of the issues between feeds was found right, and counts it in the profiles.

    Args:
        profiles: Of all feeds; their `accepted` says what was found right.
        across: The issues between them.
    """
    rows = {(i.feed, i.column, i.issue_type): i.evidence_count for i in across}
    marked = set()
    settled = []
    for profile in profiles:
        found = []
        for one in profile.accepted:
            key = (profile.feed, one.column, one.issue_type)
            if key in rows:
                marked.add(key)
                one = one.model_copy(update={"rows": rows[key], "idle": 0})  # noqa: PLW2901
            found.append(one)
        settled.append(profile.model_copy(update={"accepted": tuple(found)}))
    return settled, tuple(i for i in across if (i.feed, i.column, i.issue_type) not in marked)
