"""Target templates: what the table of one kind of feed is, and the headers it comes under.

A template is one dbt YAML file in the project, `dbt/templates/<name>.yml`, with one model: columns,
rules, tests and descriptions, and in each column's `meta` the `synonyms` by which clients call it.
A client's model that says `template: <name>` in its `meta` takes all of it; its own YAML says which
header each column is read from, and what differs. Installed packages bring templates, too; one of
the project takes the place of theirs.
"""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from consulting import jinja
from consulting.config_model import NAME_PATTERN, ConfigModel, nearest
from consulting.errors import CleaningError, ConfigurationError
from consulting.plugins import plugins
from consulting.regular_files import read_regular
from consulting.rules.mistakes import rule_mistakes
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.yaml_files import Document, YamlPath

FOLDER = "templates"
BY_NAME = ("reject_when", "reasons")
"""What is said of whole rows by name: a client adds to the template's."""
_NAMED = re.compile(rb"\btemplate[\"']?\s*:\s*[\"']?([a-z][a-z0-9_]*)")
_Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


class _Meta(ConfigModel):
    """A template's `meta`: what is said of whole rows."""

    dedupe: dict[str, Any] | None = None
    reject_when: dict[str, str] | None = None
    reasons: dict[str, str] | None = None


class TemplateColumn(ConfigModel):
    """One column of a template.

    Attributes:
        name: The column, as it is delivered.
        description: What it is.
        meta: Its rule with arguments, and `synonyms`, the headers that clients call it by.
        data_tests: Its tests.
    """

    name: _Name
    description: str = ""
    meta: dict[str, Any] = Field(default_factory=dict)
    data_tests: list[Any] = Field(default_factory=list)

    @property
    def synonyms(self) -> tuple[str, ...]:
        """The headers that clients call it by."""
        return tuple(map(str, jinja.rendered(self.meta.get("synonyms") or ())))

    @property
    def rule(self) -> dict[str, Any]:
        """What its `meta` says of the values."""
        return {key: value for key, value in self.meta.items() if key != "synonyms"}


class Template(ConfigModel):
    """What the table of one kind of feed is.

    Attributes:
        name: Its name, and that of its file.
        description: The grain of the table.
        meta: What is said of whole rows: `dedupe`, `reject_when`, `reasons`.
        columns: Its columns, in their order.
        data_tests: Tests of whole rows.
    """

    name: _Name
    description: str = ""
    meta: _Meta = Field(default_factory=_Meta)
    columns: list[TemplateColumn] = Field(min_length=1)
    data_tests: list[Any] = Field(default_factory=list)

    def column(self, name: str) -> TemplateColumn | None:
        """The column of that name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)


def template_file(dbt_dir: Path, name: str) -> Path:
    """Where a template lies, in the project or an installed package, or would in the project."""
    own = own_template_file(dbt_dir, name)
    return own if own.exists() else _installed().get(name, own)


def own_template_file(dbt_dir: Path, name: str) -> Path:
    """Where a template of the project lies, or would."""
    return dbt_dir / FOLDER / f"{name}.yml"


def template_names(dbt_dir: Path) -> list[str]:
    """The templates of a project and of installed packages, in alphabetical order."""
    return sorted({*_installed(), *(path.stem for path in (dbt_dir / FOLDER).glob("*.yml"))})


@functools.cache
def _installed() -> dict[str, Path]:
    """The templates that lie in installed packages, each of which an entry point names."""
    packages = plugins("consulting.templates")
    return {name: Path(str(files(pack))) / f"{name}.yml" for name, pack in packages.items()}


def named_templates(content: bytes) -> set[str]:
    """The templates that a YAML file may name; quick, and rather too many than too few."""
    return {found.decode() for found in _NAMED.findall(content)}


def read_template(dbt_dir: Path, name: str) -> Template:
    """Read and check a template.

    Args:
        dbt_dir: The dbt project.
        name: The template's.

    Raises:
        CleaningError: If there is none, or it is none; names file and line, and the nearest.
    """
    return read_template_document(dbt_dir, name)[0]


def read_template_document(dbt_dir: Path, name: str) -> tuple[Template, Document]:
    """As `read_template`, with the YAML that it is made of."""
    known = template_names(dbt_dir)
    if name not in known:
        there = f"Templates: {', '.join(known)}." if known else "There is none yet."
        raise CleaningError(
            f"There is no template {name!r}.{nearest(name, known)} {there} One is made of a "
            "client's feed by `consulting template learn <client> <feed> <name>`, and lies in "
            f"dbt/{FOLDER}/."
        )
    path = template_file(dbt_dir, name)
    try:
        content = read_regular(path, within=path.parent)
    except ConfigurationError as error:
        raise CleaningError(str(error)) from None
    return _parsed(content, name)


def parse_template(content: bytes, name: str) -> Template:
    """As `read_template`, of what its file holds."""
    return _parsed(content, name)[0]


def _parsed(content: bytes, name: str) -> tuple[Template, Document]:
    shown = Path("dbt", FOLDER, f"{name}.yml")
    try:
        documents = parse_yaml(content, shown)
    except ConfigurationError as error:
        raise CleaningError(str(error)) from None
    models = documents[0].value.get("models") if _is_one_model(documents) else None
    if models is None or not isinstance(models[0], dict) or models[0].get("name") != name:
        raise CleaningError(f"{shown} must hold `models:` with one model, named {name}.")
    try:
        template = Template.model_validate(models[0])
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        said = found["msg"].removeprefix("Value error, ")
        raise CleaningError(f"{_where(documents[0], found['loc'])}: {said}") from None
    for place, mistake in _mistakes(template):
        raise CleaningError(f"{_where(documents[0], place)}: {mistake}")
    return template, documents[0]


def _is_one_model(documents: list[Document]) -> bool:
    said = documents[0].value if len(documents) == 1 else None
    models = said.get("models") if isinstance(said, dict) else None
    return isinstance(models, list) and len(models) == 1


def _where(document: Document, place: YamlPath) -> str:
    return document.where(("models", 0, *place))


def _mistakes(template: Template) -> Iterator[tuple[YamlPath, str]]:
    """What is wrong with its columns, taken for themselves."""
    seen: dict[str, str] = {}
    for at, column in enumerate(template.columns):
        place: YamlPath = ("columns", at)
        if template.column(column.name) is not column:
            yield place, f"{column.name} is there twice"
        synonyms = column.meta.get("synonyms", [])
        if not isinstance(synonyms, list) or "from" in column.meta:
            yield place, f"{column.name}: a template lists headers as `synonyms: [...]`, no `from`"
            continue
        if not all(isinstance(each, str | int | float) for each in synonyms):
            yield place, f"{column.name}: a synonym is a text; write it in quotes"
        for synonym in map(str, synonyms):
            other = seen.setdefault(synonym.casefold(), column.name)
            if other != column.name:
                yield place, f"“{synonym}” is a synonym of {other} and of {column.name}"
        for mistake in rule_mistakes({"from": column.name, **column.rule}):
            yield place, f"{column.name}: {mistake}"
