"""The quality report: one HTML file that opens offline, prints well, and starts with a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from consulting.delivery.advice import advice_of_change, words_of_change
from consulting.delivery.charts import dial, share_bar, trend
from consulting.delivery.columns import FeedView
from consulting.delivery.deliverable import Document
from consulting.delivery.findings import (
    SEVERITY_ORDER,
    SEVERITY_WORDS,
    findings_that_matter,
)
from consulting.delivery.mapping import map_feeds
from consulting.delivery.pages import number, render
from consulting.delivery.past import (
    before,
    in_calendar_order,
    last_of_another,
    made_otherwise,
    superseded,
    worse_tests,
)
from consulting.delivery.reasons import reason_in_words
from consulting.delivery.verdict import READY_RULE
from consulting.errors import TierBlockedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from markupsafe import Markup

    from consulting.delivery.contents import Contents
    from consulting.delivery.findings import Finding
    from consulting.delivery.inputs import DeliveryInputs, DeliverySummary
    from consulting.delivery.past import Period
    from consulting.records import CheckOutcome, FeedAccount, Severity

MAX_FINDINGS = 200
"""Findings listed one by one; the rest is counted, so that a page stays a page."""
MAX_TESTS = 400
REASONS_SHOWN = 8
"""Reject reasons listed below a feed's account."""
_QUESTIONS_ON_PAGE_ONE = 4


class QualityReport(Document):
    """`quality_report.html`: whether it can be used, and what was found."""

    always = True

    def write(self, inputs: DeliveryInputs, contents: Contents, folder: Path) -> None:
        """Write the report as one self-contained page."""
        html = quality_report(inputs, contents)
        (folder / "quality_report.html").write_text(html, encoding="utf-8", newline="\n")


def quality_report(inputs: DeliveryInputs, contents: Contents) -> str:
    """The report as one self-contained page."""
    findings, summary = contents.findings, contents.summary
    series = in_calendar_order(inputs.history, summary)
    earlier = before(inputs, summary)
    return render(
        "report.html.j2",
        inputs=inputs,
        summary=summary,
        differences=contents.differences,
        verdict=contents.verdict,
        verdict_rule=READY_RULE,
        score_dial=_score_dial(summary),
        accounts=[AccountView(account, inputs) for account in inputs.accounts],
        matters=findings_that_matter(findings),
        questions=contents.questions,
        # what we do about it stands in the manifest, for us
        blocked=[sentence.removesuffix(TierBlockedError.FIX) for sentence in inputs.blocked],
        questions_first=_QUESTIONS_ON_PAGE_ONE,
        examples=contents.examples,
        findings_by_severity=[
            (severity, SEVERITY_WORDS[severity], group_findings(findings, severity))
            for severity in SEVERITY_ORDER
        ],
        settled=[finding for finding in findings if finding.settled],
        max_findings=MAX_FINDINGS,
        feeds=[FeedView(profile, inputs) for profile in inputs.profiles],
        checks=sorted(inputs.checks, key=_check_order),
        reasons_shown=REASONS_SHOWN,
        max_tests=MAX_TESTS,
        series=series,
        supersedes=superseded(inputs, summary),
        before=earlier,
        advice_of_change=advice_of_change,
        words_of_change=words_of_change,
        compared_with=last_of_another(inputs, summary),
        worse_tests=worse_tests(inputs, summary),
        same_files=earlier is not None
        and earlier.made_with.get("input") == summary.made_with.get("input"),
        remade_with=made_otherwise(earlier, summary),
        trends=_trends(series),
        mapped=map_feeds(inputs),
        tables=contents.tables,
        rejects=contents.rejects,
        receipts=contents.receipts,
    )


class FindingGroup:
    """Findings of one kind: the heading and the advice are said once for all their places."""

    _HEADINGS: ClassVar = {"rejects": "Rows set aside", "test": "Tests not passed"}

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.first = findings[0]
        self.findings = findings
        self.title = self._HEADINGS.get(self.first.source, self.first.title)
        self.unit = "columns" if all(finding.column for finding in findings) else "places"

    @classmethod
    def kind(cls, finding: Finding) -> tuple[str, str, str]:
        """What findings have in common that are told together."""
        title = "" if finding.source in cls._HEADINGS else finding.title
        return finding.source, title, finding.recommendation

    def words(self, finding: Finding) -> str:
        """What is said of one place."""
        own = "" if finding.title == self.title else finding.title.partition(": ")[2]
        return ". ".join(part for part in (own, finding.detail) if part)


def group_findings(findings: Sequence[Finding], severity: Severity) -> list[FindingGroup]:
    """Return the open findings of a severity, those with one heading and one advice together."""
    kinds: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        if finding.severity == severity and not finding.settled:
            kinds.setdefault(FindingGroup.kind(finding), []).append(finding)
    return [FindingGroup(group) for group in kinds.values()]


class AccountView:
    """One feed's row accounting: the equation, and the reasons below it."""

    def __init__(self, account: FeedAccount, inputs: DeliveryInputs) -> None:
        self.feed = account.feed
        self.received = account.received
        self.delivered = account.delivered
        self.rejected = sum(account.rejected.values())
        self.merged = sum(account.merged.values())
        self.carried_from = account.carried_from
        # what is expected stands in the findings: page one fits a sheet
        self.reasons = [
            (reason_in_words(code, inputs, account.feed, briefly=True), rows)
            for code, rows in _largest_first(account.rejected)
        ]
        self.more_reasons = sum(rows for _, rows in self.reasons[REASONS_SHOWN:])
        self.merges = [
            (reason_in_words(rule, inputs, account.feed), rows)
            for rule, rows in _largest_first(account.merged)
        ]
        self.sampled_from = sum(
            reading.sampled_from or 0 for reading in inputs.files if reading.feed == account.feed
        )
        returned = [r for r in inputs.files if r.feed == account.feed and r.corrections]
        self.corrections = [
            f"{reading.filename}: {reading.corrections.in_words()}"
            for reading in returned
            if reading.corrections
        ]
        self.added = sum(reading.loaded_rows for reading in returned)
        self.aside = sum(reading.unparsed_rows for reading in returned)
        self.bar = share_bar(
            [
                ("delivered", self.delivered),
                ("rejected", self.rejected),
                ("merged", self.merged),
            ],
            label=f"{account.feed}: {number(self.delivered)} delivered, "
            f"{number(self.rejected)} rejected, {number(self.merged)} merged",
        )


def _largest_first(parts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(((k, v) for k, v in parts.items() if v), key=lambda part: (-part[1], part[0]))


def _check_order(check: CheckOutcome) -> tuple[int, str, str, str]:
    order = ("error", "fail", "warn", "pass").index(check.status)
    return order, check.model, check.column or "", check.name


def _score_dial(summary: DeliverySummary) -> Markup | None:
    if summary.score is None:
        return None
    return dial(summary.score, label=f"Quality score {number(round(summary.score, 1))} of 100")


def _trends(series: Sequence[Period]) -> list[tuple[str, Markup]]:
    """Charts over the deliveries that count; a period without one is a gap in the line."""
    scores = [(one.name, one.counts.score if one.counts else None) for one in series]
    shares = [(one.name, _rejected_share(one.counts)) for one in series]
    mark = next(position for position, one in enumerate(series) if one.current)
    charts = [
        (
            "Quality score, 0 to 100",
            trend(scores, low=0, high=100, mark=mark, label=_trend_words("Quality score", scores)),
        ),
        (
            "Rows rejected, % of rows received",
            trend(shares, low=0, mark=mark, label=_trend_words("Rejected rows in %", shares)),
        ),
    ]
    return [(title, chart) for title, chart in charts if chart]


def _rejected_share(one: DeliverySummary | None) -> float | None:
    return 100 * one.rejected / one.received if one is not None and one.received else None


def _trend_words(what: str, points: Sequence[tuple[str, float | None]]) -> str:
    listed = ", ".join(
        f"{name} {'none' if value is None else number(round(value, 1))}" for name, value in points
    )
    return f"{what} by period: {listed}"
