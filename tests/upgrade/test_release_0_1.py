"""What release 0.1 kept (data, ledger, run folders, recorded with it) goes on with this release.

`release_0_1.tar.xz` is the data folder after one delivery of the demo's acme_corp: 62 customers and
58 orders, of which 4 were rejected and 1 was merged.
"""

import json
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.runtime.migration import MigrationContext
from click.testing import CliRunner, Result
from sqlalchemy import inspect

from consulting import chain, migrations
from consulting.alerting import AlertDesk
from consulting.cli import main
from consulting.cli.engagements import open_engagement
from consulting.database import engine_of, reading
from consulting.delivery import list_deliveries
from consulting.errors import LedgerError
from consulting.intake import Ledger, RunVerdict

RECORDED = Path(__file__).with_name("release_0_1.tar.xz")
ALERTS_OF_0_1 = """
CREATE TABLE alert_incidents (
    id INTEGER NOT NULL PRIMARY KEY, client_id VARCHAR NOT NULL, kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL, severity VARCHAR NOT NULL, momentary BOOLEAN NOT NULL,
    event TEXT NOT NULL, message_id INTEGER, opened_at DOUBLE NOT NULL, last_at DOUBLE NOT NULL,
    occurrences INTEGER NOT NULL, resolved_at DOUBLE, note TEXT NOT NULL
);
CREATE UNIQUE INDEX alert_one_open_incident ON alert_incidents (client_id, kind, subject)
    WHERE resolved_at IS NULL OR momentary;
CREATE TABLE alert_messages (
    id INTEGER NOT NULL PRIMARY KEY, role VARCHAR NOT NULL, incident_id INTEGER, root_id INTEGER,
    channel VARCHAR NOT NULL, redirected_from VARCHAR, marker VARCHAR NOT NULL UNIQUE,
    state VARCHAR NOT NULL, wanted INTEGER NOT NULL, shown INTEGER NOT NULL,
    created_at DOUBLE NOT NULL, not_before DOUBLE NOT NULL, lease_until DOUBLE NOT NULL,
    lease_by VARCHAR, attempts INTEGER NOT NULL, unsure BOOLEAN NOT NULL, plain BOOLEAN NOT NULL,
    tried_at DOUBLE, sender VARCHAR, channel_id VARCHAR, ts VARCHAR, sent_at DOUBLE, error TEXT
);
"""
DELIVERY = "acme_corp-00001-8440c8e0"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    with tarfile.open(RECORDED) as archive:
        archive.extractall(folder)  # our own; Python 3.11.2 knows no filter
    return folder


@pytest.fixture
def data(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder as release 0.1 left it."""
    folder = tmp_path / "data"
    shutil.copytree(recorded, folder)
    monkeypatch.setenv("CONSULTING_DATA", str(folder))
    monkeypatch.delenv("CONSULTING_LEDGER_URL", raising=False)
    yield folder
    engine_of(f"sqlite:///{folder / 'ledger.db'}").dispose()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_ledger_of_release_0_1_is_not_touched_before_somebody_says_so(data: Path) -> None:
    before = (data / "ledger.db").read_bytes()
    with pytest.raises(LedgerError, match=r"of an earlier release .*`consulting upgrade`"):
        Ledger(f"sqlite:///{data / 'ledger.db'}")
    told = run("upgrade", "--dry-run")
    assert told.exit_code == 0, told.output
    assert "0002  A delivery's verdict stands in the ledger" in told.output
    assert "Nothing was changed" in told.output
    assert (data / "ledger.db").read_bytes() == before


def test_upgrade_saves_the_ledger_and_migrates_it_once(data: Path) -> None:
    done = run("upgrade")
    assert done.exit_code == 0, done.output
    copy = data / "ledger.db.before_0001.bak"
    assert f"Saved as {copy}." in done.output
    assert copy.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT version FROM ledger_version").fetchall() == [(1,)]
        assert old.execute("SELECT batch_id FROM ledger_batch").fetchall() == [(DELIVERY,)]
    made = Ledger(f"sqlite:///{data / 'ledger.db'}").deliveries("acme_corp")
    assert [(each.batch_id, each.files, each.verdict) for each in made] == [(DELIVERY, 2, None)]
    assert "up to date" in run("upgrade").output


def test_what_is_no_database_is_said_to_be_none_and_left_as_it_is(data: Path) -> None:
    (data / "ledger.db").write_text("garbage\n")
    for asked in (("upgrade",), ("ledger", "acme_corp")):
        told = run(*asked)
        assert told.exit_code == 1
        assert (
            f"The ledger at sqlite:///{data / 'ledger.db'} can not be used: file is not a "
            "database. Check CONSULTING_LEDGER_URL, and that the database is reachable, writable "
            "and whole: a damaged file is restored from a backup."
        ) in " ".join(told.output.split())
    assert (data / "ledger.db").read_text() == "garbage\n"


def test_release_0_1_refuses_a_ledger_that_was_upgraded(data: Path) -> None:
    run("upgrade")
    with closing(sqlite3.connect(data / "ledger.db")) as ledger:
        # it knows version 1 only
        assert ledger.execute("SELECT version FROM ledger_version").fetchall() == [(2,)]


def test_the_tables_of_an_upgraded_ledger_are_those_of_a_new_one(
    data: Path, tmp_path: Path
) -> None:
    run("upgrade")
    Ledger(f"sqlite:///{tmp_path / 'new.db'}")

    def tables(path: Path) -> dict[str, list[tuple[str, str, int]]]:
        with closing(sqlite3.connect(path)) as ledger:
            names = [row[0] for row in ledger.execute("SELECT name FROM sqlite_master")]
            return {
                name: sorted(r[1:4] for r in ledger.execute(f"PRAGMA table_info('{name}')"))
                for name in names
                if name.startswith("ledger_")
            }

    new, upgraded = tables(tmp_path / "new.db"), tables(data / "ledger.db")
    assert {name: upgraded[name] for name in new} == new


def test_a_newer_ledger_is_left_alone(data: Path) -> None:
    run("upgrade")
    with closing(sqlite3.connect(data / "ledger.db")) as ledger:
        ledger.execute("UPDATE ledger_migration SET version_num = '9999'")
        ledger.commit()
    refused = run("upgrade")
    assert refused.exit_code == 1
    assert "a newer release wrote it" in refused.output


def test_an_alert_that_is_open_stays_one_incident_in_its_channel(data: Path) -> None:
    event = {
        "client_id": "acme_corp", "kind": "sla", "subject": "2026-01", "severity": "warn",
        "title": "Late", "channel": "#acme", "tier": 3,
    }  # fmt: skip
    with closing(sqlite3.connect(data / "ledger.db")) as ledger:
        ledger.executescript(ALERTS_OF_0_1)
        ledger.execute(
            "INSERT INTO alert_incidents VALUES (7, 'acme_corp', 'sla', '2026-01', 'warn', 0, ?, "
            "3, 1000, 1000, 1, NULL, '')",
            [json.dumps(event)],
        )
        ledger.execute(
            "INSERT INTO alert_messages (id, role, incident_id, channel, redirected_from, marker, "
            "state, wanted, shown, created_at, not_before, lease_until, attempts, unsure, plain) "
            "VALUES (3, 'alert', 7, '#data-alerts', '#acme', 'm', 'sent', 1, 1, 1000, 1000, 0, 1, "
            "0, 0)"
        )
        ledger.commit()
    run("upgrade")
    desk = AlertDesk(f"sqlite:///{data / 'ledger.db'}")
    now = datetime.now(UTC)
    again = desk.open_incidents()[0].event
    assert again.channels == ("#acme",)
    assert desk.report(again, now) == 7
    assert (
        desk.report(again.model_copy(update={"channels": ("#acme", "mail:a@b.example")}), now) == 7
    )
    assert [each.occurrences for each in desk.open_incidents()] == [3]
    assert desk.resolve("acme_corp", "sla", "2026-01", now)
    assert desk.open_incidents() == []


def test_the_newest_step_is_the_one_that_is_made_and_opened_without_alembic(
    tmp_path: Path,
) -> None:
    steps = migrations.pending("0001")
    assert steps is not None
    assert steps[-1].revision == migrations.HEAD
    assert migrations.pending(migrations.HEAD) == []
    with reading(Ledger(f"sqlite:///{tmp_path / 'new.db'}").engine) as connection:
        options = {"version_table": migrations.VERSION_TABLE}
        of_alembic = MigrationContext.configure(connection, opts=options)
        assert of_alembic.get_current_revision() == migrations.HEAD


def test_an_upgraded_ledger_has_the_tables_and_columns_of_a_new_one(
    data: Path, tmp_path: Path
) -> None:
    run("upgrade")
    Ledger(f"sqlite:///{tmp_path / 'new.db'}")
    upgraded, new = (_columns(path) for path in (data / "ledger.db", tmp_path / "new.db"))
    assert upgraded == new
    assert {"ledger_notified", "ledger_queue"} <= new.keys()


def _columns(ledger: Path) -> dict[str, set[tuple[str, str, bool, bool]]]:
    """Table → its columns, their types, and whether they may be empty and are of its key."""
    with reading(engine_of(f"sqlite:///{ledger}")) as connection:
        found = inspect(connection)
        return {
            table: {
                (column["name"], str(column["type"]), column["nullable"], column["name"] in keys)
                for column in found.get_columns(table)
            }
            for table in found.get_table_names()
            if table.startswith("ledger_")
            for keys in [found.get_pk_constraint(table)["constrained_columns"]]
        }


def test_the_client_goes_on_where_release_0_1_left_it(data: Path) -> None:
    run("upgrade")
    engagement = open_engagement("acme_corp")
    sent = (data / "acme_corp" / "incoming" / "customers_2026-01-05.csv").read_bytes()
    (data / "acme_corp" / "incoming" / "customers_2026-01-19.csv").write_bytes(
        b"\n".join(sent.split(b"\n")[:31])
    )
    later = datetime.now(UTC)
    for _ in range(3):
        later += timedelta(minutes=10)
        tick = chain.look(
            engagement,
            verdict_of=lambda _run: RunVerdict.UNKNOWN,
            verdict_of_request=lambda _key: RunVerdict.UNKNOWN,
            now=later,
        )
        if tick.batches:
            break
    (batch,) = tick.batches
    common = {"batch_id": batch.batch_id, "run_id": "the-run", "log": lambda _line: None}
    received = chain.receive(engagement, period=None, **common)
    for stage in (chain.profile, chain.clean, chain.validate):
        stage(engagement, **common)
    delivery = chain.deliver(engagement, **common)
    assert [each.delivery_id for each in list_deliveries(engagement.folder)] == [
        DELIVERY,
        batch.batch_id,
    ]
    # 64 rows were sent at first, 30 now; the orders of release 0.1 stand in
    carried = {reading.feed for reading in received.in_use if reading.filename.startswith("orders")}
    assert carried == {"orders"}
    assert delivery.summary.received == 30 + 58
    with reading(engine_of(f"sqlite:///{data / 'ledger.db'}")) as connection:
        assert migrations.revision_of(connection) == migrations.HEAD
