"""A process of another machine: other cores than this one's, and what its environment says.

It rebuilds a delivery and prints what differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb
from tests.chain.conftest import World

from consulting.chain.replay import verify_delivery

CONNECT = duckdb.connect


def connect_with(threads: str) -> None:
    """Let each connection have so many threads, whatever cores there are."""

    def connect(*args: Any, config: dict[str, str] | None = None, **kwargs: Any) -> Any:
        return CONNECT(*args, config={**(config or {}), "threads": threads}, **kwargs)

    duckdb.connect = connect


if __name__ == "__main__":
    root, dbt_dir, delivery_id, feeds, cores = sys.argv[1:]
    connect_with(cores)
    world = World(Path(root), dbt_dir=Path(dbt_dir), feeds=json.loads(feeds))
    for difference in verify_delivery(world.engagement, delivery_id, log=lambda _: None):
        sys.stdout.write(f"{difference}\n")
