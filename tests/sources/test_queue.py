"""What a real queue tells of places, whoever wrote into it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from queues import TEST_EVENT, of_eventbridge, of_s3

from consulting.errors import ConfigurationError, QueueError
from consulting.sources.s3 import S3Source
from consulting.sources.s3.queue import SqsQueue

FOLDER = "Größe 1+1/in%20"
PLACE = ("s3", "uploads", "grösse 1+1", "in%20", "ein & zwei+drei.csv")


def places(queue: Any) -> Any:
    """What the queue's messages tell; they stay in it."""
    return [message.places for message in queue.opened.receive()]


@pytest.mark.parametrize("way", ["s3", "sns", "sns raw", "eventbridge", "eventbridge, sns"])
def test_a_key_with_blanks_plus_signs_and_umlauts_is_the_same_by_each_way(
    queue: Any, way: str
) -> None:
    key = f"{FOLDER}/Ein & Zwei+Drei.csv"
    if way.startswith("sns"):
        queue.publish(of_s3("Uploads", key), raw=way == "sns raw")
    elif way == "eventbridge, sns":
        queue.publish(of_eventbridge("Uploads", key))
    else:
        queue.send(of_s3("Uploads", key) if way == "s3" else of_eventbridge("Uploads", key))
    assert places(queue) == [[PLACE]]


def test_the_test_that_s3_sends_tells_of_no_place(queue: Any) -> None:
    queue.send(TEST_EVENT)
    queue.publish(TEST_EVENT)
    assert places(queue) == [[], []]


@pytest.mark.parametrize(
    "body",
    [
        "Ada Lovelace",
        "{}",
        "[]",
        '{"Records": []}',
        '{"Records": [{"s3": {"bucket": {"name": "uploads"}}}]}',
        '{"Message": "hello"}',
        '{"detail": {"state": "running"}}',
        "[" * 100_000,
        '{"Records":' * 20_000,
    ],
)
def test_what_is_no_notification_is_told_from_one(queue: Any, body: str) -> None:
    queue.send(body)
    assert places(queue) == [None]


def test_removed_is_what_was_named_and_nothing_else(queue: Any) -> None:
    queue.send(of_s3("uploads", "a"), "b")
    queue.opened.remove([each for each in queue.opened.receive() if each.places is not None])
    queue.opened.remove([])
    assert queue.kept() == ["b"]


def test_a_queue_that_is_not_there_or_not_reached_is_named_with_what_to_do(queue: Any) -> None:
    absent = SqsQueue(f"{queue.url}-absent", "eu-central-1", "UPLOADS")
    with pytest.raises(QueueError, match=r"-absent: the server answers .*NonExistentQueue\. Check"):
        absent.receive()
    nobody = SqsQueue("http://127.0.0.1:9/1/uploads", "eu-central-1", "UPLOADS")
    with pytest.raises(QueueError, match=r"^http://127.0.0.1:9/1/uploads: it can not be reached"):
        nobody.receive()


def test_a_queue_whose_keys_are_not_set_names_them() -> None:
    with pytest.raises(ConfigurationError, match="Set NONE_ACCESS_KEY_ID and NONE_SECRET"):
        SqsQueue("https://sqs.eu-central-1.amazonaws.com/1/q", None, "NONE").receive()


def source(**notifications: Any) -> S3Source:
    said = {"type": "s3", "bucket": "uploads", "prefix": "acme", "notifications": notifications}
    return TypeAdapter(S3Source).validate_json(json.dumps(said))


@pytest.mark.parametrize(
    "url",
    [
        "arn:aws:sqs:eu-central-1:123456789012:uploads",
        "uploads",
        "https://sqs.eu-central-1.amazonaws.com",
        "https://user:secret@sqs.eu-central-1.amazonaws.com/1/uploads",
        "https://sqs.eu-central-1.amazonaws.com/1/uploads?x=1",
        "s3://uploads/acme",
        "",
    ],
)
def test_what_is_no_url_of_a_queue_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="aws sqs get-queue-url"):
        source(queue_url=url)


@pytest.mark.parametrize(
    "bucket", ["arn:aws:s3:eu-central-1:123456789012:accesspoint/acme", "acme-x1y2-s3alias"]
)
def test_a_queue_that_could_tell_nothing_of_the_bucket_is_refused(bucket: str) -> None:
    notifications = {"queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/uploads"}
    said = {"type": "s3", "bucket": bucket, "prefix": "acme"}
    assert S3Source.model_validate(said).told_by() is None
    with pytest.raises(ValidationError, match=rf"{bucket}` is an access point's, .* tell nothing"):
        S3Source.model_validate({**said, "notifications": notifications})


def test_clients_that_name_one_queue_share_it() -> None:
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/uploads"
    assert source(queue_url=url).told_by() == source(queue_url=url).told_by() == SqsQueue(url)
    assert SqsQueue(url)._client().meta.region_name == "eu-central-1"
    own = source(queue_url=url, credentials_prefix="UPLOADS")
    assert own.variables() == {"UPLOADS_": "source.notifications.credentials_prefix"}
    assert own.told_by() == SqsQueue(url, None, "UPLOADS")
