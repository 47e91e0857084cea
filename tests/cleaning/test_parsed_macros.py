"""What dbt parses alike for every client is parsed once, and makes no parse another."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from dbt.parser.macros import MacroParser

from consulting.cleaning.invocation import parse_dbt
from consulting.cleaning.models import FULL
from consulting.cleaning.parsed_macros import SAVED, _hash_of_variables
from consulting.errors import CleaningError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Project

COLUMNS = [{"name": "a", "from": "A"}]
CLIENTS = ("acme_corp", "globex", "initech")


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose macros dbt parsed."""
    seen: list[str] = []
    parse: Callable[..., Any] = MacroParser.parse_file

    def parse_file(self: Any, block: Any) -> None:
        seen.append(block.file.path.relative_path)
        parse(self, block)

    monkeypatch.setattr(MacroParser, "parse_file", parse_file)
    return seen


@pytest.fixture
def fresh(project: Project) -> Project:
    """A project whose macros nobody parsed."""
    shutil.rmtree(project.dbt_dir / "target", ignore_errors=True)
    return project


def kept(project: Project) -> list[bytes]:
    return [path.read_bytes() for path in (project.dbt_dir / "target/macros").iterdir()]


def of(manifest: Any) -> dict[str, Any]:
    """All that is in a manifest but the moments it was made at."""
    parts = ("nodes", "sources", "macros", "docs", "unit_tests", "disabled")
    told = {part: getattr(manifest, part) for part in parts}
    plain = {
        part: {key: v.to_dict() if hasattr(v, "to_dict") else v for key, v in values.items()}
        for part, values in told.items()
    }
    for values in plain.values():
        for value in values.values():
            if isinstance(value, dict):
                value.pop("created_at", None)
    return plain


def test_macros_are_parsed_once_until_one_changes_and_what_goes_on_from_them_is_a_parse_of_all(
    fresh: Project, tmp_path: Path, parses: list[str]
) -> None:
    for number, client_id in enumerate(CLIENTS):
        fresh.copy_client(client_id)
        models = fresh.models(client_id)
        models.content_hash()  # writes the library
        (tmp_path / client_id).mkdir()
        whole = parse_dbt(client_id=client_id, dbt_dir=fresh.dbt_dir, target=tmp_path / client_id)
        parses.clear()
        models.parse()
        assert len(parses) == 0 if number else len(parses) > 100
        full = models.load_full_manifest()
        assert kept(fresh)[0], "there is something to go on from"
        assert of(full) == of(whole), client_id
        # the hash we write is the one that dbt works out
        assert full.state_check.vars_hash.checksum == _hash_of_variables(client_id)
        assert (models.prepare() / FULL).exists()
        assert not list(models.cache.rglob(SAVED))
    parses.clear()
    fresh.feed("three", "t", COLUMNS)
    own = fresh.dbt_dir / "macros" / "own.sql"
    own.write_text("{% macro own() %}1{% endmacro %}")
    fresh.models("three").parse()
    assert "own.sql" in parses
    own.write_text("{% macro own() %}2{% endmacro %}")
    fresh.models("three").parse()
    full = fresh.models("three").load_full_manifest()
    assert full.macros["macro.consulting.own"].macro_sql == "{% macro own() %}2{% endmacro %}"
    assert len(kept(fresh)) == 2, "older ones go"


def test_where_clients_share_models_each_is_parsed_as_a_whole(
    fresh: Project, parses: list[str]
) -> None:
    shared = fresh.dbt_dir / "models" / "shared" / "whose.sql"
    shared.write_text("{{ config(alias='of_' ~ var('client')) }} select 1 as n")
    for client_id in ("one", "two"):
        parses.clear()
        fresh.feed(client_id, "t", COLUMNS)
        fresh.models(client_id).parse()
        full = fresh.models(client_id).load_full_manifest()
        assert full.nodes["model.consulting.whose"].alias == f"of_{client_id}"
        assert len(parses) > 100
    assert kept(fresh) == [b""]


def test_a_macro_that_can_not_be_parsed_is_told_as_before(fresh: Project) -> None:
    (fresh.dbt_dir / "macros" / "own.sql").write_text("{% macro own() %}")
    fresh.feed("one", "t", COLUMNS)
    with pytest.raises(CleaningError, match="one: dbt stopped: Compilation Error"):
        fresh.models("one").parse()
