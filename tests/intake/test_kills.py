"""kill -9 at every step boundary of sensor and run."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_kill_at_any_boundary_neither_loses_nor_repeats(killing: Any, tmp_path: Path) -> None:
    numbers = itertools.count()

    def make_world() -> Any:
        root = tmp_path / str(next(numbers))
        return killing.World(root, f"sqlite:///{root / 'ledger.db'}")

    kills = killing.matrix_of(make_world)
    print(f"{kills} boundaries")  # noqa: T201
    assert kills > 100


def test_kills_with_a_ledger_on_postgresql_neither_lose_nor_repeat(
    killing: Any, tmp_path: Path, postgres_server: Callable[[], str]
) -> None:
    numbers = itertools.count()

    def make_world() -> Any:
        return killing.World(tmp_path / str(next(numbers)), postgres_server())

    assert killing.matrix_of(make_world, every=11) > 8


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
