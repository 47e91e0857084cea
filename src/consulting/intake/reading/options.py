"""What a feed may declare about its files, and what the client's tier lets us store."""

from __future__ import annotations

from encodings.aliases import aliases
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator

from consulting.config_model import ConfigModel, nearest
from consulting.intake.reading.format import FileFormat
from consulting.privacy import Declared, Names
from consulting.privacy.tiers import FULL_TIER
from consulting.records import Record
from consulting.rules.numbers import OtherMark

GIB = 1024**3


class Written(ConfigModel):
    """How a feed's files are written, where that is known beforehand; else it is detected.

    Attributes:
        sheet: The worksheet, by name or 1-based number; the first visible one with data if not
            given. Feeds that take the same files share each of them by their `sheet` or `member`.
        member: The file to read from a zip that holds several: its path there, or a glob over its
            name (over the path where the glob has a slash) that one file fits.
        header_row: The line (or sheet row) of the header; 0 for none. Detected if not given.
        skip_rows: How many lines to skip before looking for the header.
        delimiter: What separates the fields of text files; more than one character is fine.
            Detected if not given.
        quotechar: What fields are quoted with; empty where nothing is. Detected if not given.
        encoding: The encoding of text files, as Python calls it. Detected if not given.
    """

    sheet: str | int | None = Field(default=None, examples=["Orders"])
    member: str | None = Field(default=None, examples=["export/orders.csv"])
    header_row: int | None = Field(default=None, ge=0, examples=[3])
    skip_rows: int | None = Field(default=None, ge=0, examples=[2])
    delimiter: str | None = Field(default=None, min_length=1, max_length=8, examples=[";"])
    quotechar: str | None = Field(default=None, max_length=1, examples=["'"])
    encoding: str | None = Field(default=None, examples=["cp1252"])

    @field_validator("encoding")
    @classmethod
    def _is_of_text(cls, name: str | None) -> str | None:
        if name is None:
            return None
        try:
            "\r\n".encode(name)
        except (LookupError, UnicodeError):
            hint = nearest(name, aliases.values())
            raise ValueError(
                f"{name!r} is no encoding of text that Python knows.{hint} "
                "Write for example utf-8, cp1252 or shift_jis."
            ) from None
        return name


class Limits(ConfigModel):
    """The most that one file may take; a file beyond a limit goes to quarantine.

    Attributes:
        max_read_seconds: Seconds of processor time to read it (and ten times as many by the clock).
        max_profile_seconds: Seconds of processor time to load all files of the feed, and again to
            profile them.
        max_memory_bytes: Memory of the process that reads it, and that loads and profiles the feed.
        max_rows: Records.
        max_columns: Columns, also of all files of the feed together.
        max_cells: Cells of a worksheet, up to the last row and column in use: all of them are held
            in memory, about 100 bytes each.
        max_file_bytes: Bytes of a workbook or a JSON document, which can not be read in pieces.
        max_unpacked_bytes: Bytes that an archive or a workbook unpacks to.
        max_unpack_ratio: How many times larger than its archive a file may be.
    """

    max_read_seconds: float = Field(default=900, gt=0)
    max_profile_seconds: float = Field(default=3600, gt=0)
    max_memory_bytes: int = Field(default=3 * GIB, ge=64 * 1024**2)
    max_rows: int = Field(default=500_000_000, gt=0)
    max_columns: int = Field(default=2_000, gt=0)
    max_cells: int = Field(default=20_000_000, gt=0)
    max_file_bytes: int = Field(default=GIB // 2, gt=0)
    max_unpacked_bytes: int = Field(default=20 * GIB, gt=0)
    max_unpack_ratio: int = Field(default=1000, gt=0)


class SheetsBefore(Record):
    """Which sheets earlier deliveries read; names as they are told.

    Attributes:
        feed: The feed that reads now.
        last: The sheet that it read last.
        readers: Sheet → the feed that read it last, of those that share the file.
    """

    feed: str
    last: str | None
    readers: dict[str, str]


class ReadOptions(Limits, Written):
    """What is known of a feed's files beforehand, and what reading one of them may take.

    Attributes:
        format: The format, where the feed declares it; else it is told by the content.
        password: Opens an encrypted workbook.
        names: How the names are told that the file's maker chose.
        expected_columns: Headers the feed is known to have; the row that holds them is the header.
        marks: The decimal marks of the columns whose rules read another one than a point.
        beside: The columns whose rules read a currency or a unit beside a number: in a rejects
            workbook that came back their numbers are read as their cells' formats show them.
        declared: What the engagement says of its columns' values, for the tier that hides them.
        others: The `member` and `sheet` of the feeds that read the same file before.
        parts: The same of all feeds that share their files, where what none reads is to be told.
        sheets_before: Which sheets were read before, where the sheet is read by its place: it may
            be another one now.
    """

    format: FileFormat | None = None
    password: SecretStr | None = None
    names: Names = Names()
    expected_columns: tuple[str, ...] = ()
    marks: dict[str, OtherMark] = Field(default_factory=dict)
    beside: frozenset[str] = frozenset()
    declared: dict[str, Declared] = Field(default_factory=dict)
    others: tuple[tuple[str | None, str | int | None], ...] = ()
    parts: tuple[tuple[str | None, str | int | None], ...] = ()
    sheets_before: SheetsBefore | None = None

    def behind(self, door: Door) -> Self:
        """The same, with the names told as the tier has them."""
        said = {self.member, self.sheet if isinstance(self.sheet, str) else None}
        known = frozenset(text for text in said if text)
        names = Names(hidden=door.tier < FULL_TIER, key=door.key, known=known)
        return self.model_copy(update={"names": names})


class Door(Record):
    """What may be stored of a file.

    Attributes:
        tier: The engagement's security tier: 1 stores no row, 2 a masked sample, 3 everything.
        sample_rows: How many rows of a file tier 2 keeps.
        client_id: The engagement, for messages.
        key: `masking_key(...)` of the client, for the ids of names that are not told.
    """

    tier: Literal[1, 2, 3]
    sample_rows: int = Field(default=500, gt=0)
    client_id: str
    key: bytes = Field(default=b"", repr=False)
