"""Each rule gives on PostgreSQL what it gives on DuckDB, value by value."""

# ruff: noqa: E501 - the texts stand as a table

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg2
import pytest
from tests.chain.test_names import POSTGRESQL
from tests.rules.macros import read, read_on_postgres

from consulting.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ODD = [
    None, "", " ", "\u00a0x\u200b", "x", "'", '"', "\\", "%", "a%b", "\n", "é", "日本", "😀", "-", "--", "N/A",
    "0", "-0", "00", "1", "-1", "+1", "1.", ".5", "-.5", "1.5", "1,5", "1,234", "1.234", "1,234.5",
    "1.234,5", "12,34,567.5", "1 234", "1\u202f234,5", "1'234.5", "(5)", "((5))", "(5", "5)", "5-", "--5",
    "\u22125", "5,-", "5.-", "1e5", "1E+5", "1.5e-3", "1.5E300", "9" * 18, "9" * 19, "9" * 40, "0.00005",
    "0.005", "1.005", "2.675", "-2.675", "€5", "5 €", "-€5", "€-5", "(€5)", "€ (5)", "Rs.500", "$.50", "5 kr.", "1USD2", "usd 5",
    "5 kg", "5kg", "USD", "$", "NaN", "inf", "Infinity", "0x1F", "1_000", "\uff15", "\u0665",
    "2024-02-29", "2023-02-29", "2024-2-9", "24-02-29", "0000-01-01", "2024-13-01", "2024-00-10", "2024-01-00",
    "29/02/2024", "02/29/2024", "1/2/24", "31.12.69", "31.12.68", "20240229", "20230229", "2024022",
    "2 Feb. 2024", "2. März 2024", "1 Sept 2024", "Feb 2, 2024", "30 Feb 2024", "02FEB2024",
    "2024-02-29 23:59:59", "2024-02-29 24:00:00", "2024-02-29 23:59:60", "2024-02-29 23:60:00",
    "2024-02-29T01:02:03Z", "2024-02-29T01:02:03+01:00", "2024-02-29 01:02:03 -0530", "2024-02-29 01:02:03+00",
    "2024-02-29T01:02:03.123456789Z", "2024-02-29T01:02:03,5Z", "2024-02-29 12:05 AM", "2/3/2024 12:05 p.m.", "2/3/2024 13:05 PM",
    "yes", "NO", "T", "f", "Ja", "sí", "SÍ", "ann@example.com", "Ann@EXAMPLE.co.uk", "a..b@example.com",
    "+1 (555) 123-4567", "00441234567890", "555-1234 ext. 5", "(030) 123456", "US", "usa", "Usa ",
]  # fmt: skip
MORE: list[dict[str, Any]] = [
    {"rule": "to_decimal", "decimal": "either", "scale": 2},
    {"rule": "to_money", "decimal": "comma"},
    {"rule": "to_money", "currencies": ["€", "pts."]},
    {"rule": "to_integer", "unit": ["kg", "g"]},
    {"rule": "to_date", "formats": ["%m/%d/%Y", "%d.%m.%y", "%d %b %Y", "%d. %B %Y", "%b %d, %Y", "%d%b%Y"]},
    {"rule": "to_timestamp"},
    {"rule": "to_timestamp", "formats": ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z"]},
    {"rule": "to_timestamp", "formats": ["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S,%f%z"]},
    {"rule": "to_timestamp", "formats": ["%m/%d/%Y %I:%M %p", "%Y-%m-%d %I:%M %p", "?/?/%Y %H:%M"]},
    {"rule": "to_text", "case": "capital", "collapse": True, "pad_zeros": 4},
    {"rule": "to_text", "case": "upper"},
    {"rule": "to_phone", "country_code": "44"},
]  # fmt: skip


@pytest.fixture(scope="module")
def cursor(postgres_server: Callable[[], str]) -> Iterator[Any]:
    connection = psycopg2.connect(postgres_server())
    with connection.cursor() as found:
        yield found
    connection.close()


def metas() -> list[dict[str, Any]]:
    found = [
        {"rule": rule.name, **arguments}
        for rule in all_rules().values()
        for arguments, _, _ in rule.cases
    ]
    return [meta for n, meta in enumerate([*found, *MORE]) if meta not in found[:n]]


@pytest.mark.parametrize("meta", metas(), ids=str)
def test_a_rule_gives_the_same_on_postgresql(cursor: Any, meta: dict[str, Any]) -> None:
    texts = [*ODD, *(text for rule in all_rules().values() for _, text, _ in rule.cases)]
    here, there = read(meta, texts), read_on_postgres(cursor, meta, texts)
    assert dict(zip(texts, there, strict=True)) == dict(zip(texts, here, strict=True))
    assert len(here) == len(texts)


def test_no_word_that_this_server_reserves_is_missing_from_those_the_headers_are_tried_with(
    cursor: Any,
) -> None:
    cursor.execute("SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'")
    found = {word for (word,) in cursor.fetchall()}
    assert len(found) > 100
    assert found <= {*POSTGRESQL}
