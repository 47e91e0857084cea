"""The tests that a template names, held against those that the project's dbt knows.

dbt reads a template only through the clients that follow it. What is wrong with a test is told
here, with its file and line, before the first of them does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, TemplateError, nodes

from consulting.cleaning.client_files import files_below
from consulting.cleaning.library import library_files
from consulting.cleaning.templated import name_of_test
from consulting.config_model import nearest
from consulting.rules.template import read_template_document
from consulting.shown import on_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from consulting.yaml_files import YamlPath

_HEAD = re.compile(r"\{%-?\s*(?:test\s+|macro\s+test_)(\w+\s*\([^%]*\))\s*-?%\}")
_OF_ANY = frozenset(
    "config name description severity tags enabled where limit warn_if error_if fail_calc "  # noqa: SIM905 - words
    "store_failures store_failures_as meta database schema alias".split()
)
"""What dbt takes itself, beside the arguments of a test."""


class _Signature(NamedTuple):
    """The arguments of a test, without those that dbt gives it."""

    needed: frozenset[str]
    known: frozenset[str]
    of_column: bool


def mistakes_in_tests(dbt_dir: Path, name: str) -> Iterator[str]:
    """What is wrong with the tests of a template, each with file, line and column.

    Args:
        dbt_dir: The dbt project, with its library.
        name: The template.

    Raises:
        CleaningError: If there is no such template, or it is none.
    """
    template, where = read_template_document(dbt_dir, name)
    signatures = dict(_signatures(dbt_dir))
    tests: list[tuple[YamlPath, Any, bool]] = [
        (("data_tests", at), test, False) for at, test in enumerate(template.data_tests)
    ]
    for at, column in enumerate(template.columns):
        for n, test in enumerate(column.data_tests):
            tests.append((("columns", at, "data_tests", n), test, True))
    for place, test, on_column in tests:
        for mistake in _mistakes(test, signatures, on_column=on_column):
            yield on_one_line(f"{where(place)}: {mistake}")


def _signatures(dbt_dir: Path) -> Iterator[tuple[str, _Signature]]:
    """The tests that the project and its packages define, by the name that YAML has for them."""
    packages = dbt_dir / "dbt_packages"
    texts = [("", content) for name, content in library_files().items() if name.endswith(".sql")]
    for path in files_below(dbt_dir, but=("target", "logs", "library")):
        if path.suffix == ".sql":
            inside = path.is_relative_to(packages)
            package = f"{path.relative_to(packages).parts[0]}." if inside else ""
            texts.append((package, path.read_text(encoding="utf-8", errors="replace")))
    for package, text in texts:
        for head in _HEAD.findall(text):
            try:
                tree = Environment(autoescape=True).parse(f"{{% macro {head} %}}{{% endmacro %}}")
            except TemplateError:
                continue  # dbt tells of it
            macro = next(tree.find_all(nodes.Macro))
            names = [argument.name for argument in macro.args]
            needed = names[: len(names) - len(macro.defaults)]
            given = {"model", "column_name"}
            of_column = "column_name" in names
            signature = _Signature(
                frozenset(needed) - given, frozenset(names) - given, of_column=of_column
            )
            yield f"{package}{macro.name}", signature


def _mistakes(test: Any, signatures: Mapping[str, _Signature], *, on_column: bool) -> Iterator[str]:
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
    arguments |= arguments.pop("arguments", None) or {}
    column = "column_name" in arguments
    if signature.of_column != (on_column or column):
        where = "a column" if signature.of_column else "whole rows: put it below the columns"
        yield f"{name} is a test of {where}"
    for unknown in sorted(arguments.keys() - signature.known - {"column_name"}):
        yield f"{name} takes no {unknown!r}.{nearest(unknown, signature.known)}"
    for missing in sorted(signature.needed - arguments.keys()):
        yield f"{name} needs {missing!r}"
