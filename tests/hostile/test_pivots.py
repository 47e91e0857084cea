"""Columns that a model names after values (a pivot): their names are data, which nobody wrote."""

from __future__ import annotations

import csv
import io
import logging
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook
from parsed_once import take_macros

from consulting import chain
from consulting.alerting import AlertDesk
from consulting.alerting.message import alert_message
from consulting.chain.incidents import watch
from consulting.cleaning import write_feed_models
from consulting.delivery import list_deliveries

from ..canary import sightings, sightings_in
from ..chain.conftest import DBT
from ..e2e.conftest import Location
from .test_strangers import without_keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANARIES = ["Zq7-Lovelace", "Qvorrendyk", "calc'!A0", "Zambuzel", "Ürkvist"]
HOSTILE = [
    "Zq7-Lovelace\n2026-01-01 ERROR globex: all is lost",
    "Qvorrendyk<script>alert(1)</script>",
    "=cmd|'/c calc'!A0",
    "\x1b]0;Zambuzel\x07",
    "{{ env_var('HOME') }} Ürkvist",
]
COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "from": "id", "rule": "to_text"},
    # named by the engagement, so that tier 2 keeps the values as they are
    {"name": "kind", "from": "kind", "rule": "to_code", "codes": CANARIES},
    {"name": "amount", "from": "amount", "rule": "to_integer"},
]
TURNED = "select * from (pivot (select {}, amount from {{{{ ref('sales') }}}}) on kind using {})"


class Ran:
    """A client whose model turns values into columns: delivered, and again turned otherwise."""

    def __init__(self, root: Path, tier: int) -> None:
        self.tier = tier
        self.dbt = root / "dbt"
        ignored = shutil.ignore_patterns("acme_corp", "target", "logs")
        shutil.copytree(DBT, self.dbt, ignore=ignored)
        take_macros(self.dbt)
        columns = [*COLUMNS]
        if tier == 3:
            columns[1] = {"name": "kind", "from": "kind", "rule": "to_text"}
        write_feed_models(self.dbt, "acme_corp", "sales", columns)
        self._turn("kind", "sum(amount)")
        self.location = Location(
            root / "data",
            dbt_dir=self.dbt,
            security_tier=tier,
            feeds=[{"name": "sales", "files": "sales*.csv"}],
            alerts={"channel": "#acme", "deliveries": True},
        )
        written = io.StringIO()
        rows = [(n, (HOSTILE if tier == 3 else CANARIES)[n % 5], n) for n in range(100)]
        csv.writer(written).writerows([("id", "kind", "amount"), *rows])
        (self.location.folder.incoming / "sales.csv").write_text(written.getvalue(), newline="")
        said = io.StringIO()
        handler = logging.StreamHandler(said)
        logging.getLogger().addHandler(handler)
        try:
            self.results = [self.location.run(self.location.requests()[0]), self._again()]
        finally:
            logging.getLogger().removeHandler(handler)
        self.said = said.getvalue()

    def _turn(self, column: str, total: str) -> None:
        marts = self.dbt / "models/clients/acme_corp/marts"
        (marts / "wide.sql").write_text(TURNED.format(column, total))
        (marts / "wider.sql").write_text("select *, 1 as one from {{ ref('wide') }}")

    def _again(self) -> Any:
        self._turn("kind || ' 2' as kind", "max(amount)")
        intake = self.location.engagement.intake
        intake.reprocess([story.drop.drop_id for story in intake.history()], dry_run=False)
        return self.location.run(self.location.requests()[0])

    @property
    def newest(self) -> Path:
        return max(self.location.folder.deliverables.iterdir())


@pytest.fixture(scope="module", params=[1, 2, 3])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    root = tmp_path_factory.mktemp(f"turned_{request.param}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSULTING_DATA", str(root / "data"))
        yield Ran(root, request.param)


def compared(ran: Ran) -> str:
    summary = list_deliveries(ran.location.folder)[-1]
    return " ".join(summary.compared.in_words()) if summary.compared else ""


def test_dagster_is_told_none_of_their_names(ran: Ran, capfd: pytest.CaptureFixture[str]) -> None:
    # without rows there is nothing to turn, and DuckDB makes no table without columns
    assert [result.success for result in ran.results][:1] == [ran.tier > 1]
    logs = [
        str(entry)
        for result in ran.results
        for entry in ran.location.instance.all_logs(result.run_id)
    ]
    assert sightings_in("\n".join(logs), CANARIES) == []
    assert sightings_in(ran.said + "".join(capfd.readouterr()), CANARIES) == []
    if ran.tier > 1:
        assert "column 5, named by a value" in "".join(logs)
        assert "wider: " in "".join(logs), "the comparison is told, by its counts"
        assert "Zq7-Lovelace" in compared(ran), "or the comparison has nothing to hide"


def test_neither_an_alert_nor_the_ledger_holds_one(ran: Ran, tmp_path: Path) -> None:
    engagement = ran.location.engagement
    desk = AlertDesk(f"sqlite:///{tmp_path / 'alerts.db'}")
    facts = chain.facts_of(engagement, datetime.now(UTC))
    watch(desk, engagement, facts, told=(), run_of=lambda _: (None, None))
    incidents = desk.open_incidents()
    if ran.tier == 1:
        assert [each.event.kind for each in incidents] == ["failed_run"]
    assert sightings_in(str([alert_message(each) for each in incidents]), CANARIES) == []
    ledger = without_keys(ran.location.folder.root / "ledger.db", tmp_path / "ledger.db")
    assert sightings([tmp_path], CANARIES) == []
    assert ledger.stat().st_size


@pytest.mark.parametrize("ran", [3], indirect=True)
def test_documents_show_them_escaped_at_tier_3(ran: Ran) -> None:
    pages = "".join(path.read_text("utf-8") for path in ran.newest.glob("*.html"))
    assert "Qvorrendyk&lt;script&gt;" in pages
    assert "<script>alert(1)" not in pages
    assert "\x1b" not in pages
    book = load_workbook(ran.newest / "mapping_document.xlsx")
    cells = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert any("calc'!A0" in str(cell.value) for cell in cells)
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    with (ran.newest / "transform_log.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert len({len(line) for line in lines}) == 1
    assert [cell for line in lines for cell in line if cell[:1] in {"=", "@"}] == []
