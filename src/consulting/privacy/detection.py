"""Personal data in a column: found by its name, by its content, or by both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from consulting.privacy.column_names import kind_by_name
from consulting.privacy.content import LENIENT, STRICT, kind_inside
from consulting.records import Record
from consulting.rules.missing import is_null_like

if TYPE_CHECKING:
    from collections.abc import Sequence

_SAMPLE = 1_000
_CONFIRMING_SHARE = 0.5
_TELLS_LITTLE = frozenset({"address", "name", "username"})  # any words would confirm these
_FLAGS = frozenset({"0", "1", "y", "n", "yes", "no", "true", "false", "t", "f", "ja", "nein"})
_LONGEST_READ = 2_000


class PiiFinding(Record):
    """Personal data found in one column.

    Attributes:
        column: The column.
        kind: "email", "phone", "name", "date_of_birth", "address", "postal_code", "national_id",
            "iban", "bank_account", "card", "ip_address", "username", "credential",
            "special_category", "vehicle_plate", or "free_text" (a longer text that holds some).
        by: What gave it away: the column's name, its content, or both.
        share: The share of the values looked at that are (or hold) such data, 0 to 1.
        confidence: 0 to 1; 0.99 where name and content agree, 0.6 where only a name says so.
    """

    column: str
    kind: str
    by: Literal["name", "content", "both"]
    share: float
    confidence: float


def detect_pii(column: str, values: Sequence[str | None]) -> PiiFinding | None:
    """Finds personal data in a column, by the words of its name and by its values.

    At most 1,000 values are looked at, spread evenly over `values`; blanks and null tokens are
    passed over. Without values (tier 1) the name alone decides.

    Args:
        column: The header.
        values: The column's values, or a sample of them.

    Returns:
        The finding, or None. What a name announces stands even where the values do not look like
        it, unless they are flags (`email: Y/N`): a false alarm costs less than a leak.
    """
    sample = _sample(values)
    named = kind_by_name(column)
    if named and sample and {v.casefold() for v in sample} <= _FLAGS:
        named = None
    content = _by_content(sample)
    sure = content if content and content[1] >= _CONFIRMING_SHARE else None
    overruled = named is None or (named in _TELLS_LITTLE and sure and sure[0] != "free_text")
    if sure and overruled and sure[0] != named:
        return _finding(column, sure[0], "content", sure[1], 0.9)
    if named:
        lenient = LENIENT.get(named)
        share = _share(sample, lenient) if lenient else 0.0
        if content and content[0] == named:
            share = max(share, content[1])
        if share >= _CONFIRMING_SHARE:
            return _finding(column, named, "both", share, 0.99)
        return _finding(column, named, "name", share, 0.6)
    if content:
        return _finding(column, content[0], "content", content[1], 0.7)
    return None


def _finding(
    column: str, kind: str, by: Literal["name", "content", "both"], share: float, confidence: float
) -> PiiFinding:
    return PiiFinding(column=column, kind=kind, by=by, share=round(share, 4), confidence=confidence)


def _sample(values: Sequence[str | None]) -> list[str]:
    step = max(1, len(values) // _SAMPLE)
    kept = (v for v in values[::step] if v is not None)
    return [v.strip()[:_LONGEST_READ] for v in kept if not is_null_like(v)]


def _share(sample: Sequence[str], recognise: object) -> float:
    if not sample or not callable(recognise):
        return 0.0
    return sum(map(bool, map(recognise, sample))) / len(sample)


def _by_content(sample: Sequence[str]) -> tuple[str, float] | None:
    for kind, (recognise, least) in STRICT.items():
        share = _share(sample, recognise)
        if share and share >= least:
            return kind, share
    inside = sum(kind_inside(value) is not None for value in sample)
    return ("free_text", inside / len(sample)) if inside else None
