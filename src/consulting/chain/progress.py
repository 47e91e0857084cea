"""A dbt command's progress as lines of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.cleaning import Progress


def told(log: Callable[[str], None]) -> Callable[[Progress], None]:
    """Tell each model and test that ended, as "3 of 12: test unique_orders_order_id: pass"."""

    def tell(step: Progress) -> None:
        if step.status != "started":
            log(f"{step.index} of {step.total}: {step.kind} {step.name}: {step.status}")

    return tell
