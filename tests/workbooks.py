"""Workbooks of a few rows, as clients send them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import openpyxl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def xlsx(
    sheets: Mapping[str, Sequence[Sequence[Any]]], shape: Callable[[Any], None] | None = None
) -> bytes:
    """A workbook of these sheets.

    Args:
        sheets: The rows of each, by its name.
        shape: What else is done to the workbook before it is saved.
    """
    book, target = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if shape:
        shape(book)
    book.save(target)
    return target.getvalue()
