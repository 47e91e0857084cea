"""The profile of a feed, as stored in JSON; `profile-1.0.schema.json` is its schema.

Only additions may be made within one `schema_version`; see `docs/profile.md` for every field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field

from consulting.records import PiiFinding, Record, Severity

if TYPE_CHECKING:
    from collections.abc import Collection

SCHEMA_VERSION: Literal["1.0"] = "1.0"


class FileMetadata(Record):
    """One file of the feed, as it was read."""

    filename: str
    sha256: str
    format: str
    encoding: str | None
    delimiter: str | None
    quotechar: str | None
    sheet: str | None
    row_count: int
    unparsed_rows: int
    column_count: int
    file_size_bytes: int
    sampled_from: int | None


class ValueCount(Record):
    """A value (masked in columns of personal data) and how many rows hold it."""

    value: str
    count: int
    pct: float


class FormatCount(Record):
    """A format or notation and how many rows are written in it."""

    format: str
    count: int


class Bin(Record):
    """One bar of a histogram: from `lower` (included) to `upper` (the last bar includes it)."""

    lower: str
    upper: str
    count: int


class NumberSummary(Record):
    """A column's values as numbers; dates are summarised by their own fields.

    Attributes:
        count: Values that could be read as numbers.
        quantiles: The values at 0, 5, 10, … 100 percent; each is a value of the column.
    """

    count: int
    mean: float
    stddev: float | None
    quantiles: tuple[float, ...]
    zeros: int
    negatives: int


class DayOrder(Record):
    """A column's dates of three numbers that are written alike, read in one order.

    Attributes:
        form: How they are written, as `day_form` of the rules tells it.
        order: "dmy", "mdy", "ymd" or "ydm".
        count: How many are days in this order.
        quantiles: These days at 0, 5, … 100 percent.
    """

    form: str
    order: str
    count: int
    quantiles: tuple[str, ...]


class ColumnProfile(Record):
    """One column. Counts are of rows; percentages are 0 to 100, of all rows unless said."""

    name: str
    position: int
    inferred_type: str
    type_pct: float
    null_count: int
    null_pct: float
    null_like_count: int = 0
    null_like_values: tuple[ValueCount, ...] = ()
    distinct_count: int
    distinct_exact: bool = True
    unique_count: int = 0
    cardinality_ratio: float
    key_candidate: bool = False
    min_length: int | None = None
    max_length: int | None = None
    mean_length: float | None = None
    min: str | None = None
    max: str | None = None
    numbers: NumberSummary | None = None
    date_quantiles: tuple[str, ...] = ()
    day_orders: tuple[DayOrder, ...] = ()
    top_values: tuple[ValueCount, ...] = ()
    histogram: tuple[Bin, ...] = ()
    shapes: tuple[ValueCount, ...] = ()
    formats: tuple[FormatCount, ...] = ()
    ambiguous_dates: int = 0
    day_first: bool | None = None
    month_language: str | None = None
    times: int = 0
    units: tuple[FormatCount, ...] = ()
    currencies: tuple[FormatCount, ...] = ()
    shown_as: tuple[FormatCount, ...] | None = None
    leading_zeros: int = 0
    fraction_digits: int = 0
    read_with: str | None = None
    kept_words: tuple[str, ...] = ()
    untrimmed: int = 0
    pii: PiiFinding | None = None
    masked: bool = False

    @property
    def personal(self) -> bool:
        """The one decision on the column: no document shows its values, no proposal lists them."""
        return self.pii is not None or self.masked


class Issue(Record):
    """Something a reader of the data should know.

    Attributes:
        feed: The feed.
        column: The column it is about; None where it is about rows or the file.
        columns: All columns that take part, where there are several.
        issue_type: A stable code, as listed in `docs/profile.md`.
        severity: "info", "warn" or "error".
        detail: What was found, in a sentence.
        evidence_count: How many rows show it.
        evidence_pct: Of all rows, 0 to 100.
        examples: Some of the values, masked in columns of personal data.
        recommendation: What to do.
        question: What only the client can answer, if anything.
        rows_where: A condition that selects the rows from `raw.<feed>`: of personal values by
            their place in the file. None of an issue about the column, or about too many values.
    """

    feed: str
    column: str | None = None
    columns: tuple[str, ...] = ()
    issue_type: str
    severity: Severity
    detail: str
    evidence_count: int
    evidence_pct: float = 0.0
    examples: tuple[str, ...] = ()
    recommendation: str
    question: str | None = None
    rows_where: str | None = None


class AcceptedFinding(Record):
    """An issue that somebody found right before: it is not told, and this says so.

    Attributes:
        column: Its column.
        issue_type: Its code.
        by: Who found it right, as the feed's YAML says.
        values: How many values or combinations are marked; 0 where the column is.
        rows: Rows that would have been told.
        idle: Marks that fit nothing any more.
    """

    column: str
    issue_type: str
    by: str
    values: int = 0
    rows: int = 0
    idle: int = 0


class Dependency(Record):
    """A column that (almost) decides another: the same `determinant` has the same `dependent`."""

    determinant: str
    dependent: str
    contradicting_rows: int
    holds_pct: float


class Order(NamedTuple):
    """Two columns of which one is less in every row that was looked at, or that are equal.

    Attributes:
        column: The lesser one, or either.
        sign: "<" or "=".
        other: The other one.
        apart: How far they are apart in the mean: days, or of numbers the logarithm of how many
            times as large the other is.
    """

    column: str
    sign: str
    other: str
    apart: float

    @property
    def relation(self) -> tuple[str, str, str]:
        """Which is what to which, however far they are apart."""
        return self.column, self.sign, self.other


class FeedProfile(Record):
    """What is known of one feed in one run."""

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    feed: str
    basis: Literal["all_rows", "sample", "headers"]
    file_metadata: tuple[FileMetadata, ...]
    row_count: int
    column_count: int
    duplicate_rows: int = 0
    columns: tuple[ColumnProfile, ...]
    candidate_keys: tuple[tuple[str, ...], ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    orders: tuple[Order, ...] | None = None
    issues: tuple[Issue, ...] = Field(default=())
    accepted: tuple[AcceptedFinding, ...] = ()

    def column(self, name: str) -> ColumnProfile | None:
        """The column of this name, or None."""
        return next((c for c in self.columns if c.name == name), None)

    def accepted_rows(self, column: str, kinds: Collection[str]) -> int:
        """Rows of a column of which somebody found some kinds of issue right."""
        mine = (a.rows for a in self.accepted if a.column == column and a.issue_type in kinds)
        return sum(mine)
