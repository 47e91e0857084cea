"""One decision on personal data per column: every document of a tier-3 delivery follows it."""

from __future__ import annotations

import json
import random
import shutil
from typing import TYPE_CHECKING

import pytest
from parsed_once import take_macros

from consulting.chain import artifacts
from consulting.cleaning import write_feed_models
from consulting.components.engagement.metadata import of_profile
from consulting.privacy import detect_pii
from consulting.profiling import compare, propose_columns

from ..canary import sightings
from ..chain.conftest import DBT, World

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.profiling import FeedProfile

# Under headers that announce nothing; what they are shows in the values alone.
COMPANIES = ["Petra Weber e.K.", "Hans Müller GmbH", "Nordwerk Logistik AG", "Atlas Tools Ltd"]
CUSTOMERS = [
    "Schneider", "Kowalski", "Rossi", "Dubois", "García", "Novák", "Horváth", "Nielsen", "Lindgren",
]  # fmt: skip
REACH = [
    "petra@weber-privat.example",
    "klaus.m@kontakt.example",
    "+49 171 2345678",
    "+49 30 901820",
]
HARMLESS = ["oak table", "steel lamp", "glass shelf"]


def rows(count: int = 120) -> str:
    rng = random.Random(3)
    lines = ["Order ID,Firma,Kd,Anlage,Sorte"]
    for number in range(count):
        cells = [rng.choice(values) for values in (COMPANIES, CUSTOMERS, REACH, HARMLESS)]
        # a blank, or other letters: cleaning changes each, so that examples would be shown
        cells = [f" {cell}" if rng.random() < 0.5 else cell for cell in cells]
        cells = [cell.upper() if rng.random() < 0.1 else cell for cell in cells]
        lines.append(f"SO-{number:05}," + ",".join(cells))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A client at tier 3, delivered with the models that its first profile proposed."""
    root = tmp_path_factory.mktemp("one_decision")
    dbt = root / "dbt"
    shutil.copytree(DBT, dbt, ignore=shutil.ignore_patterns("acme_corp", "target", "logs"))
    take_macros(dbt)
    feeds = [{"name": "tickets", "files": "tickets*.csv"}]
    world = World(root / "data", dbt_dir=dbt, security_tier=3, feeds=feeds)
    world.drop("tickets_1.csv", rows())
    first = world.run()
    (profile,) = world.profile_of(first).profiles
    write_feed_models(dbt, "acme_corp", "tickets", propose_columns(profile))
    world.drop("tickets_2.csv", rows(130))
    world.run()
    return world


@pytest.fixture(scope="module")
def found(world: World) -> FeedProfile:
    newest = world.folder.path / "runs" / world.deliveries()[-1]
    return artifacts.read(newest / artifacts.PROFILE, artifacts.Profile).profiles[0]


def personal(values: list[str]) -> list[str]:
    """The values and what is left of them when they are cleaned or cut into words."""
    return [*values, *(value.upper() for value in values)]


PERSONS = [*personal(COMPANIES[:2]), *personal(CUSTOMERS), *personal(REACH)]


def documents(world: World) -> list[Path]:
    newest = world.folder.deliverables / world.deliveries()[-1]
    # the tables and the rejects are the client's own rows, handed back
    return [path for path in newest.iterdir() if path.name not in {"tables", "rejects"}]


def test_the_decision_is_by_content(found: FeedProfile) -> None:
    decided = {c.name: c.pii.kind if c.pii else None for c in found.columns}
    assert decided == {
        "Order ID": None, "Firma": "name", "Kd": "name", "Anlage": "email", "Sorte": None,
    }  # fmt: skip
    assert [c.name for c in found.columns if c.personal] == ["Firma", "Kd", "Anlage"]


def test_no_document_shows_a_value_of_a_personal_column(world: World) -> None:
    names = {path.name for path in documents(world)}
    assert {"quality_report.html", "mapping_document.xlsx", "transform_log.csv"} <= names
    assert sightings(documents(world), ["oak table"]), "or the search finds nothing"
    assert sightings(documents(world), PERSONS) == []


def test_profile_proposal_patch_and_metadata_show_none_either(
    world: World, found: FeedProfile, tmp_path: Path
) -> None:
    newest = world.folder.path / "runs" / world.deliveries()[-1]
    profile = artifacts.read(newest / artifacts.PROFILE, artifacts.Profile)
    write_feed_models(tmp_path, "acme_corp", "tickets", propose_columns(found))
    yaml = next(tmp_path.rglob("tickets.yml")).read_text()
    drift = compare(
        found.model_copy(update={"columns": found.columns[:1]}), found, ["Order ID"],
        models_yaml=yaml,
    )  # fmt: skip
    said = "".join(
        [
            profile.model_dump_json(),
            yaml,
            str(of_profile(profile, patches_told=True)),
            *map(repr, drift),
        ]
    )
    assert "oak table" in said
    assert [value for value in PERSONS if value in said] == []


def test_a_column_declared_free_of_personal_data_is_shown_and_one_declared_personal_is_not() -> (
    None
):
    assert detect_pii("Kd", CUSTOMERS, declared=False) is None
    finding = detect_pii("Sorte", HARMLESS, declared=True)
    assert finding is not None
    assert (finding.kind, finding.by) == ("personal", "declared")


def test_the_report_names_what_it_shows_by_shape(world: World) -> None:
    newest = world.folder.deliverables / world.deliveries()[-1]
    report = (newest / "quality_report.html").read_text()
    assert report.count('class="tag pii">personal: ') == 3
    manifest = json.loads((newest / "manifest.json").read_bytes())
    assert manifest["security_tier"] == 3
