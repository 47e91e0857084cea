"""What can go wrong (or right) for a client, as records that hold no row of data.

The functions here build each event from the records of a run, so that an alert of one kind reads
the same for every client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from consulting.alerting.redaction import cause_in_one_line
from consulting.privacy import without_personal
from consulting.records import Record, Severity
from consulting.shown import on_lines
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from consulting.errors import TierBlockedError, TierLoweredError
    from consulting.records import CheckOutcome, QuarantinedFile
    from consulting.timekeeping import PeriodStatus

ClientKind = Literal[
    "failed_tests",
    "failed_run",
    "sla",
    "nothing_arrived",
    "quarantined_file",
    "drift",
    "tier_blocked",
    "tier_lowered",
    "not_ready",
    "delivery_made",
]
"""What happens to one client, who can mute it."""
Kind = Literal[ClientKind, "queue_unread"]
Fact = str | int | float
"""A count, a measure or a name."""
MOMENTARY: frozenset[Kind] = frozenset({"delivery_made", "tier_blocked"})
"""Kinds that happen and are over: told once, never resolved."""


class AlertRoute(Record):
    """Whom an alert is about and where it goes; one per engagement.

    Attributes:
        client_id: The engagement.
        client_name: As people call the client.
        tier: The engagement's security tier; at tier 1 no column or test is named outside.
        channels: Where it goes: in Slack an id ("C0123ABCD") or a name ("#acme-alerts"), else the
            kind and the address ("mail:ops@acme.example"); none is the desk's default channel.
        deliveries: Whether a delivery made is worth a message, too.
        mute: Kinds this client's channel does not want.
    """

    client_id: str
    client_name: str = ""
    tier: Literal[1, 2, 3] = 1
    channels: tuple[str, ...] = ()
    deliveries: bool = False
    mute: frozenset[ClientKind] = frozenset()

    def wants(self, kind: Kind) -> bool:
        """Whether an event of this kind is to be told."""
        return kind not in self.mute and (kind != "delivery_made" or self.deliveries)


class FailedTest(Record):
    """One failed test: its name, how many rows failed it, or whether it could not even run."""

    name: str
    failing_rows: int
    could_run: bool = True


class Event(Record):
    """Something worth telling. (client_id, kind, subject) is the incident it belongs to.

    Attributes:
        client_id: The engagement.
        kind: What sort of thing it is.
        subject: Which of them: a due period, a file, a feed; stable over repeats.
        severity: "warn" or "error"; "info" for good news.
        title: What happened, in a few words, without the client's name.
        text: What happened, in a sentence or two.
        next_step: What to do next.
        facts: Counts and names for the reader, by label.
        fate: What becomes of its files now, in a sentence; a change of it is news.
        files: Names of the files it is about.
        tests: Failed tests; told worst first.
        columns: Names of columns it is about.
        cause: Why, in our own words.
        link: Where to look, a URL.
        link_text: What the link is called.
        channels: Where it goes, as a route names them; none is the desk's default.
        client_name: As people call the client.
        tier: At tier 1 `tests`, `columns` and `cause` are not told.
    """

    client_id: str
    kind: Kind
    subject: str
    severity: Severity = "error"
    title: str
    text: str = ""
    next_step: str = ""
    facts: dict[str, Fact] = Field(default_factory=dict)
    fate: str = ""
    files: tuple[str, ...] = ()
    tests: tuple[FailedTest, ...] = ()
    columns: tuple[str, ...] = ()
    cause: str = ""
    link: str | None = None
    link_text: str = "Open the run"
    channels: tuple[str, ...] = ()
    client_name: str = ""
    tier: Literal[1, 2, 3] = 1

    @property
    def key(self) -> tuple[str, str, str]:
        """The incident it belongs to."""
        return (self.client_id, self.kind, self.subject)

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_release(cls, values: Any) -> Any:
        """What waits in the ledger of release 0.1 names one channel."""
        if isinstance(values, dict) and "channel" in values:
            channel = values.pop("channel")
            values["channels"] = (channel,) if channel else ()
        return values

    def for_outside(self) -> Event:
        """The event as it may leave the house: fewer names at tier 1, no personal data at all."""
        clean = {
            "title": _outside(self.title),
            "text": _outside(self.text),
            "next_step": _outside(self.next_step),
            "cause": cause_in_one_line(self.cause),
            "fate": _outside(self.fate),
            "files": tuple(map(_outside, self.files)),
            "columns": tuple(map(_outside, self.columns)),
            "tests": tuple(
                test.model_copy(update={"name": _outside(test.name)}) for test in self.tests
            ),
            "facts": {
                label: _outside(value) if isinstance(value, str) else value
                for label, value in self.facts.items()
            },
        }
        if self.tier == 1:
            clean |= {"tests": (), "columns": (), "cause": ""}
        return self.model_copy(update=clean)


def _outside(text: str) -> str:
    """Text without personal data, and with nothing invisible that turns or hides the rest."""
    return on_lines(without_personal(text))


def _event(route: AlertRoute, kind: Kind, **said: Any) -> Event:
    whom = route.model_dump(include={"client_id", "client_name", "channels", "tier"})
    return Event(kind=kind, **whom, **said)


def failed_tests(
    route: AlertRoute,
    checks: Sequence[CheckOutcome],
    *,
    link: str | None,
    period: str | None = None,
) -> Event | None:
    """The tests of one run that failed with severity error; None if none did.

    Args:
        route: Whom it concerns.
        checks: All tests of that severity.
        link: The run.
        period: Its period, if the engagement has periods.

    Those that could not run are named among them, but are no failure of the data by themselves.

    The incident is the client's (and the period's), not the run's: a run that fails again repeats
    it, and a run that passes resolves it.
    """
    failed = [check for check in checks if check.status in {"fail", "error"}]
    if all(check.status == "error" for check in failed):
        return None
    rows = sum(check.failing_rows for check in failed)
    broken = sum(check.status == "error" for check in failed)
    count = f"{len(failed)} test{'s'[: len(failed) != 1]}"
    return _event(
        route,
        "failed_tests",
        subject=period or "tests",
        title=f"{count} failed",
        text=f"Nothing was delivered: {len(failed)} of {len(checks)} blocking tests failed, "
        f"on {rows:,} row{'s'[: rows != 1]}."
        + (f" {broken} of them could not run." if broken else ""),
        next_step="Look at the failing rows (they are in the client's own database), then "
        "correct the rule or ask the client for a corrected file.",
        facts=_period(period),
        tests=tuple(
            FailedTest(
                name=each.name,
                failing_rows=each.failing_rows,
                could_run=each.status != "error",
            )
            for each in sorted(failed, key=lambda check: (-check.failing_rows, check.name))
        ),
        link=link,
    )


def failed_run(  # noqa: PLR0913 - what is known of a run, by keyword
    route: AlertRoute,
    *,
    stage: str,
    cause: str,
    link: str | None,
    batch_id: str,
    period: str | None = None,
) -> Event:
    """A run that stopped with an error; one incident per batch, whatever the number of tries."""
    return _event(
        route,
        "failed_run",
        subject=batch_id,
        title=f"The run failed while it {_DOING.get(stage, f'worked on {stage}')}",
        text="Nothing was delivered, and no file was lost.",
        next_step="If it fails again, look at the run's log and correct the first error.",
        facts=_period(period),
        cause=cause_in_one_line(cause),
        link=link,
    )


_DOING = {
    "file_received": "received files",
    "profiled": "profiled the data",
    "cleaned": "cleaned the data",
    "validated": "ran the tests",
    "delivered": "wrote the delivery",
}


def late(route: AlertRoute, status: PeriodStatus, *, link: str | None = None) -> Event:
    """A due period that is a warning or a breach; the breach raises the warning's incident."""
    breach = status.state == "breach"
    who = "the client has sent no file" if status.who == "client" else "our delivery is missing"
    next_step = (
        "Remind the client; if they are away, add the days to `sla.pause` in their defs.yaml."
        if status.who == "client"
        else "Settle the client's other alerts first: a failed run or a file set aside. If there "
        "are none, see whether its sensor and schedule are on."
    )
    return _event(
        route,
        "sla",
        subject=status.key,
        severity="error" if breach else "warn",
        title=f"{'SLA breached' if breach else 'Late'}: {who} {status.owed}",
        text=status.sentence,
        next_step=next_step,
        link=link,
        link_text="Open the client",
    )


FIRST_FILE = "first delivery"
"""What the incident is about of a client to which nothing was ever delivered."""


def first_late(route: AlertRoute, late_ones: Sequence[PeriodStatus]) -> Event:
    """One event for all that is late of a client to which nothing was ever delivered."""
    gravest = next((each for each in late_ones if each.state == "breach"), late_ones[0])
    event = late(route, gravest).model_copy(update={"subject": FIRST_FILE})
    if len(late_ones) == 1:
        return event
    breach, client = gravest.state == "breach", all(e.who == "client" for e in late_ones)
    what = "the client has sent no file yet" if client else "our first delivery is missing"
    return event.model_copy(
        update={
            "title": f"{'SLA breached' if breach else 'Late'}: {what}",
            "text": f"{counted(len(late_ones), 'delivery', 'deliveries')} are late since "
            f"{late_ones[0].key}. "
            f"{gravest.sentence}",
        }
    )


def nothing_arrived(route: AlertRoute, *, key: str, due_at: datetime) -> Event:
    """A schedule that came due and found no file; for engagements without an SLA."""
    return _event(
        route,
        "nothing_arrived",
        subject=key,
        severity="warn",
        title=f"Nothing arrived for {key}",
        text=f"The schedule came due on {due_at.day} {due_at:%B %Y at %H:%M %Z} and found no file.",
        next_step="Ask the client whether a file is on its way.",
    )


def quarantined_file(
    route: AlertRoute, file: QuarantinedFile, *, release: int | None = None
) -> Event:
    """A file set aside; open until it is released, replaced or discarded.

    Args:
        route: The client's.
        file: The file.
        release: Its number in the ledger, where nothing takes it up again by itself.
    """
    verb = (
        f" If it was a setting of ours, mend it and run `consulting release {route.client_id} "
        f"{release}`."
    )
    return _event(
        route,
        "quarantined_file",
        subject=file.sha256 or file.filename,
        title=f"File set aside: {file.code.replace('_', ' ')}",
        text=file.reason,
        next_step=f"{file.fix}{verb if release else ''}",
        facts={"Feed": file.feed} if file.feed else {},
        files=(file.filename,),
    )


def drift(  # noqa: PLR0913 - what is known of the change, by keyword
    route: AlertRoute,
    *,
    feeds: Sequence[str],
    columns: Sequence[str],
    text: str,
    link: str | None,
    period: str | None = None,
) -> Event:
    """A change in the shape of feeds that blocks the run."""
    names = " and ".join(feeds)
    return _event(
        route,
        "drift",
        subject=names,
        title=f"The feed{'s'[: len(feeds) != 1]} {names} changed shape",
        text=f"Nothing was delivered. {text}",
        next_step=f"If the client means it, `consulting accept {route.client_id}` shows the "
        "change of the feed's YAML and applies it; or ask for the file as it was before.",
        facts=_period(period),
        columns=tuple(columns),
        link=link,
    )


def tier_blocked(route: AlertRoute, refused: Sequence[TierBlockedError]) -> Event:
    """What the security tier forbids, and a delivery therefore is without; told once per tier."""
    tier = f"security tier {route.tier} ({refused[0].NAMES[route.tier]})"
    left_out = "; ".join(f"{each.operation} (tier {each.required})" for each in refused)
    return _event(
        route,
        "tier_blocked",
        subject=f"tier {route.tier}",
        severity="info",
        title=f"Delivered within the limits of {tier}",
        text=f"As agreed, this is not done, each with the tier that allows it: {left_out}.",
        next_step="If the delivery needs it, have the client agree in writing to a higher tier, "
        "and raise `security_tier` in its defs.yaml. If not, it stays out, and is not told again.",
    )


def tier_lowered(route: AlertRoute, error: TierLoweredError) -> Event:
    """A tier that was lowered and not confirmed, so that nothing of the client runs."""
    return _event(
        route,
        "tier_lowered",
        subject="tier",
        title="Nothing runs: the lower tier waits to be confirmed",
        text=str(error),
        next_step=f"See what would be removed (`consulting tier {error.client_id}`), then "
        "confirm it, or set `security_tier` back.",
    )


def queue_unread(route: AlertRoute, url: str, since: datetime, clients: Sequence[str]) -> Event:
    """A queue that tells where clients' files arrive, and that nobody could read for a while.

    Args:
        route: Of what all clients share.
        url: The queue's; its name and host are told, for an account's number looks personal.
        since: When it was last read, or, if it never was, first looked for.
        clients: Whose files it tells of.
    """
    parts = urlsplit(url)
    name = parts.path.rpartition("/")[2] or parts.path
    return _event(
        route,
        "queue_unread",
        subject=url,
        title=f"The queue {name} is not read",
        text=f"Nobody could read the queue {name} at {parts.hostname} since {since.day} "
        f"{since:%B %Y, %H:%M} UTC. Files of its clients wait for up to an hour; from then on "
        "their places are listed at every tick, as without a queue, and no file is lost.",
        next_step="See the last ticks of the sensor consultancy_notifications in Dagster: they "
        "say why, or that it is turned off. Then check `source.notifications` (URL, region, "
        "credentials), the network, and that we may sqs:ReceiveMessage and sqs:DeleteMessage.",
        facts={"Clients": ", ".join(sorted(clients))},
    )


class Made(Record):
    """A delivery, as far as it is told of.

    Attributes:
        delivery_id: Its id.
        verdict: What page one of its report says.
        facts: Counts, by label.
        link: Where to look.
        period: Its period, if the engagement has periods.
    """

    delivery_id: str
    verdict: str
    facts: dict[str, Fact]
    link: str | None
    period: str | None = None


def delivery_made(route: AlertRoute, made: Made) -> Event:
    """A delivery that is complete; told once, where the engagement asked for it.

    Args:
        route: Whom it concerns.
        made: The delivery.
    """
    return _event(
        route,
        "delivery_made",
        subject=made.delivery_id,
        severity="info",
        title=f"Delivered{f' {made.period}' if made.period else ''}",
        text=f"The delivery is complete{f': {made.verdict}' if made.verdict else ''}.",
        next_step="Read the report, then hand it over.",
        facts=made.facts,
        link=made.link,
        link_text="Open the delivery",
    )


def not_ready(route: AlertRoute, made: Made) -> Event:
    """A delivery whose report says that it is not ready to use; until one is that takes its place.

    Args:
        route: Whom it concerns.
        made: The delivery.
    """
    verdict = made.verdict or "Not ready to use"
    return _event(
        route,
        "not_ready",
        subject=made.period or "delivery",
        title=f"The delivery{f' of {made.period}' if made.period else ''} is "
        f"{verdict[:1].lower()}{verdict[1:]}",
        text="A delivery was written that does not count as delivered on time.",
        next_step="Do not hand it over. Page one of its report says why: correct the rule, "
        "or ask the client for a corrected file.",
        facts={**made.facts, "Delivery": made.delivery_id},
        link=made.link,
        link_text="Open the delivery",
    )


def _period(period: str | None) -> dict[str, Fact]:
    return {"Period": period} if period else {}
