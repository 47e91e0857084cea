"""Ticks the files sensors of a project's clients, as the daemon would, and tells what they asked.

Run in a project's folder; each argument is a client. Prints JSON: client → its partitions, the runs
it asked for, what its files' fate is, and what its SLA check says.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from consulting.components.clients import load_client
from consulting.components.loading import find_project, load_project
from consulting.resources.consultancy import ConsultancyResource

MOST_TICKS = 20


def sense(defs: dg.Definitions, client_id: str) -> dict[str, Any]:
    """Tick until the client's sensor asks for nothing any more; each run it asks for succeeds."""
    consultancy = ConsultancyResource()
    client = load_client(find_project(Path.cwd()), client_id).client
    engagement = consultancy.engagement(client)
    assert client.partitions_def is not None
    sensor = defs.resolve_sensor_def(f"{client_id}_files")
    asked: list[str | None] = []
    for _ in range(MOST_TICKS):
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(
                instance=instance, resources={"consultancy": consultancy}, definitions=defs
            )
            tick = sensor.evaluate_tick(context)
        for request in tick.run_requests or ():
            # the daemon refuses a run of a partition that is not there, and with it the tick
            assert client.partitions_def.has_partition_key(str(request.partition_key))
            asked.append(request.partition_key)
            batch_id = request.tags["consulting/batch"]
            engagement.intake.begin(batch_id, "run", now=datetime.now(UTC))
            engagement.intake.delivered(batch_id, "run", now=datetime.now(UTC))
    check = defs.resolve_asset_graph().get(client.on_time)
    return {
        "partitions": list(client.partitions_def.get_partition_keys())[:3],
        "asked": asked,
        "quarantined": {
            story.drop.key: story.reason for story in engagement.intake.state().quarantined
        },
        "check": check.description,
    }


if __name__ == "__main__":
    loaded = load_project(Path.cwd())
    print(json.dumps({name: sense(loaded, name) for name in sys.argv[1:]}))  # noqa: T201 - its result
