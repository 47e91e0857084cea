"""The whole loop through a real `dg dev`, by hand: alerts over a kill, and a backfill.

    PYTHONPATH=src python tests/long/daemon_loop.py

A copy of the project with one monthly client runs under `dg dev`, with every sensor and schedule
as it is by default, and a local server in Slack's place. A file that cannot be read is dropped: one
message. All processes are killed (-9) and started again. The corrected file is dropped: a delivery,
and one "resolved". Then `incoming/` is emptied and a backfill is started as the UI does it: each
period is delivered once more from its landed files, and one that never had files fails and says so.
Last the alert sensor is stopped: the heartbeat check fails. Takes ten to twenty minutes; ends with
exit code 1 at the first broken promise.
"""

from __future__ import annotations

# ruff: noqa: T201 - a program for the command line
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
CLIENT = "acme_corp"
DEFS = r"""
type: consulting.components.EngagementComponent
attributes:
  client_name: Acme Corp
  security_tier: 3
  feeds:
    - {name: customers, files: "customers*.csv"}
    - {name: orders, files: "orders*.xlsx"}
  partitions: {every: month, start: 2026-01, period_from: "(?P<year>\\d{4})-(?P<month>\\d{2})"}
  intake: {settle_seconds: 1}
  alerts: {channel: "#acme-alerts"}
"""
HEADER = (
    "Customer ID,Full Name,Email,Phone,Country,Signup Date,Lifetime Value,Marketing Opt-In,"
    "Status,Last Updated,Notes\n"
)
ROW = (
    "{0:06d},Ada Lovelace,ada{0}@example.com,(415) 555-{0:04d},USA,2024-01-05,100.00,Yes,active,"
    "2026-01-02 10:00:00,\n"
)
BACKFILL = """mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
CHECK = """query { assetCheckExecutions(
  assetKey: {path: ["consultancy", "alerts"]}, checkName: "alerts_get_out", limit: 1
) { status evaluation { success description } } }"""
STOP = "mutation($id: String!) { stopSensor(id: $id) { __typename } }"
SENSORS = """query { repositoriesOrError { ... on RepositoryConnection {
  nodes { sensors { id name } } } } }"""


def slack_module() -> Any:
    """The workspace of `tests/services`, which is no package."""
    path = ROOT / "tests/services/slack_server.py"
    spec = importlib.util.spec_from_file_location("slack_server", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["slack_server"] = module
    spec.loader.exec_module(module)
    return module


class House:
    """A copy of the project, and `dg dev` in it."""

    def __init__(self, root: Path, slack_url: str, token: str) -> None:
        self.root = root
        self.data = root / "data" / CLIENT
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(root / "src"),
            "CONSULTING_DATA": str(root / "data"),
            "DAGSTER_HOME": str(root),
            "SLACK_BOT_TOKEN": token,
        }
        for part in ("src", "dbt"):
            shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "dagster.yaml"):
            shutil.copy(ROOT / name, root / name)
        clients = root / "src/consulting/defs/clients"
        for folder in clients.iterdir():
            if folder.is_dir():
                shutil.rmtree(folder)
        (clients / CLIENT).mkdir()
        (clients / CLIENT / "defs.yaml").write_text(DEFS)
        shared = root / "src/consulting/defs/consultancy/defs.yaml"
        shared.write_text(f"{shared.read_text()}attributes: {{slack_base_url: {slack_url!r}}}\n")
        self.incoming = self.data / "incoming"
        self.incoming.mkdir(parents=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start `dg dev` and wait until its web server answers."""
        command = [str(Path(sys.executable).with_name("dg")), "dev", "--port", str(self.port)]
        with (self.root / "dev.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.root,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for("the web server", lambda: bool(self.ask(SENSORS)), 180)

    def kill(self) -> None:
        """Kill -9 everything that `dg dev` started, runs included."""
        assert self.process
        members = [
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/environ")
            if self.is_ours(path)
        ]
        for process in members:
            os.kill(process, signal.SIGKILL)
        self.process.wait()

    def is_ours(self, path: Path) -> bool:
        """Whether a process was started in this copy."""
        try:
            return f"DAGSTER_HOME={self.root}\0".encode() in path.read_bytes()
        except OSError:
            return False

    def ask(self, query: str, **variables: Any) -> Any:
        """One GraphQL request, as the UI makes it; None while nobody answers."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def deliveries(self) -> list[dict[str, Any]]:
        """The manifests of all deliveries, in the order in which they were made."""
        found = sorted((self.data / "deliverables").glob("[!.]*/manifest.json"))
        return [json.loads(path.read_text()) for path in found]

    def backfill(self, *partitions: str) -> str:
        """Start a backfill of all the client's assets and wait for its end."""
        nodes = self.ask("query { assetNodes { assetKey { path } groupName } }")["assetNodes"]
        keys = [{"path": n["assetKey"]["path"]} for n in nodes if n["groupName"] == CLIENT]
        launched = self.ask(
            BACKFILL, params={"assetSelection": keys, "partitionNames": partitions}
        )["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        query = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
            ... on PartitionBackfill { status } } }"""

        def status() -> str:
            answer = self.ask(query, id=launched["backfillId"])
            return str(answer["partitionBackfillOrError"]["status"])

        wait_for("the backfill", lambda: status() != "REQUESTED", 600)
        return status()


def wait_for(what: str, is_there: Callable[[], bool], seconds: float) -> None:
    """Wait for something, and tell how long it took."""
    began = time.monotonic()
    while not is_there():
        if time.monotonic() - began > seconds:
            print(f"{what}: not within {seconds:.0f} s")
            raise SystemExit(1)
        time.sleep(1)
    print(f"{what}: after {time.monotonic() - began:.0f} s")


def customers(number: int) -> str:
    """A file of customers, different for each number."""
    return HEADER + "".join(ROW.format(100 * number + n) for n in range(5))


def follow_an_alert(house: House, slack: Any) -> None:
    """One message for a bad file, one "resolved" for its correction, over a kill."""
    (house.incoming / "customers_2026-01.csv").write_text(customers(1))
    wait_for("the first delivery", lambda: len(house.deliveries()) == 1, 300)
    bad = house.incoming / "customers_2026-03.csv"
    bad.write_bytes(b"PK\x03\x04 no workbook")
    wait_for("one message", lambda: len(slack.roots()) == 1, 300)
    house.kill()
    house.start()
    time.sleep(90)
    assert len(slack.roots()) == 1, slack.messages
    assert not slack.replies(), slack.messages
    bad.write_text(customers(3))
    wait_for("the corrected delivery", lambda: len(house.deliveries()) == 2, 300)
    wait_for("one resolved", lambda: len(slack.replies()) == 1, 180)
    time.sleep(90)
    assert (len(slack.roots()), len(slack.replies())) == (1, 1), slack.messages
    assert "esolved" in slack.roots()[0]["text"]
    for message in slack.messages:
        print("  slack:", message["text"])


def replay(house: House) -> None:
    """A backfill delivers the periods again, from their landed files."""
    for path in house.incoming.iterdir():
        path.unlink()
    status = house.backfill("2026-01", "2026-02", "2026-03")
    assert status == "COMPLETED_FAILED", status
    made = [(each["period"], each["supersedes"] is not None) for each in house.deliveries()]
    print("deliveries:", made)
    assert made == [("2026-01", False), ("2026-03", False), ("2026-01", True), ("2026-03", True)]
    log = (house.root / "dev.log").read_text(errors="replace")
    assert "nothing arrived for 2026-02" in log or "2026-02" in log


def stop_the_watcher(house: House) -> None:
    """Without the alert sensor the heartbeat check fails, though nobody runs anything."""

    def beat() -> dict[str, Any]:
        (last,) = house.ask(CHECK)["assetCheckExecutions"]
        return last["evaluation"] or {}

    wait_for("a good heartbeat", lambda: beat().get("success") is True, 400)
    (repository,) = house.ask(SENSORS)["repositoriesOrError"]["nodes"]
    sensor = next(each for each in repository["sensors"] if each["name"] == "consultancy_alerts")
    house.ask(STOP, id=sensor["id"])
    wait_for("a failed heartbeat", lambda: beat().get("success") is False, 900)
    print("heartbeat:", beat()["description"])


def main() -> None:
    """All of it, in one copy of the project."""
    services = slack_module()
    with tempfile.TemporaryDirectory() as folder, services.slack_server() as slack:
        house = House(Path(folder).resolve(), slack.url, services.TOKEN)
        house.start()
        try:
            follow_an_alert(house, slack)
            replay(house)
            stop_the_watcher(house)
        except BaseException:
            log = (house.root / "dev.log").read_text(errors="replace")
            print(log[-6000:])
            raise
        finally:
            house.kill()
    print("every promise was kept")


if __name__ == "__main__":
    main()
