"""Landing, repeats and quarantine."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from consulting.errors import DropChangedError, DropGoneError, LedgerError
from consulting.intake import BatchPolicy, State
from consulting.intake.landing import safe_name

if TYPE_CHECKING:
    from collections.abc import Callable


def claimed(desk: Any) -> Any:
    """A begun batch of all that is ready."""
    desk.settle()
    (batch,) = desk.tick()
    _, batch = desk.begin(batch)
    return batch


def test_bytes_land_below_their_hash_read_only_and_only_once(desk: Any) -> None:
    desk.put("sub/orders.csv", "content")
    batch = claimed(desk)
    landed = [desk.intake.land(batch, batch.drops[0]) for _ in range(2)]
    assert landed[0] == landed[1]
    digest = hashlib.sha256(b"content").hexdigest()
    assert landed[0].path == desk.intake.folder.landing / digest / "orders.csv"
    assert landed[0].drop.sha256 == digest
    assert landed[0].path.stat().st_mode & 0o222 == 0
    left = [path.name for path in desk.intake.folder.landing.rglob("*") if path.is_file()]
    assert left == ["orders.csv"]


def test_a_landed_copy_that_rotted_is_fetched_again(sqlite_desk: Any) -> None:
    sqlite_desk.put("orders.csv", "content")
    batch = claimed(sqlite_desk)
    path = sqlite_desk.intake.land(batch, batch.drops[0]).path
    path.chmod(0o600)
    path.write_text("rotten!")
    again = sqlite_desk.intake.land(batch, batch.drops[0])
    assert again.path.read_text() == "content"


def test_a_file_that_changed_since_it_was_listed_leaves_the_batch(desk: Any) -> None:
    desk.put("orders.csv", "listed")
    batch = claimed(desk)
    desk.put("orders.csv", "changed")
    with pytest.raises(DropChangedError, match="the new version is taken at the next look"):
        desk.intake.land(batch, batch.drops[0])
    assert desk.counts() == {"superseded": 1}
    assert desk.intake.begin(batch.batch_id, "run-1", now=desk.now).drops == ()


@pytest.mark.parametrize("way", ["grows", "is overwritten", "is replaced"])
def test_a_file_that_changes_while_it_is_read_is_not_landed(
    sqlite_desk: Any, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    path = sqlite_desk.put("orders.csv", b"x" * 3_000_000)
    batch = claimed(sqlite_desk)
    read = os.read

    def read_beside_a_writer(descriptor: int, size: int) -> bytes:
        content = read(descriptor, size)
        if content:
            monkeypatch.undo()
            if way == "grows":
                with path.open("ab") as file:
                    file.write(b"more")
            elif way == "is overwritten":
                with path.open("r+b") as file:
                    file.write(b"y" * 3_000_000)
            else:
                sqlite_desk.put("orders.new", b"z" * 3_000_000).replace(path)
        return content

    monkeypatch.setattr(os, "read", read_beside_a_writer)
    with pytest.raises(DropChangedError):
        sqlite_desk.intake.land(batch, batch.drops[0])
    landing = sqlite_desk.intake.folder.landing
    assert [found for found in landing.rglob("*") if found.is_file()] == []
    sqlite_desk.intake.delivered(batch.batch_id, "run-1", now=sqlite_desk.now)
    sqlite_desk.cycle(3)
    assert sqlite_desk.states_of("orders.csv") == [State.SUPERSEDED, State.DELIVERED]
    assert sqlite_desk.delivered_contents() == [("orders.csv", path.read_bytes())]


def test_a_file_that_is_gone_leaves_the_batch(desk: Any) -> None:
    desk.put("orders.csv")
    batch = claimed(desk)
    (desk.incoming / "orders.csv").unlink()
    with pytest.raises(DropGoneError):
        desk.intake.land(batch, batch.drops[0])
    assert desk.counts() == {"vanished": 1}


def test_a_drop_of_another_batch_is_not_landed(desk: Any) -> None:
    desk.put("orders.csv")
    batch = claimed(desk)
    desk.intake.delivered(batch.batch_id, "run-1", now=desk.now)
    with pytest.raises(LedgerError, match="does not belong to batch"):
        desk.intake.land(batch, batch.drops[0])


def test_the_same_bytes_under_two_names_in_one_batch_are_read_once(desk: Any) -> None:
    desk.put("orders.csv", "same")
    desk.put("orders (1).csv", "same")
    batch = claimed(desk)
    landed = [desk.intake.land(batch, drop) for drop in batch.drops]
    assert [file.repeat_of for file in landed] == [None, batch.drops[0].drop_id]
    desk.intake.delivered(batch.batch_id, "run-1", now=desk.now)
    assert desk.counts() == {"delivered": 2}


def test_the_same_bytes_under_a_new_name_are_noted_and_not_delivered_again(desk: Any) -> None:
    desk.put("orders.csv", "same")
    desk.settle()
    desk.cycle()
    desk.put("orders (1).csv", "same")
    desk.settle()
    desk.cycle()
    assert desk.delivered_contents() == [("orders.csv", b"same")]
    (copy,) = desk.intake.history(key="orders (1).csv")
    assert (copy.state, copy.repeat_of) == (State.DELIVERED, 1)
    assert any("the same bytes as drop 1" in event.detail for event in copy.events)


def test_a_renamed_file_is_not_delivered_again_even_when_newer_ones_were(desk: Any) -> None:
    path = desk.put("orders_1.csv", "one")
    desk.settle()
    desk.cycle()
    desk.put("orders_2.csv", "two")
    desk.settle()
    desk.cycle()
    path.rename(desk.incoming / "orders_archived.csv")
    desk.settle()
    desk.cycle()
    assert [content for _, content in desk.delivered_contents()] == [b"one", b"two"]


def test_old_bytes_sent_anew_after_others_stand_again(desk: Any) -> None:
    """A correction that goes back to the first file, under a third name."""
    for name, content in (("orders_1", "A"), ("orders_2", "B"), ("orders_3", "A")):
        desk.put(f"{name}.csv", content)
        desk.settle()
        desk.cycle()
    _, drops = desk.intake.last_delivered("orders")
    assert [drop.key for drop in drops] == ["orders_3.csv"]
    assert len(desk.delivered_contents()) == 3


def test_a_repeat_does_not_stand_for_bytes_that_its_batch_did_not_deliver(desk: Any) -> None:
    desk.put("orders_1.csv", "A")
    desk.settle()
    desk.cycle()
    desk.put("orders_2.csv", "A")  # a repeat of what stands
    desk.put("orders_3.csv", "B")  # from now on B stands
    desk.settle()
    desk.cycle()
    desk.put("orders_4.csv", "A")
    desk.settle()
    desk.cycle()
    assert desk.delivered_contents() == [
        ("orders_1.csv", b"A"),
        ("orders_3.csv", b"B"),
        ("orders_4.csv", b"A"),
    ]


def test_a_renamed_repeat_leads_back_to_the_drop_that_brought_the_bytes(desk: Any) -> None:
    path = desk.put("orders_1.csv", "A")
    desk.settle()
    desk.cycle()
    path.touch()
    desk.settle()
    desk.cycle()
    path.rename(desk.incoming / "orders_2.csv")
    desk.settle()
    desk.cycle()
    (renamed,) = desk.intake.history(key="orders_2.csv")
    assert renamed.repeat_of == 1


def test_the_same_bytes_for_another_feed_or_period_are_delivered(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(period_of=lambda key, _seen: key.rpartition("_")[2][:7])
    for key in ("orders_2026-01.csv", "orders_2026-02.csv", "stock_2026-01.csv"):
        desk.put(key, "nothing new")
    desk.settle()
    desk.cycle(3)
    assert len(desk.delivered_contents()) == 3


def test_all_files_of_a_period_stand_until_their_names_bring_other_bytes(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(period_of=lambda _key, _seen: "2026-01")
    sent = [("a", "A"), ("b", "B"), ("a", "A"), ("b", "B"), ("c", "A"), ("a", "A2"), ("a", "A")]
    for name, content in sent:
        desk.put(f"orders_{name}.csv", content)
        desk.settle()
        desk.cycle()
    assert desk.delivered_contents() == [
        ("orders_a.csv", b"A"),
        ("orders_a.csv", b"A"),
        ("orders_a.csv", b"A2"),
        ("orders_b.csv", b"B"),
    ]


def test_a_client_can_ask_for_repeats_to_be_delivered(make_desk: Callable[..., Any]) -> None:
    desk = make_desk(policy=BatchPolicy(repeats="deliver"))
    for key in ("orders_1.csv", "orders_2.csv"):
        desk.put(key, "same")
        desk.settle()
        desk.cycle()
    assert len(desk.delivered_contents()) == 2


def test_a_touched_file_is_looked_at_but_not_delivered_again(desk: Any) -> None:
    path = desk.put("orders.csv", "same")
    desk.settle()
    desk.cycle()
    path.touch()
    desk.settle()
    desk.cycle()
    assert desk.states_of("orders.csv") == [State.DELIVERED, State.DELIVERED]
    assert len(desk.delivered_contents()) == 1


def test_a_quarantined_file_is_kept_with_its_reason_and_its_neighbours_go_on(desk: Any) -> None:
    desk.put("orders.csv", "good")
    desk.put("orders_bad.csv", "bad")
    batch = claimed(desk)
    for drop in batch.drops:
        landed = desk.intake.land(batch, drop)
        if drop.key == "orders_bad.csv":
            file = desk.intake.quarantine(
                batch, landed.drop, code="empty", reason="It is empty.", fix="Ask.", now=desk.now
            )
    assert (file.filename, file.code) == ("orders_bad.csv", "empty")
    desk.intake.delivered(batch.batch_id, "run-1", now=desk.now)
    assert desk.counts() == {"delivered": 1, "quarantined": 1}
    folder = desk.intake.folder.quarantine / "000002-orders_bad.csv"
    assert (folder / "orders_bad.csv").read_text() == "bad"
    reason = json.loads((folder / "orders_bad.csv.reason.json").read_text())
    assert (reason["code"], reason["fix"], reason["drop_id"]) == ("empty", "Ask.", 2)
    assert (desk.incoming / "orders_bad.csv").exists()  # the client's own file stays


def test_no_copy_is_kept_where_the_tier_forbids_it(sqlite_desk: Any) -> None:
    sqlite_desk.put("orders.csv", "bad")
    batch = claimed(sqlite_desk)
    landed = sqlite_desk.intake.land(batch, batch.drops[0])
    sqlite_desk.intake.quarantine(
        batch,
        landed.drop,
        code="empty",
        reason="r",
        fix="f",
        now=sqlite_desk.now,
        keep_copy=False,
    )
    kept = [p.name for p in sqlite_desk.intake.folder.quarantine.rglob("*") if p.is_file()]
    assert kept == ["orders.csv.reason.json"]


def test_a_copy_of_a_bad_file_goes_to_quarantine_with_it(desk: Any) -> None:
    desk.put("orders.csv", "bad")
    desk.put("orders (1).csv", "bad")
    batch = claimed(desk)
    landed = [desk.intake.land(batch, drop) for drop in batch.drops]
    desk.intake.quarantine(batch, landed[0].drop, code="empty", reason="r", fix="f", now=desk.now)
    desk.intake.delivered(batch.batch_id, "run-1", now=desk.now)
    assert desk.counts() == {"quarantined": 2}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("orders.csv", "orders.csv"),
        ("../../etc/passwd", "passwd"),
        ("sub/..", "file"),
        (".hidden", "hidden"),
        ("a\nb;rm -rf $HOME*?.csv", "a_b_rm -rf _HOME__.csv"),
        ("", "file"),
        ("übersicht.csv", "übersicht.csv"),
        ("x" * 300 + ".csv", "x" * 100 + ".csv"),
        ("CON\\..\\x.csv", "CON_.._x.csv"),
    ],
)
def test_a_local_name_is_harmless_whatever_the_key(key: str, name: str) -> None:
    assert safe_name(key) == name
