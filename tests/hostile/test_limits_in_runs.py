"""What is over a limit is set aside by whole runs, with the limit's name and what raises it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from consulting import chain
from consulting.errors import BeyondLimitError

from ..chain.conftest import AT_ONCE, World

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_stays_beyond_a_limit_is_set_aside_by_its_name(tmp_path: Path) -> None:
    wide = [f"c{n}" for n in range(1200)]
    world = World(
        tmp_path,
        limits={"max_profile_seconds": 0.5},
        intake={**AT_ONCE, "solo_failures": 1},
    )
    rows = [",".join(str(n * at % 97) for at in range(len(wide))) for n in range(30)]
    world.drop("customers_1.csv", "\n".join([",".join(wide), *rows]))
    received = world.receive("run")
    with pytest.raises(BeyondLimitError, match="max_profile_seconds"):
        chain.profile(
            world.engagement, batch_id=received.batch.batch_id, run_id="run", log=world.said.append
        )
    world.engagement.intake.look(now=datetime.now(UTC))
    assert world.states() == {"customers_1.csv": "quarantined"}
    (aside,) = world.engagement.intake.state().quarantined
    told = str(aside.reason)
    assert "takes more than the 0.5 seconds of processor time allowed" in told
    assert "raise `max_profile_seconds` for the feed in the client's defs.yaml" in told
