"""What is delivered is shown, and nothing else: every way around that is tried."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from consulting.chain import Engagement
from consulting.config.engagement import EngagementConfig
from consulting.errors import ConfigurationError
from consulting.layout import ClientFolder, address_of
from consulting.serving import Door, Shelf, build_app
from consulting.sources.local import LocalStore

TOKEN = "a-token-that-is-long"
OF_ACME = "another-token-for-acme"
SECRET = "SECRET-OF-NOBODY"
REPORT = "/acme/deliverables/acme-1/quality_report.html"


def engagement(root: Path, client_id: str, tier: int = 3) -> Engagement:
    folder = ClientFolder(root, client_id)
    feeds = [{"name": "orders", "files": "*"}]
    given = {"client_name": client_id.title(), "feeds": feeds, "security_tier": tier}
    return Engagement(
        client_id=client_id,
        config=EngagementConfig.model_validate(given),
        folder=folder,
        store=LocalStore(folder.incoming, client_id=client_id),
        ledger_url=f"sqlite:///{root / 'of_all.db'}",
        dbt_dir=root,
        clients_dir=root,
    )


def deliver(root: Path, client_id: str, delivery_id: str, *, tier: int = 3) -> Path:
    """A finished delivery, as far as whoever shows it looks."""
    folder = ClientFolder(root, client_id).deliverables / delivery_id
    contents = {
        "quality_report.html": "<h1>Report</h1><script>alert(1)</script>",
        "tables/orders.csv": "id\n1\n",
        "rejects/orders & co.csv": "id\n",
    }
    for name, text in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    summary = {
        "delivery_id": delivery_id,
        "client_id": client_id,
        "received_at": "2026-11-03T00:00:00Z",
        "tier": tier,
    }
    manifest = {"files": {name: {} for name in contents}, "security_tier": tier, "summary": summary}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


class World:
    """Two clients, one of them with a delivery, and much beside it that is nobody's to see."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tier = 3
        self.folder = deliver(root, "acme", "acme-1")
        deliver(root, "globex", "globex-1")
        deliver(root, "stranger", "stranger-1")
        (root / "portfolio.html").write_text("<h1>Portfolio</h1>")
        (root / "alerts.html").write_text("<h1>Alerts</h1>")
        for path in ("ledger.db", "acme/warehouse.duckdb", "acme/deliverables/acme-1/unlisted.txt",
                     "acme/deliverables/.acme-2.partial/manifest.json", "acme/landing/x/y.csv",
                     "acme/access.jsonl.old", "acme/deliverables/loose.txt"):  # fmt: skip
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(SECRET)

    def browser(self, door: Door | None = None, **headers: str) -> TestClient:
        shelf = Shelf(self.root, lambda: ["acme", "globex"], self._engagement)
        app = build_app(shelf, door or Door())
        url = "http://localhost:3001"
        return TestClient(app, base_url=url, headers=headers, raise_server_exceptions=True)

    def _engagement(self, client_id: str) -> Engagement:
        return engagement(self.root, client_id, self.tier)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_portfolio_links_and_listings_lead_to_the_files_of_a_delivery(world: World) -> None:
    browser = world.browser()
    assert "Portfolio" in browser.get("/").text
    assert "Alerts" in browser.get("/alerts.html").text
    report = browser.get(REPORT)
    assert (report.status_code, report.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Report" in report.text
    listed = browser.get("/acme/deliverables/acme-1/").text
    assert 'href="/acme/deliverables/acme-1/rejects/orders%20%26%20co.csv"' in listed
    csv = browser.get("/acme/deliverables/acme-1/rejects/orders%20%26%20co.csv")
    assert csv.headers["content-disposition"].startswith("attachment;")
    assert int(csv.headers["content-length"]) == len(csv.content) == 3
    assert "acme-1" in browser.get("/acme/deliverables").text
    head = browser.head(REPORT)
    assert (head.status_code, head.content) == (200, b"")


def test_a_delivered_page_can_do_nothing_and_is_not_kept(world: World) -> None:
    headers = world.browser().get(REPORT).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "script-src" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    page = world.browser().get("/").headers["content-security-policy"]
    assert "script-src 'sha256-" in page
    assert "'unsafe-inline'; img" in page
    assert "script-src 'unsafe-inline'" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/ledger.db",
        "/acme/warehouse.duckdb",
        "/acme/landing/x/y.csv",
        "/acme/deliverables/loose.txt",
        "/acme/deliverables/acme-1/unlisted.txt",
        "/acme/deliverables/.acme-2.partial/manifest.json",
        "/acme/deliverables/acme-1/../../warehouse.duckdb",
        "/acme/deliverables/acme-1/%2e%2e/%2e%2e/warehouse.duckdb",
        "/acme/deliverables/acme-1/..%2f..%2fwarehouse.duckdb",
        "/acme/deliverables/acme-1/..%5c..%5cwarehouse.duckdb",
        "/acme/deliverables/acme-1//tables/orders.csv",
        "/acme/deliverables/acme-1/tables/orders.csv%00.html",
        "/acme/deliverables/%2e%2e/%2e%2e/ledger.db",
        "/../ledger.db",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/acme/incoming",
        "/stranger/deliverables/stranger-1/quality_report.html",
        "/stranger/deliverables",
        "/nobody/deliverables",
    ],
)
def test_what_no_manifest_lists_is_not_there(world: World, path: str) -> None:
    answer = world.browser().get(path, follow_redirects=False)
    assert answer.status_code in {400, 404}
    assert SECRET not in answer.text


PARTS = ("..", ".", "", "acme", "deliverables", "acme-1", "%2e%2e", "..%2f", "%252e", "ledger.db")
PARTS += ("warehouse.duckdb", "unlisted.txt", "tables", "\\..", "~", "C:", "%00")


@given(st.lists(st.sampled_from(PARTS), max_size=8))
def test_no_path_leads_to_what_is_not_listed(parts: list[str]) -> None:
    world = _SHARED.world
    answer = world.browser().get("/" + "/".join(parts), follow_redirects=False)
    assert answer.status_code in {200, 307, 400, 404}
    assert SECRET not in answer.text


class _Shared:
    """One world for all examples."""

    world: World


_SHARED = _Shared()


@pytest.fixture(scope="module", autouse=True)
def shared(tmp_path_factory: pytest.TempPathFactory) -> None:
    _SHARED.world = World(tmp_path_factory.mktemp("shared"))


def test_a_link_out_of_a_delivery_is_not_followed_and_a_pipe_not_waited_for(world: World) -> None:
    report = world.folder / "quality_report.html"
    report.unlink()
    report.symlink_to(world.root / "ledger.db")
    assert world.browser().get(REPORT).status_code == 404
    report.unlink()
    os.mkfifo(report)
    assert world.browser().get(REPORT).status_code == 404
    (world.root / "acme/deliverables/elsewhere").symlink_to(
        world.root / "globex/deliverables/globex-1"
    )
    answer = world.browser().get("/acme/deliverables/elsewhere/quality_report.html")
    assert answer.status_code == 404
    tables = world.folder / "tables"
    tables.rename(world.root / "moved")
    tables.symlink_to(world.root / "moved")
    assert world.browser().get("/acme/deliverables/acme-1/tables/orders.csv").status_code == 404


STRANGERS = (
    "evil.example",
    "evil.example:3001",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
)
ODD = ("", "localhost@evil.example", "evil.example@localhost", "[::1", "localhost/evil", "127.1")


@pytest.mark.parametrize("host", [*STRANGERS, *ODD])
def test_another_name_than_ours_is_turned_away(world: World, host: str) -> None:
    answer = world.browser(Host=host).get(REPORT)
    assert (answer.status_code, "Report" in answer.text) == (421, False)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:3001", "127.0.0.1:3001", "[::1]:3001"])
def test_our_own_names_are_answered(world: World, host: str) -> None:
    assert world.browser(Host=host).get(REPORT).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(world: World, method: str) -> None:
    assert world.browser().request(method, REPORT).status_code == 405


def basic(token: str) -> str:
    return "Basic " + base64.b64encode(f"anybody:{token}".encode()).decode()


def test_a_token_opens_all_and_a_client_s_own_its_deliveries_alone(world: World) -> None:
    door = Door(token=TOKEN, of_clients={"acme": OF_ACME})

    def status(path: str, authorization: str | None) -> int:
        headers = {"Authorization": authorization} if authorization else {}
        return world.browser(door, **headers).get(path).status_code

    globex = "/globex/deliverables/globex-1/quality_report.html"
    assert [status(path, basic(TOKEN)) for path in ("/", REPORT, globex)] == [200] * 3
    assert status(REPORT, f"Bearer {TOKEN}") == 200
    assert [status(path, basic(OF_ACME)) for path in (REPORT, globex)] == [200, 404]
    assert status("/portfolio.html", basic(OF_ACME)) == 404
    assert status("/alerts.html", basic(OF_ACME)) == 404
    listed = world.browser(door, Authorization=basic(OF_ACME)).get("/").text
    assert "acme" in listed
    assert "globex" not in listed
    bare = base64.b64encode(TOKEN.encode()).decode()
    wrong = ("", "Basic", "Basic ???", "Bearer ", f"Digest {TOKEN}", f"Basic {bare}")
    wrong += (basic(TOKEN[:-1]), basic(""))
    assert [status(REPORT, each) for each in wrong] == [401] * len(wrong)
    assert "Basic" in world.browser(door).get(REPORT).headers["www-authenticate"]


def test_where_only_a_client_has_a_token_nobody_comes_in_without_one(world: World) -> None:
    door = Door(of_clients={"acme": OF_ACME})
    assert world.browser(door).get(REPORT).status_code == 401
    assert world.browser(door).get("/").status_code == 401
    assert world.browser(door, Authorization=basic(OF_ACME)).get(REPORT).status_code == 200


def test_a_proxy_s_guests_come_in_by_its_header_alone(world: World) -> None:
    door = Door(proxy_header="X-Forwarded-User")
    assert world.browser(door).get(REPORT).status_code == 401
    assert world.browser(door, **{"X-Forwarded-User": ""}).get(REPORT).status_code == 401
    assert world.browser(door, **{"X-Forwarded-User": "ada"}).get(REPORT).status_code == 200


def test_where_strangers_are_the_door_is_not_left_open() -> None:
    for address in ("0.0.0.0", "::", "192.168.1.5", "consult.example"):
        with pytest.raises(ConfigurationError, match="CONSULTING_SERVE_TOKEN"):
            Door().require_safe(address)
        with pytest.raises(ConfigurationError, match="CONSULTING_SERVE_TOKEN"):
            Door(of_clients={"acme": OF_ACME}).require_safe(address)
        Door(token=TOKEN).require_safe(address)
    for address in ("127.0.0.1", "127.8.0.1", "::1", "localhost"):
        Door().require_safe(address)
    with pytest.raises(ConfigurationError, match="can be guessed"):
        Door(token="short").require_safe("127.0.0.1")
    assert TOKEN not in repr(Door(token=TOKEN, of_clients={"acme": OF_ACME}))


def test_the_tier_in_force_is_respected_and_full_data_is_noted(world: World) -> None:
    assert world.browser().get(REPORT).status_code == 200
    log = [json.loads(line) for line in (world.root / "acme/access.jsonl").read_text().splitlines()]
    assert [(each["by"], each["subject"]) for each in log] == [
        ("consulting serve", "acme-1/quality_report.html")
    ]
    world.tier = 2
    lowered = world.browser().get("/acme/deliverables")
    assert lowered.status_code == 403
    assert "consulting tier acme" in lowered.text
    engagement(world.root, "acme", 2).intake.hold_tier(2)  # as `consulting tier --yes` does
    assert world.browser().get(REPORT).status_code == 403, "made at tier 3"
    listed = world.browser().get("/acme/deliverables")
    assert (listed.status_code, "acme-1" in listed.text) == (200, False)


def test_a_client_that_does_not_load_says_how_to_find_out_why(world: World) -> None:
    def broken(client_id: str) -> Any:
        raise ConfigurationError(f"{client_id}: secret details")

    app = build_app(Shelf(world.root, lambda: ["acme"], broken), Door())
    answer = TestClient(app, base_url="http://localhost").get(REPORT)
    assert (answer.status_code, "secret" in answer.text) == (503, False)
    assert "consulting check acme" in answer.text


def test_links_lead_where_it_is_shown_and_to_the_file_where_nobody_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    monkeypatch.delenv("CONSULTING_LINKS_URL", raising=False)
    path = tmp_path / "acme/deliverables/a 1/quality_report.html"
    assert address_of(path) == path.as_uri()
    monkeypatch.setenv("CONSULTING_LINKS_URL", "https://deliveries.example/")
    shown = "https://deliveries.example/acme/deliverables/a%201/quality_report.html"
    assert address_of(path) == shown
    monkeypatch.setenv("CONSULTING_LINKS_URL", "127.0.0.1:3001")
    assert address_of(path) == shown.replace("https://deliveries.example", "http://127.0.0.1:3001")
    assert address_of(Path("/elsewhere/x.html")) == "file:///elsewhere/x.html"
