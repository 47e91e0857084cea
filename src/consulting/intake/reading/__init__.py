"""Reading a client's files: every format to rows of text, with every decision on record.

`ReadingApart` reads files into the run folder, in a child process, with `read_file`; `load_raw`
builds the raw tables from there.
"""

from typing import TYPE_CHECKING

from consulting.lazy import lazy_exports

if TYPE_CHECKING:
    from consulting.intake.reading.apart import ReadingApart
    from consulting.intake.reading.columns import column_names
    from consulting.intake.reading.corrections import find_corrections
    from consulting.intake.reading.format import FileFormat
    from consulting.intake.reading.options import Door, Limits, ReadOptions, Written
    from consulting.intake.reading.outcome import Outcome, StoreFactory
    from consulting.intake.reading.reader import read_file
    from consulting.intake.reading.sources import ByteSource
    from consulting.intake.reading.warehouse import load_raw

__all__ = [
    "ByteSource",
    "Door",
    "FileFormat",
    "Limits",
    "Outcome",
    "ReadOptions",
    "ReadingApart",
    "StoreFactory",
    "Written",
    "column_names",
    "find_corrections",
    "load_raw",
    "read_file",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "ByteSource": "sources",
        "Door": "options",
        "FileFormat": "format",
        "Limits": "options",
        "Outcome": "outcome",
        "ReadOptions": "options",
        "ReadingApart": "apart",
        "StoreFactory": "outcome",
        "Written": "options",
        "column_names": "columns",
        "find_corrections": "corrections",
        "load_raw": "warehouse",
        "read_file": "reader",
    },
)
