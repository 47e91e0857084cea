"""Which findings to ask a person about: those whose answers teach most."""

from __future__ import annotations

import hashlib
import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from consulting.profiling.accepted import AcceptedFindings
from consulting.profiling.source import bare, open_feed
from consulting.profiling.thresholds import Thresholds
from consulting.records import Record, Severity
from consulting.rules.accepted import ACCEPTABLE, OF_A_COLUMN, OF_A_ROW, REPLACEABLE
from consulting.rules.missing import is_null_like, trim
from consulting.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from consulting.profiling.accepted import Accepted
    from consulting.profiling.model import FeedProfile, Issue
    from consulting.profiling.source import FeedSource
    from consulting.records import FileReading
    from consulting.rules.accepted import Mark

_NEVER_WRONG = frozenset(
    "constant_column currency_in_values decimal_comma empty_column mixed_types "  # noqa: SIM905
    "units_in_values".split()
)
"""What describes a column and suspects no cell."""
_MOSTLY_WRONG = 0.95
_TOLD_WRONG = {
    "missing_values": 0.7, "outliers": 0.7, "unusual_combination": 0.6, "moved_cells": 0.8,
}  # fmt: skip
_SUSPECTED_WRONG = ((0.02, 0.35), (0.05, 0.15), (0.1, 0.1), (0.3, 0.05), (1.0, 0.01))
"""The share of cells that are wrong in what is told, by issue type, and in what is suspected, by
its share of the rows: of half the tables of "choose" (`benchmarks/errors.py`)."""
_GROUPS = 200
"""Values of a finding that are looked at, those in most rows first."""
_WHOLE = 0.2
"""How likely one answer fits all rows of a column, where no value can be asked for."""
_SHOWN = 5
"""Rows of a finding that are shown, so that one answer can settle all of it."""
_ALIKE = 3
"""One edit for so many letters is like it."""
_DEFAULT = Thresholds()
_MASKED = " Below tier 3 values are masked: one that is quoted here may stand in no file."


class Shown(Record):
    """A row of a finding.

    Attributes:
        cells: Column → value, without blanks at its ends; none where it is about the column.
        file: Its file.
        row: Its line or sheet row there.
    """

    cells: dict[str, str]
    file: str
    row: int


class Ask(Record):
    """One question: is this right?

    Attributes:
        key: Tells the question from all others, whatever else stands in a sheet beside it.
        feed: The feed.
        column: The column it is about.
        issues: The issue types that point at it; what is asked about first.
        severity: That of the first.
        suspected: Whether the profile tells nothing of it.
        answered: Whether it was answered since the profile was made.
        cells: Column → value, without blanks at its ends; none where it is about the whole column.
        rows: Rows that hold it.
        settles: Rows that an answer for all that is found alike settles.
        weight: What that is worth: the cells that become right or wrong by it, as likely as it is.
        file: The file of the first of them.
        row: Its line or sheet row there.
        alike: Others that were found for the same reason.
        why: What was found.
        instead: What may be right, if anything is known.
        codes: Where it is asked whether a list is closed: all that is on it.
    """

    key: str
    feed: str
    column: str
    issues: tuple[str, ...]
    severity: Severity
    suspected: bool = False
    answered: bool = False
    cells: dict[str, str]
    rows: int
    settles: int = 0
    weight: float = 0.0
    file: str | None = None
    row: int | None = None
    alike: tuple[Shown, ...] = ()
    why: str
    instead: str | None = None
    codes: tuple[str, ...] = ()

    @property
    def value(self) -> str | None:
        """The value, where it tells alone: a rule can replace it."""
        return self.cells.get(self.column) if len(self.cells) == 1 else None

    @property
    def finding(self) -> tuple[str, ...]:
        """What it is found by: feed, column, issue type, and whether that is told."""
        return (self.feed, self.column, self.issues[0], self.severity, str(self.suspected))

    @property
    def place(self) -> tuple[str, str, str]:
        """What tells the cells, by whatever they are found."""
        return (self.feed, self.column, json.dumps(self.cells))

    def fits(self, mark: Accepted) -> bool:
        """Whether a mark says that all of it is right."""
        cells = mark.cells
        return cells is None or bool(self.cells and cells.items() <= self.cells.items())


def chosen(asked: Sequence[Ask], most: int) -> list[Ask]:
    """The questions whose answers teach most, the first first.

    One is asked for each finding, as Raha labels a cell of each cluster (Mahdavi et al. 2019,
    §4.3): of those the one by whose answer most cells are likely to change, without the cells that
    answers before it settle. What is left of the questions goes to further values.
    """
    findings: dict[tuple[str, ...], list[Ask]] = {}
    for one in sorted(asked, key=lambda a: (-a.weight * a.settles, -a.rows, a.finding, a.key)):
        findings.setdefault(one.finding, []).append(one)
    picked: list[Ask] = []
    settled: set[tuple[str, str, str]] = set()

    def left(of: list[Ask]) -> float:
        cells = of[0].settles - sum(one.rows for one in of if one.cells and one.place in settled)
        return cells * of[0].weight

    while findings and len(picked) < most:
        best = max(findings.values(), key=left)
        del findings[best[0].finding]
        open_ones = [one for one in best if not one.cells or one.place not in settled]
        picked += open_ones[:1]
        settled.update(one.place for one in best)
    more = sorted(asked, key=lambda a: (-a.weight * a.rows, a.finding, a.key))
    each: dict[tuple[str, ...], Ask] = {}
    for one in (*picked, *more):
        each.setdefault(one.place if one.cells else one.finding, one)
    return [*each.values()][:most]


def questions_to_ask(  # noqa: PLR0913 - by name only
    profile: FeedProfile,
    suspicious: FeedProfile,
    readings: Sequence[FileReading],
    run_folder: Path,
    *,
    most: int | None,
    valued: bool,
    accepted: Mapping[str, Sequence[Mark]],
    replaced: Mapping[str, Mapping[str, str]],
    suspected: Mapping[str, Collection[str]],
    listed: Mapping[str, Collection[str]] = MappingProxyType({}),
    texts: Collection[str] = (),
) -> tuple[Ask, ...]:
    """What to ask of one feed.

    Args:
        profile: Its last profile.
        suspicious: A profile of the same by the thresholds of suspicion.
        readings: The files that it is of.
        run_folder: Where their rows are.
        most: Ask no more than so many; None tells all there are, those that were answered too, in
            no order that matters.
        valued: Whether values may be told: of columns without personal data, at tier 3.
        accepted: What was found right since.
        replaced: What was found wrong since: column → wrong text → the right one.
        suspected: Column → issue types of which somebody said already whether they are wrong.
        listed: Column → values that its rule knows, so that nothing is to be decided.
        texts: Columns whose rule takes any text: where answers leave nothing open, it is asked
            whether their list is closed.
    """
    mine = [reading for reading in readings if reading.feed == profile.feed]
    right = AcceptedFindings(accepted, replaced)
    with open_feed(mine, run_folder, _DEFAULT) as source:
        found = [
            one.model_copy(update={"answered": _is_answered(one, right, suspected)})
            for finding in _findings(profile, suspicious)
            if finding.issue.column in source.columns
            for one in _groups(profile, finding, source, valued=valued)
            if not _is_known(one, listed)
        ]
        types: dict[tuple[str, str, str], list[str]] = {}
        for one in found:
            types.setdefault(one.place, []).extend(() if one.answered else one.issues)
        asked = [
            one.model_copy(update={"issues": (*dict.fromkeys((*one.issues, *types[one.place])),)})
            if one.cells
            else one
            for one in found
        ]
        answered = [one for one in asked if one.answered]
        asked = [one for one in asked if not one.answered]
        asked += _closed_lists(profile, asked, replaced, texts) if valued else ()
        if most is None:
            return (*asked, *answered)
        return tuple(_with_instead(one, source) for one in chosen(asked, most))


class _Finding(NamedTuple):
    """An issue to ask about, and a condition for the rows that the answer is about.

    Attributes:
        issue: The issue.
        told: The severity that the profile tells it at, if it does.
        where: The condition; None where the rows can not be picked out.
    """

    issue: Issue
    told: Severity | None
    where: str | None


def _findings(profile: FeedProfile, suspicious: FeedProfile) -> Iterator[_Finding]:
    """What is told, and what is suspected beyond what warnings tell of the same column."""
    warned: dict[str | None, list[str]] = {}
    notes = {(i.column, i.issue_type) for i in profile.issues if i.severity == "info"}
    for issue, where in _by_reason(i for i in profile.issues if i.severity != "info"):
        warned.setdefault(issue.column, []).append(where or "false")
        yield _Finding(issue, issue.severity, where)
    for issue, where in _by_reason(suspicious.issues):
        told = " OR ".join(warned.get(issue.column, ["false"]))
        beyond = where and f"{where} AND NOT coalesce({told}, false)"
        note = (issue.column, issue.issue_type) in notes
        yield _Finding(issue, "info" if note else None, beyond)


def _by_reason(issues: Iterable[Issue]) -> Iterator[tuple[Issue, str | None]]:
    """Issues of a column for one reason, with a condition for the rows of all of them."""
    found: dict[tuple[str | None, str, tuple[str, ...]], list[Issue]] = {}
    for issue in issues:
        if issue.issue_type in ACCEPTABLE - _NEVER_WRONG:
            found.setdefault((issue.column, issue.issue_type, issue.columns), []).append(issue)
    for first, *more in found.values():
        where = [f"({one.rows_where})" for one in (first, *more) if one.rows_where]
        yield first, f"({' OR '.join(where)})" if where else None


def _groups(
    profile: FeedProfile, finding: _Finding, source: FeedSource, *, valued: bool
) -> list[Ask]:
    """The cells of a finding, put together as one answer settles them."""
    issue = finding.issue
    columns = _deciding(issue)
    personal = any(c.personal for c in profile.columns if c.name in columns)
    whole = not valued or personal or issue.issue_type in OF_A_COLUMN
    if finding.where is None:
        told = whole and finding.told is not None
        asked = _ask(finding, issue.evidence_count, profile.row_count, valued=valued)
        return [asked] if told else []
    where = finding.where.replace(f"raw.{quoted(profile.feed)}", "feed")
    settles = int(source.one(f"SELECT count(*) FROM feed WHERE {where}")[0])
    if not settles:
        return []
    cells = [] if whole else [f"coalesce({bare(quoted(name))}, '')" for name in columns]
    asked = _ask(finding, settles, profile.row_count, valued=valued)
    shown = _shown(source, where, dict(zip(columns, cells, strict=False)))
    if whole:
        first, *alike = shown
        seen = {"file": first.file, "row": first.row, "alike": tuple(alike)}
        return [asked.model_copy(update=seen)]
    grouped = ", ".join(cells)
    found = source.query(
        f"SELECT count(*) AS n, min(_file), arg_min(_row, (_file, _row)), {grouped} FROM feed "
        f"WHERE {where} GROUP BY {grouped} ORDER BY n DESC, {grouped} LIMIT {_GROUPS}"
    )
    return [
        _of_value(asked, issue.detail, dict(zip(columns, one[3:], strict=True)), one[:3], shown)
        for one in found
    ]


def _shown(source: FeedSource, where: str, cells: Mapping[str, str]) -> list[Shown]:
    """Rows that tell what a finding is of: one of each of its most frequent values, then others."""
    spread = "ORDER BY (_row * 2654435761) % 4294967296, _file"
    of_value = f"PARTITION BY {', '.join(cells.values())}" if cells else ""
    columns = "".join(f", {cell} AS c{n}" for n, cell in enumerate(cells.values()))
    found = source.query(
        f"SELECT * EXCLUDE (k, n) FROM (SELECT _file, _row{columns}, "
        f"row_number() OVER ({of_value} {spread}) AS k, count(*) OVER ({of_value}) AS n "
        f"FROM feed WHERE {where}) ORDER BY k, n DESC, _file, _row LIMIT {_SHOWN}"
    )
    return [
        Shown(cells=dict(zip(cells, values, strict=True)), file=file, row=row)
        for file, row, *values in found
    ]


def _of_value(
    asked: Ask,
    why: str,
    cells: dict[str, str],
    found_at: Sequence[Any],
    shown: Sequence[Shown],
) -> Ask:
    """The question about one value or combination of a finding, beside others of it."""
    rows, file, row = found_at
    alike = tuple(one for one in shown if (one.file, one.row) != (file, row))[: _SHOWN - 1]
    key = key_of(asked.key, cells)
    return asked.model_copy(
        update={
            "key": key, "cells": cells, "rows": rows, "file": file, "row": row, "why": why,
            "alike": alike,
        }
    )  # fmt: skip


def _deciding(issue: Issue) -> list[str]:
    """The columns whose values tell the cells of an issue that are alike."""
    column = issue.column or ""
    if issue.issue_type not in OF_A_ROW or issue.issue_type in REPLACEABLE:
        return [column]
    others = [name for name in issue.columns if name != column]
    return [*(others if issue.issue_type == "broken_law" else others[:1]), column]


def _ask(finding: _Finding, settles: int, rows: int, *, valued: bool) -> Ask:
    """The question about all of a finding, which quotes masked values where none may be told."""
    issue, told = finding.issue, finding.told
    wrong = next(p for most, p in _SUSPECTED_WRONG if settles <= most * rows)
    return Ask(
        key=key_of(issue.feed, issue.column, issue.issue_type, told),
        feed=issue.feed,
        column=issue.column or "",
        issues=(issue.issue_type,),
        severity=told or "info",
        suspected=told is None,
        cells={},
        rows=settles,
        settles=settles,
        weight=wrong
        if told in {None, "info"}
        else 1 - _TOLD_WRONG.get(issue.issue_type, _MOSTLY_WRONG),
        why=f"{issue.detail} All of them are asked for at once.{'' if valued else _MASKED}",
    )


def key_of(*asked: object) -> str:
    """What tells a question: feed, column, and what is asked about. No number to a spreadsheet."""
    return f"q{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:12]}"


def is_key(text: str) -> bool:
    """Whether a text tells some question."""
    return re.fullmatch("q[0-9a-f]{12}", text) is not None


def _is_answered(
    one: Ask, right: AcceptedFindings, suspected: Mapping[str, Collection[str]]
) -> bool:
    """Whether it was answered since the profile was made."""
    if one.severity == "info" and one.issues[0] in suspected.get(one.column, ()):
        return True
    if all(any(map(one.fits, right.of(one.column, issue))) for issue in one.issues):
        return True
    return one.value is not None and one.value in map(trim, right.replaced.get(one.column, ()))


def _is_known(one: Ask, listed: Mapping[str, Collection[str]]) -> bool:
    """Whether the column's rule knows the value, so that it makes the right one of it."""
    known = {text.casefold() for text in listed.get(one.column, ())}
    return one.value is not None and one.value.casefold() in known


def _closed_lists(
    profile: FeedProfile,
    asked: Sequence[Ask],
    replaced: Mapping[str, Mapping[str, str]],
    texts: Collection[str],
) -> Iterator[Ask]:
    """Whether the few values of a column are all there are, where answers left none open."""
    open_columns = {one.column for one in asked if one.cells}
    for column in profile.columns if profile.basis == "all_rows" else ():
        put_right = replaced.get(column.name, {})
        wrong, right = {*map(trim, put_right)}, {text for text in put_right.values() if text}
        values = {trim(one.value) for one in column.top_values if not is_null_like(one.value)}
        few = 1 < column.distinct_count <= len(column.top_values)
        told = column.name in texts and column.name not in open_columns and wrong
        if told and few and not column.personal:
            codes = sorted((values - wrong) | right)
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
