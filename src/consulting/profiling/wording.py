"""How findings are said: counts that agree with their words, shares, numbers and date formats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHOICE = re.compile(r"\[([^|\[\]]*)\|([^|\[\]]*)\]")
_DATE_WORDS = {
    "%Y": "YYYY", "%y": "YY", "%m": "MM", "%d": "DD", "%b": "Mon", "%B": "Month", "%H": "hh",
    "%I": "hh", "%M": "mm", "%S": "ss", "%f": "fraction", "%p": "am/pm", "%z": "±hh:mm",
    " not English": "",
}  # fmt: skip
_LARGE = 1_000


def inflected(template: str, count: int) -> str:
    """A sentence with its count: `"{n} [row has|rows have] a value"` for one or for many."""
    chosen = _CHOICE.sub(lambda m: m.group(1 if count == 1 else 2), template)
    return chosen.replace("{n}", f"{count:,}")


def counted(count: int, word: str) -> str:
    """A count with its word: 1 row, 1,204 rows."""
    return f"{count:,} {word if count == 1 else word + 's'}"


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


def date_format(pattern: str, *, day_first: bool | None = None) -> str:
    """A date format as people write it: DD/MM/YYYY for `%d/%m/%Y`.

    Args:
        pattern: As in `FormatCount.format`; `?` stands for a day or a month.
        day_first: Which of them comes first, where that is known; both orders are said if not.
    """
    if pattern.startswith("?"):
        orders = [("%d", "%m"), ("%m", "%d")]
        if day_first is not None or "." in pattern[:2]:
            orders = orders[:1] if day_first is not False else orders[1:]
        forms = [pattern.replace("?", a, 1).replace("?", b, 1) for a, b in orders]
        return " or ".join(date_format(form) for form in forms)
    for code, word in _DATE_WORDS.items():
        pattern = pattern.replace(code, word)
    return pattern.replace("(Month)", "Month").replace("(Mon)", "Mon")
