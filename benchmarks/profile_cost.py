"""CPU seconds of our profile against other tools on the same generated file, in one run.

    python benchmarks/profile_cost.py                  1,000,000 rows x 20 columns
    python benchmarks/profile_cost.py --rows 10000000  memory is printed too
    python benchmarks/profile_cost.py --others         also polars and ydata-profiling (minimal),
                                                       installed into a temporary environment

Every tool runs in a process of its own; user and system time are added. Trust the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = Path(__file__).parents[1] / "src"
CSV, PARQUET = "feed.csv", "rows/feed.parquet"
MACROS = """
CREATE MACRO pick(names, i) AS names[1 + (i % len(names))::INTEGER];
CREATE MACRO mixed(i, salt) AS hash(i * 31 + salt);
"""
# Twenty columns as clients send them: keys, names, codes, money, dates, dirt.
COLUMNS = """
SELECT
  i AS order_id,
  printf('C%07d', mixed(i, 1) % 200000) AS customer_id,
  pick(['Jane','John','Maria','Ahmed','Wei','Olga','Paul','Anna'], mixed(i, 2)) || ' '
    || pick(['Doe','Smith','Garcia','Khan','Li','Petrova','Meyer'], mixed(i, 3)) AS customer_name,
  'user' || (mixed(i, 4) % 300000) || '@example' || (mixed(i, 5) % 50) || '.com' AS email,
  printf('(%03d) %03d-%04d', 200 + mixed(i, 6) % 700, 200 + mixed(i, 7) % 700, mixed(i, 8) % 10000)
    AS phone,
  strftime(DATE '2020-01-01' + (mixed(i, 9) % 1500)::INTEGER, '%d/%m/%Y') AS order_date,
  strftime(TIMESTAMP '2023-01-01' + to_seconds((mixed(i, 10) % 50000000)::BIGINT),
    '%Y-%m-%d %H:%M:%S') AS updated_at,
  pick(['new','paid','shipped','cancelled','Paid','paid '], mixed(i, 11)) AS status,
  pick(['US','DE','FR','GB','ES','IT','N/A'], mixed(i, 12)) AS country,
  printf('%05d', mixed(i, 13) % 99999) AS zip,
  (1 + mixed(i, 14) % 20) AS quantity,
  printf('%.2f', (mixed(i, 15) % 1000000) / 100.0) AS amount,
  printf('%.4f', (mixed(i, 16) % 10000000) / 10000.0) AS weight,
  CASE WHEN mixed(i, 17) % 10 < 3 THEN NULL ELSE printf('%.3f', mixed(i, 17) % 500 / 1000.0) END
    AS discount,
  pick(['Y','N'], mixed(i, 18)) AS gift,
  pick(['web','shop','phone','partner'], mixed(i, 19)) AS channel,
  'SKU-' || (mixed(i, 20) % 5000) AS sku,
  CASE WHEN mixed(i, 21) % 20 = 0 THEN 'note ' || (mixed(i, 22) % 100000) END AS notes,
  pick(['EUR','USD'], mixed(i, 23)) AS currency,
  md5(i::VARCHAR) AS row_hash
FROM range({rows}) AS t(i)
"""

OURS = """
import json, sys
from pathlib import Path
sys.path.insert(0, {source!r})
from consulting.profiling import profile_feed
from consulting.records import FileReading
reading = FileReading(**json.loads(Path("reading.json").read_text()))
found = profile_feed("orders", [reading], Path("."))
Path("profile.json").write_text(found.model_dump_json(indent=1))
"""
LAND = """
import duckdb
duckdb.sql("COPY (SELECT *, 'feed.csv' AS _file, row_number() OVER () + 1 AS _row FROM "
    "read_csv('feed.csv', all_varchar=true)) TO 'rows/feed.parquet' (COMPRESSION zstd)")
"""
SUMMARIZE = "import duckdb; duckdb.sql(\"SUMMARIZE FROM '{0}'\").fetchall()"
POLARS = "import polars as pl; pl.read_csv('feed.csv').describe()"
YDATA = """
import warnings; warnings.filterwarnings("ignore")
import pandas as pd
from ydata_profiling import ProfileReport
ProfileReport(pd.read_csv("feed.csv"), minimal=True, progress_bar=False).to_json()
"""


def generate(folder: Path, rows: int) -> None:
    """Writes the CSV file and the reading that intake would have left."""
    import duckdb

    (folder / "rows").mkdir()
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        sql = COLUMNS.replace("{rows}", str(rows))
        connection.execute(f"COPY ({sql}) TO '{folder / CSV}' (HEADER)")
        names = [row[0] for row in connection.execute(f"DESCRIBE {sql}").fetchall()]
    reading = {
        "filename": CSV, "feed": "orders", "sha256": "0" * 64, "format": "csv",
        "size_bytes": (folder / CSV).stat().st_size, "encoding": "utf-8", "delimiter": ",",
        "columns": names, "received_rows": rows, "loaded_rows": rows, "rows_path": PARQUET,
    }  # fmt: skip
    (folder / "reading.json").write_text(json.dumps(reading))


def cost(python: str, code: str, folder: Path) -> tuple[float, float]:
    """CPU seconds and peak memory in GB of a Python program run in a folder."""
    reader = (
        "import json, resource, subprocess, sys; "
        "done = subprocess.run([sys.argv[1], '-c', sys.argv[2]]); "
        "u = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(json.dumps([done.returncode, u.ru_utime + u.ru_stime, u.ru_maxrss / 2**20]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", reader, python, code],
        cwd=folder, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    status, seconds, memory = json.loads(done.stdout.splitlines()[-1])
    if status:
        raise SystemExit(f"a tool failed with status {status}")
    return seconds, memory


def other_tools(folder: Path) -> str:
    """A temporary environment with the tools to compare with; returns its Python."""
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder / "venv"], check=True)
    python = str(folder / "venv" / "bin" / "python")
    packages = ["polars", "ydata-profiling", "setuptools<81"]
    subprocess.run([uv, "pip", "install", "-q", "--python", python, *packages], check=True)
    return python


def main(report: Callable[[str], None] = print) -> None:
    """Runs the comparison and prints a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--others", action="store_true")
    parser.add_argument("--skip-ydata", action="store_true")
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, chosen.rows)
        me = sys.executable
        tools = [
            ("land as Parquet (cleaning needs it)", me, LAND),
            ("SUMMARIZE, the CSV", me, SUMMARIZE.format(CSV)),
            ("SUMMARIZE, the landed Parquet", me, SUMMARIZE.format(PARQUET)),
            ("our profile, the landed Parquet", me, OURS.format(source=os.fspath(SOURCE))),
        ]
        if chosen.others:
            python = other_tools(folder)
            tools.append(("polars describe, the CSV", python, POLARS))
            if not chosen.skip_ydata:
                tools.append(("ydata-profiling minimal, the CSV", python, YDATA))
        costs = {title: cost(python, code, folder) for title, python, code in tools}
        base = costs["SUMMARIZE, the CSV"][0]
        report(f"{chosen.rows:,} rows x 20 columns, {(folder / CSV).stat().st_size / 1e6:,.0f} MB")
        report(f"{'tool':<38}{'CPU s':>8}{'ratio':>8}{'GB':>7}")
        for title, (seconds, memory) in costs.items():
            report(f"{title:<38}{seconds:>8.1f}{seconds / base:>8.2f}{memory:>7.2f}")
        issues = json.loads((folder / "profile.json").read_text())["issues"]
        report(f"our profile found {len(issues)} issues")


if __name__ == "__main__":
    main()
