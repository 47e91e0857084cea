"""What changed since the last delivery, and against what the models read."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from consulting.privacy.column_names import words
from consulting.profiling.patches import add_column, label_of, rename_source, unified
from consulting.profiling.propose import propose_columns
from consulting.profiling.shift import distribution_shift, value_similarity
from consulting.profiling.thresholds import Thresholds
from consulting.profiling.wording import counted, share
from consulting.records import Record
from consulting.rules import rule_of_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from consulting.profiling.model import ColumnProfile, FeedProfile

_DEFAULT = Thresholds()
_UNTYPED = frozenset({"empty", "unknown"})
_NUMBERS = frozenset({"integer", "decimal", "money"})
_HARMLESS = frozenset({("decimal", "integer"), ("timestamp", "date"), ("text", "code")})
_RANK = {"block": 0, "warn": 1, "info": 2}

DriftSeverity = Literal["info", "warn", "block"]


class DriftFinding(Record):
    """One change between two deliveries of a feed.

    Attributes:
        feed: The feed.
        kind: "new_column", "missing_column", "renamed_column", "retyped_column",
            "volume_collapse", "volume_surge", "distribution_shift" or "null_jump".
        severity: "block" stops the delivery.
        column: The column, under its present name where it has one.
        previous_column: Its name before, where it was renamed.
        detail: What changed, in a sentence.
        measure: What was measured ("PSI", "rows now / rows before", …).
        value: The measured value.
        threshold: What it was held against.
        recommendation: What to do.
        patch: A unified diff of the feed's YAML, where the change is plain.
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


def compare(  # noqa: PLR0913 - by name only; what the files are compared with
    previous: FeedProfile | None,
    current: FeedProfile,
    declared: Sequence[str] = (),
    *,
    known: Sequence[str] = (),
    models_yaml: Path | str | None = None,
    rules: Mapping[str, str] | None = None,
    thresholds: Thresholds = _DEFAULT,
) -> list[DriftFinding]:
    """Compares a profile with the last delivered one and with what the models read.

    Args:
        previous: The profile of the last delivery; None for a first one.
        current: The profile of this run.
        declared: The source columns the feed's models read; empty where it has no models.
        known: Further source columns that are no news: the YAML says that they are dropped.
        models_yaml: The feed's YAML, its path or its text: patches are proposed against it.
        rules: Source column → the rule that reads it; without those that hand-written SQL reads.
        thresholds: When a change is worth telling.

    Returns:
        The findings, the gravest first. Distributions are compared by the population stability
        index over the earlier deciles or most frequent values (Siddiqi 2006), and only where the
        rows are enough for it to be more than noise (Yurdakul & Naranjo 2020).
    """
    comparison = _Comparison(
        previous,
        current,
        {name: (rules or {}).get(name) for name in declared},
        models_yaml,
        thresholds,
    )
    findings = comparison.columns(known)
    if previous is not None and "headers" not in {previous.basis, current.basis}:
        findings += comparison.volume(previous)
        for column in current.columns:
            before = previous.column(column.name)
            if before is not None:
                findings += comparison.content(before, column, previous)
    return sorted(findings, key=lambda f: (_RANK[f.severity], f.kind, f.column or ""))


class _Comparison:
    def __init__(
        self,
        previous: FeedProfile | None,
        current: FeedProfile,
        declared: Mapping[str, str | None],
        models_yaml: Path | str | None,
        thresholds: Thresholds,
    ) -> None:
        self._previous = previous
        self._current = current
        self._declared = declared
        self._limits = thresholds
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
        expected = list(dict.fromkeys([*self._declared, *before]))
        if not expected:
            return []
        missing = [c for c in expected if c not in now]
        new = [c for c in now if c not in expected and c not in known]
        renames = self._renames(missing, new)
        findings = [self._renamed(old, name, score) for old, (name, score) in renames.items()]
        findings += [self._missing(c) for c in missing if c not in renames]
        taken = {name for name, _ in renames.values()}
        findings += [self._new(c) for c in new if c not in taken]
        return findings

    def _renames(self, missing: list[str], new: list[str]) -> dict[str, tuple[str, float]]:
        """Pairs of a missing and a new column that are each other's one good match."""
        scores = {(old, name): self._score(old, name) for old in missing for name in new}
        found: dict[str, tuple[str, float]] = {}
        for (old, name), score in sorted(scores.items(), key=lambda p: (-p[1], p[0])):
            rivals = [s for (o, n), s in scores.items() if (o == old) != (n == name)]
            free = old not in found and name not in {n for n, _ in found.values()}
            if free and score >= self._limits.rename_score and score > max(rivals, default=0.0):
                found[old] = (name, score)
        return found

    def _score(self, old: str, new: str) -> float:
        """Likeness of two columns from 0 to 1: of the names, and of the values where known."""
        a, b = " ".join(sorted(words(old))), " ".join(sorted(words(new)))
        joined = difflib.SequenceMatcher(None, "".join(words(old)), "".join(words(new))).ratio()
        name = max(joined, difflib.SequenceMatcher(None, a, b).ratio())
        before = self._previous.column(old) if self._previous else None
        now = self._current.column(new)
        likeness = value_similarity(before, now) if before and now else None
        if likeness is None:
            return round(name, 4)
        if likeness < 0.5:  # noqa: PLR2004 - other values: not the same column
            return 0.0
        return round(max(0.4 * name + 0.6 * likeness, 0.75 * name + 0.25 * likeness), 4)

    def _renamed(self, old: str, new: str, score: float) -> DriftFinding:
        declared = old in self._declared
        after = (
            rename_source(self._yaml, self._current.feed, old, new)
            if self._yaml and declared
            else None
        )
        return DriftFinding(
            feed=self._current.feed, kind="renamed_column",
            severity="block" if declared else "info", column=new, previous_column=old,
            detail=f"“{old}” seems to be called “{new}” now.",
            measure="likeness of names and values", value=score,
            threshold=self._limits.rename_score,
            recommendation="Confirm with the client; then apply the patch." if after
            else "Confirm with the client, and change `from` in the feed's YAML.",
            patch=unified(self._yaml, after, self._label) if after and self._yaml else None,
        )  # fmt: skip

    def _missing(self, column: str) -> DriftFinding:
        declared = column in self._declared
        return DriftFinding(
            feed=self._current.feed, kind="missing_column", column=column,
            severity="block" if declared else "warn",
            detail=f"“{column}” is no longer in the files"
            + (", and the models read it." if declared else "; no model reads it."),
            recommendation="Ask the client for the column."
            + (" If it is gone for good, take it out of the feed's YAML." if declared else ""),
        )  # fmt: skip

    def _new(self, column: str) -> DriftFinding:
        patch = None
        if self._yaml:
            proposed = next(c for c in propose_columns(self._current) if c["from"] == column)
            after = add_column(self._yaml, self._current.feed, proposed)
            patch = unified(self._yaml, after, self._label) if after else None
        return DriftFinding(
            feed=self._current.feed, kind="new_column", severity="info", column=column,
            detail=f"“{column}” is new in the files; no model reads it yet.",
            recommendation="Apply the patch to deliver it, or state in the feed's YAML why it is "
            "dropped." if patch else "Add it to the feed's YAML, or state there why it is dropped.",
            patch=patch,
        )  # fmt: skip

    def volume(self, previous: FeedProfile) -> list[DriftFinding]:
        """Far fewer or far more rows than last time."""
        limits = self._limits
        before, now = previous.row_count, self._current.row_count
        if not before or previous.basis != self._current.basis or previous.basis == "sample":
            return []
        ratio = round(now / before, 4)
        if ratio < limits.volume_warn:
            block = ratio < limits.volume_block
            kind, severity = "volume_collapse", "block" if block else "warn"
            threshold = limits.volume_block if block else limits.volume_warn
        elif ratio > limits.volume_surge:
            kind, severity, threshold = "volume_surge", "warn", limits.volume_surge
        else:
            return []
        return [
            DriftFinding(
                feed=self._current.feed, kind=kind, severity=severity,
                detail=f"{counted(now, 'row')}, where the last delivery had {before:,}.",
                measure="rows now / rows before", value=ratio, threshold=threshold,
                recommendation="Ask whether the export is complete, and filtered as before.",
            )
        ]  # fmt: skip

    def content(
        self, before: ColumnProfile, now: ColumnProfile, previous: FeedProfile
    ) -> list[DriftFinding]:
        """A column's type, missing values and distribution."""
        found = [self._retyped(before, now), self._null_jump(before, now, previous)]
        if found == [None, None]:
            found.append(self._shifted(before, now, previous))
        return [f for f in found if f is not None]

    def _retyped(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        types = (before.inferred_type, now.inferred_type)
        if types[0] == types[1] or types in _HARMLESS or _UNTYPED & set(types):
            return None
        related = set(types) <= _NUMBERS or set(types) == {"date", "timestamp"}
        rule = self._declared.get(now.name)
        expected = rule_of_type(types[1]).name
        meant = rule is not None and rule == expected and expected != "to_text"
        breaks = now.name in self._declared and rule != "to_text"
        return DriftFinding(
            feed=self._current.feed, kind="retyped_column", column=now.name,
            severity="info" if related or meant else "block" if breaks else "warn",
            detail=f"“{now.name}” was {types[0]} and is {types[1]} now.",
            recommendation="Its rule reads what it is now." if meant else
            "Look at its issues: the client's export may write it in another way. If it is meant "
            f"to be so, give it the rule {expected} in the feed's YAML, and it is delivered.",
        )  # fmt: skip

    def _null_jump(
        self, before: ColumnProfile, now: ColumnProfile, previous: FeedProfile
    ) -> DriftFinding | None:
        then = _missing_share(before, previous.row_count)
        today = _missing_share(now, self._current.row_count)
        rise = round(today - then, 4)
        if rise < self._limits.null_jump:
            return None
        block = rise >= self._limits.null_block and now.name in self._declared
        return DriftFinding(
            feed=self._current.feed, kind="null_jump", column=now.name,
            severity="block" if block else "warn",
            detail=f"{_said(today)} of the rows have no “{now.name}”; last time {_said(then)}.",
            measure="rise of the share of missing values", value=rise,
            threshold=self._limits.null_block if block else self._limits.null_jump,
            recommendation="Ask the client whether the column is still filled.",
        )  # fmt: skip

    def _shifted(
        self, before: ColumnProfile, now: ColumnProfile, previous: FeedProfile
    ) -> DriftFinding | None:
        found = distribution_shift(before, now, previous.row_count, self._current.row_count)
        if found is None:
            return None
        index, noise = found
        threshold = max(self._limits.shift_info, noise)
        if index < threshold:
            return None
        grave = index >= max(self._limits.shift_warn, noise)
        return DriftFinding(
            feed=self._current.feed, kind="distribution_shift", column=now.name,
            severity="warn" if grave else "info",
            detail=f"The values of “{now.name}” are spread differently than last time.",
            measure="PSI", value=index,
            threshold=round(max(self._limits.shift_warn, noise) if grave else threshold, 4),
            recommendation="Compare its histogram and most frequent values with the last report.",
        )  # fmt: skip


def _said(part: float) -> str:
    return share(round(part * 1_000_000), 1_000_000)


def _missing_share(column: ColumnProfile, rows: int) -> float:
    return (column.null_count + column.null_like_count) / rows if rows else 0.0
