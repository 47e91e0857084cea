"""What each part of a client's intake works with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.intake.matching import FeedMatcher, TemporaryNames
from consulting.intake.records import BatchPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.intake.ledger import Ledger
    from consulting.intake.records import FeedPattern, PeriodOf
    from consulting.layout import ClientFolder
    from consulting.privacy import Names
    from consulting.sources.places import Place
    from consulting.sources.store import Store


class Part:
    """What the parts of a client's intake share.

    Args:
        ledger: The record shared by all clients.
        store: Where the client puts files.
        folder: Where the client's things are held; its `client_id` is the client's.
        feeds: Which files belong to which feed; the first that matches wins.
        policy: How long to wait, how much to take, how often to try.
        period_of: Gives the partition of a drop; None where the engagement has no partitions.
        sealed: Whether what is landed may not lie on the disk in clear, nor stay: below tier 3.
        names: How the names of files are told; as they are, where it is not given.
        place: Where the store is, so that no two clients look at one place.
        queue_url: The queue that tells what arrives there; None where none does.
    """

    def __init__(  # noqa: PLR0913 - by name only; each is a part of its own
        self,
        *,
        ledger: Ledger,
        store: Store,
        folder: ClientFolder,
        feeds: Sequence[FeedPattern],
        policy: BatchPolicy | None = None,
        period_of: PeriodOf | None = None,
        sealed: bool = False,
        place: Place | None = None,
        names: Names | None = None,
        queue_url: str | None = None,
    ) -> None:
        self.ledger = ledger
        self.place = place
        self.queue_url = queue_url
        self.store = store
        self.folder = folder
        self.client_id = folder.client_id
        self.policy = policy or BatchPolicy()
        self.matcher = FeedMatcher(feeds, period_of, names)
        self.temporary = TemporaryNames(self.policy.temp_patterns, self.policy.done_marker)
        self.sealed = sealed
