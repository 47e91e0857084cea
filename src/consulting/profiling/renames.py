"""Columns that have another name now: told by their names and by their values."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from consulting.privacy.column_names import words
from consulting.profiling.shift import value_similarity
from consulting.profiling.thresholds import Thresholds
from consulting.rules.currencies import COMMON, SIGNS, alternatives, may_be_one
from consulting.rules.units import UNITS, WORDS_OF_UNITS, spellings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.profiling.model import FeedProfile

_LIMITS = Thresholds()
_SIGN = re.compile(alternatives(sign for sign in SIGNS if not sign.isalpha()))
_WORDS = WORDS_OF_UNITS | {"EUR": "euro", "USD": "dollar", "JPY": "yen"}
_SPELLED = {spelling: unit for unit in UNITS for spelling in spellings(unit)}
_SPELLED |= {
    spelling: unit
    for unit, said in _WORDS.items()
    for word in said.split()
    for spelling in spellings(word)
}
"""A word of a header → the unit or currency that it names."""
_SCALED = re.compile(
    r"\b(?:thousand|tsd|million|mio)|\b[ktm](?:€|\$|£|eur\b|usd\b|gbp\b|chf\b)", re.IGNORECASE
)
"""Numbers that count thousands or millions of what others count by themselves."""


def find_renames(
    missing: Sequence[str], new: Sequence[str], previous: FeedProfile | None, current: FeedProfile
) -> dict[str, tuple[str, float]]:
    """Pairs of a missing and a new column that are each other's one good match.

    Args:
        missing: Columns that are lacking.
        new: Columns that nothing reads yet.
        previous: The profile of the last delivery, if there is one.
        current: The profile of the files that lack them.

    Returns:
        Missing column → its new name, and how alike the two are, from 0 to 1.
    """
    scores = {(old, name): _score(old, name, previous, current) for old in missing for name in new}
    found: dict[str, tuple[str, float]] = {}
    for (old, name), score in sorted(scores.items(), key=lambda p: (-p[1], p[0])):
        rivals = [s for (o, n), s in scores.items() if (o == old) != (n == name)]
        free = old not in found and name not in {n for n, _ in found.values()}
        if free and score >= _LIMITS.rename_score and score > max(rivals, default=0.0):
            found[old] = (name, score)
    return found


def _score(old: str, new: str, previous: FeedProfile | None, current: FeedProfile) -> float:
    """Likeness of two columns from 0 to 1: of the names, and of the values where known.

    Names that tell two currencies or units are of two columns, however alike their values are.
    """
    if _other_measure(old, new):
        return 0.0
    a, b = " ".join(sorted(words(old))), " ".join(sorted(words(new)))
    joined = difflib.SequenceMatcher(None, "".join(words(old)), "".join(words(new))).ratio()
    name = max(joined, difflib.SequenceMatcher(None, a, b).ratio())
    before = previous.column(old) if previous else None
    now = current.column(new)
    likeness = value_similarity(before, now) if before and now else None
    if likeness is None:
        return round(name, 4)
    if likeness < 0.5:  # noqa: PLR2004 - other values: not the same column
        return 0.0
    return round(max(0.4 * name + 0.6 * likeness, 0.75 * name + 0.25 * likeness), 4)


def _other_measure(old: str, new: str) -> bool:
    """Whether two names tell different currencies or units: euros or dollars, kg or lb, t€."""
    if bool(_SCALED.search(old)) != bool(_SCALED.search(new)):
        return True
    (a, b) = (_measures_of(name) for name in (old, new))
    return bool(a - b) and bool(b - a) and not any(map(may_be_one, sorted(a - b), sorted(b - a)))


def _measures_of(name: str) -> frozenset[str]:
    """The currencies and units that a column's name tells."""
    all_words = [*words(name)]
    # "in" before another word is no inch
    told = {*(word for word in all_words if word != "in"), *all_words[-1:]}
    codes = {word.upper() for word in told} & COMMON
    signs = {SIGNS[sign] for sign in _SIGN.findall(name)}
    return frozenset(codes | signs | {_SPELLED[word] for word in told & _SPELLED.keys()})
