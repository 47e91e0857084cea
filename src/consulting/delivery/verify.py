"""Verify a delivery: rebuild it, compare byte for byte, and say in words what differs."""

from __future__ import annotations

import json
import zipfile
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from consulting.delivery.causes import causes, differing_keys
from consulting.delivery.inputs import Difference
from consulting.delivery.manifest import INNER_MANIFEST, hash_files, read_manifest
from consulting.errors import DeliveryError
from consulting.layout import MANIFEST
from consulting.scratch import scratch_folder
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_TEXT_SUFFIXES = {".csv", ".html", ".json", ".svg", ".txt"}
_SHOWN_KEYS = 5


def verify(
    delivery_dir: Path, rebuild: Callable[[Path], None], *, inner: Path | None = None
) -> list[Difference]:
    """Rebuild a delivery and compare it with what was delivered.

    Args:
        delivery_dir: The delivery as it lies in the client's `deliverables` folder.
        rebuild: Makes the delivery again below the empty folder it is given: its files straight
            in that folder, or anywhere below it in a folder of the delivery's name.
        inner: Our own manifest of the delivery, if it is kept: it tells more of a difference.

    Returns:
        Every difference, by file; nothing where the delivery is what its inputs make.

    Raises:
        DeliveryError: If the folder is no finished delivery, or `rebuild` leaves none.
    """
    manifest = read_manifest(delivery_dir)
    altered = find_altered(delivery_dir, manifest)
    # beside the deliveries, not in the machine's folder for temporary files: rows pass through it
    with scratch_folder(delivery_dir.absolute().parents[1]) as scratch:
        rebuild(scratch)
        rebuilt = _find_rebuilt(scratch, delivery_dir.name)
        known = {difference.file for difference in altered}
        ours = [inner, next(scratch.rglob(INNER_MANIFEST), None)]
        told = [path for path in ours if path is not None and path.is_file()]
        compared = [d for d in compare(delivery_dir, rebuilt, told) if d.file not in known]
    return sorted(altered + compared, key=lambda difference: difference.file)


def compare(delivered: Path, rebuilt: Path, inner: Sequence[Path] = ()) -> list[Difference]:
    """Compare two folders of one delivery, the manifests included.

    Args:
        delivered: The delivery as it lies there.
        rebuilt: The same, made again.
        inner: Our own manifests of both, where there are two.

    Returns:
        The differences in order of file name, the manifest's last: most often it only repeats
        what the other files show.
    """
    before, after = hash_files(delivered), hash_files(rebuilt)
    differences = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            detail = "was delivered, but the rebuild does not make it."
            differences.append(Difference(file=name, kind="missing", detail=detail))
        elif name not in before:
            detail = "is made by the rebuild, but was not delivered."
            differences.append(Difference(file=name, kind="unexpected", detail=detail))
        elif before[name] != after[name]:
            detail = _what_differs(delivered / name, rebuilt / name)
            differences.append(Difference(file=name, kind="changed", detail=detail))
    if (delivered / MANIFEST).read_bytes() != (rebuilt / MANIFEST).read_bytes():
        both = inner if len(inner) > 1 else (delivered / MANIFEST, rebuilt / MANIFEST)
        detail = _manifest_difference(*both)
        differences.append(Difference(file=MANIFEST, kind="changed", detail=detail))
    return differences


def find_altered(folder: Path, manifest: dict[str, Any]) -> list[Difference]:
    """Files that are no longer what their own manifest says: changed after the delivery."""
    recorded, present = manifest["files"], hash_files(folder)
    differences = []
    for name in sorted(recorded.keys() | present.keys()):
        if name not in present:
            detail = "is in the manifest, but no longer in the folder."
            differences.append(Difference(file=name, kind="missing", detail=detail))
        elif name not in recorded:
            detail = "is in the folder, but not in the manifest: it was added later."
            differences.append(Difference(file=name, kind="unexpected", detail=detail))
        elif recorded[name] != present[name]:
            detail = "was altered after the delivery: its hash is not the manifest's."
            differences.append(Difference(file=name, kind="altered", detail=detail))
    return differences


def _find_rebuilt(scratch: Path, name: str) -> Path:
    found = [path.parent for path in sorted(scratch.rglob(MANIFEST))]
    named = [path for path in found if path.name == name or path == scratch]
    if not named:
        raise DeliveryError(
            f"{name}: the rebuild left no {MANIFEST}, so there is nothing to compare. "
            "See the rebuild's own error, and run it again."
        )
    return named[0]


def _what_differs(before: Path, after: Path) -> str:
    if before.suffix == ".parquet":
        return _parquet_difference(before, after)
    if before.suffix == ".xlsx":
        return _workbook_difference(before, after)
    if before.suffix in _TEXT_SUFFIXES:
        return _rows_moved(before, after) or _text_difference(before, after)
    return "has other bytes."


def _rows_moved(before: Path, after: Path) -> str | None:
    """Where a comparison is another since the rows it is made with were moved: that."""
    if before.stem != "comparison":
        return None
    try:
        both = [json.loads(path.with_suffix(".json").read_bytes()) for path in (before, after)]
        (gone, missing), earlier = (each["not_held"] for each in both), both[0]["then"]
    except (ValueError, KeyError, OSError):  # altered, or of another version
        return None
    if gone == missing:
        return None
    away = len(gone) < len(missing)
    moved = "moved out of" if away else "brought back to"
    return (
        f"compares row by row with {earlier['delivery_id']}, whose folder was since {moved} "
        f"`deliverables/`. {'Bring it back' if away else 'Move it away'}, and verify again."
    )


def _text_difference(before: Path, after: Path) -> str:
    with before.open("rb") as old, after.open("rb") as new:
        lines, first, differing = 0, 0, 0
        for number, (one, two) in enumerate(zip_longest(old, new), start=1):
            lines = number
            if one != two:
                first, differing = first or number, differing + 1
    return f"{differing:,} of {lines:,} lines differ, the first is line {first:,}."


def _parquet_difference(before: Path, after: Path) -> str:
    old, new = pq.ParquetFile(before), pq.ParquetFile(after)
    if old.metadata.num_rows != new.metadata.num_rows:
        return f"has {counted(old.metadata.num_rows, 'row')}, rebuilt {new.metadata.num_rows:,}."
    if old.schema_arrow != new.schema_arrow:
        changed = sorted(
            {f.name for f in old.schema_arrow if f not in list(new.schema_arrow)}
            | {f.name for f in new.schema_arrow if f not in list(old.schema_arrow)}
        )
        return f"has other columns or types: {', '.join(changed) or 'in another order'}."
    names = [
        name
        for name in old.schema_arrow.names
        if old.read([name]).column(0) != new.read([name]).column(0)
    ]
    if names:
        return f"has other values in {', '.join(names)}; rows and types are the same."
    return "holds the same rows and types, but other bytes: another version of the writer?"


def _workbook_difference(before: Path, after: Path) -> str:
    with zipfile.ZipFile(before) as old, zipfile.ZipFile(after) as new:
        parts = sorted(set(old.namelist()) | set(new.namelist()))
        changed = [
            part
            for part in parts
            if part not in old.namelist()
            or part not in new.namelist()
            or old.read(part) != new.read(part)
        ]
    if not changed:
        return "holds the same parts, but other bytes: another version of the writer?"
    return f"differs in {', '.join(changed)}."


def _manifest_difference(before: Path, after: Path) -> str:
    old, new = json.loads(before.read_text("utf-8")), json.loads(after.read_text("utf-8"))
    made = "; ".join(cause.what for cause in causes(old, new))
    told = _key_difference(old, new)
    return f"was made with {made}. It {told}" if made else told


def _key_difference(old: dict[str, Any], new: dict[str, Any]) -> str:
    keys = sorted(differing_keys(old, new))
    shown = ", ".join(keys[:_SHOWN_KEYS])
    more = f" and {len(keys) - _SHOWN_KEYS} more" if len(keys) > _SHOWN_KEYS else ""
    return f"differs in {shown}{more}." if keys else "says the same in other bytes."
