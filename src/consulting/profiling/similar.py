"""Values that are probably the same: other casing or punctuation, and misspellings."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from consulting.privacy import is_personal
from consulting.profiling.columns import said
from consulting.profiling.odd import lone_values
from consulting.rules.missing import trim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from consulting.profiling.drafting import Drafting
    from consulting.profiling.model import Issue
    from consulting.profiling.thresholds import Thresholds

    Query = Callable[[str, list[Any]], list[tuple[Any, ...]]]
    """SQL and its parameters → the rows."""

_WORD = re.compile(r"[^\W\d_]+")
_MEANT = "\0<>=≤≥+%#"
"""Marks that change what a value means: "<16" and ">16", "C" and "C++"."""
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[^\w\s]+(?=\d)")
_PAIRS = 3_000_000
_SHORTEST = 4
_LONG_WORD = 5
"""Shorter words are a letter off each other by chance."""
_SPELLED = frozenset({"text", "boolean"})
_FREQUENT = 3


def spelling_issues(draft: Drafting) -> Iterator[Issue]:
    """Casing variants and misspellings of a column of texts with few distinct values."""
    view = draft.view
    if view.type.name not in _SPELLED or not view.complete or view.masked:
        return
    groups = [g for g in variants(view.values) if max(g.values()) > 1]  # of one each, none is it
    rare = {t: n for group in groups for t, n in group.items() if t != _leader(group)}
    if rare:
        yield _cased(draft, groups, rare)
    wrong = _misspelled(draft)
    alone = lone_values(view, draft.thresholds)
    alone = {text: n for text, n in alone.items() if text not in {*wrong, *rare}}
    if alone and view.type.name == "text":
        yield _lone(draft, alone)
    if wrong:
        yield _misspelt(draft, wrong, "{n} [value looks like a misspelling|values look like "
                        "misspellings] of a more frequent one{told}.")  # fmt: skip
    rest = {text: n for text, n in view.values.items() if text not in {*wrong, *rare, *alone}}
    if slips := misspelt_words(rest, draft.thresholds) if view.pii is None else {}:
        yield _misspelt(draft, slips, "{n} [value holds|values hold] a word that is a letter off "
                        "one that many hold{told}.")  # fmt: skip


def _cased(draft: Drafting, groups: Sequence[Mapping[str, int]], rare: Mapping[str, int]) -> Issue:
    names = "; ".join(
        " / ".join(said(t) for t in sorted(g, key=lambda t: (-g[t], t))[:3]) for g in groups[:3]
    )
    told = "" if draft.view.private or is_personal(names) else f" ({names})"
    return draft.issue(
        "casing_variants", "warn",
        "{n} [value differs|values differ] from a more frequent one only in case, accents, "
        "spaces or punctuation{told}.",
        "Map them to one spelling: a code list in the column's rule does it.",
        values=rare, told=told,
    )  # fmt: skip


def _lone(draft: Drafting, alone: Mapping[str, int]) -> Issue:
    return draft.issue(
        "lone_values", "warn",
        "{n} [row holds|rows hold] a value that hardly any other row has, in a list whose "
        "values have many rows each{told}.",
        "Check [it|them] against the client's list of values.",
        values=alone,
        told="" if draft.view.private or any(map(is_personal, alone))
        else f" ({', '.join(map(said, list(alone)[:3]))})",
    )  # fmt: skip


def _misspelled(draft: Drafting) -> dict[str, tuple[str, str]]:
    """Values that are misspellings of more frequent ones: each as it is, and the right one."""
    groups = _all(draft.view.values)
    right = misspellings(
        {_leader(group): sum(group.values()) for group in groups},
        draft.thresholds.typo_ratio,
        draft.thresholds.typo_letters,
        draft.source.query,
    )
    return {text: (text, other) for text, other in right.items()}


def _misspelt(draft: Drafting, wrong: Mapping[str, tuple[str, str]], detail: str) -> Issue:
    """An issue of values that hold something wrong, with what is right."""
    view = draft.view
    named = "; ".join(f"{said(w)} for {said(r)}" for w, r in list(wrong.values())[:3])
    return draft.issue(
        "similar_values", "warn", detail,
        "Confirm the list and correct it: a code list in the column's rule does it.",
        values={t: n for t, n in view.values.items() if t in wrong},
        question="Are these spellings mistakes?",
        told="" if view.private or is_personal(named) else f" ({named})",
    )  # fmt: skip


def folded(text: str) -> str:
    """A text without case, accents, spaces and punctuation, but for a mark between digits.

    "13-14" and "131-4" are two things, and so are "1.5" and "15".
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
    marked = _BETWEEN_DIGITS.sub("\0", text.casefold())
    return "".join(c for c in marked if c.isalnum() or c in _MEANT)


def _all(values: Mapping[str, int]) -> list[dict[str, int]]:
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for text, n in values.items():
        groups[folded(text) or text][text] = n
    return [groups[key] for key in sorted(groups)]


def variants(values: Mapping[str, int]) -> list[dict[str, int]]:
    """Groups of two or more values that are the same but for case, accents and punctuation.

    White space at the ends alone makes no variant: that is an issue of its own.
    """
    groups = [g for g in _all(values) if len({trim(t) for t in g}) > 1]
    return sorted(groups, key=lambda g: (-sum(g.values()), sorted(g)))


def _leader(group: Mapping[str, int]) -> str:
    return min(group, key=lambda t: (-group[t], t))


def misspellings(
    values: Mapping[str, int], ratio: float, letters_per_edit: int, query: Query
) -> dict[str, str]:
    """Rare values close to a much more frequent one, with that one.

    Close is a Damerau-Levenshtein distance (an insertion, deletion, exchange or swap is one) of
    one edit for each `letters_per_edit`, and at least one. Values that differ in their digits are
    different things ("unit 1", "unit 2") and never misspellings; neither are words that frequent
    values use ("dark", "pale").

    Args:
        values: Values with their rows.
        ratio: How many times more rows the right spelling has.
        letters_per_edit: The letters of a value for which one edit is allowed.
        query: Asks a DuckDB, of which nothing is read but these values.
    """
    usable = {t: n for t, n in values.items() if len(trim(t)) >= _SHORTEST}
    frequent = [(t, n) for t, n in usable.items() if n >= max(_FREQUENT, ratio)]
    highest = max((n for _, n in frequent), default=0)
    rare = [(t, n) for t, n in usable.items() if n * ratio <= highest]
    if not rare or not frequent or len(rare) * len(frequent) > _PAIRS:
        return {}
    allowed = f"greatest(1, length(r.t) // {letters_per_edit})"
    close = query(
        "SELECT r.t, f.t FROM (SELECT unnest($1) AS t, unnest($2) AS n) r "
        "JOIN (SELECT unnest($3) AS t, unnest($4) AS n) f ON "
        f"abs(length(r.t) - length(f.t)) <= {allowed} AND r.n * {ratio} <= f.n AND r.t <> f.t "
        f"WHERE damerau_levenshtein(lower(r.t), lower(f.t)) <= {allowed} "
        "ORDER BY r.t, damerau_levenshtein(lower(r.t), lower(f.t)), f.n DESC, f.t",
        [list(column) for found in (rare, frequent) for column in zip(*found, strict=True)],
    )
    uses: Counter[str] = Counter()
    for text, n in usable.items():
        for word in set(_words(text)):
            uses[word] += n
    wrong: dict[str, str] = {}
    for text, right in close:
        if _digits(text) == _digits(right) and _could_slip(text, right, uses, ratio):
            wrong.setdefault(text, right)
    return wrong


def misspelt_words(values: Mapping[str, int], limits: Thresholds) -> dict[str, tuple[str, str]]:
    """Values with a word that hardly any other has, a slip away from a word that many have.

    Close words are found by the letters that are left when one is taken away (Garbe's SymSpell),
    without trying all pairs.

    Args:
        values: Values with their rows.
        limits: `lone_rows`, and `lone_ratio` for the rows of the other word.

    Returns:
        Value → the word and the one it is close to.
    """
    found = {text: {*_words(text)} for text in values}
    uses: Counter[str] = Counter()
    for text, n in values.items():
        uses.update(dict.fromkeys(found[text], n))
    close: dict[str, set[str]] = defaultdict(set)
    lone: set[str] = set()
    for word, n in uses.items():
        if len(word) < _LONG_WORD:
            continue
        if n >= limits.lone_ratio:
            for left in _shortened(word):
                close[left].add(word)
        if n <= limits.lone_rows:
            lone.add(word)
    wrong: dict[str, str] = {}
    for word in lone if close else ():
        near = {other for left in _shortened(word) for other in close.get(left, ())}
        right = [o for o in near if uses[o] >= limits.lone_ratio * uses[word] and _slipped(word, o)]
        if right:
            wrong[word] = min(right, key=lambda other: (-uses[other], other))
    slips = {text: sorted(words & wrong.keys()) for text, words in found.items()}
    return {text: (words[0], wrong[words[0]]) for text, words in slips.items() if words}


def _shortened(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _slipped(word: str, right: str) -> bool:
    """As `is_keyboard_slip`, but for the ends: another end makes another form of a word."""
    shorter = min(len(word), len(right))
    ends = {word[:shorter] == right[:shorter], word[-shorter:] == right[-shorter:]}
    return ends == {False} and is_keyboard_slip(word, right)


def is_keyboard_slip(text: str, right: str) -> bool:
    """Whether a character is left out or too many, or two neighbours changed places.

    Another character in the place of one makes another name or number.
    """
    same = len(text) == len(right)
    return not (same and sorted(text) != sorted(right)) and _distance(text, right) == 1


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _could_slip(text: str, right: str, uses: Counter[str], ratio: float) -> bool:
    """Whether each word that differs could be a slip: long enough, close, and hardly used."""
    words, right_words = _words(text), _words(right)
    if len(words) != len(right_words):
        return len(words) < len(right_words)  # words run together
    return all(
        len(a) >= _SHORTEST
        and uses[a] * ratio <= uses[b]
        and _distance(a, b) <= max(1, len(a) // _SHORTEST)
        for a, b in zip(words, right_words, strict=True)
        if a != b
    )


def _distance(a: str, b: str) -> int:
    """The edits between two words; neighbours that changed places are one."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        before, above, row = row, before, [i]
        for j, y in enumerate(b, start=1):
            edits = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if above and j > 1 and x == b[j - 2] and a[i - 2] == y:
                edits = min(edits, above[j - 2] + 1)
            row.append(edits)
    return row[-1]


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())
