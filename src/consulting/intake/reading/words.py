"""Records between blanks, whose values hold blanks too: which words are one value.

Values that are quoted are whole, and so are those of a fixed kind (dates, numbers, codes). Where
these leave one way only to make a record's words as many values as the table has columns, that is
the record; in any other case it is set aside.
"""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING

from consulting.intake.reading.cells import dominant_kind, kind, shape

if TYPE_CHECKING:
    from collections.abc import Sequence

QUOTED = "\ufdd3"  # before a value that was quoted; no character, so that no text holds it
CLEAN_ROWS = 3  # fewer records say nothing of what the columns hold
FIXED_SHARE = 0.95
MAX_WORDS = 200  # of a record that is looked at
NOT_TOLD = "blanks_not_told_apart"
_CODE = "code "


def held(rows: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    """What each column holds, by the records that have one word for each: its kind, or a shape.

    Nothing where too few records tell it. The first ones that are texts only are titles.
    """
    whole = (row for row in rows if len(row) == width and not any(map(_is_broken, row)))
    clean = [*dropwhile(_is_of_texts, whole)]
    if len(clean) < CLEAN_ROWS:
        return ()
    return tuple(_held([bare(row[at]) for row in clean]) for at in range(width))


def _held(values: Sequence[str]) -> str:
    usual = dominant_kind(values, FIXED_SHARE)
    written = [value for value in values if value.strip()]
    shapes = [shape(value) for value in written]
    common = max(shapes, key=shapes.count, default="")
    if usual == "text" and "9" in common and shapes.count(common) >= FIXED_SHARE * len(shapes):
        return _CODE + common
    return usual


def joined(words: Sequence[str], columns: Sequence[str]) -> list[str] | None:
    """The values of a record, or None where its words leave no way to make them, or several.

    Args:
        words: What stands between the blanks, with `QUOTED` before what was quoted.
        columns: What the columns hold, as `held` tells.
    """
    if not words or len(words) == len(columns):
        fits = not words or not _is_shifted(words, columns)
        return [*map(bare, words)] if fits else None
    spare = len(words) - len(columns)
    if spare < 0 or len(words) > MAX_WORDS or any(map(_is_broken, words)):
        return None
    # for each word, how many ways lead to a value's end there, and one of them
    ways: dict[int, tuple[int, list[str]]] = {0: (1, [])}
    for column in columns:
        further: dict[int, tuple[int, list[str]]] = {}
        for start, (count, values) in ways.items():
            for end in range(start + 1, min(start + spare + 1, len(words)) + 1):
                value = _value(words[start:end], column)
                if value is not None:
                    before = further[end][0] if end in further else 0
                    further[end] = (before + count, [*values, value])
        ways = further
    count, values = ways.get(len(words), (0, []))
    return values if count == 1 else None


def bare(word: str) -> str:
    """A value without the sign that it was quoted."""
    return word.replace(QUOTED, "")


def _value(words: Sequence[str], column: str) -> str | None:
    """Words as one value of a column, where they may be one."""
    if len(words) > 1 and (not (words[0] and words[-1]) or any(QUOTED in word for word in words)):
        return None
    value = bare(" ".join(words))
    return value if _fits(value, column) else None


def _fits(value: str, column: str) -> bool:
    found = kind(value)
    if column.startswith(_CODE):
        return found == "empty" or shape(value) == column.removeprefix(_CODE)
    return found == "empty" or column in {"text", found}


def _is_shifted(words: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether a record of the right width may have values that belong to other columns.

    One text where others have numbers is a value like "n/a", unless it may be a word of the value
    beside it; titles are of no column's kind.
    """
    fixed = [at for at, column in enumerate(columns) if column != "text" and bare(words[at])]
    wrong = [at for at in fixed if not _fits(bare(words[at]), columns[at])]
    if not wrong or len(wrong) == len(fixed):
        return False
    beside = [at for at in (wrong[0] - 1, wrong[0] + 1) if 0 <= at < len(words)]
    joins = any(columns[at] == "text" and words[at] and QUOTED not in words[at] for at in beside)
    return joins or len(wrong) > 1 or kind(bare(words[wrong[0]])) != "text"


def _is_of_texts(words: Sequence[str]) -> bool:
    return all(kind(bare(word)) in {"text", "empty"} for word in words)


def _is_broken(word: str) -> bool:
    return QUOTED not in word and '"' in word
