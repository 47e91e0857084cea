"""What proves a column harmless: numbers, days of business, codes in sequence, closed lists.

Below tier 3 a value is kept only where something here proves it. What proves nothing is hidden, so
that a kind of personal data that nobody thought of is hidden too.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consulting.privacy.column_names import words
from consulting.privacy.common_words import is_common, is_unit
from consulting.privacy.content import find_personal, is_date, year_of
from consulting.privacy.harmless_codes import codes_of_things
from consulting.privacy.harmless_names import promises
from consulting.privacy.harmless_numbers import (
    LONG,
    YEARS,
    are_of_things,
    days_of_birth_in_excel,
    days_of_six_digits,
    is_compact_day,
    look_local,
    tell_persons_apart,
    whole,
)
from consulting.privacy.person_names import is_lone_name, is_surely_person
from consulting.privacy.person_numbers import is_card, is_iban, is_national_id
from consulting.privacy.plain import plain, western

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

PROVEN_SHARE = 0.9
"""From this share of its cells on a column is what it seems; the other cells are hidden."""
_MAIN_SHARE = 0.5
"""So much of a column is of one kind where that kind is looked at as a whole."""
_LIST_VALUES, _LIST_REPEATS, _LIST_LENGTH, _LIST_WORDS = 30, 4, 40, 4
_SPAN_OF_DATES, _SPAN_OF_YEARS = 6, 10
_REPEATED_DAYS = 2

_NUMBER = re.compile(
    r"\d{1,3}(?:[,'\u2019]\d{3})+(?:\.\d{1,6})?|\d{1,3}(?:[. \u00a0\u202f]\d{3})+,\d{1,6}"
    r"|\d{1,3}(?:[ \u00a0\u202f]\d{3})+\.\d{1,6}|(?:0|[1-9]\d{0,11})[.,]\d{1,6}"
    r"|\d(?:[.,]\d{1,17})?[eE][+-]?\d{1,3}|\d{1,2}(?:,\d{2})*,\d{3}(?:\.\d{1,6})?"
)
_GROUPED = re.compile(r"\d{1,3}(?:[. \u00a0\u202f]\d{3})+")
_GROUPED_OTHERWISE = re.compile(r"\d{1,3}(?:[,'\u2019]\d{2,3})+")
_AMOUNT = 9
"""So many digits an amount has at most, with a currency, a unit or grouped."""
_TIME = re.compile(
    r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?"
    r"|\d{1,3}:[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?"
)
_MIDNIGHT = re.compile(
    r"[T ]0{1,2}:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:?\d\d)?$|[T ]12:00(?::00)? ?AM$"
)
_UUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE
)
_CODE = re.compile(r"(?=[^0-9]{0,23}[0-9])[A-Za-z0-9][A-Za-z0-9._/#-]{0,23}")
_GENERIC_DAY = re.compile(
    r"date|datum|fecha|data|dato|tarih|p\u00e4iv|d\u00e1tum|\u0434\u0430\u0442|\u65e5\u671f|\u65e5\u4ed8"
    r"|\ub0a0\uc9dc|ng\u00e0y|\u062a\u0627\u0631\u064a\u062e|day|tag\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Proof:
    """Why a column is harmless.

    Attributes:
        why: In words: "numbers", "codes", "dates", "a closed list".
        keeps: Whether a value is proven; the others are hidden.
    """

    why: str
    keeps: Callable[[str], bool]


def prove(column: str, counts: Mapping[str, int], known: Collection[str] = ()) -> Proof | None:
    """What proves a column harmless.

    Args:
        column: The header.
        counts: All its values with their rows, trimmed, in the order of the file, without blanks
            and words for "no value".
        known: Values that the engagement names itself: the codes of the column's rule.

    Returns:
        The proof, or None where a tenth of the cells or more is proven by nothing.
    """
    listed = frozenset(map(plain, known))
    by_class: dict[str, dict[str, int]] = {}
    for value, rows in counts.items():
        by_class.setdefault(_class_of(value, listed), {})[value] = rows
    total = sum(counts.values())
    if not total:
        return Proof("empty", lambda _: True)
    promised = promises(column)
    _compact_days(column, by_class, promised)
    accepted = {"number", "word", "known"}
    kept = dict.fromkeys(v for c in accepted for v in by_class.get(c, ()))

    def most(*classes: str, least: float = _MAIN_SHARE) -> dict[str, int]:
        """The values of these classes, where they and what is proven are nearly all."""
        found = {v: n for c in classes for v, n in by_class.get(c, {}).items()}
        cells, proven = sum(found.values()), sum(counts[v] for v in kept)
        return found if cells >= least * total and cells + proven >= PROVEN_SHARE * total else {}

    kept |= dict.fromkeys(_amounts(by_class, total))
    years = by_class.get("year", {})
    if years and _years_of_business(column, years, promised, alone=bool(most("year"))):
        kept |= dict.fromkeys(years)
    dates = most("date")
    if dates and _days_of_business(column, dates, promised):
        kept |= dict.fromkeys(dates)
    numbers = most("long")
    if numbers and _are_of_things(numbers, promised):
        kept |= dict.fromkeys(v for v in numbers if not _names_a_person(v))
    codes = most("code")
    if codes:
        kept |= dict.fromkeys(codes_of_things(codes, promised))
    named = most("text", "code", least=0.0) if "list" in promised else {}
    words = sum(n for c in ("word", "known") for n in by_class.get(c, {}).values())
    if sum(named.values()) <= words:
        # a header alone is no proof: the doctor's "Status" may be a diagnosis
        kept |= dict.fromkeys(_closed(named))
    if sum(counts[v] for v in kept) < PROVEN_SHARE * total:
        return None
    main = Counter({c: sum(n for v, n in vs.items() if v in kept) for c, vs in by_class.items()})
    return Proof(_WORDS[main.most_common(1)[0][0]], kept.__contains__)


_WORDS = {
    "number": "numbers", "money": "numbers", "year": "numbers", "long": "numbers",
    "date": "dates", "code": "codes", "word": "a closed list", "known": "a closed list",
    "text": "a closed list",
}  # fmt: skip


def _class_of(value: str, known: Collection[str]) -> str:
    """What one value is: "number" and "word" are harmless, the others may be."""
    if known and plain(value) in known:
        return "known"
    if any(c.isdigit() for c in value):
        return _class_with_digits(western(value))
    return "word" if is_common(value) else "text"


def _class_with_digits(text: str) -> str:
    if _TIME.fullmatch(text) or _UUID.fullmatch(text):
        return "number"
    number = _number_class(text)
    if number is not None:
        return number
    if is_date(text):
        return "date"
    if is_common(text):
        return "word"
    return "code" if _CODE.fullmatch(text) else "text"


def _number_class(text: str) -> str | None:
    """The class of a number with its sign, currency or unit; None where it is none."""
    first = next(i for i, c in enumerate(text) if c.isdigit())
    last = next(i for i in range(len(text) - 1, -1, -1) if text[i].isdigit())
    core = text[first : last + 1]
    if first and text[first - 1] in ".,":
        core = f"0.{core}"
    left, right = (
        text[:first].strip(" +-\u2212(.,\u00a0"),
        text[last + 1 :].strip(" )-\u2212\u00a0"),
    )
    if left and not (_currency(left) or is_unit(left, before=True)):
        return None
    if right and not (_currency(right) or is_unit(right)):
        return None
    named = bool(left) or len(right) > 1 or _currency(right)
    return _plain_class(core, text, named=named, alone=not (left or right))


def _plain_class(core: str, text: str, *, named: bool, alone: bool) -> str | None:
    """The class of a number by its digits: many of them without a unit may be a person's."""
    core = whole(core)
    digits = sum(c.isdigit() for c in core)
    many = digits >= LONG or text[0] == "+"
    named = named and digits <= _AMOUNT and not (many and text[0] == "+")
    if core.isdigit():
        if core[0] == "0" and digits > 1:
            return "code"
        if many:
            return _with_unit(digits) if named else "long"
        return "year" if alone and int(core) in YEARS else "number"
    if digits > LONG and _GROUPED_OTHERWISE.fullmatch(core):
        return "money" if named else "long"
    if _GROUPED.fullmatch(core):
        return _with_unit(digits) if named or not (many or core[0] == "0") else "long"
    return "number" if _NUMBER.fullmatch(core) and (core[0] != "0" or core[1] in ".,") else None


def _with_unit(digits: int) -> str:
    """The class of an amount: of many digits it may be a person's number with a mark before it."""
    return "money" if digits > LONG else "number"


def _amounts(by_class: Mapping[str, Mapping[str, int]], total: int) -> Iterable[str]:
    """The amounts of many digits, unless their digits tell persons apart."""
    money = by_class.get("money", {})
    return () if tell_persons_apart(money, total) else money


def _currency(part: str) -> bool:
    return 0 < len(part) < LONG and all(unicodedata.category(c) == "Sc" or c == "%" for c in part)


def _years_of_business(
    column: str, years: Mapping[str, int], promised: Collection[str], *, alone: bool
) -> bool:
    """Whether numbers like 1984 are no years of birth."""
    numbers = [int(western(year).strip(" +-()")) for year in years]
    if {"day", "measure", "code"} & set(promised):
        return True
    if max(numbers) - min(numbers) <= _SPAN_OF_YEARS:
        return True
    return not alone and not _GENERIC_DAY.search(column)


def _days_of_business(column: str, dates: Mapping[str, int], promised: Collection[str]) -> bool:
    """Whether dates are no dates of birth: by the header, a time of day, or days that repeat."""
    if "day" in promised:
        return True
    rows = sum(dates.values())
    timed = sum(n for d, n in dates.items() if ":" in d and not _MIDNIGHT.search(d))
    if 2 * timed >= rows:
        return True
    years = sorted(y for y in map(year_of, dates) if y is not None)
    if not years or years[-1] - years[0] > _SPAN_OF_DATES:
        return False
    return _GENERIC_DAY.search(column) is not None or rows >= _REPEATED_DAYS * len(dates)


def _compact_days(
    column: str, by_class: dict[str, dict[str, int]], promised: Collection[str]
) -> None:
    """Short numbers that are days of birth or local telephones, which their form does not prove."""
    numbers = by_class.get("number", {})
    bare = [number for number in map(western, numbers) if number.isdigit()]
    rows = sum(sum(values.values()) for values in by_class.values())
    days = days_of_six_digits(bare)
    if not days and set(promised) <= {"day"}:
        days = days_of_birth_in_excel(bare, rows)
    local = not (days or promised) and look_local(bare, rows)
    suspect = set(bare) if local else days
    found = {number: n for number, n in numbers.items() if western(number) in suspect}
    if not found or len(found) < _MAIN_SHARE * sum(map(len, by_class.values())):
        return
    by_day = {days[western(number)]: n for number, n in found.items()} if days else {}
    if local or not _days_of_business(column, by_day, promised):
        by_class["text"] = by_class.get("text", {}) | found
        by_class["number"] = {n: rows for n, rows in numbers.items() if n not in found}


def _are_of_things(numbers: Mapping[str, int], promised: Collection[str]) -> bool:
    bare = {number: whole(western(number).strip(" +-()")) for number in numbers}
    days = {number: numbers[long] for long, number in bare.items() if is_compact_day(number)}
    if len(days) >= PROVEN_SHARE * len(numbers):
        return _days_of_business("", days, promised)
    return are_of_things(numbers, promised)


def _names_a_person(value: str) -> bool:
    return is_card(value) or is_iban(value) or is_national_id(value)


def _closed(values: Mapping[str, int]) -> Iterable[str]:
    """The values of a closed list: few, short, often repeated, and no names of persons."""
    rows = sum(values.values())
    if not values or len(values) > _LIST_VALUES or rows < _LIST_REPEATS * len(values):
        return ()
    return [value for value in values if _list_value(value)]


_CONDITIONS = frozenset(
    """
    hiv aids diabetes diabetisch krebs cancer tumor carcinoma karzinom leukemia leukamie
    depression depressiv bipolar schizophrenia schizophrenie asthma epilepsy epilepsie
    dementia demenz alzheimer parkinson hepatitis covid tuberculosis tuberkulose schwanger
    pregnant embarazada enceinte disabled behindert schwerbehindert sucht addiction alcoholic
    alkoholiker burnout adhd autism autismus migrane migraine hypertension hypertonie stroke
    schlaganfall herzinfarkt infarct muslim christian jewish jew catholic katholisch
    evangelisch protestant hindu buddhist atheist konfessionslos gay lesbian homosexual schwul
    lesbisch trans convicted vorbestraft depresion cancro diabete sida
    """.split()  # noqa: SIM905 - words
)
"""What law protects most, in a column of what seems a closed list. No list holds all."""


_INITIALS = re.compile(r"(?:[^\W\d_][.\s-]{1,3}){1,4}\(?(?:19|20)?\d\d\)?")
"""J.S. 1984, A-M 67."""


def _list_value(value: str) -> bool:
    return (
        len(value) <= _LIST_LENGTH
        and len(value.split()) <= _LIST_WORDS
        and not is_surely_person(value)
        and not is_lone_name(value)
        and not find_personal(value)
        and not _INITIALS.fullmatch(value)
        and _CONDITIONS.isdisjoint(words(value))
    )
