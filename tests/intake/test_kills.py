"""kill -9 at every step boundary of sensor and run."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow  # and first, for to fork this process costs by its memory


def test_a_kill_at_any_boundary_neither_loses_nor_repeats(killing: Any, tmp_path: Path) -> None:
    root = tmp_path / "world"
    kills = killing.matrix_of(root, f"sqlite:///{root / 'ledger.db'}")
    print(f"{kills} boundaries")  # noqa: T201
    assert kills > 100


def test_kills_with_a_ledger_on_postgresql_neither_lose_nor_repeat(
    killing: Any, tmp_path: Path, postgres_url: str
) -> None:
    server = create_engine(
        make_url(postgres_url).set(drivername="postgresql+psycopg2"),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
    )

    def empty() -> None:
        with server.connect() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))

    assert killing.matrix_of(tmp_path / "world", postgres_url, every=11, empty=empty) > 8


def test_kill_upon_kill_neither_loses_nor_repeats(killing: Any, tmp_path: Path) -> None:
    chance = random.Random(3)
    world = killing.World(tmp_path / "world", f"sqlite:///{tmp_path / 'ledger.db'}")
    for number in range(40):
        key = f"orders_{chance.randrange(12)}.csv"
        world.put(key, f"{key} content {number}".encode())
        world.work(kill_at=chance.randrange(1, 120))
    world.work(rounds=30)
    world.check()
    assert world.kills > 20
