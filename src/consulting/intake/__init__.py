"""Intake that cannot lose a file: the ledger, batches, runs' fates. Nothing here knows Dagster."""

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
    "Look",
    "NoPeriod",
    "PeriodOf",
    "RunVerdict",
    "State",
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
        "Look": "records",
        "NoPeriod": "records",
        "PeriodOf": "records",
        "RunVerdict": "records",
        "State": "records",
        "VerbOutcome": "records",
        "beating": "heartbeat",
    },
)
