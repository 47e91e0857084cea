"""Real queues over HTTP (moto's server), and what S3 writes into them, as AWS documents it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from patience import await_that

from consulting.sources.s3.queue import SqsQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "eu-central-1"
TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"}


def of_s3(bucket: str, *keys: str, event: str = "ObjectCreated:Put") -> dict[str, Any]:
    """What S3 itself sends: keys are encoded as in a form."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": REGION,
                "eventTime": "2026-01-05T06:00:00.000Z",
                "eventName": event,
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "uploads",
                    "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
                    "object": {"key": quote_plus(key, safe="/"), "size": 5, "sequencer": "0055"},
                },
            }
            for key in keys
        ]
    }


def of_eventbridge(bucket: str, key: str) -> dict[str, Any]:
    """What EventBridge sends: the key as it is."""
    return {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "region": REGION,
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": 5, "sequencer": "0055"},
            "reason": "PutObject",
        },
    }


@dataclass(frozen=True)
class RealQueue:
    """A queue of the server."""

    url: str
    clients: dict[str, Any]

    @property
    def opened(self) -> SqsQueue:
        """As the product reads it."""
        return SqsQueue(self.url, REGION, "UPLOADS")

    def send(self, *messages: Any) -> None:
        """Messages as they are, or objects as JSON."""
        for each in messages:
            body = each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)
            self.clients["sqs"].send_message(QueueUrl=self.url, MessageBody=body)

    def publish(self, message: Any, *, raw: bool = False) -> None:
        """The same through a topic of SNS."""
        topic = self.clients["sns"].create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}")["TopicArn"]
        named = self.clients["sqs"].get_queue_attributes(
            QueueUrl=self.url, AttributeNames=["QueueArn"]
        )
        self.clients["sns"].subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=named["Attributes"]["QueueArn"],
            Attributes={"RawMessageDelivery": str(raw).lower()},
        )
        self.clients["sns"].publish(TopicArn=topic, Message=json.dumps(message))

    def hidden(self) -> int:
        """How many messages were received and not removed."""
        name = "ApproximateNumberOfMessagesNotVisible"
        answer = self.clients["sqs"].get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def kept(self) -> list[str]:
        """What was not removed."""
        answer = self.clients["sqs"].receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return sorted(message["Body"] for message in answer.get("Messages", ()))


@dataclass(frozen=True)
class QueueServer:
    """The server, which also has buckets."""

    clients: dict[str, Any]

    def new_queue(self, hidden_seconds: int = 0) -> RealQueue:
        """A queue; for so long it hides what was received and not removed."""
        made = self.clients["sqs"].create_queue(
            QueueName=f"uploads-{uuid.uuid4().hex[:8]}",
            Attributes={"VisibilityTimeout": str(hidden_seconds)},
        )
        return RealQueue(made["QueueUrl"], self.clients)


@contextmanager
def serve_queues(port: int, log: Path) -> Iterator[QueueServer]:
    """Starts the server, and stops it."""
    import boto3

    program = Path(sys.executable).with_name("moto_server")
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [program, "-H", "127.0.0.1", "-p", str(port)], stdout=written, stderr=written
        )
    arguments = {
        "endpoint_url": address,
        "region_name": REGION,
        "aws_access_key_id": "tests",
        "aws_secret_access_key": "tests",
    }

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{address}/moto-api/data.json", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text()[-3000:]
            return False

    try:
        await_that(answers, lambda: log.read_text()[-3000:])
        yield QueueServer({name: boto3.client(name, **arguments) for name in ("sqs", "sns", "s3")})
    finally:
        process.terminate()
        process.wait()
