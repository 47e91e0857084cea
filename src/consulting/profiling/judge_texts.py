"""Issues of how texts are written: white space, garbled letters, formulas, odd shapes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consulting.profiling.odd import odd_shapes
from consulting.rules.missing import WHITESPACE, trim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from consulting.profiling.drafting import Drafting
    from consulting.profiling.model import Issue
    from consulting.records import Severity

_MOJIBAKE = re.compile(
    r"[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    r"\u2013-\u203a\u20ac\u2122]|\u00e2\u20ac|\u00e2\u0080|\ufffd|\u00ef\u00bf\u00bd"
)
_ESCAPES = '&\\%?<"u_'
_RESIDUE = re.compile(
    r"&(?:[a-z]{2,8}|#[0-9]{2,5}|#x[0-9a-f]{2,4});|\\(?:[\\'\"nrt,;/]|u[0-9a-f]{4}|x[0-9a-f]{2})|"
    r"%(?:20|2[0-9CF]|3[A-F]|C3%[0-9A-F]{2})|[^\W\d_]\?[^\W\d_]|</?(?:br|p|b|i|em|strong|span)\b[^<>]*>|"
    r'""|(?<![a-z0-9])u00[0-9a-f]{2}|_x000[0-9a-d]_',
    re.IGNORECASE,
)
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u00a0\u200b-\u200d\u2060\ufeff]|[\t\n\r]")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_FORMULA = re.compile(r"[=@].*|[+-](?![\d.,(\s]).*", re.DOTALL)


def text_issues(draft: Drafting) -> Iterator[Issue]:
    """All issues of how the values of a column are written."""
    for rule in (
        _white_space,
        _garbled,
        _residue,
        _invisible,
        _foreign_digits,
        _formulas,
        odd_shapes,
    ):
        yield from rule(draft)


def _values(draft: Drafting, wanted: Callable[[str], bool]) -> dict[str, int]:
    return {text: n for text, n in draft.view.values.items() if wanted(text)}


def _of_white_space(draft: Drafting, ends: Mapping[str, int], rows: int) -> Severity:
    """A few slips are worth a look; what most of a column shows is how it is written.

    More are slips where most of the values are there without white space, too.
    """
    view, limits = draft.view, draft.thresholds
    twins = sum(n for text, n in ends.items() if trim(text) in view.values)
    often = limits.other_share if 2 * twins > rows else limits.rare_share
    return "warn" if rows <= often * view.rows else "info"


def _white_space(draft: Drafting) -> Iterator[Issue]:
    known = draft.view.known
    written = {**draft.view.null_like, **draft.view.values}
    ends = {text: n for text, n in written.items() if text != text.strip(WHITESPACE)}
    if ends:
        yield draft.issue(
            "untrimmed_values",
            _of_white_space(draft, ends, known.get("untrimmed", sum(ends.values()))),
            "{n} [value has|values have] spaces before or after.",
            "Nothing: the cleaning rules take them off.",
            values=ends, count=known.get("untrimmed"),
            where="{c} <> {t} AND {t} <> ''",
        )  # fmt: skip
    inner = _values(draft, lambda t: "  " in trim(t))
    if inner:
        yield draft.issue(
            "inner_white_space", "info", "{n} [value has|values have] several spaces in a row.",
            "Nothing: the text rule writes one space.",
            values=inner, count=known.get("inner_space"), where="contains({t}, '  ')",
        )  # fmt: skip


def _residue(draft: Drafting) -> Iterator[Issue]:
    """What is left of an escape: in few values only, for some columns hold HTML or addresses."""
    view = draft.view
    values = _values(
        draft, lambda t: any(mark in t for mark in _ESCAPES) and _RESIDUE.search(t) is not None
    )
    if values and sum(values.values()) <= draft.thresholds.other_share * max(view.filled, 1):
        yield draft.issue(
            "escape_residue", "warn",
            "{n} [value holds|values hold] what an escape left behind, like “&amp;” for “&”, or a "
            "question mark in place of a letter.",
            "Correct the export: it writes such marks twice, or loses letters.",
            values=values,
        )  # fmt: skip


def _garbled(draft: Drafting) -> Iterator[Issue]:
    values = _values(draft, lambda t: not t.isascii() and _MOJIBAKE.search(t) is not None)
    if values:
        yield draft.issue(
            "garbled_text", "error",
            "{n} [value holds|values hold] letters that were read in the wrong encoding, like “Ã¼” "
            "for “ü”.",
            "Ask for the file in UTF-8; what was lost before the export can not be restored.",
            values=values, question="Are the letters right in your own system?",
        )  # fmt: skip


def _invisible(draft: Drafting) -> Iterator[Issue]:
    values = _values(draft, lambda t: _INVISIBLE.search(t) is not None)
    if values:
        yield draft.issue(
            "invisible_characters", "warn",
            "{n} [value holds|values hold] characters that can not be seen: line breaks, tabs, "
            "no-break or zero-width spaces.",
            "Nothing: the text rule writes plain spaces. Joins on the raw values would fail.",
            values=values,
        )  # fmt: skip


def _foreign_digits(draft: Drafting) -> Iterator[Issue]:
    values = _values(draft, lambda t: not t.isascii() and _FOREIGN_DIGIT.search(t) is not None)
    if values:
        yield draft.issue(
            "foreign_digits", "warn",
            "{n} [value is|values are] written with digits other than 0 to 9, as full-width or "
            "Arabic ones: [it is|they are] read as text.",
            "Ask for plain digits; no rule for numbers reads these.",
            values=values,
        )  # fmt: skip


def _formulas(draft: Drafting) -> Iterator[Issue]:
    values = _values(
        draft, lambda t: _FORMULA.match(t.strip(WHITESPACE)) is not None and len(trim(t)) > 1
    )
    if values:
        yield draft.issue(
            "formula_like_values", "warn",
            "{n} [value starts|values start] like a spreadsheet formula (= + - @).",
            "Open the raw file with care; deliverables neutralise such cells.",
            values=values, count=draft.view.known.get("formula"),
        )  # fmt: skip
