"""How each of a feed's files writes the columns that could be read in two ways.

A file that proves nothing by itself would else borrow the proof of another, which may have come
from another system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.profiling.columns import column_profile, view_columns
from consulting.profiling.decision import Decision
from consulting.profiling.notations import is_unclear
from consulting.profiling.source import open_feed
from consulting.profiling.thresholds import Thresholds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from consulting.profiling.model import FeedProfile
    from consulting.records import FileReading

_DEFAULT = Thresholds()


def unclear_columns(profile: FeedProfile) -> list[str]:
    """The columns with values that the file alone does not tell how to read."""
    return [column.name for column in profile.columns if is_unclear(column)]


def profile_each(
    profile: FeedProfile,
    readings: Sequence[FileReading],
    run_folder: Path,
    thresholds: Thresholds = _DEFAULT,
) -> tuple[FeedProfile, ...]:
    """Profile the unclear columns of each file alone.

    Args:
        profile: Of all the files.
        readings: The files, with the rows that they left in the run folder.
        run_folder: `ClientFolder.run(batch_id)`.
        thresholds: As `profile_feed`.

    Returns:
        One profile a file, in their order, with these columns and without issues.
    """
    names, found = unclear_columns(profile), []
    for reading in readings:
        with open_feed([reading], run_folder, thresholds) as source:
            here = [name for name in names if name in source.columns]
            known = dict.fromkeys(here, Decision(final=True))
            views = view_columns(source, here, known, thresholds)
            columns = tuple(column_profile(v, source.shown.get(v.name)) for v in views)
            changes = {"columns": columns, "row_count": source.rows, "issues": ()}
            found.append(profile.model_copy(update=changes))
    return tuple(found)
