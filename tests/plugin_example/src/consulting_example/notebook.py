"""Alerts that are written into a notebook: a file with a line for each message."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from consulting.alerting.senders import Envelope, OutboxEntry, Posted
from consulting.channels import Channel, Means

if TYPE_CHECKING:
    from collections.abc import Sequence


class NotebookChannel(Channel):
    """Alerts go into a notebook."""

    type: Literal["notebook"] = Field(description="Alerts go into a notebook.")
    file: str = Field(description="The notebook.", examples=["/mnt/alerts.txt"])

    @property
    def address(self) -> str:
        return self.file

    @classmethod
    def at(cls, address: str) -> Self:
        return cls(type="notebook", file=address)

    def open(self, means: Means) -> NotebookSender:
        return NotebookSender(Path(self.file))


class NotebookSender:
    name = "notebook"

    def __init__(self, file: Path) -> None:
        self._file = file

    def post(self, envelope: Envelope) -> Posted:
        with self._file.open("a", encoding="utf-8") as book:
            book.write(f"{envelope.marker} {envelope.message.text}\n")
        return Posted(channel_id=envelope.channel, ts=envelope.marker)

    def update(self, envelope: Envelope, posted: Posted) -> None:
        """What is written stays."""

    def find(self, envelope: Envelope) -> Posted | None:
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        if any(line.startswith(envelope.marker) for line in lines):
            return Posted(channel_id=envelope.channel, ts=envelope.marker)
        return None

    def finish(self, outbox: Sequence[OutboxEntry]) -> None:
        """Nothing."""
