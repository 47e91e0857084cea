"""Names that strangers chose, and titles that are data: what a tier below 3 tells of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.intake.reading.columns import column_names
from consulting.intake.reading.options import ReadOptions
from consulting.privacy import Names
from consulting.privacy.labels import are_labels, shown_labels

HIDDEN = Names(hidden=True, key=b"k" * 32, known=frozenset({"customers*.csv", "Buchungen"}))

HARMLESS = [
    "customers_2024-05.csv", "customers_20240513T101500.csv", "orders-v2-final.csv.gz",
    "weekly_W12.csv", "Q1 sales.xlsx", "export/2024/05/orders (2).xlsx", "Buchungen", "Sheet1",
    "Tabelle1", "Rechnungen Mai.ods", "customers.csv",
]  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_names_nobody_is_told_as_it_is(name: str) -> None:
    assert HIDDEN.told(name) == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("customers_Müller.csv", "customers_*~"),
        ("Kontoauszug_Müller_1980-03-04.csv", "*~"),
        ("orders_anna.schmidt@x.de.csv", "*~"),
        ("+49 171 1234567.csv", "*~"),
        ("Jürgen Müller", "*~"),
        ("Anna", "*~"),
        ("customers_AB10231.csv", "customers_AB*~"),
        ("customers_1980.csv", "customers_*~"),
        ("Zq7-Ada Lovelace.xlsx", "*~"),
        ("orders.Schmidt", "orders.*~"),
        ("Patient 4711 HIV.csv", "Patient *~"),
        ("山田太郎.csv", "*~"),
    ],
)
def test_what_may_name_somebody_is_hidden(name: str, told: str) -> None:
    said = HIDDEN.told(name)
    assert said.startswith(told)
    assert said == HIDDEN.told(name)


def test_two_files_are_told_apart_and_the_key_makes_the_id() -> None:
    assert HIDDEN.told("Müller.csv") != HIDDEN.told("Meier.csv")
    other = HIDDEN.model_copy(update={"key": b"x" * 32})
    assert other.told("Müller.csv") != HIDDEN.told("Müller.csv")
    assert Names().told("Müller.csv") == "Müller.csv"


# without vowels and capitals no label comes about by chance ("…aid", "…IP…")
LETTERS = st.characters(categories=("Ll", "Lo", "Lt", "N"), exclude_characters="aeiouy")


@given(st.text(LETTERS, min_size=5, max_size=20))
def test_no_unknown_word_of_a_name_is_told(word: str) -> None:
    canary = f"zq{word}qz"
    said = HIDDEN.told(f"customers_{canary}.csv")
    assert canary not in said
    assert said.startswith("customers_")


DATA = [
    "Jürgen Müller", "Anna Schmidt.age", "anna.schmidt@x.de", "1980-03-04", "+49 171 2345678",
    "AB-10231", "4711-99", "jmueller", "anna_schmidt", "Müller", "DE89 3704 0044 0532 0130 00",
    "山田太郎", "Zq7-Ada Lovelace", "192.168.0.17", "Hauptstraße 5", "Иванова",
    "Kowalski e-mail", "IP Wojciechowskaa", "E-Mail: Zqarmann", "'lastName': 'Zqarmann'",
]  # fmt: skip


@pytest.mark.parametrize("title", DATA)
def test_a_title_that_is_data_is_not_told(title: str) -> None:
    assert shown_labels(["id", title, "amount"]) == ["id", "", "amount"]
    assert shown_labels([title], [title]) == [title]  # the engagement names it itself


STYLES = [
    "{name} {said}", "{said}: {name}", "{said} ({name})", "{name}{said}", "{said}/{name}",
    "{name}_{said}", "{said}-{name}", '{said}="{name}"', '{{"{said}":"{name}"}}', "<{said}>{name}",
]  # fmt: skip


@pytest.mark.parametrize("announced", ["e-mail", "IP", "Telefon", "date of birth", "{}name"])
@pytest.mark.parametrize("title", STYLES)
@pytest.mark.parametrize("name", ["Kowalski", "Müller", "Zqarmann", "Klein", "Garcia", "Tanaka"])
def test_a_name_beside_a_word_that_announces_something_is_not_told(
    title: str, announced: str, name: str
) -> None:
    said = title.format(said=announced.format("last"), name=name)
    assert shown_labels(["id", said, "e-mail"]) == ["id", "", "e-mail"]


@pytest.mark.parametrize("title", STYLES)
@pytest.mark.parametrize("name", ["Kowalski", "Müller", "Garcia", "Tanaka", "jkowalski"])
def test_a_name_beside_a_label_is_not_told(title: str, name: str) -> None:
    said = title.format(said="Hours", name=name)
    for written in (said, said.lower(), said.upper()) if title != "{name}{said}" else (said,):
        assert shown_labels(["id", written, "total"]) == ["id", "", "total"]


LABELS = [
    "Customer Name", "E-Mail", "Kundennr", "geburtsdatum", "orderId", "CRSDepTime", "FL_DATE",
    "numéro de client", "ФИО", "電話番号", "2024", "Jan 2024", "Q3", "address_2", "Tail Number",
    "Net\namount",
    "E-Mail Rechnung", "Telefon privat", "billing e-mail", "IP (client)",
    "Fecha de nacimiento", "beer_name", "Max", "price", "ounces", "classification",
]  # fmt: skip


@pytest.mark.parametrize("title", LABELS)
def test_a_label_is_told(title: str) -> None:
    assert shown_labels(["id", title]) == ["id", title]


@pytest.mark.parametrize(
    ("row", "apart"),
    [
        (["Ada", "none given", "London"], [False, False, False]),
        (["Ada", "none given", "London"], [False, True, False]),
        (["Bob", "open", "paid"], [False, False, False]),
        (["Müller", "Berlin", "Diabetes"], [False, False, False]),
        (["jdoe", "msmith"], [False, False]),
        (["2023", "Hans"], [False, False]),
    ],
)
def test_a_record_is_no_header(row: list[str], apart: list[bool]) -> None:
    assert not are_labels(row, apart)


def test_a_header_is_one_by_its_words_or_by_the_rows_below() -> None:
    assert are_labels(["name", "city", "country"], [False] * 3)
    assert are_labels(["abv", "ibu", "name"], [True, True, False])
    assert are_labels(["Region", "Jan", "Feb", "Mar"], [False, True, True, True])


def test_the_client_is_asked_for_titles_that_are_not_shown_in_words_that_need_no_glossary() -> None:
    titles = ["id", "Anna Schmidt", "price", "AB-10231"]
    names, warnings = column_names(titles, 4, ReadOptions(names=HIDDEN))
    assert names == ("id", "column_2", "price", "column_4")
    (several,) = warnings
    assert several == (
        "The titles of columns 2, 4 could hold personal data (a name, a day, a number), so we do "
        "not show them, and call the columns by their place. May we show them?"
    )
    _, (one,) = column_names(titles[:3], 3, ReadOptions(names=HIDDEN))
    assert one == (
        "The title of column 2 could hold personal data (a name, a day, a number), so we do not "
        "show it, and call the column by its place. May we show it?"
    )
