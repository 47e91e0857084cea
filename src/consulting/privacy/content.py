"""Which personal data one value is, by its form and its check digits.

A recogniser says "this whole value is one". The strict ones need no help from the column's name;
the lenient ones only confirm what a name announced, for ten digits alone may be anything.
"""

# ruff: noqa: SIM905 - a list of words is read as text

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from ipaddress import ip_address

from consulting.privacy import checksums
from consulting.privacy.given_names import GIVEN_NAMES

Recogniser = Callable[[str], bool]

_EMAIL = r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}"
_EMAIL_WHOLE = re.compile(rf"(?:mailto:)?<?{_EMAIL}>?", re.IGNORECASE)
_EMAIL_INSIDE = re.compile(_EMAIL)
_PHONE_STRICT = re.compile(
    r"\+\d{1,3}[\s().-]*(?:\d[\s().-]*){6,12}(?:\s*(?:x|ext\.?)\s*\d{1,6})?"
    r"|(?:\+?1[\s.-]?)?(?:\(\d{3}\)\s?|\d{3}[.-])\d{3}[\s.-]\d{4}(?:\s*(?:x|ext\.?)\s*\d{1,6})?"
    r"|\(?0\d{1,4}\)?[\s/-]\d{2,4}(?:[\s-]?\d{2,4}){1,3}",
    re.IGNORECASE,
)
_PHONE_LENIENT = re.compile(r"\+?[\d\s().,/x-]{5,25}(?:ext\.?\s*\d+)?", re.IGNORECASE)
_PHONE_DIGITS = range(6, 19)
_DATE = re.compile(
    r"\d{4}[-/.]?\d{1,2}[-/.]?\d{1,2}(?:[T ].*)?|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}(?: .*)?"
    r"|\d{1,2}[-. ]?[^\W\d_]{3,9}\.?[-., ]*\d{2,4}|[^\W\d_]{3,9}\.? \d{1,2},? \d{2,4}"
    r"|(?:19|20)\d\d"
)
_NUMBERS_INSIDE = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.])")
_IBAN_INSIDE = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_SSN_INSIDE = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
_STREET = re.compile(
    r"\d+\w?[\s,]+(?:[\w.'-]+\s+){1,5}"
    r"(?:st|street|ave|avenue|rd|road|blvd|boulevard|ln|lane|dr|drive|ct|court|pl|place|hwy"
    r"|highway|pkwy|parkway|sq|square|terrace|crescent|close|way)\b\.?.*"
    r"|[\w\s.-]*(?:straße|strasse|str\.|gasse|allee|platz|weg|straat|laan)\s*\d+.*"
    r"|(?:\d+[\s,]+)?(?:rue|calle|avenida|via|viale|piazza|rua)\s+[^\d]+(?:\d+.*)?",
    re.IGNORECASE,
)
_NAME_PART = re.compile(r"[^\W\d_][^\W\d_.'\u2019-]*(?:['\u2019-][^\W\d_]+)*\.?")
_NOT_OF_A_NAME = frozenset(
    "inc ltd llc gmbh ag sa srl bv corp co company group the of and for & hospital center centre "
    "school university store shop hotel restaurant bar beer ale street road".split()
)
_MAC = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s./-]")


def _bare(value: str) -> str:
    return _SEPARATORS.sub("", value).upper()


def is_email(value: str) -> bool:
    """Whether the whole value is one e-mail address."""
    return "@" in value and _EMAIL_WHOLE.fullmatch(value) is not None


def is_phone(value: str) -> bool:
    """Whether a value is written as only telephone numbers are: `+…`, `(…) …-…`."""
    return _PHONE_STRICT.fullmatch(value) is not None and not is_date(value)


def could_be_phone(value: str) -> bool:
    """Whether a value would pass as a telephone number in a column named so."""
    return (
        _PHONE_LENIENT.fullmatch(value) is not None
        and sum(c.isdigit() for c in value) in _PHONE_DIGITS
    )


def is_card(value: str) -> bool:
    """Whether a value is a payment card number."""
    return checksums.card(re.sub(r"[ -]", "", value))


def is_iban(value: str) -> bool:
    """Whether a value is an international bank account number."""
    return checksums.iban(re.sub(r"[\s-]", "", value).upper())


def is_national_id(value: str) -> bool:
    """Whether a value's form or check digits are those of a national number.

    Bare digits count only where two digits check them (CPF); a single check digit holds for one
    random number in ten.
    """
    text = value.strip()
    bare = _bare(text)
    return (
        (re.fullmatch(r"\d{3}-\d{2}-\d{4}", text) is not None and checksums.us_ssn(bare))
        or checksums.uk_nino(bare)
        or checksums.spanish_dni(bare)
        or checksums.codice_fiscale(bare)
        or checksums.french_nir(bare)
        or checksums.brazilian_cpf(bare)
        or re.fullmatch(r"[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]", text) is not None
        or (re.fullmatch(r"\d{6}[-+]\d{4}", text) is not None
            and checksums.swedish_personnummer(bare))
    )  # fmt: skip


def could_be_national_id(value: str) -> bool:
    """Whether a value would pass as an identity number in a column named so."""
    bare = _bare(value)
    return 5 <= len(bare) <= 20 and bare.isalnum() and any(c.isdigit() for c in bare)  # noqa: PLR2004


def is_ip_address(value: str) -> bool:
    """Whether a value is an IPv4, IPv6 or MAC address."""
    if _MAC.fullmatch(value):
        return True
    if value.count(".") != 3 and ":" not in value:  # noqa: PLR2004 - four octets
        return False
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def is_date(value: str) -> bool:
    """Whether a value is written as a date; only with a name to say so is it one of birth."""
    return _DATE.fullmatch(value) is not None


def is_address(value: str) -> bool:
    """Whether a value reads as a street and a number."""
    return _STREET.fullmatch(value) is not None


def is_person_name(value: str) -> bool:
    """Whether a value reads as a person's name of several words: letters, and a given name."""
    parts = value.replace(",", " ").split()
    if not 2 <= len(parts) <= 4:  # noqa: PLR2004 - from "Jane Doe" to "Dr Jane Mary Doe"
        return False
    plain = [_plain(p) for p in parts]
    if any(p.strip(".") in _NOT_OF_A_NAME for p in plain):
        return False
    return all(_NAME_PART.fullmatch(p) for p in parts) and any(
        word in GIVEN_NAMES for p in plain for word in p.split("-")
    )


def could_be_name(value: str) -> bool:
    """Whether a value would pass as a name in a column named so: words without digits."""
    return not any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _plain(text: str) -> str:
    if text.isascii():
        return text.casefold()
    return "".join(
        c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)
    ).casefold()


def kind_inside(value: str) -> str | None:
    """The kind of personal data a longer text holds somewhere: an address, a card, an account."""
    if "@" in value and _EMAIL_INSIDE.search(value):
        return "email"
    if any(checksums.card(re.sub(r"\D", "", m)) for m in _NUMBERS_INSIDE.findall(value)):
        return "card"
    if any(is_iban(m) for m in _IBAN_INSIDE.findall(value)):
        return "iban"
    if any(is_national_id(m) for m in _SSN_INSIDE.findall(value)):
        return "national_id"
    return None


# What is found without a name, and the least share of the values that makes it a finding.
STRICT: dict[str, tuple[Recogniser, float]] = {
    "email": (is_email, 0.05),
    "iban": (is_iban, 0.05),
    "card": (is_card, 0.3),
    "national_id": (is_national_id, 0.3),
    "ip_address": (is_ip_address, 0.5),
    "phone": (is_phone, 0.3),
    "address": (is_address, 0.4),
    "name": (is_person_name, 0.3),
}

# What confirms a name's announcement.
LENIENT: dict[str, Recogniser] = {
    "email": is_email,
    "phone": could_be_phone,
    "date_of_birth": is_date,
    "national_id": could_be_national_id,
    "iban": is_iban,
    "bank_account": could_be_national_id,
    "card": is_card,
    "ip_address": is_ip_address,
    "postal_code": lambda value: len(value) <= 10 and any(c.isdigit() for c in value),  # noqa: PLR2004
    "address": lambda value: any(c.isalpha() for c in value),
    "name": could_be_name,
}
