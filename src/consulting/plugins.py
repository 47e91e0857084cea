"""What installed packages add: found by entry point, ours registered in the same way as theirs.

What a plug-in raises goes on as it is, with a note of whose it is: `blamed` reads it. What it
answers is looked at, so that a wrong answer is blamed on it, and not on who works with it later.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points, version
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Union

from pydantic import Field

from consulting.errors import ConsultingError
from consulting.raised import WrongAnswerError, chain_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from importlib.metadata import EntryPoint

KINDS = {
    "consulting.rules": "cleaning rule",
    "consulting.sources": "source",
    "consulting.formats": "format",
    "consulting.deliverables": "deliverable",
    "consulting.channels": "channel",
    "consulting.templates": "template",
}
"""The groups of entry points, and what one of each is called."""
_OWN = "consulting"
_NOTE = "Raised by the "
_WITHOUT_OURS = frozenset({"consulting.templates"})


Answer = type | tuple[type, ...] | Callable[[type, Any], Any]
"""What may be answered: of which types, or a function that is given the plug-in and the answer, and
gives what to go on with."""


class PlugIn:
    """The base of each kind of plug-in: what our code calls of it is called with a guard.

    Attributes:
        answers: The methods and properties that our code calls, and what each must answer.
    """

    answers: ClassVar[Mapping[str, Answer]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Set a guard before each of the methods that the class has of its own."""
        super().__init_subclass__(**kwargs)
        for name, answer in cls.answers.items():
            if (found := vars(cls).get(name)) is not None:
                setattr(cls, name, _guarded(found, answer))


def _guarded(found: Any, answer: Answer) -> Any:
    if isinstance(found, property):
        return property(_guarded(found.fget, answer), doc=found.__doc__)
    if isinstance(found, classmethod):
        return classmethod(_guarded(found.__func__, answer))

    @functools.wraps(found)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        own = self if isinstance(self, type) else type(self)
        return ask(own, answer, found, self, *args, **kwargs)

    return call


class Opened:
    """Stands before what a plug-in opened, and has its methods and attributes with a guard.

    Args:
        plugin: Whose it is.
        opened: What it opened.
        answers: As `PlugIn.answers`, of what was opened.
    """

    def __init__(self, plugin: type, opened: object, answers: Mapping[str, Answer]) -> None:
        self._plugin, self._opened, self._answers = plugin, opened, answers

    def __getattr__(self, name: str) -> Any:
        """What it has of that name."""
        found, answer = getattr(self._opened, name), self._answers.get(name)
        return found if answer is None else functools.partial(ask, self._plugin, answer, found)


def ask(plugin: type, answer: Answer, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a plug-in answers; what goes wrong in it is noted as its own.

    Args:
        plugin: The plug-in.
        answer: What it must answer.
        call: The function of it.
        args: Its arguments.
        kwargs: Its arguments.

    Raises:
        WrongAnswerError: If it answers otherwise. What it raises itself goes on as it is.
    """
    try:
        return _right(plugin, answer, call(*args, **kwargs))
    except ConsultingError:
        raise
    except BaseException as error:
        if blamed(error) is None:
            error.add_note(f"{_NOTE}{called(plugin)}.")
        if isinstance(error, SystemExit):  # no plug-in ends a process
            raise WrongAnswerError(error) from error
        raise


def _right(plugin: type, answer: Answer, found: Any) -> Any:
    if not isinstance(answer, type | tuple):
        return answer(plugin, found)
    if not isinstance(found, answer):
        raise WrongAnswerError(found)
    return found


def called(plugin: type) -> str:
    """What a plug-in is called: kind, name and package; its class where none has registered it."""
    own = plugin.__module__.partition(".")[0]
    for group, entries in _installed().items():
        for entry in entries:
            if entry.module.partition(".")[0] == own and entry.load() is plugin:
                return _named(group, entry)
    return f"class {plugin.__qualname__}"


def is_ours(plugin: type) -> bool:
    """Whether a plug-in comes with this package."""
    return plugin.__module__.partition(".")[0] == _OWN


def blamed(error: BaseException) -> str | None:
    """Which plug-in an error came from, as `called`; None where it came from none."""
    notes = (note for each in chain_of(error) for note in getattr(each, "__notes__", ()))
    told = (note.removeprefix(_NOTE)[:-1] for note in notes if note.startswith(_NOTE))
    return next(told, None)


def blame_installed(error: BaseException, called: str) -> None:
    """Note whose an error of another process is, where that plug-in is installed here."""
    for group, entries in _installed().items():
        if any(_named(group, entry) == called for entry in entries):
            error.add_note(f"{_NOTE}{called}.")
            return


@functools.cache
def _installed() -> Mapping[str, Collection[EntryPoint]]:
    """The entry points of each group; one look goes through all packages."""
    found = entry_points()
    return {group: found.select(group=group) for group in KINDS}


def _named(group: str, entry: EntryPoint) -> str:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
    return f"{KINDS[group]} “{entry.name}” of {package}"


@functools.cache
def plugins(group: str) -> Mapping[str, Any]:
    """What is registered in a group, by name and in the order of the names.

    Args:
        group: One of `KINDS`.

    Raises:
        RuntimeError: If nothing is and we bring some ourselves, two packages use one name, or one
            can't be loaded.
    """
    found: dict[str, Any] = {}
    for entry in sorted(_installed()[group], key=lambda entry: entry.name):
        try:
            plugin = entry.load()
        except Exception as error:
            raise RuntimeError(
                f"The {_named(group, entry)} ({entry.value}) can't be loaded "
                f"({type(error).__name__}: {error}). Mend the package, or uninstall it."
            ) from error
        if group not in _WITHOUT_OURS and not (
            isinstance(plugin, type) and issubclass(plugin, PlugIn)
        ):
            raise RuntimeError(
                f"The {_named(group, entry)} ({entry.value}) is no class of its kind."
            )
        if found.setdefault(entry.name, plugin) is not plugin:
            raise RuntimeError(f"Two packages have a {KINDS[group]} {entry.name}: uninstall one.")
    if not found and group not in _WITHOUT_OURS:
        raise RuntimeError(
            f"No {KINDS[group]} is registered: the package is not installed as it is now. "
            "Install it again (`make setup`)."
        )
    return found


def one_of(group: str) -> Any:
    """The type of a field that holds any of a group, told apart by `type`.

    Args:
        group: One of `KINDS`, whose plugins are models.
    """
    return Annotated[Union[tuple(plugins(group).values())], Field(discriminator="type")]  # noqa: UP007


@functools.cache
def others() -> Mapping[str, str]:
    """The packages of others that add something, with their versions."""
    added = (entry.dist for group in KINDS for entry in _installed()[group])
    return {dist.name: dist.version for dist in added if dist is not None and dist.name != _OWN}


@functools.cache
def version_of(package: str) -> str:
    """The installed version of a package; all that is said of it is read for that, 25 ms of dbt.

    Args:
        package: Its name.
    """
    return version(package)
