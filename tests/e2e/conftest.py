"""A client's definitions, executed by Dagster in this process on a data root of their own."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from consulting.components.clients import load_client
from consulting.components.consultancy.on_time import build_on_time_checks
from consulting.components.engagement import assets, automation, models, partitions, runs
from consulting.components.engagement.client import Client
from consulting.components.loading import find_project
from consulting.config.engagement import EngagementConfig
from consulting.layout import ClientFolder
from consulting.project import Project
from consulting.resources.consultancy import ConsultancyResource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = find_project(Path(__file__))


class Location:
    """The code location of one client, and an instance to run it on."""

    def __init__(
        self,
        root: Path,
        client_id: str = "acme_corp",
        *,
        dbt_dir: Path = PROJECT.dbt,
        **changes: Any,
    ) -> None:
        self.instance = dg.DagsterInstance.ephemeral()
        config = load_client(PROJECT, client_id).client.config
        given = config.model_dump(exclude_unset=True, mode="json")
        config = EngagementConfig.model_validate(
            {**given, "intake": {"settle_seconds": 0, "retry_seconds": 0}, **changes}
        )
        project = Project(dbt_dir.parent, PROJECT.defs)
        self.client = Client(
            client_id, config, project, partitions_def=partitions.build_partitions(config)
        )
        self.folder = ClientFolder(root, client_id)
        self.folder.incoming.mkdir(parents=True, exist_ok=True)
        self.consultancy = ConsultancyResource()
        dbt = models.ClientDbt(self.client)
        self.sensor = automation.build_sensor(self.client)
        steps = [
            assets.build_file_received(self.client),
            assets.build_profiled(self.client),
            models.build_cleaned(self.client, dbt),
            models.build_validated(self.client, dbt),
            assets.build_delivered(self.client),
        ]
        self.defs = dg.Definitions(
            assets=steps,
            asset_checks=build_on_time_checks([self.client]),
            jobs=[automation.build_job(self.client, steps)],
            sensors=[self.sensor],
            resources={"consultancy": self.consultancy},
            executor=dg.in_process_executor,
        )

    @property
    def engagement(self) -> Any:
        return self.consultancy.engagement(self.client)

    def tick(self) -> dg.SensorResult:
        """One tick of the files sensor."""
        context = dg.build_sensor_context(
            instance=self.instance, resources={"consultancy": self.consultancy}
        )
        result = self.sensor(context)
        assert isinstance(result, dg.SensorResult)
        return result

    def requests(self) -> list[dg.RunRequest]:
        """What ticks ask for until files have settled."""
        return list(self.tick().run_requests or self.tick().run_requests or [])

    def run(
        self, request: dg.RunRequest | None = None, **arguments: Any
    ) -> dg.ExecuteInProcessResult:
        """One run of the client's job, as the daemon starts it for a request."""
        if request is not None:
            arguments |= {
                "tags": {**request.tags, runs.RUN_KEY_TAG: request.run_key},
                "partition_key": request.partition_key,
            }
        job = self.defs.resolve_job_def(self.client.job_name)
        with pytest.MonkeyPatch.context() as patch:
            # a process of one run lets its child go; the next run of this one needs it again
            patch.setattr("consulting.chain.end_child", lambda: None)
            return job.execute_in_process(instance=self.instance, raise_on_error=False, **arguments)


@pytest.fixture(scope="module")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data root for the tests of a module."""
    root = tmp_path_factory.mktemp("data")
    before = os.environ.get("CONSULTING_DATA")
    os.environ["CONSULTING_DATA"] = str(root)
    yield root
    if before is None:
        del os.environ["CONSULTING_DATA"]
    else:
        os.environ["CONSULTING_DATA"] = before


@pytest.fixture
def own_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root for one test."""
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def location(own_root: Path, customers_dbt: Path) -> Callable[..., Location]:
    """Gives the location of a client that has models for its customers alone."""
    return partial(Location, own_root, dbt_dir=customers_dbt)
