"""What the models read is held against the columns that came last."""

from __future__ import annotations

from pathlib import Path

from consulting.cleaning.models import ClientModels
from consulting.cleaning.review import unsent_columns

DBT = Path(__file__).parents[2] / "dbt"
SENT = ["Order ID", "Customer ID", "Order Date", "Ship Date", "Qty.", "Amount", "Channel"]


def test_a_column_that_the_last_file_does_not_have_is_told_with_its_line_and_a_way_out() -> None:
    models = ClientModels(DBT, "acme_corp")
    lines = (models.folder / "orders.yml").read_text(encoding="utf-8").splitlines()
    line = lines.index("      - name: quantity") + 1
    (told,) = unsent_columns(models, "orders", SENT)
    assert told == (
        f"dbt/models/clients/acme_corp/orders.yml, line {line}, orders.quantity: `from` names "
        "'Qty', which is not in the last file of 'orders'. Did you mean 'Qty.'? Where files "
        "may come without it, add `optional: true`."
    )
    assert list(unsent_columns(models, "orders", [*SENT, "Qty"])) == []
