"""Run by the tests in a process that has the package installed; nothing of `src` knows it."""

from __future__ import annotations

import importlib.util
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from consulting.alerting import AlertDesk, AlertRoute, nothing_arrived
from consulting.channels import Means, sender_of
from consulting.channels.page import PageSender
from consulting.cleaning import open_tables, with_changes
from consulting.config.engagement import EngagementConfig
from consulting.config.reference import field_reference
from consulting.delivery import build_delivery
from consulting.errors import UnreadableFileError
from consulting.intake.reading import Door, ReadOptions, read_file
from consulting.plugins import others
from consulting.rules import column_rule
from consulting.rules.macros import rule_macros
from consulting.rules.template import own_template_file, read_template, template_names
from consulting.testing.sources import SourceContract

if TYPE_CHECKING:
    from consulting.records import FileReading
    from consulting.sources import Store

LEAST = {"client_name": "Acme", "feeds": [{"name": "orders", "files": "orders*"}]}


@dataclass
class Parcel:
    """A database that a client puts files into."""

    file: Path

    def store(self) -> Store:
        source = {"type": "parcel", "file": str(self.file)}
        config = EngagementConfig.model_validate(LEAST | {"source": source})
        return config.source.open("acme", self.file.parent)

    def missing(self) -> Store:
        return Parcel(self.file.with_name("none.db")).store()

    def put(self, key: str, content: bytes) -> None:
        self._run(
            "INSERT INTO parcel VALUES (?, 1, ?) ON CONFLICT (key) "
            "DO UPDATE SET version = version + 1, content = excluded.content",
            key,
            content,
        )

    def remove(self, key: str) -> None:
        self._run("DELETE FROM parcel WHERE key = ?", key)

    def _run(self, query: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute(query, values)


class TestParcel(SourceContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Parcel:
        place = Parcel(tmp_path / "parcels.db")
        place._run("CREATE TABLE parcel (key TEXT PRIMARY KEY, version INT, content BLOB)")
        return place


def test_the_pages_and_macros_tell_of_them() -> None:
    assert "## `ParcelSource`" in field_reference()
    assert "{% macro to_plate(sql, meta) -%}" in rule_macros()
    assert column_rule({"from": "plate", "rule": "to_plate"}).conversion() == "number plate"
    assert others() == {"consulting-example": "1.0"}


def test_a_delivery_holds_what_the_package_adds(tmp_path: Path) -> None:
    scenario = _scenario()
    folder = scenario.make_folder(tmp_path)
    with open_tables(folder.warehouse) as tables:
        mappings = with_changes(tables, scenario.MAPPINGS)
    inputs = scenario.make_inputs(
        profiles=scenario.profiles(folder),
        mappings=mappings,
        documents=("handover_letter",),
    )
    tables = [table.model_copy(update={"formats": ("jsonl",)}) for table in scenario.TABLES]
    delivery = build_delivery(inputs, folder=folder, tables=tables)
    assert {"handover_letter.txt", "tables/customers.jsonl"} <= set(delivery.files)
    lines = (delivery.path / "tables/customers.jsonl").read_text().splitlines()
    assert len(lines) == next(
        each.delivered for each in inputs.accounts if each.feed == "customers"
    )


DIRECTORY = b"""dn: cn=Ada
cn: Ada
mail: ada@acme.example

dn: cn=Bo
cn: Bo
"""


def test_a_file_of_the_package_s_format_is_read(tmp_path: Path) -> None:
    told = _read(tmp_path, DIRECTORY)
    assert (told.format, told.columns) == ("ldif", ("dn", "cn", "mail"))
    assert (told.received_rows, told.loaded_rows, told.warnings) == (2, 2, ())
    declared = _read(tmp_path, DIRECTORY.replace(b"dn:", b"uid:"), {"type": "ldif", "first": "uid"})
    assert (declared.format, declared.columns) == ("ldif", ("uid", "cn", "mail"))
    with pytest.raises(UnreadableFileError, match="none of the format 'ldif', which the feed"):
        _read(tmp_path, b"cn,mail\nAda,ada@acme.example\n", {"type": "ldif"})


def _read(folder: Path, data: bytes, declared: dict[str, str] | None = None) -> FileReading:
    feed = {"name": "people", "files": "*"} | ({"format": declared} if declared else {})
    config = EngagementConfig.model_validate(LEAST | {"feeds": [feed]})
    (folder / "landed").write_bytes(data)
    return read_file(
        folder / "landed",
        filename="people.ldif",
        feed="people",
        sha256="0" * 64,
        run_folder=folder / "acme/runs/b1",
        options=ReadOptions(format=config.feeds[0].format),
        door=Door(tier=3, client_id="acme"),
    )


def test_an_alert_goes_into_the_package_s_channel(tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    alerts = {"channels": [{"type": "notebook", "file": str(book)}]}
    config = EngagementConfig.model_validate(LEAST | {"alerts": alerts})
    url, now = f"sqlite:///{tmp_path / 'ledger.db'}", datetime(2026, 3, 2, tzinfo=UTC)
    desk = AlertDesk(url)
    route = AlertRoute(client_id="acme", client_name="Acme", channels=config.alerts.written())
    desk.report(nothing_arrived(route, key="2026-03-02", due_at=now), now)
    own = PageSender(tmp_path)
    assert desk.dispatch(own, now, others=lambda name: sender_of(name, Means(url))).posted == 1
    assert book.read_text().endswith("🟠 Acme: Nothing arrived for 2026-03-02\n")


def test_a_template_of_the_package_is_found_after_the_project_s_own(tmp_path: Path) -> None:
    assert template_names(tmp_path) == ["shop_orders"]
    assert read_template(tmp_path, "shop_orders").columns[0].synonyms == ("Order ID", "Bestellnr")
    own = own_template_file(tmp_path, "shop_orders")
    own.parent.mkdir()
    own.write_text("models: [{name: shop_orders, columns: [{name: nr}]}]\n")
    assert [column.name for column in read_template(tmp_path, "shop_orders").columns] == ["nr"]
    assert template_names(tmp_path) == ["shop_orders"]


def _scenario() -> Any:
    """The delivery of the delivery's own tests."""
    path = Path(__file__).parents[1] / "delivery/scenario.py"
    spec = importlib.util.spec_from_file_location("scenario", path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["scenario"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
