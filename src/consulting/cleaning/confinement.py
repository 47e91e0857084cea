"""The dbt-duckdb plugin that shuts a run's connection into its client's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dbt.adapters.duckdb.plugins import BasePlugin

from consulting.bounded_memory import bound_memory, spill_of
from consulting.errors import CleaningError
from consulting.sql import literal

if TYPE_CHECKING:
    import duckdb


def confine(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Let a connection read and write files below one folder only, and lock that.

    Args:
        connection: A connection whose database file lies in the folder.
        folder: The client's folder; symlinks in its path are resolved, so that a link inside it
            that leads elsewhere is refused.
    """
    place = literal(f"{folder.resolve()}/")
    bound_memory(connection, spill_of(folder.resolve() / "warehouse.duckdb"))
    connection.execute(f"SET allowed_directories = [{place}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


class Plugin(BasePlugin):
    """What dbt-duckdb loads by the module's name in profiles.yml."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Confine dbt's connection once, before the first model runs.

        Args:
            conn: The connection, just opened.
        """
        if self.creds is None:
            raise CleaningError("dbt gave no credentials to confine; nothing was read.")
        confine(conn, Path(self.creds.path).parent)
