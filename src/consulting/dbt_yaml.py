"""The one writer of dbt's YAML: what it writes is text for YAML, and for Jinja after that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from consulting import jinja

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_ ./-]*[A-Za-z0-9_])?")
_SENTENCE = re.compile(r"[A-Za-z](?:[^:#]|:(?! )|(?<! )#)*(?<![: ])")
# dbt reads YAML 1.1, where these are no texts
_RESERVED = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})
_REFERENCE = re.compile(r"ref\('[a-z][a-z0-9_]*'\)")
_OWN = ("name", "description", "tests")


def flow(value: Any) -> str:
    """A value on one line of YAML, which dbt reads back as it is."""
    return _dumped({"_": _flow(value)}).removeprefix("_: ").rstrip("\n")


def sentence(text: str) -> str:
    """A text for people, after `key: ` at the end of a line."""
    return _dumped({"_": _sentence(text)}).removeprefix("_: ").rstrip("\n")


def column(proposed: Mapping[str, Any], indent: int) -> str:
    """One item of a model's `columns`.

    Args:
        proposed: `name`, `description` and `tests` (names, or dbt's mappings); all else is `meta`.
        indent: The blanks before its dash.
    """
    item: dict[str, Any] = {"name": _scalar(str(proposed["name"]))}
    if proposed.get("description"):
        item["description"] = _sentence(str(proposed["description"]))
    meta = {"from": proposed.get("from", proposed["name"])} | {
        key: value
        for key, value in proposed.items()
        if key not in _OWN and value is not None and value is not False
    }
    item["meta"] = _flow(meta)
    tests = list(proposed.get("tests") or ())
    if tests:
        item["data_tests"] = _tests(tests)
    lines = _dumped([item]).splitlines(keepends=True)
    return "".join(" " * indent + line.removeprefix("  ") for line in lines)


def columns_of(text: str, model: str) -> SequenceNode | None:
    """The node of a model's columns in a YAML file, with its place; None where there is none."""
    try:
        root = YAML().compose(StringIO(text))
    except YAMLError:  # dbt says what is wrong with it, with the line
        return None
    for item in _items(_value(root, "models")):
        name = _value(item, "name")
        if isinstance(name, ScalarNode) and name.value == model:
            columns = _value(item, "columns")
            return columns if isinstance(columns, SequenceNode) else None
    return None


def sources_of(columns: Node | None) -> Iterator[tuple[ScalarNode, str]]:
    """Each `from` of a node of columns, with the header it names; not those made by Jinja."""
    for item in _items(columns):
        source = _value(_value(item, "meta"), "from")
        header = jinja.plain(source.value) if isinstance(source, ScalarNode) else None
        if header is not None:
            yield source, header


def _items(node: Node | None) -> list[Node]:
    return list(node.value) if isinstance(node, SequenceNode) else []


def _value(node: Node | None, key: str) -> Any:
    pairs = node.value if isinstance(node, MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _RESERVED
    return text if plain else DoubleQuotedScalarString(text)


def _sentence(text: str) -> str:
    source = jinja.literal(text)
    if _SENTENCE.fullmatch(source) and source.isprintable() and source.lower() not in _RESERVED:
        return source
    return DoubleQuotedScalarString(source)


def _flow(value: Any) -> Any:
    """A value whose texts dbt's Jinja leaves as they are; dbt renders no key of a mapping."""
    if isinstance(value, Mapping):
        mapping = CommentedMap({_scalar(str(k)): _flow(item) for k, item in value.items()})
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list | tuple):
        sequence = CommentedSeq([_flow(item) for item in value])
        sequence.fa.set_flow_style()
        return sequence
    if isinstance(value, str):
        return _scalar(jinja.literal(value))
    return value if value is None or isinstance(value, bool | int | float) else _flow(str(value))


def _tests(tests: list[Any]) -> Any:
    if all(isinstance(test, str) for test in tests):
        return _flow(tests)
    return [
        {name: _settings(settings) for name, settings in test.items()}
        if isinstance(test, Mapping)
        else test
        for test in tests
    ]


def _settings(settings: Mapping[str, Any]) -> Any:
    """A test's settings; a reference to a model is the one text of them that dbt has to run."""
    written = _flow(settings)
    target = (settings.get("arguments") or {}).get("to")
    if isinstance(target, str) and _REFERENCE.fullmatch(target):
        written["arguments"]["to"] = DoubleQuotedScalarString(target)
    return written


def _dumped(document: Any) -> str:
    stream = StringIO()
    _writer().dump(document, stream)
    return stream.getvalue()


@cache
def _writer() -> YAML:
    yaml = YAML()
    yaml.width = 2**31  # no text is folded
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        type(None),
        lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null"),
    )
    return yaml
