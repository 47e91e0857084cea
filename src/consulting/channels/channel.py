"""What a kind of channel is: its fields in `defs.yaml`, and how a message leaves by it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from consulting.alerting.senders import Posted, Sender
from consulting.config_model import ConfigModel
from consulting.plugins import Answer, Opened, PlugIn
from consulting.raised import WrongAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from slack_sdk import WebClient


@dataclass(frozen=True)
class Means:
    """What a project gives to its channels.

    Attributes:
        ledger_url: SQLAlchemy URL of the ledger database, for what a sender has to remember.
        slack: Makes a client of the project's Slack workspace; None where there is no token.
    """

    ledger_url: str
    slack: Callable[[], WebClient] | None = None


_SENDER_ANSWERS: Mapping[str, Answer] = {
    "post": Posted,
    "update": object,
    "find": (Posted, NoneType),
    "finish": object,
}


def _guarded(plugin: type, found: Any) -> Any:
    if not (isinstance(found, Sender | Opened) and isinstance(found.name, str)):
        raise WrongAnswerError(found)
    return found if isinstance(found, Opened) else Opened(plugin, found, _SENDER_ANSWERS)


def _is_itself(plugin: type, found: Any) -> Any:
    if not isinstance(found, plugin):
        raise WrongAnswerError(found)
    return found


class Channel(PlugIn, ConfigModel):
    """One kind of way that alerts leave by; a subclass adds its fields.

    Attributes:
        type: Its name in `defs.yaml`; a subclass narrows it to a `Literal` of one word.
    """

    type: str

    answers: ClassVar[Mapping[str, Answer]] = {
        "address": str,
        "at": _is_itself,
        "open": _guarded,
        "variables": Mapping,
    }

    @property
    @abstractmethod
    def address(self) -> str:
        """Where it goes, in one line that holds no secret and from which `at` makes it again."""

    @classmethod
    @abstractmethod
    def at(cls, address: str) -> Self:
        """The channel of an address; what waits in the outbox is sent by it."""

    @abstractmethod
    def open(self, means: Means) -> Sender:
        """Make ready to send.

        Raises:
            ConfigurationError: If a credential or a package that it needs is not there.
        """

    def variables(self) -> Mapping[str, str]:
        """The environment variables of the client that it reads, with their field."""
        return {}

    def written(self) -> str:
        """What the outbox and people call it."""
        return f"{self.type}:{self.address}"
