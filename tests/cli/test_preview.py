"""`consulting preview` repeats itself on each save, and says which feeds there are."""

from __future__ import annotations

import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from click.testing import CliRunner

from consulting.cli import main
from consulting.cli.preview import _each_save
from consulting.cli.terminal import say_error
from consulting.errors import CleaningError

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_it_is_tried_again_whenever_something_else_is_saved(
    customers_dbt: Path, tmp_path: Path
) -> None:
    dbt = shutil.copytree(customers_dbt, tmp_path / "dbt")
    told = cast("Any", SimpleNamespace(dbt_dir=dbt, client_id="acme_corp"))
    saves = _each_save(told)
    next(saves)
    for path in ("models/clients/acme_corp/customers.yml", "macros/own.sql"):
        (dbt / path).parent.mkdir(exist_ok=True)
        with (dbt / path).open("a") as file:
            file.write("\n# saved\n" if path.endswith("yml") else "{# saved #}\n")
        next(saves)  # would wait for ever, were nothing seen
    saves.close()


def test_a_feed_that_is_none_is_told_with_those_there_are() -> None:
    said = CliRunner().invoke(main, ["preview", "acme_corp", "--feed", "order"])
    assert said.exit_code == 1
    assert "acme_corp has no feed 'order'. Did you mean 'orders'?" in said.output
    assert "Its feeds: customers, orders." in said.output


def test_an_error_names_its_client_once_in_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    say_error("acme", CleaningError("acme: feed 'a' has no column 'b'.\nacme: nor 'c'."))
    say_error("acme", CleaningError("dbt could not parse the models."))
    assert capsys.readouterr().err.splitlines() == [
        "acme: feed 'a' has no column 'b'.",
        "acme: nor 'c'.",
        "acme: dbt could not parse the models.",
    ]
