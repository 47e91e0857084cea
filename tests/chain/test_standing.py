"""How a client stands, for the portfolio page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from consulting import chain
from consulting.errors import NothingNewError

from .test_delivering import HEADER, customer

if TYPE_CHECKING:
    from .conftest import World


def test_a_file_that_brings_nothing_new_hides_neither_the_last_delivery_nor_its_score(
    world: World,
) -> None:
    world.drop("customers_1.csv", HEADER + customer(1))
    delivery = world.run()
    world.drop("customers_2.csv", HEADER + customer(1))
    with pytest.raises(NothingNewError):
        world.run()
    facts = chain.facts_of(world.engagement, datetime.now(UTC))
    assert [(each.files, each.new_files) for each in facts.deliveries] == [(1, 1), (1, 0)]
    standing = chain.standing_of(world.engagement, facts)
    assert standing.scores == (delivery.summary.score,)
    assert standing.last_delivery is not None
    assert standing.last_delivery.delivery_id == delivery.delivery_id
    assert standing.last_delivery.link is not None
