"""A change of a client's files is accepted once: shown, applied, and what waited is delivered."""

from __future__ import annotations

import re
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from click.testing import CliRunner
from tests.chain.conftest import DBT, World

from consulting import chain
from consulting.cleaning import write_feed_models
from consulting.cli import accept
from consulting.errors import CleaningError

if TYPE_CHECKING:
    from click.testing import Result

DOCS = (Path(__file__).parents[2] / "docs" / "cleaning.md").read_text(encoding="utf-8")
COLUMNS = [
    {"name": "order_id", "from": "Order ID", "required": True, "tests": ["unique"]},
    {"name": "amount", "from": "Amount", "rule": "to_decimal", "decimal": "point"},
    {"name": "status", "from": "Status"},
    {"name": "seats", "from": "Seats", "rule": "to_integer"},
]


def rows(first: int, seats: str = "{n}") -> list[list[str]]:
    return [
        [f"o{n}", f"{n}.5", ("open", "paid")[n % 2], seats.format(n=n % 7)]
        for n in range(first, first + 40)
    ]


def csv(header: str, lines: list[list[str]]) -> str:
    return "\n".join([header, *(",".join(line) for line in lines)]) + "\n"


JANUARY = csv("Order ID,Amount,Status,Seats", rows(1))
# renamed, gone, of another type, and new
FEBRUARY = csv(
    "Order ID,Amount (EUR),Seats,Country",
    [[a, b, d, "DE"] for a, b, _, d in rows(41, "2024-03-1{n}")],
)


@pytest.fixture
def client(tmp_path: Path) -> World:
    """A client of one feed, whose file of January was delivered."""
    root = tmp_path / "dbt"
    for name in ("macros", "tests", "models/shared"):
        shutil.copytree(DBT / name, root / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(DBT / name, root / name)
    world = World(
        tmp_path / "data",
        dbt_dir=root,
        feeds=[{"name": "orders", "files": "orders*.csv"}],
        security_tier=3,
    )
    write_feed_models(root, world.client_id, "orders", COLUMNS)
    world.drop("orders_2024-01.csv", JANUARY)
    world.run()
    return world


def run_accept(world: World, *arguments: str, answer: str | None = None) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accept, "open_engagement", lambda *_, **__: world.engagement)
        return CliRunner().invoke(accept.accept_drift, [world.client_id, *arguments], input=answer)


def delivered_rows(world: World) -> list[tuple[object, ...]]:
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        return connection.execute(
            "SELECT order_id, amount, status FROM marts.orders ORDER BY order_id LIMIT 1"
        ).fetchall()


def refused(world: World) -> str:
    """A run that drift stops, as the job's asset check does it."""
    run_id = uuid.uuid4().hex
    batch_id = world.receive(run_id).batch.batch_id
    named = {"batch_id": batch_id, "run_id": run_id}
    found = chain.profile(world.engagement, **named, log=world.said.append)
    reason = chain.drifted(found)
    assert reason is not None
    chain.refuse(world.engagement, **named, reason=reason)
    return reason


def test_what_drifted_is_accepted_once_and_last_month_can_be_replayed(client: World) -> None:
    yaml = client.dbt_dir / "models" / "clients" / client.client_id / "orders.yml"
    before = yaml.read_text(encoding="utf-8")
    assert "nothing to accept" in run_accept(client).output

    client.drop("orders_2024-02.csv", FEBRUARY)
    reason = refused(client)
    for said in (
        "“Amount” seems to be called “Amount (EUR)” now, in orders_2024-02.csv.",
        "“Status” is not in orders_2024-02.csv, and the models read it.",
        "“Seats” was integer and is date now, in orders_2024-02.csv.",
    ):
        assert said in reason

    shown = run_accept(client, "--dry-run")
    declined = run_accept(client, answer="n\n")
    assert (shown.exit_code, declined.exit_code) == (0, 1)
    assert yaml.read_text(encoding="utf-8") == before, "nothing is written before a yes"
    assert client.states()["orders_2024-02.csv"] in {"claimed", "quarantined"}

    done = run_accept(client, "--yes")
    assert done.exit_code == 0, done.output
    changed = [
        line for line in done.output.splitlines() if line.startswith(("+", "-")) and "meta" in line
    ]
    [documented] = re.findall(r"```diff\n(.*?)```", DOCS, re.DOTALL)
    assert changed == documented.splitlines()
    after = yaml.read_text(encoding="utf-8")
    # as if it had been killed before the files were let go
    more = run_accept(client, "--yes")
    assert (more.exit_code, yaml.read_text(encoding="utf-8")) == (0, after)

    second = client.run(client.engagement.intake.state().batches[0].batch_id)
    assert delivered_rows(client) == [("o41", pytest.approx(41.5), None)]
    assert not any(f.severity == "block" for f in client.profile_of(second).drift)

    again = csv("Order ID,Amount,Status,Seats", rows(1, "2024-03-1{n}"))
    client.drop("orders_2024-01_again.csv", again.replace("o1,", "o01,"))
    client.run()
    assert delivered_rows(client)[0][::2] == ("o01", "paid")


def test_what_no_patch_accepts_is_told_and_nothing_is_tried_again(client: World) -> None:
    client.drop("orders_2024-02.csv", csv("Order ID,Amount,Status,Seats", rows(41)[:3]))
    refused(client)
    result = run_accept(client, "--yes")
    assert result.exit_code == 1
    assert (
        "Not accepted: orders: 3 rows in orders_2024-02.csv, where the last delivery had 40. No "
        "patch accepts that. Ask whether the export is complete, and filtered as before."
    ) in result.output
    assert client.states()["orders_2024-02.csv"] == "claimed"


def test_a_patch_that_dbt_can_not_read_is_taken_back(
    client: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    yaml = client.dbt_dir / "models" / "clients" / client.client_id / "orders.yml"
    before = yaml.read_text(encoding="utf-8")
    client.drop("orders_2024-02.csv", FEBRUARY)
    refused(client)
    (client.dbt_dir / "models" / "clients" / client.client_id / "broken.sql").write_text("{{")
    result = run_accept(client, "--yes")
    assert isinstance(result.exception, CleaningError)
    assert yaml.read_text(encoding="utf-8") == before
