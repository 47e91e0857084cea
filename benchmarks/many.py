"""What many clients cost: loading N engagements, their sensors' ticks, and runs among them.

    python benchmarks/many.py                       N = 1, 100, 300: minutes
    python benchmarks/many.py --clients 1000        a quarter of an hour
    python benchmarks/many.py --no-run              only loading and ticks

Makes a project with N engagements like `acme_corp` (its defs.yaml and dbt models) and prints CPU
seconds, each of a whole process tree:

* load: definitions, repository and snapshot, as the code server needs them, beside those of an
  equal factory written by hand in plain Dagster (same assets, checks, jobs, sensors, schedules);
  and the same of one of four shards, and of the location that looks at all clients;
* memory of the process that loaded all;
* tick: one client's sensor finds nothing new;
* run, cold: one client's whole job, as the project's run launcher starts it;
* run, warm: the same, forked from the launcher's warm parent (without what that parent took once);
* runs a minute, by the clock: of up to 60 clients whose files all lie there when the daemon starts,
  warm, by sensor and queue.

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
print("MB", usage.ru_maxrss // 1024)
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

# each process reads it; a project has no more, ours also tells of linters and contracts
PYPROJECT = """
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "consulting"
"""
OURS = "import consulting.definitions as d\ndefs = d.defs()"
PART = """
import pathlib
import consulting, consulting.definitions as d
defs = consulting.{part}
"""
SHARDS = 4

TICKS = """
import time
import dagster as dg
import consulting.definitions as d
repository = d.defs().get_repository_def()
sensors = [s for s in repository.sensor_defs if s.name.endswith("_files")]
with dg.DagsterInstance.get() as instance:
    resources = d.defs().resources
    def tick(sensor):
        with dg.build_sensor_context(
            instance, repository_def=repository, resources=resources
        ) as context:
            sensor.evaluate_tick(context)
    tick(sensors[0])
    before = time.process_time()
    for sensor in sensors[:100]:
        tick(sensor)
    print("CPU", (time.process_time() - before) / len(sensors[:100]))
"""

RUN = """
import json, os, shutil, sys, time
import dagster as dg
import psutil
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
clients = sys.argv[1].split(",")
os.environ["CONSULTING_CLIENTS"] = sys.argv[1]
import consulting.definitions as d
jobs = {client: d.defs().resolve_job_def(f"{client}_cleaning") for client in clients}
del os.environ["CONSULTING_CLIENTS"]
pointer = ModuleCodePointer("consulting.definitions", "defs", os.getcwd())

def launch(instance, client):
    origin = RepositoryPythonOrigin(sys.executable, pointer)
    origin = JobPythonOrigin(jobs[client].name, origin)
    shutil.rmtree(os.path.join(os.environ["CONSULTING_DATA"], client), ignore_errors=True)
    incoming = os.path.join(os.environ["CONSULTING_DATA"], client, "incoming")
    shutil.copytree("files/acme_corp/incoming", incoming)
    run = instance.create_run_for_job(jobs[client], job_code_origin=origin)
    instance.run_launcher.launch_run(LaunchRunContext(run, None))
    tags = instance.get_run_by_id(run.run_id).tags
    return run.run_id, json.loads(tags["consulting/process"])["pid"]

def check(instance, run_id):
    if instance.get_run_by_id(run_id).status is not dg.DagsterRunStatus.SUCCESS:
        sys.exit("\\n".join(entry.message for entry in instance.all_logs(run_id)))

def spent():
    here = psutil.Process()
    own, parents = here.cpu_times(), [child.cpu_times() for child in here.children()]
    return sum(each.children_user + each.children_system for each in (own, *parents))

with dg.DagsterInstance.get() as instance:
    for _ in range(2):  # the first starts the warm parent
        shutil.rmtree(os.environ["CONSULTING_DATA"], ignore_errors=True)
        before = spent()
        run_id, pid = launch(instance, clients[0])
        while psutil.pid_exists(pid):
            time.sleep(0.2)  # nothing is counted until it has ended
        check(instance, run_id)
    print("CPU", round(spent() - before, 1))
"""
MONDAY = """
import os, shutil, signal, subprocess, sys, time
import dagster as dg
clients = sys.argv[1].split(",")
os.environ["CONSULTING_CLIENTS"] = sys.argv[1]
shutil.rmtree(os.environ["CONSULTING_DATA"], ignore_errors=True)
for client in clients:
    incoming = os.path.join(os.environ["CONSULTING_DATA"], client, "incoming")
    shutil.copytree("files/acme_corp/incoming", incoming)
with dg.DagsterInstance.get() as instance:
    command = [os.path.join(os.path.dirname(sys.executable), "dagster-daemon"), "run"]
    command += ["-m", "consulting.definitions"]
    daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    ended = []
    while len(ended) < len(clients):
        if daemon.poll() is not None:
            sys.exit("The daemon has ended.")
        time.sleep(2)
        runs = instance.get_run_records(dg.RunsFilter(tags={"client_id": clients}))
        ended = [run for run in runs if run.dagster_run.is_finished]
    daemon.send_signal(signal.SIGTERM)
    daemon.wait()
if any(not run.dagster_run.is_success for run in ended):
    sys.exit("A run has failed.")
taken = max(run.end_time for run in ended) - min(run.start_time for run in ended)
print("RATE", round(60 * len(ended) / taken, 1))
"""
FEWEST, MOST = 10, 60
"""Of how many clients the runs of a minute are measured."""

FACTORY = Path(__file__).with_name("plain_factory.py")


def main() -> None:
    """Print one line for each N."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 100, 300])
    parser.add_argument("--no-run", action="store_true", help="only measure loading")
    arguments = parser.parse_args()
    print(
        "| clients | assets | load | plain factory | ratio | one shard of 4 | looks at all | MB "
        "| tick | run, cold | run, warm | runs a minute |"
    )
    print("|---" * 12 + "|")
    for count in arguments.clients:
        with tempfile.TemporaryDirectory() as scratch:
            print(measure(Path(scratch), count, run=not arguments.no_run), flush=True)


def measure(scratch: Path, count: int, *, run: bool) -> str:
    """One line of the table."""
    project = make_project(scratch / "project", count)
    shape = scratch / "shape.json"
    in_project(project, "-c", DESCRIBE, str(shape))  # the first load; it compiles the modules
    ours = load_cost(project, OURS)
    factory = f"sys.path.insert(0, {str(FACTORY.parent)!r})\nimport plain_factory as f\n"
    plain = load_cost(project, f"{factory}defs = f.build({str(shape)!r}, {count})")
    if ours["ASSETS"] != plain["ASSETS"]:
        raise SystemExit(f"not equal: {ours} against {plain}")
    here = "pathlib.Path(d.__file__)"
    shard = PART.format(part=f"load_shard({here}, 1, of={SHARDS})")
    looks = PART.format(part=f"load_consultancy({here})")
    parts = [load_cost(project, code)["CPU"] for code in (shard, looks)]
    tick = float(in_project(project, "-c", TICKS).rpartition("CPU ")[2])
    cold, warm, rate = run_costs(project, count) if run else ("-", "-", "-")
    cells = [
        count, f"{ours['ASSETS']:.0f}", f"{ours['CPU']:.1f}", f"{plain['CPU']:.1f}",
        f"{ours['CPU'] / plain['CPU']:.2f}", *(f"{each:.1f}" for each in parts),
        f"{ours['MB']:.0f}", f"{tick:.3f}", cold, warm, rate,
    ]  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


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
    shutil.copy(ROOT / "dagster.yaml", project)
    (project / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
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


def load_cost(project: Path, definitions: str) -> dict[str, float]:
    """CPU seconds and megabytes of a fresh process that loads, and how many assets it found."""
    output = in_project(project, "-c", LOAD.format(definitions=definitions))
    words = (line.split() for line in output.splitlines())
    return {line[0]: float(line[1]) for line in words if line[:1] and line[0] in FIGURES}


FIGURES = {"CPU", "MB", "ASSETS"}


def run_costs(project: Path, count: int) -> tuple[str, str, str]:
    """CPU seconds of one client's job, started anew and forked; and the forked ones a minute."""
    own = os.environ | {"CONSULTING_DATA": str(project / "files")}
    demo = [sys.executable, "-m", "consulting.cli", "demo", "--files-only"]
    subprocess.run(demo, cwd=ROOT, env=own, check=True, capture_output=True)
    cold, warm = (launched(project, FIRST, code=RUN, warm=warm)["CPU"] for warm in (False, True))
    if count < FEWEST:
        return cold, warm, "-"
    clients = ",".join(f"{MODEL_CLIENT}_{number:04d}" for number in range(min(count, MOST)))
    return cold, warm, launched(project, clients, code=MONDAY, warm=True)["RATE"]


def launched(project: Path, clients: str, *, code: str, warm: bool) -> dict[str, str]:
    """What runs cost that the project's launcher starts, and how many of them a minute has."""
    settings = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    settings["run_launcher"]["config"] = {"warm": warm}
    (project / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    shutil.rmtree(project / ".dagster", ignore_errors=True)
    output = in_project(project, "-c", code, clients)
    words = (line.split() for line in output.splitlines())
    return {line[0]: line[1] for line in words if line[:1] and line[0] in {"CPU", "RATE"}}


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
