"""The chain a batch goes through: receive, profile, clean, validate, deliver. No Dagster here.

Each stage reads what the stages before it left in the run folder and leaves its own records there;
it can be run by an asset, a command line or a test alike.
"""

from consulting.chain.arrivals import Tick, look
from consulting.chain.clean import clean
from consulting.chain.deliver import deliver
from consulting.chain.engagement import Engagement
from consulting.chain.profile import profile
from consulting.chain.receive import receive
from consulting.chain.validate import refuse_failed, validate

__all__ = [
    "Engagement",
    "Tick",
    "clean",
    "deliver",
    "look",
    "profile",
    "receive",
    "refuse_failed",
    "validate",
]
