"""How many real files reach a delivery by `--sample`, with nothing edited.

    python benchmarks/first_hour.py [GROUP ...]

Each group of files is one client, as a person would make it; all are taken at tier 3. The files lie
in $CONSULTING_SHARED_DATA, or in ../shared beside the repository. For each file it prints the rows
that were delivered of those that a person would deliver, the rejects by reason, the questions, and
the values that cleaning emptied, which a person would hardly do. The seconds are the client's,
shared by its files.

What a person would deliver is all records of the file, but for the subtotals and broken lines named
in `LESS`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from consulting.chain.sampled import Place, Sampled, take_sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from consulting.config.naming import NamedFeed

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("CONSULTING_SHARED_DATA", ROOT.parent / "shared" / "data")).parent
FRICTIONLESS, DUCKDB, CASES = (
    "data/frictionless/data",
    "data/duckdb_csv/data/csv",
    "cases",
)
GROUPS: dict[str, tuple[str, str]] = {
    "hospital": ("data/dirty_clean/hospital", "dirty.csv"),
    "beers": ("data/dirty_clean/beers", "dirty.csv"),
    "frictionless": (
        FRICTIONLESS,
        (
            "capitals.csv countries.csv latin1.csv doublequote.csv encoding-issue-274.csv "
            "issue-305.csv issue-493.csv issue-1341.csv issue-1066-largecellsize.csv table.tsv "
            "table-with-accents.csv issue-1138.csv accent.csv analysis-data.csv timezone.csv "
            "numeric-labels.csv leading-zeros.csv table.ndjson transform-groups.csv table.parquet"
        ),
    ),
    "workbooks": (
        FRICTIONLESS,
        (
            "sheet2.xlsx issue-320.xlsx issue-1024.xlsx issue-312.xlsx multiline-headers.xlsx "
            "table-with-booleans.ods table-with-ints-floats-dates.xls table-infer-boolean.xlsx "
            "number-format-multicode.xlsx adjust-floating-point-error.xlsx"
        ),
    ),
    "duckdb": (
        DUCKDB,
        (
            "17738.csv all_quotes.csv auto/mock_duckdb_test_data.csv "
            "auto/test_multiple_columns.csv "
            "auto/test_fallback.csv auto_date/device_metadata_1.csv aws_locations.csv "
            "borked_date.csv real/imdb_movie_info_escaped.csv real/lineitem_sample.csv "
            "real/ncvoter.csv real/ontime_sample.csv weather.csv flights.csv people.csv"
        ),
    ),
    "cases": (
        CASES,
        (
            "c02_bq_utc.csv c03_pg_tz.csv c04_shopify.csv c10_int_commas.csv c10d_int_paren.csv "
            "c11_fr_amounts.csv c12_sek.csv c14_uminus.csv c15_bool_de.csv c16_namibia.csv "
            "c17_mysql_N.tsv c19_excel_drop.csv e02_utf16_nobom.csv p01_types.parquet s01_mail.csv "
            "w1_wide.csv x05_x000d.xlsx x10_monthly.xlsx x12_quickbooks.xlsx x13_subtotals.csv "
            "y01_mixed_zone.csv y05_compact.csv c09_de_thousands.csv"
        ),
    ),
}
LESS = {"x12_quickbooks.xlsx": 3, "x13_subtotals.csv": 3, "countries.csv": 1}
REACHED = 0.95


def take(folder: str, names: str, root: Path) -> tuple[Sampled, float]:
    """One client, from its files to its delivery on trial."""
    mail = root / "mail"
    for name in names.split():
        target = mail / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SHARED / folder / name, target)
    ignored = shutil.ignore_patterns("target", "logs", "clients")
    shutil.copytree(ROOT / "dbt", root / "dbt", ignore=ignored)
    (root / "clients").mkdir()
    place = Place(clients_dir=root / "clients", dbt_dir=root / "dbt", data=root / "data")
    attributes = {"client_name": "Benchmark", "security_tier": 3}
    started = time.monotonic()
    sampled = take_sample(mail, "benchmark", attributes, place, log=lambda _line: None)
    return sampled, time.monotonic() - started


def lines(sampled: Sampled) -> Iterator[tuple[bool, str]]:
    """Of each feed: whether it reached its delivery, and what became of its rows."""
    cleaning = sampled.cleaning
    accounts = {a.feed: a for a in (cleaning.accounts if cleaning else ())}
    mappings = cleaning.mappings if cleaning else ()
    for feed in sampled.feeds:
        account = accounts.get(feed.name)
        expected = _expected(sampled, feed)
        delivered = account.delivered + sum(account.merged.values()) if account else 0
        share = delivered / expected if expected else 0.0
        reached = sampled.refused is None and share >= REACHED
        asked = sum(question.feed == feed.name for question in sampled.questions)
        rejects: Mapping[str, int] = account.rejected if account else {}
        told = ", ".join(f"{code} {rows}" for code, rows in rejects.items()) or "-"
        files = ", ".join(file.rpartition("/")[2] for file in feed.files)
        emptied = sum(m.changes.emptied for m in mappings if m.feed == feed.name and m.changes)
        yield reached, f"{files:<44}{share:>8.1%}{asked:>5}{emptied:>8}  {told}"


def _expected(sampled: Sampled, feed: NamedFeed) -> int:
    """The rows that a person would deliver."""
    received = sum(r.received_rows for r in sampled.received.readings if r.feed == feed.name)
    return received - sum(LESS.get(file.rpartition("/")[2], 0) for file in feed.files)


def main() -> None:
    """Takes each group and prints its table, then how many files reached a delivery."""
    all_reached: list[bool] = []
    for group in sys.argv[1:] or GROUPS:
        with tempfile.TemporaryDirectory() as root:
            sampled, seconds = take(*GROUPS[group], Path(root))
        files = sum(len(feed.files) for feed in sampled.feeds)
        print(f"\n{group}: {files} files, {seconds:.1f} s, {seconds / files:.1f} s each")
        print(f"{'file':<44}{'rows':>8}{'ask':>5}{'emptied':>8}  rejects")
        for feed, (reached, line) in zip(sampled.feeds, lines(sampled), strict=True):
            all_reached += [reached] * len(feed.files)
            print(line)
        if sampled.refused:
            print(f"not delivered: {sampled.refused}")
    share = sum(all_reached) / len(all_reached)
    print(f"\n{sum(all_reached)} of {len(all_reached)} files reach a delivery ({share:.0%})")


if __name__ == "__main__":
    main()
