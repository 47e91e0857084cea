"""What the client should know, from every source, in one order: what matters most comes first."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

from consulting.cleaning.accounts import UNPARSED
from consulting.delivery.advice import advice_of, title_of
from consulting.delivery.mapping import unmapped_columns
from consulting.delivery.pages import percent
from consulting.delivery.reasons import (
    NO_COLUMN,
    reason_in_words,
    source_column,
)
from consulting.delivery.settled import NOTHING_COUNTED, settled
from consulting.privacy.tiers import FULL_TIER
from consulting.profiling.totals import REASON as SUBTOTAL
from consulting.records import NO_MODELS, CheckOutcome, Record, Severity
from consulting.rules.accepted import ACCEPTABLE, REPLACEABLE
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.delivery.inputs import DeliveryInputs
    from consulting.delivery.settled import Remaining
    from consulting.profiling import Issue
    from consulting.records import FileReading

SEVERITY_ORDER: tuple[Severity, ...] = ("error", "warn", "info")
SEVERITY_WORDS: dict[Severity, str] = {
    "error": "Must fix",
    "warn": "Should check",
    "info": "Good to know",
}
MANY_REJECTS = 0.05
"""From this share of a feed's rows on, one reject reason is a finding of severity error."""


SOURCE_ORDER = ("file", "mapping", "test", "rejects", "profile")
"""Of equal severity, what is in the delivered tables or kept out of them stands first."""
_SUBTOTALS = f"row:{SUBTOTAL}"
"""The reason of rows that the proposed models leave out on purpose."""
_EXAMPLES_SHOWN = 4
_NUMBER = re.compile(r"([0-9]+)")
_THAT_MATTER = 5


class Finding(Record):
    """One thing the client should know.

    Attributes:
        severity: "error", "warn" or "info".
        source: Where it was found.
        feed: The feed, where it is about one.
        column: The column, where it is about one.
        title: What it is, in a few words.
        detail: What was seen, in a sentence.
        count: How many rows, files or columns it is about.
        unit: Which of them are counted.
        examples: Some of the values: at tier 3 only, and never of personal data.
        recommendation: What to do.
        settled: How the cleaning dealt with it, where nothing of it is left to do.
        accepts: The issue type, where it can be accepted as it is.
        replaceable: Whether a rule can put its values right.
    """

    severity: Severity
    source: Literal["profile", "test", "rejects", "file", "mapping"]
    feed: str | None = None
    column: str | None = None
    title: str
    detail: str = ""
    count: int = 1
    unit: Literal["row", "file", "column"] = "row"
    examples: tuple[str, ...] = ()
    recommendation: str = ""
    settled: str = ""
    accepts: str = ""
    replaceable: bool = False

    @property
    def where(self) -> str:
        """The feed and column, as far as there are any."""
        return " › ".join(part for part in (self.feed, self.column) if part)  # noqa: RUF001


class Place(Record):
    """Where a question comes up, and why; the issue's type, where a profile found it."""

    where: str
    why: str = ""
    issue_type: str = ""


class Question(Record):
    """Something only the client can answer; asked once, whatever number of columns it is about.

    Its kind is "unread" where it is about what no feed reads of a file.
    """

    ask: str
    places: tuple[Place, ...]
    kind: Literal["", "unread"] = ""


def collect_findings(
    inputs: DeliveryInputs, remaining: Remaining = NOTHING_COUNTED
) -> list[Finding]:
    """Return all findings: by severity, then what is settled last, by source and by rows.

    Args:
        inputs: The delivery.
        remaining: What `find_remaining` counted.
    """
    found = [
        *_from_files(inputs),
        *_from_rejects(inputs),
        *_from_checks(inputs),
        *_from_mapping(inputs),
        *_from_profiles(inputs, remaining),
    ]
    return sorted(
        found,
        key=lambda f: (
            bool(f.settled),
            SEVERITY_ORDER.index(f.severity),
            SOURCE_ORDER.index(f.source),
            -f.count,
            _by_number(f.where),
            f.title,
            f.detail,
        ),
    )


def _by_number(place: str) -> list[str | int]:
    """A place to sort by: `column_3` before `column_10`."""
    parts = _NUMBER.split(place)
    return [int(part) if part.isdigit() else part for part in parts]


def count_by_severity(findings: Sequence[Finding]) -> dict[str, int]:
    """Return how many findings are open of each severity, every severity named; and the settled."""
    counts: dict[str, int] = {
        severity: sum(finding.severity == severity and not finding.settled for finding in findings)
        for severity in SEVERITY_ORDER
    }
    return {**counts, "settled": sum(bool(finding.settled) for finding in findings)}


def findings_that_matter(findings: Sequence[Finding]) -> list[Finding]:
    """Return the first few open ones for page one: at most two of the same title."""
    chosen: list[Finding] = []
    for finding in findings:
        alike = sum(one.title == finding.title for one in chosen)
        if alike < 2 and not finding.settled:  # noqa: PLR2004 - five equal lines tell one thing
            chosen.append(finding)
        if len(chosen) == _THAT_MATTER:
            break
    return chosen


def ask_questions(inputs: DeliveryInputs, remaining: Remaining = NOTHING_COUNTED) -> list[Question]:
    """Return what to ask the client, in the order in which an answer changes most.

    What is settled is not asked again each month.
    """
    asked: dict[str, list[Place]] = {}

    def ask(question: str, place: Place) -> None:
        asked.setdefault(question, []).append(place)

    for column in unmapped_columns(inputs):
        place = Place(where=place_of(column.feed, (column.column,)))
        ask("Do you need this column? No rule says what becomes of it.", place)
    for feed, issue in _issues(inputs):
        if issue.question and not settled(issue, feed, inputs, remaining):
            where = place_of(feed, (issue.column,) if issue.column else issue.columns)
            ask(issue.question, Place(where=where, why=issue.detail, issue_type=issue.issue_type))
    for reading in inputs.files:
        for question in asked_of_file(reading):
            ask(question, Place(where=reading.filename))
        for words in reading.unread:
            ask(_as_question(words), Place(where=reading.filename))
    unread = {_as_question(words) for reading in inputs.files for words in reading.unread}
    return [
        Question(ask=words, places=tuple(places), kind="unread" if words in unread else "")
        for words, places in asked.items()
    ]


def asked_of_file(reading: FileReading) -> Iterator[str]:
    """What the reading of a file leaves the client to confirm, as questions."""
    yield from map(_as_question, reading.warnings)


def _as_question(warning: str) -> str:
    asks = warning.endswith("?") or "Please" in warning
    return warning if asks else f"{warning} Is that right?"


def place_of(feed: str, columns: Sequence[str]) -> str:
    """The feed, and the columns where there are any."""
    return " › ".join(filter(None, (feed, ", ".join(columns))))  # noqa: RUF001


def _issues(inputs: DeliveryInputs) -> Iterator[tuple[str, Issue]]:
    for profile in inputs.profiles:
        for issue in profile.issues:
            yield profile.feed, issue
    for issue in inputs.across:
        yield issue.feed, issue


def _from_profiles(inputs: DeliveryInputs, remaining: Remaining) -> Iterator[Finding]:
    for feed, issue in _issues(inputs):
        yield Finding(
            severity=issue.severity,
            source="profile",
            feed=feed,
            column=issue.column or ", ".join(issue.columns) or None,
            title=title_of(issue),
            detail=_detail(inputs, feed, issue),
            examples=_examples(inputs, feed, issue),
            count=issue.evidence_count,
            recommendation=advice_of(issue),
            settled=settled(issue, feed, inputs, remaining),
            accepts=issue.issue_type if issue.issue_type in ACCEPTABLE and issue.column else "",
            replaceable=inputs.tier == FULL_TIER
            and issue.issue_type in REPLACEABLE
            and (feed, issue.column) not in inputs.personal_columns,
        )


def _detail(inputs: DeliveryInputs, feed: str, issue: Issue) -> str:
    """What was seen; a word of a masked column may be none of the client's."""
    masked = {name for file in inputs.files if file.feed == feed for name in file.masked_columns}
    quotes = "“" in issue.detail and masked & {issue.column, *issue.columns}
    return f"{issue.detail} (Words of this column may be masks.)" if quotes else issue.detail


def _examples(inputs: DeliveryInputs, feed: str, issue: Issue) -> tuple[str, ...]:
    if inputs.tier != 3:  # noqa: PLR2004
        return ()
    named = {(feed, column) for column in (issue.column, *issue.columns)}
    return () if named & inputs.personal_columns else issue.examples[:_EXAMPLES_SHOWN]


def _from_files(inputs: DeliveryInputs) -> Iterator[Finding]:
    for file in inputs.quarantined:
        yield Finding(
            severity="error",
            source="file",
            feed=file.feed,
            title=f"File set aside: {file.filename}",
            detail=file.reason,
            unit="file",
            recommendation=file.fix,
        )


def _from_rejects(inputs: DeliveryInputs) -> Iterator[Finding]:
    told = Counter[str]()  # the profile tells of lines that are no rows, too
    for feed, issue in _issues(inputs):
        told[feed] += issue.evidence_count * (issue.issue_type == "unparsed_rows")
    for account in inputs.accounts:
        for code, rows in account.rejected.items():
            ours = code in {_SUBTOTALS, NO_MODELS}
            if not rows or (code == UNPARSED and rows == told[account.feed]):
                continue
            column, _, kind = code.partition(":")
            many = rows >= MANY_REJECTS * account.received
            yield Finding(
                severity="info" if ours else "error" if many else "warn",
                source="rejects",
                feed=account.feed,
                column=source_column(inputs, account.feed, column)
                if kind and column not in NO_COLUMN
                else None,
                title=f"Rejected: {reason_in_words(code, inputs, account.feed)}",
                detail=f"{counted(rows, 'row')}, {percent(rows, account.received)} of the rows of "
                f"{account.feed}.",
                count=rows,
                recommendation=_what_to_do_about(code, sampled=inputs.sampled),
            )


def _what_to_do_about(code: str, *, sampled: bool) -> str:
    """What the client can do about rejected rows: nothing, where we have no rules for them yet."""
    if code == NO_MODELS:
        return "Nothing for you to correct: we write the rules, with your answers."
    if code == _SUBTOTALS:
        return "Nothing for you to correct: these rows sum up others, and are left out on purpose."
    if sampled:
        return "Correct these rows where the file comes from."
    return "Correct these rows in the rejects file and drop it again."


def _from_checks(inputs: DeliveryInputs) -> Iterator[Finding]:
    for check in inputs.checks:
        if check.status == "pass":
            continue
        yield Finding(
            severity="error" if check.status == "fail" else "warn",
            source="test",
            feed=check.model,
            column=check.column,
            title=f"{'Could not be tested' if check.status == 'error' else 'Test not passed'}: "
            f"{(check.description or check.name.replace('_', ' ')).rstrip('.')}",
            detail=_failing(check),
            count=check.failing_rows,
            recommendation="Ask us for the list of these rows." if check.stored_in else "",
        )


def _failing(check: CheckOutcome) -> str:
    if check.status == "error":
        return "The test itself is broken, which is ours to mend; nothing is known of the rows."
    failing = counted(check.failing_rows, "row does", "rows do")
    one = (
        "It is delivered as it is."
        if check.failing_rows == 1
        else "They are delivered as they are."
    )
    return f"{failing} not pass it.{f' {one}' if check.status == 'warn' else ''}"


def feeds_without_rules(inputs: DeliveryInputs) -> list[str]:
    """The feeds that no models read yet, which is ours to mend."""
    return [account.feed for account in inputs.accounts if NO_MODELS in account.rejected]


def _from_mapping(inputs: DeliveryInputs) -> Iterator[Finding]:
    unruled = feeds_without_rules(inputs)
    for column in unmapped_columns(inputs):
        yield Finding(
            severity="info" if column.feed in unruled else "error",
            source="mapping",
            feed=column.feed,
            column=column.column,
            title="Column unaccounted for",
            detail="The column is neither delivered nor dropped with a reason.",
            unit="column",
            recommendation="Tell us whether you need it: we map it, or note why it is left out.",
        )
