"""The ledger's record of where each client's files come from, shared by all hosts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, String, Table, Text, inspect, select, text

from consulting.database import is_sqlite, reading, writing
from consulting.errors import ConfigurationError
from consulting.intake.schema import UtcTime
from consulting.sources.places import overlaps

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from consulting.sources.places import Place

RENEWED_AFTER = timedelta(hours=1)
GONE_AFTER = timedelta(days=1)
"""A client that has not looked for so long, on any host, keeps its place no longer."""

_places = Table(
    "ledger_source",
    MetaData(),
    Column("client_id", String, primary_key=True),
    Column("place", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)


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
    own = _places.c.client_id == client_id
    with reading(engine) as connection:
        known = _has_table(connection) and connection.execute(select(_places).where(own)).first()
    if known and known.place == said and now - known.seen_at < RENEWED_AFTER:
        return
    with writing(engine) as connection:
        _places.create(connection, checkfirst=True)
        if not is_sqlite(engine):
            # two clients that claim at once must see each other
            connection.execute(text(f"LOCK TABLE {_places.name} IN EXCLUSIVE MODE"))
        fresh = select(_places).where(~own, _places.c.seen_at > now - GONE_AFTER)
        others = {row.client_id: tuple(json.loads(row.place)) for row in connection.execute(fresh)}
        refused = overlaps(others | {client_id: place}).get(client_id)
        if refused:
            raise ConfigurationError(refused)
        connection.execute(_places.delete().where(own))
        connection.execute(_places.insert().values(client_id=client_id, place=said, seen_at=now))


def _has_table(connection: Connection) -> bool:
    return inspect(connection).has_table(_places.name)
