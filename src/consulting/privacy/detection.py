"""Personal data in a column: found by its name, by its content, or by both."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from consulting.privacy.column_names import kind_by_name
from consulting.privacy.content import LENIENT, STRICT, find_personal, is_small_number
from consulting.privacy.person_names import is_lone_name, is_surely_person
from consulting.records import PiiFinding
from consulting.rules.missing import is_null_like
from consulting.rules.to_boolean import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SAMPLE = 1_000
_CONFIRMING_SHARE = 0.5
_TELLS_LITTLE = frozenset({"address", "name", "username"})  # any words would confirm these
_FLAGS = WORDS | {"0", "1"}
_LONE_SHARE, _LONE_VALUES = 0.8, 8
_ONE_IS_ENOUGH = frozenset({"email", "card", "iban", "national_id", "phone"})
_COMPANY_SHARE, _COMPANY_VALUES = 0.05, 2
"""Of company names: from here on so many are persons that the column is taken for their names."""


def detect_pii(
    column: str, values: Sequence[str | None], *, declared: bool | None = None
) -> PiiFinding | None:
    """Finds personal data in a column, by the words of its name and by its values.

    Blanks and null tokens are passed over. Without values (tier 1) the name alone decides. Of more
    than 1,000 values, 1,000 are looked at, spread evenly, and all for an e-mail address. Below
    tier 3 this alone decides nothing: see `hide`.

    Args:
        column: The header.
        values: The column's values, or a sample of them.
        declared: `contains_pii` of the engagement's YAML, where it says so.

    Returns:
        The finding, or None. What a name announces stands even where the values do not look like
        it, unless they are flags (`email: Y/N`): a false alarm costs less than a leak.
    """
    if declared is False:
        return None
    found = _detect(column, _present(values))
    if declared and found is None:
        return _finding(column, "personal", "declared", 1.0, 1.0)
    return found


def _detect(column: str, present: Sequence[str]) -> PiiFinding | None:
    sample = Counter(present[:: max(1, len(present) // _SAMPLE)])
    named = kind_by_name(column)
    if named and sample and {v.casefold() for v in sample} <= _FLAGS:
        named = None
    content = _by_content(sample, present)
    sure = content if content and content[1] >= _CONFIRMING_SHARE else None
    overruled = named is None or (named in _TELLS_LITTLE and sure and sure[0] != "free_text")
    if sure and overruled and sure[0] != named:
        return _finding(column, sure[0], "content", sure[1], 0.9)
    if named:
        lenient = LENIENT.get(named)
        share = _share(sample, lenient, sample.total()) if lenient and sample else 0.0
        if content and content[0] == named:
            share = max(share, content[1])
        if share >= _CONFIRMING_SHARE:
            return _finding(column, named, "both", share, 0.99)
        return _finding(column, named, "name", share, 0.6)
    if content:
        return _finding(column, content[0], "content", content[1], 0.7)
    return None


def _finding(
    column: str,
    kind: str,
    by: Literal["name", "content", "both", "declared"],
    share: float,
    confidence: float,
) -> PiiFinding:
    return PiiFinding(column=column, kind=kind, by=by, share=round(share, 4), confidence=confidence)


def _present(values: Sequence[str | None]) -> list[str]:
    return [v.strip() for v in values if v is not None and not is_null_like(v)]


def _share(values: Mapping[str, int], recognise: Callable[[str], bool], total: int) -> float:
    return sum(times for value, times in values.items() if recognise(value)) / total


def _by_content(sample: Counter[str], present: Sequence[str]) -> tuple[str, float] | None:
    telling = {value: times for value, times in sample.items() if not is_small_number(value)}
    if not telling:
        return None
    total = sample.total()
    for kind, (recognise, least) in STRICT.items():
        share = _share(telling, recognise, total)
        if share and share >= least:
            return kind, share
    sure = _share(telling, is_surely_person, total)
    if sure >= _COMPANY_SHARE and sure * total >= _COMPANY_VALUES:
        return "name", sure
    lone = _share(telling, is_lone_name, total)
    if lone >= _LONE_SHARE and len(sample) >= _LONE_VALUES:
        return "name", lone
    looked = [*sample, *(value for value in present if "@" in value)]
    finds = [find_personal(value) for value in dict.fromkeys(looked)]
    inside = sum(any(f.sure and f.kind in _ONE_IS_ENOUGH for f in one) for one in finds)
    likely = sum(any(f.sure or f.kind == "name" for f in one) for one in finds)
    if likely >= max(_COMPANY_VALUES, _COMPANY_SHARE * len(finds)):
        inside = likely
    return ("free_text", min(1.0, inside / total)) if inside else None
