"""The letter to a new client: what their first report asks, and what is asked only now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.bounded_memory import open_bounded
from consulting.chain.delivered import gather
from consulting.chain.questions import without_values
from consulting.cleaning.accounts import UNPARSED
from consulting.delivery import (
    NO_COLUMN,
    NOTHING_COUNTED,
    Place,
    Question,
    ask_questions,
    find_remaining,
    place_of,
    reason_in_words,
    source_column,
)
from consulting.errors import DeliveryError
from consulting.privacy.tiers import FULL_TIER
from consulting.records import Record
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from consulting.chain.engagement import Engagement
    from consulting.chain.questions import Question as Proposed
    from consulting.delivery import DeliveryInputs

_VALUES = (
    "Will you correct these values, or how are they to be read? A row that holds one is set aside."
)
_ROWS = "Will you correct these rows, or are they to be left out? They are set aside."


class Letter(Record):
    """What is asked of a sample, each thing once.

    Attributes:
        reported: What the quality report asks, in its order; nothing where there is no delivery.
        rejects: Of the rows that would be set aside.
        proposed: What else is open, or is taken for granted by what is proposed.
    """

    reported: tuple[Question, ...] = ()
    rejects: tuple[Question, ...] = ()
    proposed: tuple[Question, ...] = ()


def letter_of(engagement: Engagement, batch_id: str, proposed: Iterable[Proposed]) -> Letter:
    """The letter, from what the stages left of a batch.

    Args:
        engagement: The client.
        batch_id: The batch; its rows are counted as far as the stages came.
        proposed: What is asked beside the lines of the models.
    """
    tier = engagement.config.security_tier
    try:
        inputs = gather(engagement, batch_id)
    except DeliveryError:
        return Letter(proposed=_together(proposed, frozenset()))
    reported = _reported(engagement, inputs)
    told = frozenset((p.where, p.issue_type) for q in reported for p in q.places)
    return Letter(
        reported=tuple(q if tier == FULL_TIER else _hidden(q) for q in reported),
        rejects=tuple(_of_rejects(inputs)),
        proposed=_together(proposed, told),
    )


def _reported(engagement: Engagement, inputs: DeliveryInputs) -> list[Question]:
    remaining, warehouse = NOTHING_COUNTED, engagement.folder.warehouse
    if not inputs.schema_only and warehouse.exists():
        with open_bounded(warehouse, read_only=True) as connection:
            remaining = find_remaining(connection, inputs)
    # what no feed reads of a sample's files is asked of each part
    return [q for q in ask_questions(inputs, remaining) if q.kind != "unread"]


def _hidden(question: Question) -> Question:
    """A question without what was found; what a file's reader says may name what it holds."""
    first = question.places[0]
    kind = first.issue_type or "how this file was read"
    ask = question.ask if first.issue_type else f"Please look at this: {kind}."
    places = tuple(Place(where=place.where) for place in question.places)
    return Question(ask=without_values(ask, kind), places=places)


def _of_rejects(inputs: DeliveryInputs) -> Iterator[Question]:
    places: dict[str, list[Place]] = {_VALUES: [], _ROWS: []}
    for account in inputs.accounts:
        feed, of = account.feed, counted(account.received, "row")
        if inputs.sampled:
            of = f"{of} of a sample"
        # another table in a file is asked about as such
        tables = sum(t.rows for r in inputs.files if r.feed == feed for t in r.other_tables)
        for code, count in sorted(account.rejected.items(), key=lambda item: (-item[1], item[0])):
            column = code.rpartition(":")[0]
            of_rows = column in NO_COLUMN
            rows = count - tables if code == UNPARSED else count
            if rows:
                why = f"{rows:,} of {of}: {reason_in_words(code, inputs, feed)}."
                columns = () if of_rows else (source_column(inputs, feed, column),)
                place = Place(where=place_of(feed, columns), why=why)
                places[_ROWS if of_rows else _VALUES].append(place)
    for ask, found in places.items():
        if found:
            yield Question(ask=ask, places=tuple(found))


def _together(
    proposed: Iterable[Proposed], told: frozenset[tuple[str, str]]
) -> tuple[Question, ...]:
    """Those that are not told yet; one for all the columns that are asked the same."""
    asked: dict[str, list[Place]] = {}
    for question in proposed:
        where = place_of(question.feed, question.columns)
        if (where, question.issue_type) not in told or not question.issue_type:
            asked.setdefault(question.text, []).append(Place(where=where, why=question.why))
    return tuple(Question(ask=text, places=tuple(places)) for text, places in asked.items())
