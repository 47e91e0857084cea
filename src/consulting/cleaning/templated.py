"""A client's YAML as dbt has to read it, where its models follow templates of the project.

dbt knows no inheritance. So it parses a copy of the project in which the client's YAML says
everything: what the template says, and over it what the client's own says. The copy has the paths
of the original, and is gone after the parse; a run takes the manifest.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import yaml

from consulting.cleaning.client_files import NOT_SHARED, PACKAGES, files_below
from consulting.rules import ColumnRule
from consulting.rules.template import BY_NAME, FOLDER, named_templates, read_template
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from consulting.cleaning.client_files import ClientFiles
    from consulting.rules.template import Template, TemplateColumn

_YAML = (".yml", ".yaml")


def templates_of(files: ClientFiles) -> dict[Path, set[str]]:
    """The client's YAML files that may name templates, with these."""
    found = {
        path: named_templates(files.read(path)) for path in files.listed() if path.suffix in _YAML
    }
    return {path: names for path, names in found.items() if names}


def templated_project(files: ClientFiles, dbt_dir: Path, work: Path) -> Path | None:
    """Write the project with the client's YAML as dbt has to read it.

    Args:
        files: The client's files.
        dbt_dir: The dbt project.
        work: A folder for it.

    Returns:
        Its folder; None where no model of the client follows a template.

    Raises:
        CleaningError: If a model names a template that is none.
    """
    named = templates_of(files)
    if not named:
        return None
    copy = project_copy(files, dbt_dir, work)
    for path in named:
        whole = applied(files.read(path), path, lambda name: read_template(dbt_dir, name))
        _mirrored(path, work).write_bytes(whole)
    return copy


def project_copy(files: ClientFiles, dbt_dir: Path, work: Path, *, templates: bool = False) -> Path:
    """Copy the project with the client's files, and its templates where they are asked for."""
    left_out = [name for name in NOT_SHARED if not (templates and name == FOLDER)]
    for path in files_below(dbt_dir, but=(*left_out, PACKAGES)):
        shutil.copyfile(path, _mirrored(path, work))
    if (dbt_dir / PACKAGES).is_dir():
        _mirrored(dbt_dir / PACKAGES, work).symlink_to(dbt_dir / PACKAGES)
    for path in files.listed():
        _mirrored(path, work).write_bytes(files.read(path))
    return _mirrored(dbt_dir, work)


def _mirrored(path: Path, work: Path) -> Path:
    """A path below the copy like the original's: a client's may lie beside the dbt project."""
    target = work / path.relative_to(path.anchor)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def applied(content: bytes, path: Path, template_of: Callable[[str], Template]) -> bytes:
    """A YAML file of models, with what their templates say of them.

    Args:
        content: What the client's says.
        path: What it is called in errors.
        template_of: Reads a template by its name.
    """
    said, models = _models_of(content, path)
    if said is None:
        return content
    for model in models:
        name = _meta_of(model).get("template")
        if isinstance(name, str):
            _apply(model, template_of(name))
    text: str = yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=2**31)
    return text.encode()


def _apply(model: dict[str, Any], template: Template) -> None:
    """Lay what a model says over its template."""
    own = _take_meta(model)
    del own["template"]  # it is in force: our macros refuse a model whose template is not
    meta = template.meta.model_dump(exclude_none=True)
    for key, value in own.items():
        listed = key in BY_NAME and isinstance(value, dict)
        meta[key] = {**meta.get(key, {}), **value} if listed else value
    model["meta"] = {key: value for key, value in meta.items() if value is not None}
    model.setdefault("description", template.description)
    tests = [*template.data_tests]
    model["data_tests"] = _together(tests, model.get("data_tests") or model.pop("tests", None))
    columns = model.get("columns")
    if not isinstance(columns, list) or not all(isinstance(each, dict) for each in columns):
        return  # dbt says what is wrong with it
    place = {target.name: at for at, target in enumerate(template.columns)}
    columns.sort(key=lambda column: place.get(column.get("name"), len(place)))
    for column in columns:
        if target := template.column(str(column.get("name"))):
            _apply_column(column, target)


def _apply_column(column: dict[str, Any], target: TemplateColumn) -> None:
    if not isinstance(column.get("meta") or {}, dict):
        return  # dbt says what is wrong with it
    own = _take_meta(column)
    rule = target.rule
    if own.get("rule", rule.get("rule")) != rule.get("rule"):
        # arguments are of their rule
        kept = _of_any_rule()
        rule = {key: value for key, value in rule.items() if key in kept}
    # what a client may leave out has no value then, whatever the template demands of it
    demanded = {"required", "not_null"} if own.get("optional") is True else set()
    rule = {key: value for key, value in rule.items() if key not in demanded}
    column["meta"] = {key: value for key, value in {**rule, **own}.items() if value is not None}
    column.setdefault("description", target.description)
    tests = column.get("data_tests") or column.pop("tests", None)
    demands = [test for test in target.data_tests if name_of_test(test) not in demanded]
    column["data_tests"] = _together(demands, tests)


def _of_any_rule() -> Collection[str]:
    fields = ColumnRule.model_fields
    return {field.alias or name for name, field in fields.items()} - {"rule"}


def _together(template: Sequence[Any], own: Any) -> Any:
    """The tests of both; where both have one, the client's is taken."""
    mine = own or []
    if not isinstance(mine, list):
        return mine  # dbt says what is wrong with it
    names = set(map(name_of_test, mine))
    return [test for test in template if name_of_test(test) not in names] + mine


def name_of_test(test: Any) -> str:
    """What a test is called, with or without arguments."""
    return str(next(iter(test), "")) if isinstance(test, dict) else str(test)


def _meta_of(node: Mapping[str, Any]) -> dict[str, Any]:
    config = node.get("config")
    inside = config.get("meta") if isinstance(config, dict) else None
    said = [meta for meta in (inside, node.get("meta")) if isinstance(meta, dict)]
    return {key: value for meta in said for key, value in meta.items()}


def _models_of(content: bytes, path: Path) -> tuple[Any, list[dict[str, Any]]]:
    """What a YAML file says, and the models in it; of what is none dbt says what is wrong."""
    documents = parse_yaml(content, path)
    said = documents[0].value if len(documents) == 1 else None
    models = said.get("models") if isinstance(said, dict) else None
    listed = models if isinstance(models, list) else []
    return said, [model for model in listed if isinstance(model, dict)]


def _take_meta(node: dict[str, Any]) -> dict[str, Any]:
    """A node's `meta`, wherever it says it; it says it nowhere then."""
    meta = _meta_of(node)
    node.pop("meta", None)
    if isinstance(node.get("config"), dict):
        node["config"] = {key: value for key, value in node["config"].items() if key != "meta"}
    return meta


def followed(files: ClientFiles) -> dict[str, str]:
    """The feeds of a client that follow a template, with its name."""
    models = (
        model for path in templates_of(files) for model in _models_of(files.read(path), path)[1]
    )
    named = {str(model.get("name")): _meta_of(model).get("template") for model in models}
    return {feed: name for feed, name in named.items() if isinstance(name, str)}


def followers(files: ClientFiles, template: str) -> list[str]:
    """The feeds of a client that follow a template."""
    return sorted(feed for feed, name in followed(files).items() if name == template)
