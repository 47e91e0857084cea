"""What changed since the last delivery, and against what the models read."""

from __future__ import annotations

from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from consulting.profiling import swapped
from consulting.profiling.content import Content
from consulting.profiling.finding import APPLIED, DriftFinding, not_in
from consulting.profiling.larger import turned_round
from consulting.profiling.past import ENOUGH, Held, Past
from consulting.profiling.patches import label_of, patched, unified
from consulting.profiling.reads import MOST_FILES, Reads, in_files
from consulting.profiling.renames import find_renames
from consulting.profiling.thresholds import Thresholds
from consulting.profiling.wording import enumerated
from consulting.records import ReadColumn
from consulting.shown import on_one_line
from consulting.untitled import is_untitled
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from consulting.profiling.finding import DriftSeverity
    from consulting.profiling.model import FeedProfile
    from consulting.profiling.swapped import Pair, Swap

_LIMITS = Thresholds()
"""When a change is worth telling."""
_RANK = {"block": 0, "warn": 1, "info": 2}

Part = Literal["carried", "one file", "namesake"]
"""Files that stand in from an earlier delivery, or one of several that came, which is held against
all files of the last, or against the one of its name."""
_OF_PART: dict[Literal["carried", "one file"], str] = {
    "carried": "These files were delivered before, and the rule was changed since: have the client "
    "send them again as newer ones are written, or let its YAML read both.",
    "one file": "Other files of this delivery, or its rule, have them otherwise: have the client "
    "send this file again as those are written, or let its YAML read both.",
}
_OF_TEXTS = frozenset({"code", "email", "phone", "text", "time", "url", "uuid"})
"""Types that few texts may be of, or not: `04-10007` is a telephone number in some files."""
_IF_RIGHT = "{} If it is right so, `consulting accept` delivers these files."


def compare(  # noqa: PLR0913 - by name only; what the files are compared with
    previous: Held | FeedProfile | None,
    current: FeedProfile,
    declared: Sequence[ReadColumn | str] = (),
    *,
    known: Sequence[str] = (),
    files: Mapping[str, Sequence[str]] | None = None,
    others: Mapping[str, Sequence[ReadColumn]] | None = None,
    models_yaml: Path | str | None = None,
    part: Part | None = None,
    earlier: Iterable[FeedProfile] = (),
    placed: Iterable[Held] | None = None,
) -> list[DriftFinding]:
    """Compares a profile with the last delivered one and with what the models read.

    Args:
        previous: What the last delivery held, or its profile alone; None for a first one. Of a
            sample, by which the client's models were made, it is not held against that how many
            values there are.
        current: The profile of this run.
        declared: The source columns the feed's models read, a text for one that hand-written SQL
            reads; empty where it has no models.
        known: Further source columns that are no news: the YAML says that they are dropped.
        files: The columns of each file of this run; without it, no file is named.
        others: What the models of the client's other feeds read, for files that were mixed up.
        models_yaml: The feed's YAML, its path or its text: patches are proposed against it.
        part: Of what the profile is, if not of all files that came. Of some, only what they prove,
            or seem to, against the rules as they are now is told, unless they are held against
            those of their names.
        earlier: The profiles of the deliveries before the last one, the newest first: the currency
            and the unit are held against those that were named last.
        placed: The deliveries that show which column holds what, the last first; left out, it is
            `previous` and those before it.

    Returns:
        The findings, the gravest first. Distributions are compared by the population stability
        index over the earlier deciles or most frequent values (Siddiqi 2006), and only where the
        rows are enough for it to be more than noise (Yurdakul & Naranjo 2020).
    """
    last = previous if previous is None or isinstance(previous, Held) else Held(previous)
    comparison = _Comparison(
        last,
        current,
        [ReadColumn(names=(c,)) if isinstance(c, str) else c for c in declared],
        files or {},
        models_yaml=models_yaml,
        earlier=earlier,
        placed=placed,
    )
    if part == "namesake":
        return [*comparison.since_its_namesake()]
    if part is not None:
        of = (
            comparison.content.notation
            if part == "one file"
            else partial(comparison.content.proven, None)
        )
        some = [comparison.of_some(f, part) for c in current.columns for f in of(c)]
        moved = comparison.swapped() if part == "one file" else ()
        return [*some, *map(comparison.with_patch, moved)]
    mixed_up = [*comparison.of_other_feeds(others or {})]
    if mixed_up:
        return mixed_up
    findings = comparison.columns(known)
    renamed = {finding.previous_column for finding in findings if not finding.accepted}
    if last is not None and "headers" not in {last.profile.basis, current.basis}:
        findings += comparison.volume(last.profile)
    for column in current.columns:
        # what lies under the new name in other files is not missing
        findings += (
            finding
            for finding in comparison.content.of(column)
            if column.name not in renamed or finding.kind != "null_jump"
        )
    findings = [comparison.with_patch(finding) for finding in findings]
    return sorted(findings, key=lambda f: (_RANK[f.severity], f.kind, f.column or ""))


def mixed_columns(
    previous: FeedProfile, current: FeedProfile, reads: Sequence[ReadColumn]
) -> list[str]:
    """The columns of several files of which one may hold what another column held."""
    return swapped.mixed_columns(_Comparison(Held(previous), current, reads, {}).pairs)


class _Comparison:
    def __init__(  # noqa: PLR0913 - as `compare`
        self,
        last: Held | None,
        current: FeedProfile,
        reads: Sequence[ReadColumn],
        files: Mapping[str, Sequence[str]],
        *,
        models_yaml: Path | str | None = None,
        earlier: Iterable[FeedProfile] = (),
        placed: Iterable[Held] | None = None,
    ) -> None:
        self._previous = last.profile if last else None
        self._current = current
        self._reads = Reads(current, reads, files)
        self._past = Past(self._reads, last, earlier)
        self._placed_by = placed
        self.content = Content(self._reads, self._past)
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
        if not self._reads.columns and not before:
            return []
        lacking = {
            read.names[0]: files
            for read in self._reads.columns
            if (files := self._reads.lacking(read))
        }
        here = set(map(str.casefold, now))
        lacking |= {
            c: self._reads.all_files
            for c in before
            if c.casefold() not in here and not self._reads.of(c)
        }
        expected = {*self._reads.declared, *map(str.casefold, (*before, *known))}
        new = [c for c in now if c.casefold() not in expected]
        renames = find_renames(list(lacking), new, self._previous, self._current)
        findings = [self._renamed(old, name, score) for old, (name, score) in renames.items()]
        findings += [self._missing(c, files) for c, files in lacking.items() if c not in renames]
        taken = {name for name, _ in renames.values()}
        findings += [self._new(c) for c in new if c not in taken]
        return [
            *findings,
            *self._accepted(now, before),
            *self._both(),
            *self.swapped(),
            *self._turned(),
        ]

    def since_its_namesake(self) -> Iterator[DriftFinding]:
        """What changed in one of several files."""
        for column in self._current.columns:
            proven = {each.kind for each in self.content.notation(column)}
            before = self._past.find(column, self._previous)
            types = {each.inferred_type for each in (before, column) if each}
            for finding in self.content.of(column):
                if finding.kind in proven:
                    yield self.of_some(finding, "one file")
                elif finding.kind != "retyped_column" or not types <= _OF_TEXTS:
                    yield self.with_patch(finding.model_copy(update={"in_some": True}))
        yield from map(self.with_patch, (*self.swapped(), *self._turned()))
        if self._previous and self._previous.row_count >= ENOUGH:
            yield from map(self.with_patch, self.volume(self._previous))

    def _accepted(self, now: Sequence[str], before: Sequence[str]) -> Iterator[DriftFinding]:
        """Columns that the last files did not have, or under another name, and models read."""
        known = {name.casefold(): name for name in before}
        here = {name.casefold() for name in now}
        for name in now if before else ():
            read = self._reads.of(name)
            if read is None or name.casefold() in known:
                continue
            earlier = [known[one] for one in map(str.casefold, read.names) if one in known]
            files = in_files(self._reads.having(name))
            if not earlier:
                yield DriftFinding(
                    feed=self._current.feed, kind="new_column", severity="info", column=name,
                    detail=f"“{name}” is in {files or 'the files'}, and was not in the last ones.",
                    recommendation="Its models read it.", accepted=True,
                )  # fmt: skip
            elif here.isdisjoint(map(str.casefold, earlier)):
                yield DriftFinding(
                    feed=self._current.feed, kind="renamed_column", severity="info", column=name,
                    previous_column=earlier[0],
                    detail=f"“{earlier[0]}” is called “{name}” now{files and ', in '}{files}.",
                    recommendation="Its models read both names.", accepted=True,
                )  # fmt: skip

    def of_other_feeds(self, others: Mapping[str, Sequence[ReadColumn]]) -> Iterator[DriftFinding]:
        """The files that hold what another feed reads: nothing in them was renamed."""
        for file, columns in self._reads.files.items():
            lacking = [read.names[0] for read in self._reads.columns if read.is_lacking(columns)]
            own = {column for column in columns if self._reads.of(column)}
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

    def _both(self) -> list[DriftFinding]:
        """Files that have a column under more than one of its names."""
        return [
            DriftFinding(
                feed=self._current.feed, kind="both_names", column=names[0],
                severity="block" if any(map(is_untitled, names)) else "warn",
                detail=f"{on_one_line(file)} has {enumerated([f'“{name}”' for name in names])}, "
                f"which are names of one column; of each row, the first that is not empty is read.",
                recommendation="Ask the client which is meant, and take the other out of `from`.",
            )
            for file, columns in self._reads.files.items()
            for read in self._reads.columns
            if len(names := [name for name in read.names if name in columns]) > 1
        ]  # fmt: skip

    @cached_property
    def _placed(self) -> Past:
        """What shows which column holds what."""
        if self._placed_by is None:
            return self._past
        deliveries = iter(self._placed_by)
        last = next(deliveries, None)
        return Past(self._reads, last, (each.profile for each in deliveries))

    @cached_property
    def pairs(self) -> list[Pair]:
        """The columns in the last delivery, and now."""
        here = ((self._placed.last(now, 1), now) for now in self._current.columns)
        return [(last[0], now) for last, now in here if last]

    @cached_property
    def _swaps(self) -> list[Swap]:
        return [*swapped.find_swaps(self.pairs)]

    def swapped(self) -> Iterator[DriftFinding]:
        """Columns that hold each other's values: the headers of the files may have been edited.

        Not of those that take turns: that were so in an earlier delivery.
        """
        for swap in self._swaps:
            found = (partial(self._placed.find, profile=each) for each in self._placed.delivered())
            if any(map(swap.was_so, found)):
                continue
            names = [now.name for _, now in swap.pairs]
            first, *more = names
            told = [f"“{one}” what “{other}” held" for one, other in pairwise(more)]
            last = f"“{names[-1]}” what “{first}” held" if told else "the reverse"
            then = self._placed.named(swap.pairs[0][0])
            held = f"“{first}” holds what “{more[0]}” held in {then}"
            yield DriftFinding(
                feed=self._current.feed, kind="swapped_columns", column=first,
                previous_column=more[0],
                severity="block" if any(map(self._reads.of, names)) else "warn",
                detail=f"{', '.join([held, *told, f'and {last}'])}"
                f"{in_files(self._reads.having(first), ', in ')}.",
                recommendation="Ask the client whether headers changed places, and have the files "
                "sent again if they did.",
            )  # fmt: skip

    def _turned(self) -> Iterator[DriftFinding]:
        """Columns of which another is the larger now, or none: in no earlier delivery it was so."""
        pairs = [(before.name, now.name) for before, now in self.pairs]
        if self._placed.previous is None or not pairs:
            return
        swaps = {now.name for swap in self._swaps for _, now in swap.pairs}
        for turned in turned_round(self._placed.previous, self._current, pairs):
            orders = (order for each in self._placed.delivered() for order in each.orders or ())
            one, other = turned.column, turned.other
            known = any(order.relation == turned.relation for order in orders)
            if known or {one, other} <= swaps:
                continue
            dated = any(c.name == one and c.date_quantiles for c in self._current.columns)
            less = "lies before" if dated else "is less than"
            files = in_files(self._reads.having(one), ", in ")
            equal = turned.sign == "="
            read = self._reads.of(one) or self._reads.of(other)
            yield DriftFinding(
                feed=self._current.feed, kind="copied_column" if equal else "swapped_columns",
                column=one, previous_column=other,
                severity="block" if read and not equal else "warn",
                detail=f"“{one}” {'equals' if equal else less} “{other}” in every row that was "
                f"looked at{files}; in {self._placed.named()} "
                f"{'they differed' if equal else 'it was the reverse in each'}.",
                recommendation="Ask the client whether one was filled from the other, and have the "
                "files sent again if it was." if equal else
                "Ask the client whether headers changed places, and have the files sent again if "
                "they did.",
            )  # fmt: skip

    def with_patch(self, finding: DriftFinding) -> DriftFinding:
        """The finding with the change of the YAML that accepts it, where that is plain."""
        if finding.to_confirm:
            advice = _IF_RIGHT.format(finding.recommendation)
            return finding.model_copy(update={"recommendation": advice})
        new = finding.kind == "new_column" and not finding.accepted
        accepts = finding.severity == "block" or new
        patches = accepts or finding.kind == "time_cut"
        after = patched(self._yaml, finding, self._current) if self._yaml and patches else None
        if not after or not self._yaml:
            return finding
        client = f"{finding.recommendation}{APPLIED if accepts else ''}"
        patch = unified(self._yaml, after, self._label)
        return finding.model_copy(update={"patch": patch, "recommendation": client})

    def _renamed(self, old: str, new: str, score: float) -> DriftFinding:
        return DriftFinding(
            feed=self._current.feed, kind="renamed_column",
            severity="block" if self._reads.of(old) else "info",
            column=new, previous_column=old,
            detail=f"“{old}” seems to be called “{new}” now"
            f"{in_files(self._reads.having(new), ', in ')}.",
            measure="likeness of names and values", value=score,
            threshold=_LIMITS.rename_score,
            recommendation="Confirm with the client that it is the same column; the feed's YAML "
            "then reads both names (`from`)." if self._reads.of(old) else
            f"Give “{new}” the reason in the feed's YAML that “{old}” has (`dropped_because`), or "
            "a column that reads it.",
        )  # fmt: skip

    def _missing(self, column: str, files: Sequence[str]) -> DriftFinding:
        read = self._reads.of(column)
        severity: DriftSeverity = "warn" if read is None else "info" if read.optional else "block"
        said = " or ".join(f"“{name}”" for name in (read.names if read else (column,)))
        lacked_in = in_files(files) or "the files"
        gone = " If it is gone for good, let it be `optional` in the feed's YAML."
        return DriftFinding(
            feed=self._current.feed, kind="missing_column", column=column, severity=severity,
            detail=not_in([said], lacked_in, severity), said=said, lacked_in=lacked_in,
            recommendation="Ask the client for the column." + gone * (severity == "block"),
        )  # fmt: skip

    def _new(self, column: str) -> DriftFinding:
        return DriftFinding(
            feed=self._current.feed, kind="new_column", severity="info", column=column,
            detail=f"“{column}” is new in {in_files(self._reads.having(column)) or 'the files'}; "
            "no model reads it yet.",
            recommendation="Add it to the feed's YAML, or state there why it is dropped.",
        )  # fmt: skip

    def volume(self, previous: FeedProfile) -> list[DriftFinding]:
        """Far fewer or far more rows than last time."""
        before, now = previous.row_count, self._current.row_count
        whole = previous.basis == self._current.basis != "sample" and not self._past.of_sample
        if not before or not whole:
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
                detail=f"{counted(now, 'row')}{in_files(self._reads.all_files, ' in ')}, "
                f"where {self._past.named()} had {before:,}.",
                measure="rows now / rows before", value=ratio, threshold=threshold,
                recommendation="Ask whether the export is complete, and filtered as before.",
            )
        ]  # fmt: skip

    def of_some(self, finding: DriftFinding, part: Literal["carried", "one file"]) -> DriftFinding:
        """A finding of some files: the YAML must read these and the others."""
        advice = _OF_PART[part]
        if finding.kind == "decimal_mark_changed":
            advice += " A rule of either mark rejects what could have both, as 1.234."
        found = finding.model_copy(update={"recommendation": advice, "in_some": True})
        return self.with_patch(found)


def _quoted(columns: Sequence[str]) -> str:
    shown = [f"“{on_one_line(column)}”" for column in columns[:MOST_FILES]]
    return enumerated([*shown, *(["others"] if len(columns) > MOST_FILES else [])])
