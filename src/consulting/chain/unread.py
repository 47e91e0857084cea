"""Values that rules no longer read, and rows they no longer let through, as cleaning counted."""

from __future__ import annotations

from itertools import groupby, islice
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from consulting.chain import artifacts
from consulting.chain.earlier import earlier_runs, files_of
from consulting.chain.measure import that_measure
from consulting.cleaning.models import read_columns
from consulting.cleaning.rules import told
from consulting.delivery.reasons import expected
from consulting.profiling import DriftFinding
from consulting.profiling.reads import in_files
from consulting.profiling.shift import chance_of_rise
from consulting.profiling.wording import enumerated
from consulting.rules import column_rule, reason_sentences
from consulting.rules.rule import Bounded
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from consulting.chain.engagement import Engagement
    from consulting.records import FileReading, ReadCount
    from consulting.rules import ColumnRule

    Before = Callable[[str], Iterable["Counted"]]
    """Feed → what was counted in its earlier deliveries, the last first."""

_UNREAD, _REJECTED, _MERGED = "unread_values", "rejected_rows", "merged_rows"
_MOST, _NEARLY_NONE, _CHANCE = 0.5, 0.1, 0.001
"""A stop: more than the first share is unread, in the last deliveries the second or less (the first
where nearly all is unread now), and chance is more rarely so."""
_FEW, _ENOUGH, _OF_ROWS = 3, 20, 0.01
"""Fewer unread values are exceptions; below the second those of less than this share of the rows.
"""
_SEVERAL, _LOOK_BACK = 3, 13
"""Deliveries that are held against besides the last one, and those that are looked at."""
_SAYS = {
    "below_minimum": "min",
    "above_maximum": "max",
    "too_long": "max_length",
    "wrong_format": "pattern",
}
"""The argument that a reason is of; other reasons are of those that are neither here nor below."""
_MAKES = {"case", "collapse", "pad_zeros", "scale", *_SAYS.values()}


class Counted(NamedTuple):
    """What was counted of a feed in an earlier delivery.

    Attributes:
        counts: The counts.
        confirmed: What somebody found right in them.
        files: The files, by their hashes, where there is anything of that.
    """

    counts: Sequence[ReadCount]
    confirmed: Sequence[DriftFinding] = ()
    files: frozenset[str] = frozenset()

    def has_confirmed(self, kind: str, names: Collection[str]) -> bool:
        """Whether that was of a kind, and of a column or row rule of these names."""
        found = ((one.column or one.row_rule or "", one.kind) for one in self.confirmed)
        return any(its == kind and name.casefold() in names for name, its in found)


class _Sum(NamedTuple):
    values: int
    unread: int

    @property
    def is_mostly_unread(self) -> bool:
        return self.unread > _MOST * self.values and self.unread >= _FEW


def earlier_counts(engagement: Engagement, feed: str, batch_id: str) -> Iterator[Counted]:
    """What was counted in a feed's deliveries before a batch, the last first, where it is kept."""
    for folder in earlier_runs(engagement, feed, batch_id):
        cleaning = artifacts.find(folder / artifacts.CLEANING, artifacts.Cleaning)
        counts, drift = (cleaning.counts, cleaning.drift) if cleaning else ((), ())
        confirmed = [one for one in drift if one.feed == feed and one.is_confirmed]
        yield Counted(
            [one for one in counts if one.feed == feed],
            confirmed,
            files_of(folder, feed) if confirmed else frozenset(),
        )


def unread_values(
    manifest: dict[str, Any],
    files: Iterable[FileReading],
    counts: Iterable[ReadCount],
    before: Before,
) -> Iterator[DriftFinding]:
    """The columns most of whose values are not read, by rules that read nearly all of the last.

    And the row rules that reject most rows, and the merging that takes most, where they left nearly
    all. That is asked of all files together, then of each. A column that is new is held against
    nothing; what was so in the last delivery is no change, nor is it one of what often has many, or
    what chance may bring (Fisher's exact test). What somebody found right of some files is told of
    these alone, and is no measure for others.

    Args:
        manifest: The client's slim manifest.
        files: The files.
        counts: Of the files.
        before: Feed → what was counted in its earlier deliveries, the last first.
    """
    known, of_feed = [*files], attrgetter("feed")
    for feed, counted_of in groupby(sorted(counts, key=of_feed), key=of_feed):
        mine = [reading for reading in known if reading.feed == feed]
        yield from _Feed(manifest, feed, mine, [*counted_of], before).unread()


class _Feed:
    """What was counted of a feed, held against its earlier deliveries.

    Args:
        manifest: As `unread_values`.
        name: The feed.
        files: Its files.
        counts: What was counted of them.
        before: As `unread_values`.
    """

    def __init__(
        self,
        manifest: dict[str, Any],
        name: str,
        files: Sequence[FileReading],
        counts: Sequence[ReadCount],
        before: Before,
    ) -> None:
        self._name, self._files, self._counts, self._before = name, files, counts, before
        self._rules = {c: column_rule(meta) for c, meta in read_columns(manifest, name).items()}
        self._meta = manifest["nodes"].get(f"model.consulting.{name}", {}).get("meta") or {}

    def unread(self) -> Iterator[DriftFinding]:
        """What is told of each column, each row rule and the merging."""
        subjects = {(one.column, "" if one.column else one.reason) for one in self._counts}
        for column, code in sorted(subjects):
            mine = _of(self._counts, column, code)
            if any(_sum(of).is_mostly_unread for of in (mine, *([one] for one in mine))):
                yield from self._held(mine, column, code)

    def _held(self, mine: Sequence[ReadCount], column: str, code: str) -> Iterator[DriftFinding]:
        """What is told of one of them, as the last deliveries were."""
        kind, names = self._kind_of(column, code)
        history = [
            (each, each.files if each.has_confirmed(kind, names) else frozenset[str]())
            for each in islice(self._before(self._name), _LOOK_BACK)
        ]
        earlier = [_of(e.counts, column, code) for e, _ in that_measure(history, itemgetter(1))]
        then = _together(earlier, 1)
        # a file that was let through says nothing of those beside it
        read = [[one for one in of if not _is_unread([one])] for of in earlier]
        unread = _no_longer_read(mine, then)
        if not unread or not _no_longer_read(mine, _together(read, _SEVERAL)):
            return
        right = {sha256 for _, files in history for sha256 in files}
        known_so = {reading.filename for reading in self._files if reading.sha256 in right}
        new = [one for one in unread if one.file not in known_so]
        finding = self._finding(new or unread, _sum(then), column, code)
        yield finding if new else finding.confirmed()

    def _kind_of(self, column: str, code: str) -> tuple[str, set[str]]:
        """The kind of what may be told, and of which column (by its names) or row rule."""
        if column:
            return _UNREAD, {name.casefold() for name in self._rules[column].sources}
        return (_REJECTED, {code.partition(":")[2].casefold()}) if code else (_MERGED, {""})

    def _finding(
        self, unread: Sequence[ReadCount], then: _Sum, column: str, code: str
    ) -> DriftFinding:
        if column:
            return _unread_values(self._rules[column], self._header(column), unread, then)
        if code:
            return _rejected_rows(code, unread, then)
        key = self._meta["dedupe"]["key"]
        return _merged_rows([self._header(name) for name in key], unread, then)

    def _header(self, column: str) -> str:
        """What the files call a column."""
        headers = {name.casefold(): name for reading in self._files for name in reading.columns}
        sources = self._rules[column].sources
        found = (headers.get(name.casefold()) for name in sources)
        return next(filter(None, found), sources[0])


def _of(counts: Iterable[ReadCount], column: str, code: str) -> list[ReadCount]:
    """What was counted of a column, of a row rule by its code, or of merging, if of neither."""
    several = [one for one in counts if one.column == column]
    if column:
        return several
    whole = [one for one in several if not one.reason]
    told = {one.file: one for one in several if code and one.reason == code}
    none: dict[str, Any] = {"unread": 0, "reason": code}
    return [
        told.get(one.file) or one.model_copy(update={**none, "values": one.rows}) if code else one
        for one in whole
    ]


def _together(earlier: Iterable[Sequence[ReadCount]], least: int) -> list[ReadCount]:
    """What was counted in so many deliveries, or in as many more as have values enough."""
    found: list[ReadCount] = []
    for number, counts in enumerate(filter(None, earlier), start=1):
        found += counts
        if number >= least and _sum(found).values >= _ENOUGH:
            break
    return found


def _no_longer_read(mine: Sequence[ReadCount], then: Sequence[ReadCount]) -> list[ReadCount]:
    """The files whose values were read in the last deliveries, and are not now."""
    mostly = [one for one in mine if one.unread > _MOST * one.values]
    if _is_new(mine, then):
        return mostly
    if any(_is_unread([one]) for one in then):
        return []  # one of those files was let through so
    return [one for one in mostly if _is_new([one], then)]


def _is_unread(mine: Sequence[ReadCount]) -> bool:
    """Whether so many values are unread that somebody was asked, or is to be."""
    now, rows = _sum(mine), sum(one.rows for one in mine)
    return now.is_mostly_unread and now.unread >= min(_ENOUGH, _OF_ROWS * rows)


def _is_new(mine: Sequence[ReadCount], then: Sequence[ReadCount]) -> bool:
    now, last = _sum(mine), _sum(then)
    nearly_all = now.unread >= (1 - _NEARLY_NONE) * now.values
    usual = _MOST if nearly_all else _NEARLY_NONE
    if not _is_unread(mine) or not last.values or last.unread > usual * last.values:
        return False
    return chance_of_rise((last.unread, last.values), (now.unread, now.values)) <= _CHANCE


def _sum(counts: Iterable[ReadCount]) -> _Sum:
    several = [*counts]
    return _Sum(sum(one.values for one in several), sum(one.unread for one in several))


def _unread_values(
    rule: ColumnRule, header: str, unread: Sequence[ReadCount], then: _Sum
) -> DriftFinding:
    now, code = _sum(unread), unread[0].reason
    words = reason_sentences().get(code, "{} does not fit").format(f"“{header}”")
    ordered = isinstance(rule, Bounded)
    takes = [_SAYS[code]] if code in _SAYS else [a for a in rule.arguments() if a not in _MAKES]
    advice = f"let its rule {rule.rule} read that, too ({', '.join(takes)}), or give it another"
    become = "left empty" if rule.on_invalid == "blank" else "set aside"
    return DriftFinding(
        feed=unread[0].feed, kind=_UNREAD, severity="block", column=header,
        detail=f"Of the {counted(now.values, 'value')} of “{header}”"
        f"{_files(unread)} its rule reads "
        f"{f'{now.values - now.unread:,}' if now.values > now.unread else 'none'}, and it read "
        f"{then.values - then.unread:,} of the last {then.values:,}: {words}"
        f"{expected(code, told(rule, harmless=False), ordered=ordered)}.",
        measure="share of values that are not read", value=round(now.unread / now.values, 4),
        threshold=_MOST,
        recommendation="Ask the client whether it is written so from now on. If it is, "
        f"{advice if takes else 'give it another rule'} in the feed's YAML; `consulting accept` "
        f"tries these files again. If these values are wrong and may be {become}, it delivers the "
        "files as they are.",
    )  # fmt: skip


def _rejected_rows(code: str, rejected: Sequence[ReadCount], then: _Sum) -> DriftFinding:
    now, name = _sum(rejected), code.partition(":")[2]
    return DriftFinding(
        feed=rejected[0].feed, kind=_REJECTED, severity="block", row_rule=name,
        detail=f"Of the {counted(now.values, 'row')}{_files(rejected)} the row rule “{name}” "
        f"rejects {'all' if now.unread == now.values else f'{now.unread:,}'}, and it rejected "
        f"{_then(then)}.",
        measure="share of rows that are rejected", value=round(now.unread / now.values, 4),
        threshold=_MOST,
        recommendation="Ask the client whether these rows are as they should be. If they are, "
        f"correct “{name}” (`reject_when`) in the feed's YAML; `consulting accept` tries these "
        "files again. If these rows may be set aside, it delivers the files as they are.",
    )  # fmt: skip


def _merged_rows(key: Sequence[str], merged: Sequence[ReadCount], then: _Sum) -> DriftFinding:
    now, names = _sum(merged), enumerated([f"“{each}”" for each in key])
    rows = sum(one.rows for one in merged)
    return DriftFinding(
        feed=merged[0].feed, kind=_MERGED, severity="block",
        detail=f"Of the {counted(rows, 'row')}{_files(merged)} {now.unread:,} would be merged into "
        f"others with the same {names}, though most else in them differs, and {_then(then)} "
        f"{'was' if then.unread <= 1 else 'were'} so.",
        measure="share of rows that are merged", value=round(now.unread / now.values, 4),
        threshold=_MOST,
        recommendation=f"Ask the client whether {names} still tells rows apart: a spreadsheet "
        "program rounds long numbers. If it does not from now on, name other columns as the key "
        "(`dedupe`) in the feed's YAML; `consulting accept` tries these files again. If these rows "
        "may be merged, it delivers the files as they are.",
    )  # fmt: skip


def _files(counts: Iterable[ReadCount]) -> str:
    return in_files([one.file for one in counts], " in ")


def _then(then: _Sum) -> str:
    return f"{f'{then.unread:,}' if then.unread else 'none'} of the last {then.values:,}"
