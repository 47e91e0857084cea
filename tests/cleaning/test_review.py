"""What the models read is held against the columns that came last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from jsonschema import Draft7Validator

from consulting.cleaning.models import ClientModels
from consulting.cleaning.review import idle_marks, marked_values, unsent_columns
from consulting.errors import CleaningError
from consulting.rules.accepted import Mark
from consulting.rules.schema import models_schema

if TYPE_CHECKING:
    from conftest import Project

DBT = Path(__file__).parents[2] / "dbt"
SENT = ["Order ID", "Customer ID", "Order Date", "Ship Date", "Qty.", "Amount", "Channel"]


def test_a_column_that_the_last_file_does_not_have_is_told_with_its_line_and_a_way_out() -> None:
    models = ClientModels(DBT, "acme_corp")
    lines = (models.folder / "orders.yml").read_text(encoding="utf-8").splitlines()
    line = lines.index("      - name: quantity") + 1
    (told,) = unsent_columns(models, "orders", SENT)
    assert told == (
        f"dbt/models/clients/acme_corp/orders.yml, line {line}, orders.quantity: `from` names "
        "'Qty', which is not in the last file of 'orders'. Did you mean 'Qty.'? Where files "
        "may come without it, add `optional: true`."
    )
    assert list(unsent_columns(models, "orders", [*SENT, "Qty"])) == []


MARKED = """\
models:
  - name: orders
    columns:
      - name: unit
        meta:
          from: Unit
          accepted:
            - {issue: lone_values, values: [KG, "12"], by: Jane}
            - {issue: outliers, by: Jane}
sources:
  - name: raw
    tables:
      - name: orders
        columns:
          - name: Notes
            meta: {dropped_because: not needed, accepted: [{issue: missing_values, by: Bob}]}
"""


def test_what_is_right_is_read_from_rules_and_sources(project: Project) -> None:
    project.write("acme", "orders.yml", MARKED)
    project.write("acme", "orders.sql", "select 1 as unit from {{ source('raw', 'orders') }}")
    assert project.models("acme").accepted("orders") == {
        "Unit": (
            Mark(issue="lone_values", values=("KG", "12"), by="Jane"),
            Mark(issue="outliers", by="Jane"),
        ),
        "Notes": (Mark(issue="missing_values", by="Bob"),),
    }


SUSPECTED = "suspected: [{issue: outliers, wrong: true, by: Jane}]"


def test_what_was_suspected_is_read_from_rules_and_sources(project: Project) -> None:
    text = MARKED.replace("from: Unit\n", f"from: Unit\n          {SUSPECTED}\n")
    other = SUSPECTED.replace("true", "false")
    project.write("acme", "orders.yml", text.replace("not needed,", f"not needed, {other},"))
    project.write("acme", "orders.sql", "select 1 as unit from {{ source('raw', 'orders') }}")
    assert project.models("acme").suspected("orders") == {
        "Unit": {"outliers": True},
        "Notes": {"outliers": False},
    }


@pytest.mark.parametrize(
    ("suspected", "said"),
    [
        ("outliers", "is a list of suspicions"),
        ("[{issue: outlier, wrong: true, by: A}]", "did you mean outliers?"),
        ("[{issue: outliers, wrong: 1, by: A}]", "`wrong` is true or false"),
        ("[{issue: outliers, wrong: true, by: ''}]", "`by` says who said so: a name"),
        ("[{issue: outliers, by: A}]", "a suspicion has an `issue`, `wrong`"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("after", ["from: Unit\n          ", "not needed, "])
def test_a_wrong_suspicion_is_told_with_its_line(
    project: Project, suspected: str, said: str, after: str
) -> None:
    end = "\n          " if "\n" in after else ", "
    text = MARKED.replace(after.rstrip(" "), f"{after}suspected: {suspected}{end}".rstrip(" "), 1)
    project.write("acme", "orders.yml", text)
    project.write("acme", "orders.sql", "select 1 as unit from {{ source('raw', 'orders') }}")
    with pytest.raises(CleaningError) as raised:
        project.models("acme").prepare()
    assert "`suspected`: " in str(raised.value)
    assert said in str(raised.value)
    assert list(Draft7Validator(models_schema()).iter_errors(yaml.safe_load(text)))


def test_marks_that_fit_nothing_and_values_below_tier_3_are_told_with_their_lines(
    project: Project,
) -> None:
    project.write("acme", "orders.yml", MARKED)
    project.write("acme", "orders.sql", "select 1 as unit from {{ source('raw', 'orders') }}")
    models = project.models("acme")
    place = "dbt/models/clients/acme/orders.yml, line"
    idle = [("Unit", "lone_values", 1), ("Notes", "missing_values", 1), ("Unit", "gone", 2)]
    first, second = idle_marks(models, "orders", idle)
    assert first == (
        f"{place} 4, orders.unit: 1 mark fits nothing any more in 'Unit' (lone_values). Take out "
        "of `accepted` what is of no use."
    )
    assert second.startswith(f"{place} 15, orders.Notes: 1 mark fits nothing any more in 'Notes'")
    (told,) = marked_values(models, "orders")
    assert told.startswith(f"{place} 4, orders.unit: `accepted` names values, which may stand")


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ("lone_values", "is a list of marks"),
        ("[{issue: lone_value, by: A}]", "that can be marked; did you mean lone_values?"),
        ("[{issue: [outliers], by: A}]", "['outliers'] is no issue of a column"),
        ("[{issue: duplicate_rows, by: A}]", "'duplicate_rows' is no issue of a column"),
        ("[{issue: outliers}]", "a mark has an `issue`, `by` (who found it right)"),
        ("[{issue: outliers, by: ' '}]", "`by` says who said so: a name"),
        ("[{issue: outliers, by: A, on: today}]", "a mark has an `issue`"),
        ("[{issue: outliers, by: A, values: [12]}]", "12 is no text: write it in quotes"),
        ("[{issue: outliers, by: A, values: []}]", "leave it out where all values are right"),
        ("[{issue: outliers, by: A, values: [{a: b}]}]", "{'a': 'b'} is no text"),
        ("[{issue: missing_values, by: A, values: [x]}]", "it takes no `values`"),
    ],
)  # fmt: skip
def test_a_wrong_mark_is_told_with_file_and_line_wherever_it_stands(
    project: Project, marks: str, said: str
) -> None:
    for at, line, name in (("models", 4, "unit"), ("sources", 15, "Notes")):
        text = MARKED
        if at == "models":
            start, end = text.index("accepted:"), text.index("sources:")
            text = f"{text[:start]}accepted: {marks}\n{text[end:]}"
        else:
            text = text.replace("[{issue: missing_values, by: Bob}]", marks)
        project.write("acme", "orders.yml", text)
        project.write("acme", "orders.sql", "select 1 as unit from {{ source('raw', 'orders') }}")
        with pytest.raises(CleaningError) as raised:
            project.models("acme").prepare()
        assert f"orders.yml, line {line}, orders.{name}: `accepted`: " in str(raised.value)
        assert said in str(raised.value)
        plain = "values: [{" not in marks and "missing_values" not in marks  # what editors see
        schema = Draft7Validator(models_schema())
        assert bool(list(schema.iter_errors(yaml.safe_load(text)))) == plain
    assert not list(Draft7Validator(models_schema()).iter_errors(yaml.safe_load(MARKED)))
