"""A delivery's verdict stands in the ledger, for SLA, alerts and portfolio to read."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; deliveries of release 0.1 have no verdict, and count as they did."""
    op.add_column("ledger_batch", sa.Column("verdict", sa.String()))
    # release 0.1 looks here, and refuses what is newer
    op.execute("UPDATE ledger_version SET version = 2")
