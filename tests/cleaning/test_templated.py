"""A client's models that follow a template: what dbt reads, what wins, and what is refused."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from consulting.cleaning import ClientModels, write_feed_models
from consulting.cleaning.client_files import ClientFiles
from consulting.cleaning.named_tests import known_tests, mistakes_in_tests
from consulting.cleaning.templated import applied, followers
from consulting.errors import CleaningError
from consulting.rules.template import (
    named_templates,
    read_template,
    read_template_document,
)
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cleaning.conftest import Project

TEMPLATE = """\
version: 2
models:
  - name: retail_orders
    description: One row per order.
    meta:
      dedupe: {key: [order_id], keep: latest}
      reject_when: {gift: quantity = 0}
    data_tests:
      - unique_together: {arguments: {columns: [order_id, placed_on]}}
    columns:
      - name: order_id
        description: The shop's number of the order.
        meta: {synonyms: [Order ID, Bestellnummer], rule: to_text, required: true, case: upper}
        data_tests: [unique, not_null]
      - name: placed_on
        meta: {synonyms: [Order Date], rule: to_date, formats: ["%Y-%m-%d"]}
      - name: quantity
        meta: {synonyms: [Qty], rule: to_integer, min: 0}
        data_tests: [not_null]
      - name: channel
        meta: {rule: to_code, codes: {web: [online], shop: []}}
"""
OWN = """\
version: 2
sources:
  - {name: raw, schema: raw, tables: [{name: orders}]}
models:
  - name: orders
    meta: {template: retail_orders, reject_when: null}
    columns:
      - name: order_id
        meta: {from: Nr}
      - name: placed_on
        meta: {from: Day, formats: ["%d.%m.%Y"]}
      - name: quantity
        description: Pieces.
        meta: {from: Pcs, rule: to_decimal}
        data_tests: [{not_null: {config: {severity: warn}}}]
      - name: note
        meta: {from: Note}
    data_tests:
      - rows_conserved: {arguments: {feed: orders}}
"""


def write_template(project: Project, text: str = TEMPLATE, name: str = "retail_orders") -> Path:
    path = project.dbt_dir / "templates" / f"{name}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def client(project: Project, client_id: str, own: str = OWN) -> None:
    project.feed(client_id, "orders", [{"name": "order_id", "from": "Nr"}])
    project.write(client_id, "orders.yml", own)


def test_the_template_stands_below_what_the_client_says(project: Project) -> None:
    write_template(project)
    client(project, "below")
    manifest = project.models("below").load_manifest()
    orders = manifest["nodes"]["model.consulting.orders"]
    assert orders["description"] == "One row per order."
    assert orders["patch_path"] == "consulting://models/clients/below/orders.yml"
    assert orders["meta"] == {"dedupe": {"key": ["order_id"], "keep": "latest"}}
    metas = {name: column["meta"] for name, column in orders["columns"].items()}
    assert metas == {
        "order_id": {"from": "Nr", "rule": "to_text", "required": True, "case": "upper"},
        "placed_on": {"from": "Day", "rule": "to_date", "formats": ["%d.%m.%Y"]},
        "quantity": {"from": "Pcs", "rule": "to_decimal"},
        "note": {"from": "Note"},
    }
    assert orders["columns"]["quantity"]["description"] == "Pieces."
    tests = {
        (node["test_metadata"]["name"], node.get("column_name"), node["config"]["severity"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
    }
    assert tests == {
        ("unique", "order_id", "ERROR"),
        ("not_null", "order_id", "ERROR"),
        ("not_null", "quantity", "warn"),
        ("unique_together", None, "ERROR"),
        ("rows_conserved", None, "ERROR"),
    }


def test_what_a_client_may_leave_out_is_demanded_by_no_template(project: Project) -> None:
    write_template(project)
    client(project, "lacks", OWN.replace("meta: {from: Nr}", "meta: {from: Nr, optional: true}"))
    manifest = project.models("lacks").load_manifest()
    order_id = manifest["nodes"]["model.consulting.orders"]["columns"]["order_id"]
    assert order_id["meta"] == {"from": "Nr", "rule": "to_text", "case": "upper", "optional": True}
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    named = [t["test_metadata"]["name"] for t in tests if t.get("column_name") == "order_id"]
    assert named == ["unique"]


def test_its_rows_are_cleaned_by_the_template(project: Project) -> None:
    write_template(project)
    client(project, "cleaned")
    rows = [("a1", "01.02.2026", "2.5", "x"), ("A1", "02.02.2026", "3", ""), ("", "", "1", "")]
    project.load("cleaned", "orders", ["Nr", "Day", "Pcs", "Note"], rows)
    run = project.run("cleaned")
    run.run()
    assert {str(test.status) for test in run.test()} == {"pass"}
    kept = project.rows("cleaned", "SELECT order_id, placed_on::text, quantity FROM marts.orders")
    assert [(name, day, float(number)) for name, day, number in kept] == [("A1", "2026-02-02", 3.0)]
    rejected = project.rows("cleaned", "SELECT _reason FROM rejects.rejects_orders")
    assert rejected == [("order_id:missing",)]


def test_only_its_clients_are_prepared_anew_when_a_template_changes(project: Project) -> None:
    path = write_template(project)
    client(project, "uses")
    project.feed("without", "orders", [{"name": "order_id", "from": "Nr"}])
    before = [project.models(name).fingerprint() for name in ("uses", "without")]
    path.write_text(TEMPLATE.replace("case: upper", "case: lower"))
    after = [project.models(name).fingerprint() for name in ("uses", "without")]
    assert (before[0] == after[0], before[1] == after[1]) == (False, True)
    order_id = project.models("uses").load_manifest()["nodes"]["model.consulting.orders"]
    assert order_id["columns"]["order_id"]["meta"]["case"] == "lower"
    write_template(project)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: retail_orders", "name: other", "with one model, named retail_orders"),
        (
            "rule: to_integer",
            "rule: to_int",
            "retail_orders.yml:17:9: quantity: there is no rule 'to_int'; did you mean to_integer?",
        ),
        (
            "rule: to_integer",
            "rule: [to_integer]",
            "17:9: quantity: there is no rule ['to_integer']",
        ),
        ("[Qty]", "[[Qty]]", "quantity: a synonym is a text; write it in quotes"),
        ("min: 0", "minimum: 0", "quantity: meta has no key `minimum`; did you mean min?"),
        ("[Qty]", "[order date]", "“order date” is a synonym of placed_on and of quantity"),
        ("name: channel", "name: quantity", "quantity is there twice"),
        ("synonyms: [Qty]", "from: Qty", "quantity: a template lists headers as"),
        ("dedupe:", "dedup:", "'dedup' is not a field here. Did you mean 'dedupe'?"),
    ],
)
def test_a_mistake_in_a_template_is_told_where_it_stands(
    project: Project, old: str, new: str, told: str
) -> None:
    write_template(project, TEMPLATE.replace(old, new, 1))
    with pytest.raises(CleaningError) as caught:
        read_template(project.dbt_dir, "retail_orders")
    assert told in str(caught.value)
    write_template(project)


TESTED = """\
models:
  - name: tested
    columns:
      - name: nr
        data_tests:
          - unique
          - {not_null: {config: {severity: warn}, where: "nr > 0"}}
          - {accepted_values: {arguments: {values: [a, b]}}}
          - {relationships: {to: "ref('x')", field: nr}}
          - {name: plain, test_name: not_negative}
    data_tests:
      - {unique_together: {columns: [nr]}}
      - {unique: {column_name: nr}}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("- unique\n", "- uniqe\n", "6:13: there is no test 'uniqe'. Did you mean 'unique'?"),
        ("values: [a", "valeus: [a", "8:13: accepted_values takes no 'valeus'. Did you mean"),
        ("values: [a", "valeus: [a", "8:13: accepted_values needs 'values'"),
        (", field: nr", "", "9:13: relationships needs 'field'"),
        ("not_negative", "not_negatve", "10:13: there is no test 'not_negatve'."),
        ("- unique\n", "- unique:\n            config: {}\n", "6:13: a test is its name, or its"),
        ("- unique\n", "- unique: warn\n", "6:13: a test is its name, or its"),
        ("- unique\n", "- pack.unique\n", "6:13: there is no test 'pack.unique'."),
        ("- unique\n", "- {holds: {expression: nr > 0}}\n", "6:13: holds is a test of whole rows"),
        ("{unique: {column_name: nr}}", "unique", "13:9: unique is a test of a column"),
    ],
)
def test_a_mistake_in_a_test_of_a_template_is_told_where_it_stands(
    project: Project, right: str, wrong: str, told: str
) -> None:
    def in_template() -> list[str]:
        _, document = read_template_document(project.dbt_dir, "tested")
        return list(mistakes_in_tests(document, known_tests(project.dbt_dir)))

    write_template(project, TESTED, "tested")
    assert in_template() == []
    write_template(project, TESTED.replace(right, wrong, 1), "tested")
    found = in_template()
    shown = f"dbt/templates/tested.yml:{told}"
    assert any(line.startswith(shown) for line in found), found
    assert len(found) <= 2


@pytest.mark.parametrize(
    ("sql", "needed"),
    [
        ("{% test a(model, least) %}{% endtest %}", {"least"}),
        ("{%- test a(model, column_name, mark='%}', most=1) -%}\n{%- endtest -%}", set()),
        ("{%+ macro  test_a(model,\n  least) +%}{% endmacro %}", {"least"}),
        ("{# {% test b(model) %} #}{% test a(model) %}1 % 2{% endtest %}", set()),
        ("{% raw %}{% test b(model) %}{% endraw %}{% macro test_a(model) %}{% endmacro %}", set()),
    ],
)
def test_a_test_is_known_however_its_file_is_written(
    project: Project, sql: str, needed: set[str]
) -> None:
    known = known_tests(project.dbt_dir, [sql, "{% macro tested(model) %}{% endmacro %}"])
    assert known["a"].needed == needed
    assert {"b", "ed", "tested"}.isdisjoint(known)


OF_PACKAGE = """\
{% test holds_true(model, expression, column_name=None) %}select 1{% endtest %}
{% test filled(model, column_name: string, most: optional[list[int]] = none) %}{% endtest %}
{% test odd(model, 1) %}{% endtest %}
"""


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("pack.holds_true: {arguments: {expression: nr > 0}}", None),
        ("pack.filled: {arguments: {most: [1]}}", None),
        ("pack.filled: {arguments: {moost: [1]}}", "pack.filled takes no 'moost'."),
        ("pack.odd: {arguments: {any: 1}}", None),
        ("misspelt: {config: {enabled: false}}", None),
        ("holds_true: {arguments: {expression: nr > 0}}", "there is no test 'holds_true'."),
        ("pack-main.filled: {}", "there is no test 'pack-main.filled'. Did you mean 'pack.filled'"),
        ("pack.only_tried: {}", "there is no test 'pack.only_tried'."),
    ],
)
def test_the_tests_of_a_package_are_known_as_dbt_knows_them(
    project: Project, test: str, told: str | None
) -> None:
    folder = project.dbt_dir / "dbt_packages/pack-main"
    for path, text in {
        "dbt_project.yml": "{name: pack, macro-paths: [code]}",
        "code/tests.sql": OF_PACKAGE,
        "integration_tests/macros/only_tried.sql": "{% test only_tried(model) %}{% endtest %}",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    tested = TESTED.replace("- unique\n", f"- {{{test}}}\n", 1)
    write_template(project, tested, "tested")
    _, document = read_template_document(project.dbt_dir, "tested")
    found = list(mistakes_in_tests(document, known_tests(project.dbt_dir)))
    shutil.rmtree(folder)
    assert [line.partition(": ")[2][: len(told or "")] for line in found] == (
        [told] if told else []
    )


def test_a_test_of_either_stands_below_columns_and_rows(project: Project) -> None:
    known = known_tests(
        project.dbt_dir, [OF_PACKAGE, "{% test any(model) %}{{ kwargs.column_name }}{% endtest %}"]
    )
    assert {name: known[name].of_column for name in ("holds_true", "any", "unique", "holds")} == {
        "holds_true": None,
        "any": None,
        "unique": True,
        "holds": False,
    }
    assert known["filled"].of_column is True
    rows = "unit_tests:\n  - {name: u, given: [{rows: [{tests: [x]}]}]}\n"
    (document,) = parse_yaml(rows.encode(), project.dbt_dir / "u.yml")
    assert list(mistakes_in_tests(document, known)) == []


def test_a_client_that_names_no_template_is_told_which_there_are(project: Project) -> None:
    write_template(project)
    client(project, "astray", OWN.replace("retail_orders", "retail_order"))
    with pytest.raises(CleaningError, match="Did you mean 'retail_orders'") as caught:
        project.models("astray").load_manifest()
    assert "consulting template learn" in str(caught.value)


@pytest.mark.parametrize(
    "written",
    [
        "# template: retail_orders",
        "models: 5  # template: retail_orders",
        "models: [5, {name: x, meta: 5}, {name: x, config: 5}]  # template: retail_orders",
        "models: [{name: x, config: {meta: [template: retail_orders]}}]",
        "models: [{name: orders, meta: {template: retail_orders}, data_tests: 5, columns: 5}]",
        (
            "models: [{name: orders, meta: {template: retail_orders}, "
            "columns: [{name: order_id, data_tests: 5}, {name: quantity, meta: [from: Qty]}]}]"
        ),
    ],
)
def test_what_is_no_model_stays_for_dbt_to_refuse(project: Project, written: str) -> None:
    """A comment, or a mistake of one client, ends neither its run nor the look at all clients."""
    dbt_dir = write_template(project).parents[1]
    path = project.write("odd", "odd.yml", written)
    followed = ["orders"] if "name: orders" in written else []
    assert followers(ClientFiles(dbt_dir, "odd"), "retail_orders") == followed
    whole = applied(path.read_bytes(), path, lambda name: read_template(dbt_dir, name))
    for mistake in ("models: 5", "meta: 5", "config: 5", "data_tests: 5", "columns: 5"):
        assert whole.decode().count(mistake) == written.count(mistake)
    assert ("- from: Qty" in whole.decode()) == ("[from: Qty]" in written)


def test_a_template_is_found_however_it_is_named() -> None:
    for text in (
        b"meta: {template: a}", b'template: "a"', b"{'x': 1, template:   'a'}", b'"template":"a"',
        b"template :\n  a",
    ):  # fmt: skip
        assert named_templates(text) == {"a"}
    assert not named_templates(b"# templates: none")


def test_a_copy_of_the_project_is_written_into_and_the_project_stays(
    project: Project, tmp_path: Path
) -> None:
    write_template(project)
    client(project, "copied")
    before = sorted(path for path in project.dbt_dir.rglob("*") if "target" not in path.parts)
    copy = project.models("copied").copied(tmp_path)
    columns = [{"name": "order_id", "from": "Nr"}]
    write_feed_models(copy, "copied", "returns", columns, template="retail_orders")
    nodes = ClientModels(copy, "copied").load_manifest()["nodes"]
    assert nodes["model.consulting.returns"]["columns"]["order_id"]["meta"]["case"] == "upper"
    after = sorted(path for path in project.dbt_dir.rglob("*") if "target" not in path.parts)
    assert after == before
