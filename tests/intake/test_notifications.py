"""A queue in front of the listing: it decides whether a bucket is listed, never what is taken."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from queues import TEST_EVENT, of_eventbridge, of_s3

from consulting.errors import QueueError
from consulting.intake import BatchPolicy, FeedPattern, Ledger, take
from consulting.sources.s3.access import place_in
from consulting.sources.s3.queue import SqsQueue
from consulting.sources.s3.store import S3Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TAKES = """
import os, signal, sys
from datetime import UTC, datetime
from consulting.intake import Ledger, take
from consulting.sources.s3.queue import SqsQueue

class Killed(SqsQueue):
    def remove(self, messages):
        os.kill(os.getpid(), signal.SIGKILL)

take(Ledger.open(sys.argv[1]), Killed(sys.argv[2], "eu-central-1", "UPLOADS"),
     now=datetime.now(UTC), seconds=5)
"""


@dataclass
class Client:
    """A client's desk over a prefix of the bucket, and how often that was listed."""

    desk: Any
    s3: Any
    bucket: str
    prefix: str
    lists: int = 0

    def put(self, key: str, content: str = "id\n1\n") -> str:
        name = f"{self.prefix}/{key}"
        self.s3.put_object(Bucket=self.bucket, Key=name, Body=content.encode())
        return name

    def look(self, **arguments: Any) -> int:
        """A sensor's look; gives how often the bucket was listed for it."""
        before = self.lists
        self.desk.intake.look(now=self.desk.now, if_told=True, **arguments)
        return self.lists - before


class House:
    """Clients whose one bucket notifies one queue."""

    def __init__(self, make_desk: Callable[..., Any], s3: Any, bucket: str, queue: Any) -> None:
        self.make_desk, self.s3, self.bucket, self.queue = make_desk, s3, bucket, queue
        self.ledger: Any = None

    def client(self, client_id: str, prefix: str, **changes: Any) -> Client:
        store = S3Store(self.s3, self.bucket, prefix, client_id=client_id)
        place = place_in(self.bucket, prefix)
        desk = self.make_desk(
            client_id, store=store, place=place, queue_url=self.queue.url, **changes
        )
        client = Client(desk, self.s3, self.bucket, prefix)
        listed = store.list_page

        def list_page(after: str | None, limit: int) -> Any:
            client.lists += 1
            return listed(after, limit)

        store.list_page = list_page  # type: ignore[method-assign]
        self.ledger = desk.intake.ledger
        return client

    def take(self, now: datetime, queue: Any = None) -> Any:
        return take(self.ledger, queue or self.queue.opened, now=now, seconds=5)

    def told(self, *messages: Any, now: datetime | None = None) -> Any:
        """Messages that are sent and read."""
        self.queue.send(*messages)
        return self.take(now or self.now)

    @property
    def now(self) -> datetime:
        return datetime(2026, 1, 5, 6, 0, tzinfo=UTC)


@pytest.fixture
def house(make_desk: Callable[..., Any], s3_server: Any, s3_bucket: str, queue: Any) -> House:
    return House(make_desk, s3_server.client(), s3_bucket, queue)


@pytest.fixture
def acme(house: House) -> Client:
    """A client that was listed, and a queue that was read."""
    client = house.client("acme", "acme")
    house.take(client.desk.now)
    assert client.look() == 1, "right after it was loaded first"
    assert client.look() == 0
    return client


def test_a_file_is_found_by_its_notification_and_no_other_client_is_listed(
    house: House, acme: Client
) -> None:
    second = house.client("acme_2", "acme-2")
    assert [second.look(), second.look()] == [1, 0]
    name = second.put("orders.csv")
    taken = house.told(of_s3(house.bucket, name))
    assert (taken.messages, taken.unread, taken.clients) == (1, 0, 1)
    assert house.queue.kept() == []
    assert [acme.look(), second.look(), second.look()] == [0, 1, 0]
    second.desk.cycle()
    assert second.desk.delivered_contents() == [("orders.csv", b"id\n1\n")]
    house.told(of_s3(house.bucket, acme.put("orders.csv")))
    assert [acme.look(), second.look()] == [1, 0]


def test_a_prefix_of_blanks_plus_signs_and_umlauts_is_told(house: House) -> None:
    client = house.client("acme", "Größe 1+1/in%20")
    house.take(house.now)
    client.look()
    for message in (of_s3, of_eventbridge):
        house.told(message(house.bucket, client.put("orders +ä.csv")))
        assert [client.look(), client.look()] == [1, 0], message.__name__
    assert client.desk.cycle() == 1
    assert client.desk.delivered_contents() == [("orders +ä.csv", b"id\n1\n")]


def test_doubled_reordered_unknown_and_wrapped_messages_lose_and_double_nothing(
    house: House, acme: Client
) -> None:
    names = [acme.put(f"orders_{number}.csv", str(number)) for number in range(3)]
    events = [of_s3(house.bucket, name) for name in names]
    house.queue.publish(events[1])
    strangers = [of_s3("elsewhere", names[0]), of_s3(house.bucket, "nobody/orders.csv"), TEST_EVENT]
    house.told(events[2], events[0], events[2], of_s3(house.bucket, *names), *strangers)
    house.told(of_s3(house.bucket, "acme/gone.csv", event="ObjectRemoved:Delete"), events[0])
    assert house.queue.kept() == []
    assert [acme.look(), acme.look()] == [1, 0]
    assert acme.desk.cycle(2) == 1
    house.told(*reversed(events))
    assert [acme.look(), acme.look()] == [1, 0]
    assert acme.desk.cycle(2) == 0
    assert [content for _, content in acme.desk.delivered_contents()] == [b"0", b"1", b"2"]


def test_what_is_no_notification_is_counted_and_left_to_the_queue(
    house: House, acme: Client
) -> None:
    """What is not removed is received again here, so the queue is read for an instant."""
    house.queue.send("Ada Lovelace", of_s3(house.bucket, acme.put("orders.csv")))
    taken = take(house.ledger, house.queue.opened, now=house.now, seconds=0)
    assert (taken.messages, taken.unread) == (1, 1)
    assert house.queue.kept() == ["Ada Lovelace"]
    assert acme.look() == 1


def test_a_queue_of_what_nobody_can_read_is_not_relied_on(house: House, acme: Client) -> None:
    """They come again and again here, and keep what tells of a file from being read."""
    house.queue.send(*["Ada Lovelace"] * 20, of_s3(house.bucket, acme.put("orders.csv")))
    acme.desk.now = house.now + timedelta(minutes=60)
    taken = take(house.ledger, house.queue.opened, now=acme.desk.now, seconds=1)
    assert (taken.messages, taken.unread >= 20) == (0, True)
    assert acme.look() == 1


def test_a_lost_message_is_made_good_within_a_day(house: House, acme: Client) -> None:
    acme.put("orders.csv")
    for hours in (1, 12, 23):
        acme.desk.now = house.now + timedelta(hours=hours)
        house.take(acme.desk.now)
        assert acme.look() == 0, hours
    acme.desk.now = house.now + timedelta(hours=24)
    house.take(acme.desk.now)
    look = acme.desk.intake.look(now=acme.desk.now, if_told=True)
    assert (look.ready, look.untold) == (1, 1), "and it is told that nobody told of it"
    assert acme.look() == 0


@pytest.mark.parametrize("back", [timedelta(minutes=-20), timedelta(days=-400)])
def test_a_clock_that_was_set_back_delays_nothing_for_longer_than_that(
    house: House, acme: Client, back: timedelta
) -> None:
    acme.desk.now += back
    house.take(acme.desk.now)
    assert acme.look() == (1 if back <= timedelta(days=-1) else 0)
    house.told(of_s3(house.bucket, acme.put("orders.csv")), now=acme.desk.now)
    assert acme.look() == 1


def test_a_kill_between_commit_and_removal_costs_a_listing_and_no_file(
    house: House, acme: Client
) -> None:
    house.queue.send(of_s3(house.bucket, acme.put("orders.csv")))
    url = house.ledger.url.render_as_string(hide_password=False)
    done = subprocess.run([sys.executable, "-c", TAKES, url, house.queue.url], check=False)
    assert done.returncode == -signal.SIGKILL
    assert acme.look() == 1, "it was noted"
    assert house.take(house.now).messages == 1, "and comes again"
    assert [acme.look(), acme.look()] == [1, 0]
    assert acme.desk.cycle(2) == 1


def test_a_queue_nobody_could_read_for_an_hour_is_not_relied_on(house: House, acme: Client) -> None:
    broken = SqsQueue("http://127.0.0.1:9/1/uploads", "eu-central-1", "UPLOADS")
    with pytest.raises(QueueError):
        house.take(house.now + timedelta(minutes=59), broken)
    acme.put("orders.csv")
    acme.desk.now = house.now + timedelta(minutes=59)
    assert acme.look() == 0
    acme.desk.now = house.now + timedelta(minutes=60)
    assert [acme.look(), acme.look()] == [1, 1]
    house.take(acme.desk.now)
    assert acme.look() == 0


def of_sqs(*messages: dict[str, str]) -> str:
    return json.dumps({"Messages": messages})


RECORD = json.dumps(of_s3("uploads", "acme/orders.csv"))
NO_QUEUE = ["<html>Welcome</html>", "[]", '"ok"', "", '{"status": "ok"}', '{"Messages": "none"}',
            '{"Messages": ["none"]}']  # fmt: skip


@contextmanager
def answering(body: str, status: int = 200) -> Iterator[SqsQueue]:
    """A queue whose server says the same to whatever it is asked."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield SqsQueue(f"http://127.0.0.1:{server.server_port}/1/uploads", "eu-central-1")
        server.shutdown()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("body", NO_QUEUE)
def test_a_server_that_is_no_queue_of_sqs_is_an_error_that_names_it(body: str, status: int) -> None:
    with answering(body, status) as queue, pytest.raises(QueueError, match=re.escape(queue.url)):
        queue.receive()


@pytest.mark.usefixtures("keys")
def test_a_message_without_a_part_is_unread_and_stops_no_other() -> None:
    whole = {"Body": RECORD, "ReceiptHandle": "r"}
    with answering(of_sqs({"ReceiptHandle": "n"}, {"Body": RECORD}, whole)) as queue:
        places = [message.places for message in queue.receive()]
    assert places == [None, None, [place_in("uploads", "acme/orders.csv")]]
    for body in ("{}", of_sqs()):
        with answering(body) as queue:
            assert queue.receive() == []


def test_what_is_told_while_a_listing_goes_on_is_listed_once_more(
    house: House, acme: Client
) -> None:
    """In one step, and over several of them."""
    for number in range(4):
        acme.put(f"orders_{number}.csv")
    house.told(of_s3(house.bucket, "acme/orders_0.csv"))
    listed = acme.desk.intake.store.list_page

    def meanwhile(after: str | None, limit: int) -> Any:
        acme.desk.intake.store.list_page = listed
        page = listed(after, limit)
        house.told(of_s3(house.bucket, acme.put("orders_0.csv", "newer")))
        return page

    acme.desk.intake.store.list_page = meanwhile
    assert [acme.look(), acme.look(), acme.look()] == [1, 1, 0]
    acme.desk.intake.store.page_size = 2
    house.told(of_s3(house.bucket, "acme/orders_0.csv"))
    assert acme.look(budget_seconds=0) == 1
    house.told(of_s3(house.bucket, acme.put("orders_0.csv", "newest")))
    assert acme.look() == 1, "the rest of the listing that was begun"
    assert acme.look() == 2, "and a whole one, for what came after its beginning"
    assert acme.look() == 0
    acme.desk.cycle(2)
    assert ("orders_0.csv", b"newest") in acme.desk.delivered_contents()


def test_a_listing_that_fails_is_made_again(house: House, acme: Client) -> None:
    house.told(of_s3(house.bucket, acme.put("orders.csv")))
    listed = acme.desk.intake.store.list_page

    def fails(after: str | None, limit: int) -> Any:
        raise OSError("cut")

    acme.desk.intake.store.list_page = fails
    with pytest.raises(OSError, match="cut"):
        acme.look()
    acme.desk.intake.store.list_page = listed
    assert [acme.look(), acme.look()] == [1, 0]


def test_files_that_wait_are_looked_after_without_a_notification(house: House) -> None:
    policy = BatchPolicy(done_marker="{name}.done")
    client = house.client("acme", "acme", policy=policy)
    house.take(house.now)
    client.put("orders.csv")
    assert [client.look(), client.look(), client.look()] == [1, 1, 1], "its marker is not there"
    client.put("orders.csv.done")
    assert [client.look(), client.look()] == [1, 0]
    assert client.desk.intake.state().counts["ready"] == 1


def test_a_file_no_feed_took_is_taken_without_a_listing_each_tick_once_one_does(
    house: House,
) -> None:
    client = house.client("acme", "acme")
    house.take(house.now)
    client.put("prices.csv")
    assert [client.look(), client.look()] == [1, 0], "it lies in quarantine, and nothing changes"
    again = house.client("acme", "acme", feeds=[FeedPattern(name="prices", glob="prices*")])
    assert [again.look(), again.look()] == [1, 0]
    assert again.desk.intake.state().counts["ready"] == 1


def test_a_run_by_hand_and_a_due_schedule_list_whatever_was_told(acme: Client) -> None:
    acme.put("orders.csv")
    before = acme.lists
    acme.desk.look()
    assert acme.lists == before + 1
    assert acme.look() == 0


def test_no_note_is_lost_between_a_host_that_reads_and_one_that_looks(
    house: House, acme: Client
) -> None:
    """Whatever the order of uploads, notes and listings, silence means that all is known."""
    url = house.ledger.url.render_as_string(hide_password=False)
    names = [f"orders_{number}.csv" for number in range(20)]

    def read() -> None:
        for name in names:
            house.queue.send(of_s3(house.bucket, acme.put(name)))
            take(Ledger(url), house.queue.opened, now=house.now, seconds=5)

    with ThreadPoolExecutor(1) as host:
        reading = host.submit(read)
        while not reading.done():
            acme.look()
        reading.result()
    acme.look()
    assert acme.desk.intake.state().counts["ready"] == len(names)
    assert acme.look() == 0


def test_two_hosts_read_one_queue_and_neither_loses_a_note(house: House, acme: Client) -> None:
    """Each has a connection of its own to the ledger; messages are read by both, for none hides."""
    url = house.ledger.url.render_as_string(hide_password=False)
    other = Ledger(url)
    for number in range(6):
        house.queue.send(of_s3(house.bucket, acme.put(f"orders_{number}.csv")))
        ledger = (house.ledger, other)[number % 2]
        taken = take(ledger, house.queue.opened, now=house.now, seconds=5)
        assert taken.messages == 1
        assert [acme.look(), acme.look()] == [1, 0]
    assert acme.desk.intake.state().counts["ready"] == 6
