"""The chain a batch goes through: receive, profile, clean, validate, deliver. No Dagster here.

Each stage reads what the stages before it left in the run folder and leaves its own records there;
it can be run by an asset, a command line or a test alike.
"""

from typing import TYPE_CHECKING

from consulting.lazy import lazy_exports

if TYPE_CHECKING:
    from consulting.chain.arrivals import Tick, look
    from consulting.chain.clean import clean
    from consulting.chain.deliver import deliver
    from consulting.chain.engagement import Engagement
    from consulting.chain.gate import drifted, refuse, unaccounted, unmapped, unreadable
    from consulting.chain.profile import profile
    from consulting.chain.receive import receive
    from consulting.chain.validate import refuse_failed, validate

__all__ = [
    "Engagement",
    "Tick",
    "clean",
    "deliver",
    "drifted",
    "look",
    "profile",
    "receive",
    "refuse",
    "refuse_failed",
    "unaccounted",
    "unmapped",
    "unreadable",
    "validate",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "Engagement": "engagement",
        "Tick": "arrivals",
        "clean": "clean",
        "deliver": "deliver",
        "drifted": "gate",
        "look": "arrivals",
        "profile": "profile",
        "receive": "receive",
        "refuse": "gate",
        "refuse_failed": "validate",
        "unaccounted": "gate",
        "unmapped": "gate",
        "unreadable": "gate",
        "validate": "validate",
    },
)
