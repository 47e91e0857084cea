"""One engagement at work: its configuration, its places, and the doors to the rooms below."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import SecretStr

from consulting.bucket import WorkingCopy
from consulting.chain.checked_out import CheckedOut
from consulting.cleaning import ClientModels
from consulting.errors import ConfigurationError
from consulting.foreign import ErrorLog
from consulting.intake import FeedPattern, Intake, Ledger, NoPeriod
from consulting.intake.reading import Door, Limits, ReadOptions, Written
from consulting.privacy import Names, masking_key
from consulting.privacy.tiers import FULL_TIER

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.bucket import Objects
    from consulting.config.engagement import EngagementConfig, Feed
    from consulting.intake import PeriodOf
    from consulting.layout import ClientFolder
    from consulting.rules.accepted import Answered, Mark
    from consulting.sources import Store
    from consulting.timekeeping import Partitioning


@dataclass(frozen=True)
class Engagement:
    """What a stage needs to know of the engagement it works for.

    Attributes:
        client_id: The name of the client's folder.
        config: What its `defs.yaml` says, with the project's defaults.
        folder: Where the client's things live.
        store: Where its files arrive.
        ledger_url: The ledger of all clients.
        dbt_dir: The shared dbt project.
        clients_dir: The folder of all clients' `defs.yaml`, where a logo lies, too.
        objects: The client's objects, where a bucket holds what lies in `folder`.
    """

    client_id: str
    config: EngagementConfig
    folder: ClientFolder
    store: Store
    ledger_url: str
    dbt_dir: Path
    clients_dir: Path
    objects: Objects | None = None

    @cached_property
    def models(self) -> ClientModels:
        """The client's dbt models."""
        return ClientModels(self.dbt_dir, self.client_id)

    @cached_property
    def intake(self) -> Intake:
        """The client's side of the ledger."""
        config = self.config
        partitioning = config.partitions
        return Intake(
            ledger=Ledger.open(self.ledger_url),
            store=self.store,
            folder=self.folder,
            feeds=[
                FeedPattern(name=feed.name, glob=feed.files, member=feed.member, sheet=feed.sheet)
                for feed in config.feeds
            ],
            policy=config.intake,
            period_of=_period_of(partitioning) if partitioning else None,
            sealed=config.security_tier < FULL_TIER,
            place=config.source.place(self.folder.incoming),
            names=Names(hidden=config.security_tier < FULL_TIER, key=self.folder.path),
            queue_url=queue.url if (queue := config.source.told_by()) else None,
        )

    @cached_property
    def checked_out(self) -> CheckedOut:
        """The client's folder, as it is brought here and put back."""
        copy = WorkingCopy(self.folder.path, self.objects) if self.objects is not None else None
        return CheckedOut(self.intake, copy)

    @property
    def door(self) -> Door:
        """What the security tier lets in."""
        below = self.config.security_tier < FULL_TIER
        return Door(
            tier=self.config.security_tier,
            sample_rows=self.config.sample_rows,
            client_id=self.client_id,
            key=masking_key(self.folder.path) if below else b"",
        )

    @property
    def error_log(self) -> ErrorLog:
        """Where texts of errors may be kept that may quote rows."""
        return ErrorLog(self.folder.errors if self.config.security_tier == FULL_TIER else None)

    def feed(self, name: str) -> Feed:
        """The feed of that name."""
        return next(feed for feed in self.config.feeds if feed.name == name)

    def accepted(self, feed: str) -> dict[str, tuple[Mark, ...]]:
        """Source column of a feed → what was found right there, as far as the tier lets it be.

        Below tier 3 no value is named: the rows hold masks, and the YAML may hold no row's value.
        """
        full = self.config.security_tier == FULL_TIER
        return {
            name: tuple(mark for mark in marks if full or not mark.values)
            for name, marks in self.models.accepted(feed).items()
        }

    def answered(self, feed: str) -> Answered:
        """What people answered about a feed, as far as the tier lets it be."""
        return {
            "accepted": self.accepted(feed),
            "replaced": self.models.replaced(feed),
            "suspected": self.models.suspected(feed),
        }

    def limits(self, feed: Feed) -> Limits:
        """The most that the feed's files may take: its own limits, else the engagement's."""
        own = feed.model_dump(include=set(Limits.model_fields), exclude_unset=True)
        return self.config.limits.model_copy(update=own)

    @property
    def limits_together(self) -> Limits:
        """What the files of all feeds may take where they are worked on together."""
        each = [self.limits(feed) for feed in self.config.feeds]
        return each[0].model_copy(
            update={
                "max_profile_seconds": sum(one.max_profile_seconds for one in each),
                "max_memory_bytes": max(one.max_memory_bytes for one in each),
            }
        )

    def read_options(self, feed: Feed) -> ReadOptions:
        """How the feed's files are to be read, where `defs.yaml` says so.

        Raises:
            ConfigurationError: If the password's environment variable is not set.
        """
        password = None
        if feed.password_variable:
            value = os.environ.get(feed.password_variable)
            if not value:
                raise ConfigurationError(
                    f"{self.client_id}: feed {feed.name!r} reads its workbook password from the "
                    f"environment variable {feed.password_variable}, which is not set. Set it "
                    "where Dagster runs."
                )
            password = SecretStr(value)
        return ReadOptions(
            **self.limits(feed).model_dump(),
            **feed.model_dump(include=set(Written.model_fields), exclude_unset=True),
            format=feed.format,
            password=password,
            expected_columns=tuple(self.models.declared_columns().get(feed.name, ())),
            marks=self.models.decimal_marks(feed.name),
            declared=self.models.declared_privacy(feed.name),
        )


def _period_of(partitioning: Partitioning) -> PeriodOf:
    """Where a file belongs, as the intake asks; periods that have no partition yet wait."""

    def period_of(key: str, seen: datetime) -> str | NoPeriod:
        placement = partitioning.placement(key, seen)
        if placement.period is None:
            return NoPeriod(
                reason=f"It belongs to no period: {placement.note}.",
                fix="If it is to be delivered, set `partitions.start` in the client's defs.yaml to "
                "an earlier period. If its name is wrong, have it renamed. Else discard it.",
            )
        if placement.period > partitioning.current(datetime.now(UTC)):
            return NoPeriod(
                reason=f"It came early: its period, {placement.period}, has not begun.",
                fix="If that is right, do nothing: it is taken when the period begins. If its name "
                "is wrong, have it renamed.",
            )
        return placement.period

    return period_of
