"""A client's dbt files looked through before dbt reads them: dbt is lenient, and this is quick."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from consulting.cleaning.named_tests import known_tests, mistakes_in_tests
from consulting.cleaning.templated import templates_of
from consulting.errors import CleaningError, ConfigurationError
from consulting.rules.template import read_template_document, template_file
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from consulting.cleaning.client_files import ClientFiles

_STAGES = {"file_received", "profiled", "cleaned", "validated", "delivered", "configuration"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


def survey(files: ClientFiles, client_id: str, dbt_dir: Path) -> None:
    """Find what dbt would take in silence: a key given twice, a test or a table that can not be.

    Args:
        files: The client's files.
        client_id: The client.
        dbt_dir: The dbt project, whose tests and templates the files may name.

    Raises:
        CleaningError: With all mistakes, each with its file and, in YAML, line and column.
    """
    mistakes = []
    listed = files.listed()
    generic = [folder / "generic" for folder in files.tests]
    own = (
        files.read(path).decode(errors="replace")
        for path in listed
        if path.suffix == ".sql" and any(map(path.is_relative_to, generic))
    )
    known = known_tests(dbt_dir, own)
    for path in listed:
        shown = files.shown(path)
        if path.suffix in {".yml", ".yaml"}:
            try:
                documents = parse_yaml(files.read(path), Path(shown))
            except ConfigurationError as error:
                mistakes.append(str(error))
                continue
            for document in documents:
                mistakes += mistakes_in_tests(document, known)
        elif path.suffix == ".sql" and not _NAME.fullmatch(path.stem):
            mistakes.append(
                f"{shown} can not be the name of a model. Rename it: letters, digits and "
                "underscores, a letter first, for example `customer_revenue.sql`."
            )
        elif path.suffix == ".sql" and path.stem in _STAGES:
            mistakes.append(f"{shown} has the name of a stage of the chain. Rename it.")
    for name in sorted({name for names in templates_of(files).values() for name in names}):
        if template_file(dbt_dir, name).is_file():
            mistakes += mistakes_in_tests(read_template_document(dbt_dir, name)[1], known)
    if mistakes:
        raise CleaningError("\n".join(f"{client_id}: {mistake}" for mistake in mistakes))
