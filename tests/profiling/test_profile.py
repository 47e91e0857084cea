from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import duckdb
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consulting.profiling import FeedProfile, Issue, Thresholds, profile_feed
from consulting.profiling.model import SCHEMA_VERSION
from consulting.records import FileReading
from consulting.rules.missing import WHITESPACE, is_null_like
from consulting.sql import quoted

if TYPE_CHECKING:
    from pathlib import Path

Profile = Callable[..., FeedProfile]
Landing = Callable[..., FileReading]

SHIPPED = files("consulting.profiling").joinpath(f"profile-{SCHEMA_VERSION}.schema.json")
SCHEMA = json.loads(SHIPPED.read_text(encoding="utf-8"))

CUSTOMERS = {
    "Customer ID": [f"{n:05}" for n in range(1, 41)],
    "Full Name": [f"Jane{n} Doe" for n in range(40)],
    "Email": [f"jane{n}@acme.com" for n in range(39)] + ["not an address"],
    "Signup": ["13/01/2024", "02/03/2024", "31/02/2024", "05/06/2024"] * 10,
    "Revenue": ["1.234,50", "12,5", "7", "1000"] * 10,
    "State": ["NY"] * 20 + ["ny"] * 3 + ["CA"] * 16 + ["N/A"],
    "Notes": ["", None, "  ", "called"] * 10,
}


def issues(found: FeedProfile, column: str | None = None) -> dict[str, Issue]:
    return {i.issue_type: i for i in found.issues if column is None or i.column == column}


def test_a_profile_tells_what_each_column_holds(profile: Profile) -> None:
    found = profile(CUSTOMERS)
    assert (found.row_count, found.column_count, found.basis) == (40, 7, "all_rows")
    assert {c.name: c.inferred_type for c in found.columns} == {
        "Customer ID": "code",
        "Full Name": "text",
        "Email": "email",
        "Signup": "date",
        "Revenue": "decimal",
        "State": "text",
        "Notes": "text",
    }
    assert found.candidate_keys == (("Customer ID",), ("Full Name",), ("Email",))
    file = found.file_metadata[0]
    assert (file.filename, file.encoding, file.delimiter) == ("orders.csv", "utf-8", ",")
    assert (file.row_count, file.column_count, file.file_size_bytes) == (40, 7, 1234)


def test_counts_of_one_column_are_as_counted_by_hand(profile: Profile) -> None:
    notes = profile(CUSTOMERS).column("Notes")
    assert notes is not None
    assert (notes.null_count, notes.null_pct) == (30, 75.0)
    assert (notes.distinct_count, notes.unique_count) == (1, 0)
    assert notes.cardinality_ratio == 0.1
    assert (notes.min_length, notes.max_length, notes.mean_length) == (6, 6, 6.0)
    state = profile(CUSTOMERS).column("State")
    assert state is not None
    assert (state.null_count, state.null_like_count, state.distinct_count) == (0, 1, 4)
    assert [(v.value, v.count, v.pct) for v in state.top_values] == [
        ("NY", 20, 50.0), ("CA", 16, 40.0), ("ny", 3, 7.5), ("N/A", 1, 2.5),
    ]  # fmt: skip


def test_issues_name_type_severity_evidence_and_rows(profile: Profile) -> None:
    found = profile(CUSTOMERS)
    signup = issues(found, "Signup")
    assert signup["impossible_dates"].evidence_count == 10
    assert signup["ambiguous_dates"].evidence_count == 20
    assert signup["ambiguous_dates"].question == "Are all dates written with the day first?"
    assert issues(found, "Email")["type_mismatch"].evidence_count == 1
    assert issues(found, "Revenue")["decimal_comma"].evidence_count == 20
    variants = issues(found, "State")["casing_variants"]
    assert (variants.evidence_count, variants.examples) == (3, ("ny",))
    assert variants.rows_where == "\"State\" IN ('ny')"
    assert issues(found, "Notes")["missing_values"].severity == "info"
    assert issues(found, "Customer ID")["leading_zeros"].evidence_count == 40


def test_numbers_with_a_decimal_comma_are_summarised_as_numbers(profile: Profile) -> None:
    revenue = profile(CUSTOMERS).column("Revenue")
    assert revenue is not None
    assert revenue.numbers is not None
    assert revenue.numbers.mean == pytest.approx((1234.5 + 12.5 + 7 + 1000) / 4)
    assert revenue.numbers.quantiles[0] == 7
    assert revenue.numbers.quantiles[10] == 12.5  # half of the rows do not exceed it
    assert revenue.numbers.quantiles[-1] == 1234.5
    assert sum(b.count for b in revenue.histogram) == 40


def test_personal_values_never_stand_in_a_profile(profile: Profile) -> None:
    text = profile(CUSTOMERS).model_dump_json()
    assert "jane7@acme.com" not in text
    assert "Jane7" not in text
    found = profile(CUSTOMERS)
    email, name = found.column("Email"), found.column("Full Name")
    assert email is not None
    assert name is not None
    assert email.pii is not None
    assert (email.pii.kind, name.pii.kind if name.pii else None) == ("email", "name")
    assert email.top_values[0].value == "aaaa99@aaaa.aaa"


def test_the_stored_profile_follows_the_shipped_schema(profile: Profile) -> None:
    stored = json.loads(profile(CUSTOMERS).model_dump_json())
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(stored, SCHEMA)
    stored["columns"][0]["null_count"] = "many"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(stored, SCHEMA)


def test_the_shipped_schema_is_the_one_of_the_records() -> None:
    of_the_records = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:consulting:feed-profile:{SCHEMA_VERSION}",
        **FeedProfile.model_json_schema(mode="serialization"),
    }
    text = json.dumps(of_the_records, indent=2, ensure_ascii=False) + "\n"
    assert SHIPPED.read_text(encoding="utf-8") == text


def test_the_same_rows_give_the_same_bytes(profile: Profile) -> None:
    sql = Thresholds(few_distinct=0)
    for thresholds in (None, sql):
        first, again = (profile(CUSTOMERS, thresholds, anew=True) for _ in range(2))
        assert first is not again
        assert first.model_dump_json() == again.model_dump_json()


def test_threads_that_add_in_another_order_change_no_byte(land: Landing, tmp_path: Path) -> None:
    n = 60_000
    reading = land(
        {
            "id": [f"{i * 7919 % n}" for i in range(n)],
            "amount": [f"{i * 31 % 50_021 / 7:.4f}" for i in range(n)],
            "note": [f"note {i % 41_000}" for i in range(n)],
            "at": [
                f"2024-01-{i % 28 + 1:02} {i % 24:02}:{i % 60:02}:{i % 59:02}" for i in range(n)
            ],
            "city": [("Berlin", "Paris", "Rome ", "rome")[i % 4] for i in range(n)],
        }
    )
    found = {profile_feed("orders", [reading], tmp_path).model_dump_json() for _ in range(3)}
    assert len(found) == 1


def test_headers_full_of_signs_break_nothing(profile: Profile) -> None:
    names = ['say "hi"', "{c}", "{t}", "{n} [a|b]", "select", "it's", "%s", "ä ö", "a.b", "*"]
    values = [" x", "y", "", "N/A", "=1+1", "007"]
    for few in (0, 10_000):
        found = profile(dict.fromkeys(names, values), Thresholds(few_distinct=few))
        assert [c.name for c in found.columns] == names
        counts = {(c.null_count, c.null_like_count, c.distinct_count) for c in found.columns}
        assert counts == {(1, 1, 5)}
        trimmed = [i for i in found.issues if i.issue_type == "untrimmed_values"]
        assert [i.column for i in trimmed] == sorted(names)
        with duckdb.connect() as connection:
            columns = ", ".join(f"v AS {quoted(name)}" for name in names)
            connection.execute(
                f"CREATE TABLE t AS SELECT {columns} FROM (SELECT unnest($1) AS v)", [values]
            )
            for issue in trimmed:
                where = connection.execute(f"SELECT count(*) FROM t WHERE {issue.rows_where}")
                assert where.fetchone() == (1,)


days = st.lists(st.dates(min_value=date(1990, 1, 1), max_value=date(2035, 1, 1)), min_size=1)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(days, st.booleans())
def test_dates_equal_a_plain_recount_either_way(
    profile: Profile,
    drawn: list[date],
    in_sql: bool,  # noqa: FBT001 - drawn
) -> None:
    thresholds = Thresholds(few_distinct=0 if in_sql else 10_000)
    texts = [f"{d:%d.%m.%Y}" for d in drawn]
    column = profile({"day": texts}, thresholds).columns[0]
    plain = sorted(d.isoformat() for d in drawn)
    assert (column.inferred_type, column.min, column.max) == ("date", plain[0], plain[-1])
    assert column.date_quantiles == tuple(
        plain[max(1, math.ceil(round(q / 20 * len(plain), 6))) - 1] for q in range(21)
    )
    assert sum(b.count for b in column.histogram) == len(plain)
    assert column.ambiguous_dates == 0  # a point is written where the day comes first
    counts = Counter(texts)
    top = sorted(counts.items(), key=lambda p: (-p[1], p[0]))[:10]
    assert [(v.value, v.count) for v in column.top_values if v.count > 1] == [
        (text, n) for text, n in top if n > 1
    ]


def test_an_issue_points_at_its_rows(land: Landing, tmp_path: Path) -> None:
    rows = {
        "id": [str(n) for n in range(60)],
        "city": ["Berlin"] * 30 + ["berlin"] * 2 + ["Berlyn"] + [" Bonn "] * 3 + ["Bonn"] * 24,
        "amount": [str(n % 7) for n in range(58)] + ["x12", "99999"],
    }
    found = profile_feed("orders", [land(rows)], tmp_path)
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute(
            "CREATE TABLE raw.orders AS SELECT *, row_number() OVER () AS _row_id "
            f"FROM read_parquet('{tmp_path}/rows/orders.csv.parquet')"
        )
        pointed = [i for i in found.issues if i.rows_where]
        assert {"casing_variants", "similar_values", "untrimmed_values", "type_mismatch"} <= {
            i.issue_type for i in pointed
        }
        for issue in pointed:
            counted = connection.execute(
                f"SELECT count(*) FROM raw.orders WHERE {issue.rows_where}"
            ).fetchone()
            assert counted == (issue.evidence_count,), issue.issue_type


def test_headers_alone_give_a_profile_at_tier_1(land: Landing, tmp_path: Path) -> None:
    reading = land({"client_dob": ["x"], "plan": ["y"]}, rows_path=None, received_rows=7)
    found = profile_feed("orders", [reading], tmp_path, declared=["plan", "price"])
    assert (found.basis, found.row_count) == ("headers", 7)
    assert [c.inferred_type for c in found.columns] == ["unknown", "unknown"]
    assert {(i.column, i.issue_type) for i in found.issues} == {
        ("client_dob", "personal_data"),
        ("price", "declared_column_missing"),
    }
    jsonschema.validate(json.loads(found.model_dump_json()), SCHEMA)


def test_a_sample_is_told_from_all_rows_and_masked_columns_are_marked(
    land: Landing, tmp_path: Path
) -> None:
    reading = land(
        {"contact": ["qzkv rplm", "abcd efgh"]}, sampled_from=9_000, masked_columns=("contact",)
    )
    found = profile_feed("orders", [reading], tmp_path)
    assert found.basis == "sample"
    assert found.file_metadata[0].sampled_from == 9_000
    contact = found.columns[0]
    assert contact.masked
    assert contact.pii is not None
    assert contact.top_values[0].value == "abcd efgh"  # already a mask


@pytest.mark.parametrize("hidden", [(), ("amount",)])
def test_a_range_is_told_where_a_document_may_show_the_column(
    land: Landing, tmp_path: Path, hidden: tuple[str, ...]
) -> None:
    amounts, masked = [*"0123456789" * 10, "1000000"], bool(hidden)
    reading = land({"amount": amounts}, sampled_from=9_000, masked_columns=hidden)
    found = profile_feed("orders", [reading], tmp_path)
    assert found.columns[0].personal == masked
    assert ("go from 0 to 9" in str(found.issues)) != masked


def test_files_of_one_feed_are_one_profile_and_their_differences_told(
    land: Landing, tmp_path: Path
) -> None:
    first = land({"id": ["1", "2"], "a": ["x", "y"]}, name="one.csv")
    second = land({"id": ["3"], "b": ["z"]}, name="two.csv")
    found = profile_feed("orders", [first, second], tmp_path)
    assert found.row_count == 3
    assert [c.name for c in found.columns] == ["id", "a", "b"]
    differ = issues(found)["columns_differ_between_files"]
    assert differ.columns == ("a", "b")


def test_a_file_without_rows_is_an_error_and_no_crash(profile: Profile) -> None:
    found = profile({"id": [], "name": []})
    assert issues(found)["no_rows"].severity == "error"
    assert found.columns[0].inferred_type == "empty"


def test_unparsed_records_are_told_with_their_file(profile: Profile) -> None:
    found = profile({"id": ["1"] * 98}, received_rows=100, unparsed_rows=2)
    issue = issues(found)["unparsed_rows"]
    assert (issue.severity, issue.evidence_count, issue.evidence_pct) == ("error", 2, 2.0)


def test_duplicate_rows_keys_and_dependencies_are_found(profile: Profile) -> None:
    n = 200
    rows = {
        "order": [str(i // 2) for i in range(n)],
        "line": [str(i % 2) for i in range(n)],
        "zip": [str(10_000 + i // 2 % 10) for i in range(n)],
        "city": [f"City {'abcdefghij'[i // 2 % 10]}" for i in range(n - 1)] + ["City q"],
    }
    found = profile(rows)
    assert found.candidate_keys == (("order", "line"),)
    broken = issues(found, "city")["broken_dependency"]
    assert (broken.evidence_count, broken.columns) == (1, ("zip", "city"))
    dependency = next(d for d in found.dependencies if d.dependent == "city")
    assert (dependency.determinant, dependency.contradicting_rows) == ("zip", 1)
    doubled = profile({c: [*v, v[0], v[1]] for c, v in rows.items()})
    assert doubled.duplicate_rows == 2
    assert issues(doubled)["duplicate_rows"].evidence_count == 2


values = st.one_of(
    st.sampled_from(
        ["", " ", "N/A", "-", "x", "X", " x", "007", "12", "-3.5", "1,5", "2024-01-31"]
    ),
    st.integers(-10_000, 10_000).map(str),
    st.decimals(-1_000, 1_000, places=2).map(str),
    st.text(max_size=6),
    st.none(),
)


def _expected(cells: Sequence[str | None]) -> dict[str, Any]:
    present = [v for v in cells if v is not None and v.strip(WHITESPACE)]
    counts = Counter(present)
    return {
        "null_count": len(cells) - len(present),
        "null_like_count": sum(is_null_like(v) for v in present),
        "distinct_count": len(counts),
        "unique_count": sum(n == 1 for n in counts.values()),
        "untrimmed": sum(v != v.strip(WHITESPACE) for v in present),
        "min_length": min(map(len, present), default=None),
        "max_length": max(map(len, present), default=None),
    }


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(values, min_size=1, max_size=60), st.booleans())
def test_counts_equal_a_plain_recount_either_way(
    profile: Profile,
    cells: list[str | None],
    in_sql: bool,  # noqa: FBT001 - drawn
) -> None:
    cells = [None if v is None else v.replace("\x00", "") for v in cells]
    thresholds = Thresholds(few_distinct=0 if in_sql else 10_000)
    column = profile({"amount": cells}, thresholds).columns[0]
    expected = _expected(cells)
    assert {name: getattr(column, name) for name in expected} == expected


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.decimals(-10_000, 10_000, places=2), min_size=2, max_size=80), st.booleans())
def test_numbers_equal_a_plain_recount_either_way(
    profile: Profile,
    numbers: list[Any],
    in_sql: bool,  # noqa: FBT001 - drawn
) -> None:
    thresholds = Thresholds(few_distinct=0 if in_sql else 10_000)
    column = profile({"amount": [f"{n:.2f}" for n in numbers]}, thresholds).columns[0]
    found = column.numbers
    plain = sorted(float(n) for n in numbers)
    assert found is not None
    assert found.mean == pytest.approx(statistics.fmean(plain), rel=1e-6, abs=1e-6)
    assert found.stddev == pytest.approx(statistics.stdev(plain), rel=1e-4, abs=1e-3)
    assert found.quantiles == pytest.approx(
        [plain[max(1, math.ceil(round(q / 20 * len(plain), 6))) - 1] for q in range(21)]
    )
    assert sum(b.count for b in column.histogram) == len(plain)
    assert found.negatives == sum(n < 0 for n in plain)


def test_both_ways_of_profiling_agree_on_types_and_issues(profile: Profile) -> None:
    n = 400
    rows = {
        "id": [str(i) for i in range(n)],
        "amount": [f"{i}.{i % 90 + 10}" for i in range(n - 2)] + ["n.a.", "12 kg"],
        "at": [f"2024-01-{i % 28 + 1:02} {i % 24:02}:{i % 60:02}:00" for i in range(n - 1)]
        + ["?x"],
        "mail": [f"p{i}@acme.com" for i in range(n - 1)] + ["nobody"],
        "text": [f"some text {i}" for i in range(n - 1)] + ["some text 5 "],
        "day": [f"{i % 28 + 1:02}/{i % 12 + 1:02}/2024" for i in range(n)],
    }
    few, many = profile(rows), profile(rows, Thresholds(few_distinct=0))
    for a, b in zip(few.columns, many.columns, strict=True):
        told = ("name", "inferred_type", "type_pct", "null_like_count", "distinct_count", "formats",
                "ambiguous_dates", "date_quantiles", "pii")  # fmt: skip
        assert {t: getattr(a, t) for t in told} == {t: getattr(b, t) for t in told}
    compared = {"type_mismatch", "ambiguous_dates", "untrimmed_values", "null_like_values"}
    told_few, told_many = (
        {(i.column, i.issue_type, i.evidence_count) for i in p.issues if i.issue_type in compared}
        for p in (few, many)
    )
    assert told_few == told_many
