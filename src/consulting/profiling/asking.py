"""Which findings to ask a person about: those whose answers teach most."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

from consulting.profiling.accepted import AcceptedFindings
from consulting.profiling.source import bare, open_feed
from consulting.profiling.thresholds import Thresholds
from consulting.records import Record, Severity
from consulting.rules.accepted import ACCEPTABLE, OF_A_COLUMN, OF_A_ROW, REPLACEABLE
from consulting.rules.missing import is_null_like, trim
from consulting.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from consulting.profiling.accepted import Accepted
    from consulting.profiling.model import FeedProfile, Issue
    from consulting.profiling.source import FeedSource
    from consulting.records import FileReading
    from consulting.rules.accepted import Mark

_WRONG: dict[Severity, float] = {"error": 0.9, "warn": 0.75, "info": 0.35}
"""How likely what is told at a severity is wrong. Set by hand: warnings are right in 0.68 and 0.99
of the cells of two real files, notes seldom; only the order of questions depends on it."""
_GROUPS = 200
"""Values of an issue that are looked at, those in most rows first."""
_WHOLE = 0.2
"""How likely one answer fits all rows of a column, where no value can be asked for."""
_ALIKE = 3
"""One edit for so many letters is like it."""
_DEFAULT = Thresholds()


class Ask(Record):
    """One question: is this right?

    Attributes:
        key: Tells the question from all others, whatever else stands in a sheet beside it.
        feed: The feed.
        column: The column it is about.
        issues: The issue types that point at it, the gravest first.
        severity: That of the first.
        cells: Column → value, without blanks at its ends; none where it is about the whole column.
        rows: Rows that the answer settles.
        file: The file of the first of them.
        row: Its line or sheet row there.
        why: What was found.
        instead: What may be right, if anything is known.
        codes: Where it is asked whether a list is closed: all that is on it.
    """

    key: str
    feed: str
    column: str
    issues: tuple[str, ...]
    severity: Severity
    cells: dict[str, str]
    rows: int
    file: str | None = None
    row: int | None = None
    why: str
    instead: str | None = None
    codes: tuple[str, ...] = ()

    @property
    def value(self) -> str | None:
        """The value, where it tells alone: a rule can replace it."""
        return self.cells.get(self.column) if len(self.cells) == 1 else None

    def fits(self, mark: Accepted) -> bool:
        """Whether a mark says that all of it is right."""
        cells = mark.cells
        return cells is None or bool(self.cells and cells.items() <= self.cells.items())

    @property
    def weight(self) -> float:
        """What an answer is worth: the cells that it settles, times how unsure they are."""
        wrong = _WRONG[self.severity]
        return self.rows * (1.0 if self.cells else _WHOLE) * 4 * wrong * (1 - wrong)


def chosen(asked: Sequence[Ask], most: int) -> list[Ask]:
    """The questions whose answers teach most, the first first.

    One is asked for each group of cells that an answer settles alike, as Raha labels one cell of a
    cluster (Mahdavi et al. 2019, §4.3), and of groups those that are largest and least sure
    (uncertainty sampling, Lewis & Gale 1994). Each further question of the same column and issue
    is worth less, for the answers before it tell what the next will be.
    """
    left = sorted(asked, key=lambda a: (-a.weight, a.feed, a.column, a.key))
    picked: list[Ask] = []
    before: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    while left and len(picked) < most:
        best = max(left, key=lambda a: a.weight / (1 + before[a.feed, a.column, a.issues]))
        left.remove(best)
        picked.append(best)
        before[best.feed, best.column, best.issues] += 1
    return picked


def questions_to_ask(  # noqa: PLR0913 - by name only
    profile: FeedProfile,
    readings: Sequence[FileReading],
    run_folder: Path,
    *,
    most: int | None,
    valued: bool,
    accepted: Mapping[str, Sequence[Mark]],
    replaced: Mapping[str, Collection[str]],
    listed: Mapping[str, Collection[str]] = MappingProxyType({}),
    texts: Collection[str] = (),
) -> tuple[Ask, ...]:
    """What to ask of one feed.

    Args:
        profile: Its last profile.
        readings: The files that it is of.
        run_folder: Where their rows are.
        most: Ask no more than so many; None tells all there are, in no order that matters.
        valued: Whether values may be told: of columns without personal data, at tier 3.
        accepted: What was found right since.
        replaced: What was found wrong since.
        listed: Column → values that its rule knows, so that nothing is to be decided.
        texts: Columns whose rule takes any text: where answers leave nothing open, it is asked
            whether their list is closed.
    """
    mine = [reading for reading in readings if reading.feed == profile.feed]
    right = AcceptedFindings(accepted, replaced)
    with open_feed(mine, run_folder, _DEFAULT) as source:
        found: dict[str, Ask] = {}
        for issue in profile.issues:
            if issue.column in source.columns and issue.issue_type in ACCEPTABLE:
                for one in _groups(profile, issue, source, valued=valued):
                    first = found.setdefault(one.key, one)
                    issues = dict.fromkeys((*first.issues, *one.issues))
                    found[one.key] = first.model_copy(update={"issues": tuple(issues)})
        asked = [
            one
            for one in found.values()
            if not _is_answered(one, right) and not _is_known(one, listed)
        ]
        asked += _closed_lists(profile, asked, right, texts) if valued else ()
        if most is None:
            return tuple(asked)
        return tuple(_with_instead(one, source) for one in chosen(asked, most))


def _groups(profile: FeedProfile, issue: Issue, source: FeedSource, *, valued: bool) -> list[Ask]:
    """The cells of an issue, put together as one answer settles them."""
    columns = _deciding(issue)
    personal = any(c.personal for c in profile.columns if c.name in columns)
    if not valued or personal or issue.issue_type in OF_A_COLUMN:
        return [_ask(issue, {}, issue.evidence_count)]
    if issue.rows_where is None:
        return []
    cells = ", ".join(f"coalesce({bare(quoted(name))}, '')" for name in columns)
    where = issue.rows_where.replace(f"raw.{quoted(profile.feed)}", "feed")
    found = source.query(
        f"SELECT count(*) AS n, min(_file), arg_min(_row, (_file, _row)), {cells} FROM feed "
        f"WHERE {where} GROUP BY {cells} ORDER BY n DESC, {cells} LIMIT {_GROUPS}"
    )
    return [
        _ask(issue, dict(zip(columns, values, strict=True)), rows, file, row)
        for rows, file, row, *values in found
    ]


def _deciding(issue: Issue) -> list[str]:
    """The columns whose values tell the cells of an issue that are alike."""
    column = issue.column or ""
    if issue.issue_type not in OF_A_ROW or issue.issue_type in REPLACEABLE:
        return [column]
    others = [name for name in issue.columns if name != column]
    return [*(others if issue.issue_type == "broken_law" else others[:1]), column]


def _ask(
    issue: Issue,
    cells: dict[str, str],
    rows: int,
    file: str | None = None,
    row: int | None = None,
) -> Ask:
    return Ask(
        key=key_of(issue.feed, issue.column or "", cells or issue.issue_type),
        feed=issue.feed,
        column=issue.column or "",
        issues=(issue.issue_type,),
        severity=issue.severity,
        cells=cells,
        rows=rows,
        file=file,
        row=row,
        why=issue.detail if cells else f"{issue.detail} All of them are asked for at once.",
    )


def key_of(feed: str, column: str, asked: Mapping[str, str] | str) -> str:
    """What tells the question about some cells, or about an issue of a column."""
    told = json.dumps([feed, column, asked])
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _is_answered(one: Ask, right: AcceptedFindings) -> bool:
    """Whether it was answered since the profile was made."""
    if all(any(map(one.fits, right.of(one.column, issue))) for issue in one.issues):
        return True
    return one.value is not None and one.value in map(trim, right.replaced.get(one.column, ()))


def _is_known(one: Ask, listed: Mapping[str, Collection[str]]) -> bool:
    """Whether the column's rule knows the value, so that it makes the right one of it."""
    known = {text.casefold() for text in listed.get(one.column, ())}
    return one.value is not None and one.value.casefold() in known


def _closed_lists(
    profile: FeedProfile, asked: Sequence[Ask], right: AcceptedFindings, texts: Collection[str]
) -> Iterator[Ask]:
    """Whether the few values of a column are all there are, where answers left none open."""
    open_columns = {one.column for one in asked if one.cells}
    for column in profile.columns if profile.basis == "all_rows" else ():
        wrong = {*map(trim, right.replaced.get(column.name, ()))}
        values = {trim(one.value) for one in column.top_values if not is_null_like(one.value)}
        few = 1 < column.distinct_count <= len(column.top_values)
        told = column.name in texts and column.name not in open_columns and wrong
        if told and few and not column.personal:
            codes = sorted(values - wrong)
            yield Ask(
                key=key_of(profile.feed, column.name, "closed_list"),
                feed=profile.feed,
                column=column.name,
                issues=("closed_list",),
                severity="warn",
                cells={},
                rows=profile.row_count,
                why="Are these all the values there are? A text that is none of them is rejected "
                f"then: {', '.join(f'“{code}”' for code in codes)}.",
                codes=tuple(codes),
            )


def _with_instead(one: Ask, source: FeedSource) -> Ask:
    """The question with what may be right: what the others of its group have, or one like it."""
    if one.cells.get(one.column) is None:
        return one
    column = f"coalesce({bare(quoted(one.column))}, '')"
    value = literal(one.cells[one.column])
    alike = " AND ".join(
        f"coalesce({bare(quoted(name))}, '') = {literal(text)}"
        for name, text in one.cells.items()
        if name != one.column
    )
    distance = f"damerau_levenshtein(lower({column}), lower({value}))"
    digits = "regexp_replace({}, '[^0-9]', '', 'g')"
    close = f"{distance} <= greatest(1, length({value}) // {_ALIKE})"
    where = alike or f"{close} AND {digits.format(column)} = {digits.format(value)}"
    order = "n DESC" if alike else f"any_value({distance}), n DESC"
    found = source.query(
        f"SELECT {column}, count(*) AS n FROM feed WHERE {column} NOT IN ({value}, '') AND {where} "
        f"GROUP BY 1 HAVING count(*) > {one.rows} ORDER BY {order}, 1 LIMIT 1"
    )
    return one.model_copy(update={"instead": found[0][0]}) if found else one
