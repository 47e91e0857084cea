"""The transform log: every step of the run as one line of CSV, from the file to the delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.delivery.csv_file import write_csv
from consulting.delivery.deliverable import Document
from consulting.delivery.reasons import reason_in_words
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from consulting.delivery.contents import Contents
    from consulting.delivery.inputs import DeliveryInputs
    from consulting.delivery.tables import ExportedTable

COLUMNS = (
    "step",
    "stage",
    "feed",
    "subject",
    "operation",
    "rows_before",
    "rows_after",
    "rows_rejected",
    "rows_merged",
    "values_changed",
    "reason",
    "sha256",
    "detail",
)
_STAGES = ("file_received", "profiled", "cleaned", "validated", "delivered")
"""In the order in which they work; what a stage did keeps its order."""


class TransformLog(Document):
    """`transform_log.csv`: every step from the file to the delivery, one line each."""

    always = True

    def write(self, inputs: DeliveryInputs, contents: Contents, folder: Path) -> None:
        """Write the log."""
        lines = [line for part in (_files, _steps, _accounts) for line in part(inputs)]
        lines += list(_tables(inputs, contents.tables))
        lines += list(_versions(inputs))
        lines.sort(key=lambda line: _STAGES.index(str(line["stage"])))
        numbered = ({"step": number, **line} for number, line in enumerate(lines, start=1))
        rows = ([row.get(name) for name in COLUMNS] for row in numbered)
        write_csv(folder / "transform_log.csv", COLUMNS, rows, encoding="utf-8")


def _files(inputs: DeliveryInputs) -> Iterator[dict[str, object]]:
    for reading in inputs.files:
        words = "; ".join((*reading.decisions, *reading.warnings, *reading.unread))
        sampled = (
            f"sampled: {reading.loaded_rows} of {reading.sampled_from} rows kept"
            if reading.sampled_from is not None
            else ""
        )
        yield {
            "stage": "file_received",
            "feed": reading.feed,
            "subject": reading.filename,
            "operation": f"read ({reading.format})",
            "rows_before": reading.received_rows,
            "rows_after": reading.loaded_rows,
            "rows_rejected": reading.unparsed_rows,
            "sha256": reading.sha256,
            "detail": "; ".join(part for part in (sampled, words) if part),
        }
        if reading.corrections:
            yield {
                "stage": "file_received",
                "feed": reading.feed,
                "subject": reading.filename,
                "operation": "apply corrections",
                "rows_before": reading.corrections.rows,
                "rows_rejected": reading.unparsed_rows,
                "sha256": reading.sha256,
                "detail": reading.corrections.in_words(),
            }
        for skipped in reading.skipped:
            yield {
                "stage": "file_received",
                "feed": reading.feed,
                "subject": f"{reading.filename}, lines {skipped.first_line}-{skipped.last_line}",
                "operation": "skip lines that are not data",
                "detail": skipped.reason,
            }
    for file in inputs.quarantined:
        yield {
            "stage": "file_received",
            "feed": file.feed,
            "subject": file.filename,
            "operation": "quarantine",
            "reason": file.code,
            "sha256": file.sha256,
            "detail": f"{file.reason} {file.fix}",
        }
    for sentence in inputs.blocked:
        yield {"stage": "file_received", "operation": "blocked by tier", "detail": sentence}


def _steps(inputs: DeliveryInputs) -> Iterator[dict[str, object]]:
    for step in inputs.steps:
        yield step.model_dump()
    for check in inputs.checks:
        yield {
            "stage": "validated",
            "subject": f"{check.model}.{check.column}" if check.column else check.model,
            "operation": f"test {check.name}",
            "reason": check.status,
            "detail": f"{counted(check.failing_rows, 'failing row')}; {check.description}".rstrip(
                "; "
            ),
        }


def _accounts(inputs: DeliveryInputs) -> Iterator[dict[str, object]]:
    for account in inputs.accounts:
        for word, parts, column in (
            ("reject", account.rejected, "rows_rejected"),
            ("merge duplicates", account.merged, "rows_merged"),
        ):
            for reason, rows in sorted(parts.items()):
                yield {
                    "stage": "cleaned",
                    "feed": account.feed,
                    "subject": account.table,
                    "operation": word,
                    column: rows,
                    "reason": reason,
                    "detail": reason_in_words(reason, inputs, account.feed),
                }
        rejected, merged = sum(account.rejected.values()), sum(account.merged.values())
        yield {
            "stage": "validated",
            "feed": account.feed,
            "subject": account.table,
            "operation": "account for every row",
            "rows_before": account.received,
            "rows_after": account.delivered,
            "rows_rejected": rejected,
            "rows_merged": merged,
            "detail": f"{account.received} = {account.delivered} delivered + {rejected} rejected "
            f"+ {merged} merged",
        }


def _tables(inputs: DeliveryInputs, tables: Sequence[ExportedTable]) -> Iterator[dict[str, object]]:
    feeds = {account.table: account.feed for account in inputs.accounts}
    for table in tables:
        yield {
            "stage": "delivered",
            "feed": feeds.get(table.table),
            "subject": table.table,
            "operation": "write table",
            "rows_before": table.rows,
            "rows_after": table.rows,
            "detail": "; ".join((", ".join(table.files), *table.notes)),
        }


def _versions(inputs: DeliveryInputs) -> Iterator[dict[str, object]]:
    for name, version in sorted(inputs.versions.items()):
        yield {"stage": "delivered", "subject": name, "operation": "version", "detail": version}
