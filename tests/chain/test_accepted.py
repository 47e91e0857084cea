"""A change of a client's files is accepted once: shown, applied, and what waited is delivered."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
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
from tests.chain.conftest import World, what_changed
from tests.workbooks import xlsx

from consulting import chain
from consulting.chain import accepted, patching
from consulting.chain.replay import verify_delivery
from consulting.cleaning import write_feed_models
from consulting.cli import accept
from consulting.errors import CleaningError
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


@pytest.fixture
def client(january: World, tmp_path: Path) -> World:
    """The client with January delivered, who took that file from the drop folder."""
    world = january.copy_with_models(tmp_path / "client")
    (world.folder.incoming / "orders_2024-01.csv").unlink()
    return world


@pytest.fixture(scope="module")
def february(january: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The client whose file of February was refused; copied, never changed."""
    world = january.copy_with_models(tmp_path_factory.mktemp("february") / "client")
    world.drop("orders_2024-02.csv", FEBRUARY)
    refused(world)
    return world


@pytest.fixture
def drifted(february: World, tmp_path: Path) -> World:
    """The client with February refused."""
    return february.copy_with_models(tmp_path / "drifted")


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
    """A run that drift stops, as the job's asset check does it; the reason."""
    return refused_for(world)[0]


def refused_for(world: World) -> tuple[str, dict[str | None, str]]:
    """The same, and by column what its profile found that stops."""
    run_id = uuid.uuid4().hex
    batch_id = world.receive(run_id).batch.batch_id
    named = {"batch_id": batch_id, "run_id": run_id}
    found = chain.profile(world.engagement, **named, log=world.said.append)
    reason = chain.drifted(world.client_id, found)
    assert reason is not None
    chain.refuse(world.engagement, **named, reason=reason)
    said = what_changed(reason, world.client_id)
    return said, {f.column: f.detail for f in found.drift if f.severity == "block"}


def test_a_small_file_that_somebody_confirms_is_delivered_and_the_ledger_says_who(
    client: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    other = client.copy_with_models(tmp_path / "other")
    other.drop("orders_2024-02.csv", csv("Order ID,Amount,Status,Seats", rows(45)[:2]))
    assert "where the last delivery had 40" in refused(other), "other bytes are another file"

    delivery = client.run()
    assert delivery.summary.delivered == 2
    assert "It was confirmed to be right." in (delivery.path / "quality_report.html").read_text()
    (story,) = client.engagement.intake.history(key="orders_2024-02.csv")
    told = [event.detail for event in story.events if event.kind == "confirmed"]
    assert told == ["volume_collapse orders, by ada"]
    assert verify_delivery(client.engagement, delivery.delivery_id, log=print) == []


def test_what_drifted_is_accepted_once_and_last_month_can_be_replayed(client: World) -> None:
    yaml = yaml_of(client)
    before = yaml.read_text(encoding="utf-8")
    assert "nothing to accept" in run_accept(client).output

    client.drop("orders_2024-02.csv", FEBRUARY)
    client.drop("orders_empty.csv", b"")
    reason = refused(client)
    assert client.states()["orders_empty.csv"] == "quarantined"
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

    # what was set aside at the refused attempt is told by the delivery of the later one
    manifest = json.loads((second.path / "manifest.json").read_text())
    assert [file["filename"] for file in manifest["quarantined_files"]] == ["orders_empty.csv"]
    assert "File set aside: orders_empty.csv" in (second.path / "quality_report.html").read_text()
    assert second.summary.verdict == "care"
    assert verify_delivery(client.engagement, second.delivery_id, log=print) == []

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
    client: World,
) -> None:
    world = client
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
    said = run_accept(world, "--yes").output
    assert "nothing to accept yet; a batch has a run under way. If that stops" in said
    assert chain.drifted(
        world.client_id, chain.profile(world.engagement, **named, log=world.said.append)
    )
    return named


@pytest.mark.parametrize("fails", ["after accepting", "while accepting"])
def test_a_retry_that_was_under_way_while_somebody_accepted_loses_nothing(
    client: World, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    world = client
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


def test_amounts_in_other_forms_wait_until_they_are_accepted_each_column_by_itself(
    tmp_path: Path,
) -> None:
    """Another currency, one after a month without, a renamed column, a mark, and mere noughts."""
    money: dict[str, Any] = {"rule": "to_money"}
    columns = [
        COLUMNS[0],
        {"name": "yen", "from": "Yen"} | money,
        {"name": "dollar", "from": "Dollar"} | money,
        {"name": "total", "from": "Amount"} | money,
        {"name": "marked", "from": "Marked", "decimal": "comma"} | money,
        {"name": "small", "from": "Small"} | money,
    ]

    def month(first: int, amount: str, *forms: str) -> str:
        # the amounts of the column that is renamed are those of January in each month
        lines = [
            [";".join(f.format(first + n, 10 + n) for f in ("o{}", *forms))] for n in range(40)
        ]
        return csv(f"Order ID;Yen;Dollar;{amount};Marked;Small", lines)

    new = ("JPY {}.50", "{}.50 USD", "{1}.50 $")
    january, bare, unclear, march = (
        month(11, "Amount", "EUR {}.50", "{}.50 EUR", "{1}.50 €", "{},5", "€ {}.10"),
        month(51, "Amount", "EUR {}.50", "{}.50", "{1}.50 €", "{},5", "€ {}.10"),
        month(91, "Amount total", *new, "{}.500", "€ 0.000{}"),
        month(91, "Amount total", *new, "{}.5", "€ 0.000{}"),
    )
    world = made(tmp_path, columns=columns, january=january)
    world.drop("orders_2024-02.csv", bare)
    world.run()
    world.drop("orders_2024-03.csv", unclear)
    _, stops = refused_for(world)
    in_march = {
        "Yen": "The amounts in “Yen” of orders_2024-03.csv are in JPY, where the last delivery had "
        "EUR.",
        "Dollar": "The amounts in “Dollar” of orders_2024-03.csv are in USD, where the last "
        "delivery that named one had EUR.",
        "Amount total": "“Amount” seems to be called “Amount total” now, in orders_2024-03.csv.",
        "Small": "The numbers in “Small” of orders_2024-03.csv are mostly so small that with the 2 "
        "digits after the decimal mark which their rule keeps they would be delivered as 0.",
    }
    assert stops == in_march | {
        "Marked": "The numbers in “Marked” of orders_2024-03.csv could have a decimal point or a "
        "decimal comma; with the comma, as its rule reads them, they are a thousand times more or "
        "less than those of the last delivery that showed its mark, and with the other they are "
        "not.",
    }
    yaml = yaml_of(world).read_text("utf-8")
    assert "If it is right so, `consulting accept`" in run_accept(world, "--dry-run").output
    world.drop("orders_2024-03.csv", march)
    _, stops = refused_for(world)
    assert stops == in_march | {
        "Marked": "The numbers in “Marked” of orders_2024-03.csv have a decimal point; its rule "
        "reads them with a decimal comma.",
    }
    done = run_accept(world, "--yes")
    assert done.exit_code == 0, done.output
    assert "The amounts in “Amount total” of orders_2024-03.csv are in" in done.output
    texts = yaml_of(world).read_text("utf-8")
    for column in (
        "{from: [Amount total, Amount], rule: to_money}",
        "{from: Marked, rule: to_money, decimal: point}",
        "{from: Small, rule: to_money, scale: 6}",
        "{from: Yen, rule: to_currency}",
        "{from: Dollar, rule: to_currency}",
        "{from: [Amount total, Amount], rule: to_currency}",
    ):
        assert column not in yaml
        assert texts.count(column) == 1, column
    assert texts.count("rule: to_currency") == 3
    batch = world.run(world.engagement.intake.state().batches[-1].batch_id)
    names = ("yen", "dollar", "total", "marked", "small")
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        amounts = {
            name: connection.execute(
                f"SELECT count(*), min({name})::DOUBLE, max({name})::DOUBLE FROM marts.orders"
            ).fetchone()
            for name in names
        }
        signs = "SELECT DISTINCT yen_currency, dollar_currency, amount_total_currency"
        assert connection.execute(f"{signs} FROM marts.orders").fetchall() == [
            ("JPY", "USD", "USD")
        ]
    assert amounts == {
        "yen": (40, 91.5, 130.5),
        "dollar": (40, 91.5, 130.5),
        "total": (40, 10.5, 49.5),
        "marked": (40, 91.5, 130.5),
        "small": (40, 0.0001, 0.00099),
    }
    assert [f.severity for f in world.profile_of(batch).drift if f.column == "Yen"] == ["info"]


def test_files_carried_forward_that_a_changed_rule_does_not_read_are_read_by_both_or_told(
    tmp_path: Path,
) -> None:
    feeds = [{"name": name, "files": f"{name}*.csv"} for name in ("orders", "visits")]
    world = unmodelled(tmp_path, feeds=feeds)
    identity = {"name": "id", "from": "id"}
    amount = {"name": "amount", "from": "Amount", "rule": "to_money"}
    day = {"name": "day", "from": "Day", "rule": "to_date"}

    def rules(mark: str, order: str) -> str:
        yaml_of(world).unlink(missing_ok=True)
        columns = [identity, amount | {"decimal": mark}, day | {"formats": [order]}]
        write_feed_models(world.dbt_dir, world.client_id, "orders", columns)
        return yaml_of(world).read_text("utf-8")

    write_feed_models(world.dbt_dir, world.client_id, "visits", [identity])
    rules("comma", "%d/%m/%Y")
    rows = [[f"o{n};{n},5;{n % 28 + 1:02}/01/2026"] for n in range(11, 51)]
    world.drop("orders_1.csv", csv("id;Amount;Day", rows))
    world.drop("visits_1.csv", csv("id", [[f"a{n}"] for n in range(10, 50)]))
    world.run()

    yaml = rules("comma", "%m/%d/%Y")
    world.drop("visits_2.csv", csv("id", [[f"b{n}"] for n in range(10, 50)]))
    reason, stops = refused_for(world)
    assert "orders_1.csv (carried forward)" in reason
    assert stops.keys() == {"Day"}
    done = run_accept(world, "--yes")
    assert "have the client send them again as newer ones are written" in done.output
    assert done.exit_code != 0
    assert yaml_of(world).read_text("utf-8") == yaml

    yaml = rules("point", "%d/%m/%Y")
    reason, stops = refused_for(world)
    assert "orders_1.csv (carried forward)" in reason
    assert stops.keys() == {"Amount"}
    done = run_accept(world, "--yes")
    assert done.exit_code == 0, done.output
    assert yaml_of(world).read_text("utf-8") == yaml.replace("decimal: point", "decimal: either")
    world.run()
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
    # what stops in one of two files is not hidden by a note of both
    due = {"name": "due", "from": "due", "rule": "to_date", "formats": ["%d.%m.%Y", "%d/%m/%Y"]}
    world = of_branches(tmp_path, kilos, day, due)

    def loads(branch: str, mark: str, day: str, due: str) -> str:
        rows = [
            [f"{branch}{n};{n}{mark}{n * 3:03};{day.format(n % 12 + 1)};{due.format(n % 28 + 1)}"]
            for n in range(11, 51)
        ]
        return csv("id;kilos;day;due", [*rows, [f"{branch};{12 if mark == '.' else '12,5'};;"]])

    shown = [[f"j{n};{n},5;{n % 28 + 1:02}/01/2026;{n % 28 + 1:02}.01.2026"] for n in range(11, 51)]
    world.drop("loads_1.csv", csv("id;kilos;day;due", shown))
    world.run()
    world.drop("loads_2_north.csv", loads("n", ",", "{:02}/02/2026", "{:02}/02/2026"))
    world.drop("loads_2_south.csv", loads("s", ".", "02/{:02}/2026", "{} Feb 2026"))
    reason, stops = refused_for(world)
    assert "“kilos” of loads_2_south.csv could have a decimal point or a decimal comma" in reason
    assert "“day” of loads_2_south.csv seem to have the month first" in reason
    assert "loads_2_south.csv; its rule does not read that" in stops["due"]
    assert "north" not in reason


def test_one_of_two_files_with_another_mark_or_unit_is_read_by_the_rule_of_both(
    tmp_path: Path,
) -> None:
    kilos = {"name": "kilos", "from": "kilos", "rule": "to_decimal", "decimal": "comma"}
    load = {"name": "load", "from": "load", "rule": "to_decimal", "unit": "kg"}
    world = of_branches(tmp_path, kilos, load)
    for branch, mark, unit, rows in (("north", ",", "kg", 50), ("south", ".", "lb", 40)):
        loads = [[f"{branch}{n};{n}{mark}05;{n}.5 {unit}"] for n in range(rows)]
        world.drop(f"loads_{branch}.csv", csv("id;kilos;load", loads))
    assert refused_for(world)[1] == {
        "kilos": "The numbers in “kilos” of loads_south.csv have a decimal point; its rule reads "
        "them with a decimal comma.",
        "load": "The numbers in “load” of loads_south.csv have a unit, and their rule takes off kg "
        "alone.",
    }
    accept_all(world)
    assert "decimal: either" in yaml_of(world).read_text("utf-8")
    assert "unit: [kg, lb]" in yaml_of(world).read_text("utf-8")
    world.run(world.engagement.intake.state().batches[-1].batch_id)
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        kept = "SELECT count(*), min(kilos)::DOUBLE, max(kilos)::DOUBLE FROM marts.orders"
        assert connection.execute(kept).fetchall() == [(90, 0.05, 49.05)]


def test_dates_in_another_order_are_accepted_once_and_never_read_in_the_wrong_one(
    tmp_path: Path,
) -> None:
    feeds = [{"name": name, "files": f"{name}*.csv"} for name in ("orders", "visits")]
    world = unmodelled(tmp_path, feeds=feeds)
    dbt = world.dbt_dir
    day = {"name": "day", "from": "day", "rule": "to_date", "formats": ["%d/%m/%Y"]}
    write_feed_models(dbt, world.client_id, "orders", [{"name": "id", "from": "id"}])
    write_feed_models(dbt, world.client_id, "visits", [{"name": "id", "from": "id"}, day])
    orders = [csv("id", [[f"{month}{n}"] for n in range(10, 50)]) for month in "abc"]
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

    yaml = yaml_of(world).with_name("visits.yml")
    yaml.write_text(yaml.read_text("utf-8").replace("%m/%d/%Y", "%d/%m/%Y"), encoding="utf-8")
    world.drop("orders_3.csv", orders[2])
    assert refused(world) == f"{said.format('visits_2.csv (carried forward)')}."
    yaml.write_text(yaml.read_text("utf-8").replace("%d/%m/%Y", "%m/%d/%Y"), encoding="utf-8")
    world.run()
    assert days() == [(2, 28, 28)], "carried forward"


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


def test_typed_numbers_and_dates_are_themselves_however_the_texts_before_them_were_written(
    tmp_path: Path,
) -> None:
    marks = ("comma", "either")
    columns: list[dict[str, Any]] = [
        {"name": "id", "from": "id"},
        *({"name": each, "from": each, "rule": "to_decimal", "decimal": each} for each in marks),
        {"name": "day", "from": "day", "rule": "to_date", "formats": ["%d.%m.%Y"]},
    ]
    world = unmodelled(tmp_path, security_tier=3, feeds=[{"name": "kilo", "files": "kilo*"}])
    write_feed_models(world.dbt_dir, world.client_id, "kilo", columns)
    titles = ["id", *marks, "day"]
    texts = [[n, *[f"{n},{n % 90 + 10}"] * 2, f"{n % 28 + 1:02}.01.2026"] for n in range(1, 41)]
    world.drop("kilo_2026-01.xlsx", xlsx({"S": [titles, *texts]}))
    world.run()
    typed = [[n, n + 0.125, n + 0.25, date(2026, 2, n % 28 + 1)] for n in range(101, 141)]
    unread = [141, "none yet", "none either", "soon"]
    world.drop("kilo_2026-02.xlsx", xlsx({"S": [titles, *typed, unread]}))
    second = world.run()
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        found = connection.execute("SELECT * FROM marts.kilo WHERE id != '141'").fetchall()
    assert sorted([int(n), float(a), float(b), day] for n, a, b, day, *_ in found) == typed
    rejects = second.path / "rejects" / "kilo_rejects.xlsx"
    book = openpyxl.load_workbook(rejects)
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, at["comma"]).value = 1.234
    sheet.cell(2, at["either"]).value = 5.678
    sheet.cell(2, at["day"]).value = date(2026, 2, 3)
    book.save(world.folder.incoming / "kilo_rejects.xlsx")
    world.run()
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        corrected = connection.execute(
            "SELECT comma::DOUBLE, either::DOUBLE, day FROM marts.kilo WHERE id = '141'"
        )
        assert corrected.fetchall() == [(1.234, 5.678, date(2026, 2, 3))]


def test_a_half_of_a_batch_says_what_it_is_without_and_the_other_half_holds_both(
    client: World,
) -> None:
    world = client
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


WHOLE = {"rule": "to_integer"}
THOUSANDS = WHOLE | {"thousands": "."}


def test_patches_are_offered_that_read_the_values(tmp_path: Path) -> None:
    cases: dict[str, tuple[dict[str, str], Callable[[int], str], Callable[[int], str], str]] = {
        "other": (THOUSANDS, "{},010".format, "{},010".format, 'to_integer, thousands: ","}'),
        # a mark in one of two files
        "one": (WHOLE, lambda n: str(1010 + n), "{}.010".format, 'to_integer, thousands: "."}'),
        "tenths": (THOUSANDS, "{}.5".format, "{}.5".format, "to_decimal}"),
    }
    columns = [{"name": each, "from": each} | case[0] for each, case in cases.items()]
    header = ";".join(["Order ID", *cases])
    january = csv(header, [[f"0{n}" + f";{1003 + n}" * len(cases)] for n in range(40)])
    world = made(tmp_path, columns=[COLUMNS[0], *columns], january=january)
    for at in (1, 2):
        rows = [[";".join([f"{at}{n}", *(case[at](n + 1) for case in cases.values())])]
                for n in range(40)]  # fmt: skip
        world.drop(f"orders_2024-02_{at}.csv", csv(header, rows))
    refused(world)
    accept_all(world)
    after = yaml_of(world).read_text("utf-8")
    for name, case in cases.items():
        assert f"{{from: {name}, rule: {case[-1]}" in after, name
    delivery = world.run(world.engagement.intake.state().batches[-1].batch_id)
    assert (delivery.summary.delivered, delivery.summary.rejected) == (80, 0)


def test_a_patch_of_what_is_not_read_is_offered_or_left_where_sql_of_the_client_can_not_take_it(
    tmp_path: Path,
) -> None:
    january, february = (
        csv("Order ID;Amount", [[f"{at}{n};{1010 + n}{form}"] for n in range(40)])
        for at, form in enumerate(("", ".0"))
    )
    amount = {"name": "amount", "from": "Amount"} | THOUSANDS
    world = made(tmp_path / "client", columns=[COLUMNS[0], amount], january=january)
    world.drop("orders_2024-02.csv", february)
    before = yaml_of(world).read_text("utf-8")
    assert "its rule reads none" in world.stopped()
    odd = world.copy_with_models(tmp_path / "odd")

    accept_all(world)
    assert "rule: to_decimal}" in yaml_of(world).read_text("utf-8")
    delivery = world.run(world.engagement.intake.state().batches[-1].batch_id)
    assert (delivery.summary.delivered, delivery.summary.rejected) == (40, 0)

    sql = yaml_of(odd).with_name("odd_orders.sql")
    sql.write_text("select amount & 1 as odd from {{ ref('int_orders') }}", encoding="utf-8")
    done = run_accept(odd, "--yes")
    assert done.exit_code == 0, done.output
    assert "If these values are wrong and may be set aside" in done.output
    assert yaml_of(odd).read_text("utf-8") == before


def monthly(root: Path, column: dict[str, Any], *more: dict[str, Any]) -> World:
    """A client of one feed by month, whose column is called `w`."""
    months = {
        "every": "month",
        "start": "2026-01",
        "period_from": r"(?P<year>\d{4})-(?P<month>\d{2})",
    }
    feeds = [{"name": "kilo", "files": "kilo*"}]
    world = unmodelled(root, security_tier=3, feeds=feeds, partitions=months)
    key = {"name": "id", "from": "id", "tests": ["unique"]}
    columns = [key, {"name": "w", "from": "w"} | column, *more]
    write_feed_models(world.dbt_dir, world.client_id, "kilo", columns)
    return world


def test_periods_with_a_column_in_two_ways_are_accepted_one_after_the_other_or_read_both_ways(
    tmp_path: Path,
) -> None:
    share = {"name": "share", "from": "share", "rule": "to_decimal", "decimal": "comma"}
    world = monthly(tmp_path, {"rule": "to_integer"}, share)
    yaml = yaml_of(world).with_name("kilo.yml")

    def month(name: str, first: int, form: str = "{}", mark: str = ".") -> None:
        rows = [[f"{n};{form.format(n)};{n}{mark}25"] for n in range(first, first + 40)]
        world.drop(f"kilo_{name}.csv", csv("id;w;share", rows))

    month("2026-01_a", 100, mark=",")
    world.run()
    for name, form in (("2026-02", "1.{}"), ("2026-03", "1,{}")):
        month(name, int(name[-2:]) * 100, form)
        assert "its rule reads whole numbers with no mark" in refused_for(world)[1]["w"]
    for mark, left in ((".", True), (",", False)):
        done = run_accept(world, "--yes")
        assert f'thousands: "{mark}"' in yaml.read_text("utf-8"), done.output
        assert ("What waits before it has that column in another way" in done.output) is left
        assert "decimal: point" in yaml.read_text("utf-8")
        delivery = world.run(world.engagement.intake.state().batches[0].batch_id)
        assert (delivery.summary.delivered, delivery.summary.rejected) == (40, 0)

    # a late file of an older period lets the rule read both, and stops no newer one
    month("2026-01_b", 400, mark=",")
    assert refused_for(world)[1].keys() == {"share"}
    done = run_accept(world, "--yes")
    assert done.exit_code == 0, done.output
    assert "so it reads both from now on" in done.output
    assert "decimal: either" in yaml.read_text("utf-8")
    late = world.run(world.engagement.intake.state().batches[0].batch_id)
    assert (late.summary.delivered, late.summary.rejected) == (80, 0)
    month("2026-04", 500)
    assert world.run().summary.delivered == 40


def test_what_no_patch_decides_is_asked_of_each_batch_and_only_what_is_right_delivered(
    tmp_path: Path,
) -> None:
    world = monthly(tmp_path, {})
    intake = world.engagement.intake
    for month, rows in ((1, 40), (2, 2), (3, 2)):
        lines = [[f"{month}{n};x"] for n in range(rows)]
        world.drop(f"kilo_2026-0{month}.csv", csv("id;w", lines))
        if month == 1:
            world.run()
            continue
        said = f"2 rows in kilo_2026-0{month}.csv, where the delivery of 2026-01 had 40."
        assert refused(world) == said
    waiting = {batch.period: batch.batch_id for batch in intake.state().batches}
    done = run_accept(world, answer="n\ny\n")
    assert done.exit_code == 0, done.output
    for month in ("2026-02", "2026-03"):
        asked = f"right in kilo_{month}.csv ({month}), and is it to be delivered as it is?"
        assert asked in done.output
    assert "kilo_2026-02.csv (2026-02) is left as it is." in done.output
    assert "--partition 2026-03" in done.output
    assert "--partition 2026-02" not in done.output
    assert world.run(waiting["2026-03"]).summary.delivered == 2
    assert run_accept(world, answer="n\n").exit_code == 1, "it is asked again"
    assert run_accept(world, answer="y\n").exit_code == 0
    assert world.run(waiting["2026-02"]).summary.delivered == 2


def test_an_old_file_that_is_delivered_again_does_not_turn_the_mark_of_newer_ones(
    tmp_path: Path,
) -> None:
    """Without periods, the file that came later is the newer one."""
    share = {"name": "share", "from": "share", "rule": "to_decimal", "decimal": "comma"}
    world = of_branches(tmp_path, share)

    def month(number: int, mark: str) -> None:
        rows = [[f"{n};{n}{mark}25"] for n in range(100 * number, 100 * number + 40)]
        world.drop(f"loads_{number}.csv", csv("id;share", rows))

    month(1, ",")
    world.run()
    month(2, ".")
    assert refused_for(world)[1].keys() == {"share"}
    accept_all(world)
    assert "decimal: point" in yaml_of(world).read_text("utf-8")
    world.run(world.engagement.intake.state().batches[-1].batch_id)

    stories = world.engagement.intake.history()
    (first,) = (story.drop.drop_id for story in stories if story.drop.key == "loads_1.csv")
    world.engagement.intake.reprocess([first], dry_run=False)
    assert refused_for(world)[1].keys() == {"share"}
    done = run_accept(world, "--yes")
    assert "so it reads both from now on" in done.output
    assert "decimal: either" in yaml_of(world).read_text("utf-8")
    again = world.run(world.engagement.intake.state().batches[-1].batch_id)
    assert (again.summary.delivered, again.summary.rejected) == (40, 0)
    month(3, ".")
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
    assert "Newer files were delivered with the rule as it is" in result.output
    assert yaml.read_text("utf-8") == before


def test_a_file_that_newer_ones_overtook_in_quarantine_is_not_accepted_with_them(
    client: World,
) -> None:
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


def test_corrections_tell_what_an_earlier_delivery_told_as_told(tmp_path: Path) -> None:
    """The file is the same, whatever else came meanwhile: nothing of it changed since the last."""
    feeds = [{"name": name, "files": f"{name}*.csv"} for name in ("orders", "visits")]
    world = unmodelled(tmp_path, feeds=feeds)
    number = {"name": "number", "from": "number", "rule": "to_integer"}
    for feed in ("orders", "visits"):
        columns = [{"name": "id", "from": "id"}, number]
        write_feed_models(world.dbt_dir, world.client_id, feed, columns)
        world.drop(f"{feed}_1.csv", csv("id,number", [[f"a{n}", str(n)] for n in range(25)]))
    world.run()
    february = [[f"b{n}", str(n)] for n in range(9)]
    world.drop("orders_2.csv", csv("id,number", [*february, ["b9", "soon"]]))
    told = world.run()
    once = "1 change since the last file should be looked at."
    assert once in (told.path / "quality_report.html").read_text("utf-8")
    world.drop("visits_2.csv", csv("id,number", [[f"c{n}", str(n)] for n in range(25)]))
    world.run()
    rejects = (told.path / "rejects" / "orders_rejects.csv").read_text("utf-8-sig")
    world.drop("orders_rejects.csv", rejects.replace("soon", "9"))
    page = (world.run().path / "quality_report.html").read_text("utf-8")
    assert "since the last file should be looked at" not in page
    assert "1 change told with an earlier delivery is still to be looked at." in page
    assert "Told with an earlier delivery already: 10 rows in orders_2.csv, where the last" in page
