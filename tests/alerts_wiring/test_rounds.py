"""Whom the sensor looks at: who has news is never left out, and who has none costs nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from consulting import chain
from consulting.components.consultancy.rounds import ROUND_TICKS, Rounds, Seen
from consulting.components.engagement.client import Client
from consulting.config.engagement import EngagementConfig
from consulting.intake import FeedPattern, Intake, Ledger
from consulting.intake.records import BatchPolicy
from consulting.layout import ClientFolder
from consulting.portfolio import ClientStanding
from consulting.project import Project
from consulting.resources.consultancy import ConsultancyResource
from consulting.sources.local import LocalStore

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
NOWHERE = Project(Path("project"), Path("project/src/p/defs"))
CONFIG = EngagementConfig.model_validate(
    {"client_name": "Acme", "feeds": [{"name": "orders", "files": "orders*"}]}
)


def some_clients(count: int) -> list[Client]:
    return [Client(f"client_{number:02d}", CONFIG, NOWHERE) for number in range(count)]


def look_at(rounds: Rounds, clients: list[Client], now: datetime, **again: datetime) -> list[str]:
    due = rounds.next(clients, now)
    for client in due:
        standing = ClientStanding(client_id=client.client_id)
        rounds.note(Seen(client, now, standing, again.get(client.client_id)))
    return [client.client_id for client in due]


def drop_a_file(root: Path, url: str, client_id: str) -> None:
    folder = ClientFolder(root, client_id)
    folder.incoming.mkdir(parents=True, exist_ok=True)
    (folder.incoming / "orders.csv").write_text("id\n1\n")
    intake = Intake(
        ledger=Ledger.open(url),
        store=LocalStore(folder.incoming, client_id=client_id),
        folder=folder,
        feeds=[FeedPattern(name="orders", glob="orders*")],
        policy=BatchPolicy(settle_seconds=0),
    )
    intake.look(now=NOW)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return str(request.getfixturevalue("postgres_url"))


def test_after_the_first_look_only_clients_with_news_are_looked_at(
    url: str, tmp_path: Path
) -> None:
    rounds, clients = Rounds(url), some_clients(60)
    assert len(look_at(rounds, clients, NOW)) == 60
    assert rounds.knows_all(clients)
    drop_a_file(tmp_path, url, "client_42")
    found = look_at(rounds, clients, NOW + timedelta(seconds=30))
    assert found[0] == "client_42"
    assert len(found) <= 1 + 1 + 60 // ROUND_TICKS, "and a few whose turn it is"


def test_a_change_that_no_look_came_to_is_not_forgotten(url: str, tmp_path: Path) -> None:
    rounds, clients = Rounds(url), some_clients(3)
    look_at(rounds, clients, NOW)
    drop_a_file(tmp_path, url, "client_01")
    for minute in range(3):
        due = rounds.next(clients, NOW + timedelta(minutes=minute))
        assert due[0].client_id == "client_01", "until somebody looked"


def test_each_client_has_its_turn_within_a_round_even_without_news(tmp_path: Path) -> None:
    rounds, clients = Rounds(f"sqlite:///{tmp_path / 'ledger.db'}"), some_clients(60)
    look_at(rounds, clients, NOW)
    seen: set[str] = set()
    for tick in range(1, ROUND_TICKS + 1):
        seen |= set(look_at(rounds, clients, NOW + timedelta(seconds=30 * tick)))
    assert seen == {client.client_id for client in clients}


def test_a_client_is_looked_at_when_its_time_comes(tmp_path: Path) -> None:
    rounds, clients = Rounds(f"sqlite:///{tmp_path / 'ledger.db'}"), some_clients(60)
    noon = NOW + timedelta(hours=6)
    look_at(rounds, clients, NOW, client_59=noon)
    assert "client_59" not in look_at(rounds, clients, noon - timedelta(seconds=1))
    assert look_at(rounds, clients, noon)[0] == "client_59"


def test_a_client_configured_anew_is_looked_at_as_if_never_seen(tmp_path: Path) -> None:
    rounds, clients = Rounds(f"sqlite:///{tmp_path / 'ledger.db'}"), some_clients(60)
    look_at(rounds, clients, NOW)
    clients[50] = some_clients(60)[50]
    assert not rounds.knows_all(clients)
    assert look_at(rounds, clients, NOW)[0] == "client_50"


@pytest.mark.parametrize(
    ("promise", "until"),
    [
        ({"sla": {"due": "0 12 * * *"}}, "2026-03-02 12:00"),
        ({"sla": {"due": "0 3 * * *", "warn_after": "30h"}}, "2026-03-02 09:00"),
        (
            {"sla": {"due": "0 12 * * *", "ends": "2026-03-01", "timezone": "America/New_York"}},
            "2026-03-02 05:00",
        ),
        ({"schedule": {"cron": "55 4 * * *"}}, "2026-03-02 05:05"),
        ({}, None),
    ],
)
def test_the_facts_know_when_time_alone_changes_them(
    promise: dict[str, Any], until: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    monkeypatch.delenv("CONSULTING_LEDGER_URL", raising=False)
    config = CONFIG.model_validate(CONFIG.model_dump() | promise)
    engagement = ConsultancyResource().engagement(Client("acme_corp", config, NOWHERE), looks=True)
    now = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
    engagement.intake.watched_since(now - timedelta(days=3))
    if until == "2026-03-02 05:00":
        now -= timedelta(minutes=1)
    found = chain.facts_of(engagement, now).until
    assert (found and f"{found.astimezone(UTC):%Y-%m-%d %H:%M}") == until
