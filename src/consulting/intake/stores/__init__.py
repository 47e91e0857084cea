"""Where clients put files: a local folder, or a prefix of an S3 bucket."""

from consulting.intake.stores.base import Listed, ListingPage, Store
from consulting.intake.stores.local import LocalStore

__all__ = ["Listed", "ListingPage", "LocalStore", "Store"]
