"""Files whose dates lie outside of their period stop, where those before lay in theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.chain.test_accepted import accept_all, csv, monthly

from consulting.errors import BlockedDeliveryError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chain.conftest import World


def drop(world: World, period: str, days_of: str, begin: str) -> None:
    rows = [[f"{begin}{n};{days_of}-{n:02};2025-12-{n:02}"] for n in range(1, 29)]
    world.drop(f"kilo_{period}.csv", csv("id;w;due", rows))


def test_a_file_of_another_periods_rows_stops_until_somebody_finds_it_right(
    tmp_path: Path,
) -> None:
    date = {"rule": "to_date", "formats": ["%Y-%m-%d"]}
    world = monthly(tmp_path, date, {"name": "due", "from": "due"} | date)
    drop(world, "2026-01", "2026-01", "a")
    assert world.run().summary.delivered == 28
    drop(world, "2026-02", "2026-02", "b")
    assert world.run().summary.delivered == 28
    drop(world, "2026-03", "2026-02", "b")
    with pytest.raises(BlockedDeliveryError) as stopped:
        world.run()
    assert str(stopped.value).count("lie outside") == 1, "“due” never lay in its period"
    assert (
        "The dates in “w” of kilo_2026-03.csv lie outside of 2026-03, the period of these files; "
        "those of the last ones lay in theirs."
    ) in str(stopped.value)
    accept_all(world)
    assert world.run(world.engagement.intake.state().batches[-1].batch_id).summary.delivered == 28
    drop(world, "2026-04", "2026-02", "b")
    assert "lie outside of 2026-04" in world.stopped(), "that was said of March alone"
    accept_all(world)
    assert world.run(world.engagement.intake.state().batches[-1].batch_id).summary.delivered == 28
    drop(world, "2026-05", "2026-02", "b")
    assert world.run().summary.delivered == 28, "twice running somebody found that right"


def test_a_list_that_was_made_in_one_month_is_no_file_of_another(tmp_path: Path) -> None:
    date = {"rule": "to_date", "formats": ["%Y-%m-%d"]}
    world = monthly(tmp_path, date, {"name": "due", "from": "due"} | date)
    for period in ("2026-01", "2026-02", "2026-03"):
        drop(world, period, "2026-01", "a")
        assert world.run().summary.delivered == 28
