"""Text that a spreadsheet would run as a formula: told, made harmless in CSV, and restored.

A client's own data may hold such text (https://owasp.org/www-community/attacks/CSV_Injection). In
CSV it gets a leading apostrophe.
"""

from __future__ import annotations

import re

# Full-width forms too: some locales' spreadsheets fold them before looking for a formula.
_TRIGGERS = "=+-@＝＋－＠"  # noqa: RUF001
_CONTROL_TRIGGERS = "\t\r\n"
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")

# The same rule for DuckDB, so that millions of rows are neutralised without passing Python.
FORMULA_SQL_PATTERN = r"^([\t\r\n]|\s*[=+\-@＝＋－＠])"  # noqa: RUF001
# True for every text that the pattern fits, and for few others.
FIRST_CHARACTERS_SQL = (
    "({text} < '.' OR ({text} >= '=' AND {text} < '>') OR ({text} >= '@' AND {text} < 'A') "
    "OR {text} >= '＋')"  # noqa: RUF001
)
NUMBER_SQL_PATTERN = r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$"


def is_formula_like(text: str) -> bool:
    """Whether a spreadsheet might run this text; a plain (negative) number is not."""
    if not text or _NUMBER.fullmatch(text):
        return False
    stripped = text.lstrip()
    return text[0] in _CONTROL_TRIGGERS or (bool(stripped) and stripped[0] in _TRIGGERS)


def neutralise(text: str) -> str:
    """Return the text as it may stand in a CSV cell."""
    return f"'{text}" if is_formula_like(text) else text


def restore(text: str) -> str:
    """Undo `neutralise`, for a file of ours that comes back from the client."""
    return text[1:] if text.startswith("'") and is_formula_like(text[1:]) else text
