"""`consulting demo`: three clients' messy files become three deliveries."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import dagster as dg

from consulting import chain
from consulting.cli.engagements import client_ids, open_engagement, this_project
from consulting.cli.terminal import dry_run_option, json_option, say, say_lines, tell_json
from consulting.components.clients import ONLY, load_client
from consulting.components.engagement import runs
from consulting.components.engagement.automation import run_request
from consulting.components.loading import load_project
from consulting.demo import write_demo_files
from consulting.layout import LINKS_VARIABLE, data_root, data_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.components.engagement.client import Client
    from consulting.records import Batch

CLIENTS = ("acme_corp", "globex", "initech")
POLL_SECONDS = 2
PATIENCE_SECONDS = 60


@click.command()
@click.option("--files-only", is_flag=True, help="Write the files; a sensor takes them from there.")
@json_option
@dry_run_option
def demo(*, files_only: bool, dry_run: bool) -> None:
    """Let three clients drop messy files, and deliver what comes of them."""
    project = this_project()
    if not set(CLIENTS) <= set(client_ids(project)):
        raise click.ClickException(
            f"The demo's clients are in the project of the library's own repository; {project.root}"
            " has its own. To begin here: `dg scaffold defs EngagementComponent clients/<client>`."
        )
    if data_url() is not None:
        raise click.ClickException(
            f"The demo writes its files to a local folder, and CONSULTING_DATA is {data_url()}. "
            "Unset it for the demo."
        )
    if dry_run:
        _tell_files()
        return
    files = write_demo_files(data_root())
    for path in files:
        say(f"incoming: {_short(path)}")
    if files_only:
        tell_json({"files": [str(path) for path in files], "deliveries": {}})
        return
    # runs are kept where `dg dev` in this folder shows them
    os.environ.setdefault("DAGSTER_HOME", str(project.root))
    os.environ[ONLY] = ",".join(CLIENTS)
    # and their links lead to where `make dev` serves what is delivered
    os.environ.setdefault(LINKS_VARIABLE, "127.0.0.1:3001")
    defs = dg.Definitions.merge(
        load_project(project.root), dg.Definitions(loggers={"console": progress})
    )
    deliveries = {}
    with dg.DagsterInstance.get() as instance:
        for client_id in CLIENTS:
            client = load_client(project, client_id).client
            deliveries[client_id] = _deliver(client, defs, instance)
    say_lines("\nDeliveries, to open in a browser:")
    for client_id, report in deliveries.items():
        say(f"  {client_id:<10} {report}")
    tell_json({"files": [str(path) for path in files], "deliveries": deliveries})
    say_lines("\n`make dev` shows the same in Dagster's UI and takes what is dropped from now on.")


def _tell_files() -> None:
    """Which files would be written, and whose would be delivered."""
    with tempfile.TemporaryDirectory() as draft:
        names = [path.relative_to(draft) for path in write_demo_files(Path(draft))]
    files = [str(data_root() / name) for name in names]
    for file in files:
        say(f"would write {_short(file)}")
    tell_json({"files": files, "deliveries": {}})


def _deliver(client: Client, defs: dg.Definitions, instance: dg.DagsterInstance) -> str:
    """Run what is ready of one client, as its sensor would; where the newest report lies."""
    started = time.monotonic()
    client_id = client.client_id
    engagement = open_engagement(client_id)
    batches = _wait_for_batches(engagement, instance)
    if not batches:
        say_lines(f"\n{client_id}: nothing new to deliver")
    for batch in batches:
        names = ", ".join(drop.key for drop in batch.drops)
        say_lines(f"\n{client_id} (tier {client.config.security_tier}): {names}")
        _run(client, batch, defs, instance)
        say(f"  delivered in {time.monotonic() - started:.0f} s")
    reports = sorted(engagement.folder.deliverables.glob("*/quality_report.html"))
    return _short(reports[-1]) if reports else "no delivery yet"


def _wait_for_batches(
    engagement: chain.Engagement, instance: dg.DagsterInstance
) -> Sequence[Batch]:
    """Look as the sensor does, until what was dropped has settled."""
    for _ in range(PATIENCE_SECONDS // POLL_SECONDS):
        tick = chain.look(
            engagement,
            verdict_of=runs.verdicts(instance),
            verdict_of_request=runs.request_verdicts(instance),
            now=datetime.now(UTC),
        )
        if tick.batches or not engagement.intake.state().counts.get("seen"):
            return tick.batches
        time.sleep(POLL_SECONDS)
    return ()


def _run(client: Client, batch: Batch, defs: dg.Definitions, instance: dg.DagsterInstance) -> None:
    """One batch through the client's job, in this process, told line by line."""
    request = run_request(client, batch)
    result = defs.resolve_job_def(client.job_name).execute_in_process(
        instance=instance,
        tags={**request.tags, runs.RUN_KEY_TAG: batch.run_key},
        partition_key=request.partition_key,
        run_config={"loggers": {"console": {}}},
        raise_on_error=False,
    )
    if not result.success:
        raise click.ClickException("; ".join(filter(None, map(_why, result.all_events))))


def _why(event: dg.DagsterEvent) -> str | None:
    """Why a step failed, in its own words."""
    if not event.is_step_failure:
        return None
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error.cause or data.error if data.error else None
    return error.message.strip() if error else event.message


@dg.logger
def progress(_context: dg.InitLoggerContext) -> logging.Logger:
    """A run's log for someone who watches."""
    shown = logging.getLogger("consulting.demo")
    shown.setLevel(logging.INFO)
    shown.handlers = [_Screen()]
    return shown


class _Screen(logging.Handler):
    """Prints what the stages say and when each begins; Dagster's own events are left out."""

    def emit(self, record: logging.LogRecord) -> None:
        told = getattr(record, "dagster_meta", {})
        event = told.get("dagster_event")
        if event is None:
            say(f"    {told.get('orig_message', record.getMessage())}")
        elif event.is_step_start:
            say(f"  {str(event.step_key).rpartition('__')[2]}")


def _short(path: object) -> str:
    return os.path.relpath(str(path))
