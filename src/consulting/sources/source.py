"""What a kind of source is: its fields in `defs.yaml`, and how it is opened."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar

from consulting.config_model import ConfigModel
from consulting.plugins import Answer, Opened, PlugIn
from consulting.raised import WrongAnswerError
from consulting.sources.queue import Queue
from consulting.sources.store import STORE_ANSWERS, Store

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.sources.places import Place


def _is_place(_plugin: type, found: Any) -> Place:
    if not (isinstance(found, tuple) and found and all(isinstance(step, str) for step in found)):
        raise WrongAnswerError(found)
    return found


def _guarded(plugin: type, found: Any) -> Any:
    if not isinstance(found, Store | Opened):
        raise WrongAnswerError(found)
    return found if isinstance(found, Opened) else Opened(plugin, found, STORE_ANSWERS)


class Source(PlugIn, ConfigModel):
    """One kind of place where a client's files arrive; a subclass adds its fields.

    Attributes:
        type: Its name in `defs.yaml`; a subclass narrows it to a `Literal` of one word.
        own_fields: Example values of the fields that each client gives itself, so that what all
            share may stand in `defaults.yaml` without them.
    """

    type: str

    own_fields: ClassVar[Mapping[str, Any]] = {}
    answers: ClassVar[Mapping[str, Answer]] = {
        "place": _is_place,
        "open": _guarded,
        "told_by": (Queue, NoneType),
        "variables": Mapping,
    }

    @abstractmethod
    def place(self, incoming: Path) -> Place:
        """Where the files lie, so that two spellings of one place are equal.

        Args:
            incoming: The client's own drop folder, where the source names no other.
        """

    @abstractmethod
    def open(self, client_id: str, incoming: Path) -> Store:
        """Open the place.

        Args:
            client_id: The client, for messages.
            incoming: Its own drop folder.

        Raises:
            ConfigurationError: If a place or a credential it needs is not there.
        """

    def told_by(self) -> Queue | None:
        """The queue that tells what arrives there; None where nothing does."""
        return None

    def variables(self) -> Mapping[str, str]:
        """The environment variables (or what they begin with) that it reads, with their field."""
        return {}
