"""Which tree of a client's files counts, and who may put another in its place: the fence."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import insert, select, update

from consulting.errors import BatchHeldError
from consulting.intake.batching import find_batch, open_batches, refuse_settled
from consulting.intake.part import Part
from consulting.intake.records import BatchStatus
from consulting.intake.schema import trees

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


class Checkout(NamedTuple):
    """A checkout of a client's files: its number, and the tree it begins with (None: nothing)."""

    number: int
    tree: str | None


class Trees(Part):
    """Numbers the checkouts of a client's files; only the last one may put a tree in force."""

    def stored_tree(self) -> str | None:
        """The tree in force, to read it."""
        with self.ledger.read() as connection:
            named = select(trees.c.tree).where(trees.c.client_id == self.client_id)
            found: str | None = connection.scalar(named)
            return found

    def last_checkout(self) -> int:
        """The number of the last checkout; 0 if there was none."""
        with self.ledger.read() as connection:
            asked = select(trees.c.number).where(trees.c.client_id == self.client_id)
            return connection.scalar(asked) or 0

    def check_out(self, batch_id: str, run_id: str) -> Checkout:
        """A checkout for the run that holds a batch; earlier ones can put nothing back any more.

        Raises:
            BatchHeldError: If the run lost its hold.
            BatchSettledError: If the batch was delivered or split.
        """
        with self.ledger.write(self.client_id) as transaction:
            row = find_batch(transaction.connection, self.client_id, batch_id)
            refuse_settled(row)
            if row["status"] != BatchStatus.RUNNING or row["run_id"] != run_id:
                raise BatchHeldError(self.client_id, batch_id, "it lost its hold of it")
            return self._next(transaction.connection)

    def check_out_idle(self, now: datetime) -> Checkout:
        """A checkout for a person's command.

        Raises:
            BatchHeldError: If a run works for the client.
        """
        with self.ledger.write(self.client_id) as transaction:
            for row in open_batches(transaction.connection, self.client_id):
                if row["status"] == BatchStatus.RUNNING and row["lease_until"] > now:
                    raise BatchHeldError(self.client_id, row["batch_id"], "a run of it is at work")
            return self._next(transaction.connection)

    def put_in_force(self, checkout: Checkout, tree: str) -> Checkout:
        """Let a tree count, if no checkout was made since.

        Raises:
            BatchHeldError: If one was: what this one wrote does not count.
        """
        with self.ledger.write(self.client_id) as transaction:
            mine = (trees.c.client_id == self.client_id, trees.c.number == checkout.number)
            changed = transaction.connection.execute(update(trees).where(*mine).values(tree=tree))
            if not changed.rowcount:
                said = "another machine has checked the client's files out since"
                raise BatchHeldError(self.client_id, f"of checkout {checkout.number}", said)
            return checkout._replace(tree=tree)

    def _next(self, connection: Connection) -> Checkout:
        mine = trees.c.client_id == self.client_id
        row = connection.execute(select(trees).where(mine)).first()
        if row is None:
            connection.execute(insert(trees).values(client_id=self.client_id, number=1))
            return Checkout(1, None)
        connection.execute(update(trees).where(mine).values(number=row.number + 1))
        return Checkout(row.number + 1, row.tree)
