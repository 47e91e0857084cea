"""The dbt-duckdb plugin that confines a run's connection to the client's warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dbt.adapters.duckdb.plugins import BasePlugin

from consulting.bounded_memory import confine, spill_of
from consulting.errors import CleaningError

if TYPE_CHECKING:
    import duckdb


class Plugin(BasePlugin):
    """What dbt-duckdb loads by the module's name in profiles.yml."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Confine dbt's connection once, before the first model runs.

        Args:
            conn: The connection, just opened.
        """
        if self.creds is None:
            raise CleaningError("dbt gave no credentials to confine; nothing was read.")
        confine(conn, spill_of(Path(self.creds.path)))
