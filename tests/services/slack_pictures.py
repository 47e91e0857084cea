"""Pictures of the alerts, as Slack would show them: a look before they annoy anybody.

    PYTHONPATH=src python tests/services/slack_pictures.py build/alerts

Writes pages with one alert of each kind, rendered from its Block Kit JSON into a look-alike of
Slack, and PNGs of them (desktop, phone) where chromium is installed.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from consulting.alerting import (
    AlertRoute,
    Event,
    Incident,
    Made,
    Message,
    delivery_made,
    drift,
    failed_run,
    failed_tests,
    late,
    not_ready,
    nothing_arrived,
    quarantined_file,
    queue_unread,
    tier_blocked,
    tier_lowered,
)
from consulting.alerting.message import (
    alert_message,
    escalation_message,
    resolution_message,
    storm_message,
    storm_over_message,
)
from consulting.errors import TierBlockedError, TierLoweredError
from consulting.records import CheckOutcome, QuarantinedFile
from consulting.timekeeping import PeriodStatus

NOW = datetime(2026, 3, 2, 6, 12, tzinfo=UTC)
ACME = AlertRoute(
    client_id="acme_corp", client_name="Acme Corp", tier=3, channels=("#acme-alerts",)
)
RUN = "https://dagster.example.com/runs/7f3a2c"

ON_ONE_PAGE = 5
STYLE = """
body { margin: 0; background: #fff; color: #1d1c1d; font: 15px/1.46 Lato, "Noto Sans", sans-serif; }
.post { display: flex; gap: 8px; padding: 8px 20px; } .reply { margin-left: 44px; }
.face { flex: none; width: 36px; height: 36px; border-radius: 4px; background: #4a154b; color: #fff;
  display: grid; place-items: center; font-weight: 900; }
.body { min-width: 0; flex: 1; max-width: 640px; } .who { font-weight: 900; }
.who small { color: #616061; font-weight: 400; font-size: 12px; }
h3 { font-size: 18px; line-height: 1.33; margin: 4px 0 8px; } p { margin: 0 0 8px; }
p, h3, .fields { overflow-wrap: anywhere; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; margin: 0 0 8px; }
.context { color: #616061; font-size: 13px; } a { color: #1264a3; text-decoration: none; }
code { background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; color: #c01343;
  font: 12px Menlo, "DejaVu Sans Mono", monospace; padding: 2px 3px 1px; }
.buttons a { border: 1px solid #bbb; border-radius: 4px; padding: 5px 12px; color: #1d1c1d;
  font-weight: 700; display: inline-block; }
.kind { background: #f8f8f8; border-block: 1px solid #ddd; padding: 4px 20px; font-size: 13px; }
.push { color: #616061; font-size: 13px; padding: 4px 20px; }
@media (max-width: 500px) { .post { padding: 8px 12px; } .fields { grid-template-columns: 1fr; } }
"""
MARKUP = re.compile(
    r"`(?P<code>[^`\n]+)`|<!date\^(?P<at>\d+)\^[^>]*>|<(?P<url>https?://[^|>]+)\|(?P<label>[^>]*)>"
    r"|\*(?P<bold>[^*\n]+)\*|(?P<line>\n)"
)


def as_html(message: Message) -> str:
    """A message's blocks, as Slack shows them."""
    return "".join(_block(block) for block in message.blocks)


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"<h3>{_text(block['text'])}</h3>"
        case "section":
            text = f"<p>{_text(block['text'])}</p>" if "text" in block else ""
            cells = "".join(f"<div>{_text(each)}</div>" for each in block.get("fields", ()))
            return text + (f'<div class="fields">{cells}</div>' if cells else "")
        case "context":
            return f'<p class="context">{" ".join(map(_text, block["elements"]))}</p>'
        case "actions":
            links = (
                f'<a href="{html.escape(each["url"])}">{_text(each["text"])}</a>'
                for each in block["elements"]
            )
            return f'<p class="buttons">{" ".join(links)}</p>'
        case "divider":
            return "<hr>"
    raise ValueError(f"Slack knows no block {block['type']!r} here.")


def _text(text: dict[str, Any]) -> str:
    escaped = text["text"]  # Slack text is escaped for &, < and > as HTML is
    return MARKUP.sub(_styled, escaped) if text["type"] == "mrkdwn" else escaped


def _styled(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "code":
            return f"<code>{found['code']}</code>"
        case "at":
            return f"{datetime.fromtimestamp(int(found['at']), UTC):%b %-d at %-I:%M %p}"
        case "label":
            return f'<a href="{html.escape(found["url"])}">{found["label"]}</a>'
        case "bold":
            return f"<b>{found['bold']}</b>"
    return "<br>"


def check(name: str, rows: int, status: Any = "fail") -> CheckOutcome:
    """A test's outcome."""
    return CheckOutcome(unique_id=name, name=name, model="orders", severity="error", status=status,
                        failing_rows=rows)  # fmt: skip


def status(state: Any, who: Any, sentence: str) -> PeriodStatus:
    """A due period that is late."""
    return PeriodStatus(
        key="2026-02",
        state=state,
        due_at=NOW,
        who=who,
        owed="for 2026-02",
        sentence=sentence,
    )


def events() -> dict[str, Event]:
    """One event of each kind."""
    tests = [check("unique_orders_order_id", 1204), check("accepted_values_orders_status", 40),
             check("relationships_orders_customer_id", 3), check("total_matches", 0, "error"),
             *(check(f"fine_{number}", 0, "pass") for number in range(21))]  # fmt: skip
    failed = failed_tests(ACME, tests, link=RUN, period="2026-02")
    assert failed is not None
    files = ("orders_2026-02.xlsx", "customers_2026-02.csv")
    run = failed_run(ACME, stage="cleaned", cause="duckdb.BinderException: Referenced column "
                     '"order_total" not found in FROM clause!', link=RUN, batch_id="b")  # fmt: skip
    waits = {"files": files, "fate": "The batch is tried again by itself."}
    return {
        "failed tests": failed.model_copy(update=waits),
        "failed run": run.model_copy(update=waits),
        "SLA warning, client": late(ACME, status(
            "warn", "client", "The client is late: no file has come for 2026-02. It was due Monday "
            "2 March 2026, 12:00 (America/New_York), 3 hours ago.")),
        "SLA breach, us": late(ACME, status(
            "breach", "us", "We are late: 1 file for 2026-02 came since Sunday 1 March 2026, 07:00 "
            "(America/New_York), and nothing was delivered. It was due Monday 2 March 2026, 12:00 "
            "(America/New_York), 5 days ago.")),
        "not ready to use": not_ready(ACME, Made(
            delivery_id="acme_corp-00002-1f2e3d4c", period="2026-02", link=RUN,
            verdict="Not ready to use",
            facts={"Rows received": 1_496, "Rows delivered": 120, "Rows rejected": 1_376,
                   "Score (of 100)": 8.1, "Files": 1})),
        "nothing arrived": nothing_arrived(ACME, key="2026-03-02", due_at=NOW),
        "file set aside": quarantined_file(ACME, QuarantinedFile(
            filename="orders_2026-02.xlsx", feed="orders", sha256="ab" * 32, size_bytes=18_432,
            code="password_protected", reason="The workbook is protected by a password.",
            fix="Ask the client for it without one, or set `password_variable` of the feed.")),
        "drift": drift(
            ACME, feeds=["orders"], columns=["Order ID", "Total"], link=RUN, period="2026-02",
            text="Column 'Order ID' was renamed to 'OrderId'. Column 'Total' is gone.",
        ).model_copy(update=waits | {"files": files[:1]}),
        "tier": tier_blocked(
            ACME, [TierBlockedError("store all rows of the files", 3, "acme_corp", 2)]),
        "queue": queue_unread(
            AlertRoute(client_id="consultancy", client_name="All clients", tier=3),
            "https://sqs.eu-central-1.amazonaws.com/1/uploads", NOW, ["acme_corp", "globex"]),
        "lowered": tier_lowered(ACME, TierLoweredError("acme_corp", 2, 3)),
        "delivery": delivery_made(ACME, Made(delivery_id="acme_corp-00042-1f2e3d4c",
                                  verdict="Ready to use, with care",
                                  facts={"Rows received": 15_242, "Rows delivered": 15_230,
                                         "Rows rejected": 12, "Score (of 100)": 93.4, "Files": 2},
                                  link=RUN, period="2026-02")),
    }  # fmt: skip


def incident(event: Event, **more: Any) -> Incident:
    """An incident that began an hour ago."""
    given = {"incident_id": 1, "event": event.for_outside(), "opened_at": NOW, "last_at": NOW}
    return Incident.model_validate(given | more)


def pictures() -> list[tuple[str, Message, bool]]:
    """What it is, the message, and whether it is a reply in a thread."""
    kinds = events()
    shown = [(kind, alert_message(incident(event)), False) for kind, event in kinds.items()]
    over = incident(kinds["failed tests"], resolved_at=NOW + timedelta(hours=26), occurrences=4,
                    last_at=NOW + timedelta(hours=20))  # fmt: skip
    many = [
        incident(event.model_copy(update={"client_name": name, "client_id": name.lower()}),
                 incident_id=number, opened_at=NOW + timedelta(seconds=number))
        for number, (name, event) in enumerate(
            (name, event)
            for name in ("Acme", "Globex", "Initech", "Umbrella")
            for event in list(kinds.values())[:6])
    ]  # fmt: skip
    tier_one = kinds["failed tests"].model_copy(update={"tier": 1})
    return [
        *shown,
        ("failed tests, tier 1", alert_message(incident(tier_one)), False),
        ("redirected", alert_message(over, redirected_from="#acme"), False),
        ("resolved, reply", resolution_message(over), True),
        ("SLA breach, reply", escalation_message(incident(kinds["SLA breach, us"])), True),
        ("storm", storm_message(many), False),
        ("storm over", storm_over_message(many), True),
    ]


def page(shown: list[tuple[str, Message, bool]]) -> str:
    """Some of them on one page."""
    posts = "".join(
        f'<div class="kind">{kind}</div><div class="push">Notification: {message.text}</div>'
        f'<div class="post{" reply" if reply else ""}"><div class="face">C</div><div class="body">'
        f'<div class="who">Consulting <small>APP 6:12 AM</small></div>{as_html(message)}'
        "</div></div>"
        for kind, message, reply in shown
    )
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>{posts}'


def main() -> None:
    """Write the pages and, where there is a browser, the pictures."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    all_of_them = pictures()
    for number, start in enumerate(range(0, len(all_of_them), ON_ONE_PAGE), start=1):
        source = out / f"alerts_{number}.html"
        source.write_text(page(all_of_them[start : start + ON_ONE_PAGE]), encoding="utf-8")
        if shutil.which("chromium"):
            photograph(source, out / f"desktop_{number}.png", 760, 1500)
            photograph(source, out / f"phone_{number}.png", 500, 1800)


def photograph(source: Path, target: Path, width: int, height: int) -> None:
    """A PNG of a page."""
    with tempfile.TemporaryDirectory() as profile:
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
        size = f"--window-size={width},{height}"
        place = (f"--user-data-dir={profile}", f"--screenshot={target}", source.as_uri())
        command = ["chromium", *flags, size, *place]
        subprocess.run(command, check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    main()
