"""Which tree of a client's files counts stands in the ledger, where a bucket holds them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table; nothing of an earlier release lies in a bucket."""
    op.create_table(
        "ledger_tree",
        sa.Column("client_id", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tree", sa.Text()),
    )
