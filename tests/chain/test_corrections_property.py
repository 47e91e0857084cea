"""Whatever part of the rejects comes back: exactly those rows change, and all are counted."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import World
from .test_corrections import (
    BAD_FILE,
    as_csv,
    counts,
    customers_of,
    newest,
    rejects_of,
    right,
)
from .test_delivering import HEADER, customer

if TYPE_CHECKING:
    from consulting.chain.artifacts import Intake
    from consulting.delivery import Delivery

    from .test_corrections import Rows

REJECTED = 5


@dataclass(frozen=True)
class Returned:
    """What the client does with the rejects: row by row, over one or several files.

    Attributes:
        rows: (which rejected row, what becomes of it) in the order of the files.
        cut: Where the second file begins.
        workbook: Whether the files are workbooks.
    """

    rows: tuple[tuple[int, str], ...]
    cut: int
    workbook: bool

    @property
    def files(self) -> list[tuple[tuple[int, str], ...]]:
        """The files that come back."""
        return [part for part in (self.rows[: self.cut], self.rows[self.cut :]) if part]


returned = st.builds(
    Returned,
    rows=st.lists(
        st.tuples(st.integers(0, REJECTED - 1), st.sampled_from(("right", "as sent", "unknown"))),
        min_size=1,
        max_size=9,
    ).map(tuple),
    cut=st.integers(0, 9),
    workbook=st.booleans(),
)


def expected(plan: Returned) -> tuple[dict[str, int], set[int]]:
    """The counts, and the rows that are right in the end."""
    total = dict.fromkeys(("corrected", "unchanged", "repeated", "unknown"), 0)
    done: set[int] = set()
    for file in plan.files:
        seen: set[int] = set()
        for row, what in file:
            if what == "unknown":
                total["unknown"] += 1
            elif row in seen:
                total["repeated"] += 1
            elif what == "right" and row not in done:
                total["corrected"] += 1
                done.add(row)
            else:
                total["unchanged"] += 1
            if what != "unknown":
                seen.add(row)
    return {name: count for name, count in total.items() if count}, done


def send_back(world: World, sent: Rows, plan: Returned) -> None:
    """Let the files arrive."""
    fixed = right(sent)
    for number, file in enumerate(plan.files):
        rows = [
            {**sent[row], "_correction_id": f"R-{at}"}
            if what == "unknown"
            else (fixed if what == "right" else sent)[row]
            for at, (row, what) in enumerate(file)
        ]
        name = f"customers_rejects_{number}"
        if not plan.workbook:
            world.drop(f"{name}.csv", as_csv(rows))
            continue
        book = openpyxl.Workbook()
        assert book.active is not None
        for cells in [list(rows[0]), *(list(row.values()) for row in rows)]:
            book.active.append(cells)
        for line in book.active.iter_rows():
            for cell in line:
                cell.data_type = "s"
        book.save(world.folder.incoming / f"{name}.xlsx")


def right_file(sent: Rows, done: set[int]) -> str:
    """The file that the client would have sent, had these rows been right."""
    lines = BAD_FILE.splitlines(keepends=True)
    for row in done:
        line = int(sent[row]["_row"])
        lines[line - 1] = customer(line - 1)
    return "".join(lines)


def check(master: World, root: Path, plan: Returned) -> tuple[World, Intake | None]:
    """Send rejects back; hold what is received against a file that is right from the start."""
    world = master.copy(root / "desk")
    sent = rejects_of(newest(world))
    total, done = expected(plan)
    send_back(world, sent, plan)
    received = world.receive("property")
    aside = [len(file) for file in plan.files if all(what == "unknown" for _, what in file)]
    assert [q.code for q in received.quarantined] == ["corrections_unknown"] * len(aside)
    total["unknown"] = total.get("unknown", 0) - sum(aside)
    assert counts(received) == {name: count for name, count in total.items() if count}
    fresh = World(root / "fresh")
    fresh.drop("customers_1.csv", right_file(sent, done))
    as_right = fresh.receive("right")
    if received.corrections:
        assert customers_of(received, world) == customers_of(as_right, fresh)
        before = as_right.in_use[0]
        after = received.in_use
        assert sum(r.received_rows for r in after) == before.received_rows + total["unknown"]
        assert sum(r.unparsed_rows for r in after) == before.unparsed_rows + total["unknown"]
    return world, received if received.corrections else None


@given(plan=returned)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_rows_are_those_of_a_file_in_which_the_corrected_ones_had_been_right(
    master: World, plan: Returned
) -> None:
    with tempfile.TemporaryDirectory() as root:
        check(master, Path(root), plan)


def deliver_and_check(world: World, received: Intake, plan: Returned) -> Delivery:
    """The stages after `file_received`: for the long search, each takes seconds."""
    from .test_corrections import account, read

    total, done = expected(plan)
    sent = rejects_of(newest(world))
    delivery = world.after_receive("property", received.batch.batch_id)
    after = account(world, delivery)
    ids = {row["customer_id"] for row in read(delivery.path / "tables/customers.csv")}
    good = {1, 3, 6, 9} | {int(sent[row]["_row"]) - 1 for row in done}
    assert ids == {f"{number:06d}" for number in good}
    unknown = after.rejected.get("correction:not_recognised", 0)
    assert unknown <= total.get("unknown", 0)
    assert after.received == HEADER.count("\n") * 9 + unknown
    assert (after.delivered, after.unaccounted) == (len(good), 0)
    assert sum(after.rejected.values()) == 9 - len(good) + unknown
    return delivery
