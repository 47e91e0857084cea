"""Runs: one command at a time, failures without data, missing columns, tier 1."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import duckdb
import pytest

from consulting.cleaning import (
    DbtRun,
    ModelsFailedError,
    cleaning_steps,
    column_mappings,
)
from consulting.errors import CleaningError
from consulting.records import FileReading
from consulting.rules import column_rule

if TYPE_CHECKING:
    from tests.cleaning.conftest import Project

ONE_COLUMN = [{"name": "a", "from": "A", "rule": "to_text", "required": True}]
SECRET = "4711-secret-value"


@pytest.fixture(scope="module")
def plain(project: Project) -> str:
    """A client of one feed and one row, to be run and not changed."""
    project.feed("plain", "t", ONE_COLUMN)
    project.load("plain", "t", ["A"], [["x"]])
    return "plain"


def failed(run: DbtRun) -> dict[str, str]:
    with pytest.raises(ModelsFailedError) as caught:
        run.run()
    assert SECRET not in str(caught.value)
    return {o.name: o.message or "" for o in caught.value.outcomes if o.status == "error"}


def test_a_failed_model_is_told_without_values(project: Project) -> None:
    project.feed("leaky", "t", ONE_COLUMN)
    project.load("leaky", "t", ["A"], [[SECRET]])
    ref = "from {{ ref('t') }}"
    project.write("leaky", "marts/bad_cast.sql", f"select cast(a as integer) as n {ref}")
    project.write("leaky", "marts/raised.sql", f"select error(a) as n {ref}")
    project.write("leaky", "marts/no_column.sql", f"select nothing_such {ref}")
    project.write("leaky", "marts/after.sql", "select * from {{ ref('bad_cast') }}")
    run = project.run("leaky")
    messages = failed(run)
    assert messages["bad_cast"] == (
        "dbt/models/clients/leaky/marts/bad_cast.sql: Conversion Error, about 'a'"
    )
    assert messages["raised"].endswith("raised.sql: Invalid Input Error")
    assert "Binder Error, about 'nothing_such'" in messages["no_column"]
    with pytest.raises(
        ModelsFailedError, match=r"leaky: dbt could not run .*Not run after that: after"
    ):
        run.run()
    written = [p for p in run.target.rglob("*") if p.is_file() and SECRET in p.read_text()]
    assert written == []


def test_a_condition_of_row_rules_that_fails_is_told_where_it_was_written(project: Project) -> None:
    conditions = {
        "cast": ("cast(a as integer) = 3", "Conversion Error"),
        "parse": ("strptime(a,\n'%d') is null", "Invalid Input Error"),
        "unknown": ("nothing_such = 1", "Binder Error"),
    }
    for feed, (condition, _) in conditions.items():
        rules = {"fine": "a = ''", "bad": condition, "no_less": "a is null"}
        project.feed("strict", feed, ONE_COLUMN, reject_when=rules)
        project.load("strict", feed, ["A"], [[SECRET]])
    assert failed(project.run("strict")) == {
        f"stg_{feed}": f"dbt/models/clients/strict/{feed}.yml, line 10, {feed}, the condition "
        f"“bad” of `reject_when`: {said}"
        for feed, (_, said) in conditions.items()
    }


def test_the_client_s_file_is_free_after_a_run_and_after_a_failure(project: Project) -> None:
    project.feed("freed", "t", ONE_COLUMN)
    project.load("freed", "t", ["A"], [["x"]])
    project.run("freed").run()
    project.write("freed", "marts/bad.sql", "select cast('x' as integer) as n")
    failed(project.run("freed"))
    with duckdb.connect(str(project.folder("freed").warehouse)) as connection:
        connection.execute("CREATE TABLE main.mine AS SELECT 1")


def test_two_threads_run_two_clients_without_mixing_them_up(project: Project) -> None:
    for client_id in ("left", "right"):
        project.feed(client_id, "t", ONE_COLUMN)
        project.load(client_id, "t", ["A"], [[client_id]] * 3)
    outcomes: dict[str, list[int | None]] = {}

    def work(client_id: str) -> None:
        for _ in range(2):
            outcomes[client_id] = [outcome.rows for outcome in project.run(client_id).run()]

    threads = [threading.Thread(target=work, args=(name,)) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client_id in ("left", "right"):
        assert sorted(outcomes[client_id]) == [0, 0, 3, 3, 3]
        assert project.rows(client_id, "SELECT DISTINCT a FROM marts.t") == [(client_id,)]


@pytest.mark.parametrize(("slow", "lines"), [(60, 3), (0, 9)])
def test_what_went_on_is_told_in_a_line_and_what_took_long_by_itself(
    project: Project, monkeypatch: pytest.MonkeyPatch, slow: int, lines: int
) -> None:
    monkeypatch.setattr("consulting.cleaning.run._SLOW_SECONDS", slow)
    warns = {"not_null": {"config": {"severity": "warn"}}}
    columns = [*ONE_COLUMN, {"name": "b", "from": "B", "tests": [warns]}]
    project.feed("told", "t", columns)
    project.load("told", "t", ["A", "B"], [["x", None], ["y", "z"]])
    heard: list[str] = []
    run = project.run("told", log=heard.append)
    run.run()
    run.test()
    warned = "1 of 2: test not_null_t_b: warn"
    assert {"5 models: 5 success", warned} < {*heard}
    assert heard[-1] == "2 tests: 1 pass, 1 warn"
    assert len(heard) == lines
    long = [line for line in heard if re.fullmatch(r"\d of 5: model \w+: success in \d+ s", line)]
    assert len(long) == (0 if slow else 5)


def test_nothing_is_printed(
    project: Project, plain: str, capfd: pytest.CaptureFixture[str]
) -> None:
    run = project.run(plain)
    run.run()
    run.test()
    assert capfd.readouterr() == ("", "")


def test_a_missing_source_column_is_named_with_the_nearest(project: Project) -> None:
    project.feed("renamed", "t", [*ONE_COLUMN, {"name": "b", "from": "Order Date"}])
    project.load("renamed", "t", ["A", "OrderDate"], [["x", "y"]])
    with pytest.raises(CleaningError) as caught:
        project.run("renamed").run()
    assert str(caught.value) == (
        "renamed: feed 't' has no column 'Order Date', which 'b' is read from. Did the client "
        "rename it to 'OrderDate'? Its columns: A, OrderDate. Correct `from` in the feed's YAML, "
        "or set `optional: true` if the client may leave it out."
    )


def test_a_column_that_one_of_two_files_lacks_is_named_with_its_file(
    project: Project, plain: str
) -> None:
    readings = [
        FileReading(
            filename=name,
            feed="t",
            sha256="0" * 64,
            size_bytes=1,
            format="csv",
            columns=columns,
            received_rows=1,
            loaded_rows=1,
        )
        for name, columns in (("one.csv", ("A",)), ("two.csv", ("B",)))
    ]
    with pytest.raises(CleaningError, match=r"feed 't', file two.csv, has no column 'A'"):
        project.run(plain, readings=readings).run()


def test_an_optional_column_may_be_left_out(project: Project) -> None:
    project.feed("lenient", "t", [*ONE_COLUMN, {"name": "b", "from": "B", "optional": True}])
    project.load("lenient", "t", ["A"], [["x"]])
    project.run("lenient").run()
    assert project.rows("lenient", "SELECT a, b FROM marts.t") == [("x", None)]


def test_a_column_is_read_under_all_its_names_and_each_row_gives_the_first_that_is_filled(
    project: Project,
) -> None:
    names = ["New", "Old", "Oldest"]
    project.feed(
        "two_names", "t", [*ONE_COLUMN, {"name": "b", "from": names, "rule": "to_integer"}]
    )
    project.load("two_names", "t", ["A", "Old", "New"], [["1", "5", " "], ["2", "6", "7"]])
    run = project.run("two_names")
    run.run()
    assert project.rows("two_names", "SELECT b FROM marts.t ORDER BY a") == [(5,), (7,)]
    project.load("two_names", "t", ["A"], [["1"]])
    with pytest.raises(CleaningError, match="has no column 'New or Old or Oldest'"):
        project.run("two_names").run()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (["New", "NEW"], "names a header twice"),
        ([], "a header is a text"),
        ([5], "should be a valid string"),
    ],
)
def test_names_that_are_none_are_told(source: list[object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        column_rule({"from": source})


def test_tier_1_builds_every_table_empty_even_if_rows_are_there(project: Project) -> None:
    project.feed("schema_only", "t", ONE_COLUMN)
    project.feed("schema_only", "u", ONE_COLUMN)
    project.load("schema_only", "t", ["A"], [[SECRET]])
    run = project.run("schema_only")
    outcomes = run.run(empty=True)
    assert {outcome.rows for outcome in outcomes} == {0}
    assert {outcome.layer for outcome in outcomes} == {
        "staging",
        "intermediate",
        "rejects",
        "marts",
    }
    assert dict(next(o for o in outcomes if o.name == "u").columns)["a"] == "VARCHAR"
    with project.tables("schema_only") as tables:
        assert column_mappings(run.manifest, tables, [], harmless=())
    assert {check.status for check in run.test() if check.model == "u"} == {"pass"}


def test_a_run_without_a_warehouse_says_what_is_missing(project: Project) -> None:
    project.feed("early", "t", [{"name": "a", "from": "A", "optional": True}])
    with pytest.raises(CleaningError, match=r"early: .*Load the feeds' raw tables"):
        project.run("early").test()


def test_a_database_held_by_another_process_is_said_in_words(project: Project, plain: str) -> None:
    import subprocess
    import sys

    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); "
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(project.folder(plain).warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for command in (project.run(plain).run, project.run(plain).test):
            with pytest.raises(CleaningError, match="plain: another process has"):
                command()
        holder.communicate("")


def test_hand_written_sql_is_traced_to_the_client_s_columns(project: Project) -> None:
    project.copy_client("acme_corp")
    columns = project.models("acme_corp").declared_columns()
    for feed, names in columns.items():
        project.load("acme_corp", feed, names, [])
    run = project.run("acme_corp")
    run.run()
    with project.tables("acme_corp") as tables:
        compiled = column_mappings(run.manifest, tables, [], harmless=(), compiled=run.compiled)
        without = column_mappings(run.manifest, tables, [], harmless=())
    assert compiled == without
    traced = {
        (m.target_column, m.feed): (m.source_columns, m.transformation)
        for m in without
        if m.target_table == "customer_revenue"
    }
    assert traced["revenue", "orders"] == (("Amount",), "COALESCE(SUM(amount), 0)")
    assert traced["full_name", "customers"] == (("Full Name",), "taken over as it is")
    assert traced["last_ordered_on", "orders"][0] == ("Order Date",)
    assert traced["order_count", "orders"] == ((), "COALESCE(COUNT(*), 0)")


def test_columns_that_a_pivot_names_after_values_are_not_told_by_name(project: Project) -> None:
    project.feed("turned", "t", ONE_COLUMN)
    project.load("turned", "t", ["A"], [[SECRET], ["other"]])
    pivot = "pivot (select a from {{ ref('t') }}) on a using count(*)"
    project.write("turned", "marts/wide.sql", f"select 1 as one, * from ({pivot})")
    project.write("turned", "marts/wider.sql", "select *, 2 as two from {{ ref('wide') }}")
    outcomes = {each.name: each for each in project.run("turned").run()}
    told = [name for name, _ in outcomes["wider"].columns]
    assert told == ["one", "column 2, named by a value", "column 3, named by a value", "two"]
    assert [name for name, _ in outcomes["t"].columns][:1] == ["a"], "a name of the YAML is told"
    assert "named by" not in str(outcomes["stg_t"].columns)


TAKEN = {
    "mart": (
        "marts/mart.sql",
        "select a, upper(b) as b, _file, _row, _row_id from {{ ref('int_mart') }}",
        ("B",),
        "blanks trimmed, words for “no value” made empty; then UPPER(b)",
    ),
    "another_column": (
        "marts/another_column.sql",
        "select a, a as b, _file, _row, _row_id from {{ ref('int_another_column') }}",
        ("A",),
        "taken over as it is",
    ),
    "staging": (
        "staging/stg_staging.sql",
        """select "A" as a, "B" || '!' as b, null::varchar as _reason,
        null::varchar as _reasons, null::varchar as _blanked, _file, _row, _row_id
        from {{ source('raw', 'staging') }}""",
        ("B",),
        "b || '!'",
    ),
    "a_comment": (
        "marts/a_comment.sql", "-- as before\n{{ deliver(ref('int_a_comment')) }}", ("B",), None,
    ),
    "all_as_it_is": (
        "marts/all_as_it_is.sql", "select * from {{ ref('int_all_as_it_is') }}", ("B",), None,
    ),
}  # fmt: skip
"""Feed → SQL of its own, the columns that `b` is then read from, and what becomes of them."""


def test_of_a_column_that_sql_took_over_mapping_and_log_tell_the_sql(project: Project) -> None:
    for feed, (path, sql, *_) in TAKEN.items():
        project.feed("taken", feed, [*ONE_COLUMN, {"name": "b", "from": "B"}])
        project.load("taken", feed, ["A", "B"], [["x", "y"]])
        project.write("taken", path, sql)
    run = project.run("taken")
    run.run()
    with project.tables("taken") as tables:
        mappings = column_mappings(run.manifest, tables, [], harmless=(), compiled=run.compiled)
        steps = cleaning_steps(tables, run.manifest, mappings)
    for feed, (*_, sources, words) in TAKEN.items():
        (told,) = (m for m in mappings if (m.feed, m.target_column) == (feed, "b"))
        (logged,) = (s for s in steps if s.subject == f"{feed}.b")
        expected = (
            ("sql", words)
            if words
            else ("to_text", "blanks trimmed, words for “no value” made empty")
        )
        assert (told.source_columns, told.rule, told.transformation) == (sources, *expected), feed
        assert (logged.operation, logged.detail) == expected, feed
