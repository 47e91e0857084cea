"""The verdict: one level by a stated rule, and the sentences that say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.delivery.findings import feeds_without_rules, place_of
from consulting.delivery.pages import number, percent
from consulting.delivery.past import worse_tests
from consulting.profiling.wording import enumerated
from consulting.records import UNUSABLE, Record, VerdictLevel
from consulting.wording import counted, inflected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.delivery.findings import Finding
    from consulting.delivery.inputs import DeliveryInputs, DeliverySummary

READY_RULE = (
    "“Ready to use”: every test passed, no file was set aside and nothing has to be fixed. "
    "“Ready to use, with care”: no test failed, but something was rejected, warned about, changed "
    "since the last file, or has to be fixed at the source. “Not ready to use”: a test failed, no "
    "row is delivered, or more than half of the rows of one kind of file were rejected."
)
_EMPTY_TOLD = 5
MOSTLY = 0.5
"""The share of a feed's rows above which what was rejected is no longer an exception."""


class Verdict(Record):
    """What page one says first.

    Attributes:
        level: The rule's outcome; it colours the page.
        headline: The verdict in a few words.
        sentences: What it rests on, in plain sentences.
    """

    level: VerdictLevel
    headline: str
    sentences: tuple[str, ...]


def reach_verdict(
    inputs: DeliveryInputs, findings: Sequence[Finding], summary: DeliverySummary
) -> Verdict:
    """Apply the rule of `READY_RULE` and say what it rests on."""
    if inputs.schema_only:
        return _assess(inputs, findings)
    must_fix = sum(f.severity == "error" and not f.settled for f in findings)
    changes = [drift for drift in inputs.drift if drift.severity == "warn"]
    known = sum(drift.told_before for drift in changes)
    changed = len(changes) + len(worse_tests(inputs, summary))
    care = must_fix or summary.rejected or summary.tests_warned or inputs.quarantined or changed
    missing = [
        account.feed
        for account in inputs.accounts
        if sum(account.rejected.values()) > MOSTLY * account.received
    ]
    unruled = feeds_without_rules(inputs)
    level: VerdictLevel
    if summary.tests_failed or missing or not summary.delivered:
        level, headline = UNUSABLE, "Not ready to use"
    elif care:
        level, headline = "care", "Ready to use, with care"
    else:
        level, headline = "ready", "Ready to use"
    if inputs.sampled and level != UNUSABLE:
        headline += ", as far as the sample shows"
    return Verdict(
        level=level,
        headline=headline,
        sentences=tuple(
            sentence
            for sentence in (
                _rows(inputs, summary),
                _mostly_rejected([feed for feed in missing if feed not in unruled]),
                _without_rules(unruled),
                _left_empty(inputs),
                _tests(summary),
                _attention(findings),
                _changed(changed - known),
                _told_before(known),
            )
            if sentence
        ),
    )


def _mostly_rejected(feeds: Sequence[str]) -> str:
    """Which kinds of file are mostly missing from the tables; nothing if none is."""
    return f"Most rows are missing from the tables of: {', '.join(feeds)}." if feeds else ""


def _without_rules(feeds: Sequence[str]) -> str:
    said = f"We have no rules for {enumerated(feeds)} yet, so none of the rows are delivered."
    return said if feeds else ""


def _left_empty(inputs: DeliveryInputs) -> str:
    """Which delivered columns no file holds."""
    sent = {(r.feed, column.casefold()) for r in inputs.files for column in r.columns}
    empty = [
        place_of(mapping.feed, mapping.source_columns[:1])
        for mapping in inputs.mappings
        if mapping.target_column
        and mapping.rule != "sql"
        and not any((mapping.feed, name.casefold()) in sent for name in mapping.source_columns)
    ]
    listed = list(dict.fromkeys(empty))
    more = len(listed) - _EMPTY_TOLD
    named = [*listed[:_EMPTY_TOLD], *([f"{more} more"] if more > 0 else [])]
    said = "In none of your files, so delivered as [an empty column|empty columns]: "
    return f"{inflected(said, len(listed))}{enumerated(named)}." if listed else ""


def _changed(changes: int) -> str:
    said = inflected("{n} [change|changes] since the last file should be looked at.", changes)
    return said if changes else ""


def _told_before(changes: int) -> str:
    said = inflected(
        "{n} [change|changes] told with an earlier delivery [is|are] still to be looked at.",
        changes,
    )
    return said if changes else ""


def _assess(inputs: DeliveryInputs, findings: Sequence[Finding]) -> Verdict:
    columns = sum(len(reading.columns) for reading in inputs.files)
    unmapped = sum(finding.unit == "column" for finding in findings)
    models = sum(model.status == "success" for model in inputs.models)
    return Verdict(
        level="assessment",
        headline="Not every column has its place yet" if unmapped else "Every column has its place",
        sentences=(
            (
                f"We read the structure of {counted(_sent(inputs), 'file')}: "
                f"{counted(columns, 'column')}, and no row of data."
            ),
            _models(models, len(inputs.models)),
            (
                f"{_of_structure(findings)}Whether the values are right can be told only from the "
                "values."
            ),
        ),
    )


def _of_structure(findings: Sequence[Finding]) -> str:
    notes = sum(finding.severity == "info" for finding in findings)
    told = [
        inflected(f"{{n}} [thing|things] about the structure {words} ", count)
        for count, words in (
            (len(findings) - notes, "should be looked at."),
            (notes, "[is|are] good to know."),
        )
        if count
    ]
    return "".join(told)


def _sent(inputs: DeliveryInputs) -> int:
    """How many files the client sent: of one in which several feeds have a part, one."""
    return len({(f.filename, f.sha256) for f in inputs.files if f.corrections is None})


def _carried(inputs: DeliveryInputs) -> int:
    """How many of them stand in from an earlier delivery."""
    carried = {account.feed for account in inputs.accounts if account.carried_from}
    sent = {(f.filename, f.sha256): set[str]() for f in inputs.files if f.corrections is None}
    for file in inputs.files:
        sent.get((file.filename, file.sha256), set()).add(file.feed)
    return sum(feeds <= carried for feeds in sent.values())


def _models(worked: int, total: int) -> str:
    if worked == total:
        return (
            f"All {counted(total, 'step')} of the cleaning ran on empty tables of that structure, "
            "so the mapping document describes one that works."
        )
    return (
        f"{number(worked)} of {counted(total, 'step')} of the cleaning ran on empty tables of that "
        "structure; the others did not."
    )


def _rows(inputs: DeliveryInputs, summary: DeliverySummary) -> str:
    files, earlier = counted(_sent(inputs), "file"), _carried(inputs)
    files += f" ({number(earlier)} of them received earlier)" if earlier else ""
    if not summary.received:
        return f"No rows were received in {files}."
    kind = "sampled rows" if inputs.sampled else "rows received"
    rest = [
        f"{counted(count, 'was', 'were')} {word}"
        for count, word in (
            (summary.rejected, "set aside with a reason"),
            (summary.merged, "merged as duplicates"),
        )
        if count
    ]
    tail = f"; {' and '.join(rest)}" if rest else ""
    return (
        f"Of {number(summary.received)} {kind} in {files}, {number(summary.delivered)} "
        f"({percent(summary.delivered, summary.received)}) are delivered{tail}. "
        "Every row is accounted for."
    )


def _tests(summary: DeliverySummary) -> str:
    total = summary.tests_passed + summary.tests_warned + summary.tests_failed
    if not total:
        return "No tests are defined yet."
    if summary.tests_passed == total:
        return f"All {counted(total, 'test')} of the cleaned tables passed."
    parts = [
        f"{number(count)} {word}"
        for count, word in (
            (summary.tests_warned, "found rows to check"),
            (summary.tests_failed, "failed"),
        )
        if count
    ]
    return (
        f"{number(summary.tests_passed)} of {counted(total, 'test')} of the cleaned tables passed; "
        f"{' and '.join(parts)}."
    )


def _attention(findings: Sequence[Finding]) -> str:
    grave = [f for f in findings if f.severity == "error" and not f.settled]
    values = sum(finding.unit == "row" for finding in grave)
    files = sum(finding.unit == "file" for finding in grave)
    columns = sum(finding.unit == "column" for finding in grave)
    parts = [
        words
        for count, words in (
            (values, f"{counted(values, 'finding')} should be fixed where the data comes from"),
            (files, f"{counted(files, 'file')} could not be used"),
            (
                columns,
                f"{counted(columns, 'column has', 'columns have')} no place in the tables yet",
            ),
        )
        if count
    ]
    return f"{', '.join(parts)}." if parts else ""
