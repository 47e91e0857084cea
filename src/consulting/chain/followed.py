"""What a template, as it is now, does to the deliveries of one client that follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.chain.preview import previews
from consulting.cleaning.templated import followers
from consulting.delivery import FeedDifference
from consulting.delivery.compared import TableChange
from consulting.errors import ConsultingError, DeliveryError
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.chain.engagement import Engagement
    from consulting.chain.preview import Preview


class Followed(Record):
    """How what would be delivered of the last files is not the delivery that stands, in counts.

    Attributes:
        client_id: Whose.
        feeds: The feeds that follow the template.
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

    @property
    def changes(self) -> bool:
        """Whether the delivery would be another."""
        counts = [c for a in self.accounts for c in (a.delivered, a.rejected, a.merged, *a.reasons)]
        tables = [table.model_dump(exclude={"table", "key", "same"}) for table in self.tables]
        return any(count.changed for count in counts) or any(any(t.values()) for t in tables)

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


def followed(engagement: Engagement, template: str) -> Followed | None:
    """Try a client's models on its last files, as `consulting preview`; None if none follows.

    Args:
        engagement: The client.
        template: The template.
    """
    feeds = followers(engagement.models.files, template)
    if not feeds:
        return None
    known = {"client_id": engagement.client_id, "feeds": tuple(feeds)}
    try:
        with previews(engagement) as tried:
            return _of(tried(), feeds)
    except DeliveryError:  # no file was read yet
        return Followed.model_validate(known)
    except ConsultingError as error:
        return Followed.model_validate({**known, "failed": str(error)})


def _of(found: Preview, feeds: list[str]) -> Followed:
    beside = found.differences
    tables = [each.change for each in beside.tables if each.table in feeds] if beside else []
    return Followed(
        client_id=found.client_id,
        feeds=tuple(feeds),
        accounts=tuple(each for each in found.feeds if each.feed in feeds) if beside else (),
        tables=tuple(tables),
        beside=beside.then.delivery_id if beside else None,
        failed=found.refused,
    )
