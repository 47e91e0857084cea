"""Daily, weekly and monthly clients, loaded as one project: which runs their files ask for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Project

DEFS = r"""
type: consulting.components.EngagementComponent
attributes:
  client_name: Acme
  security_tier: 3
  feeds: [{{name: orders, files: "orders*"}}]
  intake: {{settle_seconds: 0}}
  partitions: {{every: {every}, start: {start}, timezone: Europe/Berlin, period_from: '{pattern}'}}
  sla: {{due: "30 2 * * *", timezone: Europe/Berlin, calendar: {{country: DE, subdivision: BY}}}}
"""
YEAR = r"(?P<year>\d{4})"
CLIENTS = {
    "by_day": ("day", "2024-02-28", YEAR + r"-(?P<month>\d\d)-(?P<day>\d\d)"),
    "by_week": ("week", "2020-W52", YEAR + r"-W(?P<week>\d\d)"),
    "by_month": ("month", "2024-01", YEAR + r"-(?P<month>\d\d)"),
}
FILES = {
    # out of order: the end of a month, the day on which spring skips an hour, a leap day
    "by_day": ["2024-04-30", "2024-03-31", "2024-02-29", "2024-02-27", "2199-01-01"],
    # the week with that day, the last week of a long year, the week before the first
    "by_week": ["2024-W13", "2020-W53", "2026-W03", "2020-W51", "2199-W01"],
    "by_month": ["2024-03", "2024-01", "2024-02", "2023-12", "2199-01"],
}


def test_late_files_ask_for_their_own_partition_and_early_ones_wait_for_theirs(
    project: Project,
) -> None:
    for client, (every, start, pattern) in CLIENTS.items():
        project.write(client, DEFS.format(every=every, start=start, pattern=pattern))
        incoming = project.root / "data" / client / "incoming"
        incoming.mkdir(parents=True)
        for name in FILES[client]:
            (incoming / f"orders_{name}.csv").write_text(f"id\n{name}\n")
    script = str(Path(__file__).with_name("sensing.py"))
    ran = project.run("python", script, *CLIENTS)
    assert ran.returncode == 0, ran.stderr[-3000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    assert {client: told[client]["partitions"] for client in CLIENTS} == {
        "by_day": ["2024-02-28", "2024-02-29", "2024-03-01"],
        "by_week": ["2020-W52-1", "2020-W53-1", "2021-W01-1"],
        "by_month": ["2024-01", "2024-02", "2024-03"],
    }
    assert {client: sorted(told[client]["asked"]) for client in CLIENTS} == {
        "by_day": ["2024-02-29", "2024-03-31", "2024-04-30"],
        "by_week": ["2020-W53-1", "2024-W13-1", "2026-W03-1"],
        "by_month": ["2024-01", "2024-02", "2024-03"],
    }
    for client, names in FILES.items():
        before, early = (told[client]["quarantined"][f"orders_{name}.csv"] for name in names[3:])
        assert before == (
            f"It belongs to no period: {names[3]} lies before {CLIENTS[client][1]}, the first "
            "period of the engagement."
        )
        assert early == f"It came early: its period, {names[4]}, has not begun."
        assert "who is late" in told[client]["check"]
