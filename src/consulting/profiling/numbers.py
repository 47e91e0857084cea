"""How one text is a number: its notation, its currency, its unit."""

from __future__ import annotations

import re
from typing import NamedTuple

_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "zł": "PLN"}
_CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|TRY|RUB"
_CURRENCY = rf"US\$|[$€£¥₹₽]|zł|(?:{_CODES})(?![A-Za-z])"
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<sign>[+\u2212-])?\s?(?P<before>{_CURRENCY})?\s?(?P<inner>[+\u2212-])?"
    r"(?P<digits>\d(?:[\d.,]|['\u2019\u00a0\u202f ](?=\d{3}))*|[.,]\d+)"
    rf"(?:[eE](?P<power>[+-]?\d{{1,3}}))?(?P<trailing>-)?\s?"
    rf"(?:(?P<after>{_CURRENCY})|(?P<unit>%|[A-Za-zµ°\"'²³/]{{1,12}}\.?))?(?P<close>\))?",
)
# Notations in the order they are tried: form, name, thousands marks, decimal mark.
_NOTATIONS = (
    (re.compile(r"\d+"), "plain", ",", "."),
    (re.compile(r"\d*\.\d*"), "point", ",", "."),
    (re.compile(r"[1-9]\d{0,2},\d{3}"), "unclear", ",", "."),
    (re.compile(r"\d*,\d*"), "comma", r"\.", ","),
    (re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d*)?"), "grouped", ",", "."),
    (re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}"), "grouped_comma", r"\.", ","),
    (
        re.compile(r"\d{1,3}(?:['\u2019\u00a0\u202f ]\d{3})+(?:[.,]\d+)?"),
        "grouped_space",
        r"['\u2019\u00a0\u202f ]",
        ",",
    ),
)


class NumberText(NamedTuple):
    """A text read as a number.

    Attributes:
        value: The number; for the notation "unclear", read with the comma as a thousands mark.
        notation: "plain" (1234), "point" (1234.5), "comma" (1234,5), "grouped" (1,234.5),
            "grouped_comma" (1.234,5), "grouped_space" (1 234.5), "unclear" (1,234),
            "scientific" (1.2E+5).
        currency: Its ISO 4217 code, if one is written.
        unit: "%", "oz", …, if one is written.
        whole: Whether no digits stand after the decimal mark.
        leading_zero: Whether it is digits only, and the first of several is 0.
    """

    value: float
    notation: str
    currency: str | None
    unit: str | None
    whole: bool
    leading_zero: bool


def read_number(text: str) -> NumberText | None:
    """Reads a trimmed text as a number in any usual notation; None where it is none."""
    if text.isdigit() and text.isascii():
        return NumberText(
            float(text),
            "plain",
            None,
            None,
            whole=True,
            leading_zero=len(text) > 1 and text[0] == "0",
        )
    match = _NUMBER.fullmatch(text)
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    found = _digits(match["digits"])
    if found is None:
        return None
    plain, notation = found
    value = float(plain)
    if match["power"]:
        value, notation = float(f"{plain}e{match['power']}"), "scientific"
    if (
        match["open"]
        or match["trailing"]
        or any(match[g] in {"-", "\u2212"} for g in ("sign", "inner"))
    ):
        value = -value
    currency = match["before"] or match["after"]
    return NumberText(
        value=value,
        notation=notation,
        currency=_SYMBOLS.get(currency.removeprefix("US"), currency) if currency else None,
        unit=match["unit"],
        whole="." not in plain and notation != "scientific",
        leading_zero=False,
    )


def _digits(digits: str) -> tuple[str, str] | None:
    """The digits in plain notation, and the notation they were in."""
    for regex, notation, thousands, decimal in _NOTATIONS:
        if regex.fullmatch(digits):
            return re.sub(thousands, "", digits).replace(decimal, "."), notation
    return None
