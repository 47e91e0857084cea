"""At which tier a client's data is held, and since when it is watched, stands in the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns; what release 0.1 held was noted nowhere, and counts as held at tier 3."""
    op.add_column("ledger_client", sa.Column("held_tier", sa.Integer()))
    op.add_column("ledger_client", sa.Column("watched_since", sa.DateTime(timezone=True)))
