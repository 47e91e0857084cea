"""What Alembic runs: the steps, on the connection it is given."""

from alembic import context

from consulting.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    # the caller's transaction holds the ledger's lock over all steps
    transactional_ddl=False,
)
context.run_migrations()
