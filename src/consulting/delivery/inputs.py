"""What a delivery is built from, and what building it gives back: records only.

The same inputs and the same warehouse always give the same bytes: everything that a clock, a
machine or a person could change is a field here, not a call somewhere below.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from consulting.delivery.compared import Comparison
from consulting.errors import TierBlockedError
from consulting.profiling import DriftFinding, FeedProfile, Issue, Score
from consulting.records import (
    CheckOutcome,
    ColumnMapping,
    FeedAccount,
    FileReading,
    ModelOutcome,
    QuarantinedFile,
    Record,
    Step,
    VerdictLevel,
)

Tier = Literal[1, 2, 3]


class Consultancy(Record):
    """Who signs the delivery: the words at the top and the foot of each document.

    Attributes:
        name: The consultancy's name, as it prints it.
        tagline: One line below it, or empty.
        contact: Whom the client writes to, as text; never turned into a link.
        logo: An image as a `data:` URL, in place of the name at the top.
    """

    name: str = "Data consulting"
    tagline: str = ""
    contact: str = ""
    logo: str | None = Field(default=None, pattern=r"^data:image/(png|svg\+xml);base64,[\w+/=]+$")


class DeliverySummary(Record):
    """One past delivery in a line: what a trend needs.

    Attributes:
        delivery_id: Its id, which is its batch's.
        client_id: Whose it is.
        period: The partition, where the engagement has partitions.
        received_at: When its newest drop arrived (UTC); the order of deliveries.
        tier: The security tier it was made at.
        score: The delivery's score, 0 to 100, where there was something to score.
        verdict: What page one of its report says; None in deliveries of release 0.1.
        headline: The verdict in a few words.
        received: Rows received over all feeds.
        delivered: Rows delivered.
        rejected: Rows rejected.
        merged: Rows merged as duplicates.
        findings: Findings by severity.
        tests_passed: Tests that passed.
        tests_warned: Tests that warned.
        tests_failed: Tests that failed or could not run.
        failing_rows: Each test's own id → how many rows do not pass it; none of deliveries that
            were made before it was noted.
        made_with: What it was made from and with (`input`, `code`, `dbt`, `config`, `library`), as
            hashes; none of a delivery that was made before they were noted.
        compared: How its rows are not those of the delivery whose place it takes, or that was
            made before it by other rules; None where there is none, or its rows are not held.
    """

    delivery_id: str
    client_id: str
    period: str | None = None
    received_at: datetime
    tier: Tier
    score: float | None = None
    verdict: VerdictLevel | None = None
    headline: str = ""
    received: int = 0
    delivered: int = 0
    rejected: int = 0
    merged: int = 0
    findings: dict[str, int] = Field(default_factory=dict)
    tests_passed: int = 0
    tests_warned: int = 0
    tests_failed: int = 0
    failing_rows: dict[str, int] = Field(default_factory=dict)
    made_with: dict[str, str] = Field(default_factory=dict)
    compared: Comparison | None = None


class TableExport(Record):
    """One delivered table.

    Attributes:
        table: Its name in the warehouse's `marts` schema, and of its files.
        feed: The feed whose account must equal its rows, where it is one feed's table.
        formats: The files to write beside Parquet, by the names of their formats.
    """

    table: str
    feed: str | None = None
    formats: tuple[str, ...] = ()


class DeliveryInputs(Record):
    """Everything one delivery says, apart from the rows of its tables.

    Attributes:
        delivery_id: The batch's id; the folder's name.
        client_id: The client's folder name.
        client_name: The client as it calls itself.
        engagement_type: "recurring", "one_off" or "monitoring".
        tier: The security tier in force.
        period: The partition, where the engagement has partitions.
        received_at: When the newest drop of the batch arrived (UTC).
        consultancy: Who signs.
        files: How each file was read.
        quarantined: The files set aside.
        profiles: One per feed.
        across: Issues between feeds.
        score: The quality score of the profiles.
        drift: What changed since the last file and against the contract.
        models: The dbt models after the run.
        checks: The dbt tests after the run.
        accounts: Where each feed's rows went.
        mappings: Source column by source column.
        steps: The lines of the transform log.
        blocked: What the tier did not allow, in the promised words.
        documents: The documents to write beside those that each delivery has, by name.
        history: The deliveries made before this one, in the order in which they were made.
        reasons: Reject reason code, or `feed/code`, → the sentence for the client; the cleaning
            rules' codes have sentences without it, and any other code is spelt out.
        versions: Software → version.
        code_fingerprints: Stage → of the code that shapes what it makes.
        dbt_fingerprint: Of the client's dbt project.
        config: The engagement as configured, without secrets.
    """

    delivery_id: str
    client_id: str
    client_name: str
    engagement_type: str
    tier: Tier
    period: str | None = None
    received_at: datetime
    consultancy: Consultancy = Consultancy()
    files: tuple[FileReading, ...] = ()
    quarantined: tuple[QuarantinedFile, ...] = ()
    profiles: tuple[FeedProfile, ...] = ()
    across: tuple[Issue, ...] = ()
    score: Score | None = None
    drift: tuple[DriftFinding, ...] = ()
    models: tuple[ModelOutcome, ...] = ()
    checks: tuple[CheckOutcome, ...] = ()
    accounts: tuple[FeedAccount, ...] = ()
    mappings: tuple[ColumnMapping, ...] = ()
    steps: tuple[Step, ...] = ()
    blocked: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    history: tuple[DeliverySummary, ...] = ()
    reasons: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    code_fingerprints: dict[str, str] = Field(default_factory=dict)
    dbt_fingerprint: str = ""
    config: dict[str, Any] = Field(default_factory=dict)

    @property
    def tier_name(self) -> str:
        """The tier as people call it: "Schema-Only", "Sampled" or "Full"."""
        return TierBlockedError.NAMES[self.tier]

    @property
    def sampled(self) -> bool:
        """Whether the numbers are those of a sample, which every deliverable then says."""
        return self.tier == 2  # noqa: PLR2004

    @property
    def personal_columns(self) -> frozenset[tuple[str, str]]:
        """Feed and column of all whose values no document shows: the profile's decision.

        A column that no profile knows is taken for one.
        """
        known = {(p.feed, c.name): c.personal for p in self.profiles for c in p.columns}
        read = {(m.feed, column) for m in self.mappings for column in m.source_columns}
        return frozenset(one for one in (*known, *read) if known.get(one, True))

    @property
    def partial_feeds(self) -> tuple[str, ...]:
        """At tier 3: feeds whose files a lower tier kept in part, and which stand in so."""
        if self.tier < 3:  # noqa: PLR2004
            return ()
        return tuple(sorted({reading.feed for reading in self.files if reading.partial}))

    @property
    def schema_only(self) -> bool:
        """Whether no row was ever held: the deliverable is a data-model assessment."""
        return self.tier == 1


class Delivery(Record):
    """A finished delivery.

    Attributes:
        delivery_id: Its id.
        path: Its folder.
        files: Its files, relative to the folder, in order of name; the manifest is among them.
        manifest_sha256: The hash of `manifest.json`: equal hashes, equal deliveries.
        rebuilt: True where it existed already.
        stands: True where it existed already and this run would have made another of it.
        supersedes: The delivery of the same period whose place it takes.
        summary: Its line in the trend.
    """

    delivery_id: str
    path: Path
    files: tuple[str, ...]
    manifest_sha256: str
    rebuilt: bool = False
    stands: bool = False
    supersedes: str | None = None
    summary: DeliverySummary


class Difference(Record):
    """One way in which a rebuilt delivery is not the delivery it should equal.

    Attributes:
        file: The file, relative to the delivery's folder.
        kind: What is wrong with it.
        detail: What differs, in words; never a client's value.
    """

    file: str
    kind: Literal["missing", "unexpected", "changed", "altered"]
    detail: str

    def __str__(self) -> str:
        return f"{self.file}: {self.detail}"
