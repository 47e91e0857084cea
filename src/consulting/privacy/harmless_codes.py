"""Which codes are of things: in sequence, or under a title that names what they number."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from consulting.privacy.content import find_personal
from consulting.privacy.harmless_numbers import (
    LONG,
    MOST,
    YEARS,
    days_of_six_digits,
    in_sequence,
    look_dialled,
)
from consulting.privacy.person_names import is_lone_name
from consulting.privacy.person_numbers import are_national_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_RUNS = re.compile(r"[A-Za-z]+|\d+")
_HEX = re.compile(r"[0-9a-fA-F]{8,48}")
_UNMIXED = re.compile(r"[^a-z]*|[0-9a-f]{8,24}")
_PREFIXES, _SHAPES, _LOWER_RUNS = 3, 3, 5
_NAMED_SHARE, _NAME_LETTERS = 0.1, 4
_RISING = 0.95
_RECENT = 2010
"""From this year on a year in a code is taken for one of business, as in names of files."""


def codes_of_things(codes: Mapping[str, int], promised: Collection[str]) -> list[str]:
    """The codes of a column that are proven to be no person's.

    Args:
        codes: Values of letters, digits and marks, with their rows.
        promised: What the title promises of them: see `promises`.
    """
    harmless = [code for code in codes if not any(found.sure for found in find_personal(code))]
    runs = {code: _RUNS.findall(code) for code in harmless}
    named = [code for code, found in runs.items() if any(map(_is_name, found))]
    written = [run for found in runs.values() for run in found]
    logins = {run for run in written if run.islower() and len(run) > _NAME_LETTERS}
    if len(named) > _NAMED_SHARE * len(runs) or len(logins) >= _PREFIXES:
        return []  # the codes are made of names, or of what may be logins
    digits = ["".join(found) for found in runs.values() if not any(map(str.isalpha, found))]
    long = digits and min(map(len, digits)) >= LONG
    if long and len(digits) >= MOST * len(runs) and look_dialled(digits):
        return []
    harmless = [code for code in harmless if not _spells(code)]
    runs = {code: runs[code] for code in harmless}
    if "thing" not in promised:
        if _of_birth(list(runs.values())):
            return []
        if not _follow(list(runs.values())):
            return _labels(runs) if "code" in promised else []
    return _alike(harmless, runs) if {"thing", "code"} & set(promised) else harmless


def _follow(codes: Sequence[Sequence[str]]) -> bool:
    """Whether codes are few prefixes with numbers that were given out one after the other."""
    prefixes = {run for found in codes for run in found if run.isalpha()}
    lone = all(sum(r.isalpha() for r in found) <= 1 for found in codes)
    if not lone or len(prefixes) > _PREFIXES:
        return False
    bodies = [int(_body(found)) for found in codes]
    if in_sequence(bodies):
        return True
    # a list of persons may be sorted by their numbers
    short = max(bodies, default=0) < 10 ** (LONG - 1) or all(map(_begins_with_year, codes))
    rising = sum(a < b for a, b in pairwise(bodies)) >= _RISING * (len(bodies) - 1) > 0
    return bool(prefixes) and short and rising


def _begins_with_year(found: Sequence[str]) -> bool:
    return int(_body(found)[:4]) in range(_RECENT, YEARS.stop)


def _of_birth(codes: Sequence[Sequence[str]]) -> bool:
    """Whether codes end in days or years of birth."""
    prefixes = {run for found in codes for run in found if run.isalpha()}
    bodies = {_body(found) for found in codes}
    if days_of_six_digits(bodies):
        return True
    years = [int(body) for body in bodies if len(body) == 4 and int(body) in YEARS]  # noqa: PLR2004
    return bool(years) and len(years) == len(bodies) and (len(prefixes) > 1 or min(years) < _RECENT)


def _labels(runs: Mapping[str, Sequence[str]]) -> list[str]:
    """Codes under a title that says no more than "number": of few prefixes, and short.

    Initials are many prefixes; a prefix before the number of a person is followed by many digits.
    """
    if len({run for found in runs.values() for run in found if run.isalpha()}) > _PREFIXES:
        return []
    return _alike([code for code, found in runs.items() if len(_body(found)) < LONG], runs)


def _body(found: Sequence[str]) -> str:
    return "".join(run for run in found if run.isdigit())


def _alike(codes: list[str], runs: Mapping[str, Sequence[str]]) -> list[str]:
    """The codes of the few forms that codes of one kind have."""
    lower = {r for code in codes for r in runs[code] if r.isalpha() and r.islower()}
    if len(lower) > _LOWER_RUNS:
        codes = [code for code in codes if _UNMIXED.fullmatch(code)]
    if are_national_ids(codes):
        return []
    common = {shape for shape, _ in Counter(map(_shape, codes)).most_common(_SHAPES)}
    return [code for code in codes if _shape(code) in common]


def _is_name(run: str) -> bool:
    return len(run) >= _NAME_LETTERS and is_lone_name(run.capitalize())


def _spells(code: str) -> bool:
    """Whether a code in hexadecimal is text: its bytes are letters."""
    if not _HEX.fullmatch(code) or len(code) % 2 or code.isdecimal():
        return False
    spelt = bytes.fromhex(code).decode("utf-8", "replace")
    return all(c.isalpha() or c in " .@'-" for c in spelt)


def _shape(code: str) -> str:
    """Letters as they are many, digits as one: codes of one kind have few such shapes."""
    return _RUNS.sub(lambda m: "9" if m[0].isdigit() else "A" * len(m[0]), code)
