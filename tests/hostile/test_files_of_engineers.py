"""What a parser says of an engineer's file is told with its place, and quotes nothing of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from consulting.cleaning import ClientModels
from consulting.cleaning.client_files import ClientFiles
from consulting.cleaning.invocation import _explain
from consulting.errors import CleaningError
from consulting.yaml_files import YamlError, parse_yaml

from ..chain.conftest import DBT

BROKEN = {
    "a: [1, AKIA_s3cret": (2, 1, "did not find expected ',' or ']'"),
    "a: !AKIA_s3cret [x]": (1, 4, "could not determine a constructor for the tag"),
    "a: 'AKIA_s3cret": (1, 16, "found unexpected end of stream"),
    "a: b: AKIA_s3cret": (1, 5, "mapping values are not allowed in this context"),
    "a: &AKIA_s3cret 1\nb: &AKIA_s3cret 2": (2, 4, "found duplicate anchor"),
    "[x]: 1\n? {AKIA_s3cret: 2}\n: 3": (1, 1, "found unhashable key"),
}


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize("text", BROKEN)
def test_a_mistake_in_yaml_is_told_by_its_place_and_the_parser_s_own_words(
    text: str, loader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if loader == "SafeLoader":
        monkeypatch.delattr(yaml, "CSafeLoader")
    line, column, words = BROKEN[text]
    try:
        parse_yaml(text.encode(), Path("defs.yaml"))
    except YamlError as error:
        told = str(error)
    else:
        return  # one of the two takes it
    assert "s3cret" not in told
    assert told.startswith("defs.yaml:")
    if loader == "CSafeLoader":
        assert told.startswith(f"defs.yaml:{line}:{column} is not valid YAML: ")
        assert words in told


SECRET = "Zq7 Lovelace 4711"
QUOTING = {
    "codes of a test": (
        f"{{name: a, data_tests: [{{accepted_values: {{values: [{SECRET}], oops: 1}}}}]}}"
    ),
    "Jinja in a value": f"{{name: a, description: '{{{{ doc(\"{SECRET}\") }}}}'}}",
    "Jinja that does not end": f"{{name: a, description: '{{{{ {SECRET}'}}",
}


@pytest.fixture(scope="module")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quoting") / "dbt"
    shutil.copytree(DBT, folder, ignore=shutil.ignore_patterns("clients", "target", "logs"))
    return folder


@pytest.mark.parametrize("case", QUOTING)
def test_what_dbt_says_of_a_yaml_is_told_without_what_it_quotes(case: str, dbt: Path) -> None:
    folder = dbt / "models/clients/acme"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "m.sql").write_text("select 1 as a")
    yaml_text = f"version: 2\nmodels:\n  - name: m\n    columns: [{QUOTING[case]}]\n"
    (folder / "m.yml").write_text(yaml_text)
    with pytest.raises(CleaningError) as raised:
        ClientModels(dbt, "acme").prepare()
    told = str(raised.value)
    assert told.startswith("acme: ")
    assert not [word for word in SECRET.split() if word in told]
    ours = "m.yml:4:38: accepted_values takes no 'oops'."
    assert told.endswith((ours, "dbt parse --vars '{client: acme}'"))


def test_the_text_of_an_error_of_dbt_is_not_told(tmp_path: Path) -> None:
    text = "Compilation Error in model orders (models/clients/acme/orders.sql)\n  s3cret-of-all"
    told = _explain("acme", text, ClientFiles(tmp_path, "acme"))
    assert "s3cret" not in told
    assert "orders.sql: Compilation Error" in told
