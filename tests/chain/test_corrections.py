"""Rejected rows that come back corrected, through the whole chain."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import openpyxl
import pytest
from parsed_once import lay_shared

from consulting import chain
from consulting.chain.artifacts import Cleaning, Intake
from consulting.chain.differing import compare_deliveries, forgotten
from consulting.chain.preview import previews
from consulting.chain.replay import verify_delivery
from consulting.chain.tier import forgotten_below, lower_tier
from consulting.cleaning import write_feed_models
from consulting.components.engagement.metadata import of_received, readable_check
from consulting.delivery import read_delivery
from consulting.errors import DeliveryError, NothingNewError

from .conftest import World
from .test_delivering import HEADER, customer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consulting.delivery import Delivery
    from consulting.records import FeedAccount

Rows = list[dict[str, str]]
BAD_FILE = (
    HEADER
    + customer(1)
    + customer(2).replace("USA", "Atlantis")
    + customer(3)
    + customer(4).replace("2024-01-05", "soon")
    + customer(5).replace(",active,", ",=actve,").replace("Ada Nr5", "-Ada Nr5")
    + customer(6)
    + customer(7).replace("USA", "Mu")
    + customer(8).strip()
    + ",one,two,too many\n"
    + customer(9)
)


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def rejects_of(delivery: Delivery, feed: str = "customers") -> Rows:
    return read(delivery.path / f"rejects/{feed}_rejects.csv")


def as_csv(rows: Rows, delimiter: str = ",") -> str:
    lines = []
    for row in [dict(zip(rows[0], rows[0], strict=True)), *rows]:
        cells = ('"' + cell.replace('"', '""') + '"' for cell in row.values())
        lines.append(delimiter.join(cells) + "\n")
    return "".join(lines)


def account(world: World, delivery: Delivery, feed: str = "customers") -> FeedAccount:
    path = world.folder.run(delivery.delivery_id) / "cleaning.json"
    accounts = Cleaning.model_validate_json(path.read_bytes()).accounts
    return next(one for one in accounts if one.feed == feed)


def newest(world: World) -> Delivery:
    found = read_delivery(world.folder, world.deliveries()[-1])
    assert found is not None
    return found


@pytest.fixture
def desk(master: World, tmp_path: Path) -> World:
    return master.copy(tmp_path / "copy")


def customers_of(received: Intake, world: World) -> Rows:
    """The raw rows of the feed, in order."""
    import duckdb

    assert received.in_use
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        found = connection.execute("SELECT * FROM raw.customers ORDER BY _row_id").fetchall()
        names = [column[0] for column in connection.description or []]
    return [dict(zip(names, row, strict=True)) for row in found]


def counts(received: Intake) -> dict[str, int]:
    """What became of the rows of the corrections files in force, together."""
    total: Counter[str] = Counter()
    for reading in received.in_use:
        if reading.corrections:
            total.update(reading.corrections.model_dump(exclude={"rows_path", "still_unknown"}))
    return {name: count for name, count in total.items() if count}


def settle(world: World) -> Intake:
    """Receive what is there and mark it delivered, without the stages between."""
    received = world.receive("settle")
    batch_id, now = received.batch.batch_id, datetime.now(UTC)
    world.engagement.intake.delivered(batch_id, "settle", now=now)
    return received


def right(rows: Rows) -> Rows:
    """The rejected rows as they should be."""
    good = dict(zip(HEADER.strip().split(","), customer(0).strip().split(","), strict=True))
    fixed = []
    for row in rows:
        number = int(row["_row"]) - 1
        mine = {key: cell.replace("000000", f"{number:06d}") for key, cell in good.items()}
        mine |= {
            "Full Name": f"Ada Nr{number}",
            "Email": f"ada{number}@example.com",
            "Phone": f"(415) 555-{number:04d}",
        }
        fixed.append({**row, **mine})
    return fixed


def test_a_corrected_workbook_takes_the_place_of_the_rows_it_corrects(desk: World) -> None:
    first = newest(desk)
    book = openpyxl.load_workbook(first.path / "rejects/customers_rejects.xlsx")
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, at["Country"]).value = "USA"
    sheet.cell(3, at["Signup Date"]).value = "2024-01-05"
    for name, cell in right(rejects_of(first))[4].items():
        sheet.cell(6, at[name]).value = cell if name in HEADER else sheet.cell(6, at[name]).value
    sheet.delete_rows(5)
    book.move_sheet(sheet, 1)
    book.save(desk.folder.incoming / "customers_rejects (1).xlsx")
    second = desk.run()
    before, after = account(desk, first), account(desk, second)
    assert (before.received, before.delivered, sum(before.rejected.values())) == (9, 4, 5)
    assert (after.received, after.delivered, sum(after.rejected.values())) == (9, 7, 2)
    assert after.carried_from == first.delivery_id
    words = "customers_rejects (1).xlsx: 4 rows: 3 corrected, 1 unchanged"
    assert words in desk.said
    assert words in (second.path / "quality_report.html").read_text()
    assert words.partition(": ")[2] in (second.path / "transform_log.csv").read_text()
    kept = {row["_row"]: row["_correction_id"] for row in rejects_of(first)}
    assert {row["_row"]: row["_correction_id"] for row in rejects_of(second)} == {
        row: kept[row] for row in ("6", "8")
    }
    receipt = read(second.path / "rejects/customers_corrections.csv")
    assert [(row["result"], row["changed"]) for row in receipt[:3]] == [
        ("corrected", "Country"),
        ("corrected", "Signup Date"),
        ("unchanged", ""),
    ]
    profile = desk.profile_of(second)
    names = {column.name for feed in profile.profiles for column in feed.columns}
    assert names == set(HEADER.strip().split(","))
    assert profile.drift == ()
    assert verify_delivery(desk.engagement, second.delivery_id, log=print) == []


def test_a_correction_that_is_rejected_again_is_told_so_with_its_new_reason(desk: World) -> None:
    rows = right(rejects_of(newest(desk)))
    rows[0]["Country"] = "Atlantis again"
    rows[1] |= {"Country": "USA", "Signup Date": "later"}
    desk.drop("customers_rejects.csv", as_csv(rows))
    second = desk.run()
    after = account(desk, second)
    assert (after.received, after.delivered, sum(after.rejected.values())) == (9, 7, 2)
    written = "YYYY-MM-DD or MM/DD/YYYY or DD Mon YYYY or Month DD, YYYY"
    reasons = [
        "“Country” is not on the agreed list (expected: one of US, CA, GB, DE)",
        f"“Signup Date” is not a date (expected: date, written {written})",
    ]
    assert [row["_reason"] for row in rejects_of(second)] == reasons
    receipt = read(second.path / "rejects/customers_corrections.csv")
    assert [(row["result"], row["reason"]) for row in receipt] == [
        ("rejected again", reasons[0]),
        ("rejected again", reasons[1]),
        ("corrected", ""),
        ("corrected", ""),
        ("corrected", ""),
    ]
    words = "customers_rejects.csv: 5 rows: 3 corrected, 2 rejected again"
    assert f"your corrections, {words}" in (second.path / "quality_report.html").read_text()
    assert words.partition(": ")[2] in (second.path / "transform_log.csv").read_text()
    manifest = json.loads((second.path / "manifest.json").read_text())
    [counted] = [file["corrections"] for file in manifest["raw_files"] if "corrections" in file]
    assert counted["corrected"] == 5, "as they were taken over"
    assert "rejected_again" not in counted
    assert verify_delivery(desk.engagement, second.delivery_id, log=print) == []
    # under the same id it can be corrected once more
    desk.drop("customers_rejects (2).csv", as_csv(right(rejects_of(second))))
    third = desk.run()
    assert not (third.path / "rejects/customers_rejects.csv").exists()
    receipt = read(third.path / "rejects/customers_corrections.csv")
    assert {row["result"] for row in receipt} == {"corrected"}
    # and models are tried on files of which some are of corrections
    with previews(desk.engagement) as tried:
        found = tried()
    assert (found.batch_id, found.refused) == (third.delivery_id, None)
    (customers,) = found.feeds
    assert (customers.received.now, customers.delivered.now) == (9, 9)


def test_a_corrected_file_gives_the_rows_that_a_right_file_would_have_given(
    desk: World, tmp_path: Path
) -> None:
    first = newest(desk)
    desk.drop("customers_rejects.csv", as_csv(right(rejects_of(first))))
    received = desk.receive("corrected")
    assert counts(received) == {"corrected": 5}
    fresh = World(tmp_path / "fresh")
    fresh.drop("customers_1.csv", HEADER + "".join(map(customer, range(1, 10))))
    assert customers_of(received, desk) == customers_of(fresh.receive("right"), fresh)


@pytest.mark.parametrize(
    ("name", "encode"),
    [
        ("customers_rejects - Kopie.csv", lambda text: text.encode("utf-16")),
        ("CUSTOMERS_REJECTS.CSV", lambda text: text.replace(",", ";").encode("cp1252")),
        ("customers_rejects.txt", lambda text: text.replace(",", "\t").encode("utf-8-sig")),
        ("customers back.csv", lambda text: ("Please find enclosed\n\n" + text).encode()),
        ("customers_rejects.csv.gz", lambda text: gzip.compress(text.encode())),
        ("orders_rejects.csv", lambda text: text.encode()),
    ],
)
def test_however_it_was_saved_and_named_it_is_known_by_its_ids(
    desk: World, name: str, encode: Callable[[str], bytes]
) -> None:
    desk.drop(name, encode(as_csv(right(rejects_of(newest(desk))))))
    received = desk.receive("any form")
    assert counts(received) == {"corrected": 5}, desk.said
    told = of_received(received, desk.engagement)
    assert (told["file_count"], "5 rows: 5 corrected" in str(told["corrections"])) == (1, True)
    assert readable_check("readable", received).passed
    assert {file.feed for file in received.own_corrections} == {"customers"}
    assert {row["Country"] for row in customers_of(received, desk)} == {"USA"}


def test_a_name_that_says_nothing_is_quarantined_and_told_how_to_call_it(desk: World) -> None:
    desk.drop("from Bob.csv", as_csv(right(rejects_of(newest(desk)))))
    with pytest.raises(NothingNewError):
        desk.receive("no feed")
    (aside,) = desk.engagement.intake.state().quarantined
    assert (aside.code, "<feed>_rejects" in str(aside.fix)) == ("no_feed", True)
    (desk.folder.incoming / "from Bob.csv").rename(
        desk.folder.incoming / "customers_rejects from Bob.csv"
    )
    assert counts(desk.receive("renamed")) == {"corrected": 5}


def test_an_apostrophe_that_we_put_in_front_does_not_come_back(desk: World) -> None:
    rows = rejects_of(newest(desk))
    row = next(row for row in rows if row["Status"] == "'=actve")
    desk.drop("customers_rejects.csv", as_csv([{**row, "Status": "active"}]))
    received = desk.receive("formula")
    assert counts(received) == {"corrected": 1}
    (found,) = [one for one in customers_of(received, desk) if one["_row"] == int(row["_row"])]
    assert (found["Full Name"], found["Status"]) == ("-Ada Nr5", "active")


def test_repeated_and_unknown_rows_are_counted_and_the_unknown_are_set_aside(desk: World) -> None:
    first = newest(desk)
    rows = right(rejects_of(first))
    twice = {**rows[0], "Country": "Canada"}
    strange = {**rows[1], "_correction_id": "R-0000000000000000"}
    desk.drop("customers_rejects.csv", as_csv([rows[0], twice, strange]))
    second = desk.run()
    words = "customers_rejects.csv: 3 rows: 1 corrected, 1 repeated, 1 not recognised"
    assert words in desk.said
    after = account(desk, second)
    assert (after.received, after.delivered, after.unaccounted) == (10, 5, 0)
    assert after.rejected["correction:not_recognised"] == 1
    assert [row["result"] for row in read(second.path / "rejects/customers_corrections.csv")] == [
        "corrected",
        "repeated",
        "not recognised",
    ]
    assert (
        "include 1 row of corrections files that we could not match"
        in (second.path / "quality_report.html").read_text()
    )
    aside = rejects_of(second)[-1]
    assert (aside["_file"], aside["_row"]) == ("customers_rejects.csv", "4")
    assert "no row that we rejected" in aside["_reason"]
    # it can be corrected like any other, under the id that it was given now
    desk.drop("customers_rejects 2.csv", as_csv([{**aside, **_own(rows[1])}]))
    received = desk.receive("again")
    assert received.in_use[-1].corrections
    assert received.in_use[-1].corrections.corrected == 1
    countries = Counter(row["Country"] for row in customers_of(received, desk))
    assert countries["Canada"] == 0, "the first of two wins"
    assert sum(reading.received_rows for reading in received.in_use) == 10


def _own(row: dict[str, str]) -> dict[str, str]:
    return {key: cell for key, cell in row.items() if not key.startswith("_")}


def test_the_same_corrections_again_change_nothing(desk: World) -> None:
    rows = right(rejects_of(newest(desk)))
    desk.drop("customers_rejects.csv", as_csv(rows))
    before = customers_of(settle(desk), desk)
    desk.drop("customers_rejects copy.csv", as_csv(rows))
    with pytest.raises(NothingNewError):
        desk.receive("same bytes")
    desk.drop("customers_1 copy.csv", BAD_FILE)
    with pytest.raises(NothingNewError):
        desk.receive("the file they correct")
    desk.drop("customers_rejects saved.csv", as_csv(rows, delimiter=";"))
    received = desk.receive("saved again")
    assert counts(received) == {"corrected": 5, "unchanged": 5}
    assert customers_of(received, desk) == before


def test_a_later_correction_wins_and_a_stale_copy_undoes_nothing(desk: World) -> None:
    sent = rejects_of(newest(desk))
    rows = right(sent)
    desk.drop("customers_rejects_1.csv", as_csv([{**rows[0], "Country": "Canada"}]))
    desk.drop("customers_rejects_2.csv", as_csv([{**rows[0], "Country": "UK"}, *sent[1:]]))
    desk.drop("customers_rejects_3.csv", as_csv([sent[0], *rows[1:3]]))
    received = desk.receive("several")
    assert counts(received) == {"corrected": 4, "unchanged": 5}
    found = {row["_row"]: row["Country"] for row in customers_of(received, desk)}
    assert [found[row] for row in (3, 5, 6)] == ["UK", "USA", "USA"]


def test_of_two_copies_of_a_row_the_second_undoes_nothing_of_the_first_that_it_left_alone(
    desk: World,
) -> None:
    row = rejects_of(newest(desk))[0]
    first = row | {"Country": "USA", "Full Name": "Ada New", "Phone": "(415) 555-9999"}
    for name, one in enumerate((first, row | {"Country": "USA"}, row | {"Country": "UK"})):
        desk.drop(f"customers_rejects_{name}.csv", as_csv([one]))
    received = desk.receive("two people")
    assert counts(received) == {"corrected": 2, "unchanged": 1}
    corrected = customers_of(received, desk)[1]
    told = [corrected[key] for key in ("Country", "Full Name", "Phone")]
    assert told == ["UK", "Ada New", "(415) 555-9999"]


def test_a_cell_that_was_right_and_comes_back_in_another_notation_is_left_alone(
    desk: World,
) -> None:
    sent = rejects_of(newest(desk))
    atlantis, soon = sent[0], sent[1]
    assert (atlantis["Signup Date"], soon["Signup Date"]) == ("2024-01-05", "soon")
    # as an American spreadsheet saves the CSV; and a day that somebody wrote
    back = [
        atlantis | {"Country": "USA", "Signup Date": "1/5/2024"},
        soon | {"Signup Date": "01/06/2024"},
    ]
    desk.drop("customers_rejects.csv", as_csv(back))
    received = desk.receive("saved")
    found = {row["_row"]: row for row in customers_of(received, desk)}
    assert [found[3][key] for key in ("Country", "Signup Date")] == ["USA", "2024-01-05"]
    assert found[5]["Signup Date"] == "01/06/2024"
    assert "1 cell was changed by a spreadsheet" in received.in_use[-1].warnings[0]


def test_corrections_are_carried_on_with_the_files_they_correct(desk: World) -> None:
    first = newest(desk)
    rows = right(rejects_of(first))
    desk.drop("customers_rejects_a.csv", as_csv(rows[:2]))
    settle(desk)
    desk.drop("customers_rejects_b.csv", as_csv([{**rows[0], "Country": "Mu"}, *rows[2:4]]))
    third = desk.run()
    after = account(desk, third)
    assert (after.received, after.delivered, after.carried_from) == (9, 7, first.delivery_id)
    assert verify_delivery(desk.engagement, third.delivery_id, log=print) == []
    desk.drop("customers_rejects_c.csv", as_csv([rows[0]]))
    received = desk.receive("more")
    assert [file.reading.filename[-5] for file in received.corrections] == ["a", "b", "c"]
    assert {row["Country"] for row in customers_of(received, desk)} == {"USA"}


def test_a_file_that_is_processed_again_brings_its_corrections_again(desk: World) -> None:
    desk.drop("customers_rejects.csv", as_csv(right(rejects_of(newest(desk)))))
    corrected = customers_of(settle(desk), desk)
    desk.drop("customers_2.csv", HEADER + "".join(map(customer, range(1, 12))))
    assert counts(settle(desk)) == {}
    intake = desk.engagement.intake
    story = next(one for one in intake.history() if one.delivered_in == desk.deliveries()[0])
    intake.reprocess([story.drop.drop_id], dry_run=False)
    received = desk.receive("reprocess")
    assert (len(received.readings), counts(received)) == (1, {"corrected": 5})
    assert customers_of(received, desk) == corrected


def test_a_row_of_an_older_file_is_added_once_and_never_again(desk: World) -> None:
    rows = right(rejects_of(newest(desk)))
    desk.drop("customers_2.csv", HEADER + "".join(map(customer, range(11, 20))))
    settle(desk)
    desk.drop("customers_rejects.csv", as_csv([rows[0], {**rows[4], "Country": "Mu"}]))
    third = desk.run()
    after = account(desk, third)
    assert (after.received, after.delivered, sum(after.rejected.values())) == (11, 10, 1)
    report = (third.path / "quality_report.html").read_text()
    assert "the rows received include 2 corrected rows of earlier files" in report
    assert verify_delivery(desk.engagement, third.delivery_id, log=print) == []
    assert [row["_correction_id"] for row in rejects_of(third)] == [rows[4]["_correction_id"]]
    desk.drop("customers_3.csv", HEADER + "".join(map(customer, range(21, 30))))
    assert len(customers_of(settle(desk), desk)) == 9, "a new file stands for itself"
    desk.drop("customers_rejects b.csv", as_csv(rows, delimiter=";"))
    received = desk.receive("late")
    assert counts(received) == {"corrected": 4, "added": 4, "settled": 1}


def test_earlier_deliveries_may_be_moved_away(desk: World, tmp_path: Path) -> None:
    first = newest(desk)
    desk.drop("customers_2.csv", HEADER + "".join(map(customer, range(11, 20))))
    desk.drop("customers_rejects.csv", as_csv(right(rejects_of(first))))
    archived = shutil.move(first.path, tmp_path / first.delivery_id)
    second = desk.run()
    after = account(desk, second)
    assert (after.received, after.delivered, sum(after.rejected.values())) == (14, 14, 0)
    assert verify_delivery(desk.engagement, second.delivery_id, log=print) == []
    assert compare_deliveries(desk.engagement).not_held == ("customers",)
    with pytest.raises(DeliveryError, match=r"no longer lies in deliverables/\. Bring its folder"):
        verify_delivery(desk.engagement, first.delivery_id, log=print)
    # with all of it there, as a release that kept nothing of it left it, the rows alone are told
    shutil.move(archived, first.path)
    shutil.rmtree(desk.folder.sent(first.delivery_id))
    again = verify_delivery(desk.engagement, second.delivery_id, log=print)
    assert [each.file for each in again] == ["comparison.html", "comparison.json", "manifest.json"]
    assert again[0].detail == (
        f"compares row by row with {first.delivery_id}, whose folder was since brought back to "
        "`deliverables/`. Move it away, and verify again."
    )
    assert again[-1].detail.startswith("differs in files")
    assert json.loads((second.path / "comparison.json").read_bytes())["not_held"] == ["customers"]
    shutil.rmtree(first.path)
    told = verify_delivery(desk.engagement, second.delivery_id, log=print)
    assert "rejects/customers_corrections.csv" in [each.file for each in told], "nothing is known"


def history_of(world: World) -> list[tuple[str, int]]:
    """Rows by delivery."""
    import duckdb

    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        query = "SELECT _delivery_id, count(*) FROM history.customers GROUP BY 1 ORDER BY 1"
        return connection.execute(query).fetchall()


def test_what_was_replaced_stays_so_when_that_which_replaced_it_is_moved_away(
    desk: World, tmp_path: Path
) -> None:
    first = newest(desk)
    desk.engagement.intake.reprocess([1], dry_run=False)
    second = desk.run()
    assert second.supersedes == first.delivery_id
    archive = desk.folder.deliverables / "archive"
    archive.mkdir()
    shutil.move(second.path, archive)
    desk.drop("customers_2.csv", HEADER + "".join(map(customer, range(11, 20))))
    third = desk.run()
    assert history_of(desk) == [(second.delivery_id, 4), (third.delivery_id, 9)]
    # folders may stay where their files went
    for path in desk.folder.deliverables.rglob("*"):
        if path.is_file():
            path.unlink()
    desk.drop("customers_3.csv", HEADER + "".join(map(customer, range(21, 28))))
    fourth = desk.run()
    assert history_of(desk)[1:] == [(third.delivery_id, 9), (fourth.delivery_id, 7)]
    # what is kept and can not be read is named by where it lies
    kept = desk.folder.sent(third.delivery_id) / "manifest.json"
    kept.write_text("{", encoding="utf-8")
    named = f"^runs/{third.delivery_id}/sent: manifest.json is not JSON"
    with pytest.raises(DeliveryError, match=named):
        compare_deliveries(desk.engagement)


@pytest.mark.parametrize("tier", [1, 2])
def test_below_tier_3_corrections_are_set_aside_with_the_tiers_words(
    master: World, tmp_path: Path, tier: int
) -> None:
    rows = right(rejects_of(newest(master)))
    world = master.copy(tmp_path / "copy", security_tier=tier)
    lower_tier(world.engagement, now=datetime.now(UTC))
    world.drop("customers_rejects.csv", as_csv(rows))
    received = world.receive("blocked")
    (aside,) = received.quarantined
    assert aside.code == "corrections_blocked"
    # below tier 3 a name is told by its feed's part
    assert re.fullmatch(r"customers_\*~[0-9a-f]{6}\.csv", aside.filename)
    assert f'BLOCKED: "apply corrections" requires tier 3; acme_corp is at tier {tier}' in (
        aside.reason
    )
    assert not [
        p for p in world.folder.path.rglob("customers_rejects.csv") if "incoming" not in str(p)
    ]


def test_a_file_of_which_no_row_is_known_is_set_aside_whole(desk: World) -> None:
    rows = right(rejects_of(newest(desk)))
    foreign = [{**row, "_correction_id": f"R-{number:016d}"} for number, row in enumerate(rows)]
    desk.drop("customers_rejects.csv", as_csv(foreign))
    desk.drop("customers_rejects.xlsx", b"PK\x03\x04 _correction_id")
    received = desk.receive("foreign")
    assert sorted((q.filename, q.code) for q in received.quarantined) == [
        ("customers_rejects.csv", "corrections_unknown"),
        ("customers_rejects.xlsx", "archive_broken"),
    ]
    assert received.corrections == ()


def test_what_is_corrected_must_still_be_held(desk: World) -> None:
    desk.drop("customers_rejects.csv", as_csv(right(rejects_of(newest(desk)))))
    shutil.rmtree(desk.folder.path / "runs")
    received = desk.receive("lost")
    assert [q.code for q in received.quarantined] == ["corrections_without_base"]
    assert received.in_use == ()


def test_leading_zeros_that_a_spreadsheet_took_away_are_kept(desk: World) -> None:
    rows = right(rejects_of(newest(desk)))[:3]
    spoilt = [{**row, "Customer ID": row["Customer ID"].lstrip("0")} for row in rows]
    desk.drop("customers_rejects.csv", as_csv(spoilt))
    received = desk.receive("spoilt")
    ids = [row["Customer ID"] for row in customers_of(received, desk)]
    assert ids == [f"{number:06d}" for number in (1, 2, 3, 4, 5, 6, 7, 9)]
    assert "3 cells were changed by a spreadsheet" in received.in_use[-1].warnings[0]


def test_a_row_that_is_lost_on_the_way_blocks_the_delivery(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consulting.corrections import rows as corrections_rows

    desk.drop("customers_rejects.csv", as_csv(right(rejects_of(newest(desk)))))
    merged = corrections_rows._merged
    monkeypatch.setattr(
        corrections_rows, "_merged", lambda table, made: merged(table, made).slice(1)
    )
    # a child would have the code as it is
    monkeypatch.setattr(
        "consulting.chain.corrected.within", lambda *all, **named: all[4](*all[5:], **named)
    )
    batch_id = desk.receive("fault").batch.batch_id
    cleaning = chain.clean(desk.engagement, batch_id=batch_id, run_id="fault", log=print)
    assert chain.unaccounted(cleaning) == "feed customers: +1 rows unaccounted for"


def test_a_history_that_is_lost_with_its_warehouse_and_archive_is_told(
    desk: World, tmp_path: Path
) -> None:
    first = newest(desk)
    archived = shutil.move(first.path, tmp_path / first.delivery_id)
    desk.folder.warehouse.unlink()
    desk.drop("customers_2.csv", HEADER + "".join(map(customer, range(11, 20))))
    second = desk.run()
    assert history_of(desk) == [(second.delivery_id, 9)]
    assert (
        f"history.customers does not hold {first.delivery_id}, as when a warehouse is lost, and "
        "what was delivered was moved away: put 1 folder back into `deliverables/`, and the next "
        "delivery takes the rows from there"
    ) in desk.said
    shutil.move(archived, first.path)
    desk.drop("customers_3.csv", HEADER + "".join(map(customer, range(21, 28))))
    third = desk.run()
    assert history_of(desk) == [
        (first.delivery_id, 4),
        (second.delivery_id, 9),
        (third.delivery_id, 7),
    ]
    # what a delivery was compared with, and is moved away since, is told when it is verified
    shutil.move(second.path, tmp_path)
    told = verify_delivery(desk.engagement, third.delivery_id, log=print)
    since = "whose folder was since moved out of `deliverables/`. Bring it back, and verify again."
    assert [each.detail.endswith(since) for each in told] == [True, True, False]
    assert history_of(desk)[-1] == (third.delivery_id, 7)


def test_a_delivery_that_a_lowered_tier_made_unknown_is_told(desk: World, tmp_path: Path) -> None:
    first = newest(desk)
    shutil.move(first.path, tmp_path / first.delivery_id)
    assert forgotten(desk.engagement) == []
    assert forgotten_below(desk.engagement) == [first.delivery_id]
    lower = desk.copy(tmp_path / "lower", security_tier=2)
    lower_tier(lower.engagement, now=datetime.now(UTC))
    assert forgotten(lower.engagement) == [first.delivery_id]
    lower.drop("customers_2.csv", HEADER + "".join(map(customer, range(11, 20))))
    lower.run()
    words = f"Nothing is held of {first.delivery_id}: moved out of `deliverables/`"
    for asked in ((first.delivery_id,), ()):
        with pytest.raises(DeliveryError, match=words):
            compare_deliveries(lower.engagement, *asked)


NOTATIONS: list[dict[str, object]] = [
    {"name": "id", "from": "id"},
    {"name": "share", "from": "share", "rule": "to_decimal", "unit": "%", "decimal": "comma"},
    {"name": "price", "from": "price", "rule": "to_money", "decimal": "comma"},
    {"name": "currency", "from": "price", "rule": "to_currency"},
    {"name": "load", "from": "load", "rule": "to_decimal", "unit": "kg", "decimal": "comma"},
    {"name": "bare", "from": "bare", "rule": "to_decimal", "decimal": "comma"},
    {"name": "q", "from": "q", "rule": "to_integer"},
]


def rule_of_loads(world: World, mark: str) -> None:
    """Let the rule of the last column read numbers with this mark."""
    (world.dbt_dir / f"models/clients/{world.client_id}/loads.yml").unlink(missing_ok=True)
    last = {"name": "w", "from": "w", "rule": "to_decimal", "decimal": mark}
    write_feed_models(world.dbt_dir, world.client_id, "loads", [*NOTATIONS, last])


@pytest.fixture(scope="module")
def of_loads(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A client of numbers, three rows of which were rejected; copied, never changed."""
    root = tmp_path_factory.mktemp("loads") / "client"
    lay_shared(root / "dbt")
    feeds = [{"name": "loads", "files": "loads*"}]
    world = World(root / "data", dbt_dir=root / "dbt", security_tier=3, feeds=feeds)
    rule_of_loads(world, "comma")
    lines = [f"{n};{n},5 %;{n},50 $;{n},2 kg;0,{n};{n};{n},25" for n in range(10, 50)]
    lines[3:6] = [f"{n};x;x;x;x;x;{w}" for n, w in ((13, "5,353"), (14, "12"), (15, "7,5"))]
    world.drop("loads_01.csv", "id;share;price;load;bare;q;w\n" + "\n".join(lines) + "\n")
    world.run()
    return world


@pytest.fixture
def numbers(of_loads: World, tmp_path: Path) -> World:
    """The client of numbers."""
    return of_loads.copy_with_models(tmp_path / "client")


def test_typed_numbers_in_rejects_that_came_back_are_read_as_they_are_shown(
    numbers: World,
) -> None:
    book = openpyxl.load_workbook(newest(numbers).path / "rejects/loads_rejects.xlsx")
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[1]}
    formats = {"price": "#,##0.00 [$€-407]", "load": '0.0 "kg"', "share": "0.0%", "bare": "0.0%"}
    for row, value in ((2, 0.25), (3, 0.07)):
        for name, code in formats.items():
            cell = sheet.cell(row, at[name])
            cell.value, cell.number_format = value, code
    for name, value in (("price", 4.5), ("load", 5.5), ("share", 7.25), ("bare", 1.234)):
        sheet.cell(4, at[name]).value = value
    sheet.cell(4, at["load"]).number_format = '0.0 "lb"'
    for row in (2, 3, 4):
        sheet.cell(row, at["q"]).value = 14
    book.save(numbers.folder.incoming / "loads_rejects.xlsx")
    second = numbers.run()
    with duckdb.connect(str(numbers.folder.warehouse), read_only=True) as connection:
        found = connection.execute(
            "SELECT id, share::DOUBLE, price::DOUBLE, currency, load::DOUBLE, bare::DOUBLE "
            "FROM marts.loads WHERE id IN ('13', '14', '15') ORDER BY id"
        ).fetchall()
    assert found == [
        ("13", 25.0, 0.25, "EUR", 0.25, 0.25),
        ("14", 7.0, 0.07, "EUR", 0.07, 0.07),
    ]
    (again,) = rejects_of(second, "loads")
    assert (again["id"], again["load"], again["share"]) == ("15", "5,5 lb", "7,25")


def test_rows_of_an_older_file_that_a_changed_rule_may_read_otherwise_are_told(
    numbers: World,
) -> None:
    rejected = rejects_of(newest(numbers), "loads")
    rule_of_loads(numbers, "point")
    newer = [f"{n};{n} %;{n} $;{n} kg;0;{n};{n}.25" for n in range(110, 150)]
    numbers.drop("loads_02.csv", "id;share;price;load;bare;q;w\n" + "\n".join(newer) + "\n")
    numbers.run()
    right_now = {"share": "1 %", "price": "1 $", "load": "1 kg", "bare": "0", "q": "14"}
    back = [row | right_now for row in rejected]
    back[2]["w"] = "7.5"
    numbers.drop("loads_rejects.csv", as_csv(back))
    third = numbers.run()
    said = "1 row of an earlier file is added whose “w” was read in another notation when it was"
    assert said in (third.path / "quality_report.html").read_text()
    assert verify_delivery(numbers.engagement, third.delivery_id, log=print) == []
