from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from consulting.errors import StoreMissingError
from consulting.intake import BatchPolicy, FeedPattern, State
from consulting.sources.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_file_is_ready_after_two_looks_that_saw_it_unchanged(desk: Any) -> None:
    desk.put("orders.csv")
    assert desk.look().seen_new == 1
    assert desk.look().ready == 0  # the same moment: not settled yet
    desk.later(9)
    assert desk.look().ready == 0
    desk.later(1)
    assert desk.look().ready == 1
    assert desk.counts() == {"ready": 1}


def test_a_file_that_grows_while_listed_is_not_taken(desk: Any) -> None:
    for size in range(1, 6):
        desk.put("orders.csv", "x" * size)
        assert desk.look().ready == 0
        desk.later()
    assert desk.counts() == {"seen": 1, "superseded": 4}
    desk.look()
    assert desk.counts() == {"ready": 1, "superseded": 4}


def test_a_clock_set_back_delays_a_file_by_one_window_only(desk: Any) -> None:
    desk.put("orders.csv")
    desk.look()
    desk.later(-3 * 86400)
    assert desk.look().ready == 0
    desk.later(11)
    assert desk.look().ready == 1


def test_a_steady_state_writes_nothing(desk: Any) -> None:
    for number in range(20):
        desk.put(f"orders_{number}.csv", str(number))
    desk.put("notes.txt")
    desk.settle()
    desk.cycle(2)
    statements: list[str] = []

    @event.listens_for(desk.intake.ledger.engine, "before_cursor_execute")
    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    desk.cycle(3)
    event.remove(desk.intake.ledger.engine, "before_cursor_execute", note)
    assert statements
    assert {statement.split()[0] for statement in statements} == {"SELECT"}


def test_names_out_of_order_and_equal_times_are_all_seen(desk: Any) -> None:
    for name in ("orders_9.csv", "orders_1.csv", "Orders_5.csv", "orders_10.csv"):
        os.utime(desk.put(name, name), (1000, 1000))
        desk.look()
    os.utime(desk.put("orders_0.csv", "late, and old by its name and its time"), (1, 1))
    desk.settle()
    desk.cycle(2)
    assert desk.counts() == {"delivered": 5}


def test_a_then_b_then_a_are_three_versions(desk: Any) -> None:
    for content in ("A", "B", "A"):
        desk.put("orders.csv", content)
        desk.settle()
        desk.cycle()
    assert desk.states_of("orders.csv") == [State.DELIVERED] * 3
    assert [content for _, content in desk.delivered_contents()] == [b"A", b"A", b"B"]


def test_new_bytes_supersede_an_older_version_that_is_not_delivered(desk: Any) -> None:
    desk.put("orders.csv", "old")
    desk.settle()
    desk.put("orders.csv", "new bytes")
    desk.settle()
    desk.cycle()
    assert desk.states_of("orders.csv") == [State.SUPERSEDED, State.DELIVERED]
    assert desk.delivered_contents() == [("orders.csv", b"new bytes")]


def test_a_change_that_keeps_size_and_mtime_is_a_new_version(desk: Any) -> None:
    path = desk.put("orders.csv", "aaaa")
    desk.settle()
    desk.cycle()
    before = path.stat()
    time.sleep(0.02)
    path.write_bytes(b"bbbb")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    desk.settle()
    desk.cycle()
    assert [content for _, content in desk.delivered_contents()] == [b"aaaa", b"bbbb"]


def test_a_listing_out_of_time_goes_on_where_it_stopped(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    desk.intake.store.page_size = 10
    for number in range(35):
        desk.put(f"orders_{number:03}.csv", str(number))
    looks = [desk.look(budget_seconds=0) for _ in range(5)]
    assert [look.complete for look in looks] == [False, False, False, True, False]
    assert [look.listed for look in looks] == [10, 10, 10, 5, 10]
    assert desk.counts() == {"seen": 35}


def test_nothing_vanishes_before_a_pass_is_complete(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    desk.intake.store.page_size = 5
    paths = [desk.put(f"orders_{number:03}.csv", str(number)) for number in range(20)]
    desk.settle()
    paths[0].unlink()
    looks = [desk.look(budget_seconds=0) for _ in range(4)]
    assert [look.vanished for look in looks] == [0, 0, 0, 1]
    assert desk.counts() == {"ready": 19, "vanished": 1}


def test_a_vanished_file_that_returns_unchanged_is_taken_after_all(desk: Any) -> None:
    path = desk.put("orders.csv")
    away = desk.intake.folder.path / "away"
    desk.settle()
    before = path.stat()
    path.rename(away)
    desk.look()
    assert desk.counts() == {"vanished": 1}
    away.rename(path)
    desk.settle()
    desk.later()
    desk.look()
    assert path.stat().st_ino == before.st_ino
    desk.cycle(2)
    assert desk.delivered_contents() == [("orders.csv", b"id\n1\n")]


def test_files_that_disappear_for_a_while_are_not_delivered_again(
    make_desk: Callable[..., Any],
) -> None:
    """A network share that is unmounted shows an empty folder."""
    desk = make_desk()
    for number in range(3):
        desk.put(f"orders_{number}.csv", str(number))
    desk.settle()
    desk.cycle()
    shown, desk.intake.store.folder = desk.intake.store.folder, desk.intake.folder.path / "empty"
    desk.intake.store.folder.mkdir()
    assert desk.look().vanished == 3
    desk.intake.store.folder = shown
    desk.settle()
    assert desk.cycle(3) == 0
    assert desk.counts() == {"delivered": 3}


def test_a_file_of_no_feed_is_quarantined_with_the_feeds_and_the_fix(desk: Any) -> None:
    desk.put("invoice.csv")
    desk.put("orders.csv")
    look = desk.settle()
    assert (look.ready, look.quarantined) == (1, 1)
    (story,) = desk.intake.state().quarantined
    assert story.code == "no_feed"
    assert story.reason == (
        "The file's name matches no feed. The feeds are: orders (orders*.csv), stock (stock*)."
    )
    assert "add a feed" in story.fix


def test_a_quarantined_file_is_taken_once_a_feed_matches_it(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk()
    desk.put("invoice.csv")
    desk.settle()
    mended = make_desk(feeds=(FeedPattern(name="invoices", glob="INVOICE*"),))
    mended.now = desk.now
    assert mended.look().ready == 1
    (batch,) = mended.tick()
    assert batch.drops[0].feed == "invoices"


def test_a_file_without_a_period_is_quarantined_where_periods_are_asked_for(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(period_of=lambda key, _seen: "2026-01" if "2026-01" in key else None)
    desk.put("orders_2026-01.csv", "1")
    desk.put("orders.csv", "2")
    desk.settle()
    assert [story.code for story in desk.intake.state().quarantined] == ["no_period"]
    assert desk.counts() == {"ready": 1, "quarantined": 1}


@pytest.mark.parametrize(
    "name",
    [".orders.csv", "~$orders.csv", "orders.csv.part", "ORDERS.CSV.TMP", "Thumbs.db",
     ".sync/orders.csv", "upload.partial/orders.csv", "orders.csv~"],
)  # fmt: skip
def test_temporary_names_are_left_alone(sqlite_desk: Any, name: str) -> None:
    sqlite_desk.put(name)
    assert sqlite_desk.look().listed == 0


@pytest.mark.parametrize("looks", [1, 2], ids=["seen", "ready"])
@pytest.mark.parametrize("name", ["orders.csv", "unknown.csv"])
def test_a_temp_pattern_that_comes_later_hides_what_no_run_has_taken(
    make_desk: Callable[..., Any], name: str, looks: int
) -> None:
    desk = make_desk()
    desk.put(name)
    for _ in range(looks):
        desk.look()
        desk.later()
    hiding = make_desk(policy=BatchPolicy(temp_patterns=(name,)))
    hiding.now = desk.now
    hiding.put("orders_2.csv", "others")
    for _ in range(3):
        hiding.cycle()
    assert hiding.counts() == {"vanished": 1, "delivered": 1}
    assert hiding.look().listed == 1
    assert [e.kind for e in hiding.intake.history(key=name)[0].events][-1] == "hidden"
    desk.now = hiding.now  # the pattern is taken back
    desk.cycle(times=3)
    expected = "quarantined" if name == "unknown.csv" else "delivered"
    assert desk.states_of(name) == [State(expected)]


def test_a_drop_that_a_person_asks_for_is_delivered_whatever_its_name(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk()
    desk.put("orders.csv")
    desk.cycle(times=2)
    (story,) = desk.intake.history()
    desk.intake.reprocess([story.drop.drop_id], dry_run=False, now=desk.now)
    hiding = make_desk(policy=BatchPolicy(temp_patterns=("orders*",)))
    hiding.now = desk.now
    assert hiding.cycle() == 1
    assert hiding.counts() == {"delivered": 1}


def test_a_file_renamed_from_its_temporary_name_is_taken(sqlite_desk: Any) -> None:
    sqlite_desk.put("orders.csv.part").rename(sqlite_desk.incoming / "orders.csv")
    sqlite_desk.settle()
    assert sqlite_desk.counts() == {"ready": 1}


@pytest.mark.parametrize(
    ("marker", "file"),
    [("{name}.done", "orders.csv.done"), ("{stem}.ok", "orders.ok"), ("_SUCCESS", "_SUCCESS")],
)
def test_a_file_waits_for_its_marker(make_desk: Callable[..., Any], marker: str, file: str) -> None:
    desk = make_desk(policy=BatchPolicy(done_marker=marker))
    desk.put("day1/orders.csv")
    desk.settle()
    assert desk.counts() == {"seen": 1}
    desk.put(f"day1/{file}", "")
    assert desk.look().ready == 1
    assert desk.counts() == {"ready": 1}


def test_a_marker_that_was_listed_is_not_asked_for_and_others_only_while_there_is_time(
    make_desk: Callable[..., Any],
) -> None:
    """An answer may take a while: thousands of them would hold the sensor for minutes."""

    class Counted(LocalStore):
        asked = 0

        def exists(self, key: str) -> bool:
            self.asked += 1
            return super().exists(key)

    policy = BatchPolicy(done_marker="_SUCCESS")
    store = Counted(make_desk().incoming)
    desk = make_desk(policy=policy, store=store)
    for folder in ("day1", "day2", "day3"):
        desk.put(f"{folder}/orders.csv", folder)
    desk.put("day1/_SUCCESS", "")
    desk.settle()
    assert (desk.counts(), store.asked) == ({"ready": 1, "seen": 2}, 0)
    store.page_size = 1
    desk.put("day2/_SUCCESS", "")
    while not desk.look(budget_seconds=0).complete:
        desk.later()
    assert (desk.counts(), store.asked) == ({"ready": 1, "seen": 2}, 0)
    desk.look()
    assert (desk.counts(), store.asked) == ({"ready": 2, "seen": 1}, 2)


def test_a_missing_folder_is_an_error_that_names_client_and_fix(sqlite_desk: Any) -> None:
    sqlite_desk.incoming.rmdir()
    with pytest.raises(StoreMissingError, match=r"acme: .*no such folder.*Create it"):
        sqlite_desk.look()


def test_two_looks_at_once_do_not_mix(make_desk: Callable[..., Any]) -> None:
    first, second = make_desk(), make_desk()
    path = first.put("orders.csv", "old")

    class Overtaken(LocalStore):
        def list_page(self, after: str | None, limit: int) -> Any:
            page = super().list_page(after, limit)
            path.write_bytes(b"new bytes")
            second.look()
            return page

    slow = make_desk(store=Overtaken(first.incoming))
    assert not slow.look().complete
    assert first.states_of("orders.csv") == [State.SEEN]
    second.later()
    second.look()
    second.cycle()
    assert second.delivered_contents() == [("orders.csv", b"new bytes")]


def test_one_client_s_drops_are_nobody_else_s(make_desk: Callable[..., Any]) -> None:
    acme, brix = make_desk("acme"), make_desk("brix")
    acme.put("orders.csv", "acme's")
    brix.put("orders.csv", "brix's")
    for each in (acme, brix):
        each.settle()
        each.cycle()
    assert acme.delivered_contents() == [("orders.csv", b"acme's")]
    assert brix.delivered_contents() == [("orders.csv", b"brix's")]
