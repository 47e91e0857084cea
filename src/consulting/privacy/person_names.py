"""Names of persons: which texts are one, by Faker's lists of names in some 80 countries.

A list never holds every name. So it only finds what is surely a name, where all else may be shown
(tier 3); below tier 3 a text is hidden because nothing proves it harmless, on no list or on one.
"""

# ruff: noqa: SIM905, RUF001 - a list of words is read as text, and is in many scripts

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from consulting.privacy.common_words import is_common
from consulting.privacy.plain import all_plain, plain

_PART = re.compile(r"[^\W\d_][^\W\d_.'\u2019\u02bc-]*(?:['\u2019\u02bc-][^\W\d_]+)*\.?")
_PARTICLES = frozenset(
    "von van der den de del della di da dos das do du "
    "la le el al bin ibn ben abu bint af av zu zum "
    "ten ter y e jr sr ii iii phd md mba ing dipl dipl-ing mag prof dr herr frau mr mrs ms miss mx "
    "mme mlle sig sra srta don dona pan pani hr fr inh st".split()
)
_LEGAL = frozenset(
    "gmbh ag kg ohg ug gbr ek e.k e.k. e.u. se inc inc. llc ltd ltd. limited plc lp llp corp corp. "
    "co co. company sarl sas sa s.a. s.l. sl slu srl s.r.l. s.p.a. spa snc sas bv b.v. nv n.v. oy "
    "ab aps a/s as sp sp. z o.o. s.r.o. kft bt doo d.o.o. ooo ип ооо pty & und and et y e sons son "
    "söhne sohne partner partners bros brothers inh. inhaber owner".split()
)
_OF_A_THING = frozenset(
    "group the of for hospital center centre school university college store shop hotel restaurant "
    "bar beer ale brewing brewery street road avenue medical clinic park san santa saint los las "
    "new north south east west fort port mount lake river valley county city airport bank church "
    "museum foundation institute association services solutions systems international".split()
)
_TITLE = re.compile(
    r"\b(?:Herrn?|Frau|Fr\.|Hr\.|Mrs?\.?|Ms\.?|Miss|Dr\.?|Prof\.?|Sr\.?|Sra\.?|Srta\.?|Se\u00f1ora?"
    r"|Mme\.?|Mlle\.?|Monsieur|Madame|M\.|Sig\.?|Sig\.ra|Signora?|Dott\.?|Pani?|Dhr\.?|Mevr\.?"
    r"|Bay|Bayan|\u0413\u043d|\u0413\u043e\u0441\u043f\u043e\u0434\u0438\u043d)[ \u00a0]"
    r"((?:[^\W\d_a-z][\w'\u2019-]{1,40}\.?)(?:[ \u00a0][^\W\d_a-z][\w'\u2019-]{1,40}){0,3})"
)
_HONOURED = re.compile(
    r"[\u3400-\u9fff]{1,4}(?:先生|女士|小姐|さん|様|氏)|[\uac00-\ud7a3]{2,4}(?:씨|님)"
)
_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_HAN = re.compile(r"[\u3400-\u9fff]{2,5}")
_HANGUL = re.compile(r"[\uac00-\ud7a3]{3}")


class _Names(NamedTuple):
    given: frozenset[str]
    family: frozenset[str]


@cache
def _names() -> _Names:
    """Given and family names of all of Faker's countries, plain."""
    import pkgutil
    from importlib import import_module

    from faker.providers import person

    given: set[str] = set()
    family: set[str] = set()
    for module in pkgutil.iter_modules(person.__path__):
        provider = import_module(f"{person.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            listed = getattr(provider, attribute)
            told = set(attribute.split("_"))  # unisex_last_names, first_romanized_names_male
            if not isinstance(listed, tuple | list | dict) or not told & {"name", "names"}:
                continue
            if "first" in told:
                given.update(map(str, listed))
            elif told & {"last", "middle"}:
                family.update(map(str, listed))
    return _Names(all_plain(given), all_plain(family))


def _parts(value: str) -> list[str]:
    """The words of a name, without commas, titles, particles and the form of a company."""
    parts = [p for p in value.replace(",", " ").split() if plain(p) not in _LEGAL]
    return [p for p in parts if plain(p).strip(".") not in _PARTICLES]


def is_surely_person(value: str) -> bool:
    """As `is_person_name`, where nearly each word is a known name."""
    return is_person_name(value, unknown=False)


def is_person_name(value: str, *, unknown: bool = True) -> bool:
    """Whether a value is a person's name of several words, or a company's that is one.

    Args:
        value: "Müller, Hans", "Petra Weber e.K.", "山田太郎".
        unknown: Whether one known given name is enough.
    """
    if _HAN.fullmatch(value) or _HANGUL.fullmatch(value):
        return _is_eastern(value)
    parts = _parts(value)
    if not 2 <= len(parts) <= 4 or not all(_PART.fullmatch(p) for p in parts):  # noqa: PLR2004
        return False
    words = [plain(p).strip(".") for p in parts]
    if any(w in _OF_A_THING for w in words) or is_common(value):
        return False
    given, family = _names()
    spelt = [{w, *w.split("-"), w.replace("'", ""), w.replace("\u2019", "")} for w in words]
    known = [not s.isdisjoint(given) or not s.isdisjoint(family) for s in spelt]
    first = any(not s.isdisjoint(given) for s in spelt)
    initials = sum(len(w) == 1 for w in words)
    if not first or any(p[0].islower() for p in parts):
        return False
    return unknown or sum(known) + initials >= len(words) - (len(words) > 2)  # noqa: PLR2004


def _is_eastern(value: str) -> bool:
    given, family = _names()
    return any(
        value[:at] in family and (value[at:] in given or len(value) - at <= 2 <= len(value) - 1)  # noqa: PLR2004
        for at in (1, 2)
        if len(value) > at
    )


def is_lone_name(value: str) -> bool:
    """Whether a value is one word, and a family or given name: no proof, unless most are."""
    word = plain(value)
    given, family = _names()
    return (
        (word in family or word in given)
        and len(word) > 1
        and not is_common(value)
        and (not value[0].islower())
    )


def is_family_name(word: str) -> bool:
    """Whether a word, in small letters without accents, is a family name."""
    return word in _names().family


def names_inside(text: str) -> list[tuple[int, int, bool]]:
    """Where names of persons stand in a text: after a title, or given beside family name.

    Args:
        text: Prose.

    Returns:
        Their first and last places, in order, and whether a title makes them sure.
    """
    found = [(*m.span(1), True) for m in _TITLE.finditer(text)]
    found += [(*m.span(), True) for m in _HONOURED.finditer(text)]
    before: re.Match[str] | None = None
    for word in _WORD.finditer(text):
        gap = text[before.end() : word.start()].strip(" \u00a0") if before is not None else None
        if before is not None and gap in {"", ","} and _pair(before[0], word[0]):
            found.append((before.start(), word.end(), False))
        before = word
    return sorted(found)


def _pair(first: str, second: str) -> bool:
    if first[0].islower() or second[0].islower() or len(first) < 2 or len(second) < 2:  # noqa: PLR2004
        return False
    if is_common(first) or is_common(second):
        return False
    given, family = _names()
    a, b = plain(first), plain(second)
    if a in _OF_A_THING or b in _OF_A_THING:
        return False
    return (a in given and (b in family or b in given)) or (a in family and b in given)
