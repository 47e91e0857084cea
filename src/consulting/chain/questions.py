"""What only the client can answer: asked beside the line it is about, and in one letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.privacy.tiers import FULL_TIER
from consulting.profiling.wording import enumerated
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from consulting.profiling import FeedProfile, Issue
    from consulting.profiling.fitting import Fit


_OF_NUMBERS = frozenset({"to_integer", "to_decimal", "to_money"})


class Question(Record):
    """One question to the client.

    Attributes:
        feed: The feed.
        columns: The columns that it is about; none where it is about the file.
        why: What was found.
        text: What to answer.
        issue_type: Of the finding that it comes of; none where it is of what is proposed.
    """

    feed: str
    columns: tuple[str, ...]
    why: str
    text: str
    issue_type: str = ""

    @property
    def line(self) -> str:
        """Both, as a comment says it."""
        return f"{self.text} {self.why}".strip()


def questions_of(
    profile: FeedProfile,
    across: Iterable[Issue],
    columns: Iterable[Mapping[str, object]],
    tier: int,
) -> list[Question]:
    """The questions of a feed.

    Args:
        profile: What its files hold.
        across: What concerns several feeds.
        columns: The columns as they are proposed.
        tier: The engagement's; below 3 what was found is left out, for it quotes values.
    """
    columns = list(columns)
    read = {str(each["from"]): each for each in columns if each.get("rule") in _OF_NUMBERS}
    marked = {name: each for name, each in read.items() if each.get("decimal") != "either"}
    asked = []
    for issue in (*profile.issues, *across):
        if issue.feed != profile.feed:
            continue
        if issue.issue_type == "ambiguous_numbers" and issue.column in marked:
            mark = marked[issue.column].get("decimal", "point")
            text = f"Is this written with a decimal {mark}, as the other columns are?"
            issue = issue.model_copy(update={"question": text})  # noqa: PLW2901 - asked otherwise
        asked.append(_of_issue(issue, tier))
    return [q for q in asked if q] + _of_proposal(profile, columns)


def questions_of_fit(found: Fit) -> list[Question]:
    """What a feed's template leaves open: unsure columns, and those that only one of both has."""
    template, feed = found.template, found.feed
    asked = [
        Question(
            feed=feed,
            columns=(match.column,),
            why=f"({match.score:.2f}: {match.reason}.)",
            text=f"Is this the column {match.target} of {template}?",
        )
        for match in found.matches
        if not match.sure
    ]
    for header in found.extra:
        text = f"Is this needed? {template} has no such column."
        asked.append(Question(feed=feed, columns=(header,), why="", text=text))
    if found.missing:
        missing = enumerated(found.missing, "or")
        text, why = f"Which column of the file is {missing} of {template}?", "None was found."
        if found.unnamed:
            unnamed = enumerated(found.unnamed)
            why = f"No header is known of {unnamed}, so that no name can be compared."
        asked.append(Question(feed=feed, columns=(), why=why, text=text))
    return asked


def _of_issue(issue: Issue, tier: int) -> Question | None:
    if issue.question is None:
        return None
    columns = tuple(dict.fromkeys(filter(None, (issue.column, *issue.columns))))
    text, why, kind = issue.question, issue.detail, issue.issue_type
    if tier < FULL_TIER:
        text, why = without_values(text, kind), ""
    return Question(feed=issue.feed, columns=columns, why=why, text=text, issue_type=kind)


def without_values(text: str, issue_type: str) -> str:
    """A question as it may be written below tier 3: one that quotes names its finding alone."""
    return f"Please look at this: {issue_type.replace('_', ' ')}." if "“" in text else text


def _of_proposal(profile: FeedProfile, columns: Iterable[Mapping[str, object]]) -> list[Question]:
    """What was taken for granted, and need not be so."""
    asked = []
    for column in columns:
        header = str(column["from"])
        if column.get("codes"):
            text = "Are these all the codes there are? A text that is none of them is rejected."
        elif column.get("required"):
            text = "Is this the key, unique and never empty? A row without it is rejected."
        else:
            continue
        asked.append(Question(feed=profile.feed, columns=(header,), why="", text=text))
    return asked
