"""The source columns that a client's YAML reads, and those that its loaded files have."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from consulting.cleaning.models import declared_columns, read_columns
from consulting.records import Record
from consulting.rules import headers_of
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from consulting.cleaning.warehouse import Tables
    from consulting.records import FileReading

_OURS = frozenset({"_file", "_row", "_row_id"})


class ColumnProblem(Record):
    """A source column that the YAML reads and the loaded files do not have.

    Attributes:
        feed: The feed.
        column: The header that `from` names.
        target: The column it is read for.
        present: The headers that are there.
        nearest: The most similar of them, if one is.
        filename: The file that lacks it, where the files' own headers were compared.
    """

    feed: str
    column: str
    target: str
    present: tuple[str, ...]
    nearest: str | None
    filename: str | None = None

    def __str__(self) -> str:
        """The problem and its fix, in a sentence."""
        hint = f" Did the client rename it to {self.nearest!r}?" if self.nearest else ""
        where = f"feed {self.feed!r}" + (f", file {self.filename}," if self.filename else "")
        return (
            f"{where} has no column {self.column!r}, which {self.target!r} is read "
            f"from.{hint} Its columns: {', '.join(self.present) or 'none'}. Correct `from` in the "
            "feed's YAML, or set `optional: true` if the client may leave it out."
        )


def raw_columns(tables: Tables) -> dict[str, list[str]]:
    """The headers of each feed that is loaded."""
    return {
        feed: [name for name in columns if name not in _OURS]
        for feed, columns in tables.in_schema("raw").items()
    }


def missing_columns(
    manifest: dict[str, Any],
    loaded: Mapping[str, Sequence[str]],
    readings: Sequence[FileReading] = (),
) -> list[ColumnProblem]:
    """Compare the declared source columns with those that came, before dbt is asked.

    Args:
        manifest: A slim manifest.
        loaded: The headers by feed, as they were loaded.
        readings: What intake read: each file's own headers. A feed without any is checked by what
            was loaded.

    Returns:
        A problem for each column that is read, not `optional`, and not there.
    """
    problems: list[ColumnProblem] = []
    for feed in declared_columns(manifest):
        files: list[tuple[str | None, Sequence[str]]] = [
            (reading.filename, reading.columns) for reading in readings if reading.feed == feed
        ]
        for filename, present in files or [(None, loaded.get(feed, []))]:
            problems += _missing(manifest, feed, filename, present)
    return problems


def _missing(
    manifest: dict[str, Any], feed: str, filename: str | None, present: Sequence[str]
) -> list[ColumnProblem]:
    known = {name.casefold() for name in present}
    return [
        ColumnProblem(
            feed=feed,
            column=" or ".join(headers_of(meta)),
            target=target,
            present=tuple(present),
            nearest=next(iter(difflib.get_close_matches(headers_of(meta)[0], present, n=1)), None),
            filename=filename,
        )
        for target, meta in read_columns(manifest, feed).items()
        if known.isdisjoint(map(str.casefold, headers_of(meta))) and not meta.get("optional")
    ]


def add_optional_columns(
    connection: duckdb.DuckDBPyConnection,
    manifest: dict[str, Any],
    loaded: Mapping[str, Sequence[str]],
) -> None:
    """Add the columns that no file has to have, and none has, empty, to the raw tables."""
    for feed in declared_columns(manifest):
        known = {name.casefold() for name in loaded.get(feed, [])}
        for meta in read_columns(manifest, feed).values():
            for header in headers_of(meta):
                if header.casefold() not in known:
                    connection.execute(
                        f"ALTER TABLE raw.{quoted(feed)} ADD COLUMN {quoted(header)} VARCHAR"
                    )
                    known.add(header.casefold())


def create_missing_tables(connection: duckdb.DuckDBPyConnection, manifest: dict[str, Any]) -> None:
    """Create the raw tables that are not there, empty, with the declared columns."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
    for feed, names in declared_columns(manifest).items():
        text = "".join(f"{quoted(name)} VARCHAR, " for name in names)
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS raw.{quoted(feed)} "
            f"({text}_file VARCHAR, _row BIGINT, _row_id BIGINT)"
        )
