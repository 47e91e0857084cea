"""Against a real S3 server, over the network."""

from __future__ import annotations

import hashlib
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest

from consulting.errors import (
    DropChangedError,
    DropGoneError,
    DropRefusedError,
    StoreAccessError,
    StoreMissingError,
    StoreThrottledError,
    StoreUnavailableError,
)
from consulting.intake import BatchPolicy, State
from consulting.sources.s3 import S3Source
from consulting.sources.s3.access import client_of
from consulting.sources.s3.store import S3Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def s3_desk(make_desk: Callable[..., Any], s3_server: Any, s3_bucket: str) -> Any:
    """A desk over a prefix; `put` uploads an object."""
    client = s3_server.client()
    desk = make_desk(store=S3Store(client, s3_bucket, "acme/incoming", client_id="acme"))

    def put(key: str, content: str | bytes = "id\n1\n") -> None:
        body = content.encode() if isinstance(content, str) else content
        client.put_object(Bucket=s3_bucket, Key=f"acme/incoming/{key}", Body=body)

    def delete(key: str) -> None:
        client.delete_object(Bucket=s3_bucket, Key=f"acme/incoming/{key}")

    desk.put, desk.delete, desk.client, desk.bucket = put, delete, client, s3_bucket
    return desk


def test_an_object_is_ready_at_the_first_look_for_it_appears_whole(s3_desk: Any) -> None:
    s3_desk.put("orders.csv", "whole")
    look = s3_desk.look()
    assert (look.seen_new, look.ready, look.complete) == (1, 1, True)
    s3_desk.cycle()
    assert s3_desk.delivered_contents() == [("orders.csv", b"whole")]


def test_an_object_in_an_archive_is_named_and_its_neighbour_is_given(
    queue_server: Any, tmp_path: Path
) -> None:
    """A server that knows archives; the other one does not."""
    client = queue_server.clients["s3"]
    place = {"LocationConstraint": client.meta.region_name}
    client.create_bucket(Bucket="archive", CreateBucketConfiguration=place)
    for key, kind in (("a.csv", "GLACIER"), ("b.csv", "STANDARD")):
        client.put_object(Bucket="archive", Key=f"acme/{key}", Body=b"b", StorageClass=kind)
    store = S3Store(client, "archive", "acme")
    archived, given = store.list_page(None, 9).items
    with pytest.raises(DropRefusedError) as caught:
        store.fetch(archived, tmp_path / "copy")
    assert str(caught.value) == (
        "acme: 'a.csv': The server lists it, and does not give it (InvalidObjectState). Allow "
        "s3:GetObject on it (and kms:Decrypt, if a key of KMS encrypts it), or have it stored "
        "without a key of its own, and out of an archive."
    )
    assert not (tmp_path / "copy").exists()
    assert store.fetch(given, tmp_path / "copy") == hashlib.sha256(b"b").hexdigest()


def test_a_silent_server_is_waited_for_three_times_so_that_a_tick_can_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACME_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("ACME_SECRET_ACCESS_KEY", "x")
    source = S3Source(type="s3", bucket="uploads", prefix="acme", credentials_prefix="ACME")
    settings = source.open("acme", tmp_path)._client.meta.config  # type: ignore[attr-defined]
    assert (settings.connect_timeout, settings.read_timeout) == (5, 15)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(0)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = client_of("s3", url, "x", "x", "x", connect_seconds=5, read_seconds=0.2)
        with pytest.raises(StoreUnavailableError, match=r"can not be reached \(ReadTimeoutError\)"):
            S3Store(client, "uploads", "acme").list_page(None, 10)
        for _ in range(3):
            silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_steady_prefix_gives_nothing_new(s3_desk: Any) -> None:
    s3_desk.put("orders.csv", "one")
    s3_desk.cycle(2)
    s3_desk.put("orders.csv", "one")  # the same bytes again: the same version
    assert s3_desk.look().seen_new == 0
    assert s3_desk.cycle(2) == 0


def test_a_then_b_then_a_are_three_versions_on_s3(s3_desk: Any) -> None:
    for content in ("A", "B", "A"):
        s3_desk.put("orders.csv", content)
        s3_desk.cycle()
    assert s3_desk.states_of("orders.csv") == [State.DELIVERED] * 3
    assert [content for _, content in s3_desk.delivered_contents()] == [b"A", b"A", b"B"]


def test_the_neighbour_whose_name_begins_alike_is_not_listed(s3_desk: Any) -> None:
    s3_desk.client.put_object(Bucket=s3_desk.bucket, Key="acme/incoming2/orders.csv", Body=b"no")
    s3_desk.client.put_object(Bucket=s3_desk.bucket, Key="acme/orders.csv", Body=b"no")
    s3_desk.put("orders.csv")
    assert s3_desk.look().listed == 1


def test_2500_objects_are_each_delivered_once(
    sqlite_desk: Any, s3_server: Any, s3_bucket: str
) -> None:
    """All are listed, claimed and delivered; each 50th is read, or all: CONSULTING_LONG_TESTS=1."""
    from concurrent.futures import ThreadPoolExecutor

    client = s3_server.client()
    desk = sqlite_desk
    store = S3Store(client, s3_bucket, "acme", client_id="acme")
    desk.intake = type(desk.intake)(
        ledger=desk.intake.ledger,
        store=store,
        folder=desk.intake.folder,
        feeds=[type(feed)(name=feed.name, glob=feed.glob) for feed in _feeds()],
        policy=BatchPolicy(max_files=1000),
    )
    keys = [f"part{number % 7}/orders_{number * 7919 % 2500}.csv" for number in range(2500)]

    def upload(key: str) -> None:
        client.put_object(Bucket=s3_bucket, Key=f"acme/{key}", Body=key.encode())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(upload, keys))
    assert desk.look().seen_new == 2500
    taken: list[str] = []
    for _ in range(4):
        for batch in desk.tick():
            run_id, begun = desk.begin(batch)
            taken += [drop.key for drop in begun.drops]
            for drop in begun.drops[:: 1 if os.environ.get("CONSULTING_LONG_TESTS") else 50]:
                assert desk.intake.land(begun, drop).path.read_text() == drop.key
            desk.intake.delivered(begun.batch_id, run_id, now=desk.now)
    assert desk.counts() == {"delivered": 2500}
    assert sorted(taken) == sorted(keys)


def _feeds() -> list[Any]:
    from consulting.intake import FeedPattern

    return [FeedPattern(name="orders", glob="orders*.csv")]


def test_a_server_that_lists_folder_by_folder_misleads_nobody(s3_desk: Any) -> None:
    """SeaweedFS shows `a/…` before `a-b/…`, against the order of their characters."""
    keys = [
        "a/orders_1.csv",
        "a-b/orders.csv",
        "a.csv",
        "Z.csv",
        "ä.csv",
        "\uff5e.csv",
        "😀.csv",
        "z z.csv",
    ]
    s3_desk.intake.store.page_size = 2
    for key in keys:
        s3_desk.put(key)
    shown = _all_keys(s3_desk.intake.store, 2)
    assert shown != sorted(keys)
    assert sorted(shown) == sorted(keys)
    assert s3_desk.look().seen_new == len(keys)
    for budget_seconds in (60, 0, 0, 0, 0, 0, 60):
        look = s3_desk.look(budget_seconds)
        assert (look.seen_new, look.vanished) == (0, 0)
    s3_desk.delete("a-b/orders.csv")
    s3_desk.delete("z z.csv")
    looks = [s3_desk.look(budget_seconds=0) for _ in range(3)]
    assert [look.vanished for look in looks] == [0, 0, 2]


def test_strange_keys_land_in_harmless_places(s3_desk: Any) -> None:
    keys = ["orders ..csv", "orders&%20+é*?[1].csv", "deep/er/orders'\".csv", 'orders";--.csv']
    for key in keys:
        s3_desk.put(key, key)
    s3_desk.cycle()
    assert s3_desk.delivered_contents() == sorted((key, key.encode()) for key in keys)
    folder = s3_desk.intake.folder
    outside = [path for path in folder.root.rglob("*orders*") if folder.landing not in path.parents]
    assert outside == []


def test_an_object_that_changed_since_it_was_listed_is_not_read(
    s3_desk: Any, tmp_path: Path
) -> None:
    s3_desk.put("orders.csv", "listed")
    (listed,) = s3_desk.intake.store.list_page(None, 10).items
    digest = s3_desk.intake.store.fetch(listed, tmp_path / "copy")
    assert digest == hashlib.sha256(b"listed").hexdigest()
    s3_desk.put("orders.csv", "other!")
    with pytest.raises(DropChangedError):
        s3_desk.intake.store.fetch(listed, tmp_path / "copy2")
    s3_desk.delete("orders.csv")
    with pytest.raises(DropGoneError):
        s3_desk.intake.store.fetch(listed, tmp_path / "copy2")
    assert not (tmp_path / "copy2").exists()


def test_a_change_between_claim_and_read_delivers_the_new_bytes_once(s3_desk: Any) -> None:
    s3_desk.put("orders.csv", "old")
    s3_desk.put("orders_2.csv", "neighbour")
    (batch,) = s3_desk.tick()
    s3_desk.put("orders.csv", "new")
    s3_desk.run(batch)
    s3_desk.cycle(2)
    assert s3_desk.states_of("orders.csv") == [State.SUPERSEDED, State.DELIVERED]
    assert s3_desk.delivered_contents() == [("orders.csv", b"new"), ("orders_2.csv", b"neighbour")]


def test_bytes_that_change_and_change_back_before_the_next_look_are_not_lost(
    s3_desk: Any,
) -> None:
    s3_desk.put("orders.csv", "A")
    (batch,) = s3_desk.tick()
    s3_desk.put("orders.csv", "B")
    s3_desk.run(batch)
    assert s3_desk.counts() == {"superseded": 1}
    s3_desk.put("orders.csv", "A")
    s3_desk.cycle(3)
    assert s3_desk.delivered_contents() == [("orders.csv", b"A")]


def test_a_wrong_key_is_refused_with_client_bucket_and_fix(s3_server: Any, s3_bucket: str) -> None:
    client = s3_server.client(aws_secret_access_key="wrong")
    store = S3Store(client, s3_bucket, "acme", client_id="acme")
    with pytest.raises(StoreAccessError) as caught:
        store.list_page(None, 10)
    assert "acme: s3://" in str(caught.value)
    assert s3_bucket in str(caught.value)
    assert "AWS_ACCESS_KEY_ID" in str(caught.value)
    assert "wrong" not in str(caught.value)


def test_missing_credentials_are_named(s3_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from botocore import UNSIGNED  # noqa: F401 - documents that unsigned is not what is tested

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    client = boto3.client("s3", endpoint_url=s3_server.endpoint_url, region_name="us-east-1")
    with pytest.raises(StoreAccessError, match="no S3 credentials"):
        S3Store(client, "uploads", "acme").list_page(None, 10)


def test_an_absent_bucket_is_named_with_the_fix(s3_server: Any) -> None:
    store = S3Store(s3_server.client(), "not-there", "acme", client_id="acme")
    with pytest.raises(StoreMissingError, match=r"acme: .*no bucket 'not-there'.*source\.bucket"):
        store.list_page(None, 10)


def test_a_server_that_is_down_is_told_from_a_refusal(s3_server: Any) -> None:
    client = s3_server.client(endpoint_url="http://127.0.0.1:9")
    with pytest.raises(StoreUnavailableError, match="can not be reached"):
        S3Store(client, "uploads", "acme", tries=2, pause_seconds=0.01).list_page(None, 10)


def test_a_server_that_asks_for_patience_is_left_alone_for_a_while(
    s3_desk: Any, failing_proxy: Callable[..., Any], s3_server: Any
) -> None:
    s3_desk.put("orders.csv")
    with failing_proxy(share=1.0) as proxy:
        proxy.ways = ("503",)
        client = s3_server.client(endpoint_url=proxy.endpoint_url)
        s3_desk.intake = _with_store(
            s3_desk.intake,
            S3Store(client, s3_desk.bucket, "acme/incoming", tries=2, pause_seconds=0.01),
        )
        with pytest.raises(StoreThrottledError, match="asks for patience"):
            s3_desk.look()
        asked = proxy.asked
        resting = s3_desk.look()
        assert resting.resting_until == s3_desk.now.replace() + (
            resting.resting_until - s3_desk.now
        )
        assert proxy.asked == asked
        s3_desk.later(31)
        with pytest.raises(StoreThrottledError):
            s3_desk.look()
        s3_desk.later(31)  # the second pause is twice as long
        assert s3_desk.look().resting_until is not None
        proxy.share = 0.0
        s3_desk.later(31)
        assert s3_desk.look().ready == 1


def test_every_object_is_delivered_once_while_a_tenth_of_the_answers_fail(
    s3_desk: Any, failing_proxy: Callable[..., Any], s3_server: Any
) -> None:
    contents = {f"orders_{number:02}.csv": f"content {number}" for number in range(60)}
    for key, content in contents.items():
        s3_desk.put(key, content)
    with failing_proxy(share=0.1, seed=7) as proxy:
        client = s3_server.client(endpoint_url=proxy.endpoint_url)
        store = S3Store(client, s3_desk.bucket, "acme/incoming", tries=3, pause_seconds=0.01)
        store.page_size = 10
        s3_desk.intake = _with_store(s3_desk.intake, store)
        for _ in range(12):
            try:
                s3_desk.cycle()
            except (StoreThrottledError, StoreUnavailableError):
                for run_id in s3_desk.verdicts:
                    _fail_open(s3_desk, run_id)
                s3_desk.later(600)
        assert proxy.failed > 5
    assert s3_desk.counts() == {"delivered": 60}
    assert s3_desk.delivered_contents() == sorted(
        (key, content.encode()) for key, content in contents.items()
    )


def _all_keys(store: Any, limit: int) -> list[str]:
    keys: list[str] = []
    after = None
    while True:
        page = store.list_page(after, limit)
        keys += [item.key for item in page.items]
        after = page.next
        if after is None:
            return keys


def _with_store(intake: Any, store: Any) -> Any:
    return type(intake)(
        ledger=intake.ledger,
        store=store,
        folder=intake.folder,
        feeds=_feeds(),
        policy=intake.policy,
    )


def _fail_open(desk: Any, run_id: str) -> None:
    for standing in desk.intake.state().batches:
        if standing.run_id == run_id:
            desk.intake.failed(
                standing.batch_id, run_id, reason="store", now=desk.now, cause="outage"
            )
