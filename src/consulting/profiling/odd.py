"""Values written unlike nearly all others of their column, and values that stand alone in a list.

Codes, phone numbers and times have few forms, and most columns of words have one way with capitals.
A form is looked at as finely as it still tells: digit by digit first, by runs of digits and letters
else. What holds for 19 of 20 values is the column's form; single values of other forms are slips of
the keyboard, or come from elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from consulting.privacy import shape
from consulting.rules.missing import trim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from consulting.profiling.drafting import Drafting
    from consulting.profiling.model import Issue
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView

_RUN = re.compile(r"[^\W\d_]+|\d+")
_DIGITS = re.compile(r"\d+")
_FRACTION = re.compile(r"(?<=\d)[.,]\d+$")
_SAME = re.compile(r"([Aa])\1+")
_WORD = re.compile(r"[^\W\d_]+")
_CODED = frozenset({"text", "code", "phone", "time"})
_MOST_FORMS = 4
_FEWEST = 4
_USUAL_FORMS = 10
_STEPS = 10
"""So many times the usual distance of two numbers is still near."""
_MOST_LETTERS = 5
"""Longer words in capitals are no abbreviation."""
_FEWEST_LETTERS = 2


def coarse_shape(text: str) -> str:
    """A text with each run of letters as `a` and each run of digits as `9`."""
    return _RUN.sub(lambda m: "9" if m.group().isdigit() else "a", text)


def _by_digits(text: str) -> str:
    """A text with each run of letters as `a` and each digit as `9`."""
    return _WORD.sub("a", _DIGITS.sub(lambda m: "9" * len(m.group()), text))


def _by_marks(text: str) -> str:
    """As `coarse_shape`, with each digit of a fraction: 9.99."""
    fraction = _FRACTION.search(text)
    at = fraction.start() if fraction else len(text)
    return coarse_shape(text[:at]) + _DIGITS.sub(lambda m: "9" * len(m.group()), text[at:])


def _by_runs(text: str) -> str:
    """A text with each run of small letters as `a`, of capitals as `A`, and each digit as `9`."""
    return _SAME.sub(r"\1", shape(text))


_LEVELS: tuple[Callable[[str], str], ...] = (shape, _by_digits, coarse_shape)


def odd_shapes(draft: Drafting) -> Iterator[Issue]:
    """Codes have few shapes: what differs from nearly all others is told."""
    view = draft.view
    if draft.thresholds.usual_share < 1:
        yield from _uncommon_forms(draft)
    if view.type.name not in _CODED or not view.complete or view.distinct <= _MOST_FORMS:
        return
    found = odd_forms(view.values, draft.thresholds) or odd_capitals(view.values, draft.thresholds)
    if not found or not found[0]:
        return
    values, told = found
    yield draft.issue(
        "odd_shapes", "warn",
        "{n} [value is|values are] not written like the others{told}.",
        "Check [it|them] at the source: a slip of the keyboard, or another system's way to write.",
        values=values, told=f", which look like {told} (A and a stand for letters, 9 for a digit)",
    )  # fmt: skip


def _uncommon_forms(draft: Drafting) -> Iterator[Issue]:
    """What is written in none of the forms that most of the column has: asked before it is told.

    Patterns of characters are what Raha tells the cells of a column apart by (Mahdavi et al. 2019,
    §3.2), and a person knows which of them are right.
    """
    view, share = draft.view, draft.thresholds.usual_share
    told: dict[str, int] = {}
    for issue_type, level, said in (
        ("other_marks", _by_marks, "with other marks than"),
        ("odd_shapes", _by_runs, "in another form than"),
    ):
        values = uncommon_forms(view.values, level, share) if view.complete else {}
        values = {text: n for text, n in values.items() if text not in told}
        if view.distinct == view.filled:  # r9 before r10: each row has a number of its own
            plain = Counter(map(coarse_shape, view.values)).most_common(1)[0][0]
            values = {text: n for text, n in values.items() if coarse_shape(text) != plain}
        if values:
            told |= values
            yield draft.issue(
                issue_type, "warn", f"{{n}} [value is|values are] written {said} most.",
                "Check [it|them] at the source: another system's way to write, or a slip.",
                values=values,
            )  # fmt: skip


def uncommon_forms(
    values: Mapping[str, int], level: Callable[[str], str], share: float
) -> dict[str, int]:
    """The values with none of the most frequent forms, which together make up a share of the rows.

    Texts whose most frequent forms are many have no form.

    Args:
        values: All values with their rows.
        level: The form of a text.
        share: The least share of the rows whose forms are usual.
    """
    forms = {text: level(trim(text)) for text in values}
    rows: Counter[str] = Counter()
    for text, n in values.items():
        rows[forms[text]] += n
    usual: set[str] = set()
    covered = 0
    for form in sorted(rows, key=lambda f: (-rows[f], f)):
        if usual and covered >= share * rows.total():
            break
        usual.add(form)
        covered += rows[form]
        if len(usual) > _USUAL_FORMS:
            return {}
    return {text: n for text, n in values.items() if forms[text] not in usual}


def odd_forms(values: Mapping[str, int], limits: Thresholds) -> tuple[dict[str, int], str] | None:
    """The values of a column of codes that have another form than nearly all, and that form.

    Numbers that count or measure have one digit more now and then: where two usual forms differ in
    the length of their runs only, a third length is no slip.

    Args:
        values: All values with their rows.
        limits: `odd_share`.
    """
    total = sum(values.values())
    for level in _LEVELS:
        forms = {text: level(trim(text)) for text in values}
        rows: Counter[str] = Counter()
        for text, n in values.items():
            rows[forms[text]] += n
        kinds = Counter(forms.values())
        ranked = sorted(rows, key=lambda form: (-rows[form], form))
        usual = [f for f in ranked[:_MOST_FORMS] if rows[f] > limits.odd_share * total]
        widths = Counter(map(coarse_shape, usual))
        growing = {form for form, several in widths.items() if several > 1}
        usual += [f for f in rows if f not in usual and coarse_shape(f) in growing]
        odd = total - sum(rows[f] for f in usual)
        if not usual or not all(any(c.isdigit() for c in f) for f in usual):
            continue
        if 0 < odd <= limits.odd_share * total and kinds[usual[0]] >= _FEWEST:
            found = {t: n for t, n in values.items() if forms[t] not in usual}
            plain = [t for t in values if forms[t] == usual[0]]
            found = {t: n for t, n in found.items() if t not in _counted_on(found, plain)}
            if not found:
                continue
            return _seldom(found, limits), usual[0]
    return None


def _counted_on(odd: Iterable[str], usual: Sequence[str]) -> set[str]:
    """Codes that go on counting with a digit more or less in their first number: r9 before r10.

    They lie as close to the others as those lie to each other.
    """
    numbers = sorted(int(_DIGITS.findall(t)[0]) for t in usual)
    near = _STEPS * (numbers[-1] - numbers[0]) / len(numbers)
    like = coarse_shape(usual[0])
    found, low, high = set(), numbers[0], numbers[-1]
    alone = [(int(_DIGITS.findall(t)[0]), t) for t in odd if coarse_shape(t) == like]
    for number, text in sorted(alone, reverse=True):
        if low - near <= number < low:
            low = number
            found.add(text)
    for number, text in sorted(alone):
        if high < number <= high + near:
            high = number
            found.add(text)
    return found


def _seldom(values: Mapping[str, int], limits: Thresholds) -> dict[str, int]:
    """What stands in more than a row or two is no slip: customer 7, a bank in capitals."""
    return {text: n for text, n in values.items() if n <= limits.lone_rows}


def odd_capitals(
    values: Mapping[str, int], limits: Thresholds
) -> tuple[dict[str, int], str] | None:
    """The words written all in capitals, or in none, where nearly all others are not.

    Args:
        values: All values with their rows.
        limits: `odd_share`.
    """
    return _odd_case(values, _MOST_LETTERS, limits) or _odd_case(values, _FEWEST_LETTERS, limits)


def _odd_case(
    values: Mapping[str, int], letters: int, limits: Thresholds
) -> tuple[dict[str, int], str] | None:
    """As `odd_capitals`, of texts of so many letters; of abbreviations too, if all are."""
    cases = {text: _case(text, letters) for text in values}
    rows: Counter[str] = Counter()
    for text, n in values.items():
        rows[cases[text]] += n
    total = rows.total() - rows[""]
    del rows[""]
    usual = max(rows, key=lambda c: (rows[c], c), default="")
    if not usual or rows[usual] < (1 - limits.odd_share) * total:
        return None
    if letters < _MOST_LETTERS and usual != "A":
        return None
    odd = {"A", "a", "Aa" if usual == "A" else ""} - {usual, ""}
    found = _seldom({t: n for t, n in values.items() if cases[t] in odd}, limits)
    return (found, usual) if found else None


def _case(text: str, least: int) -> str:
    """How a text is written: "A", "a" or "Aa"; "" of fewer letters."""
    letters = "".join(_WORD.findall(text))
    if len(letters) < least:
        return ""
    return "A" if letters.isupper() else "a" if letters.islower() else "Aa"


def lone_values(view: ColumnView, limits: Thresholds) -> dict[str, int]:
    """Values of a row or two in a list whose other values have many rows each.

    Args:
        view: A column of texts, all of whose values are known.
        limits: `lone_rows` and `lone_ratio`.
    """
    lone = {text: n for text, n in view.values.items() if n <= limits.lone_rows}
    rows = sum(lone.values())
    common = [n for n in view.values.values() if n > limits.lone_rows]
    closed = len(common) > 1 and min(common) >= limits.lone_ratio * limits.lone_rows
    return lone if closed and rows <= limits.lone_share * view.filled else {}
