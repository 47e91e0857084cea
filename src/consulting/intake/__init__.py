"""Intake that cannot lose a file: stores, the ledger, batches. Nothing here knows Dagster."""

from consulting.intake.intake import Intake
from consulting.intake.ledger import Ledger
from consulting.intake.records import (
    BatchPolicy,
    BatchStanding,
    BatchStatus,
    DeliveryFact,
    DropStory,
    FeedPattern,
    LandedFile,
    LedgerEvent,
    LedgerState,
    Look,
    RunVerdict,
    State,
    VerbOutcome,
)
from consulting.intake.stores import Listed, ListingPage, LocalStore, S3Store, Store

__all__ = [
    "BatchPolicy",
    "BatchStanding",
    "BatchStatus",
    "DeliveryFact",
    "DropStory",
    "FeedPattern",
    "Intake",
    "LandedFile",
    "Ledger",
    "LedgerEvent",
    "LedgerState",
    "Listed",
    "ListingPage",
    "LocalStore",
    "Look",
    "RunVerdict",
    "S3Store",
    "State",
    "Store",
    "VerbOutcome",
]
