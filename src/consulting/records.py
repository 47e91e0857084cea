"""What the stages of a run tell each other: plain, frozen, JSON-serialisable records.

A run writes them to its run folder, and a delivery is built from nothing else, so that the same
records always give the same delivery. No client row is ever held in one.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Collection

Severity = Literal["info", "warn", "error"]
VerdictLevel = Literal["ready", "care", "stop", "assessment"]
"""What page one of a report says of a delivery."""
UNUSABLE: VerdictLevel = "stop"
"""The verdict on a delivery that is not ready to use."""


class Record(BaseModel):
    """The base of all records: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Drop(Record):
    """One version of one file, as it arrived.

    Attributes:
        drop_id: The ledger's number for it, rising in the order of arrival.
        client_id: Whose it is.
        key: Its path below the source's folder or prefix.
        version: 1 for the first bytes seen under this key, 2 for the next, and so on.
        size_bytes: Its size when it was listed.
        sha256: The hash of its bytes, once it has been landed.
        feed: The feed its name belongs to, if any does.
        period: The partition it belongs to ("2026-01"), if the engagement has partitions.
        first_seen: When the ledger first saw this version (UTC).
    """

    drop_id: int
    client_id: str
    key: str
    version: int
    size_bytes: int
    sha256: str | None = None
    feed: str | None = None
    period: str | None = None
    first_seen: datetime


class Batch(Record):
    """The drops that one run takes; a delivery is named after its batch.

    Attributes:
        batch_id: Stable over retries, unique over all clients; also the delivery id.
        client_id: Whose it is.
        attempt: 1 for the first run of this batch.
        period: The partition, if the engagement has partitions.
        drops: In the order of arrival.
    """

    batch_id: str
    client_id: str
    attempt: int
    period: str | None = None
    drops: tuple[Drop, ...]

    @property
    def run_key(self) -> str:
        """Dagster's deduplication key: the batch and the attempt, for a retry is a new run."""
        return f"{self.batch_id}-{self.attempt}"


class SkippedLines(Record):
    """Lines of a file that are not data: a preamble, a totals row, a repeated header.

    Attributes:
        first_line: The first of them.
        last_line: The last of them, blank lines between them included.
        reason: What they are, in words.
        doubtful: Whether they may be data all the same: more than a few, or like rows.
    """

    first_line: int
    last_line: int
    reason: str
    doubtful: bool = False


class OtherTable(Record):
    """A table of a file that is not the one that was read; its rows are set aside.

    Attributes:
        first_line: The line of its titles.
        last_line: Its last line.
        columns: How many columns it has.
        rows: How many rows were set aside.
    """

    first_line: int
    last_line: int
    columns: int
    rows: int


CORRECTION_RESULTS = {
    "corrected": "corrected",
    "rejected_again": "rejected again",
    "unchanged": "unchanged",
    "repeated": "repeated",
    "settled": "delivered before",
    "unknown": "not recognised",
    "unparsed": "not readable",
}
"""What became of a row of a corrections file, and the words that the client reads."""


class CorrectionCounts(Record):
    """What became of the rows of a corrections file; together they are all of its rows.

    Attributes:
        corrected: Rows with a value that differs from what we sent, taken over.
        rejected_again: Rows that were taken over so, and rejected by a rule all the same: known
            once they are cleaned, and counted among the corrected until then.
        added: How many of both are rows of their own in this run: their file is no longer in
            use. (All others take the place of the row that was rejected.)
        unchanged: Rows as we sent them: they stay what they were.
        repeated: Rows whose id stood in an earlier row of the same file.
        settled: Rows that were delivered before, from a file that is no longer in use.
        unknown: Rows of no known id, set aside.
        still_unknown: How many of them a later corrections file has not corrected since.
        unparsed: Records that could not be read as rows, set aside.
        rows_path: The Parquet file of what became of each row, relative to the run folder.
    """

    corrected: int
    rejected_again: int = 0
    added: int
    unchanged: int
    repeated: int
    settled: int
    unknown: int
    still_unknown: int
    unparsed: int
    rows_path: str

    @property
    def rows(self) -> int:
        """All rows of the file."""
        return sum(getattr(self, result) for result in CORRECTION_RESULTS)

    def in_words(self) -> str:
        """The counts as a client reads them: "16 rows: 12 corrected, 3 unchanged"."""
        counts = {word: getattr(self, result) for result, word in CORRECTION_RESULTS.items()}
        parts = [f"{count:,} {word}" for word, count in counts.items() if count]
        total = counted(self.rows, "row")
        return f"{total}: {', '.join(parts)}" if parts else total


class PiiFinding(Record):
    """Personal data found in one column.

    Attributes:
        column: The column.
        kind: "email", "phone", "name", "date_of_birth", "address", "postal_code", "national_id",
            "iban", "bank_account", "card", "ip_address", "username", "credential",
            "special_category", "vehicle_plate", "free_text" (a longer text that holds some),
            "personal" (declared so), or "unproven" (below tier 3: nothing proves it harmless).
        by: What gave it away: the column's name, its content, both, the engagement's YAML; or
            nothing did, and it was hidden to be safe.
        share: The share of the values looked at that are (or hold) such data, 0 to 1.
        confidence: 0 to 1; 0.99 where name and content agree, 0.6 where only a name says so.
    """

    column: str
    kind: str
    by: Literal["name", "content", "both", "declared", "unproven"]
    share: float
    confidence: float


class ColumnTreatment(Record):
    """What was done to one column below tier 3, before anything of it was stored.

    Attributes:
        column: The column.
        pii: Why it was hidden whole; None where it was kept.
        kept_as: Why it was kept: "numbers", "dates", "codes", "a closed list", "empty" or
            "declared free of personal data"; None where it was hidden whole.
        cells: Its values, without blanks and words for "no value".
        masked_cells: How many of them were masked, whole or in part.
    """

    column: str
    pii: PiiFinding | None = None
    kept_as: str | None = None
    cells: int = 0
    masked_cells: int = 0


PERCENT = "percent"
WORKBOOKS = frozenset({"xlsx", "xlsb", "xls", "ods"})
"""The formats of files whose cells have a format of their own."""


class ShownAs(Record):
    """What a workbook shows beside numbers of a column, by the format of their cells.

    Attributes:
        column: The column.
        mark: The currency's code, "percent" (0.05 is shown as 5%), or a unit; empty for none.
        cells: How many numbers are shown so.
    """

    column: str
    mark: str
    cells: int


class FileReading(Record):
    """What intake decided and did to turn one file into rows of text.

    Attributes:
        filename: The name the client gave it.
        feed: The feed it was read for.
        sha256: Of the original bytes.
        size_bytes: Of the original bytes.
        format: "csv", "xlsx", "xlsb", "xls", "ods", "json", "ndjson" or "parquet".
        container: "gz" or "zip" where the file was packed.
        encoding: As detected on the whole file, or declared.
        delimiter: Of delimited text.
        quotechar: Of delimited text.
        sheet: Of a workbook.
        header_lines: The 1-based lines the header was taken from; empty where there is none.
        columns: The headers as they became column names of the raw table.
        typed_columns: Those of them whose digits are all of values that the file itself has as
            numbers (or days), so that 1.234 is one and a fraction; none in text.
        shown_as: Of the columns of a workbook with such formats: what is shown beside numbers.
        received_rows: Data records in the file, by an independent count.
        loaded_rows: Rows in the raw table.
        unparsed_rows: Records set aside because they did not parse (received - loaded).
        skipped: Lines that are not data, with the reason.
        other_tables: Tables of the file besides the one that was read, set aside.
        decisions: What was decided, in words a client understands.
        warnings: What the client should know or confirm, in the same words.
        unread: What of it no feed reads, where feeds share the file, as `warnings`.
        sampled_from: Tier 2: how many rows the file holds, of which `loaded_rows` were kept.
        masked_columns: Tier 2: the columns masked before anything was stored, whole or in part.
        treatments: Tier 2: what was done to each column, and why.
        rows_path: The Parquet file of the rows, relative to the run folder; None at tier 1.
        rejects_path: The Parquet file of the unparsed records, relative to the run folder.
        corrections: Of a corrections file: what became of its rows. Its other counts are then of
            the rows that it adds and of those that were set aside.
    """

    filename: str
    feed: str
    sha256: str
    size_bytes: int
    format: str
    container: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quotechar: str | None = None
    sheet: str | None = None
    header_lines: tuple[int, ...] = ()
    columns: tuple[str, ...]
    typed_columns: tuple[str, ...] = ()
    shown_as: tuple[ShownAs, ...] = ()
    received_rows: int
    loaded_rows: int
    unparsed_rows: int = 0
    skipped: tuple[SkippedLines, ...] = ()
    other_tables: tuple[OtherTable, ...] = ()
    decisions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    sampled_from: int | None = None
    masked_columns: tuple[str, ...] = ()
    treatments: tuple[ColumnTreatment, ...] = ()
    rows_path: str | None = None
    rejects_path: str | None = None
    corrections: CorrectionCounts | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The Parquet files that were written of it, relative to the run folder."""
        became = self.corrections.rows_path if self.corrections else None
        return tuple(path for path in (self.rows_path, self.rejects_path, became) if path)

    @property
    def partial(self) -> bool:
        """Whether a tier below 3 kept less than the file: a masked sample, or its headers."""
        return self.sampled_from is not None or self.rows_path is None


class CorrectionsFile(Record):
    """A corrections file in force.

    Attributes:
        reading: The file as it was read, with its `_correction_id`s.
        since: The batch that brought it; it is matched to what was delivered before that batch.
        replaced: The hashes of files that a newer version took the place of since: a row of these
            that it corrected is no longer added, for the newer version holds it itself.
    """

    reading: FileReading
    since: str
    replaced: tuple[str, ...] = ()


class QuarantinedFile(Record):
    """A file set aside, with a reason code and a sentence for the person who has to fix it."""

    filename: str
    feed: str | None
    sha256: str | None
    size_bytes: int
    code: str
    reason: str
    fix: str


class ModelOutcome(Record):
    """One dbt model after `dbt run`.

    Attributes:
        name: The model.
        layer: "staging", "intermediate", "marts" or "rejects".
        relation: schema.table in the client's database.
        rows: Rows in the relation.
        columns: (name, type) in order.
        status: "success", "error" or "skipped".
        message: dbt's error, without rows of data.
    """

    name: str
    layer: str
    relation: str
    rows: int | None
    columns: tuple[tuple[str, str], ...]
    status: Literal["success", "error", "skipped"]
    message: str | None = None


class CheckOutcome(Record):
    """One dbt test after `dbt test`.

    Attributes:
        unique_id: The test's id in the dbt manifest.
        name: The test's name.
        model: The model it is attached to.
        column: The column it is about, if it is about one.
        severity: What a failure means: "warn" or "error".
        status: "pass", "warn", "fail" (the data is wrong) or "error" (the test could not run).
        failing_rows: How many rows failed.
        stored_in: The relation of the failing rows in the client's database, if stored.
        description: What is tested, in words.
        message: dbt's message, without rows of data.
    """

    unique_id: str
    name: str
    model: str
    column: str | None = None
    severity: Literal["warn", "error"]
    status: Literal["pass", "warn", "fail", "error"]
    failing_rows: int
    stored_in: str | None = None
    description: str = ""
    message: str | None = None


NO_MODELS = "feed:no_models"
"""The reason of every row of a feed that no model reads yet."""


class FeedAccount(Record):
    """Where every row of one feed went in one run (the conservation promise).

    Attributes:
        feed: The feed.
        table: The delivered table, or None where the feed has no models yet.
        received: Records in the feed's files, unparsed ones included.
        delivered: Rows in the delivered table.
        rejected: Rows set aside, by reason code; a row counts once, under its first reason.
        merged: Rows merged into another as duplicates, by the rule that merged them.
        merged_by: The delivered columns that name the same thing (`dedupe`); none where rows are
            not merged.
        carried_from: The delivery whose files stand in, where this batch brought none.
    """

    feed: str
    table: str | None
    received: int
    delivered: int
    rejected: dict[str, int]
    merged: dict[str, int]
    merged_by: tuple[str, ...] = ()
    carried_from: str | None = None

    @property
    def unaccounted(self) -> int:
        """Rows received that are neither delivered, rejected nor merged; must be 0."""
        return (
            self.received - self.delivered - sum(self.rejected.values()) - sum(self.merged.values())
        )


class ValueChanges(Record):
    """What became of a column's values in the rows that are delivered.

    Attributes:
        values: Values there were before: cells that were not blank.
        changed: Values that read differently afterwards.
        emptied: Of these, how many are now empty.
    """

    values: int
    changed: int
    emptied: int


class Written(Record):
    """How the values that a rule reads are written, as far as its arguments say so.

    Attributes:
        texts: All texts that it reads, in lower case, where it lists them.
        formats: The forms of its dates, in the order in which they are tried; ISO 8601 is read,
            too.
        decimal: The decimal mark of its numbers, or "either"; of whole ones only where it reads a
            mark between thousands, which is the other.
        scale: The digits that it keeps after that mark, where it makes numbers with one.
        units: The units that it takes off.
        currency: Whether it reads a currency, or takes one off.
    """

    texts: frozenset[str] = frozenset()
    formats: tuple[str, ...] = ()
    decimal: Literal["point", "comma", "either"] | None = None
    scale: int | None = None
    units: tuple[str, ...] = ()
    currency: bool = False


class ColumnMapping(Record):
    """How one source column became one target column, or why it did not.

    Attributes:
        feed: The feed.
        source_columns: The headers in the file; several where an expression joins them.
        target_table: The delivered table; None where the column is dropped.
        target_column: The delivered column; None where the column is dropped.
        target_type: Its type in the delivery.
        rule: The cleaning rule ("to_date"), or "sql" where it comes from hand-written SQL.
        transformation: What happens to the value, in words.
        written: How the values that its rule reads are written; None where no rule reads it.
        required: Whether a row without a value is rejected.
        dropped_because: The reason, where the column is dropped.
        tests: The dbt tests that guard the target column.
        changes: How many values were changed; None where they can not be compared one by one.
    """

    feed: str
    source_columns: tuple[str, ...]
    target_table: str | None = None
    target_column: str | None = None
    target_type: str | None = None
    rule: str | None = None
    transformation: str = ""
    written: Written | None = None
    required: bool = False
    dropped_because: str | None = None
    tests: tuple[str, ...] = ()
    changes: ValueChanges | None = None


class ReadColumn(Written):
    """A column of a client's files that its models read, and how its values are written.

    Attributes:
        names: Its header, and those it had before.
        rule: The rule that reads it; None where hand-written SQL does.
        optional: Whether the client may leave it out.
        currency_apart: Whether a column of its own holds the currency that stands beside it.
    """

    names: tuple[str, ...]
    rule: str | None = None
    optional: bool = False
    currency_apart: bool = False

    def is_in(self, headers: Collection[str]) -> bool:
        """Whether it is one of these headers, under any of its names and in any case."""
        return not set(map(str.casefold, self.names)).isdisjoint(map(str.casefold, headers))

    def is_lacking(self, headers: Collection[str]) -> bool:
        """Whether it is none of these headers, and may not be left out."""
        return not self.optional and not self.is_in(headers)


class ReadCount(Record):
    """How many values of a column in one file its rule read, and how many it did not.

    Or what became of its rows as a whole: how many a row rule (`reject_when`) rejected, where it
    rejected any, and how many were merged though they look unlike (`dedupe`).

    Attributes:
        feed: The feed.
        column: The delivered column; empty of whole rows.
        file: The file.
        rows: All rows of the file.
        values: Those with a value of the column; of a row rule, all; of merging, those accepted
            with a whole key, but for mere repeats.
        unread: Those whose value the rule rejected, or left empty because it did not fit; the rows
            that were rejected, or merged.
        reason: The commonest code of these, without the column; empty where there are none. Of a
            row rule its code, with "row:"; of merging, empty.
    """

    feed: str
    column: str
    file: str
    rows: int
    values: int
    unread: int
    reason: str = ""


class Step(Record):
    """One line of the transform log: what was done, with the counts before and after."""

    stage: str
    feed: str | None
    subject: str
    operation: str
    rows_before: int | None = None
    rows_after: int | None = None
    rows_rejected: int = 0
    rows_merged: int = 0
    values_changed: int | None = None
    detail: str = ""
