"""How a client's files come in: stores, the ledger, batches, and reading. No Dagster."""
