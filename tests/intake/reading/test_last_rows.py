"""The last lines of a table: rows stay, totals and notes go, and what may be either is told."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.intake.reading.conftest import read_bytes
from tests.intake.reading.test_tables import texts, written

Reader = Callable[..., Any]
Grid = list[list[object]]

KEYS: list[Callable[[int], object]] = [
    lambda n: n + 1,
    lambda n: 1001 + n,
    lambda n: 1990 + n,
    lambda n: (n * 7919) % 90001 + 10000,
    lambda n: f"S{100 + n}",
    lambda n: f"A-{n:03}/X",
    lambda n: f"2026-01-{n % 28 + 1:02}",
    lambda n: f"p{n}@example.org",
]
TITLES: list[object] = ["key", "customer", "day", "amount", "pieces"]


def _row(key: object, n: int) -> list[object]:
    return [key, f"Firm {n}", f"2026-02-{n % 28 + 1:02}", f"{n}.50", n % 4]


@settings(deadline=None, max_examples=150, derandomize=True, phases=(Phase.generate,))
@given(
    key=st.sampled_from(KEYS),
    count=st.integers(5, 60),
    ends=st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=3),
    form=st.sampled_from(["comma", "semicolon", "tab", "xlsx"]),
    gap=st.sampled_from([[], [[]]]),
)
def test_last_rows_with_a_key_that_goes_on_are_rows_whatever_else_they_lost(
    key: Callable[[int], object], count: int, ends: list[list[bool]], form: str, gap: Grid
) -> None:
    rows = [_row(key(n), n) for n in range(count)]
    last = []
    for at, keeps in enumerate(ends, count):
        cells = _row(key(at), at)
        last.append([cells[0], *(v if k else "" for v, k in zip(cells[1:], keeps, strict=True))])
    with tempfile.TemporaryDirectory() as folder:
        data = written([TITLES, *rows, *gap, *last], form)
        got = read_bytes(Path(folder), *data)
    assert [tuple(v or "" for v in row) for row in got.rows] == texts([*rows, *last])
    assert got.reading.skipped == ()


@pytest.mark.parametrize("form", ["comma", "padded", "xlsx"])
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("last", "doubtful"),
    [
        (["Total", "", "", 202.5, ""], False),
        (["", "", "", 202.5, ""], False),  # 0.5 + 1.5 + … + 19.5 is 200; 2.5 of a row before
        (["", "", "", 45.5, ""], True),
        (["", "", "", 9999, 77], True),
    ],
)
def test_a_row_of_sums_alone_is_none_and_told_where_it_is_no_sum(
    read: Reader, form: str, key: Callable[[int], object], last: list[object], *, doubtful: bool
) -> None:
    rows = [_row(key(n), n) for n in range(20)]
    rows[3][3] = "6.00"
    got = read(*written([TITLES, *rows, last], form))
    assert got.rows == texts(rows)
    assert [(s.first_line, s.reason, s.doubtful) for s in got.reading.skipped] == [
        (22, "totals row", doubtful)
    ]


@pytest.mark.parametrize(
    ("last", "doubtful"),
    [
        ("Gesamt,,,200.0,30", False),
        ("West,,,45.0,3", True),
        ("Source: the till,,,,", False),
        ("\nClosing balance,,,976.25,", False),
        ("\nClosing,,,976.25,", True),
        ("End of the list", False),
        ("South,,,,", True),
    ],
)
def test_what_may_be_a_row_of_a_new_region_is_told(
    read: Reader, last: str, *, doubtful: bool
) -> None:
    rows = [[["North", "East"][n % 2], *_row("", n)[1:]] for n in range(60)]
    data = written([TITLES, *rows], "comma")[0] + f"{last}\n".encode()
    got = read(data)
    assert got.rows == texts(rows)
    assert [s.doubtful for s in got.reading.skipped] == [doubtful]


@pytest.mark.parametrize("start", ["0000", "1000"])
@pytest.mark.parametrize("places", [[4, 9, 14, 19], [3], [39]])
def test_a_key_with_a_number_sign_is_a_key(read: Reader, start: str, places: list[int]) -> None:
    rows = [[f"{int(start) + n:04}", n] for n in range(40)]
    for at in places:
        rows[at][0] = f"#{rows[at][0]}"
    got = read(*written([["code", "v"], *rows], "comma"))
    assert got.rows == texts(rows)
    assert got.reading.skipped == ()


@pytest.mark.parametrize(
    ("line", "doubtful"),
    [("# block,end", False), ("# end of block", False), ("# void,5", True), ("#1003,x,7", True)],
)
def test_a_comment_that_is_like_a_row_is_told(read: Reader, line: str, *, doubtful: bool) -> None:
    rows = [[1000 + n, n, n] for n in range(20)]
    data = written([["id", "v", "w"], *rows], "comma")[0] + f"{line}\n1020,20,20\n".encode()
    got = read(data)
    assert len(got.rows) == 21
    assert [(s.reason, s.doubtful) for s in got.reading.skipped] == [("a comment", doubtful)]


@pytest.mark.parametrize("form", ["semicolon", "tab"])
@pytest.mark.parametrize(
    "lasts", [["Müller & Söhne KG (Berlin)"], ["Trans-Alpina S.p.A.", "Nord/Süd"]]
)
def test_a_name_alone_is_a_row_where_names_stand_alone_and_blanks_are_usual(
    read: Reader, form: str, lasts: list[str]
) -> None:
    rows: Grid = [
        [
            f"Firma {chr(65 + n)} GmbH",
            "" if n % 2 == 0 else f"+49 30 {n}",
            (n % 3 and f"i@f{n}.de") or "",
        ]
        for n in range(20)
    ]
    last: Grid = [[name, "", ""] for name in lasts]
    got = read(*written([["company", "phone", "email"], *rows, *last], form))
    assert [tuple(v or "" for v in row) for row in got.rows] == texts([*rows, *last])
    assert got.reading.skipped == ()


def test_a_name_alone_without_gaps_is_told_where_no_name_stands_alone(read: Reader) -> None:
    rows: Grid = [[f"Firma {n}", "" if n % 2 else n, n if n % 2 else ""] for n in range(20)]
    got = read(*written([["company", "bought", "sold"], *rows, ["Nord/Süd", "", ""]], "comma"))
    assert got.rows == texts(rows)
    assert [(s.reason, s.doubtful) for s in got.reading.skipped] == [("note below the table", True)]


@pytest.mark.parametrize("name", ["Total", "Suma", "Ensemble"])
@pytest.mark.parametrize(
    ("count", "numbers", "doubtful"),
    [
        (20, ["100", "263.30"], True),
        (60, ["100", "263.30"], True),
        (20, ["1330", "9.99"], False),  # 7 + 14 + … + 133
        (60, ["12390", "9.99"], False),
        (20, ["5", "200.49"], False),  # of 200
        (60, ["5", "1801.20"], False),
    ],
)
def test_a_name_like_a_word_for_totals_is_told_where_its_numbers_are_no_sums(
    read: Reader, name: str, count: int, numbers: list[str], *, doubtful: bool
) -> None:
    rows: Grid = [[f"Firm{n}", n * 7, f"{n}.50"] for n in range(count)]
    got = read(*written([["company", "employees", "revenue"], *rows, [name, *numbers]], "comma"))
    assert got.rows == texts(rows)
    assert [(s.reason, s.doubtful) for s in got.reading.skipped] == [("totals row", doubtful)]


def test_noughts_below_noughts_prove_no_sum(read: Reader) -> None:
    rows: Grid = [[f"Firm {n}", "Paris", f"{n}.50", "0.00"] for n in range(30)]
    titles: list[object] = ["customer", "city", "amount", "discount"]
    got = read(*written([titles, *rows, ["", "", "12.50", "0.00"]], "comma"))
    assert got.rows == texts(rows)
    assert [s.doubtful for s in got.reading.skipped] == [True]


@pytest.mark.parametrize(
    ("last", "doubtful"),
    [
        ("Ng,Oslo", True),
        ("Lena,", True),
        ("Total:,", False),
        ("\nLee,Oslo,\nWu,Bern,", True),
        ("Printed on:,Monday", False),
        ("Printed", False),
    ],
)
def test_a_short_last_row_with_a_new_word_is_told(
    read: Reader, last: str, *, doubtful: bool
) -> None:
    rows: Grid = [[f"Person {n}", ["Rome", "Paris"][n % 2], n] for n in range(30)]
    data = written([["name", "city", "qty"], *rows], "comma")[0] + f"{last}\n".encode()
    got = read(data)
    assert got.rows == texts(rows)
    assert [s.doubtful for s in got.reading.skipped] == [doubtful]


def test_a_small_table_below_keeps_its_rows_though_they_are_like_totals(read: Reader) -> None:
    rows: Grid = [
        [["Ann", "Cy", "Ann", "Zoe"][n % 4], f"2026-01-{n + 1:02}", n, n] for n in range(12)
    ]
    below: Grid = [
        [],
        ["Branch", "Total"],
        ["South", "5.99"],
        ["North", "-0.65"],
        ["South", "1.73"],
    ]
    got = read(*written([["who", "day", "net", "gross"], *rows, *below], "xlsx"))
    assert got.rows == texts(rows)
    assert [(t.first_line, t.rows) for t in got.reading.other_tables] == [(15, 3)]


@pytest.mark.parametrize(
    ("titles", "row", "drawn"),
    [
        (["rating", "comment"], ["****", "good"], ["***", ""]),
        (["mon", "tue", "wed"], ["---", "Ann", "Bob"], ["---", "---", "---"]),
    ],
)
@pytest.mark.parametrize("form", ["semicolon", "xlsx"])
def test_rows_of_stars_and_dashes_are_rows_where_values_are_drawn(
    read: Reader, form: str, titles: list[object], row: list[object], drawn: list[object]
) -> None:
    rows: Grid = [*[[*row[:-1], f"{row[-1]} {n}"] for n in range(20)], *[drawn] * 16]
    got = read(*written([titles, *rows, rows[0]], form))
    assert [tuple(v or "" for v in r) for r in got.rows] == texts([*rows, rows[0]])
    assert got.reading.skipped == ()


def test_a_drawn_line_with_all_delimiters_is_none_where_no_value_is(read: Reader) -> None:
    rows: Grid = [[f"Firm {n}", n, n] for n in range(20)]
    got = read(*written([["firm", "a", "b"], *rows, ["---", "---", "---"], *rows], "comma"))
    assert got.rows == texts([*rows, *rows])
    assert [s.reason for s in got.reading.skipped] == ["a drawn line"]
