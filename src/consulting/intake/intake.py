"""The intake of one client: what the sensor, the run and the command line use."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from consulting.intake.batching import Batching
from consulting.intake.fate import Fate
from consulting.intake.looking import Looking
from consulting.intake.trees import Trees
from consulting.intake.verbs import Verbs
from consulting.privacy.masking import KEY_FILE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from consulting.intake.records import DeliveryFact


class Intake(Looking, Batching, Fate, Trees, Verbs):
    """A client's files, from the first sight to the delivery.

    A sensor's tick is `reconcile`, `look`, `claim`, and a request for each of
    `pending_requests`. A run is `begin`, `land` for each drop, its work, `seal`, publishing,
    `delivered`. Between any two of these calls the process may be killed; calling them again goes
    on from there.
    """

    def told(self, name: str) -> str:
        """The name of a file as the tier tells it."""
        return self.matcher.names.told(name)

    def told_before(self, names: Iterable[str]) -> set[str]:
        """Names of files as they may have been told at another tier, or by an earlier release."""
        hidden = self.matcher.names.model_copy(update={"hidden": True})
        given = set(names)
        if not (self.folder.path / KEY_FILE).exists():
            return given  # no name was ever hidden
        return given | {hidden.told(name) for name in given}

    def held_tier(self) -> int | None:
        """The tier that the client's data is held at; None if none was ever noted."""
        with self.ledger.read() as connection:
            client = self.ledger.client(connection, self.client_id)
        return None if client is None else client["held_tier"]

    def hold_tier(self, tier: int) -> None:
        """Note the tier that the client's data is held at from now on."""
        with self.ledger.write(self.client_id) as transaction:
            transaction.update_client(held_tier=tier)

    def watched_since(self, now: datetime) -> datetime:
        """When the client was first looked at; noted now, if it never was."""
        with self.ledger.read() as connection:
            client = self.ledger.client(connection, self.client_id)
        if client is not None and client["watched_since"] is not None:
            return cast("datetime", client["watched_since"])
        with self.ledger.write(self.client_id) as transaction:
            since: datetime = transaction.client["watched_since"] or now
            transaction.update_client(watched_since=since)
        return since

    def was_delivered(self, hashes: Collection[str]) -> bool:
        """Whether a file of one of these contents was ever delivered."""
        return self.ledger.was_delivered(self.client_id, hashes)

    def roots(self, batch_ids: Iterable[str]) -> dict[str, str]:
        """Batch id → the batch it was split off from at the very first, or itself."""
        return self.ledger.roots(self.client_id, batch_ids)

    def deliveries(self) -> list[DeliveryFact]:
        """The client's delivered batches, oldest first."""
        return self.ledger.deliveries(self.client_id)
