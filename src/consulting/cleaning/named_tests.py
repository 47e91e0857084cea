"""The tests that YAML names, held against those that the project's dbt knows.

dbt takes the name of a test that there is not, or a test without an argument that it needs, and
fails when it runs; a template it reads only through the clients that follow it. What is wrong with
a test is told here, with its file and line, before anything runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, TemplateError, nodes

from consulting.cleaning.client_files import PACKAGES, shared_files
from consulting.cleaning.library import library_files
from consulting.cleaning.templated import name_of_test
from consulting.config_model import nearest
from consulting.shown import on_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from consulting.yaml_files import Document, YamlPath

_TEST = re.compile(r"(?:test\s+|macro\s+test_)(?=\w)")
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
    """A test with its arguments, without those that dbt gives it; open-ended takes any."""

    name: str
    needed: frozenset[str]
    known: frozenset[str]
    of_column: bool
    open_ended: bool


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


def known_tests(dbt_dir: Path, own: Iterable[str] = ()) -> dict[str, Signature]:
    """The tests of the library, of a project with its packages, and of a client.

    Args:
        dbt_dir: The dbt project.
        own: What the client's own SQL files hold.

    Returns:
        Each by the names that YAML has for it.
    """
    texts = [(_PROJECT, text) for name, text in library_files().items() if name.endswith(".sql")]
    packages = dbt_dir / PACKAGES
    for path in shared_files(dbt_dir):
        if path.suffix == ".sql":
            below = path.is_relative_to(packages)
            package = path.relative_to(packages).parts[0] if below else _PROJECT
            texts.append((package, path.read_text(encoding="utf-8", errors="replace")))
    texts += [(_PROJECT, text) for text in own]
    return {
        name: signature
        for package, text in texts
        for head in _heads(text)
        if (signature := _signature(head, open_ended="kwargs" in text))
        for name in _names_of(signature.name, package)
    }


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
    """A test's names; ours stand in for those of dbt's own."""
    theirs = (f"dbt.{test}",) if test in _OF_DBT else ()
    return (test, f"{package}.{test}", *theirs)


def _signature(head: str, *, open_ended: bool) -> Signature | None:
    try:
        tree = Environment(autoescape=True).parse(f"{{% macro {head} %}}{{% endmacro %}}")
    except TemplateError:
        return None  # dbt tells of it
    macro = next(tree.find_all(nodes.Macro))
    names = [argument.name for argument in macro.args]
    given = {"model", "column_name"}
    return Signature(
        macro.name,
        needed=frozenset(names[: len(names) - len(macro.defaults)]) - given,
        known=frozenset(names) - given,
        of_column="column_name" in names,
        open_ended=open_ended,
    )


def _mistakes(test: Any, signatures: Mapping[str, Signature], *, on_column: bool) -> Iterator[str]:
    said = test if isinstance(test, dict) else {str(test): {}}
    if "test_name" in said:
        said = {str(said["test_name"]): {k: v for k, v in said.items() if k != "test_name"}}
    name = name_of_test(said)
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
    if signature.of_column != (on_column or column):
        where = "a column" if signature.of_column else "whole rows: put it below the columns"
        yield f"{name} is a test of {where}"
    unknown_ones = set() if signature.open_ended else arguments.keys() - signature.known
    for unknown in sorted(unknown_ones - {"column_name"}):
        yield f"{name} takes no {unknown!r}.{nearest(unknown, signature.known)}"
    for missing in sorted(signature.needed - arguments.keys()):
        yield f"{name} needs {missing!r}"
