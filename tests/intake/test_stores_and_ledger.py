"""The local store, the ledger's database, and how a batch is made up."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from consulting.errors import DropChangedError, DropGoneError, LedgerError, StoreUnavailableError
from consulting.intake import BatchPolicy, FeedPattern, Ledger
from consulting.sources import Listed
from consulting.sources.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def keys(store: LocalStore, limit: int = 1000) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = store.list_page(after, limit)
        found += [item.key for item in page.items]
        after = page.next
        if after is None:
            return found


@pytest.mark.parametrize(("limit", "seconds"), [(1, 10), (2, 10), (1000, 10), (1000, 0)])
def test_a_folder_is_listed_in_the_order_of_whole_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, seconds: int
) -> None:
    monkeypatch.setattr("consulting.sources.tree.PAGE_SECONDS", seconds)
    names = ["a/x.csv", "a-b/x.csv", "a.csv", "a/b/y.csv", "Z.csv", "ä.csv", "\uff5e", "😀.csv"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    assert keys(LocalStore(tmp_path), limit) == sorted(names)
    page = LocalStore(tmp_path).list_page(None, limit)
    assert len(page.items) == (1 if seconds == 0 else min(limit, len(names)))


def test_a_page_can_be_asked_for_out_of_turn(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.csv").touch()
    store = LocalStore(tmp_path)
    store.list_page(None, 2)
    assert [item.key for item in store.list_page("2.csv", 9).items] == ["3.csv", "4.csv"]


def test_links_and_pipes_are_not_seen_and_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("secret")
    folder = tmp_path / "incoming"
    folder.mkdir()
    (folder / "link.csv").symlink_to(secret)
    (folder / "linked").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.csv")
    store = LocalStore(folder)
    assert keys(store) == []
    for key in ("link.csv", "pipe.csv"):
        with pytest.raises(DropChangedError):
            store.fetch(Listed(key, 6, "x"), tmp_path / "copy")
    for key in ("linked/secret.csv", "../secret.csv", "./x", "/etc/passwd", "", "gone.csv"):
        with pytest.raises((DropGoneError, DropChangedError)):
            store.fetch(Listed(key, 6, "x"), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_an_error_of_the_disk_tells_the_folder_and_not_the_file_s_true_name(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError) as caught:
        LocalStore(tmp_path, client_id="acme").fetch(Listed("ada" * 100, 1, "x"), tmp_path / "x")
    assert str(caught.value) == (
        f"acme: {tmp_path}: it can not be read (File name too long). Check the disk or the network "
        "share; the next tick tries again."
    )


def test_a_name_that_is_not_utf_8_is_taken(sqlite_desk: Any) -> None:
    path = os.fsencode(sqlite_desk.incoming) + b"/orders_\xff.csv"
    with open(path, "wb") as file:  # noqa: PTH123 - a name of bytes
        file.write(b"content")
    sqlite_desk.settle()
    sqlite_desk.cycle()
    assert [content for _, content in sqlite_desk.delivered_contents()] == [b"content"]


def test_many_processes_may_open_a_new_ledger_at_once(ledger_url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        ledgers = list(pool.map(lambda _: Ledger(ledger_url), range(8)))
    assert all(ledger.changed_since(None) == (0, set()) for ledger in ledgers)


def test_the_process_has_one_ledger_for_a_url(ledger_url: str) -> None:
    assert Ledger.open(ledger_url) is Ledger.open(ledger_url)


def test_a_ledger_that_can_not_be_reached_is_named_without_its_password() -> None:
    with pytest.raises(LedgerError) as caught:
        Ledger("postgresql://me:hidden@127.0.0.1:9/ledger")
    assert "CONSULTING_LEDGER_URL" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_a_ledger_of_another_version_is_refused(ledger_url: str) -> None:
    ledger = Ledger(ledger_url)
    with ledger.engine.begin() as connection:
        connection.execute(text("UPDATE ledger_migration SET version_num = '9999'"))
    with pytest.raises(LedgerError, match=r"written by a newer release .*step 9999"):
        Ledger(ledger_url)


def test_times_without_a_zone_are_refused(desk: Any) -> None:
    desk.put("orders.csv")
    with pytest.raises(Exception, match="time zone"):
        desk.intake.look(now=datetime(2026, 1, 5))  # noqa: DTZ001 - what is refused


def test_clients_claim_at_once_and_no_drop_is_held_twice(
    make_desk: Callable[..., Any],
) -> None:
    desks = [make_desk() for _ in range(4)]
    for number in range(40):
        desks[0].put(f"orders_{number}.csv", str(number))
    desks[0].settle()

    def claim(numbered: tuple[int, Any]) -> Any:
        number, desk = numbered
        drop_ids = list(range(number * 5 + 1, number * 5 + 11))  # overlapping halves
        try:
            return desk.intake.claim(now=desks[0].now, trigger="test", drop_ids=drop_ids)
        except LedgerError:
            return None

    with ThreadPoolExecutor(4) as pool:
        batches = [batch for batch in pool.map(claim, enumerate(desks)) if batch]
    held = [drop.drop_id for batch in batches for drop in batch.drops]
    assert batches
    assert len(held) == len(set(held))


def test_a_batch_holds_one_period_the_oldest_first(make_desk: Callable[..., Any]) -> None:
    desk = make_desk(period_of=lambda key, _seen: key.rpartition("_")[2][:7])
    for month in ("2026-02", "2026-01"):
        for number in range(2):
            desk.put(f"orders_{number}_{month}.csv", f"{number} {month}")
        desk.look()
    desk.settle()
    first = desk.intake.claim(now=desk.now, trigger="test")
    assert (first.period, len(first.drops)) == ("2026-02", 2)
    assert desk.intake.claim(now=desk.now, trigger="test") is None  # one at a time
    desk.run(first)
    assert desk.intake.claim(now=desk.now, trigger="test", period="2026-07") is None
    second = desk.intake.claim(now=desk.now, trigger="test", period="2026-01")
    assert second.period == "2026-01"


def test_drops_of_two_periods_can_not_be_claimed_by_name_together(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(period_of=lambda key, _seen: key.rpartition("_")[2][:7])
    desk.put("orders_2026-01.csv", "1")
    desk.put("orders_2026-02.csv", "2")
    desk.settle()
    with pytest.raises(LedgerError, match="several periods"):
        desk.intake.claim(now=desk.now, trigger="person", drop_ids=[1, 2])


def test_a_batch_is_bounded_by_files_and_bytes(make_desk: Callable[..., Any]) -> None:
    desk = make_desk(policy=BatchPolicy(max_files=3, max_bytes=10))
    for number, size in enumerate((50, 4, 4, 4, 1, 1, 1, 1)):
        desk.put(f"orders_{number}.csv", str(number) * size)
    desk.settle()
    sizes = []
    for _ in range(5):
        for batch in desk.tick():
            sizes.append([drop.size_bytes for drop in batch.drops])
            desk.run(batch)
    assert sizes == [[50], [4, 4], [4, 1, 1], [1, 1]]


def test_a_feed_that_was_renamed_is_what_a_claim_hands_out(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    desk.put("orders.csv")
    desk.settle()
    renamed = make_desk(feeds=(FeedPattern(name="sales", glob="*/orders*"),))
    assert renamed.intake.claim(now=desk.now, trigger="test") is None
    assert desk.counts() == {"quarantined": 1}
    renamed = make_desk(feeds=(FeedPattern(name="sales", glob="orders*"),))
    renamed.now = desk.now
    renamed.look()
    assert renamed.intake.claim(now=desk.now, trigger="test").drops[0].feed == "sales"


def test_batch_ids_of_a_ledger_begun_anew_never_come_again(make_desk: Callable[..., Any]) -> None:
    """An orchestrator remembers run keys for ever."""
    first, second = make_desk("acme"), make_desk("acme")
    first.put("orders.csv")
    first.settle()
    (batch,) = first.tick()
    assert batch.batch_id.startswith("acme-00001-")
    with first.intake.ledger.engine.begin() as connection:
        for table in ("ledger_client", "ledger_drop", "ledger_batch", "ledger_batch_drop"):
            connection.execute(text(f"DELETE FROM {table}"))
    second.now = first.later()
    second.settle()
    (again,) = second.tick()
    assert again.batch_id.startswith("acme-00001-")
    assert again.batch_id != batch.batch_id
