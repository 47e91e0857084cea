"""What a delivery holds, for its documents to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.delivery.differences import Differences
    from consulting.delivery.examples import ChangedColumn
    from consulting.delivery.findings import Finding, Question
    from consulting.delivery.inputs import DeliverySummary
    from consulting.delivery.rejects import RejectsFile
    from consulting.delivery.tables import ExportedTable
    from consulting.delivery.verdict import Verdict
    from consulting.records import FileReading


@dataclass(frozen=True)
class Contents:
    """What a delivery consists of, for the report to tell.

    Attributes:
        findings: In the order of `collect_findings`.
        questions: What only the client can answer.
        examples: What cleaning changed.
        tables: The tables written.
        rejects: The rejects files written.
        receipts: The files that tell what became of corrected rows.
        files: How each file was read, with how many corrected rows are rejected again.
        verdict: Whether it can be used.
        summary: The delivery in a line.
        differences: How it is not the delivery before it; None where there is none.
    """

    findings: Sequence[Finding]
    questions: Sequence[Question]
    examples: Sequence[ChangedColumn]
    tables: Sequence[ExportedTable]
    rejects: Sequence[RejectsFile]
    receipts: Sequence[str]
    files: tuple[FileReading, ...]
    verdict: Verdict
    summary: DeliverySummary
    differences: Differences | None = None
