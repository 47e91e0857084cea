"""A queue of SQS that S3 notifies: directly, through SNS, or through EventBridge."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, Field

from consulting.errors import QueueError
from consulting.sources.queue import Message
from consulting.sources.s3.access import client_of, keys_of, place_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient

    from consulting.sources.places import Place

WAIT_SECONDS = 1
"""For so long an empty queue is waited for: without waiting, SQS asks only some of its servers."""
_ANSWERS = frozenset({"Messages", "Successful", "Failed"})
"""What SQS says of messages asked for, and of messages removed."""
_REGION = re.compile(r"(?:^|\.)sqs(?:-fips)?\.([a-z0-9-]+)\.")


class _Bucket(BaseModel):
    name: str


class _Object(BaseModel):
    key: str


class _Changed(BaseModel):
    bucket: _Bucket
    object: _Object


class _Record(BaseModel):
    s3: _Changed


class _Event(BaseModel):
    """What S3 writes itself, what SNS puts around it, what EventBridge writes, and S3's test."""

    records: list[_Record] = Field(default=[], alias="Records")
    message: str | None = Field(default=None, alias="Message")
    detail: _Changed | None = None
    event: str | None = Field(default=None, alias="Event")


class _NoAnswerError(Exception):
    """What came back is nothing that SQS writes."""


@dataclass(frozen=True)
class SqsQueue:
    """A queue.

    Attributes:
        url: Its URL; the server's address is part of it.
        region: Its region, where the URL does not name it.
        credentials_prefix: What the variables of its keys begin with; None for the machine's own
            identity.
    """

    url: str
    region: str | None = None
    credentials_prefix: str | None = None

    def receive(self) -> Sequence[Message]:
        """At most ten messages; raises as `Queue` says."""
        answer = self._ask("receive_message", MaxNumberOfMessages=10, WaitTimeSeconds=WAIT_SECONDS)
        return [_read(each) for each in answer.get("Messages", ())]

    def remove(self, messages: Sequence[Message]) -> None:
        """Removes them; what the server keeps all the same comes again."""
        entries = [{"Id": str(n), "ReceiptHandle": m.receipt} for n, m in enumerate(messages)]
        if entries:
            self._ask("delete_message_batch", Entries=entries)

    def _ask(self, what: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client(), what)(QueueUrl=self.url, **arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise QueueError(self.url, f"the server answers {code}") from error
        except BotoCoreError as error:
            raise QueueError(
                self.url, f"it can not be reached or asked ({type(error).__name__})"
            ) from error
        except _NoAnswerError:
            raise QueueError(self.url, "what answers there is no queue of SQS") from None

    def _client(self) -> SQSClient:
        address = urlsplit(self.url)
        named = _REGION.search(address.hostname or "")
        keys = keys_of(self.credentials_prefix, self.url, "notifications.credentials_prefix")
        client: SQSClient = client_of(
            "sqs",
            f"{address.scheme}://{address.netloc}",
            self.region or (named[1] if named else None),
            *keys.values(),
            # one server that is gone must not take the tick's time from other queues
            connect_seconds=3,
            read_seconds=5 + WAIT_SECONDS,
        )
        client.meta.events.register("before-parse.sqs", _require_answer, unique_id="of_sqs")
        return client


def _require_answer(response_dict: dict[str, Any], **_: Any) -> None:
    """Raise a `_NoAnswerError` for what botocore would take for an answer without messages."""
    try:
        answer = json.loads(response_dict["body"])
    except ValueError:
        answer = None
    failed = response_dict["status_code"] >= HTTPStatus.MULTIPLE_CHOICES
    if failed and (answer is None or isinstance(answer, dict)):
        return  # botocore makes an error of it
    if not isinstance(answer, dict) or not _ANSWERS.issuperset(answer):
        raise _NoAnswerError
    messages = answer.get("Messages") or []
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise _NoAnswerError


def _read(message: dict[str, Any]) -> Message:
    body, receipt = message.get("Body"), message.get("ReceiptHandle")
    return Message(_places_or_none(body) if body and receipt else None, receipt or "")


def _places_or_none(body: str) -> list[Place] | None:
    try:
        return _places_of(body)
    except ValueError:
        return None


def _places_of(body: str) -> list[Place]:
    """Where something changed; raises a ValueError if the body is no notification of S3."""
    event = _Event.model_validate_json(body)
    if event.message is not None:
        return _places_of(event.message)
    if event.detail is not None:  # EventBridge alone writes keys as they are
        return [place_in(event.detail.bucket.name, event.detail.object.key)]
    if not event.records and event.event != "s3:TestEvent":
        raise ValueError
    changed = [record.s3 for record in event.records]
    return [place_in(each.bucket.name, unquote_plus(each.object.key)) for each in changed]
