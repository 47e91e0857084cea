"""What many clients cost: loading N engagements, and one run among them.

    python benchmarks/many_clients.py                 N = 1, 100, 300
    python benchmarks/many_clients.py --clients 1000

Makes a project with N engagements like `acme_corp` (its defs.yaml and dbt models), prepares their
dbt manifests ahead, and prints CPU seconds, each from a fresh process:

* load: definitions, repository and snapshot, as the code server needs them, beside those of an
  equal factory written by hand in plain Dagster (same assets, checks, jobs, sensors, schedules);
* run: one client's whole job, started as `dg launch` starts it.

The ratio is what to look at; seconds depend on the machine.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODEL_CLIENT = "acme_corp"

LOAD = """
import resource, sys
from dagster._core.remote_representation.external_data import RepositorySnap
{definitions}
repository = defs.get_repository_def()
RepositorySnap.from_def(repository)
usage = resource.getrusage(resource.RUSAGE_SELF)
print("CPU", usage.ru_utime + usage.ru_stime)
keys = repository.asset_graph.get_all_asset_keys()
print("ASSETS", sum(key.path[0] != "consultancy" for key in keys))
"""

FACTORY = Path(__file__).with_name("plain_factory.py")


def main() -> None:
    """Print one line for each N."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 100, 300])
    parser.add_argument("--no-run", action="store_true", help="only measure loading")
    arguments = parser.parse_args()
    print("| clients | assets | load, CPU s | plain factory, CPU s | ratio | one run, CPU s |")
    print("|---|---|---|---|---|---|")
    for count in arguments.clients:
        with tempfile.TemporaryDirectory() as scratch:
            print(measure(Path(scratch), count, run=not arguments.no_run), flush=True)


def measure(scratch: Path, count: int, *, run: bool) -> str:
    """One line of the table."""
    project = make_project(scratch / "project", count)
    ours = "import consulting.definitions as d\ndefs = d.defs()"
    load, assets = load_cost(project, ours)
    shape = scratch / "shape.json"
    in_project(project, "-c", DESCRIBE, str(shape))
    theirs = f"sys.path.insert(0, {str(FACTORY.parent)!r})\nimport plain_factory as f\n"
    theirs += f"defs = f.build({str(shape)!r}, {count})"
    plain, plain_assets = load_cost(project, theirs)
    if assets != plain_assets:
        raise SystemExit(f"not equal: {assets} assets against {plain_assets}")
    seconds = f"{run_cost(project):.1f}" if run else "-"
    return f"| {count} | {assets} | {load:.1f} | {plain:.1f} | {load / plain:.2f} | {seconds} |"


DESCRIBE = f"""
import json, sys
import consulting.definitions as d
defs = d.defs()
client = {MODEL_CLIENT + "_0000"!r}
steps = []
for asset in defs.assets:
    if not hasattr(asset, "specs") or not all(s.key.path[0] == client for s in asset.specs):
        continue
    steps.append({{
        "specs": [{{
            "name": s.key.path[-1], "deps": [x.asset_key.path[-1] for x in s.deps],
            "description": s.description, "kinds": sorted(s.kinds),
        }} for s in asset.specs],
        "checks": [[c.asset_key.path[-1], c.name, c.description, c.blocking]
                   for c in asset.check_specs],
    }})
json.dump(steps, open(sys.argv[1], "w"))
"""


def make_project(project: Path, count: int) -> Path:
    """A copy of this project with `count` engagements and their manifests prepared."""
    for part in ("src", "dbt"):
        ignored = shutil.ignore_patterns("__pycache__", "target", "logs", "clients")
        shutil.copytree(ROOT / part, project / part, ignore=ignored)
    for name in ("pyproject.toml", "dagster.yaml"):
        shutil.copy(ROOT / name, project / name)
    defs, models = Path("src/consulting/defs/clients"), Path("dbt/models/clients")
    (project / defs).mkdir()
    for name in ("defs.yaml", "defaults.yaml"):
        shutil.copy(ROOT / defs / name, project / defs)
    for number in range(count):
        client = f"{MODEL_CLIENT}_{number:04d}"
        shutil.copytree(ROOT / defs / MODEL_CLIENT, project / defs / client)
        shutil.copytree(ROOT / models / MODEL_CLIENT, project / models / client)
    in_project(project, "-m", "consulting.cli", "prepare", "--quiet")
    return project


def load_cost(project: Path, definitions: str) -> tuple[float, int]:
    """CPU seconds of a fresh process that loads, and how many assets it found."""
    output = in_project(project, "-c", LOAD.format(definitions=definitions))
    figures = dict(line.split() for line in output.splitlines() if line[:3] in {"CPU", "ASS"})
    return float(figures["CPU"]), int(figures["ASSETS"])


def run_cost(project: Path) -> float:
    """CPU seconds of one client's job in a fresh process tree, its files already there."""
    client = f"{MODEL_CLIENT}_0000"
    in_project(project, "-m", "consulting.cli", "demo", "--files-only")
    (project / "data" / MODEL_CLIENT).rename(project / "data" / client)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    in_project(project, "-m", "dagster_dg_cli.cli", "launch", "--job", f"{client}_cleaning")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_project(project: Path, *arguments: str) -> str:
    """Run Python in the project and give back what it printed."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(project / "src"),
        "CONSULTING_DATA": str(project / "data"),
        "DAGSTER_HOME": str(project),
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{arguments} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
