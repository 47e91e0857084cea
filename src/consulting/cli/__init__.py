"""The command line: the demo, the ledger's verbs, preparing and proposing dbt models, verifying."""

from consulting.cli.main import main

__all__ = ["main"]
