"""Headers of every kind, the whole way: profiled, proposed, built, tested and delivered."""

from __future__ import annotations

import csv
import io
import shutil
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq
import pytest

from consulting.chain.artifacts import Checks, Cleaning
from consulting.cleaning import write_feed_models
from consulting.profiling import propose_columns

from .conftest import DBT, World

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.delivery import Delivery

ISSUED = [
    "Order",
    "From",
    "To",
    "Group",
    "Case",
    "End",
    "at",
    "Desc",
    "1st",
    "_id",
    "value%",
    "a.b",
]
ODD = [
    '"', '""', "'", 'a "b"', "a;b", "a.b.c", "a b", "😀", "日本語", "naïve name", "x" * 300,
    "x" * 300 + "y", "Same", "SAME", "same", "Straße", "STRASSE", "e-mail", "e mail", "E_Mail",
    "{{ env_var('CANARY') }}", "{% for x in range(9) %}", "{# #}", "}}", "{{first_name}}",
    "a\nb", "a\u2028b", "a\\b", "\\N", "--", "/*", "$1", "%s", "*", "?", "-x", "=1+1", "#", ":",
    "- a", "no", "yes", "null", "true", "~", "1", "0x1F", "1e5", "<b>", "[a](b)", "_file", "_row",
    "_row_id", "_reason", "_reasons", "_found", "_blanked", "_text_a", "_value_a", "column",
    "column_2", " lead",
]  # fmt: skip


def reserved() -> list[str]:
    """The words that DuckDB and PostgreSQL, whose parser it took over, do not take bare."""
    query = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
    return sorted({*(word for (word,) in duckdb.sql(query).fetchall()), "end", "user", "desc"})


def text_of(headers: list[str], letter: str) -> str:
    """Forty rows, a value of its own in each cell of the first columns, and gaps in the others."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(headers)
    for row in range(40):
        cells = [f"{letter}{row}x{column}" for column in range(len(headers))]
        writer.writerow(cells[:12] + [cell if row % 9 else "" for cell in cells[12:]])
    return out.getvalue()


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Delivery]:
    """A client whose feeds are called like keywords, after its second delivery."""
    root = tmp_path_factory.mktemp("odd")
    for name in ("macros", "tests", "models/shared"):
        shutil.copytree(DBT / name, root / "dbt" / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(DBT / name, root / "dbt" / name)
    files = {"order": ISSUED, "select": reserved(), "no": ODD}
    feeds = [{"name": name, "files": f"{name}*.csv"} for name in files]
    world = World(root / "data", dbt_dir=root / "dbt", feeds=feeds)
    for name, headers in files.items():
        world.drop(f"{name}_1.csv", text_of(headers, "v"))
    profiles = {p.feed: p for p in world.profile_of(world.run()).profiles}
    for name in files:
        write_feed_models(
            root / "dbt", world.client_id, name, propose_columns(profiles[name])
        )  # fmt: skip
    for name, headers in files.items():
        world.drop(f"{name}_2.csv", text_of(headers, "w"))
    return world, world.run()


@pytest.mark.parametrize(
    ("feed", "headers"), [("order", ISSUED), ("select", reserved()), ("no", ODD)]
)
def test_each_header_is_delivered_under_a_name_of_its_own(
    odd: tuple[World, Delivery], feed: str, headers: list[str]
) -> None:
    world, delivery = odd
    folder = world.folder.run(delivery.delivery_id)
    cleaning = Cleaning.model_validate_json((folder / "cleaning.json").read_bytes())
    mapped = [m for m in cleaning.mappings if m.feed == feed]
    [account] = [a for a in cleaning.accounts if a.feed == feed]
    assert (account.received, account.delivered) == (40, 40)
    assert len(mapped) == len({m.target_column for m in mapped}) == len(headers)
    read = [m.source_columns[0] for m in mapped]
    # a header that is there already, or is ours, has a number put behind it where it is read
    same = [one for one, header in zip(read, headers, strict=True) if one == header]
    assert len(same) >= len(headers) - 12
    table = pq.read_table(delivery.path / "tables" / f"{feed}.parquet").to_pylist()
    assert list(table[7].values()) == [f"w7x{column}" for column in range(len(headers))]


def test_each_test_ran(odd: tuple[World, Delivery]) -> None:
    world, delivery = odd
    path = world.folder.run(delivery.delivery_id) / "checks.json"
    checks = Checks.model_validate_json(path.read_bytes()).checks
    assert {check.status for check in checks} == {"pass"}
    tested = {(check.model, check.column) for check in checks}
    assert {("order", name) for name in ("order", "from", "to", "case", "end", "at")} <= tested


def test_what_a_header_asks_for_is_nowhere(odd: tuple[World, Delivery], tmp_path: Path) -> None:
    world, _ = odd
    yaml = (world.dbt_dir / "models" / "clients" / world.client_id / "no.yml").read_text()
    assert '"{{ \\"{{ env_var(\'CANARY\') }}\\" }}"' in yaml
