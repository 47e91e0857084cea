"""The fields of an engagement's `defs.yaml`, below `attributes:`."""

from __future__ import annotations

import os
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from consulting.alerting.events import ClientKind
from consulting.channels.slack import SlackName
from consulting.config.globs import covers, overlap
from consulting.config_model import NAME_PATTERN, ConfigModel, nearest
from consulting.delivery.deliverable import documents, table_formats
from consulting.intake.reading import Limits, Written
from consulting.intake.records import BatchPolicy
from consulting.plugins import one_of
from consulting.sources.local import LocalSource
from consulting.timekeeping import Partitioning, Sla, Timetable

CLIENT_ID = re.compile(r"[a-z][a-z0-9_]*")
"""What a client's folder may be called; the name is its `client_id` everywhere."""

_CLASS = re.compile(r"\[!?\]?[^\]]*\]")
"""A choice of letters in a glob."""

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
EnvironmentVariable = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")]


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.channels import Channel as AnyChannel
    from consulting.intake.reading import FileFormat as AnyFormat
    from consulting.sources import Source as AnySource
    from consulting.yaml_files import YamlPath
else:
    AnyChannel = one_of("consulting.channels")
    AnyFormat = one_of("consulting.formats")
    AnySource = one_of("consulting.sources")


class FeedName(ConfigModel):
    """What a feed is called, and which files are its own."""

    name: Name = Field(
        description="Lower-case name; the raw table and the dbt models carry it.",
        examples=["orders"],
    )
    files: str = Field(
        min_length=1,
        description="Which files belong to it: a glob over the file's path in the source.",
        examples=["orders*.xlsx"],
    )

    @field_validator("files")
    @classmethod
    def _brackets_close(cls, glob: str) -> str:
        if "[" in _CLASS.sub("", glob):
            raise ValueError(
                f"{glob!r} has a bracket that is not closed. Write a choice of letters as [ab], "
                "and a bracket of the name as [[]."
            )
        return glob


class Feed(Limits, Written, FeedName):
    """One kind of file a client sends again and again; limits not given are the engagement's.

    Feeds whose `files` match the same file share it, where each names its own `sheet` or `member`.
    """

    format: AnyFormat | None = Field(
        default=None,
        description="The format of the files, where their content does not tell it.",
        examples=[{"type": "delimited"}],
    )
    password_variable: EnvironmentVariable | None = Field(
        default=None,
        description="The environment variable that holds the password of protected workbooks.",
        examples=["ACME_WORKBOOK_PASSWORD"],
    )


class Alerts(ConfigModel):
    """Where the engagement's alerts go."""

    channel: SlackName | None = Field(
        default=None,
        description="The Slack channel; the project's default channel if none is given.",
        examples=["#acme-alerts"],
    )
    channels: tuple[AnyChannel, ...] = Field(
        default=(),
        description="Further channels, of any kind; each is told the same.",
        examples=[[{"type": "mail", "to": ["ops@acme.example"]}]],
    )
    deliveries: bool = Field(
        default=False, description="Also tell the channel of each delivery made.", examples=[True]
    )
    mute: tuple[ClientKind, ...] = Field(
        default=(),
        description="Kinds of alert that the channel does not want.",
        examples=[["quarantined_file"]],
    )

    def written(self) -> tuple[str, ...]:
        """All of them, each once, as the outbox calls them; none is the project's default."""
        own = (self.channel,) if self.channel else ()
        return tuple(dict.fromkeys((*own, *(each.written() for each in self.channels))))


class Deliverables(ConfigModel):
    """What a delivery holds beside the Parquet tables and the documents."""

    formats: tuple[str, ...] = Field(
        default=("csv",),
        description="The formats of the tables beside Parquet: `csv`, `xlsx`, or a package's own.",
        examples=[["csv", "xlsx"]],
    )
    documents: tuple[str, ...] = Field(
        default=(),
        description="Documents of installed packages, beside those that each delivery has.",
    )

    @field_validator("formats", "documents")
    @classmethod
    def _are_registered(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known = table_formats() if info.field_name == "formats" else documents()
        allowed = [name for name, kind in known.items() if not kind.always]
        for name in names:
            if name not in allowed:
                raise ValueError(
                    f"{name!r} is not known here.{nearest(name, allowed)} "
                    f"Allowed: {', '.join(map(repr, allowed)) or 'none is installed'}."
                )
        return names


class Consultancy(ConfigModel):
    """Who signs the deliverables, and whom the client asks."""

    name: str | None = Field(
        default=None,
        description="The consultancy's name, at the top and foot of each document.",
        examples=["Northwind Data Partners"],
    )
    tagline: str = Field(
        default="", description="One line below the name.", examples=["Data you can decide on"]
    )
    contact: str = Field(
        default="",
        description="Whom the client asks about a delivery: a person, with address or telephone.",
        examples=["Ada Okafor, ada@northwind.example"],
    )
    logo: str | None = Field(
        default=None,
        pattern=r"(?i)^[\w.-]+\.(png|svg)$",
        description=(
            "A PNG or SVG file of at most 100 kB in `defs/clients/`; it stands in place of the "
            "name in the documents' heads."
        ),
        examples=["logo.svg"],
    )


class EngagementConfig(ConfigModel):
    """One client's recurring work: what is due, from which files, for whom.

    Columns, types, rules and tests are not here: they live in the client's dbt models.
    """

    client_name: str = Field(
        min_length=1,
        description="The client's name, as deliverables print it.",
        examples=["Acme Corp"],
    )
    engagement_type: Literal["recurring", "one_off", "monitoring"] = Field(
        default="recurring",
        description="`recurring` work, a `one_off` job, or `monitoring` of a client's files.",
        examples=["recurring"],
    )
    security_tier: Literal[1, 2, 3] = Field(
        default=2,
        description=(
            "How much client data may be held: 1 none (schema only), 2 a masked sample, 3 all."
        ),
        examples=[3],
    )
    source: AnySource = Field(
        default=LocalSource(type="local"),
        description="Where the client's files arrive.",
        examples=[{"type": "local"}],
    )
    feeds: tuple[Feed, ...] = Field(
        description="The kinds of file the client sends.",
        examples=[[{"name": "customers", "files": "customers*.csv"}]],
    )
    schedule: Timetable | None = Field(
        default=None,
        description="When a run is due; without one, files are processed as they arrive.",
        examples=[{"cron": "0 6 * * 1", "timezone": "America/New_York"}],
    )
    partitions: Partitioning | None = Field(
        default=None,
        description="Periods (days, weeks, months) the files belong to, if they do.",
        examples=[{"every": "month", "start": "2026-01"}],
    )
    sla: Sla | None = Field(
        default=None,
        description="By when a delivery is due, and who is told if it is late.",
        examples=[{"due": "0 12 * * 1", "warn_after": "8d", "fail_after": "14d"}],
    )
    intake: BatchPolicy = Field(
        default=BatchPolicy(),
        description="When a file counts as complete, and how many are taken at once.",
        examples=[{"settle_seconds": 60}],
    )
    limits: Limits = Field(
        default=Limits(),
        description="The most that one file may take; a feed may have its own.",
        examples=[{"max_rows": 1_000_000, "max_read_seconds": 60}],
    )
    max_runtime_seconds: int = Field(
        default=6 * 3600,
        gt=0,
        description="Dagster ends a run that takes longer; its files are taken by the next one.",
        examples=[7200],
    )
    process: Literal["on_arrival", "on_schedule"] = Field(
        default="on_arrival",
        description="Start a run when files arrive, or let them wait for the schedule.",
        examples=["on_schedule"],
    )
    sample_rows: int = Field(
        default=500,
        ge=1,
        le=100_000,
        description="Rows kept per file at tier 2.",
        examples=[500],
    )
    deliverables: Deliverables = Field(
        default=Deliverables(),
        description="What a delivery holds beside the Parquet tables and the documents.",
        examples=[{"formats": ["csv", "xlsx"]}],
    )
    consultancy: Consultancy = Field(
        default=Consultancy(),
        description="Who signs the deliverables, and whom the client asks.",
        examples=[{"name": "Northwind Data Partners", "contact": "ada@northwind.example"}],
    )
    alerts: Alerts = Field(
        default=Alerts(),
        description="Where alerts go.",
        examples=[{"channel": "#acme-alerts"}],
    )
    owners: tuple[str, ...] = Field(
        default=(),
        description="Who answers for the engagement: `team:<name>` or an e-mail address.",
        examples=[["team:data"]],
    )

    @field_validator("owners")
    @classmethod
    def _owners_are_teams_or_people(cls, owners: tuple[str, ...]) -> tuple[str, ...]:
        for owner in owners:
            if not re.fullmatch(r"team:\S+|[^@\s]+@[^@\s]+\.[^@\s]+", owner):
                raise ValueError(f"{owner!r} is neither `team:<name>` nor an e-mail address.")
        return owners

    @field_validator("feeds")
    @classmethod
    def _feeds_are_distinct(cls, feeds: tuple[Feed, ...]) -> tuple[Feed, ...]:
        if not feeds:
            raise ValueError(
                "`feeds` is empty: name at least one kind of file, for example "
                '`- {name: customers, files: "customers*.csv"}`.'
            )
        twice = [name for name, n in Counter(f.name for f in feeds).items() if n > 1]
        if twice:
            raise ValueError(f"feed {twice[0]!r} is declared twice; give each feed its own name.")
        for earlier, later in _in_turn(feeds):
            if covers(earlier.files, later.files):
                raise ValueError(
                    f"feed {later.name!r} would get no file: each name that fits "
                    f"{later.files!r} fits {earlier.files!r} of {earlier.name!r}, which stands "
                    f"before it. Put {later.name!r} first, or narrow {earlier.name!r}."
                )
        return feeds

    @model_validator(mode="after")
    def _what_waits_has_a_schedule(self) -> EngagementConfig:
        if self.process == "on_schedule" and self.schedule is None:
            raise ValueError("`process: on_schedule` needs a `schedule`.")
        return self

    def doubts(self) -> Iterator[tuple[YamlPath, str]]:
        """What is allowed and seldom meant, with its place.

        That are names of files that two feeds fit, but not of a narrow glob before one that takes
        all the rest, and what is not there where this is asked: a folder, a password.
        """
        folder = self.source.folder if isinstance(self.source, LocalSource) else None
        if folder and not Path(folder).is_dir():
            yield ("source", "folder"), f"{folder!r} is no folder here, so no file would be found."
        for number, feed in enumerate(self.feeds):
            if feed.password_variable and feed.password_variable not in os.environ:
                told = f"{feed.password_variable} is not set here; protected files need it."
                yield ("feeds", number, "password_variable"), told
        for earlier, later in _in_turn(self.feeds):
            example = overlap(earlier.files, later.files)
            if example is not None and not covers(later.files, earlier.files):
                told = (
                    f"{later.files!r} of {later.name!r} and {earlier.files!r} of {earlier.name!r} "
                    f"both fit some names, for example {example!r}. {earlier.name!r} stands first "
                    f"and gets those files: narrow one of the two, or put {later.name!r} first."
                )
                yield ("feeds", self.feeds.index(later), "files"), told


def _in_turn(feeds: Sequence[Feed]) -> Iterator[tuple[Feed, Feed]]:
    """Each two feeds that are asked for one part of a file, the one asked first in front."""
    for one, two in combinations(feeds, 2):
        if (one.sheet, one.member) == (two.sheet, two.member):
            yield one, two
