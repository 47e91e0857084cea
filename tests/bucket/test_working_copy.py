"""Working copies of two machines, over a real S3 server; killed at each write."""

from __future__ import annotations

import hashlib
import json
import os
import socketserver
import stat
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from consulting.bucket import ObjectGoneError, Objects, WorkingCopy, objects_at, without_rows
from consulting.bucket.objects import _client
from consulting.bucket.working_copy import claim_folder
from consulting.errors import (
    ConfigurationError,
    StoreAccessError,
    StoreMissingError,
    StoreUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import S3Server

MONTH = {
    "landing/ab/orders.csv": "id\n1\n",
    "loaded_batch": "acme-00001",
    "runs/acme-00001/intake.json": "{}",
    "deliverables/acme-00001/manifest.json": '{"files": {}}',
    "warehouse.duckdb": "pages",
}


class Counted(NamedTuple):
    """How often the server was asked for what."""

    read: list[str]
    written: list[str]


@pytest.fixture
def objects(s3_server: S3Server, s3_bucket: str) -> Objects:
    return Objects(s3_server.client(), s3_bucket, "data/").of("acme")


@pytest.fixture
def host(tmp_path: Path, objects: Objects) -> Callable[[str], WorkingCopy]:
    """A machine with a disk of its own."""
    return lambda name: WorkingCopy(tmp_path / name / "acme", objects)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted([], [])
    read, write = Objects.read, Objects.write

    def reading(self: Objects, name: str) -> Any:
        counted.read.append(name)
        return read(self, name)

    def writing(self: Objects, name: str, body: Any) -> None:
        counted.written.append(name.partition("/")[2])
        write(self, name, body)

    monkeypatch.setattr(Objects, "read", reading)
    monkeypatch.setattr(Objects, "write", writing)
    return counted


def fill(copy: WorkingCopy, files: dict[str, str]) -> None:
    for path, text in files.items():
        place = copy.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists() or place.read_text() != text:
            place.unlink(missing_ok=True)
            place.write_text(text)


def held(copy: WorkingCopy) -> dict[str, str]:
    files = (path for path in copy.folder.rglob("*") if path.is_file())
    return {str(path.relative_to(copy.folder)): path.read_text() for path in files}


def old(copy: WorkingCopy) -> None:
    """What lies there was written long before it was looked at."""
    for path in copy.folder.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)


def test_what_one_machine_puts_back_another_brings(host: Any) -> None:
    a, b = host("a"), host("b")
    fill(a, MONTH)
    (a.folder / "landing/ab/orders.csv").chmod(0o400)
    tree = a.put_back(None, 1)
    b.bring(tree)
    assert held(b) == MONTH
    assert stat.S_IMODE((b.folder / "landing/ab/orders.csv").stat().st_mode) == 0o400
    fill(b, {"loaded_batch": "acme-00002", "quarantine/000001-x/x.reason.json": "{}"})
    (b.folder / "runs/acme-00001/intake.json").unlink()
    second = b.put_back(tree, 2)
    (a.folder / "left.json").write_text("of a run that was killed")
    a.bring(second)
    assert held(a) == held(b)
    assert not (a.folder / "runs").exists()


def test_what_is_there_already_is_neither_fetched_nor_read(host: Any, counted: Counted) -> None:
    a, b = host("a"), host("b")
    fill(a, MONTH)
    old(a)
    tree = a.put_back(None, 1)
    counted.written.clear()
    a.bring(tree)
    assert a.put_back(tree, 2) is None
    assert counted == Counted([], [])
    b.bring(tree)
    assert len(counted.read) == len(MONTH) + 1
    counted.read.clear()
    b.bring(tree)
    assert counted.read == []
    fill(b, {"loaded_batch": "acme-00002"})
    third = b.put_back(tree, 3)
    assert counted.written == ["loaded_batch", ".tree.json"]
    a.bring(third)
    assert sorted(each.partition("/")[2] for each in counted.read) == [".tree.json", "loaded_batch"]


def test_bytes_that_lie_elsewhere_in_the_tree_are_not_written_again(
    host: Any, counted: Counted
) -> None:
    a = host("a")
    fill(a, MONTH)
    tree = a.put_back(None, 1)
    counted.written.clear()
    (a.folder / "warehouse.duckdb").rename(a.folder / "warehouse.old")
    moved = a.put_back(tree, 2)
    assert counted.written == [".tree.json"]
    b = host("b")
    b.bring(moved)
    assert held(b) == held(a)


def test_a_file_changed_within_the_clocks_tick_is_seen(host: Any) -> None:
    """Same size, and a time that can not tell it from the one that was looked at."""
    a = host("a")
    fill(a, MONTH)
    tree = a.put_back(None, 1)
    place = a.folder / "loaded_batch"
    before = place.stat()
    place.write_text("acme-00009")
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    changed = a.put_back(tree, 2)
    b = host("b")
    b.bring(changed)
    assert (b.folder / "loaded_batch").read_text() == "acme-00009"


def test_what_is_not_the_runs_is_left_where_it_lies(host: Any) -> None:
    a = host("a")
    own = {
        "incoming/orders.csv": "1",
        "masking.key": "k",
        "access.jsonl": "{}",
        ".scratch-1/x": "1",
        "deliverables/.acme-1.partial/x": "1",
        "warehouse.duckdb.tmp/x": "1",
    }
    fill(a, MONTH | own)
    (a.folder / "link").symlink_to("/etc/passwd")
    tree = a.put_back(None, 1)
    a.bring(tree)
    assert {path: text for path, text in held(a).items() if path != "link"} == MONTH | own
    b = host("b")
    b.bring(tree)
    assert held(b) == MONTH


def test_who_only_looks_fetches_no_rows(host: Any) -> None:
    a, b = host("a"), host("b")
    fill(a, MONTH)
    tree = a.put_back(None, 1)
    b.bring(tree, without_rows)
    assert set(held(b)) == set(MONTH) - {"landing/ab/orders.csv", "warehouse.duckdb"}
    b.bring(tree)
    assert held(b) == MONTH


def test_killed_at_each_write_a_tree_is_there_whole_or_not_at_all(host: Any, objects: Any) -> None:
    """The pointer is what the ledger keeps; the next machine goes on from there."""
    a = host("a")
    fill(a, MONTH)
    tree, number, died, before = a.put_back(None, 1), 1, 0, MONTH
    for at in range(1, 20):
        number += 1
        change = {path: f"{text} {number}" for path, text in MONTH.items()}
        killed = host(f"killed-{at}")
        pid = os.fork()
        if pid == 0:
            try:
                killed.bring(tree)
                fill(killed, change)
                _die_at_write(at)
                killed.put_back(tree, number)
            finally:
                os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        died += code == 9
        b = host(f"next-{at}")
        b.bring(tree)
        assert held(b) == before
        number += 1
        before = {path: f"{text} {number}" for path, text in MONTH.items()}
        fill(b, before)
        tree = b.put_back(tree, number)
        # the one that was killed wakes up, and sees what counts
        killed.bring(tree)
        assert held(killed) == before
        b.sweep(tree, number)
        assert len(list(objects.names())) == len(MONTH) + 1
        if code == 0:
            break
    assert died == len(MONTH) + 1


def test_killed_at_each_fetch_the_copy_is_brought_whole_by_the_next(host: Any) -> None:
    a, b = host("a"), host("b")
    fill(a, MONTH)
    tree, died = a.put_back(None, 1), 0
    b.bring(tree)
    for at in range(1, 20):
        later = {path: f"{text} {at}" for path, text in MONTH.items()}
        fill(a, later)
        tree = a.put_back(tree, at + 1)
        pid = os.fork()
        if pid == 0:
            try:
                _die_at_read(at)
                b.bring(tree)
            finally:
                os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        died += code == 9
        (b.folder / "runs" / ".0123.arriving").write_text("half of")
        b.bring(tree)
        assert held(b) == later
        if code == 0:
            break
    assert died == len(MONTH) + 1


def _die_at_read(at: int) -> None:
    read, seen = Objects.read, []

    def dying(self: Objects, name: str) -> Any:
        seen.append(name)
        if len(seen) >= at:
            os._exit(9)
        return read(self, name)

    Objects.read = dying  # type: ignore[method-assign]


def _die_at_write(at: int) -> None:
    write, seen = Objects.write, []

    def dying(self: Objects, name: str, body: Any) -> None:
        seen.append(name)
        if len(seen) >= at:
            os._exit(9)
        write(self, name, body)

    Objects.write = dying  # type: ignore[method-assign]


def test_a_late_sweep_removes_nothing_that_came_after_it(host: Any, monkeypatch: Any) -> None:
    """It has read the tree that it knows; another machine goes on meanwhile."""
    a, b = host("a"), host("b")
    fill(a, MONTH)
    tree = a.put_back(None, 1)
    b.bring(tree)
    fill(b, {"loaded_batch": "acme-00002", "new": "1"})
    second = b.put_back(tree, 2)
    a.sweep(tree, 1)
    fresh = host("c")
    fresh.bring(second)
    assert held(fresh) == held(b)
    b.sweep(second, 2)
    with pytest.raises(ObjectGoneError):
        host("d").bring(tree)


def test_bytes_that_are_not_what_the_tree_says_are_not_taken(host: Any, objects: Any) -> None:
    a = host("a")
    fill(a, MONTH)
    tree = a.put_back(None, 1)
    name = next(each for each in objects.names() if each.endswith("loaded_batch"))
    objects.write(name, b"acme-66666")
    b = host("b")
    with pytest.raises(ObjectGoneError):
        b.bring(tree)
    assert not (b.folder / "loaded_batch").exists()


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("../beside.txt", {}),
        ("landing/../../beside.txt", {}),
        ("/tmp/beside.txt", {}),
        ("landing//orders.csv", {}),
        ("", {}),
        ("a\0b", {}),
        (".hidden", {}),
        ("masking.key", {}),
        ("incoming/orders.csv", {}),
        ("landing/x", {"mode": 0o4755}),
        ("landing/x", {"mode": None}),
    ],
)
def test_a_tree_that_somebody_altered_writes_nothing(
    host: Any, objects: Any, path: str, more: dict[str, Any]
) -> None:
    a, b = host("a"), host("b")
    fill(a, MONTH)
    tree = a.put_back(None, 1)
    body = json.loads(objects.read(tree))
    body["files"][path] = next(iter(body["files"].values())) | more
    objects.write(tree, json.dumps(body).encode())
    for _ in range(2):
        with pytest.raises(StoreMissingError, match=r"^acme: s3://.*somebody else has written it"):
            b.bring(tree)
    assert held(b) == {}
    assert [each.name for each in b.folder.parent.iterdir() if each.name[0] != "."] == ["acme"]


def test_names_of_files_come_back_as_they_were(host: Any) -> None:
    """All that `safe_name` lets through, and more than that; an empty file, too."""
    a, b = host("a"), host("b")
    odd = {
        f"landing/ab/{name}": text
        for name, text in {
            "orders.duckdb.tmp": "of the client's",
            "empty.csv": "",
            "Größe 数.csv": "1",
            "two\nlines %2F+?#.csv": "1",
            "x" * 200 + ".csv": "1",
            "masking.key": "1",
            "a..b": "1",
        }.items()
    }
    fill(a, MONTH | odd)
    b.bring(a.put_back(None, 1))
    assert held(b) == MONTH | odd


def test_a_folder_that_is_a_link_is_refused_before_it_is_left_out(
    host: Any, tmp_path: Path
) -> None:
    a = host("a")
    fill(a, MONTH)
    (a.folder / "quarantine").symlink_to(tmp_path)
    with pytest.raises(ConfigurationError, match=r"^acme: .*quarantine is a link"):
        a.put_back(None, 1)


def test_a_folder_of_working_copies_is_one_buckets(tmp_path: Path) -> None:
    for url in ("s3://bucket/live", "s3://bucket/live/"):
        claim_folder(tmp_path / "scratch", url)
    with pytest.raises(ConfigurationError, match=r"copies of s3://bucket/live, and .*s3://b/test"):
        claim_folder(tmp_path / "scratch", "s3://b/test")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"CONSULTING_SCRATCH is .*can not be written"):
        claim_folder(tmp_path / "file" / "scratch", "s3://b/test")


def test_clients_whose_names_begin_alike_share_nothing(
    tmp_path: Path, s3_server: Any, s3_bucket: str
) -> None:
    every = Objects(s3_server.client(), s3_bucket, "data/")
    short, long = (WorkingCopy(tmp_path / name, every.of(name)) for name in ("acme", "acme_corp"))
    trees = []
    for copy in (short, long):
        fill(copy, MONTH | {"whose": copy.folder.name})
        trees.append(copy.put_back(None, 1))
    (short.folder / "whose").unlink()
    short.sweep(short.put_back(trees[0], 2), 2)
    long.bring(trees[1])
    fresh = WorkingCopy(tmp_path / "fresh" / "acme_corp", every.of("acme_corp"))
    fresh.bring(trees[1])
    assert held(fresh) == held(long) == MONTH | {"whose": "acme_corp"}


def test_a_sweep_lists_nothing_that_arrives(host: Any, objects: Any) -> None:
    """What arrives may be a hundred thousand files, and is listed by each tick already."""
    a = host("a")
    fill(a, MONTH)
    tree = a.put_back(None, 1)
    beside = ("incoming/0.csv", "access/2026.jsonl", "masking.key")
    for name in beside:
        objects.write(name, b"1")
    asked: list[str] = []
    objects.client.meta.events.register(
        "provide-client-params.s3.ListObjectsV2", lambda params, **_: asked.append(params["Prefix"])
    )
    a.sweep(tree, 1)
    assert a.last_number() == 1
    assert asked == ["data/acme/0", "data/acme/0"]
    assert {each for each in objects.names() if not each.startswith("0")} == {*beside}


def test_an_object_that_the_server_keeps_is_told(objects: Any, monkeypatch: Any) -> None:
    """S3 answers 200, and names in it what it did not remove."""
    refused = {"Errors": [{"Key": "data/acme/x", "Code": "AccessDenied"}]}
    monkeypatch.setattr(objects.client, "delete_objects", lambda **_: refused)
    with pytest.raises(StoreAccessError, match=r"^acme: .*not remove 1 object \(AccessDenied\)"):
        objects.remove(["x"])


def test_an_address_that_is_none_is_told_without_its_password(monkeypatch: Any) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "me:hunter2@nowhere")
    _client.cache_clear()
    with pytest.raises(ConfigurationError, match="Check AWS_ENDPOINT_URL_S3") as told:
        objects_at("s3://bucket/data")
    assert "hunter2" not in str(told.value)
    _client.cache_clear()


def test_a_file_in_parts_comes_back_as_it_was(host: Any) -> None:
    a, b = host("a"), host("b")
    a.folder.mkdir(parents=True)
    large = os.urandom(1024) * 20 * 1024
    (a.folder / "warehouse.duckdb").write_bytes(large)
    b.bring(a.put_back(None, 1))
    found = (b.folder / "warehouse.duckdb").read_bytes()
    assert hashlib.sha256(found).digest() == hashlib.sha256(large).digest()


def test_the_first_of_two_that_write_once_is_what_both_have(objects: Any) -> None:
    assert objects.write_once("masking.key", b"one") == b"one"
    assert objects.write_once("masking.key", b"two") == b"one"


def test_a_server_that_refuses_or_is_away_is_told_with_the_client(
    s3_server: Any, s3_bucket: str
) -> None:
    refused = Objects(s3_server.client(aws_secret_access_key="no"), s3_bucket, "").of("acme")
    with pytest.raises(StoreAccessError, match=r"^acme: s3://.*403.*CONSULTING_DATA"):
        refused.read("x")
    away = Objects(s3_server.client(endpoint_url="http://127.0.0.1:9"), s3_bucket, "").of("acme")
    with pytest.raises(StoreUnavailableError, match="AWS_ENDPOINT_URL_S3"):
        away.write("x", b"1")
    with pytest.raises(StoreUnavailableError, match="NoSuchBucket"):
        list(Objects(s3_server.client(), "not-there", "").names())


class _HangsUp(socketserver.BaseRequestHandler):
    """Takes the beginning of a request, and goes away."""

    def handle(self) -> None:
        self.request.recv(1)


def test_a_line_that_breaks_is_told_with_the_client(s3_server: S3Server) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _HangsUp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = s3_server.client(endpoint_url=f"http://127.0.0.1:{server.server_address[1]}")
        broken = Objects(client, "uploads", "data/").of("acme")
        for ask in (lambda: broken.read("x"), lambda: broken.write("x", b"1"), broken.names):
            with pytest.raises(
                StoreUnavailableError, match=r"^acme: s3://uploads/data/acme/.*tried"
            ):
                list(ask() or ())
        server.shutdown()


@pytest.mark.skipif(not os.environ.get("CONSULTING_LONG_TESTS"), reason="a minute of CPU")
def test_ten_thousand_small_files(host: Any, counted: Counted) -> None:
    a, b = host("a"), host("b")
    fill(a, {f"runs/{number // 100}/{number}.json": f"{number}" for number in range(10_000)})
    old(a)
    tree = a.put_back(None, 1)
    b.bring(tree)
    assert held(b) == held(a)
    counted.read.clear()
    began = time.process_time()
    a.bring(tree)
    assert a.put_back(tree, 2) is None
    assert counted.read == []
    assert time.process_time() - began < 3
