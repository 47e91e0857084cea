"""What is ordinary in a column with many distinct values, as SQL, decided on a sample.

The rows that are not ordinary are few; they are fetched and looked at one by one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consulting.sql import literal

if TYPE_CHECKING:
    from collections import Counter

    from consulting.profiling.tally import Tally
    from consulting.profiling.typing import TypeDecision

_NUMBERS = {
    "plain": (r"[+-]?\d+", "{v}"),
    "point": (r"[+-]?(\d+(\.\d*)?|\.\d+)", "{v}"),
    "comma": (r"[+-]?(\d+(,\d*)?|,\d+)", "replace({v}, ',', '.')"),
    "grouped": (r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d*)?", "replace({v}, ',', '')"),
    "grouped_comma": (
        r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d*)?",
        "replace(replace({v}, '.', ''), ',', '.')",
    ),
    "scientific": (r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", "{v}"),
}
# Printable ASCII, single spaces between words, and no start of a formula; anything else is looked
# at one by one.
_CLEAN_TEXT = r"[!-*,./0-<>?A-~][!-~]*( [!-~]+)*"
_KINDS = {
    "email": r"[A-Za-z0-9._%+'-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,24}",
    "uuid": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "url": r"(?i)((https?|ftp)://\S+|www\.[\w-]+\.\S+)",
    "time": r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?",
    "phone": r"\+?[\d(][\d().,/x-]*( [\d().,/x-]+)*",
}
_DATE_PARTS = {
    "%Y": r"\d{4}", "%y": r"\d{2}", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%H": r"\d{1,2}",
    "%I": r"\d{1,2}", "%M": r"\d{2}", "%S": r"\d{2}", "%f": r"\d+", "%p": "[AaPp][Mm]",
    "%b": "[A-Za-z]{3}", "%B": "[A-Za-z]+", "%z": r"( ?Z| ?[+-]\d{2}:?\d{2}| UTC)",
}  # fmt: skip


@dataclass(frozen=True)
class Ordinary:
    """The ordinary form of a column's values.

    Attributes:
        kind: As `Form.kind`; "text" where anything is ordinary.
        notation: Of numbers.
        pattern: Of dates.
        condition: SQL over `{v}`, a value as written: ordinary values have no flaw either.
        number: SQL over `{v}` that gives the number as plain text.
        currency: The one currency written at all numbers.
        unit: The one unit written at all numbers.
    """

    kind: str
    condition: str
    notation: str = ""
    pattern: str = ""
    number: str = ""
    currency: str | None = None
    unit: str | None = None


def choose_ordinary(decision: TypeDecision, sample: Tally) -> Ordinary:
    """Chooses the form most values of a sample have, and how SQL can tell it."""
    if decision.name in {"integer", "decimal", "money", "code"}:
        return _number(sample)
    if decision.name in {"date", "timestamp"} and sample.patterns:
        pattern = _most(sample.patterns)
        return Ordinary("date", _matches(_date_regex(pattern)), pattern=pattern)
    if decision.name in _KINDS:
        return Ordinary(decision.name, _matches(_KINDS[decision.name]))
    return Ordinary("text", f"({_matches(_CLEAN_TEXT)} AND NOT null_like({{v}}))")


def _most(counter: Counter[str]) -> str:
    return min(counter, key=lambda key: (-counter[key], key))


def _matches(regex: str) -> str:
    return "regexp_full_match({v}, " + literal(regex).replace("{", "{{").replace("}", "}}") + ")"


def _number(sample: Tally) -> Ordinary:
    notation = _notation(sample.notations)
    regex, number = _NUMBERS[notation]
    currency = unit = None
    if 2 * sample.currencies.total() >= sample.kinds["number"]:
        currency = _most(sample.currencies)
        regex = rf"[-(]?(\D{{1,4}} ?)?{regex}( ?\D{{1,4}})?\)?"
        number = number.format(v="regexp_replace({v}, '[^0-9.,+-]', '', 'g')")
    elif 2 * sample.units.total() >= sample.kinds["number"]:
        unit = _most(sample.units)
        regex = rf"{regex}\s?{re.escape(unit)}"
        number = number.format(v="regexp_replace({v}, '[^0-9.,+-]', '', 'g')")
    return Ordinary(
        "number", _matches(regex), notation=notation, number=number, currency=currency, unit=unit
    )


def _notation(notations: Counter[str]) -> str:
    """The notation that reads the most; an unclear "1,234" is read as the others decide."""
    comma = notations["comma"] + notations["grouped_comma"]
    grouped = notations["grouped"] + notations["unclear"]
    best = "plain"
    if notations["point"]:
        best = "point"
    if comma > notations["point"] + notations["grouped"]:
        best = "grouped_comma" if notations["grouped_comma"] else "comma"
    elif grouped > notations["plain"] / 20:
        best = "grouped"
    if notations["scientific"] > sum(notations.values()) / 2:
        best = "scientific"
    return best


def _date_regex(pattern: str) -> str:
    regex = ""
    for part in re.findall(r"%\w|\([^)]*not English\)|.", pattern):
        if part in _DATE_PARTS:
            regex += _DATE_PARTS[part]
        elif part == "?":
            regex += r"\d{1,2}"
        elif "not English" in part:
            regex += r"\pL+\.?"
        else:
            regex += re.escape(part)
    return regex
