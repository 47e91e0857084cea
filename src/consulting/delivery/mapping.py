"""The mapping document: where every source column went, or why it did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.delivery.deliverable import Document
from consulting.delivery.pages import kind, render, type_words
from consulting.delivery.spreadsheet import Workbook
from consulting.records import ColumnMapping, Record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from consulting.delivery.contents import Contents
    from consulting.delivery.inputs import DeliveryInputs
    from consulting.records import FileReading

UNMAPPED = "UNACCOUNTED FOR: neither delivered nor dropped with a reason"
HEADERS = (
    "Source column",
    "Source type",
    "Target table",
    "Target column",
    "Target type",
    "Required",
    "Rule",
    "Transformation",
    "Tests",
    "Dropped because",
)
_WIDTHS = dict(zip(HEADERS, (26, 14, 18, 24, 16, 10, 16, 60, 40, 44), strict=True))


_TESTS = {
    "accepted_range": "within its range",
    "accepted_values": "on the agreed list",
    "not_negative": "not negative",
    "not_null": "never empty",
    "relationships": "found in the table it refers to",
    "unique": "no value twice",
}


class UnmappedColumn(Record):
    """A column of a client's file that no mapping names: it would be lost without a word."""

    feed: str
    column: str


class FeedMapping(Record):
    """The mapping document's lines for one feed.

    Attributes:
        feed: The feed.
        delivered: Source columns that are delivered.
        dropped: Source columns that are dropped with a reason.
        unmapped: Source columns that nothing is said of.
        lines: One per mapping, cells as in `HEADERS`.
    """

    feed: str
    delivered: int
    dropped: int
    unmapped: int
    lines: tuple[tuple[str, ...], ...]


def unmapped_columns(inputs: DeliveryInputs) -> list[UnmappedColumn]:
    """Return the source columns that are neither delivered nor dropped with a reason."""
    return find_unmapped(inputs.files, inputs.mappings)


def find_unmapped(
    files: Iterable[FileReading], mappings: Iterable[ColumnMapping]
) -> list[UnmappedColumn]:
    """Return the columns of the files that no mapping names, in any case.

    Columns of the desk and of intake, whose names start with `_`, are none of the client's.
    """
    known = {
        (mapping.feed, column.casefold())
        for mapping in mappings
        if _says_something(mapping)
        for column in mapping.source_columns
    }
    seen = dict.fromkeys(
        (reading.feed, column)
        for reading in files
        for column in reading.columns
        if not column.startswith("_")
    )
    return [
        UnmappedColumn(feed=feed, column=column)
        for feed, column in seen
        if (feed, column.casefold()) not in known
    ]


def _says_something(mapping: ColumnMapping) -> bool:
    """A line that neither delivers its column nor gives a reason only holds its place."""
    return mapping.target_column is not None or bool(mapping.dropped_because)


def map_feeds(inputs: DeliveryInputs) -> list[FeedMapping]:
    """Return the document's lines: per feed, in the order of the mappings, unmapped ones last."""
    unmapped = unmapped_columns(inputs)
    feeds = dict.fromkeys(
        [mapping.feed for mapping in inputs.mappings] + [column.feed for column in unmapped]
    )
    types = {
        (profile.feed, column.name): column.inferred_type
        for profile in inputs.profiles
        for column in profile.columns
    }
    return [_map_feed(inputs, feed, unmapped, types) for feed in feeds]


def _map_feed(
    inputs: DeliveryInputs,
    feed: str,
    unmapped: list[UnmappedColumn],
    types: dict[tuple[str, str], str],
) -> FeedMapping:
    mappings = [m for m in inputs.mappings if m.feed == feed and _says_something(m)]
    lost = [column.column for column in unmapped if column.feed == feed]
    delivered = {c for m in mappings if m.target_column is not None for c in m.source_columns}
    dropped = {c for m in mappings if m.target_column is None for c in m.source_columns}
    lines = [_line(mapping, types) for mapping in mappings]
    lines += [
        (column, type_words(types.get((feed, column), "")), "", "", "", "", "", "", "", UNMAPPED)
        for column in lost
    ]
    return FeedMapping(
        feed=feed,
        delivered=len(delivered),
        dropped=len(dropped - delivered),
        unmapped=len(lost),
        lines=tuple(lines),
    )


def _line(mapping: ColumnMapping, types: dict[tuple[str, str], str]) -> tuple[str, ...]:
    found = (types.get((mapping.feed, column), "") for column in mapping.source_columns)
    return (
        ", ".join(mapping.source_columns) or "(none: made by the model)",
        type_words(", ".join(dict.fromkeys(filter(None, found)))),
        mapping.target_table or "",
        mapping.target_column or "",
        kind(mapping.target_type or ""),
        ("yes" if mapping.required else "no") if mapping.target_column else "",
        mapping.rule or "",
        mapping.transformation,
        ", ".join(_test_in_words(test) for test in mapping.tests),
        mapping.dropped_because or "",
    )


def _test_in_words(test: str) -> str:
    words = _TESTS.get(test.partition(" ")[0])
    return f"{words} [{test}]" if words else test


class MappingDocument(Document):
    """`mapping_document.xlsx` and `.html`: what became of each of the client's columns."""

    always = True

    def write(self, inputs: DeliveryInputs, contents: Contents, folder: Path) -> None:  # noqa: ARG002
        """Write the document as a workbook and as one self-contained page."""
        _write_workbook(inputs, folder / "mapping_document.xlsx")
        page = folder / "mapping_document.html"
        page.write_text(render_mapping(inputs), encoding="utf-8", newline="\n")


def render_mapping(inputs: DeliveryInputs) -> str:
    """The document as one self-contained page."""
    return render("mapping.html.j2", inputs=inputs, headers=HEADERS, feeds=map_feeds(inputs))


def _write_workbook(inputs: DeliveryInputs, target: Path) -> None:
    """An overview, and one sheet per feed."""
    book = Workbook(target, created=inputs.received_at, title=f"{inputs.client_name}: mapping")
    feeds = map_feeds(inputs)
    sampled = " Types were inferred from a sample." if inputs.sampled else ""
    book.add_lines(
        "Overview",
        [
            f"{inputs.client_name}: mapping document",
            f"Prepared by {inputs.consultancy.name}. Delivery {inputs.delivery_id}"
            + (f", period {inputs.period}." if inputs.period else ".")
            + (
                f" Whom to ask: {inputs.consultancy.contact}." if inputs.consultancy.contact else ""
            ),
            (
                "Each sheet lists every column of one kind of file: the column it became and how, "
                f"or the reason it was dropped.{sampled}"
            ),
            *(
                f"{feed.feed}: {feed.delivered} source columns delivered, {feed.dropped} dropped "
                f"with a reason, {feed.unmapped} unaccounted for."
                for feed in feeds
            ),
        ],
    )
    for feed in feeds:
        book.add_table(feed.feed, HEADERS, feed.lines, widths=_WIDTHS, frozen_columns=1)
    book.close()
