"""Cleaning: a client's dbt models, run over what intake has loaded, every row accounted for."""

from typing import TYPE_CHECKING

from consulting.lazy import lazy_exports

if TYPE_CHECKING:
    from consulting.cleaning.accounts import account_rows, cleaning_steps
    from consulting.cleaning.changes import sides, with_changes
    from consulting.cleaning.invocation import Progress
    from consulting.cleaning.mappings import column_mappings
    from consulting.cleaning.models import ClientModels, prepare_all
    from consulting.cleaning.reasons import reject_reasons
    from consulting.cleaning.run import ColumnProblem, DbtRun, ModelsFailedError, check_columns
    from consulting.cleaning.scaffolding import write_feed_models

__all__ = [
    "ClientModels",
    "ColumnProblem",
    "DbtRun",
    "ModelsFailedError",
    "Progress",
    "account_rows",
    "check_columns",
    "cleaning_steps",
    "column_mappings",
    "prepare_all",
    "reject_reasons",
    "sides",
    "with_changes",
    "write_feed_models",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "ClientModels": "models",
        "ColumnProblem": "run",
        "DbtRun": "run",
        "ModelsFailedError": "run",
        "Progress": "invocation",
        "account_rows": "accounts",
        "check_columns": "run",
        "cleaning_steps": "accounts",
        "column_mappings": "mappings",
        "prepare_all": "models",
        "reject_reasons": "reasons",
        "sides": "changes",
        "with_changes": "changes",
        "write_feed_models": "scaffolding",
    },
)
