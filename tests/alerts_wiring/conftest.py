"""A consultancy watched by the one sensor: a real ledger, a real instance, Slack over HTTP."""

from __future__ import annotations

import importlib.util
import sys
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from consulting.components.consultancy import watching
from consulting.components.engagement.client import Client
from consulting.components.loading import find_project
from consulting.config.engagement import EngagementConfig
from consulting.resources.alerts import AlertsResource
from consulting.resources.consultancy import ConsultancyResource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consulting.chain import Engagement
    from consulting.records import Batch

PROJECT = find_project(Path(__file__))
LEAST = {"client_name": "Acme Corp", "feeds": [{"name": "orders", "files": "orders*"}]}


def _slack_module() -> Any:
    """The fake workspace of `tests/services`, which is no package."""
    name = "services_slack_server"
    path = Path(__file__).parents[1] / "services" / "slack_server.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


SLACK = _slack_module()


def alone(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call Dagster so that the instance it makes current is forgotten: other tests load defs."""
    return copy_context().run(call, *args, **kwargs)


@dataclass
class House:
    """A consultancy with clients, watched by the sensor."""

    instance: dg.DagsterInstance
    slack: Any
    consultancy: ConsultancyResource = field(default_factory=ConsultancyResource)
    cursor: str | None = None
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, client_id: str = "acme_corp", **changes: Any) -> Engagement:
        quick = {"intake": {"settle_seconds": 0, "retry_seconds": 0}}
        alerts = {"alerts": {"channel": "#acme-alerts"}}
        config = EngagementConfig.model_validate({**LEAST, **quick, **alerts, **changes})
        self.clients[client_id] = Client(client_id, config, PROJECT)
        return self.consultancy.engagement(self.clients[client_id])

    def tick(self) -> dg.SensorResult:
        context = alone(
            dg.build_sensor_context,
            instance=self.instance,
            cursor=self.cursor,
            resources={
                "consultancy": self.consultancy,
                "alerts": AlertsResource(slack_base_url=self.slack.url),
            },
        )
        watch = watching.build_sensor([self.clients[name] for name in sorted(self.clients)])
        result = alone(watch, context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        for event in result.asset_events:
            self.instance.report_runless_asset_event(event)
        return result

    def tick_later(self, minutes: int) -> None:
        """Send what waits to be gathered, as a tick some minutes later would."""
        alerts = AlertsResource(slack_base_url=self.slack.url)
        later = datetime.now(UTC) + timedelta(minutes=minutes)
        alerts.desk().dispatch(alerts.sender(), later, budget_seconds=2)

    def said(self) -> list[str]:
        return [message["text"] for message in self.slack.messages]


@pytest.fixture
def house(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    local_instance: Callable[[Path], dg.DagsterInstance],
) -> Iterator[House]:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CONSULTING_LEDGER_URL", raising=False)
    monkeypatch.setenv("SLACK_BOT_TOKEN", SLACK.TOKEN)
    monkeypatch.setenv("CONSULTING_WEB_URL", "http://dagster.example")
    with SLACK.slack_server() as slack:
        yield House(local_instance(tmp_path), slack)


def claim(engagement: Engagement, name: str = "orders.csv") -> Batch:
    """Take a batch, as the client's own sensor does."""
    if name:
        engagement.folder.incoming.mkdir(parents=True, exist_ok=True)
        (engagement.folder.incoming / name).write_text(f"id\n{name}\n")
    for _ in range(3):
        engagement.intake.reconcile(lambda _: 1 / 0, now=datetime.now(UTC))  # type: ignore[arg-type,return-value]
        engagement.intake.look(now=datetime.now(UTC))
        batch = engagement.intake.claim(now=datetime.now(UTC), trigger="sensor")
        if batch is not None:
            return batch
    (batch,) = engagement.intake.pending_requests()
    return batch


def fail(engagement: Engagement, batch: Batch, run_id: str, reason: str) -> None:
    engagement.intake.begin(batch.batch_id, run_id, now=datetime.now(UTC))
    engagement.intake.failed(batch.batch_id, run_id, reason=reason, now=datetime.now(UTC))


def deliver(engagement: Engagement, batch: Batch, run_id: str) -> None:
    engagement.intake.begin(batch.batch_id, run_id, now=datetime.now(UTC))
    engagement.intake.delivered(batch.batch_id, run_id, now=datetime.now(UTC))
