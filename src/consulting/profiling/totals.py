"""Rows that sum up other rows, in the middle of a table: kept in, they are counted twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consulting.rules.sums import SURE, summed
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from consulting.profiling.drafting import Drafting
    from consulting.profiling.model import Issue

_LISTED = re.compile(r"'((?:[^']|'')*)'")
REASON = "subtotal"


def subtotal_issues(draft: Drafting) -> Iterator[Issue]:
    """Labels of rows that sum up other rows: "West Total" beside "West", "Zwischensumme"."""
    view = draft.view
    if view.type.name != "text" or not view.complete or view.masked:
        return
    found = subtotals(view.values)
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
