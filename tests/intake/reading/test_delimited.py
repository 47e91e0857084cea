"""Delimited text: what each oddity comes to."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from typing import Any

import pytest

from consulting.errors import UnreadableFileError

Reader = Callable[..., Any]


def test_leading_zeros_and_exponents_stay_as_they_are(read: Reader) -> None:
    got = read(b"id,code\n00123,1E5\n00124,007\n")
    assert got.rows == [("00123", "1E5"), ("00124", "007")]
    assert got.lines == [2, 3]


@pytest.mark.parametrize(
    "mark", [",", ";", "\t", "|", "^", "~", "||", "|~|", "::", "¦", "\x01", "#"]
)
def test_any_delimiter_is_found(read: Reader, mark: str) -> None:
    rows = [["id", "name", "amount", "day"], ["1", "Ann", "2.50", "2024-01-02"]]
    rows += [[str(n), f"Bob {n}", f"{n}.00", f"2024-02-0{n}"] for n in range(2, 9)]
    got = read("".join(mark.join(row) + "\r\n" for row in rows).encode())
    assert got.reading.delimiter == mark
    assert got.columns == rows[0]
    assert got.rows == [tuple(row) for row in rows[1:]]


def test_decimal_commas_do_not_make_the_comma_the_delimiter(read: Reader) -> None:
    got = read(b"a;b;c\n1,5;2,5;3,5\n4,5;5,5;6,5\n7,1;8,1;9,1\n")
    assert got.reading.delimiter == ";"
    assert got.rows[0] == ("1,5", "2,5", "3,5")


def test_two_commas_are_an_empty_field_and_no_long_delimiter(read: Reader) -> None:
    got = read(b"a,b,c\n1,,3\n4,,6\n7,,9\n")
    assert got.rows == [("1", "", "3"), ("4", "", "6"), ("7", "", "9")]


def test_a_column_of_names_is_not_split_at_blanks(read: Reader) -> None:
    got = read(b"full name\nAnn Lee\nBob Ray\nCy Day\n")
    assert got.columns == ["full name"]
    assert got.rows == [("Ann Lee",), ("Bob Ray",), ("Cy Day",)]


def test_text_with_blanks_and_times_keeps_its_commas(read: Reader) -> None:
    got = read(b"at,what\n2024-01-01 10:00:00,a b\n2024-01-02 11:00:00,c d\n")
    assert got.reading.delimiter == ","
    assert got.rows[0] == ("2024-01-01 10:00:00", "a b")


def test_a_declared_delimiter_that_no_line_has_is_refused_where_another_makes_columns(
    read: Reader,
) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(b"id;name\n1;Ann\n2;Bob\n3;Cy\n", delimiter=";;")
    assert caught.value.code == "delimiter_wrong"
    assert caught.value.reason == (
        "The feed declares the delimiter ';;', which stands in no line of the file; its fields "
        "are separated by semicolons."
    )
    assert read(b"id\n1\n2\n3\n", delimiter=";").columns == ["id"]


def test_excels_first_line_names_the_delimiter(read: Reader) -> None:
    got = read(b"sep=;\nid;name\n1;a,b\n2;c,d\n")
    assert got.columns == ["id", "name"]
    assert got.rows == [("1", "a,b"), ("2", "c,d")]
    assert "sep=" in got.said


def test_apostrophes_may_be_the_quotes(read: Reader) -> None:
    got = read(b"id,name\n1,'a, b'\n2,'c, d'\n3,'e'\n")
    assert got.reading.quotechar == "'"
    assert got.rows == [("1", "a, b"), ("2", "c, d"), ("3", "e")]


def test_apostrophes_in_words_are_letters(read: Reader) -> None:
    got = read(b"id,name\n1,O'Brien\n2,D'Arcy\n")
    assert got.rows == [("1", "O'Brien"), ("2", "D'Arcy")]


def test_a_backslash_escapes_quotes_where_the_file_does_so(read: Reader) -> None:
    got = read(
        rb"id,size,path" b"\n" rb'1,"5\" pipe, long","C:\temp"' b"\n" rb'2,"6\" pipe",x' b"\n"
    )
    assert got.rows == [("1", '5" pipe, long', r"C:\temp"), ("2", '6" pipe', "x")]


def test_a_backslash_before_a_closing_quote_is_a_backslash(read: Reader) -> None:
    got = read(rb"id,path" b"\n" rb'1,"C:\dir\"' b"\n" rb'2,"D:\"' b"\n")
    assert got.rows == [("1", "C:\\dir\\"), ("2", "D:\\")]


def test_blanks_after_the_delimiter_do_not_hide_the_quotes(read: Reader) -> None:
    got = read(b'"a", "b"\n"1", "x, y"\n"2", "z"\n')
    assert got.rows == [("1", "x, y"), ("2", "z")]


def test_what_is_declared_is_not_questioned(read: Reader) -> None:
    got = read(b"a,b;c\n1,2;3\n", delimiter=";", quotechar="", header_row=1, encoding="ascii")
    assert got.columns == ["a,b", "c"]
    assert got.rows == [("1,2", "3")]


def test_quoted_line_ends_belong_to_the_value_and_rows_keep_their_lines(read: Reader) -> None:
    got = read(b'id,note\n1,"two\r\nlines"\n2,x\n')
    assert got.rows == [("1", "two\r\nlines"), ("2", "x")]
    assert got.lines == [2, 4]


@pytest.mark.parametrize(
    "text",
    [
        'id,address\n1,"12 Main St\nSpringfield, IL\nUSA"\n2,"x"\n3,"y"\n',
        'id,address\n1,x\n2,"12 Main St, 4\nSpringfield, IL\n62701, USA, Earth"\n3,y\n',
        'id,note,ok\n1,"a",1\n2,"see\nfoo, bar,2\nend",1\n3,"q",3\n4,"w",4\n',
    ],
)
def test_lines_of_a_value_that_look_like_records_stay_in_it(read: Reader, text: str) -> None:
    got = read(text.encode())
    assert got.rows == [tuple(row) for row in csv.reader(io.StringIO(text))][1:]
    assert got.rejects == []


def test_a_quoted_line_end_far_down_is_read_like_one_at_the_top(read: Reader) -> None:
    lines = [f"{n},text {n},{n}.5" for n in range(60_000)]
    lines[45_000] = '45000,"text\n45000",45000.5'
    got = read(("id,t,v\n" + "\n".join(lines) + "\n").encode())
    assert got.reading.received_rows == 60_000
    assert got.rows[45_000] == ("45000", "text\n45000", "45000.5")
    assert got.lines[45_001] == 45_004


def test_a_leading_zero_far_down_stays(read: Reader) -> None:
    lines = [f"{n},{n}" for n in range(40_000)] + ["00123,1E5"]
    got = read(("id,v\n" + "\n".join(lines) + "\n").encode())
    assert got.rows[-1] == ("00123", "1E5")


def test_an_unclosed_quote_costs_one_record_at_most(read: Reader) -> None:
    lines = [f"{n},name {n},{n}.5" for n in range(1, 200)]
    lines[99] = '100,"name 100,100.5,x'
    got = read(("id,name,v\n" + "\n".join(lines) + "\n").encode())
    assert got.reading.received_rows == 199
    assert got.reading.unparsed_rows == 1
    assert got.rejects == [
        {
            "_file": "data.csv",
            "_row": 101,
            "_reason": "malformed_quotes",
            "_raw": '100,"name 100,100.5,x\n',
        }
    ]
    assert got.rows[-1] == ("199", "name 199", "199.5")


def test_a_quote_closed_many_lines_later_does_not_swallow_the_records_between(
    read: Reader,
) -> None:
    lines = [f"{n},name {n},{n}.5" for n in range(1, 50)]
    lines[9] = '10,"name 10,10.5'
    lines[29] = '30,name" 30,30.5'
    got = read(("id,name,v\n" + "\n".join(lines) + "\n").encode())
    assert got.reading.received_rows == 49
    assert len(got.rows) == 49
    assert got.rows[9] == ("10", '"name 10', "10.5")
    assert "stray quotes" in got.said


def test_a_stray_quote_stays_in_its_value(read: Reader) -> None:
    got = read(b'id,size,n\n1,"5" pipe",2\n2,6" pipe,3\n3,plain,4\n')
    assert got.rows[:2] == [("1", '5" pipe', "2"), ("2", '6" pipe', "3")]


def test_a_row_too_long_is_set_aside_with_its_line(read: Reader) -> None:
    got = read(b"id,name,n\n1,a,2\n2,Smith, John,3\n3,c,4\n")
    assert got.rows == [("1", "a", "2"), ("3", "c", "4")]
    assert [(r["_row"], r["_reason"]) for r in got.rejects] == [(3, "too_many_fields")]
    assert got.rejects[0]["_raw"] == '["2", "Smith", " John", "3"]'


def test_a_delimiter_too_many_is_left_out_where_only_one_reading_is_possible(read: Reader) -> None:
    rows = b"".join(b"%d,2024-01-%02d,x%d,1.5\n" % (n, n, n) for n in range(1, 20))
    got = read(b"id,day,code,v\n" + rows + b"20,2024-01-20,,x20,1.5\n")
    assert got.rows[-1] == ("20", "2024-01-20", "x20", "1.5")
    assert "one delimiter too many" in got.said


def test_a_delimiter_too_many_is_set_aside_where_it_could_be_elsewhere(read: Reader) -> None:
    got = read(b"a,b,c\nx,y,z\nu,v,w\nx,,y,\n")
    assert [r["_reason"] for r in got.rejects] == ["too_many_fields"]


def test_a_row_a_little_short_is_filled_with_null_and_said(read: Reader) -> None:
    got = read(b"id,name,n\n1,a,2\n2,b\n3,c,4\n")
    assert got.rows[1] == ("2", "b", None)
    assert "1 row with too few fields (line 3)" in got.said


def test_a_row_less_than_half_as_long_is_set_aside(read: Reader) -> None:
    got = read(b"a,b,c,d,e\n1,2,3,4,5\nx,y\n1,2,3,4,5\n1,2,3,4,5\n")
    assert [(r["_row"], r["_reason"]) for r in got.rejects] == [(3, "too_few_fields")]


def test_lines_above_the_header_are_skipped_and_recorded(read: Reader) -> None:
    got = read(
        b"Export of orders\nMade, by, hand\n\nid,name,qty,day\n1,a,2,2024-01-01\n2,b,3,2024-01-02\n"
    )
    assert got.reading.header_lines == (4,)
    assert [(s.first_line, s.last_line) for s in got.reading.skipped] == [(1, 2)]
    assert got.rows[0] == ("1", "a", "2", "2024-01-01")


def test_a_title_in_an_otherwise_empty_row_is_no_header(read: Reader) -> None:
    got = read(b"REPORT,,,\n,,,\nid,name,qty,day\n1,a,2,2024-01-01\n2,b,3,2024-01-02\n")
    assert got.columns == ["id", "name", "qty", "day"]


def test_two_header_rows_become_one(read: Reader) -> None:
    got = read(b",Q1,,Q2,\nregion,Jan,Feb,Apr,May\nNorth,1,2,3,4\nSouth,5,6,7,8\n")
    assert got.columns == ["region", "Q1 Jan", "Q1 Feb", "Q2 Apr", "Q2 May"]
    assert got.reading.header_lines == (1, 2)


def test_a_totals_row_at_the_end_is_skipped_and_recorded(read: Reader) -> None:
    got = read(b"id,name,qty\n1,a,2\n2,b,3\nTotal,,5\n")
    assert got.reading.received_rows == 2
    assert [(s.first_line, s.reason) for s in got.reading.skipped] == [(4, "totals row")]


def test_a_customer_called_total_is_data(read: Reader) -> None:
    got = read(b"id,name,qty\n1,Total,2\n2,b,3\n3,Total,5\n")
    assert got.reading.received_rows == 3


def test_notes_below_the_table_are_skipped_and_recorded(read: Reader) -> None:
    got = read(b"id,name,qty,day\n1,a,2,x\n2,b,3,y\n,,,\nSource: us,,,\nEnd of report\n")
    assert got.reading.received_rows == 2
    assert [(s.first_line, s.last_line) for s in got.reading.skipped] == [(5, 6)]
    assert "1 blank line skipped" in got.said


def test_the_header_in_the_middle_is_skipped_and_recorded(read: Reader) -> None:
    got = read(b"id,name\n1,a\nid,name\n2,b\n")
    assert got.rows == [("1", "a"), ("2", "b")]
    assert [(s.first_line, s.reason) for s in got.reading.skipped] == [(3, "the header again")]


def test_duplicate_missing_and_reserved_headers_get_names_and_a_warning(read: Reader) -> None:
    got = read(b"ID,id,,_row,name\n1,2,3,4,a\n5,6,7,8,b\n")
    assert got.columns == ["ID", "id_2", "column_3", "_row_2", "name"]
    assert "more than once" in got.said
    assert "no header (position 3)" in got.said


def test_a_file_without_a_header_keeps_its_first_row(read: Reader) -> None:
    got = read(b"1,2024-01-01,a@b.co\n2,2024-01-02,c@d.co\n3,2024-01-03,e@f.co\n")
    assert got.columns == ["column_1", "column_2", "column_3"]
    assert got.reading.received_rows == 3
    assert "no header row" in got.said


def test_years_may_be_titles(read: Reader) -> None:
    got = read(b"country,2019,2020\nDE,1.5,2.5\nFR,3.5,4.5\n")
    assert got.columns == ["country", "2019", "2020"]


def test_a_file_of_texts_without_a_header_is_seen_by_a_value_that_comes_again(read: Reader) -> None:
    got = read(b"Berlin,red\nParis,blue\nBerlin,green\nRome,red\n")
    assert got.columns == ["column_1", "column_2"]
    assert got.reading.received_rows == 4


def test_a_header_over_texts_only_is_taken_and_to_be_confirmed(read: Reader) -> None:
    got = read(b"city,colour\nParis,blue\nRome,red\n")
    assert got.columns == ["city", "colour"]
    assert "Please confirm that it is one" in got.said


def test_known_columns_find_the_header_anywhere(read: Reader) -> None:
    got = read(b"x,y\nfoo,bar\ncity,colour\nParis,blue\n", expected_columns=("City", "Colour"))
    assert got.columns == ["city", "colour"]
    assert got.rows == [("Paris", "blue")]


def test_no_header_can_be_declared(read: Reader) -> None:
    got = read(b"city,colour\nParis,blue\n", header_row=0)
    assert got.rows == [("city", "colour"), ("Paris", "blue")]


def test_blank_lines_are_skipped_and_counted(read: Reader) -> None:
    got = read(b"id,name\n\n1,a\n\n\n2,b\n\n")
    assert got.rows == [("1", "a"), ("2", "b")]
    assert got.lines == [3, 6]
    assert "4 blank lines skipped" in got.said


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(read: Reader, end: str) -> None:
    got = read(end.join(["id,name", "1,a", "2,b", ""]).encode())
    assert got.rows == [("1", "a"), ("2", "b")]
    assert got.lines == [2, 3]


def test_mixed_line_ends_are_read_and_said(read: Reader) -> None:
    got = read(b"id,name\r\n1,a\n2,b\r3,c\r\n")
    assert got.rows == [("1", "a"), ("2", "b"), ("3", "c")]
    assert "Line ends are mixed" in got.said


def test_nul_characters_are_removed_and_counted(read: Reader) -> None:
    got = read(b"id,name\n1,a\x00b\n2,c\n3,\x00\n")
    assert got.rows == [("1", "ab"), ("2", "c"), ("3", "")]
    assert "2 NUL characters were removed" in got.said


def test_a_header_alone_is_no_row_and_a_warning(read: Reader) -> None:
    got = read(b"id,name\n")
    assert got.reading.received_rows == 0
    assert got.columns == ["id", "name"]
    assert "no data row" in got.said


@pytest.mark.parametrize("data", [b"", b"\n\n", b" \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused_with_its_code(read: Reader, data: bytes) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(data)
    assert caught.value.code == "empty_file"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.7\n1 0 obj", "unsupported_format"),
        (b"<!DOCTYPE html><html><table></table></html>", "unsupported_format"),
        (b"\x89PNG\r\n\x1a\n....", "unsupported_format"),
        (bytes(range(1, 9)) * 300, "binary_file"),
        (b"\x00\x01\x02\x03" * 500, "binary_file"),
        (random.Random(7).randbytes(50_000), "binary_file"),
    ],
)
def test_what_is_no_table_is_refused_with_what_it_is(read: Reader, data: bytes, code: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(data)
    assert caught.value.code == code


def test_more_rows_than_allowed_are_refused(read: Reader) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(b"id,v\n" + b"1,2\n" * 500, max_rows=100)
    assert caught.value.code == "too_many_rows"


@pytest.mark.parametrize(
    "filename", ["a b.csv", "it's.csv", "*.csv", "[x].csv", "../../etc/x.csv", "日本.csv", 'q".csv']
)
def test_a_name_is_only_a_label(read: Reader, filename: str) -> None:
    got = read(b"id,v\n1,2\n3,4\n", filename)
    assert got.reading.filename == filename
    assert len(got.rows) == 2


def test_a_table_that_gains_a_column_half_way_keeps_all_rows(read: Reader) -> None:
    early = b"".join(b"%d,a\n" % n for n in range(50))
    late = b"".join(b"%d,a,new\n" % n for n in range(50))
    got = read(b"id,name\n" + early + late)
    assert got.columns == ["id", "name", "column_3"]
    assert got.reading.received_rows == 100
    assert got.rows[0] == ("0", "a", None)
    assert got.rows[-1] == ("49", "a", "new")


@pytest.mark.parametrize("head", ["id;name", "id;name;"])
@pytest.mark.parametrize(
    ("last", "known", "columns"),
    [
        ("", ("id", "name"), ["id", "name"]),
        ("", ("id", "name", "column_3"), ["id", "name", "column_3"]),
        ("", (), ["id", "name", "column_3"]),
    ],
)
def test_delimiters_at_the_ends_of_lines_make_no_column_of_a_feed_that_has_none_there(
    read: Reader, head: str, last: str, known: tuple[str, ...], columns: list[str]
) -> None:
    rows = "".join(f"{n};Firm {n};{last}\n" for n in range(20))
    got = read(f"{head}\n{rows}".encode(), expected_columns=known)
    assert got.columns == columns
    assert [row[1] for row in got.rows][:2] == ["Firm 0", "Firm 1"]


def test_reading_twice_gives_the_same_files(read: Reader) -> None:
    data = b"id,name\n1,a\n2,b,c,d\n"
    assert read(data).reading == read(data).reading


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf<html><table><tr><td>1</td></tr></table></html>",
        b"<!-- made by hand -->\n<table><tr><td>1</td></tr></table>",
        b'<meta charset="utf-8"><table><tr><td>1</td></tr></table>',
        "<html><table><tr><td>1</td></tr></table></html>".encode("utf-16"),
        b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>',
        b"MIME-Version: 1.0\nX-Document-Type: Workbook\n\n<html></html>\n",
    ],
)
def test_a_web_page_named_xls_is_refused_however_it_begins(read: Reader, data: bytes) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(data, "report.xls")
    assert caught.value.code == "unsupported_format"
    assert "save it from there as xlsx" in caught.value.reason


def test_ten_thousand_columns_are_read(read: Reader) -> None:
    names = [f"c{at}" for at in range(10_000)]
    row = ",".join(map(str, range(10_000)))
    data = f'{",".join(names)}\n{row}\n{row}\n{row[:-1]}"\n'.encode()
    got = read(data, max_columns=10_000)
    assert got.columns == names
    assert len(got.rows) == 3


def test_a_line_without_an_end_is_refused(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sources", "text"):
        monkeypatch.setattr(f"consulting.intake.reading.{module}.MAX_LINE", 10_000_000)
    for filler in (b"x", b"\xe9"):
        with pytest.raises(UnreadableFileError) as caught:
            read(b"id,name\n1," + filler * 12_000_000)
        assert caught.value.code == "line_too_long"


def test_a_backslash_at_the_end_of_a_cell_is_a_backslash(read: Reader) -> None:
    got = read(b'"id","a","b"\n"1","",""\n"2","",""\n"3","""","\\"\n')
    assert got.rows[-1] == ("3", '"', "\\")


def test_an_apostrophe_or_two_are_no_quotes(read: Reader) -> None:
    assert read(b"id,a,b\n1,,\n2,,\n3,',''\n").rows[-1] == ("3", "'", "''")


def test_characters_for_private_use_stay_in_their_values(read: Reader) -> None:
    got = read("id||name\n1||a\ue000b\n2||c\n3||d\ue00f\n".encode())
    assert [row[1] for row in got.rows] == ["a\ue000b", "c", "d\ue00f"]


def test_records_of_several_lines_follow_on_each_other_beside_more_lines_of_another_width(
    read: Reader,
) -> None:
    data = b"Report,Sales\nFilter,none\nBy,Kim\n\nname,net,gross,tax\n"
    data += b'"two\nlines",1.5,1.6,1\n' * 2 + b"Ann,2.5,2.6,2\n"
    data += b"\nBranch,Total\nSouth,4.71\nSouth,5.13\nNorth,1.33\n"
    got = read(data)
    assert got.columns == ["name", "net", "gross", "tax"]
    assert got.rows[:2] == [("two\nlines", "1.5", "1.6", "1")] * 2


UNQUOTED = {
    "names": "name,w,q\n" + "".join(f"Firm {n},{n % 7},{n:02},{n}\n" for n in range(3, 43)),
    "numbers": "id,w,q\n" + "".join(f"{n + 1000},{n % 7},{n:02},{n}\n" for n in range(3, 43)),
    "texts": "id,who,q\n" + "".join(f"{n + 1000},Meier, Paul,{n}\n" for n in range(3, 43)),
    "tenths": "name,w,q\n" + "".join(f"Firm {n},{n},{n % 10},{n}\n" for n in range(3, 43)),
    "as often": "city,w,q\n" + "".join(f"Rome,{n % 7},{n:02},{n}\n" for n in range(3, 43)),
}


@pytest.mark.parametrize("text", UNQUOTED.values(), ids=UNQUOTED)
def test_values_without_their_quotes_move_no_column_of_a_feed_that_is_known(
    read: Reader, text: str
) -> None:
    titles = text.partition("\n")[0].split(",")
    with pytest.raises(UnreadableFileError) as caught:
        read(text.encode(), expected_columns=titles)
    assert caught.value.code == "values_unquoted"
    more = {"column_1", "column_4"} & {*read(text.encode()).columns}
    assert len(more) == 1
    got = read(text.encode(), expected_columns=[*titles, *more])
    assert len(got.rows) == 40
    assert "stand there without quotes" in got.said


@pytest.mark.parametrize(
    ("head", "row"), [("id,qty,plz", "{0},1{0},0{0}0,"), ("id, qty, who", "{0}, 1{0}, Firm {0},")]
)
def test_delimiters_or_blanks_behind_each_value_are_no_values_without_quotes(
    read: Reader, head: str, row: str
) -> None:
    rows = "\n".join(row.format(n) for n in range(10, 50))
    got = read(f"{head}\n{rows}\n".encode(), expected_columns=[*map(str.strip, head.split(","))])
    assert len(got.rows) == 40
    assert [name.strip() for name in got.columns[:3]] == [*map(str.strip, head.split(","))]


@pytest.mark.parametrize(
    "rows",
    [
        [f"{n},{2000 + n},{n % 12 + 1:02},{n}" for n in range(1, 41)],  # numbered rows, and months
        [f"Car {n},{n},{n % 2},{n % 5 + 1}" for n in range(1, 41)],
        [f"Car {n},{n}.5,{n:02},{n % 5 + 1}" for n in range(1, 41)],
    ],
)
def test_a_first_column_without_a_title_stays_one_of_a_feed_that_is_known(
    read: Reader, rows: list[str]
) -> None:
    got = read("\n".join(["a,b,c", *rows]).encode(), expected_columns=["a", "b", "c"])
    assert got.columns == ["column_1", "a", "b", "c"]
    assert len(got.rows) == 40
