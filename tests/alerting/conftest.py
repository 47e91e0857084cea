"""Databases and a Slack workspace for the alert desk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "services"))

from slack_server import SlackServer, slack_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with slack_server() as workspace:
        yield workspace


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """The ledger database, on each of the two kinds."""
    return str(request.getfixturevalue(f"{request.param}_url"))
