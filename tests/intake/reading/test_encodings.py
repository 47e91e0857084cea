"""Text in every encoding that clients send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consulting.errors import UnreadableFileError
from consulting.intake.reading.encoding_names import encoding_in_words

Reader = Callable[..., Any]

GERMAN = "Nr;Name;Ort;Preis\n1;Jürgen Groß;München;10 €\n2;Zoë Müller;Köln;20 €\n3;Å;Øre;30 €\n"
JAPANESE = "番号,名前,都市\n1,山田太郎,東京\n2,鈴木花子,大阪\n3,佐藤,名古屋\n" * 3
RUSSIAN = "номер,имя,город\n1,Иван Петров,Москва\n2,Анна Смирнова,Казань\n"


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_western_text_is_read_in_each_of_its_encodings(read: Reader, codec: str) -> None:
    got = read(GERMAN.encode(codec))
    assert got.columns == ["Nr", "Name", "Ort", "Preis"]
    assert got.rows[0] == ("1", "Jürgen Groß", "München", "10 €")
    assert got.reading.received_rows == 3


def test_utf_32_is_read(read: Reader) -> None:
    assert read(GERMAN.encode("utf-32")).rows[1][1] == "Zoë Müller"


def test_latin_1_is_read_as_its_superset(read: Reader) -> None:
    got = read("id;name\n1;Jürgen Groß\n2;José Núñez\n".encode("latin-1"))
    assert got.rows == [("1", "Jürgen Groß"), ("2", "José Núñez")]
    assert got.reading.encoding == "cp1252"
    told = "Windows (Western European), cp1252"
    assert f"Encoding {told}: not UTF-8, and the best fit for its letters." in got.said
    assert (
        f"inferred from the file's letters: {told}. Please confirm it, or send UTF-8." in got.said
    )


@pytest.mark.parametrize(
    ("codec", "told"),
    [
        ("utf-8-sig", "UTF-8"),
        ("utf-16-le", "UTF-16"),
        ("latin-1", "ISO (Western European), iso8859-1"),
        ("mac_roman", "old Mac (Western European), mac-roman"),
        ("shift_jis", "Japanese, shift_jis"),
        ("utf-8 with cp1252 lines", "UTF-8, with lines in Windows (Western European)"),
        ("cp037", "cp037"),
        (None, ""),
    ],
)
def test_an_encoding_is_told_as_people_call_it(codec: str | None, told: str) -> None:
    assert encoding_in_words(codec) == told


def test_shift_jis_is_read(read: Reader) -> None:
    got = read(JAPANESE.encode("shift_jis"))
    assert got.columns == ["番号", "名前", "都市"]
    assert got.rows[0] == ("1", "山田太郎", "東京")


def test_cyrillic_is_read(read: Reader) -> None:
    assert read(RUSSIAN.encode("cp1251")).rows[0] == ("1", "Иван Петров", "Москва")


def test_one_late_latin_byte_in_utf_8_costs_neither_row_nor_encoding(read: Reader) -> None:
    lines = [f"{n},Müller {n}".encode() for n in range(30_000)]
    lines[29_000] = "29000,Jörg".encode("latin-1")
    got = read(b"id,name\n" + b"\n".join(lines) + b"\n")
    assert got.rows[0] == ("0", "Müller 0")
    assert got.rows[29_000] == ("29000", "Jörg")
    assert got.reading.received_rows == 30_000
    assert "first: line 29,002" in got.said


def test_one_latin_byte_at_the_end_of_plain_ascii_is_windows_1252(read: Reader) -> None:
    got = read(b"id,name\n" + b"1,a\n" * 20_000 + b"2,caf\xe9\n")
    assert got.rows[-1] == ("2", "café")


def test_bytes_no_encoding_defines_still_read_as_something(read: Reader) -> None:
    got = read(b"id,name\n1,caf\xe9\n2,odd\x81\x8d\n")
    assert got.reading.received_rows == 2


def test_a_declared_encoding_is_used(read: Reader) -> None:
    got = read("id,name\n1,Žižka\n".encode("cp1250"), encoding="cp1250")
    assert got.rows == [("1", "Žižka")]


def test_a_wrong_declaration_is_refused(read: Reader) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(b"id,name\n1,caf\xe9\n", encoding="utf-8")
    assert caught.value.code == "encoding_wrong"


def test_a_file_cut_in_the_middle_of_a_wide_character_is_refused(read: Reader) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read("id,name\n1,x\n".encode("utf-16") + b"\x31")
    assert caught.value.code == "encoding_broken"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("words", ["Борис,Анна", "数据工程,中文字符上上", "Ελένη,Νίκος"])
def test_utf_16_without_a_mark_is_known_by_its_line_ends_in_any_alphabet(
    read: Reader, codec: str, words: str
) -> None:
    text = "id,a,b\r\n" + "".join(f"{number},{words}\r\n" for number in range(1, 30))
    got = read(text.encode(codec))
    assert got.reading.encoding == codec
    assert got.rows[-1] == ("29", *words.split(","))


@pytest.mark.parametrize("lines", [b"1,caf\xe9\n2,b\n", b"1,caf\xe9\n2,\xe9b\n3,\xfc\n"])
def test_a_mark_before_windows_1252_is_not_part_of_the_first_header(
    read: Reader, lines: bytes
) -> None:
    got = read(b"\xef\xbb\xbfid,name\n" + lines)
    assert got.columns == ["id", "name"]
    assert got.rows[0] == ("1", "café")
    assert "please check" in got.said


def test_a_declared_ebcdic_file_is_counted_by_its_own_line_ends(read: Reader) -> None:
    got = read("id,name\n1,a\n2,b\n".encode("cp037"), encoding="cp037")
    assert got.rows == [("1", "a"), ("2", "b")]


def test_stray_lines_of_a_file_with_cr_ends_cost_only_themselves(read: Reader) -> None:
    lines = [f"{number},é{number}".encode() for number in range(1, 40)] + [b"40,\xe940"]
    got = read(b"id,name\r" + b"\r".join(lines) + b"\r")
    assert [row[1] for row in got.rows] == [f"é{number}" for number in range(1, 41)]
