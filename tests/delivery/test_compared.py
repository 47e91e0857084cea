"""Rows of two deliveries are compared by their key, or whole; each is counted once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from consulting.delivery import DeliveryInputs, DeliverySummary
from consulting.delivery.compared import (
    Comparison,
    Known,
    TableChange,
    TableDifference,
    ValueExample,
    beside_the_past,
    compare_tables,
)

NOW = datetime(2026, 11, 3, tzinfo=UTC)
LINES = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab") | st.none()), max_size=8)


def differing(
    root: Path,
    then: dict[str, list[Any]],
    now: dict[str, list[Any]],
    *keys: str,
    harmless: tuple[str, ...] = (),
) -> list[TableDifference]:
    """How a table `t` of two deliveries differs."""
    for name, rows in (("b-1", then), ("b-2", now)):
        (root / name / "tables").mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(rows), root / name / "tables" / "t.parquet")
    known = Known([key.split("+") for key in keys], harmless)
    return compare_tables(root / "b-1", root / "b-2", {"t": known}, root / "spill")


def compared(  # noqa: PLR0913 - two deliveries in short
    root: Path,
    then: dict[str, list[Any]],
    now: dict[str, list[Any]],
    *,
    key: str | None = None,
    same_files: bool = True,
    dbt: str = "other",
) -> Comparison | None:
    """What is told of a table `t`, delivered by the files of a client without periods."""
    tables = differing(root, then, now, *([key] if key else []))
    of = {"client_id": "acme", "tier": 3}
    made = {"input": "files", "dbt": "dbt"}
    earlier = DeliverySummary(delivery_id="b-1", received_at=NOW, made_with=made, **of)
    later = NOW if same_files else NOW + timedelta(days=7)
    inputs = DeliveryInputs(
        delivery_id="b-2",
        client_name="Acme",
        engagement_type="recurring",
        received_at=later,
        history=(earlier,),
        **of,
    )
    this = DeliverySummary(
        delivery_id="b-2",
        received_at=later,
        made_with={"input": "files" if same_files else "others", "dbt": dbt},
        **of,
    )
    return beside_the_past(inputs, this, earlier, tables)


def test_a_change_of_type_is_compared_as_it_reads_and_columns_are_told(tmp_path: Path) -> None:
    then = {"id": [1, 2, 3], "n": ["1", "02", None], "gone": [0, 0, 0]}
    now = {"id": [2, 3, 4], "n": [2, None, 4], "new, {{ x }}": ["", "", ""]}
    found = compared(tmp_path, then, now, key="id")
    assert found is not None
    assert found.tables == (
        TableChange(
            table="t",
            key="id",
            same=1,
            altered=1,
            added=1,
            removed=1,
            columns={"n": 1},
            new_columns=("new, {{ x }}",),
            gone_columns=("gone",),
            retyped={"n": "VARCHAR → BIGINT"},
        ),
    )
    assert found.in_brief() == "t: 1 of 2 rows altered, 1 new, 1 gone"
    (told,) = found.in_words()
    assert told.removeprefix(found.in_brief()) == (
        ", by column: n 1, new column: new, {{ x }}, dropped column: gone, "
        "other type: n (VARCHAR → BIGINT)."
    )


def test_other_files_are_compared_by_the_keys_of_both_and_after_another_rule_alone(
    tmp_path: Path,
) -> None:
    then, now = {"id": [1, 2], "x": ["a", "b"]}, {"id": [2, 3], "x": ["c", "d"]}
    found = compared(tmp_path, then, now, key="id", same_files=False)
    assert found is not None
    assert (found.in_its_place, found.in_brief()) == (False, "t: 1 of 1 row altered")
    found = compared(tmp_path / "new", then, {"id": [3], "x": ["c"]}, key="id", same_files=False)
    assert found is not None
    assert found.in_words() == ["t: no row is in both."]
    assert compared(tmp_path, then, now, same_files=False) is None, "no key"
    assert compared(tmp_path, then, now, key="id", same_files=False, dbt="dbt") is None
    assert compared(tmp_path, then, now, dbt="dbt") is not None, "delivered in its place"


def test_a_column_that_was_no_key_before_is_none(tmp_path: Path) -> None:
    found = compared(tmp_path, {"id": [1, 1, None]}, {"id": [1, 2, 3]}, key="id")
    assert found is not None
    assert found.tables[0].key is None
    assert found.in_brief() == "t: 1 row is as it was, 2 new or altered, 2 gone or altered"


def test_rows_that_are_no_longer_held_are_not_compared(tmp_path: Path) -> None:
    rows = {"id": [1]}
    assert differing(tmp_path, rows, rows)
    (tmp_path / "b-1" / "tables" / "t.parquet").unlink()
    assert compare_tables(tmp_path / "b-1", tmp_path / "b-2", {"t": Known()}, tmp_path / "s") == []


def test_two_columns_tell_rows_apart_where_none_does_alone(tmp_path: Path) -> None:
    then = {"order": [1, 1, 2], "line": [1, 2, 1], "n": [5, 6, 7]}
    now = {"order": [1, 1, 3], "line": [1, 2, 1], "n": [5, 0, 7]}
    (found,) = differing(tmp_path, then, now, "order", "order+line", harmless=("order", "line"))
    assert (found.key, found.same, found.altered) == ("order + line", 1, 1)
    assert (found.added_keys, found.removed_keys) == (("3 + 1",), ("2 + 1",))


def test_tables_without_a_column_in_common_are_counted(tmp_path: Path) -> None:
    (found,) = differing(tmp_path, {"a": [1, 2]}, {"b": [1, 2, 3]}, "b")
    assert (found.key, found.same, found.added, found.removed) == (None, 0, 3, 2)
    assert (found.new_columns, found.gone_columns) == (("b",), ("a",))


def test_examples_are_unlike_each_other_and_shapes_where_a_column_is_not_known_harmless(
    tmp_path: Path,
) -> None:
    then = {"id": [*"abcd"], "amount": ["1", "2", "9,5", None], "name": ["Ada", "Bo", "Cy", "Di"]}
    now = {"id": [*"abcd"], "amount": ["3", "4", "9.5", "7"], "name": ["Ada", "Bo", "Cy", "Eve"]}
    (found,) = differing(tmp_path, then, now, "id", harmless=("id", "amount"))
    assert found.examples == {
        "amount": (
            ValueExample(key="a", then="1", now="3"),
            ValueExample(key="c", then="9,5", now="9.5"),
            ValueExample(key="d", then=None, now="7"),
        ),
        "name": (ValueExample(key="d", then="Aa", now="Aaa"),),
    }
    told = found.change.model_dump_json()
    assert not any(value in told for value in ("9,5", "Aaa", '"a"')), "counts alone"
    mail = {"id": ["x"], "note": ["call ada.lovelace@example.com"]}
    (found,) = differing(
        tmp_path, mail, {"id": ["x"], "note": ["-"]}, "id", harmless=("id", "note")
    )
    assert found.examples["note"][0].then == "aaaa aaa.aaaaaaaa@aaaaaaa.aaa"


@settings(max_examples=25, deadline=None)
@given(then=LINES, now=LINES)
def test_every_row_of_both_is_counted_once(
    then: list[tuple[int, str | None]], now: list[tuple[int, str | None]]
) -> None:
    with TemporaryDirectory() as folder:
        found = compared(Path(folder), table(then), table(now))
        by_key = compared(
            Path(folder), table(dict(then).items()), table(dict(now).items()), key="k"
        )
    assert found is not None
    assert by_key is not None
    (whole,), (keyed,) = found.tables, by_key.tables
    before, after = Counter(then), Counter(now)
    assert whole.same == (before & after).total()
    assert (whole.added, whole.removed) == ((after - before).total(), (before - after).total())
    old, new = dict(then), dict(now)
    both = old.keys() & new.keys()
    assert keyed.altered == sum(old[k] != new[k] for k in both)
    assert keyed.same == len(both) - keyed.altered
    assert (keyed.added, keyed.removed) == (len(new) - len(both), len(old) - len(both))


def table(lines: Any) -> dict[str, Any]:
    rows = list(lines)
    return {
        "k": pa.array([k for k, _ in rows], pa.int64()),
        "v": pa.array([v for _, v in rows], pa.string()),
    }
