"""The peer of `many.py`: the same definitions, written by hand in plain Dagster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg


def build(shape_file: str, count: int) -> dg.Definitions:
    """Definitions of `count` clients of the shape that the file describes."""
    shape = json.loads(Path(shape_file).read_text(encoding="utf-8"))
    parts = [build_client(f"acme_corp_{number:04d}", shape) for number in range(count)]
    return dg.Definitions(
        assets=[asset for part in parts for asset in part[0]],
        jobs=[part[1] for part in parts],
        sensors=[part[2] for part in parts],
        schedules=[part[3] for part in parts],
        executor=dg.in_process_executor,
    )


def build_client(client: str, shape: list[dict[str, Any]]) -> tuple[Any, ...]:
    """One client's assets, job, sensor and schedule."""
    tags = {"client_id": client, "engagement_type": "recurring"}
    assets = [build_step(client, number, step, tags) for number, step in enumerate(shape)]
    job = dg.define_asset_job(
        f"{client}_cleaning",
        selection=dg.AssetSelection.key_prefixes(client),
        tags=tags,
        executor_def=dg.in_process_executor,
    )

    @dg.sensor(
        name=f"{client}_files",
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Looks for new files of {client}.",
        tags=tags,
    )
    def files(_context: dg.SensorEvaluationContext) -> dg.SkipReason:
        return dg.SkipReason("nothing")

    schedule = dg.ScheduleDefinition(
        name=f"{client}_due",
        job=job,
        cron_schedule="0 6 * * 1",
        execution_timezone="America/New_York",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"{client} is due.",
        tags=tags,
    )
    return assets, job, files, schedule


def build_step(
    client: str, number: int, step: dict[str, Any], tags: dict[str, str]
) -> dg.AssetsDefinition:
    """One op with its assets and checks."""
    specs = [
        dg.AssetSpec(
            [client, spec["name"]],
            deps=[dg.AssetKey([client, name]) for name in spec["deps"]],
            description=spec["description"],
            group_name=client,
            kinds=set(spec["kinds"]),
            tags=tags,
            owners=["team:data"],
        )
        for spec in step["specs"]
    ]

    @dg.multi_asset(
        name=f"{client}__{number}",
        specs=specs,
        check_specs=[
            dg.AssetCheckSpec(
                name, asset=dg.AssetKey([client, asset]), description=text, blocking=blocking
            )
            for asset, name, text, blocking in step["checks"]
        ],
        allow_arbitrary_check_specs=True,
    )
    def work():  # noqa: ANN202 - Dagster would read one annotation as one output
        """Nothing; only the shape counts."""

    return work
