"""How a finding about a column becomes an issue: counts, examples and the rows it points at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from consulting.profiling.columns import pct, shown_in
from consulting.profiling.model import Issue
from consulting.profiling.source import bare
from consulting.sql import literal, quoted
from consulting.wording import inflected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from consulting.profiling.accepted import Accepted, AcceptedFindings
    from consulting.profiling.source import FeedSource
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView
    from consulting.records import Severity


_TERM = re.compile(r"\{[ct]\}")


class Viewed(NamedTuple):
    """A feed as it is judged.

    Attributes:
        feed: The feed.
        source: Its rows; the table `sample` has been drawn.
        views: Its columns.
        thresholds: When a finding is worth telling.
        accepted: What somebody found right before.
    """

    feed: str
    source: FeedSource
    views: Sequence[ColumnView]
    thresholds: Thresholds
    accepted: AcceptedFindings


@dataclass(frozen=True)
class Drafting:
    """Drafts the issues of one column.

    Attributes:
        feed: The feed.
        view: The column.
        thresholds: How many examples and listed values.
        source: Where the rows of personal values are found: the values are not listed.
        accepted: What somebody found right before.
        filled: Whether hardly any column of the feed has blanks.
    """

    feed: str
    view: ColumnView
    thresholds: Thresholds
    source: FeedSource
    accepted: AcceptedFindings
    filled: bool

    def issue(  # noqa: PLR0913 - an issue has that many parts
        self,
        issue_type: str,
        severity: Severity,
        detail: str,
        recommendation: str,
        *,
        values: Mapping[str, int] | None = None,
        count: int | None = None,
        where: str | None = None,
        question: str | None = None,
        told: str = "",
        whole: bool = False,
    ) -> Issue:
        """An issue of the column.

        Args:
            issue_type: The code.
            severity: How much it matters.
            detail: The sentence, with `{n}` for the number of rows, `[row|rows]` for what agrees
                with it and `{told}` for `told`.
            recommendation: What to do, with `[it|them]` where it agrees with the number of rows.
            values: The values it is about, with their rows.
            count: The rows, where they are not those of `values`.
            where: A condition for the rows, where listing `values` will not do: over `{c}`, the
                column, and `{t}`, the same without white space at its ends.
            question: What to ask the client.
            told: The client's own words in the sentence, which stay as they are.
            whole: Whether it is about the column, so that its rows need not be picked out.
        """
        values = values or {}
        rows = sum(values.values()) if count is None else count
        where = where and self._filled_in(where)
        if right := self.accepted.of(self.view.name, issue_type):
            rows, where = self._spare(issue_type, right, values, rows, where)
            values = {text: n for text, n in values.items() if not any(r.fits(text) for r in right)}
            told = "" if any(one.rows for one in right) else told
        return Issue(
            feed=self.feed,
            column=self.view.name,
            issue_type=issue_type,
            severity=severity,
            detail=inflected(detail, rows).replace("{told}", told),
            evidence_count=rows,
            evidence_pct=pct(rows, self.view.rows),
            examples=self._examples(values),
            recommendation=inflected(recommendation, rows),
            question=question,
            rows_where=None if whole else self._where(values, rows, where),
        )

    def is_silent(self, issue: Issue) -> bool:
        """Whether all that an issue points at was found right before."""
        return not issue.evidence_count and bool(self.accepted.of(self.view.name, issue.issue_type))

    def _spare(
        self,
        issue_type: str,
        right: Sequence[Accepted],
        values: Mapping[str, int],
        rows: int,
        where: str | None,
    ) -> tuple[int, str | None]:
        """The rows that are left of an issue, and the condition for them where there was one."""
        if where is None or right[0].cells is None:
            spared = 0
            for one in right:
                fitting = (n for text, n in values.items() if one.fits(text))
                found = rows if one.cells is None else sum(fitting)
                one.rows, spared = one.rows + found, spared + found
            return rows - spared, where
        selects = where.replace(f"raw.{quoted(self.feed)}", "feed")

        def count(also: str) -> int:
            query = f"SELECT count(*) FROM feed WHERE ({selects}) AND {also}"
            return int(self.source.one(query)[0])

        left = self.accepted.spare(self.view.name, issue_type, count)
        return count(f"true{left}"), f"({where}){left}"

    def _filled_in(self, where: str) -> str:
        column = quoted(self.view.name)
        terms = {"{c}": column, "{t}": bare(column)}
        return _TERM.sub(lambda match: terms[match.group()], where)

    def _examples(self, values: Mapping[str, int]) -> tuple[str, ...]:
        ordered = sorted(values, key=lambda text: (-values[text], text))
        return tuple(dict.fromkeys(shown_in(self.view, t) for t in ordered))[
            : self.thresholds.examples
        ]

    def _where(self, values: Mapping[str, int], rows: int, where: str | None) -> str | None:
        if where is not None:
            return where
        listed = sum(values.values()) == rows and len(values) <= self.thresholds.listed_values
        if not values or not listed:
            return None
        if self.view.private:
            return self.source.places(self.view.name, values, self.thresholds.listed_values)
        texts = ", ".join(literal(text) for text in sorted(values))
        return f"{quoted(self.view.name)} IN ({texts})"
