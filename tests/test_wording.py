"""Counts agree with their words, in every sentence of the source."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

import consulting
from consulting.wording import counted, inflected

SOURCE = Path(consulting.__file__).parent
NOUNS = (
    "answers|batches|cells|clients|columns|deliveries|drops|errors|feeds|files|findings|issues|"
    "lines|marks|messages|notations|objects|questions|records|rows|tables|tests|values|warnings"
)
COUNTED = re.compile(rf" (?:more |new |other |rejected |waiting )?(?:{NOUNS})\b(?! to )")
NO_COUNT = re.compile(r"(?:\bof|\bthan|\bthan the|\bof the|\ball|“) $")
"""A share (2 of 3 rows), a limit, or what is never one."""
NEVER_ONE = {
    "alerting/message.py", "chain/corrected.py", "chain/gate.py", "chain/loaded.py",
    "delivery/build.py", "delivery/spreadsheet.py", "delivery/tables.py", "portfolio/sparkline.py",
}  # fmt: skip
"""Where more than one is looked at before, or a difference is told with its sign."""


def uncounted(text: str) -> list[int]:
    """The lines of f-strings in which a value stands in front of a noun for many."""
    found = []
    for node in ast.walk(ast.parse(text)):
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        before = ""
        for part, after in pairwise(parts):
            said = after.value if isinstance(after, ast.Constant) else ""
            if isinstance(part, ast.FormattedValue) and COUNTED.match(str(said)):
                found += [] if NO_COUNT.search(before) else [node.lineno]
            before = str(part.value) if isinstance(part, ast.Constant) else ""
    return found


def test_every_count_goes_through_one_function() -> None:
    offenders = [
        f"{path.relative_to(SOURCE)}:{line}"
        for path in sorted(SOURCE.rglob("*.py"))
        if str(path.relative_to(SOURCE)) not in NEVER_ONE
        for line in uncounted(path.read_text("utf-8"))
    ]
    assert offenders == []


def test_what_is_no_function_of_it_is_found() -> None:
    assert uncounted('f"{n} rows"') == uncounted('f"x {len(n):,} more rows left"') == [1]
    assert uncounted('f"{n} of {m} rows, more than {k} files, {counted(n, word)}, {n} red"') == []


@pytest.mark.parametrize(
    ("count", "word", "many", "expected"),
    [
        (0, "row", None, "0 rows"),
        (1, "row", None, "1 row"),
        (1204, "more row", None, "1,204 more rows"),
        (1, "batch", "batches", "1 batch"),
        (2, "batch", "batches", "2 batches"),
    ],
)
def test_a_count_has_its_word(count: int, word: str, many: str | None, expected: str) -> None:
    assert counted(count, word, many) == expected


def test_a_sentence_has_its_verb() -> None:
    sentence = "{n} [cell holds|cells hold] an error, read as [it is|they are]."
    assert inflected(sentence, 1) == "1 cell holds an error, read as it is."
    assert inflected(sentence, 1000) == "1,000 cells hold an error, read as they are."
