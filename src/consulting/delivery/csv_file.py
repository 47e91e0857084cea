"""The CSV files of a delivery that are not tables: every cell quoted, none a formula."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from consulting.formulas import neutralise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def write_csv(
    target: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    encoding: str = "utf-8-sig",
) -> int:
    """Write a table of texts and whole numbers.

    Every cell is quoted: `csv` leaves a lone CR bare, which ends a line for other readers.

    Args:
        target: The file.
        columns: The header.
        rows: The cells; None is empty.
        encoding: With its signature, by default: Excel then reads UTF-8 when a file is clicked.

    Returns:
        How many rows were written.
    """
    count = 0
    with target.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow([neutralise(column) for column in columns])
        for row in rows:
            writer.writerow(["" if cell is None else neutralise(str(cell)) for cell in row])
            count += 1
    return count
