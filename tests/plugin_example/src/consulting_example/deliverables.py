"""A document and a format of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.delivery.deliverable import Document, TableFormat, TableRows
from consulting.sql import literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from consulting.delivery.contents import Contents
    from consulting.delivery.inputs import DeliveryInputs


class JsonLines(TableFormat):
    """One JSON object a line."""

    extension = "jsonl"
    words = "JSON lines"

    def write(self, table: TableRows, target: Path) -> Sequence[str]:
        table.connection.execute(f"COPY ({table.query}) TO {literal(str(target))} (FORMAT json)")
        return ()


class HandoverLetter(Document):
    """`handover_letter.txt`: what is handed over, in two sentences."""

    def write(self, inputs: DeliveryInputs, contents: Contents, folder: Path) -> None:
        tables = ", ".join(table.table for table in contents.tables)
        text = f"Dear {inputs.client_name}, here are {tables}. {contents.verdict.headline}\n"
        (folder / "handover_letter.txt").write_text(text, encoding="utf-8", newline="\n")
