"""Alerts as Slack messages: Block Kit, and the one line of text that notifications show.

Text that came from outside is `plain_text` or a code span, with `&`, `<` and `>` escaped, so a file
named `<!channel>.csv` pings nobody.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from consulting.alerting.events import MOMENTARY, Event, FailedTest
from consulting.alerting.redaction import as_code, escape, escaped, shortened
from consulting.records import Record
from consulting.timekeeping import say_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.alerting.events import Fact, Kind

HEADER_LENGTH = 150
FIELD_LENGTH = 1700
TEXT_LENGTH = 2900
LINK_LENGTH = 2000
NAME_LENGTH = 100
MOST_FIELDS = 10
MOST_LISTED = 8
"""Tests, columns or incidents listed in one message; the rest is counted."""

_CODE = re.compile(r"`([^`\n]+)`")
_MARKS = {"error": "🔴", "warn": "🟠", "info": "🟢"}
_RESOLVED = "✅"
_KINDS: dict[Kind, str] = {
    "failed_tests": "Failed tests",
    "failed_run": "Failed runs",
    "sla": "Late",
    "nothing_arrived": "Nothing arrived",
    "quarantined_file": "Files set aside",
    "drift": "Changed shape",
    "tier_blocked": "Left out by the tier",
    "tier_lowered": "Waits for a confirmation",
    "not_ready": "Not ready to use",
    "delivery_made": "Delivered",
    "queue_unread": "Queues not read",
}

Block = dict[str, Any]


class Message(Record):
    """What is sent: blocks for the eye, text for notifications and screen readers."""

    text: str
    blocks: tuple[dict[str, Any], ...] = ()


class Incident(Record):
    """An event, and what has become of it.

    Attributes:
        incident_id: The desk's number for it.
        event: As it was last reported.
        opened_at: When it was first reported.
        last_at: When it was last reported.
        occurrences: How often it was reported.
        resolved_at: When it was over; None while it is open.
    """

    incident_id: int
    event: Event
    opened_at: datetime
    last_at: datetime
    occurrences: int = 1
    resolved_at: datetime | None = None

    @property
    def who(self) -> str:
        """The client, as people call it."""
        return self.event.client_name or self.event.client_id

    @property
    def what(self) -> str:
        """What happened, and to which file."""
        files = self.event.files
        if not files:
            return self.event.title
        name, others = shortened(files[0], NAME_LENGTH), len(files) - 1
        return f"{self.event.title} ({name}{f' and {others} more' if others else ''})"

    @property
    def mark(self) -> str:
        """The sign that tells at a glance how bad it is."""
        momentary = self.event.kind in MOMENTARY
        return _RESOLVED if self.resolved_at and not momentary else _MARKS[self.event.severity]


def alert_message(incident: Incident, *, redirected_from: str | None = None) -> Message:
    """The message of one incident, as it stands now."""
    event = incident.event
    over = incident.resolved_at is not None and event.kind not in MOMENTARY
    headline = f"{incident.mark} {incident.who}: {'resolved: ' if over else ''}{incident.what}"
    blocks: list[Block] = [_header(headline)]
    said = event.text if over else f"{event.text} {event.fate}".strip()
    if said:
        blocks.append(_plain(said))
    if event.cause:
        blocks.append(_section(f"*First cause*\n{as_code(event.cause, TEXT_LENGTH)}"))
    if len(event.files) > 1 or event.facts:
        blocks.append(_fields(event))
    if event.tests:
        blocks.append(_section(_tests(event.tests)))
    if event.columns:
        blocks.append(_section(f"*Columns*\n{_listed([as_code(name) for name in event.columns])}"))
    if event.next_step and not over:
        blocks.append(_section(f"*What to do next*\n{escaped(event.next_step, TEXT_LENGTH - 100)}"))
    if event.link:
        blocks.append(_section(_link(event.link, event.link_text)))
    if redirected_from:
        blocks.append(
            _section(
                f"Sent here because {as_code(redirected_from)} could not be used. Correct "
                "`alerts.channels` in the client's defs.yaml, or set what that channel needs: the "
                "asset check alerts_get_out says what."
                if ":" in redirected_from
                else f"Sent here because Slack refused {as_code(redirected_from)}. Invite the app "
                "to that channel, or correct `alerts.channel` in the client's defs.yaml."
            )
        )
    blocks.append(_context(_history(incident)))
    return Message(text=escaped(headline, TEXT_LENGTH), blocks=tuple(blocks))


def escalation_message(incident: Incident) -> Message:
    """The reply that tells the channel that an open incident got worse."""
    headline = f"{incident.mark} {incident.who}: {incident.what}"
    return Message(
        text=escaped(headline, TEXT_LENGTH),
        blocks=(_plain(headline), *([_plain(incident.event.text)] if incident.event.text else [])),
    )


def resolution_message(incident: Incident) -> Message:
    """The reply that tells that an incident is over."""
    lasted = say_duration((incident.resolved_at or incident.last_at) - incident.opened_at)
    headline = f"{_RESOLVED} {incident.who}: resolved after {lasted}: {incident.what}"
    return Message(text=escaped(headline, TEXT_LENGTH), blocks=(_plain(headline),))


def storm_message(incidents: Sequence[Incident], *, most: int = MOST_LISTED) -> Message:
    """One message for many incidents that came at once: counts by kind, and the worst of them."""
    still_open = [each for each in incidents if each.resolved_at is None]
    clients = {each.event.client_id for each in incidents}
    across = f"in {len(clients)} client{'s'[: len(clients) != 1]}"
    if still_open:
        mark = "🔴" if any(each.event.severity == "error" for each in still_open) else "🟠"
        headline = f"{mark} {len(incidents)} incidents at once {across}"
        if len(still_open) < len(incidents):
            headline += f", {len(still_open)} still open"
    else:
        headline = f"{_RESOLVED} all {len(incidents)} incidents {across} are resolved"
    blocks = [_header(headline)]
    kinds: dict[str, int] = {}
    for each in incidents:
        label = _KINDS[each.event.kind]
        kinds[label] = kinds.get(label, 0) + 1
    counts = sorted(kinds.items(), key=lambda counted: -counted[1])
    blocks.append(_section(" · ".join(f"{label}: *{count:,}*" for label, count in counts)))
    worst = sorted(
        still_open,
        key=lambda each: (each.event.severity != "error", each.opened_at, each.incident_id),
    )
    if worst:
        lines = [_storm_line(each) for each in worst[:most]]
        more = len(worst) - len(lines)
        lines += [f"and {more} more; the alerts page lists them all"] if more else []
        blocks.append(_section("\n".join(lines)))
        blocks.append(
            _section(
                "*What to do next*\nMany at once mostly have one cause: look at the first of them "
                "before the rest."
            )
        )
    first = min((each.opened_at for each in incidents), default=None)
    if first is not None:
        blocks.append(_context(f"since {_date(first)}"))
    return Message(text=escaped(headline, TEXT_LENGTH), blocks=tuple(blocks))


def storm_over_message(incidents: Sequence[Incident]) -> Message:
    """The reply that tells that all incidents of a storm are over."""
    headline = f"{_RESOLVED} all {len(incidents)} incidents of this message are resolved"
    return Message(text=escaped(headline, TEXT_LENGTH), blocks=(_plain(headline),))


def _storm_line(incident: Incident) -> str:
    title = escaped(incident.what, HEADER_LENGTH)
    return f"{incident.mark} {as_code(incident.who, HEADER_LENGTH)} {title}"


def _tests(tests: Sequence[FailedTest]) -> str:
    """Failed tests, worst first, with the number of rows that failed each."""
    worst = sorted(tests, key=lambda test: (-test.failing_rows, test.name))
    lines = [f"{_rows(each)}  {as_code(each.name)}" for each in worst[:MOST_LISTED]]
    more = len(worst) - len(lines)
    return "*Failed tests, worst first*\n" + "\n".join(
        lines + ([f"and {more} more"] if more else [])
    )


def _rows(test: FailedTest) -> str:
    if not test.could_run:
        return "could not run"
    return f"{test.failing_rows:,} row{'s'[: test.failing_rows != 1]}"


def _history(incident: Incident) -> str:
    """Client id, and when and how often it happened, in the reader's own timezone."""
    parts = [as_code(incident.event.client_id), f"since {_date(incident.opened_at)}"]
    if incident.event.kind in MOMENTARY:
        parts[1] = _date(incident.opened_at)
    if incident.occurrences > 1:
        parts.append(f"seen {incident.occurrences} times, last {_date(incident.last_at)}")
    if incident.resolved_at is not None and incident.event.kind not in MOMENTARY:
        parts.append(f"resolved {_date(incident.resolved_at)}")
    return " · ".join(parts)


def _date(moment: datetime) -> str:
    """Slack's date notation: shown in each reader's timezone, with UTC for who can't render it."""
    fallback = moment.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def _link(link: str, label: str) -> str:
    url = escape(link.replace("|", "%7C").replace(" ", "%20"))
    words = escaped(label, HEADER_LENGTH) or "Open"
    # half a link would lead nowhere
    return words if len(url) > LINK_LENGTH else f"<{url}|{words}>"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_LISTED])
    more = len(names) - MOST_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def _header(text: str) -> Block:
    return _unmarked("header", escaped(text, HEADER_LENGTH), emoji=True)


def _plain(text: str) -> Block:
    """Text without markup: what is quoted as code elsewhere stands in quotation marks."""
    return _unmarked("section", escaped(_CODE.sub("“\\1”", text), TEXT_LENGTH), emoji=False)


def _unmarked(kind: str, text: str, *, emoji: bool) -> Block:
    return {"type": kind, "text": {"type": "plain_text", "text": text, "emoji": emoji}}


def _section(markdown: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": markdown}}


def _fields(event: Event) -> Block:
    """The files and facts of an event, side by side."""
    shown = {label: _value(value) for label, value in event.facts.items()}
    if len(event.files) > 1:
        names = _listed([as_code(name, NAME_LENGTH) for name in event.files])
        shown = {"Files": names} | shown
    return {
        "type": "section",
        "fields": [
            {"type": "mrkdwn", "text": f"*{escaped(label, HEADER_LENGTH)}*\n{value}"}
            for label, value in list(shown.items())[:MOST_FIELDS]
        ],
    }


def _value(value: Fact) -> str:
    if isinstance(value, str):
        return as_code(value, FIELD_LENGTH)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _context(markdown: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": markdown}]}
