"""What queues told of clients' places stands in the ledger, and when each queue was read."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the tables; no queue told an earlier release anything."""
    op.create_table(
        "ledger_notified",
        sa.Column("client_id", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "ledger_queue",
        sa.Column("queue_url", sa.Text(), primary_key=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
    )
