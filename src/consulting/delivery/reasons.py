"""Why a row was rejected or merged, as a sentence that names the client's own columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consulting.rules import reason_sentences
from consulting.sql import NUMBER_TYPES

if TYPE_CHECKING:
    from consulting.delivery.inputs import DeliveryInputs

NO_COLUMN = {"", "row", "file", "feed", "correction"}
"""What stands in a code's place where it is about no column."""
_WORDS = {
    "no_models": "there are no rules for this kind of file yet",
    "not_recognised": "its _correction_id is of no row that we rejected",
    "unparsed": "the line could not be read as a row",
}
"""The codes of whole rows."""
_REPLACED = re.compile(r"\d+ wrong texts? put right")
_SAYS = {
    "not_in_list": re.compile(r"^(one of (?!\d+ agreed codes?$).+)"),
    "below_minimum": re.compile("^((?:at least|from) .+)"),
    "above_maximum": re.compile("^((?:at most|from) .+)"),
    "too_long": re.compile(r"(at most [\d,]+ characters?)"),
    "wrong_format": re.compile("of the form (.+)"),
}
"""Where a rule's own words say what a reason asks for."""
_WRITTEN = {
    "ambiguous_number": "two digits after the decimal mark, such as 1234.50",
    "ambiguous_date": "the year first, such as 2024-12-31",
}
_LONGEST = 120
"""Characters of what is expected: a longer list stands in the mapping document."""


def reason_in_words(code: str, inputs: DeliveryInputs, feed: str, *, briefly: bool = False) -> str:
    """Return the sentence for a reject reason ("order_date:not_a_date") or a merge rule.

    The engagement's own words come first (`reasons`: of this feed, then of any), then those of
    the cleaning rules, with what they expect if it is not to be said briefly; a code that nobody
    gave words is spelt out.
    """
    place, _, kind = code.rpartition(":")
    names = (code, kind) if place in NO_COLUMN else (code,)
    for name in (*(f"{feed}/{name}" for name in names), *names):
        if name in inputs.reasons:
            return inputs.reasons[name].rstrip(".")
    if place in NO_COLUMN:
        return _WORDS.get(kind, kind.replace("_", " ").strip())
    column = f"“{source_column(inputs, feed, place)}”"
    if sentence := reason_sentences().get(kind):
        said = sentence.format(column)
        return said if briefly else f"{said}{_expected(inputs, feed, place, kind)}"
    return f"{column}: {kind.replace('_', ' ').strip()}"


def _expected(inputs: DeliveryInputs, feed: str, column: str, kind: str) -> str:
    found = (m for m in inputs.mappings if (m.feed, m.target_column) == (feed, column))
    mapping = next(found, None)
    if mapping is None or mapping.rule == "sql":
        return ""
    ordered = (mapping.target_type or "").startswith((*NUMBER_TYPES, "DATE", "TIMESTAMP"))
    return expected(kind, mapping.transformation, ordered=ordered)


def expected(kind: str, words: str, *, ordered: bool) -> str:
    """What a rule expects in place of a value: its form, its bounds, or the agreed list.

    Args:
        kind: The code of what was wrong.
        words: What the rule does.
        ordered: Whether it makes numbers or dates.
    """
    parts = [part for part in words.split("; ") if not _REPLACED.match(part)]
    told = _WRITTEN.get(kind, "")
    if kind.startswith("not_a") and parts:
        told = parts[0] if ordered else ""
    elif says := _SAYS.get(kind):
        told = next((one[1] for part in parts if (one := says.search(part))), "")
    return f" (expected: {told})" if told and len(told) <= _LONGEST else ""


def source_column(inputs: DeliveryInputs, feed: str, column: str) -> str:
    """Return the header in the client's file that a delivered column is made of.

    Where it is made of several, or of none, the delivered column's own name is returned.
    """
    for mapping in inputs.mappings:
        if (mapping.feed, mapping.target_column) == (feed, column):
            sources = mapping.source_columns
            return sources[0] if len(sources) == 1 else column
    return column
