"""A client's files as they lie on this machine while it works, and as they are stored."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from consulting.bucket import ObjectGoneError, WorkingCopy, everything
from consulting.errors import ConfigurationError, ConsultingError, StoreMissingError
from consulting.privacy import masking_key
from consulting.privacy.masking import KEY_FILE
from consulting.writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from consulting.bucket import Objects
    from consulting.intake import Checkout, Intake

_LOOKS = 5
"""A tree may be replaced, and what it names removed, while somebody reads it."""


class CheckedOut:
    """Checks a client's files out and in, where a bucket holds them; else they lie here anyway.

    Args:
        intake: The client's side of the ledger, which says what counts.
        copy: Its working copy; None where the data root itself holds its files.
    """

    def __init__(self, intake: Intake, copy: WorkingCopy | None) -> None:
        self._intake = intake
        self._copy = copy
        self._checkout: Checkout | None = None

    def take(self, batch_id: str, run_id: str) -> None:
        """Bring the folder up to what is stored, for a run that will put it back.

        Raises:
            BatchHeldError: If the run lost its hold of the batch.
            ConfigurationError: If the bucket holds the client's files of another ledger.
            StoreError: If the bucket does not answer, or lost what is stored.
        """
        if self._copy is not None:
            self._refuse_another_ledger(self._copy)
            self._begin(self._copy, self._intake.check_out(batch_id, run_id))

    def take_idle(self, now: datetime) -> None:
        """The same for a person's command; no run may be at work."""
        if self._copy is not None:
            self._refuse_another_ledger(self._copy)
            self._begin(self._copy, self._intake.check_out_idle(now))

    def see(self, wanted: Callable[[str], bool] = everything) -> None:
        """Bring the folder up to what is stored, to read it."""
        if (copy := self._copy) is None:
            return
        for _ in range(_LOOKS):
            with suppress(ObjectGoneError):
                copy.bring(self._intake.stored_tree(), wanted)
                return
        raise self._lost(copy)

    def put_back(self) -> None:
        """Store what changed; from here on it counts, wherever the client is worked on next.

        Raises:
            BatchHeldError: If another machine checked it out since: nothing of it counts then.
            StoreError: If the bucket does not answer.
        """
        if self._copy is None or self._checkout is None:
            return
        tree = self._copy.put_back(self._checkout.tree, self._checkout.number)
        if tree is not None:
            self._checkout = self._intake.put_in_force(self._checkout, tree)

    def sweep(self) -> None:
        """Remove for good what was stored and counts no more; what it leaves, the next removes."""
        with suppress(ConsultingError):
            self.remove_for_good()

    def remove_for_good(self) -> None:
        """The same for who must know that it is gone.

        Raises:
            StoreError: If the bucket does not answer or refuses.
        """
        if self._copy is None or self._checkout is None:
            return
        try:
            self._copy.sweep(self._checkout.tree, self._checkout.number)
        except ObjectGoneError:
            raise self._lost(self._copy) from None

    def _refuse_another_ledger(self, copy: WorkingCopy) -> None:
        """Of a client that is new to this ledger: its numbers are not another's, nor its sweeps."""
        if self._intake.stored_tree() is not None:
            return
        stored = copy.last_number()  # before the ledger is asked: its numbers only grow
        if stored > self._intake.last_checkout():
            raise ConfigurationError(
                f"{self._intake.client_id}: s3://{copy.objects.bucket}/{copy.objects.prefix} holds "
                "files that another ledger knows, and this one does not. Set CONSULTING_LEDGER_URL "
                "to the one ledger of all machines, or CONSULTING_DATA to another prefix."
            )

    def _begin(self, copy: WorkingCopy, checkout: Checkout) -> None:
        try:
            copy.bring(checkout.tree)
        except ObjectGoneError:
            raise self._lost(copy) from None
        self._checkout = checkout

    def _lost(self, copy: WorkingCopy) -> StoreMissingError:
        return StoreMissingError(
            self._intake.client_id,
            f"s3://{copy.objects.bucket}/{copy.objects.prefix}",
            "an object is gone that the client's files are made of.",
            "Restore the bucket and the ledger to one moment: the ledger says which objects count.",
        )


def share_key(folder: Path, objects: Objects, *, needed: bool) -> None:
    """Let all machines have the client's one masking key.

    Args:
        folder: The client's folder here.
        objects: Its objects.
        needed: Whether one is made where there is none yet.
    """
    path = folder / KEY_FILE
    if path.exists() and (folder / f".{KEY_FILE}.shared").exists():
        return
    held = objects.read(KEY_FILE)
    if held is None and (needed or path.exists()):
        held = objects.write_once(KEY_FILE, masking_key(folder))
    if held is not None:
        write_whole(path, [held])
        write_whole(folder / f".{KEY_FILE}.shared", [])
