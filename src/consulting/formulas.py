"""Text that a spreadsheet would run as a formula: told, made harmless in CSV, and restored.

A client's own data may hold such text (https://owasp.org/www-community/attacks/CSV_Injection). A
cell of CSV that starts like a formula gets a leading apostrophe. A spreadsheet set to another
country splits our lines at semicolons or tabs, whatever quotes say, so what starts like a formula
behind one of these, or on a new line inside a cell, gets an apostrophe as well.
"""

from __future__ import annotations

import re

# Full-width forms too: some locales' spreadsheets fold them before looking for a formula.
_TRIGGERS = r"=+\-@＝＋－＠"  # noqa: RUF001
# What a spreadsheet may trim: control characters, and blanks of any width or none.
_BLANKS = r"\x00-\x20\x7f\x{85}\x{a0}\x{1680}\x{2000}-\x{200f}\x{2028}-\x{202f}\x{205f}-\x{2060}\x{3000}\x{feff}"  # noqa: E501 - one class
_LEADING = rf"^('*[\t\r\n]|['{_BLANKS}]*[{_TRIGGERS}])"
_RUN = rf"""[;\t\r\n]['";{_BLANKS}]*"""

# The same rules for DuckDB, so that millions of rows are neutralised without passing Python.
_NEUTRAL_SQL = r"regexp_replace({text}, '({run})([{triggers}])', '\1''\2', 'g')"
_NEUTRAL_CELL_SQL = (
    "CASE WHEN regexp_matches({text}, '{leading}') AND NOT regexp_matches({text}, '{number}') "
    "THEN '''' || {inner} ELSE {inner} END"
)
# True for every text that could need it, and for few others: comparing costs less than matching.
_SUSPECT_SQL = (
    "({text} < '.' OR ({text} >= '=' AND {text} < '>') OR ({text} >= '@' AND {text} < 'A') "
    "OR {text} >= '\x7f' OR contains({text}, ';') OR contains({text}, chr(9)) "
    "OR contains({text}, chr(10)) OR contains({text}, chr(13)))"
)
# No spreadsheet makes more than a number of it; telephone numbers in international form are some.
_NUMBER_PATTERN = r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?"


def _of_python(pattern: str) -> str:
    """A pattern of DuckDB's engine (RE2) for Python's."""
    return re.sub(r"\\x\{([0-9a-f]+)\}", lambda found: f"\\u{int(found[1], 16):04x}", pattern)


_NUMBER = re.compile(_NUMBER_PATTERN, re.ASCII)
_STARTS_LIKE_ONE = re.compile(_of_python(_LEADING))
# possessive and always consuming: each character is looked at once, however many delimiters
_INNER = re.compile(_of_python(rf"({_RUN}+)([{_TRIGGERS}])?"))


def is_formula_like(text: str) -> bool:
    """Whether a spreadsheet might run this cell; a plain number, signed or not, is not."""
    return not text.startswith("'") and _needs_apostrophe(text)


def _needs_apostrophe(text: str) -> bool:
    """Whether a cell is like a formula, or would be mistaken for one of ours that was."""
    if text[:1].isalnum():  # most are
        return False
    return bool(_STARTS_LIKE_ONE.match(text)) and not _NUMBER.fullmatch(text)


def neutralise(text: str) -> str:
    """Return the text as it may stand in a CSV cell."""
    inner = _INNER.sub(lambda m: f"{m[1]}'{m[2]}" if m[2] else m[1], text)
    return f"'{inner}" if _needs_apostrophe(text) else inner


def restore(text: str) -> str:
    """Undo `neutralise`, for a file of ours that comes back from the client.

    Releases up to 0.1 put an apostrophe before `+` and digits, too.
    """
    bare = text[1:] if text.startswith("'") and _STARTS_LIKE_ONE.match(text[1:]) else text
    return _INNER.sub(lambda m: m[1].removesuffix("'") + m[2] if m[2] else m[1], bare)


def neutral_sql(text: str) -> str:
    """SQL of `neutralise` for an expression of type VARCHAR."""
    quoted_run, quoted_leading = _RUN.replace("'", "''"), _LEADING.replace("'", "''")
    inner = _NEUTRAL_SQL.format(text=text, run=quoted_run, triggers=_TRIGGERS)
    cell = _NEUTRAL_CELL_SQL.format(
        text=text, leading=quoted_leading, number=f"^{_NUMBER_PATTERN}$", inner=inner
    )
    return f"CASE WHEN {_SUSPECT_SQL.format(text=text)} THEN {cell} ELSE {text} END"
