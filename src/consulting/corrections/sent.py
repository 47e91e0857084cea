"""What was sent out: the rejected rows of earlier deliveries, by their ids."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consulting.corrections.identity import CORRECTION_ID, DESK_COLUMNS, correction_id
from consulting.formulas import restore
from consulting.layout import MANIFEST
from consulting.records import CORRECTION_RESULTS, Written
from consulting.writing import make_folder, sync

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from consulting.layout import ClientFolder

    Forms = Mapping[str, frozenset[object]]
    """Header in lower case → the decimal mark and the forms of dates that are read there."""

# a cell may be longer than csv takes unless told; the setting is the process's
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
_TAKEN_OVER = {CORRECTION_RESULTS[result] for result in ("corrected", "rejected_again")}


@dataclass
class SentRow:
    """A rejected row as the client has it.

    Attributes:
        feed: Its feed.
        file: The name of its file.
        row: Its line, or sheet row, in that file.
        sha256: The hash of that file, where the delivery that sent the row still names it.
        period: The period of the delivery that sent it.
        versions: Its cells by header in lower case, as each delivery sent them; oldest first.
        reason: Why the last of them rejected it, in words that quote the columns at fault.
        written: Header in lower case → how its values were written for the rules of that delivery.
        rejected: Whether the last delivery that used its file still rejected it.
    """

    feed: str
    file: str
    row: int
    sha256: str | None
    period: str | None
    versions: list[Mapping[str, str]] = field(default_factory=list)
    reason: str = ""
    written: Forms = field(default_factory=dict)
    rejected: bool = True

    def is_at_fault(self, header: str) -> bool:
        """Whether the row was rejected for a column, or may have been."""
        return f"“{header}”".casefold() in self.reason.casefold()


def sent_rows(folder: ClientFolder, wanted: Iterable[str], *, before: str) -> dict[str, SentRow]:
    """Find rows by their ids in the rejects of earlier deliveries.

    Args:
        folder: The client.
        wanted: The ids.
        before: The batch that asks; deliveries of later batches are not looked at, so that a
            rebuild finds the same.
    """
    ids = frozenset(wanted)
    found: dict[str, SentRow] = {}
    for path in _deliveries(folder, before):
        manifest = _manifest(path)
        sent_now: set[str] = set()
        for feed, row in _exported(path, manifest):
            identity = row.get(CORRECTION_ID) or ""
            if identity in ids:
                sent_now.add(identity)
                _note(found, identity, feed, row, manifest)
        applied = {identity for identity in _receipts(path, manifest) if identity in ids}
        used = {file["sha256"] for file in manifest["raw_files"]}
        for identity, known in found.items():
            if identity in applied or known.sha256 in used:
                known.rejected = identity in sent_now
    return found


def written_forms(rules: Iterable[tuple[Iterable[str], Written]]) -> Forms:
    """The decimal mark, or the forms of dates, that is read in each column.

    Args:
        rules: The headers of each column, and how its values are written.
    """
    found: dict[str, frozenset[object]] = {}
    for headers, written in rules:
        forms = {form for form in (written.decimal, written.formats) if form}
        for header in map(str.casefold, headers):
            found[header] = found.get(header, frozenset()) | forms
    return found


def origin(rows: Iterable[SentRow]) -> tuple[str, str | None] | None:
    """The feed and period that most rows are of; None where there is no row."""
    counted = Counter((row.feed, row.period) for row in rows)
    return counted.most_common(1)[0][0] if counted else None


def keep_sent(delivery: Path, kept: Path) -> None:
    """Keep what later runs need of a delivery, so that its folder may be taken away.

    Args:
        delivery: Its folder.
        kept: The folder to make, whole or not at all; it may be there from an earlier attempt.
    """
    manifest = _manifest(delivery)
    names = [name for _, name in _correctable(manifest)] + manifest.get("corrections", [])
    partial = kept.with_name(f".{kept.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    make_folder(partial / "rejects")
    for name in (MANIFEST, *(f"rejects/{name}" for name in names)):
        shutil.copy(delivery / name, partial / name)
        sync(partial / name)
    sync(partial / "rejects")
    sync(partial)
    shutil.rmtree(kept, ignore_errors=True)
    partial.rename(kept)
    sync(kept.parent)


def _deliveries(folder: ClientFolder, before: str) -> Iterator[Path]:
    for name in folder.deliveries():
        path = folder.as_sent(name)
        if name < before and (path / MANIFEST).is_file():
            yield path


def _manifest(path: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((path / MANIFEST).read_bytes())
    return manifest


def _correctable(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Feed and name of each file that may come back."""
    for rejects in manifest["rejects"]:
        for name in rejects["files"]:
            if rejects["correctable"] and name.endswith(".csv"):
                yield rejects["feed"], name


def _exported(path: Path, manifest: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    for feed, name in _correctable(manifest):
        for row in rows_of_csv(path / "rejects" / name):
            yield feed, row


def _receipts(path: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    for name in manifest.get("corrections", []):
        for row in rows_of_csv(path / "rejects" / name):
            if row["result"] in _TAKEN_OVER:
                yield row["correction_id"]


def rows_of_csv(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file that we wrote, by column; none where it is gone."""
    if path.is_file():  # a lowered tier removes what was delivered, but for the manifest
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)


def _note(
    found: dict[str, SentRow],
    identity: str,
    feed: str,
    row: Mapping[str, str],
    manifest: Mapping[str, Any],
) -> None:
    known = found.get(identity)
    if known is None:
        number = int(row["_row"])
        hashes = (file["sha256"] for file in manifest["raw_files"] if file["feed"] == feed)
        client = manifest["client_id"]
        known = found[identity] = SentRow(
            feed=feed,
            file=row["_file"],
            row=number,
            sha256=next(
                (h for h in hashes if correction_id(client, feed, h, number) == identity), None
            ),
            period=manifest["period"],
        )
    mine = (column for column in manifest.get("columns", ()) if column["feed"] == feed)
    # a release before this one did not say it
    told = ((c["from"], Written.model_validate(c.get("written") or {})) for c in mine)
    known.written = written_forms(told)
    known.reason = row.get("_reason") or ""
    known.versions.append(
        {restore(k).casefold(): restore(v or "") for k, v in row.items() if k not in DESK_COLUMNS}
    )
