"""What the client opens: the delivery, built whole or not at all, and the same every time."""

from typing import TYPE_CHECKING

from consulting.lazy import lazy_exports

if TYPE_CHECKING:
    from consulting.delivery.build import build_delivery, draft_delivery, read_delivery
    from consulting.delivery.differences import (
        Differences,
        FeedDifference,
        accounts_of,
        write_comparison,
    )
    from consulting.delivery.findings import Finding, Question, ask_questions, collect_findings
    from consulting.delivery.history import (
        HISTORY_SCHEMA,
        HistoryTable,
        append_history,
        list_deliveries,
    )
    from consulting.delivery.inputs import (
        Consultancy,
        Delivery,
        DeliveryInputs,
        DeliverySummary,
        Difference,
        TableExport,
    )
    from consulting.delivery.logo import read_logo
    from consulting.delivery.manifest import INNER_MANIFEST, MANIFEST, read_manifest, read_summary
    from consulting.delivery.mapping import UnmappedColumn, find_unmapped, unmapped_columns
    from consulting.delivery.rejects import export_rejects
    from consulting.delivery.verify import compare

__all__ = [
    "HISTORY_SCHEMA",
    "INNER_MANIFEST",
    "MANIFEST",
    "Consultancy",
    "Delivery",
    "DeliveryInputs",
    "DeliverySummary",
    "Difference",
    "Differences",
    "FeedDifference",
    "Finding",
    "HistoryTable",
    "Question",
    "TableExport",
    "UnmappedColumn",
    "accounts_of",
    "append_history",
    "ask_questions",
    "build_delivery",
    "collect_findings",
    "compare",
    "draft_delivery",
    "export_rejects",
    "find_unmapped",
    "list_deliveries",
    "read_delivery",
    "read_logo",
    "read_manifest",
    "read_summary",
    "unmapped_columns",
    "write_comparison",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "HISTORY_SCHEMA": "history",
        "INNER_MANIFEST": "manifest",
        "MANIFEST": "manifest",
        "Consultancy": "inputs",
        "Delivery": "inputs",
        "DeliveryInputs": "inputs",
        "DeliverySummary": "inputs",
        "Difference": "inputs",
        "Differences": "differences",
        "FeedDifference": "differences",
        "Finding": "findings",
        "HistoryTable": "history",
        "Question": "findings",
        "TableExport": "inputs",
        "UnmappedColumn": "mapping",
        "accounts_of": "differences",
        "append_history": "history",
        "ask_questions": "findings",
        "build_delivery": "build",
        "collect_findings": "findings",
        "compare": "verify",
        "draft_delivery": "build",
        "export_rejects": "rejects",
        "find_unmapped": "mapping",
        "list_deliveries": "history",
        "read_delivery": "build",
        "read_logo": "logo",
        "read_manifest": "manifest",
        "read_summary": "manifest",
        "unmapped_columns": "mapping",
        "write_comparison": "differences",
    },
)
