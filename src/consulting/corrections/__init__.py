"""The rejects desk: rejected rows that come back corrected. Nothing here knows Dagster or dbt."""

from consulting.corrections.identity import (
    CORRECTION_ID,
    DESK_COLUMNS,
    UNPARSED_TEXT,
    correction_id,
    is_corrections,
    original_columns,
)

__all__ = [
    "CORRECTION_ID",
    "DESK_COLUMNS",
    "UNPARSED_TEXT",
    "correction_id",
    "is_corrections",
    "original_columns",
]
