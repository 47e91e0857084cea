"""One file of a client, from its bytes to rows of text."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from consulting.intake.reading.options import Door, ReadOptions
from consulting.privacy.wording import treatment_in_words
from consulting.records import FileReading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from consulting.sealed import SealedFile

SHORT_HASH = 12


def read_file(  # noqa: PLR0913 - the contract between the rooms names them all
    path: Path | SealedFile,
    *,
    filename: str,
    feed: str,
    sha256: str,
    run_folder: Path,
    options: ReadOptions | None = None,
    door: Door,
) -> FileReading:
    """Read one file and store of its rows what the tier allows.

    Writes `rows/<hash>.parquet` and, where records did not parse, `rejects/<hash>.parquet` into the
    run folder (the reading says where); at tier 1 neither. Reading the same
    file again gives the same files.

    Args:
        path: The landed copy; only its bytes count, its name is never looked at.
        filename: The file as the client named it, for messages and the `_file` column.
        feed: The feed it is read for.
        sha256: The hash of its bytes.
        run_folder: Where the run keeps its files.
        options: What is known of the file; whatever is left out is detected.
        door: What may be stored.

    Raises:
        UnreadableFileError: With a code that `docs/reading.md` lists.
    """
    from consulting.intake.reading.columns import refuse_if_wide
    from consulting.intake.reading.detection import detect_format
    from consulting.intake.reading.formats import WorkbookFormat
    from consulting.intake.reading.rows import RowStore
    from consulting.intake.reading.sources import open_source, part_taken

    options = options or ReadOptions()
    options = options.behind(door)
    # the same bytes may arrive under two names, or belong to two feeds
    name = hashlib.sha256(f"{sha256}\n{feed}\n{filename}".encode()).hexdigest()[:SHORT_HASH]

    def store(columns: Sequence[str], spacers: Sequence[int] = ()) -> RowStore:
        refuse_if_wide(filename, len(columns), options.max_columns)
        return RowStore(
            run_folder=run_folder,
            name=name,
            filename=filename,
            columns=columns,
            door=door,
            declared=options.declared,
            spacers=spacers,
        )

    source = open_source(path, filename, options)
    found = detect_format(source, options)
    if source.shared.others and not isinstance(found.format, WorkbookFormat):
        raise part_taken(filename, "Its one table")
    outcome = found.format.read(path, source, found.name, options, store)
    outcome.format = outcome.format or found.name
    if found.warning:
        outcome.warnings.insert(0, found.warning)
    outcome.decisions[:0] = [*found.passed_over, *source.notes]
    outcome.unread += source.unread
    stored = outcome.stored
    if outcome.received != outcome.seen + outcome.rejected:
        raise AssertionError("a reader must reconcile its counts before it returns")
    sampled = door.tier == 2  # noqa: PLR2004 - the Sampled tier
    if sampled:
        outcome.decisions.append(
            f"Tier 2: {stored.loaded:,} of {outcome.seen:,} rows kept, spread evenly over the "
            f"file. {treatment_in_words(stored.treatments)}"
        )
    elif door.tier == 1:
        outcome.decisions.append("Tier 1: only the headers were kept; no row was stored.")
    as_found = {
        name: found for name, found in vars(outcome).items() if name in FileReading.model_fields
    }
    return FileReading(
        filename=filename,
        feed=feed,
        sha256=sha256,
        size_bytes=path.stat().st_size,
        container=source.container,
        **as_found,
        received_rows=outcome.received,
        loaded_rows=stored.loaded,
        unparsed_rows=outcome.rejected,
        sampled_from=outcome.seen if sampled else None,
        masked_columns=tuple(t.column for t in stored.treatments if t.masked_cells),
        treatments=stored.treatments,
        rows_path=stored.rows_path,
        rejects_path=stored.rejects_path,
    )
