from __future__ import annotations

import pytest

from consulting.errors import ConfigurationError, TierBlockedError
from consulting.privacy import require_tier


@pytest.mark.parametrize(("required", "tier"), [(1, 1), (2, 2), (2, 3), (3, 3)])
def test_a_tier_high_enough_passes(required: int, tier: int) -> None:
    require_tier("store a sample", required=required, client_id="acme", tier=tier)


def test_a_tier_too_low_is_told_what_it_would_take() -> None:
    with pytest.raises(TierBlockedError, match=r'BLOCKED: "store rows" requires tier 3; acme is '
                       r"at tier 2 \(Sampled\)"):  # fmt: skip
        require_tier("store rows", required=3, client_id="acme", tier=2)


def test_a_tier_that_does_not_exist_allows_nothing() -> None:
    with pytest.raises(ConfigurationError, match="tier 4, which does not exist"):
        require_tier("read headers", required=1, client_id="acme", tier=4)
