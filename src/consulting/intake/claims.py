"""The ledger's record of where each client's files come from, shared by all hosts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from consulting.database import is_sqlite, reading, writing
from consulting.errors import ConfigurationError
from consulting.intake.schema import places
from consulting.sources.places import overlaps

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from consulting.sources.places import Place

RENEWED_AFTER = timedelta(hours=1)
GONE_AFTER = timedelta(days=1)
"""A client that has not looked for so long, on any host, keeps its place no longer."""


def claim_place(engine: Engine, client_id: str, place: Place, now: datetime) -> None:
    """Record where a client's files come from, for all hosts that share the ledger.

    Args:
        engine: The ledger's database.
        client_id: The client.
        place: Where its files come from.
        now: Our own clock.

    Raises:
        ConfigurationError: If it lies inside another client's place, or around it; names both.
    """
    said = json.dumps(place)
    own = places.c.client_id == client_id
    with reading(engine) as connection:
        known = connection.execute(select(places).where(own)).first()
    if known and known.place == said and now - known.seen_at < RENEWED_AFTER:
        return
    with writing(engine) as connection:
        if not is_sqlite(engine):
            # two clients that claim at once must see each other
            connection.execute(text(f"LOCK TABLE {places.name} IN EXCLUSIVE MODE"))
        fresh = select(places).where(~own, places.c.seen_at > now - GONE_AFTER)
        others = {row.client_id: tuple(json.loads(row.place)) for row in connection.execute(fresh)}
        refused = overlaps(others | {client_id: place}).get(client_id)
        if refused:
            raise ConfigurationError(refused)
        connection.execute(places.delete().where(own))
        connection.execute(places.insert().values(client_id=client_id, place=said, seen_at=now))
