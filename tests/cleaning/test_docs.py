"""docs/cleaning.md says all there is, and its example works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from consulting.cleaning.library import library_files
from consulting.rules import all_rules, meta_keys, reason_sentences
from consulting.rules.reference import rules_reference

if TYPE_CHECKING:
    from tests.cleaning.conftest import Project

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "cleaning.md").read_text(encoding="utf-8")
RULES_PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def test_every_rule_argument_and_reason_code_is_documented() -> None:
    told = re.findall(r"append\(\('(\w+)'", library_files()["macros/problems.sql"])
    assert set(told) <= set(reason_sentences())
    for word in ["required", "on_invalid", "null_tokens", "optional", *all_rules()]:
        assert re.search(rf"`[^`]*\b{word}\b[^`]*`", TEXT), word
    for word in [*all_rules(), *meta_keys(), *reason_sentences()]:
        assert f"`{word}`" in RULES_PAGE, word


def test_what_is_written_from_the_rules_is_what_they_say() -> None:
    assert rules_reference() == RULES_PAGE, "run `make docs`"


def test_every_generic_test_is_documented() -> None:
    tests = [Path(name).stem for name in library_files() if name.startswith("tests/")]
    assert "rows_conserved" in tests
    for name in tests:
        assert f"`{name}" in TEXT


def test_the_example_of_a_feed_runs(project: Project) -> None:
    [yaml] = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    project.write("documented", "orders.yml", yaml)
    [files] = re.findall(r"```\ndbt/models/clients/acme_corp/\n(.*?)```", TEXT, re.DOTALL)
    for path, sql in re.findall(r"(\w+/\w+\.sql)\s+(\{\{.*\}\})", files):
        project.write("documented", path, sql)
    columns = project.models("documented").declared_columns()["orders"]
    assert columns == ["Order ID", "Order Date", "Ship Date", "Amount", "Updated", "Notes"]
    rows = [
        ["SO-00001", "2024-01-05", "01/09/2024", "$1,234.50", "2024-01-05 10:00:00", "n"],
        ["SO-00001", "2024-01-05", "01/09/2024", "$1,234.50", "2024-01-06 10:00:00", "n"],
        ["SO-00002", "2024-01-05", "01/04/2024", "5", "2024-01-05 10:00:00", "n"],
    ]
    project.load("documented", "orders", columns, rows)
    run = project.run("documented")
    counts = {outcome.name: outcome.rows for outcome in run.run()}
    assert (counts["orders"], counts["merged_orders"], counts["rejects_orders"]) == (1, 1, 1)
    assert {check.status for check in run.test()} == {"pass"}
