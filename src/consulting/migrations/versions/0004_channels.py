"""An incident is told in several channels, and the ledger knows how each of them stands."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INDEX = "alert_one_open_incident"


def upgrade() -> None:
    """Note each incident's channel, where there are alerts at all."""
    if not sa.inspect(op.get_bind()).has_table("alert_incidents"):
        return
    op.add_column(
        "alert_incidents", sa.Column("channel", sa.String(), nullable=False, server_default="")
    )
    op.execute(
        "UPDATE alert_incidents SET channel = coalesce((SELECT coalesce(redirected_from, "
        "alert_messages.channel) FROM alert_messages "
        "WHERE alert_messages.id = alert_incidents.message_id), '')"
    )
    op.drop_index(_INDEX, table_name="alert_incidents")
    where = sa.text("resolved_at IS NULL OR momentary")
    op.create_index(
        _INDEX,
        "alert_incidents",
        ["client_id", "kind", "subject", "channel"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )
