"""`CONSULTING_DATA=s3://…`: runs on one machine, then on another; commands and pages on a third."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from consulting import chain
from consulting.bucket import deliveries, objects, publish_page
from consulting.cli import main
from consulting.errors import ConfigurationError
from consulting.layout import ClientFolder, address_of, data_root, data_url, ledger_url
from consulting.portfolio import build_portfolio
from consulting.serving import Shelf
from consulting.sources.s3 import access

from .conftest import Location
from .test_runs import HEADER, ROW

if TYPE_CHECKING:
    from pathlib import Path


class Machines:
    """What they have in common, and a way to be one of them."""

    def __init__(self, patch: pytest.MonkeyPatch, root: Path, server: Any, dbt: Path) -> None:
        self.patch, self.root, self.dbt, self.client = patch, root, dbt, server.client()
        self.client.create_bucket(Bucket="machines")
        for name, value in {
            "CONSULTING_DATA": "s3://machines/data/",
            "CONSULTING_LEDGER_URL": f"sqlite:///{root / 'ledger.db'}",
            "AWS_ENDPOINT_URL_S3": server.endpoint_url,
            "AWS_ACCESS_KEY_ID": server.access_key,
            "AWS_SECRET_ACCESS_KEY": server.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        objects._client.cache_clear()
        access.client_of.cache_clear()

    def be(self, name: str) -> None:
        self.patch.setenv("CONSULTING_SCRATCH", str(self.root / name))

    def drop(self, name: str, text: str) -> None:
        key = f"data/acme_corp/incoming/{name}"
        self.client.put_object(Bucket="machines", Key=key, Body=text.encode())

    def run(self, name: str, **changes: Any) -> Any:
        self.be(name)
        location = Location(self.root / name, dbt_dir=self.dbt, **changes)
        (request,) = location.requests()
        result = location.run(request)
        assert result.success
        return location


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, s3_server: Any, customers_dbt: Path) -> Any:
    """Two deliveries of two machines."""
    with pytest.MonkeyPatch.context() as patch:
        machines = Machines(patch, tmp_path_factory.mktemp("machines"), s3_server, customers_dbt)
        machines.drop("customers_1.csv", HEADER + ROW)
        machines.run("a")
        machines.drop("customers_2.csv", HEADER + ROW + ROW.replace("000007", "000008"))
        machines.run("b")
        yield machines
        objects._client.cache_clear()
        access.client_of.cache_clear()


def test_the_second_machine_goes_on_from_what_the_first_one_delivered(machines: Any) -> None:
    a, b = (ClientFolder(machines.root / name, "acme_corp") for name in "ab")
    first = {path.name for path in a.deliverables.iterdir()}
    assert len(first) == 1
    assert {path.name for path in b.deliverables.iterdir()} > first
    assert not list(a.incoming.iterdir())


def test_commands_on_a_third_machine_read_what_is_stored(machines: Any) -> None:
    machines.be("desk")

    def said(*arguments: str) -> Any:
        result = CliRunner().invoke(main, [*arguments, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    assert {file["state"] for file in said("ledger", "acme_corp")["files"]} == {"delivered"}
    compared = said("diff", "acme_corp")
    assert compared["then"] != compared["now"]
    assert said("preview", "acme_corp")
    seen = ClientFolder(machines.root / "desk" / ".read", "acme_corp")
    assert len(list(seen.deliverables.iterdir())) == 2
    assert not seen.warehouse.exists()
    assert said("tier", "acme_corp")["above_it"] == []
    assert seen.warehouse.exists(), "what would be removed is looked at"


def test_a_file_that_is_gone_from_the_source_is_delivered_again_from_what_is_stored(
    machines: Any,
) -> None:
    machines.be("b")
    key = "data/acme_corp/incoming/customers_1.csv"
    machines.client.delete_object(Bucket="machines", Key=key)
    intake = Location(machines.root / "b", dbt_dir=machines.dbt).engagement.intake
    for _ in range(3):
        intake.look(now=datetime.now(UTC))
    machines.be("another desk")
    said = CliRunner().invoke(main, ["reprocess", "acme_corp", "1", "--dry-run"]).output
    assert "A new batch will deliver it again" in said


def test_each_read_of_full_data_is_an_object_of_the_access_log(machines: Any) -> None:
    found = machines.client.list_objects_v2(Bucket="machines", Prefix="data/acme_corp/access/")
    lines = [
        json.loads(machines.client.get_object(Bucket="machines", Key=each["Key"])["Body"].read())
        for each in found["Contents"]
    ]
    assert {"read file", "run models", "write delivery"} <= {line["operation"] for line in lines}


def test_deliveries_and_pages_are_shown_on_a_machine_that_made_none(machines: Any) -> None:
    machines.be("a")
    publish_page(build_portfolio([], data_root(), as_of=datetime.now(UTC)))
    machines.be("browsers")
    location = Location(machines.root / "browsers", dbt_dir=machines.dbt)
    shelf = Shelf(
        data_root(),
        lambda: ["acme_corp"],
        lambda _: location.consultancy.engagement(location.client, looks=True, wanted=deliveries),
    )
    newest, oldest = shelf.deliveries("acme_corp")
    assert newest["delivery_id"] > oldest["delivery_id"]
    place = shelf.file("acme_corp", newest["delivery_id"], "quality_report.html")
    assert "Acme" in place.read_text()
    machines.patch.setenv("CONSULTING_LINKS_URL", "deliveries.example")
    shown = f"deliverables/{newest['delivery_id']}/quality_report.html"
    assert address_of(place) == f"http://deliveries.example/acme_corp/{shown}"
    machines.patch.delenv("CONSULTING_LINKS_URL")
    assert shelf.has_page("portfolio.html")
    assert not shelf.has_page("alerts.html")


def test_alerts_and_portfolio_bring_no_rows_to_the_machine_they_are_made_on(
    machines: Any,
) -> None:
    machines.be("daemon")
    location = Location(machines.root / "daemon", dbt_dir=machines.dbt)
    engagement = location.consultancy.engagement(location.client, looks=True)
    standing = chain.standing_of(engagement, chain.facts_of(engagement, datetime.now(UTC)))
    assert len(standing.scores) == 2
    kinds = {path.suffix for path in engagement.folder.path.rglob("*") if path.is_file()}
    assert kinds == {".json", ".html"}


def test_what_is_no_bucket_and_a_ledger_of_one_machine_are_refused(
    machines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONSULTING_LEDGER_URL")
    with pytest.raises(ConfigurationError, match="set CONSULTING_LEDGER_URL"):
        ledger_url()
    wrong = ("gs://bucket/data", "s3://", "s3:///data", "s3:/bucket/data", "s3://my bucket/data")
    steps = ("s3://bucket/../data", "s3://bucket/a//b", "s3://bucket/data ", "s3://bucket/a\nb")
    for url in (*wrong, *steps, "s3://key:hunter2@bucket/data", "https://key:hunter2@host/data"):
        monkeypatch.setenv("CONSULTING_DATA", url)
        with pytest.raises(ConfigurationError, match="s3://bucket/prefix") as told:
            data_root()
        assert "hunter2" not in str(told.value)
    for url in ("s3://bucket", "s3://bucket/", "s3://bucket/a b/Größe/"):
        monkeypatch.setenv("CONSULTING_DATA", url)
        assert data_url() == url


def test_the_demo_says_that_it_needs_a_folder(machines: Any) -> None:
    result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == 1
    assert "Unset it for the demo" in result.output
