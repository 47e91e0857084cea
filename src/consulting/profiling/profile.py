"""The profile of a feed: from the files of a run to `FeedProfile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.privacy import Declared, detect_pii, is_personal
from consulting.profiling.accepted import AcceptedFindings
from consulting.profiling.columns import column_profile, pct, said, view_columns
from consulting.profiling.decision import Decision, decisions
from consulting.profiling.dependencies import BrokenDependency, broken_dependencies
from consulting.profiling.drafting import Viewed
from consulting.profiling.files import file_issues
from consulting.profiling.judge import judge_columns
from consulting.profiling.larger import larger_columns
from consulting.profiling.model import ColumnProfile, Dependency, FeedProfile, FileMetadata, Issue
from consulting.profiling.moved import moved_cells
from consulting.profiling.orders import broken_laws
from consulting.profiling.rows import (
    duplicate_rows,
    wide_keys,
)
from consulting.profiling.sequence import out_of_order
from consulting.profiling.source import NO_MARKS, FeedSource, open_feed
from consulting.profiling.thresholds import SUSPICIOUS, Thresholds
from consulting.profiling.totals import find_sums, unlabelled_issue
from consulting.profiling.wording import enumerated
from consulting.rules.accepted import OF_A_ROW
from consulting.sql import quoted
from consulting.wording import inflected

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from consulting.profiling.view import ColumnView
    from consulting.records import FileReading, Severity
    from consulting.rules.accepted import Mark

_RANK: dict[Severity, int] = {"error": 0, "warn": 1, "info": 2}
_SAMPLE_CELLS = 2_000_000
_DEFAULT = Thresholds()


def profile_feed(  # noqa: PLR0913 - by name only
    feed: str,
    readings: Sequence[FileReading],
    run_folder: Path,
    *,
    declared: Sequence[str] = (),
    privacy: Mapping[str, Declared] | None = None,
    accepted: Mapping[str, Sequence[Mark]] | None = None,
    replaced: Mapping[str, Collection[str]] | None = None,
    suspected: Mapping[str, Mapping[str, bool]] | None = None,
    marks: Mapping[str, str] = NO_MARKS,
    thresholds: Thresholds = _DEFAULT,
) -> FeedProfile:
    """Profiles one feed from the rows its files left in the run folder.

    The same rows always give the same profile, byte for byte, on any number of threads.

    Args:
        feed: The feed.
        readings: Its files in the order of arrival, as intake read them.
        run_folder: `ClientFolder.run(batch_id)`.
        declared: The source columns the feed's models read; a missing one is an issue.
        privacy: What the engagement says of its columns' values.
        accepted: Column → what of its issues was looked at and is right; it is not told.
        replaced: Column → texts that are known to be wrong, for its rules replace them.
        suspected: Column → issue type that was suspected there → whether it is wrong: then all that
            may be of it is a warning.
        marks: Column → how its rule reads numbers that do not tell their decimal mark.
        thresholds: When a finding is worth telling.

    Returns:
        The profile; from headers only where no rows may be stored (tier 1).
    """
    mine = [r for r in readings if r.feed == feed]
    files = tuple(_file(r) for r in mine)
    if not any(r.rows_path for r in mine):
        return _from_headers(feed, mine, files, declared, privacy or {})
    decided = decisions(mine, privacy or {})
    right = AcceptedFindings(accepted or {}, replaced or {}, suspected or {})
    with open_feed(mine, run_folder, thresholds, marks) as source:
        sample_rows = max(thresholds.sample_values, _SAMPLE_CELLS // max(1, len(source.columns)))
        source.draw_sample(min(thresholds.dependency_rows, sample_rows))
        views = view_columns(source, source.columns, decided, thresholds)
        columns = tuple(column_profile(v, source.shown.get(v.name)) for v in views)
        repeated = duplicate_rows(source, views)
        single = [(c.name,) for c in columns if c.key_candidate]
        keys = single or wide_keys(source, views)
        whole = all(r.sampled_from is None for r in mine)
        unlabelled = find_sums(source, views) if whole else 0
        viewed = Viewed(feed, source, views, thresholds, right)
        broken = broken_dependencies(viewed)
        judged = _judged(viewed, broken)
        if right.wrong:
            judged = _with_suspected(viewed, decided, judged)
        issues = [
            *file_issues(feed, mine, thresholds),
            *_missing_declared(feed, source.columns, declared, source.rows),
            *_row_issues(feed, source, views, repeated),
            *([unlabelled_issue(feed, unlabelled, source.rows)] if unlabelled else []),
            *judged,
        ]
        accepted_before = right.told(source)
        orders = larger_columns(source, views)
    return FeedProfile(
        feed=feed,
        basis="all_rows" if whole else "sample",
        file_metadata=files,
        row_count=source.rows,
        column_count=len(columns),
        duplicate_rows=repeated,
        columns=columns,
        candidate_keys=tuple(keys),
        dependencies=tuple(
            Dependency(
                determinant=d, dependent=b.dependent, contradicting_rows=b.wrong[d],
                holds_pct=pct(source.rows - b.wrong[d], source.rows),
            )
            for b in broken for d in b.determinants if b.kind == "slip"
        ),
        orders=orders,
        issues=tuple(sorted(issues, key=_order)),
        accepted=accepted_before,
    )  # fmt: skip


def _judged(viewed: Viewed, broken: Sequence[BrokenDependency]) -> list[Issue]:
    """The issues of columns and their cells."""
    feed, source, views, thresholds, _ = viewed
    judged = [*judge_columns(viewed), *moved_cells(viewed), *out_of_order(viewed)]
    return [
        *judged,
        *broken_laws(viewed, judged),
        *(_dependency_issue(feed, b, views, source.rows, thresholds) for b in broken),
    ]


def _with_suspected(
    viewed: Viewed, decided: Mapping[str, Decision], judged: Sequence[Issue]
) -> list[Issue]:
    """The issues, with warnings of all that may be of what was suspected and is wrong."""
    _, source, views, _, right = viewed
    spared = right.of_the_wrong()
    columns = [name for name in source.columns if name in right.wrong]
    looked_at = view_columns(source, columns, decided, SUSPICIOUS)
    if any((OF_A_ROW | {"out_of_order"}) & types for types in right.wrong.values()):
        again = viewed._replace(thresholds=SUSPICIOUS, accepted=spared)
        anew = {view.name: view for view in looked_at}
        every = [anew.get(view.name, view) for view in views]
        found = _judged(again._replace(views=every), broken_dependencies(again))
    else:
        suspicious = Viewed(viewed.feed, source, looked_at, SUSPICIOUS, spared)
        found = [*judge_columns(suspicious)]
    found = [i for i in found if i.issue_type in right.wrong.get(i.column or "", ())]
    told = {(i.column, i.issue_type) for i in found}
    return [
        *(i for i in judged if (i.column, i.issue_type) not in told),
        *(i.model_copy(update={"severity": "warn"}) if i.severity == "info" else i for i in found),
    ]


def _order(issue: Issue) -> tuple[int, int, str, str]:
    return (_RANK[issue.severity], -issue.evidence_count, issue.column or "", issue.issue_type)


def _file(reading: FileReading) -> FileMetadata:
    return FileMetadata(
        filename=reading.filename,
        sha256=reading.sha256,
        format=reading.format,
        encoding=reading.encoding,
        delimiter=reading.delimiter,
        quotechar=reading.quotechar,
        sheet=reading.sheet,
        row_count=reading.loaded_rows,
        unparsed_rows=reading.unparsed_rows,
        column_count=len(reading.columns),
        file_size_bytes=reading.size_bytes,
        sampled_from=reading.sampled_from,
    )


def _from_headers(
    feed: str,
    readings: Sequence[FileReading],
    files: tuple[FileMetadata, ...],
    declared: Sequence[str],
    privacy: Mapping[str, Declared],
) -> FeedProfile:
    names = list(dict.fromkeys(c for r in readings for c in r.columns))
    columns = tuple(
        ColumnProfile(
            name=name, position=i, inferred_type="unknown", type_pct=0.0, null_count=0,
            null_pct=0.0, distinct_count=0, distinct_exact=False, cardinality_ratio=0.0,
            pii=detect_pii(name, [], declared=privacy.get(name, Declared()).contains_pii),
        )
        for i, name in enumerate(names)
    )  # fmt: skip
    personal = [
        Issue(
            feed=feed, column=c.name, issue_type="personal_data", severity="info",
            detail=f"Personal data ({c.pii.kind.replace('_', ' ')}), by its name.",
            evidence_count=0,
            recommendation="Deliver it only where the purpose needs it; mask or drop it elsewhere.",
        )
        for c in columns if c.pii
    ]  # fmt: skip
    issues = [*_missing_declared(feed, names, declared, 0), *personal]
    return FeedProfile(
        feed=feed,
        basis="headers",
        file_metadata=files,
        row_count=sum(r.received_rows for r in readings),
        column_count=len(columns),
        columns=columns,
        issues=tuple(sorted(issues, key=_order)),
    )


def _missing_declared(
    feed: str, columns: Sequence[str], declared: Sequence[str], rows: int
) -> list[Issue]:
    return [
        Issue(
            feed=feed, column=name, issue_type="declared_column_missing", severity="error",
            detail=f"The models read the column “{name}”, which no file has.",
            evidence_count=rows, evidence_pct=100.0 if rows else 0.0,
            recommendation="See the drift section for a proposed change, or ask for the column.",
        )
        for name in declared if name not in columns
    ]  # fmt: skip


def _row_issues(
    feed: str, source: FeedSource, views: Sequence[ColumnView], repeated: int
) -> list[Issue]:
    if not repeated:
        return []
    # a number of its own for each row but those: then it is hardly chance that they are the same
    numbered = len(views) > 1 and any(v.distinct == v.rows - repeated for v in views)
    names = ", ".join(quoted(c) for c in source.columns)
    return [
        Issue(
            feed=feed, issue_type="duplicate_rows", severity="warn",
            detail=inflected(
                "{n} [row repeats|rows repeat] an earlier row in every column.", repeated
            ),
            evidence_count=repeated, evidence_pct=pct(repeated, source.rows),
            recommendation="Find out why the export repeats rows. Where the same row was written "
            "twice, `dedupe` with a key merges them and counts them as merged.",
            question="Was the same row written twice where all of its values come again?"
            if numbered
            else None,
            rows_where=f"_row_id NOT IN (SELECT min(_row_id) FROM raw.{quoted(feed)} "
            f"GROUP BY {names})",
        )
    ]  # fmt: skip


def _alternative(broken: BrokenDependency) -> str:
    """What the others have in place of the first value that contradicts them."""
    for value, main, top, total in broken.agreed:
        if not any(map(is_personal, (value, main))):
            return (
                f" ({said(value) if value else 'nothing'}, where {top:,} of {total:,} "
                f"have {said(main)})"
            )
    return ""


def _dependency_issue(
    feed: str,
    broken: BrokenDependency,
    views: Sequence[ColumnView],
    rows: int,
    thresholds: Thresholds,
) -> Issue:
    named = {v.name: v for v in views}
    taking_part = [*broken.determinants, broken.dependent]
    private = any(named[c].private for c in taking_part)
    others = enumerated([f"“{d}”" for d in broken.determinants], "or")
    told = (
        inflected("{n} [row has|rows have] another", broken.rows)
        + f" “{broken.dependent}” than nearly all rows with the same {others}"
    )
    if broken.kind == "blank":
        severity: Severity = "warn"
        detail = (
            inflected("{n} [row has|rows have] no", broken.rows)
            + f" “{broken.dependent}”, though the other rows with the same {others} agree on one"
        )
        recommendation = "Fill it from the other rows, or ask why it is left out."
    elif broken.kind == "vote":
        severity = "warn"
        detail = f"{told}, of which several sources tell"
        recommendation = "Take the value that most sources have, or ask which source is right."
    elif broken.kind == "case":
        severity = "warn"
        detail = f"{told}, which differ from the other rows in that"
        recommendation = "Check these rows: one of the two columns is likely wrong."
    elif broken.kind == "misplaced":
        sure = broken.purity >= thresholds.misplaced_purity
        severity = "warn" if sure else "info"
        detail = f"{told}; the value itself is used elsewhere too"
        recommendation = "Check some of these rows: the combination is rare, and may be right."
    else:
        severity = "warn"
        detail = f"{told}, and the value is hardly used elsewhere"
        recommendation = "Check these rows: the value is likely misspelt or in the wrong row."
    return Issue(
        feed=feed, column=broken.dependent, columns=tuple(taking_part),
        issue_type=broken.issue_type, severity=severity,
        detail=f"{detail}{'' if private else _alternative(broken)}.",
        evidence_count=broken.rows, evidence_pct=pct(broken.rows, rows),
        examples=() if private or any(map(is_personal, broken.examples)) else broken.examples,
        recommendation=recommendation, rows_where=broken.where,
    )  # fmt: skip
