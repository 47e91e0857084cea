"""What a feed may declare about its files, and what the client's tier lets us store."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from consulting.privacy import Declared
from consulting.records import Record

GIB = 1024**3


class ReadOptions(Record):
    """What is known of a feed's files beforehand; whatever is left out is detected.

    Attributes:
        sheet: The sheet of a workbook, by name or by position (1 is the first).
        header_row: The 1-based line (or sheet row) of the header; 0 where the file has none.
        skip_rows: How many lines to skip before looking for the header.
        delimiter: What separates the fields of delimited text; more than one character is fine.
        quotechar: What fields are quoted with; an empty string where nothing is quoted.
        encoding: A Python codec name ("cp1252").
        password: Opens an encrypted workbook.
        member: The file to read from a zip that holds several.
        guess_header: Whether a first row that may as well be data is taken for the header.
        expected_columns: Headers the feed is known to have; the row that holds them is the header.
        declared: What the engagement says of its columns' values, for the tier that hides them.
        max_unpacked_bytes: The most a gz or zip may unpack to.
        max_unpack_ratio: The most times larger than its archive the content may be.
        max_rows: The most records one file may hold.
    """

    sheet: str | int | None = None
    header_row: int | None = Field(default=None, ge=0)
    skip_rows: int | None = Field(default=None, ge=0)
    delimiter: str | None = Field(default=None, min_length=1, max_length=8)
    quotechar: str | None = Field(default=None, max_length=1)
    encoding: str | None = None
    password: SecretStr | None = None
    member: str | None = None
    guess_header: bool = True
    expected_columns: tuple[str, ...] = ()
    declared: dict[str, Declared] = Field(default_factory=dict)
    max_unpacked_bytes: int = Field(default=20 * GIB, gt=0)
    max_unpack_ratio: int = Field(default=1000, gt=0)
    max_rows: int = Field(default=500_000_000, gt=0)


class Door(Record):
    """What may be stored of a file.

    Attributes:
        tier: The engagement's security tier: 1 stores no row, 2 a masked sample, 3 everything.
        sample_rows: How many rows of a file tier 2 keeps.
        client_id: The engagement, for messages.
    """

    tier: Literal[1, 2, 3]
    sample_rows: int = Field(default=500, gt=0)
    client_id: str
