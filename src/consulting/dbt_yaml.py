"""The one writer of dbt's YAML: what it writes is text for YAML, and for Jinja after that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from consulting import jinja
from consulting.shown import on_one_line
from consulting.yaml_files import YamlError, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_ ./-]*[A-Za-z0-9_])?")
_SENTENCE = re.compile(r"[A-Za-z](?:[^:#]|:(?! )|(?<! )#)*(?<![: ])")
# dbt reads YAML 1.1, where these are no texts
_RESERVED = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})
_REFERENCE = re.compile(r"ref\('[a-z][a-z0-9_]*'\)")
_OWN = ("name", "description", "tests", "ask")


def flow(value: Any) -> str:
    """A value on one line of YAML, which dbt reads back as it is."""
    return _dumped({"_": _flow(value)}).removeprefix("_: ").rstrip("\n")


def sentence(text: str) -> str:
    """A text for people, after `key: ` at the end of a line."""
    return _dumped({"_": _sentence(text)}).removeprefix("_: ").rstrip("\n")


def column(proposed: Mapping[str, Any], indent: int) -> str:
    """One item of a model's `columns`.

    Args:
        proposed: `name`, `description`, `tests` (names, or dbt's mappings), and `ask`, the
            questions that stand before it; all else is `meta`. With `synonyms` it is a template's.
        indent: The blanks before its dash.
    """
    item: dict[str, Any] = {"name": _scalar(str(proposed["name"]))}
    if proposed.get("description"):
        item["description"] = _sentence(str(proposed["description"]))
    source = {} if "synonyms" in proposed else {"from": proposed.get("from", proposed["name"])}
    meta = source | {
        key: value
        for key, value in proposed.items()
        if key not in _OWN and value is not None and value is not False
    }
    item["meta"] = _flow(meta)
    tests = list(proposed.get("tests") or ())
    if tests:
        item["data_tests"] = _tests(tests)
    lines = _dumped([item]).splitlines(keepends=True)
    asked = questions(proposed.get("ask") or (), indent)
    return asked + "".join(" " * indent + line.removeprefix("  ") for line in lines)


def questions(texts: Iterable[str], indent: int) -> str:
    """Comments, each a question that is open."""
    return "".join(f"{' ' * indent}# ? {on_one_line(text)}\n" for text in texts)


def columns_of(text: str, model: str) -> SequenceNode | None:
    """The node of a model's columns in a YAML file, with its place; None where there is none."""
    for item in _items(_value(_root(text), "models")):
        name = _value(item, "name")
        if isinstance(name, ScalarNode) and name.value == model:
            columns = _value(item, "columns")
            return columns if isinstance(columns, SequenceNode) else None
    return None


def source_meta(text: str, table: str, header: str) -> MappingNode | None:
    """The `meta` of a source column; None where it has none."""
    tables = (
        one
        for source in _items(_value(_root(text), "sources"))
        for one in _items(_value(source, "tables"))
        if text_of(one, "name") == table
    )
    columns = (column for one in tables for column in _items(_value(one, "columns")))
    metas = (_value(column, "meta") for column in columns if text_of(column, "name") == header)
    return next((meta for meta in metas if isinstance(meta, MappingNode)), None)


@lru_cache(maxsize=4)  # one change asks for several places of the same text
def _root(text: str) -> Node | None:
    try:
        root: Node | None = YAML().compose(StringIO(text))
    except YAMLError:  # dbt says what is wrong with it, with the line
        return None
    return root


def metas_of(columns: Node | None) -> Iterator[tuple[MappingNode, Node, tuple[str, ...]]]:
    """Each `meta` of a node of columns, its `from`, and the headers that this names.

    Those made by Jinja are left out.
    """
    for item in _items(columns):
        meta = _value(item, "meta")
        source = _value(meta, "from")
        nodes = [source] if isinstance(source, ScalarNode) else _items(source)
        headers = [jinja.plain(n.value) for n in nodes if isinstance(n, ScalarNode)]
        if headers and len(headers) == len(nodes) and None not in headers:
            yield meta, source, tuple(header for header in headers if header is not None)


def lines_of(columns: Node | None) -> Iterator[tuple[str, int]]:
    """Each column's name and its first line, from 0."""
    for item in _items(columns):
        if name := _value(item, "name"):
            yield str(name.value), item.start_mark.line


def meta_of(columns: Node | None, name: str) -> MappingNode | None:
    """The `meta` of one column."""
    for item in _items(columns):
        found, meta = _value(item, "name"), _value(item, "meta")
        if found is not None and found.value == name and isinstance(meta, MappingNode):
            return meta
    return None


def names_of(columns: Node | None) -> set[str]:
    """The names of a node of columns."""
    return {str(name.value) for item in _items(columns) if (name := _value(item, "name"))}


def with_keys(
    text: str, node: MappingNode, keys: Mapping[str, Any], without: Collection[str] = ()
) -> str | None:
    """The text with keys of one mapping set and others taken out, all else as it was.

    Args:
        text: The YAML.
        node: The mapping in it.
        keys: Key → its new value.
        without: Keys to take out.

    Returns:
        The text; None where a comment stands between what would change.
    """
    gone = {*keys, *without}
    kept = [pair for pair in node.value if pair[0].value not in gone]
    if node.flow_style:
        start, end = node.start_mark.index, node.end_mark.index
        if "#" in _between(text, node):
            return None
        said = [text[key.start_mark.index : value.end_mark.index] for key, value in kept]
        said += [f"{_key(key)}: {flow(value)}" for key, value in keys.items()]
        return f"{text[:start]}{{{', '.join(said)}}}{text[end:]}"
    lines = StringIO(text, newline="\n").readlines()
    spans = [(key.start_mark.line, last_line(value)) for key, value in node.value]
    doomed = {
        line
        for (key, _), (first, last) in zip(node.value, spans, strict=True)
        if key.value in gone
        for line in range(first, last + 1)
    }
    if not kept or node.value[0][0].value in gone:
        return None  # its first line may hold the dash of the item or the key of the mapping
    indent = " " * node.start_mark.column
    added = [f"{indent}{_key(key)}: {flow(value)}\n" for key, value in keys.items()]
    at = 1 + max(last for _, last in spans)
    if lines[at - 1 :] and not lines[at - 1].endswith("\n"):
        lines[at - 1] += "\n"
    said = [line for number, line in enumerate(lines[:at]) if number not in doomed]
    return "".join([*said, *added, *lines[at:]])


def with_item(text: str, node: MappingNode, path: Sequence[str], item: Any) -> str | None:
    """The text with one more item in a list of one mapping, all else as it was.

    Args:
        text: The YAML.
        node: The mapping in it.
        path: The keys that lead to the list; those that are missing are made.
        item: What to add.

    Returns:
        The text; None where there stands no list, or a comment between what would change.
    """
    key, *rest = path
    found = _value(node, key)
    if found is None:
        made: Any = [item]
        for name in reversed(rest):
            made = {name: made}
        return with_keys(text, node, {key: made})
    if rest:
        return with_item(text, found, rest, item) if isinstance(found, MappingNode) else None
    if not isinstance(found, SequenceNode):
        return None
    if found.flow_style and found.value:
        end = found.value[-1].end_mark.index
        return f"{text[:end]}, {flow(item)}{text[end:]}"
    if not found.value:
        return with_keys(text, node, {key: [item]})
    lines = StringIO(text, newline="\n").readlines()
    at = last_line(found) + 1
    if not lines[at - 1].endswith("\n"):
        lines[at - 1] += "\n"
    added = f"{' ' * found.start_mark.column}- {flow(item)}\n"
    return "".join([*lines[:at], added, *lines[at:]])


def without_test(text: str, columns: Node | None, column: str, test: str) -> str:
    """The text in which a column is not tested by one test, all else as it was.

    Args:
        text: The YAML.
        columns: A node of columns in it.
        column: The column's name.
        test: The test's name.

    Returns:
        The text; as it was, too, where a comment stands in the lines of the column's tests.
    """
    item = next((each for each in _items(columns) if text_of(each, "name") == column), None)
    key = next((key for key in ("data_tests", "tests") if _items(_value(item, key))), None)
    if not isinstance(item, MappingNode) or key is None or is_commented(text, item, {key}):
        return text
    listed = _value(item, key)
    kept = [one for one in listed.value if _name_of_test(one) != test]
    if not kept:
        return with_keys(text, item, {}, {key}) or text
    if listed.flow_style:
        said = ", ".join(text[one.start_mark.index : one.end_mark.index] for one in kept)
        return f"{text[: listed.start_mark.index]}[{said}]{text[listed.end_mark.index :]}"
    doomed = {
        line
        for one in listed.value
        if one not in kept
        for line in range(one.start_mark.line, last_line(one) + 1)
    }
    lines = StringIO(text, newline="\n").readlines()
    return "".join(line for number, line in enumerate(lines) if number not in doomed)


def _name_of_test(node: Node) -> str:
    """What a test is called, with or without arguments."""
    return str(node.value[0][0].value if isinstance(node, MappingNode) else node.value)


def items_of(node: MappingNode, key: str) -> list[Node]:
    """The items of a list of a mapping; none where there is no list."""
    return _items(_value(node, key))


def mapping_of(node: MappingNode, key: str) -> MappingNode | None:
    """The mapping under a key of a mapping, if there is one."""
    found = _value(node, key)
    return found if isinstance(found, MappingNode) else None


def is_yaml(text: str) -> bool:
    """Whether a text can be read as YAML, with no key twice."""
    try:
        parse_yaml(text.encode(), Path())
    except YamlError:
        return False
    return True


def text_of(node: Node | None, key: str) -> str | None:
    """The text of a key of a mapping, as dbt reads it; None where there is none, or Jinja."""
    found = _value(node, key)
    return jinja.plain(found.value) if isinstance(found, ScalarNode) else None


def value_of(text: str, node: Node) -> Any:
    """What a node of a text says, as dbt reads it.

    Raises:
        YamlError: If it says it by the anchors of others.
    """
    first = " " * node.start_mark.column  # as its other lines are indented
    said = first + text[node.start_mark.index : node.end_mark.index]
    return jinja.rendered(parse_yaml(said.encode(), Path())[0].value)


def last_line(node: Node) -> int:
    """The last line of what a node says; its own end mark lies behind blank lines and comments."""
    if not isinstance(node, MappingNode | SequenceNode) or node.flow_style or not node.value:
        return int(node.end_mark.line)
    last = node.value[-1]
    return last_line(last[1] if isinstance(last, tuple) else last)


def is_commented(text: str, node: MappingNode, keys: Collection[str]) -> bool:
    """Whether a comment stands in the lines of some keys of a mapping, which they would take."""
    return any(_has_comment(text, pair) for pair in node.value if pair[0].value in keys)


def _has_comment(text: str, pair: tuple[Node, Node]) -> bool:
    start = text.rfind("\n", 0, pair[0].start_mark.index) + 1
    lines = text[start:].split("\n")[: last_line(pair[1]) - pair[0].start_mark.line + 1]
    said = sorted(_spans(pair[0]) + _spans(pair[1]))
    end = start + len("\n".join(lines))
    marks = [start, *(at for span in said for at in span), end]
    return any("#" in text[a:b] for a, b in zip(marks[::2], marks[1::2], strict=True))


def _spans(node: Node) -> list[tuple[int, int]]:
    """Where the texts of a node begin and end."""
    if isinstance(node, ScalarNode):
        return [(node.start_mark.index, node.end_mark.index)]
    nodes = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
    return [span for one in nodes for span in _spans(one)]


def _between(text: str, node: MappingNode) -> str:
    """What stands between the pairs of a mapping."""
    marks = [node.start_mark.index]
    for key, value in node.value:
        marks += [key.start_mark.index, value.end_mark.index]
    marks.append(node.end_mark.index)
    return "".join(text[a:b] for a, b in zip(marks[::2], marks[1::2], strict=True))


def _items(node: Node | None) -> list[Node]:
    return list(node.value) if isinstance(node, SequenceNode) else []


def _value(node: Node | None, key: str) -> Any:
    pairs = node.value if isinstance(node, MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _RESERVED
    return text if plain else DoubleQuotedScalarString(text)


def _key(text: str) -> str:
    """A key of a mapping on one line; dbt renders none."""
    return _dumped({"_": _scalar(text)}).removeprefix("_: ").rstrip("\n")


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
