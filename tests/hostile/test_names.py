"""Headers, values and names of strangers, through every writer of dbt's files and back."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from dbt.clients.jinja import add_rendered_test_kwargs, get_rendered
from dbt.clients.yaml_helper import load_yaml_text
from dbt.parser.schema_renderer import SchemaYamlRenderer
from hypothesis import given, settings
from hypothesis import strategies as st

from consulting import dbt_yaml, jinja
from consulting.profiling.patches import add_column, rename_source, unified

if TYPE_CHECKING:
    from pathlib import Path

RAN: list[str] = []


def env_var(name: str, default: str = "") -> str:
    RAN.append(name)
    return f"{name}{default}"


CONTEXT = dict.fromkeys(("env_var", "var", "ref", "source", "doc"), env_var)
# what YAML, Jinja, dbt, SQL, Markdown or a terminal make something of, alone and beside letters
WORDS = """
{{ }} {% %} {# #} {{- -}} {%- {%raw%} {%endraw%} {{env_var('X')}} env_var('X') ref('t')
var('client') doc('x') source('raw','t') {%for(x)in(range(9))%} {{''.__class__}} ' " \\ \\\\ \\n
\\u0041 \\x41 # : - ? | > % @ ` ! & * [ ] { } , ; -- /* */ $$ ~ null true no y 0x1F 1e5 .5 1_000
12:30 2024-01-01 = << <b> ![x](y) **
"""
BLANKS = list("\n\r\t\0\x0b\x1b\x85\xa0\u2028\u2029\ufeff\u200b\u202e")
LONG = ["\r\n", " ", ": ", " #", "\n---\n", "😀", "e\u0301", "straße", "x" * 300]
PIECES = st.sampled_from([*WORDS.split(), *BLANKS, *LONG])
TEXTS = st.lists(PIECES | st.characters(codec="utf-8"), min_size=1, max_size=8).map("".join)


def read_back(yaml: str) -> Any:
    """What dbt makes of a column: PyYAML, then Jinja, as its schema parser does."""
    [column] = load_yaml_text(yaml)
    return SchemaYamlRenderer(CONTEXT, "models").render_data({"columns": [column]})["columns"][0]


@settings(max_examples=200, deadline=None)
@given(
    header=TEXTS,
    codes=st.dictionaries(TEXTS, st.lists(TEXTS, max_size=2), min_size=1, max_size=2),
    values=st.lists(TEXTS, min_size=1, max_size=3),
    description=TEXTS,
)
def test_what_is_written_is_read_back_by_dbt_and_none_of_it_is_run(
    header: str, codes: dict[str, list[str]], values: list[str], description: str
) -> None:
    RAN.clear()
    written = {
        "name": "no",
        "from": header,
        "rule": "to_code",
        "codes": codes,
        "means_true": values,
        "description": description,
        "tests": ["unique", {"accepted_values": {"arguments": {"values": values}}}],
    }
    column = read_back(dbt_yaml.column(written, 0))
    assert column["name"] == "no"
    assert column["meta"] == {
        "from": header,
        "rule": "to_code",
        "codes": codes,
        "means_true": values,
    }
    assert get_rendered(column["description"], CONTEXT) == description
    [unique, accepted] = column["data_tests"]
    assert unique == "unique"
    assert values_of(accepted["accepted_values"]["arguments"]["values"]) == values
    assert RAN == []


def values_of(written: list[str]) -> list[str]:
    """The argument of a test as dbt hands it to the test's macro."""

    class Node:
        class test_metadata:  # noqa: N801 - dbt's name
            kwargs = {"values": written}  # noqa: RUF012

    context: dict[str, Any] = dict(CONTEXT)
    add_rendered_test_kwargs(context, Node())  # type: ignore[arg-type]
    values: list[str] = context["_dbt_generic_test_kwargs"]["values"]
    return values


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_a_text_comes_back_out_of_its_jinja(text: str) -> None:
    assert jinja.plain(jinja.literal(text)) == text


@pytest.mark.parametrize(
    "typed", ["{{ var('x') }}", "a {{ b }}", "{% raw %}x{% endraw %}", '{{ "\\x41" }}', "{{ 'a' }}"]
)
def test_jinja_that_a_person_typed_is_nobody_s_header(typed: str) -> None:
    assert jinja.plain(typed) is None


FILE = """\
# by hand
version: 2
sources:
    - name: raw
      tables: [{name: t, columns: [{name: Notes,  meta: {dropped_because: 'none'}}]}]
models:
    - name: "t"   # the feed
      columns:
      -   name: a
          meta:
              from: SOURCE   # as they call it
              rule: to_text
      -   {name: b, meta: {from: 'B', rule: to_text}}

      # after the last
      data_tests: []
    - name: stg_t
"""


@settings(max_examples=60, deadline=None)
@given(old=TEXTS, new=TEXTS)
def test_a_renamed_header_changes_its_one_line_and_nothing_else(old: str, new: str) -> None:
    before = FILE.replace("SOURCE", dbt_yaml.flow(old))
    both = [new] if new == old else [new, old]
    expected = FILE.replace("SOURCE", dbt_yaml.flow(both))
    if old == "B":
        expected = expected.replace("'B'", dbt_yaml.flow(both))
    after = rename_source(before, "t", old, new)
    assert after == expected
    RAN.clear()
    columns = load_yaml_text(after)["models"][0]["columns"]
    rendered = SchemaYamlRenderer(CONTEXT, "models").render_data({"columns": columns})
    assert rendered["columns"][0]["meta"] == {"from": both, "rule": "to_text"}
    assert RAN == []


@settings(max_examples=60, deadline=None)
@given(header=TEXTS)
def test_a_new_header_is_added_below_the_others(header: str) -> None:
    after = add_column(FILE, "t", {"name": "c", "from": header, "rule": "to_text"})
    assert after is not None
    added = [line for line in after.split("\n") if line not in FILE.split("\n")]
    assert [line for line in after.split("\n") if line not in added] == FILE.split("\n")
    assert after.index("- name: c") < after.index("# after the last")
    assert [line[:12] for line in added] == ["      - name", "        meta"]
    columns = load_yaml_text(after)["models"][0]["columns"]
    assert [column["name"] for column in columns] == ["a", "b", "c"]
    assert get_rendered(columns[2]["meta"]["from"], CONTEXT, native=True) == header


@pytest.mark.parametrize("typed", ["'Order ID'", '"Order ID"', "Order ID", '"Order\\x20ID"'])
def test_a_header_is_found_however_it_was_typed(typed: str) -> None:
    before = FILE.replace("SOURCE", typed)
    assert rename_source(before, "t", "Order ID", "Nr") == FILE.replace("SOURCE", "[Nr, Order ID]")
    assert rename_source(before, "u", "Order ID", "Nr") is None


HOSTILE = ["{{ env_var('X') }}", "a\u2028b", "a\x85b", "a\x0cb", 'a "b"', "a'b", "-- x", "😀"]


@pytest.mark.parametrize("header", HOSTILE)
def test_a_patch_of_a_hostile_header_applies(header: str, tmp_path: Path) -> None:
    file = tmp_path / "t.yml"
    file.write_text(FILE, encoding="utf-8")
    after = add_column(FILE, "t", {"name": "c", "from": header})
    assert after is not None
    patch = unified(FILE, after, "t.yml")
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True)
    assert file.read_text(encoding="utf-8") == after
    assert not re.search(r"[\x85\u2028]", after)
