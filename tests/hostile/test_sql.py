"""What a client's SQL may open: its tables. No door leads to a file, its own or another's."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest
from parsed_once import take_macros
from tests.chain.conftest import DBT, World
from tests.chain.test_delivering import HEADER, customer
from tests.cleaning.conftest import Project

from consulting.bounded_memory import confine, open_bounded, spill_of
from consulting.cleaning import ModelsFailedError, account_rows, open_tables
from consulting.delivery import append_history
from consulting.errors import CleaningError
from consulting.intake.reading import load_raw

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "4711-secret-value"
ONE_COLUMN = [{"name": "a", "from": "A", "rule": "to_text", "required": True}]
HELD = ("incoming/rows.csv", "landing/ab/rows.csv", "access.jsonl", "loaded_batch",
        "deliverables/one/quality_report.html")  # fmt: skip
"""What a client's folder holds beside its warehouse."""

READS = {
    "quoted": "select * from '{own}/incoming/rows.csv'",
    "read_csv": "select * from read_csv('{own}/incoming/rows.csv')",
    "read_text": "select * from read_text('{own}/landing/ab/rows.csv')",
    "read_blob": "select * from read_blob('{own}/access.jsonl')",
    "read_json": "select * from read_json('{own}/access.jsonl')",
    "read_parquet": "select * from read_parquet('{own}/runs/one/rows.parquet')",
    "list": "select * from glob('{own}/*')",
    "sniff": "select * from sniff_csv('{own}/incoming/rows.csv')",
    "asked_as_text": "select * from query('from read_text(''{own}/tier'')')",
    "dots": "select * from read_text('{own}/warehouse.duckdb.tmp/../tier')",
    "link_to_a_file": "select * from read_text('{own}/link.csv')",
    "link_to_a_folder": "select * from read_text('{own}/door/rows.csv')",
    "neighbour": "select * from read_text('{neighbour}/rows.csv')",
    "list_of_the_neighbour": "select * from glob('{neighbour}/*')",
    "system_file": "select * from read_text('/etc/hostname')",
    "environment": "select * from read_text('/proc/self/environ')",
    "address": "select * from read_csv('https://example.com/x.csv')",
    "asked_by_jinja": "{{% set found = run_query(\"select * from read_text('{own}/tier')\") %}} "
    "select 1 as x",
}
HOOKS = {
    "attach_new": "attach '{own}/new.duckdb' as n",
    "attach_neighbour": "attach '{neighbour}/warehouse.duckdb' as n",
    "copy_over_the_log": "copy (select 1) to '{own}/access.jsonl'",
    "copy_over_the_landed": "copy (select 1) to '{own}/landing/ab/rows.csv' (use_tmp_file false)",
    "copy_over_the_report": "copy (select 1) to '{own}/deliverables/one/quality_report.html'",
    "copy_over_the_tier": "copy (select 3) to '{own}/tier' (header false)",
    "copy_in_parts": "copy (select 1 as x) to '{own}/incoming' (partition_by x, format csv)",
    "copy_by_dots": "copy (select 1) to '{own}/warehouse.duckdb.tmp/../incoming/new.csv'",
    "copy_out": "copy raw.t to '{neighbour}/incoming.csv'",
    "export": "export database '{own}/export'",
    "import": "import database '{own}/export'",
    "unlock": "set enable_external_access = true",
    "unlock_configuration": "reset lock_configuration",
    "allow": "set allowed_directories = ['/']",
    "time_zone": "set timezone = 'America/New_York'",
    "query_log": "set log_query_path = '{own}/tier'",
    "profiling": "pragma profiling_output = '{own}/tier'",
    "logging": "call enable_logging(storage = 'file', storage_path = '{own}/logs')",
    "install": "install httpfs",
    "load": "load '{own}/incoming/rows.csv'",
    "keep_a_secret": "create persistent secret s (type s3, key_id 'x')",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"))


def told(project: Project, client_id: str, *, empty: bool = False) -> dict[str, str]:
    """What each model that failed was told."""
    run = project.run(client_id)
    with pytest.raises(ModelsFailedError) as caught:
        run.run(empty=empty)
    assert SECRET not in str(caught.value)
    return {o.name: o.message or "" for o in caught.value.outcomes if o.status == "error"}


@pytest.fixture(scope="module", params=[False, True], ids=["tiers 2 and 3", "tier 1"])
def burglar(request: pytest.FixtureRequest, project: Project) -> dict[str, str]:
    """A client whose models try every door, and what each was told."""
    client_id = f"burglar_{'empty' if request.param else 'full'}"
    own, neighbour = project.folder(client_id).path, project.folder("neighbour").path
    for name in HELD:
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(f"x\n{SECRET}\n")
    (own / "runs/one").mkdir(parents=True)
    duckdb.sql(f"select '{SECRET}' as x").write_parquet(str(own / "runs/one/rows.parquet"))
    project.load("neighbour", "t", ["A"], [[SECRET]])
    (neighbour / "rows.csv").write_text(f"x\n{SECRET}\n")
    (own / "link.csv").symlink_to(neighbour / "rows.csv")
    (own / "door").symlink_to(neighbour)
    project.feed(client_id, "t", ONE_COLUMN)
    project.load(client_id, "t", ["A"], [["x"]])
    places = {"own": own, "neighbour": neighbour}
    for name, sql in READS.items():
        project.write(client_id, f"marts/{name}.sql", sql.format(**places))
    for name, sql in HOOKS.items():
        hook = sql.format(**places)
        project.write(
            client_id, f"marts/{name}.sql", f'{{{{ config(pre_hook="{hook}") }}}} select 1 as x'
        )
    project.write(
        client_id,
        "marts/external.sql",
        f"{{{{ config(materialized='external', location='{own}/tier') }}}} select 1 as x",
    )
    project.write(
        client_id,
        "marts/external_root.sql",
        "{{ config(materialized='external', format='csv') }} select 1 as x",
    )
    project.write(client_id, "marts/located.sql", "select * from {{ source('out', 'rows') }}")
    project.write(
        client_id,
        "located.yml",
        "sources: [{name: out, tables: [{name: rows, meta: {external_location: "
        f"\"read_csv('{own}/incoming/rows.csv')\"}}}}]}}]",
    )
    messages = told(project, client_id, empty=request.param)
    for name in HELD:
        assert (own / name).read_text() == f"x\n{SECRET}\n"
    found = {path.name for path in own.iterdir()}
    assert found == {
        *(name.partition("/")[0] for name in HELD),
        *("runs", "link.csv", "door", "warehouse.duckdb"),
    }
    assert {path.name for path in neighbour.iterdir()} == {"rows.csv", "warehouse.duckdb"}
    held = project.rows(client_id, "select * from marts.t")
    assert held == ([] if request.param else [("x", "t.csv", 2, 1)])
    return messages


@pytest.mark.parametrize("door", [*READS, *HOOKS, "external", "external_root", "located"])
def test_no_door_leads_to_a_file(burglar: dict[str, str], door: str) -> None:
    assert f"marts/{door}.sql" in burglar[door]
    assert "Permission Error" in burglar[door] or "has been locked" in burglar[door]


def test_there_is_no_function_for_the_environment(project: Project) -> None:
    project.feed("asker", "t", ONE_COLUMN)
    project.load("asker", "t", ["A"], [["x"]])
    project.write("asker", "marts/home.sql", "select getenv('HOME') as x")
    assert "Catalog Error, about 'getenv'" in told(project, "asker")["home"]


def test_a_variable_of_the_program_is_no_table(tmp_path: Path) -> None:
    rows = duckdb.sql(f"select '{SECRET}' as x").to_arrow_table()
    with duckdb.connect() as connection:
        assert connection.execute("from rows").fetchall() == [(SECRET,)]
        confine(connection, spill_of(tmp_path / "warehouse.duckdb"))
        with pytest.raises(duckdb.CatalogException):
            connection.execute("from rows")
    assert rows.num_rows == 1


def test_what_a_model_leaves_in_the_spill_is_gone_after_the_run(project: Project) -> None:
    folder = project.folder("spiller")
    project.feed("spiller", "t", ONE_COLUMN)
    project.load("spiller", "t", ["A"], [["x"]])
    spill = spill_of(folder.warehouse)
    spill.mkdir()
    project.write(
        "spiller",
        "marts/left.sql",
        f"{{{{ config(post_hook=\"copy (select '{SECRET}') to '{spill}/left.csv'\") }}}} "
        "select 1 as x",
    )
    project.run("spiller").run()
    assert not spill.exists()


def test_a_view_whose_function_was_exchanged_is_not_read_with_our_rights(project: Project) -> None:
    """A view is bound again by whoever reads it: us, when rows are counted and kept."""
    neighbour = project.folder("neighbour").path
    neighbour.mkdir(parents=True, exist_ok=True)
    (neighbour / "secret.txt").write_text(SECRET)
    project.feed("exchanger", "t", ONE_COLUMN)
    project.load("exchanger", "t", ["A"], [["x"]])
    warehouse = project.folder("exchanger").warehouse
    innocent = "create or replace macro main.seen(f) as table select f as content"
    guilty = "create or replace macro main.seen(f) as table select content from read_text(f)"
    project.write(
        "exchanger",
        "marts/stolen.sql",
        f"{{{{ config(materialized='view', pre_hook='{innocent}', post_hook='{guilty}') }}}} "
        f"select content from main.seen('{neighbour}/secret.txt')",
    )
    run = project.run("exchanger")
    with pytest.raises(CleaningError, match=r"exchanger: .*tries to open a file when it is read"):
        run.run()
    with pytest.raises(CleaningError, match="exchanger"):
        append_history(warehouse, ["stolen"], delivery_id="one", period=None)
    with open_bounded(warehouse, read_only=True) as connection:
        kept = "select count(*) from duckdb_tables() where schema_name = 'history'"
        assert connection.execute(kept).fetchall() == [(0,)]
    load_raw(warehouse, warehouse.parent, [], expected={"t": ["A"]})
    with open_bounded(warehouse) as connection:
        left = "select function_name from duckdb_functions() where not internal"
        assert connection.execute(left).fetchall() == []
        assert connection.execute("select view_name from duckdb_views() where not internal") \
            .fetchall() == []  # fmt: skip


def test_a_function_in_place_of_duckdb_s_own_is_refused_before_anything_is_counted_with_it(
    project: Project,
) -> None:
    project.feed("forger", "t", ONE_COLUMN)
    project.load("forger", "t", ["A"], [["x"], [""]])
    project.write(
        "forger",
        "marts/forged.sql",
        '{{ config(pre_hook="create or replace macro main.contains(a, b) as true") }} '
        "select 1 as x",
    )
    with pytest.raises(CleaningError, match=r"forger: .*names of DuckDB's own: contains\. .*again"):
        project.run("forger").run()


@pytest.mark.parametrize("own", ["duckdb_functions", "duckdb_columns", "duckdb_tables"])
def test_a_function_that_hides_what_the_models_made_is_refused_and_goes_with_its_batch(
    project: Project, own: str
) -> None:
    project.feed("hider", "t", ONE_COLUMN)
    project.load("hider", "t", ["A"], [["x"]])
    nothing = f"create or replace macro main.{own}() as table select * from system.main.{own}() "
    project.write(
        "hider",
        "marts/forged.sql",
        f'{{{{ config(pre_hook=["{nothing} where internal", '
        '"create or replace macro main.contains(a, b) as true"]) }} select 1 as x',
    )
    with pytest.raises(CleaningError, match=rf"hider: .*DuckDB's own: contains, {own}\. "):
        project.run("hider").run()
    warehouse = project.folder("hider").warehouse
    load_raw(warehouse, warehouse.parent, [], expected={"t": ["A"]})
    with open_bounded(warehouse) as connection:
        left = "select function_name from system.main.duckdb_functions() where not internal"
        assert connection.execute(left).fetchall() == []


def test_the_history_outlasts_a_batch_and_nothing_else_does(project: Project) -> None:
    project.feed("keeper", "t", ONE_COLUMN)
    project.load("keeper", "t", ["A"], [["x"]])
    project.write("keeper", "marts/gone.sql", "select * from {{ ref('int_t') }}")
    run = project.run("keeper")
    run.run()
    warehouse = project.folder("keeper").warehouse
    with open_tables(warehouse) as tables:
        assert account_rows(tables, run.manifest, [])[0].delivered == 1
    append_history(warehouse, ["t"], delivery_id="one", period=None)
    load_raw(warehouse, warehouse.parent, [], expected={"t": ["A"]}, keep="history")
    tables = "select schema_name, table_name from duckdb_tables() order by 1, 2"
    assert project.rows("keeper", tables) == [("history", "t"), ("raw", "t")]


@pytest.mark.parametrize("tier", [1, 2])
def test_below_tier_3_a_model_can_not_deliver_the_rows_of_the_drop_folder(
    tmp_path: Path, tier: int
) -> None:
    dbt_dir = tmp_path / "dbt"
    shutil.copytree(DBT, dbt_dir, ignore=shutil.ignore_patterns("target", "globex", "initech"))
    take_macros(dbt_dir)
    world = World(tmp_path / "data", dbt_dir=dbt_dir, security_tier=tier)
    file = world.drop("customers_1.csv", HEADER + "".join(map(customer, range(1, 121))))
    (dbt_dir / "models/clients/acme_corp/marts/everything.sql").write_text(
        f"select * from read_csv('{file}', all_varchar = true)"
    )
    batch_id = world.receive("run").batch.batch_id
    with pytest.raises(ModelsFailedError, match=r"everything: .*Permission Error"):
        world.after_receive("run", batch_id)
    assert world.deliveries() == []
    with open_bounded(world.folder.warehouse, read_only=True) as connection:
        found = connection.execute("from duckdb_tables() where table_name = 'everything'")
        assert found.fetchall() == []
