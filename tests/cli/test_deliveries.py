"""The command line's verbs on a delivery: verifying it, delivering its files again, preparing."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from consulting import chain
from consulting.cli import main
from consulting.cli.engagements import open_engagement
from consulting.layout import ClientFolder

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS = (
    "Customer ID,Full Name,Email,Phone,Country,Signup Date,Lifetime Value,Marketing Opt-In,"
    "Status,Last Updated,Notes\n"
    "000001,Ada,ada@example.com,(415) 555-0001,USA,2024-01-05,100.00,Yes,active,"
    "2026-01-02 10:00:00,\n"
)


def say(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def deliver() -> Path:
    """What Acme's sensor and run do, once its files have settled."""
    engagement, run_id = open_engagement("acme_corp"), uuid.uuid4().hex
    for minutes in (0, 1):
        engagement.intake.look(now=datetime.now(UTC) + timedelta(minutes=minutes))
    batch = engagement.intake.claim(now=datetime.now(UTC), trigger="test")
    assert batch is not None
    named = {"batch_id": batch.batch_id, "run_id": run_id}
    log: list[str] = []
    chain.receive(engagement, **named, period=None, log=log.append)
    chain.profile(engagement, **named, log=log.append)
    chain.clean(engagement, **named, log=log.append)
    checks = chain.validate(engagement, **named, log=log.append)
    chain.refuse_failed(engagement, **named, checks=checks)
    return chain.deliver(engagement, **named, log=log.append).path


def test_models_are_proposed_and_tried_in_a_copy_where_that_is_dry(
    delivery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_DATA", str(delivery.parents[2]))
    said = say("models", "acme_corp", "customers", "--dry-run", "--json")
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert (told["files"], told["written"]) == ([], False), "they are there already"
    assert {"customers.customer_id", "customers.email"} <= {one["column"] for one in told["tried"]}
    assert not list(delivery.parents[1].glob(".scratch-*"))


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of Acme's only delivery, in a data folder of its own."""
    root = tmp_path_factory.mktemp("data")
    incoming = root / "acme_corp/incoming"
    incoming.mkdir(parents=True)
    (incoming / "customers.csv").write_text(CUSTOMERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSULTING_DATA", str(root))
        return deliver()


@pytest.fixture(autouse=True)
def data(delivery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every verb looks into that folder."""
    monkeypatch.setenv("CONSULTING_DATA", str(delivery.parents[2]))


def test_a_delivery_is_verified_until_a_byte_of_it_differs(delivery: Path) -> None:
    said = say("verify", "acme_corp", delivery.name)
    assert (said.exit_code, f"{delivery.name} is reproduced byte for byte." in said.output) == (
        0,
        True,
    ), said.output
    table = delivery / "tables/customers.csv"
    whole = table.read_bytes()
    table.write_bytes(whole.replace(b"Ada", b"Eva"))
    said = say("verify", "acme_corp", delivery.name)
    table.write_bytes(whole)
    assert said.exit_code == 1
    assert "differs: " in said.output
    assert "tables/customers.csv" in said.output


@pytest.mark.parametrize("named", [(), ("1",), ("acme_corp-00001",), ("acme_corp",)])
def test_a_delivery_is_named_by_its_number_how_it_begins_or_not_at_all(
    delivery: Path, tmp_path: Path, named: tuple[str, ...]
) -> None:
    runs = delivery.parents[1] / "runs"
    runs.rename(tmp_path / "runs")  # which is told before anything is built again
    said = say("verify", "acme_corp", *named)
    (tmp_path / "runs").rename(runs)
    assert f"so {delivery.name} can not be rebuilt" in said.output


@pytest.mark.parametrize("named", ["2", "acme_corp-00002", "x"])
def test_a_name_of_no_delivery_is_told_with_those_there_are(delivery: Path, named: str) -> None:
    said = say("verify", "acme_corp", named)
    there = f"acme_corp has no delivery '{named}'. Its deliveries: {delivery.name}."
    assert said.exit_code == 1
    assert there in said.output


def test_a_beginning_of_several_deliveries_names_none(tmp_path: Path) -> None:
    folder = ClientFolder(tmp_path, "ann")
    for name in ("ann-00001-aaaaaaaa", "ann-00012-bbbbbbbb", "ann-00012-cccccccc"):
        (folder.deliverables / name).mkdir(parents=True)
        (folder.deliverables / name / "manifest.json").write_text("{}")
    named = {said: folder.delivery_named(said) for said in ("1", "12", "ann-0000", "ann", "")}
    assert named == {
        "1": "ann-00001-aaaaaaaa",
        "12": "12",
        "ann-0000": "ann-00001-aaaaaaaa",
        "ann": "ann",
        "": "",
    }


def test_a_file_of_a_delivery_is_delivered_again_when_asked_for(delivery: Path) -> None:
    intake = open_engagement("acme_corp").intake
    (story,) = intake.history()
    said = say("reprocess", "acme_corp", str(story.drop.drop_id))
    assert said.exit_code == 0, said.output
    assert "customers.csv" in said.output
    again = deliver()
    assert again.name != delivery.name
    assert (again / "tables/customers.csv").read_bytes() == (
        delivery / "tables/customers.csv"
    ).read_bytes()
    said = say("diff", "acme_corp")
    assert said.output.startswith(f"acme_corp: {delivery.name} → {again.name}\n"), said.output
    assert said.output.endswith("Both were made from the same files, with the same rules.\n")


def test_two_deliveries_are_compared_and_why_they_differ_is_told(
    delivery: Path, tmp_path: Path
) -> None:
    (delivery.parents[1] / "incoming/customers_2.csv").write_text(
        CUSTOMERS.replace("100.00", "250.00")
        + CUSTOMERS.splitlines()[1].replace("000001", "000002")
    )
    newer = deliver()
    said = say("diff", "acme_corp", "--to", str(tmp_path / "to"))
    assert said.exit_code == 0, said.output
    lines = said.output.splitlines()
    assert lines[0].endswith(f" → {newer.name}")
    assert "customers: received 1 → 2, delivered 1 → 2, rejected 0, merged 0" in lines
    assert (
        "customers: 1 of 1 row altered, 1 new, by column: lifetime_value 1 (by customer_id)"
        in lines
    )
    assert "  lifetime_value of 000001: 100.00 → 250.00" in lines
    assert lines[lines.index("Why:") + 1 :][:2] == [
        "  other input files:",
        "    customers: customers_2.csv; before customers.csv",
    ]
    assert {path.name for path in (tmp_path / "to").iterdir()} == {
        "comparison.html",
        "comparison.json",
    }
    told = json.loads(say("diff", "acme_corp", delivery.name, newer.name, "--json").output)
    assert told["then"]["delivery_id"] == delivery.name
    assert told["tables"] == json.loads((newer / "comparison.json").read_text())["tables"]
    tried = say("preview", "acme_corp", "--feed", "customers", "--json")
    assert tried.exit_code == 0, tried.output
    found = json.loads(tried.output)
    assert (found["batch_id"], found["refused"]) == (newer.name, None)
    assert {each["altered"] for each in found["differences"]["tables"]} == {0}
    wrong = say("diff", "acme_corp", "acme_corp-99999")
    assert wrong.exit_code == 1
    assert "acme_corp has no delivery 'acme_corp-99999'" in wrong.output
    assert newer.name in wrong.output
    assert "globex has 0 deliveries, and two are compared" in say("diff", "globex").output


def test_models_are_prepared_once_and_an_unknown_client_is_told() -> None:
    said = say("prepare", "acme_corp")
    assert (said.exit_code, said.output) == (0, "1 of 1 clients are prepared.\n")
    assert say("prepare", "acme_corp", "--quiet").output == ""
    wrong = say("prepare", "acme_crop")
    assert wrong.exit_code == 1
    assert "acme_crop" in wrong.output
