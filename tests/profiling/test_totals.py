"""Which labels name the sum of other rows."""

from __future__ import annotations

import pytest

from consulting.profiling.totals import subtotals


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
