"""A change of a client's files is accepted once: shown, applied, and what waited is delivered."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import uuid
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import openpyxl
import pytest
from click.testing import CliRunner
from parsed_once import lay_shared
from patience import PATIENCE_SECONDS
from tests.chain.conftest import World
from tests.workbooks import xlsx

from consulting import chain
from consulting.chain import accepted, patching
from consulting.chain.replay import verify_delivery
from consulting.cleaning import write_feed_models
from consulting.cli import accept
from consulting.errors import BlockedDeliveryError, CleaningError
from consulting.intake import Intake

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

DOCS = (Path(__file__).parents[2] / "docs" / "cleaning.md").read_text(encoding="utf-8")
COLUMNS = [
    {"name": "order_id", "from": "Order ID", "required": True, "tests": ["unique"]},
    {"name": "amount", "from": "Amount", "rule": "to_decimal", "decimal": "point"},
    {"name": "status", "from": "Status", "tests": [{"not_null": {"config": {"severity": "warn"}}}]},
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


def settings(security_tier: int = 3) -> dict[str, Any]:
    return {
        "feeds": [{"name": "orders", "files": "orders*.csv"}],
        "security_tier": security_tier,
    }


def unmodelled(root: Path, **changes: Any) -> World:
    """A client without models and files."""
    lay_shared(root / "dbt")
    return World(root / "data", dbt_dir=root / "dbt", **changes)


def made(
    root: Path,
    security_tier: int = 3,
    *,
    columns: list[dict[str, Any]] = COLUMNS,
    january: str = "",
) -> World:
    """A client of one feed, whose file of January was delivered."""
    world = unmodelled(root, **settings(security_tier))
    write_feed_models(world.dbt_dir, world.client_id, "orders", columns)
    world.drop("orders_2024-01.csv", january or JANUARY)
    world.run()
    return world


@pytest.fixture(scope="module")
def january(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The client, copied and never changed."""
    return made(tmp_path_factory.mktemp("january"))


def copied(world: World, root: Path) -> World:
    shutil.copytree(world.root.parent, root)
    return World(root / "data", dbt_dir=root / "dbt", **world.changes)


@pytest.fixture
def client(january: World, tmp_path: Path) -> World:
    """The client with January delivered."""
    return copied(january, tmp_path / "client")


@pytest.fixture(scope="module")
def february(january: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The client whose file of February was refused; copied, never changed."""
    world = copied(january, tmp_path_factory.mktemp("february") / "client")
    world.drop("orders_2024-02.csv", FEBRUARY)
    refused(world)
    return world


@pytest.fixture
def drifted(february: World, tmp_path: Path) -> World:
    """The client with February refused."""
    return copied(february, tmp_path / "drifted")


def yaml_of(world: World) -> Path:
    return world.dbt_dir / "models" / "clients" / world.client_id / "orders.yml"


def run_accept(world: World, *arguments: str, answer: str | None = None) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accept, "open_engagement", lambda *_, **__: world.engagement)
        return CliRunner().invoke(accept.accept_drift, [world.client_id, *arguments], input=answer)


def accept_all(world: World) -> None:
    done = run_accept(world, "--yes")
    assert done.exit_code == 0, done.output


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


def stopped(world: World) -> None:
    """A run that drift stops, by the profile or once the rules have read."""
    with pytest.raises(BlockedDeliveryError):
        world.run()


def test_a_small_file_that_somebody_confirms_is_delivered_and_the_ledger_says_who(
    client: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    yaml = yaml_of(client).read_text(encoding="utf-8")
    small = csv("Order ID,Amount,Status,Seats", rows(41)[:2])
    client.drop("orders_2024-02.csv", small)
    assert refused(client) == "2 rows in orders_2024-02.csv, where the last delivery had 40."
    shown = run_accept(client, "--dry-run")
    assert "If it is right so, `consulting accept` delivers these files." in shown.output
    assert run_accept(client, answer="n\n").exit_code == 1
    done = run_accept(client, answer="y\n")
    assert done.exit_code == 0, done.output
    assert yaml_of(client).read_text(encoding="utf-8") == yaml
    delivery = client.run()
    assert delivery.summary.delivered == 2
    assert "It was confirmed to be right." in (delivery.path / "quality_report.html").read_text()
    (story,) = client.engagement.intake.history(key="orders_2024-02.csv")
    told = [event.detail for event in story.events if event.kind == "confirmed"]
    assert told == ["volume_collapse orders, by ada"]
    assert verify_delivery(client.engagement, delivery.delivery_id, log=print) == []

    client.drop("orders_2024-03.csv", csv("Order ID,Amount,Status,Seats", rows(81)))
    client.run()
    client.drop("orders_2024-02.csv", csv("Order ID,Amount,Status,Seats", rows(45)[:2]))
    assert "where the last delivery had 40" in refused(client), "other bytes are another file"


def test_a_file_set_aside_at_a_refused_attempt_is_told_by_the_delivery_of_a_later_one(
    client: World,
) -> None:
    client.drop("orders_2024-02.csv", FEBRUARY)
    client.drop("orders_empty.csv", b"")
    refused(client)
    assert client.states()["orders_empty.csv"] == "quarantined"
    assert run_accept(client, "--yes").exit_code == 0
    delivery = client.run()
    manifest = json.loads((delivery.path / "manifest.json").read_text())
    assert [file["filename"] for file in manifest["quarantined_files"]] == ["orders_empty.csv"]
    assert "File set aside: orders_empty.csv" in (delivery.path / "quality_report.html").read_text()
    assert delivery.summary.verdict == "care"
    assert verify_delivery(client.engagement, delivery.delivery_id, log=print) == []


def test_what_drifted_is_accepted_once_and_last_month_can_be_replayed(client: World) -> None:
    yaml = yaml_of(client)
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
    assert '"by": "consulting accept"' in client.folder.access_log.read_text()
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
    assert "not_null" not in after
    drift = {f.column: f for f in client.profile_of(second).drift}
    assert not any(f.severity == "block" for f in drift.values())
    told = [
        ("Amount (EUR)", "renamed_column", "“Amount” is called “Amount (EUR)” now, in {}."),
        ("Country", "new_column", "“Country” is in {}, and was not in the last ones."),
        ("Status", "missing_column", "“Status” is not in {}; the client may leave it out."),
    ]
    for column, kind, detail in told:
        words = detail.format("orders_2024-02.csv")
        assert (drift[column].kind, drift[column].severity, drift[column].detail) == (
            kind, "info", words,
        )  # fmt: skip
        told_there = words.replace("; the client may", ", whose rows are delivered without it")
        told_there = told_there.replace(" leave it out", "")
        assert told_there in (second.path / "quality_report.html").read_text()

    again = csv("Order ID,Amount,Status,Seats", rows(1, "2024-03-1{n}"))
    client.drop("orders_2024-01_again.csv", again.replace("o1,", "o01,"))
    client.run()
    assert delivered_rows(client)[0][::2] == ("o01", "paid")


def test_a_feed_that_follows_a_template_is_told_how_to_teach_it_the_new_header(
    drifted: World,
) -> None:
    (drifted.dbt_dir / "templates").mkdir()
    (drifted.dbt_dir / "templates/sales.yml").write_text(
        "models: [{name: sales, columns: [{name: amount, meta: {synonyms: [Amount]}}]}]\n"
    )
    text = yaml_of(drifted).read_text("utf-8")
    model = "models:\n  - name: orders\n"
    assert model in text
    yaml_of(drifted).write_text(text.replace(model, f"{model}    meta: {{template: sales}}\n"))
    done = run_accept(drifted, "--yes")
    assert done.exit_code == 0, done.output
    learn = f"consulting template learn {drifted.client_id} orders sales"
    assert done.output.endswith(f"orders follows sales: `{learn}` teaches it the new header.\n")


def test_what_no_patch_accepts_is_told_and_nothing_is_tried_again(client: World) -> None:
    text = yaml_of(client).read_text(encoding="utf-8")
    assert "{from: Status" in text
    commented = text.replace("{from: Status", "{ # ours\n          from: Status")
    yaml_of(client).write_text(commented, encoding="utf-8")
    lacking = [[a, b, d] for a, b, _, d in rows(41)]
    client.drop("orders_2024-02.csv", csv("Order ID,Amount,Seats", lacking))
    refused(client)
    result = run_accept(client, "--yes")
    assert result.exit_code == 1
    assert (
        "Not accepted: orders: “Status” is not in orders_2024-02.csv, and the models read it. No "
        "patch accepts that. Ask the client for the column."
    ) in result.output
    assert client.states()["orders_2024-02.csv"] == "claimed"


def test_a_key_that_is_gone_is_not_accepted(client: World) -> None:
    before = yaml_of(client).read_text(encoding="utf-8")
    lacking = [row[1:] for row in rows(41)]
    client.drop("orders_2024-02.csv", csv("Amount,Status,Seats", lacking))
    refused(client)
    result = run_accept(client, "--yes")
    assert result.exit_code == 1, result.output
    assert (
        "Not accepted: orders: “Order ID” is not in orders_2024-02.csv, and the models read it. No "
        "patch accepts that. Ask the client for the column."
    ) in result.output
    after = yaml_of(client).read_text(encoding="utf-8")
    assert "from: Order ID, required: true" in before
    assert "from: Order ID, required: true" in after


def test_a_patch_that_dbt_can_not_read_is_not_written(drifted: World) -> None:
    before = yaml_of(drifted).read_text(encoding="utf-8")
    yaml_of(drifted).with_name("broken.sql").write_text("{{", encoding="utf-8")
    result = run_accept(drifted, "--yes")
    assert isinstance(result.exception, CleaningError)
    assert yaml_of(drifted).read_text(encoding="utf-8") == before
    assert drifted.states()["orders_2024-02.csv"] == "claimed"


STEPS = ["patched_copy", "clean_files", "write_project_text", "Intake.retry", "after"]
"""Before and after dbt reads the patch, as it is written, as the batch is let go, and at last."""


def accept_until(world: World, step: str) -> None:
    """In a process group of its own: `consulting accept`, and `kill -9` of the group at a step."""
    os.setpgrp()

    def dies(*_: object, **__: object) -> None:
        os.killpg(0, signal.SIGKILL)

    if step == "Intake.retry":
        Intake.retry = dies  # type: ignore[method-assign,assignment]
    elif step != "after":
        setattr(accepted if hasattr(accepted, step) else patching, step, dies)
    run_accept(world, "--yes")
    dies()


@pytest.mark.parametrize("step", STEPS)
def test_what_was_killed_at_any_step_is_taken_up_by_accepting_again(
    drifted: World, step: str
) -> None:
    before = yaml_of(drifted).read_text(encoding="utf-8")
    # the forked process has dbt loaded already
    process = multiprocessing.get_context("fork").Process(target=accept_until, args=(drifted, step))
    process.start()
    process.join(PATIENCE_SECONDS)
    assert process.exitcode == -signal.SIGKILL
    now = yaml_of(drifted).read_text(encoding="utf-8")
    assert (now != before) is (STEPS.index(step) > STEPS.index("write_project_text"))
    drifted.engagement.models.prepare()
    again = run_accept(drifted, "--yes")
    assert again.exit_code == 0, again.output
    assert run_accept(drifted, "--yes").exit_code == 0
    text = yaml_of(drifted).read_text(encoding="utf-8")
    assert text.count("Amount (EUR)") == 1
    beside = [path.name for path in yaml_of(drifted).parent.iterdir() if path.is_file()]
    assert beside == ["orders.yml"]


def test_comments_anchors_and_ends_of_lines_are_kept(drifted: World) -> None:
    text = yaml_of(drifted).read_text(encoding="utf-8")
    marked = "# ours: ask Ada\n" + text.replace(
        "models:\n", "x-note: &note {owner: ada}\nmodels:\n", 1
    )
    marked = marked.replace("\n", "\r\n")
    yaml_of(drifted).write_bytes(marked.encode())
    result = run_accept(drifted, "--yes")
    assert result.exit_code == 0, result.output
    after = yaml_of(drifted).read_bytes().decode()
    assert after.startswith("# ours: ask Ada\r\n")
    assert "&note {owner: ada}" in after
    assert "Amount (EUR)" in after
    assert after.count("\n") == after.count("\r\n")


def test_sql_that_names_the_old_column_is_told_and_waits_to_be_mended(drifted: World) -> None:
    sql = yaml_of(drifted).with_name("big_orders.sql")
    sql.write_text(
        "select \"Order ID\" as order_id, \"Amount\" as amount from {{ source('raw', 'orders') }}"
    )
    result = run_accept(drifted, "--yes")
    assert (
        "Not accepted: orders: dbt/models/clients/acme_corp/big_orders.sql names “Amount” itself, "
        "which the files call “Amount (EUR)” now. Let it read “Amount (EUR)”."
    ) in result.output
    assert "Amount (EUR)" in yaml_of(drifted).read_text(encoding="utf-8")
    assert drifted.states()["orders_2024-02.csv"] == "claimed"
    sql.write_text(sql.read_text().replace('"Amount"', '"Amount (EUR)"'))
    done = run_accept(drifted, "--yes")
    assert "accepted. The sensor tries what waits" in done.output
    assert "`dg launch --job acme_corp_cleaning`" in done.output


def test_a_file_that_was_set_aside_is_released_and_a_run_that_names_no_batch_takes_it(
    tmp_path: Path,
) -> None:
    world = made(tmp_path)
    world.drop("orders_2024-02.csv", FEBRUARY)
    for _ in range(20):
        refused(world)
        if world.states()["orders_2024-02.csv"] == "quarantined":
            break
    assert [story.code for story in world.engagement.intake.state().quarantined] == ["run_failed"]
    shown = json.loads(run_accept(world, "--json", "--dry-run").output)
    assert (shown["applied"], len(shown["drops"]), shown["left"]) == (False, 1, [])
    assert run_accept(world, "--json").exit_code == 2, "nobody is asked"
    done = json.loads(run_accept(world, "--json", "--yes").output)
    assert done["applied"]
    assert done["diffs"] == shown["diffs"]
    assert [text.partition(":")[0] for text in done["released"]] == ["orders_2024-02.csv"]
    world.run()
    assert delivered_rows(world) == [("o41", pytest.approx(41.5), None)]
    assert "nothing to accept" in run_accept(world).output
    assert json.loads(run_accept(world, "--json", "--yes").output)["applied"] is False


def begun(world: World) -> dict[str, str]:
    """The sensor's own retry of what waits, with the models as they are, up to its profile."""
    run_id = uuid.uuid4().hex
    (batch,) = world.engagement.intake.state().batches
    named = {"batch_id": world.receive(run_id, batch.batch_id).batch.batch_id, "run_id": run_id}
    assert chain.drifted(chain.profile(world.engagement, **named, log=world.said.append))
    return named


@pytest.mark.parametrize("fails", ["after accepting", "while accepting"])
def test_a_retry_that_was_under_way_while_somebody_accepted_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    world = made(tmp_path)
    world.drop("orders_2024-02.csv", FEBRUARY)
    refused(world)
    named = begun(world)

    def fail() -> None:
        chain.refuse(world.engagement, **named, reason="the old models read it")

    if fails == "while accepting":
        write = accepted.write_changed
        monkeypatch.setattr(accepted, "write_changed", lambda *given: (write(*given), fail()))
    accept_all(world)
    if fails == "after accepting":
        fail()
    assert world.states()["orders_2024-02.csv"] == (
        "claimed" if fails == "after accepting" else "ready"
    )
    waiting = world.engagement.intake.state().batches
    world.run(waiting[0].batch_id if waiting else None)
    assert world.states()["orders_2024-02.csv"] == "delivered"


def test_a_corrected_file_needs_no_acceptance(drifted: World) -> None:
    drifted.drop("orders_2024-02.csv", csv("Order ID,Amount,Status,Seats", rows(41)))
    drifted.run()
    assert drifted.states()["orders_2024-02.csv"] == "delivered"
    before = yaml_of(drifted).read_text(encoding="utf-8")
    assert "nothing to accept" in run_accept(drifted, "--yes").output
    assert yaml_of(drifted).read_text(encoding="utf-8") == before


@pytest.mark.parametrize("tier", [1, 2])
def test_below_tier_3_what_is_accepted_holds_no_value(tmp_path: Path, tier: int) -> None:
    world = made(tmp_path, tier)
    renamed = [[a, b, "Meryem Demir-Kaya", d] for a, b, _, d in rows(41)]
    # a name that is not shown as it is
    world.drop("orders_demir_02.csv", csv("Order ID,Amount (EUR),Status,Seats", renamed))
    refused(world)
    result = run_accept(world, "--yes")
    assert result.exit_code == 0, result.output
    (batch,) = world.engagement.intake.state().batches
    world.run(batch.batch_id)
    assert [*world.states().values()] == ["delivered", "delivered"]
    text = yaml_of(world).read_text(encoding="utf-8")
    assert "Amount (EUR)" in text
    for said in (text, result.output):
        assert "Demir" not in said
        assert "o41" not in said


def test_amounts_in_another_currency_wait_until_it_has_a_column_of_its_own(tmp_path: Path) -> None:
    columns = [COLUMNS[0], {"name": "amount", "from": "Amount", "rule": "to_money"}]
    euro, yen = (
        csv("Order ID,Amount", [[f"o{n}", f"{code} {n}.50"] for n in range(first, first + 40)])
        for code, first in (("EUR", 1), ("JPY", 41))
    )
    world = made(tmp_path, columns=columns, january=euro)
    world.drop("orders_2024-02.csv", yen)
    assert refused(world).startswith(
        "The amounts in “Amount” of orders_2024-02.csv are in JPY, where the last delivery had EUR."
    )
    accept_all(world)
    batch = world.run(world.engagement.intake.state().batches[0].batch_id)
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        kept = "SELECT min(amount)::DOUBLE, amount_currency, count(*) FROM marts.orders GROUP BY 2"
        assert connection.execute(kept).fetchall() == [(41.5, "JPY", 40)]
    assert [f.severity for f in world.profile_of(batch).drift if f.column == "Amount"] == ["info"]


def test_amounts_that_named_no_currency_in_between_are_held_against_the_last_that_did(
    tmp_path: Path,
) -> None:
    columns = [COLUMNS[0], {"name": "amount", "from": "Amount", "rule": "to_money"}]
    euro, bare, dollar = (
        csv("Order ID,Amount", [[f"o{n}", f"{n}.50{code}"] for n in range(first, first + 40)])
        for code, first in ((" EUR", 1), ("", 41), (" USD", 81))
    )
    world = made(tmp_path, columns=columns, january=euro)
    world.drop("orders_2024-02.csv", bare)
    world.run()
    world.drop("orders_2024-03.csv", dollar)
    assert refused(world) == (
        "The amounts in “Amount” of orders_2024-03.csv are in USD, where the last delivery that "
        "named one had EUR."
    )
    accept_all(world)
    world.run()
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        kept = "SELECT amount_currency, count(*) FROM marts.orders GROUP BY 1"
        assert connection.execute(kept).fetchall() == [("USD", 40)]


def test_another_decimal_mark_is_accepted_by_a_patch_or_confirmed(tmp_path: Path) -> None:
    amount = {"name": "amount", "from": "Amount", "rule": "to_money", "decimal": "comma"}
    january, february, march = (
        csv("Order ID;Amount", [[f"o{n};{n}{digits}"] for n in range(first, first + 40)])
        for first, digits in ((11, ",5"), (51, ".500"), (91, ".5"))
    )
    world = made(tmp_path, columns=[COLUMNS[0], amount], january=january)
    world.drop("orders_2024-02.csv", february)
    assert refused(world) == (
        "The numbers in “Amount” of orders_2024-02.csv could have a decimal point or a decimal "
        "comma; with the comma, as its rule reads them, they are a thousand times more or less "
        "than those of the last delivery that showed its mark, and with the other they are not."
    )
    yaml = yaml_of(world).read_text("utf-8")
    assert "If it is right so, `consulting accept`" in run_accept(world, "--dry-run").output
    world.drop("orders_2024-02.csv", march)
    assert refused(world) == (
        "The numbers in “Amount” of orders_2024-02.csv have a decimal point; its rule reads them "
        "with a decimal comma."
    )
    accept_all(world)
    assert yaml_of(world).read_text("utf-8") == yaml.replace("decimal: comma", "decimal: point")
    world.run(world.engagement.intake.state().batches[-1].batch_id)
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        kept = "SELECT count(*), min(amount)::DOUBLE, max(amount)::DOUBLE FROM marts.orders"
        assert connection.execute(kept).fetchall() == [(40, 91.5, 130.5)]


@pytest.mark.parametrize(
    ("rule", "changed", "values", "left"),
    [
        (
            {"rule": "to_money", "decimal": "comma"},
            {"rule": "to_money", "decimal": "point"},
            [f"{n},5" for n in range(11, 51)],
            "",
        ),
        (
            {"rule": "to_date", "formats": ["%d/%m/%Y"]},
            {"rule": "to_date", "formats": ["%m/%d/%Y"]},
            [f"{n:02}/01/2026" for n in range(1, 29)],
            "have the client send them again as newer ones are written",
        ),
    ],
)
def test_files_carried_forward_that_a_changed_rule_does_not_read_are_read_by_both_or_told(
    tmp_path: Path, rule: dict[str, Any], changed: dict[str, Any], values: list[str], left: str
) -> None:
    feeds = [{"name": name, "files": f"{name}*.csv"} for name in ("orders", "visits")]
    world = unmodelled(tmp_path, feeds=feeds)
    identity = {"name": "id", "from": "id"}
    write_feed_models(world.dbt_dir, world.client_id, "visits", [identity])
    amount = {"name": "amount", "from": "Amount"}
    write_feed_models(world.dbt_dir, world.client_id, "orders", [identity, amount | rule])
    rows = [[f"o{n};{value}"] for n, value in enumerate(values)]
    world.drop("orders_1.csv", csv("id;Amount", rows))
    world.drop("visits_1.csv", csv("id", [[f"a{n}"] for n in range(10, 50)]))
    world.run()
    yaml_of(world).unlink()
    write_feed_models(world.dbt_dir, world.client_id, "orders", [identity, amount | changed])
    yaml = yaml_of(world).read_text("utf-8")
    world.drop("visits_2.csv", csv("id", [[f"b{n}"] for n in range(10, 50)]))
    assert "orders_1.csv (carried forward)" in refused(world)
    done = run_accept(world, "--yes")
    if left:
        assert left in done.output
        assert done.exit_code != 0
        assert yaml_of(world).read_text("utf-8") == yaml
        return
    assert done.exit_code == 0, done.output
    assert yaml_of(world).read_text("utf-8") == yaml.replace("decimal: point", "decimal: either")
    world.run(world.engagement.intake.state().batches[-1].batch_id)
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        kept = "SELECT count(*), min(amount)::DOUBLE, max(amount)::DOUBLE FROM marts.orders"
        assert connection.execute(kept).fetchall() == [(40, 11.5, 50.5)]


def of_branches(root: Path, *columns: dict[str, Any]) -> World:
    """A client whose branches send a file of loads each, with an id and these columns."""
    world = unmodelled(root, feeds=[{"name": "orders", "files": "loads*.csv"}])
    identity = {"name": "id", "from": "id"}
    write_feed_models(world.dbt_dir, world.client_id, "orders", [identity, *columns])
    return world


def test_each_of_several_files_is_looked_at_by_itself_where_it_could_be_read_in_two_ways(
    tmp_path: Path,
) -> None:
    kilos = {"name": "kilos", "from": "kilos", "rule": "to_decimal", "decimal": "comma"}
    day = {"name": "day", "from": "day", "rule": "to_date", "formats": ["%d/%m/%Y"]}
    world = of_branches(tmp_path, kilos, day)

    def loads(branch: str, mark: str, day: str) -> str:
        rows = [
            [f"{branch}{n};{n}{mark}{n * 3:03};{day.format(n % 12 + 1)}"] for n in range(11, 51)
        ]
        return csv("id;kilos;day", [*rows, [f"{branch};{12 if mark == '.' else '12,5'};"]])

    shown = [[f"j{n};{n},5;{n % 28 + 1:02}/01/2026"] for n in range(11, 51)]
    world.drop("loads_1.csv", csv("id;kilos;day", shown))
    world.run()
    world.drop("loads_2_north.csv", loads("n", ",", "{:02}/02/2026"))
    world.drop("loads_2_south.csv", loads("s", ".", "02/{:02}/2026"))
    reason = refused(world)
    assert "“kilos” of loads_2_south.csv could have a decimal point or a decimal comma" in reason
    assert "“day” of loads_2_south.csv seem to have the month first" in reason
    assert "north" not in reason


def test_one_of_two_files_that_shows_another_mark_stops(tmp_path: Path) -> None:
    kilos = {"name": "kilos", "from": "kilos", "rule": "to_decimal", "decimal": "comma"}
    world = of_branches(tmp_path, kilos)
    for branch, mark in (("north", ","), ("south", ".")):
        rows = [[f"{branch}{n};{n}{mark}05"] for n in range(40)]
        world.drop(f"loads_{branch}.csv", csv("id;kilos", rows))
    assert refused(world) == (
        "The numbers in “kilos” of loads_south.csv have a decimal point; its rule reads them with "
        "a decimal comma."
    )
    accept_all(world)
    assert "decimal: either" in yaml_of(world).read_text("utf-8")
    world.run(world.engagement.intake.state().batches[-1].batch_id)
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        kept = "SELECT count(*), min(kilos)::DOUBLE, max(kilos)::DOUBLE FROM marts.orders"
        assert connection.execute(kept).fetchall() == [(80, 0.05, 39.05)]


def test_what_stops_in_one_of_two_files_is_not_hidden_by_a_note_of_both(tmp_path: Path) -> None:
    day = {"name": "day", "from": "day", "rule": "to_date", "formats": ["%d.%m.%Y", "%d/%m/%Y"]}
    world = of_branches(tmp_path, day)
    world.drop("loads_1.csv", csv("id,day", [[f"a{n},{n:02}.01.2026"] for n in range(1, 29)]))
    world.run()
    for branch, written in (("north", "{:02}/02/2026"), ("south", "{} Feb 2026")):
        rows = [[f"{branch}{n},{written.format(n)}"] for n in range(1, 29)]
        world.drop(f"loads_2_{branch}.csv", csv("id,day", rows))
    assert "loads_2_south.csv; its rule does not read that" in refused(world)


def test_one_of_two_files_with_another_unit_is_read_by_the_rule_of_both(tmp_path: Path) -> None:
    load = {"name": "load", "from": "load", "rule": "to_decimal", "unit": "kg"}
    world = of_branches(tmp_path, load)
    for branch, unit, rows in (("north", "kg", 50), ("south", "lb", 40)):
        loads = [[f"{branch}{n},{n}.5 {unit}"] for n in range(rows)]
        world.drop(f"loads_{branch}.csv", csv("id,load", loads))
    assert refused(world) == (
        "The numbers in “load” of loads_south.csv have a unit, and their rule takes off kg alone."
    )
    accept_all(world)
    assert "unit: [kg, lb]" in yaml_of(world).read_text("utf-8")


def test_numbers_that_would_be_delivered_as_nought_are_kept_by_a_patch(tmp_path: Path) -> None:
    amount = {"name": "amount", "from": "Amount", "rule": "to_money"}
    january, february = (
        csv("Order ID,Amount", [[f"o{n}", written.format(n)] for n in range(first, first + 40)])
        for first, written in ((11, "€ {}.10"), (51, "€ 0.000{}"))
    )
    world = made(tmp_path, columns=[COLUMNS[0], amount], january=january)
    world.drop("orders_2024-02.csv", february)
    assert refused(world) == (
        "The numbers in “Amount” of orders_2024-02.csv are mostly so small that with the 2 digits "
        "after the decimal mark which their rule keeps they would be delivered as 0."
    )
    accept_all(world)
    assert "rule: to_money, scale: 6" in yaml_of(world).read_text("utf-8")
    world.run(world.engagement.intake.state().batches[-1].batch_id)
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        kept = "SELECT count(*), min(amount)::DOUBLE, max(amount)::DOUBLE FROM marts.orders"
        assert connection.execute(kept).fetchall() == [(40, 0.00051, 0.0009)]


def test_dates_in_another_order_are_accepted_once_and_never_read_in_the_wrong_one(
    tmp_path: Path,
) -> None:
    feeds = [{"name": name, "files": f"{name}*.csv"} for name in ("orders", "visits")]
    world = unmodelled(tmp_path, feeds=feeds)
    dbt = world.dbt_dir
    day = {"name": "day", "from": "day", "rule": "to_date", "formats": ["%d/%m/%Y"]}
    write_feed_models(dbt, world.client_id, "orders", [{"name": "id", "from": "id"}])
    write_feed_models(dbt, world.client_id, "visits", [{"name": "id", "from": "id"}, day])
    orders = [csv("id", [[f"{month}{n}"] for n in range(10, 50)]) for month in "abcd"]
    numbered = range(1, 29)
    day_first = csv("id,day", [[f"j{n}", f"{n:02}/01/2026"] for n in numbered])
    month_first = csv("id,day", [[f"f{n}", f"02/{n:02}/2026"] for n in numbered])

    def days() -> list[tuple[object, ...]]:
        kept = "SELECT month(day), count(DISTINCT day), count(*) FROM marts.visits GROUP BY 1"
        with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
            return connection.execute(kept).fetchall()

    said = "The dates in “day” of {} have the month first; its rule reads them with the day first"
    world.drop("visits_1.csv", day_first)
    world.drop("orders_1.csv", orders[0])
    world.run()
    assert days() == [(1, 28, 28)]

    world.drop("orders_2.csv", orders[1])
    world.drop("visits_2.csv", month_first)
    assert refused(world).startswith(said.format("visits_2.csv"))
    done = run_accept(world, "--yes")
    assert done.exit_code == 0, done.output
    assert '+        meta: {from: day, rule: to_date, formats: ["%m/%d/%Y"]}' in done.output
    second = world.run(world.engagement.intake.state().batches[-1].batch_id)
    assert days() == [(2, 28, 28)]
    (told,) = (f for f in world.profile_of(second).drift if f.column == "day")
    assert told.severity == "info"
    assert told.detail.endswith("the month first; those of the last delivery had the day first.")
    world.drop("orders_3.csv", orders[2])
    world.run()
    assert days() == [(2, 28, 28)], "carried forward"

    yaml = yaml_of(world).with_name("visits.yml")
    yaml.write_text(yaml.read_text("utf-8").replace("%m/%d/%Y", "%d/%m/%Y"), encoding="utf-8")
    world.drop("orders_4.csv", orders[3])
    assert refused(world) == f"{said.format('visits_2.csv (carried forward)')}."
    yaml.write_text(yaml.read_text("utf-8").replace("%d/%m/%Y", "%m/%d/%Y"), encoding="utf-8")
    world.run()
    assert days() == [(2, 28, 28)]


def test_tables_that_changed_places_are_told_and_accepting_writes_nothing(tmp_path: Path) -> None:
    orders = [["order_no", "amount"], *([f"o{n}", n] for n in range(40))]
    returns = [["return_no", "quantity"], *([f"r{n}", n % 7] for n in range(30))]
    feeds = [
        {"name": name, "files": "sales*.xlsx", "sheet": number}
        for number, name in enumerate(("orders", "returns"), start=1)
    ]
    world = unmodelled(tmp_path, feeds=feeds)
    dbt = world.dbt_dir
    for name, table in (("orders", orders), ("returns", returns)):
        columns = [{"name": each, "from": each} for each in map(str, table[0])]
        write_feed_models(dbt, world.client_id, name, columns)
    world.drop("sales_1.xlsx", xlsx({"Jan orders": orders, "Jan returns": returns}))
    world.run()
    before = {path: path.read_text() for path in dbt.rglob("*.yml")}
    world.drop("sales_3.xlsx", xlsx({"Mar returns": returns, "Mar orders": orders}))
    reason = refused(world)
    assert (
        "sales_3.xlsx, sheet “Mar returns” holds what feed 'returns' reads (“return_no” and "
        "“quantity”), and not “order_no” and “amount”."
    ) in reason
    assert "seems to be called" not in reason
    said = run_accept(world, "--yes").output
    assert "have the client send them as before" in said
    assert {path: path.read_text() for path in dbt.rglob("*.yml")} == before


@pytest.mark.parametrize("mark", ["comma", "either"])
def test_typed_numbers_and_dates_are_themselves_however_the_texts_before_them_were_written(
    tmp_path: Path, mark: str
) -> None:
    kilos: list[dict[str, Any]] = [
        {"name": "id", "from": "id"},
        {"name": "kilos", "from": "kilos", "rule": "to_decimal", "decimal": mark},
        {"name": "day", "from": "day", "rule": "to_date", "formats": ["%d.%m.%Y"]},
    ]
    world = unmodelled(tmp_path, security_tier=3, feeds=[{"name": "kilo", "files": "kilo*"}])
    write_feed_models(world.dbt_dir, world.client_id, "kilo", kilos)
    titles = ["id", "kilos", "day"]
    texts = [[n, f"{n},{n % 90 + 10}", f"{n % 28 + 1:02}.01.2026"] for n in range(1, 41)]
    world.drop("kilo_2026-01.xlsx", xlsx({"S": [titles, *texts]}))
    world.run()
    typed = [[n, n + 0.125, date(2026, 2, n % 28 + 1)] for n in range(101, 141)]
    world.drop("kilo_2026-02.xlsx", xlsx({"S": [titles, *typed, [141, "none yet", "soon"]]}))
    second = world.run()
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        found = connection.execute("SELECT * FROM marts.kilo WHERE id != '141'").fetchall()
    assert sorted([int(n), float(kg), day] for n, kg, day, *_ in found) == typed
    rejects = second.path / "rejects" / "kilo_rejects.xlsx"
    book = openpyxl.load_workbook(rejects)
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, at["kilos"]).value = 1.234
    sheet.cell(2, at["day"]).value = date(2026, 2, 3)
    book.save(world.folder.incoming / "kilo_rejects.xlsx")
    world.run()
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        corrected = connection.execute("SELECT kilos, day FROM marts.kilo WHERE id = '141'")
        assert [(float(kg), day) for kg, day in corrected.fetchall()] == [(1.234, date(2026, 2, 3))]


def test_a_renamed_column_in_another_currency_is_accepted_at_once(tmp_path: Path) -> None:
    amount = {"name": "amount", "from": "Amount", "rule": "to_money"}
    january, february = (
        csv(f"Order ID,{title}", [[f"{key}{n}", f"{n}.50{sign}"] for n in range(10, 50)])
        for title, sign, key in (("Amount", " €", "j"), ("Amount total", " $", "f"))
    )
    world = made(tmp_path, columns=[COLUMNS[0], amount], january=january)
    world.drop("orders_2024-02.csv", february)
    assert "seems to be called “Amount total” now" in refused(world)
    done = run_accept(world, "--yes")
    assert done.exit_code == 0, done.output
    assert "The amounts in “Amount total” of orders_2024-02.csv are in" in done.output
    yaml = yaml_of(world).read_text("utf-8")
    assert yaml.count("rule: to_currency") == 1
    assert yaml.count("from: [Amount total, Amount]") == 2
    world.run()
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        kept = "SELECT amount_total_currency, count(*) FROM marts.orders GROUP BY 1"
        assert connection.execute(kept).fetchall() == [("USD", 40)]


def test_a_half_of_a_batch_says_what_it_is_without_and_the_other_half_holds_both(
    tmp_path: Path,
) -> None:
    world = made(tmp_path)
    world.drop("orders_2024-02a.csv", csv("Order ID,Amount,Status,Seats", rows(41)))
    commas = [[a, f'"{b.replace(".", ",")}"', *more] for a, b, *more in rows(81)]
    world.drop("orders_2024-02b.csv", csv("Order ID,Amount,Status,Seats", commas))
    said = "“Amount” of orders_2024-02b.csv have a decimal comma"
    for _ in range(2):
        assert said in refused(world)
    first, second = (batch.batch_id for batch in world.engagement.intake.state().batches)
    delivery = world.run(first)
    assert (delivery.summary.delivered, delivery.summary.verdict) == (40, "care")
    report = (delivery.path / "quality_report.html").read_text()
    assert "File set aside: orders_2024-02b.csv" in report
    assert "and it is not delivered yet" in report
    assert verify_delivery(world.engagement, delivery.delivery_id, log=print) == []
    assert said in refused(world)
    assert run_accept(world, "--yes").exit_code == 0
    both = world.run(second)
    assert (both.summary.delivered, both.summary.rejected) == (80, 0)
    assert "File set aside" not in (both.path / "quality_report.html").read_text()
    assert verify_delivery(world.engagement, both.delivery_id, log=print) == []


THOUSANDS = {"name": "amount", "from": "Amount", "rule": "to_integer", "thousands": "."}
WHOLE = {"name": "amount", "from": "Amount", "rule": "to_integer"}


def amounts(*files: Callable[[int], str]) -> list[str]:
    """Files of forty amounts, without a mark in the first."""
    return [
        csv("Order ID;Amount", [[f"{at}{n};{form(n)}"] for n in range(40)])
        for at, form in enumerate((lambda n: str(1003 + n), *files))
    ]


@pytest.mark.parametrize(
    ("column", "files", "becomes"),
    [
        (THOUSANDS, [lambda n: f"{n + 1},010"], 'to_integer, thousands: ","'),
        (WHOLE, [lambda n: str(1010 + n), lambda n: f"{n + 1}.010"], 'to_integer, thousands: "."'),
        (THOUSANDS, [lambda n: f"{1010 + n}.0"], "to_decimal}"),
        (THOUSANDS, [lambda n: f"{n}.5"], "to_decimal"),
    ],
)  # fmt: skip
def test_a_patch_is_offered_that_reads_the_values_or_none(
    tmp_path: Path,
    column: dict[str, Any],
    files: list[Callable[[int], str]],
    becomes: str | None,
) -> None:
    january, *february = amounts(*files)
    world = made(tmp_path, columns=[COLUMNS[0], column], january=january)
    for at, text in enumerate(february):
        world.drop(f"orders_2024-02_{at}.csv", text)
    before = yaml_of(world).read_text("utf-8")
    stopped(world)
    done = run_accept(world, "--yes")
    after = yaml_of(world).read_text("utf-8")
    assert (done.exit_code == 0) is (becomes is not None), done.output
    if becomes is None:
        assert "No patch accepts that." in done.output
        assert after == before
        return
    assert f"rule: {becomes}" in after, done.output
    delivery = world.run()
    assert (delivery.summary.delivered, delivery.summary.rejected) == (40 * len(february), 0)


def test_a_patch_that_sql_of_the_client_can_not_take_is_left_and_the_rest_may_be_confirmed(
    tmp_path: Path,
) -> None:
    january, february = amounts(lambda n: f"{1010 + n}.0")
    world = made(tmp_path, columns=[COLUMNS[0], THOUSANDS], january=january)
    sql = yaml_of(world).with_name("odd_orders.sql")
    sql.write_text("select amount & 1 as odd from {{ ref('int_orders') }}", encoding="utf-8")
    world.drop("orders_2024-02.csv", february)
    before = yaml_of(world).read_text("utf-8")
    stopped(world)
    done = run_accept(world, "--yes")
    assert done.exit_code == 0, done.output
    assert "If these values are wrong and may be set aside" in done.output
    assert yaml_of(world).read_text("utf-8") == before


def monthly(root: Path, column: dict[str, Any]) -> World:
    """A client of one feed by month, whose column is called `w`."""
    months = {
        "every": "month",
        "start": "2026-01",
        "period_from": r"(?P<year>\d{4})-(?P<month>\d{2})",
    }
    feeds = [{"name": "kilo", "files": "kilo*"}]
    world = unmodelled(root, security_tier=3, feeds=feeds, partitions=months)
    key = {"name": "id", "from": "id", "tests": ["unique"]}
    columns = [key, {"name": "w", "from": "w"} | column]
    write_feed_models(world.dbt_dir, world.client_id, "kilo", columns)
    return world


def test_batches_with_a_column_in_two_ways_are_accepted_one_after_the_other(tmp_path: Path) -> None:
    world = monthly(tmp_path, {"rule": "to_integer"})
    yaml = yaml_of(world).with_name("kilo.yml")
    forms = ("{}", "1.{}", "1,{}")
    for month, form in enumerate(forms, start=1):
        lines = [[f"{n};{form.format(n)}"] for n in range(100 * month, 100 * month + 40)]
        world.drop(f"kilo_2026-0{month}.csv", csv("id;w", lines))
        if month == 1:
            world.run()
        else:
            assert "its rule reads whole numbers with no mark" in refused(world)
    for mark, left in ((".", True), (",", False)):
        done = run_accept(world, "--yes")
        assert f'thousands: "{mark}"' in yaml.read_text("utf-8"), done.output
        assert ("What waits before it has that column in another way" in done.output) is left
        delivery = world.run(world.engagement.intake.state().batches[0].batch_id)
        assert (delivery.summary.delivered, delivery.summary.rejected) == (40, 0)


def test_a_late_file_of_an_older_period_lets_the_rule_read_both_and_stops_no_newer_one(
    tmp_path: Path,
) -> None:
    world = monthly(tmp_path, {"rule": "to_decimal", "decimal": "comma"})
    yaml = yaml_of(world).with_name("kilo.yml")

    def month(name: str, mark: str, first: int) -> None:
        lines = [[f"{n};{n}{mark}25"] for n in range(first, first + 40)]
        world.drop(f"kilo_{name}.csv", csv("id;w", lines))

    month("2026-01_a", ",", 100)
    world.run()
    month("2026-02_a", ".", 200)
    refused(world)
    assert run_accept(world, "--yes").exit_code == 0
    assert "decimal: point" in yaml.read_text("utf-8")
    world.run(world.engagement.intake.state().batches[0].batch_id)
    month("2026-01_b", ",", 300)
    refused(world)
    done = run_accept(world, "--yes")
    assert done.exit_code == 0, done.output
    assert "so it reads both from now on" in done.output
    assert "decimal: either" in yaml.read_text("utf-8")
    late = world.run(world.engagement.intake.state().batches[0].batch_id)
    assert (late.summary.delivered, late.summary.rejected) == (80, 0)
    month("2026-03_a", ".", 400)
    assert world.run().summary.delivered == 40


def test_an_older_period_does_not_turn_the_order_of_dates(tmp_path: Path) -> None:
    world = monthly(tmp_path, {"rule": "to_date", "formats": ["%m/%d/%Y"]})
    yaml = yaml_of(world).with_name("kilo.yml")
    before = yaml.read_text("utf-8")
    newer = [[f"n{n};02/{n:02}/2026"] for n in range(1, 29)]
    world.drop("kilo_2026-02.csv", csv("id;w", newer))
    world.run()
    world.drop("kilo_2026-01.csv", csv("id;w", [[f"o{n};{n:02}/01/2026"] for n in range(1, 29)]))
    refused(world)
    result = run_accept(world, "--yes")
    assert result.exit_code == 1
    assert "Files of newer periods were delivered with the rule as it is" in result.output
    assert yaml.read_text("utf-8") == before


def test_a_file_that_newer_ones_overtook_in_quarantine_is_not_accepted_with_them(
    tmp_path: Path,
) -> None:
    client = made(tmp_path)
    yaml = yaml_of(client).read_text("utf-8")
    points = csv("Order ID,Amount,Status,Seats", rows(41))
    commas = [[a, f'"{b.replace(".", ",")}"', *more] for a, b, *more in rows(41)]
    client.drop("orders_2024-02.csv", csv("Order ID,Amount,Status,Seats", commas))
    while client.states().get("orders_2024-02.csv") != "quarantined":
        refused(client)
    client.drop("orders_2024-02_fixed.csv", points)
    client.run()
    told = run_accept(client, "--yes")
    assert told.exit_code == 0
    assert "orders_2024-02.csv is left as it is: it was set aside, and newer files" in told.output
    client.drop("orders_2024-03.csv", csv("Order ID,Amount (EUR),Status,Seats", rows(81)))
    refused(client)
    done = run_accept(client, "--yes")
    assert done.exit_code == 0, done.output
    assert "orders_2024-02.csv is left as it is" in done.output
    assert client.states()["orders_2024-02.csv"] == "quarantined"
    after = yaml_of(client).read_text("utf-8")
    assert after == yaml.replace("from: Amount", 'from: ["Amount (EUR)", Amount]')
    assert client.run().summary.delivered == 40
    (story,) = client.engagement.intake.history(key="orders_2024-02.csv")
    client.engagement.intake.release(story.drop.drop_id, dry_run=False)
    while client.states().get("orders_2024-02.csv") != "quarantined":
        refused(client)
    assert "“Amount” of orders_2024-02.csv have a decimal comma" in run_accept(client).output


def test_a_batch_that_no_patch_accepts_neither_keeps_the_others_nor_changes_the_yaml(
    tmp_path: Path,
) -> None:
    world = monthly(tmp_path, {"rule": "to_decimal", "decimal": "point"})
    yaml = yaml_of(world).with_name("kilo.yml")
    before = yaml.read_text("utf-8")
    lines = [[f"{n};{n}.25"] for n in range(100, 140)]
    world.drop("kilo_2026-01.csv", csv("id;w", lines))
    world.run()
    stuck = [[f"{n}.25;{n}"] for n in range(100, 140)]
    world.drop("kilo_2026-02.csv", csv("w;new", stuck))  # without its key
    refused(world)
    world.drop("kilo_2026-03.csv", csv("id;w (kg)", lines))
    refused(world)
    done = run_accept(world, "--yes")
    assert "Not accepted: kilo: “id” is not in kilo_2026-02.csv" in done.output
    assert yaml.read_text("utf-8") == before.replace("from: w,", 'from: ["w (kg)", w],')
    delivered = world.engagement.intake.state().batches[-1]
    assert world.run(delivered.batch_id).summary.delivered == 40
