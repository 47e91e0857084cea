"""Drops that a temp pattern hides which came after they were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.intake.records import REMATCHED, State
from consulting.intake.transitions import Change

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import RowMapping

    from consulting.intake.ledger import Transaction
    from consulting.intake.matching import TemporaryNames


def part_hidden(
    rows: Sequence[RowMapping], temporary: TemporaryNames
) -> tuple[list[RowMapping], list[RowMapping]]:
    """Drops that the patterns hide by now, and the others.

    Not hidden is what a person asked for, and what a run found unreadable.
    """
    hidden: list[RowMapping] = []
    rest: list[RowMapping] = []
    for row in rows:
        judged = row["state"] == State.QUARANTINED and row["code"] not in REMATCHED
        covered = not judged and not row["forced"] and temporary.covers(row["key"])
        (hidden if covered else rest).append(row)
    return hidden, rest


def hide(transaction: Transaction, rows: Sequence[RowMapping], now: datetime) -> None:
    """Forget that files are there; without the pattern they are seen anew."""
    transaction.change(
        Change.HIDDEN,
        [row["drop_id"] for row in rows],
        now,
        detail="a temporary name (temp_patterns)",
        stale=True,
        visible=False,
        code=None,
        reason=None,
        fix=None,
    )
