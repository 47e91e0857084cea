"""Throw-away dbt projects with the real shared parts, and raw tables made of plain rows."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from parsed_once import lay_shared

from consulting.cleaning import ClientModels, DbtRun, open_tables, write_feed_models
from consulting.layout import ClientFolder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from consulting.cleaning.warehouse import Tables

SHARED = Path(__file__).parents[2] / "dbt"


class Project:
    """A dbt project of its own with the shared macros and tests, and a data root."""

    def __init__(self, root: Path) -> None:
        self.dbt_dir = root / "dbt"
        self.data = root / "data"
        lay_shared(self.dbt_dir)
        self._batches = itertools.count(1)

    def copy_client(self, client_id: str) -> None:
        """Take over a client's models from the real project."""
        folder = Path("models", "clients", client_id)
        shutil.copytree(SHARED / folder, self.dbt_dir / folder)

    def write(self, client_id: str, path: str, text: str) -> Path:
        file = self.dbt_dir / "models" / "clients" / client_id / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def feed(
        self, client_id: str, feed: str, columns: Sequence[Mapping[str, Any]], **kwargs: Any
    ) -> None:
        write_feed_models(self.dbt_dir, client_id, feed, columns, **kwargs)

    def models(self, client_id: str) -> ClientModels:
        return ClientModels(self.dbt_dir, client_id)

    def folder(self, client_id: str) -> ClientFolder:
        return ClientFolder(self.data, client_id)

    def load(
        self, client_id: str, feed: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Make `raw.<feed>` as intake does."""
        warehouse = self.folder(client_id).warehouse
        warehouse.parent.mkdir(parents=True, exist_ok=True)
        names = ", ".join(f'"{name}" VARCHAR' for name in columns)
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
            connection.execute(
                f'CREATE OR REPLACE TABLE raw."{feed}" '
                f"({names}, _file VARCHAR, _row BIGINT, _row_id BIGINT)"
            )
            if rows:
                marks = f"({', '.join('?' * (len(columns) + 3))})"
                values = [
                    value
                    for number, row in enumerate(rows, 1)
                    for value in (*row, f"{feed}.csv", number + 1, number)
                ]
                connection.execute(
                    f'INSERT INTO raw."{feed}" VALUES {", ".join([marks] * len(rows))}', values
                )

    def run(self, client_id: str, **kwargs: Any) -> DbtRun:
        batch = f"{client_id}-{next(self._batches)}"
        return DbtRun(self.models(client_id), self.folder(client_id), batch, **kwargs)

    def tables(self, client_id: str) -> AbstractContextManager[Tables]:
        return open_tables(self.folder(client_id).warehouse)

    def rows(self, client_id: str, sql: str) -> list[Any]:
        with duckdb.connect(str(self.folder(client_id).warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"))
