"""Currencies: the codes of ISO 4217 and the signs that are written in their place."""

# ruff: noqa: SIM905, RUF001 - a list of codes is read as text; signs are of any alphabet

from __future__ import annotations

import re

CODES = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF "
    "KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD "
    "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG".split()
)
COMMON = frozenset(
    "USD EUR GBP CHF JPY CNY INR CAD AUD NZD SEK NOK DKK PLN CZK HUF BRL MXN ZAR TRY RUB".split()
)
"""Codes that are read even where they stand close to bare digits: EUR12, but no PEN12."""
SIGNS = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "円": "JPY", "元": "CNY",
    "₹": "INR", "Rs": "INR", "Rs.": "INR", "₽": "RUB", "руб.": "RUB", "zł": "PLN", "Kč": "CZK",
    "Ft": "HUF", "R$": "BRL", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD",
    "HK$": "HKD", "S$": "SGD", "NT$": "TWD", "MX$": "MXN", "₺": "TRY", "₩": "KRW", "₪": "ILS",
    "₫": "VND", "₦": "NGN", "₱": "PHP", "฿": "THB", "₴": "UAH", "₡": "CRC", "₲": "PYG",
    "₵": "GHS", "₸": "KZT", "₼": "AZN", "₾": "GEL", "₭": "LAK", "₮": "MNT", "₿": "BTC",
    "SFr.": "CHF", "Fr.": "CHF", "Euro": "EUR", "euro": "EUR",
    "kr": "kr", "kr.": "kr", "lei": "RON", "лв": "BGN", "лв.": "BGN",
}  # fmt: skip
"""Each sign with its code; "kr" is the sign of several crowns, and stays as it is."""
_CROWNS = frozenset({"SEK", "NOK", "DKK", "ISK"})


def alternatives(words: object) -> str:
    """Texts as a regular expression, the longest first, that any engine reads."""
    ordered = sorted(map(str, words), key=lambda word: (-len(word), word))  # type: ignore[call-overload]
    return "|".join(re.sub(r"[.$]", r"[\g<0>]", word) for word in ordered)


ALL = tuple(sorted({*SIGNS, *CODES}, key=lambda word: (-len(word), word)))
WRITTEN = (*ALL, *(code.lower() for code in sorted(COMMON)))
"""What the profile knows: lower case is read of common codes only, "all" and "top" are words."""
PATTERN = alternatives(WRITTEN)


def code_of(written: str) -> str:
    """The code of a currency as written; its sign where that is of several currencies."""
    return SIGNS.get(written) or (written.upper() if written.upper() in CODES else written)


TOLD = CODES | {"kr"}
"""What `code_of` tells."""


def may_be_one(first: str, second: str) -> bool:
    """Whether two currencies, as `code_of` tells them, may be the same."""
    return first == second or {first, second} - _CROWNS == {"kr"}


GRAMMAR = {
    "currencies": list(ALL),
    "currency_codes": sorted(CODES),
    "currency_signs": SIGNS,
}
