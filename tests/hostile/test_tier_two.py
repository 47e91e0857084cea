"""Tier 2 against a client whose files hold persons where nobody looks for them."""

from __future__ import annotations

import random
import shutil
import time
from typing import TYPE_CHECKING

import pytest
from parsed_once import take_macros

from consulting.cleaning import write_feed_models
from consulting.privacy import Declared, hide, mask_inside
from consulting.profiling import compare, propose_columns

from ..canary import sightings
from ..chain.conftest import DBT, World

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.profiling import FeedProfile

KEY = b"k" * 32
# Not in the lists of any library: nothing but the tier's rule can hide them.
SURNAMES = ["Qvorrendyk", "Zambuzel", "Ürkvist", "Пшемысловец", "鷲尾崎"]
DIAGNOSES = ["Morbus Qvill", "Zephyritis acuta", "F99.77"]
SECRETS = [
    *SURNAMES, *DIAGNOSES, "jürgen@qvorrendyk.example", "0151 99887766", "1967-02-11",
    "Frau Zambuzel ruft an", "DE02120300000000202051", "B-QV 4411",
]  # fmt: skip


def hostile_file(rows: int = 400) -> str:
    """Persons as attributes, under `Kd`, in a diagnosis, in prose, and once in 2,000 rows."""
    rng = random.Random(5)
    personal = ["jürgen@qvorrendyk.example", "0151 99887766", "1967-02-11", "Zambuzel", "B-QV 4411"]
    lines = ["Order ID;Kd;Grund;attribute;value;Menge;Bemerkung"]
    for number in range(rows):
        value = rng.choice(personal) if rng.random() < 0.25 else str(rng.randint(1, 50))
        amount = "DE02120300000000202051" if number == 137 else str(rng.randint(1, 9))
        prose = "x " * 1_100 + "Frau Zambuzel ruft an" if number % 50 == 3 else "ok"
        lines.append(
            f"SO-{number:05};{rng.choice(SURNAMES)};{rng.choice(DIAGNOSES)};size;{value};{amount};"
            f"{prose}"
        )
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A client at tier 2 whose feed has no models yet, delivered."""
    root = tmp_path_factory.mktemp("tier_two")
    dbt = root / "dbt"
    unmodelled = shutil.ignore_patterns("acme_corp", "target", "logs")
    shutil.copytree(DBT, dbt, ignore=unmodelled)
    take_macros(dbt)
    world = World(
        root / "data",
        dbt_dir=dbt,
        security_tier=2,
        feeds=[{"name": "tickets", "files": "tickets*.csv"}],
        sample_rows=2_000,
    )
    world.drop("tickets.csv", hostile_file())
    world.run()
    return world


@pytest.fixture(scope="module")
def found(world: World) -> FeedProfile:
    newest = world.folder.path / "runs" / world.deliveries()[-1]
    from consulting.chain import artifacts

    return artifacts.read(newest / artifacts.PROFILE, artifacts.Profile).profiles[0]


def test_no_byte_that_a_run_leaves_holds_a_person(world: World) -> None:
    held = [path for path in world.folder.path.iterdir() if path != world.folder.incoming]
    assert sightings(held, ["SO-00003"]), "or the search finds nothing"
    assert sightings(held, SECRETS) == []


def test_the_report_says_of_each_column_what_was_done(world: World) -> None:
    newest = world.folder.deliverables / world.deliveries()[-1]
    report = (newest / "quality_report.html").read_text()
    assert "4 columns masked whole" in report
    assert "Kd (not known to be harmless)" in report
    assert "Menge (1 of 400 values; numbers)" in report
    assert "Order ID (codes)" in report


def test_a_proposal_writes_no_value_into_a_tracked_file(found: FeedProfile, tmp_path: Path) -> None:
    proposed = propose_columns(found)
    assert not any("codes" in column for column in proposed)
    write_feed_models(tmp_path, "acme", "tickets", proposed)
    old = found.model_copy(update={"columns": found.columns[:1], "column_count": 1})
    yaml = next(tmp_path.rglob("tickets.yml")).read_text()
    patches = compare(old, found, ["Order ID"], models_yaml=yaml)
    written = yaml + "".join(finding.model_dump_json() for finding in patches)
    assert "attribute" in written
    stored = {
        value.value for column in found.columns if column.masked for value in column.top_values
    }
    assert not [value for value in [*SECRETS, *stored] if value in written and len(value) > 3]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("please write to jürgen@müller.de today", "please write to "),
        ("call 0151 99887766 after six", "call "),
        ("card 4242 4242 4242 4242, size 7", ", size 7"),
        ("born 11.02.1967 in spring", " in spring"),
        ("Herr Qvorrendyk will pay", " will pay"),
        ("to 12 Rosewood Lane, 2nd floor", ", 2nd floor"),
        ("from 81.2.69.142 at night", " at night"),
        ("tax 44051401359 filed", " filed"),
        ("IBAN DE02 1203 0000 0000 2020 51 ok", " ok"),
    ],
)
def test_in_a_column_declared_free_of_personal_data_what_is_found_is_masked_in_its_place(
    text: str, kept: str
) -> None:
    (masked,), done = hide("Notes", [text], key=KEY, declared=Declared(contains_pii=False))
    assert masked is not None
    assert masked != text
    assert kept in masked
    assert (done.kept_as, done.masked_cells) == ("declared free of personal data", 1)


def test_a_declared_column_without_a_person_is_kept_letter_by_letter() -> None:
    texts = ["blue oak table, 12 pieces", "12.50 EUR net 30 days", "Version 2.1.0 of 2024-05-01"]
    hidden, done = hide("Notes", texts, key=KEY, declared=Declared(contains_pii=False))
    assert hidden == texts
    assert done.masked_cells == 0


def test_a_column_declared_personal_is_hidden_though_its_values_prove_harmless() -> None:
    hidden, done = hide("qty", ["1", "2", "3"], key=KEY, declared=Declared(contains_pii=True))
    assert done.pii is not None
    assert (done.pii.kind, done.pii.by, done.masked_cells) == ("personal", "declared", 3)
    assert set(hidden) != {"1", "2", "3"}


def test_the_same_person_has_the_same_mask_in_every_column_that_hides_it() -> None:
    """A join after masking finds what it found before."""
    people = ["Qvorrendyk", "Zambuzel", "ada@x.example", "0151 99887766"] * 3
    by_name, _ = hide("Nachname", people[:2], key=KEY)
    unproven, _ = hide("Kd", people, key=KEY)
    mails, _ = hide("E-Mail", ["ada@x.example"], key=KEY)
    assert by_name == unproven[:2]
    assert mails[0] == unproven[2]
    assert hide("Kd", people, key=b"o" * 32)[0] != unproven


ATTACKS = [
    "@", "a@", "a.@-", "+1 ", "1 ", "(0)", "DE12 3456 ", "a (at) ", "::", "1.1.", "Herr A",
    "1 str ", "Ab Cd ", "A'a", "1'111", "王", "路1", "Max Müller ", "2024-01-01 ", "tel: 1",
    "@a.", "((", "A1-",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_text_costs_time_in_proportion_to_its_length(attack: str) -> None:
    def cost(length: int) -> float:
        text = (attack * length)[:length]
        started = time.process_time()
        mask_inside(text, KEY)
        hide("x", [text], key=KEY)
        return time.process_time() - started

    cost(100)  # lists are read once
    small = min(cost(3_000) for _ in range(3))
    large = min(cost(24_000) for _ in range(2))
    assert large < 32 * small + 1  # 8 times as long; quadratic would be 64 times
