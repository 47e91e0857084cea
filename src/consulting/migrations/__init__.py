"""The ledger's tables over releases: what changes, in Alembic's own way.

A new ledger is made at once as the newest release has it; one of an earlier release is migrated by
`consulting upgrade`, which saves it first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    select,
)

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

HEAD = "0007"
"""The newest step; a ledger that stands there is made and opened without Alembic, whose reading of
all steps would cost a new one three quarters of its time."""
VERSION_TABLE = "ledger_migration"
"""Not Alembic's default: Dagster keeps its own in the same database."""
_NOTED = Table(
    VERSION_TABLE,
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
)
"""As Alembic makes it."""
_FIRST = "0001"
_FIRST_VERSION_TABLE = "ledger_version"
"""Where release 0.1 noted that its tables were of version 1."""


@dataclass(frozen=True)
class Migration:
    """One step of the ledger's tables.

    Attributes:
        revision: Its number.
        what: What it changes, for people.
    """

    revision: str
    what: str


def revision_of(connection: Connection) -> str | None:
    """Where the ledger of a database stands; None if it holds none yet."""
    names = inspect(connection)
    if names.has_table(VERSION_TABLE):
        return connection.scalar(select(_NOTED.c.version_num))
    return _FIRST if names.has_table(_FIRST_VERSION_TABLE) else None


def pending(revision: str) -> list[Migration] | None:
    """The steps that a ledger lacks, the next one first; None if it is of a newer release.

    Args:
        revision: Where it stands.
    """
    from alembic.script import ScriptDirectory

    steps = list(ScriptDirectory.from_config(_config()).walk_revisions())
    known = [step.revision for step in steps]
    if revision not in known:
        return None
    missing = reversed(steps[: known.index(revision)])
    return [Migration(step.revision, (step.doc or "").strip()) for step in missing]


def migrate(connection: Connection) -> None:
    """Bring a ledger to the newest step, within the caller's transaction."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    if not inspect(connection).has_table(VERSION_TABLE):
        command.stamp(config, _FIRST)
    command.upgrade(config, "head")


def stamp(connection: Connection) -> None:
    """Note that tables just made are of the newest step."""
    _NOTED.create(connection)
    connection.execute(insert(_NOTED).values(version_num=HEAD))


def save(engine: Engine, revision: str) -> Path | None:
    """Copy a SQLite ledger beside itself before it is changed.

    Args:
        engine: Of the ledger's database.
        revision: Where it stands; the copy is named after it.

    Returns:
        The copy; None where the database is no file (PostgreSQL has its own ways).
    """
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    import sqlite3
    from contextlib import closing

    source = Path(engine.url.database)
    target = source.with_name(f"{source.name}.before_{revision}.bak")
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    target.chmod(0o600)
    return target


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
