"""Which labels name the sum of other rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from consulting.profiling.propose import propose_feed
from consulting.profiling.totals import subtotals

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.profiling import FeedProfile


@pytest.mark.parametrize(
    ("labels", "sums"),
    [
        (["West", "East", "West Total", "East Total", "Grand Total"],
         ["West Total", "East Total", "Grand Total"]),
        (["Income", "   Services", "Total Income", "Net Income"], ["Total Income"]),
        (["Nord", "Süd", "Summe Nord", "Süd Gesamt", "Zwischensumme"],
         ["Summe Nord", "Süd Gesamt", "Zwischensumme"]),
        (["Nord", "Total pour Nord", "Sous-total", "Total général"],
         ["Total pour Nord", "Sous-total", "Total général"]),
        (["Norte", "Total Norte", "Subtotal:"], ["Total Norte", "Subtotal:"]),
        (["Rent", "Total for Rent"], ["Total for Rent"]),
        (["TOTAL", "Shell", "BP"], []),
        (["Total Energies", "Total Wine", "Shell"], []),
        (["Summer", "Sumatra", "Totalschaden", "Gesamtschule Ulm"], []),
    ],
)  # fmt: skip
def test_a_label_names_a_sum_where_the_rest_of_it_is_another_label(
    labels: list[str], sums: list[str]
) -> None:
    assert list(subtotals(dict.fromkeys(labels, 2))) == sums


def test_a_proposal_rejects_them_by_their_labels_and_none_that_may_not_be_written(
    profile: Callable[..., FeedProfile],
) -> None:
    labels = ["O'Hare", "O'Hare", " O'Hare Total", "West", "West", "Total West"]
    found = profile({"Region": labels, "Amount": ["1", "2", "3", "4", "5", "9"]})
    assert propose_feed(found).reject_when == {
        "subtotal": "\"region\" IN ('O''Hare Total', 'Total West')"
    }
    assert propose_feed(found.model_copy(update={"basis": "sample"})).reject_when is None
    masked = found.columns[0].model_copy(update={"masked": True})
    hidden = found.model_copy(update={"columns": (masked, *found.columns[1:])})
    assert propose_feed(hidden).reject_when is None
