"""Whether a cell that came back still is the cell we sent."""

from __future__ import annotations

import re
from decimal import Decimal

from consulting.formulas import neutralise, restore

_DIGITS = re.compile(r"\d+")
_ROUNDED = re.compile(r"(\d(?:[.,]\d+)?)[eE]\+?(\d{1,2})")
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


def _plain(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()
