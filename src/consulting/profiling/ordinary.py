"""What is ordinary in a column with many distinct values, as SQL, decided on a sample.

The rows that are not ordinary are few; they are fetched and looked at one by one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from consulting.rules.currencies import WRITTEN, alternatives, code_of
from consulting.rules.dates import COUNTED, PARTS, TIME
from consulting.rules.numbers import NOTATIONS
from consulting.sql import literal

if TYPE_CHECKING:
    from collections import Counter

    from consulting.profiling.tally import Tally
    from consulting.profiling.typing import TypeDecision

_ANY_SPACE = "[ '\u2019\u00a0\u2007\u2009\u202f]"


class _Family(NamedTuple):
    """Numbers of a notation and those that may stand among them, as SQL.

    Attributes:
        regex: All of them, without signs.
        number: The number as plain text.
        marks: Those of the notation itself have one of these characters; the others are digits.
        mark: The decimal mark.
        unclear: The notation among them that says nothing of the mark.
    """

    regex: str
    number: str
    marks: str
    mark: str
    unclear: str = ""


def _spaced(tail: str) -> str:
    return rf"(\d{{1,3}}({_ANY_SPACE}\d{{3}})+|\d+){tail}"


_NUMBERS = {
    "plain": _Family(r"\d+", "{v}", "", "."),
    "point": _Family(r"(\d+(\.\d*)?|\.\d+)", "{v}", ".", ".", "unclear_point"),
    "comma": _Family(r"(\d+(,\d*)?|,\d+)", "replace({v}, ',', '.')", ",", ",", "unclear"),
    "grouped": _Family(
        r"(\d{1,3}(,\d{3})+|\d{1,2}(,\d{2})+,\d{3}|\d+)(\.\d*)?", "replace({v}, ',', '')", ",.",
        ".", "unclear",
    ),
    "grouped_comma": _Family(
        r"(\d{1,3}(\.\d{3})+|\d+)(,\d*)?", "replace(replace({v}, '.', ''), ',', '.')", ",.", ",",
        "unclear_point",
    ),
    "grouped_space": _Family(_spaced(""), "{v}", " '\u2019\u00a0\u2007\u2009\u202f", "."),
    "grouped_space_comma": _Family(_spaced(r"(,\d+)?"), "replace({v}, ',', '.')", ",", ","),
    "grouped_space_point": _Family(_spaced(r"(\.\d+)?"), "{v}", ".", "."),
    "scientific": _Family(r"\d+(\.\d+)?([eE][+-]\d+)?", "{v}", "eE", "."),
}  # fmt: skip
# Printable ASCII, single spaces between words, and no start of a formula; anything else is looked
# at one by one.
_CLEAN_TEXT = r"[!-*,./0-<>?A-~][!-~]*( [!-~]+)*"
_KINDS = {
    "email": r"[A-Za-z0-9._%+'-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,24}",
    "uuid": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "url": r"(?i)((https?|ftp)://\S+|www\.[\w-]+\.\S+)",
    "time": TIME,
    "phone": r"\+?[\d(][\d().,/x-]*( [\d().,/x-]+)*",
}


@dataclass(frozen=True)
class Ordinary:
    """The ordinary form of a column's values.

    Attributes:
        kind: As `Form.kind`; "text" where anything is ordinary.
        notation: Of numbers.
        pattern: Of dates.
        condition: SQL over `{v}`, a value as written: ordinary values have no flaw either.
        number: SQL over `{v}` that gives the number as plain text.
        mark: The decimal mark of numbers.
        marked: SQL over `{v}`: of the notation, and not digits only.
        unclear: The notation among them that says nothing of the mark.
        is_unclear: SQL over `{v}` of that.
        currency: The one currency written at all numbers.
        unit: The one unit written at all numbers.
    """

    kind: str
    condition: str
    notation: str = ""
    pattern: str = ""
    number: str = ""
    mark: str = ""
    marked: str = "false"
    unclear: str = ""
    is_unclear: str = "false"
    currency: str | None = None
    unit: str | None = None


def choose_ordinary(decision: TypeDecision, sample: Tally) -> Ordinary:
    """Chooses the form most values of a sample have, and how SQL can tell it."""
    if decision.name in {"integer", "decimal", "money", "code"}:
        return _number(sample)
    if decision.name in {"date", "timestamp"}:
        main = max(decision.counted, default="", key=lambda name: decision.counted[name])
        counted = main and 2 * decision.counted[main] >= sample.total
        pattern = main if counted else _most(sample.patterns)
        return Ordinary("date", _matches(_date_regex(pattern)), pattern=pattern)
    if decision.name in _KINDS:
        return Ordinary(decision.name, _matches(_KINDS[decision.name]))
    return Ordinary("text", f"({_matches(_CLEAN_TEXT)} AND NOT null_like({{v}}))")


def _most(counter: Counter[str]) -> str:
    return min(counter, key=lambda key: (-counter[key], key))


def _matches(regex: str) -> str:
    return f"regexp_full_match({{v}}, {_as_template(regex)})"


def _as_template(regex: str) -> str:
    return literal(regex).replace("{", "{{").replace("}", "}}")


def _number(sample: Tally) -> Ordinary:
    notation = _notation(sample)
    family = _NUMBERS[notation]
    regex, number = f"[+-]?{family.regex}", family.number
    currency = unit = None
    if 2 * sample.currencies.total() >= sample.kinds["number"]:
        currency = _most(sample.currencies)
        names = [name for name in WRITTEN if code_of(name) == currency and "." not in name]
        regex = rf"-?({alternatives(names)})\s?-?{family.regex}|{regex}\s?({alternatives(names)})"
    elif 2 * sample.units.total() >= sample.kinds["number"]:
        unit = _most(sample.units)
        regex = rf"{regex}\s?{re.escape(unit)}"
    if currency or unit or "grouped_space" in notation:
        kept = "eE+" if notation == "scientific" else ""
        number = number.format(v=f"regexp_replace({{v}}, '[^0-9.,{kept}-]', '', 'g')")
    shape = NOTATIONS[family.unclear].pattern if family.unclear else ""
    return Ordinary(
        "number",
        _matches(regex),
        notation=notation,
        number=number,
        mark=family.mark,
        marked=f"regexp_matches({{v}}, {_as_template(f'[{family.marks}]')})"
        if family.marks
        else "false",
        unclear=family.unclear,
        is_unclear=f"regexp_matches({{v}}, {_as_template(f'(^|[^0-9.,])({shape})($|[^0-9.,])')})"
        if shape
        else "false",
        currency=currency,
        unit=unit,
    )


def _notation(sample: Tally) -> str:
    """The notation that reads the most; what is unclear is read as the others decide."""
    notations = sample.notations
    if notations["scientific"] > notations.total() / 2:
        return "scientific"
    spaced = max(("grouped_space", "grouped_space_comma", "grouped_space_point"),
                 key=lambda name: notations[name])  # fmt: skip
    if notations[spaced] > notations.total() / 20:
        return spaced
    if sample.read_mark == "comma" or _mostly_comma(notations):
        grouped = notations["grouped_comma"] + notations["unclear_point"]
        return "grouped_comma" if grouped else "comma"
    if notations["grouped"] + notations["lakh"] + notations["unclear"] > notations["plain"] / 20:
        return "grouped"
    return "point" if notations["point"] + notations["unclear_point"] else "plain"


def _mostly_comma(notations: Counter[str]) -> bool:
    said = {"comma": 0, "point": 0, "": 0}
    for name, count in notations.items():
        said[NOTATIONS[name].says] += count
    return said["comma"] > said["point"]


def _date_regex(pattern: str) -> str:
    if pattern in COUNTED:
        return COUNTED[pattern].pattern
    parts = re.findall(r"\.%f| ?%p|%\w|.", pattern)
    return "".join(PARTS.get(part) or re.escape(part) for part in parts)
