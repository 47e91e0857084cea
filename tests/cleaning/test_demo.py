"""The demo clients' files: the same each time, and cleaned as a client would expect."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from python_calamine import CalamineWorkbook

from consulting.cleaning import account_rows, column_mappings
from consulting.demo import write_demo_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cleaning.conftest import Project

CSV = {
    "customers": ("cp1252", ",", 0),
    "invoices": ("utf-8-sig", ";", 3),
    "employees": ("utf-16", ",", 0),
}


def table_of(path: Path) -> tuple[list[str], list[list[str | None]]]:
    """Header and rows as text, without the title and the totals row, as intake leaves them."""
    feed = path.name.split("_")[0]
    if path.suffix == ".csv":
        encoding, delimiter, title = CSV[feed]
        text = io.StringIO(path.read_bytes().decode(encoding), newline="")
        cells: list[list[Any]] = list(csv.reader(text, delimiter=delimiter))[title:]
    else:
        cells = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    header, *rows = cells
    rows = [row for row in rows if row[0] not in ("TOTAL", "Summe")]
    return header, [[as_text(value) for value in row] for row in rows]


def as_text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@pytest.fixture(scope="module")
def files(project: Project) -> dict[str, Path]:
    return {path.name.split("_")[0]: path for path in write_demo_files(project.data)}


def test_the_files_are_the_same_bytes_and_not_touched_again(
    files: dict[str, Path], project: Project, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in files.values()}
    again = write_demo_files(project.data)
    assert {path: path.stat().st_mtime_ns for path in again} == before
    elsewhere = write_demo_files(tmp_path)
    assert [path.read_bytes() for path in elsewhere] == [path.read_bytes() for path in again]


def test_every_feed_has_500_rows_and_the_columns_its_models_read(
    files: dict[str, Path], project: Project
) -> None:
    for client_id in ("acme_corp", "globex", "initech"):
        project.copy_client(client_id)
        for feed, columns in project.models(client_id).declared_columns().items():
            header, rows = table_of(files[feed])
            assert len(rows) >= 500
            assert set(columns) == set(header)


@pytest.mark.parametrize("client_id", ["acme_corp", "globex"])
def test_a_demo_client_s_files_pass_with_some_warnings_rejects_and_duplicates(
    files: dict[str, Path], project: Project, client_id: str
) -> None:
    for feed in project.models(client_id).declared_columns():
        project.load(client_id, feed, *table_of(files[feed]))
    run = project.run(client_id)
    run.run()
    statuses = Counter((check.severity, check.status) for check in run.test())
    assert {status for severity, status in statuses if severity == "error"} == {"pass"}
    assert statuses["warn", "warn"] >= 3
    with project.tables(client_id) as tables:
        accounts = account_rows(tables, run.manifest, [])
        mappings = column_mappings(run.manifest, tables, [], harmless=())
    for account in accounts:
        assert account.unaccounted == 0
        assert account.merged
        assert 0.9 < account.delivered / account.received < 0.99
        assert len(account.rejected) >= 3
    assert [m for m in mappings if m.target_table is None and m.dropped_because is None] == []
