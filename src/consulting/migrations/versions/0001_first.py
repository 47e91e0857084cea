"""The tables of release 0.1."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Nothing: a ledger of release 0.1 stands here already."""
