"""Check digits of the numbers that name a person, a card or an account.

Each function takes the number without separators and says whether its check digits hold.
"""

# ruff: noqa: SIM905 - a list of words is read as text

from __future__ import annotations

import re
from datetime import date

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_FISCALE_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        map(
            int,
            "1 0 5 7 9 13 15 17 19 21 1 0 5 7 9 13 15 17 19 21 2 4 18 20 11 3 6 8 12 14 16 10 22 "
            "25 24 23".split(),
        ),
        strict=True,
    )
)
_IBAN_LENGTHS = {
    word[:2]: int(word[2:])
    for word in (
        "AD24 AE23 AL28 AT20 BE16 BG22 BR29 CH21 CR22 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 "
        "GE22 GI23 GR27 HR21 HU28 IE22 IL23 IS26 IT27 KW30 KZ20 LI21 LT20 LU20 LV21 MC27 MD24 MT31 "
        "NL18 NO15 PL28 PT25 QA29 RO24 RS22 SA24 SE24 SI19 SK24 SM27 TN24 TR26 UA29"
    ).split()
}


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: cards, and Swedish personal numbers."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - casting out nines
    return total % 10 == 0


def card(digits: str) -> bool:
    """A payment card: issuer prefix and length as issued, and the Luhn digit."""
    return bool(
        re.fullmatch(
            r"4\d{12}(\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[0689]\d{12}"
            r"|6(011|4[4-9]\d|5\d\d)\d{12}|35[2-8]\d{13}",
            digits,
        )
    ) and luhn(digits)


def iban(text: str) -> bool:
    """ISO 13616: the country's length, and the remainder by 97 (ISO 7064) is 1."""
    if len(text) != _IBAN_LENGTHS.get(text[:2], 0) or not text.isascii() or not text.isalnum():
        return False
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def us_ssn(text: str) -> bool:
    """A US social security number as the SSA issues them (no check digit exists)."""
    return bool(re.fullmatch(r"(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}", text))


def uk_nino(text: str) -> bool:
    """A UK national insurance number by HMRC's rules for its letters (no check digit exists)."""
    return bool(
        re.fullmatch(r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", text)
    )


def spanish_dni(text: str) -> bool:
    """A Spanish DNI or NIE: the number modulo 23 gives the letter."""
    if not re.fullmatch(r"[XYZ\d]\d{7}[A-Z]", text):
        return False
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return _DNI_LETTERS[int(number) % 23] == text[-1]


def codice_fiscale(text: str) -> bool:
    """An Italian tax code: odd and even characters weighed apart, modulo 26."""
    if not re.fullmatch(r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", text):
        return False
    odd = sum(_FISCALE_ODD[c] for c in text[0:15:2])
    even = sum(int(c) if c.isdigit() else ord(c) - ord("A") for c in text[1:15:2])
    return chr(ord("A") + (odd + even) % 26) == text[-1]


def french_nir(text: str) -> bool:
    """A French social security number: 97 minus the number modulo 97 is its key."""
    if not re.fullmatch(r"[12]\d{2}(0[1-9]|1[0-2]|[2-9]\d)(\d{2}|2[AB])\d{8}", text):
        return False
    number = int(text[:13].replace("2A", "19").replace("2B", "18"))
    return 97 - number % 97 == int(text[13:])


def brazilian_cpf(digits: str) -> bool:
    """A Brazilian CPF: two check digits modulo 11; one repeated digit is not issued."""
    if not re.fullmatch(r"\d{11}", digits) or len(set(digits)) == 1:
        return False
    for length in (9, 10):
        total = sum(int(d) * (length + 1 - i) for i, d in enumerate(digits[:length]))
        if total * 10 % 11 % 10 != int(digits[length]):
            return False
    return True


def polish_pesel(digits: str) -> bool:
    """A Polish PESEL: a date of birth (the month carries the century) and a weighed sum."""
    if not re.fullmatch(r"\d{11}", digits):
        return False
    month = int(digits[2:4]) % 20
    total = sum(int(d) * w for d, w in zip(digits, (1, 3, 7, 9) * 3, strict=False))
    return 1 <= month <= 12 and 1 <= int(digits[4:6]) <= 31 and total % 10 == 0  # noqa: PLR2004


def swedish_personnummer(digits: str) -> bool:
    """A Swedish personal number of ten digits: a date of birth and a Luhn digit."""
    if not re.fullmatch(r"\d{10}", digits):
        return False
    try:
        date(2000 + int(digits[:2]) % 100, int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    return luhn(digits)


def german_tax_id(digits: str) -> bool:
    """A German Steuer-ID: ISO 7064 MOD 11,10, and among the first ten one digit repeats."""
    if not re.fullmatch(r"[1-9]\d{10}", digits) or len(set(digits[:10])) not in {8, 9}:
        return False
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])
