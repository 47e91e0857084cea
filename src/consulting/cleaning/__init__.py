"""Cleaning: a client's dbt models, run over what intake has loaded, every row accounted for."""

from consulting.cleaning.invocation import Progress
from consulting.cleaning.models import ClientModels, prepare_all
from consulting.cleaning.run import ColumnProblem, DbtRun, ModelsFailedError

__all__ = [
    "ClientModels",
    "ColumnProblem",
    "DbtRun",
    "ModelsFailedError",
    "Progress",
    "prepare_all",
]
