"""How findings are said: shares, numbers and enumerations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LARGE = 1_000


def share(part: int, whole: int) -> str:
    """A share that never rounds something to nothing, nor nearly all to all."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:  # noqa: PLR2004 - below the one decimal that is shown
        return "less than 0.1 %"
    if 99.9 < percent < 100:  # noqa: PLR2004
        return "more than 99.9 %"
    return f"{percent:.1f} %".replace(".0 %", " %")


def figure(value: float) -> str:
    """A number for people: thousands are grouped, others have four significant digits."""
    if abs(value) >= _LARGE:
        return f"{value:,.0f}"
    return f"{float(f'{value:.4g}'):.10f}".rstrip("0").rstrip(".")


def enumerated(words: Sequence[str], last: str = "and") -> str:
    """Words as an enumeration: a, b and c."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
