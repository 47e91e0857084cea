"""What one of several files of a delivery shows is told of that file, and of no other."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from tests.chain.test_accepted import accept_all, csv, monthly, run_accept, yaml_of

from consulting.chain.preview import previews

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chain.conftest import World

NAMES = "Ada", "Bo", "Cy", "Di"


def drop(  # noqa: PLR0913, PLR0917 - a file is described by these
    world: World,
    file: str,
    month: int,
    form: str = "%d.%m.%Y",
    header: str = "id;w;customer;status",
    rows: int = 28,
) -> None:
    """A file with a row for each of the first days, 28 at most."""
    days = [date(2026, month, n + 1) for n in range(rows)]
    written = [
        [f"{file}{n}", day.strftime(form), NAMES[n % 4], ("open", "paid")[n % 2]]
        for n, day in enumerate(days)
    ]
    world.drop(f"kilo_{file}.csv", csv(header, [[";".join(row)] for row in written]))


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A client of months, two of which were delivered; copied, never changed."""
    texts = [{"name": name, "from": name} for name in ("customer", "status")]
    day = {"rule": "to_date", "formats": ["%d.%m.%Y"]}
    world = monthly(tmp_path_factory.mktemp("months") / "client", day, *texts)
    for month in (1, 2):
        drop(world, f"2026-0{month}", month)
        world.run()
        (world.folder.incoming / f"kilo_2026-0{month}.csv").unlink()
    return world


@pytest.fixture
def world(delivered: World, tmp_path: Path) -> World:
    """The client, whose file of March's first half lies there as it should."""
    world = delivered.copy_with_models(tmp_path / "client")
    drop(world, "2026-03_a", 3)
    return world


def test_one_file_of_last_months_rows_stops_by_its_name(world: World) -> None:
    drop(world, "2026-03_b", 2)
    assert world.stopped() == (
        "The dates in “w” of kilo_2026-03_b.csv lie outside of 2026-03, the period of these "
        "files; those of the last ones lay in theirs."
    )


def test_one_file_whose_headers_changed_places_stops_by_its_name(world: World) -> None:
    drop(world, "2026-03_b", 3, header="id;w;status;customer")
    assert world.stopped() == (
        "“customer” holds what “status” held in the delivery of 2026-02, and the reverse, in "
        "kilo_2026-03_b.csv."
    )
    with previews(world.engagement) as tried:
        assert "“customer” holds what “status” held" in (tried().refused or "")


def test_each_file_that_is_found_right_is_named(world: World) -> None:
    (world.folder.incoming / "kilo_2026-03_a.csv").unlink()
    for period in ("2026-03", "2026-04"):
        drop(world, period, 2)
        assert f"“w” of kilo_{period}.csv lie outside of {period}" in world.stopped()
    done = run_accept(world, "--yes").output
    for period in ("2026-03", "2026-04"):
        assert f"The dates in “w” of kilo_{period}.csv lie outside of {period}" in done
        assert f"`dg launch --job acme_corp_cleaning --partition {period}`" in done


def test_one_file_that_writes_dates_in_another_form_is_accepted_beside_the_other(
    world: World,
) -> None:
    drop(world, "2026-03_b", 3, form="%m/%d/%Y")
    assert world.stopped() == (
        "“w” is written MM/DD/YYYY now, in kilo_2026-03_b.csv; its rule does not read that."
    )
    accept_all(world)
    yaml = yaml_of(world).with_name("kilo.yml").read_text("utf-8")
    assert 'formats: ["%d.%m.%Y", "%m/%d/%Y"]' in yaml
    delivery = world.run(world.engagement.intake.state().batches[-1].batch_id)
    assert (delivery.summary.delivered, delivery.summary.rejected) == (56, 0)


def test_halves_of_a_batch_are_accepted_before_they_ran(world: World) -> None:
    drop(world, "2026-03_b", 3, form="%m/%d/%Y")
    waiting = None
    while len(world.engagement.intake.state().batches) != 2:
        world.stopped(waiting)
        waiting = world.engagement.intake.state().batches[-1].batch_id
    accept_all(world)
    for batch in world.engagement.intake.state().batches:
        delivery = world.run(batch.batch_id)
    assert (delivery.summary.delivered, delivery.summary.rejected) == (56, 0)


SWAPPED = "id;w;status;customer"


def test_each_of_several_files_is_named_before_all_are_found_right(world: World) -> None:
    for file in "bc":
        drop(world, f"2026-03_{file}", 3, header=SWAPPED)
    world.stopped()
    told = run_accept(world, "--dry-run").output
    for file in "bc":
        assert f"and the reverse, in kilo_2026-03_{file}.csv." in told


def test_what_was_found_right_of_a_file_holds_beside_one_that_a_patch_lets_go(
    world: World,
) -> None:
    intake = world.engagement.intake
    (world.folder.incoming / "kilo_2026-03_a.csv").unlink()
    drop(world, "2026-03_b", 3, header=SWAPPED)
    drop(world, "2026-03_c", 3, header="id;w;client;status")
    while len(intake.state().quarantined) != 2:
        waiting = [batch.batch_id for batch in intake.state().batches]
        world.stopped(waiting[-1] if waiting else None)
    done = run_accept(world, answer="y\ny\n")
    assert done.exit_code == 0, done.output
    assert world.run().summary.delivered == 56


def test_a_swap_that_was_found_right_once_is_no_measure_of_other_files(world: World) -> None:
    drop(world, "2026-03_b", 3, header=SWAPPED)
    assert "in kilo_2026-03_b.csv" in world.stopped()
    waiting = world.engagement.intake.state().batches[-1].batch_id
    drop(world, "2026-04_a", 4)
    drop(world, "2026-04_b", 4, header=SWAPPED)
    assert "in kilo_2026-04_b.csv" in world.stopped()
    assert run_accept(world, answer="n\ny\n").exit_code == 0
    newest = world.engagement.intake.state().batches[-1].batch_id
    assert newest != waiting
    assert world.run(newest).summary.delivered == 56
    # an older period is held against its own, and a newer one against what nobody was asked about
    assert "in kilo_2026-03_b.csv" in world.stopped(waiting)
    drop(world, "2026-05_a", 5, header=SWAPPED)
    drop(world, "2026-05_b", 5)
    assert world.stopped() == (
        "“status” holds what “customer” held in the delivery of 2026-02, and the reverse, in "
        "kilo_2026-05_a.csv."
    )
    assert run_accept(world, answer="n\ny\n").exit_code == 0
    assert world.run(world.engagement.intake.state().batches[-1].batch_id).summary.delivered == 56
    # found right twice running, it is how files are by now
    drop(world, "2026-06_a", 6, header=SWAPPED)
    drop(world, "2026-06_b", 6)
    assert world.run().summary.delivered == 56


@pytest.mark.parametrize("wrong", ["one file", "all files"])
def test_a_half_stops_for_its_few_rows_where_the_whole_did(world: World, wrong: str) -> None:
    for file in "abc" if wrong == "one file" else "ab":
        drop(world, f"2026-03_{file}", 3, rows=1)
    if wrong == "one file":
        drop(world, "2026-03_a", 3, header=SWAPPED)
    intake = world.engagement.intake
    stops = [world.tried()]
    while waiting := intake.state().batches:
        stops.append(world.tried(waiting[0].batch_id))
    few_rows = [stop for stop in stops if "of 2026-02 had 28" in stop]
    delivered = sum(fact.files for fact in intake.deliveries() if fact.period == "2026-03")
    quarantined = [one.drop.key for one in intake.state().quarantined]
    if wrong == "one file":
        assert (few_rows, delivered, quarantined) == ([], 2, ["kilo_2026-03_a.csv"])
    else:
        assert (few_rows, delivered, len(quarantined)) == (stops, 0, 2)


def test_one_file_that_holds_words_makes_no_texts_of_the_dates_of_all(world: World) -> None:
    drop(world, "2026-03_b", 3, form="on request")
    world.stopped()
    before = yaml_of(world).with_name("kilo.yml").read_text("utf-8")
    done = run_accept(world, "--yes")
    assert (
        "Its rule reads 28 of 56 values, which would become texts. Have the client send the file "
        "that differs again." in done.output
    )
    assert yaml_of(world).with_name("kilo.yml").read_text("utf-8") == before


def test_a_file_that_was_discarded_is_asked_about_no_more(world: World) -> None:
    intake = world.engagement.intake
    drop(world, "2026-03_b", 3, header=SWAPPED)
    drop(world, "2026-03_c", 3, header="id;w;client;status")
    world.stopped()
    denied = run_accept(world, answer="y\nn\n")
    assert (
        "as it is. Mend the feed's YAML by hand and accept again, have the client" in denied.output
    )
    assert "acme_corp: the patch is applied, and no file is tried again." in denied.output
    assert "client" in yaml_of(world).with_name("kilo.yml").read_text("utf-8")
    (swapped,) = [one.drop.drop_id for one in intake.history() if "_b" in one.drop.key]
    assert intake.discard(swapped, dry_run=False).after == "discarded"
    assert "nothing to accept yet; a batch waits for a run" in run_accept(world).output
    assert world.run(intake.state().batches[0].batch_id).summary.delivered == 56


def test_two_files_as_before_stop_nothing(world: World) -> None:
    drop(world, "2026-03_b", 3)
    assert world.run().summary.delivered == 56
