"""The chain a batch goes through: receive, profile, clean, validate, deliver. No Dagster here.

Each stage reads what the stages before it left in the run folder and leaves its own records there;
it can be run by an asset, a command line or a test alike.
"""

from typing import TYPE_CHECKING

from consulting.lazy import lazy_exports

if TYPE_CHECKING:
    from consulting.chain.apart import end_child
    from consulting.chain.arrivals import Tick, look
    from consulting.chain.cleaned import clean
    from consulting.chain.delivered import deliver
    from consulting.chain.engagement import Engagement
    from consulting.chain.facts import Facts, facts_of
    from consulting.chain.file_received import receive
    from consulting.chain.gate import drifted, refuse, unaccounted, unmapped, unreadable
    from consulting.chain.incidents import watch
    from consulting.chain.profiled import profile
    from consulting.chain.standing import standing_of, with_incidents
    from consulting.chain.validated import refuse_failed, validate

__all__ = [
    "Engagement",
    "Facts",
    "Tick",
    "clean",
    "deliver",
    "drifted",
    "end_child",
    "facts_of",
    "look",
    "profile",
    "receive",
    "refuse",
    "refuse_failed",
    "standing_of",
    "unaccounted",
    "unmapped",
    "unreadable",
    "validate",
    "watch",
    "with_incidents",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "Engagement": "engagement",
        "Facts": "facts",
        "Tick": "arrivals",
        "clean": "cleaned",
        "deliver": "delivered",
        "end_child": "apart",
        "facts_of": "facts",
        "look": "arrivals",
        "profile": "profiled",
        "receive": "file_received",
        "refuse_failed": "validated",
        "standing_of": "standing",
        "validate": "validated",
        "watch": "incidents",
        "with_incidents": "standing",
        "drifted": "gate",
        "refuse": "gate",
        "unaccounted": "gate",
        "unmapped": "gate",
        "unreadable": "gate",
    },
)
