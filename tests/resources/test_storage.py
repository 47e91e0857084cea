"""Events in Dagster's SQLite files, over connections that stay open."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
import sqlalchemy as db
import yaml
from alembic.script import ScriptDirectory

from consulting.resources import storage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warm_python import WarmPython

ROOT = Path(__file__).parents[2]
DAGSTERS_OWN = {"sqlite": {"base_dir": "kept"}}


@dg.asset(check_specs=[dg.AssetCheckSpec("whole", asset="orders")])
def orders() -> dg.MaterializeResult:  # type: ignore[type-arg]
    for number in range(20):
        dg.get_dagster_logger().info("row %s", number)
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def settle(home: Path, kept: dict[str, Any] | None = None) -> None:
    """Have the storage of this project's `dagster.yaml`, or another."""
    if kept is None:
        kept = yaml.safe_load((ROOT / "dagster.yaml").read_text())["storage"]
        kept["custom"]["config"]["base_dir"] = "kept"
    settings = {"storage": kept, "telemetry": {"enabled": False}}
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings))


def instance(home: Path, kept: dict[str, Any] | None = None) -> dg.DagsterInstance:
    """The instance with the storage of this project's `dagster.yaml`, or another."""
    settle(home, kept)
    return dg.DagsterInstance.get()


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """The databases that are opened meanwhile."""
    names: list[str] = []

    def note(connection: Any, _record: Any) -> None:
        names.append(Path(connection.execute("PRAGMA database_list").fetchone()[2]).stem)

    db.event.listen(db.Pool, "connect", note)
    yield names
    db.event.remove(db.Pool, "connect", note)


def told(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [entry.message for entry in instance.all_logs(run_id)]


def test_a_run_opens_no_database_for_each_of_its_events(home: Path, opened: list[str]) -> None:
    with instance(home) as kept:
        dg.materialize([orders], instance=kept)
        opened.clear()
        run_id = dg.materialize([orders], instance=kept).run_id
        events = told(kept, run_id)
    assert len(events) > 30
    # some to make the run's tables, none for each event
    assert opened.count(run_id) + opened.count("index") < 10


def test_dagsters_own_storage_reads_what_it_wrote_and_it_what_dagsters_own_wrote(
    home: Path,
) -> None:
    with instance(home, DAGSTERS_OWN) as own:
        before = dg.materialize([orders], instance=own).run_id
    with instance(home) as kept:
        assert len(told(kept, before)) > 20
        after = dg.materialize([orders], instance=kept).run_id
        found = told(kept, after)
    with instance(home, DAGSTERS_OWN) as own:
        assert told(own, after) == found
        latest = own.get_latest_materialization_event(dg.AssetKey("orders"))
        assert latest is not None
        assert latest.run_id == after


def test_threads_write_at_once(home: Path) -> None:
    with instance(home) as kept:
        run = dg.materialize([orders], instance=kept).dagster_run

        def write() -> None:
            for number in range(50):
                kept.report_engine_event(f"line {number}", run)

        threads = [threading.Thread(target=write, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sum("line" in message for message in told(kept, run.run_id)) == 200


def test_events_that_are_wiped_are_gone_and_new_ones_are_kept(home: Path) -> None:
    with instance(home) as kept:
        before = dg.materialize([orders], instance=kept).run_id
        kept.wipe()
        assert told(kept, before) == []
        after = dg.materialize([orders], instance=kept).run_id
        assert len(told(kept, after)) > 20


def test_databases_that_were_removed_are_made_anew(home: Path) -> None:
    with instance(home) as kept:
        assert dg.materialize([orders], instance=kept).success
    shutil.rmtree(home / "kept")
    with instance(home) as anew:
        assert anew.get_runs() == []
        assert dg.materialize([orders], instance=anew).success
        assert len(anew.get_runs()) == 1
    assert (home / "kept/history/runs.db").exists()


def test_an_instance_and_a_run_after_the_first_read_no_migrations(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick of a sensor has an instance of its own."""
    read: list[str] = []
    whole = ScriptDirectory.from_config

    def note(config: Any) -> ScriptDirectory:
        read.append(config.get_main_option("script_location"))
        return whole(config)

    monkeypatch.setattr(ScriptDirectory, "from_config", note)
    with instance(home) as kept:
        assert len(read) > 2
        run_id = dg.materialize([orders], instance=kept).run_id
        read.clear()
        with dg.DagsterInstance.from_ref(kept.get_ref()) as another:
            assert another.get_run_by_id(run_id) is not None
            assert another.all_instigator_state() == []
            events = told(another, dg.materialize([orders], instance=another).run_id)
        assert read == []
    assert [entry for entry in events if entry.startswith("row ")] == [
        f"row {number}" for number in range(20)
    ]


def test_a_process_after_the_first_reads_no_migrations(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with instance(home) as kept:
        run_id = dg.materialize([orders], instance=kept).run_id
    monkeypatch.setattr(storage, "_made", set())  # as another process has it
    monkeypatch.setattr(ScriptDirectory, "from_config", lambda config: pytest.fail(str(config)))
    with instance(home) as kept:
        assert kept.get_run_by_id(run_id) is not None


def test_processes_that_make_an_instance_at_once_all_have_one(
    home: Path, warm_python: WarmPython
) -> None:
    settle(home)
    code = (
        "import dagster as dg\n"
        "with dg.DagsterInstance.get() as instance:\n"
        "    print(len(instance.get_runs()), len(instance.all_instigator_state()))\n"
    )
    environment = {**os.environ, "DAGSTER_HOME": str(home)}
    several = [warm_python.start("python", "-c", code, cwd=home, env=environment) for _ in range(4)]
    assert [process.wait().stdout for process in several] == ["0 0\n"] * 4
