"""What a stage tells Dagster: counts and names, never a client's row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from consulting import profiling
from consulting.chain import drifted, unaccounted, unmapped, unreadable
from consulting.intake.reading.encoding_names import encoding_in_words
from consulting.layout import address_of
from consulting.privacy.labels import judge
from consulting.shown import as_markdown_block, in_markdown, on_one_line
from consulting.untitled import untitled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from consulting.chain import Engagement
    from consulting.chain.artifacts import Checks, Cleaning, Intake, Profile
    from consulting.delivery import Delivery
    from consulting.profiling import DriftFinding
    from consulting.records import CheckOutcome, ColumnMapping, ModelOutcome

Metadata = dict[str, dg.MetadataValue[Any] | str | int | float | bool]


def table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> dg.MetadataValue[Any] | None:
    """Rows as a Markdown table; none without a row, as an empty one tells nothing."""
    names = list(columns)
    lines = [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    head = [f"| {' | '.join(map(in_markdown, names))} |", f"|{'---|' * len(names)}"]
    return dg.MetadataValue.md("\n".join(head + lines)) if lines else None


def told(
    metadata: Mapping[str, dg.MetadataValue[Any] | str | int | float | bool | None],
) -> Metadata:
    """The entries that there is something to tell of."""
    return {name: value for name, value in metadata.items() if value is not None}


def of_received(received: Intake, engagement: Engagement) -> Metadata:
    """What `file_received` tells: files, rows, encodings, quarantine and the ledger's state."""
    readings = received.readings
    files = (*readings, *received.own_corrections)
    decisions = [
        f"- **{in_markdown(reading.filename)}**: {in_markdown(said)}"
        for reading in files
        for said in (*reading.decisions, *reading.warnings, *reading.unread)
    ]
    return told(
        {
            "batch_id": received.batch.batch_id,
            "attempt": received.batch.attempt,
            "file_count": len(files),
            "bytes": sum(file.size_bytes for file in files),
            "dagster/row_count": sum(reading.received_rows for reading in readings),
            "files": table(
                ["file", "feed", "rows", "not parsed", "format", "encoding"],
                (
                    [
                        reading.filename,
                        reading.feed,
                        reading.received_rows,
                        reading.unparsed_rows,
                        reading.format,
                        encoding_in_words(reading.encoding),
                    ]
                    for reading in readings
                ),
            ),
            "decisions": dg.MetadataValue.md("\n".join(decisions)) if decisions else None,
            "ledger_then": table(
                ["state", "files"],
                (
                    (name, count)
                    for name, count in engagement.intake.state().counts.items()
                    if count
                ),
            ),
            "corrections": table(
                ["file", "feed", "what became of its rows"],
                (
                    [file.filename, file.feed, file.corrections.in_words()]
                    for file in received.own_corrections
                    if file.corrections
                ),
            ),
            "carried_forward": table(
                ["feed without a new file", "stands in from delivery", "held"],
                (
                    (feed, delivery_id, _held(received, feed))
                    for feed, delivery_id in received.carried.items()
                ),
            ),
            "quarantined": table(
                ["file", "code", "reason", "what to do"],
                ([q.filename, q.code, q.reason, q.fix] for q in received.quarantined),
            ),
            "period": received.batch.period,
        }
    )


def readable_check(name: str, received: Intake) -> dg.AssetCheckResult:
    """Passes if every file was read; an error if none was."""
    bad = received.quarantined
    none_left = unreadable(received) is not None
    return dg.AssetCheckResult(
        check_name=name,
        passed=not bad,
        severity=dg.AssetCheckSeverity.ERROR if none_left else dg.AssetCheckSeverity.WARN,
        description=on_one_line("; ".join(f"{q.filename}: {q.reason} {q.fix}" for q in bad))
        or None,
        metadata={"quarantined_files": len(bad)},
    )


def of_profile(profile: Profile, *, patches_told: bool) -> Metadata:
    """What `profiled` tells: issues by severity, the score, columns and drift.

    Args:
        profile: The profile.
        patches_told: Whether the changes of the YAML are told, whose lines may list values: at
            tier 3. Below, `consulting accept` shows them.
    """
    severities = profile.issues_by_severity()
    # a blocked batch has no report to show them
    patches = [f.patch for f in profile.drift if f.severity == "block" and f.patch]
    return told(
        {
            "issues_found": sum(severities.values()),
            "columns_profiled": sum(len(feed.columns) for feed in profile.profiles),
            **{f"issues_{severity}": count for severity, count in severities.items()},
            "issues": table(
                ["feed", "column", "severity", "issue", "rows"],
                (
                    [
                        feed.feed,
                        issue.column or "",
                        issue.severity,
                        issue.issue_type,
                        issue.evidence_count,
                    ]
                    for feed in profile.profiles
                    for issue in feed.issues
                ),
            ),
            "score_of_files": profile.score.value if profile.score else None,
            "drift": _of_drift(profile.drift),
            "proposed_change": dg.MetadataValue.md(
                "\n\n".join(as_markdown_block(patch, "diff") for patch in patches)
            )
            if patches and patches_told
            else None,
        }
    )


def _of_drift(drift: Iterable[DriftFinding]) -> dg.MetadataValue[Any] | None:
    return table(
        ["feed", "severity", "what changed", "what to do"],
        ([f.feed, f.severity, f.detail, f.recommendation] for f in drift),
    )


def drift_check(client_id: str, name: str, stage: Profile | Cleaning) -> dg.AssetCheckResult:
    """Fails if the files no longer have what the models need."""
    found = [finding for finding in stage.drift if finding.severity != "info"]
    blocking = [finding for finding in found if finding.severity == "block"]
    severity = dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        check_name=name,
        passed=not found,
        severity=severity,
        description=on_one_line(drifted(client_id, stage) or profiling.changes_in_words(found))
        or None,
        metadata={"blocking": len(blocking), "warnings": len(found) - len(blocking)},
    )


def of_model(
    model: ModelOutcome,
    written: Collection[str],
    origins: Mapping[str, Sequence[dg.TableColumnDep]],
) -> Metadata:
    """What a dbt model tells: its rows, its columns and where they come from.

    Args:
        model: What became of it.
        origins: The columns of files by the model's columns that are made of them.
        written: The names that its own files write; a column of another name was made of data (a
            pivot), and is told by its place where its name is no label.
    """
    names = [
        untitled(place) if judge(name, written) == "data" else name
        for place, (name, _) in enumerate(model.columns, start=1)
    ]
    traced = {
        told: origins[name]
        for told, (name, _) in zip(names, model.columns, strict=True)
        if name in origins
    }
    metadata: Metadata = {
        "dagster/relation_identifier": model.relation,
        "dagster/column_schema": dg.MetadataValue.table_schema(
            dg.TableSchema(
                [
                    dg.TableColumn(name, kind)
                    for name, (_, kind) in zip(names, model.columns, strict=True)
                ]
            )
        ),
    }
    if traced:
        lineage = dg.MetadataValue.column_lineage(dg.TableColumnLineage(traced))
        metadata["dagster/column_lineage"] = lineage
    if model.rows is not None:
        metadata["dagster/row_count"] = model.rows
    return metadata


def origins_of(
    table: str, mappings: Iterable[ColumnMapping], received: dg.AssetKey, named: Collection[str]
) -> dict[str, list[dg.TableColumnDep]]:
    """The columns of the client's files behind each column of a delivered table.

    Args:
        table: The table.
        mappings: Of the whole delivery.
        received: The asset of the files; a column of it is `<feed>.<header>`.
        named: Headers that the client's YAML names; any other is told where it names nobody.
    """
    found: dict[str, list[dg.TableColumnDep]] = {}
    for mapping in mappings:
        if mapping.target_table == table and mapping.target_column is not None:
            found.setdefault(mapping.target_column, []).extend(
                dg.TableColumnDep(received, f"{mapping.feed}.{header}")
                for header in mapping.source_columns
                if judge(header, named) != "data"
            )
    return found


def of_cleaning(cleaning: Cleaning) -> Metadata:
    """What `cleaned` tells: models run, and where the rows of each feed went."""
    return told(
        {
            "models_run": len(cleaning.models),
            "rows_received": sum(account.received for account in cleaning.accounts),
            "rows_delivered": sum(account.delivered for account in cleaning.accounts),
            "rows_rejected": sum(sum(a.rejected.values()) for a in cleaning.accounts),
            "rows_merged": sum(sum(a.merged.values()) for a in cleaning.accounts),
            "accounts": table(
                ["feed", "received", "delivered", "rejected", "merged", "unaccounted for"],
                (
                    [
                        account.feed,
                        account.received,
                        account.delivered,
                        sum(account.rejected.values()),
                        sum(account.merged.values()),
                        account.unaccounted,
                    ]
                    for account in cleaning.accounts
                ),
            ),
            "rejects_by_reason": table(
                ["feed", "reason", "rows"],
                (
                    [account.feed, reason, count]
                    for account in cleaning.accounts
                    for reason, count in account.rejected.items()
                ),
            ),
            "drift": _of_drift(cleaning.drift),
        }
    )


def conserved_check(name: str, cleaning: Cleaning) -> dg.AssetCheckResult:
    """Fails if a row went missing or was multiplied."""
    off = {a.feed: a.unaccounted for a in cleaning.accounts if a.unaccounted}
    return dg.AssetCheckResult(
        check_name=name,
        passed=not off,
        severity=dg.AssetCheckSeverity.ERROR,
        description=unaccounted(cleaning),
        metadata={"feeds": len(cleaning.accounts), "feeds_off": len(off)},
    )


def mapped_check(name: str, cleaning: Cleaning) -> dg.AssetCheckResult:
    """Fails if a column would be lost without a word."""
    return dg.AssetCheckResult(
        check_name=name,
        passed=not cleaning.unmapped,
        severity=dg.AssetCheckSeverity.ERROR,
        description=unmapped(cleaning),
        metadata={"unmapped_columns": len(cleaning.unmapped)},
    )


def check_result(spec: dg.AssetCheckSpec, check: CheckOutcome) -> dg.AssetCheckResult:
    """A dbt test as an asset check: counts, and where the failing rows lie."""
    metadata: Metadata = {"failing_rows": check.failing_rows, "dbt_status": check.status}
    if check.stored_in:
        metadata["failing_rows_table"] = check.stored_in
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=check.status == "pass",
        severity=(
            dg.AssetCheckSeverity.WARN if check.severity == "warn" else dg.AssetCheckSeverity.ERROR
        ),
        description=check.message or check.description or None,
        metadata=metadata,
    )


def of_checks(checks: Checks) -> Metadata:
    """What `validated` tells."""
    counts = checks.by_status()
    return told(
        {
            "tests_passed": counts.get("pass", 0),
            "tests_warned": counts.get("warn", 0),
            "tests_failed": counts.get("fail", 0) + counts.get("error", 0),
            "tests": table(
                ["test", "status", "failing rows"],
                ([check.name, check.status, check.failing_rows] for check in checks.checks),
            ),
        }
    )


def of_delivery(delivery: Delivery, engagement: Engagement) -> Metadata:
    """What `delivered` tells: where the delivery lies below `CONSULTING_DATA`, and its files."""
    root, summary = delivery.path, delivery.summary
    compared = summary.compared
    return told(
        {
            "delivery_id": delivery.delivery_id,
            "deliverables": table(["file"], ([name] for name in delivery.files)),
            "quality_report": dg.MetadataValue.url(address_of(root / "quality_report.html")),
            "folder": dg.MetadataValue.path(root.relative_to(engagement.folder.root).as_posix()),
            "manifest_sha256": delivery.manifest_sha256,
            "period": summary.period,
            "supersedes": delivery.supersedes,
            "compared": table(
                ["table"], ([words] for words in (compared.in_counts() if compared else ()))
            ),
            "verdict": summary.headline or None,
            "score": summary.score,
        }
    )


def _cell(value: object) -> str:
    return in_markdown(str(value))


def _held(received: Intake, feed: str) -> str:
    """How much is held of the files that stand in for a feed."""
    files = [reading for reading in received.carried_readings if reading.feed == feed]
    kept, of = (sum(getattr(r, name) for r in files) for name in ("loaded_rows", "received_rows"))
    return f"in part: {kept:,} of {of:,} rows" if any(r.partial for r in files) else "all rows"
