"""Intake that cannot lose a file: stores, the ledger, batches. Nothing here knows Dagster."""

from typing import TYPE_CHECKING

from consulting.lazy import lazy_exports

if TYPE_CHECKING:
    from consulting.intake.fate import POISON
    from consulting.intake.heartbeat import beating
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
        NoPeriod,
        PeriodOf,
        RunVerdict,
        State,
        VerbOutcome,
    )
    from consulting.intake.stores import Listed, ListingPage, LocalStore, S3Store, Store

__all__ = [
    "POISON",
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
    "NoPeriod",
    "PeriodOf",
    "RunVerdict",
    "S3Store",
    "State",
    "Store",
    "VerbOutcome",
    "beating",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "POISON": "fate",
        "BatchPolicy": "records",
        "BatchStanding": "records",
        "BatchStatus": "records",
        "DeliveryFact": "records",
        "DropStory": "records",
        "FeedPattern": "records",
        "Intake": "intake",
        "LandedFile": "records",
        "Ledger": "ledger",
        "LedgerEvent": "records",
        "LedgerState": "records",
        "Listed": "stores",
        "ListingPage": "stores",
        "LocalStore": "stores",
        "Look": "records",
        "NoPeriod": "records",
        "PeriodOf": "records",
        "RunVerdict": "records",
        "S3Store": "stores",
        "State": "records",
        "Store": "stores",
        "VerbOutcome": "records",
        "beating": "heartbeat",
    },
)
