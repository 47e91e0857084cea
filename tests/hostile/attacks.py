"""Generators of hostile files: small to send, dear to read. For the tests here and the long run."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    "</Types>"
)
_LINKS = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'  # noqa: E501
_BOOK = (
    '<?xml version="1.0"?><workbook '
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
_SHEET = (
    '<?xml version="1.0"?><worksheet '
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}'
    "</sheetData></worksheet>"
)


def packed(members: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def xlsx(rows: str, slash: str = "/") -> bytes:
    """A workbook of one sheet, with the given XML for its rows."""
    names = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _LINKS.format(kind="officeDocument", target="xl/workbook.xml"),
        "xl/workbook.xml": _BOOK,
        "xl/_rels/workbook.xml.rels": _LINKS.format(kind="worksheet", target="worksheets/s.xml"),
        "xl/worksheets/s.xml": _SHEET.format(rows=rows),
    }
    return packed({name.replace("/", slash): text for name, text in names.items()})


def ods(rows: str) -> bytes:
    """A spreadsheet of one sheet, with the given XML for its rows."""
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" '
        f'xmlns:table="{space}:table:1.0" xmlns:text="{space}:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="S">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<manifest:manifest xmlns:manifest="{space}:manifest:1.0"/>'
    return packed({"mimetype": kind, "META-INF/manifest.xml": manifest, "content.xml": content})


def cell(name: str, value: object) -> str:
    return f'<c r="{name}" t="inlineStr"><is><t>{value}</t></is></c>'


_GOOD_ROW = f'<row r="1">{cell("A1", "id")}{cell("B1", "name")}</row>'
_ODS_CELL = '<table:{kind} table:number-columns-repeated="{columns}" office:value-type="float" office:value="1"><text:p>1</text:p></table:{kind}>'  # noqa: E501


def ods_square(kind: str, columns: int, rows: int) -> bytes:
    cells = _ODS_CELL.format(kind=kind, columns=columns)
    return ods(f'<table:table-row table:number-rows-repeated="{rows}">{cells}</table:table-row>')


WORKBOOKS: dict[str, Callable[[int], bytes]] = {
    "rows that never end": lambda n: xlsx("<row>" * n),
    "cells that never end": lambda n: xlsx('<row r="1">' + '<c t="e"><f>' * n + "</row>"),
    "tags that never end": lambda n: xlsx("<row " * n),
    "a far cell before a near one": lambda _: xlsx(
        f'<row r="1">{cell("XFD1048576", 1)}{cell("A1", 2)}</row>'
    ),
    "a far cell in other quotes": lambda _: xlsx(
        f"<row r='1'>{cell('A1', 'id')}</row><row r='2'><c r='XFD1048576' t='e'><v>1</v></c></row>"
    ),
    "a far cell of character data": lambda _: xlsx(
        f'{_GOOD_ROW}<row r="2"><c r="XFD1048576"><v><![CDATA[1]]></v></c></row>'
    ),
    "a repeated cell": lambda _: ods_square("table-cell", 16_384, 1_048_576),
    "a repeated cell that is covered": lambda _: ods_square(
        "covered-table-cell", 16_384, 1_048_576
    ),
}

DELIMITED: dict[str, Callable[[int], bytes]] = {
    "a line of many delimiters": lambda n: b"a,b\n" + b'"x,' * n + b"\n" + b"1,2\n" * 20,
    "a line of many quotes": lambda n: b"a,b,c\n1,2,3\n" + b'",' * n + b'"\n' + b"1,2,3\n" * 20,
    "quotes that open on each line": lambda n: b"a,b\n1,2\n" + b'x","\n' * n,
    "quotes that never close": lambda n: b"a,b\n1,2\n" + b'"x\n' * n,
    "many kinds of delimiter": lambda n: b",;|\t:~^" * n + b"\n" + b"a,b;c|d\n" * 20,
    "one name for all columns": lambda n: b",".join([b"a"] * (n // 20)) + b"\n",
    "digits without an end": lambda n: b"id,n\n1," + b"1" * n + b"x\n" + b"2,3\n" * 10,
    "blanks without an end": lambda n: b"id,n\n1," + b" " * n + b"x\n" + b"2,3\n" * 10,
    "mail without an end": lambda n: b"id,n\n1," + b"a@" * n + b"\n2,3\n" * 10,
    "notes without an end": lambda n: b"total " * n + b"\n" + b"id,n\n1,2\n" * 10,
}

JSONS: dict[str, Callable[[int], bytes]] = {
    "brackets": lambda n: b"[" * n,
    "objects in objects": lambda n: b'{"a":' * n,
    "a backslash too many": lambda n: b'{"' + b"\\" * n,
    "quotes": lambda n: b"[" + b'"' * n,
    "fields": lambda n: b"[{" + b",".join(b'"f%d":1' % at for at in range(n)) + b"}]",
    "names in single quotes": lambda n: b"[" + b"{'" * n,
    "wrappers": lambda n: b'{"a":{"b":' * n + b"[]" + b"}}" * n,
}

ARCHIVES: dict[str, Callable[[int], bytes]] = {
    "zeros in gz": lambda n: gzip.compress(bytes(n * 1000), mtime=0),
    "many members": lambda n: packed({f"f{at}.csv": b"" for at in range(n // 20)}),
    "names of slashes": lambda n: packed({"\\" * min(n, 60_000): b"a,b\n1,2\n"}),
}

PIECES = (
    "{{ env_var('HOME') }}", "{% for a in range(9) %}x{% endfor %}", "{# x", "'; DROP TABLE t; --",
    '"', "'", "`", "\\", "$$", "=1+1", "@SUM(A1)", "+49 ", "-2+3", "<script>x</script>",
    "](http://x)",
    "|", "*", "?", "[a-z]", "../../x", "/", "CON", "\r", "\n", "\t", "\x00", "\x1b[31m", "\u202e",
    "\ufeff", "\u00a0", "e\u0301", "\U0001f600", "\ud800", "a@", "1,", "1.", "2026-13-45",
    "0x1F", "1e999",
    "NaN", "NULL", "-", "true", "#REF!", "&amp;", "%s", "{0}", "_row", "_file", "_row_id", "select",
    "_correction_id", "Müller", "İ", "ß", "١٢", "DE89 3704 0044 0532 0130 00",
    "!!python/object:x", "&a", "*a",
)  # fmt: skip


def text(draws: random.Random, most: int = 6) -> str:
    """Pieces that mean something to one language or another, some of them again and again."""
    pieces = (
        draws.choice(PIECES) * draws.choice((1, 1, 1, 1, 2, 40))
        for _ in range(draws.randint(0, most))
    )
    return draws.choice(("", "name ", "id")) + "".join(pieces)


def encoded(made: str) -> bytes:
    return made.encode("utf-8", "surrogatepass")


def _table(draws: random.Random) -> list[list[str]]:
    columns, rows = draws.choice((1, 2, 3, 8, 60)), draws.choice((0, 1, 3, 40))
    kinds = [draws.choice((text, _number, _word)) for _ in range(columns)]
    return [
        [text(draws, 3) for _ in kinds],
        *([kind(draws) for kind in kinds] for _ in range(rows)),
    ]


def _number(draws: random.Random) -> str:
    return draws.choice(("{}", "{},5", "1.{}", "€ {}", "{}%", "2026-01-{}")).format(draws.random())


def _word(draws: random.Random) -> str:
    return draws.choice(("Anna", "Ben", "", "n/a", "Anna Müller", "a@b.de", "+49 170 1234567"))


def csv_table(draws: random.Random) -> bytes:
    """A delimited file of hostile headers and values."""
    mark, quote = draws.choice(",;\t|"), draws.choice(('"', "'", ""))
    inner = quote * 2
    lines = (
        mark.join(quote + cell.replace(quote or "\n", inner) + quote for cell in row)
        for row in _table(draws)
    )
    return encoded(draws.choice(("\n", "\r\n", "\r")).join(lines))


def sheet_table(draws: random.Random) -> bytes:
    """A workbook of hostile headers and values."""
    rows = []
    for at, row in enumerate(_table(draws), 1):
        cells = (
            cell(f"{chr(65 + n % 26)}{at}", escape(value.encode("utf-8", "replace").decode()))
            for n, value in enumerate(row[:26])
        )
        rows.append(f'<row r="{at}">{"".join(cells)}</row>')
    return xlsx("".join(rows))


def json_table(draws: random.Random) -> bytes:
    """Objects of hostile names and values, in one another here and there."""
    header, *rows = _table(draws)

    def inner(value: str) -> object:
        return draws.choice((value, [value], {value: [value, {value: 1}]}, None, 1e308))

    return json.dumps(
        [{n: inner(v) for n, v in zip(header, r, strict=True)} for r in rows]
    ).encode()


def corrections(draws: random.Random) -> bytes:
    """A rejects file that came back, forged."""
    ids = ["0123456789abcdef", text(draws, 2), "", "orders:1", "x" * 4000]
    rows = [["_correction_id", "_reason", text(draws, 2)]]
    rows += [[draws.choice(ids), text(draws), text(draws)] for _ in range(draws.randint(0, 9))]
    return "\n".join(
        ",".join('"' + each.replace('"', '""') + '"' for each in row) for row in rows
    ).encode("utf-8", "replace")


TABLES: dict[str, Callable[[random.Random], bytes]] = {
    "table.csv": csv_table,
    "table.xlsx": sheet_table,
    "table.json": json_table,
    "orders_rejects.csv": corrections,
}

ENGAGEMENT = """\
type: consulting.components.EngagementComponent
attributes:
  client_name: Acme
  feeds:
    - {name: orders, files: "orders*.csv"}
  partitions: {every: month, start: 2026-01, period_from: "(?P<year>\\\\d{4})-(?P<month>\\\\d{2})"}
  alerts: {channel: "#acme"}
"""
MODEL_YAML = """\
models:
- name: orders
  description: the orders
  columns:
  - {name: order_id, meta: {from: "Order ID", rule: to_integer}, data_tests: [unique]}
  - {name: status, meta: {from: Status, rule: to_code, codes: [open, paid]}}
"""
MODEL_SQL = "select * from {{ ref('stg_orders') }} where 1 = 1"


def rewritten(source: str, draws: random.Random) -> bytes:
    """A file of an engineer's, with hostile pieces in place of some of its words."""
    words = source.split(" ")
    for _ in range(draws.randint(0, 4)):
        words[draws.randrange(len(words))] = text(draws, 3)
    made = encoded(" ".join(words))
    return made if draws.random() < 0.5 else altered(made, draws)


ALL = {"xlsx": WORKBOOKS, "csv": DELIMITED, "json": JSONS, "zip": ARCHIVES}


def altered(data: bytes, draws: random.Random) -> bytes:
    """A file with some of its bytes changed, left out, repeated or moved."""
    made = bytearray(data)
    for _ in range(draws.randint(1, 8)):
        at, size = draws.randrange(len(made) + 1), draws.choice((1, 1, 2, 8, 64, 4096))
        piece = bytes(made[at : at + size])
        how = draws.randrange(4)
        if how == 0:
            made[at : at + size] = bytes(draws.randrange(256) for _ in piece)
        elif how == 1:
            del made[at : at + size]
        elif how == 2:
            made[at:at] = piece * draws.choice((1, 2, 100))
        else:
            made[draws.randrange(len(made) + 1) : 0] = piece
    return bytes(made)
