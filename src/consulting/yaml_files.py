"""YAML that people or strangers wrote, read so that its size is what its cost is.

A document is looked through event by event before anything is made of it: what its aliases would
unfold to is counted, and a key that is given twice is refused, for YAML takes the last in silence.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_NODES = 20_000
MAX_DEPTH = 40

_QUOTED = re.compile(r"\s['\"](?!<|.{1,2}['\"]).*", re.DOTALL)
"""What the parser quotes of the file, but for its own signs: the place says which text is meant."""

_COMMENT = re.compile(r"[:,\[{] #[^\s#]|[\[{]#")
"""A sign where a value is expected."""

YamlPath = tuple[str | int, ...]
Place = tuple[int, int]


class YamlError(ConfigurationError):
    """A file is not YAML as it has to be; the message begins with file, line and column."""


@dataclass(frozen=True)
class Document:
    """One document of a file.

    Attributes:
        file: Where it stands.
        value: What it says; dates stay texts.
        places: Line and column, from 1, of each key and item by its path.
    """

    file: Path
    value: Any
    places: dict[YamlPath, Place]

    def where(self, path: YamlPath = ()) -> str:
        """`file:line:column` of a path, or of the nearest above it that has a place."""
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return f"{self.file}:{line}:{column}"


def parse_yaml(content: bytes, file: Path) -> list[Document]:
    """The documents of a file.

    Args:
        content: What it holds.
        file: What it is called in errors.

    Raises:
        YamlError: If it is no YAML, gives a key twice, or is more than the limits allow.
    """
    try:
        text = content.decode("utf-8-sig")
        text.encode("utf-16")
        places = _Survey(file).of(text)
        values = list(yaml.load_all(text, Loader=_Loader))
    except YamlError:
        raise
    except UnicodeError:
        raise YamlError(f"{file}: is not UTF-8. Save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = _QUOTED.sub("", ", ".join(part for part in (error.context, error.problem) if part))
        hint = _hint(error, text)
        raise YamlError(f"{file}:{line}:{column} is not valid YAML: {said}{hint}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise YamlError(f"{file} is not valid YAML: {type(error).__name__}") from None
    return [Document(file, value, found) for value, found in zip(values, places, strict=True)]


def typed(value: object) -> str:
    """A value as one types it in YAML, within braces and brackets, too."""
    return yaml.safe_dump([value], default_flow_style=True, width=math.inf).strip()[1:-1]


def _hint(error: yaml.MarkedYAMLError, text: str) -> str:
    """What most likely was meant, behind what the parser says; or nothing."""
    problem, context, mark = error.problem or "", error.context or "", error.problem_mark
    if mark is None:
        return ""
    lines = text.splitlines()
    if "escape character" in problem:
        return ". A backslash stands for itself in single quotes only: write the text in those"
    if "start any token" in problem or "alphabetic or numeric" in problem:
        at = lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""
        tab = ". It is a tab: use blanks"
        return tab if at == "\t" else ". Write a text that begins with a sign in quotes"
    begun = [n for n, line in enumerate(lines[: mark.line + 1], start=1) if _COMMENT.search(line)]
    if "flow" not in context or not begun:
        return ""
    return f". The # in line {begun[-1]} begins a comment: write a text with one in quotes"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads dates as texts, as Dagster does: the fields that hold dates know their form."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass
class _Level:
    """A mapping or list that is not closed yet."""

    path: YamlPath
    is_mapping: bool
    anchor: str | None
    nodes: int = 1
    items: int = 0
    keys: dict[str, int] = field(default_factory=dict)
    key: str | None = None


class _Survey:
    """Looks through a file's events: nothing is built, so nothing can grow."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._levels: list[_Level] = []
        self._anchors: dict[str, int] = {}
        self._places: dict[YamlPath, Place] = {}

    def of(self, text: str) -> list[dict[YamlPath, Place]]:
        """The places of each document.

        Raises:
            YamlError: If something is over a limit or said twice.
        """
        found = []
        for event in self._events(text):
            if isinstance(event, yaml.DocumentStartEvent):
                self._places, self._anchors = {}, {}
                found.append(self._places)
            elif isinstance(event, yaml.NodeEvent):
                self._node(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                level = self._levels.pop()
                self._add(level.nodes, level.anchor, event)
        return found

    def _events(self, text: str) -> Iterator[yaml.Event]:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        yield from yaml.parse(text, Loader=loader)

    def _node(self, event: yaml.NodeEvent) -> None:
        path = self._enter(event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise self._refusal(event, f"*{event.anchor} stands for what it is part of")
            self._add(self._anchors[event.anchor], None, event)
        elif isinstance(event, yaml.ScalarEvent):
            self._add(1, event.anchor, event)
        else:
            if len(self._levels) >= MAX_DEPTH:
                raise self._refusal(event, f"it is nested more than {MAX_DEPTH} levels deep")
            self._levels.append(
                _Level(path, isinstance(event, yaml.MappingStartEvent), event.anchor)
            )

    def _enter(self, event: yaml.NodeEvent) -> YamlPath:
        """Where the node stands; a key is held against those before it."""
        if not self._levels:
            return ()
        level = self._levels[-1]
        level.items += 1
        if not level.is_mapping:
            path: YamlPath = (*level.path, level.items - 1)
            self._places[path] = _place(event)
            return path
        if level.items % 2 == 0:
            return (*level.path, level.key if level.key is not None else "?")
        level.key = event.value if isinstance(event, yaml.ScalarEvent) else None
        if level.key is None:
            return (*level.path, "?")
        line, _ = _place(event)
        if level.key in level.keys:
            raise self._refusal(
                event,
                f"{level.key!r} is given twice (first in line {level.keys[level.key]}), and only "
                "one of them would count. Remove one",
            )
        level.keys[level.key] = line
        self._places[(*level.path, level.key)] = _place(event)
        return (*level.path, level.key)

    def _add(self, nodes: int, anchor: str | None, event: yaml.Event) -> None:
        if anchor is not None:
            self._anchors[anchor] = nodes
        if self._levels:
            self._levels[-1].nodes += nodes
        if nodes > MAX_NODES:
            raise self._refusal(event, f"its aliases unfold to more than {MAX_NODES:,} values")

    def _refusal(self, event: yaml.Event, reason: str) -> YamlError:
        line, column = _place(event)
        return YamlError(f"{self._file}:{line}:{column}: {reason}.")


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
