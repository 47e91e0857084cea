"""The tests that YAML names, held against those that the project's dbt knows.

dbt takes the name of a test that there is not, or a test without an argument that it needs, and
fails when it runs; a template it reads only through the clients that follow it. What is wrong with
a test is told here, with its file and line, before anything runs.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, TemplateError, nodes

from consulting.cleaning.client_files import PACKAGES, PROJECT_FILE, shared_files, shown_path
from consulting.cleaning.library import library_files
from consulting.cleaning.templated import name_of_test
from consulting.config_model import nearest
from consulting.errors import ConfigurationError
from consulting.shown import on_one_line
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from consulting.yaml_files import Document, YamlPath

_TEST = re.compile(r"(?:test\s+|macro\s+test_)(?=\w)")
_TYPE_OF_ARGUMENT = re.compile(r"(?<=\w)\s*:\s*\w+(?:\[[\w\s,\[\]]*\])?(?=\s*[,)=])")
_BLOCK_OF_TEST = re.compile(r"\{%[-+]?\s*" + _TEST.pattern)
_PROJECT = "consulting"
"""The name of each dbt project of ours."""
_OF_DBT = frozenset({"accepted_values", "not_null", "relationships", "unique"})
_OF_ANY = frozenset(
    "config name description severity tags enabled where limit warn_if error_if fail_calc "  # noqa: SIM905 - words
    "store_failures store_failures_as meta database schema alias".split()
)
"""What dbt takes itself, beside the arguments of a test."""


class Signature(NamedTuple):
    """A test with its arguments, without those that dbt gives it; open-ended takes any.

    It is of a column, of whole rows, or, where `of_column` is None, of either.
    """

    name: str
    needed: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    of_column: bool | None = None
    open_ended: bool = True


def mistakes_in_tests(document: Document, known: Mapping[str, Signature]) -> Iterator[str]:
    """What is wrong with the tests that a document of YAML names, each with its place.

    Args:
        document: The client's, or a template.
        known: The tests there are, as `known_tests` finds them.
    """
    for place, test, on_column in _tests_in(document.value, (), on_column=False):
        for mistake in _mistakes(test, known, on_column=on_column):
            yield on_one_line(f"{document.where(place)}: {mistake}")


def _tests_in(
    said: Any, place: YamlPath, *, on_column: bool
) -> Iterator[tuple[YamlPath, Any, bool]]:
    """Each test of models, sources and their columns, with where it stands."""
    if isinstance(said, list):
        for at, each in enumerate(said):
            yield from _tests_in(each, (*place, at), on_column=on_column)
    for key, value in said.items() if isinstance(said, dict) else ():
        if not place and key == "unit_tests":
            continue  # it holds rows, whose columns have any name
        if key in {"data_tests", "tests"} and isinstance(value, list):
            yield from (
                ((*place, key, at), test, on_column)
                for at, test in enumerate(value)
                if place or not _is_description(test)
            )
        elif key not in {"meta", "config"}:
            yield from _tests_in(value, (*place, key), on_column=key == "columns")


def _is_description(said: Any) -> bool:
    """Whether it tells of a test that has a file of its own."""
    return isinstance(said, dict) and "name" in said and "test_name" not in said


def reads_of_nothing(parsed: Any, own: Collection[str]) -> Iterator[str]:
    """What reads a model or a source that there is not, or a seed, which no run loads.

    dbt leaves such tests out without a word.

    Args:
        parsed: dbt's manifest object.
        own: The client's files, as dbt names them; what all share may name what others have.
    """
    disabled = (node for each in parsed.disabled.values() for node in each)
    models = {node.name for node in (*parsed.nodes.values(), *disabled)}
    sources = {f"{source.source_name}.{source.name}" for source in parsed.sources.values()}
    for node in parsed.nodes.values():
        if node.original_file_path in own:
            seeds = [each for each in node.depends_on_nodes if each.startswith("seed.")]
            for seed in seeds:
                yield on_one_line(
                    f"{shown_path(node.original_file_path)}: {node.name} reads the seed "
                    f"{seed.rpartition('.')[2]!r}, and no run of a client loads seeds. Write it as "
                    "a model (`select * from (values (…), (…)) as t(…)`), or as a feed."
                )
        # what somebody switches off is among the disabled ones
        if node.config.enabled or node.original_file_path not in own:
            continue
        read = [("model", ref.name, models) for ref in node.refs]
        read += [("source", ".".join(source), sources) for source in node.sources]
        for kind, name, known in read:
            if name not in known:
                yield on_one_line(
                    f"{shown_path(node.original_file_path)}: the test {node.name} reads the {kind} "
                    f"{name!r}, and there is none.{nearest(name, known)}"
                )


def known_tests(dbt_dir: Path, own: Iterable[str] = ()) -> dict[str, Signature]:
    """The tests of the library, of a project with its packages, and of a client.

    Args:
        dbt_dir: The dbt project.
        own: What the client's own SQL files hold, of those in which dbt looks for tests.

    Returns:
        Each by the names that YAML has for it.
    """
    texts = [(_PROJECT, text) for name, text in library_files().items() if name.endswith(".sql")]
    packages, read = dbt_dir / PACKAGES, functools.cache(_project)
    for path in shared_files(dbt_dir):
        if path.suffix == ".sql":
            below = path.is_relative_to(packages)
            folder = packages / path.relative_to(packages).parts[0] if below else dbt_dir
            called, places = read(folder)
            if any(path.is_relative_to(place) for place in places):
                text = path.read_text(encoding="utf-8", errors="replace")
                texts.append((called if below else _PROJECT, text))
    texts += [(_PROJECT, text) for text in own]
    return {
        name: signature
        for package, text in texts
        for head in _heads(text)
        for signature in [_signature(head, reads_any="kwargs" in text)]
        for name in _names_of(signature.name, package)
    }


def _project(folder: Path) -> tuple[str, list[Path]]:
    """What a dbt project is called, and its folders in which dbt looks for tests that have names.

    What is wrong with its file, dbt tells.
    """
    path = folder / PROJECT_FILE
    try:
        said = parse_yaml(path.read_bytes(), path)[0].value
    except (OSError, IndexError, ConfigurationError):
        said = None
    said = said if isinstance(said, dict) else {}
    macros, tests = said.get("macro-paths") or ["macros"], said.get("test-paths") or ["tests"]
    places = [*macros, *(f"{each}/generic" for each in tests)]
    return str(said.get("name", folder.name)), [folder / str(each) for each in places]


def _heads(text: str) -> Iterator[str]:
    """Each test that a file of SQL defines: its name, with its arguments."""
    if not _BLOCK_OF_TEST.search(text):
        return  # most files define none, and words take longer
    block = ""
    try:
        for _, kind, word in Environment(autoescape=True).lex(text):
            if kind == "block_begin":
                block = ""
            elif kind != "block_end":
                block += word
            elif said := _TEST.match(block := block.strip()):
                yield block[said.end() :]
    except TemplateError:
        return  # dbt tells of it


def _names_of(test: str, package: str) -> tuple[str, ...]:
    """A test's names; ours stand in for those of dbt's own, and a package's is named with it."""
    theirs = (f"dbt.{test}",) if test in _OF_DBT else ()
    bare = (test,) if package == _PROJECT else ()
    return (*bare, f"{package}.{test}", *theirs)


def _signature(head: str, *, reads_any: bool) -> Signature:
    """A test by its head, whose arguments dbt lets have types; of one that can't be read, any go.

    Args:
        head: Its name, with its arguments.
        reads_any: Whether it reads arguments that its head does not name.
    """
    try:
        untyped = _TYPE_OF_ARGUMENT.sub("", head)
        tree = Environment(autoescape=True).parse(f"{{% macro {untyped} %}}{{% endmacro %}}")
    except TemplateError:
        return Signature(head.split("(", maxsplit=1)[0].strip())
    macro = next(tree.find_all(nodes.Macro))
    names = [argument.name for argument in macro.args]
    needed, given = names[: len(names) - len(macro.defaults)], {"model", "column_name"}
    may_have_column = reads_any or "column_name" in names
    return Signature(
        macro.name,
        needed=frozenset(needed) - given,
        known=frozenset(names) - given,
        of_column="column_name" in needed or (None if may_have_column else False),
        open_ended=reads_any,
    )


def _may_be_off(said: Any) -> bool:
    """Whether a test is switched off, or on by a condition: dbt passes over what it calls then."""
    given = said if isinstance(said, dict) else {}
    config = given.get("config")
    switches = [given, config if isinstance(config, dict) else {}]
    return any(each.get("enabled", True) is not True for each in switches)


def _mistakes(test: Any, signatures: Mapping[str, Signature], *, on_column: bool) -> Iterator[str]:
    said = test if isinstance(test, dict) else {str(test): {}}
    if "test_name" in said:
        said = {str(said["test_name"]): {k: v for k, v in said.items() if k != "test_name"}}
    name = name_of_test(said)
    if len(said) == 1 and _may_be_off(said[name]):
        return
    if len(said) != 1 or not isinstance(said[name] or {}, dict):
        yield f"a test is its name, or its name with its arguments below it, further in: {name}"
        return
    signature = signatures.get(name)
    if signature is None:
        yield f"there is no test {name!r}.{nearest(name, signatures)}"
        return
    arguments = {key: value for key, value in (said[name] or {}).items() if key not in _OF_ANY}
    below = arguments.pop("arguments", None) or {}
    if not isinstance(below, dict):
        return  # dbt says what is wrong with it
    arguments |= below
    column = "column_name" in arguments
    if signature.of_column not in (None, on_column or column):
        where = "a column" if signature.of_column else "whole rows: put it below the columns"
        yield f"{name} is a test of {where}"
    unknown_ones = set() if signature.open_ended else arguments.keys() - signature.known
    for unknown in sorted(unknown_ones - {"column_name"}):
        yield f"{name} takes no {unknown!r}.{nearest(unknown, signature.known)}"
    for missing in sorted(signature.needed - arguments.keys()):
        yield f"{name} needs {missing!r}"
