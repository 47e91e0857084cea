"""What a library says of a client's data in its errors goes nowhere that others can see."""

from __future__ import annotations

import ast
import logging
import threading
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb
import pytest

import consulting
from consulting.chain.attempt import attempt
from consulting.components.engagement import assets, automation, models
from consulting.components.engagement.client import BATCH_TAG, Client
from consulting.errors import DiskFullError, UnforeseenError
from consulting.foreign import ErrorLog, in_our_words
from consulting.intake import BatchStatus
from consulting.project import Project
from consulting.resources.consultancy import ConsultancyResource

from ..canary import sightings, sightings_in
from ..chain.conftest import DBT, World, config_of

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Project(DBT.parent, DBT.parent / "src/consulting/defs")
CANARY = "Zq7-Lovelace-4711"
TEXT = f"could not read 'x'\n  detail: (name)=(Ada {CANARY})\n{CANARY}\tend\nERROR: {CANARY}"
SOURCE = Path(consulting.__file__).parent


class HostileError(Exception):
    """A library's, which quotes rows in its text, its repr and its notes."""


class PanicException(BaseException):
    """A library's in Rust."""


def hostile(*_args: Any, **_kwargs: Any) -> Any:
    """Fail as the worst library would, and tell everybody."""
    warnings.warn(TEXT, UserWarning, stacklevel=1)
    logging.getLogger("a_library").error(TEXT)
    thread = threading.Thread(target=lambda: 1 / int(CANARY))
    thread.start()
    thread.join()
    try:
        raise ValueError(TEXT)  # noqa: TRY301 - becomes the context
    except ValueError as error:
        trouble = HostileError(TEXT, {"row": TEXT})
        trouble.add_note(TEXT)
        raise trouble from error


def panic(*_args: Any, **_kwargs: Any) -> Any:
    raise PanicException(TEXT)


STAGES: dict[str, Callable[[Client, Any], dg.AssetsDefinition]] = {
    "file_received": lambda client, _: assets.build_file_received(client),
    "profiled": lambda client, _: assets.build_profiled(client),
    "cleaned": models.build_cleaned,
    "delivered": lambda client, _: assets.build_delivered(client),
}
BORDERS = [
    ("file_received", "consulting.intake.landing.hash_file"),
    ("file_received", "consulting.chain.file_received.load_files"),
    ("profiled", "consulting.chain.profiled.profile_files"),
    ("profiled", "consulting.components.engagement.assets.batch_of"),
    ("cleaned", "consulting.cleaning.run.open_bounded"),
    ("cleaned", "dbt.cli.main.dbtRunner.invoke"),
    ("delivered", "consulting.chain.delivered.attempt"),
    ("delivered", "consulting.resources.consultancy.ConsultancyResource.engagement"),
]


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A client whose files were read; copied, never changed."""
    world = World(tmp_path_factory.mktemp("received"))
    world.drop_demo("customers")
    batch_id = world.receive("run-0").batch.batch_id
    world.engagement.intake.failed(
        batch_id, "run-0", reason="", now=datetime.now(UTC), cause="interrupted"
    )
    return world


@pytest.mark.parametrize(
    ("stage", "border", "failing", "tier"),
    [(*each, hostile, 3) for each in BORDERS]
    + [(*each, panic, 2) for each in BORDERS if each[0] in {"cleaned", "delivered"}],
)
def test_nothing_of_a_foreign_error_leaves_its_border(  # noqa: PLR0913, PLR0917 - fixtures
    received: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    stage: str,
    border: str,
    failing: Callable[..., Any],
    tier: int,
    local_instance: Callable[[Path], dg.DagsterInstance],
) -> None:
    world = received.copy(tmp_path / "data", security_tier=tier)
    (batch,) = world.engagement.intake.state().batches
    if tier == 2:
        world.engagement.intake.hold_tier(2)
    client = Client("acme_corp", config_of("acme_corp", security_tier=tier), PROJECT)
    monkeypatch.setenv("CONSULTING_DATA", str(world.root))
    asset = STAGES[stage](client, models.ClientDbt(client))
    monkeypatch.setattr(border, failing)
    with local_instance(tmp_path / "home") as instance:
        result = dg.materialize(
            [asset],
            instance=instance,
            resources={"consultancy": ConsultancyResource()},
            tags={**client.tags, BATCH_TAG: batch.batch_id},
            raise_on_error=False,
        )
        (failure,) = result.get_step_failure_events()
    printed = capfd.readouterr()
    assert sightings_in(printed.out + printed.err, [CANARY]) == []
    logs = world.folder.errors
    assert sightings([tmp_path], [CANARY], leave_out=[logs]) == []
    data: Any = failure.step_failure_data
    said = data.user_failure_data.description
    assert "acme_corp: an error that was not foreseen" in said
    assert failing is panic or "HostileError" in said
    if tier == 2:
        assert "below tier 3 it is not kept" in said
        assert not logs.exists()
        return
    kept = [log for log in logs.iterdir() if f"errors/{log.name}" in said]
    assert len(kept) == 1, "the message names it"
    assert CANARY in kept[0].read_text()
    assert (kept[0].stat().st_mode & 0o777, logs.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_tick_that_fails_tells_nothing_of_a_foreign_error(
    received: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    recwarn: Any,
    local_instance: Callable[[Path], dg.DagsterInstance],
) -> None:
    world = received.copy(tmp_path / "data")
    client = Client("acme_corp", config_of("acme_corp"), PROJECT)
    monkeypatch.setenv("CONSULTING_DATA", str(world.root))
    monkeypatch.setattr("consulting.chain.look", hostile)
    with local_instance(tmp_path) as instance:
        context = dg.build_sensor_context(instance=instance)
        warnings.simplefilter("ignore")
        with pytest.raises(UnforeseenError) as caught:
            automation.build_sensor(client)(context, consultancy=ConsultancyResource())
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert CANARY not in str(caught.value)


def test_every_function_that_dagster_calls_stands_behind_the_border() -> None:
    calls = {"asset", "multi_asset", "asset_check", "multi_asset_check", "sensor", "schedule", "op"}
    bare = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            names = [ast.unparse(each).partition("(")[0] for each in node.decorator_list]
            if calls.intersection(name.removeprefix("dg.") for name in names):
                bare += [] if names[-1] == "bordered" else [f"{path.name}:{node.name}"]
    assert bare == []


def test_of_a_foreign_error_its_class_and_our_line_are_told(tmp_path: Path) -> None:
    try:
        ErrorLog(tmp_path / "acme" / "errors").keep(None, "x")  # type: ignore[arg-type]
    except AttributeError as error:
        told = in_our_words(error, "acme", ErrorLog(tmp_path / "acme" / "errors"), name="acme-7")
    assert str(told).startswith("acme: an error that was not foreseen: AttributeError, at ")
    assert "Its whole text is in acme/errors/acme-7-AttributeError.log in the data folder" in str(
        told
    )
    again = in_our_words(told, "acme", ErrorLog())
    assert again is told


def fill_with_python(full: str) -> None:
    Path(full).write_bytes(b"x")


def fill_with_duckdb(full: str) -> None:
    duckdb.sql(
        f"COPY (SELECT range AS n FROM range(100000)) TO '{full}' (FORMAT csv, USE_TMP_FILE false)"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
@pytest.mark.parametrize("fill", [fill_with_python, fill_with_duckdb])
def test_a_full_disk_is_told_and_its_files_are_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fill: Callable[[str], None]
) -> None:
    full = tmp_path / "full"
    full.symlink_to("/dev/full")  # whoever puts a file in its place puts it there, not in /dev
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    world = World(tmp_path)
    world.drop_demo("customers")
    batch_id = world.receive("first").batch.batch_id
    # more often than a file at fault is tried
    for run_id in ("first", "second", "third", "fourth", "fifth"):
        with (
            pytest.raises(DiskFullError, match=f"(?s)acme_corp: a disk is full.*MB in {tmp_path}"),
            attempt(world.engagement, batch_id, run_id),
        ):
            fill(str(full))
        world.engagement.intake.retry([batch_id], now=datetime.now(UTC))
    (batch,) = world.engagement.intake.state().batches
    assert (batch.batch_id, batch.status) == (batch_id, BatchStatus.WAITING)
    assert world.engagement.intake.state().quarantined == ()


def test_a_value_that_speaks_of_a_full_disk_fills_none() -> None:
    with pytest.raises(duckdb.ConversionException) as failed:
        duckdb.sql("SELECT 'No space left on device'::INTEGER").fetchall()
    told = in_our_words(failed.value, "acme", ErrorLog())
    assert isinstance(told, UnforeseenError)
