"""What one value is, looked at alone; a column's type is decided from all its values."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from consulting.privacy.content import is_phone, is_plain_email
from consulting.rules.dates import DateText, is_time, read_date
from consulting.rules.numbers import NumberText, read_number
from consulting.rules.to_boolean import WORDS

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_URL = re.compile(r"(https?|ftp)://\S+|www\.[\w-]+\.\S+", re.IGNORECASE)


class Form(NamedTuple):
    """The form of one value.

    Attributes:
        kind: "number", "date", "time", "boolean", "email", "phone", "url", "uuid" or "text".
        number: How it is a number.
        date: How it is a date.
    """

    kind: str
    number: NumberText | None = None
    date: DateText | None = None


_TEXT = Form("text")
_EMAIL = Form("email")
_URL_FORM = Form("url")
_BOOLEAN = Form("boolean")
_LONGEST = 64
_LONE = (
    (is_time, Form("time")),
    (is_plain_email, _EMAIL),
    (lambda text: _UUID.fullmatch(text) is not None, Form("uuid")),
    (is_phone, Form("phone")),
    (lambda text: _URL.fullmatch(text) is not None, _URL_FORM),
)


@lru_cache(maxsize=20_000)  # for its column's type, and again for what does not fit it
def read_form(text: str) -> Form:
    """The form of a trimmed value that is neither blank nor a null token."""
    if len(text) > _LONGEST:
        return _URL_FORM if _URL.fullmatch(text) else _TEXT
    if any(c.isdigit() for c in text):
        return _with_digits(text)
    if "@" in text and is_plain_email(text):
        return _EMAIL
    if text.casefold() in WORDS:
        return _BOOLEAN
    return _URL_FORM if _URL.fullmatch(text) else _TEXT


def _with_digits(text: str) -> Form:
    number = read_number(text)
    if number is not None:
        return Form("number", number=number)
    day = read_date(text)
    if day is not None:
        return Form("date", date=day)
    return next((form for is_one, form in _LONE if is_one(text)), _TEXT)
