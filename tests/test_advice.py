"""What a message or a page advises can be done: its fields are taken, its commands exist."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from pydantic import BaseModel

import consulting
from consulting.chain.engagement import Engagement
from consulting.cli import main
from consulting.config.engagement import EngagementConfig, Feed
from consulting.layout import ClientFolder
from consulting.rules.rule import ColumnRule

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(consulting.__file__).parent
PAGES = sorted([*SOURCE.parents[1].glob("docs/*.md"), SOURCE.parents[1] / "README.md"])
COMMAND = re.compile(r"(?:^|[`(\s/])consulting (?P<verb>[a-z]+)(?P<rest>[^`\n|.;]*)", re.MULTILINE)
WORD = re.compile(r"`([a-z_]+(?:\.[a-z_]+)*)(?::[^`]*)?`")

NOT_FIELDS = {
    # the columns and names of our own documents
    "_correction_id", "_row_id", "attributes", "client_id", "delivered", "raw",
    # dbt's and its rules', in a model's YAML
    "dedupe", "dropped_because", "key", "language", "meta", "pattern", "reasons", "reject_when",
    # of other programs and of the ledger
    "ledger_version", "pg_dump",
    # Python's
    "column_mappings", "json.dump", "list_deliveries", "print", "str", "timedelta",
    # values of fields
    "csv", "monitoring", "one_off", "recurring", "skip", "team", "xlsx",
    # files
    "alerts.html", "profiles.yml", "customer_revenue.sql", "defaults.yaml", "defs.yaml",
    # stages
    "profiled",
    # a value that stands for its like
    "jmueller",
}  # fmt: skip


def texts_of_code() -> Iterator[tuple[str, str]]:
    """(file, text) of each text in the source that is no docstring."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and id(node) not in docstrings:
                yield str(path.relative_to(SOURCE)), node.value


def models_below(model: type[BaseModel], found: dict[str, type[BaseModel]]) -> None:
    found[model.__name__] = model
    for field in model.model_fields.values():
        for nested in _nested(field.annotation):
            if nested.__name__ not in found:
                models_below(nested, found)


def _nested(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for part in getattr(annotation, "__args__", ()) for m in _nested(part)]


def all_models() -> dict[str, type[BaseModel]]:
    """What `defs.yaml` and a column's rule are made of."""
    found: dict[str, type[BaseModel]] = {}
    for model in (EngagementConfig, ColumnRule):
        models_below(model, found)
    return found


def fields() -> set[str]:
    """All words that `defs.yaml` and a column's rule take."""
    return {
        field.alias or name
        for model in all_models().values()
        for name, field in model.model_fields.items()
    }


def leads_somewhere(path: str) -> bool:
    """Whether a word, or words with points between them, can be written: each inside the last."""
    models = list(all_models().values())
    for word in path.split("."):
        found = [
            field
            for model in models
            for name, field in model.model_fields.items()
            if word in (name, field.alias)
        ]
        if not found:
            return False
        models = [nested for field in found for nested in _nested(field.annotation)]
    return True


def test_every_field_that_a_message_names_is_one() -> None:
    unknown = {
        f"{word} ({path})"
        for path, text in texts_of_code()
        if not path.startswith("rules/")  # their words are dbt's, and documented with the rules
        for word in WORD.findall(text)
        if word not in NOT_FIELDS and not leads_somewhere(word)
    }
    assert unknown == set()


def test_no_word_is_excused_that_is_a_field() -> None:
    assert fields() & NOT_FIELDS == set()


def test_every_field_that_the_reader_s_manual_advises_is_one_of_a_feed() -> None:
    page = (SOURCE.parents[1] / "docs" / "reading.md").read_text(encoding="utf-8")
    advised = set(re.findall(r"(?:raise|correct|declare|or|and)(?: the)? `([a-z_]+)`", page))
    assert {"max_rows", "max_unpacked_bytes", "member", "sheet"} <= advised
    assert advised - set(Feed.model_fields) == set()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("member", "jan.csv"),
        ("quotechar", "'"),
        ("skip_rows", 2),
        ("max_rows", 10),
        ("max_unpacked_bytes", 10_000),
        ("max_unpack_ratio", 5),
        ("max_read_seconds", 7),
        ("max_memory_bytes", 2**30),
        ("max_columns", 7),
        ("max_cells", 7),
        ("max_file_bytes", 7),
    ],
)
def test_what_a_feed_declares_reaches_the_reader_and_limits_are_inherited(
    tmp_path: Path, field: str, value: Any
) -> None:
    least = {"client_name": "Acme", "feeds": [{"name": "a", "files": "*", field: value}]}
    assert getattr(_options(tmp_path, least), field) == value
    if field.startswith("max_"):
        shared = {"client_name": "Acme", "feeds": [{"name": "a", "files": "*"}]}
        shared["limits"] = {field: value}
        assert getattr(_options(tmp_path, shared), field) == value
        shared["limits"] = {field: value + 1}
        shared["feeds"] = least["feeds"]
        assert getattr(_options(tmp_path, shared), field) == value


def _options(folder: Path, config: dict[str, Any]) -> Any:
    engagement = Engagement(
        client_id="acme",
        config=EngagementConfig.model_validate(config),
        folder=ClientFolder(folder, "acme"),
        store=None,  # type: ignore[arg-type] - nothing is fetched
        ledger_url="sqlite://",
        dbt_dir=folder,
        clients_dir=folder,
    )
    return engagement.read_options(engagement.feed("a"))


GONE = {("rules", "--write")}
"""Commands that a page tells to be gone."""


def commands() -> list[tuple[str, str, str]]:
    """(where, verb, rest) of each command of ours that a message or a page names."""
    texts = [*texts_of_code(), *((page.name, page.read_text(encoding="utf-8")) for page in PAGES)]
    return [
        (where, match["verb"], match["rest"])
        for where, text in texts
        for match in COMMAND.finditer(text)
        if (match["verb"], match["rest"].strip()) not in GONE
        and (match[0][0] in "`/" or "--" in match["rest"] or match[0].startswith("consulting"))
    ]


def test_every_command_and_option_that_a_message_or_page_names_exists() -> None:
    assert isinstance(main, click.Group)
    named = commands()
    assert len({verb for _, verb, _ in named}) > 5
    unknown = []
    for where, verb, rest in named:
        command = main.commands.get(verb)
        if command is None:
            unknown.append(f"{where}: consulting {verb}")
            continue
        if isinstance(command, click.Group) and rest.split():
            command = command.commands.get(rest.split()[0], command)
        options = {option for each in command.params for option in each.opts}
        wanted = {w.partition("=")[0] for w in _words(rest) if w.startswith("--")}
        unknown += [f"{where}: consulting {verb} {option}" for option in wanted - options]
    assert unknown == []


def shown_in_pages() -> list[tuple[str, str]]:
    """(page, arguments) of each whole command that a page shows, with a value for each `<…>`."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", text)
        lines = [line for block in blocks for line in block.splitlines()]
        lines += re.findall(r"`([^`]+)`", " ".join(re.sub(r"(?ms)^```.*?^```", "", text).split()))
        for line in lines:
            command = re.match(r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?consulting ([a-z].*)", line)
            if command and tuple(command[1].split()) not in GONE:
                found.append((page.name, re.sub(r"<[^>]+>", "7", command[1])))
    return found


@pytest.mark.parametrize(("page", "arguments"), shown_in_pages())
def test_every_command_that_a_page_shows_whole_is_understood(page: str, arguments: str) -> None:
    """By the command's own parser: its arguments are there, of their type, and no more of them."""
    assert isinstance(main, click.Group)
    verb, *rest = shlex.split(arguments, comments=True)
    command = main.commands[verb]
    needed = [p for p in command.params if isinstance(p, click.Argument) and p.required]
    if not rest and needed:
        return  # the verb's name alone, in a sentence
    command.make_context(verb, rest)


def test_commands_are_shown_whole() -> None:
    assert len([one for one in shown_in_pages() if " " in one[1]]) > 12


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
