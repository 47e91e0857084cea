"""What the models, as they are now, would do to the delivery of a client that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import computed_field

from consulting.chain.preview import previews
from consulting.delivery import FeedDifference
from consulting.delivery.compared import TableChange
from consulting.errors import ConsultingError, DeliveryError
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.chain.engagement import Engagement
    from consulting.chain.preview import Preview


class Impact(Record):
    """How what would be delivered of the last files is not the delivery that stands, in counts.

    Attributes:
        client_id: Whose.
        feeds: The feeds that are told of.
        accounts: Where their rows go, then and now.
        tables: How their tables differ.
        beside: The delivery it is compared with; None where there is none yet.
        failed: Why nothing would be delivered, or the models can not be run; None where they can.
    """

    client_id: str
    feeds: tuple[str, ...]
    accounts: tuple[FeedDifference, ...] = ()
    tables: tuple[TableChange, ...] = ()
    beside: str | None = None
    failed: str | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def changes(self) -> bool:
        """Whether the delivery would be another."""
        tables = [table.model_dump(exclude={"table", "key", "same"}) for table in self.tables]
        moved = any(account.changed for account in self.accounts)
        return moved or any(any(table.values()) for table in tables)

    def in_words(self) -> Iterator[str]:
        """What there is to say, a line each."""
        feeds = ", ".join(self.feeds)
        if self.failed is not None:
            yield f"{self.client_id} ({feeds}): would not be delivered: {self.failed}"
        elif self.beside is None:
            yield f"{self.client_id} ({feeds}): nothing was delivered yet, so nothing changes"
        elif not self.changes:
            yield f"{self.client_id} ({feeds}): nothing changes, beside delivery {self.beside}"
        else:
            yield f"{self.client_id} ({feeds}): changes, beside delivery {self.beside}"
        if self.beside is None or not self.changes:
            return
        yield from (f"  {line}" for account in self.accounts for line in account.in_words())
        yield from (f"  {table.in_words()}" for table in self.tables)


def impact_on(engagement: Engagement, feeds: Sequence[str] | None = None) -> Impact:
    """Try a client's models, as they are now, on its last files, as `consulting preview`.

    Args:
        engagement: The client.
        feeds: The feeds to tell of; all of them if not given.
    """
    told = tuple(feeds or (feed.name for feed in engagement.config.feeds))
    try:
        with previews(engagement) as tried:
            return _of(tried(), told, every=feeds is None)
    except DeliveryError:  # no file was read yet
        return Impact(client_id=engagement.client_id, feeds=told)
    except ConsultingError as error:
        return Impact(client_id=engagement.client_id, feeds=told, failed=str(error))


def _of(found: Preview, feeds: tuple[str, ...], *, every: bool) -> Impact:
    beside = found.differences
    return Impact(
        client_id=found.client_id,
        feeds=feeds,
        accounts=tuple(a for a in found.feeds if a.feed in feeds) if beside else (),
        # a table of hand-written SQL is of no one feed
        tables=tuple(t.change for t in beside.tables if every or t.table in feeds)
        if beside
        else (),
        beside=beside.then.delivery_id if beside else None,
        failed=found.refused,
    )
