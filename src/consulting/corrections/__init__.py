"""The rejects desk: rejected rows that come back corrected. Nothing here knows Dagster or dbt.

A rejects file of a delivery comes back with corrections in it. `sent` knows what was sent out,
`desk` judges each row that comes back, `applying` writes the files in use anew with the
corrections in place.
"""

from consulting.corrections.applying import apply_corrections
from consulting.corrections.identity import (
    CORRECTION_ID,
    DESK_COLUMNS,
    UNKNOWN_CORRECTION,
    UNPARSED_TEXT,
    correction_id,
    corrections_name,
    is_corrections,
    rejects_name,
)
from consulting.corrections.returned import returned_rows
from consulting.corrections.rows import set_aside
from consulting.corrections.sent import origin, sent_rows

__all__ = [
    "CORRECTION_ID",
    "DESK_COLUMNS",
    "UNKNOWN_CORRECTION",
    "UNPARSED_TEXT",
    "apply_corrections",
    "correction_id",
    "corrections_name",
    "is_corrections",
    "origin",
    "rejects_name",
    "returned_rows",
    "sent_rows",
    "set_aside",
]
