"""Whether a cell that came back still is the cell we sent."""

from __future__ import annotations

import calendar
import re
from decimal import Decimal, InvalidOperation

from consulting.formulas import neutralise, restore

_DIGITS = re.compile(r"\d+")
_ROUNDED = re.compile(r"(\d(?:[.,]\d+)?)[eE]\+?(\d{1,2})")
_DATE = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_ISO = re.compile(r"\d{4}-")
_PAIR = re.compile(r"(\d{1,2})[-/](\d{1,2})")
_DAY_OF_MONTH = re.compile(r"(\d{1,2})-([A-Z][a-z]{2})")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?(?:[eE][+-]?\d{1,3})?")
_LONG = 12  # digits: a spreadsheet shows longer numbers in scientific notation


def is_same(returned: str | None, sent: str | None) -> bool:
    """Whether a cell was left as it was sent.

    Blank and empty are the same, and so are spaces around and an apostrophe that we put in front.
    """
    back, out = _plain(returned), _plain(sent)
    return back in {out, neutralise(out)} or restore(back) == out


def is_damaged(returned: str | None, sent: str | None) -> bool:
    """Whether a spreadsheet made the cell from what we sent: `00123` became `123` or `1.2E+15`."""
    back, out = _plain(returned), _plain(sent)
    if not _DIGITS.fullmatch(out):
        return False
    if out.startswith("0") and _DIGITS.fullmatch(back):
        return out.lstrip("0") == back.lstrip("0") and len(back) < len(out)
    rounded = _ROUNDED.fullmatch(back)
    if rounded is None or len(out.lstrip("0")) < _LONG:
        return False
    mantissa, exponent = Decimal(rounded[1].replace(",", ".")), int(rounded[2])
    unit = Decimal(1).scaleb(exponent + int(mantissa.as_tuple().exponent))
    return abs(mantissa.scaleb(exponent) - Decimal(out)) <= unit / 2


def is_respelled(returned: str | None, sent: str | None) -> bool:
    """Whether a spreadsheet that opens a CSV writes what we sent so: 2026-01-04 as 1/4/2026.

    The same day in another notation, or with other noughts; 3/4 as 4-Mar; 3.10 as 3.1. Whoever
    corrects such a cell may write it so, too: it is to be asked only of one that was right.
    """
    back, out = _plain(returned), _plain(sent)
    pair, day = _PAIR.fullmatch(out), _DAY_OF_MONTH.fullmatch(back)
    if pair and day and day[2] in calendar.month_abbr:
        month = [*calendar.month_abbr].index(day[2])
        return sorted(map(int, pair.groups())) == sorted((int(day[1]), month))
    if _NUMBER.fullmatch(out) and _NUMBER.fullmatch(back):
        try:
            return out != back and Decimal(out) == Decimal(back)
        except InvalidOperation:
            return False
    was, now = _DATE.fullmatch(out), _DATE.fullmatch(back)
    return bool(was and now and out != back and _is_same_day(out, was, now))


def _is_same_day(out: str, was: re.Match[str], now: re.Match[str]) -> bool:
    *first, hour, minute, _ = was.groups()
    *second, hour_now, minute_now, _ = now.groups()
    if (int(hour or 0), minute or "00") != (int(hour_now or 0), minute_now or "00"):
        return False
    then, today = ([int(part) % 100 for part in parts] for parts in (first, second))
    if _ISO.match(out):  # of which every program knows what is the day
        return today[2] == then[0] and sorted(today[:2]) == sorted(then[1:])
    return then == today


def _plain(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()
