"""What lies in `deploy/` is read by what reads it in production, as far as that goes without it."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
import yaml
from compose_spec import PyCompose
from dagster._config import validate_config

from consulting.resources.run_queue import ClientRunCoordinator

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose"
_INSTANCES = ("celery", "compose", "ecs")
_SAME = ("run_coordinator", "sensors", "schedules", "run_retries", "telemetry", "nux")


def instance_of(name: str) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load((DEPLOY / name / "dagster.yaml").read_text())
    return settings


def snake(value: Any) -> Any:
    """What the chart makes of the names in its values."""
    if isinstance(value, dict):
        return {re.sub("(?<=[a-z0-9])[A-Z]", r"_\g<0>", k).lower(): v for k, v in value.items()}
    return value


@pytest.mark.parametrize("name", _INSTANCES)
def test_dagster_opens_the_instance(
    name: str,
    tmp_path: Path,
    postgres_server: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = postgres_server().replace("://", "+psycopg2://", 1)
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", url)
    monkeypatch.setenv("CONSULTING_BROKER_URL", "redis://127.0.0.1:6379/0")
    (tmp_path / "dagster.yaml").write_bytes((DEPLOY / name / "dagster.yaml").read_bytes())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert type(instance.run_coordinator) is ClientRunCoordinator
        assert instance.run_monitoring_enabled
        assert instance.get_runs_count() == 0
        launcher = instance_of(name)["run_launcher"]
        if name != "ecs":  # which asks the ECS task that it is in
            assert type(instance.run_launcher).__name__ == launcher["class"]


@pytest.mark.parametrize("name", _INSTANCES)
def test_the_instances_differ_in_where_things_are_and_in_nothing_else(name: str) -> None:
    ours, theirs = yaml.safe_load((ROOT / "dagster.yaml").read_text()), instance_of(name)
    for key in _SAME:
        assert theirs[key] == ours[key], key
    assert theirs["run_monitoring"] == ours["run_monitoring"]
    limits = "tag_concurrency_limits"
    assert theirs["concurrency"]["runs"][limits] == ours["concurrency"]["runs"][limits]
    assert set(theirs) - set(ours) == set()


def test_the_ecs_launcher_takes_its_settings() -> None:
    from dagster_aws.ecs import EcsRunLauncher  # a second, in each process that collects

    launcher = instance_of("ecs")["run_launcher"]
    assert getattr(importlib.import_module(launcher["module"]), launcher["class"]) is EcsRunLauncher
    assert errors_of(EcsRunLauncher.config_type(), launcher["config"]) == []
    assert errors_of(EcsRunLauncher.config_type(), {**launcher["config"], "cpus": 1}) != []


def test_the_kubernetes_launcher_takes_what_the_chart_makes_of_the_values() -> None:
    from dagster_k8s import K8sRunLauncher
    from dagster_k8s.container_context import K8sContainerContext

    values = yaml.safe_load((DEPLOY / "kubernetes/values.yaml").read_text())
    assert values["runLauncher"]["type"] == "K8sRunLauncher"
    (kind, given), *others = values["runLauncher"]["config"].items()
    assert (kind, others) == ("k8sRunLauncher", [])
    config = snake(given)
    config["run_k8s_config"] = snake(config["run_k8s_config"])
    for name in ("env_config_maps", "env_secrets"):
        config[name] = [each["name"] for each in config[name]]
    config |= {"service_account_name": "dagster", "dagster_home": "/opt/dagster/dagster_home"}
    config |= {"instance_config_map": "dagster-instance"}
    assert errors_of(K8sRunLauncher.config_type(), config) == []
    assert errors_of(K8sRunLauncher.config_type(), {**config, "run_k8s_confi": {}}) != []
    # what a run's pod is made of, by the models of Kubernetes' own client
    context = K8sContainerContext.create_from_config({"k8s": {"run_k8s_config": given_run(config)}})
    assert context.run_k8s_config.job_spec_config["backoff_limit"] == 0


def given_run(config: dict[str, Any]) -> dict[str, Any]:
    run: dict[str, Any] = config["run_k8s_config"]
    return run


def test_the_pods_of_runs_have_what_their_code_server_has() -> None:
    from dagster_k8s.container_context import K8sContainerContext

    values = yaml.safe_load((DEPLOY / "kubernetes/values.yaml").read_text())
    for deployment in values["dagster-user-deployments"]["deployments"]:
        assert deployment["includeConfigInLaunchedRuns"] == {"enabled": True}
        given = {
            "env_config_maps": [each["name"] for each in deployment["envConfigMaps"]],
            "env_secrets": [each["name"] for each in deployment["envSecrets"]],
            "volumes": deployment["volumes"],
            "volume_mounts": deployment["volumeMounts"],
            "resources": deployment["resources"],
        }
        context = K8sContainerContext.create_from_config({"k8s": given})
        assert context.run_k8s_config.container_config["volume_mounts"][0]["name"] == "scratch"
    queue = values["dagsterDaemon"]["runCoordinator"]["config"]["customRunCoordinator"]
    assert getattr(importlib.import_module(queue["module"]), queue["class"]) is ClientRunCoordinator
    assert errors_of(ClientRunCoordinator.config_type(), queue["config"]) == []
    ours = yaml.safe_load((ROOT / "dagster.yaml").read_text())["concurrency"]["runs"]
    assert queue["config"]["tag_concurrency_limits"] == ours["tag_concurrency_limits"]


def errors_of(schema: Any, config: dict[str, Any]) -> list[str]:
    return [error.message for error in validate_config(schema, config).errors or ()]


def test_compose_is_as_its_specification_says() -> None:
    text = (COMPOSE / "compose.yaml").read_text()
    services = yaml.safe_load(text)["services"]  # what `<<` merges is merged
    names = set(PyCompose.from_json(json.dumps({"services": services})).service_names())
    assert names == {"postgres", "code", "daemon", "web", "serve"}
    with pytest.raises(ValueError, match="comand"):
        PyCompose.from_json(json.dumps({"services": {"web": {**services["web"], "comand": "x"}}}))
    for name, service in services.items():
        build = service.get("build")
        if build:
            assert (COMPOSE / build["context"] / build["dockerfile"]).is_file(), name
        assert set(service.get("depends_on", ())) <= names
        assert all(each.startswith("127.0.0.1:") for each in service.get("ports", ())), name
    server = yaml.safe_load((COMPOSE / "workspace.yaml").read_text())["load_from"][0]["grpc_server"]
    assert server["host"] in names


@pytest.mark.parametrize("name", ["code.Dockerfile", "web.Dockerfile"])
def test_what_an_image_is_made_of_is_there(name: str) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    steps = re.sub(r"\\\n\s*", " ", (COMPOSE / name).read_text()).splitlines()
    copied = [step.split()[1:-1] for step in steps if step.startswith("COPY ")]
    for source in [each for sources in copied for each in sources]:
        assert (ROOT / source).exists(), source
    (command,) = (json.loads(step[4:]) for step in steps if step.startswith("CMD "))
    assert command[0] in {"dagster", "dagster-webserver"}
    if "--module-name" in command:
        assert importlib.util.find_spec(command[command.index("--module-name") + 1])
    run = [shlex.split(step[4:]) for step in steps if step.startswith("RUN ")]
    assert any(step[:2] == ["pip", "install"] for step in run)
    assert "consulting" in scripts
    assert "USER consulting" in steps, "nothing runs as root"


def test_a_warm_run_starts_without_any_extra() -> None:
    """All of the library is imported before the first run."""
    assert instance_of("compose")["run_launcher"]["config"] == {"warm": True}
    assert "ARG EXTRAS=apprise,sftp\n" in (COMPOSE / "code.Dockerfile").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    needed = (re.match(r"[a-z-]+", each) for extra in extras.values() for each in extra)
    hidden = [each[0].replace("-", "_") for each in needed if each]
    assert {"apprise", "asyncssh", "celery"} <= {*hidden}
    said = "import sys; sys.modules.update(dict.fromkeys(sys.argv[1:])); "
    said += "from consulting.resources.warm import import_all; import_all()"
    subprocess.run([sys.executable, "-c", said, *hidden], check=True, cwd=ROOT)


def test_the_settings_are_those_that_the_page_names() -> None:
    page = (ROOT / "docs/production.md").read_text() + (DEPLOY / "celery/README.md").read_text()
    said = "".join(path.read_text() for path in DEPLOY.rglob("*") if path.is_file())
    used = set(re.findall(r"\b(?:CONSULTING|DAGSTER)_[A-Z_]+\b", said))
    assert {name for name in used if name not in page} == set()
    for name in ("celery", "kubernetes", "compose", "ecs"):
        assert f"deploy/{name}" in page
