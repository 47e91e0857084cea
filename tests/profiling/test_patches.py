"""Patches change what they mean and nothing else, however the YAML is laid out."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from consulting import dbt_yaml
from consulting.profiling import DriftFinding, FeedProfile
from consulting.profiling.patches import patched, rename_source

LAYOUTS = {
    "flow": "        meta: {{from: {source}, rule: to_integer, min: 1}}  # as agreed\n",
    "lines": "        meta: {{from: {source},\n          rule: to_integer,\n          min: 1}}\n",
    "block": "        meta:\n          from: {source}\n          rule: to_integer  # ours\n"
    "          min: 1\n",
}
FILE = """\
models:
  - name: t
    columns:
      - name: a
{meta}        description: The first.

      # the second
      - name: b
        meta: {{from: B}}
"""


def meta_node(text: str) -> object:
    return next(dbt_yaml.metas_of(dbt_yaml.columns_of(text, "t")))[0]


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=25, deadline=None)
@given(
    source=st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="{}%#"),
        min_size=1,
    )
)
def test_keys_are_set_and_taken_out_and_all_else_stays(layout: str, source: str) -> None:
    meta = LAYOUTS[layout].format(source=dbt_yaml.flow(source))
    text = FILE.format(meta=meta)
    keys = {"rule": "to_date", "formats": ["%d.%m.%Y"], "optional": True}
    after = dbt_yaml.with_keys(text, meta_node(text), keys, ["min"])  # type: ignore[arg-type]
    assert after is not None
    was, now = (yaml.safe_load(one)["models"][0]["columns"] for one in (text, after))
    assert now[0].pop("meta") == {"from": source, **keys}
    was[0].pop("meta")
    assert now == was
    head, tail = FILE.format(meta="\0").split("\0")
    assert after.startswith(head)
    assert after.endswith(tail)


def test_a_comment_between_the_keys_is_never_lost() -> None:
    text = FILE.format(meta="        meta: {from: A,  # theirs\n          rule: to_text}\n")
    assert dbt_yaml.with_keys(text, meta_node(text), {"optional": True}) is None  # type: ignore[arg-type]


TESTED = """\
models:
  - name: t
    columns:
      - name: a
        meta: {from: A, rule: to_text, required: true}
        data_tests: [not_null]
      - name: b
        meta: {from: B}
        data_tests:
          - not_null:
              config: {severity: warn}
          - accepted_values:  # as agreed
              arguments: {values: [x]}
      - name: c
        meta: {from: C}
        data_tests: [{not_null: {config: {severity: warn}}}]
      - name: d
        meta: {from: D}
        data_tests: [not_null]  # always there
"""


@pytest.mark.parametrize(
    ("header", "before", "after"),
    [
        (
            "A",
            "rule: to_text, required: true}\n        data_tests: [not_null]\n",
            "rule: to_text, optional: true}\n",
        ),
        ("C", "C}\n        data_tests: [{not_null: {config: {severity: warn}}}]\n",
         "C, optional: true}\n"),
        # what somebody wrote of a test stays with it
        ("B", "{from: B}", "{from: B, optional: true}"),
        ("D", "{from: D}", "{from: D, optional: true}"),
    ],
)  # fmt: skip
def test_of_a_column_that_is_gone_nothing_demands_a_value(
    header: str, before: str, after: str
) -> None:
    gone = DriftFinding(
        feed="t", kind="missing_column", column=header, severity="block", detail="",
        recommendation="",
    )  # fmt: skip
    profile = FeedProfile.model_construct(feed="t")
    assert patched(TESTED, gone, profile) == TESTED.replace(before, after)
    key = TESTED.replace("[not_null]\n      - name: b", "[unique, not_null]\n      - name: b")
    assert (patched(key, gone, profile) is None) is (header == "A"), "but of a key"
    plain = TESTED.replace("  # as agreed", "")
    if header == "B":
        tested = "          - not_null:\n              config: {severity: warn}\n"
        assert patched(plain, gone, profile) == plain.replace(before, after).replace(tested, "")


def test_a_second_rename_keeps_all_earlier_names_and_a_list_over_lines_is_left() -> None:
    text = FILE.format(meta="        meta: {from: A}\n")
    once = rename_source(text, "t", "A", "A2") or ""
    twice = rename_source(once, "t", "A2", "A 3") or ""
    assert twice == text.replace("from: A", "from: [A 3, A2, A]")
    assert rename_source(twice, "t", "A", "A2") == text.replace("from: A", "from: [A2, A 3, A]")
    lines = FILE.format(meta="        meta:\n          from:\n            - A\n            - A0\n")
    assert rename_source(lines, "t", "A", "A2") is None
