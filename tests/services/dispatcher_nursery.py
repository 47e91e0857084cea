"""Bears dispatcher processes that tests kill: `python dispatcher_nursery.py`.

For each line on stdin, a database and a Slack, it forks a process that dispatches until it is
killed, and prints its number. The heavy imports are done once, before the first fork.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime

from slack_sdk import WebClient
from slack_server import TOKEN

from consulting.alerting import AlertDesk, Pace
from consulting.channels.slack.sender import SlackSender

PACE = Pace(
    spacing=0.002,
    lease=0.4,
    send=0.15,
    settle=0.1,
    retry_first=0.05,
    retry_most=0.3,
    storm_size=999,
)


def dispatch_for_ever(database: str, slack: str) -> None:
    """Dispatch as the sensor does, again and again."""
    desk = AlertDesk(database, pace=PACE)
    sender = SlackSender(WebClient(TOKEN, base_url=slack), timeout=1)
    while True:
        desk.dispatch(sender, datetime.now(UTC), budget_seconds=1)


def main() -> None:
    """Fork one dispatcher for each line read."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                dispatch_for_ever(*line.split())
            finally:
                os._exit(1)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
