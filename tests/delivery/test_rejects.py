"""Rejected rows go out with their reasons, come back corrected, and are counted."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import duckdb
import openpyxl
import pytest

import consulting.delivery.rejects
from consulting.corrections import DESK_COLUMNS, correction_id, is_corrections
from consulting.delivery import (
    Delivery,
    DeliveryInputs,
    build_delivery,
)
from consulting.delivery.reasons import reason_in_words
from consulting.errors import DeliveryError
from consulting.layout import ClientFolder
from consulting.records import FeedAccount


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_rejected_row_is_exported_with_its_reasons_as_the_client_sent_it(
    delivery: Delivery, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    for account in inputs.accounts:
        rows = rows_of(delivery.path / "rejects" / f"{account.feed}_rejects_2026-10.csv")
        assert len(rows) == sum(account.rejected.values())
        assert len({row["_correction_id"] for row in rows}) == len(rows)
    orders = rows_of(delivery.path / "rejects" / "orders_rejects_2026-10.csv")
    assert list(orders[0]) == [*DESK_COLUMNS, *scenario.ORDER_COLUMNS]
    first = next(row for row in orders if row["Amount"] == "tbc")
    assert first["_reason"] == "“Amount” is not an amount of money"
    assert first["_row"] == str(int(first["Order ID"]) + 1)


def test_a_column_that_the_file_does_not_have_is_no_column_of_its_rejects(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    with duckdb.connect(str(folder.warehouse)) as connection:
        connection.execute('ALTER TABLE raw.orders ADD COLUMN "Amount before" VARCHAR')
    delivery = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    orders = rows_of(delivery.path / "rejects" / "orders_rejects_2026-10.csv")
    assert list(orders[0]) == [*DESK_COLUMNS, *scenario.ORDER_COLUMNS]


def test_lines_that_did_not_parse_are_there_as_text(
    delivery: Delivery, scenario: ModuleType
) -> None:
    rows = rows_of(delivery.path / "rejects" / "customers_rejects_2026-10.csv")
    unparsed = [row for row in rows if row["_text"]]
    assert len(unparsed) == scenario.UNPARSED
    assert {row["_reason"] for row in unparsed} == {"the line has more fields than the header"}
    assert unparsed[0]["Customer No"] == ""


def test_the_workbook_opens_with_the_rows_and_tells_how_to_correct_them(
    delivery: Delivery,
) -> None:
    book = openpyxl.load_workbook(delivery.path / "rejects" / "orders_rejects_2026-10.xlsx")
    # the feed is read from its sheet "Orders", so the file that comes back must have it
    assert book.sheetnames == ["Orders", "How to correct"]
    assert book["Orders"].max_row == 157
    assert book["Orders"].freeze_panes == "C2"
    assert {type(cell.value) for cell in book["Orders"]["E"][1:]} == {str}


def test_a_file_is_known_as_corrections_by_its_column() -> None:
    assert is_corrections(["_reason", "_correction_id", "a"])
    assert is_corrections(["\ufeff_Correction_ID ", "a"])
    assert not is_corrections(["correction_id", "a"])


def test_the_id_of_a_row_depends_on_the_row_and_not_on_the_run() -> None:
    one = correction_id("a", "orders", "f" * 64, 7)
    assert one == correction_id("a", "orders", "f" * 64, 7)
    others = [
        correction_id("b", "orders", "f" * 64, 7),
        correction_id("a", "items", "f" * 64, 7),
        correction_id("a", "orders", "e" * 64, 7),
        correction_id("a", "orders", "f" * 64, 8),
    ]
    assert len({one, *others}) == 5


def test_a_missing_file_of_unparsed_rows_is_named(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    shutil.rmtree(folder.run(inputs.delivery_id))
    with pytest.raises(DeliveryError, match=r"3 unparsed rows of customers_2026-10\.csv"):
        build_delivery(inputs, folder=folder, tables=scenario.TABLES)


def test_more_rows_than_anyone_corrects_by_hand_are_handed_over_as_csv_alone(
    folder: ClientFolder,
    inputs: DeliveryInputs,
    scenario: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consulting.delivery.rejects, "MAX_WORKBOOK_ROWS", 100)
    delivery = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    assert [name for name in delivery.files if name.startswith("rejects/")] == [
        "rejects/customers_rejects_2026-10.csv",
        "rejects/customers_rejects_2026-10.xlsx",
        "rejects/orders_rejects_2026-10.csv",
    ]


def test_rows_of_a_feed_without_models_are_rejects(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    unread = FeedAccount(
        feed="orders",
        table=None,
        received=5_310,
        delivered=0,
        rejected={"feed:no_models": 5_310},
        merged={},
    )
    without = inputs.model_copy(update={"accounts": (inputs.accounts[0], unread)})
    delivery = build_delivery(without, folder=folder, tables=scenario.TABLES[:1])
    rows = rows_of(delivery.path / "rejects" / "orders_rejects_2026-10.csv")
    assert len(rows) == 5_310
    assert {row["_reason"] for row in rows} == {"there are no rules for this kind of file yet"}


def test_two_files_of_one_name_give_rows_different_ids(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    with duckdb.connect(str(folder.warehouse)) as connection:
        connection.execute("UPDATE raw.orders SET _row = _row - 2655 WHERE _row_id > 2655")
    halves = tuple(
        inputs.files[1].model_copy(
            update={"sha256": half * 64, "loaded_rows": 2_655, "received_rows": 2_655}
        )
        for half in "ab"
    )
    twice = inputs.model_copy(update={"files": (inputs.files[0], *halves)})
    delivery = build_delivery(twice, folder=folder, tables=scenario.TABLES)
    rows = rows_of(delivery.path / "rejects" / "orders_rejects_2026-10.csv")
    assert len({row["_row"] for row in rows}) < len(rows)
    assert len({row["_correction_id"] for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "ordered_on:not_a_date",
            "“Order Date” is not a date (expected: date, written YYYY-MM-DD)",
        ),
        ("amount_eur:missing", "“Amount” is empty, and a value is required"),
        ("amount_eur:too_odd", "“Amount”: too odd"),
        ("no_mapping:too_odd", "“no_mapping”: too odd"),
        ("row:too_old", "too old"),
        ("file:unparsed", "the line could not be read as a row"),
        ("same id, latest kept", "same id, latest kept"),
    ],
)
def test_a_reason_names_the_clients_own_column(
    code: str, words: str, inputs: DeliveryInputs
) -> None:
    made = "1 wrong text put right; date, written YYYY-MM-DD; a row without it is rejected"
    mappings = tuple(
        m.model_copy(update={"transformation": made, "rule": "to_date"})
        if m.target_column == "ordered_on"
        else m
        for m in inputs.mappings
    )
    given = inputs.model_copy(update={"reasons": {}, "mappings": mappings})
    assert reason_in_words(code, given, "orders") == words


@pytest.mark.parametrize(
    ("made", "kind", "words"),
    [
        (
            "one of US, CA; a value that does not fit rejects the row", "not_in_list",
            "“Order Date” is not on the agreed list (expected: one of US, CA)",
        ),
        ("one of 12 agreed codes", "not_in_list", "“Order Date” is not on the agreed list"),
        (f"one of {'US, ' * 40}CA", "not_in_list", "“Order Date” is not on the agreed list"),
        (
            "date, written YYYY-MM-DD; at least 2000-01-01", "below_minimum",
            "“Order Date” is below the smallest value allowed (expected: at least 2000-01-01)",
        ),
        (
            "date, written YYYY-MM-DD; from 2000 to 2030", "above_maximum",
            "“Order Date” is above the largest value allowed (expected: from 2000 to 2030)",
        ),
        (
            "blanks trimmed, at most 8 characters, of the form SO-[0-9]{5}", "wrong_format",
            "“Order Date” is not of the agreed form (expected: SO-[0-9]{5})",
        ),
        (
            "blanks trimmed, at most 8 characters, of the form SO-[0-9]{5}", "too_long",
            "“Order Date” is longer than agreed (expected: at most 8 characters)",
        ),
        (
            "amount, currency taken off, either decimal mark", "ambiguous_number",
            (
                "“Order Date” could be read as two different numbers (expected: two digits after "
                "the decimal mark, such as 1234.50)"
            ),
        ),
    ],
)  # fmt: skip
def test_a_reason_says_what_is_expected(
    made: str, kind: str, words: str, inputs: DeliveryInputs
) -> None:
    mappings = tuple(
        m.model_copy(update={"transformation": made, "rule": "to_any"})
        for m in inputs.mappings
        if m.target_column == "ordered_on"
    )
    given = inputs.model_copy(update={"reasons": {}, "mappings": mappings})
    assert reason_in_words(f"ordered_on:{kind}", given, "orders") == words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("row:too_old", "The order is older than a year"),
        ("too_old", "The order is older than a year"),
        ("ordered_on:not_a_date", "Write the order date as 2026-10-31"),
        ("amount_eur:missing", "“Amount” is empty, and a value is required"),
    ],
)
def test_the_engagements_own_words_for_a_reason_come_first(
    code: str, words: str, inputs: DeliveryInputs
) -> None:
    own = {
        "orders/too_old": "The order is older than a year.",
        "too_old": "Of another feed",
        "orders/ordered_on:not_a_date": "Write the order date as 2026-10-31",
        "missing": "not about any column",
    }
    assert reason_in_words(code, inputs.model_copy(update={"reasons": own}), "orders") == words


def test_masked_rows_of_a_sample_can_not_be_sent_back(
    build_at: Callable[[int], Delivery],
) -> None:
    rows = rows_of(build_at(2).path / "rejects" / "orders_rejects_2026-10_sampled.csv")
    assert not is_corrections(rows[0])
    assert "_reason" in rows[0]
