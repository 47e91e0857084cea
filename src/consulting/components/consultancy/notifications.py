"""The sensor that reads the queues which tell where clients' files arrive."""

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from consulting.components.border import EVERYBODY, bordered
from consulting.components.engagement.client import Client
from consulting.foreign import ErrorLog, in_our_words
from consulting.intake import Ledger, take
from consulting.layout import ledger_url
from consulting.wording import counted

if TYPE_CHECKING:
    from consulting.errors import ConsultingError

BUDGET_SECONDS = 10
"""For all queues together; the next tick goes on."""


def build_sensors(clients: Sequence[Client]) -> list[dg.SensorDefinition]:
    """The sensor, where one of these clients names a queue."""
    told_by = [client.config.source.told_by() for client in clients]
    queues = [queue for queue in dict.fromkeys(told_by) if queue is not None]
    if not queues:
        return []

    @dg.sensor(
        name="consultancy_notifications",
        description=(
            "Reads the queues that S3 notifies, and notes in the ledger for which clients "
            "something arrived; their own sensors then look."
        ),
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    @bordered()
    def notifications(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        """One look into each queue; one that does not answer stops no other."""
        ledger, deadline = Ledger.open(ledger_url()), time.monotonic() + BUDGET_SECONDS
        messages = clients_told = 0
        problems: list[ConsultingError] = []
        # in no order: those that take all the time are not always the first
        for queue in random.sample(queues, len(queues)):
            seconds = deadline - time.monotonic()
            if seconds <= 0:
                break
            try:
                taken = take(ledger, queue, now=datetime.now(UTC), seconds=seconds)
            except Exception as error:  # noqa: BLE001 - raised below, when all were read
                problems.append(in_our_words(error, EVERYBODY, ErrorLog()))
                continue
            messages, clients_told = messages + taken.messages, clients_told + taken.clients
            if taken.unread:
                context.log.warning(
                    "%s: %s no notification of S3 and left to its redrive policy",
                    queue.url,
                    counted(taken.unread, "message is", "messages are"),
                )
        for problem in problems[1:]:
            context.log.error("%s", problem)
        if problems:
            raise problems[0]
        return dg.SkipReason(
            f"{counted(messages, 'notification')}, of {counted(clients_told, 'client')}."
        )

    return [notifications]
