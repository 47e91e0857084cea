"""How numbers are written: notations, signs, what stands beside them, and how one text is read.

The patterns stand here once: the profile reads with them, and so do the macros of the rules.
They use nothing that is not alike in Python, DuckDB and PostgreSQL.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Literal, NamedTuple

from consulting.rules import currencies, units

if TYPE_CHECKING:
    from collections.abc import Mapping

_BLANKS = " \u00a0\u2007\u2009\u202f"
_SPACES = f"['\u2019{_BLANKS}]"
_MINUS = "[+\u2212\u2013-]"
_NONE = "[\u2012-\u2015\u2212-]"
"""What stands for no cents: 5.- and, in print, 5.\u2013."""
_FIRST = "[1-9][0-9]{0,2}"
"""Digits before one mark that may stand between thousands: after a nought it is the decimal one."""


def _grouped(mark: str) -> str:
    """Digits with a mark between thousands; of several, a nought before the first fills up."""
    return f"(?:{_FIRST}(?:{mark}[0-9]{{3}})+|0[0-9]{{0,2}}(?:{mark}[0-9]{{3}}){{2,}})"


_GROUPED = _grouped(",")
_LAKH = "[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"
_POINTED = _grouped("[.]")
_SPACED = _grouped(_SPACES)
_FILLED = "0[0-9]{{0,2}}{}[0-9]{{3}}{}[0-9]+"
"""One such group filled up with a nought, which the decimal mark behind it shows."""
_POWER = "[eE][+-]?[0-9]{1,3}"
_DIGITS = f"{_SPACED}(?:[.,][0-9]+)?|[0-9](?:[0-9.,]*[0-9])?|[.,][0-9]+"
_UNIT = r"%|[A-Za-zµμ°\"'²³/]{1,12}[.]?"
_REPLACED_BY = r"\1\4\9\2\3\7\8\5\6"
"""The groups of `_whole` as one text: parentheses and signs, then digits and power."""
_MEASURES = frozenset("% g m l h s t d \" ' ° µ μ /".split())  # noqa: SIM905 - signs
"""Units of one letter that may stand close to a number; others are part of a code (seat 12A)."""
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_LARGEST_HALF = 3e38
LONGEST = 100
"""Letters of a number with all that is beside it; a longer text is none."""
FLOAT_NOISE = 9
"""More digits after the mark may be what computers add to 19.99."""
NOISE = "(?:0{5}|9{5})[0-9]{0,3}$"
"""How digits after the mark end then: 19.990000000000002."""


def _whole(before: str, after: str, group: str = "(") -> str:
    """The pattern of a number with what may stand before and after it."""
    b = f"[{_BLANKS}]*"
    return (
        f"{group}[(]?){b}{group}{_MINUS}?){b}{before}{b}{group}{_MINUS}?){b}{group}[(]?){b}"
        f"{group}{_DIGITS}){group}{_POWER})?(?:[.,]{_NONE}{{1,2}}|[.,])?{b}{group}{_MINUS}?){b}"
        f"{after}{b}{group}{_MINUS}?){group}[)]?)"
    )


OtherMark = Literal["comma", "either", "whole"]
"""How a rule reads, to which a number with a point may be another one, or none: with a decimal
comma, with either mark, or whole numbers alone."""


class Notation(NamedTuple):
    """A way to write the digits of a number.

    Attributes:
        name: As the profile names it.
        pattern: The digits.
        thousands: The pattern of what stands between thousands.
        mark: The decimal mark it is read with.
        says: The decimal mark it proves ("point" or "comma"), if it proves one.
        words: For people.
    """

    name: str
    pattern: str
    thousands: str
    mark: str
    says: str
    words: str


NOTATIONS = {
    notation.name: notation
    for notation in (
        Notation("plain", "[0-9]+", "", ".", "", "digits only"),
        Notation("unclear_point", f"{_FIRST}[.][0-9]{{3}}", "", ".", "",
                 "as 1.234, which could be two numbers"),
        Notation("point", "[0-9]*[.][0-9]*", "", ".", "point", "decimal point"),
        Notation("unclear", f"{_FIRST},[0-9]{{3}}", ",", ".", "",
                 "as 1,234, which could be two numbers"),
        Notation("comma", "[0-9]*,[0-9]*", "", ",", "comma", "decimal comma"),
        Notation("grouped", f"{_GROUPED}(?:[.][0-9]*)?|{_FILLED.format(',', '[.]')}", ",", ".",
                 "point", "with thousands commas"),
        Notation("lakh", f"{_LAKH}(?:[.][0-9]*)?", ",", ".", "point",
                 "with lakh commas (12,34,567)"),
        Notation("grouped_comma", f"{_POINTED},[0-9]*|{_FILLED.format('[.]', ',')}|"
                 "[0-9]{1,3}(?:[.][0-9]{3}){2,}", "[.]", ",", "comma", "with thousands points"),
        Notation("grouped_space", _SPACED, _SPACES, ".", "", "with thousands spaces"),
        Notation("grouped_space_comma", f"{_SPACED},[0-9]+", _SPACES, ",", "comma",
                 "with thousands spaces and a decimal comma"),
        Notation("grouped_space_point", f"{_SPACED}[.][0-9]+", _SPACES, ".", "point",
                 "with thousands spaces and a decimal point"),
        Notation("scientific", "", "", ".", "", "as 1.2E+3"),
    )
}  # fmt: skip
_TRIED = tuple((n, re.compile(n.pattern)) for n in NOTATIONS.values() if n.pattern)
_NUMBER = re.compile(
    _whole(
        f"(?P<before>{currencies.PATTERN})?",
        f"(?:(?P<after>{currencies.PATTERN})|(?P<unit>{_UNIT}))?",
        # Python would try every way to share out blanks; nothing after them begins with one
    ).replace(f"[{_BLANKS}]*", f"[{_BLANKS}]*+")
)


class NumberText(NamedTuple):
    """A text read as a number.

    Attributes:
        value: The number; where the notation leaves it open, read with the comma as a thousands
            mark and the point as a decimal mark.
        notation: A name in `NOTATIONS`.
        currency: Its ISO 4217 code, if one is written; a sign of several currencies as it is.
        unit: "%", "oz", …, if one is written.
        whole: Whether no digits stand after the decimal mark.
        leading_zero: Whether it is digits only, and the first of several is 0.
        fraction: The digits after the decimal mark.
    """

    value: float
    notation: str
    currency: str | None = None
    unit: str | None = None
    whole: bool = True
    leading_zero: bool = False
    fraction: int = 0

    def read_with(self, mark: str | None) -> float:
        """The number where the column's decimal mark is known."""
        if mark == "comma" and self.notation == "unclear_point":
            return self.value * 1000
        return self.value / 1000 if mark == "comma" and self.notation == "unclear" else self.value


def decimal_mark(notations: Mapping[str, int]) -> str | None:
    """The decimal mark of a column, from the rows in each notation.

    Returns:
        "point" or "comma"; "either" where both are proven; "unclear" where none is and some could
        be read both ways; None where it makes no difference.
    """
    said = {NOTATIONS[name].says for name, count in notations.items() if count and name}
    if {"point", "comma"} <= said:
        return "either"
    if "point" in said or "comma" in said:
        return "point" if "point" in said else "comma"
    unclear = any(notations.get(name) for name in ("unclear", "unclear_point"))
    return "unclear" if unclear else None


def is_float_noise(value: float, fraction: int) -> bool:
    """Whether more digits after the mark than `FLOAT_NOISE` are more than somebody meant.

    They are if they end as those of a sum of decimals, or are a number of half the precision.
    """
    if re.search(NOISE, f"{value:.{fraction}f}") is not None:
        return True
    half = abs(value) < _LARGEST_HALF and struct.unpack("f", struct.pack("f", value))[0]
    return bool(half == value)


def read_number(text: str) -> NumberText | None:
    """Reads a trimmed text as a number in any usual notation; None where it is none."""
    if len(text) > LONGEST:
        return None
    if text.isascii() and text.isdigit():
        zero = len(text) > 1 and text[0] == "0"
        return NumberText(float(text), "plain", leading_zero=zero)
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    outer, sign, _, inner, within, digits, power, trailing, *_, last, closed = _groups(match)
    opened = outer + within
    signs = [s for s in (sign, inner, trailing, last) if s]
    if len(opened) != len(closed) or len(signs) + len(opened) > 1:
        return None
    found = _read_digits(digits)
    if found is None or not _fits_together(match, digits, power):
        return None
    notation, plain = found
    value = float(f"{plain}{power}")
    written = match["before"] or match["after"]
    fraction = max(0, len(plain.partition(".")[2]) - int(power[1:] or 0))
    return NumberText(
        value=-value if opened or (signs and signs[0] != "+") else value,
        notation="scientific" if power else notation.name,
        currency=currencies.code_of(written) if written else None,
        unit=match["unit"],
        whole="." not in plain and not power,
        fraction=fraction,
    )


def _groups(match: re.Match[str]) -> list[str]:
    return [group or "" for group in match.groups()]


def _fits_together(match: re.Match[str], digits: str, power: str) -> bool:
    """Whether the parts make a number, and no code: not 12E5, 12A, PEN001."""
    if power and power[1].isdigit() and not re.search("[.,]", digits):
        return False
    around = [w for w in (match["before"], match["after"]) if w and w.isalpha() and w.isascii()]
    bare = digits.isdigit()
    if bare and around and around[0] not in currencies.COMMON:
        close = match[0].replace(around[0], "\0")
        if re.search("\0[0-9]|[0-9]\0", close):
            return False
    unit = match["unit"]
    lone = unit and ((len(unit) == 1 and unit not in _MEASURES) or unit.casefold() in _ORDINALS)
    return not (lone and match[0].endswith(digits + unit))


def _read_digits(digits: str) -> tuple[Notation, str] | None:
    """The notation of digits, and the same as plain ones."""
    for notation, regex in _TRIED:
        if regex.fullmatch(digits):
            plain = re.sub(notation.thousands, "", digits) if notation.thousands else digits
            return notation, plain.replace(notation.mark, ".")
    return None


def _shape(mark: str, groups: str, other: str) -> str:
    """A bare number with this decimal mark, and the other one between thousands."""
    tail = f"{mark}[0-9]"
    whole = f"[0-9]+|{groups}|{_SPACED}"
    return (
        f"^[+-]?(?:(?:(?:{whole})(?:{mark}[0-9]*)?|{_FILLED.format(other, mark)}|{tail}+)"
        f"(?:[eE][+-][0-9]{{1,3}})?"
        f"|[0-9]+{tail}+[eE][0-9]{{1,3}})$"
    )


_DIGITS_ALONE = f"[0-9](?:[0-9.,'\u2019{_BLANKS}]*[0-9])?"
_WORD = f"[^0-9.,()+\u2212\u2013'\u2019{_BLANKS}-]{{1,8}}[.]?"
_GAP = f"[{_BLANKS}]?"
_BOTH = f"@word@{_GAP}{_DIGITS_ALONE}|{_DIGITS_ALONE}{_GAP}@word@"

GRAMMAR = {
    "plurals": units.PLURALS,
    # Most numbers with a currency or a unit are of the form `beside`, which is quickly told; what
    # is not is taken apart by `number`, and both read the same.
    "beside": f"^(?:[\u2212-]?(?:{_BOTH})|@word@{_GAP}[\u2212-]{_DIGITS_ALONE}|[(](?:{_BOTH})[)]"
    f"|@word@{_GAP}[(]{_DIGITS_ALONE}[)])$",
    "word": _WORD,
    "digits": _DIGITS_ALONE,
    "number": f"^{_whole('@before@', '@after@')}$",
    "number_parts": _REPLACED_BY,
    "currency": f"^{_whole('(@before@)?', '(@after@)?', '(?:')}$",
    "longest": LONGEST,
    "minus": "[\u2212\u2013]",
    "thousands": {
        # 1.000 and 1,000 are one or a thousand
        "": f"^[+-]?(?:[0-9]+|{_SPACED})(?:[.,](?:0?0?|0{{4,}}))?$",
        ",": f"^[+-]?(?:[0-9]+|{_GROUPED}|{_LAKH}|{_SPACED})(?:[.]0*)?$",
        ".": f"^[+-]?(?:[0-9]+|{_POINTED}|{_SPACED})(?:,0*)?$",
    },
    "spaces": _SPACES,
    "point": _shape("[.]", f"{_GROUPED}|{_LAKH}", ","),
    "comma": _shape(",", _POINTED, "[.]"),
}
