"""What a tier forbids is on no disk, also where a run is killed; and no slip lowers a tier."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from consulting import chain
from consulting.chain.incidents import route_of, watch
from consulting.chain.tier import hold_tier, lower_tier
from consulting.cli import tier as verb
from consulting.errors import BatchHeldError, TierLoweredError
from consulting.intake import RunVerdict
from consulting.intake.reading import Door, read_file
from consulting.scratch import scratch_folder, sweep_scratch
from consulting.sealed import SealedFile
from consulting.writing import write_whole

from ..canary import sightings
from ..chain.conftest import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CANARY = "Zq7-Lovelace-4711"
ROWS = [["id", "name"], *([str(number), f"{CANARY} {number}"] for number in range(1, 200))]
CSV = "".join(f"{','.join(row)}\n" for row in ROWS).encode()


def a_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", CSV)
    return buffer.getvalue()


def a_workbook() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(ROWS):
            sheet.write_row(at, 0, [int(row[0]) if at else row[0], row[1]])
    return buffer.getvalue()


def a_parquet() -> bytes:
    buffer = io.BytesIO()
    columns = list(zip(*ROWS[1:], strict=True))
    pq.write_table(pa.table({"id": columns[0], "name": columns[1]}), buffer)
    return buffer.getvalue()


FORMATS: dict[str, Callable[[], bytes]] = {
    "csv": lambda: CSV,
    "gz": lambda: gzip.compress(CSV),
    "zip": a_zip,
    "xlsx": a_workbook,
    "parquet": a_parquet,
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_is_read_below_tier_3_lies_nowhere_in_clear(name: str, tmp_path: Path) -> None:
    content = FORMATS[name]()
    world = World(tmp_path / "data", security_tier=1)
    world.drop("customers_1.csv", content)
    intake = world.engagement.intake
    now = datetime.now(UTC)
    intake.look(now=now)
    intake.look(now=now)
    batch = intake.claim(now=now, trigger="person")
    assert batch
    intake.begin(batch.batch_id, "run-1", now=now)
    # between these two calls the run may be killed
    landed = intake.land(batch, batch.drops[0])
    assert landed.sha256 == hashlib.sha256(content).hexdigest()
    assert list(world.folder.landing.iterdir()) == [landed.path.path]
    clear = sightings([tmp_path], [CANARY], leave_out=[world.folder.incoming])
    assert clear == []
    reading = read_file(
        landed.path,
        filename="a",
        feed="customers",
        sha256=landed.sha256,
        run_folder=tmp_path / "run",
        door=Door(tier=1, client_id="acme_corp"),
    )
    assert (reading.columns, reading.received_rows) == (("id", "name"), 199)
    again = intake.land(batch, batch.drops[0])
    assert again.path.open().read() == content, "a retry lands it again"
    assert again.path != landed.path


def test_what_killed_runs_left_is_swept_by_the_next_tick(tmp_path: Path) -> None:
    world = World(tmp_path, security_tier=2)
    write_whole(SealedFile(world.folder.landing / "a.sealed"), [CSV])
    write_whole(world.folder.landing / ("0" * 64) / "a.csv", [CSV])  # as an earlier release left it
    write_whole(world.folder.path / "warehouse.duckdb.tmp" / "duckdb_temp", [CSV])
    write_whole(world.folder.path / ".scratch-1" / "rows.csv", [CSV])
    world.engagement.intake.hold_tier(2)
    tick = {"verdict_of": lambda _: RunVerdict.UNKNOWN, "now": datetime.now(UTC)}
    chain.look(world.engagement, verdict_of_request=tick["verdict_of"], **tick)
    assert len(sightings([world.folder.path], [CSV.decode()])) == 3, "young: a run may be at work"
    for path in world.folder.path.rglob("*"):
        if "incoming" not in path.parts:
            os.utime(path, (0, 0))
    chain.look(world.engagement, verdict_of_request=tick["verdict_of"], **tick)
    left = {path.name for path in world.folder.path.rglob("*")}
    assert left <= {"incoming", "landing"}


def test_a_scratch_folder_in_use_is_not_swept_however_old(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        (folder / "rows").touch()
        os.utime(folder, (0, 0))
        sweep_scratch(tmp_path)
        assert (folder / "rows").exists()
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


@given(
    data=st.binary(max_size=200_000), asked=st.lists(st.tuples(st.integers(0), st.integers(0, 99)))
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_sealed_file_reads_as_what_was_written_from_anywhere_in_it(
    tmp_path: Path, data: bytes, asked: list[tuple[int, int]]
) -> None:
    sealed = SealedFile(tmp_path / "a.sealed")
    parts = [data[:7], data[7:1000], data[1000:]]
    assert write_whole(sealed, parts) == hashlib.sha256(data).hexdigest()
    assert len(data) < 16 or data not in sealed.path.read_bytes()
    assert str(sealed.key) not in repr(sealed)
    with sealed.open() as file:
        assert file.read() == data
        for at, size in asked:
            place = at % (len(data) + 1)
            file.seek(place)
            assert file.read(size) == data[place : place + size]


NAMES = st.sampled_from(["Ada Lovelace", "Jürgen Müller", "O'Neill", "Zoë Ortiz", "王芳"])
CITIES = st.sampled_from(["London", "Köln", "n/a", "", "unknown", "Rome"])
AMOUNTS = st.sampled_from(["12", "7.5", "n/a", "", "NULL", "-", "3"])
RECORDS = st.lists(st.tuples(NAMES, CITIES, AMOUNTS), min_size=3, max_size=30)


@given(rows=RECORDS)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("tier", [1, 2])
def test_below_tier_3_no_row_of_a_file_without_a_header_names_its_columns(
    tmp_path: Path, tier: int, rows: list[tuple[str, str, str]]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(f"{','.join(row)}\n" for row in rows), encoding="utf-8")
    reading = read_file(
        path,
        filename="a.csv",
        feed="f",
        sha256="0",
        run_folder=tmp_path,
        door=Door(tier=tier, client_id="acme"),
    )
    assert reading.columns == ("column_1", "column_2", "column_3")
    told = " ".join((*reading.decisions, *reading.warnings))
    assert not any(cell in told for row in rows for cell in row[:2] if len(cell) > 3)


def test_a_header_that_is_one_beyond_doubt_or_is_declared_names_the_columns(
    tmp_path: Path,
) -> None:
    from consulting.intake.reading import ReadOptions

    def columns(text: str, **options: int) -> tuple[str, ...]:
        (tmp_path / "a.csv").write_text(text)
        reading = read_file(
            tmp_path / "a.csv",
            filename="a.csv",
            feed="f",
            sha256="0",
            run_folder=tmp_path,
            options=ReadOptions(**options),
            door=Door(tier=1, client_id="acme"),
        )
        return reading.columns

    assert columns("Name,Amount\nAda,12\nBob,7\n") == ("Name", "Amount")
    assert columns("Name,City\nAda,Rome\nBob,Bonn\n") == ("Name", "City")
    assert columns("Ada,Rome\nBob,Bonn\n") == ("column_1", "column_2")
    assert columns("Name,City\nAda,Rome\nBob,Bonn\n", header_row=1) == ("Name", "City")


# --- a tier that was lowered ------------------------------------------------------------------


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, customers_dbt: Path) -> World:
    """A client delivered at tier 3; copied, never changed."""
    world = World(tmp_path_factory.mktemp("full"), dbt_dir=customers_dbt)
    world.drop_demo("customers")
    world.run()
    write_whole(world.folder.errors / "a.log", [CSV])
    return world


def held(world: World) -> dict[str, bytes]:
    paths = sorted(world.folder.path.rglob("*"))
    return {str(path): path.read_bytes() for path in paths if path.is_file()}


def test_a_lowered_tier_removes_nothing_and_runs_nothing_until_it_is_confirmed(
    full: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = full.copy(tmp_path / "data", security_tier=1)
    world.drop("customers_9.csv", CSV)
    before = held(world)
    with pytest.raises(TierLoweredError, match="`consulting tier acme_corp` shows what would go"):
        world.run()
    tick = chain.look(
        world.engagement,
        verdict_of=lambda _: RunVerdict.UNKNOWN,
        verdict_of_request=lambda _: RunVerdict.UNKNOWN,
        now=datetime.now(UTC),
    )
    assert tick.batches == ()
    assert "lowered to 1 (Schema-Only), and its data is held at tier 3 (Full)" in tick.sentence
    assert held(world) == before

    def open_it(*_args: object, **_kwargs: object) -> chain.Engagement:
        return world.engagement

    monkeypatch.setattr(verb, "open_engagement", open_it)
    shown = CliRunner().invoke(verb.tier, ["acme_corp"])
    assert shown.exit_code == 0
    assert held(world) == before, "only shown"
    for name in ("landing", "runs", "warehouse.duckdb", "errors", "tables"):
        assert f"/{name}: " in shown.output, name
    done = CliRunner().invoke(verb.tier, ["acme_corp", "--yes"])
    assert done.output.endswith("acme_corp: removed; its data is held at tier 1 now.\n")
    left = {path.removeprefix(f"{world.folder.path}/") for path in held(world)}
    delivery = world.deliveries()[0]
    kept = {f"deliverables/{delivery}/manifest.json", "access.jsonl"}
    assert {name for name in left if "incoming/" not in name} == kept
    again = CliRunner().invoke(verb.tier, ["acme_corp"])
    assert "nothing to confirm" in again.output


def test_data_without_a_note_counts_as_held_at_tier_3_and_none_as_none(
    full: World, tmp_path: Path
) -> None:
    world = full.copy(tmp_path / "data", security_tier=2)
    with create_engine(world.engagement.ledger_url).begin() as ledger:
        ledger.execute(text("UPDATE ledger_client SET held_tier = NULL"))
    with pytest.raises(TierLoweredError):
        world.receive("run-2")
    new = World(tmp_path / "new", security_tier=2)
    new.drop_demo("customers")
    new.receive("run-1")
    assert new.engagement.intake.held_tier() == 2
    hold_tier(World(tmp_path / "new", security_tier=3).engagement)
    assert new.engagement.intake.held_tier() == 3, "a higher tier needs nobody"


def test_a_tier_is_not_lowered_under_a_run(full: World, tmp_path: Path) -> None:
    world = full.copy(tmp_path / "data")
    world.drop("customers_9.csv", CSV)
    world.receive("run-2")
    lower = World(world.root, security_tier=1)
    before = held(lower)
    with pytest.raises(BatchHeldError):
        lower_tier(lower.engagement, now=datetime.now(UTC))
    assert held(lower) == before


def test_a_lowered_tier_is_an_alert_until_it_is_confirmed(full: World, tmp_path: Path) -> None:
    from consulting.alerting import AlertDesk

    world = full.copy(tmp_path / "data", security_tier=2)
    desk = AlertDesk(f"sqlite:///{tmp_path}/alerts.db")
    for open_after in (1, 0):
        engagement = world.engagement
        told = [each for each in desk.open_incidents() if each.event.kind == "tier_lowered"]
        facts = chain.facts_of(engagement, datetime.now(UTC))
        watch(desk, engagement, facts, told=told, run_of=lambda _: (None, None))
        opened = [each for each in desk.open_incidents() if each.event.kind == "tier_lowered"]
        assert len(opened) == open_after
        lower_tier(engagement, now=datetime.now(UTC))
    assert route_of(engagement).wants("tier_lowered")
