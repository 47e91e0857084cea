"""How each of a feed's files writes the columns that could be read in two ways.

A file that proves nothing by itself would else borrow the proof of another, which may have come
from another system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.profiling.columns import column_profile, view_columns
from consulting.profiling.date_orders import may_be_misread
from consulting.profiling.decision import Decision
from consulting.profiling.larger import larger_columns
from consulting.profiling.model import FeedProfile
from consulting.profiling.notations import (
    is_unclear,
    mark_of,
    unread_dates,
    unread_flags,
    unread_units,
)
from consulting.profiling.source import NO_MARKS, open_feed
from consulting.profiling.thresholds import Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from consulting.records import FileReading, ReadColumn

_DEFAULT = Thresholds()


def unclear_columns(profile: FeedProfile, reads: Sequence[ReadColumn]) -> list[str]:
    """The columns with values that a file does not tell how to read, or that a rule does not read.

    Args:
        profile: Of all files.
        reads: What the models read.
    """
    unread = {
        name
        for read in reads
        for name in read.names
        if (column := profile.column(name))
        and (
            may_be_misread(read, column)
            or unread_dates(read, column)
            or unread_flags(read, column)
            or unread_units(read, column)
            or (read.decimal in {"point", "comma"} and mark_of(column) == "either")
        )
    }
    return [c.name for c in profile.columns if is_unclear(c) or c.name in unread]


def profile_each(  # noqa: PLR0913, PLR0917 - called apart
    profile: FeedProfile,
    names: Sequence[str],
    readings: Sequence[FileReading],
    run_folder: Path,
    marks: Mapping[str, str] = NO_MARKS,
    thresholds: Thresholds = _DEFAULT,
) -> tuple[FeedProfile, ...]:
    """Profile some columns of each file alone.

    Args:
        profile: Of all the files; what it found personal is so in each.
        names: The columns.
        readings: The files, with the rows that they left in the run folder.
        run_folder: `ClientFolder.run(batch_id)`.
        marks: As `profile_feed`.
        thresholds: As `profile_feed`.

    Returns:
        One profile a file, in their order, with these columns and how they lie to each other, and
        without issues.
    """
    found = []
    for reading in readings:
        with open_feed([reading], run_folder, thresholds, marks) as source:
            here = [name for name in names if name in source.columns]
            source.draw_sample(thresholds.sample_values)
            personal = {column.name: column.pii for column in profile.columns}
            known = {
                c: Decision(pii=personal.get(c), masked=c in reading.masked_columns, final=True)
                for c in here
            }
            views = view_columns(source, here, known, thresholds)
            found.append(
                FeedProfile(
                    feed=profile.feed,
                    basis="all_rows" if reading.sampled_from is None else "sample",
                    file_metadata=(),
                    row_count=source.rows,
                    column_count=len(source.columns),
                    columns=tuple(column_profile(v, source.shown.get(v.name)) for v in views),
                    orders=larger_columns(source, views),
                )
            )
    return tuple(found)
