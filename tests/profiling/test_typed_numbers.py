"""Numbers that are numbers in the file have a decimal point; only a text may mean two."""

from __future__ import annotations

import io
import json
import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from tests.intake.reading.conftest import read_bytes

from consulting.profiling import FeedProfile, Thresholds, compare, profile_feed
from consulting.profiling.propose import propose_columns
from consulting.records import ReadColumn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.profiling.conftest import Landing

VALUES = [1.234, 12.345, 123.456, 7.125, 2.107, 345.25, 0.125, 9.875]
# with the same digits in a text, or with no text, or with a word for "no value"
ODD: dict[str, Any] = {"numbers": 9.001, "words": "n/a", "texts": "9.001"}


def _workbook(values: list[Any]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Report of 2026"])
        for at, row in enumerate(
            [["key", "kg 2026"], *([f"A{n}", v] for n, v in enumerate(values))]
        ):
            sheet.write_row(2 + at, 0, row)
    return target.getvalue()


def _records(values: list[Any]) -> list[dict[str, Any]]:
    return [{"key": f"A{n}", "kg 2026": v} for n, v in enumerate(values)]


def _parquet(values: list[Any], kind: pa.DataType) -> bytes:
    target = io.BytesIO()
    keys = [f"A{n}" for n in range(len(values))]
    pq.write_table(pa.table({"key": keys, "kg 2026": pa.array(values, kind)}), target)
    return target.getvalue()


MADE: dict[str, Callable[[list[Any]], bytes]] = {
    "book.xlsx": _workbook,
    "list.json": lambda values: json.dumps(_records(values)).encode(),
    "lines.ndjson": lambda values: "\n".join(map(json.dumps, _records(values))).encode(),
}


def _profile(folder: Path, data: bytes, name: str, few: int) -> FeedProfile:
    reading = read_bytes(folder, data, name).reading
    thresholds = Thresholds(few_distinct=few)
    return profile_feed("feed", [reading], folder / "acme" / "runs" / "b1", thresholds=thresholds)


def _decimal(profile: FeedProfile) -> tuple[Any, Any]:
    return next(
        (c["rule"], c.get("decimal")) for c in propose_columns(profile) if c["from"] == "kg 2026"
    )


@pytest.mark.parametrize("few", [10_000, 1])
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", MADE)
def test_only_a_number_in_a_text_is_asked_about(
    tmp_path: Path, name: str, odd: str, few: int
) -> None:
    values = [v for v in VALUES if len(f"{v}".partition(".")[2]) == 3 and v >= 1] * 3
    profile = _profile(tmp_path, MADE[name]([*values, ODD[odd]]), name, few)
    asked = "ambiguous_numbers" in {issue.issue_type for issue in profile.issues}
    assert asked == (odd == "texts")
    assert _decimal(profile)[1] == ("either" if odd == "texts" else None)


@pytest.mark.parametrize("few", [10_000, 1])
@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (pa.float64(), False),
        (pa.float32(), False),
        (pa.decimal128(10, 3), False),
        (pa.string(), True),
    ],
    ids=str,
)
def test_parquets_types_say_what_a_number_is(
    tmp_path: Path, kind: pa.DataType, few: int, *, asked: bool
) -> None:
    texts = ["1.234", "12.345", "123.456", "2.107"]
    convert: Callable[[str], Any] = {"double": float, "float": float, "string": str}.get(
        str(kind), Decimal
    )
    profile = _profile(tmp_path, _parquet([convert(t) for t in texts], kind), "t.parquet", few)
    assert ("ambiguous_numbers" in {i.issue_type for i in profile.issues}) == asked
    assert _decimal(profile)[1] == ("either" if asked else None)


@pytest.mark.parametrize("second", [("kg",), ()])
def test_a_column_that_one_file_has_in_texts_is_asked_about(
    land: Landing, tmp_path: Path, second: tuple[str, ...]
) -> None:
    files = {"a.xlsx": ("kg",), "b.xlsx": second}
    rows = {"kg": ["1.234", "2.107"]}
    readings = [land(rows, name=name, typed_columns=typed) for name, typed in files.items()]
    profile = profile_feed("orders", readings, tmp_path)
    asked = "ambiguous_numbers" in {issue.issue_type for issue in profile.issues}
    assert asked == (not second)


def _shown(codes: list[str | None], values: list[float]) -> bytes:
    """A workbook with a number above the table, whose numbers have these formats by turns."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        styles = [book.add_format({"num_format": code} if code else {}) for code in codes]
        dollars = book.add_format({"num_format": "[$$-409]#,##0.00"})
        sheet.write_string(0, 0, "Total")
        sheet.write_number(0, 1, 1_000, dollars)
        sheet.write_row(2, 1, ["key", "amount"])
        for at, value in enumerate(values):
            sheet.write_string(3 + at, 1, f"A{at}")
            sheet.write_number(3 + at, 2, value, styles[at % len(styles)])
    return target.getvalue()


PRICES = [10.5 + at for at in range(40)]
SHARES = [0.05 + at / 200 for at in range(40)]


def _profiled(folder: Path, codes: list[str | None], values: list[float]) -> FeedProfile:
    folder.mkdir()
    reading = read_bytes(folder, _shown(codes, values), "book.xlsx").reading
    return profile_feed("feed", [reading], folder / "acme" / "runs" / "b1")


@pytest.mark.parametrize(
    ("code", "mark"),
    [
        ('#,##0.00 "€"', "EUR"),
        ("#,##0.00\\ €", "EUR"),
        ("_-* #,##0.00 [$€-407]_-;-* #,##0.00 [$€-407]_-", "EUR"),
        ("[$$-409]#,##0.00", "USD"),
        ('_("$"* #,##0.00_)', "USD"),
        ("[$$-1009]#,##0.00", "CAD"),
        ("[$¥-411]#,##0", "JPY"),
        ("[$¥-804]#,##0", "CNY"),
        ("[$EUR] 0.00", "EUR"),
        ("[Red]0.00 [$CHF-807]", "CHF"),
        ("[$kr-41D] 0.00", "SEK"),
        ("[$kr-414] 0.00", "NOK"),
        ('0.00 "kr"', "kr"),
        ('#,##0,"T€"', "EUR"),
        ('0.0,, "Mio €"', "EUR"),
        ('[=0]"-";0.00 "€"', "EUR"),
        ('0.0 "kg"', "kg"),
        ('General" lb"', "lb"),
        ("0%", "percent"),
        ("0.00%", "percent"),
        ("0.000\\ %", "percent"),
        ('0.0" %"', "%"),
        ("[$-409]0.00", None),
        ("#,##0.00", None),
        ('0.0,"k"', None),
        ("0.00E+00", None),
        ('000"-"00', None),
        ("yyyy-mm-dd", None),
        (None, None),
    ],
)
def test_what_a_format_shows_beside_a_number_is_told_of_its_column(
    tmp_path: Path, code: str | None, mark: str | None
) -> None:
    reading = read_bytes(tmp_path, _shown([code], PRICES), "book.xlsx").reading
    found = [(one.column, one.mark, one.cells) for one in reading.shown_as]
    assert found == ([("amount", mark, 40)] if mark else [])
    said = f"Shown as {mark} by the format of cells, and read as numbers alone: “amount”."
    assert (said in reading.decisions) is bool(mark)


@pytest.mark.parametrize(
    ("codes", "kind", "detail"),
    [
        (['0.00 "€"', "[$$-409]0.00"], "mixed_currencies", "EUR and USD"),
        (['0.00 "kg"', '0.00 "lb"', '0.00 "kg"'], "mixed_units", "kg and lb"),
        (["0.0%", None], "mixed_units", "a bare number and percent"),
        (['0.00 "€"', None], None, ""),
        (['0.00 "€"', "#,##0 [$EUR]"], None, ""),
        (['0.00 "kr"', "[$kr-41D] 0.00"], None, ""),
        (["[$kr-414] 0.00", "[$kr-41D] 0.00"], "mixed_currencies", "NOK and SEK"),
    ],
)
def test_formats_that_show_several_things_are_asked_about(
    tmp_path: Path, codes: list[str | None], kind: str | None, detail: str
) -> None:
    found = _profiled(tmp_path / "one", codes, PRICES)
    issues = [i for i in found.issues if i.issue_type in {"mixed_currencies", "mixed_units"}]
    assert [(i.issue_type, i.severity) for i in issues] == ([(kind, "error")] if kind else [])
    assert all(f"Cells show these numbers as {detail}, by their format" in i.detail for i in issues)
    assert all(i.question for i in issues)


@pytest.mark.parametrize(
    ("texts", "code", "kinds"),
    [
        ("{} €", "[$$-409]0.00", ["mixed_currencies"]),
        ("{} kg", '0.00 "lb"', ["mixed_units"]),
        ("{} kg", '0.00 "KG."', []),
        ("{} €", '0.00 "€"', []),
        ("{} %", "0%", ["mixed_units"]),  # 6 and 0.06
        ("0", "0%", []),  # a nought is typed without a format
    ],
)
def test_what_is_written_counts_among_what_formats_show(
    tmp_path: Path, texts: str, code: str, kinds: list[str]
) -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet, style = book.add_worksheet(), book.add_format({"num_format": code})
        sheet.write_row(0, 0, ["key", "amount"])
        for at in range(1, 41):
            sheet.write_string(at, 0, f"A{at}")
            if at % 2:
                sheet.write_number(at, 1, at / 4, style)
            else:
                text = texts.format(at / 4)
                sheet.write(at, 1, 0 if text == "0" else text)
    reading = read_bytes(tmp_path, target.getvalue(), "book.xlsx").reading
    found = profile_feed("feed", [reading], tmp_path / "acme" / "runs" / "b1")
    issues = [i for i in found.issues if i.issue_type in {"mixed_currencies", "mixed_units"}]
    assert [i.issue_type for i in issues if i.severity == "error"] == kinds


HUNDREDFOLD = [100 * share for share in SHARES]
EURO, KILO = '0.00 "€"', '0.0 "kg"'


@pytest.mark.parametrize(
    ("then", "now", "kind", "severity", "detail"),
    [
        (EURO, EURO, None, None, ""),
        (EURO, "[$¥-411]0", "unit_changed", "block", "in JPY, where the last delivery had EUR."),
        (
            KILO,
            '0.0 "lb"',
            "unit_changed",
            "block",
            "have “lb” now; in the last delivery most had “kg”.",
        ),
        (KILO, '0.0 "KG."', None, None, ""),
        ("[$kr-41D] 0.00", "[$SEK] 0.00", None, None, ""),
        ("[$kr-41D] 0.00", "[$kr-414] 0.00", "unit_changed", "block", "in NOK, where the last"),
        (EURO, None, "currency_changed", "warn", "name no currency, where the last delivery had"),
        (
            KILO,
            None,
            "unit_changed",
            "warn",
            "have no unit now; in the last delivery most had “kg”.",
        ),
        (None, EURO, None, None, ""),
        ("0.0%", None, None, None, ""),  # the same numbers
    ],
)
def test_formats_that_show_something_else_than_last_time_are_a_change(  # noqa: PLR0913, PLR0917 - a case
    tmp_path: Path,
    then: str | None,
    now: str | None,
    kind: str | None,
    severity: str | None,
    detail: str,
) -> None:
    profiles = [
        _profiled(tmp_path / str(at), [code], SHARES) for at, code in enumerate((then, now))
    ]
    reads = [ReadColumn(names=("amount",), rule="to_decimal"), "key"]
    found = compare(*profiles, reads)
    assert [(f.kind, f.severity) for f in found] == ([(kind, severity)] if kind else [])
    assert all(detail in f.detail for f in found)


@pytest.mark.parametrize(
    ("then", "now", "detail"),
    [
        (("0.0%", SHARES), (None, HUNDREDFOLD), "bare numbers now; those of the last delivery"),
        ((None, HUNDREDFOLD), ("0.0%", SHARES), "percent now; those of the last delivery showed"),
        (("0.0%", SHARES), (None, SHARES), ""),
        (("0.0%", SHARES), (None, [0.0] * 4), ""),
    ],
)
def test_percent_of_a_format_is_a_change_where_the_numbers_moved_with_it(
    tmp_path: Path,
    then: tuple[str | None, list[float]],
    now: tuple[str | None, list[float]],
    detail: str,
) -> None:
    profiles = [
        _profiled(tmp_path / str(at), [code], numbers)
        for at, (code, numbers) in enumerate((then, now))
    ]
    reads = [ReadColumn(names=("amount",), rule="to_decimal"), "key"]
    found = [f for f in compare(*profiles, reads) if f.kind == "unit_changed"]
    assert [(f.severity, detail in f.detail) for f in found] == (
        [("block", True)] if detail else []
    )


@pytest.mark.parametrize(
    ("months", "kind", "detail"),
    [
        ([EURO, None, "[$$-409]0.00"], "unit_changed", "are in USD, where the last delivery that"),
        (["0.0%", None, None], "unit_changed", "show bare numbers now; those of the last"),
        (["0%", None, None], "unit_changed", "show bare numbers now; those of the last"),
    ],
)
def test_a_format_is_held_against_the_last_that_said_something(
    tmp_path: Path, months: list[str | None], kind: str, detail: str
) -> None:
    numbers = [SHARES, [] if months[0] == "0.0%" else SHARES, HUNDREDFOLD]
    first, second, third = (
        _profiled(tmp_path / str(at), [code], values)
        for at, (code, values) in enumerate(zip(months, numbers, strict=True))
    )
    reads = [ReadColumn(names=("amount",), rule="to_decimal"), "key"]
    found = {f.kind: f for f in compare(second, third, reads, earlier=[first])}
    assert found[kind].severity == "block"
    assert detail in found[kind].detail


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        ("5.50 €", "[$$-409]0.00", "are in USD, where the last delivery had EUR."),
        (EURO, "5.50 $", "are in USD, where the last delivery had EUR."),
    ],
)
def test_a_currency_may_move_between_the_text_and_the_format(
    tmp_path: Path, profile: Callable[..., FeedProfile], then: str, now: str, said: str
) -> None:
    def made(code: str) -> FeedProfile:
        if "5.50" in code:
            return profile({"key": list("abcd") * 10, "amount": [code] * 40})
        return _profiled(tmp_path / "book", [code], PRICES)

    reads = [ReadColumn(names=("amount",), rule="to_money"), "key"]
    (found,) = (f for f in compare(made(then), made(now), reads) if f.kind.endswith("_changed"))
    assert found.severity == "block"
    assert said in found.detail


@pytest.mark.parametrize("rows", [40, 2_000])
def test_what_stands_below_a_table_is_not_of_its_columns(tmp_path: Path, rows: int) -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet, percent = book.add_worksheet(), book.add_format({"num_format": "0.0%"})
        sheet.write_row(0, 0, ["key", "share", "city"])
        for at in range(rows):
            sheet.write_row(1 + at, 0, [f"A{at}", None, "Rome"])
            sheet.write_number(1 + at, 1, (at + 1) / (2 * rows), percent)
        sheet.write_row(rows + 1, 0, ["Total", sum((at + 1) / (2 * rows) for at in range(rows))])
    reading = read_bytes(tmp_path, target.getvalue(), "book.xlsx").reading
    assert reading.loaded_rows == rows
    assert [(one.mark, one.cells) for one in reading.shown_as] == [("percent", rows)]


@pytest.mark.parametrize("few_distinct", [1, 10_000])
@pytest.mark.parametrize(
    ("values", "digits"),
    [
        (["1.234", "12,50"], 2),  # with the comma the point stands between thousands
        (["1,234", "12,5"], 3),
        (["1,234", "12.5"], 1),
        (["1.234", "12.5"], 3),
        (["1.234,5", "2.345"], 1),
        (["1,234.25", "2,345"], 2),
        (["12", "13"], 0),
    ],
)
def test_digits_after_the_mark_are_counted_as_the_column_reads_them(
    profile: Callable[..., FeedProfile], values: list[str], digits: int, few_distinct: int
) -> None:
    limits = Thresholds(few_distinct=few_distinct)
    column = profile({"kg": values * 40}, limits).column("kg")
    assert column is not None
    assert column.fraction_digits == digits


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([f"1.{n}" for n in range(1, 13)] + ["2.1", "2.2"], "text"),  # 1.1 is not 1.10
        ([f"{m}.{n}" for m in (1, 2) for n in range(12)], "text"),
        ([f"1.{n}" for n in range(1, 10)], "decimal"),  # nothing tells them from numbers
        ([f"1.{n:02}" for n in range(1, 13)], "decimal"),
        ([*(f"{n}.{n % 9 + 1}" for n in range(1, 40)), "1.10", "1.9"], "decimal"),
        ([str(n / 100) for n in range(100, 200)], "decimal"),
        ([*(f"1.{n}" for n in range(10)), "1.10"], "decimal"),  # one hand-typed grade
        ([f"{n / 10:.2f}" for n in range(10, 99)], "decimal"),
        ([*(f"{n / 10:.1f}" for n in range(10, 99)), "1.10", "2.50"], "decimal"),
    ],
)
def test_versions_that_count_past_nine_are_no_numbers(
    profile: Callable[..., FeedProfile], values: list[str], kind: str
) -> None:
    column = profile({"release": values * 3}).column("release")
    assert column is not None
    assert column.inferred_type == kind


@pytest.mark.parametrize("few", [10_000, 1])
def test_numbers_of_a_file_with_three_decimals_are_no_whole_numbers_to_a_rule_of_commas(
    land: Landing, tmp_path: Path, few: int
) -> None:
    reading = land({"kg": [f"{n},125" for n in range(10, 50)]}, typed_columns=("kg",))
    profile = profile_feed("orders", [reading], tmp_path, thresholds=Thresholds(few_distinct=few))
    (column,) = profile.columns
    assert column.inferred_type == "decimal"
    assert column.numbers is not None
    assert column.numbers.quantiles[0] == 10.125
    assert profile.issues == ()


def test_nothing_is_known_of_formats_where_a_file_has_none(
    tmp_path: Path, profile: Callable[..., FeedProfile]
) -> None:
    bare = {"key": list("ab") * 20, "amount": [str(share) for share in HUNDREDFOLD]}
    text, book = profile(bare), _profiled(tmp_path / "book", ["0.0%"], SHARES)
    column = text.column("amount")
    assert column is not None
    assert column.shown_as is None
    reads = [ReadColumn(names=("amount",), rule="to_decimal"), "key"]
    for pair in ((text, book), (book, text)):
        assert "unit_changed" not in {f.kind for f in compare(*pair, reads)}


def test_percent_that_moves_between_text_and_format_is_told_with_what_it_makes_of_the_numbers(
    tmp_path: Path, profile: Callable[..., FeedProfile]
) -> None:
    book = _profiled(tmp_path / "book", ["0.0%"], SHARES)
    text = profile({"key": list("ab") * 20, "amount": [f"{100 * share:.1f}%" for share in SHARES]})
    bare, taking = (
        [ReadColumn(names=("amount",), rule="to_decimal", units=units), "key"]
        for units in ((), ("%",))
    )
    (found,) = (f for f in compare(book, text, bare) if f.severity == "block")
    assert found.kind == "unit_unread"
    assert "where 5% is the number 0.05: with the sign taken off, it is 5." in found.detail
    (found,) = (f for f in compare(text, book, taking) if f.severity == "block")
    assert found.kind == "unit_changed"
    assert "have % in the format of their cells alone, so that 5% is the number 0.05, now;" in (
        found.detail
    )


def _halved(x: float) -> float:
    """A number as one of half the precision holds it."""
    (half,) = struct.unpack("f", struct.pack("f", x))
    return float(half)


@pytest.mark.parametrize("few_distinct", [1, 10_000])
@pytest.mark.parametrize(
    ("values", "digits"),
    [
        ([repr(52 + 1 / n) for n in range(3, 63)], range(13, 17)),  # latitudes of a program
        ([repr(n + 0.1 + 0.2) for n in range(60)], range(3)),  # what it adds to 0.3
        ([repr(_halved(n + 0.99)) for n in range(60)], range(3)),  # of half the precision
        ([*(f"{n}.25" for n in range(60)), repr(100 / 3)], range(2, 3)),  # and a share
    ],
)
def test_digits_that_most_numbers_of_a_program_have_are_meant(
    profile: Callable[..., FeedProfile], few_distinct: int, values: list[str], digits: range
) -> None:
    found = profile({"lat": values}, Thresholds(few_distinct=few_distinct))
    (column,) = found.columns
    assert column.fraction_digits in digits
    (proposed,) = propose_columns(found)
    assert proposed["rule"] == "to_decimal"
    assert proposed.get("scale") == (12 if column.fraction_digits > 9 else None)
