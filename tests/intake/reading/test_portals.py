"""Files in the manner of public data portals: each is read as the table that stands in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

Reader = Callable[..., Any]


class Portal(NamedTuple):
    """A file, and its table."""

    data: bytes
    columns: list[str]
    rows: list[tuple[str, ...]]


def portals() -> Iterator[tuple[str, Portal]]:
    """The files of `portals.txt` by name."""
    whole = Path(__file__).with_name("portals.txt").read_text(encoding="utf-8")
    for part in whole.split("\n=== ")[1:]:
        title, _, rest = part.partition("\n")
        name, _, encoding = title.rstrip(")").partition(" (")
        text, _, rest = rest.partition("\n--- columns\n")
        columns, _, rows = rest.partition("\n--- rows")
        data = f"{text}\n".replace("\\r", "\r").encode(encoding)
        yield (
            name,
            Portal(
                data,
                json.loads(columns),
                [tuple(json.loads(row)) for row in rows.split("\n") if row],
            ),
        )


PORTALS = dict(portals())
SET_ASIDE = {
    "two_tables",
    "two_tables_same_width",
    "ragged_notes",
    "long_footnote_commas",
    "mixed_width_group_rows",
}


@pytest.mark.parametrize("name", PORTALS)
def test_the_table_of_a_portals_file_is_read(read: Reader, name: str) -> None:
    portal = PORTALS[name]
    got = read(portal.data, f"{name}.csv")
    assert got.columns == portal.columns
    assert [tuple(cell or "" for cell in row) for row in got.rows] == portal.rows
    assert bool(got.rejects) == (name in SET_ASIDE)


@pytest.mark.parametrize("name", PORTALS)
def test_a_file_is_read_alike_once_its_columns_are_known(read: Reader, name: str) -> None:
    portal = PORTALS[name]
    found = read(portal.data, f"{name}.csv")
    got = read(portal.data, f"{name}.csv", expected_columns=tuple(found.columns))
    assert (got.columns, got.rows) == (found.columns, found.rows)
    assert got.reading.header_lines == found.reading.header_lines
