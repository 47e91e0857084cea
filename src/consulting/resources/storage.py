"""Dagster's SQLite storage, which keeps its connections and looks at its databases once a process.

Dagster opens a database, builds each statement and closes it again for every event, and reads all
its migrations for every tick of a sensor. PostgreSQL's storage keeps its connections already.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import TYPE_CHECKING, Any

import sqlalchemy as db

# What `dagster.yaml` names where it names no storage of ours; they have no public name.
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Self

    from dagster._serdes import ConfigurableClassData

_INDEX = "index"
"""The database of what Dagster looks for across runs; each run has one of its own besides."""
_SQLITE = "sqlite:///"
_RUNS, _SCHEDULES = "history/runs.db", "schedules/schedules.db"
_EVENTS = f"history/runs/{_INDEX}.db"
_MOST_KEPT = 8
"""A run writes to four; a web server reads of many runs."""
_BUSY_SECONDS = 30
"""How long a writer waits for another, as in Dagster's own."""

_kept: dict[str, db.Engine] = {}
_made: set[Path] = set()
_one_by_one = threading.RLock()


def _engine(url: str) -> db.Engine:
    with _one_by_one:
        engine = _kept.pop(url, None) or db.create_engine(
            url, pool_size=1, max_overflow=-1, connect_args={"timeout": _BUSY_SECONDS}
        )
        _kept[url] = engine
        if len(_kept) > _MOST_KEPT:
            _kept.pop(next(iter(_kept))).dispose()
    return engine


@contextmanager
def _transaction(
    url: str, first: AbstractContextManager[db.Connection] | None = None
) -> Iterator[db.Connection]:
    if first is not None and not _is_made(url):
        with first:  # it makes the tables
            pass
    with _engine(url).begin() as connection:
        yield connection


def _is_made(url: str) -> bool:
    """Whether a database says of which migration it is; Dagster reads all migrations for it."""
    if url in _kept:
        return True
    path = Path(url.removeprefix(_SQLITE))
    with suppress(sqlite3.OperationalError):  # a table that is not there
        if path.exists():
            with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
                return any(connection.execute("SELECT version_num FROM alembic_version"))
    return False


def _let_go() -> None:
    """Close all connections; those to a database that is removed would go on without an error."""
    with _one_by_one:
        while _kept:
            _kept.popitem()[1].dispose()


def _make(folder: Path) -> None:
    """Make the databases where they are not; another process may be about to."""
    paths = [folder / name for name in (_RUNS, _EVENTS, _SCHEDULES)]
    with _one_by_one:
        are_there = all(path.exists() for path in paths)
        if are_there and folder in _made:
            return
        if not are_there:
            _let_go()
        if not all(_is_made(f"{_SQLITE}{path}") for path in paths):
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / ".making").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                DagsterSqliteStorage(str(folder))
        _made.add(folder)


@cache
def _without_events() -> bytes:
    """A run's database as Dagster makes it, which reads its migrations twice for each."""
    with TemporaryDirectory() as folder:
        events = SqliteEventLogStorage(folder)
        with events.run_connection("new"):
            pass
        return Path(events.path_for_shard("new")).read_bytes()


def _begin(path: Path) -> None:
    """Lay a run's database where it is not; another process may be about to."""
    if not path.exists():
        with NamedTemporaryFile(dir=path.parent, prefix=".new-") as new:
            new.write(_without_events())
            new.flush()
            with suppress(OSError):  # it is there by now, or Dagster makes it
                os.link(new.name, path)


class KeptEventLog(SqliteEventLogStorage):
    """Dagster's events in SQLite, over connections that stay open."""

    def __init__(self, base_dir: str) -> None:
        self._tables: set[str] = set()
        super().__init__(base_dir)

    def run_connection(self, run_id: str | None = None) -> AbstractContextManager[db.Connection]:
        """A transaction in a run's database."""
        url = self.conn_string_for_shard(run_id or "")
        if url not in _kept:
            _begin(Path(self.path_for_shard(run_id or "")))
        return _transaction(url, super().run_connection(run_id))

    def index_connection(self) -> AbstractContextManager[db.Connection]:
        """A transaction in the database of what is looked for across runs."""
        return _transaction(self.conn_string_for_shard(_INDEX), super().index_connection())

    def has_table(self, table_name: str) -> bool:
        """Whether that database has a table; Dagster asks at each event of some kinds."""
        if table_name not in self._tables:
            if not super().has_table(table_name):
                return False
            self._tables.add(table_name)
        return True

    def wipe(self) -> None:
        """Forget all events; no connection to a database that is removed stays open."""
        _let_go()
        super().wipe()


class KeptRuns(SqliteRunStorage):
    """Dagster's runs in SQLite, over connections that stay open."""

    @contextmanager
    def connect(self) -> Iterator[db.Connection]:
        """A transaction."""
        with _transaction(self._conn_string) as connection:
            yield connection


class KeptSchedules(SqliteScheduleStorage):
    """Dagster's ticks in SQLite, over connections that stay open."""

    @contextmanager
    def connect(self) -> Iterator[db.Connection]:
        """A transaction."""
        with _transaction(self._conn_string) as connection:
            yield connection


class KeptSqliteStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite, over connections that stay open.

    Args:
        base_dir: The folder of the databases; the same as `storage: {sqlite: …}` has them in.
        inst_data: What `dagster.yaml` says of it.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        folder = Path(base_dir).absolute()
        _make(folder)
        self.base_dir, self._inst_data = base_dir, inst_data
        self._run_storage = KeptRuns(f"{_SQLITE}{folder / _RUNS}")
        self._event_log_storage = KeptEventLog(str((folder / _EVENTS).parent))
        self._schedule_storage = KeptSchedules(f"{_SQLITE}{folder / _SCHEDULES}")
        super(DagsterSqliteStorage, self).__init__()  # type: ignore[no-untyped-call]

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """The storage that `dagster.yaml` describes."""
        return cls.from_local(inst_data=inst_data, **config_value)
