"""Intake that cannot lose a file: the ledger, batches, runs' fates. Nothing here knows Dagster."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
