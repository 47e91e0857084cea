"""A code location of small clients whose processes kill themselves (-9) where a flag says so.

Served by a real code server, and loaded again by each run's own process. A flag is an empty file
named `<client>.<point>` in the world's folder `kill_at`; it is moved to `killed` before it kills,
so it kills once. A point that ends in `_all` also kills what started the process: the daemon that
watches over the run, or the warm parent that it was forked from.
At `long_model` nobody dies: a model takes long.
"""

import functools
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from consulting.chain import profiled
from consulting.cleaning import run
from consulting.components.engagement import assets, automation, models
from consulting.components.engagement.client import Client
from consulting.config.engagement import EngagementConfig
from consulting.intake import Intake
from consulting.project import Project
from consulting.resources.consultancy import ConsultancyResource

ROOT = Path(os.environ["KILLS_ROOT"])
POLICY = {
    "settle_seconds": 0,
    "retry_seconds": 1,
    "max_retry_seconds": 4,
    "max_deaths": 1000,
    "lease_seconds": float(os.environ["KILLS_LEASE"]),
}
automation.SENSOR_SECONDS = 2
automation.SPREAD_SECONDS = 1


def die(client_id: str, *points: str) -> None:
    """Kill this process, if a flag for one of the points is up."""
    for point in points:
        flag = ROOT / "kill_at" / f"{client_id}.{point}"
        if flag.exists():
            flag.rename(ROOT / "killed" / flag.name)
            if point == "long_model":
                time.sleep(600)
            if point.endswith("_all"):
                os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)


def dying(name: str, *, before: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> None:
    """Put points of death before and after a method of the intake."""
    method: Callable[..., Any] = getattr(Intake, name)

    @functools.wraps(method)
    def wrapped(self: Intake, *arguments: Any, **named: Any) -> Any:
        die(self.client_id, *before)
        result = method(self, *arguments, **named)
        if result is not None or name == "delivered":
            die(self.client_id, *after)
        return result

    setattr(Intake, name, wrapped)


dying("look", before=("ticking",))
dying("claim", after=("claimed",))
dying("begin", before=("beginning_all",))
dying("land", after=("landed", "landed_all"))
dying("delivered", before=("published",), after=("delivered",))


def invoke_dbt(*arguments: Any, real: Callable[..., Any] = run.invoke_dbt, **named: Any) -> Any:
    """A command of dbt; the first model that starts is a point of death."""
    tell = named["on_progress"]

    def on_progress(progress: Any) -> None:
        die(named["client_id"], f"in_dbt_{arguments[0][0]}", "in_dbt", "long_model")
        tell(progress)

    return real(*arguments, **named | {"on_progress": on_progress})


run.invoke_dbt = invoke_dbt


def profile_files(
    engagement: Any, *arguments: Any, real: Any = profiled.profile_files, **named: Any
) -> Any:
    """The profile; before it is a point of death."""
    die(engagement.client_id, "profiling")
    return real(engagement, *arguments, **named)


profiled.profile_files = profile_files
CLIENTS: dict[str, dict[str, str]] = json.loads(os.environ["KILLS_CLIENTS"])


def build(client_id: str) -> dg.Definitions:
    """One client, of the same parts as `EngagementComponent`'s."""
    config = EngagementConfig.model_validate(
        {
            "client_name": client_id.title(),
            "security_tier": 3,
            "source": CLIENTS[client_id],
            "feeds": [{"name": "orders", "files": "orders*.csv"}],
            "intake": POLICY,
        }
    )
    client = Client(client_id, config, Project(ROOT, ROOT / "src/consulting/defs"))
    dbt = models.ClientDbt(client)
    steps = [
        assets.build_file_received(client),
        assets.build_profiled(client),
        models.build_cleaned(client, dbt),
        models.build_validated(client, dbt),
        assets.build_delivered(client),
    ]
    return dg.Definitions(
        assets=steps,
        jobs=[automation.build_job(client, steps)],
        sensors=[automation.build_sensor(client)],
    )


defs = dg.Definitions.merge(
    dg.Definitions(
        resources={"consultancy": ConsultancyResource()},
        executor=dg.in_process_executor,
    ),
    *(build(client_id) for client_id in CLIENTS),
)
