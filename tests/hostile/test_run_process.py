"""What a client computes in its run's own process: corrections and models; it holds nobody up."""

from __future__ import annotations

import gzip
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from parsed_once import take_macros

from ..chain.conftest import DBT, World

if TYPE_CHECKING:
    from warm_python import WarmPython

ROOT = Path(__file__).parents[2]
GIB = 1024**3
RUN = """
import resource, sys
from pathlib import Path
from tests.chain.conftest import World
data, dbt, most, lease = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_DATA, (int(most), resource.RLIM_INFINITY))
intake = {"settle_seconds": 0, "lease_seconds": int(lease)}
world = World(Path(data), dbt_dir=Path(dbt), intake=intake)
world.drop_demo("customers")
print("begun", flush=True)
try:
    world.run()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
"""
DEAF = (
    "{% if execute %}{{ modules.re.fullmatch('(a|aa)+', 'a' * 90 ~ 'b') }}{% endif %}select 1 as n"
)
LARGE = "{% if execute %}{% set x = 'a' * 2500000000 %}{% endif %}select 1 as n"


def run_with(
    python: WarmPython, model: str, root: Path, most: int, *, lease: int
) -> subprocess.CompletedProcess[str]:
    """A run in a process of its own, with one more model of a hostile hand."""
    dbt = root / "dbt"
    others = ("target", "logs", "globex", "initech", "*orders*", "*revenue*")
    shutil.copytree(DBT, dbt, ignore=shutil.ignore_patterns(*others))
    take_macros(dbt)
    (dbt / "models/clients/acme_corp/marts/hostile.sql").write_text(model)
    arguments = [str(root / "data"), str(dbt), str(most), str(lease)]
    return python.start("python", "-c", RUN, *arguments, cwd=ROOT, env={**os.environ}).wait()


def test_a_model_that_holds_the_interpreter_ends_its_run_before_another_may_begin(
    tmp_path: Path, warm_python: WarmPython
) -> None:
    began = time.monotonic()
    ended = run_with(warm_python, DEAF, tmp_path, 8 * GIB, lease=5)
    assert ended.stdout.startswith("begun")
    assert ended.returncode in {-signal.SIGTERM, -signal.SIGKILL}, ended.stderr
    assert "lost its hold of batch" in ended.stderr
    assert time.monotonic() - began < 200
    assert not (tmp_path / "data/acme_corp/deliverables").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel counts a process's data there")
def test_a_model_that_grows_a_text_fails_within_the_memory_of_its_run(
    tmp_path: Path, warm_python: WarmPython
) -> None:
    # it holds the interpreter while it grows: on a busy machine for longer than a short lease
    ended = run_with(warm_python, LARGE, tmp_path, 4 * GIB, lease=280)
    assert "dbt could not run hostile" in ended.stderr, ended.stderr
    _, largest = ended.stdout.split()
    assert int(largest) * 1024 < 4 * GIB


@pytest.mark.usefixtures("new_interpreters")
def test_corrections_that_grow_as_they_are_read_are_set_aside_with_the_limit_named(
    tmp_path: Path,
) -> None:
    columns = 400
    header = ",".join(["_correction_id", "_reason", *(f"c{at}" for at in range(columns))])
    row = ",".join(["0123456789abcdef", "x", *("y" for _ in range(columns))])
    world = World(tmp_path, limits={"max_memory_bytes": GIB // 4})
    packed = gzip.compress((header + "\n" + (row + "\n") * 40_000).encode(), 1)
    assert len(packed) < 500_000
    world.drop("customers_rejects.csv.gz", packed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (aside,) = world.receive("run-1").quarantined
    assert aside.code == "corrections_too_many"
    assert "more than the 268,435,456 bytes of memory allowed" in aside.reason
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < GIB // 2, "the run's own process holds none of it"


def test_a_process_of_a_test_that_hangs_is_ended_and_fails_the_test(
    warm_python: WarmPython,
) -> None:
    hangs = "import time; time.sleep(600)"
    program = warm_python.start("python", "-c", hangs, cwd=ROOT, env={**os.environ})
    with pytest.raises(subprocess.TimeoutExpired, match=f"process {program.pid}"):
        program.wait(seconds=0)
    with pytest.raises(ProcessLookupError):
        os.kill(program.pid, 0)
