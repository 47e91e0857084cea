"""A plug-in of each kind, whose methods do what a test tells them to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from consulting.alerting.senders import Posted
from consulting.channels import Channel
from consulting.delivery.deliverable import Document, TableFormat
from consulting.intake.reading import FileFormat
from consulting.records import Written
from consulting.rules import ColumnRule
from consulting.sources import ListingPage, Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRET = "zq-secret-4711"
does: dict[str, Any] = {}
"""A method's name, and the class it raises, what it answers, or a function that it calls; what is
not named does right."""


def _do(method: str, right: Any, *args: Any) -> Any:
    what = does.get(method, right)
    if isinstance(what, type) and issubclass(what, BaseException):
        raise what(SECRET)
    return what(*args) if callable(what) else what


def fail(called: str) -> int:
    """Fail in another process as the plug-in of that name does."""
    error = ValueError(SECRET)
    error.add_note(f"Raised by the {called}.")
    raise error


class BrokenSource(Source):
    type: Literal["broken"]

    def place(self, incoming: Path) -> Any:
        return _do("place", ("broken", incoming.parent.name))

    def open(self, client_id: str, incoming: Path) -> Any:
        return _do("open_source", BrokenStore())

    def told_by(self) -> Any:
        return _do("told_by", None)

    def variables(self) -> Any:
        return _do("source_variables", {})


class BrokenStore:
    atomic = True
    page_size = 1000

    def describe(self) -> Any:
        return _do("describe", "a store")

    def list_page(self, after: Any, limit: int) -> Any:
        return _do("list_page", ListingPage([], None))

    def exists(self, key: str) -> Any:
        return _do("exists", right=False)

    def fetch(self, listed: Any, target: Any) -> Any:
        return _do("fetch", "0" * 64)


class BrokenFormat(FileFormat):
    type: Literal["broken"]

    names: ClassVar[Mapping[str, str]] = {"broken": "a broken file"}

    def name_of(self, source: Any, head: bytes, options: Any) -> Any:
        return _do("name_of", None)

    def read(self, path: Any, source: Any, name: str, options: Any, store: Any) -> Any:
        return _do("read", None)


class ToBroken(ColumnRule):
    name: ClassVar = "to_broken"
    types: ClassVar = ("time",)

    @classmethod
    def arguments(cls) -> Any:
        return _do("arguments", {})

    @classmethod
    def unfit_reason(cls) -> Any:
        return _do("unfit_reason", None)

    @classmethod
    def macro_files(cls) -> Any:
        return _do("macro_files", [])

    @classmethod
    def proposed(cls, column: Any) -> Any:
        return _do("proposed", ("to_broken", {}))

    def conversion(self) -> Any:
        return _do("conversion", "broken")

    def limits(self) -> Any:
        return _do("limits", None)

    def written(self) -> Any:
        return _do("written", Written())


class BrokenTable(TableFormat):
    extension = "broken"
    words = "a broken file"

    def write(self, table: Any, target: Path) -> Any:
        if "leaves" not in does:
            target.write_text("1")
        return _do("write_table", (), target)


class BrokenLetter(Document):
    def write(self, inputs: Any, contents: Any, folder: Path) -> Any:
        return _do("write_letter", lambda place: (place / "letter.txt").write_text("1"), folder)


class BrokenChannel(Channel):
    type: Literal["broken"]

    @property
    def address(self) -> Any:
        return _do("address", "x")

    @classmethod
    def at(cls, address: str) -> Any:
        return _do("at", cls(type="broken"))

    def open(self, means: Any) -> Any:
        return _do("open_channel", BrokenSender())

    def variables(self) -> Any:
        return _do("channel_variables", {})


class BrokenSender:
    name = "broken"

    def post(self, envelope: Any) -> Any:
        return _do("post", Posted(channel_id="x", ts="1"))

    def update(self, envelope: Any, posted: Any) -> Any:
        return _do("update", None)

    def find(self, envelope: Any) -> Any:
        return _do("find", None)

    def finish(self, outbox: Any) -> Any:
        """Nothing."""
