"""The quick way for plain blocks: Arrow parses them where nothing can be misunderstood."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from consulting.intake.reading.parser import Dialect


class PlainParser:
    """Parses blocks with one record a line, quotes only around whole fields, and one width.

    Args:
        dialect: How the lines are written.
        width: The number of fields each record must have.
    """

    def __init__(self, dialect: Dialect, width: int) -> None:
        import pyarrow as pa
        import pyarrow.csv as pacsv

        self._pa = pa
        self._csv = pacsv
        self._width = width
        self._able = (
            dialect.delimiter is not None
            and len(dialect.delimiter) == 1
            and dialect.delimiter.isascii()
            and (dialect.quotechar or "").isascii()
            and not dialect.escape
            and not dialect.skip_space
            and not dialect.space_after
            and not dialect.wrapped
            and width > 1
        )
        if not self._able:
            return
        self._quote = (dialect.quotechar or "").encode()
        self._names = [str(position) for position in range(width)]
        self._parse = pacsv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quotechar or False,
            double_quote=True,
            escape_char=False,
            newlines_in_values=True,
            ignore_empty_lines=False,
        )
        self._convert = pacsv.ConvertOptions(
            column_types=dict.fromkeys(self._names, pa.string()),
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
        )
        mark = re.escape((dialect.delimiter or "").encode())
        quote = re.escape(self._quote)
        # Each pattern begins with the quote itself, which a search finds quickly; what must stand
        # before it is looked at from behind it.
        # a quote that neither opens nor closes a whole field, nor stands beside another
        self._stray = re.compile(
            quote + rb"(?<!^" + quote + rb")(?<![\n" + mark + quote + rb"]" + quote + rb")"
            rb"(?![\r\n" + mark + quote + rb"])"
        )
        # an opening quote directly before another: an empty field, or a doubled one at its edge
        both = quote * 2
        self._edge = re.compile(
            both + rb"(?:(?<=^" + both + rb")|(?<=[\n" + mark + rb"]" + both + rb"))"
            rb"(?![\r\n" + mark + rb"])"
        )

    def parse(self, text: str) -> pa.Table | None:
        """The block's records as columns of text, or None where it is not that plain."""
        if not self._able or "\r" in text.replace("\r\n", "\n"):
            return None
        data = text.encode()
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        quoted = self._quote and self._quote in data
        if quoted and (self._stray.search(data) or self._edge.search(data)):
            return None
        try:
            table = self._csv.read_csv(
                self._pa.BufferReader(data),
                read_options=self._csv.ReadOptions(
                    column_names=self._names, block_size=max(len(data) + 1, 1024)
                ),
                parse_options=self._parse,
                convert_options=self._convert,
            )
        except self._pa.ArrowInvalid:
            return None
        # one record a line, or the block has line ends inside fields and is not plain
        return table if table.num_rows == lines else None
