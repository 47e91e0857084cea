"""What is known of a column's personal data before its rows are profiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.records import PiiFinding, Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from consulting.privacy import Declared
    from consulting.records import FileReading


class Decision(Record):
    """What intake and the engagement decided of one column.

    Attributes:
        pii: What was found before it was hidden.
        masked: Whether it was masked in every file that has it.
        final: Whether all its files were looked at whole, so that nothing is left to be found.
        contains_pii: What the engagement declares.
    """

    pii: PiiFinding | None = None
    masked: bool = False
    final: bool = False
    contains_pii: bool | None = None


def decisions(
    readings: Sequence[FileReading], declared: Mapping[str, Declared]
) -> dict[str, Decision]:
    """The decision on each column of a feed's files.

    Args:
        readings: The feed's files.
        declared: What the engagement says, by column.
    """
    columns = dict.fromkeys(column for reading in readings for column in reading.columns)
    return {column: _decision(column, readings, declared.get(column)) for column in columns}


def _decision(column: str, readings: Sequence[FileReading], said: Declared | None) -> Decision:
    holding = [reading for reading in readings if column in reading.columns]
    treated = [[t for t in r.treatments if t.column == column] for r in holding]
    found = [t.pii for one in treated for t in one if t.pii is not None]
    masked = [column in reading.masked_columns for reading in holding]
    pii = found[0] if found else None
    if pii is None and any(masked) and not all(treated):  # masked by an earlier release
        pii = PiiFinding(column=column, kind="masked", by="content", share=1.0, confidence=0.9)
    return Decision(
        pii=pii,
        masked=all(masked),
        final=all(treated),
        contains_pii=said.contains_pii if said else None,
    )
