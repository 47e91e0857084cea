"""N incidents in, exactly N alerts and N resolutions out, while dispatchers are killed with -9."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from patience import PATIENCE_SECONDS, await_that

from consulting.alerting import AlertDesk, Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slack_server import SlackServer

SERVICES = Path(__file__).parents[1] / "services"
SOURCE = Path(__file__).parents[2] / "src"
INCIDENTS = 40
CHANNELS = tuple(f"#client-{number}" for number in range(8))
FAULTS = ("429", "500 before", "500 after", "drop after", "fatal_error")


@pytest.fixture(scope="module")
def begin() -> Iterator[Callable[[str, SlackServer], int]]:
    """Begins one more dispatcher, and tells its process number."""
    process = subprocess.Popen(
        [sys.executable, SERVICES / "dispatcher_nursery.py"],
        env=os.environ | {"PYTHONPATH": f"{SOURCE}:{SERVICES}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def begun(url: str, slack: SlackServer) -> int:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{url} {slack.url}\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    yield begun
    process.stdin.close()
    process.wait(PATIENCE_SECONDS)
    process.stdout.close()


def an_incident(number: int) -> Event:
    return Event(
        client_id=f"client_{number:02d}",
        kind="failed_run",
        subject="batch",
        title=f"incident {number}",
        channels=(CHANNELS[number % len(CHANNELS)],),
    )


def wait_for_calls(slack: SlackServer, number: int) -> None:
    """Wait until so many more calls have come, or a second is over."""
    target = sum(slack.calls.values()) + number
    deadline = time.monotonic() + 1
    while sum(slack.calls.values()) < target and time.monotonic() < deadline:
        time.sleep(0.001)


@pytest.mark.parametrize(("seed", "kills"), [(1, 25), (2, 25)])
def test_kills_and_faults_neither_lose_nor_double_an_alert(
    url: str, slack: SlackServer, begin: Callable[[str, SlackServer], int], seed: int, kills: int
) -> None:
    chance = random.Random(seed)
    slack.retry_after = 0.05
    slack.answer_seconds = 0.004  # so that many a kill falls between Slack's yes and our commit
    slack.fault_of_call = lambda _: chance.choice(FAULTS) if chance.random() < 0.08 else None
    slack.channels = {name[1:]: f"C9000000{number}" for number, name in enumerate(CHANNELS)}
    desk = AlertDesk(url)
    for turn in range(kills):
        for number in range(turn * 2, min(turn * 2 + 2, INCIDENTS)):
            desk.report(an_incident(number), datetime.now(UTC))
        if turn > kills // 2:
            for number in range(0, INCIDENTS, 3):
                desk.resolve(f"client_{number:02d}", "failed_run", "batch", datetime.now(UTC))
        pair = [begin(url, slack), begin(url, slack)]
        wait_for_calls(slack, chance.randint(1, 4))
        time.sleep(chance.uniform(0, 0.008))
        for dispatcher in pair:
            os.kill(dispatcher, signal.SIGKILL)
    for number in range(INCIDENTS):
        desk.resolve(f"client_{number:02d}", "failed_run", "batch", datetime.now(UTC))
    slack.fault_of_call = None
    last = begin(url, slack)
    await_that(
        lambda: not desk.heartbeat_status(datetime.now(UTC)).waiting,
        lambda: "alerts wait to be sent",
        every=0.05,
    )
    time.sleep(0.6)  # longer than a lease, so that a late double would show
    os.kill(last, signal.SIGKILL)
    alerts = Counter(each["text"].rsplit(": ", 1)[-1] for each in slack.roots())
    resolutions = Counter(each["text"].rsplit(": ", 1)[-1] for each in slack.replies())
    assert alerts == {f"incident {number}": 1 for number in range(INCIDENTS)}
    assert resolutions == alerts
    assert all(each["text"].startswith("✅") for each in slack.roots())
    assert slack.calls["conversations.history"] > 0
