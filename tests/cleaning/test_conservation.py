"""Whatever comes in, every row is delivered, rejected or merged: once; and faults are caught."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consulting.cleaning import account_rows, open_tables

if TYPE_CHECKING:
    from tests.cleaning.conftest import Project

COLUMNS = [
    {"name": "id", "from": "Id", "rule": "to_integer", "required": True},
    {"name": "paid_on", "from": "Paid", "rule": "to_date", "formats": ["%d.%m.%Y"]},
    {"name": "amount", "from": "Amount", "rule": "to_money", "decimal": "either"},
    {"name": "mail", "from": "Mail", "rule": "to_email", "on_invalid": "blank"},
    {"name": "kind", "from": "Kind", "rule": "to_code", "codes": ["a", "b"]},
]
HEADERS = ["Id", "Paid", "Amount", "Mail", "Kind"]
DEDUPE = {"key": ["id", "kind"], "keep": "latest", "order_by": "paid_on"}


MODELS = {
    "stg_payments": "staging",
    "int_payments": "intermediate",
    "merged_payments": "intermediate",
    "rejects_payments": "rejects",
    "payments": "marts",
}


@pytest.fixture(scope="module")
def payments(project: Project) -> tuple[Project, dict[str, Any], dict[str, str]]:
    """The project, its manifest, and the SQL that dbt made of the models."""
    project.feed("honest", "payments", COLUMNS, dedupe=DEDUPE)
    project.load("honest", "payments", HEADERS, [])
    run = project.run("honest")
    run.run()
    return project, run.manifest, run.compiled


def near(*likely: str) -> st.SearchStrategy[str | None]:
    """Mostly texts that the rule knows, so that rows are accepted and merged too, and mess."""
    mess = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
    return st.one_of(*[st.sampled_from(likely)] * 3, mess, st.none())


ROW = st.tuples(
    near("1", "2", "3", " 2", "3.0", "n/a", "1.5"),
    near("05.01.2024", "31.12.2023", "30.02.2024", "2024-01-05"),
    near("1.234,50 €", "$1,234.50", "1.234", "(3)", "-"),
    near("a@b.de", "A@B.DE", "a@b"),
    near("a", "A ", "b", "c"),
)


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(ROW, max_size=60))
def test_received_is_delivered_and_rejected_and_merged(
    payments: tuple[Project, dict[str, Any], dict[str, str]], rows: list[tuple[Any, ...]]
) -> None:
    project, manifest, compiled = payments
    project.load("honest", "payments", HEADERS, rows)
    warehouse = project.folder("honest").warehouse
    with duckdb.connect(str(warehouse)) as connection:
        for model, schema in MODELS.items():
            connection.execute(f"CREATE OR REPLACE TABLE {schema}.{model} AS {compiled[model]}")
        places = connection.execute(
            """
            SELECT _row_id FROM marts.payments
            UNION ALL SELECT _row_id FROM rejects.rejects_payments
            UNION ALL SELECT _row_id FROM intermediate.merged_payments
            """
        ).fetchall()
        [(kept, distinct)] = connection.execute(
            """
            SELECT count(*), count(DISTINCT (id, kind)) FROM marts.payments
            WHERE kind IS NOT NULL
            """
        ).fetchall()
    assert sorted(row_id for (row_id,) in places) == list(range(1, len(rows) + 1))
    with open_tables(warehouse) as tables:
        [account] = account_rows(tables, manifest, [])
    assert account.received == len(rows)
    assert account.unaccounted == 0
    assert kept == distinct


# what the fault is: (the model's folder and prefix, its SQL, rows the check finds, unaccounted)
FAULTS = {
    "drops_every_seventh_row": (
        "marts/",
        "select * from {{ ref('int_FEED') }} where _row_id % 7 <> 0",
        3,
        3,
    ),
    "fans_out_in_a_join": (
        "marts/",
        "select p.* from {{ ref('int_FEED') }} p, range(1 + (p._row_id % 5 = 0)::int)",
        5,
        -5,
    ),
    "drops_one_row_and_doubles_another": (
        "marts/",
        """select p.* from {{ ref('int_FEED') }} p,
        range(case _row_id when 3 then 0 when 4 then 2 else 1 end)""",
        2,
        2,
    ),
    "delivers_what_was_rejected": (
        "intermediate/int_",
        "select * exclude (_reason, _reasons) from {{ ref('stg_FEED') }}",
        1,
        -1,
    ),
    "invents_a_row": (
        "marts/",
        """select * from {{ ref('int_FEED') }} union all
        select * replace (999 as _row_id) from {{ ref('int_FEED') }} where _row_id = 2""",
        1,
        -1,
    ),
    "loses_the_rejects": (
        "rejects/rejects_",
        "select * from {{ ref('stg_FEED') }} where false",
        1,
        1,
    ),
}


@pytest.fixture(scope="module")
def faulty(project: Project) -> dict[str, tuple[str, int, int]]:
    """By feed: the check's status, the rows it found, and the unaccounted of the account."""
    rows = [[str(n), "05.01.2024", "3", "a@b.de", "a"] for n in range(1, 26)]
    for feed, (path, sql, *_) in FAULTS.items():
        project.feed("faulty", feed, COLUMNS)
        project.write("faulty", f"{path}{feed}.sql", sql.replace("FEED", feed))
        project.load("faulty", feed, HEADERS, [["x", *rows[0][1:]], *rows[1:]])
    run = project.run("faulty")
    run.run()
    checks = {o.model: o for o in run.test() if o.name.startswith("rows_conserved")}
    with project.tables("faulty") as tables:
        accounts = account_rows(tables, run.manifest, [])
    return {
        account.feed: (
            checks[account.feed].status,
            checks[account.feed].failing_rows,
            account.unaccounted,
        )
        for account in accounts
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_that_breaks_conservation_fails_the_check_and_shows_in_the_account(
    faulty: dict[str, tuple[str, int, int]], fault: str
) -> None:
    _, _, failing, unaccounted = FAULTS[fault]
    assert faulty[fault] == ("fail", failing, unaccounted)
