"""Text between blanks, whose values hold blanks too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.intake.reading.words import QUOTED, held, joined

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Reader = Callable[..., Any]

COLUMNS = ("date", "code a-9", "text", "number", "text")
NOTES = ("late, by train", "paid, cash", "new, in a box", "two, no three", "as told, by mail")
ITEMS = ("Tent", "Red Kettle", "Lamp", "Men's Winter Boots", "Vest", "Oak Table", "Canoe")


def _file(rows: list[tuple[str, ...]]) -> bytes:
    lines = ['Day Code Item Price "Note"']
    lines += [f'{day} {code} {item} {price} "{note}"' for day, code, item, price, note in rows]
    return "".join(f"{line}\n" for line in lines).encode()


def _rows() -> list[tuple[str, ...]]:
    return [
        (f"2024-03-{n + 1:02d}", f"AB-{n * 7}", ITEMS[n % 7], f"{n}.50", NOTES[n % 5])
        for n in range(28)
    ]


def test_words_are_joined_where_kinds_and_quotes_leave_one_way(read: Reader) -> None:
    got = read(_file(_rows()))
    assert got.columns == ["Day", "Code", "Item", "Price", "Note"]
    assert got.rows == _rows()
    assert got.reading.header_lines == (1,)
    assert "blanks in values that are not quoted" in got.said


def test_a_record_that_its_words_do_not_tell_is_set_aside_and_no_cell_moves(read: Reader) -> None:
    rows = _rows()
    odd = [
        ("2024-04-01", "no code", "Red Lamp", "1.00", "a, b"),  # where the code ends is not known
        ("2024-04-02", "AB-9", "Lamp", "free of charge", "a, b"),
    ]
    got = read(_file([*rows, *odd]))
    assert got.rows == rows
    assert [(r["_row"], r["_reason"]) for r in got.rejects] == [
        (30, "blanks_not_told_apart"),
        (31, "blanks_not_told_apart"),
    ]
    assert "2 records set aside: blanks not told apart (first: line 30)" in got.said


def test_titles_that_are_not_told_apart_name_no_column(read: Reader) -> None:
    got = read(_file(_rows()).replace(b"Day Code", b"Order Day Code"))
    assert got.rows == _rows()
    assert got.columns == [f"column_{n}" for n in range(1, 6)]
    assert [(r["_row"], r["_reason"]) for r in got.rejects] == [(1, "blanks_not_told_apart")]


def test_lines_above_the_titles_are_none_of_the_records(read: Reader) -> None:
    got = read(b'Report of the "big" shop\n\n' + _file(_rows()))
    assert got.columns == ["Day", "Code", "Item", "Price", "Note"]
    assert got.rows == _rows()


def test_two_texts_side_by_side_are_never_split_by_guess(read: Reader) -> None:
    lines = ['Day Item Place "Note"']
    for n in range(20):
        item = "Tent" if n % 4 else "Red Tent"
        lines.append(f'2024-03-{n + 1:02d} {item} Ulm "{NOTES[n % 5]}"')
    got = read("".join(f"{line}\n" for line in lines).encode())
    assert not any("Tent Ulm" in (cell or "") for row in got.rows for cell in row[1:3])
    assert not any(row[1] == "Red" for row in got.rows)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["2024-01-02", "A-1", "Oak", "Table", "5", f"{QUOTED}a b"],
         ["2024-01-02", "A-1", "Oak Table", "5", "a b"]),
        (["2024-01-02", "A-1", "Oak", "5", "6", f"{QUOTED}a"],
         ["2024-01-02", "A-1", "Oak 5", "6", "a"]),
        (["2024-01-02", "A-1", "Oak", "5", "a", "b"], ["2024-01-02", "A-1", "Oak", "5", "a b"]),
        (["2024-01-02", "A-1", "Oak", "5", "6", "b"], None),  # "Oak 5", or "6 b"
        (["2024-01-02", "A-1", f"{QUOTED}Oak", f"{QUOTED}Elm", "5", "a"], None),
        (["2024-01-02", "A-1", "5", "Oak", "a"], None),  # as many words as columns, but moved
        (["2024-01-02", "A-1", "Oak", "Table", f"{QUOTED}a"], None),  # the price is missing
        (["2024-01-02", "none", f"{QUOTED}Oak", "5", "a"],
         ["2024-01-02", "none", "Oak", "5", "a"]),
        (["Day", "Code", "Item", "Price", "Note"], ["Day", "Code", "Item", "Price", "Note"]),
        (["2024-01-02", "A-1", "Oak"], None),
    ],
)  # fmt: skip
def test_a_record_has_one_reading_or_none(words: list[str], values: list[str] | None) -> None:
    assert joined(words, COLUMNS) == values


def test_columns_are_known_by_the_records_with_a_word_for_each() -> None:
    titles = ["Day", "Code", "Item", "Price", "Note"]
    rows = [[f"2024-01-0{n}", f"A-{n}", "Oak", str(n), f"{QUOTED}a b"] for n in range(1, 4)]
    assert held([titles, *rows, ["2024-01-04", "A-4", "Oak", "Table", "4", "x"]], 5) == COLUMNS
    assert held([titles, *rows[:2]], 5) == ()


_WORDS = st.lists(st.sampled_from(["Oak", "Elm", "5", "A-1", "x"]), min_size=1, max_size=4)


@given(item=_WORDS, note=_WORDS, quoted=st.booleans())
def test_what_is_joined_is_what_was_written(
    item: list[str],
    note: list[str],
    quoted: bool,  # noqa: FBT001
) -> None:
    last = [QUOTED + " ".join(note)] if quoted else note
    written = ["2024-01-02", "A-1", *item, "7", *last]
    values = joined(written, COLUMNS)
    if values is not None and len(written) != len(COLUMNS):
        told = " ".join(values)
        assert told == " ".join(written).replace(QUOTED, "")
        if quoted:
            assert values == ["2024-01-02", "A-1", " ".join(item), "7", " ".join(note)]


def test_titles_of_empty_columns_at_the_end_are_told_by_their_quotes(read: Reader) -> None:
    goods = ["Tent", "Boots", "Lamp", "Men's Boots", "Men's  Boots", "Kids' Hat No 3", "Sock"] * 3
    lines = [f'{n:02}/01/2024 {n} {good} "warm, dry {n}"' for n, good in enumerate(goods, 1)]
    got = read("\n".join(['Day Qty Item "Text" Comments', *lines, ""]).encode())
    assert got.columns == ["Day", "Qty", "Item", "Text", "Comments"]
    assert ([row[2] for row in got.rows], got.rejects) == (goods, [])
