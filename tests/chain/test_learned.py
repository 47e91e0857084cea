"""A template learns from a client what all clients may know, and nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.canary import sightings
from tests.chain.conftest import DBT, World
from tests.chain.test_sampled import place_at

from consulting import dbt_yaml
from consulting.chain.accepted import write_changed
from consulting.chain.impact import impact_on
from consulting.chain.learned import learn
from consulting.chain.sampled import take_sample
from consulting.errors import CleaningError, ConfigurationError
from consulting.rules.template import parse_template, template_file

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.chain.learned import Learned

FEEDS = [{"name": "orders", "files": "orders*.csv"}]
CANARIES = [
    f"Zq7{word}" for word in ("code", "spelt", "none", "like", "most", "when", "word", "says")
]
OWN = """\
version: 2
sources:
  - {name: raw, schema: raw, tables: [{name: orders}]}
models:
  - name: orders
    description: Orders of Zq7says.
    meta:
      dedupe: {key: [order_no], keep: latest}
      reject_when: {odd: "state = 'Zq7when'"}
    columns:
      - name: order_no
        description: Never Zq7says.
        meta:
          from: [Order No, Bestellnr]
          required: true
          pattern: "(Zq7like|A).*"
          null_tokens: [Zq7none]
        data_tests: [unique, {not_null: {config: {severity: warn}}}]
      # ? Is this the column placed_on of retail_orders? (0.67)
      - name: placed_on
        meta: {from: Day, rule: to_date, formats: ["%d.%m.%Y"]}
      - name: state
        meta: {from: State, rule: to_code, codes: {Zq7code: [Zq7spelt], done: []}}
        data_tests: [{accepted_values: {arguments: {values: [Zq7code, done]}}}]
      - name: amount
        meta: {from: Amount, rule: to_money, decimal: comma, max: 4711}
      - name: who
        meta: {from: "+49 170 1234567", optional: true}
    data_tests:
      - rows_conserved: {arguments: {feed: orders}}
"""
ROWS = "Order No;Day;State;Amount\nA1;01.02.2026;Zq7spelt;1,50\nA2;02.02.2026;done;Zq7word\n"


@pytest.fixture
def client(tmp_path: Path) -> World:
    dbt = place_at(tmp_path).dbt_dir
    shutil.copytree(DBT / "models/clients/acme_corp", dbt / "models/clients/acme_corp")
    for path in (dbt / "models/clients/acme_corp").rglob("*"):
        if path.is_file() and "orders" not in path.name:
            path.unlink()
    (dbt / "models/clients/acme_corp/orders.yml").write_text(OWN)
    return World(tmp_path / "data", dbt_dir=dbt, feeds=FEEDS, security_tier=3)


def write(world: World, found: Learned) -> Path:
    path = template_file(world.dbt_dir, found.template)
    path.parent.mkdir(exist_ok=True)
    path.write_text(found.text)
    return path


def test_a_new_template_takes_headers_rules_and_notations_and_says_what_not(client: World) -> None:
    found = learn(client.engagement, "orders", "retail_orders", with_values=False)
    template = parse_template(found.text.encode(), "retail_orders")
    assert {column.name: column.meta for column in template.columns} == {
        "order_no": {"synonyms": ["Order No", "Bestellnr"], "required": True},
        "state": {"synonyms": ["State"]},
        "amount": {"synonyms": ["Amount"], "rule": "to_money", "decimal": "comma"},
    }
    assert template.columns[0].data_tests == [
        "unique",
        {"not_null": {"config": {"severity": "warn"}}},
    ]
    assert template.meta.dedupe == {"key": ["order_no"], "keep": "latest"}
    assert found.left == (
        "order_no: null_tokens and pattern",
        "placed_on has an open question in line 19 of the client's YAML",
        "state: codes, its test accepted_values and rule",
        "amount: max",
        "who: its header looks like data of the client, not like a label",
        "`reject_when`",
    )
    whole = learn(client.engagement, "orders", "retail_orders", with_values=True)
    told = parse_template(whole.text.encode(), "retail_orders")
    assert told.columns[1].meta["codes"] == {"Zq7code": ["Zq7spelt"], "done": []}
    assert told.meta.reject_when == {"odd": "state = 'Zq7when'"}


def test_a_client_that_follows_what_it_taught_is_as_it_was(tmp_path: Path) -> None:
    dbt = place_at(tmp_path).dbt_dir
    shutil.copytree(DBT / "models/clients/acme_corp", dbt / "models/clients/acme_corp")
    world = World(tmp_path / "data", dbt_dir=dbt)
    before = world.engagement.models.load_manifest()["nodes"]
    write(world, learn(world.engagement, "orders", "retail_orders", with_values=True))
    path = dbt / "models/clients/acme_corp/orders.yml"
    said = yaml.safe_load(path.read_text())
    model = said["models"][0]
    model = {key: model[key] for key in ("name", "columns", "data_tests")}
    model["meta"] = {"template": "retail_orders"}
    model["columns"] = [
        {
            "name": column["name"],
            "meta": {"from": column["meta"]["from"]},
            "data_tests": [t for t in column.get("data_tests", ()) if "relationships" in t],
        }
        for column in model["columns"]
    ]
    path.write_text(yaml.safe_dump({**said, "models": [model, *said["models"][1:]]}))
    assert "to_money" not in path.read_text()
    assert world.engagement.models.load_manifest()["nodes"] == before


def test_no_value_of_a_client_comes_into_a_template_or_another_clients_folder(
    client: World, tmp_path: Path
) -> None:
    client.drop("orders.csv", ROWS)
    client.run()
    place = place_at(tmp_path / "other")
    found = learn(client.engagement, "orders", "retail_orders", with_values=False)
    shutil.copytree(write(client, found).parent, place.dbt_dir / "templates")
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "orders.csv").write_text(ROWS.replace("Zq7spelt", "open").replace("Zq7word", "2,50"))
    attributes = {"client_name": "Globex", "security_tier": 3}
    place = replace(place, templates=("retail_orders",))
    sampled = take_sample(mail, "globex", attributes, place, log=lambda _line: None)
    (fit,) = sampled.fits
    assert fit.fits
    assert sightings([client.folder.path], CANARIES), "they are there to be found"
    assert sightings([place.dbt_dir, place.data, place.clients_dir], CANARIES) == []
    assert not [word for word in CANARIES if word in repr(sampled)]


def test_a_template_learns_more_headers_and_keeps_its_text(client: World) -> None:
    text = """\
# the shop's
models:
  - name: retail_orders
    columns:
      - name: order_no   # as printed
        meta: {rule: to_text, synonyms: [Order ID, order no]}
      - name: amount
        meta:
          rule: to_money
      - name: state
        meta: {synonyms: [Status]}
      - name: total
        meta: {synonyms: [State]}
"""
    path = template_file(client.dbt_dir, "retail_orders")
    path.parent.mkdir()
    path.write_text(text)
    found = learn(client.engagement, "orders", "retail_orders", with_values=False)
    assert found.headers == {"order_no": ("Bestellnr",)}
    assert "“State” is known for total already" in found.left
    assert found.text == text.replace(
        "{rule: to_text, synonyms: [Order ID, order no]}",
        "{rule: to_text, synonyms: [Order ID, order no, Bestellnr]}",
    )


def test_what_somebody_else_wrote_meanwhile_is_not_written_over(client: World) -> None:
    engagement = client.engagement
    new = learn(engagement, "orders", "retail_orders", with_values=False)
    path = write(client, new)
    with pytest.raises(CleaningError, match=r"somebody else changed dbt/templates/retail_orders"):
        write_changed(engagement, new.texts)
    path.write_text(new.text.replace("Bestellnr", "Nr"))
    more = learn(engagement, "orders", "retail_orders", with_values=False)
    write_changed(engagement, more.texts)
    assert "Bestellnr" in path.read_text()


def test_a_header_that_dbt_would_run_is_learned_and_found_as_a_text(client: World) -> None:
    header = "{{ 7 * 7 }} total"
    yml = client.dbt_dir / "models/clients/acme_corp/orders.yml"
    yml.write_text(OWN.replace("from: Amount", f"from: {dbt_yaml.flow(header)}"))
    found = learn(client.engagement, "orders", "retail_orders", with_values=False)
    template = parse_template(found.text.encode(), "retail_orders")
    assert found.headers["amount"] == template.columns[2].synonyms == (header,)


def test_below_tier_three_nothing_is_learned(client: World) -> None:
    client.changes["security_tier"] = 2
    with pytest.raises(ConfigurationError, match="below tier 3 a header may be data"):
        learn(client.engagement, "orders", "retail_orders", with_values=False)


def test_a_feed_without_models_has_nothing_to_teach(client: World) -> None:
    with pytest.raises(CleaningError, match="`consulting models acme_corp returns`"):
        learn(client.engagement, "returns", "retail_orders", with_values=False)


def test_a_changed_template_says_what_its_clients_would_notice(client: World) -> None:
    client.drop("orders.csv", ROWS.replace("Zq7word", "99,00"))
    path = template_file(client.dbt_dir, "retail_orders")
    path.parent.mkdir()
    amount = "{name: amount, meta: {rule: to_money, decimal: comma, max: 100}}"
    path.write_text(f"models: [{{name: retail_orders, columns: [{amount}]}}]\n")
    own = OWN.replace(
        "    meta:\n      dedupe", "    meta:\n      template: retail_orders\n      dedupe"
    )
    own = own.replace("rule: to_money, decimal: comma, max: 4711", "scale: 2")
    (client.dbt_dir / "models/clients/acme_corp/orders.yml").write_text(own)
    before = impact_on(client.engagement, ["orders"])
    assert list(before.in_words()) == [
        "acme_corp (orders): nothing was delivered yet, so nothing changes"
    ]
    client.run()
    same = impact_on(client.engagement, ["orders"])
    assert (same.changes, same.failed) == (False, None)
    path.write_text(path.read_text().replace("max: 100", "max: 50"))
    found = impact_on(client.engagement, ["orders"])
    assert found.changes
    (account,) = found.accounts
    assert (account.delivered.then, account.delivered.now) == (2, 1)
    assert (account.rejected.then, account.rejected.now) == (0, 1)
    path.write_text(path.read_text().replace("to_money", "to_monny"))
    broken = impact_on(client.engagement, ["orders"])
    assert "there is no rule 'to_monny'" in str(broken.failed)
    assert yaml.safe_load(own)["models"][0]["meta"]["template"] == "retail_orders"
