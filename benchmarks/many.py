"""What many clients cost: loading N engagements, and one run among them.

    python benchmarks/many.py                 N = 1, 100, 300
    python benchmarks/many.py --clients 1000

Makes a project with N engagements like `acme_corp` (its defs.yaml and dbt models) and prints CPU
seconds, each of a whole process tree:

* load: definitions, repository and snapshot, as the code server needs them, beside those of an
  equal factory written by hand in plain Dagster (same assets, checks, jobs, sensors, schedules);
* run, cold: one client's whole job, as the project's run launcher starts it;
* run, warm: the same, forked from the launcher's warm parent (without what that parent took once).

The dbt manifest of the first client is prepared by dbt; those of the others are copies with their
names. The ratio is what to look at; seconds depend on the machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

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

FIRST = f"{MODEL_CLIENT}_0000"

PREPARE = f"""
from pathlib import Path
from consulting.cleaning import ClientModels
dbt = Path("dbt").absolute()
made = ClientModels(dbt, {FIRST!r}).prepare()
for folder in sorted((dbt / "models/clients").iterdir()):
    models = ClientModels(dbt, folder.name)
    there = models.cache / models.fingerprint()
    there.mkdir(parents=True, exist_ok=True)
    for file in made.iterdir():
        # names and hashes are of one length, so that the packed manifest stays whole
        content = file.read_bytes().replace({FIRST!r}.encode(), folder.name.encode())
        content = content.replace(made.name.encode(), there.name.encode())
        (there / file.name).write_bytes(content)
"""

RUN = f"""
import json, os, shutil, sys, time
import dagster as dg
import psutil
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
os.environ["CONSULTING_CLIENTS"] = {FIRST!r}
import consulting.definitions as d
job = d.defs().resolve_job_def("{FIRST}_cleaning")
del os.environ["CONSULTING_CLIENTS"]
pointer = ModuleCodePointer("consulting.definitions", "defs", os.getcwd())
origin = JobPythonOrigin(job.name, RepositoryPythonOrigin(sys.executable, pointer))

def spent():
    here = psutil.Process()
    own, parents = here.cpu_times(), [child.cpu_times() for child in here.children()]
    return sum(each.children_user + each.children_system for each in (own, *parents))

with dg.DagsterInstance.get() as instance:
    for _ in range(2):  # the first starts the warm parent
        shutil.rmtree(os.environ["CONSULTING_DATA"], ignore_errors=True)
        incoming = os.path.join(os.environ["CONSULTING_DATA"], {FIRST!r}, "incoming")
        shutil.copytree("files/{MODEL_CLIENT}/incoming", incoming)
        run = instance.create_run_for_job(job, job_code_origin=origin)
        before = spent()
        instance.run_launcher.launch_run(LaunchRunContext(run, None))
        tags = instance.get_run_by_id(run.run_id).tags
        while psutil.pid_exists(json.loads(tags["consulting/process"])["pid"]):
            time.sleep(0.2)  # nothing is counted until it has ended
        run = instance.get_run_by_id(run.run_id)
        if run.status is not dg.DagsterRunStatus.SUCCESS:
            sys.exit("\\n".join(entry.message for entry in instance.all_logs(run.run_id)))
    print("CPU", round(spent() - before, 1))
"""

FACTORY = Path(__file__).with_name("plain_factory.py")


def main() -> None:
    """Print one line for each N."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 100, 300])
    parser.add_argument("--no-run", action="store_true", help="only measure loading")
    arguments = parser.parse_args()
    print("| clients | assets | load | plain factory | ratio | run, cold | run, warm |")
    print("|---|---|---|---|---|---|---|")
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
    cold, warm = run_costs(project) if run else ("-", "-")
    ratio = f"{load / plain:.2f}"
    return f"| {count} | {assets} | {load:.1f} | {plain:.1f} | {ratio} | {cold} | {warm} |"


DESCRIBE = f"""
import json, sys
import consulting.definitions as d
defs = d.defs()
client = {FIRST!r}
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
    in_project(project, "-c", PREPARE)
    return project


def load_cost(project: Path, definitions: str) -> tuple[float, int]:
    """CPU seconds of a fresh process that loads, and how many assets it found."""
    output = in_project(project, "-c", LOAD.format(definitions=definitions))
    figures = dict(line.split() for line in output.splitlines() if line[:3] in {"CPU", "ASS"})
    return float(figures["CPU"]), int(figures["ASSETS"])


def run_costs(project: Path) -> tuple[str, str]:
    """CPU seconds of one client's job, started anew and forked, its files already there."""
    own = os.environ | {"CONSULTING_DATA": str(project / "files")}
    demo = [sys.executable, "-m", "consulting.cli", "demo", "--files-only"]
    subprocess.run(demo, cwd=ROOT, env=own, check=True, capture_output=True)
    seconds = []
    for warm in (False, True):
        settings = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
        settings["run_launcher"]["config"] = {"warm": warm}
        (project / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        output = in_project(project, "-c", RUN)
        seconds.append(output.rpartition("CPU ")[2].strip())
    return seconds[0], seconds[1]


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
