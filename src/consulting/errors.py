"""Every error of the project. A message names the client, the culprit and the fix.

The message is the whole of what a user sees, so each class takes its culprits as data and builds
its own sentence.

    ConsultingError
    ├── ConfigurationError        an engagement, an environment variable or a path is set wrongly
    ├── IntakeError               a store, the ledger or a drop
    │   ├── StoreError            the client's store did not answer as it should
    │   │   ├── StoreMissingError     the folder or bucket is not there
    │   │   ├── StoreAccessError      the store refuses our credentials
    │   │   ├── StoreThrottledError   the store asks for patience (retryable)
    │   │   └── StoreUnavailableError the store can not be reached (retryable)
    │   ├── QueueError            a queue of notifications did not answer as it should
    │   ├── DropChangedError      a file is not the version that was listed any more
    │   ├── DropGoneError         a file is no longer there
    │   ├── DropRefusedError      the place shows a file, and does not give it
    │   ├── BatchHeldError        another run holds the batch or the client
    │   ├── BatchSettledError     the batch was delivered or split: there is nothing left to do
    │   ├── NothingArrivedError   a run was asked for and no file is ready
    │   ├── NothingNewError       the batch's files hold nothing that was not delivered before
    │   └── LedgerError           the ledger's database, or a request the ledger must refuse
    ├── UnforeseenError           a library raised an error that nobody foresaw
    ├── DiskFullError             a disk took no more
    ├── UnreadableFileError       one file can not be read; its neighbours go on
    ├── BeyondLimitError          loading or profiling files takes more than their feed may
    ├── TierBlockedError          the engagement's security tier forbids the operation
    ├── TierLoweredError          the tier was lowered, and nobody has confirmed it
    ├── CleaningError             dbt could not parse, run or test a client's models
    │   └── ChecksBrokenError     tests of error severity could not run: nothing is delivered
    ├── ChecksFailedError         the data failed tests of error severity: nothing is delivered
    ├── BlockedDeliveryError      a blocking check of our own failed: nothing is delivered
    ├── DeliveryError             a delivery can not be built, or is not what it should equal
    └── AlertError                an alert can not be routed or sent
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from consulting.shown import on_one_line
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class ConsultingError(Exception):
    """The root of all errors this project raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        """Crosses from one process to another as it is, whatever it was made from."""
        return _again, (type(self), self.args, self.__dict__)


def _again(
    kind: type[ConsultingError], args: tuple[object, ...], facts: dict[str, object]
) -> ConsultingError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error


class ConfigurationError(ConsultingError, ValueError):
    """An engagement, an environment variable or a path is set wrongly.

    A ValueError too, so that pydantic tells it with the place of the field it was raised for.
    """


class IntakeError(ConsultingError):
    """A store, the ledger or a drop is not as intake needs it."""


class StoreError(IntakeError):
    """A client's store did not answer as it should.

    Args:
        client_id: Whose store it is.
        store: The store in words ("s3://uploads/acme/").
        problem: What went wrong.
        fix: What a person can do.
    """

    def __init__(self, client_id: str, store: str, problem: str, fix: str) -> None:
        super().__init__(f"{client_id}: {store}: {problem} {fix}")


class StoreMissingError(StoreError):
    """The folder or the bucket is not there."""


class StoreAccessError(StoreError):
    """The store refuses our credentials."""


class StoreThrottledError(StoreError):
    """The store asks for patience; the same call can succeed later."""


class StoreUnavailableError(StoreError):
    """The store can not be reached, or failed inside; the same call can succeed later."""


class QueueError(IntakeError):
    """A queue that tells what arrives did not answer as it should.

    Args:
        url: The queue's URL.
        problem: What went wrong.
    """

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(
            f"{url}: {problem}. Check `source.notifications` (URL, region, credentials), the "
            "network, and that we may sqs:ReceiveMessage and sqs:DeleteMessage. The next tick "
            "tries again; an hour after its last answer, or at once if it never gave one, its "
            "clients' files are looked for at every tick."
        )


class DropChangedError(IntakeError):
    """A file is not the version that was listed any more.

    Args:
        client_id: Whose file it is.
        key: Its path below the source.
    """

    def __init__(self, client_id: str, key: str) -> None:
        super().__init__(
            f"{client_id}: {key!r} changed after it was listed. Nothing to do: the new version is "
            "taken at the next look."
        )


class DropGoneError(IntakeError):
    """A file is no longer there.

    Args:
        client_id: Whose file it was.
        key: Its path below the source.
    """

    def __init__(self, client_id: str, key: str) -> None:
        super().__init__(
            f"{client_id}: {key!r} is no longer in the source. Nothing to do if it was removed on "
            "purpose; otherwise upload it again."
        )


class DropRefusedError(IntakeError):
    """The place shows a file and does not give it, be it that it is asked for others.

    Args:
        client_id: Whose file it is.
        key: Its path below the source.
        reason: How it is refused.
        fix: What a person can do.
    """

    def __init__(self, client_id: str, key: str, reason: str, fix: str) -> None:
        self.reason = reason
        self.fix = fix
        super().__init__(f"{client_id}: {key!r}: {reason} {fix}")


class DropMovedError(IntakeError):
    """A file belongs to another period than its name says, and waits for a batch of that period.

    Args:
        client_id: Whose file it is.
        key: Its path below the source.
        feed: The feed it belongs to.
        period: The period it belongs to.
    """

    def __init__(self, client_id: str, key: str, feed: str, period: str) -> None:
        super().__init__(
            f"{client_id}: the rows of {key!r} are of feed {feed!r} and period {period}. The next "
            "batch of that period takes the file; nothing to do."
        )


class BatchHeldError(IntakeError):
    """Another run holds the batch, or holds another batch of the same client.

    Args:
        client_id: Whose batch it is.
        batch_id: The batch that was asked for.
        holder: Who holds what, in words.
    """

    def __init__(self, client_id: str, batch_id: str, holder: str) -> None:
        super().__init__(
            f"{client_id}: run refused for batch {batch_id}: {holder}. One run of a client works "
            "at a time. Wait for that run to end, or terminate it."
        )


class BatchSettledError(IntakeError):
    """The batch was delivered or split: there is nothing left to do.

    Args:
        client_id: Whose batch it is.
        batch_id: The batch that was asked for.
        settled: What became of it, in words.
    """

    def __init__(self, client_id: str, batch_id: str, settled: str) -> None:
        super().__init__(
            f"{client_id}: batch {batch_id} {settled}. Nothing to do; to deliver its files again, "
            "reprocess their drops."
        )


class RunInterruptedError(KeyboardInterrupt):
    """A run was told to stop; like an interrupt from the keyboard, it is no `Exception`.

    Args:
        client_id: Whose batch it worked on.
        batch_id: The batch.
    """

    def __init__(self, client_id: str, batch_id: str) -> None:
        super().__init__(
            f"{client_id}: the run was interrupted while it worked on batch {batch_id} (someone "
            "terminated it, or its machine was shut down). It delivered nothing, and no file is "
            "at fault. Nothing to do: the next run takes the same files again."
        )


class LedgerError(IntakeError):
    """The ledger's database is not as it should be, or the ledger must refuse a request."""


class NothingArrivedError(IntakeError):
    """A run was asked for and no file is ready.

    Args:
        client_id: Whose files.
        store: Where they arrive, in words.
        period: The partition that was asked for, if one was.
    """

    def __init__(self, client_id: str, store: str, period: str | None) -> None:
        if period:
            said = (
                f"nothing arrived for {period}: no file of it is ready in {store}, and none was "
                "delivered before. If one should be there, it is still settling, in quarantine, or "
                f"of another period. `consulting ledger {client_id}` shows each."
            )
        else:
            said = (
                f"no file is ready in {store}. Either none arrived, or all were delivered, or they "
                f"are still settling or set aside. `consulting ledger {client_id}` shows each; "
                f"`consulting reprocess {client_id} <drop>` delivers one again."
            )
        super().__init__(f"{client_id}: {said}")


class NothingNewError(IntakeError):
    """The batch's files hold nothing that was not delivered before.

    Args:
        client_id: Whose files.
        batch_id: The batch; it is settled.
    """

    def __init__(self, client_id: str, batch_id: str) -> None:
        super().__init__(
            f"{client_id}: every file of batch {batch_id} was replaced, removed or holds bytes "
            "that were delivered before, so there is nothing new to deliver. Nothing to do; "
            f"`consulting reprocess {client_id} <drop>` delivers a file again."
        )


class UnforeseenError(ConsultingError):
    """A library raised an error that nobody foresaw; its text is not told.

    Args:
        who: Whose work it stopped.
        kind: The class of the error, with its library.
        place: The line of our own code that it came through.
        kept: Where its text is, as a sentence.
        plugin: The plug-in that it came from, with its package; None where it came from none.
    """

    def __init__(
        self, who: str, kind: str, place: str, kept: str, plugin: str | None = None
    ) -> None:
        self.kind = kind
        source = f" in the {plugin}" if plugin else ""
        to = " to those who maintain that package" if plugin else ""
        super().__init__(
            f"{who}: an error that was not foreseen{source}: {kind}, at {place}. {kept} If it "
            f"comes again with the same files, report it with class and place{to}."
        )


class DiskFullError(ConsultingError):
    """A disk took no more.

    Args:
        who: Whose work it stopped.
        free: Folders that were written to, and the bytes that are free on each one's disk.
    """

    def __init__(self, who: str, free: Mapping[Path, int]) -> None:
        told = ", ".join(f"{count / 1e6:,.0f} MB in {place}" for place, count in free.items())
        super().__init__(
            f"{who}: a disk is full (now free: {told or 'unknown'}). Nothing is lost. Free space "
            "on it, and do nothing else: the same files are tried again."
        )


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
        super().__init__(f"{on_one_line(filename)}: {reason} {fix}")


class BeyondLimitError(ConsultingError):
    """Loading or profiling files takes more than their feed may.

    Args:
        client_id: Whose files.
        said: What takes how much, in words.
        limit: The field that sets the limit; None where the work broke down for another reason.
    """

    def __init__(self, client_id: str, said: str, limit: str | None) -> None:
        fix = (
            f"Have them sent in smaller files, or raise `{limit}` for the feed in the client's "
            "defs.yaml if this is right."
            if limit
            else "Have them saved again, or as CSV, and sent once more."
        )
        super().__init__(f"{client_id}: {said}. {fix}")


class TierBlockedError(ConsultingError):
    """The engagement's security tier forbids an operation.

    Args:
        operation: What was about to happen ("store full rows of feed 'orders'").
        required: The lowest tier that allows it.
        client_id: The engagement.
        tier: The tier the engagement is at.
    """

    NAMES: ClassVar[dict[int, str]] = {1: "Schema-Only", 2: "Sampled", 3: "Full"}
    FIX: ClassVar[str] = (
        " Raise `security_tier` in the client's defs.yaml once the client has agreed to it in "
        "writing."
    )

    def __init__(self, operation: str, required: int, client_id: str, tier: int) -> None:
        self.operation = operation
        self.required = required
        super().__init__(
            f'BLOCKED: "{operation}" requires tier {required}; {client_id} is at tier {tier} '
            f"({self.NAMES[tier]}).{self.FIX}"
        )


class TierLoweredError(ConsultingError):
    """The tier is lower than the one data is held at, and nobody has confirmed what that removes.

    Args:
        client_id: The engagement.
        tier: The tier that its `defs.yaml` names.
        held: The tier its data is held at.
    """

    def __init__(self, client_id: str, tier: int, held: int) -> None:
        self.client_id = client_id
        names = TierBlockedError.NAMES
        why = (
            f"`security_tier` was lowered to {tier} ({names[tier]}), and its data is held at tier "
            f"{held} ({names[held]})"
        )
        super().__init__(
            f"{client_id}: {why}. What a lower tier does not allow is removed for good, so nothing "
            f"of this client runs and nothing is removed until somebody confirms it: `consulting "
            f"tier {client_id}` shows what would go, `consulting tier {client_id} --yes` removes "
            f"it. If it was a slip, set `security_tier` back to {held}."
        )


class CleaningError(ConsultingError):
    """Dbt could not parse, run or test a client's models."""


class ChecksFailedError(ConsultingError):
    """The data failed tests of error severity, so nothing is delivered.

    Args:
        client_id: Whose data.
        failing_rows: The count of failing rows of each failed test.
        stored_in: The table of the failing rows in the client's database, where they are stored.
    """

    def __init__(
        self, client_id: str, failing_rows: dict[str, int], stored_in: dict[str, str]
    ) -> None:
        self.failing_rows = failing_rows
        worst = sorted(failing_rows, key=lambda name: -failing_rows[name])
        tests = "; ".join(
            f"{name} ({counted(failing_rows[name], 'row')}"
            + (f", in table {stored_in[name]})" if name in stored_in else ")")
            for name in worst
        )
        super().__init__(
            f"{client_id}: nothing is delivered, for {len(worst)} blocking "
            f"test{'s' if len(worst) > 1 else ''} failed: {tests}. Look at these rows in the "
            "client's warehouse.duckdb before its next run, which replaces them; correct the rule "
            "or have the client correct the file."
        )


class ChecksBrokenError(CleaningError):
    """Tests of error severity could not run: nothing is known of the data, and it is our fault.

    Args:
        client_id: Whose tests.
        messages: What the database or dbt said, for each test.
    """

    def __init__(self, client_id: str, messages: dict[str, str]) -> None:
        said = "; ".join(f"{name}: {message}" for name, message in messages.items())
        super().__init__(
            f"{client_id}: nothing is delivered, for {len(messages)} blocking "
            f"test{'s' if len(messages) > 1 else ''} could not run: {said}. The data is not at "
            "fault: correct the test in the feed's YAML, or the model it is about, and run again."
        )


class BlockedDeliveryError(ConsultingError):
    """A blocking check of the project's own failed, so nothing is delivered.

    Args:
        client_id: Whose data.
        reason: What the check found, without rows of data.
    """

    def __init__(self, client_id: str, reason: str) -> None:
        super().__init__(f"{client_id}: nothing is delivered. {reason}")


class DeliveryError(ConsultingError):
    """A delivery can not be built, or differs from the one it should equal."""


class AlertError(ConsultingError):
    """An alert can not be routed or sent."""
