"""Bringing a drop's bytes to their immutable place, and setting bad files aside."""

from __future__ import annotations

import json
import re
import unicodedata
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, or_, select

from consulting.errors import (
    DropChangedError,
    DropGoneError,
    DropRefusedError,
    LedgerError,
    UnreadableFileError,
)
from consulting.intake.batching import find_batch, find_drops
from consulting.intake.matching import BY_CONTENT
from consulting.intake.part import Part
from consulting.intake.records import LandedFile, State
from consulting.intake.schema import drops
from consulting.intake.transitions import Change
from consulting.records import QuarantinedFile
from consulting.sealed import SealedFile
from consulting.sources.store import Listed
from consulting.writing import CHUNK_BYTES, hash_file, make_folder, sync, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import ColumnElement, RowMapping

    from consulting.intake.ledger import Transaction
    from consulting.records import Batch, Drop

_LONGEST_NAME = 100
_UNSAFE = re.compile(r"[^\w.\-() ]")


def safe_name(key: str) -> str:
    """A harmless file name that a person recognises; it is never a path.

    Args:
        key: The client's name for the file, whatever it may hold.
    """
    name = unicodedata.normalize("NFC", key).rpartition("/")[2]
    name = _UNSAFE.sub("_", name).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    encoded = (stem or "file").encode()[:_LONGEST_NAME].decode(errors="ignore")
    return f"{encoded}{dot}{suffix.encode()[:20].decode(errors='ignore')}"


class Landing(Part):
    """One client's landing and quarantine folders."""

    def land(self, batch: Batch, drop: Drop) -> LandedFile:
        """Copies exactly the listed version to `landing/<sha256>/`, and verifies it.

        Raises:
            DropChangedError: If it changed since; the batch lets go of it. Go on without it.
            DropGoneError: If it is gone; the batch lets go of it. Go on without it.
            DropRefusedError: If the store shows it and does not give it.
            StoreError: If the store does not answer; the run is to fail and will be retried.
        """
        with self.ledger.read() as connection:
            row = find_drops(connection, self.client_id, [drop.drop_id]).get(drop.drop_id)
        if row is None or (row["batch_id"], row["state"]) != (batch.batch_id, State.CLAIMED):
            raise LedgerError(
                f"{self.client_id}: drop {drop.drop_id} ({drop.key}) does not belong to "
                f"batch {batch.batch_id} any more. Begin the batch again to learn its drops."
            )
        path: Path | SealedFile | None = self._landed(row["sha256"]) if row["sha256"] else None
        if path is None or self.sealed:
            try:
                path, sha256 = self._fetch(row)
            except (DropChangedError, DropGoneError) as error:
                self._let_go(batch, row, error)
                raise type(error)(self.client_id, drop.key) from None
            except DropRefusedError as error:  # the store knows its true name
                raise DropRefusedError(self.client_id, drop.key, error.reason, error.fix) from None
            except UnreadableFileError as error:
                raise UnreadableFileError(drop.key, error.code, error.reason, error.fix) from None
        else:
            sha256 = row["sha256"]
        return self._note(batch, row["drop_id"], sha256, path)

    def quarantine(  # noqa: PLR0913 - by name only; what a person needs to know
        self,
        batch: Batch,
        drop: Drop,
        *,
        code: str,
        reason: str,
        fix: str,
        now: datetime,
        keep_copy: bool = True,
        kept: Callable[[], None] = lambda: None,
    ) -> QuarantinedFile:
        """Sets a file of the batch aside; the batch goes on without it.

        Args:
            batch: The batch that holds it.
            drop: The drop.
            code: A stable reason code.
            reason: What is wrong, for a person.
            fix: What that person can do.
            now: Our own clock.
            keep_copy: Copies the landed bytes to the quarantine folder; False where the tier
                forbids to keep them. The reason is written in any case.
            kept: Called when copy and reason are written, before the ledger says so.
        """
        with self.ledger.read() as connection:
            row = find_drops(connection, self.client_id, [drop.drop_id])[drop.drop_id]
        file = QuarantinedFile(
            filename=drop.key,
            feed=drop.feed,
            sha256=row["sha256"],
            size_bytes=drop.size_bytes,
            code=code,
            reason=reason,
            fix=fix,
        )
        self._keep(drop, file, batch.batch_id, now, keep_copy=keep_copy)
        kept()
        with self.ledger.write(self.client_id) as transaction:
            find_batch(transaction.connection, self.client_id, batch.batch_id)
            transaction.change(
                Change.QUARANTINED,
                _with_repeats(transaction, batch.batch_id, drop.drop_id),
                now,
                batch_id=batch.batch_id,
                detail=f"{code}: {reason}",
                code=code,
                reason=reason,
                fix=fix,
            )
        return file

    def sort_by_content(
        self, batch: Batch, drop: Drop, *, feed: str, period: str | None, now: datetime
    ) -> None:
        """Gives a corrections file the feed and period that its content names.

        A drop of another period leaves the batch, ready for a batch of its own period.
        """
        leaves = period != batch.period
        with self.ledger.write(self.client_id) as transaction:
            values: dict[str, Any] = {"feed": feed, "period": period, "code": BY_CONTENT}
            where = f"feed {feed}" + (f", period {period}" if period else "")
            told: dict[str, Any] = {
                "batch_id": batch.batch_id,
                "detail": f"its content belongs to {where}",
            }
            if leaves:
                transaction.change(Change.MOVED, [drop.drop_id], now, **told, **values)
            else:
                transaction.update_drops([drop.drop_id], **values)
                if feed != drop.feed:
                    transaction.record(now, Change.MOVED, drop_ids=[drop.drop_id], **told)

    def has_bytes(self, sha256: str | None) -> bool:
        """Whether the bytes of this hash are landed and whole."""
        return bool(sha256) and self._landed(sha256 or "") is not None

    def _landed(self, sha256: str) -> Path | None:
        folder = self.folder.landing / sha256
        if not folder.is_dir():
            return None
        for path in sorted(folder.iterdir()):
            whole = not path.name.startswith(".") and not path.is_symlink() and path.is_file()
            if whole and hash_file(path) == sha256:
                return path
        return None

    def _fetch(self, row: RowMapping) -> tuple[Path | SealedFile, str]:
        listed = Listed(row["key"], row["size_bytes"], row["signature"], row["file_id"])
        if self.sealed:
            passing = SealedFile(self.folder.landing / f"{uuid.uuid4().hex}.sealed")
            return passing, self.store.fetch(listed, passing)
        arriving = self.folder.landing / f".{uuid.uuid4().hex}"
        try:
            sha256 = self.store.fetch(listed, arriving)
            path = self._landed(sha256)
            if path is None:
                path = self.folder.landing / sha256 / safe_name(row["key"])
                make_folder(path.parent)
                arriving.chmod(0o400)
                arriving.replace(path)
                sync(path.parent)
                sync(self.folder.landing)
        finally:
            arriving.unlink(missing_ok=True)
        return path, sha256

    def _note(self, batch: Batch, drop_id: int, sha256: str, path: Path | SealedFile) -> LandedFile:
        with self.ledger.write(self.client_id) as transaction:
            row = find_drops(transaction.connection, self.client_id, [drop_id])[drop_id]
            repeat_of = self._repeat_of(transaction, row, sha256)
            if (row["sha256"], row["repeat_of"]) != (sha256, repeat_of):
                transaction.update_drops([drop_id], sha256=sha256, repeat_of=repeat_of)
                detail = f"sha256 {sha256}"
                if repeat_of is not None:
                    detail += f", the same bytes as drop {repeat_of}"
                transaction.record(
                    datetime.now(UTC),
                    "landed",
                    drop_ids=[drop_id],
                    batch_id=batch.batch_id,
                    detail=detail,
                )
            drop = self.matcher.drop({**row, "sha256": sha256})
            return LandedFile(drop=drop, path=path, sha256=sha256, repeat_of=repeat_of)

    def _repeat_of(self, transaction: Transaction, row: RowMapping, sha256: str) -> int | None:
        """The drop whose bytes already stand for these, in the same feed and period."""
        if row["forced"] or self.policy.repeats == "deliver":
            return None
        same = and_(
            drops.c.client_id == row["client_id"],
            drops.c.drop_id != row["drop_id"],
            drops.c.sha256 == sha256,
            drops.c.feed.is_not_distinct_from(row["feed"]),
            drops.c.period.is_not_distinct_from(row["period"]),
        )
        first = (
            select(drops.c.drop_id)
            .where(same, drops.c.repeat_of.is_(None))
            .where(drops.c.batch_id == row["batch_id"], drops.c.state == State.CLAIMED)
            .where(drops.c.drop_id < row["drop_id"])
            .order_by(drops.c.drop_id)
        )
        earlier = transaction.connection.scalar(first.limit(1))
        if earlier is not None:
            return int(earlier)
        # A repeat brought no bytes into the batch that it arrived with: it stands for nothing
        # itself, but a rename of it leads back to the drop that does.
        standing_in, standing_no = self._standing_batch(transaction, row)
        corrects = and_(drops.c.code == BY_CONTENT, drops.c.delivered_no > standing_no)
        held = drops.c.delivered_in == standing_in if row["period"] is None else _is_held()
        stands = and_(or_(held, corrects), drops.c.repeat_of.is_(None))
        renamed = and_(drops.c.file_id.is_not(None), drops.c.file_id == row["file_id"])
        delivered = (
            select(func.coalesce(drops.c.repeat_of, drops.c.drop_id))
            .where(same, drops.c.state == State.DELIVERED)
            .where(or_(stands, renamed))
            .order_by(drops.c.drop_id.desc())
        )
        found = transaction.connection.scalar(delivered.limit(1))
        return None if found is None else int(found)

    def _standing_batch(self, transaction: Transaction, row: RowMapping) -> tuple[str | None, int]:
        """The batch whose files stand delivered for the drop's feed and period, and its place.

        Corrections that came after it take no file's place.
        """
        query = (
            select(drops.c.delivered_in, drops.c.delivered_no)
            .where(drops.c.client_id == row["client_id"], drops.c.feed == row["feed"])
            .where(drops.c.period.is_not_distinct_from(row["period"]))
            .where(drops.c.state == State.DELIVERED, drops.c.repeat_of.is_(None))
            .where(drops.c.code.is_distinct_from(BY_CONTENT))
            .order_by(drops.c.delivered_no.desc(), drops.c.drop_id.desc())
        )
        standing = transaction.connection.execute(query.limit(1)).first()
        return (None, 0) if standing is None else (str(standing[0]), int(standing[1] or 0))

    def _let_go(
        self, batch: Batch, row: RowMapping, error: DropChangedError | DropGoneError
    ) -> None:
        change = Change.SUPERSEDED if isinstance(error, DropChangedError) else Change.VANISHED
        with self.ledger.write(self.client_id) as transaction:
            transaction.change(
                change,
                [row["drop_id"]],
                datetime.now(UTC),
                batch_id=batch.batch_id,
                detail="found when it was read",
            )

    def _keep(
        self,
        drop: Drop,
        file: QuarantinedFile,
        batch_id: str,
        now: datetime,
        *,
        keep_copy: bool,
    ) -> None:
        folder = self.folder.quarantine / f"{drop.drop_id:06d}-{safe_name(drop.key)}"
        landed = self._landed(file.sha256) if file.sha256 and keep_copy else None
        if landed is not None:
            write_whole(folder / safe_name(drop.key), _read(landed))
        story = file.model_dump() | {
            "drop_id": drop.drop_id,
            "version": drop.version,
            "batch_id": batch_id,
            "quarantined_at": now.isoformat(),
        }
        text = json.dumps(story, indent=2, ensure_ascii=False) + "\n"
        write_whole(folder / f"{safe_name(drop.key)}.reason.json", [text.encode()])


def _is_held() -> ColumnElement[bool]:
    """Whether a drop is among its period's files: each stands until its name brings newer bytes."""
    newer = drops.alias()
    replaced = exists().where(
        newer.c.client_id == drops.c.client_id,
        newer.c.key == drops.c.key,
        newer.c.feed == drops.c.feed,
        newer.c.period == drops.c.period,
        newer.c.state == State.DELIVERED,
        newer.c.repeat_of.is_(None),
        newer.c.delivered_no > drops.c.delivered_no,
    )
    return and_(drops.c.code.is_distinct_from(BY_CONTENT), ~replaced)


def _with_repeats(transaction: Transaction, batch_id: str, drop_id: int) -> Sequence[int]:
    """The drop, and those of its batch that were left unread because it has the same bytes."""
    query = (
        select(drops.c.drop_id)
        .where(drops.c.batch_id == batch_id, drops.c.state == State.CLAIMED)
        .where(or_(drops.c.drop_id == drop_id, drops.c.repeat_of == drop_id))
        .order_by(drops.c.drop_id)
    )
    return transaction.connection.scalars(query).all()


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
