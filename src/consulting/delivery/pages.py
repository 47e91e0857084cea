"""Rendering: one self-contained HTML page from a template, the style inside it, nothing fetched."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from consulting.intake.reading.encoding_names import encoding_in_words
from consulting.privacy.wording import columns_in_words
from consulting.shown import on_lines, on_one_line
from consulting.wording import counted

if TYPE_CHECKING:
    from datetime import datetime

_MILLION = 1_000_000
_KINDS = {
    "BIGINT": "whole number",
    "BOOLEAN": "yes or no",
    "DATE": "date",
    "DOUBLE": "number",
    "HUGEINT": "whole number",
    "INTEGER": "whole number",
    "TIMESTAMP": "date and time",
    "TIMESTAMP WITH TIME ZONE": "date and time",
    "VARCHAR": "text",
}

_TYPES = {
    "boolean": "yes or no",
    "code": "code of digits",
    "decimal": "number",
    "email": "e-mail address",
    "empty": "no value",
    "integer": "whole number",
    "money": "amount of money",
    "phone": "phone number",
    "timestamp": "date and time",
    "time": "time of day",
    "url": "web address",
    "uuid": "technical id (UUID)",
    "unknown": "not known",
}


def render(template: str, **values: Any) -> str:
    """Return a page. Every value is escaped, unless it is `Markup` made by this package."""
    environment = _environment()
    style = Markup(environment.get_template("style.css").render())  # noqa: S704 - our own file
    return environment.get_template(template).render(style=style, **values)


def load_templates() -> None:
    """Compile all templates, which stay compiled in this process."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


def number(value: float) -> str:
    """Return a number for a reader: 12,480 or 98.6; a whole number has no decimals."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.3g}"
    return f"{int(value):,}"


def percent(part: float, whole: float) -> str:
    """Return a share in words that never round something to nothing, nor almost all to all."""
    if not whole:
        return "–"  # noqa: RUF001 - a dash in a table
    share = 100 * part / whole
    if 0 < share < 0.1:  # noqa: PLR2004
        return "< 0.1 %"
    if 99.9 < share < 100:  # noqa: PLR2004
        return "> 99.9 %"
    return f"{share:.0f} %" if share in (0, 100) else f"{share:.1f} %"


def size(size_bytes: int) -> str:
    """Return a file size: 512 B, 12.3 kB, 4.5 MB (decimal units)."""
    if size_bytes < 1000:  # noqa: PLR2004
        return f"{size_bytes} B"
    if size_bytes < _MILLION:
        return f"{size_bytes / 1000:.1f} kB"
    return f"{size_bytes / _MILLION:,.1f} MB"


def day(moment: datetime) -> str:
    """Return a date for a reader: 3 November 2026."""
    return f"{moment.day} {moment:%B %Y}"


def mentions(text: str, line: int) -> bool:
    """Whether a text names the line: "Line 1,498 skipped" does for 1498."""
    return re.search(rf"\b[Ll]ines? (\d[\d,]* to )?({line}|{line:,})\b", text) is not None


def ordinal(count: int) -> str:
    """Return the place in a row: 1st, 2nd, 11th."""
    teen = count % 100 in (11, 12, 13)
    return f"{count}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(count % 10, 'th')}"


def figure(value: float) -> str:
    """Return a measured figure with three digits that mean something: 0.184, 2.6, 120."""
    return f"{float(f'{value:.3g}'):,g}"


def kind(sql_type: str) -> str:
    """Return a column's type as people say it: DECIMAL(12,2) is a number with 2 decimals."""
    name, _, rest = sql_type.partition("(")
    if name == "DECIMAL":
        decimals = rest.rstrip(")").partition(",")[2].strip() or "0"
        return f"number, {counted(int(decimals), 'decimal')}"
    return _KINDS.get(name, sql_type.lower())


def type_words(types: str) -> str:
    """Return the types of a profile as people say them: "code, text" is a code of digits, text."""
    return ", ".join(_TYPES.get(one, one.replace("_", " ")) for one in types.split(", "))


def visible(text: str) -> Markup:
    """Return a value with its blanks made visible, for blanks are often what was changed."""
    escaped = str(Markup.escape(text))
    for blank, sign in (("\t", "⇥"), ("\n", "↵"), ("\r", ""), ("\u00a0", "⍽")):
        escaped = escaped.replace(blank, f'<span class="blank">{sign}</span>')
    escaped = on_one_line(escaped)
    core = escaped.strip(" ")
    left = len(escaped) - len(escaped.lstrip(" "))
    right = len(escaped) - len(escaped.rstrip(" ")) if core else 0
    dot = '<span class="blank">·</span>'
    inner = core.replace("  ", f"{dot}{dot}")
    return Markup(dot * left + inner + dot * right)  # noqa: S704 - escaped above


def _seen(value: object) -> object:
    """Text in which nothing is invisible: a mark of a client's might turn what a page says."""
    return on_lines(value) if type(value) is str else value


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("consulting.delivery", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_seen,
    )
    for word in (
        figure,
        kind,
        mentions,
        number,
        ordinal,
        percent,
        size,
        day,
        columns_in_words,
        counted,
        visible,
    ):
        environment.filters[word.__name__] = word
    environment.filters["encoding"] = encoding_in_words
    return environment
