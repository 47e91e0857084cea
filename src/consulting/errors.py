"""Every error of the project. A message names the client, the culprit and the fix.

The message is the whole of what a user sees, so each class takes its culprits as data and builds
its own sentence.

    ConsultingError
    ├── ConfigurationError        an engagement, an environment variable or a path is set wrongly
    ├── IntakeError               a store, the ledger or a drop
    ├── UnreadableFileError       one file can not be read; its neighbours go on
    ├── TierBlockedError          the engagement's security tier forbids the operation
    ├── CleaningError             dbt could not parse, run or test a client's models
    ├── DeliveryError             a delivery can not be built, or is not what it should equal
    └── AlertError                an alert can not be routed or sent
"""

from __future__ import annotations

from typing import ClassVar


class ConsultingError(Exception):
    """The root of all errors this project raises on purpose."""


class ConfigurationError(ConsultingError, ValueError):
    """An engagement, an environment variable or a path is set wrongly.

    A ValueError too, so that pydantic tells it with the place of the field it was raised for.
    """


class IntakeError(ConsultingError):
    """A store, the ledger or a drop is not as intake needs it."""


class UnreadableFileError(ConsultingError):
    """One file can not be read.

    Args:
        filename: The file as the client named it.
        code: A stable reason code, `snake_case` ("password_protected"), as listed in the docs.
        reason: What is wrong, in the words of the person who has to fix it.
        fix: What that person can do next.
    """

    def __init__(self, filename: str, code: str, reason: str, fix: str) -> None:
        self.filename = filename
        self.code = code
        self.reason = reason
        self.fix = fix
        super().__init__(f"{filename}: {reason} {fix}")


class TierBlockedError(ConsultingError):
    """The engagement's security tier forbids an operation.

    Args:
        operation: What was about to happen ("store full rows of feed 'orders'").
        required: The lowest tier that allows it.
        client_id: The engagement.
        tier: The tier the engagement is at.
    """

    NAMES: ClassVar[dict[int, str]] = {1: "Schema-Only", 2: "Sampled", 3: "Full"}

    def __init__(self, operation: str, required: int, client_id: str, tier: int) -> None:
        self.operation = operation
        self.required = required
        self.client_id = client_id
        self.tier = tier
        super().__init__(
            f'BLOCKED: "{operation}" requires tier {required}; {client_id} is at tier {tier} '
            f"({self.NAMES[tier]}). Raise `security_tier` in the client's defs.yaml once the "
            "client has agreed to it in writing."
        )


class CleaningError(ConsultingError):
    """Dbt could not parse, run or test a client's models."""


class DeliveryError(ConsultingError):
    """A delivery can not be built, or differs from the one it should equal."""


class AlertError(ConsultingError):
    """An alert can not be routed or sent."""
