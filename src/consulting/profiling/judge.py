"""The rules that turn what is known of a column into issues; one function per concern."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from consulting.profiling.drafting import Drafting
from consulting.profiling.judge_dates import date_issues
from consulting.profiling.judge_numbers import number_issues
from consulting.profiling.judge_texts import text_issues
from consulting.profiling.similar import spelling_issues
from consulting.profiling.source import bare
from consulting.profiling.totals import subtotal_issues
from consulting.profiling.wording import share
from consulting.rules.missing import trim
from consulting.sql import literal, quoted
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from consulting.profiling.drafting import Viewed
    from consulting.profiling.model import Issue
    from consulting.profiling.view import ColumnView

_NULLABLE = "{c} IS NULL OR {t} = ''"
_PLACEHOLDERS = frozenset(
    "-1 -9 -99 -999 -9999 999 9999 99999 999999 9999999 99999999 999999999 0000 00000 000000 "  # noqa: SIM905 - words
    "1900-01-01 01/01/1900 01.01.1900 1970-01-01 9999-12-31 31/12/9999 31.12.9999 1899-12-30 "
    "xxx xx test dummy asdf foo".split()
)
# Rows of personal data are selected by form, so that no value need be listed.
_FILLED = "{t} <> '' AND NOT regexp_full_match({t}, "
_NUMBERING = frozenset({"integer", "code", "uuid"})
_CUT_VALUES = 10
_CUT_PAIR = 2
_CUT_PILE = 2
"""So many times more values are of the greatest length than one to three shorter: texts taper."""
_LIMITS = frozenset({30, 32, 40, 50, 60, 64, 80, 100, 128, 200, 254, 255, 256})
_UNFIT = {
    "integer": _FILLED + r"'[+-]?\d+')",
    "code": _FILLED + r"'\d+')",
    "email": _FILLED + r"'[A-Za-z0-9._%+''-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,24}')",
    "phone": _FILLED + r"'\+?[\d\s().,/x-]{5,25}')",
}
_FEW_GAPS = 2
"""Blanks in so few columns, and in less than half of them, are not how a table is."""
_ENOUGH_ROWS = 50
_MIXED_SHARE = 0.2
_LIST_ROWS = 10
_MIXED_VALUES = 10
"""Of fewer values a share says nothing."""
_TYPE_WORDS = {
    "integer": "whole numbers", "decimal": "numbers", "money": "amounts of money",
    "code": "digits only", "boolean": "yes or no", "date": "dates",
    "timestamp": "dates with a time",
    "time": "times of day", "email": "e-mail addresses", "phone": "phone numbers",
    "url": "web addresses", "uuid": "UUIDs",
}  # fmt: skip


def judge_columns(viewed: Viewed) -> Iterator[Issue]:
    """All issues of columns by themselves, but for those found right before."""
    feed, source, views, thresholds, accepted = viewed
    gaps = sum(view.blank > 0 for view in views)
    filled = gaps <= _FEW_GAPS < len(views) / 2
    for view in views:
        yield from _judged(Drafting(feed, view, thresholds, source, accepted, filled=filled))


def _judged(draft: Drafting) -> list[Issue]:
    """The issues of one column, in the order of the rules."""
    view = draft.view
    if not view.rows:
        return []
    empty = view.blank + view.missing_tokens == view.rows
    rules = (_empty, _personal_data) if empty else _RULES
    return [issue for rule in rules for issue in rule(draft) if not draft.is_silent(issue)]


def _empty(draft: Drafting) -> Iterator[Issue]:
    yield draft.issue(
        "empty_column", "warn", "No row has a value.",
        "Leave the column out of the models, or ask the client to fill it.",
        count=draft.view.rows, question="Is this column still in use?", where="true",
    )  # fmt: skip


def _missing(draft: Drafting) -> Iterator[Issue]:
    view, limits = draft.view, draft.thresholds
    if view.blank > limits.missing_info * view.rows:
        said = next(_against_blanks(draft), "")
        yield draft.issue(
            "missing_values", "warn" if said else "info",
            f"{{n}} [row has|rows have] no value{said}.",
            "Decide whether the column is required: rows without a value are then rejected.",
            count=view.blank, where=_NULLABLE,
        )  # fmt: skip
    if view.missing_tokens:
        yield _null_tokens(draft)


def _against_blanks(draft: Drafting) -> Iterator[str]:
    """Why blanks are not how the column is: what the other rows, or the other columns, have."""
    view, limits = draft.view, draft.thresholds
    if view.blank <= limits.missing_rare * view.rows:
        yield ", where nearly all others have one"
    elif view.blank <= limits.missing_some * view.rows and view.rows >= _ENOUGH_ROWS:
        counts = view.type.name == "integer" and view.position and not view.named_like_key
        if view.distinct >= limits.key_share * view.filled and not counts:
            yield ", where all others have one of their own"
        if draft.filled:
            yield ", in a table that has hardly any blanks elsewhere"


def _null_tokens(draft: Drafting) -> Issue:
    """Words for "no value": the one that a column of texts always uses is how it says so."""
    view = draft.view
    habit = _habit(draft)
    rare = {text: n for text, n in view.null_like.items() if text != habit}
    told = rare or view.null_like
    count = sum(rare.values()) if habit and rare else view.missing_tokens
    listed = ", ".join(literal(text) for text in sorted(told))
    return draft.issue(
        "null_like_values", "warn" if rare else "info",
        "{n} [row holds|rows hold] a word for “no value”{told}.",
        "Nothing, if they mean that: the cleaning rules read these words as missing.",
        values=told, count=count, told=": " + ", ".join(f"“{t}”" for t in list(told)[:5]),
        where=f"{{c}} IN ({listed})" if sum(told.values()) == count else None,
    )  # fmt: skip


def _habit(draft: Drafting) -> str | None:
    """The word by which a column of texts says "no value": often, and no cell is blank."""
    view = draft.view
    often = draft.thresholds.rare_share * view.rows
    words = [text for text, n in view.null_like.items() if n > often]
    alone = len(words) == 1 and view.type.name == "text" and view.blank <= often
    return words[0] if alone else None


def _constant(draft: Drafting) -> Iterator[Issue]:
    view = draft.view
    if view.distinct == 1 and view.filled >= draft.thresholds.constant_rows:
        yield draft.issue(
            "constant_column", "info", "All {n} rows with a value have the same one.",
            "Check that the export is not filtered; the column tells nothing as it is.",
            count=view.filled,
        )  # fmt: skip


def _misfits(draft: Drafting) -> Iterator[Issue]:
    view = draft.view
    kind, total = view.type.name, view.tally.total
    if kind not in {"text", "empty"} and view.type.fitting < total:
        values = {
            text: n
            for text, n in view.values.items()
            if (form := view.tally.forms.get(trim(text)))
            and not view.type.fits(trim(text), form[0])
        }
        count = total - view.type.fitting
        if kind in {"date", "timestamp"}:
            count -= view.tally.impossible
            values = {t: n for t, n in values.items() if view.tally.forms[trim(t)][0].date is None}
        if count > 0:
            yield draft.issue(
                "type_mismatch", "warn",
                f"{{n}} [value does|values do] not look like the other "
                f"{share(view.type.fitting, total)}, which are {_TYPE_WORDS.get(kind, kind)}.",
                "Correct [it|them] at the source, or let the cleaning rule reject [its row|their "
                "rows].",
                values=values, count=count, where=_unfit(view) if view.private else None,
            )  # fmt: skip
    elif kind == "text":
        yield from _mixed(draft)


def _unfit(view: ColumnView) -> str | None:
    """The rows that do not fit the type, by form; null tokens do not count as such."""
    condition = _UNFIT.get(view.type.name)
    if condition is None or not view.null_like:
        return condition
    tokens = ", ".join(literal(text) for text in sorted(view.null_like))
    return f"{condition} AND {{c}} NOT IN ({tokens})"


def _mixed(draft: Drafting) -> Iterator[Issue]:
    kinds = draft.view.tally.kinds
    total = kinds.total()
    other = max(("number", "date"), key=lambda k: kinds[k])
    if (
        total >= _MIXED_VALUES
        and not _is_list(draft.view)
        and kinds[other] >= _MIXED_SHARE * total
        and kinds["text"] >= draft.thresholds.rare_share * total
    ):
        values = {
            t: n
            for t, n in draft.view.values.items()
            if (form := draft.view.tally.forms.get(trim(t))) and form[0].kind != other
        }
        yield draft.issue(
            "mixed_types", "warn",
            f"{counted(kinds[other], 'value')} can be read as {other}s and {{n}} can not: no "
            "type fits most of them.",
            "Ask what the column means; split it, or keep it as text.",
            values=values, count=total - kinds[other], whole=True,
            question=f"Is this column meant to hold {other}s only?",
        )  # fmt: skip


def _is_list(view: ColumnView) -> bool:
    """Whether the values are a few codes, each of them in many rows: 4, f and r are one kind."""
    return view.complete and view.distinct * _LIST_ROWS <= view.filled


def _replaced(draft: Drafting) -> Iterator[Issue]:
    wrong = draft.accepted.replaced.get(draft.view.name)
    if wrong:
        column = quoted(draft.view.name)
        rows = draft.source.query(
            f"SELECT {column}, count(*) FROM feed WHERE {bare(column)} IN (SELECT unnest($1)) "
            "GROUP BY 1 ORDER BY 1",
            [[*wrong]],
        )
        if values := dict(rows):
            yield draft.issue(
                "replaced_values", "warn",
                "{n} [row holds|rows hold] a value that is wrong, as somebody said before: the "
                "cleaning rule replaces it.",
                "Correct [it|them] at the source, so that nothing need be replaced.",
                values=values,
            )  # fmt: skip


def _keys(draft: Drafting) -> Iterator[Issue]:
    view = draft.view
    present = view.rows - view.blank
    named = view.named_like_key or _could_number(view)
    nearly = view.distinct >= draft.thresholds.key_share * present
    if not (named and nearly and view.distinct < present and present > 1):
        return
    repeated = {t: n for t, n in (view.values.items() if view.complete else view.top) if n > 1}
    column = quoted(view.name)
    yield draft.issue(
        "duplicate_key", "error",
        "{n} rows share their value with another row, in a column that identifies "
        f"{counted(view.unique, 'row')}.",
        "Find out which of the rows is right; the models keep one row per key and count the rest.",
        values=repeated if view.complete else None, count=present - view.unique,
        question="Which row counts where the key repeats: the last one?",
        where=f"{{c}} IN (SELECT {column} FROM raw.{quoted(draft.feed)} GROUP BY 1 "
        "HAVING count(*) > 1)",
    )  # fmt: skip


def _could_number(view: ColumnView) -> bool:
    """Whether the first column numbers the rows: names and measures do not."""
    texts = (text for text, _ in view.typical)
    return view.position == 0 and (
        view.type.name in _NUMBERING or (view.type.name == "text" and not any(map(_spaced, texts)))
    )


def _spaced(text: str) -> bool:
    return " " in trim(text)


def _placeholders(draft: Drafting) -> Iterator[Issue]:
    view = draft.view
    values = {t: n for t, n in view.values.items() if trim(t).casefold() in _PLACEHOLDERS and n > 1}
    if values and view.complete:
        values = _unlike_others(draft, values)
    several = view.distinct > 5 or not any(map(_has_digit, values))  # noqa: PLR2004
    if view.complete and values and len(values) <= 3 and several:  # noqa: PLR2004
        yield draft.issue(
            "placeholder_values", "warn",
            "{n} [row holds|rows hold] a value that often stands for “unknown”.",
            "If it does, read it as missing: add it to the column's null tokens.",
            values=values, question="Do these values mean “not known”?",
        )  # fmt: skip


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _unlike_others(draft: Drafting, values: Mapping[str, int]) -> dict[str, int]:
    """Those that stand apart from the column's other numbers or days, or far oftener than any.

    A temperature of -1 and a car of 1970 are what they say. What many rows hold is a habit.
    """
    view = draft.view
    most = draft.thresholds.habit_share * view.filled
    others = {t: n for t, n in view.values.items() if t not in values}
    seldom = {t: n for t, n in values.items() if n <= most}
    order = sorted(found for t in others if (found := _place(view, t)) is not None)
    if not order:
        return seldom
    apart = draft.thresholds.apart_share * (order[-1] - order[0])
    usual = max(others.values())
    return {
        t: n for t, n in seldom.items()
        if (at := _place(view, t)) is None or n >= draft.thresholds.spike_ratio * usual
        or at + apart < order[0] or at - apart > order[-1] or at < 0 <= order[0]
    }  # fmt: skip


def _place(view: ColumnView, text: str) -> float | None:
    """Where a number or day lies among the others of its column; None for other texts."""
    form = view.tally.forms[trim(text)][0] if trim(text) in view.tally.forms else None
    if form is None or not view.type.fits(trim(text), form):
        return None
    if form.date and form.date.readings:
        return date.fromisoformat(view.tally.day_reader()(form.date)).toordinal()
    return form.number.read_with(view.tally.read_mark) if form.number else None


def _kept_words(draft: Drafting) -> Iterator[Issue]:
    kept = draft.view.kept
    if kept:
        yield draft.issue(
            "placeholder_values", "warn",
            "{n} [row holds|rows hold] “NA” among codes of two letters: the code of Namibia, or a "
            "word for “no value”. It is kept as it is.",
            "Ask; if it means “no value”, take `null_tokens` out of the column's rule.",
            values=kept, question="Is “NA” a code here, or does it mean “no value”?",
        )  # fmt: skip


def _truncated(draft: Drafting) -> Iterator[Issue]:
    view = draft.view
    longest = view.lengths.longest or 0
    at_longest = view.lengths.at_longest / max(1, view.filled)
    varied = (view.lengths.shortest or 0) < longest * 0.8
    cut = longest >= 30 and varied and view.type.name == "text"  # noqa: PLR2004 - shorter is a code
    if cut and view.lengths.at_longest > 1 and at_longest >= draft.thresholds.truncation_share:
        lengths = Counter(map(len, view.values))
        least = _CUT_PAIR if longest in _LIMITS else _CUT_VALUES
        shorter = max(lengths[longest - less] for less in range(1, 4))
        piled = lengths[longest] >= max(least, _CUT_PILE * shorter)
        if piled if view.complete else longest in _LIMITS:
            yield draft.issue(
                "truncated_values", "warn",
                f"{{n}} values are exactly {longest:,} characters long, the longest there are: "
                "they look cut off.",
                "Ask for an export without a limit on the length.",
                count=view.lengths.at_longest, where=f"length({{c}}) = {longest}",
                question=f"Does your system cut this field at {longest} characters?",
            )  # fmt: skip


def _personal_data(draft: Drafting) -> Iterator[Issue]:
    found = draft.view.pii
    if found is None:
        return
    if found.kind == "unproven":
        yield draft.issue(
            "masked_to_be_safe", "info",
            "Nothing proves that these values hold no personal data, so all were masked.",
            "If they hold none, say so in the feed's YAML (`contains_pii: false`): they are then "
            "kept, and what is found in them is still masked.",
            count=draft.view.filled,
        )  # fmt: skip
        return
    by = {
        "name": "its name", "content": "its content", "both": "its name and its content",
        "declared": "what the feed's YAML says", "unproven": "nothing that proves it harmless",
    }  # fmt: skip
    masked = "" if draft.view.masked else " Its values are shown by their shape only."
    yield draft.issue(
        "personal_data", "info",
        f"Personal data ({found.kind.replace('_', ' ')}), by {by[found.by]}.{masked}",
        "Deliver it only where the purpose needs it; mask or drop it elsewhere.",
        count=draft.view.filled,
    )  # fmt: skip


_RULES: tuple[Callable[[Drafting], Iterator[Issue]], ...] = (
    _missing, _constant, _replaced, _keys, _misfits, date_issues, number_issues, text_issues,
    spelling_issues, subtotal_issues, _placeholders, _kept_words, _truncated, _personal_data,
)  # fmt: skip
