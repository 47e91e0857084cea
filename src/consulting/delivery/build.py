"""Build a delivery: all of it or none, and the same bytes from the same inputs."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from consulting.bounded_memory import FEW_THREADS, open_bounded, spill_of
from consulting.corrections import keep_sent
from consulting.delivery.compared import beside_the_past
from consulting.delivery.contents import Contents
from consulting.delivery.deliverable import adding, documents
from consulting.delivery.differences import from_the_one_before
from consulting.delivery.examples import find_examples
from consulting.delivery.findings import ask_questions, collect_findings, count_by_severity
from consulting.delivery.inputs import Delivery, DeliverySummary
from consulting.delivery.manifest import (
    INNER_MANIFEST,
    read_manifest,
    read_summary,
    summarise,
    write_manifest,
)
from consulting.delivery.rejects import export_rejects, write_receipts
from consulting.delivery.settled import NOTHING_COUNTED, find_remaining
from consulting.delivery.tables import export_tables
from consulting.delivery.verdict import reach_verdict
from consulting.delivery.verify import find_altered
from consulting.errors import DeliveryError
from consulting.layout import MANIFEST
from consulting.wording import counted
from consulting.writing import hash_file, sync

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from consulting.delivery.inputs import DeliveryInputs, TableExport
    from consulting.delivery.rejects import RejectsFile
    from consulting.delivery.tables import ExportedTable
    from consulting.layout import ClientFolder

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def build_delivery(
    inputs: DeliveryInputs,
    *,
    folder: ClientFolder,
    tables: Sequence[TableExport],
    past: ClientFolder | None = None,
) -> Delivery:
    """Write the delivery's folder below `folder.deliverables`.

    It is written beside its place, flushed to disk, and renamed into it: whoever looks sees the
    whole delivery or none. Where the delivery exists already, made from the same files, it stands
    as it is, even if this version of the program would make another of it: what was handed over
    is never overwritten, and a run that was killed after writing it can end.

    Args:
        inputs: What the delivery says.
        folder: The client's folder; the tables and rejects are read from its warehouse, the
            records that did not parse from the run folder of the same id.
        tables: The tables to hand over; at tier 1 none is.
        past: The folder with the earlier deliveries, if not this one.

    Raises:
        DeliveryError: If a row is unaccounted for, if a table does not have the rows its account
            says, or if a delivery of the same id was made from other files, or altered.
    """
    _check_inputs(inputs, folder)
    final = folder.deliverables / inputs.delivery_id
    partial = folder.deliverables / f".{inputs.delivery_id}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    inner = folder.run(inputs.delivery_id) / INNER_MANIFEST
    ours = inner.with_suffix(".partial")
    try:
        summary = _write_all(inputs, folder, tables, partial, past or folder, ours)
        rebuilt = final.exists()
        if rebuilt and _is_husk(final):
            shutil.rmtree(final)
            rebuilt = False
        stands = False
        if rebuilt:
            _require_same_input(inputs, final, partial)
            stands = hash_file(final / MANIFEST) != hash_file(partial / MANIFEST)
            summary = read_summary(final)
        if not stands:
            ours.replace(inner)
        if not rebuilt:
            _settle(partial, final)
        keep_sent(final, folder.sent(inputs.delivery_id))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        ours.unlink(missing_ok=True)
    return _delivery(final, summary, rebuilt=rebuilt).model_copy(update={"stands": stands})


def read_delivery(folder: ClientFolder, delivery_id: str) -> Delivery | None:
    """Return a delivery that was written before, as it lies there; None if there is none."""
    final = folder.deliverables / delivery_id
    if not final.is_dir():
        return None
    summary = read_summary(final)
    return _delivery(final, summary, rebuilt=True)


def _delivery(final: Path, summary: DeliverySummary, *, rebuilt: bool) -> Delivery:
    return Delivery(
        delivery_id=final.name,
        path=final,
        files=tuple(
            sorted(p.relative_to(final).as_posix() for p in final.rglob("*") if p.is_file())
        ),
        manifest_sha256=hash_file(final / MANIFEST),
        rebuilt=rebuilt,
        supersedes=read_manifest(final).get("supersedes"),
        summary=summary,
    )


def _check_inputs(inputs: DeliveryInputs, folder: ClientFolder) -> None:
    if inputs.client_id != folder.client_id:
        raise DeliveryError(
            f"{inputs.client_id}: the delivery was to be written into the folder of "
            f"{folder.client_id}. A client's delivery belongs in its own folder."
        )
    if not _SAFE_ID.fullmatch(inputs.delivery_id):
        raise DeliveryError(
            f"{inputs.client_id}: {inputs.delivery_id!r} can not name a folder. Use letters, "
            "digits, '.', '_' and '-', with a letter or digit in front."
        )
    for account in inputs.accounts:
        if account.unaccounted:
            raise DeliveryError(
                f"{inputs.client_id}: feed '{account.feed}' has {account.unaccounted:+,} rows "
                f"unaccounted for: {account.received:,} received, {account.delivered:,} delivered, "
                f"{sum(account.rejected.values()):,} rejected, {sum(account.merged.values()):,} "
                "merged. A model loses or multiplies rows; correct it and run again."
            )


def _write_all(  # noqa: PLR0913, PLR0917 - what is written, and where to
    inputs: DeliveryInputs,
    folder: ClientFolder,
    tables: Sequence[TableExport],
    target: Path,
    past: ClientFolder,
    inner: Path,
) -> DeliverySummary:
    contents = draft_delivery(inputs, folder, tables, target, past)
    told = inputs.model_copy(update={"files": contents.files})
    for name, document in documents().items():
        if document.always or name in inputs.documents:
            with adding(inputs.client_id, document, target):
                document().write(told, contents, target)
    for empty in ("tables", "rejects"):
        if not any((target / empty).iterdir()):
            (target / empty).rmdir()
    write_manifest(target, inputs, contents, inner=inner)
    return contents.summary


def draft_delivery(
    inputs: DeliveryInputs,
    folder: ClientFolder,
    tables: Sequence[TableExport],
    target: Path,
    past: ClientFolder,
) -> Contents:
    """Write the tables and rejects of a delivery, and say what its documents would tell.

    Args:
        inputs: As for `build_delivery`.
        folder: As there.
        tables: As there.
        target: The folder to write to; it is empty.
        past: The folder with the earlier deliveries.

    Raises:
        DeliveryError: As there.
    """
    (target / "tables").mkdir()
    (target / "rejects").mkdir()
    exported: list[ExportedTable] = []
    rejects, examples = [], []
    receipts: list[str] = []
    files = inputs.files
    remaining = NOTHING_COUNTED
    if not inputs.schema_only and folder.warehouse.exists():
        with open_bounded(
            folder.warehouse, read_only=True, config=FEW_THREADS, writes_to=target
        ) as connection:
            exported = export_tables(
                connection,
                tables,
                target / "tables",
                inputs=inputs,
            )
            _check_rows(inputs, tables, exported)
            run_folder = folder.run(inputs.delivery_id)
            rejects = export_rejects(connection, inputs, target / "rejects", run_folder=run_folder)
            _check_rejects(inputs, rejects)
            receipts, files = write_receipts(
                inputs, rejects, target / "rejects", run_folder=run_folder
            )
            examples = find_examples(connection, inputs)
            remaining = find_remaining(connection, inputs)
    findings = collect_findings(inputs, remaining)
    questions = ask_questions(inputs, remaining)
    counted = summarise(inputs, count_by_severity(findings))
    verdict = reach_verdict(inputs, findings, counted)
    summary = counted.model_copy(update={"verdict": verdict.level, "headline": verdict.headline})
    return _beside_the_past(
        inputs,
        Contents(
            findings, questions, examples, exported, rejects, receipts, files, verdict, summary
        ),
        folder,
        target,
        past,
    )


def _beside_the_past(
    inputs: DeliveryInputs,
    contents: Contents,
    folder: ClientFolder,
    target: Path,
    past: ClientFolder,
) -> Contents:
    """With how it is not the delivery before it, and what of that its summary tells."""
    spill = spill_of(folder.warehouse)
    found = from_the_one_before(inputs, contents, target, past=past, spill=spill)
    if found is None:
        return contents
    compared = beside_the_past(inputs, contents.summary, found.then, found.tables)
    summary = contents.summary.model_copy(update={"compared": compared})
    return replace(contents, differences=found, summary=summary)


def _check_rows(
    inputs: DeliveryInputs, tables: Sequence[TableExport], exported: Sequence[ExportedTable]
) -> None:
    """The report's number and the file's number are the same number, or there is no delivery."""
    accounts = {account.feed: account for account in inputs.accounts}
    for table, written in zip(tables, exported, strict=True):
        account = accounts.get(table.feed or "")
        if account is not None and account.delivered != written.rows:
            raise DeliveryError(
                f"{inputs.client_id}: the account of feed '{account.feed}' says "
                f"{counted(account.delivered, 'row')} delivered, but the table '{table.table}' has "
                f"{written.rows:,}. The warehouse changed after it was counted; run again."
            )


def _check_rejects(inputs: DeliveryInputs, rejects: Sequence[RejectsFile]) -> None:
    written = {file.feed: file.rows for file in rejects}
    for account in inputs.accounts:
        counted, found = sum(account.rejected.values()), written.get(account.feed, 0)
        if counted != found:
            raise DeliveryError(
                f"{inputs.client_id}: the account of feed '{account.feed}' says {counted:,} rows "
                f"were rejected, but {found:,} are in 'rejects.rejects_{account.feed}' and the run "
                "folder. A rejected row must be kept: correct the model, or run again."
            )


def _is_husk(final: Path) -> bool:
    """Whether nothing but the manifest is left: the tier was lowered before it was announced."""
    return [path.name for path in final.iterdir()] == [MANIFEST]


def _require_same_input(inputs: DeliveryInputs, final: Path, partial: Path) -> None:
    before, after = read_manifest(final), read_manifest(partial)
    altered = find_altered(final, before)
    if before["raw_files"] != after["raw_files"]:
        raise DeliveryError(
            f"{inputs.client_id}: the delivery {inputs.delivery_id} exists and was made from other "
            "files than this run's. A delivery is never overwritten: reprocess the drops as a new "
            "batch, which gets an id of its own."
        )
    if altered:
        listed = " ".join(str(difference) for difference in altered[:5])
        raise DeliveryError(
            f"{inputs.client_id}: the delivery {inputs.delivery_id} lies in {final} and was "
            f"altered since an earlier attempt wrote it. {listed} It was not announced: move the "
            "folder away, and the next attempt writes it again."
        )


def _settle(partial: Path, final: Path) -> None:
    """Flush every file and folder, then let the finished delivery appear at once."""
    for path in sorted(partial.rglob("*"), reverse=True):
        sync(path)
    sync(partial)
    partial.rename(final)
    sync(final.parent)
