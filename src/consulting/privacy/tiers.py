"""The gate every operation on client data passes: does the engagement's tier allow it?"""

from __future__ import annotations

from consulting.errors import ConfigurationError, TierBlockedError

SCHEMA_ONLY_TIER, SAMPLED_TIER, FULL_TIER = 1, 2, 3


def require_tier(operation: str, *, required: int, client_id: str, tier: int) -> None:
    """Stops an operation the tier forbids.

    Args:
        operation: What is about to happen, in words ("store full rows of feed 'orders'").
        required: The lowest tier that allows it (1 Schema-Only, 2 Sampled, 3 Full).
        client_id: The engagement.
        tier: The tier the engagement is at.

    Raises:
        TierBlockedError: If `tier` is below `required`.
        ConfigurationError: If `tier` is none of the three; an unknown tier allows nothing.
    """
    if tier not in TierBlockedError.NAMES:
        raise ConfigurationError(
            f"{client_id} is at tier {tier!r}, which does not exist, so {operation!r} is refused. "
            "Set `security_tier` in the client's defs.yaml to 1 (Schema-Only), 2 (Sampled) or "
            "3 (Full)."
        )
    if tier < required:
        raise TierBlockedError(operation, required, client_id, tier)
