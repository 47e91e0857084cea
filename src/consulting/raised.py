"""What may be told of an error of another's: its class, and the line of ours it came through."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = Path(__file__).parent
_KIND = re.compile(r"\w{1,100}(?:\.\w{1,100})?|a wrong answer \(\w{1,100}\)")
_GUARDS = {"foreign.py", "plugins.py"}
"""What so much of our code passes through that it tells nothing."""
_PLACE = re.compile(r"[\w/]{1,200}\.py:\d{1,6}")


class WrongAnswerError(Exception):
    """A plug-in answered what its kind does not.

    Args:
        answer: What it answered; its type alone may be told.
    """

    def __init__(self, answer: object) -> None:
        super().__init__(f"a wrong answer ({type(answer).__name__})")


class RaisedElsewhereError(Exception):
    """An error of a library's in another process; its text may quote anything.

    Args:
        kind: Its class with its library, as `kind_of`.
        place: The line of our own code that it came through, as `place_of`.
        text: Its text.
    """

    def __init__(self, kind: str, place: str, text: str) -> None:
        # who sent them may be somebody else by now, and they are told
        self.kind = kind if _KIND.fullmatch(kind) else "an error"
        self.place = place if _PLACE.fullmatch(place) else "unknown"
        super().__init__(f"{self.kind}: {text}")


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that it came from."""
    known: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in known:
        known.add(id(each))
        yield each
        each = each.__cause__ or each.__context__


def kind_of(error: BaseException) -> str:
    """The class of an error, with the library it is of."""
    if isinstance(error, RaisedElsewhereError):
        return error.kind
    if isinstance(error, WrongAnswerError):
        return str(error)
    library = type(error).__module__.partition(".")[0]
    name = type(error).__qualname__
    return name if library == "builtins" else f"{library}.{name}"


def place_of(error: BaseException) -> str:
    """The line of our own code that an error came through last."""
    if isinstance(error, RaisedElsewhereError):
        return error.place
    place = "unknown"
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_OURS) and path.name not in _GUARDS:
            place = f"{path.relative_to(_OURS.parent)}:{line}"
    return place
