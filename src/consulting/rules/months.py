"""The names of months, long and short, as CLDR has them, and what each may mean."""

# ruff: noqa: SIM905 - a list of words is read as text

from __future__ import annotations

import re
import unicodedata
from collections.abc import MutableMapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LANGUAGES = (
    "en de fr es it nl pt sv da nb pl fi cs sk hu ro tr ru uk bg hr sr bs sl mk el et lv lt is ca "
    "id"
).split()
"""The languages whose months are read, as codes of ISO 639."""
_LOCALES = {**{code: code for code in LANGUAGES}, "de_AT": "de", "sr_Latn": "sr"}
_ALSO = {
    "de": {1: "jän", 2: "feber", 3: "maerz mrz"},
    "en": {9: "sept"},
    "es": {9: "setiembre"},
    "pt": {3: "marco"},
    "nb": {12: "des"},
}
"""What people write and CLDR does not list."""
ENGLISH = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_NAME = re.compile(r"[^\W\d_]{3,12}")
_NO_LETTER, _NO_LETTER_AFTER = "(^|[^a-zà-ɏͰ-ӿ])", "($|[^a-zà-ɏͰ-ӿ])"


@cache
def month_names() -> Mapping[str, Mapping[str, int]]:
    """Name, in small letters, to language to month: `listopada` is October in Croatian."""
    found: dict[str, dict[str, int]] = {}
    for language, month, text in _written():
        for name in _NAME.findall(text.lower())[-1:]:  # "de gener" is "gener"
            bare = "".join(c for c in unicodedata.normalize("NFD", name) if c.isalpha())
            for spelling in (name, bare):
                found.setdefault(spelling, {})[language] = month
    return found


def _written() -> Iterable[tuple[str, int, str]]:
    for language, contexts in _of_cldr():
        for widths in contexts.values():
            for width in ("wide", "abbreviated"):
                yield from ((language, month, text) for month, text in widths[width].items())
    for language, months in _ALSO.items():
        yield from ((language, n, word) for n, words in months.items() for word in words.split())


def _of_cldr() -> list[tuple[str, Any]]:
    """Each language with its months, as babel has them.

    Babel notes what it found for one locale in what all inherit, so that a locale says other things
    after others were read. What dbt reads may not depend on that: it is asked as if for the first
    time.
    """
    from babel import localedata  # takes its time, and few need it

    with localedata._cache_lock:  # noqa: SLF001 - it has no public way to forget
        known, localedata._cache = localedata._cache, {}  # noqa: SLF001
        try:
            return [
                (
                    language,
                    _plain(
                        localedata.LocaleDataDict(dict[Any, Any](localedata.load(name)))["months"]
                    ),
                )
                for name, language in _LOCALES.items()
            ]
        finally:
            localedata._cache = known  # noqa: SLF001


def _plain(found: Any) -> Any:
    """What stands there now."""
    return {k: _plain(found[k]) for k in found} if isinstance(found, MutableMapping) else found


@cache
def unclear_months() -> frozenset[str]:
    """The names that are two months, by language."""
    return frozenset(n for n, meant in month_names().items() if len({*meant.values()}) > 1)


def months_of(name: str) -> list[int]:
    """The months that a name may mean, in any case; none if it is no such name."""
    return sorted({*month_names().get(name.lower(), {}).values()})


def deciding_language(names: Iterable[str]) -> str | None:
    """The language that decides names of two months.

    Args:
        names: All names of months in a column, in small letters.

    Returns:
        One in which all are names of months; None where no name is unclear, where there is no such
        language, or where there are some that differ.
    """
    names = sorted(names)
    if not names:
        return None
    unclear = [name for name in names if name in unclear_months()]
    known = month_names()
    fitting = [code for code in LANGUAGES if all(code in known[name] for name in names)]
    meant = {tuple(known[name][code] for name in unclear) for code in fitting}
    return fitting[0] if unclear and len(meant) == 1 else None


def clear_patterns() -> list[tuple[str, str]]:
    """A pattern of the clear names of each month, with its short name in English."""
    clear = {n: {*m.values()}.pop() for n, m in month_names().items() if n not in unclear_months()}
    return _patterns(clear)


def patterns_of_languages() -> dict[str, list[tuple[str, str]]]:
    """The same of the unclear names, by language."""
    known = month_names()
    return {
        code: _patterns({n: known[n][code] for n in unclear_months() if code in known[n]})
        for code in LANGUAGES
    }


def unclear_pattern() -> str:
    """A pattern of all unclear names."""
    return _pattern(unclear_months())


def pattern_of(language: str) -> str:
    """What a month's name in a language may be, without groups; the longest stand first."""
    return _alternatives(name for name, meant in month_names().items() if language in meant)


def english_pattern() -> str:
    """A pattern of the short names in English, without a point."""
    return f"(?i)(?:{_NO_LETTER[1:-1]})(?:{'|'.join(ENGLISH)})(?:$|[^a-zà-ɏͰ-ӿ.])"


def _patterns(months: Mapping[str, int]) -> list[tuple[str, str]]:
    return [
        (_pattern(names), short)
        for month, short in enumerate(ENGLISH, start=1)
        if (names := [name for name, meant in months.items() if meant == month])
    ]


def _pattern(names: Iterable[str]) -> str:
    return f"(?i){_NO_LETTER}(?:{_alternatives(names)})[.]?{_NO_LETTER_AFTER}"


def _alternatives(names: Iterable[str]) -> str:
    return "|".join(sorted(names, key=lambda name: (-len(name), name)))
