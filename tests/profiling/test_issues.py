from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import consulting.profiling
from consulting.profiling import FeedProfile, Issue, Thresholds, profile_across, profile_feed
from consulting.sql import quoted

if TYPE_CHECKING:
    from consulting.records import FileReading

Profile = Callable[..., FeedProfile]
Landing = Callable[..., "FileReading"]
Values = Sequence[str | None]
PACKAGE = Path(consulting.profiling.__file__).parent
DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTED = "".join((DOCS / name).read_text("utf-8") for name in ("profile.md", "drift.md"))


# true days are d/m/2026; a program of another order made dates of those up to the twelfth
HALF_SWAPPED = [
    f"2026-{day:02}-{month:02}" if day <= 12 else f"{day}/{month:02}/2026"
    for month in (1, 2, 3)
    for day in range(1, 29)
]


class Case(NamedTuple):
    issue_type: str
    severity: str
    values: Values
    count: int
    examples: tuple[str, ...] | None = None
    says: str = ""
    column: str = "x"


LONG = "an unabridged remark that goes on and on and on"[:40]
CASES = [
    Case("missing_values", "info", ["a"] * 8 + [""], 1, says="1 row has no value."),
    Case("missing_values", "info", ["a"] * 8 + [None, " "], 2, says="2 rows have no value."),
    Case(
        "missing_values", "warn", ["a"] * 99 + [" "], 1,
        says="1 row has no value, where nearly all others have one.",
    ),
    Case(
        "missing_values", "warn", [*(f"{n * n:x}" for n in range(90)), *[""] * 10], 10,
        says="10 rows have no value, where all others have one of their own.",
    ),
    Case("missing_values", "info", ["a", "b"] * 45 + [""] * 10, 10),
    Case("null_like_values", "info", [*"ab" * 45, *["n/a"] * 10], 10, ("n/a",)),
    Case("null_like_values", "warn", [*"ab" * 45, *["n/a"] * 9, "?"], 1, ("?",)),
    Case("empty_column", "warn", ["", None, "N/A"], 3),
    Case("null_like_values", "warn", ["a", "b", "N/A", "null"], 2, ("N/A", "null")),
    Case("placeholder_values", "warn", [*"123456", "9999", "9999"], 2, ("9999",)),
    Case("constant_column", "info", ["same"] * 1_000, 1_000, says="All 1,000 rows"),
    Case("duplicate_key", "error", [*map(str, range(99)), "98"], 2, ("98",), column="order_id"),
    Case(
        "type_mismatch", "warn", [*"123456789", "abc"], 1, ("abc",),
        says="1 value does not look like the other 90 %, which are whole numbers.",
    ),
    Case("mixed_types", "warn", [*"1234", "one", "two", "six", "ten", "seven", "5"], 5),
    Case(
        "ambiguous_dates", "error", ["03/04/2024", "05/06/2024"], 2, ("03/04/2024", "05/06/2024")
    ),
    Case(
        "ambiguous_dates", "info", ["03/04/2024", "13/04/2024"], 1, ("03/04/2024",),
        says="1 date could be day/month or month/day; 1 other has the day first, so this one is",
    ),
    Case("ambiguous_dates", "warn", ["03/04/2024"] * 21 + ["04/13/2024"], 21, says="month first"),
    Case("mixed_date_order", "error", ["13/04/2024", "04/13/2024", "03/04/2024"], 2),
    Case(
        "mixed_date_order", "error", HALF_SWAPPED, 33, says="33 dates have the year first and a "
        "day up to the twelfth, and all dates that are written in the other way a later one",
    ),
    Case(
        "mixed_date_formats", "warn", ["2024-01-31"] * 3 + ["31.01.2024"], 1, ("31.01.2024",),
        says="2 formats (YYYY-MM-DD, DD.MM.YYYY); 1 differs from the main one.",
    ),
    Case("impossible_dates", "warn", ["13/01/2024"] * 9 + ["31/02/2024"], 1, ("31/02/2024",)),
    Case(
        "dates_as_numbers", "warn", ["2024-03-01", "2024-03-02", "45353"], 1, ("45353",),
        says="1 date is a number: the days that Excel counts.",
    ),
    Case("dates_as_numbers", "info", ["1709340000", "1709340001"], 2, column="created_at"),
    Case("two_digit_years", "warn", ["2024-01-31", "31.01.68"], 1, ("31.01.68",)),
    Case("implausible_dates", "warn", ["2024-01-31"] * 4 + ["1850-01-01"], 1, ("1850-01-01",)),
    Case("mixed_number_formats", "error", ["1.5", "2.5", "3,5"], 1, ("3,5",)),
    Case("decimal_comma", "info", ["1,5", "2,5"], 2),
    Case("ambiguous_numbers", "warn", ["1,234", "2,345"], 2, says="like “1,234”"),
    Case("ambiguous_numbers", "warn", ["2.107", "345"], 1, ("2.107",), says="like “1.234”"),
    Case("placeholder_values", "warn", ["ZA", "BW", "AO", "ZM", "ZW", "NA"], 1, ("NA",)),
    Case("foreign_digits", "warn", ["\uff11\uff10\uff11", "12"], 1, ("\uff11\uff10\uff11",)),
    Case("units_in_values", "info", ["5 kg", "6 kg", "7 kg"], 3, says="(“kg”)"),
    Case(
        "mixed_units", "warn", ["5 kg", "6 kilo", "7 kg", "7 lb"], 2, ("6 kilo", "7 lb"),
        says="2 numbers have another unit than most, or spell it otherwise (2 in “kg”, 1 in “kilo” "
        "and 1 in “lb”).",
    ),
    Case(
        "mixed_units", "warn", ["5 oz", "6 oz.", "7 ounces", "8 oz"], 2, ("6 oz.", "7 ounces"),
        says="2 numbers spell the unit otherwise than most (2 in “oz”, 1 in “ounces” and 1 in "
        "“oz.”).",
    ),
    Case("mixed_units", "warn", ["5 %", "6 %", "7"], 1, ("7",), says="2 in “%” and 1 without a"),
    Case("mixed_currencies", "error", ["$5", "$6", "€7"], 1, ("€7",), says="in EUR and USD."),
    Case("mixed_currencies", "warn", ["$5", "$6", "7"], 1, ("7",), says="1 names no currency"),
    Case(
        "mixed_currencies", "warn", ["$5", "6", "7", "8"], 1, ("$5",),
        says="Most amounts name no currency; 1 is in USD.",
    ),
    Case(
        "mixed_currencies", "error", ["$5", "$6", "€7", "8"], 2, ("8", "€7"),
        says="EUR and USD. 2 are not in USD as most: 1 in EUR and 1 without a currency.",
    ),
    Case(
        "mixed_currencies", "error", ["$5", "€7", "8", "9", "10"], 2, ("$5", "€7"),
        says="Most amounts name no currency; 2 do: 1 in EUR and 1 in USD.",
    ),
    Case("currency_in_values", "info", ["$5", "$6"], 2),
    Case("digits_lost", "error", ["12345678901", "12345678902", "1.23E+10"], 1, ("1.23E+10",)),
    Case("leading_zeros", "info", ["007", "008"], 2),
    Case(
        "outliers", "warn", [*"0123456789" * 10, "1000000"], 1, ("1000000",),
        says="1 value lies far from all others, which go from 0 to 9.",
    ),
    Case(
        "outliers", "warn",
        [*(f"2024-{1 + n % 12:02}-{1 + n * 7 % 28:02}" for n in range(60)), "1924-03-04"], 1,
        ("1924-03-04",), says="1 day lies far from all others, which go from 2024-01-",
    ),
    Case(
        "imputed_values", "warn", [*map(str, range(1, 101)), "50.50", "50.50", "50.50"], 3,
        ("50.50",), says="3 rows have the mean of the others, 50.50: it may stand for values",
    ),
    Case("untrimmed_values", "info", ["a", "b "], 1),
    Case("untrimmed_values", "warn", ["a"] * 19 + ["b "], 1),
    Case("untrimmed_values", "warn", ["a"] * 7 + ["a ", "a ", "b "], 3),
    Case(
        "out_of_order", "warn", [str(1003 if n == 1030 else n) for n in range(1001, 1061)], 1,
        says="1 row stands out of the order that all others keep, from row to row.",
    ),
    Case("out_of_order", "warn", [f"2024-{12 - n // 9:02}-{9 - n % 9:02}" for n in range(80)]
         + ["2034-03-01", *["2024-02-01"] * 9], 1),
    Case("inner_white_space", "info", ["a  b", "c"], 1),
    Case("garbled_text", "error", ["MÃ¼ller", "fine"], 1, ("MÃ¼ller",)),
    Case("escape_residue", "warn", ["Marks &amp; Co", *"ab" * 10], 1, ("Marks &amp; Co",)),
    Case("escape_residue", "warn", ["Marks &amp; Co"] * 6 + ["ab"] * 14, 6, ("Marks &amp; Co",)),
    Case("escape_residue", "warn", ["Whangarei M?ori", *"ab" * 10], 1, ("Whangarei M?ori",)),
    Case("invisible_characters", "warn", ["a\u200bb", "c"], 1),
    Case("formula_like_values", "warn", ["=1+1", "a"], 1),
    Case(
        "odd_shapes", "warn", [f"AB-{n}" for n in range(99)] + ["ZZ"], 1, ("ZZ",),
        says="like the others, which look like AA-99 (A and a stand for letters, 9 for a digit).",
    ),
    Case(
        "odd_shapes", "warn", [f"City of {'AB'[n % 2]}{'eiou'[n % 4]}rg" for n in range(99)]
        + ["CITY OF GHENT"], 1, ("CITY OF GHENT",), says="look like Aa (A and a stand",
    ),
    Case(
        "odd_shapes", "warn", [f"{a}{b}{c}" for a in "ADM" for b in "EKS" for c in "BCFGHILT"]
        + ["akb", "Dsc"], 2, ("Dsc", "akb"), says="look like A (A and a stand",
    ),
    Case(
        "lone_values", "warn", [*["red", "blue"] * 100, "rot"], 1, ("rot",),
        says="1 row holds a value that hardly any other row has",
    ),
    Case("truncated_values", "warn", ["brief"] * 8 + [LONG, LONG.upper()], 2, says="40 characters"),
    Case("casing_variants", "warn", ["Berlin"] * 5 + ["berlin"], 1, ("berlin",)),
    Case(
        "similar_values", "warn", ["Berlin"] * 5 + ["Berlyn"], 1, ("Berlyn",),
        says="1 value looks like a misspelling of a more frequent one (“Berlyn” for “Berlin”).",
    ),
    Case(
        "similar_values", "warn", [*(f"Oak chair {n:x}{n:x}" for n in range(20)), "Oak chiar zz"],
        1, ("Oak chiar zz",),
        says="1 value holds a word that is a letter off one that many hold (“chiar” for “chair”).",
    ),
    Case(
        "subtotal_rows", "warn",
        ["West", "West", "West Total", "Nord", "Nord", "Zwischensumme"], 2,
        ("West Total", "Zwischensumme"),
        says="2 rows sum up other rows (“West Total”, “Zwischensumme”): in a sum over the table "
        "they count twice.",
    ),
    Case("personal_data", "info", ["jane@acme.com", "joe@acme.com"], 2, ()),
]  # fmt: skip
OF_FEEDS = {
    "no_rows", "unparsed_rows", "another_table", "skipped_lines",
    "columns_differ_between_files", "declared_column_missing",
    "duplicate_rows", "broken_dependency", "unusual_combination", "orphan_values",
    "disputed_values", "blank_but_known", "broken_law", "moved_cells",
    # of a masked sample alone
    "masked_to_be_safe",
    # of what somebody said before alone
    "replaced_values",
}  # fmt: skip


def issue_types() -> set[str]:
    """The codes in the source: the first argument of `draft.issue` and each `issue_type`."""
    found: set[str] = set()
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            values: list[ast.expr] = []
            if isinstance(node, ast.Call):
                values = [k.value for k in node.keywords if k.arg == "issue_type"]
                if isinstance(node.func, ast.Attribute) and node.func.attr == "issue":
                    values += node.args[:1]
            elif isinstance(node, ast.Assign) and "issue_type" in ast.unparse(node.targets[0]):
                values = [node.value.elts[0]] if isinstance(node.value, ast.Tuple) else [node.value]
            elif isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict):
                values = node.value.values if ast.unparse(node.target) == "ISSUE_TYPES" else []
            found |= {v.value for v in values if isinstance(v, ast.Constant)}
    return {code for code in found if isinstance(code, str)}


def selected(rows: Values, column: str, issue: Issue) -> int:
    """How many rows the issue's condition selects from the raw table."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute(
            f"CREATE TABLE raw.orders AS SELECT v AS {quoted(column)}, "
            "row_number() OVER () AS _row_id, 'orders.csv' AS _file, 1 + _row_id AS _row "
            "FROM (SELECT unnest($1::VARCHAR[]) AS v)",
            [list(rows)],
        )
        found = connection.execute(f"SELECT count(*) FROM raw.orders WHERE {issue.rows_where}")
        return int((found.fetchone() or (0,))[0])


def issues_of(profile: Profile, values: Values, column: str = "x") -> dict[str, Issue]:
    found = profile({"row": [f"r{n}" for n in range(len(values))], column: values})
    return {i.issue_type: i for i in found.issues if i.column == column}


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.issue_type} {c.severity}")
def test_an_issue_has_the_severity_count_and_rows_worked_out_by_hand(
    profile: Profile, case: Case
) -> None:
    issue = issues_of(profile, case.values, case.column)[case.issue_type]
    assert (issue.severity, issue.evidence_count) == (case.severity, case.count)
    assert issue.evidence_pct == pytest.approx(100 * case.count / len(case.values), abs=1e-4)
    assert case.examples is None or issue.examples == case.examples
    assert case.says in issue.detail
    if issue.rows_where is not None:
        assert selected(case.values, case.column, issue) == case.count


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.issue_type} {c.severity}")
def test_what_a_client_reads_is_plain_language(profile: Profile, case: Case) -> None:
    for issue in issues_of(profile, case.values, case.column).values():
        for sentence in (issue.detail, issue.recommendation, issue.question or "?"):
            assert not re.search(r"%[a-zA-Z]|[\[\]{}|]", sentence), sentence
            assert not re.search(r"\b1 (rows|values|dates|numbers|amounts)\b", sentence), sentence
            assert not re.search(r"\d\.\d{2,} %", sentence), sentence
            assert sentence[-1] in ".?", sentence


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("ambiguous_dates", ["03/04/2024", "05/06/2024"]),
        ("ambiguous_dates", ["03-04-05", "05-06-07"]),
        ("two_digit_years", ["31.01.68", "17.02.71"]),
        ("mixed_types", [*"12345", "one", "two", "six", "ten", "seven"]),
    ],
)
def test_an_issue_about_the_column_picks_out_no_rows(
    profile: Profile, code: str, values: Values
) -> None:
    assert issues_of(profile, values)[code].rows_where is None


def test_what_many_rows_have_or_nought_is_no_imputed_mean(profile: Profile) -> None:
    many = [*map(str, range(1, 101)), *["50.5"] * 60]
    noughts = [*map(str, range(-50, 0)), *map(str, range(1, 51)), *["0"] * 5]
    for values in (many, noughts):
        assert "imputed_values" not in issues_of(profile, values)


@pytest.mark.parametrize(("gaps", "severity"), [(2, "warn"), (3, "info")])
def test_blanks_in_a_table_without_others_are_told(
    profile: Profile, gaps: int, severity: str
) -> None:
    columns = {f"c{n}": ["a", "b"] * 30 for n in range(6)}
    for n in range(gaps):
        columns[f"c{n}"][:6] = [""] * 6
    found = [i for i in profile(columns).issues if i.issue_type == "missing_values"]
    assert [(i.severity, i.evidence_count) for i in found] == [(severity, 6)] * gaps


RIGHT_AS_THEY_ARE: dict[str, tuple[str, str, Values]] = {
    "May is short and long": (
        "mixed_date_formats",
        "x",
        [f"{d} {m} 2024" for m in ("April", "May", "June") for d in range(1, 29)],
    ),
    "amounts have a digit more now and then": (
        "odd_shapes",
        "x",
        [f"${n}.5M" for n in [*range(1, 100), 100]],
    ),
    "texts taper off": (
        "truncated_values",
        "x",
        [f"{n:02} {'a' * (20 + n % 9 + n % 7)}" for n in range(98)],
    ),
    "frost": ("placeholder_values", "x", [str(n % 40 - 12) for n in range(400)]),
    "a year among years": (
        "placeholder_values",
        "x",
        [f"{1970 + n % 12}-01-01" for n in range(60)],
    ),
    "for ever": ("placeholder_values", "x", [*map(str, range(100)), *["999"] * 80]),
    "a number of a thing": (
        "outliers",
        "customer_id",
        [*map(str, range(100, 200)), "40001", "100"],
    ),
    "words that differ at their end": (
        "similar_values",
        "x",
        [*(f"Oak chair {n:x}{n:x}" for n in range(20)), "Oak chairs zz"],
    ),
    "codes in a list": ("mixed_units", "x", [*["0-none"] * 9, *["1-one"] * 9, *["2-two"] * 9]),
}


@pytest.mark.parametrize("why", RIGHT_AS_THEY_ARE)
def test_what_is_so_by_its_nature_is_not_told(profile: Profile, why: str) -> None:
    code, column, values = RIGHT_AS_THEY_ARE[why]
    assert code not in issues_of(profile, values, column)


def test_every_issue_type_of_the_code_is_tried_and_documented() -> None:
    codes = issue_types()
    assert len(codes) > 35  # the search itself works
    assert codes == {case.issue_type for case in CASES} | OF_FEEDS
    documented = set(re.findall(r"`([a-z_0-9]+)`", DOCUMENTED))
    assert codes - documented == set()


def test_every_field_and_kind_of_drift_is_documented() -> None:
    documented = set(re.findall(r"`([a-z_0-9]+)`", DOCUMENTED))
    fields = {
        name
        for model in (FeedProfile, consulting.profiling.FileMetadata,
                      consulting.profiling.ColumnProfile, Issue)
        for name in model.model_fields
    }  # fmt: skip
    source = consulting.profiling.DriftFinding.__doc__ or ""
    kinds = set(re.findall('"([a-z]+_[a-z_]+)"', source))
    assert len(kinds) == 28
    assert (fields | kinds) - documented == set()


def test_a_clean_column_has_no_issue(profile: Profile) -> None:
    found = profile(
        {
            "order_id": [str(n) for n in range(100)],
            "amount": [f"{n % 13}.50" for n in range(100)],
            "day": [f"2024-03-{n % 28 + 1:02}" for n in range(100)],
            "city": [("Berlin", "Paris", "Rome")[n % 7 % 3] for n in range(100)],
        }
    )
    assert found.issues == ()


def test_a_value_in_the_wrong_group_that_others_have_is_an_unusual_combination(
    profile: Profile,
) -> None:
    zips = [str(10_000 + n // 20) for n in range(200)]
    cities = [f"City {'abcdefghij'[n // 20]}" for n in range(200)]
    cities[0] = "City b"
    found = profile({"row": [f"r{n}" for n in range(200)], "zip": zips, "city": cities})
    issue = next(i for i in found.issues if i.issue_type == "unusual_combination")
    assert (issue.column, issue.columns, issue.severity) == ("city", ("zip", "city"), "warn")
    assert issue.evidence_count == 1
    assert issue.detail.startswith("1 row has another “city” than nearly all rows with the same")


def test_rows_that_refer_to_no_row_of_another_feed_are_orphans(
    land: Landing, tmp_path: Path
) -> None:
    orders = land({"order_id": [f"o{n}" for n in range(100)],
                   "customer_id": [f"c{n % 20}" for n in range(95)] + ["c99"] * 5})  # fmt: skip
    customers = land({"id": [f"c{n}" for n in range(20)]}, feed="customers", name="customers.csv")
    readings = [orders, customers]
    profiles = [profile_feed(f, readings, tmp_path) for f in ("orders", "customers")]
    (issue,) = profile_across(profiles, tmp_path, readings)
    assert (issue.feed, issue.column, issue.issue_type) == (
        "orders",
        "customer_id",
        "orphan_values",
    )
    assert (issue.evidence_count, issue.evidence_pct, issue.severity) == (5, 5.0, "warn")
    assert issue.detail == (
        "5 rows of orders refer by “customer_id” to a “id” that customers does not have."
    )
    strict = Thresholds(foreign_key_share=0.96)
    assert profile_across(profiles, tmp_path, readings, strict) == []  # 95 % match: chance


PEOPLE = st.lists(
    st.tuples(
        st.from_regex(r"[b-z]{4,9}\.[b-z]{4,9}", fullmatch=True),
        st.from_regex(r"\+49 [1-8]{3} [1-8]{7}", fullmatch=True),
        st.from_regex(r"[1-9][0-9]{0,2} [B-Z][b-z]{5,9}", fullmatch=True),
    ),
    min_size=2, max_size=12,
)  # fmt: skip


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(PEOPLE, st.booleans())
def test_no_value_of_a_personal_column_stands_in_a_profile(
    profile: Profile,
    people: list[tuple[str, str, str]],
    in_sql: bool,  # noqa: FBT001 - drawn
) -> None:
    columns = {
        "contact": [f"{local}@acme.com" for local, _, _ in people],
        "phone": [phone for _, phone, _ in people],
        "address": [street for _, _, street in people],
        "ssn": [f"{n:03}-12-{n:04}" for n in range(1, len(people) + 1)],
        "dob": ["17.03.1984"] * len(people),
    }
    text = profile(columns, Thresholds(few_distinct=0 if in_sql else 10_000)).model_dump_json()
    for local, phone, street in people:
        assert local not in text
        assert phone[4:] not in text
        assert street.split()[1] not in text
    assert "001-12-0001" not in text
    assert "17.03.1984" not in text
    assert "1984-03-17" not in text


CELLS = st.lists(
    st.sampled_from(
        ["", " ", None, "N/A", "x", "X", " x", "it's", "007", "12", "-3.5", "1,5", "1,234", "5 kg",
         "$7", "2024-01-31", "31/02/2024", "03/04/2024", "13/04/2024", "a  b", "=A1", "\u200b",
         "1.2E+5", "yes", "Berlin", "Berlyn", 'say "no"', "9999", "01.01.70"]
    ),
    min_size=1, max_size=60,
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(CELLS)
def test_the_condition_of_an_issue_selects_as_many_rows_as_it_says(
    profile: Profile, cells: list[str | None]
) -> None:
    for issue in profile({"row": [f"r{n}" for n in range(len(cells))], "x": cells}).issues:
        if issue.column == "x" and issue.rows_where is not None:
            assert selected(cells, "x", issue) == issue.evidence_count, issue.issue_type
        assert issue.evidence_count <= len(cells)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([f"{n},86" for n in range(10, 30)] + [f"{n}.143" for n in range(10, 30)], True),
        ([f"{n}.86" for n in range(10, 30)] + [f"{n},143" for n in range(10, 30)], True),
        ([f"{n},86" for n in range(900, 930)] + [f"{n}.143" for n in range(1, 30)], False),
        ([f"{n},86" for n in range(10, 30)] + ["1.143,50", *["10.143"] * 9], False),
        ([f"{n},86" for n in range(10, 30)] + ["20143", *["10.143"] * 9], False),
        ([f"{n},86" for n in range(10, 30)] + ["10.143"] * 3, False),
    ],
)
def test_numbers_with_the_other_mark_among_those_that_show_theirs_are_asked_about(
    profile: Profile, values: Values, *, told: bool
) -> None:
    found = profile({"row": [f"r{n}" for n in range(len(values))], "x": values})
    (asked,) = [i for i in found.issues if i.issue_type == "ambiguous_numbers"] or [None]
    assert (asked is not None and asked.severity == "error") == told


@pytest.mark.parametrize("few", [10_000, 5])
@pytest.mark.parametrize(
    ("values", "told"),
    [
        (HALF_SWAPPED, True),
        ([text.replace("/", ".") for text in HALF_SWAPPED], True),
        ([re.sub(r"(\d+)/(\d+)/", r"\2/\1/", text) for text in HALF_SWAPPED], True),
        ([f"{text} 10:15:00" for text in HALF_SWAPPED], True),
        ([*HALF_SWAPPED, "2026-01-13"], False),
        ([*HALF_SWAPPED, "12/01/2026"], False),
        ([*HALF_SWAPPED[28:56]], True),  # one month
        ([*HALF_SWAPPED[28:44]], True),
        (
            [f"2026-01-{n:02}" for n in range(1, 10)] + [f"{n}/01/2026" for n in range(13, 29)],
            False,  # they lie together as they are written
        ),
        ([*HALF_SWAPPED[28:42]], False),  # too few others
        ([*HALF_SWAPPED[:12], *(f"{day}/06/2026" for day in range(13, 29))], False),
        ([f"2026-{n % 12 + 1:02}-{n % 2 + 1:02}" for n in range(60)] + HALF_SWAPPED[68:84], False),
    ],
)
def test_dates_that_a_spreadsheet_program_half_swapped_are_asked_about(
    profile: Profile, values: Values, few: int, *, told: bool
) -> None:
    rows = {"row": [f"r{n}" for n in range(len(values))], "x": values}
    found = profile(rows, Thresholds(few_distinct=few))
    types = {i.issue_type: i for i in found.issues if i.column == "x"}
    assert ("mixed_date_order" in types, "mixed_date_formats" in types) == (told, not told)
    if told:
        assert types["mixed_date_order"].severity == "error"
        assert re.fullmatch(
            "Were day and month of these dates swapped by a spreadsheet program, so that "
            r"2026-01-02( 10:15:00)? means 2026-02-01\?",
            types["mixed_date_order"].question or "",
        )
