"""Formats and documents are plug-ins; a table too long for a format is written as another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from consulting.config.engagement import Deliverables
from consulting.delivery import build_delivery
from consulting.delivery.deliverable import documents, table_formats
from consulting.delivery.formats import Xlsx

if TYPE_CHECKING:
    from types import ModuleType

    from consulting.delivery import DeliveryInputs
    from consulting.layout import ClientFolder


def test_ours_are_registered_as_those_of_others_would_be() -> None:
    assert {name: kind.always for name, kind in table_formats().items()} == {
        "csv": False,
        "parquet": True,
        "xlsx": False,
    }
    assert {name: kind.always for name, kind in documents().items()} == {
        "mapping_document": True,
        "quality_report": True,
        "transform_log": True,
        "comparison": True,
    }


def test_a_table_too_long_for_a_workbook_is_delivered_as_csv(
    folder: ClientFolder,
    inputs: DeliveryInputs,
    scenario: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Xlsx, "most_rows", 3)
    table = scenario.TableExport(table="customers", feed="customers", formats=("xlsx",))
    rest = scenario.TABLES[1:]
    delivery = build_delivery(inputs, folder=folder, tables=(table, *rest))
    names = {file for file in delivery.files if file.startswith("tables/customers")}
    assert names == {"tables/customers.csv", "tables/customers.parquet"}
    report = (delivery.path / "quality_report.html").read_text()
    assert "too many for an Excel workbook (the limit here is 3); it is delivered as CSV" in report


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"formats": ["xslx"]},
            "Did you mean 'xlsx'? Allowed: 'csv', 'xlsx'.",
        ),
        ({"formats": ["parquet"]}, "'parquet' is not known here"),
        ({"documents": ["quality_report"]}, "Allowed: none is installed"),
    ],
)
def test_a_format_that_nobody_has_is_refused(given: dict[str, list[str]], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Deliverables.model_validate(given)
    assert said in str(caught.value)
