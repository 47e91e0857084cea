"""The portfolio page: who is on it, in which order, and that nothing on it can do harm."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from consulting.portfolio import ClientStanding, LastDelivery, OpenIncident, build_portfolio
from consulting.timekeeping import SlaStatus

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 9, 6, 5, tzinfo=UTC)


def a_client(client_id: str, state: Any = "on_time", **more: Any) -> ClientStanding:
    about = {key: more.pop(key) for key in ("who", "due_at") if key in more}
    sla = SlaStatus(state=state, sentence=f"{client_id} is {state}.", **about)
    last = LastDelivery(delivery_id=f"{client_id}-00001", delivered_at=NOW)
    return ClientStanding(client_id=client_id, sla=sla, **{"last_delivery": last, **more})


def an_incident(**more: Any) -> OpenIncident:
    return OpenIncident(kind="drift", title="The feed changed", since=NOW, **more)


class Page(HTMLParser):
    """Rows, tags and links of a page; fails on tags that do not nest."""

    VOID = frozenset({"meta", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"polyline", "circle"}:
            assert self.open.pop() == tag


def rows_of(page: str) -> list[str]:
    return re.findall(r'<th scope="row">(.*?) <span', page)


def test_the_client_who_needs_somebody_most_comes_first(tmp_path: Path) -> None:
    day = timedelta(days=1)
    entries = [
        a_client("fine"),
        a_client("asleep", "paused"),
        a_client("at_risk", "warn", who="client", due_at=NOW - day),
        a_client("they_are_late", "breach", who="client", due_at=NOW - 9 * day),
        a_client("we_are_late", "breach", who="us", due_at=NOW - day),
        a_client("broken", incidents=(an_incident(),)),
        a_client("more_broken", incidents=(an_incident(), an_incident())),
        a_client("file_set_aside", quarantined=1),
        a_client("gone", "ended"),
        a_client("late_for_longer", "breach", who="client", due_at=NOW - 20 * day),
        a_client("poor", scores=(80, 55)),
        ClientStanding(client_id="no_promise"),
        a_client("promise_ahead", last_delivery=None),
        a_client("never_sent", "breach", who="client", due_at=NOW, last_delivery=None),
        a_client("not_looked_at", scores=(50,), unchecked="Nobody looked."),
    ]
    page = build_portfolio(entries, tmp_path, as_of=NOW).read_text()
    assert rows_of(page) == [
        "we_are_late",
        "late_for_longer",
        "they_are_late",
        "never_sent",
        "at_risk",
        "more_broken",
        "broken",
        "file_set_aside",
        "not_looked_at",
        "no_promise",
        "promise_ahead",
        "poor",
        "fine",
        "asleep",
        "gone",
    ]
    counts = re.findall(r'data-group="(\w+)"[^>]*><span class="sign \w+"></span>.*?<b>(\d+)', page)
    assert dict(counts) == {
        "late": "4",
        "at_risk": "1",
        "trouble": "3",
        "unknown": "1",
        "first": "2",
        "on_time": "2",
        "resting": "2",
    }


def test_the_page_says_when_it_was_due_who_is_late_and_what_was_last_delivered(
    tmp_path: Path,
) -> None:
    entry = ClientStanding(
        client_id="acme_corp",
        client_name="Acme Corp",
        owners=("team:data",),
        sla=SlaStatus(
            state="breach",
            who="us",
            key="2026-02",
            due_at=NOW - timedelta(days=3),
            next_due_at=NOW + timedelta(days=27),
            sentence="We are late.",
        ),
        last_delivery=LastDelivery(
            delivery_id="d1",
            delivered_at=datetime(2025, 12, 5, 10, tzinfo=UTC),
            period="2025-11",
            link="deliverables/d1/quality_report.html",
        ),
        scores=(90, 93, 88),
        incidents=tuple(an_incident() for _ in range(4)),
        quarantined=2,
        waiting=1,
        links={"Assets": "http://localhost:3000/assets/acme_corp"},
    )
    page = build_portfolio([entry], tmp_path / "all.html", as_of=NOW).read_text()
    for words in (
        "Late: us",
        "We are late.",
        "Sun 5 Apr, 06:05",
        "in 27 days",
        "Fri 5 Dec 2025, 10:00",
        "2025-11 · 93 days ago",
        'href="deliverables/d1/quality_report.html"',
        "Score 88 of 100; 90 to 88 over 3 deliveries, lowest 88, highest 93",
        "−5",  # noqa: RUF001 - a minus sign
        "2 more",
        "2 files in quarantine",
        "1 file waiting",
        'aria-label="Assets of Acme Corp"',
    ):
        assert words in page
    Page(page)


def test_a_client_without_anything_yet_is_shown_as_such(tmp_path: Path) -> None:
    page = build_portfolio([ClientStanding(client_id="new")], tmp_path, as_of=NOW).read_text()
    assert "No SLA was agreed." in page
    assert ">Waiting for the first file</span>" in page
    came = ClientStanding(client_id="new", waiting=1)
    arrived = build_portfolio([came], tmp_path, as_of=NOW).read_text()
    assert ">First file has come</span>" in arrived
    assert "On time" not in page, "without a promise there is no on time"
    assert "never" in page
    assert "none yet" in page
    Page(page)


def test_a_consultancy_without_clients_learns_how_to_add_one(tmp_path: Path) -> None:
    page = build_portfolio([], tmp_path, as_of=NOW).read_text()
    assert "dg scaffold defs" in page
    Page(page)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x"]
)
def test_hostile_names_and_links_do_nothing(tmp_path: Path, link: str) -> None:
    hostile = "<script>alert(1)</script>\"'&"
    entry = ClientStanding(
        client_id="x",
        client_name=hostile,
        owners=(hostile,),
        sla=SlaStatus(state="on_time", sentence=hostile),
        incidents=(OpenIncident(kind="drift", title=hostile, since=NOW, link=link),),
        links={hostile: link},
    )
    page = build_portfolio([entry], tmp_path, as_of=NOW).read_text()
    assert page.count("<script") == 1
    assert link not in page
    assert all(attributes.get("href") in {None, "#"} for _, attributes in Page(page).tags)


def test_open_incidents_lead_to_the_page_of_alerts_where_there_is_one(tmp_path: Path) -> None:
    incident = OpenIncident(kind="drift", title="Stopped", since=NOW)
    entry = ClientStanding(
        client_id="x",
        client_name="X",
        sla=SlaStatus(state="on_time", sentence="On time."),
        incidents=(incident,),
    )
    alone = build_portfolio([entry], tmp_path, as_of=NOW).read_text()
    assert "alerts.html" not in alone
    (tmp_path / "alerts.html").write_text("<p>alerts</p>")
    beside = build_portfolio([entry], tmp_path, as_of=NOW).read_text()
    assert '<a href="alerts.html">1 open incident</a>' in beside


def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    page = build_portfolio([a_client("acme")], tmp_path, as_of=NOW).read_text()
    assert not re.search(r"https?://|@import|url\(|src=", page)


def test_the_same_entries_give_the_same_page(tmp_path: Path) -> None:
    entries = [a_client("b", scores=(1, 2)), a_client("a")]
    one = build_portfolio(entries, tmp_path / "one.html", as_of=NOW)
    other = build_portfolio(entries[::-1], tmp_path / "other.html", as_of=NOW)
    assert one.read_bytes() == other.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.html", "other.html"]


def test_a_thousand_clients_fit_on_a_page_of_less_than_two_megabytes(tmp_path: Path) -> None:
    entries = [
        a_client(
            f"client_{number:04d}",
            scores=tuple(range(24)),
            incidents=(an_incident(),) * (number % 3),
        )
        for number in range(1000)
    ]
    path = build_portfolio(entries, tmp_path, as_of=NOW)
    assert path.stat().st_size < 2_000_000
    assert len(rows_of(path.read_text())) == 1000
