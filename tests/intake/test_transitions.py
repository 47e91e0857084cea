"""Drops change by one table: what it does not name can not be written, and the docs show it."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select

import consulting
from consulting.errors import LedgerError
from consulting.intake import Ledger, State
from consulting.intake.schema import drops, events
from consulting.intake.transitions import TRANSITIONS, Change

NOW = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
ROOM = Path(consulting.__file__).parent / "intake"
TEXT = (Path(__file__).parents[2] / "docs" / "intake.md").read_text(encoding="utf-8")


def a_drop_of_each_state(ledger: Ledger, client_id: str) -> dict[State, int]:
    with ledger.write(client_id) as transaction:
        rows = [
            {
                "client_id": client_id, "key": f"{state}.csv", "version": 1, "signature": "s",
                "size_bytes": 1, "state": state, "first_seen": NOW, "head": True, "visible": True,
            }
            for state in State
        ]  # fmt: skip
        ids = transaction.connection.scalars(
            insert(drops).returning(drops.c.drop_id, sort_by_parameter_order=True), rows
        ).all()
    return dict(zip(State, ids, strict=True))


@pytest.mark.parametrize("change", Change)
def test_a_change_leads_from_the_states_of_the_table_and_from_no_other(
    tmp_path: Path, change: Change
) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ids = a_drop_of_each_state(ledger, "acme")
    before, after, _ = TRANSITIONS[change]
    for state, drop_id in ids.items():
        with ledger.write("acme") as transaction:
            if state in before:
                assert transaction.change(change, [drop_id], NOW) == [drop_id]
            else:
                with pytest.raises(LedgerError, match=rf"drop {drop_id} can not be {change}"):
                    transaction.change(change, [drop_id], NOW)
                assert transaction.change(change, [drop_id], NOW, stale=True) == []
    with ledger.read() as connection:
        now = dict(connection.execute(select(drops.c.drop_id, drops.c.state)).all())
        told = connection.execute(select(events.c.drop_id, events.c.kind)).all()
    assert now == {d: after if state in before else state for state, d in ids.items()}
    assert told == [(ids[state], change) for state in State if state in before]


def test_a_refused_change_leaves_nothing_of_its_transaction(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ids = a_drop_of_each_state(ledger, "acme")
    with (
        pytest.raises(LedgerError, match=f"drop {ids[State.SEEN]} can not be claimed"),
        ledger.write("acme") as transaction,
    ):
        transaction.change(Change.CLAIMED, [ids[State.READY], ids[State.SEEN]], NOW, batch_id="b")
    with ledger.read() as connection:
        states = set(connection.execute(select(drops.c.drop_id, drops.c.state)).all())
    assert states == {(drop_id, state) for state, drop_id in ids.items()}


def test_no_drop_of_another_client_is_changed(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ids = a_drop_of_each_state(ledger, "acme")
    with pytest.raises(LedgerError, match="globex"), ledger.write("globex") as transaction:
        transaction.change(Change.CLAIMED, [ids[State.READY]], NOW, batch_id="b")


def test_every_state_is_reached_and_left_but_for_none() -> None:
    reached = {transition.after for transition in TRANSITIONS.values()}
    left = {state for transition in TRANSITIONS.values() for state in transition.before}
    assert reached == left == set(State)
    assert list(TRANSITIONS) == list(Change)


def test_a_state_is_written_in_one_place_only() -> None:
    writers = {
        path.name
        for path in ROOM.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("values", "update_drop")
        and any(keyword.arg == "state" for keyword in node.keywords)
    }
    assert writers == set()


def test_the_table_of_the_docs_is_the_one_that_runs() -> None:
    lines = [
        f"| `{change}` | {', '.join(f'`{s}`' for s in State if s in before) or 'new'} "
        f"| `{after}` | {when} |"
        for change, (before, after, when) in TRANSITIONS.items()
    ]
    assert "\n".join(["| event | from | to | when |", "|---|---|---|---|", *lines]) in TEXT
