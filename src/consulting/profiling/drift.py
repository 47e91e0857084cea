"""What changed since the last delivery, and against what the models read."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from consulting.profiling.notations import (
    are_of_one_order,
    counts_something,
    currencies_of,
    declared_order,
    flags_of,
    is_cut_to_nought,
    is_misread,
    is_nearer_otherwise,
    is_percent,
    lie_within_months,
    mark_of,
    mostly,
    units_of,
    ways_to_write,
)
from consulting.profiling.patches import label_of, patched, unified
from consulting.profiling.renames import find_renames
from consulting.profiling.shift import chance_of_rise, distribution_shift
from consulting.profiling.thresholds import Thresholds
from consulting.profiling.wording import enumerated, share
from consulting.records import PERCENT, ReadColumn, Record
from consulting.rules import rule_of_type
from consulting.rules.currencies import may_be_one
from consulting.shown import on_one_line
from consulting.wording import counted

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from consulting.profiling.model import ColumnProfile, FeedProfile

_LIMITS = Thresholds()
"""When a change is worth telling."""
_UNTYPED = frozenset({"empty", "unknown"})
_NUMBERS = frozenset({"integer", "decimal", "money"})
_HARMLESS = frozenset({("decimal", "integer"), ("timestamp", "date"), ("text", "code")})
_MOST_FILES = 3
_LOOK_BACK = 12
"""Deliveries before the last one in which a currency or a unit is looked for: a year of months."""
_ENOUGH = 20
"""What fewer values show of a column is held against more of them, too."""
_LIKELY, _UNLIKELY = 0.1, 0.001
"""A rise that chance brings oftener than the first is none; oftener than the second, none to stop
for."""
_RANK = {"block": 0, "warn": 1, "info": 2}

_CONFIRMED = frozenset(
    {
        "date_order_unclear",
        "decimal_mark_unclear",
        "null_jump",
        "unit_changed",
        "volume_collapse",
    }
)
"""What says nothing of the files' shape, so that no YAML can accept it."""
CONFIRMED = "It was confirmed to be right."
_IF_RIGHT = "{} If it is right so, `consulting accept` delivers these files."

DriftSeverity = Literal["info", "warn", "block"]
_LACKED: dict[DriftSeverity, str] = {
    "warn": "; no model reads {}",
    "info": "; the client may leave {} out",
    "block": ", and the models read {}",
}
"""What is said of a column that files lack, by how grave that is."""


class DriftFinding(Record):
    """One change between two deliveries of a feed.

    Attributes:
        feed: The feed.
        kind: "another_feed", "new_column", "missing_column", "renamed_column", "both_names",
            "retyped_column", "rewritten_column", "date_order_changed", "date_order_unclear",
            "decimal_mark_changed", "decimal_mark_unclear", "digits_cut", "currency_changed",
            "unit_changed", "volume_collapse", "volume_surge", "distribution_shift" or "null_jump".
        severity: "block" stops the delivery.
        column: The column, under its present name where it has one.
        previous_column: Its name before, where it was renamed.
        detail: What changed, in a sentence.
        measure: What was measured ("PSI", "rows now / rows before", …).
        value: The measured value.
        threshold: What it was held against.
        recommendation: What to do.
        patch: A unified diff of the feed's YAML, where the change is plain.
        said: The names of a column that files lack, in words; empty where none is lacking.
        lacked_in: Those files, in words; empty likewise.
        accepted: Whether the models read a new or renamed column so already.
    """

    feed: str
    kind: str
    severity: DriftSeverity
    column: str | None = None
    previous_column: str | None = None
    detail: str
    measure: str | None = None
    value: float | None = None
    threshold: float | None = None
    recommendation: str
    patch: str | None = None
    said: str = ""
    lacked_in: str = ""
    accepted: bool = False

    @property
    def to_confirm(self) -> str:
        """What somebody confirms of the files: kind, feed and column; empty where YAML decides."""
        if self.severity != "block" or self.kind not in _CONFIRMED:
            return ""
        return " ".join(filter(None, (self.kind, self.feed, self.column)))

    def confirmed(self) -> DriftFinding:
        """The finding of files that somebody confirmed: it is told, and stops nothing."""
        return self.model_copy(update={"severity": "warn", "recommendation": CONFIRMED})


def changes_in_words(findings: Iterable[DriftFinding]) -> str:
    """What changed, in sentences: one for all columns that the same files lack."""
    alike: dict[object, list[DriftFinding]] = {}
    for finding in findings:
        lacked = (finding.lacked_in, finding.severity) if finding.lacked_in else None
        alike.setdefault(lacked or finding.detail, []).append(finding)
    return " ".join(
        _not_in([each.said for each in group], group[0].lacked_in, group[0].severity)
        if group[0].lacked_in
        else group[0].detail
        for group in alike.values()
    )


def _not_in(columns: Sequence[str], files: str, severity: DriftSeverity) -> str:
    """A sentence on columns that files lack, both in words."""
    verb, them = ("is", "it") if len(columns) == 1 else ("are", "them")
    return f"{enumerated(columns)} {verb} not in {files}{_LACKED[severity].format(them)}."


def compare(  # noqa: PLR0913 - by name only; what the files are compared with
    previous: FeedProfile | None,
    current: FeedProfile,
    declared: Sequence[ReadColumn | str] = (),
    *,
    known: Sequence[str] = (),
    files: Mapping[str, Sequence[str]] | None = None,
    others: Mapping[str, Sequence[ReadColumn]] | None = None,
    models_yaml: Path | str | None = None,
    carried: bool = False,
    earlier: Iterable[FeedProfile] = (),
) -> list[DriftFinding]:
    """Compares a profile with the last delivered one and with what the models read.

    Args:
        previous: The profile of the last delivery; None for a first one.
        current: The profile of this run.
        declared: The source columns the feed's models read, a text for one that hand-written SQL
            reads; empty where it has no models.
        known: Further source columns that are no news: the YAML says that they are dropped.
        files: The columns of each file of this run; without it, no file is named.
        others: What the models of the client's other feeds read, for files that were mixed up.
        models_yaml: The feed's YAML, its path or its text: patches are proposed against it.
        carried: Whether the files stand in from an earlier delivery: nothing of them changed, and
            only what they prove against the rules as they are now is told.
        earlier: The profiles of the deliveries before the last one, the newest first: the currency
            and the unit are held against those that were named last.

    Returns:
        The findings, the gravest first. Distributions are compared by the population stability
        index over the earlier deciles or most frequent values (Siddiqi 2006), and only where the
        rows are enough for it to be more than noise (Yurdakul & Naranjo 2020).
    """
    comparison = _Comparison(
        previous,
        current,
        [ReadColumn(names=(c,)) if isinstance(c, str) else c for c in declared],
        files or {},
        models_yaml=models_yaml,
        earlier=earlier,
    )
    if carried:
        return [
            comparison.of_carried(f) for c in current.columns for f in comparison.proven(None, c)
        ]
    mixed_up = [*comparison.of_other_feeds(others or {})]
    if mixed_up:
        return mixed_up
    findings = comparison.columns(known)
    if previous is not None and "headers" not in {previous.basis, current.basis}:
        findings += comparison.volume(previous)
    for column in current.columns:
        findings += comparison.content(column)
    findings = [comparison.with_patch(finding) for finding in findings]
    return sorted(findings, key=lambda f: (_RANK[f.severity], f.kind, f.column or ""))


class _Comparison:
    def __init__(  # noqa: PLR0913 - as `compare`
        self,
        previous: FeedProfile | None,
        current: FeedProfile,
        reads: Sequence[ReadColumn],
        files: Mapping[str, Sequence[str]],
        *,
        models_yaml: Path | str | None,
        earlier: Iterable[FeedProfile],
    ) -> None:
        self._earlier = earlier
        self._previous = previous
        self._current = current
        self._reads = reads
        # as in the warehouse, case does not tell two headers apart
        self._declared = {name.casefold(): read for read in reversed(reads) for name in read.names}
        self._files = files
        self._yaml: str | None = None
        self._label = f"{current.feed}.yml"
        if isinstance(models_yaml, Path):
            self._yaml = models_yaml.read_text(encoding="utf-8") if models_yaml.exists() else None
            self._label = label_of(models_yaml)
        elif models_yaml is not None:
            self._yaml = models_yaml

    def columns(self, known: Sequence[str]) -> list[DriftFinding]:
        """Columns that came, went, or changed their name."""
        now = [c.name for c in self._current.columns]
        before = [c.name for c in self._previous.columns] if self._previous else []
        if not self._reads and not before:
            return []
        lacking = {read.names[0]: files for read in self._reads if (files := self._lacking(read))}
        here = set(map(str.casefold, now))
        lacking |= {c: self._all for c in before if c.casefold() not in here and not self._read(c)}
        expected = {*self._declared, *map(str.casefold, (*before, *known))}
        new = [c for c in now if c.casefold() not in expected]
        renames = find_renames(list(lacking), new, self._previous, self._current)
        findings = [self._renamed(old, name, score) for old, (name, score) in renames.items()]
        findings += [self._missing(c, files) for c, files in lacking.items() if c not in renames]
        taken = {name for name, _ in renames.values()}
        findings += [self._new(c) for c in new if c not in taken]
        return [*findings, *self._accepted(now, before), *self._both()]

    def _accepted(self, now: Sequence[str], before: Sequence[str]) -> Iterator[DriftFinding]:
        """Columns that the last files did not have, or under another name, and models read."""
        known = {name.casefold(): name for name in before}
        here = {name.casefold() for name in now}
        for name in now if before else ():
            read = self._read(name)
            if read is None or name.casefold() in known:
                continue
            earlier = [known[one] for one in map(str.casefold, read.names) if one in known]
            if not earlier:
                yield DriftFinding(
                    feed=self._current.feed, kind="new_column", severity="info", column=name,
                    detail=f"“{name}” is in {_in(self._having(name)) or 'the files'}, and was not "
                    "in the last ones.",
                    recommendation="Its models read it.", accepted=True,
                )  # fmt: skip
            elif here.isdisjoint(map(str.casefold, earlier)):
                yield DriftFinding(
                    feed=self._current.feed, kind="renamed_column", severity="info", column=name,
                    previous_column=earlier[0],
                    detail=f"“{earlier[0]}” is called “{name}” now"
                    f"{_in(self._having(name), ', in ')}.",
                    recommendation="Its models read both names.", accepted=True,
                )  # fmt: skip

    def _read(self, column: str) -> ReadColumn | None:
        return self._declared.get(column.casefold())

    def of_other_feeds(self, others: Mapping[str, Sequence[ReadColumn]]) -> Iterator[DriftFinding]:
        """The files that hold what another feed reads: nothing in them was renamed."""
        for file, columns in self._files.items():
            lacking = [read.names[0] for read in self._reads if read.is_lacking(columns)]
            own = {column for column in columns if self._read(column)}
            fitting: list[tuple[int, str, list[str]]] = []
            for feed, reads in others.items() if lacking else ():
                if any(read.is_lacking(columns) for read in reads):
                    continue
                theirs = {c for c in columns if any(read.is_in([c]) for read in reads)}
                if len(theirs - own) > len(own - theirs):
                    alone = [column for column in columns if column in theirs - own]
                    fitting.append((len(alone), feed, alone))
            if fitting:
                _, feed, alone = max(fitting)
                yield DriftFinding(
                    feed=self._current.feed, kind="another_feed", severity="block",
                    detail=f"{on_one_line(file)} holds what feed {feed!r} reads "
                    f"({_quoted(alone)}), and not {_quoted(lacking)}.",
                    recommendation="Files or sheets were mixed up, or moved: have the client send "
                    "them as before. If it stays so, set `files`, `member` or `sheet` of both "
                    "feeds to where each is found now.",
                )  # fmt: skip

    @property
    def _all(self) -> list[str]:
        return list(self._files) or [""]

    def _lacking(self, read: ReadColumn) -> list[str]:
        """The files that have a column under none of its names."""
        files = self._files or {"": [c.name for c in self._current.columns]}
        return [name for name, columns in files.items() if not read.is_in(columns)]

    def _having(self, column: str) -> list[str]:
        return [name for name, columns in self._files.items() if column in columns]

    def _both(self) -> list[DriftFinding]:
        """Files that have a column under more than one of its names."""
        return [
            DriftFinding(
                feed=self._current.feed, kind="both_names", severity="warn", column=names[0],
                detail=f"{on_one_line(file)} has {enumerated([f'“{name}”' for name in names])}, "
                f"which are names of one column; of each row, the first that is not empty is read.",
                recommendation="Ask the client which is meant, and take the other out of `from`.",
            )
            for file, columns in self._files.items()
            for read in self._reads
            if len(names := [name for name in read.names if name in columns]) > 1
        ]  # fmt: skip

    def with_patch(self, finding: DriftFinding) -> DriftFinding:
        """The finding with the change of the YAML that accepts it, where that is plain."""
        if finding.to_confirm:
            advice = _IF_RIGHT.format(finding.recommendation)
            return finding.model_copy(update={"recommendation": advice})
        new = finding.kind == "new_column" and not finding.accepted
        accepts = finding.severity == "block" or new
        after = patched(self._yaml, finding, self._current) if self._yaml and accepts else None
        if not after or not self._yaml:
            return finding
        client = f"{finding.recommendation} `consulting accept` applies the patch."
        patch = unified(self._yaml, after, self._label)
        return finding.model_copy(update={"patch": patch, "recommendation": client})

    def _renamed(self, old: str, new: str, score: float) -> DriftFinding:
        return DriftFinding(
            feed=self._current.feed, kind="renamed_column",
            severity="block" if self._read(old) else "info",
            column=new, previous_column=old,
            detail=f"“{old}” seems to be called “{new}” now{_in(self._having(new), ', in ')}.",
            measure="likeness of names and values", value=score,
            threshold=_LIMITS.rename_score,
            recommendation="Confirm with the client that it is the same column; the feed's YAML "
            "then reads both names (`from`)." if self._read(old) else
            f"Give “{new}” the reason in the feed's YAML that “{old}” has (`dropped_because`), or "
            "a column that reads it.",
        )  # fmt: skip

    def _missing(self, column: str, files: Sequence[str]) -> DriftFinding:
        read = self._read(column)
        severity: DriftSeverity = "warn" if read is None else "info" if read.optional else "block"
        said = " or ".join(f"“{name}”" for name in (read.names if read else (column,)))
        lacked_in = _in(files) or "the files"
        gone = " If it is gone for good, let it be `optional` in the feed's YAML."
        return DriftFinding(
            feed=self._current.feed, kind="missing_column", column=column, severity=severity,
            detail=_not_in([said], lacked_in, severity), said=said, lacked_in=lacked_in,
            recommendation="Ask the client for the column." + gone * (severity == "block"),
        )  # fmt: skip

    def _new(self, column: str) -> DriftFinding:
        return DriftFinding(
            feed=self._current.feed, kind="new_column", severity="info", column=column,
            detail=f"“{column}” is new in {_in(self._having(column)) or 'the files'}; "
            "no model reads it yet.",
            recommendation="Add it to the feed's YAML, or state there why it is dropped.",
        )  # fmt: skip

    def volume(self, previous: FeedProfile) -> list[DriftFinding]:
        """Far fewer or far more rows than last time."""
        before, now = previous.row_count, self._current.row_count
        if not before or previous.basis != self._current.basis or previous.basis == "sample":
            return []
        ratio = round(now / before, 4)
        if ratio < _LIMITS.volume_warn:
            block = ratio < _LIMITS.volume_block
            kind, severity = "volume_collapse", "block" if block else "warn"
            threshold = _LIMITS.volume_block if block else _LIMITS.volume_warn
        elif ratio > _LIMITS.volume_surge:
            kind, severity, threshold = "volume_surge", "warn", _LIMITS.volume_surge
        else:
            return []
        return [
            DriftFinding(
                feed=self._current.feed, kind=kind, severity=severity,
                detail=f"{counted(now, 'row')}{_in(self._all, ' in ')}, "
                f"where the last delivery had {before:,}.",
                measure="rows now / rows before", value=ratio, threshold=threshold,
                recommendation="Ask whether the export is complete, and filtered as before.",
            )
        ]  # fmt: skip

    def proven(self, before: ColumnProfile | None, now: ColumnProfile) -> list[DriftFinding]:
        """What a column's values prove against its rule, whatever was delivered before."""
        found = (self._order_changed(before, now), self._mark_changed(before, now))
        return [each for each in found if each]

    def rounded(self, before: ColumnProfile | None, now: ColumnProfile) -> Iterator[DriftFinding]:
        """Numbers that have more digits than their rule keeps, and the last ones had not."""
        read = self._read(now.name)
        if read is None or read.scale is None:
            return
        lost = is_cut_to_nought(now, read.scale)
        if not lost and (not _is_cut(now, read) or (before and _is_cut(before, read))):
            return
        most = " Most of them would be delivered as 0." if lost else ""
        yield DriftFinding(
            feed=self._current.feed, kind="digits_cut", column=now.name,
            severity="block" if lost else "warn",
            detail=f"{self._named('numbers', now)} have up to "
            f"{counted(now.fraction_digits, 'digit')} after the decimal mark, of which their rule "
            f"keeps {read.scale}.{most}",
            measure="digits after the decimal mark", value=now.fraction_digits,
            threshold=read.scale,
            recommendation="If the client means them, let the column's rule keep them (`scale`); "
            "it rounds.",
        )  # fmt: skip

    def of_carried(self, finding: DriftFinding) -> DriftFinding:
        """A finding of files that stand in: no YAML reads these and the newer ones alike."""
        advice = (
            "These files were delivered before, and the rule was changed since: deliver newer "
            "files of the feed with them, or let its YAML read these again."
        )
        return finding.model_copy(update={"recommendation": advice})

    def content(self, now: ColumnProfile) -> list[DriftFinding]:
        """A column's type, what its numbers count, missing values and distribution.

        A change is one against the last delivery in which the column had values and, where these
        were few, against the last one in which it had more, too.
        """
        last = self._last(now, 1)
        found = self._content(*last, now) if last else [*self.proven(None, now)]
        more = self._last(now, _ENOUGH) if found else None
        if more:
            kinds = {each.kind for each in self._content(*more, now)}
            found = [each for each in found if each.kind in kinds]
        jump = [*self._null_jump(now)]
        if jump:  # what is missing is a part of how the values are spread
            found = [each for each in found if each.kind != "distribution_shift"]
        return [*found, *jump, *self.rounded(last and last[0], now)]

    def _delivered(self) -> Iterator[FeedProfile]:
        """The profiles of earlier deliveries whose rows were read, the newest first."""
        if self._previous is not None and self._current.basis != "headers":
            # those before the last one are read from disk, and most runs need none of them
            for several in ([self._previous], self._looked_back):
                yield from (each for each in several if each.basis != "headers")

    def _last(self, now: ColumnProfile, least: int) -> tuple[ColumnProfile, FeedProfile] | None:
        """A column in the last delivery in which it had so many values, under any of its names."""
        for profile in self._delivered() if now.inferred_type not in _UNTYPED else ():
            column = self._find(now, profile)
            if column is not None and profile.row_count - _missing(column) >= least:
                return column, profile
        return None

    def _find(self, now: ColumnProfile, profile: FeedProfile | None) -> ColumnProfile | None:
        """A column of now in an earlier profile, under any of its names."""
        read = self._read(now.name)
        names = {now.name.casefold(), *map(str.casefold, read.names if read else ())}
        columns = profile.columns if profile else ()
        return next((each for each in columns if each.name.casefold() in names), None)

    def _content(
        self, before: ColumnProfile, previous: FeedProfile, now: ColumnProfile
    ) -> list[DriftFinding]:
        found = [
            *self.proven(before, now),
            self._retyped(before, now),
        ]
        if counts_something(now):
            found += [
                self._currency_changed(before, now),
                self._unit_changed(before, now),
                self._percent_changed(before, now),
            ]
        if not any(found):
            rewritten = self._rewritten(before, now)
            found.append(rewritten)
            if not rewritten or before.inferred_type != "boolean":
                found.append(self._shifted(before, now, previous))
        return [f for f in found if f is not None]

    def _retyped(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        types = (before.inferred_type, now.inferred_type)
        if types[0] == types[1] or types in _HARMLESS or _UNTYPED & set(types):
            return None
        related = set(types) <= _NUMBERS or set(types) == {"date", "timestamp"}
        read = self._read(now.name)
        flags = flags_of(now)
        if types[0] == "boolean" and read and flags and read.texts.issuperset(flags):
            return None  # 0 and 1 are numbers, and yes and no to its rule
        if types[0] in _NUMBERS and types[1] == "boolean" and any(map(str.isdigit, flags)):
            return None  # noughts and a word beside them
        rule = read.rule if read else None
        expected = rule_of_type(types[1]).name
        meant = rule is not None and rule == expected and expected != "to_text"
        breaks = read is not None and rule != "to_text" and not self._are_numbers(before, now)
        return DriftFinding(
            feed=self._current.feed, kind="retyped_column", column=now.name,
            severity="info" if related or meant else "block" if breaks else "warn",
            detail=f"“{now.name}” was {types[0]} and is {types[1]} now"
            f"{_in(self._having(now.name), ', in ')}.",
            recommendation="Its rule reads what it is now." if meant else
            "Look at its issues: the client's export may write it in another way. If it is meant "
            f"to be so, give it the rule {expected} in the feed's YAML, and it is delivered.",
        )  # fmt: skip

    def _are_numbers(self, before: ColumnProfile, now: ColumnProfile) -> bool:
        """Whether of few texts, where numbers were, most are numbers: the others are rejected."""
        values = self._current.row_count - _missing(now)
        numbers = sum(found.count for found in now.formats)
        return (
            before.inferred_type in _NUMBERS and values < _ENOUGH and numbers < values < 2 * numbers
        )

    def _rewritten(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        """The same kind of values, none of which is written as they were."""
        then, today = ways_to_write(before), ways_to_write(now)
        same_kind = bool(flags_of(before)) == bool(flags_of(now))
        if not same_kind or not then or not today or not then.keys().isdisjoint(today):
            return None
        read = self._read(now.name)
        unread = read is not None and bool(read.texts) and not read.texts.issuperset(today)
        return DriftFinding(
            feed=self._current.feed, kind="rewritten_column", column=now.name,
            severity="warn" if unread else "info",
            detail=f"“{now.name}” is written {enumerated([*today.values()], 'or')} now"
            f"{_in(self._having(now.name), ', in ')}; in the last delivery it was written "
            f"{enumerated([*then.values()], 'or')}.",
            recommendation="Let its rule read these words, too." if unread
            else "Look whether its rule rejects any for it.",
        )  # fmt: skip

    def _order_changed(
        self, before: ColumnProfile | None, now: ColumnProfile
    ) -> DriftFinding | None:
        proven = now.day_first is not None
        today = now.day_first if proven else now.closer_day_first
        if today is None:
            return None
        declared = declared_order(self._read(now.name), now)
        misread = proven and declared == (not today)
        changed = before is not None and before.day_first == (not today)
        if changed and before and not proven:  # the first of a month may be a column's habit
            changed = lie_within_months(before)
        if not misread and not changed:
            return None
        first, other = ("day", "month") if today else ("month", "day")
        says = "have" if proven else "lie within a month only with"
        against = [f"its rule reads them with the {other} first"] * misread
        against += [f"those of the last delivery had the {other} first"] * changed
        return DriftFinding(
            feed=self._current.feed, column=now.name,
            kind="date_order_changed" if proven else "date_order_unclear",
            severity="info" if declared == today else
            "block" if self._is_converted(now) else "warn",
            detail=f"{self._named('dates', now)} {says} the "
            f"{first} first; {enumerated(against)}.",
            recommendation="Its rule reads them so." if declared == today else
            "Ask the client in which order day and month are written now: read in "
            "the other one, each date up to the twelfth of a month becomes another day.",
        )  # fmt: skip

    def _mark_changed(
        self, before: ColumnProfile | None, now: ColumnProfile
    ) -> DriftFinding | None:
        read, mark = self._read(now.name), mark_of(now)
        declared = read.decimal if read else None
        if declared is None or mark in {None, "either", declared}:
            return None
        proven = mark != "unclear"
        if not (
            is_misread(now) if proven else before and is_nearer_otherwise(before, now, declared)
        ):
            return None
        told = (
            f"have a decimal {mark}; its rule reads them with a decimal {declared}."
            if proven
            else "could have a decimal point or a decimal comma; with the "
            f"{declared}, as its rule reads them, they are a thousand times more or less than "
            "those of the last delivery, and with the other mark they are not."
        )
        return DriftFinding(
            feed=self._current.feed, column=now.name, severity="block",
            kind="decimal_mark_changed" if proven else "decimal_mark_unclear",
            detail=f"{self._named('numbers', now)} {told}",
            recommendation="Ask the client which decimal mark they write now, and declare it in "
            "the column's rule (decimal: point or comma): read with the other, 1.234 is 1,234.",
        )  # fmt: skip

    def _named(self, what: str, column: ColumnProfile) -> str:
        """A column's dates, amounts or numbers, at the beginning of a sentence."""
        return f"The {what} in “{column.name}”{_in(self._having(column.name), ' of ')}"

    def _is_converted(self, column: ColumnProfile) -> bool:
        """Whether a rule makes something else of a column's texts; SQL is not known to."""
        read = self._read(column.name)
        return read is not None and read.rule not in {None, "to_text"}

    def _currency_changed(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        then, today = self._named_last(currencies_of, before, now), currencies_of(now)
        if then is None or any(may_be_one(then, found) for found in today):
            return None
        named = mostly(today, now)
        read = self._read(now.name)
        # a rule reads what is written, and not what the format of a cell shows
        written = bool(now.currencies) or not named
        apart = read is not None and read.currency_apart and written
        of_its_own = " If it is meant to be so, deliver it in a column of its own (`rule: "
        of_its_own += "to_currency`, read from the same column)."
        return DriftFinding(
            feed=self._current.feed, column=now.name,
            kind="currency_changed" if written else "unit_changed",
            severity="info" if apart and named else
            "block" if named and self._is_converted(now) else "warn",
            detail=f"{self._named('amounts', now)} "
            f"{f'are in {named}' if named else 'name no currency'}, where the last delivery"
            f"{'' if currencies_of(before) else ' that named one'} had {then}.",
            recommendation="Its currency is delivered in a column of its own." if apart and named
            else "Ask the client in which currency they are now." if not named else
            f"Ask the client which currency is meant.{of_its_own * written}",
        )  # fmt: skip

    def _unit_changed(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        then, today = self._named_last(units_of, before, now), units_of(now)
        if then is None or then in today:
            return None
        lost = not today and not before.units  # other programs write no formats
        return DriftFinding(
            feed=self._current.feed, kind="unit_changed", column=now.name,
            severity="block" if self._is_converted(now) and not lost else "warn",
            detail=f"{self._named('numbers', now)} have "
            f"{'another unit' if mostly(today, now) else 'no unit'} now; "
            f"{'last time' if units_of(before) else 'when they last had one,'} most had one and "
            "the same.",
            recommendation="Ask the client what they count now: they are delivered as numbers, "
            "without the unit.",
        )  # fmt: skip

    def _percent_changed(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        """Numbers that the formats of a workbook show as percent, and no longer, or the reverse."""
        shares = is_percent(now)
        known = None not in {before.shown_as, now.shown_as}
        if not known or is_percent(before) == shares or are_of_one_order(before, now):
            return None
        then, today = ("bare numbers", PERCENT) if shares else (PERCENT, "bare numbers")
        return DriftFinding(
            feed=self._current.feed, kind="unit_changed", column=now.name,
            severity="block" if self._is_converted(now) else "warn",
            detail=f"The cells of “{now.name}”{_in(self._having(now.name), ' in ')} show "
            f"{today} now; those of the last delivery showed {then}.",
            recommendation="Ask the client what the numbers count now: they are delivered without "
            "what the format of a cell shows beside them (5% is the number 0.05).",
        )  # fmt: skip

    @cached_property
    def _looked_back(self) -> list[FeedProfile]:
        return [*islice(self._earlier, _LOOK_BACK)]

    def _named_last(
        self,
        named: Callable[[ColumnProfile], Counter[str]],
        before: ColumnProfile,
        now: ColumnProfile,
    ) -> str | None:
        """The currency or unit of most of a column's numbers when one was last named.

        Where none is named now either it is that of the last delivery: its lack was told once.
        """
        if named(before) or not named(now):
            return mostly(named(before), before)
        columns = [self._find(now, profile) for profile in self._looked_back]
        return next((mostly(named(each), each) for each in columns if each and named(each)), None)

    @cached_property
    def _with_rows(self) -> FeedProfile | None:
        """The last delivery with rows enough to tell a share, else with any."""
        for least in (_ENOUGH, 1):
            for profile in self._delivered():
                if profile.row_count >= least:
                    return profile
        return None

    def _null_jump(self, now: ColumnProfile) -> Iterator[DriftFinding]:
        """More missing values than in the last delivery that had enough rows to tell."""
        lost, rows = _missing(now), self._current.row_count
        if not rows or lost < _LIMITS.null_jump * rows:
            return
        previous = self._with_rows
        before = self._find(now, previous)
        if before is None or previous is None:
            return
        today, then = lost / rows, _missing(before) / previous.row_count
        rise = round(today - then, 4)
        chance = chance_of_rise((_missing(before), previous.row_count), (lost, rows))
        if rise < _LIMITS.null_jump or chance > _LIKELY:
            return
        block = (
            rise >= _LIMITS.null_block and chance <= _UNLIKELY and self._read(now.name) is not None
        )
        yield DriftFinding(
            feed=self._current.feed, kind="null_jump", column=now.name,
            severity="block" if block else "warn",
            detail=f"{_said(today)} of the rows{_in(self._all, ' of ')} have no “{now.name}”; "
            f"{'last time' if previous is self._previous else 'before that'} {_said(then)}.",
            measure="rise of the share of missing values", value=rise,
            threshold=_LIMITS.null_block if block else _LIMITS.null_jump,
            recommendation="Ask the client whether the column is still filled.",
        )  # fmt: skip

    def _shifted(
        self, before: ColumnProfile, now: ColumnProfile, previous: FeedProfile
    ) -> DriftFinding | None:
        found = distribution_shift(before, now, previous.row_count, self._current.row_count)
        if found is None:
            return None
        index, noise = found
        threshold = max(_LIMITS.shift_info, noise)
        if index < threshold:
            return None
        grave = index >= max(_LIMITS.shift_warn, noise)
        return DriftFinding(
            feed=self._current.feed, kind="distribution_shift", column=now.name,
            severity="warn" if grave else "info",
            detail=f"The values of “{now.name}” are spread differently than last time.",
            measure="PSI", value=index,
            threshold=round(max(_LIMITS.shift_warn, noise) if grave else threshold, 4),
            recommendation="Compare its histogram and most frequent values with the last report.",
        )  # fmt: skip


def _quoted(columns: Sequence[str]) -> str:
    shown = [f"“{on_one_line(column)}”" for column in columns[:_MOST_FILES]]
    return enumerated([*shown, *(["others"] if len(columns) > _MOST_FILES else [])])


def _in(files: Sequence[str], before: str = "") -> str:
    """Which files, in words; nothing where they are not known."""
    names = [on_one_line(name) for name in files if name]
    more = len(names) - _MOST_FILES
    if more > 0:
        names = [*names[:_MOST_FILES], f"{counted(more, 'file')} more"]
    return f"{before}{enumerated(names)}" if names else ""


def _is_cut(column: ColumnProfile, read: ReadColumn) -> bool:
    """Whether numbers of a column have more digits than its rule keeps."""
    return read.scale is not None and column.fraction_digits > read.scale


def _said(part: float) -> str:
    return share(round(part * 1_000_000), 1_000_000)


def _missing(column: ColumnProfile) -> int:
    return column.null_count + column.null_like_count
