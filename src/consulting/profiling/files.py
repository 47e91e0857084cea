"""Issues of files as a whole: what could not be read, and what was skipped or set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.profiling.columns import pct
from consulting.profiling.model import Issue
from consulting.wording import counted, inflected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.profiling.thresholds import Thresholds
    from consulting.records import FileReading


def file_issues(feed: str, readings: Sequence[FileReading], thresholds: Thresholds) -> list[Issue]:
    """Issues of the files of a feed as a whole, before any value is looked at."""
    issues: list[Issue] = []
    for reading in readings:
        issues += _beside_the_table(feed, reading)
        unparsed = reading.unparsed_rows - sum(table.rows for table in reading.other_tables)
        if unparsed:
            much = unparsed > thresholds.unparsed_error * reading.received_rows
            issues.append(
                Issue(
                    feed=feed, issue_type="unparsed_rows", severity="error" if much else "warn",
                    detail=inflected(
                        f"{{n}} of {counted(reading.received_rows, 'record')} [does|do] not have "
                        "the form of the file and [was|were] set aside", unparsed,
                    ) + f": {reading.filename}.",
                    evidence_count=unparsed,
                    evidence_pct=pct(unparsed, reading.received_rows),
                    recommendation="See the rejects: most often a quote or a delimiter in a value "
                    "is not escaped. Correct and send the rows again.",
                )
            )  # fmt: skip
    loaded = sum(r.loaded_rows for r in readings)
    if not loaded:
        issues.append(
            Issue(
                feed=feed, issue_type="no_rows", severity="error",
                detail="The files hold no row, only a header.", evidence_count=0,
                recommendation="Ask for the file again; check the filter of the export.",
                question="Is an empty file what you meant to send?",
            )
        )  # fmt: skip
    shared = set(readings[0].columns)
    for reading in readings[1:]:
        differing = shared ^ set(reading.columns)
        if differing:
            issues.append(
                Issue(
                    feed=feed, columns=tuple(sorted(differing)), severity="warn",
                    issue_type="columns_differ_between_files",
                    detail=f"{reading.filename} and {readings[0].filename} do not have the same "
                    f"columns: {', '.join(sorted(differing))}.",
                    evidence_count=reading.loaded_rows,
                    evidence_pct=pct(reading.loaded_rows, loaded),
                    recommendation="Ask for the same columns in each file.",
                )
            )  # fmt: skip
    return issues


def _beside_the_table(feed: str, reading: FileReading) -> Iterator[Issue]:
    """Other tables of a file, and skipped lines that may be data."""
    lines = "rows" if reading.sheet else "lines"
    for table in reading.other_tables:
        yield Issue(
            feed=feed, issue_type="another_table", severity="error",
            detail=f"{reading.filename} holds another table in {lines} {table.first_line:,} to "
            f"{table.last_line:,}: {counted(table.rows, 'row')} of "
            f"{counted(table.columns, 'column')}. They were set aside and are not in the delivery.",
            evidence_count=table.rows, evidence_pct=pct(table.rows, reading.received_rows),
            recommendation="Ask for each table in a file or sheet of its own.",
            question="Is the other table meant to be delivered too?",
        )  # fmt: skip
    for skipped in reading.skipped:
        if skipped.doubtful:
            first, last = skipped.first_line, skipped.last_line
            which = f"{lines} {first:,} to {last:,} were"
            if first == last:
                which = f"{lines.removesuffix('s')} {first:,} was"
            yield Issue(
                feed=feed, issue_type="skipped_lines", severity="warn",
                detail=f"{reading.filename}: {which} skipped ({skipped.reason}).",
                evidence_count=last - first + 1,
                recommendation="Look at these lines: there may be data among them.",
                question="Is there data among these lines?",
            )  # fmt: skip
