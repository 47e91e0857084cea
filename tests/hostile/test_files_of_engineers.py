"""What a parser says of an engineer's file is told with its place, and quotes nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from consulting.cleaning.client_files import ClientFiles
from consulting.cleaning.invocation import _explain
from consulting.yaml_files import YamlError, parse_yaml

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


def test_a_secret_of_the_profile_is_not_told_in_an_error_of_dbt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_WAREHOUSE", "s3cret-of-all")
    text = "Compilation Error in model orders (models/clients/acme/orders.sql)\n  s3cret-of-all"
    told = _explain("acme", text, ClientFiles(tmp_path, "acme"))
    assert "s3cret" not in told
    assert "orders.sql" in told
