"""Only what shapes the bytes of a delivery counts in its fingerprints."""

from __future__ import annotations

import ast
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import consulting
from consulting.chain.delivered import VERSIONED
from consulting.chain.fingerprints import (
    STAGE_CODE,
    _Meanings,
    code_fingerprints,
    without_words,
)
from consulting.cleaning.meaning import meaning_of

ROOT = Path(consulting.__file__).parent
SHAPES_NOTHING = {
    # carries what the stages make, says when, tells people, or is read into the configuration
    *(
        "alerting",
        "chain",
        "channels",
        "cli",
        "components",
        "config",
        "defs",
        "demo",
        "intake",
        "migrations",
    ),
    *(
        "portfolio",
        "resources",
        "timekeeping",
        "__init__.py",
        "__init__.pyi",
        "config_model.py",
        "database.py",
        "definitions.py",
    ),
    *("layout.py", "project.py", "writing.py"),
    # where files come from, how they are matched to a period, and what others add
    *("plugins.py", "regex.py", "serving", "sources", "bucket", "templates", "testing"),
    # where and how long the work is done
    *("bounded_child.py", "client_environment.py", "foreign.py", "raised.py"),
    "regular_files.py",
    *("scratch.py", "sealed.py", "shared_child.py", "yaml_files.py"),
    # what the parsed models are made with counts by the models themselves
    *("dbt", "dbt_yaml.py", "jinja.py"),
}


def test_comments_docstrings_and_line_ends_are_no_code() -> None:
    plain = b'def f(x):\n    return "# " + x\n'
    said = b'"""Says."""\n\n# why\ndef f(x):\n    """Gives."""\n\n    return (\n        "# " + x)\n'
    assert without_words(plain) == without_words(said)
    assert without_words(plain) != without_words(plain.replace(b'"# "', b'"#"'))


def test_each_stage_has_a_fingerprint_of_files_that_are_there() -> None:
    assert list(code_fingerprints()) == [
        "file_received",
        "profiled",
        "cleaned",
        "validated",
        "delivered",
    ]
    assert len(set(code_fingerprints().values())) == 5
    for part in {part for parts in STAGE_CODE.values() for part in parts}:
        assert (ROOT / part).exists(), part


def test_every_room_is_of_a_stage_or_known_to_shape_nothing() -> None:
    """A new room has to be put in one place or the other."""
    counted = {part for parts in STAGE_CODE.values() for part in parts}
    counted |= {"bounded_memory.py", "records.py", "sql.py", "privacy", "untitled.py", "wording.py"}
    rooms = {path.name for path in ROOT.iterdir() if path.name not in ("__pycache__", "py.typed")}
    assert rooms - {part.partition("/")[0] for part in counted} <= SHAPES_NOTHING


SAID = {
    "customers.sql": (
        "select a, 'x -- y' as b from {{ ref('c') }}",
        "{# why #}\nselect a, -- it's\n  'x -- y' as b /* and so on */\nfrom {{ ref('c') }}\n",
        "select a, 'x -- z' as b from {{ ref('c') }}",
    ),
    "engines.sql": (  # a template that is no SQL
        "{%- macro said(a) -%}'{{ a | replace(\"'\", \"''\") }}{%- endmacro %}",
        "{#- Why: it's so. -#}{%- macro said(a) -%}'{{ a|replace(\"'\", \"''\") }}{%- endmacro %}",
        "{%- macro said(a) -%}'{{ a | replace(\"'\", '') }}{%- endmacro %}",
    ),
    "report.html.j2": (
        "<p>{{ a }}</p><!-- b -->",
        "{# why #}<p>{{a}}</p><!-- b -->",
        "<p>{{ a }}</p><!-- c -->",
    ),
    "customers.yml": (
        "models: [{name: a, meta: {rule: to_text}}]",
        "# told\nmodels: [{name: a, meta: {rule: to_text}}]  # why\n",
        "models: [{name: a, meta: {rule: 'to_text '}}]",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_a_comment_in_a_model_is_no_change_of_it(name: str) -> None:
    plain, said, other = (meaning_of(Path(name), text.encode()) for text in SAID[name])
    assert plain == said != other


def test_what_is_no_sql_or_runs_in_a_comment_counts_as_it_is() -> None:
    for text in ("select 'it", "select 1 -- {{ ref('b') }}", "\xff"):
        content = text.encode("latin-1")
        assert meaning_of(Path("a.sql"), content) != meaning_of(Path("a.sql"), content + b"  -- x")


def test_every_library_that_shapes_bytes_is_named_in_the_manifest() -> None:
    dists = packages_distributions()
    parts = {part for parts in STAGE_CODE.values() for part in parts}
    files = [
        file
        for part in parts
        for file in ([ROOT / part] if (ROOT / part).is_file() else (ROOT / part).rglob("*.py"))
    ]
    used = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_bytes()))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
        used |= {dist for name in names for dist in dists.get(name.partition(".")[0], ())}
    # they check, carry and load; dbt-core pins the parts of dbt, sqlglot its own compiled one
    carry = {"consulting", "pydantic", "MarkupSafe", "PyYAML", "dbt-adapters", "dbt-common"}
    carry |= {"sqlglotc", "sqlglotrs", "lazy-loader"}
    carry |= {"parsedatetime"}  # of agate, whose tables of words are made once
    carry |= {"networkx"}  # of proposals, which no delivery is made of before somebody keeps them
    assert {name.lower() for name in used - carry} <= {*VERSIONED}
    assert {"python-calamine", "pyarrow", "sqlglot"} <= used


def test_the_meaning_of_code_is_kept_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    kept, code = tmp_path / "kept.json", tmp_path / "code.py"
    code.write_text("a = 1  # one\n")
    first = _Meanings(kept)
    one = first.of(code)
    first.keep()
    again = _Meanings(kept)
    assert again.of(code) == one
    code.write_text("a = 1\n")
    assert again.of(code) == one
    code.write_text("a = 2\n")
    other = again.of(code)
    assert other != one
    kept.write_text("{")
    assert _Meanings(kept).of(code) == other
