"""Names that a stranger chose (files, sheets, members, fields, titles) in a whole run below tier 3.

They stand where the file lies and in the ledger's column of keys, and nowhere else.
"""

from __future__ import annotations

import io
import json
import logging
import shutil
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import xlsxwriter
from parsed_once import take_macros

from consulting import chain
from consulting.alerting import AlertDesk
from consulting.chain import artifacts
from consulting.chain.incidents import watch
from consulting.components.engagement import metadata
from consulting.intake import State

from ..canary import sightings, sightings_in
from ..chain.conftest import DBT, World

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.delivery import Delivery

FILE, SHEET, MEMBER = "Schickelgruber", "Wolfgang Zauberhuber", "Kunigunde Blaubeer"
TITLE, FIELD, CELL = "Adalbert Quarkmann", "Hildegund Zwetschke", "Zq7-Lovelace-4711"
FIRST_ROW, DAY, ARTICLE = "Ottokar", "1980-03-04", "QX-48-15162"
CANARIES = [FILE, SHEET, MEMBER, TITLE, FIELD, CELL, FIRST_ROW, DAY, ARTICLE]
FEEDS = [
    {"name": name, "files": f"{name}*"}
    for name in ("wide", "book", "packed", "keyed", "bare", "bad")
]


def a_workbook() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name in (SHEET, f"{SHEET} 2"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["id", "amount", TITLE])
            for row in range(1, 5):
                sheet.write_row(row, 0, [row, 7.5, CELL])
        book.set_properties({"author": TITLE, "title": FILE})
    return buffer.getvalue()


def a_zip(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, f"id,note\n1,{CELL}\n2,{CELL}\n")
    return buffer.getvalue()


FILES: dict[str, str | bytes] = {
    f"wide_{FILE}.csv": f"month,amount,{TITLE}\n2024-01,7,8\n2024-02,7,9\n",
    f"book {FILE}.xlsx": a_workbook(),
    f"packed_{FILE}_{DAY}.zip": a_zip(f"{MEMBER}.csv"),
    "keyed.json": json.dumps(
        [{"id": n, FIELD: {"age": n}, DAY: 4, ARTICLE: 5, "total": 2} for n in range(4)]
    ),
    "bare.csv": f"{FIRST_ROW},none given,Blaubeuren\nSieglinde,12,Xanten\nEberhard,13,Worms\n",
    f"bad {FILE}.zip": a_zip(f"{MEMBER}.csv", f"{MEMBER} 2.csv"),
}


@pytest.fixture(scope="module", params=[1, 2])
def ran(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[World, Delivery, str]:
    """A client with such files, delivered; and all that was logged."""
    root = tmp_path_factory.mktemp(f"strangers_{request.param}")
    dbt = root / "dbt"
    shutil.copytree(DBT, dbt, ignore=shutil.ignore_patterns("acme_corp", "target", "logs"))
    take_macros(dbt)
    world = World(root / "data", dbt_dir=dbt, security_tier=request.param, feeds=FEEDS)
    for name, content in FILES.items():
        world.drop(name, content)
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logging.getLogger().addHandler(handler)
    try:
        delivery = world.run()
    finally:
        logging.getLogger().removeHandler(handler)
    return world, delivery, said.getvalue() + "\n".join(world.said)


def without_keys(ledger: Path, target: Path) -> Path:
    """What the ledger holds but for the keys, by which it knows a file again."""
    with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute("UPDATE ledger_drop SET key = drop_id")
        copy.execute("UPDATE ledger_client SET position = NULL, high_key = NULL")
        copy.commit()
        copy.execute("VACUUM")
    return target


def test_no_byte_that_a_run_leaves_holds_a_name_of_a_stranger(
    ran: tuple[World, Delivery, str], tmp_path: Path
) -> None:
    world, _, said = ran
    ledger = world.root / "ledger.db"
    left_out = [world.folder.incoming, *world.root.glob("ledger.db*")]
    assert sightings([world.root], CANARIES, leave_out=left_out) == []
    assert sightings([without_keys(ledger, tmp_path / "ledger.db")], CANARIES) == []
    assert sightings_in(said, CANARIES) == []
    assert sightings([ledger], [FILE]), "or the search finds nothing"


def test_no_metadata_and_no_alert_holds_one(
    ran: tuple[World, Delivery, str], tmp_path: Path
) -> None:
    world, delivery, _ = ran
    engagement, folder = world.engagement, world.folder.run(delivery.delivery_id)
    received = artifacts.read(folder / artifacts.INTAKE, artifacts.Intake)
    told = [
        metadata.of_received(received, engagement),
        metadata.of_profile(world.profile_of(delivery), patches_told=False),
        metadata.of_cleaning(artifacts.read(folder / artifacts.CLEANING, artifacts.Cleaning)),
        metadata.of_delivery(delivery, engagement),
    ]
    assert "bad *~" in str(told).replace("\\", "")
    assert sightings_in(str(told), CANARIES) == []
    desk = AlertDesk(f"sqlite:///{tmp_path / 'alerts.db'}")
    facts = chain.facts_of(engagement, datetime.now(UTC))
    watch(desk, engagement, facts, told=(), run_of=lambda _: (None, None))
    assert [each.event.kind for each in desk.open_incidents()].count("quarantined_file") == 1
    assert sightings([tmp_path], CANARIES) == []


def test_the_engineer_still_finds_the_file(ran: tuple[World, Delivery, str]) -> None:
    world, _, said = ran
    stories = {story.drop.feed: story for story in world.engagement.intake.history()}
    told = stories["wide"].drop.key
    assert told.startswith("wide_*~")
    assert told.endswith(".csv")
    assert told in said
    true = world.engagement.intake.true_names([stories["wide"].drop.drop_id])
    assert list(true.values()) == [f"wide_{FILE}.csv"]
    assert told in world.engagement.intake.told_before(true.values()), "or a raise doubles it"
    assert stories["bad"].state is State.QUARANTINED
    assert stories["keyed"].drop.key == "keyed.json"


def test_titles_that_are_labels_are_kept_and_others_named_after_their_place(
    ran: tuple[World, Delivery, str],
) -> None:
    world, delivery, _ = ran
    columns = {p.feed: [c.name for c in p.columns] for p in world.profile_of(delivery).profiles}
    assert columns == {
        "wide": ["month", "amount", "column_3"],
        "book": ["id", "amount", "column_3"],
        "packed": ["id", "note"],
        "keyed": ["id", "column_2", "column_3", "column_4", "total"],
        "bare": ["column_1", "column_2", "column_3"],
    }
