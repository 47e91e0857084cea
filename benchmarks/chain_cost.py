"""What the chain costs against plain dbt on the same models, and how much memory and disk it takes.

    python benchmarks/chain_cost.py                         1,000,000 rows x 10 columns
    python benchmarks/chain_cost.py --rows 10000000         the large one: about 15 GB of disk
    python benchmarks/chain_cost.py --verify                also rebuild the delivery and compare
    python benchmarks/chain_cost.py --no-peer --json FILE   the chain alone, its numbers as JSON

Makes one client at tier 3 with one feed of orders: dates in a declared format, money with currency
and separators, codes in several spellings, null tokens, duplicates, and about 1 % of rows to
reject. Its models are the YAML of docs/cleaning.md and the one-line models beside it.

The chain runs in one process. The peer is DuckDB's own `read_csv` as text, then `dbt build` of the
same models on the same target, in fresh processes. Peak memory is that of the whole process tree,
looked at every 20 ms (less often where a look takes long), and the process' own high-water mark,
reset before each stage. Trust the ratios of CPU time; seconds depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
CLIENT, FEED, RUN = "bulk_client", "orders", "benchmark"
MB = 2**20
SAMPLE_SECONDS = 0.02
LOOKS_SHARE = 4
DISK_SECONDS = 0.5

MACROS = """
CREATE MACRO pick(names, i) AS names[1 + (i % len(names))::INTEGER];
CREATE MACRO mixed(i, salt) AS hash(i * 31 + salt);
CREATE MACRO money(n) AS format('{:t,}', (n / 100)::BIGINT) || printf('.%02d', n % 100);
"""
# every 251st order comes again, half of them as exact copies; `i` makes a row, `o` its order
ORDERS = """
WITH rows AS (
  SELECT i, CASE WHEN i % 251 = 250 THEN i - 97 ELSE i END AS o, i % 502 = 501 AS newer
  FROM range({rows}) AS t(i)
)
SELECT
  CASE WHEN mixed(i, 1) % 1000 = 0 THEN '' ELSE printf('SO-%08d', o) END AS "Order ID",
  printf('C%06d', mixed(o, 2) % 200000) AS "Customer",
  CASE WHEN mixed(o, 3) % 500 = 0 THEN pick(['31/12/2024', 'soon', '2024-13-01'], mixed(o, 4))
    ELSE strftime(DATE '2022-01-01' + (mixed(o, 5) % 1000)::INTEGER, '%m/%d/%Y') END
    AS "Order Date",
  CASE WHEN mixed(o, 6) % 10 = 0 THEN pick(['', 'N/A', '-'], mixed(o, 7))
    ELSE strftime(DATE '2024-10-01' + (mixed(o, 8) % 60)::INTEGER, '%m/%d/%Y') END AS "Ship Date",
  pick(['new', 'paid', 'shipped', 'cancelled', 'Paid', 'SHIPPED ', 'canceled'], mixed(o, 9))
    AS "Status",
  pick(['US', 'DE', 'FR', 'GB', 'es', 'it', 'n/a'], mixed(o, 10)) AS "Country",
  CASE WHEN mixed(o, 11) % 400 = 0 THEN 'a few' ELSE (1 + mixed(o, 12) % 3000)::VARCHAR END
    AS "Quantity",
  CASE WHEN mixed(o, 13) % 250 = 0 THEN 'TBD' WHEN mixed(o, 14) % 50 = 0 THEN NULL
    WHEN mixed(o, 15) % 40 = 0 THEN '(' || money((mixed(o, 16) % 900000)::BIGINT) || ')'
    ELSE pick(['$', '', '', 'USD '], mixed(o, 17)) || money((mixed(o, 16) % 90000000)::BIGINT) END
    AS "Amount",
  strftime(TIMESTAMP '2024-01-01' + to_seconds((mixed(o, 18) % 30000000)::BIGINT)
    + CASE WHEN newer THEN INTERVAL 1 DAY ELSE INTERVAL 0 DAY END, '%Y-%m-%d %H:%M:%S')
    AS "Updated",
  CASE WHEN mixed(o, 19) % 5 = 0 THEN pick(['call  first', 'leave at door', 'gift'], mixed(o, 20))
    || ' ' || (mixed(o, 21) % 100000) END AS "Notes"
FROM rows ORDER BY i
"""
COLUMNS: list[dict[str, Any]] = [
    {"name": "order_id", "from": "Order ID", "rule": "to_text", "required": True,
     "pattern": "SO-[0-9]{8}", "tests": ["unique", "not_null"]},
    {"name": "customer", "from": "Customer", "rule": "to_text", "required": True,
     "tests": ["not_null"]},
    {"name": "ordered_on", "from": "Order Date", "rule": "to_date", "required": True,
     "formats": ["%m/%d/%Y"]},
    {"name": "shipped_on", "from": "Ship Date", "rule": "to_date", "formats": ["%m/%d/%Y"]},
    {"name": "status", "from": "Status", "rule": "to_code",
     "codes": {"new": [], "paid": [], "shipped": [], "cancelled": ["canceled"]},
     "tests": [{"accepted_values": {"arguments": {
         "values": ["new", "paid", "shipped", "cancelled"]}}}]},
    {"name": "country", "from": "Country", "rule": "to_text", "case": "upper"},
    {"name": "quantity", "from": "Quantity", "rule": "to_integer", "min": 1},
    {"name": "amount", "from": "Amount", "rule": "to_money",
     "tests": [{"not_negative": {"config": {"severity": "warn"}}}]},
    {"name": "updated_at", "from": "Updated", "rule": "to_timestamp"},
    {"name": "notes", "from": "Notes", "rule": "to_text", "collapse": True},
]  # fmt: skip
DEDUPE = {"key": ["order_id"], "keep": "latest", "order_by": "updated_at"}

LOAD = f"""
import sys, duckdb
with duckdb.connect(sys.argv[2]) as connection:
    connection.execute("CREATE SCHEMA raw")
    connection.execute(
        "CREATE TABLE raw.{FEED} AS SELECT *, '{FEED}.csv' AS _file, "
        "row_number() OVER () + 1 AS _row, row_number() OVER () AS _row_id "
        "FROM read_csv(?, all_varchar = true, header = true)", [sys.argv[1]])
"""

DBT = "from dbt.cli.main import cli; cli()"


def main() -> None:
    """Run what was asked for and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--no-peer", action="store_true", help="run the chain alone")
    parser.add_argument("--verify", action="store_true", help="rebuild the delivery and compare")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        inside(arguments.inside, verify=arguments.verify)
        return
    with tempfile.TemporaryDirectory(prefix="chain-cost-") as scratch:
        folder = Path(scratch)
        csv = make_client(folder, arguments.rows)
        size = csv.stat().st_size
        print(f"{arguments.rows:,} rows x {len(COLUMNS)} columns, {size / 1e6:,.0f} MB of CSV")
        flag = ["--verify"] if arguments.verify else []
        python(folder, str(Path(__file__)), "--inside", str(folder), *flag)
        found = json.loads((folder / "chain.json").read_text())
        print_stages(found)
        if not arguments.no_peer:
            found["peer"] = run_peer(folder, csv)
            print_ratios(found)
        if arguments.json:
            arguments.json.write_text(json.dumps(found, indent=1))


def make_client(folder: Path, rows: int) -> Path:
    """Write the client's models and its file; returns the file."""
    import duckdb

    from consulting.cleaning import write_feed_models

    ignored = shutil.ignore_patterns("target", "logs", "clients")
    shutil.copytree(ROOT / "dbt", folder / "dbt", ignore=ignored)
    write_feed_models(folder / "dbt", CLIENT, FEED, COLUMNS, dedupe=DEDUPE)
    csv = folder / "data" / CLIENT / "incoming" / f"{FEED}.csv"
    csv.parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        connection.execute("SET memory_limit = '2GB'")
        connection.execute(f"COPY ({ORDERS.format(rows=rows)}) TO '{csv}' (HEADER)")
    return csv


def python(folder: Path, *arguments: str) -> tuple[float, float]:
    """Run Python in a process of its own with this project's code: CPU seconds and peak MB."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen([sys.executable, *arguments], cwd=folder, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{Path(arguments[0]).name} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def inside(folder: Path, *, verify: bool) -> None:
    """The chain in this process, stage by stage; leaves chain.json."""
    watch = Watch(folder)
    with watch.stage("start"):
        from consulting import chain

        engagement = open_engagement(folder)
        # dbt is imported and parses the models; its command line does so too
        engagement.models.load_full_manifest()
    with watch.stage("file_received"):
        received = chain.receive(engagement, run_id=RUN, batch_id=None, period=None, log=silent)
    named: dict[str, Any] = {"batch_id": received.batch.batch_id, "run_id": RUN}
    with watch.stage("profiled"):
        chain.profile(engagement, **named, log=silent)
    with watch.stage("cleaned"):
        cleaning = chain.clean(engagement, **named, log=silent)
    with watch.stage("validated"):
        checks = chain.validate(engagement, **named, log=silent)
        chain.refuse_failed(engagement, **named, checks=checks)
    with watch.stage("delivered"):
        delivery = chain.deliver(engagement, **named, log=silent)
    account = cleaning.accounts[0]
    found: dict[str, Any] = {
        "account": {**account.model_dump(), "unaccounted": account.unaccounted},
        "tests": dict(checks.by_status()),
        "delivery": {name: (delivery.path / name).stat().st_size for name in delivery.files},
        "disk": {
            "landing": used(engagement.folder.landing),
            "run folder": used(engagement.folder.run(received.batch.batch_id)),
            "warehouse": used(engagement.folder.warehouse),
            "delivery": used(delivery.path),
        },
    }
    if verify:
        from consulting.chain.replay import verify_delivery

        with watch.stage("verify"):
            differences = verify_delivery(engagement, delivery.delivery_id, log=silent)
        found["differences"] = [str(difference) for difference in differences]
    found["stages"] = watch.stages
    (folder / "chain.json").write_text(json.dumps(found))


def open_engagement(folder: Path) -> Any:
    """The client, as an asset of it would open it."""
    from consulting import chain
    from consulting.config.engagement import EngagementConfig
    from consulting.layout import ClientFolder
    from consulting.sources.local import LocalStore

    data = folder / "data"
    client = ClientFolder(data, CLIENT)
    config = EngagementConfig.model_validate(
        {
            "client_name": "Bulk",
            "security_tier": 3,
            "source": {"type": "local"},
            "feeds": [{"name": FEED, "files": f"{FEED}*.csv"}],
            "intake": {"settle_seconds": 0, "retry_seconds": 0},
            "deliverables": {"formats": ["csv"]},
        }
    )
    return chain.Engagement(
        client_id=CLIENT,
        config=config,
        folder=client,
        store=LocalStore(client.incoming, client_id=CLIENT),
        ledger_url=f"sqlite:///{data / 'ledger.db'}",
        dbt_dir=folder / "dbt",
        clients_dir=folder,
    )


def silent(_line: str) -> None:
    """Hear what the stages say, and do not repeat it."""


class Watch:
    """Time, memory and disk of each stage of this process.

    Args:
        folder: Where all files of the run lie; its size is looked at every half second.
    """

    def __init__(self, folder: Path) -> None:
        self.stages: dict[str, dict[str, float]] = {}
        self._folder = folder

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what runs within."""
        # 5 resets the high-water mark of the resident set
        Path("/proc/self/clear_refs").write_text("5")
        done = threading.Event()
        peaks = {"tree": 0.0, "disk": 0.0}
        watching = threading.Thread(target=self._look, args=(done, peaks), daemon=True)
        wall, cpu, written = time.monotonic(), cpu_seconds(), bytes_written()
        watching.start()
        try:
            yield
        finally:
            done.set()
            watching.join()
            self.stages[name] = {
                "wall_s": time.monotonic() - wall,
                "cpu_s": cpu_seconds() - cpu,
                "peak_mb": max(peaks["tree"], status_mb(os.getpid(), "VmHWM")),
                "end_mb": status_mb(os.getpid(), "VmRSS"),
                "written_mb": (bytes_written() - written) / MB,
                "disk_peak_mb": peaks["disk"],
            }

    def _look(self, done: threading.Event, peaks: dict[str, float]) -> None:
        look_again = 0.0
        while True:
            began = time.monotonic()
            # shares of pages: a process just forked would count its parent's twice
            tree = sum(status_mb(pid, "Pss", "smaps_rollup") for pid in family(os.getpid()))
            peaks["tree"] = max(peaks["tree"], tree)
            if time.monotonic() >= look_again:
                peaks["disk"] = max(peaks["disk"], used(self._folder) / MB)
                look_again = time.monotonic() + DISK_SECONDS
            # the kernel walks all pages for a look, on this process's account
            if done.wait(max(SAMPLE_SECONDS, LOOKS_SHARE * (time.monotonic() - began))):
                return


def family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from family(int(child))


def status_mb(pid: int, field: str, file: str = "status") -> float:
    """A size in MB from a file of /proc/<pid>; 0 where the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), 0.0)


def cpu_seconds() -> float:
    """User and system time of this process, all threads, and of its ended children."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def bytes_written() -> int:
    """What this process sent to the disk, spilled and deleted files included."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


def used(path: Path) -> int:
    """Bytes on disk of a file or of all files below a folder."""
    total = 0
    paths = path.rglob("*") if path.is_dir() else [path]
    for each in paths:
        try:
            total += each.stat().st_blocks * 512 if each.is_file() else 0
        except OSError:
            continue
    return total


def run_peer(folder: Path, csv: Path) -> dict[str, dict[str, float]]:
    """DuckDB's own load, then dbt's command line on the same models."""
    warehouse = folder / "peer" / "warehouse.duckdb"
    warehouse.parent.mkdir()
    found = {}
    cpu, peak = python(folder, "-c", LOAD, str(csv), str(warehouse))
    found["load"] = {"cpu_s": cpu, "peak_mb": peak}
    os.environ["CONSULTING_WAREHOUSE"] = str(warehouse)
    project = folder / "dbt"
    cpu, peak = python(
        folder, "-c", DBT, "--quiet", "build", f"--project-dir={project}",
        f"--profiles-dir={project}", f"--target-path={folder / 'peer' / 'target'}",
        f"--log-path={folder / 'peer' / 'logs'}", "--vars", json.dumps({"client": CLIENT}),
    )  # fmt: skip
    found["build"] = {"cpu_s": cpu, "peak_mb": peak, "warehouse": used(warehouse) / MB}
    return found


def print_stages(found: dict[str, Any]) -> None:
    """One line per stage, then where the rows and the bytes went."""
    print(f"{'stage':<16}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}{'written MB':>12}{'disk MB':>9}")
    for name, stage in found["stages"].items():
        print(
            f"{name:<16}{stage['wall_s']:>8.1f}{stage['cpu_s']:>8.1f}{stage['peak_mb']:>9,.0f}"
            f"{stage['written_mb']:>12,.0f}{stage['disk_peak_mb']:>9,.0f}"
        )
    account = found["account"]
    rejected, merged = (sum(account[name].values()) for name in ("rejected", "merged"))
    print(
        f"{account['received']:,} received = {account['delivered']:,} delivered + {rejected:,} "
        f"rejected + {merged:,} merged; unaccounted for: {account['unaccounted']}"
    )
    print("on disk: " + ", ".join(f"{k} {v / MB:,.0f} MB" for k, v in found["disk"].items()))
    if "differences" in found:
        print(f"verify: {found['differences'] or 'the same, byte for byte'}")


def print_ratios(found: dict[str, Any]) -> None:
    """CPU time against the peer's, of the same run."""
    cpu = {name: stage["cpu_s"] for name, stage in found["stages"].items() if name != "verify"}
    load, build = (found["peer"][name] for name in ("load", "build"))
    cleaned = cpu["start"] + cpu["cleaned"] + cpu["validated"]
    whole = sum(cpu.values())
    print(f"peer: DuckDB load {load['cpu_s']:.1f} CPU s, {load['peak_mb']:,.0f} MB; "
          f"dbt build {build['cpu_s']:.1f} CPU s, {build['peak_mb']:,.0f} MB, "
          f"warehouse {build['warehouse']:,.0f} MB")  # fmt: skip
    print(f"start + cleaned + validated against dbt build: {cleaned / build['cpu_s']:.2f}")
    peer = load["cpu_s"] + build["cpu_s"]
    print(f"whole chain against load + dbt build:          {whole / peer:.2f}")


if __name__ == "__main__":
    main()
