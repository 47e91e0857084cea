"""A client's folder on this machine, as a working copy of the tree that is stored of it.

A tree names an object for each file; an object's name begins with the number of the checkout that
wrote it, and no object is written twice. So whoever lost its hold of the client can write objects,
but none that the tree in force names; and what no tree names can be removed at any time later.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from consulting.bucket.objects import AT_ONCE, ObjectGoneError, Objects
from consulting.errors import ConfigurationError, StoreMissingError
from consulting.records import Record
from consulting.writing import hash_file, make_folder, write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Wanted = Callable[[str], bool]

T = TypeVar("T")

TREE = ".tree.json"
_ARRIVING = ".arriving"
_NOT_STORED = frozenset({"incoming", "access.jsonl", "masking.key", "warehouse.duckdb.tmp"})
"""Not the run's: what arrives, what lies beside the tree as objects, what a killed run spilled."""
_UNSURE_NS = 1_000_000_000
"""A file that was touched so shortly before it was looked at may have been touched after."""
_CHECKOUT = re.compile(r"(0\d{9})-[0-9a-f]{8}/.")
_CHECKOUTS = "0"
"""So begins what a checkout wrote, and nothing of what arrives or of the access log."""


def _stored(path: str) -> str:
    """A file's path below the client's folder, as a checkout stores it: no tree names another."""
    steps = path.split("/")
    hidden = any(not step or step.startswith(".") for step in steps)
    if hidden or "\0" in path or steps[0] in _NOT_STORED:
        raise ValueError("it is no file of the client's folder")
    return path


class Entry(Record):
    """One file of a tree: the object that holds its bytes, their size and hash, and its mode."""

    key: str
    size: int
    sha256: str
    mode: int = Field(ge=0, le=0o777)


class Tree(Record):
    """What is stored of a client: path below its folder → the file."""

    files: dict[Annotated[str, AfterValidator(_stored)], Entry] = Field(default_factory=dict)


class _Index(Record):
    """What this machine knows of its working copy.

    Attributes:
        boot: The start of the machine; after another one nothing is taken on trust.
        at_ns: When it was looked at.
        known: Path → the file's size, time and number then, and the object of the same bytes.
    """

    boot: str = ""
    at_ns: int = 0
    known: dict[str, tuple[int, int, int, str]] = Field(default_factory=dict)


def everything(path: str) -> bool:  # noqa: ARG001 - all of them
    """All files."""
    return True


def without_rows(path: str) -> bool:
    """All but the client's own files and its database, which only a run and a rebuild read."""
    return not path.startswith(("landing/", "warehouse.duckdb"))


def documents(path: str) -> bool:
    """What alerts and the portfolio are made of: what runs and deliveries say of themselves."""
    return path.endswith((".json", ".html")) and not path.startswith("landing/")


def deliveries(path: str) -> bool:
    """What was delivered."""
    return path.startswith("deliverables/")


def claim_folder(root: Path, url: str) -> None:
    """Hold a machine's folder of working copies for one bucket and prefix.

    Another's copies would be taken for the beginning of clients that have the same name.

    Args:
        root: `CONSULTING_SCRATCH`.
        url: `CONSULTING_DATA`.

    Raises:
        ConfigurationError: If it holds another's, or can not be written.
    """
    mark, said = root / ".bucket", url.rstrip("/")
    try:
        if not mark.exists():
            write_text(mark, said)
        held = mark.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"CONSULTING_SCRATCH is {root}, which can not be written ({error.strerror}). Name a "
            "folder of this machine's own, for working copies of what CONSULTING_DATA holds."
        ) from None
    if held != said:
        raise ConfigurationError(
            f"CONSULTING_SCRATCH is {root}, which holds working copies of {held}, and "
            f"CONSULTING_DATA is {said}. Name another folder, or remove this one."
        )


@dataclass(frozen=True)
class WorkingCopy:
    """A client's folder on this machine, and its objects.

    Attributes:
        folder: The client's folder; what lies beside it is named after it.
        objects: The client's objects.
    """

    folder: Path
    objects: Objects

    def bring(self, name: str | None, wanted: Wanted = everything) -> None:
        """Make the folder what the tree says; what is there already is not fetched.

        Args:
            name: The tree; with None nothing is stored yet, and what lies here is the beginning.
            wanted: Which of its files.

        Raises:
            ObjectGoneError: If the tree is in force no longer, and was removed.
            StoreError: If the server refuses or does not answer.
        """
        make_folder(self.folder)
        if name is None:
            return
        with self._locked():
            tree, index = self._tree(name), self._index()
            for left in self.folder.rglob(f".*{_ARRIVING}"):  # of who was killed here
                left.unlink()
            here = dict(_files(self.folder))
            for path in here.keys() - tree.files.keys():
                # what is not stored yet of errors' texts is put back with the rest
                if not path.startswith("errors/") or path in index.known:
                    (self.folder / path).unlink(missing_ok=True)
            files = {path: each for path, each in tree.files.items() if wanted(path)}
            _at_once(
                lambda path: self._fetch(path, files[path]),
                [path for path, each in files.items() if not self._has(path, each, here, index)],
            )
            _remove_empty(self.folder)
            self._note(files, time.time_ns(), dict(_files(self.folder)))

    def put_back(self, name: str | None, number: int) -> str | None:
        """Write the objects of what changed, and the tree that names them.

        Args:
            name: The tree that was brought.
            number: The checkout's; greater than any before.

        Returns:
            The new tree's name, which counts when the ledger says so; None if nothing changed.
        """
        with self._locked():
            if name is None:
                self._refuse_links()
            tree = self._tree(name) if name is not None else Tree()
            at_ns, here, index = time.time_ns(), dict(_files(self.folder)), self._index()
            begin = f"{number:010d}-{uuid.uuid4().hex[:8]}"
            held = {each.sha256: each for each in tree.files.values()}

            def put(path: str) -> Entry:
                before = tree.files.get(path)
                mode = here[path].st_mode & 0o777
                if before and before.mode == mode and _trusted(path, here[path], index, before):
                    return before
                file = self.folder / path
                sha256, size = hash_file(file), here[path].st_size
                if (same := held.get(sha256)) is not None:
                    return same.model_copy(update={"mode": mode})
                self.objects.write(f"{begin}/{path}", file)
                return Entry(key=f"{begin}/{path}", size=size, sha256=sha256, mode=mode)

            files = dict(zip(here, _at_once(put, list(here)), strict=True))
            self._note(files, at_ns, here)
            if files == tree.files:
                return None
            text = Tree(files=files).model_dump_json()
            self.objects.write(f"{begin}/{TREE}", text.encode())
            write_text(self._beside("tree"), json.dumps({"name": f"{begin}/{TREE}"}) + "\n" + text)
            return f"{begin}/{TREE}"

    def last_number(self) -> int:
        """The number of the last checkout that has an object."""
        begun = map(_CHECKOUT.match, self.objects.names(_CHECKOUTS))
        return max((int(each[1]) for each in begun if each), default=0)

    def sweep(self, name: str | None, number: int) -> None:
        """Remove for good what the tree in force does not name.

        Args:
            name: The tree; None if none is in force.
            number: The checkout that put it in force: what a later one writes is not its business.
        """
        tree = self._tree(name) if name is not None else Tree()
        named = {name, *(each.key for each in tree.files.values())}
        self.objects.remove(
            each
            for each in self.objects.names(_CHECKOUTS)
            if each not in named and (begun := _CHECKOUT.match(each)) and int(begun[1]) <= number
        )

    def _refuse_links(self) -> None:
        for path in self.folder.iterdir():
            if path.is_symlink() and path.is_dir():
                raise ConfigurationError(
                    f"{self.objects.whose}: {path} is a link, and what it leads to would not be "
                    "stored in the bucket. Put the folder itself in its place."
                )

    def _tree(self, name: str) -> Tree:
        kept = self._beside("tree")
        head, _, text = kept.read_text("utf-8").partition("\n") if kept.exists() else ("{}", "", "")
        if json.loads(head).get("name") != name:
            held = self.objects.read(name)
            if held is None:
                raise ObjectGoneError(name)
            text = held.decode(errors="replace")
            tree = self._read(name, text)
            write_text(kept, json.dumps({"name": name}) + "\n" + text)
            return tree
        return self._read(name, text)

    def _read(self, name: str, text: str) -> Tree:
        try:
            return Tree.model_validate_json(text)
        except ValidationError:
            raise StoreMissingError(
                self.objects.whose,
                f"s3://{self.objects.bucket}/{self.objects.prefix}{name}",
                "it does not say what a client's files are, or names files outside of its folder: "
                "somebody else has written it.",
                "Find out who can write to the bucket, and restore this object's first version "
                "from a backup.",
            ) from None

    def _has(self, path: str, entry: Entry, here: dict[str, os.stat_result], index: _Index) -> bool:
        stat = here.get(path)
        if stat is None or stat.st_size != entry.size or stat.st_mode & 0o777 != entry.mode:
            return False
        return _trusted(path, stat, index, entry) or hash_file(self.folder / path) == entry.sha256

    def _fetch(self, path: str, entry: Entry) -> None:
        target = self.folder / path
        make_folder(target.parent)
        arriving = target.with_name(f".{uuid.uuid4().hex}{_ARRIVING}")
        try:
            self.objects.fetch(entry.key, arriving, entry.size)
            if hash_file(arriving) != entry.sha256:
                raise ObjectGoneError(entry.key)
            arriving.chmod(entry.mode)
            arriving.replace(target)
        finally:
            arriving.unlink(missing_ok=True)

    def _note(self, files: dict[str, Entry], at_ns: int, here: dict[str, os.stat_result]) -> None:
        known = {
            path: (stat.st_size, stat.st_mtime_ns, stat.st_ino, files[path].key)
            for path, stat in here.items()
            if path in files
        }
        index = _Index(boot=_boot(), at_ns=at_ns, known=known)
        write_text(self._beside("index"), index.model_dump_json())

    def _index(self) -> _Index:
        try:
            index = _Index.model_validate_json(self._beside("index").read_bytes())
        except (FileNotFoundError, ValueError):
            return _Index()
        return index if index.boot == _boot() else _Index()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        make_folder(self.folder.parent)
        with self._beside("lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _beside(self, what: str) -> Path:
        return self.folder.with_name(f".{self.folder.name}.{what}")


def _trusted(path: str, stat: os.stat_result, index: _Index, entry: Entry) -> bool:
    """Whether the file is known to hold the entry's bytes, without reading it."""
    said = (stat.st_size, stat.st_mtime_ns, stat.st_ino, entry.key)
    return index.known.get(path) == said and stat.st_mtime_ns < index.at_ns - _UNSURE_NS


def _files(folder: Path, below: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """The regular files that are stored, with their paths; nothing hidden, and no link."""
    with os.scandir(folder) as found:
        items = sorted(found, key=lambda each: each.name)
    for each in items:
        path = f"{below}{each.name}"
        if each.name.startswith(".") or path in _NOT_STORED:
            continue
        if each.is_dir(follow_symlinks=False):
            yield from _files(Path(each.path), f"{path}/")
        elif each.is_file(follow_symlinks=False):
            yield path, each.stat(follow_symlinks=False)


def _remove_empty(folder: Path) -> None:
    with os.scandir(folder) as found:
        below = [Path(each.path) for each in found if each.is_dir(follow_symlinks=False)]
    for place in below:
        if (
            not place.name.startswith(".") and place.name != "incoming"
        ):  # somebody may be at work in it
            _remove_empty(place)
            with suppress(OSError):  # something lies in it
                place.rmdir()


def _at_once(function: Callable[[str], T], paths: list[str]) -> list[T]:
    if not paths:
        return []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(function, paths))


@cache
def _boot() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id")
    return boot.read_text("ascii").strip() if boot.exists() else uuid.uuid4().hex
