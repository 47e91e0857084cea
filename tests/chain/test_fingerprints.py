"""Only what shapes the bytes of a delivery counts in its fingerprints."""

from __future__ import annotations

from pathlib import Path

import consulting
from consulting.chain.fingerprints import STAGE_CODE, code_fingerprints, without_words

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
        "config_model.py",
        "database.py",
        "definitions.py",
    ),
    *("lazy.py", "layout.py", "project.py", "writing.py"),
    # where files come from, how they are matched to a period, and what others add
    *("plugins.py", "regex.py", "serving", "sources", "templates", "testing"),
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
    counted |= {"bounded_memory.py", "records.py", "sql.py", "privacy"}
    rooms = {path.name for path in ROOT.iterdir() if path.name not in ("__pycache__", "py.typed")}
    assert rooms - {part.partition("/")[0] for part in counted} <= SHAPES_NOTHING
