"""Where clients put files: a local folder, or a prefix of an S3 bucket."""

from consulting.intake.stores.base import Listed, ListingPage, Store
from consulting.intake.stores.local import LocalStore
from consulting.intake.stores.s3 import S3Store

__all__ = ["Listed", "ListingPage", "LocalStore", "S3Store", "Store"]
