"""Deliveries of every sort: each number that two of their documents show is one number."""

# ruff: noqa: RUF001 - the signs that the report writes
from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from python_calamine import CalamineWorkbook

from consulting.chain import artifacts
from consulting.chain.facts import facts_of
from consulting.chain.letter import letter_of
from consulting.chain.standing import standing_of
from consulting.components.engagement import metadata
from consulting.portfolio import build_portfolio

from .conftest import World
from .test_corrections import BAD_FILE, as_csv, rejects_of, right
from .test_delivering import HEADER, customer
from .test_documents_agree import Documents, reported

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Delivered

ALERTS = {"channel": "#acme", "deliveries": True}
ROWS = HEADER + "".join(map(customer, range(1, 41)))


def corrected(root: Path, dbt: Path) -> World:
    """A line that was no row, mended, and a row that is still wrong."""
    world = World(root, dbt_dir=dbt, alerts=ALERTS)
    world.drop("customers_1.csv", BAD_FILE)
    rows = right(rejects_of(world.run()))
    rows[0]["Country"] = "Mu"
    world.drop("customers_rejects.csv", as_csv(rows))
    return world


def empty(root: Path, dbt: Path) -> World:
    """A file with a header and no row."""
    world = World(root, dbt_dir=dbt, alerts=ALERTS)
    world.drop("customers_1.csv", HEADER)
    return world


def half(root: Path, dbt: Path) -> World:
    """A feed whose file could not be read, beside one that could; a word misspelt."""
    world = World(root, dbt_dir=dbt, alerts=ALERTS)
    world.drop("customers_1.csv", ROWS.replace("active", "actve", 1))
    world.drop("orders_1.xlsx", b"PK\x03\x04 no workbook")
    return world


def at_tier(tier: int) -> Callable[[Path, Path], World]:
    def lower(root: Path, dbt: Path) -> World:
        world = World(root, dbt_dir=dbt, alerts=ALERTS, security_tier=tier, sample_rows=20)
        world.drop("customers_1.csv", ROWS.replace("USA", "Mu", 4))
        return world

    return lower


def by_sql(root: Path, dbt: Path) -> World:
    """A column that SQL took over, and one it adds."""
    import shutil

    own = root / "dbt"
    shutil.copytree(dbt, own, ignore=shutil.ignore_patterns("target"))
    mart = own / "models" / "clients" / "acme_corp" / "marts" / "customers.sql"
    mart.write_text(
        "-- names in capitals\nselect * replace (upper(full_name) as full_name), "
        "lifetime_value / 2 as half\nfrom {{ ref('int_customers') }}\n",
        encoding="utf-8",
    )
    world = World(root / "data", dbt_dir=own, alerts=ALERTS)
    world.drop("customers_1.csv", ROWS)
    return world


SORTS: dict[str, Callable[[Path, Path], World]] = {
    "corrections": corrected,
    "no row": empty,
    "one file set aside": half,
    "tier 1": at_tier(1),
    "tier 2": at_tier(2),
    "sql": by_sql,
}


@pytest.fixture(scope="module", params=["rejects and merges", *SORTS])
def each(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, customers_dbt: Path
) -> Documents:
    if request.param not in SORTS:
        acme: Delivered = request.getfixturevalue("acme")
        return Documents(acme.world, acme.delivery)
    world = SORTS[request.param](tmp_path_factory.mktemp("figures"), customers_dbt)
    return Documents(world, world.run())


def section(documents: Documents, name: str) -> str:
    """The HTML of one section of the report."""
    page = (documents.delivery.path / "quality_report.html").read_text(encoding="utf-8")
    found = re.search(rf'(?s)<h2 id="{name}">.*?</section>', page)
    assert found, name
    return found[0]


def count(text: str) -> int:
    return int(text.replace(",", ""))


def test_the_letter_asks_what_the_report_asks(each: Documents) -> None:
    page = (each.delivery.path / "quality_report.html").read_text(encoding="utf-8")
    lists = re.findall(r'(?s)<ol class="questions">.*?</ol>', page)
    asked = re.findall(r"(?s)<li>.*?</li>", lists[-1]) if lists else []
    letter = letter_of(each.world.engagement, each.delivery.delivery_id, ()).reported
    assert len(letter) == len(asked)
    if said := re.search(r">All (\d+) questions</a>", page):
        assert count(said[1]) == len(asked)
    full = each.world.engagement.config.security_tier == 3
    for question, shown in zip(letter, asked, strict=True):
        words = Documents.words(shown).split()
        assert [place.where for place in question.places] == [
            Documents.words(one).strip().partition(": ")[0]
            for one in re.findall(r'<span class="where">(.*?)</span>', shown)
        ]
        if full:
            assert " ".join(words).startswith(question.ask)


def test_the_files_are_told_alike(each: Documents) -> None:
    read = {line["sha256"]: line for line in each.log if line["operation"].startswith("read (")}
    shown = section(each, "files")
    assert set(read) == {raw["sha256"] for raw in each.manifest["raw_files"]}
    for raw in each.manifest["raw_files"]:
        assert raw["sha256"] in shown
        assert count(read[raw["sha256"]]["rows_before"]) == raw["received_rows"]
        if "corrections" not in raw:
            assert f"{raw['received_rows']:,} in the file" in shown
    for file in each.manifest["quarantined_files"]:
        (line,) = each.log_of("quarantine")
        assert line["sha256"] == file["sha256"]
        assert file["reason"] in each.report
        assert file["reason"] in line["detail"]


def test_rows_and_reasons_are_counted_once(each: Documents) -> None:
    words = re.sub(r"\s+", " ", each.report)
    for account in each.manifest["row_accounting"]:
        feed, rejected = account["feed"], sum(account["rejected"].values())
        received, delivered, merged = (
            account["received"],
            account["delivered"],
            sum(account["merged"].values()),
        )
        (closing,) = (x for x in each.log_of("account for every row") if x["feed"] == feed)
        told = f"{received} = {delivered} delivered + {rejected} rejected + {merged} merged"
        assert closing["detail"] == told
        if each.manifest["security_tier"] > 1:
            told = f"{feed} {received:,} = {delivered:,} + {rejected:,} + {merged:,}"
            assert told in words
        for operation, parts in (
            ("reject", account["rejected"]),
            ("merge duplicates", account["merged"]),
        ):
            lines = [x for x in each.log_of(operation) if x["feed"] == feed and x["reason"]]
            column = {"reject": "rows_rejected"}.get(operation, "rows_merged")
            assert {x["reason"]: count(x[column]) for x in lines} == parts
            for line in lines:
                # what is expected stands in the findings: page one fits a sheet
                said = line["detail"].partition(" (expected: ")[0]
                assert f"{count(line[column]):,} {column[5:]} – {said}" in words
        # a step's own count is that of its reasons
        for line in each.log:
            if line["feed"] == feed and line["subject"].startswith(f"{feed}."):
                own = line["subject"].partition(".")[2]
                mine = (
                    rows for code, rows in account["rejected"].items() if code.split(":")[0] == own
                )
                assert count(line["rows_rejected"] or "0") == sum(mine)
        assert rejected_rows(each, feed) == Counter(
            {
                line["detail"]: count(line["rows_rejected"])
                for line in each.log_of("reject")
                if line["feed"] == feed and line["reason"]
            }
        )


def rejected_rows(documents: Documents, feed: str) -> Counter[str]:
    """The first reason of each rejected row, from the CSV; the workbook has the same."""
    found: Counter[str] = Counter()
    for path in (documents.delivery.path / "rejects").glob(f"{feed}_rejects*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [[row["_reason"], row["_row"]] for row in csv.DictReader(file)]
        book = CalamineWorkbook.from_path(path.with_suffix(".xlsx")).get_sheet_by_index(0)
        head, *sheet = book.to_python()
        places = [head.index("_reason"), head.index("_row")]
        assert [[str(row[places[0]]), str(row[places[1]])] for row in sheet] == rows
        found.update(reason.partition("; ")[0] for reason, _ in rows)
    return found


def test_findings_are_counted_as_they_are_listed(each: Documents) -> None:
    page = section(each, "findings")
    summary = each.delivery.summary
    lead = re.search(r'(?s)<p class="lead">(.*?)</p>', page)
    assert lead
    words = {"error": "Must fix", "warn": "Should check", "info": "Good to know"}
    for severity, word in words.items():
        assert f"{summary.findings[severity]} “{word}”" in lead[1]
        parts = re.split(r"<h3>", page)
        mine = next((part for part in parts if part.startswith(word)), "")
        mine = mine.partition("<table")[0]
        listed = mine.count("<li><strong>") + len(re.findall(r"<h4>[^\n]*</h4>(?!<ul)", mine))
        assert listed == summary.findings[severity], severity
    settled = page.partition("Already dealt with")[2]
    assert settled.count('<th scope="row"') == summary.findings["settled"]


def test_columns_and_tables_are_counted_alike(each: Documents) -> None:
    overview = " ".join(str(row[0]) for row in each.mapping["Overview"])
    words = re.compile(r"(\w+): (\d+) delivered, (\d+) dropped")
    found = words.findall(re.sub(r"\s+", " ", each.report))
    assert found
    for feed, delivered, dropped in found:
        told = f"{feed}: {delivered} source columns delivered, {dropped} dropped with a reason"
        assert told in overview
        assert f"{feed} {delivered} {dropped} 0" in each.mapping_page
    written = {line["subject"]: line for line in each.log_of("write table")}
    assert set(written) == {table["table"] for table in each.manifest["tables"]}
    for table in each.manifest["tables"]:
        assert count(written[table["table"]]["rows_after"]) == table["rows"]
        said = f"The cleaned table {table['table']}, {len(table['columns'])} columns"
        assert said in each.report
        made = [m for m in each.cleaning.mappings if m.target_table == table["table"]]
        assert {m.target_column for m in made} == {name for name, _ in table["columns"]}


def test_tests_and_versions_are_told_alike(each: Documents) -> None:
    logged = {
        x["operation"].removeprefix("test "): (x["reason"], x["detail"].partition(" ")[0])
        for x in each.log
        if x["operation"].startswith("test ")
    }
    assert logged == {c.name: (c.status, f"{c.failing_rows}") for c in each.checks.checks}
    page = section(each, "tests")
    shown = Counter(re.findall(r'class="tag (\w+)"', page))
    summary = each.delivery.summary
    del shown["sampled"]
    assert shown == Counter(c.status for c in each.checks.checks)
    assert (shown["pass"], shown["warn"]) == (summary.tests_passed, summary.tests_warned)
    versions = {x["subject"]: x["detail"] for x in each.log_of("version")}
    assert versions == each.manifest["versions"]
    told = section(each, "versions")
    assert dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", told)) == versions


def test_score_and_verdict_are_one_everywhere(each: Documents, tmp_path: Path) -> None:
    world, summary = each.world, each.delivery.summary
    facts = facts_of(world.engagement, datetime.now(UTC))
    events = {event.subject: event for event in reported(each, facts)}
    told = metadata.of_delivery(each.delivery, world.engagement)
    page = build_portfolio([standing_of(world.engagement, facts)], tmp_path).read_text()
    assert told["verdict"] == summary.headline
    assert summary.headline in each.report
    ready = events.get(each.delivery.delivery_id)
    if summary.verdict == "stop":
        assert ready is None
        assert events["delivery"].title == f"The delivery is {summary.headline.lower()}"
        assert "not ready to use" in page
        ready = events["delivery"]
    else:
        assert ready is not None
        assert ready.text == f"The delivery is complete: {summary.headline}."
        assert "not ready to use" not in page
    counts = {"Rows received", "Rows delivered", "Rows rejected"}
    assert {key: ready.facts[key] for key in counts & set(ready.facts)} == (
        {}
        if summary.tier == 1
        else {
            "Rows received": summary.received,
            "Rows delivered": summary.delivered,
            "Rows rejected": summary.rejected,
        }
    )
    assert ready.facts.get("Score (of 100)") == summary.score
    if summary.score is None:
        assert "score" not in told
        return
    assert told["score"] == summary.score
    assert f"<b>{summary.score:g}</b>" in page
    parts = re.findall(
        r"([\d.]+) (?:complete|valid|consistent|unique|readable) × (\d+) %", each.report
    )
    used = re.search(r"× ([\d.]+) % rows used", each.report)
    assert used
    mean = sum(float(value) * int(weight) for value, weight in parts) / 100
    assert mean * float(used[1]) / 100 == pytest.approx(summary.score, abs=0.15)


def test_one_is_no_plural_and_no_table_is_empty(each: Documents) -> None:
    said = " ".join([each.report, each.mapping_page, *(x["detail"] for x in each.log)])
    many = "rows|files|columns|values|records|tests|lines|cells|findings|questions|decimals|were|do"
    assert re.findall(rf"(?<![\d,.×] )(?<![\d,.])1 (?:{many})\b", said) == []
    run = each.world.folder.run(each.delivery.delivery_id)
    received = artifacts.read(run / artifacts.INTAKE, artifacts.Intake)
    profile = artifacts.read(run / artifacts.PROFILE, artifacts.Profile)
    entries: dict[str, Any] = {
        **metadata.of_received(received, each.world.engagement),
        **metadata.of_profile(profile, patches_told=True),
        **metadata.of_cleaning(each.cleaning),
        **metadata.of_checks(each.checks),
        **metadata.of_delivery(each.delivery, each.world.engagement),
    }
    for name, entry in entries.items():
        lines = str(getattr(entry, "value", entry)).splitlines()
        assert lines, name
        assert len(lines) > 2 or not lines[0].startswith("|"), name
        assert name == "quality_report" or str(each.world.root) not in "".join(lines)


def test_where_the_rows_of_a_settled_finding_went_adds_up(each: Documents) -> None:
    for row in each.rows_of_report:
        what, _, went = row.partition(" Of these ")
        if not went:
            continue
        parts = re.match(
            r"([\d,]+) rows ([\d,]+) are delivered, ([\d,]+) rejected or merged\.", went
        )
        assert parts, row
        assert count(parts[2]) + count(parts[3]) == count(parts[1]), row
        assert re.search(rf"(?<![\d,]){parts[1]}(?![\d,])", what), row


def test_a_line_that_is_no_row_is_one_finding(each: Documents) -> None:
    both = ("Lines that could not be read", "Rejected: the line could not be read as a row")
    assert sum(words in each.report for words in both) <= 1


def test_what_was_mended_is_told_no_more(each: Documents, request: pytest.FixtureRequest) -> None:
    sort = request.node.callspec.params["each"]
    if sort == "corrections":
        assert "set aside: too many fields" not in each.report + str(each.log)
    if sort == "one file set aside":
        (row,) = (row for row in each.rows_of_report if "looks like a misspelling" in row)
        assert "Set aside or left empty: none of them is in the delivered table." in row
    if sort == "sql":
        shown = [row for row in each.mapping["customers"] if row[3] in {"full_name", "half"}]
        assert [row[7].rpartition("; ")[2] for row in shown] == [
            "then UPPER(full_name)",
            "lifetime_value / 2",
        ]
