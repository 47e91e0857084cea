"""One delivery, every document of it: what two of them say of one thing is the same."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from parsed_once import take_macros
from python_calamine import CalamineWorkbook

from consulting.chain import artifacts
from consulting.chain.facts import facts_of
from consulting.chain.incidents import watch
from consulting.chain.replay import verify_delivery
from consulting.chain.standing import standing_of
from consulting.components.engagement import metadata

from .conftest import DBT, World

if TYPE_CHECKING:
    from consulting.alerting import Event
    from consulting.delivery import Delivery

    from .conftest import Delivered


class Documents:
    """A delivery, and what each of its readers gets to see."""

    def __init__(self, world: World, delivery: Delivery) -> None:
        self.world = world
        self.delivery = delivery
        folder = self.delivery.path
        self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
        page = (folder / "quality_report.html").read_text(encoding="utf-8")
        self.rows_of_report = [self.words(row) for row in re.findall(r"(?s)<tr.*?</tr>", page)]
        self.report = self.words(page)
        with (folder / "transform_log.csv").open(encoding="utf-8", newline="") as file:
            self.log = list(csv.DictReader(file))
        book = CalamineWorkbook.from_path(folder / "mapping_document.xlsx")
        self.mapping = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
        self.mapping_page = self.words(
            (folder / "mapping_document.html").read_text(encoding="utf-8")
        )
        run = self.world.folder.run(self.delivery.delivery_id)
        self.cleaning = artifacts.read(run / artifacts.CLEANING, artifacts.Cleaning)
        self.checks = artifacts.read(run / artifacts.CHECKS, artifacts.Checks)

    @staticmethod
    def words(markup: str) -> str:
        bare = re.sub(r"(?s)<(style|script|svg).*?</\1>", " ", markup)
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", bare)))

    def log_of(self, operation: str) -> list[dict[str, str]]:
        return [line for line in self.log if line["operation"] == operation]


@pytest.fixture(scope="module")
def documents(acme: Delivered) -> Documents:
    return Documents(acme.world, acme.delivery)


@pytest.fixture(scope="module")
def remade(documents: Documents, tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """The same files delivered again after one rule was changed."""
    root = tmp_path_factory.mktemp("remade")
    dbt = root / "dbt"
    shutil.copytree(DBT, dbt, ignore=shutil.ignore_patterns("target", "logs"))
    take_macros(dbt)
    orders = dbt / "models" / "clients" / "acme_corp" / "orders.yml"
    text = orders.read_text(encoding="utf-8")
    assert (text.count("phone: [call]"), text.count("[web, phone,")) == (1, 1)
    text = text.replace("phone: [call]", "telephone: [call, phone]")
    orders.write_text(text.replace("[web, phone,", "[web, telephone,"), encoding="utf-8")
    world = documents.world
    shutil.copytree(world.root, root / "data")
    again = World(root / "data", world.client_id, dbt_dir=dbt, **world.changes)
    intake = again.engagement.intake
    drops = [story.drop.drop_id for story in intake.history()]
    intake.reprocess(drops, dry_run=False)
    return Documents(again, again.run())


def test_the_account_of_each_feed_is_one_in_every_document(documents: Documents) -> None:
    found = documents.delivery
    accounts = {each["feed"]: each for each in documents.manifest["row_accounting"]}
    assert {feed: one["received"] for feed, one in accounts.items()} == {
        "customers": 675,
        "orders": 1496,
    }
    logged = {line["feed"]: line for line in documents.log_of("account for every row")}
    told = str(metadata.of_cleaning(documents.cleaning)["accounts"].value)
    in_dagster = {
        cells[0]: [int(cell) for cell in cells[1:5]]
        for cells in (re.findall(r"[^|\s]+", line) for line in told.splitlines()[2:])
    }
    for feed, account in accounts.items():
        received, delivered = account["received"], account["delivered"]
        rejected, merged = sum(account["rejected"].values()), sum(account["merged"].values())
        assert received == delivered + rejected + merged
        assert pq.read_metadata(found.path / "tables" / f"{feed}.parquet").num_rows == delivered
        with (found.path / "rejects" / f"{feed}_rejects.csv").open(
            encoding="utf-8-sig", newline=""
        ) as file:
            assert len(list(csv.DictReader(file))) == rejected
        line = logged[feed]
        assert [int(line[name]) for name in ("rows_before", "rows_after")] == [received, delivered]
        assert [int(line[name]) for name in ("rows_rejected", "rows_merged")] == [rejected, merged]
        words = f"{feed} {received:,} = {delivered:,} + {rejected:,} + {merged:,}"
        assert words in re.sub(r"\s+", " ", documents.report)
        assert in_dagster[feed] == [received, delivered, rejected, merged]
    summary = found.summary
    assert summary.model_dump(mode="json") == documents.manifest["summary"]
    assert summary.rejected == sum(sum(a["rejected"].values()) for a in accounts.values())


def test_values_changed_are_counted_once(documents: Documents) -> None:
    logged = {
        line["subject"]: int(line["values_changed"])
        for line in documents.log
        if line["values_changed"]
    }
    own = {
        f"{m.feed}.{m.target_column}": m
        for m in documents.cleaning.mappings
        if m.changes is not None and m.target_table == m.feed
    }
    assert len(logged) > 15
    assert logged == {name: m.changes.changed for name, m in own.items() if m.changes}
    assert any(logged.values())
    for mapping in own.values():
        assert mapping.changes is not None
        place = f"{mapping.target_column} {mapping.feed} › {mapping.source_columns[0]}"  # noqa: RUF001
        rows = [row for row in documents.rows_of_report if row.strip().startswith(place)]
        if mapping.changes.changed:
            words = f"{mapping.changes.changed:,} of {mapping.changes.values:,}"
            assert any(words in row for row in rows), (place, words, rows)
        else:
            assert not rows


def test_tests_are_counted_alike(documents: Documents) -> None:
    summary, told = documents.delivery.summary, metadata.of_checks(documents.checks)
    statuses = [line["reason"] for line in documents.log if line["operation"].startswith("test ")]
    assert statuses.count("pass") == summary.tests_passed == told["tests_passed"]
    assert statuses.count("warn") == summary.tests_warned == told["tests_warned"]
    total = len(statuses)
    assert f"{summary.tests_passed} of {total} tests of the cleaned tables passed" in (
        documents.report
    )


def test_each_column_has_one_mapping_in_every_document(documents: Documents) -> None:
    logged = {line["subject"]: line for line in documents.log if line["stage"] == "cleaned"}
    sheets = {
        (str(row[0]), str(row[2]), str(row[3])): row
        for rows in documents.mapping.values()
        for row in rows
        if len(row) > 7
    }
    for mapping in documents.cleaning.mappings:
        if mapping.target_table != mapping.feed or len(mapping.source_columns) > 1:
            continue
        key = (mapping.source_columns[0], mapping.feed, str(mapping.target_column))
        assert mapping.transformation in str(sheets[key][7])
        line = logged[f"{mapping.feed}.{mapping.target_column}"]
        assert line["operation"] == mapping.rule
        assert mapping.transformation in line["detail"]
        assert mapping.transformation in documents.mapping_page


def test_one_verdict_and_one_score(documents: Documents) -> None:
    delivery, engagement = documents.delivery, documents.world.engagement
    summary = delivery.summary
    assert summary.verdict == "care"
    assert "Ready to use, with care" in documents.report
    (fact,) = engagement.intake.deliveries()
    assert fact.verdict == summary.verdict
    told = metadata.of_delivery(delivery, engagement)
    assert (told["score"], told["verdict"]) == (summary.score, summary.headline)
    facts = facts_of(engagement, datetime.now(UTC))
    standing = standing_of(engagement, facts)
    assert standing.scores == (summary.score,)
    assert standing.last_delivery is not None
    assert standing.last_delivery.verdict == summary.verdict
    (event,) = reported(documents, facts)
    assert event.facts["Rows delivered"] == summary.delivered
    assert event.facts["Rows rejected"] == summary.rejected
    assert event.facts["Score (of 100)"] == summary.score
    assert f"{summary.score:g} of 100" in documents.report


def test_what_a_change_of_a_rule_altered_is_counted_once(
    documents: Documents, remade: Documents
) -> None:
    table = documents.delivery.path / "tables" / "orders.parquet"
    by_phone = pq.read_table(table)["channel"].to_pylist().count("phone")
    delivered = documents.delivery.summary.delivered
    orders = pq.read_metadata(table).num_rows
    assert by_phone > 100
    assert remade.delivery.summary.delivered == delivered
    compared = remade.delivery.summary.compared
    assert compared is not None
    assert compared.delivery_id == remade.delivery.supersedes == documents.delivery.delivery_id
    assert (compared.same_files, compared.in_its_place) == (True, True)
    told = {each.table: each for each in compared.tables}
    assert (told["orders"].key, told["orders"].altered) == ("order_id", by_phone)
    assert told["orders"].columns == {"channel": by_phone}
    assert (told["orders"].added, told["orders"].removed) == (0, 0)
    assert {name: each.altered for name, each in told.items() if name != "orders"} == {
        "customers": 0,
        "customer_revenue": 0,
    }
    words = f"orders: {by_phone:,} of {orders:,} rows altered"
    assert remade.manifest["summary"]["compared"] == compared.model_dump(mode="json")
    assert f"{words}, by column: channel {by_phone:,}." in remade.report
    assert remade.report.count(words) == 2, "page one tells it, too"
    assert "Made again: this delivery takes the place of" in remade.report
    assert "for None" not in remade.report
    heard = reported(remade, facts_of(remade.world.engagement, datetime.now(UTC)))
    event = next(each for each in heard if each.subject == remade.delivery.delivery_id)
    assert words in str(event.facts[f"Beside {documents.delivery.delivery_id}"])
    shown = metadata.of_delivery(remade.delivery, remade.world.engagement)
    assert words in str(shown["compared"].value)
    assert documents.delivery.summary.compared is None
    assert (
        verify_delivery(
            remade.world.engagement, remade.delivery.delivery_id, log=remade.world.said.append
        )
        == []
    )


def reported(documents: Documents, facts: Any) -> list[Event]:
    """What the alert desk is told of the client."""
    heard: list[Event] = []

    class Desk:
        def knows(self, *_: object) -> bool:
            return False

        def report(self, event: Event, _now: datetime) -> None:
            heard.append(event)

    watch(Desk(), documents.world.engagement, facts, told=(), run_of=lambda _: (None, None))  # type: ignore[arg-type,return-value]
    return heard
