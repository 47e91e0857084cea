"""Numbers that name a person, a card or an account, told by form and check digits.

The check digits are python-stdnum's. A number that one random number in ten would pass for counts
only where its form is its own, or where nearly all of a column pass the same check.
"""

# ruff: noqa: SIM905 - a list of words is read as text

from __future__ import annotations

import re
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from consulting.privacy.plain import western

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class _Number(Protocol):
    def is_valid(self, number: str) -> bool: ...


_SEPARATORS = re.compile(r"[\s./\u2010-\u2015-]")
_CARD = re.compile(
    r"4\d{12}(\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[0689]\d{12}"
    r"|6(011|4[4-9]\d|5\d\d)\d{12}|62\d{14}|35[2-8]\d{13}|220[0-4]\d{12}"
)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z\d]{11,30}")
# What is one by its form: the form of the number without separators, and who checks it.
_OWN_FORM = tuple(
    (re.compile(form), module)
    for form, module in (
        (r"[XYZ]\d{7}[A-Z]", "es.nie"),
        (r"\d{8}[A-Z]", "es.dni"),
        (r"[A-Z]{6}[\dL-NP-V]{2}[A-Z][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]", "it.codicefiscale"),
        (r"[12]\d{4}(?:\d\d|2[AB])\d{8}", "fr.nir"),
        (r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z\d]\d", "mx.curp"),
        (r"[A-Z]{5}\d{4}[A-Z]", "in_.pan"),
        (r"\d{17}[\dX]", "cn.ric"),
        (r"\d{6}[A+Y-]\d{3}[0-9A-Y]", "fi.hetu"),
        (r"\d{7}[A-W][A-IW]?", "ie.pps"),
        (r"756\d{10}", "ch.ssn"),
    )
)
_NINO = re.compile(r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")
# No check digit exists; python-stdnum refuses those that were once printed in advertisements.
_SSN = re.compile(r"(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}")
# The separators make the form: digits alone may be anything.
_WRITTEN = tuple(
    (re.compile(form), module)
    for form, module in (
        (r"\d{3}\.\d{3}\.\d{3}-\d{2}", "br.cpf"),
        (r"\d{6,8}[-+]\d{4}", "se.personnummer"),
        (r"\d{6}-\d{4}", "dk.cpr"),
        (r"\d{6}/\d{3,4}", "cz.rc"),
        (r"\d{6}-[1-8]\d{6}", "kr.rrn"),
        (r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", "be.nn"),
        (r"\d{1,2}\.\d{3}\.\d{3}-[\dkK]", "cl.rut"),
    )
)
# Of plain digits: one random number in ten or fewer passes.
_DIGITS = (
    "br.cpf pl.pesel se.personnummer de.idnr tr.tckimlik il.idnr nl.bsn no.fodselsnummer "
    "ro.cnp bg.egn ee.ik hr.oib si.emso in_.aadhaar ca.sin au.tfn za.idnr kr.rrn cn.ric "
    "fr.nir gb.nhs pt.nif th.pin be.nn fi.hetu dk.cpr ch.ssn gr.amka lt.asmens it.iva ru.inn "
    "cz.rc at.vnr ec.ci do.cedula"
).split()
_COLUMN_SHARE, _FIRST = 0.8, 20
_CHANCE = 3
"""So many numbers in a row that pass a check of one in ten are no chance."""


@cache
def _checker(name: str) -> _Number:
    return cast("_Number", import_module(f"stdnum.{name}"))


def _is_valid(name: str, number: str) -> bool:
    try:
        return _checker(name).is_valid(number)
    except LookupError:  # `cn.ric` has places without a county; digits and date were right by then
        return True


def bare(value: str) -> str:
    """A number without separators, its letters capital, its digits of this script."""
    return _SEPARATORS.sub("", western(value)).upper()


def is_card(value: str) -> bool:
    """Whether a value is a payment card number: issuer, length and check digit."""
    number = bare(value)
    return _CARD.fullmatch(number) is not None and _is_valid("luhn", number)


def is_iban(value: str) -> bool:
    """Whether a value is an international bank account number."""
    number = bare(value)
    return _IBAN.fullmatch(number) is not None and _is_valid("iban", number)


def is_national_id(value: str) -> bool:
    """Whether a value is a national number by a form that nothing else has, and its check."""
    text = western(value).strip()
    number = bare(text)
    if not 9 <= len(number) <= 18:  # noqa: PLR2004 - as the forms have them
        return False
    if (
        _NINO.fullmatch(number)
        or _SSN.fullmatch(text)
        or any(form.fullmatch(number) and _is_valid(name, number) for form, name in _OWN_FORM)
    ):
        return True
    return any(form.fullmatch(text) and _is_valid(name, text) for form, name in _WRITTEN) or (
        number.isdigit() and len(number) == 11 and _is_valid("br.cpf", number)  # noqa: PLR2004
    )


def are_national_ids(values: Iterable[str]) -> bool:
    """Whether plain numbers of a column are one country's: nearly all pass one check.

    Args:
        values: Different values.
    """
    numbers = [bare(value) for value in values]
    numbers = [n for n in numbers if 9 <= len(n) <= 18]  # noqa: PLR2004
    if len(numbers) < _CHANCE:
        return False
    return any(_passes(numbers, name) for name in _DIGITS)


def _passes(numbers: Sequence[str], name: str) -> bool:
    check = partial(_is_valid, name)
    first = numbers[:_FIRST]
    if sum(map(check, first)) < _COLUMN_SHARE * len(first):
        return False
    return sum(map(check, numbers)) >= _COLUMN_SHARE * len(numbers)
