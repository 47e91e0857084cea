"""Where each client's files come from stands in the ledger, so that all hosts agree."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table, where no release in between has made it."""
    if sa.inspect(op.get_bind()).has_table("ledger_source"):
        return
    op.create_table(
        "ledger_source",
        sa.Column("client_id", sa.String(), primary_key=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
