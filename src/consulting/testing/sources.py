"""What every source holds.

A test class derives from `SourceContract` and has a fixture `place`: a new and empty `SourcePlace`
for each test.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from consulting.errors import (
    DropChangedError,
    DropGoneError,
    DropRefusedError,
    StoreError,
    StoreMissingError,
)
from consulting.intake import FeedPattern, Intake, Ledger, RunVerdict
from consulting.layout import ClientFolder
from consulting.sealed import SealedFile
from consulting.sources.store import Listed

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.sources.store import Store

NAMES = (
    "a/x.csv",
    "a-b/x.csv",
    "a.csv",
    "a/b/y.csv",
    "Z.csv",
    "ä.csv",
    "z z.csv",
    "\uff5e.csv",
    'it\'s "100%" [1]*?.csv',
)


class SourcePlace(Protocol):
    """A place of a source, as whoever uploads sees it."""

    def store(self) -> Store:
        """The place, opened anew."""
        ...

    def missing(self) -> Store:
        """A place of the kind that is not there, opened."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """A client uploads a file."""
        ...

    def remove(self, key: str) -> None:
        """A client removes a file."""
        ...


@dataclass
class UploadFolder:
    """A folder of this machine that a client uploads to as careful ones do: no file is seen half.

    Attributes:
        folder: The folder.
    """

    folder: Path

    def put(self, key: str, content: bytes) -> None:
        """Upload a file, under a temporary name first."""
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(content)
        part.replace(path)

    def remove(self, key: str) -> None:
        """Remove a file."""
        (self.folder / key).unlink()


class SourceContract:
    """The tests of a store; see the module."""

    @pytest.mark.parametrize("limit", [1, 2, 1000])
    def test_every_file_is_listed_once_in_pages_of_any_size(
        self, place: SourcePlace, limit: int
    ) -> None:
        for name in NAMES:
            place.put(name, name.encode())
        listed = everything(place.store(), limit)
        assert sorted(file.key for file in listed) == sorted(NAMES)
        assert {file.key: file.size_bytes for file in listed}["ä.csv"] == len("ä.csv".encode())

    def test_a_page_can_be_asked_for_out_of_turn(self, place: SourcePlace) -> None:
        for number in range(5):
            place.put(f"{number}.csv", b"x")
        store = place.store()
        store.list_page(None, 2)
        assert [file.key for file in store.list_page("2.csv", 9).items] == ["3.csv", "4.csv"]

    def test_what_is_listed_is_fetched_to_the_byte(
        self, place: SourcePlace, tmp_path: Path
    ) -> None:
        contents = {"empty.csv": b"", "big.bin": bytes(range(256)) * 12_345, "a/b c.csv": b"\r\n"}
        for key, content in contents.items():
            place.put(key, content)
        store = place.store()
        for file in everything(store):
            digest = hashlib.sha256(contents[file.key]).hexdigest()
            assert store.fetch(file, tmp_path / "copy") == digest
            assert (tmp_path / "copy").read_bytes() == contents[file.key]
            sealed = SealedFile(tmp_path / f"sealed-{digest}")
            assert store.fetch(file, sealed) == digest
            with sealed.open() as opened:
                assert opened.read() == contents[file.key]

    def test_a_version_keeps_its_signature_and_another_has_its_own(
        self, place: SourcePlace
    ) -> None:
        place.put("orders.csv", b"one")
        first = everything(place.store())
        assert everything(place.store()) == first
        place.put("orders.csv", b"three")
        assert everything(place.store())[0].signature != first[0].signature

    def test_a_file_that_changed_after_it_was_listed_is_not_fetched(
        self, place: SourcePlace, tmp_path: Path
    ) -> None:
        place.put("orders.csv", b"one")
        store = place.store()
        (listed,) = everything(store)
        place.put("orders.csv", b"three")
        with pytest.raises(DropChangedError):
            store.fetch(listed, tmp_path / "copy")
        assert list(tmp_path.glob("copy*")) == []

    def test_a_file_that_is_gone_is_told_so(self, place: SourcePlace, tmp_path: Path) -> None:
        place.put("orders.csv", b"one")
        store = place.store()
        (listed,) = everything(store)
        assert store.exists("orders.csv")
        place.remove("orders.csv")
        assert not store.exists("orders.csv")
        with pytest.raises(DropGoneError):
            store.fetch(listed, tmp_path / "copy")

    @pytest.mark.parametrize("key", ["../secret.csv", "./x", "a/../x", "/etc/passwd", "", "no.csv"])
    def test_no_key_leads_out_of_the_place(
        self, place: SourcePlace, tmp_path: Path, key: str
    ) -> None:
        place.put("orders.csv", b"one")
        store = place.store()
        with pytest.raises((DropGoneError, DropChangedError, DropRefusedError, StoreError)):
            store.fetch(Listed(key, 6, "x-y"), tmp_path / "copy")
        assert not (tmp_path / "copy").exists()

    def test_an_empty_place_lists_nothing_and_a_missing_one_is_an_error(
        self, place: SourcePlace
    ) -> None:
        assert everything(place.store()) == []
        with pytest.raises(StoreMissingError, match=r"acme: .*defs\.yaml"):
            everything(place.missing())

    def test_each_version_is_delivered_once(self, place: SourcePlace, tmp_path: Path) -> None:
        intake = Intake(
            ledger=Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}"),
            store=place.store(),
            folder=ClientFolder(tmp_path, "acme"),
            feeds=[FeedPattern(name="orders", glob="*")],
        )
        now, delivered = datetime(2026, 1, 5, tzinfo=UTC), []
        for content in (b"A", b"BB", b"A"):
            place.put("a/orders.csv", content)
            for _ in range(3):
                now += timedelta(minutes=1)
                intake.reconcile(lambda _: RunVerdict.UNKNOWN, now=now)
                intake.look(now=now)
                batch = intake.claim(now=now, trigger="test")
                if batch is not None:
                    begun = intake.begin(batch.batch_id, batch.batch_id, now=now)
                    for drop in begun.drops:
                        with intake.land(begun, drop).path.open("rb") as landed:
                            delivered.append(landed.read())
                    intake.delivered(batch.batch_id, batch.batch_id, now=now)
        assert delivered == [b"A", b"BB", b"A"]


def everything(store: Store, limit: int = 1000) -> list[Listed]:
    """All files of a place, page by page."""
    found: list[Listed] = []
    after = None
    while True:
        page = store.list_page(after, limit)
        found += page.items
        after = page.next
        if after is None:
            return found
