"""The chain a batch goes through: receive, profile, clean, validate, deliver. No Dagster here.

Each stage reads what the stages before it left in the run folder and leaves its own records there;
it can be run by an asset, a command line or a test alike.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
