"""Units beside numbers: how one is spelled, what else it is called, and which are known."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNITS = frozenset(
    "mg g kg t lb oz mm cm m km in ft yd mi ml cl l gal ms s sec min h hr day week "  # noqa: SIM905
    "month kwh mwh percent".split()
)
"""Units that headers name, too."""
WORDS_OF_UNITS = {
    "kg": "kilogram kilo", "g": "gram gramme", "t": "tonne", "lb": "pound", "oz": "ounce",
    "km": "kilometre kilometer", "m": "metre meter", "mi": "mile", "ft": "foot feet",
    "l": "litre liter", "h": "hr hour", "s": "sec second", "min": "minute",
}  # fmt: skip
"""Units by the words for them; headers name both."""
_WORDS_BESIDE_NUMBERS = {
    "pcs": "pc piece stk stück", "h": "stunde", "day": "tag",
    "month": "monat", "year": "jahr",
}  # fmt: skip
"""More words, that in a header may be of a name."""
_COMMON_UNITS = UNITS | frozenset(
    "% ‰ ° hour minute second year pcs piece stk stück tag stunde monat jahr kilogram litre liter "  # noqa: SIM905
    "metre meter pound ounce mile".split()
)


PLURALS = {"": 0, "s": 2, "e": 3, "n": 3, "en": 3, "es": 3}
"""The endings of a unit's plural, and how many letters stand before each at least."""


def several_units(said: str | Sequence[str] | None) -> tuple[str, ...]:
    """The units that a rule's `unit` names."""
    return (said,) if isinstance(said, str) else tuple(said or ())


_WITH_PREFIX = frozenset("W Wh Hz Pa J V A B b bit eV N".split())  # noqa: SIM905
"""Symbols before which m is a thousandth, and M a million."""


def are_spellings(first: str, second: str) -> bool:
    """Whether two texts are spellings of a unit: case, a point at the end and the plural are none.

    The plural is told by its ending ("days", "boxes", "Tage", "Personen") of what has letters
    enough to be a word: "m" and "ms" are two units, "mi" and "min", too. `bare_number` of the
    rules reads by the same.
    """
    return not _are_twins(first, second) and not _stems(first).isdisjoint(_stems(second))


def is_one_of(unit: str, units: Iterable[str]) -> bool:
    """Whether a text is a spelling of one of several units."""
    return any(are_spellings(unit, one) for one in units)


def _are_twins(first: str, second: str) -> bool:
    """Whether two symbols differ in case and in size: MW and mW, MB and Mb."""
    if first == second or first.casefold() != second.casefold():
        return False
    millions = first[1:] == second[1:] in _WITH_PREFIX and first[0] in "mM"
    return millions or (first[:-1] == second[:-1] and first[-1] in "bB" and len(first) > 1)


def is_common_unit(unit: str) -> bool:
    """Whether a unit is a word that says nothing of a client."""
    return is_one_of(unit, _COMMON_UNITS)


def spellings(unit: str) -> set[str]:
    """A unit in small letters, in its singular and its plurals, without a point."""
    return {
        stem + end for stem in _stems(unit) for end, least in PLURALS.items() if len(stem) >= least
    }


def _stems(unit: str) -> set[str]:
    bare = unit.casefold().rstrip(".")
    plain = unit.rstrip(".").removesuffix("s")
    if plain[1:] != plain[1:].lower() and not plain.isupper():
        return {bare}  # "mAs" is a symbol, and no plural of "mA"
    ends = (e for e, least in PLURALS.items() if bare.endswith(e) and len(bare) - len(e) >= least)
    return {bare.removesuffix(end) for end in ends}


_NAMED = {
    spelling: unit
    for words in (WORDS_OF_UNITS, _WORDS_BESIDE_NUMBERS)
    for unit, said in words.items()
    for word in (unit, *said.split())
    for spelling in spellings(word)
}
"""A spelling of a unit → the unit."""


def is_same_unit(first: str, second: str) -> bool:
    """Whether two texts name one unit, be it as its symbol or as a word for it: "oz", "ounces".

    A rule takes off what `are_spellings` says is a spelling of what it names.
    """
    known = _NAMED.get(first.casefold().rstrip("."))
    named = known is not None and known == _NAMED.get(second.casefold().rstrip("."))
    return are_spellings(first, second) or (named and not _are_twins(first, second))


def spelled_alike(units: Mapping[str, int]) -> Counter[str]:
    """Counts of units, those of one under its most frequent spelling."""
    found: Counter[str] = Counter()
    for unit in sorted(units, key=lambda unit: (-units[unit], unit)):
        known = next((one for one in found if is_same_unit(one, unit)), unit)
        found[known] += units[unit]
    return found


def unit_in_words(unit: str | tuple[str, ...] | None) -> str:
    """That a unit is taken off, where there is one."""
    if not unit:
        return ""
    return f", {unit if isinstance(unit, str) else ' or '.join(unit)} taken off"
