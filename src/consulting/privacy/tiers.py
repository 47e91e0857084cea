"""How much client data may be held, in three steps."""

from __future__ import annotations

SCHEMA_ONLY_TIER, SAMPLED_TIER, FULL_TIER = 1, 2, 3
