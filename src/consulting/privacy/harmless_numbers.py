"""Which long numbers are of things: counted, in sequence, moments, or named by a title.

A number of seven digits and more may be a person's identity, account, telephone or machine. It is
taken for one until its sequence, its title or its spread proves that it is none.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

from consulting.privacy.content import are_phones
from consulting.privacy.person_numbers import are_national_ids
from consulting.privacy.plain import western

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

LONG = 7
"""So many plain digits may be a telephone, an account or an identity number."""
MOST = 0.9
"""So large a share of numbers says what all are."""
YEARS = range(1900, 2101)
_GAPS = 100
"""Numbers in a sequence: between two of them are fewer than so many others."""
_PHONE_SHARE, _CHECKED = 0.95, 200
_IDENTITY, _SAME_WIDTH, _NEARLY_ALL, _TELLING = range(8, 13), 0.95, 0.9, 10
"""Numbers of identity: of so many digits, nearly all of one width and none twice, and this many."""
_MOMENTS = (range(946_684_800, 2_051_222_400), range(946_684_800_000, 2_051_222_400_000))
"""Seconds and thousandths since 1970, of the years 2000 to 2034."""
_FRACTION_OF_ZERO = re.compile(r"(\d{7,}|\d{1,3}(?:[,.'\u2019]\d{2,3})+)[.,]0{1,6}")
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d{1,17}))?[eE]\+?(\d{1,3})")
_LONGEST_EXPONENT = 18
_COMPACT, _FEWEST_DAYS, _ONE_MONTH, _THIS_CENTURY = range(5, 7), 3, 31, 30
_BIRTHS, _TEN_YEARS = range(7_306, 40_544), 3_650
"""Excel's numbers of the days of 1920 to 2010."""
_EXCEL_BEGAN = date(1899, 12, 30)
_MANY, _SELDOM, _BROKEN, _ROUND = 40, 0.02, 0.003, 0.5
"""Of so many numbers a rule of how they are given out shows: fewer than this share break it."""
_NINE_DIGITS, _MACHINES, _TOP_DECADE = 0.8, range(2**24, 2**32), 0.6


def whole(core: str) -> str:
    """A number as people write it that a program wrote as a fraction: 491712345678.0, 4.917E+11."""
    fraction = _FRACTION_OF_ZERO.fullmatch(core)
    if fraction:
        return fraction[1]
    scientific = _SCIENTIFIC.fullmatch(core)
    if not scientific:
        return core
    decimals, exponent = scientific[2] or "", int(scientific[3])
    if not len(decimals) <= exponent <= _LONGEST_EXPONENT:
        return core
    return scientific[1] + decimals + "0" * (exponent - len(decimals))


def are_of_things(numbers: Mapping[str, int], promised: Collection[str]) -> bool:
    """Whether long numbers are proven to be no person's.

    Args:
        numbers: Them, with their rows.
        promised: What the title promises of them: see `promises`.
    """
    if any(number[0] in "+(" for number in numbers):
        return False
    bare = ["".join(c for c in whole(western(number)) if c.isdigit()) for number in numbers]
    values = [int(number) for number in bare]
    if in_sequence(values):
        return "thing" in promised or _starts_with_year(bare) or not look_dialled(bare)
    if "day" in promised and any(all(v in moments for v in values) for moments in _MOMENTS):
        return True
    if are_national_ids(numbers) or look_dialled(bare):
        return False
    rows = sum(numbers.values())
    if "thing" in promised:
        return not _social_security(bare, rows)
    return "measure" in promised and not (_identify(bare, rows) or _machines(bare, rows))


def tell_persons_apart(numbers: Mapping[str, int], rows: int) -> bool:
    """Whether the digits of a column's values look like identities, whatever stands beside them.

    Args:
        numbers: Some of its values, with their rows.
        rows: All its cells.
    """
    return _identify(["".join(c for c in western(n) if c.isdigit()) for n in numbers], rows)


def _identify(numbers: Sequence[str], rows: int) -> bool:
    """Whether numbers look like those that tell persons apart: one width, and none twice."""
    if not _tell_apart(numbers, rows):
        return False
    width, of_it = Counter(map(len, numbers)).most_common(1)[0]
    return width in _IDENTITY and of_it >= _SAME_WIDTH * len(numbers)


def _tell_apart(numbers: Sequence[str], rows: int) -> bool:
    """Whether numbers are many, nearly none stands twice and few are round."""
    return (
        len(numbers) >= _TELLING
        and len(numbers) >= _NEARLY_ALL * rows
        and sum(number.endswith("00") for number in numbers) < _ROUND * len(numbers)
    )


def _social_security(numbers: Sequence[str], rows: int) -> bool:
    """Whether numbers keep the rules by which America's are given out, which others break.

    None begins with 9 or 666 or has 00 or 0000 at its end; a number that begins with 0 has lost it.
    """
    full = [number for number in numbers if len(number) == 9]  # noqa: PLR2004
    broken = sum(
        number[0] == "9" or number[:3] == "666" or number[3:5] == "00" or number[5:] == "0000"
        for number in full
    )
    return (
        len(full) >= max(_MANY, _NINE_DIGITS * len(numbers))
        and all(len(number) in {7, 8, 9} for number in numbers)
        and broken < _BROKEN * len(full)
        and len({number[0] for number in full}) >= 5  # noqa: PLR2004 - of eight
        and _tell_apart(numbers, rows)
    )


def _machines(numbers: Sequence[str], rows: int) -> bool:
    """Whether numbers look like addresses of machines: of 32 bits, and spread over all of them."""
    values = list(map(int, numbers))
    high = sum(len(number) == 10 for number in numbers)  # noqa: PLR2004 - of 32 bits
    return (
        _tell_apart(numbers, rows)
        and all(value in _MACHINES for value in values)
        and high >= _TOP_DECADE * len(numbers)
    )


def look_local(numbers: Collection[str], rows: int) -> bool:
    """Whether numbers of six digits look dialled within a town: none begins with 0 or 1.

    Args:
        numbers: Different numbers, of digits only.
        rows: All cells of the column.
    """
    local = [number for number in numbers if len(number) == 6]  # noqa: PLR2004
    return (
        len(local) >= max(_MANY, _SAME_WIDTH * len(numbers))
        and sum(number[0] in "01" for number in local) < _SELDOM * len(local)
        and len({number[0] for number in local}) >= 3  # noqa: PLR2004 - of eight
        and _tell_apart(local, rows)
        and not in_sequence(list(map(int, local)))
    )


def _starts_with_year(numbers: Iterable[str]) -> bool:
    return all(int(number[:4]) in YEARS for number in numbers)


def look_dialled(numbers: Sequence[str]) -> bool:
    """Whether nearly all digits would be telephone numbers of one country."""
    return are_phones(numbers[:: 1 + len(numbers) // _CHECKED], _PHONE_SHARE)


def in_sequence(values: Collection[int]) -> bool:
    """Whether numbers were given out one after the other."""
    different = set(values)
    return len(different) > 1 and max(different) - min(different) <= _GAPS * len(different)


def is_compact_day(number: str) -> bool:
    """Whether eight digits are a day of a year in the calendar."""
    if len(number) != 8 or int(number[:4]) not in YEARS:  # noqa: PLR2004
        return False
    return 1 <= int(number[4:6]) <= 12 and 1 <= int(number[6:]) <= 31  # noqa: PLR2004


def days_of_six_digits(numbers: Collection[str]) -> dict[str, str]:
    """The days of numbers like 840317, 170384 or 31784, where nearly all of them are days.

    Args:
        numbers: Different numbers of digits only.

    Returns:
        By number its day in ISO 8601; nothing where they are numbers, or all of one month.
    """
    compact = [number for number in numbers if len(number) in _COMPACT]
    if len(compact) < max(_FEWEST_DAYS, MOST * len(numbers)):
        return {}
    values = [int(number) for number in compact]
    if max(values) - min(values) <= _ONE_MONTH:
        return {}
    found = max((_days(compact, order) for order in ((0, 2, 4), (4, 2, 0), (4, 0, 2))), key=len)
    return found if len(found) >= MOST * len(numbers) else {}


def days_of_birth_in_excel(numbers: Collection[str], rows: int) -> dict[str, str]:
    """The days of numbers like 24107, where all would be days of birth and nearly none repeats.

    Args:
        numbers: Different numbers of digits only.
        rows: All cells of the column.

    Returns:
        By number its day in ISO 8601; nothing where they may as well be numbers.
    """
    values = list(map(int, numbers))
    if not _tell_apart(list(numbers), rows) or not all(value in _BIRTHS for value in values):
        return {}
    if max(values) - min(values) < _TEN_YEARS or in_sequence(values):
        return {}
    return {n: (_EXCEL_BEGAN + timedelta(days=int(n))).isoformat() for n in numbers}


def _days(numbers: Iterable[str], order: tuple[int, int, int]) -> dict[str, str]:
    found = {}
    for number in numbers:
        year, month, day = (int(number.zfill(6)[at : at + 2]) for at in order)
        century = 2000 if year <= _THIS_CENTURY else 1900
        try:
            found[number] = date(century + year, month, day).isoformat()
        except ValueError:
            continue
    return found
