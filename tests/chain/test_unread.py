"""A rule that rejects most of what it read in the last deliveries stops, whatever the rule is."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from tests.chain.test_accepted import (
    accept_all,
    csv,
    of_branches,
    run_accept,
    unmodelled,
    yaml_of,
)

from consulting import chain
from consulting.chain import artifacts
from consulting.chain.preview import previews
from consulting.chain.replay import verify_delivery
from consulting.chain.unread import Counted, unread_values
from consulting.cleaning import write_feed_models
from consulting.errors import BlockedDeliveryError
from consulting.profiling import CONFIRMED, DriftFinding
from consulting.records import FileReading, ReadCount
from consulting.rules import all_rules, reason_sentences

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chain.conftest import World

    from consulting.delivery import Delivery

BOUNDS = {"below_minimum": "min", "above_maximum": "max"}
BETWEEN = {
    "to_date": ("2026-01-05", "2026-02-05"),
    "to_timestamp": ("2026-01-05 10:00:00", "2026-02-05 10:00:00"),
}
"""A value at the bound, and one above."""
MORE: dict[tuple[str, str], tuple[dict[str, Any], str, str]] = {
    ("to_decimal", "ambiguous_number"): ({"decimal": "either"}, "1.5", "1.234"),
    ("to_money", "ambiguous_number"): ({"decimal": "either"}, "1.50 €", "1.234 €"),
    ("to_timestamp", "ambiguous_date"): (
        {"formats": ["?/?/%Y %H:%M"]}, "13/04/2026 10:00", "03/04/2026 10:00",
    ),
    ("to_timestamp", "not_a_timestamp"): ({}, "2026-02-21 10:40:00", "21 Feb 10h40"),
    ("to_text", "too_long"): ({"max_length": 4}, "four", "fives"),
    ("to_email", "too_long"): ({"max_length": 8}, "a@ab.com", "ab@ab.com"),
    ("to_text", "wrong_format"): ({"pattern": "AB-[0-9]+"}, "AB-1", "ab 1"),
    ("to_code", "not_in_list"): ({"codes": ["open", "paid"]}, "Open", "offen"),
    ("to_boolean", "not_a_boolean"): ({"means_true": ["ja"], "means_false": ["nein"]}, "ja", "J"),
}  # fmt: skip
"""Rule and reason → arguments, a text that is read, and one that is not, where no case says it."""


def example(rule: str, code: str) -> tuple[dict[str, Any], str, str]:
    """Of a rule: arguments, a text that it reads, and one that it rejects for a reason."""
    if (rule, code) in MORE:
        return MORE[rule, code]
    if code in BOUNDS:
        texts = BETWEEN.get(rule, ("1", "2"))
        read, unread = texts if code == "above_maximum" else reversed(texts)
        return {BOUNDS[code]: read}, read, unread
    cases = all_rules()[rule].cases
    return next(
        (dict(arguments), read, unread)
        for arguments, unread, became in cases
        for same, read, value in cases
        if became == code and same == arguments and value is not None
        if value not in reason_sentences()
    )


def columns() -> dict[str, tuple[dict[str, Any], str, str]]:
    """A column for each reason of each rule, and two that are left empty where it does not fit."""
    found = {
        f"{rule.name}_{code}": ({"rule": rule.name, **arguments}, read, unread)
        for rule in all_rules().values()
        for code in rule.reasons
        for arguments, read, unread in [example(rule.name, code)]
    }
    for name in ("to_code_not_in_list", "to_integer_above_maximum"):
        arguments, read, unread = found[name]
        found[f"blanked_{name}"] = ({**arguments, "on_invalid": "blank"}, read, unread)
    return found


NO_REASON = {"to_currency": "what is no currency has none, and its amount a rule of its own"}
"""The rules that reject nothing, and why nothing is stopped for them."""


def test_each_rule_rejects_something_or_says_why_not() -> None:
    assert {rule.name for rule in all_rules().values() if not rule.reasons} == {*NO_REASON}


def cleaned(world: World) -> artifacts.Cleaning:
    """What a run's cleaning leaves, whatever its profile told."""
    run_id = uuid.uuid4().hex
    batch_id = world.receive(run_id).batch.batch_id
    named = {"batch_id": batch_id, "run_id": run_id}
    chain.profile(world.engagement, **named, log=world.said.append)
    return chain.clean(world.engagement, **named, log=world.said.append)


def loads(branch: str, at: int) -> str:
    """Thirty rows of a branch with a column for each reason: read by its rule (1), or not (2)."""
    each = columns()
    cells = "".join(f"\t{one[at]}" for one in each.values())
    return csv("\t".join(["id", *each]), [[f"{branch}{n}{cells}"] for n in range(30)])


@pytest.fixture(scope="module")
def all_read(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A client with a column for each reason, whose first file was read; copied, never changed."""
    named = [{"name": name, "from": name, **meta} for name, (meta, _, _) in columns().items()]
    world = of_branches(tmp_path_factory.mktemp("read") / "client", *named)
    world.drop("loads_1.tsv.csv", loads("a", 1))
    world.run()
    return world


@pytest.mark.parametrize("files", [1, 2])
def test_a_month_that_a_rule_does_not_read_stops_whatever_the_rule_and_the_reason(
    all_read: World, tmp_path: Path, files: int
) -> None:
    each = columns()
    world = all_read.copy_with_models(tmp_path / "client")
    if files > 1:
        world.drop("loads_2_north.csv", loads("n", 1))
    world.drop("loads_2_south.csv", loads("b", 2))
    found = {f.column: f for f in cleaned(world).drift}
    assert found.keys() == each.keys()
    for name, finding in found.items():
        assert (finding.severity, finding.kind) == ("block", "unread_values")
        assert finding.detail.startswith(
            f"Of the 30 values of “{name}” in loads_2_south.csv its rule reads none, and it read "
            "30 of the last 30: "
        )
        assert "`consulting accept` tries these files again" in finding.recommendation
    assert found["to_text_wrong_format"].detail.endswith(
        "“to_text_wrong_format” is not of the agreed form (expected: AB-[0-9]+)."
    )
    code = found["to_code_not_in_list"]
    assert code.detail.endswith("“to_code_not_in_list” is not on the agreed list.")
    assert code.recommendation == (
        "Ask the client whether it is written so from now on. If it is, let its rule to_code read "
        "that, too (codes, otherwise), or give it another in the feed's YAML; `consulting accept` "
        "tries these files again. If these values are wrong and may be set aside, it delivers the "
        "files as they are."
    )
    assert "may be left empty, it delivers" in found["blanked_to_code_not_in_list"].recommendation


CODE = {"name": "status", "from": "Status", "rule": "to_code", "codes": ["open", "paid"]}


def of_codes(world: World, month: int, *codes: str) -> None:
    rows = [[f"o{month}{n};{codes[n % len(codes)]}"] for n in range(40)]
    world.drop(f"loads_{month}.csv", csv("id;Status", rows))


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A client with codes, whose first file was delivered; copied, never changed."""
    world = of_branches(tmp_path_factory.mktemp("coded") / "client", CODE)
    of_codes(world, 1, "open", "paid")
    world.run()
    return world


@pytest.fixture
def world(coded: World, tmp_path: Path) -> World:
    """The client with codes, with its first file delivered."""
    return coded.copy_with_models(tmp_path / "client")


def test_what_is_not_read_is_confirmed_for_these_files_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    of_codes(world, 2, "open", "offen", "bezahlt")
    with pytest.raises(BlockedDeliveryError, match="its rule reads 14, and it read 40 of the last"):
        world.run()
    yaml = yaml_of(world).read_text("utf-8")
    accept_all(world)
    assert yaml_of(world).read_text("utf-8") == yaml
    delivery = world.run(world.engagement.intake.state().batches[-1].batch_id)
    assert (delivery.summary.delivered, delivery.summary.verdict) == (14, "stop")
    report = (delivery.path / "quality_report.html").read_text()
    assert "“Status” is not on the agreed list" in report
    assert "It was confirmed to be right." in report
    assert verify_delivery(world.engagement, delivery.delivery_id, log=print) == []

    # corrections of these files, and a file of another name, are asked nothing again
    (rejects,) = (delivery.path / "rejects").glob("*.csv")
    world.drop("loads_rejects_back.csv", rejects.read_bytes().replace(b'"offen"', b'"void"'))
    corrected = world.run()
    assert (corrected.summary.delivered, corrected.summary.rejected) == (14, 26)
    assert [f.recommendation for f in left_by(world, corrected)] == [
        "It was confirmed to be right."
    ]

    yaml_of(world).write_text(yaml.replace("[open, paid]", "[open, paid, offen, bezahlt]"), "utf-8")
    of_codes(world, 3, "open", "storniert", "storniert")
    assert "its rule reads 14, and it read 40 of the last 40" in world.stopped()
    accept_all(world)
    assert world.run(world.engagement.intake.state().batches[-1].batch_id).summary.delivered == 14
    of_codes(world, 4, "storniert")
    assert world.run().summary.delivered == 0, "twice running somebody found that right"
    of_codes(world, 5, "paid")
    world.run()
    of_codes(world, 6, "storniert")
    assert "it read 40 of the last 40" in world.stopped()


def left_by(world: World, delivery: Delivery) -> tuple[DriftFinding, ...]:
    """What cleaning told of a delivery's values."""
    path = world.folder.run(delivery.delivery_id) / artifacts.CLEANING
    return artifacts.read(path, artifacts.Cleaning).drift


def test_files_that_were_found_right_are_asked_nothing_where_they_stand_in(tmp_path: Path) -> None:
    named = {"name": "id", "from": "id", "required": True, "tests": ["unique"]}
    feeds = [{"name": name, "files": f"{name}*.csv"} for name in ("loads", "trips")]
    world = unmodelled(tmp_path, feeds=feeds)
    for feed in ("loads", "trips"):
        write_feed_models(world.dbt_dir, world.client_id, feed, [named, CODE])
        trips = csv("id;Status", [[f"t{n};open"] for n in range(40)])
        world.drop(f"{feed}_1.csv", trips)
    world.run()
    of_codes(world, 2, "open", "offen", "bezahlt")
    world.stopped()
    accept_all(world)
    world.run(world.engagement.intake.state().batches[-1].batch_id)
    world.drop("trips_2.csv", csv("id;Status", [[f"u{n};paid"] for n in range(40)]))
    delivery = world.run()
    assert delivery.summary.delivered == 14 + 40
    (told,) = left_by(world, delivery)
    assert told.severity == "warn"
    assert "in loads_2.csv its rule reads 14" in told.detail
    of_codes(world, 3, "open", "offen", "bezahlt")
    assert "it read 40 of the last 40" in world.stopped()


def test_a_rule_that_was_changed_to_read_it_lets_the_files_go(world: World) -> None:
    of_codes(world, 2, "offen", "bezahlt")
    world.stopped()
    yaml = yaml_of(world)
    text = yaml.read_text("utf-8")
    yaml.write_text(text.replace("codes: [open, paid]", "codes: [open, paid, gone]"), "utf-8")
    assert "its rule reads none" in run_accept(world, "--dry-run").output, "they are not read yet"
    yaml.write_text(
        text.replace("codes: [open, paid]", "codes: {open: [offen], paid: [bezahlt]}"), "utf-8"
    )
    done = run_accept(world, "--yes")
    assert "its rule reads none" not in done.output
    (story,) = world.engagement.intake.history(key="loads_2.csv")
    assert not any(event.kind == "confirmed" for event in story.events)
    delivery = world.run(world.engagement.intake.state().batches[-1].batch_id)
    assert (delivery.summary.delivered, delivery.summary.verdict) == (40, "ready")


def of_amounts(world: World, file: str, sign: str = "") -> None:
    rows = [[f"a{file}{n};{n},5{sign};{('open', 'paid')[n % 2]}"] for n in range(40)]
    world.drop(f"loads_{file}.csv", csv("id;Amount;Status", rows))


@pytest.fixture(scope="module")
def with_amounts(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A client with amounts, and any status, after its first file; copied, never changed."""
    amount = {"name": "amount", "from": "Amount", "rule": "to_decimal", "decimal": "comma"}
    root = tmp_path_factory.mktemp("amounts") / "client"
    world = of_branches(root, amount, {"name": "status", "from": "Status"})
    of_amounts(world, "1")
    world.run()
    return world


def test_one_of_two_files_that_another_rule_reads_beside_the_other_is_no_dead_end(
    with_amounts: World, tmp_path: Path
) -> None:
    world = with_amounts.copy_with_models(tmp_path / "client")
    of_amounts(world, "2_north")
    of_amounts(world, "2_south", " €")
    assert "in loads_2_south.csv its rule reads none" in world.stopped()
    accept_all(world)
    yaml = yaml_of(world).read_text("utf-8")
    assert "rule: to_money, decimal: comma" in yaml
    assert "rule: to_currency" in yaml  # or euros and what is named nothing would be added up
    delivery = world.run(world.engagement.intake.state().batches[-1].batch_id)
    assert (delivery.summary.delivered, delivery.summary.verdict) == (80, "ready")
    table = delivery.path / "tables" / "orders.parquet"
    counted = f"SELECT amount_currency, count(*) FROM '{table}' GROUP BY 1 ORDER BY 1"
    assert duckdb.sql(counted).fetchall() == [("EUR", 40), (None, 40)]


def test_a_change_of_a_rule_that_would_be_stopped_is_told_by_its_preview(world: World) -> None:
    of_codes(world, 2, "open", "paid")
    world.run()
    yaml = yaml_of(world)
    text = yaml.read_text("utf-8")
    yaml.write_text(text.replace("codes: [open, paid]", "codes: [offen]"), "utf-8")
    with previews(world.engagement) as tried:
        assert "its rule reads none" in (tried().refused or "")


MANIFEST = {
    "nodes": {
        "model.consulting.orders": {
            "columns": {
                "status": {"name": "status", "meta": {k: CODE[k] for k in CODE if k != "name"}}
            }
        }
    },
}


def count(unread: int, values: int, file: str = "a.csv", rows: int = 0) -> ReadCount:
    return ReadCount(
        feed="orders", column="status", file=file, rows=rows or values, values=values,
        unread=unread, reason="not_in_list" if unread else "",
    )  # fmt: skip


def told(now: list[ReadCount], *before: list[ReadCount]) -> str:
    """The sentence of what stops; empty where nothing does."""
    file = FileReading(
        filename="a.csv", feed="orders", sha256="", size_bytes=0, format="csv",
        columns=("STATUS",), received_rows=0, loaded_rows=0,
    )  # fmt: skip
    found = [*unread_values(MANIFEST, [file], now, lambda _: map(Counted, before))]
    return found[0].detail if found else ""


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ([count(40, 40)], []),  # a first delivery
        ([count(40, 40)], [[]]),  # of a release that did not count, or without the column
        ([count(20, 40)], [[count(0, 40)]]),  # no more than half
        ([count(2, 2)], [[count(0, 40)]]),  # exceptions
        ([count(5, 5, rows=1000)], [[count(0, 40)]]),
        ([count(3, 3)], [[count(0, 3)]]),  # by chance
        ([count(3, 4)], [[count(2, 4)], [count(2, 6)]]),
        ([count(600, 1000)], [[count(101, 1000)]]),  # always many
        ([count(1000, 1000)], [[count(501, 1000)]]),
        ([count(30, 40)], [[count(0, 40)], [count(9, 40)], [count(8, 40)]]),  # often many
        ([count(40, 40)], [[count(40, 40)]]),  # and let through last time
        ([count(9, 9, "n.csv"), count(0, 9, "s.csv")], [[count(9, 9, "x"), count(0, 20, "y")]]),
        # slips in a few of many small files
        ([count(n < 3, 1, f"{n}.csv") for n in range(30)], [[count(0, 30)]]),
    ],
)  # fmt: skip
def test_an_honest_month_is_not_stopped(now: list[ReadCount], before: list[Any]) -> None:
    assert not told(now, *before)


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        ([count(21, 40)], [[count(0, 40)]], "in a.csv its rule reads 19, and it read 40 of the "),
        ([count(40, 40)], [[count(4, 40)]], "reads none, and it read 36 of the last 40"),
        # the one before the last was let through
        ([count(40, 40)], [[count(0, 40)], [count(40, 40)], [count(0, 40)]], "40 of the last 40"),
        # so was one of its files, or it had a few values that nobody was asked about
        (
            [count(0, 60, "n"), count(40, 40, "s.csv")],
            [[count(0, 60, "n"), count(0, 40, "s")], [count(0, 60, "n"), count(40, 40, "s")]],
            "in s.csv its rule reads none",
        ),
        (
            [count(0, 600, "n"), count(400, 400, "s.csv")],
            [[count(0, 600, "n"), count(5, 5, "s", rows=600)]],
            "in s.csv its rule reads none",
        ),
        ([count(160, 160)], [[count(20, 160)]], "reads none, and it read 140 of the last 160"),
        # of small months several, and those without a value are passed over
        ([count(3, 3)], [[count(0, 9)], [], [count(0, 9)]], "read 18 of the last 18"),
        ([count(20, 20, rows=90_000)], [[count(0, 40)]], "reads none"),
        (
            [count(40, 40, "n.csv"), count(40, 40, "s.csv")],
            [[count(0, 30, "x"), count(0, 40, "y")]],
            "Of the 80 values of “STATUS” in n.csv and s.csv its rule reads none",
        ),
        (
            [count(3, 3, f"{n}.csv") for n in range(5)],
            [[count(0, 40)]],
            "in 0.csv, 1.csv, 2.csv and 2 files more its rule reads none",
        ),
    ],
)  # fmt: skip
def test_a_month_that_is_not_read_is_stopped(now: list[ReadCount], before: Any, said: str) -> None:
    assert said in told(now, *before)


def confirmed(
    unread: int, file: str, kind: str = "unread_values", column: str = "Status"
) -> Counted:
    """A delivery of one file, which somebody found right."""
    said = DriftFinding(
        feed="orders", kind=kind, severity="warn", column=column, detail="",
        recommendation=CONFIRMED,
    )  # fmt: skip
    return Counted([count(unread, 40)], [said], frozenset({file}))


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([confirmed(40, "m"), Counted([count(0, 40)])], ["block"]),
        ([confirmed(40, "m")], []),  # nothing else is known
        ([confirmed(40, "m"), confirmed(40, "n"), Counted([count(0, 40)])], []),
        # of the same files, as with corrections of them
        ([confirmed(40, "m"), confirmed(39, "m"), Counted([count(0, 40)])], ["block"]),
        ([confirmed(40, "m"), Counted([count(0, 40)]), confirmed(40, "n")], ["block"]),
        ([Counted([count(0, 40)]), confirmed(40, "m"), confirmed(40, "n")], ["block"]),
        # something else was found right
        ([confirmed(40, "m", "rejected_rows"), Counted([count(0, 40)])], []),
        ([confirmed(40, "m", column="Other"), Counted([count(0, 40)])], []),
    ],
)
def test_what_was_confirmed_once_measures_nothing(before: list[Counted], told: list[str]) -> None:
    file = FileReading(
        filename="a.csv", feed="orders", sha256="a", size_bytes=0, format="csv",
        columns=("STATUS",), received_rows=0, loaded_rows=0,
    )  # fmt: skip
    found = [*unread_values(MANIFEST, [file], [count(40, 40)], lambda _: before)]
    assert [f.severity for f in found] == told


def test_corrections_that_are_rejected_again_stop_nothing(tmp_path: Path) -> None:
    """They are told as such; nobody has to look at them twice."""
    world = of_branches(tmp_path, CODE)
    of_codes(world, 1, "open", "paid", "x")
    first = world.run()
    (rejects,) = (first.path / "rejects").glob("*.csv")
    world.drop("loads_rejects_back.csv", rejects.read_bytes().replace(b'"x"', b'"y"'))
    left = cleaned(world)
    assert left.drift == ()
    assert {one.file for one in left.counts} == {"loads_1.csv"}


def test_what_was_confirmed_of_a_profile_hides_nothing_that_is_not_read(world: World) -> None:
    world.drop("loads_2.csv", csv("id;Status", [[f"p{n};offen"] for n in range(3)]))
    assert "3 rows in loads_2" in world.stopped()
    for said in ("3 rows in loads_2.csv", "its rule reads none"):
        done = run_accept(world, "--yes")
        assert said in done.output
        batch_id = world.engagement.intake.state().batches[-1].batch_id
        if said == "its rule reads none":
            break
        assert "its rule reads none" in world.stopped(batch_id)
    assert world.run(batch_id).summary.rejected == 3


def test_a_stricter_rule_is_held_against_values_that_an_earlier_one_could_not_reject(
    with_amounts: World, tmp_path: Path
) -> None:
    world = with_amounts.copy_with_models(tmp_path / "client")
    yaml = yaml_of(world)
    text = yaml.read_text("utf-8")
    assert "{from: Status}" in text
    yaml.write_text(text.replace("{from: Status}", "{from: Status, rule: to_code, codes: [x]}"))
    of_amounts(world, "2")
    assert "its rule reads none, and it read 40" in world.stopped()
