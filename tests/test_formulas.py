"""Text that a spreadsheet could run."""

import csv
import io
import re

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consulting.formulas import is_formula_like, neutral_sql, neutralise, restore

WIDE_EQUALS = "＝"  # noqa: RUF001
HOSTILE = st.text(
    st.sampled_from("=+-@;,\t\r\n\"' a1\x00\x0b\xa0\u3000\u200b" + WIDE_EQUALS)
    | st.characters(codec="utf-8")
)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
        ("\tplain", "'\tplain"),
        ("  =1", "'  =1"),
        ("\xa0=1", "'\xa0=1"),
        ("\x00=1", "'\x00=1"),
        ("＝1", "'＝1"),  # noqa: RUF001
        ("+49 30 1", "'+49 30 1"),
        ("+49-30-1", "'+49-30-1"),
        ("++1", "'++1"),
        ("+1+A1", "'+1+A1"),
        ("--1", "'--1"),
        ("'=1", "''=1"),
        ("due;=1+1", "due;'=1+1"),
        ('due; ""=1+1', 'due; ""\'=1+1'),
        ("due\t@SUM(A1)", "due\t'@SUM(A1)"),
        ("due;;-2", "due;;'-2"),
        ("12 Main St\r\n-Back door", "12 Main St\r\n'-Back door"),
    ],
)
def test_text_that_a_spreadsheet_might_run_gets_an_apostrophe(text: str, cell: str) -> None:
    assert neutralise(text) == cell


@pytest.mark.parametrize(
    "text",
    [
        "-12",
        "-12.50",
        "-1e5",
        "+15865553918",
        "12",
        "a=b",
        "O'Neill",
        "",
        " plain",
        "a; b; c",
        "x;y=1",
        "1\n2",
    ],
)
def test_numbers_and_plain_text_stay_as_they_are(text: str) -> None:
    assert neutralise(text) == text


def test_an_apostrophe_that_an_earlier_release_put_before_a_telephone_number_is_taken_off() -> None:
    assert restore("'+15865553918") == "+15865553918"


@given(HOSTILE)
@example("'=1")
@example("'+1")
@example(";'=")
@example('\n\t"=')
def test_a_neutralised_text_is_harmless_and_can_be_restored(text: str) -> None:
    assert not is_formula_like(neutralise(text))
    assert restore(neutralise(text)) == text


@settings(max_examples=40)
@given(st.lists(HOSTILE, min_size=20, max_size=60))
def test_duckdb_and_python_neutralise_alike(texts: list[str]) -> None:
    query = f"SELECT {neutral_sql('t')} FROM (SELECT unnest(?::VARCHAR[]) AS t)"
    with duckdb.connect() as connection:
        found = [cell for (cell,) in connection.execute(query, [texts]).fetchall()]
    assert found == [neutralise(text) for text in texts]


def cells_of_a_german_excel(text: str) -> list[str]:
    """What a spreadsheet makes of our file where `;` or tabs part cells, whatever is quoted."""
    return [
        cell
        for delimiter in ";\t"
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        for cell in line
    ]


@given(st.lists(st.tuples(st.integers(-9, 9), HOSTILE, HOSTILE), max_size=4))
def test_no_cell_is_a_formula_where_a_spreadsheet_parts_our_lines_elsewhere(
    rows: list[tuple[int, str, str]],
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([[neutralise(str(cell)) for cell in row] for row in rows])
    for cell in cells_of_a_german_excel(text.getvalue()):
        # a number, then quotes: that is no formula in any language
        rest = re.sub(r'^[\r\n]*-\d"?,"', "", cell)
        assert not is_formula_like(rest.lstrip("\r\n"))


def test_a_long_run_of_delimiters_is_looked_at_once() -> None:
    assert neutralise("\t;\n" * 300_000 + "=1") == "'" + "\t;\n" * 300_000 + "'=1"
