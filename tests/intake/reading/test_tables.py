"""Where the table is: report heads, further tables, comments and drawn lines, in every form."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import xlsxwriter

Reader = Callable[..., Any]
Grid = Sequence[Sequence[object]]

FORMS = ["comma", "semicolon", "tab", "padded", "xlsx"]


def written(grid: Grid, form: str) -> tuple[bytes, str]:
    """A grid as the bytes of a file, and its name; `[]` is an empty line."""
    if form == "xlsx":
        target = io.BytesIO()
        with xlsxwriter.Workbook(target) as book:
            sheet = book.add_worksheet()
            for at, row in enumerate(grid):
                for place, value in enumerate(row):
                    if value not in {"", None}:
                        sheet.write(at, place, value)
        return target.getvalue(), "book.xlsx"
    width = max(map(len, grid))
    target_text = io.StringIO()
    writer = csv.writer(
        target_text, delimiter={"semicolon": ";", "tab": "\t"}.get(form, ","), lineterminator="\n"
    )
    for row in grid:
        writer.writerow([*row, *([""] * (width - len(row)))] if form == "padded" else row)
    return target_text.getvalue().encode(), "table.csv"


def texts(rows: Grid) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in rows]


SALES = [["Day", "Users"], ["2024-01-01", 120], ["2024-01-02", 133], ["2024-01-03", 98]]
UMSATZ = [["Datum", "Betrag"], ["01.02.2024", 7], ["02.02.2024", 9], ["05.02.2024", 4]]


CODES = [["code", "meaning"], [7, "paid"], [8, "open"]]
ORDERS = [["id", "name", "amount"], [1, "Ann", 2.5], [2, "Bob", 3.5], [3, "Cy", 4.5]]


def check_set_aside(got: Any, first: Grid, second: Grid, start: int) -> None:
    """That `first` was read, and `second`, whose titles stand in line `start`, was set aside."""
    width, last = len(first[0]), start + len(second) - 1
    assert got.columns[:width] == [str(title) for title in first[0]]
    assert [row[:width] for row in got.rows] == texts(first[1:])
    table = got.reading.other_tables[0]
    assert (table.first_line, table.last_line) == (start, last)
    assert (table.columns, table.rows) == (len(second[0]), len(second) - 1)
    assert [(reject["_row"], reject["_reason"]) for reject in got.rejects] == [
        (line, "another_table") for line in range(start + 1, last + 1)
    ]
    assert f"Another table stands in lines {start} to {last}" in got.said


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SALES, [["Country", "Users"], ["Spain", 210], ["Peru", 88], ["Chile", 53]]),
        (UMSATZ, [["Filiale", "Umsatz"], ["Nord", 210], ["Süd", 88]]),
        (SALES, [["Ville", "Entrées", "Année"], ["Lyon", 210, 2024], ["Nice", 8, 2023]]),
        (ORDERS, CODES),
    ],
)
def test_a_second_table_is_told_and_set_aside(
    read: Reader, form: str, first: Grid, second: Grid
) -> None:
    got = read(*written([*first, [], *second], form))
    check_set_aside(got, first, second, len(first) + 2)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("title", ["Codes", "Tabelle 2: Schlüssel", "Les codes"])
def test_the_title_of_a_second_table_is_no_row(read: Reader, form: str, title: str) -> None:
    got = read(*written([*ORDERS, [], [title], *CODES], form))
    check_set_aside(got, ORDERS, CODES, len(ORDERS) + 3)
    assert "lines between two tables" in {item.reason for item in got.reading.skipped}


@pytest.mark.parametrize("form", ["comma", "semicolon", "tab"])
def test_a_second_table_needs_no_empty_line_before_it(read: Reader, form: str) -> None:
    wide = [[*row, 7] for row in ORDERS[1:]]
    second = [["id", "name", "amount", "units"], *wide]
    check_set_aside(read(*written([*ORDERS, *second], form)), ORDERS, second, len(ORDERS) + 1)
    many = [["id", "name", "amount"], *([n, f"N{n}", n / 2] for n in range(30))]
    second = [row[:2] for row in many]
    check_set_aside(read(*written([*many, *second], form)), many, second, len(many) + 1)


@pytest.mark.parametrize("form", FORMS)
def test_after_a_second_table_the_first_may_go_on_under_its_header(read: Reader, form: str) -> None:
    again = [ORDERS[0], [9, "Zoe", 1.5]]
    got = read(*written([*ORDERS, [], *CODES, [], *again], form))
    assert [row[0] for row in got.rows] == ["1", "2", "3", "9"]
    assert len(got.rejects) == 2


@pytest.mark.parametrize("form", FORMS)
def test_a_narrow_table_above_a_wide_one_does_not_vanish(read: Reader, form: str) -> None:
    first = [["Shop", "Sales", "Year"], *([f"Shop {n}", n * 3, 2024] for n in range(1, 31))]
    second = [
        ["id", "name", "day", "qty", "price"],
        *([n, f"N{n}", f"2024-01-{n:02d}", n, n * 1.5] for n in range(1, 20)),
    ]
    got = read(*written([["Report"], [], *first, [], ["Details"], *second], form))
    check_set_aside(got, first, second, 36)
    assert got.reading.received_rows == 30 + 19


@pytest.mark.parametrize("form", FORMS)
def test_a_summary_above_the_data_is_told_and_set_aside(read: Reader, form: str) -> None:
    summary = [["Status", "Orders"], ["open", 3], ["closed", 5]]
    data = [["id", "name", "day"], *([n, f"N{n}", f"2024-01-{n:02d}"] for n in range(1, 25))]
    got = read(*written([*summary, [], *data], form))
    check_set_aside(got, data, summary, 1)


@pytest.mark.parametrize("form", FORMS)
def test_empty_lines_between_rows_make_no_tables(read: Reader, form: str) -> None:
    groups = [["Region", "Shop", "Sales"], ["North", "A", 1], ["North", "B", 2], []]
    groups += [["South", "C", 3], ["South", "D", "n/a"], [], ["West", "E", 4], ["West", "unknown"]]
    got = read(*written(groups, form))
    assert [row[1] for row in got.rows if any(row)] == ["A", "B", "C", "D", "E", "unknown"]
    assert got.reading.other_tables == ()
    assert got.rejects == []


HEADS = [
    [["Bank X"], ["Account", 123], ["From", "2024-01-01", "To", "2024-01-31"], []],
    [["Umsätze"], ["Konto:", "DE12"], ["Von:", "01.01.2024", "Bis:", "31.01.2024"], []],
    [["Period:", "2024-01"], []],
    [["Période :", "janvier 2024"], ["Client :", "Dupont"], []],
    [["Period:", "2024-01"]],
    [["Sales by region"], ["Region:", "North", "Currency:", "EUR"]],
    [["Export"], ["Created", "2024-02-01", "by", "Ann"]],
]
BANK = [
    ["Date", "Text", "Amount", "Balance"],
    *([f"2024-01-{n:02d}", f"pay {n}", -n, 900 - n] for n in range(1, 12)),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("head", HEADS)
def test_a_reports_head_is_neither_header_nor_data(read: Reader, form: str, head: Grid) -> None:
    got = read(*written([*head, *BANK], form))
    assert got.columns == BANK[0]
    assert got.rows == texts(BANK[1:])
    assert got.reading.header_lines == (len(head) + 1,)
    assert got.reading.skipped[0].reason == "lines above the header"
    assert not got.reading.skipped[0].doubtful


@pytest.mark.parametrize("form", FORMS)
def test_more_than_a_few_lines_above_the_header_are_asked_about(read: Reader, form: str) -> None:
    head = [[f"Note {n} of this report"] for n in range(1, 8)]
    got = read(*written([*head, *BANK], form))
    assert got.columns == BANK[0]
    assert [item.doubtful for item in got.reading.skipped] == [True]
    assert "Lines 1 to 7 skipped" in got.said


@pytest.mark.parametrize(
    "titles",
    [
        ["Store", 0, 1, 2, 3, 4],
        ["Filiale", 6, 8, 10, 12, 14],
        ["Magasin", 1, 2, 3],
        ["sku", 2021, 2022, 2023],
        ["", 10, 20, 30, 40, 50],
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_numbers_in_even_steps_are_titles(read: Reader, form: str, titles: list[object]) -> None:
    rows = [
        [f"Shop {n}", *((n * 7 + at * at) % 23 for at in range(2, len(titles) + 1))]
        for n in range(9)
    ]
    got = read(*written([titles, *rows], form))
    assert got.columns[1:] == [str(title) for title in titles[1:]]
    assert got.rows == texts(rows)


HEADS: list[Grid] = [
    [["Sales report"], ["Printed on", "2026-04-01"], ["Company: Acme"]],
    [["Printed on", "2026-04-01"], ["Pages", 7]],
    [["Sales report", "2026"], ["from", "2026-03-01"], ["to", "2026-03-31"]],
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("head", HEADS)
def test_a_reports_head_that_fits_some_columns_is_no_table(
    read: Reader, head: Grid, form: str
) -> None:
    rows = [[f"A-{n:03}", f"2026-03-{n % 28 + 1:02}", n, f"{n}.5"] for n in range(35)]
    titles = ["Article", "Sold on", "Pieces", "Net"]
    data, name = written([*head, [], titles, *rows], form)
    got = read(data, name)
    assert got.columns == titles
    assert got.rows == texts(rows)


def test_rows_that_count_in_even_steps_are_rows(read: Reader) -> None:
    got = read(b"1,2,3,4\n5,6,7,8\n9,10,11,12\n13,14,15,16\n")
    assert got.columns == ["column_1", "column_2", "column_3", "column_4"]
    assert len(got.rows) == 4


@pytest.mark.parametrize("form", FORMS)
def test_comments_are_skipped_and_recorded(read: Reader, form: str) -> None:
    rows = [[n, n * 2, n * 3] for n in range(1, 13)]
    grid = [["# exported by a tool", "do not edit"], ["# unit: kg"], ["id", "v", "w"]]
    got = read(*written([*grid, *rows[:6], ["# block", "end"], *rows[6:], ["# end"]], form))
    assert got.columns == ["id", "v", "w"]
    assert got.rows == texts(rows)
    assert ["a comment" in item.reason for item in got.reading.skipped if item.first_line == 10]


def test_values_that_begin_with_a_hash_are_values(read: Reader) -> None:
    got = read(b"colour,count\n#fff,1\n#000,2\n#abc,3\n")
    assert [row[0] for row in got.rows] == ["#fff", "#000", "#abc"]
    got = read(b"tag,count\nred,1\n#blue,2\ngreen,3\nteal,4\npink,5\n")
    assert [row[0] for row in got.rows] == ["red", "#blue", "green", "teal", "pink"]


@pytest.mark.parametrize("line", ["-" * 20, "=====", "-----+-----+----", "_ _ _ _ ___"])
def test_drawn_lines_are_no_rows(read: Reader, line: str) -> None:
    text = f"Stock list\n{line}\nid|name|qty\n{line}\n1|Ann|2\n2|Bob|3\n{line}\n3|Cy|4\n{line}\n"
    got = read(text.encode())
    assert got.columns == ["id", "name", "qty"]
    assert got.rows == [("1", "Ann", "2"), ("2", "Bob", "3"), ("3", "Cy", "4")]
    assert got.rejects == []


def test_a_table_as_in_markdown(read: Reader) -> None:
    got = read(b"| id | name |\n|----|:----|\n| 1 | Ann |\n| 2 | Bob |\n")
    assert [row[1].strip() for row in got.rows] == ["1", "2"]


def test_a_column_of_dashes_is_data(read: Reader) -> None:
    assert read(b"mark\n---\n---\nx\n").rows == [("---",), ("---",), ("x",)]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_rows_that_a_spreadsheet_wrote_without_their_empty_end_are_rows(
    read: Reader, mark: str
) -> None:
    full = [[f"{n}", f"N{n}", f"555-{n}", "", "www", "ok", "a", "b"] for n in range(1, 33)]
    short = [[f"{n}", f"N{n}"] for n in range(33, 49)]
    lines = [["id", "name", "phone", "fax", "web", "note", "tag", "extra"], *full, *short]
    got = read("".join(mark.join(line) + "\n" for line in lines).encode())
    assert len(got.rows) == 48
    assert got.rows[-1] == ("48", "N48", None, None, None, None, None, None)


def test_a_year_above_years_is_no_title(read: Reader) -> None:
    got = read(b"Ann Lee,2011\nBob Ray,2012\nCy Day,2015\nDee Fox,2013\n")
    assert got.columns == ["column_1", "column_2"]
    assert len(got.rows) == 4


@pytest.mark.parametrize("line", ["1, A", "T", '"x";"y"', "a,b,c"])
def test_rows_that_are_all_the_same_are_rows(read: Reader, line: str) -> None:
    got = read(f"{line}\n".encode() * 50)
    assert got.reading.received_rows == 50
    assert got.reading.skipped == ()


def test_a_header_that_comes_again_on_each_page_is_none(read: Reader) -> None:
    page = "Area,Men\n" + "".join(f"Town {n},{n}\n" for n in range(3))
    got = read((page * 20).encode())
    assert (got.columns, got.reading.received_rows) == (["Area", "Men"], 60)


def test_more_than_a_few_repeated_headers_in_a_row_are_told(read: Reader) -> None:
    rows = "".join(f"Town {n},{n}\n" for n in range(30))
    got = read(f"Area,Men\n{rows}{'Area,Men' + chr(10)}{('Area,Men' + chr(10)) * 6}{rows}".encode())
    assert got.reading.received_rows == 60
    assert [each.doubtful for each in got.reading.skipped].count(True) == 1


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_an_empty_column_between_others_is_left_out(read: Reader, tier: int) -> None:
    rows = "".join(f"I{n},{n},,S{n},{n * 2},\n" for n in range(9))
    got = read(f"item,quantity,,code,amount,\n{rows}".encode(), tier=tier)
    assert [*got.columns[:2], *got.columns[-3:]] == [
        "item", "quantity", "code", "amount", "column_6",
    ]  # fmt: skip
    assert len(got.columns) == 5
    assert "Where two tables stand side by side" in got.said


def test_a_column_without_a_title_that_holds_anything_at_all_stays(read: Reader) -> None:
    rows = "".join(f"I{n},{n},,S{n}\n" for n in range(90_000))
    got = read(f"item,quantity,,code\n{rows}I,1,x,S\n".encode())
    assert got.columns == ["item", "quantity", "column_3", "code"]
    assert got.rows[-1][2] == "x"


@pytest.mark.parametrize("first", ["closed,closed", "n/a,n/a", "c,c", "holiday,Holiday"])
def test_a_first_row_of_remarks_goes_on_with_no_title(read: Reader, first: str) -> None:
    got = read(f"Shop,Mon,Tue\nLeeds,{first}\nYork,3,4\nHull,5,6\nBath,7,8\n".encode())
    assert (got.columns, len(got.rows)) == (["Shop", "Mon", "Tue"], 4)


def test_a_value_with_lines_that_look_like_records_is_one(read: Reader) -> None:
    text = b'id,title,body\n1,a,short\n2,b,"x\n7,8,9\ny,y,y"\n3,c,"p,q,r\ns,t,u"\n'
    got = read(text)
    assert [row[0] for row in got.rows] == ["1", "2", "3"]
    assert got.rows[1][2] == "x\n7,8,9\ny,y,y"


TWO_ROWS: list[tuple[Grid, list[str]]] = [
    (
        [["ID", "Day", "Amount", "", "Shipped", "City"], ["", "", "net", "gross", "", ""]],
        ["ID", "Day", "Amount net", "Amount gross", "Shipped", "City"],
    ),
    (
        [["", "", "Amount", "", "Sent", ""], ["ID", "Day", "net", "gross", "Shipped", "City"]],
        ["ID", "Day", "Amount net", "Amount gross", "Sent Shipped", "Sent City"],
    ),
    (
        [["ID", "Day", "Net", "Gross", "Shipped", "City"], ["", "", "EUR", "EUR", "", ""]],
        ["ID", "Day", "Net EUR", "Gross EUR", "Shipped", "City"],
    ),
    (
        [["ID", "Day", "Net", "Gross", "Shipped", "City"], [1, 2, 3, 4, 5, 6]],
        ["ID", "Day", "Net", "Gross", "Shipped", "City"],
    ),
]
ORDER_ROWS: Grid = [
    [f"A-{n}", f"2026-01-{n % 28 + 1:02}", f"{n}.50", f"{n}.75", n % 4, f"Ort {n}"]
    for n in range(30)
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("above", [[], [["Orders of January"], []]])
@pytest.mark.parametrize(("titles", "columns"), TWO_ROWS)
def test_a_header_of_two_rows_is_one_whether_its_columns_are_known_or_not(
    read: Reader, form: str, above: Grid, titles: Grid, columns: list[str]
) -> None:
    for rows in (ORDER_ROWS, ORDER_ROWS[:1]):
        data, name = written([*above, *titles, *rows], form)
        got = read(data, name, expected_columns=tuple(columns))
        assert got.columns == columns
        assert got.rows == texts(rows)
        assert got.reading.header_lines == (len(above) + 1, len(above) + 2)
    found = read(*written([*above, *titles, *ORDER_ROWS], form))
    assert (found.columns, found.rows) == (columns, texts(ORDER_ROWS))


def test_known_columns_are_not_joined_with_rows_below_them(read: Reader) -> None:
    titles = ["ID", "Day", "Net", "Gross", "Shipped", "City"]
    rows = [["A-1", "", "", "", "", ""], ["open", "", "n/a", "n/a", "", "net"], *ORDER_ROWS]
    got = read(*written([titles, *rows], "comma"), expected_columns=tuple(titles))
    assert got.columns == titles
    assert [tuple(v or "" for v in row) for row in got.rows] == texts(rows)
