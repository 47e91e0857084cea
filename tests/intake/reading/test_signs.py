"""Quotes, delimiters, marks and fillings that some program writes, and what they come to."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any

import pytest

from consulting.errors import UnreadableFileError

Reader = Callable[..., Any]
BOM = codecs.BOM_UTF8


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("blanks", [" ", "  ", "\t"])
def test_blanks_between_a_closing_quote_and_the_delimiter_are_no_value(
    read: Reader, mark: str, blanks: str
) -> None:
    if mark == blanks:
        return
    rows = [[str(n), f'"Ann{mark} B{n}"{blanks}', f'"Rome ""{n}"""{blanks}', "x"] for n in range(9)]
    lines = [["id", "name", "city", "amt"], *rows]
    got = read("".join(mark.join(line) + "\n" for line in lines).encode())
    assert got.columns == ["id", "name", "city", "amt"]
    assert got.rows == [(str(n), f"Ann{mark} B{n}", f'Rome "{n}"', "x") for n in range(9)]


def test_blanks_around_quotes_on_both_sides(read: Reader) -> None:
    got = read(b'"a" , "b" , "c"\n"1" , "x, y" , ""\n"2" , "z" , "" \n')
    assert got.columns == ["a", "b", "c"]
    assert got.rows == [("1", "x, y", ""), ("2", "z", "")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_of_legal_discovery(read: Reader, encoding: str, end: str) -> None:
    rows = [["DOCID", "FROM", "SUBJECT"], ["D1", "Ann", "plan, part 1"], ["D2", "Bob", 'a "b"; c']]
    text = "".join("\x14".join(f"þ{cell}þ" for cell in row) + end for row in rows)
    got = read(text.encode(encoding))
    assert got.columns == rows[0]
    assert got.rows == [tuple(row) for row in rows[1:]]


@pytest.mark.parametrize("first", [b"", BOM, BOM + BOM])
@pytest.mark.parametrize("mark", [b",", b";"])
def test_byte_order_marks_inside_a_file_are_left_out(
    read: Reader, first: bytes, mark: bytes
) -> None:
    one = BOM + mark.join([b"id", b"city"]) + b"\n" + mark.join([b"1", "Köln".encode()]) + b"\n"
    got = read(first + one + one.replace(b"1", b"2") + one)
    assert got.columns == ["id", "city"]
    assert [row[0] for row in got.rows] == ["1", "2", "1"]
    assert {row[1] for row in got.rows} == {"Köln"}
    assert [item.reason for item in got.reading.skipped] == ["the header again"] * 2


def test_a_mark_inside_the_quotes_of_a_title_is_no_part_of_it(read: Reader) -> None:
    assert read('"\ufeffid","n"\n"1","2"\n'.encode()).columns == ["id", "n"]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_texts_written_as_formulas_for_excel_are_texts(read: Reader, mark: str) -> None:
    rows = [['="sku"', "name", "qty"], ['="00123"', "Bolt", "5"], ['"=""00456"""', "Nut", "6"]]
    got = read("".join(mark.join(row) + "\n" for row in rows).encode())
    assert got.columns == ["sku", "name", "qty"]
    assert [row[0] for row in got.rows] == ["00123", "00456"]
    assert "for Excel" in got.said


def test_a_real_formula_is_kept_as_it_is(read: Reader) -> None:
    got = read(b'a,b\n="x"&A1,1\n=SUM(A1),2\n')
    assert [row[0] for row in got.rows] == ['="x"&A1', "=SUM(A1)"]


@pytest.mark.parametrize(
    ("title", "values"),
    [
        ("Full name", ["Ruiz, Ana", "Okoye, Ben", "Lind, Eva", "Sato, Ken"]),
        ("Anschrift", ["Hauptstr. 1, Ulm", "Am See 3, Hof", "Ring 4, 2. OG, Bonn"]),
        ("Nom; prénom".replace(";", ""), ["Dupont; Luc", "Moreau; Eve", "Petit; Zoé"]),
        ("Betrag", ["1,50", "2,75", "13,20", "1.004,00"]),
        ("Amount", ["1,234", "5,678", "9,012"]),
    ],
)
def test_a_title_of_one_field_speaks_for_one_column(
    read: Reader, title: str, values: list[str]
) -> None:
    got = read("\n".join([title, *values, ""]).encode())
    assert got.columns == [title]
    assert got.rows == [(value,) for value in values]


def test_a_title_above_a_table_does_not_speak_for_it(read: Reader) -> None:
    got = read(b"Sales\nid, name, amount\n1, Ann, 2.50\n2, Bob, 3.50\n")
    assert [name.strip() for name in got.columns] == ["id", "name", "amount"]
    got = read(b"Sales\nid,name\n1,Ann\n2,Bob\n")
    assert got.columns == ["id", "name"]


def test_columns_with_blanks_between_them_are_split_or_told(read: Reader) -> None:
    rows = [f"2024-01-{n:02d}  {n}.10   {n}.50  {n}.05" for n in range(1, 20)]
    got = read("\n".join(["date        open    high   low", *rows, ""]).encode())
    assert got.columns == ["date", "open", "high", "low"]
    assert got.rows[9] == ("2024-01-10", "10.10", "10.50", "10.05")
    fixed = [f"{n:<6}{'Bo Tran' if n % 2 else 'Dee':<12}{n * 13.5:>8.2f} 2024" for n in range(1, 9)]
    got = read("\n".join([f"{'NO':<6}{'NAME':<12}{'BALANCE':>8}  YEAR", *fixed, ""]).encode())
    assert "columns of a fixed width" in got.said


def test_nuls_that_fill_up_a_file_or_its_fields_are_no_values(read: Reader) -> None:
    text = b"id,name\n1,Ann\n2,Bob\n"
    assert read(text + b"\x00" * 4096).rows == [("1", "Ann"), ("2", "Bob")]
    filled = b"".join(
        b",".join(cell.ljust(20, b"\x00") for cell in line.split(b",")) + b"\n"
        for line in text.splitlines()
    )
    assert read(filled).rows == [("1", "Ann"), ("2", "Bob")]


GERMAN = "id;name;ort\n1;Jürgen Groß;Köln\n2;Bärbel Öz;Nürnberg\n3;Käthe;Tübingen\n"
FRENCH = "id;nom;ville\n1;Hélène Péguy;Orléans\n2;François;Besançon\n3;Noël;Sète\n"
SPANISH = "id;nombre;lugar\n1;Peña;Málaga\n2;Íñigo;Córdoba\n3;Núñez;León\n"
DANISH = "id;navn;by\n1;Søren Kjær;Århus\n2;Åse;Næstved\n3;Bjørn;Helsingør\n"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (text, codec)
        for text in (GERMAN, FRENCH, SPANISH, DANISH)
        for codec in ("cp437", "cp850", "mac_roman", "cp1252", "utf-8")
        # these are not in the code page, or are taken for Central European
        if (text, codec) not in {(DANISH, "cp437"), (SPANISH, "cp437"), (SPANISH, "cp1252")}
    ],
)
def test_western_texts_of_dos_and_the_old_mac_are_read(read: Reader, text: str, codec: str) -> None:
    got = read(text.encode(codec))
    assert [";".join(row) for row in got.rows] == text.splitlines()[1:]
    assert codec == "utf-8" or "Please confirm" in got.said


@pytest.mark.parametrize(
    "text",
    ["it’s;don’t", "l’eau;qu’il", "Bank\xa0;City\xa0", "“quoted”;2024–25", "5\xa0€;10°"],  # noqa: RUF001
)
def test_the_signs_of_windows_are_no_letters_of_dos(read: Reader, text: str) -> None:
    got = read(f"a;b\n{text}\nx;y\n".encode("cp1252"))
    assert ";".join(got.rows[0]) == text


@pytest.mark.parametrize(
    ("text", "codec"),
    [("Москва;Пётр", "cp1251"), ("Москва;Пётр", "koi8-r"), ("東京;大阪", "shift_jis")],
)
def test_other_scripts_are_not_taken_for_dos(read: Reader, text: str, codec: str) -> None:
    lines = [f"{n};{text}" for n in range(30)]
    got = read("\n".join(["id;city;name", *lines, ""]).encode(codec))
    assert ";".join(got.rows[0]) == lines[0]


@pytest.mark.parametrize("page", ["cp037", "cp500", "cp273"])
@pytest.mark.parametrize("end", [b"\x25", b"\x15", b"\x0d\x25"])
def test_text_of_a_mainframe_is_refused(read: Reader, page: str, end: bytes) -> None:
    lines = ["ID,NAME,AMOUNT", *(f"{n},Customer {n},{n * 3}.50" for n in range(20))]
    with pytest.raises(UnreadableFileError) as caught:
        read(end.join(line.encode(page) for line in lines) + end)
    assert caught.value.code == "encoding_unsupported"
    assert "EBCDIC" in str(caught.value)


@pytest.mark.parametrize(
    ("cut", "kept"),
    [
        ("Größe Stra\udcc3", "Größe Stra�"),
        ("Stra\udcc3", "Stra�"),
        ("10 \udce2\udc82", "10 �"),
        ("K\udcf6ln", "Köln"),
        ("MANH\udcc3", "MANHÃ"),
        ("Köln K\udcf6ln", "Köln Köln"),
    ],
)
def test_only_the_letter_that_was_cut_is_lost(read: Reader, cut: str, kept: str) -> None:
    rows = [f"{n};Müller & Söhne {n};Köln" for n in range(30)]
    text = "\n".join(["id;name;ort", *rows, f"30;{cut};München", "31;Jürgen;Ulm", ""])
    got = read(text.encode("utf-8", "surrogateescape"))
    assert got.rows[30] == ("30", kept, "München")
    assert got.rows[31] == ("31", "Jürgen", "Ulm")
