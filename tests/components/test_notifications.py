"""The sensor that reads queues, and the clients' own sensors behind it."""

from __future__ import annotations

from collections import Counter
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from queues import of_s3

from consulting.components.consultancy import notifications
from consulting.components.engagement import automation
from consulting.components.engagement.client import Client
from consulting.components.loading import find_project
from consulting.config.engagement import EngagementConfig
from consulting.errors import QueueError
from consulting.intake import Ledger
from consulting.intake.notifications import note_listing
from consulting.layout import ledger_url
from consulting.resources.consultancy import ConsultancyResource
from consulting.sources.s3.store import S3Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = find_project(Path(__file__))
FEEDS = [{"name": "orders", "files": "orders*"}]


@dataclass
class House:
    """Clients with a bucket, their sensors, and how often each prefix was listed."""

    instance: dg.DagsterInstance
    source: dict[str, Any]
    queue: Any
    clients: dict[str, Client] = field(default_factory=dict)
    sensors: dict[str, dg.SensorDefinition] = field(default_factory=dict)
    lists: Counter[str] = field(default_factory=Counter)

    def client(self, client_id: str, prefix: str, **changes: Any) -> None:
        told = {"notifications": self.named(self.queue.url)} if self.queue else {}
        said = {"client_name": client_id, "feeds": FEEDS, "security_tier": 3}
        source = {**self.source, "prefix": prefix, **told, **changes}
        config = EngagementConfig.model_validate({**said, "source": source})
        self.clients[client_id] = Client(client_id, config, PROJECT)
        self.load(client_id)

    def named(self, url: str) -> dict[str, str]:
        return {"queue_url": url, "region": "eu-central-1", "credentials_prefix": "UPLOADS"}

    def load(self, client_id: str) -> None:
        """What a code location does when it is started."""
        self.sensors[client_id] = automation.build_sensor(self.clients[client_id])

    def tick(self, client_id: str) -> tuple[int, int]:
        """How many runs the client's sensor asks for, and how often it lists."""
        before = self.lists[client_id]
        result: Any = self._evaluate(self.sensors[client_id])
        return len(result.run_requests or ()), self.lists[client_id] - before

    def read_queues(self) -> str:
        (sensor,) = notifications.build_sensors(list(self.clients.values()))
        return str(self._evaluate(sensor).skip_message)

    def _evaluate(self, sensor: dg.SensorDefinition) -> Any:
        def evaluate() -> Any:
            resources = {"consultancy": ConsultancyResource()}
            own = resources if sensor.required_resource_keys else {}
            return sensor(dg.build_sensor_context(instance=self.instance, resources=own))

        return copy_context().run(evaluate)


@pytest.fixture
def make_house(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    s3_server: Any,
    s3_bucket: str,
    local_instance: Callable[[Path], dg.DagsterInstance],
) -> Iterator[Callable[[Any], House]]:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CONSULTING_LEDGER_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    source = {
        "type": "s3",
        "bucket": s3_bucket,
        "endpoint_url": s3_server.endpoint_url,
        "region": "us-east-1",
    }
    listed = S3Store.list_page
    with local_instance(tmp_path) as instance:

        def make(queue: Any) -> House:
            house = House(instance, source, queue)

            def list_page(store: S3Store, after: str | None, limit: int) -> Any:
                house.lists[store.client_id] += 1
                return listed(store, after, limit)

            monkeypatch.setattr(S3Store, "list_page", list_page)
            return house

        yield make


def test_a_notified_client_is_listed_and_asks_for_its_run_and_no_other_is(
    make_house: Callable[[Any], House], queue: Any, s3_server: Any, s3_bucket: str
) -> None:
    house = make_house(queue)
    house.client("acme", "acme")
    house.client("acme_2", "acme-2")
    assert house.read_queues() == "0 notifications, of 0 clients."
    assert {name: house.tick(name) for name in house.clients} == {
        "acme": (0, 1),
        "acme_2": (0, 1),
    }
    assert {name: house.tick(name) for name in house.clients} == {
        "acme": (0, 0),
        "acme_2": (0, 0),
    }
    s3_server.client().put_object(Bucket=s3_bucket, Key="acme-2/orders.csv", Body=b"id\n1\n")
    assert house.tick("acme_2") == (0, 0)
    queue.send(of_s3(s3_bucket, "acme-2/orders.csv"))
    assert house.read_queues() == "1 notification, of 1 client."
    assert house.tick("acme") == (0, 0)
    assert house.tick("acme_2") == (1, 1)
    assert house.tick("acme_2") == (1, 0), "until the run begins it is asked for, from the ledger"


def test_what_is_loaded_anew_is_listed_once(
    make_house: Callable[[Any], House], queue: Any, s3_server: Any, s3_bucket: str
) -> None:
    house = make_house(queue)
    house.client("acme", "acme")
    house.read_queues()
    assert [house.tick("acme"), house.tick("acme")] == [(0, 1), (0, 0)]
    house.load("acme")
    assert [house.tick("acme"), house.tick("acme")] == [(0, 1), (0, 0)]
    s3_server.client().put_object(Bucket=s3_bucket, Key="moved/orders.csv", Body=b"id\n1\n")
    house.client("acme", "moved")
    assert house.tick("acme") == (1, 1)


def test_a_queue_that_is_not_reached_fails_the_tick_and_the_others_are_read(
    make_house: Callable[[Any], House],
    queue: Any,
    queue_server: Any,
    s3_bucket: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    queue = queue_server.new_queue(hidden_seconds=600)
    house = make_house(queue)
    house.client("acme", "acme")
    house.client("globex", "globex", notifications=house.named("http://127.0.0.1:9/1/uploads"))
    for name in house.clients:
        house.tick(name)
    queue.send("Ada Lovelace", of_s3(s3_bucket, "acme/orders.csv"))
    with pytest.raises(QueueError, match=r"^http://127.0.0.1:9/1/uploads: it can not be reached"):
        house.read_queues()
    assert queue.hidden() == 1
    told = capfd.readouterr().err
    assert f"{queue.url}: 1 message is no notification of S3 and left to its redrive" in told
    assert "Ada" not in told
    assert [house.tick("acme"), house.tick("acme")] == [(0, 1), (0, 0)]
    assert [house.tick("globex"), house.tick("globex")] == [(0, 1), (0, 1)]


def test_where_no_queue_is_named_nothing_is_read_and_each_tick_lists(
    make_house: Callable[[Any], House],
) -> None:
    house = make_house(None)
    house.client("acme", "acme")
    assert notifications.build_sensors(list(house.clients.values())) == []
    assert [house.tick("acme"), house.tick("acme")] == [(0, 1), (0, 1)]


def test_a_file_nobody_told_of_is_told_in_the_log_of_the_sensor_that_found_it(
    make_house: Callable[[Any], House],
    queue: Any,
    s3_server: Any,
    s3_bucket: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    house = make_house(queue)
    house.client("acme", "acme")
    house.read_queues()
    house.tick("acme")
    s3_server.client().put_object(Bucket=s3_bucket, Key="acme/orders.csv", Body=b"id\n1\n")
    with Ledger.open(ledger_url()).write("acme") as transaction:
        note_listing(transaction.connection, "acme", 0, datetime.now(UTC) - timedelta(days=1))
    assert house.tick("acme") == (1, 1)
    told = capfd.readouterr().err
    assert "acme: 1 file came with no notification, and waited for the daily listing" in told
    assert "orders.csv" not in told


def test_dagster_takes_the_sensor_as_it_is(make_house: Callable[[Any], House], queue: Any) -> None:
    house = make_house(queue)
    house.client("acme", "acme")
    sensors = notifications.build_sensors(list(house.clients.values()))
    repository = dg.Definitions(sensors=sensors).get_repository_def()
    context = dg.build_sensor_context(instance=house.instance, repository_def=repository)
    tick = repository.get_sensor_def("consultancy_notifications").evaluate_tick(context)
    assert tick.skip_message == "0 notifications, of 0 clients."
    assert not tick.run_requests
