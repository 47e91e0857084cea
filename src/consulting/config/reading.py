"""A client's `defs.yaml`: looked through in a bounded child, and remembered by its content.

Its `type` is the component of this library, or a subclass of it that the project registers: what a
client's file names is never imported for its name alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from pydantic import ValidationError

from consulting.config.defaults import FILENAME as DEFAULTS
from consulting.config.defaults import with_defaults
from consulting.config.engagement import CLIENT_ID, EngagementConfig
from consulting.config.neighbours import refuse_foreign_variables
from consulting.config.templates import resolve_templates
from consulting.config_model import nearest
from consulting.errors import ConfigurationError
from consulting.regular_files import read_regular
from consulting.shared_child import read_apart
from consulting.yaml_files import Document, YamlError, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from consulting.yaml_files import YamlPath

COMPONENT = "consulting.components.EngagementComponent"
FILENAME = "defs.yaml"
RESERVED = frozenset({"consultancy", "clients", "shared", "con", "nul", "aux", "prn"})
"""What a client can not be called: what all share has these names, or a file system keeps them."""
LONGEST_ID = 60

_ALLOWED_KEYS = ("type", "attributes", "requirements")
_OWN_FOLDERS = ("models", "tests")


class Kind(Protocol):
    """A component type that makes an engagement."""

    @classmethod
    def model(cls) -> type[EngagementConfig]:
        """The fields of its `attributes:`."""


class ReadEngagement(NamedTuple):
    """What a client's `defs.yaml` says.

    Attributes:
        type_name: Its `type`.
        config: Its `attributes`, with the project's defaults and the client's variables.
    """

    type_name: str
    config: EngagementConfig


def read_engagement(
    folder: Path,
    variables: Mapping[str, str],
    memory: Path | None = None,
    registry: Sequence[str] = (),
) -> ReadEngagement:
    """What a client's `defs.yaml` says, with the project's defaults and its variables.

    A file that was not read before is read in a bounded child first.

    Args:
        folder: The client's folder; its name is the client's id.
        variables: The environment variables that its templates may name.
        memory: A folder to remember in that a file was read; nothing is remembered without.
        registry: The modules whose components may be an engagement's type; `*` stands for any
            name at an end.

    Raises:
        ConfigurationError: If it is broken; with file, line and column of each mistake.
    """
    require_id(folder)
    content = _content(folder)
    seen = _Memory(memory / f"{folder.name}.json" if memory else None, _key(folder, content))
    found = seen.recall(folder / FILENAME)
    if found is None:
        read = read_apart(
            folder.name,
            FILENAME,
            dict[str, Any],
            _read,
            folder,
            content,
            dict(variables),
            tuple(registry),
            memory=seen.stopped,
        )
        seen.keep(read)
        found = _again(folder / FILENAME, read)
    model = _model_of(found, registry)
    return ReadEngagement(found.type_name, build_config(found.document, folder, variables, model))


def kind_named(name: str, registry: Sequence[str]) -> Kind | None:
    """The component type of a name, if the project registers it and it makes an engagement.

    Args:
        name: As `type:` names it: its module and its name in there.
        registry: As for `read_engagement`.
    """
    module, _, own = name.rpartition(".")
    if not own.isidentifier() or not any(fnmatchcase(module, known) for known in registry):
        return None
    try:
        found = getattr(importlib.import_module(module), own, None)
    except ModuleNotFoundError:
        return None
    if not (isinstance(found, type) and hasattr(found, "model")):
        return None
    kind = cast("Kind", found)
    return kind if issubclass(kind.model(), EngagementConfig) else None


def doubts_of(folder: Path, config: EngagementConfig) -> list[str]:
    """What is allowed in a client's `defs.yaml` and seldom meant, each with file, line and column.

    Args:
        folder: The client's folder, whose `defs.yaml` was read.
        config: What was read.
    """
    found = list(config.doubts())
    if not found:
        return []
    document = parse_yaml(_content(folder), folder / FILENAME)[0]
    return [f"{document.where(('attributes', *path))}: {told}" for path, told in found]


def require_id(folder: Path) -> None:
    """Go on only if the folder's place and name make it a client.

    Raises:
        ConfigurationError: If not; names a way out.
    """
    name = folder.name
    if folder.parent.name != "clients":
        raise ConfigurationError(
            f"an engagement lives at defs/clients/<client>/defs.yaml; {folder} is elsewhere. "
            f"Move the folder into defs/clients/."
        )
    if not CLIENT_ID.fullmatch(name) or len(name) > LONGEST_ID:
        raise ConfigurationError(
            f"{name!r} can not be a client's id. Rename its folder: a lower-case "
            "letter, then lower-case letters, digits and underscores, "
            f"at most {LONGEST_ID} of them, for example 'globex_eu'."
        )
    if name in RESERVED:
        raise ConfigurationError(
            f"{name!r} is a name of what all clients share, so no client can have it. Rename its "
            f"folder, for example {name + '_client'!r}."
        )


def build_config(
    document: Document,
    folder: Path,
    variables: Mapping[str, str],
    model: type[EngagementConfig] = EngagementConfig,
) -> EngagementConfig:
    """The engagement of a document.

    Args:
        document: The `attributes:` of a `defs.yaml`, with their places.
        folder: The client's folder.
        variables: What its templates may name.
        model: The fields there are.

    Raises:
        ConfigurationError: With the place of each mistake.
    """

    def fail(path: YamlPath, reason: str) -> Exception:
        return ConfigurationError(f"{document.where(path)}: {reason}")

    given = resolve_templates(document.value, folder.name, variables, fail)
    merged = with_defaults(given, folder.parent)
    try:
        config = model.model_validate(merged)
        others = [path.name for path in folder.parent.iterdir()]
        refuse_foreign_variables(config, folder.name, others)
    except ConfigurationError as error:
        raise ConfigurationError(f"{document.where()}: {error}") from None
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join(
                f"{document.where(_path_of(problem['loc'], document))}: "
                f"{problem['msg'].removeprefix('Value error, ')}"
                for problem in error.errors(include_url=False)
            )
        ) from None
    return config


def _path_of(location: tuple[str | int, ...], document: Document) -> YamlPath:
    """A location of pydantic's without the steps that are not in the file, such as a type."""
    path: YamlPath = ()
    for part in location:
        path = (*path, part) if (*path, part) in document.places else path
    return path


def _content(folder: Path) -> bytes:
    """What stands in the client's `defs.yaml`, which is all that is read of its folder here.

    Raises:
        ConfigurationError: If it can't be read, or something else there looks as if it were.
    """
    for path in sorted(folder.iterdir()):
        if path.name in _OWN_FOLDERS and path.is_dir() and not path.is_symlink():
            continue  # dbt reads those, within bounds of their own
        code = path.suffix in {".py", ".yaml", ".yml"} and path.name != FILENAME
        if path.name[0] not in "._" and (code or path.is_dir()):
            raise ConfigurationError(
                f"{path} is not read: a client is its {FILENAME} and its folders models and "
                "tests. Move it elsewhere, for example to a folder of its own in defs/."
            )
    return read_regular(folder / FILENAME, within=folder)


def _key(folder: Path, content: bytes) -> str:
    """The hash of all that is read."""
    digest = hashlib.sha256(content)
    with contextlib.suppress(ConfigurationError):
        defaults = folder.parent / DEFAULTS
        digest.update(b"\0" + read_regular(defaults, within=folder.parent))
    return digest.hexdigest()


class _Found(NamedTuple):
    """The `type:` and the `attributes:` of a `defs.yaml`."""

    type_name: str
    document: Document


def _again(file: Path, read: dict[str, Any]) -> _Found:
    """What `_read` found."""
    places = {tuple(path): (line, column) for path, (line, column) in read["places"]}
    return _Found(str(read["type"]), Document(file, read["attributes"], places))


def _read(
    folder: Path, content: bytes, variables: dict[str, str], registry: tuple[str, ...]
) -> dict[str, Any]:
    """In the child: what stands in a `defs.yaml`, found to make an engagement, as JSON."""
    documents = parse_yaml(content, folder / FILENAME)
    if len(documents) != 1:
        what = (
            f"two engagements have the id {folder.name!r}. The id is the name of the client's "
            "folder, and a folder holds one: keep one `---` document in it."
            if documents
            else f"it is empty. Write `type: {COMPONENT}` and, below `attributes:`, its fields "
            "(`consulting fields` lists them); or remove the folder."
        )
        raise YamlError(f"{folder / FILENAME}: {what}")
    found = _found(documents[0])
    model = _model_of(found, registry, documents[0])
    build_config(found.document, folder, variables, model)
    places = [[list(path), place] for path, place in found.document.places.items()]
    return {"type": found.type_name, "attributes": found.document.value, "places": places}


def _found(whole: Document) -> _Found:
    """What stands below `attributes:`, once the keys beside it are found to be right."""
    value = whole.value
    if not isinstance(value, dict):
        raise YamlError(f"{whole.where()}: a {FILENAME} holds `type:` and `attributes:`.")
    for key in value:
        if key not in _ALLOWED_KEYS:
            raise YamlError(
                f"{whole.where((key,))}: {key!r} is not read in a client's {FILENAME}, which holds "
                f"`type` and `attributes`.{nearest(key, _ALLOWED_KEYS)}"
            )
    attributes = value.get("attributes")
    if not isinstance(attributes, dict):
        attributes = None
    below = {path[1:]: place for path, place in whole.places.items() if path[0] == "attributes"}
    return _Found(str(value.get("type")), Document(whole.file, attributes, below))


def _model_of(
    found: _Found, registry: Sequence[str], whole: Document | None = None
) -> type[EngagementConfig]:
    """The fields of an engagement of this type.

    Raises:
        YamlError: If it is none.
    """
    kind = None if found.type_name == COMPONENT else kind_named(found.type_name, registry)
    where = (whole or found.document).where
    if found.type_name != COMPONENT and kind is None:
        raise YamlError(
            f"{where(('type',))}: `type: {found.type_name}` is no engagement. Write `type: "
            f"{COMPONENT}`, or the name of a subclass in a module that pyproject.toml names "
            "in registry_modules."
        )
    if found.document.value is None:
        raise YamlError(f"{where(('attributes',))}: `attributes:` holds the fields.")
    return EngagementConfig if kind is None else kind.model()


class _Memory:
    """Remembers of one client that a content was read."""

    def __init__(self, path: Path | None, key: str) -> None:
        self._path = path
        self._key = key

    @property
    def stopped(self) -> Path | None:
        """Where it is remembered that this content did not come back."""
        path = self._path
        return path and path.with_name(f".{path.stem}.stopped-{self._key[:32]}")

    def recall(self, file: Path) -> _Found | None:
        """What was read from this content."""
        if self._path is None:
            return None
        try:
            known = json.loads(self._path.read_bytes())
            return _again(file, known) if known["key"] == self._key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, what: dict[str, Any]) -> None:
        """Remember what was read; where nothing can be written, the next one reads again."""
        if self._path is None:
            return
        text = json.dumps({"key": self._key, **what}, separators=(",", ":"))
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._path)
