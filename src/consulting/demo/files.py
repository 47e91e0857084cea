"""Writes the demo clients' files into their drop folders."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import xlsxwriter

from consulting.demo import acme_corp, globex, initech
from consulting.layout import ClientFolder
from consulting.writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# A workbook carries the day it was made; a fixed one keeps its bytes the same.
_MADE_ON = datetime(2026, 1, 5, tzinfo=UTC).replace(tzinfo=None)


def write_demo_files(data_root: Path) -> list[Path]:
    """Write two feeds for each of the three demo clients, 500 rows and more in each.

    A file that is there with the same bytes is not touched, so that it is not taken for a new
    version of itself.

    Args:
        data_root: The folder that holds every client's files.

    Returns:
        The files, written or found.
    """
    files = {
        ("acme_corp", "customers_2026-01-05.csv"): _csv(
            acme_corp.customers(), delimiter=",", encoding="cp1252"
        ),
        ("acme_corp", "orders_2026-01-05.xlsx"): _workbook("Orders", acme_corp.orders()),
        ("globex", "invoices_2026-01.csv"): _csv(
            globex.invoices(), delimiter=";", encoding="utf-8-sig"
        ),
        ("globex", "products_2026-01.xlsx"): _workbook("Artikel", globex.products()),
        ("initech", "employees_2026-01.csv"): _csv(
            initech.employees(), delimiter=",", encoding="utf-16"
        ),
        ("initech", "departments_2026-01.xlsx"): _workbook("Departments", initech.departments()),
    }
    paths: list[Path] = []
    for (client_id, name), content in files.items():
        path = ClientFolder(data_root, client_id).incoming / name
        _write(path, content)
        paths.append(path)
    return paths


def _write(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    write_whole(path, [content])


def _csv(rows: Sequence[Sequence[Any]], *, delimiter: str, encoding: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


def _workbook(sheet_name: str, rows: Sequence[Sequence[Any]]) -> bytes:
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as workbook:
        workbook.set_properties({"created": _MADE_ON, "author": "export"})
        bold = workbook.add_format({"bold": True})
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet = workbook.add_worksheet(sheet_name)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, day)
                elif value is not None:
                    sheet.write(number, column, value, bold if number == 0 else None)
    return buffer.getvalue()
