"""Answers go into a feed's YAML however it is written, and nothing that stands there is lost."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from consulting import jinja
from consulting.profiling.patches import with_answer, with_codes
from consulting.rules import column_rule
from consulting.rules.accepted import Said, Suspicion, what_was_said

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
    marked = with_answer(text, "orders", "Unit", Said("accepted", "lone_values", "kg"), "Ann")
    assert marked is not None
    values = [v for m in column_rule(plain(meta_of(marked))).accepted for v in m.values]
    assert "kg" in values
    known = [v for m in before.get("accepted") or () for v in m.get("values", ())]
    assert len(values) == len(known) + 1
    suspicion = Suspicion(issue="odd_shapes", wrong=True, by="Ann")
    said = Said("suspected", "odd_shapes", became=True)
    suspected = with_answer(marked, "orders", "Unit", said, "Ann")
    assert suspected is not None
    assert column_rule(plain(meta_of(suspected))).suspected == (suspicion,)
    said = Said("replace", value=f"{wrong}!", became=right)
    replaced = with_answer(suspected, "orders", "Unit", said, "Ann")
    if "# c" in text and replaced is None:
        return  # a comment between what would change: it is told, and changed by hand
    assert replaced is not None
    assert jinja.literal(f"{wrong}!") in meta_of(replaced)["replace"][right]
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


ANSWERS = st.sampled_from([
    Said("accepted", "lone_values", "kg"),
    Said("", "lone_values", "kg"),
    Said("replace", value="kg", became="piece"),
    Said("replace", value="kg", became="meter"),
    Said("accepted", "outliers"),
    Said("", "outliers"),
    Said("suspected", "outliers", became=True),
    Said("suspected", "outliers", became=False),
])  # fmt: skip


@settings(max_examples=60)
@given(META.filter(lambda meta: "#" not in meta), st.lists(ANSWERS, min_size=1, max_size=5))
def test_what_is_said_later_takes_the_place_of_what_it_contradicts(
    meta: str, answers: list[Said]
) -> None:
    text, expected = BEFORE + meta + AFTER, what_was_said(meta_of(BEFORE + meta + AFTER))
    for said in answers:
        after = with_answer(text, "orders", "Unit", said, "Ann")
        assert after is not None
        expected = [one for one in expected if not said.contradicts(one)]
        expected += [said] * (bool(said.key) and said not in expected)
        found = what_was_said(meta_of(after))
        assert sorted(map(str, found)) == sorted(map(str, expected))
        assert with_answer(after, "orders", "Unit", said, "Ann") == after
        text = after


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Said("accepted", "outliers"), Said("", "outliers"), True),
        (Said("accepted", "outliers"), Said("suspected", "outliers", became=True), True),
        (Said("accepted", "outliers"), Said("suspected", "outliers", became=False), False),
        (Said("accepted", "outliers"), Said("suspected", "odd_shapes", became=True), False),
        (Said("", "outliers"), Said("suspected", "outliers", became=False), False),
        (Said("accepted", "outliers"), Said("", "outliers", "7"), False),
        (Said("accepted", "outliers", "7"), Said("replace", "", "7", "8"), True),
        (Said("accepted", "outliers", "7"), Said("replace", "", "9", "8"), False),
        (Said("replace", "", "7", "9"), Said("replace", "", "7", "8"), True),
        (Said("accepted", "outliers", {"a": "7"}), Said("", "moved_cells", {"a": "7"}), True),
        (Said("accepted", "outliers", "7"), Said("accepted", "lone_values", "7"), False),
    ],
)
def test_two_things_contradict_each_other_both_ways_or_not(
    one: Said, other: Said, *, expected: bool
) -> None:
    assert one.contradicts(other) is other.contradicts(one) is expected
    assert not one.contradicts(one)
