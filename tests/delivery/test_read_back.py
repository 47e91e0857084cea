"""What we write is what another program reads: hostile values, each file, each reader."""

import csv
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import duckdb
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from consulting.delivery import Delivery, DeliveryInputs, build_delivery
from consulting.formulas import is_formula_like, restore
from consulting.layout import ClientFolder
from consulting.records import FeedAccount

HOSTILE = (
    "a\rb",
    "\r",
    "a\r\nb\n",
    "=1+1",
    "due;=1+1",
    "due\t@SUM(A1)",
    'say "no"; ""=1+1',
    '","=1+1',
    "line one\n-line two",
    "'=1",
    "_x000D_ and _x0041_",
    "<b>&amp;</b>",
    "{{ env_var('HOME') }}",
    "\x01\x0b\x1f",
    "\ud7ff\ufffd\U0001f600 Zoë \u2028 end",
    " blanks around ",
    "-12",
    "x" * 5_000,
)


@pytest.fixture(scope="module")
def hostile(
    master: ClientFolder,
    inputs: DeliveryInputs,
    scenario: ModuleType,
    tmp_path_factory: pytest.TempPathFactory,
) -> Delivery:
    """A delivery whose texts, headers and file names are hostile: orders are all rejected."""
    root = tmp_path_factory.mktemp("hostile")
    shutil.copytree(master.path, root / master.client_id)
    folder = ClientFolder(root, master.client_id)
    with duckdb.connect(str(folder.warehouse)) as connection:
        connection.execute("CREATE TABLE wild AS SELECT * FROM (SELECT unnest(?) AS v)", [HOSTILE])
        pick = f"(SELECT list(v) FROM wild)[1 + (_row_id - 1) % {len(HOSTILE)}]"
        connection.execute(f'UPDATE raw.orders SET "Status" = {pick}')
        connection.execute('ALTER TABLE raw.orders RENAME "Status" TO "x;=1\r+""Status"""')
        connection.execute(f"UPDATE marts.customers SET notes = {pick}")
        connection.execute("DROP TABLE wild")
    unread = FeedAccount(
        feed="orders",
        table=None,
        received=5_310,
        delivered=0,
        rejected={"feed:no_models": 5_310},
        merged={},
    )
    changed = inputs.model_copy(
        update={
            "accounts": (inputs.accounts[0], unread),
            "mappings": tuple(m for m in inputs.mappings if m.feed != "orders"),
            "files": tuple(
                file.model_copy(
                    update={"columns": tuple(HEADER if c == "Status" else c for c in file.columns)}
                )
                for file in inputs.files
            ),
        }
    )
    return build_delivery(changed, folder=folder, tables=scenario.TABLES[:1])


EXPECTED = [HOSTILE[(row_id - 1) % len(HOSTILE)] for row_id in range(1, 5_311)]
# a quoted line that a reader of semicolons reads on from is no formula for its line break
BLANKS = "\r\n"
HEADER = 'x;=1\r+"Status"'


def by_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def by_duckdb(path: Path) -> list[list[str]]:
    # strict: what is not valid CSV is an error
    query = (
        "SELECT * FROM read_csv(?, header = false, all_varchar = true, auto_detect = false, "
        "delim = ',', quote = '\"', escape = '\"', new_line = '\\n', nullstr = '\x7f', "
        "columns = {columns})"
    )
    width = len(by_csv(path)[0])
    columns = "{" + ", ".join(f"'c{n}': 'VARCHAR'" for n in range(width)) + "}"
    rows = duckdb.execute(query.replace("{columns}", columns), [str(path)]).fetchall()
    return [list(row) for row in rows]


def by_calamine(path: Path, sheet: int = 0) -> list[list[object]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_index(sheet).to_python()


@pytest.mark.parametrize("read", [by_csv, by_duckdb])
def test_the_rejects_come_back_cell_by_cell(
    hostile: Delivery, read: Callable[[Path], list[list[str]]]
) -> None:
    rows = read(hostile.path / "rejects" / "orders_rejects_2026-10.csv")
    at = [restore(name) for name in rows[0]].index(HEADER)
    assert [restore(row[at]) for row in rows[1:]] == EXPECTED
    assert {len(row) for row in rows} == {len(rows[0])}


def test_the_workbook_of_rejects_comes_back_cell_by_cell(hostile: Delivery) -> None:
    rows = by_calamine(hostile.path / "rejects" / "orders_rejects_2026-10.xlsx")
    at = rows[0].index(HEADER.replace("\r", "\r"))
    assert [row[at] for row in rows[1:]] == EXPECTED


def test_a_table_says_the_same_in_each_of_its_formats(hostile: Delivery) -> None:
    tables = hostile.path / "tables"
    true = pq.read_table(tables / "customers.parquet")["notes"].to_pylist()
    assert set(HOSTILE) <= set(true)
    for rows in (by_csv(tables / "customers.csv"), by_duckdb(tables / "customers.csv")):
        at = rows[0].index("notes")
        assert [restore(row[at]) for row in rows[1:]] == true
    rows = by_calamine(tables / "customers.xlsx")
    at = rows[0].index("notes")
    assert [row[at] for row in rows[1:]] == true


def test_no_cell_of_a_csv_file_is_a_formula_for_a_spreadsheet_of_another_country(
    hostile: Delivery,
) -> None:
    for path in sorted(hostile.path.rglob("*.csv")):
        text = path.read_bytes().decode("utf-8-sig")
        for delimiter in ",;\t":
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            cells = [cell.lstrip(BLANKS) for line in lines for cell in line]
            assert not [cell for cell in cells if is_formula_like(cell)], path.name
