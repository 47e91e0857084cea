"""A feed from its YAML to its tables: rejects, blanks, duplicates, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from consulting.cleaning import (
    account_rows,
    cleaning_steps,
    column_mappings,
    with_changes,
)
from consulting.records import FileReading

if TYPE_CHECKING:
    from tests.cleaning.conftest import Project

HEADERS = ["Id", "Name", "Mail", "Amount", "From", "To", "Seen", "Secret", "Surprise"]
COLUMNS = [
    {"name": "id", "from": "Id", "rule": "to_integer", "required": True, "tests": ["unique"]},
    {"name": "name", "from": "Name", "required": True},
    {"name": "mail", "from": "Mail", "rule": "to_email", "on_invalid": "blank"},
    {
        "name": "amount",
        "from": "Amount",
        "rule": "to_money",
        "tests": [{"not_negative": {"config": {"severity": "warn"}}}],
    },
    {"name": "starts_on", "from": "From", "rule": "to_date"},
    {"name": "ends_on", "from": "To", "rule": "to_date"},
    {"name": "seen_on", "from": "Seen", "rule": "to_date"},
]
ROWS = [
    ["1", "Ann", "ann@x.com", "10", "2024-01-01", "2024-02-01", "2024-01-01", "s", "?"],
    ["1", "Ann B", "ann@x.com", "10", "2024-01-01", "2024-02-01", "2024-03-01", "s", "?"],
    ["1", "Ann B", "ANN@x.com", "$10", "2024-01-01", "2024-02-01", "2024-03-01", "s", "?"],
    ["2", "Bo", "not mail", "-3", "2024-01-01", None, None, "s", "?"],
    ["x", "", "not mail", "abc", "2024-01-01", None, None, "s", "?"],
    ["3", "Cy", None, "1", "2024-05-01", "2024-04-01", None, "s", "?"],
]


def reading(received: int, **kwargs: object) -> FileReading:
    settings = {
        "filename": "people.csv",
        "feed": "people",
        "sha256": "0" * 64,
        "size_bytes": 1,
        "format": "csv",
        "columns": tuple(HEADERS),
        "received_rows": received,
        "loaded_rows": len(ROWS),
        "rows_path": "rows/0.parquet",
    }
    return FileReading.model_validate(settings | kwargs)


@pytest.fixture(scope="module")
def cleaned(project: Project) -> Project:
    project.feed(
        "shop", "people", COLUMNS, dedupe={"key": ["id"], "keep": "latest", "order_by": "seen_on"}
    )
    yaml = project.dbt_dir / "models/clients/shop/people.yml"
    text = yaml.read_text().replace(
        "      dedupe:", "      reject_when: {ends_early: ends_on < starts_on}\n      dedupe:"
    )
    hint = text[text.index("        # A column that") : text.index("\nmodels:")]
    dropped = "        columns: [{name: Secret, meta: {dropped_because: not asked for}}]\n"
    yaml.write_text(text.replace(hint, dropped))
    project.load("shop", "people", HEADERS, ROWS)
    run = project.run("shop")
    run.run()
    run.test()
    return project


def test_rejected_rows_keep_their_text_and_every_reason(cleaned: Project) -> None:
    sql = 'SELECT _row_id, "Id", "Mail", _reason, _reasons FROM rejects.rejects_people ORDER BY 1'
    assert cleaned.rows("shop", sql) == [
        (
            5,
            "x",
            "not mail",
            "id:not_an_integer",
            "id:not_an_integer;name:missing;amount:not_an_amount",
        ),
        (6, "3", None, "row:ends_early", "row:ends_early"),
    ]


def test_a_value_to_blank_is_emptied_and_noted_and_its_row_kept(cleaned: Project) -> None:
    sql = "SELECT id, mail, _blanked FROM intermediate.int_people WHERE _blanked IS NOT NULL"
    assert cleaned.rows("shop", sql) == [(2, None, "mail:not_an_email")]


def test_the_latest_row_of_a_key_is_kept_and_the_others_say_where_they_went(
    cleaned: Project,
) -> None:
    sql = "SELECT id, name, _row_id FROM marts.people ORDER BY id"
    assert cleaned.rows("shop", sql) == [(1, "Ann B", 3), (2, "Bo", 4)]
    sql = "SELECT _row_id, _merged_into, _rule FROM intermediate.merged_people ORDER BY 1"
    assert cleaned.rows("shop", sql) == [
        (1, 3, "same id, latest by seen_on kept"),
        (2, 3, "exact copy"),
    ]


def test_the_mart_has_the_declared_columns_and_the_row_s_origin(cleaned: Project) -> None:
    described = cleaned.rows("shop", "DESCRIBE marts.people")
    names = [column["name"] for column in COLUMNS]
    assert [name for name, *_ in described] == [*names, "_file", "_row", "_row_id"]
    assert {name: kind for name, kind, *_ in described}["amount"] == "DECIMAL(18,2)"


def test_the_account_names_every_row_and_unparsed_records_too(cleaned: Project) -> None:
    manifest = cleaned.models("shop").load_manifest()
    with cleaned.tables("shop") as tables:
        account = account_rows(tables, manifest, [reading(8, unparsed_rows=2)])[0]
    assert account.received == 8
    assert account.table == "marts.people"
    assert account.delivered == 2
    assert account.rejected == {
        "file:unparsed": 2,
        "id:not_an_integer": 1,
        "row:ends_early": 1,
    }
    assert account.merged == {"exact copy": 1, "same id, latest by seen_on kept": 1}
    assert account.unaccounted == 0


def test_a_row_that_intake_lost_shows_in_the_account(cleaned: Project) -> None:
    manifest = cleaned.models("shop").load_manifest()
    with cleaned.tables("shop") as tables:
        [account] = account_rows(tables, manifest, [reading(7)])
    assert account.unaccounted == 1


def test_a_sampled_file_is_accounted_for_as_its_sample(cleaned: Project) -> None:
    manifest = cleaned.models("shop").load_manifest()
    sampled = reading(9000, sampled_from=9000)
    with cleaned.tables("shop") as tables:
        [account] = account_rows(tables, manifest, [sampled])
    assert (account.received, account.unaccounted) == (6, 0)


def test_a_feed_without_models_is_set_aside_and_says_so(project: Project) -> None:
    project.load("bare", "things", ["A"], [["1"], ["2"]])
    manifest = project.models("bare").load_manifest()
    things = reading(2, feed="things", columns=("A",), loaded_rows=2)
    with project.tables("bare") as tables:
        [account] = account_rows(tables, manifest, [things])
    assert account.table is None
    assert account.rejected == {"feed:no_models": 2}
    assert account.unaccounted == 0
    assert project.run("bare").run() == []
    assert project.run("bare").test() == []


def test_steps_count_changed_rejected_and_emptied_values(cleaned: Project) -> None:
    manifest = cleaned.models("shop").load_manifest()
    with cleaned.tables("shop") as tables:
        made = column_mappings(manifest, tables, [reading(6)], harmless=())
        told = cleaning_steps(tables, manifest, with_changes(tables, made))
    steps = {step.subject: step for step in told}
    assert steps["people.id"].rows_rejected == 1
    assert steps["people.mail"].values_changed == 2
    assert "1 value that did not fit left empty" in steps["people.mail"].detail
    assert "1 more row rejected for another column first" in steps["people.amount"].detail
    assert steps["staging.stg_people"].rows_after == 4
    merged = steps["intermediate.int_people"]
    assert (merged.rows_before, merged.rows_after, merged.rows_merged) == (4, 2, 2)


def test_the_mapping_accounts_for_every_source_column(cleaned: Project) -> None:
    manifest = cleaned.models("shop").load_manifest()
    with cleaned.tables("shop") as tables:
        mappings = column_mappings(manifest, tables, [reading(6)], harmless=())
    delivered = [m for m in mappings if m.target_table]
    assert [m.target_column for m in delivered] == [column["name"] for column in COLUMNS]
    first = delivered[0]
    assert (first.source_columns, first.rule, first.required) == (("Id",), "to_integer", True)
    assert first.tests == ("unique",)
    assert delivered[3].tests == ("not_negative (warns)",)
    dropped = {m.source_columns: m.dropped_because for m in mappings if not m.target_table}
    assert dropped == {("Secret",): "not asked for", ("Surprise",): None}


def test_a_failing_test_says_how_many_rows_and_where_they_are(cleaned: Project) -> None:
    outcomes = {o.name: o for o in cleaned.run("shop").test()}
    warned = outcomes["not_negative_people_amount"]
    assert (warned.status, warned.severity, warned.failing_rows) == ("warn", "warn", 1)
    assert (warned.model, warned.column) == ("people", "amount")
    assert warned.description == "amount is not negative."
    assert cleaned.rows("shop", f"SELECT count(*) FROM {warned.stored_in}") == [(1,)]
    assert outcomes["unique_people_id"].status == "pass"
    assert outcomes["unique_people_id"].stored_in is None


def test_the_first_row_is_kept_where_the_yaml_says_so(project: Project) -> None:
    columns = [{"name": "k", "from": "K"}, {"name": "v", "from": "V"}]
    project.feed("firsts", "t", columns, dedupe={"key": ["k"], "keep": "first"})
    project.load("firsts", "t", ["K", "V"], [["a", "1"], ["a", "2"], [None, "3"], [None, "4"]])
    project.run("firsts").run()
    rows = project.rows("firsts", "SELECT k, v FROM marts.t ORDER BY v")
    assert rows == [("a", "1"), (None, "3"), (None, "4")], "rows without a key are never merged"
