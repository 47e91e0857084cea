"""Columns whose names are SQL's own words, in every test there is, and values that quote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cleaning.conftest import Project

VALUES = ["O'Brien", 'a "b"', "{{ env_var('X') }}", "ref('t')", "';--", "ok"]
TESTS = [
    "unique",
    "not_null",
    {"accepted_values": {"arguments": {"values": VALUES}}},
    {"relationships": {"arguments": {"to": "ref('select')", "field": "order"}}},
    {"accepted_range": {"arguments": {"min_value": "", "max_value": "~"}}},
]
SECOND = """
models:
  - name: other
    columns:
      - {name: Group, data_tests: [not_null, not_negative, unique]}
      - {name: end at, quote: true, data_tests: [not_null]}
    data_tests:
      - unique_together: {arguments: {columns: [Group, end at, "a.b", 'q"q']}}
"""


@pytest.fixture(scope="module")
def statuses(project: Project) -> dict[str, tuple[str, int]]:
    """How each test ended, and on how many rows."""
    columns = [{"name": name, "from": name} for name in ("from", "case", "to")]
    tested = {"name": "order", "from": "{{ order }}", "tests": TESTS, "required": True}
    project.feed("words", "select", [tested, *columns], dedupe={"key": ["from", "case"]})
    rows = [[value, f"f{number}", "c", None] for number, value in enumerate(VALUES)]
    project.load("words", "select", ["{{ order }}", "From", "CASE", "to"], rows)
    project.write("words", "other.yml", SECOND)
    project.write(
        "words",
        "marts/other.sql",
        'select 1 as "Group", 2 as "end at", 3 as "a.b", 4 as "q""q" '
        "union all select -1, null, 3, 4",
    )
    run = project.run("words")
    run.run()
    return {
        f"{o.model}.{o.column}.{o.unique_id.split('.')[2].split('_' + o.model)[0]}": (
            o.status,
            o.failing_rows,
        )
        for o in run.test()
    }


def test_every_test_reads_a_column_by_its_name(statuses: dict[str, tuple[str, int]]) -> None:
    assert statuses == {
        "select.order.unique": ("pass", 0),
        "select.order.not_null": ("pass", 0),
        "select.order.accepted_values": ("pass", 0),
        "select.order.relationships": ("pass", 0),
        "select.order.accepted_range": ("pass", 0),
        "select.None.rows_conserved": ("pass", 0),
        "other.Group.not_null": ("pass", 0),
        "other.Group.not_negative": ("fail", 1),
        "other.Group.unique": ("pass", 0),
        'other."end at".not_null': ("fail", 1),
        "other.None.unique_together": ("pass", 0),
    }


def test_values_with_quotes_and_braces_are_the_values_that_came(
    project: Project, statuses: dict[str, tuple[str, int]]
) -> None:
    found = project.rows("words", 'select "order" from marts."select" order by _row')
    assert found == [(value,) for value in VALUES]
    descriptions = [
        node["meta"]["description"]
        for node in project.models("words").load_manifest()["nodes"].values()
        if node["resource_type"] == "test"
    ]
    assert f"order is one of {', '.join(VALUES)}." in descriptions
