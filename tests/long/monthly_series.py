"""Fourteen months of one client through the whole chain: one late, one missing, one sent again.

    PYTHONPATH=src:. python tests/long/monthly_series.py FOLDER

Leaves the deliveries in FOLDER, to be looked at; a minute or two.
"""

from __future__ import annotations

# ruff: noqa: T201 - a program for the command line, made of checks
import json
import re
import shutil
import sys
from pathlib import Path

import duckdb
from tests.chain.conftest import DBT, World

ARRIVALS = (
    *(f"2025-{month:02}" for month in range(1, 13) if month not in (5, 9)),
    "2025-05",  # late
    "2026-01",
    "2026-02",
    "2025-11",  # again
    "2026-03",
)
MONTHS = {"every": "month", "start": "2025-01", "period_from": r"(?P<year>\d{4})-(?P<month>\d{2})"}
HEADER = (
    "Customer ID,Full Name,Email,Phone,Country,Signup Date,Lifetime Value,Marketing Opt-In,"
    "Status,Last Updated,Notes"
)


def content(month: str, version: int) -> str:
    """A hundred customers and some more each month; a few bad ones, fewer when sent again."""
    rows = 100 + 5 * int(month[-2:])
    lines = [HEADER]
    for number in range(rows):
        status = "nonsense" if number < 12 // version else "active"
        lines.append(
            f"{number:06},Ada Nr{number},a{number}@example.com,(415) 555-{number:04},USA,"
            f"2024-01-05,{number}.00,Yes,{status},{month}-02 10:00:00,"
        )
    return "\n".join(lines) + "\n"


def customers_only(root: Path) -> Path:
    """A copy of the dbt project in which the client sends customers and nothing else."""
    shutil.copytree(DBT, root / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
    for path in (root / "dbt/models/clients/acme_corp").rglob("*.*"):
        if "orders" in path.name or "revenue" in path.name:
            path.unlink()
    return root / "dbt"


def main() -> None:
    """Runs the chain for each arrival and checks what the last reports say."""
    root = Path(sys.argv[1])
    world = World(
        root / "data", dbt_dir=customers_only(root), partitions=MONTHS, feeds=[FEED], schedule=None
    )
    deliveries = {}
    for number, month in enumerate(ARRIVALS):
        version = ARRIVALS[: number + 1].count(month)
        world.drop(f"customers_{month}.csv", content(month, version))
        delivery = world.run()
        assert delivery.summary.period == month, (delivery.summary.period, month)
        deliveries[month, version] = delivery
        print(month, version, delivery.summary.received, delivery.summary.rejected)
    again = json.loads((deliveries["2025-11", 2].path / "manifest.json").read_text())
    assert again["supersedes"] == deliveries["2025-11", 1].delivery_id
    html = (deliveries["2026-03", 1].path / "quality_report.html").read_text()
    section = html[html.index('id="trend"') : html.index('id="files"')]
    shown = re.findall(r'<th scope="row">(\d{4}-\d{2})', section)
    assert shown == sorted(shown, reverse=True)
    assert shown.count("2025-11") == 2
    assert re.search(r'2025-09</th><td colspan="7">Nothing delivered yet', section)
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        history = connection.execute(
            "SELECT _period, count(*), any_value(_delivery_id) FROM history.customers GROUP BY 1"
        ).fetchall()
    assert len(history) == len(set(ARRIVALS))
    for month, rows, delivery_id in history:
        counts = deliveries[month, ARRIVALS.count(month)]
        assert (rows, delivery_id) == (counts.summary.delivered, counts.delivery_id), month
    print(f"{len(history)} periods in the history, each from the delivery that counts")


FEED = {"name": "customers", "files": "customers*.csv"}

if __name__ == "__main__":
    main()
