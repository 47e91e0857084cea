"""Every source column is in the mapping document, or it is named as unaccounted for."""

from types import ModuleType

import openpyxl

from consulting.delivery import Delivery, DeliveryInputs, UnmappedColumn, unmapped_columns
from consulting.delivery.mapping import HEADERS, UNMAPPED, map_feeds
from consulting.records import ColumnMapping


def test_a_column_nobody_decided_about_is_named(inputs: DeliveryInputs) -> None:
    assert unmapped_columns(inputs) == [UnmappedColumn(feed="orders", column="Rep Code")]


def test_a_column_delivered_dropped_or_joined_is_accounted_for(inputs: DeliveryInputs) -> None:
    joined = ColumnMapping(
        feed="orders",
        source_columns=("Rep Code", "Order ID"),
        target_table="orders",
        target_column="rep_order",
        rule="sql",
    )
    more = inputs.model_copy(update={"mappings": (*inputs.mappings, joined)})
    assert unmapped_columns(more) == []


def test_columns_of_the_rejects_desk_are_not_the_clients(inputs: DeliveryInputs) -> None:
    reading = inputs.files[0]
    returned = reading.model_copy(
        update={"columns": ("_correction_id", "_reason", *reading.columns)}
    )
    again = inputs.model_copy(update={"files": (returned,)})
    assert unmapped_columns(again) == []


def test_counts_per_feed_add_up_to_the_columns_of_the_file(inputs: DeliveryInputs) -> None:
    for feed, reading in zip(map_feeds(inputs), inputs.files, strict=True):
        assert feed.delivered + feed.dropped + feed.unmapped == len(reading.columns)


def test_the_workbook_holds_every_column_of_every_file(
    delivery: Delivery, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    book = openpyxl.load_workbook(delivery.path / "mapping_document.xlsx")
    assert book.sheetnames == ["Overview", "customers", "orders"]
    for reading in inputs.files:
        lines = list(book[reading.feed].iter_rows(values_only=True))
        assert lines[0] == HEADERS
        assert {line[0] for line in lines[1:]} == set(reading.columns)
    orders = {line[0]: line for line in book["orders"].iter_rows(min_row=2, values_only=True)}
    assert orders["Amount"][1:8] == (
        "amount of money",
        "orders",
        "amount_eur",
        "number, 2 decimals",
        "no",
        "to_money",
        "currency sign removed; comma or point read as the decimal mark",
    )
    assert orders["Legacy Flag"][9] == "It holds the same value in every row."
    assert orders["Rep Code"][9] == UNMAPPED
    assert "1 unaccounted for" in str(book["Overview"]["A5"].value)


def test_the_page_says_the_same_as_the_workbook(delivery: Delivery, inputs: DeliveryInputs) -> None:
    html = (delivery.path / "mapping_document.html").read_text()
    for reading in inputs.files:
        assert all(f">{column}<" in html for column in reading.columns)
    assert html.count(">unaccounted for<") == 1
    for said in (">amount of money<", "orders · number, 2 decimals", "customers · date<"):
        assert said in html
    assert "It holds the same value in every row." in html
