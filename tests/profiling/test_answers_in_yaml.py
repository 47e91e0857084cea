"""Answers go into a feed's YAML however it is written, and nothing that stands there is lost."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from consulting import jinja
from consulting.profiling.patches import with_codes, with_mark, with_replaced, with_suspicion
from consulting.rules import column_rule
from consulting.rules.accepted import Mark, Suspicion

AWKWARD = ["a", "12", "yes", "null", "~", "a: b", "a # b", "'", '"', "- x", "{x", "[x", "é"]
AWKWARD += ["\u2028", "{{ x }}", "{% x %}", "a\nb", "\ttab", "=1+1", "&a", "*a", "!t", "%d", "0x1F"]
AWKWARD += ["1_0", "\\"]
TEXTS = st.sampled_from(AWKWARD) | st.text(min_size=1, max_size=12).map(str.strip).filter(bool)

META = st.sampled_from([
    "{from: Unit}",
    "{from: Unit, rule: to_text, accepted: [{issue: outliers, by: Bob}]}",
    "{from: [Unit, Old], accepted: [{issue: lone_values, values: [x, y], by: Ann}], replace: {}}",
    "{from: Unit, replace: {piece: [pce, pcs], meter: [m]}, required: true}",
    "{from: Unit, accepted: []}",
    "\n          from: Unit # theirs\n          rule: to_text",
    ("\n          from: Unit\n          # why\n          accepted:\n"
    "            - {issue: outliers, by: Bob} # agreed\n          required: true # too"),
    ("\n          from: Unit\n          accepted:\n          - issue: lone_values\n"
    "            values:\n            - x # one\n            by: Ann\n          replace:\n"
    "            piece:\n            - pce # old\n            # end"),
    "\n          from: Unit\n          replace: {piece: [pce], # c\n            meter: [m]}",
    '\n          "from": "Unit"\n          accepted: [{issue: outliers, by: "#1"}]',
])  # fmt: skip
BEFORE = "version: 2 # v\n\nmodels:\n  - name: orders # feed\n    columns:\n"
BEFORE += "      - name: id\n        meta: {from: Id}\n      - name: unit\n        meta: "
AFTER = "\n        # below\n        data_tests: [not_null] # tests\n      - name: last\n"
AFTER += "        meta: {from: Last}\n  - name: stg_orders\n"


def meta_of(text: str) -> dict[str, Any]:
    (model, _) = yaml.safe_load(text)["models"]
    meta = next(one["meta"] for one in model["columns"] if one["name"] == "unit")
    assert isinstance(meta, dict)
    return meta


def comments(text: str) -> list[str]:
    return [line.rpartition(" # ")[2] for line in text.splitlines() if " # " in line]


@settings(max_examples=60)
@given(META, TEXTS, TEXTS, st.sampled_from(["\n", "\r\n"]))
def test_a_mark_and_a_right_value_are_added_and_all_else_stays(
    meta: str, wrong: str, right: str, end: str
) -> None:
    text = (BEFORE + meta + AFTER).replace("\n", end)
    before = meta_of(text)
    marked = with_mark(text, "orders", "Unit", Mark(issue="lone_values", values=(wrong,), by="Ann"))
    assert marked is not None
    values = [v for m in column_rule(plain(meta_of(marked))).accepted for v in m.values]
    assert wrong in values
    known = [v for m in before.get("accepted") or () for v in m.get("values", ())]
    assert len(values) == len(known) + 1
    suspicion = Suspicion(issue="outliers", wrong=True, by="Ann")
    suspected = with_suspicion(marked, "orders", "Unit", suspicion)
    assert suspected is not None
    assert column_rule(plain(meta_of(suspected))).suspected == (suspicion,)
    replaced = with_replaced(suspected, "orders", "Unit", wrong, right)
    if "# c" in text and replaced is None:
        return  # a comment between what would change: it is told, and changed by hand
    assert replaced is not None
    assert jinja.literal(wrong) in meta_of(replaced)["replace"][right]
    assert set(comments(text)) <= set(comments(replaced))
    kept = {key: value for key, value in before.items() if key not in {"accepted", "replace"}}
    assert kept == {key: meta_of(replaced)[key] for key in kept}
    for right_before, wrongs in (before.get("replace") or {}).items():
        assert set(wrongs) <= {*meta_of(replaced)["replace"][right_before]}
    others = [{k: v for k, v in m.items() if k != "values"} for m in before.get("accepted") or ()]
    assert (
        others
        == [{k: v for k, v in m.items() if k != "values"} for m in meta_of(replaced)["accepted"]][
            : len(others)
        ]
    )
    if end == "\r\n":
        assert replaced.count("\n") == replaced.count("\r\n")


def plain(value: Any) -> Any:
    """What dbt makes of YAML: texts that we escaped for its Jinja are themselves again."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return jinja.plain(value) if isinstance(value, str) else value


@settings(max_examples=20)
@given(META)
def test_a_closed_list_takes_the_rules_place_unless_a_comment_would_be_lost(meta: str) -> None:
    text = (BEFORE + meta + AFTER).replace("rule: to_text", "rule: to_text # agreed")
    after = with_codes(text, "orders", "Unit", ["piece", "yes"])
    if after is None:
        assert "rule: to_text # agreed" in text or "# c" in text
        return
    assert meta_of(after)["codes"] == ["piece", "yes"]
    assert meta_of(after)["rule"] == "to_code"
    assert set(comments(text)) <= set(comments(after))
