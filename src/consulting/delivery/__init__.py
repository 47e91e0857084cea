"""What the client opens: the delivery, built whole or not at all, and the same every time."""

from consulting.delivery.build import build_delivery, draft_delivery, read_delivery
from consulting.delivery.differences import (
    Differences,
    FeedDifference,
    accounts_of,
    differences,
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
from consulting.delivery.rejects import (
    export_rejects,
)
from consulting.delivery.verify import compare, verify

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
    "differences",
    "draft_delivery",
    "export_rejects",
    "find_unmapped",
    "list_deliveries",
    "read_delivery",
    "read_logo",
    "read_manifest",
    "read_summary",
    "unmapped_columns",
    "verify",
    "write_comparison",
]
