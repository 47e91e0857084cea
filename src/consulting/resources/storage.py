"""Dagster's SQLite storage, which keeps the connections that it writes events over.

Dagster opens a database, builds each statement and closes it again for every event: a third of what
it takes itself of a run. PostgreSQL's storage keeps its connections already.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as db

# What `dagster.yaml` names where it names no storage of ours; they have no public name.
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Self

    from dagster._serdes import ConfigurableClassData

_INDEX = "index"
"""The database of what Dagster looks for across runs; each run has one of its own besides."""
_MOST_KEPT = 8
"""A run writes to two; a web server reads of many runs."""
_BUSY_SECONDS = 30
"""How long a writer waits for another, as in Dagster's own."""


class KeptEventLog(SqliteEventLogStorage):
    """Dagster's events in SQLite, over connections that stay open.

    Args:
        base_dir: The folder of the databases.
    """

    def __init__(self, base_dir: str) -> None:
        self._one_by_one = threading.Lock()
        self._kept: dict[str, db.Engine] = {}
        super().__init__(base_dir)

    def run_connection(self, run_id: str | None = None) -> AbstractContextManager[db.Connection]:
        """A transaction in a run's database."""
        return self._transaction(run_id or "", super().run_connection(run_id))

    def index_connection(self) -> AbstractContextManager[db.Connection]:
        """A transaction in the database of what is looked for across runs."""
        return self._transaction(_INDEX, super().index_connection())

    @contextmanager
    def _transaction(
        self, shard: str, first: AbstractContextManager[db.Connection]
    ) -> Iterator[db.Connection]:
        if shard not in self._kept:
            with first:  # it makes the tables, if there are none
                pass
        with self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> db.Engine:
        with self._one_by_one:
            engine = self._kept.pop(shard, None) or db.create_engine(
                self.conn_string_for_shard(shard),
                pool_size=1,
                max_overflow=-1,
                connect_args={"timeout": _BUSY_SECONDS},
            )
            self._kept[shard] = engine
            if len(self._kept) > _MOST_KEPT:
                self._kept.pop(next(iter(self._kept))).dispose()
        return engine

    def wipe(self) -> None:
        """Forget all events; no connection to a database that is removed stays open."""
        self._let_go()
        super().wipe()

    def dispose(self) -> None:
        """Close what is open."""
        self._let_go()
        super().dispose()

    def _let_go(self) -> None:
        with self._one_by_one:
            while self._kept:
                self._kept.popitem()[1].dispose()


class KeptSqliteStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite, with `KeptEventLog`.

    Args:
        base_dir: The folder of the databases; the same as `storage: {sqlite: …}` has them in.
        inst_data: What `dagster.yaml` says of it.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = KeptEventLog(str(Path(base_dir, "history", "runs")))

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """The storage that `dagster.yaml` describes."""
        return cls.from_local(inst_data=inst_data, **config_value)
