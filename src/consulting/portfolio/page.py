"""The portfolio page: one self-contained HTML file over all clients."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from consulting.portfolio.sparkline import sparkline
from consulting.portfolio.standing import GROUPS, ClientStanding
from consulting.timekeeping import say_duration
from consulting.writing import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ALERTS = "alerts.html"
"""The page of alerts beside it, where they are sent to one."""


def build_portfolio(
    entries: Sequence[ClientStanding], out: Path, *, as_of: datetime | None = None
) -> Path:
    """Write the page, worst client first; readers see the old or the new one whole.

    Args:
        entries: One for each client.
        out: The file to write, or a folder to write `portfolio.html` in.
        as_of: The moment the entries tell about; the present one by default.

    Returns:
        The file.
    """
    moment = (as_of or datetime.now(UTC)).astimezone(UTC)
    path = out if out.suffix else out / "portfolio.html"
    environment = Environment(
        loader=PackageLoader("consulting.portfolio", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "ago": lambda then: _ago(then, moment),
        "short": lambda then: _short(then, moment),
        "iso": lambda then: then.astimezone(UTC).isoformat(timespec="minutes"),
        "sparkline": sparkline,
        "trend": _trend,
        "web": _web,
    }
    groups = Counter(entry.group for entry in entries)
    page = environment.get_template("portfolio.html").render(
        entries=sorted(entries, key=lambda entry: entry.worst_first),
        words=GROUPS,
        groups=[(group, word, groups[group]) for group, word in GROUPS.items()],
        alerts=_ALERTS if (path.parent / _ALERTS).is_file() else "",
        incidents=sum(len(entry.incidents) for entry in entries),
        quarantined=sum(entry.quarantined for entry in entries),
        as_of=moment,
    )
    return write_text(path, page)


def _ago(then: datetime, moment: datetime) -> str:
    """How far a time is from the moment of the page: "3 days ago", "in 5 hours"."""
    past = then <= moment
    length = say_duration(moment - then if past else then - moment)
    return f"{length} ago" if past else f"in {length}"


def _short(then: datetime, moment: datetime) -> str:
    """A time in UTC, "Mon 9 Mar, 12:00"; with the year where it is another one."""
    then = then.astimezone(UTC)
    year = f" {then.year}" if then.year != moment.year else ""
    return f"{then:%a} {then.day} {then:%b}{year}, {then:%H:%M}"


def _trend(scores: Sequence[float]) -> str:
    """How the last score compares with the one before: "+3", "-2", "" where there is none."""
    change = round(scores[-1] - scores[-2], 1) if len(scores) > 1 else 0
    return f"{change:+g}".replace("-", "\u2212") if change else ""


def _web(link: str) -> str:
    """A link as it is, unless it could run code."""
    scheme = link.partition(":")[0].strip().lower()
    harmless = scheme in {"http", "https", "file"} or ":" not in link.partition("/")[0]
    return link if harmless else "#"
