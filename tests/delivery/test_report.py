"""The report says exactly what the records say, harms nobody, and can be read by anybody."""

import itertools
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import pytest

from consulting.delivery import (
    Delivery,
    DeliveryInputs,
    Finding,
    build_delivery,
    collect_findings,
)
from consulting.delivery.advice import advice_of_change, words_of_change
from consulting.delivery.columns import ColumnView, FeedView
from consulting.delivery.manifest import summarise
from consulting.delivery.verdict import reach_verdict
from consulting.layout import ClientFolder
from consulting.profiling import ColumnProfile, DriftFinding, Issue
from consulting.profiling.model import AcceptedFinding, FormatCount
from consulting.records import CheckOutcome, ColumnMapping

VOID = {"meta", "link", "br", "col", "img", "input", "hr", "path", "rect", "circle"}


@dataclass
class Page(HTMLParser):
    """A page as a list of elements with their attributes, and its words."""

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: str = ""
    headings: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(self.html)
        assert self.open == []
        self.words = re.sub(r"\s+", " ", self.words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data if data.strip() else " "
        if any(re.fullmatch(r"h[1-6]", tag) for tag in self.open):
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)


def page_of(delivery: Delivery, name: str = "quality_report.html") -> Page:
    return Page((delivery.path / name).read_text(encoding="utf-8"))


def test_page_one_gives_the_verdict_in_exact_numbers(delivery: Delivery) -> None:
    words = page_of(delivery).words
    assert "Ready to use, with care" in words
    assert (
        "Of 6,514 rows received in 2 files, 6,313 (96.9 %) are delivered; 160 were set aside with "
        "a reason and 41 were merged as duplicates. Every row is accounted for." in words
    )
    assert "11 of 12 tests of the cleaned tables passed; 1 found rows to check." in words
    # 85.1 for the files, times (6,313 + 41) of 6,514 rows
    assert "83of 100" in words
    assert "× 97.5 % rows used" in words  # noqa: RUF001
    assert "86.9 complete × 25 %" in words  # noqa: RUF001
    assert "How the score is made. The score is the weighted mean of five shares" in words


def test_a_file_of_which_several_feeds_read_a_part_counts_once(inputs: DeliveryInputs) -> None:
    part = inputs.files[0].model_copy(update={"feed": "orders"})
    found = inputs.model_copy(update={"files": (*inputs.files, part)})
    verdict = reach_verdict(found, [], summarise(found, {}))
    assert verdict.sentences[0].startswith("Of 6,514 rows received in 2 files, ")


def test_files_that_stand_in_are_told_from_those_that_came(inputs: DeliveryInputs) -> None:
    accounts = [
        account.model_copy(update={"carried_from": "brightwater-2026-09-0001"})
        if account.feed == "orders"
        else account
        for account in inputs.accounts
    ]
    found = inputs.model_copy(update={"accounts": tuple(accounts)})
    verdict = reach_verdict(found, [], summarise(found, {}))
    assert verdict.sentences[0].startswith(
        "Of 6,514 rows received in 2 files (1 of them received earlier), "
    )


def test_a_column_that_no_file_holds_is_said_on_page_one(inputs: DeliveryInputs) -> None:
    def said(*lacking: str) -> list[str]:
        files = tuple(
            f.model_copy(update={"columns": tuple(c for c in f.columns if c not in lacking)})
            for f in inputs.files
        )
        found = inputs.model_copy(update={"files": files})
        sentences = reach_verdict(found, [], summarise(found, {})).sentences
        return [each for each in sentences if "In none of your files" in each]

    assert said() == []
    assert said("Amount") == [
        "In none of your files, so delivered as an empty column: orders › Amount."  # noqa: RUF001
    ]
    assert said("Amount", "Status") == [
        "In none of your files, so delivered as empty columns: orders › Amount and orders › Status."  # noqa: RUF001
    ]


@pytest.mark.parametrize(
    ("severity", "words"),
    [
        ("info", "“Qty” is not in sales.csv, whose rows are delivered without it."),
        ("warn", "“Qty” is not in sales.csv."),
    ],
)
def test_a_lacking_column_is_told_in_words_for_the_client(
    inputs: DeliveryInputs, severity: Any, words: str
) -> None:
    change = DriftFinding(
        feed="sales", kind="missing_column", severity=severity, column="Qty", said="“Qty”",
        lacked_in="sales.csv", detail="“Qty” is not in sales.csv; the client may leave it out.",
        recommendation="Ask the client for the column.",
    )  # fmt: skip
    assert words_of_change(change) == words
    assert advice_of_change(change) == "Tell us whether you will send it again."


def test_a_test_that_far_more_rows_fail_than_last_time_is_told_since_the_last_file(
    inputs: DeliveryInputs, folder: ClientFolder, scenario: ModuleType
) -> None:
    weight = "test.orders.weight_g.between"
    said = "A parcel weighs between 100 g and 30 kg: 128 rows, where delivery {} had {}."
    last = inputs.history[-1]
    for then, told in ((63, True), (64, False)):
        history = (*inputs.history[:-1], last.model_copy(update={"failing_rows": {weight: then}}))
        found = inputs.model_copy(update={"history": history, "drift": ()})
        delivery = build_delivery(found, folder=folder, tables=scenario.TABLES)
        words = page_of(delivery).words
        assert (said.format(last.delivery_id, then) in words) is told
        assert ("1 change since the last file should be looked at." in words) is told
        assert f"6,514 rows were received; {last.received:,} for delivery" in words
        assert "near what they were" not in words
        shutil.rmtree(delivery.path)


@pytest.mark.parametrize(
    ("mean", "words"),
    [
        (1.23456788999999991885e29, "mean 1.235e+29"),
        (9.2233720368547758e18, "mean 9.223e+18"),
        (2.5e-7, "mean 2.5e-07"),
        (0.0, "mean 0.00"),
        (12.345, "mean 12.35"),
        (-123_456.7, "mean -123,457"),
    ],
)
def test_a_mean_has_no_digit_that_is_not_known(
    inputs: DeliveryInputs, mean: float, words: str
) -> None:
    column = inputs.profiles[1].column("Amount")
    assert column is not None
    assert column.numbers is not None
    numbers = column.numbers.model_copy(update={"mean": mean})
    view = ColumnView(column.model_copy(update={"numbers": numbers}), 10, values_shown=True)
    assert view.facts[0] == words


@pytest.mark.parametrize(("kind", "told"), [("text", False), ("decimal", True)])
def test_units_are_told_of_numbers_alone(inputs: DeliveryInputs, kind: str, *, told: bool) -> None:
    column = inputs.profiles[1].column("Amount")
    assert column is not None
    units = (FormatCount(format="Barrel", count=1), FormatCount(format="K", count=1))
    column = column.model_copy(update={"inferred_type": kind, "units": units})
    view = ColumnView(column, 10, values_shown=True)
    assert ("Barrel (1), K (1)" in view.facts) is told


def test_one_row_shows_no_key_and_no_values_that_all_differ(inputs: DeliveryInputs) -> None:
    profile = inputs.profiles[1]
    one = {"null_count": 0, "null_like_count": 0, "distinct_count": 1, "cardinality_ratio": 1.0,
           "key_candidate": True, "histogram": (), "top_values": (), "pii": None}  # fmt: skip
    columns = tuple(column.model_copy(update=one) for column in profile.columns)
    keys = (("id",), ("name",))
    single = {"row_count": 1, "columns": columns, "candidate_keys": keys}
    view = FeedView(profile.model_copy(update=single), inputs)
    assert view.keys == ""
    assert {(one.key, one.otherwise) for one in view.columns} == {(False, "one value")}
    two = FeedView(profile.model_copy(update={"candidate_keys": keys}), inputs)
    assert two.keys == "id and name"


def test_subtotals_that_are_left_out_are_nothing_to_correct(inputs: DeliveryInputs) -> None:
    orders = inputs.accounts[1].model_copy(
        update={"received": 10, "delivered": 7, "rejected": {"row:subtotal": 3}, "merged": {}}
    )
    found = inputs.model_copy(update={"accounts": (inputs.accounts[0], orders)})
    [told] = [f for f in collect_findings(found) if f.source == "rejects" and f.feed == "orders"]
    assert (told.severity, told.count) == ("info", 3)
    assert told.recommendation == (
        "Nothing for you to correct: these rows sum up others, and are left out on purpose."
    )


@pytest.mark.parametrize(
    ("code", "advice", "told", "severity"),
    [
        (
            "feed:no_models",
            "Nothing for you to correct: we write the rules, with your answers.",
            "We have no rules for orders yet, so none of the rows are delivered.",
            "info",
        ),
        (
            "amount:not_an_amount",
            "Correct these rows in the rejects file and drop it again.",
            "Most rows are missing from the tables of: orders.",
            "error",
        ),
    ],
)
def test_a_feed_that_is_mostly_rejected_is_not_ready_to_use(
    inputs: DeliveryInputs, code: str, advice: str, told: str, severity: str
) -> None:
    orders = inputs.accounts[1].model_copy(
        update={"received": 5_310, "delivered": 2_654, "rejected": {code: 2_656}, "merged": {}}
    )
    half = orders.model_copy(update={"delivered": 2_655, "rejected": {code: 2_655}})
    for account, headline in ((half, "Ready to use, with care"), (orders, "Not ready to use")):
        found = inputs.model_copy(update={"accounts": (inputs.accounts[0], account)})
        findings = collect_findings(found)
        verdict = reach_verdict(found, findings, summarise(found, {}))
        assert verdict.headline == headline
    of_rows = {s for s in verdict.sentences if s.startswith(("Most rows", "We have no rules"))}
    assert of_rows == {told}
    (rejects,) = (f for f in findings if f.feed == "orders" and f.source == "rejects")
    assert (rejects.recommendation, rejects.severity) == (advice, severity)


def test_a_delivery_of_no_row_is_not_ready_to_use(inputs: DeliveryInputs) -> None:
    nothing = [
        account.model_copy(update={"received": 0, "delivered": 0, "rejected": {}, "merged": {}})
        for account in inputs.accounts
    ]
    found = inputs.model_copy(update={"accounts": tuple(nothing)})
    verdict = reach_verdict(found, [], summarise(found, {}))
    assert (verdict.level, verdict.headline) == ("stop", "Not ready to use")
    assert "No rows were received in 2 files." in verdict.sentences


def test_a_change_to_look_at_is_care_and_stands_on_page_one(inputs: DeliveryInputs) -> None:
    (change,) = (drift for drift in inputs.drift if drift.severity == "warn")
    whole = tuple(
        account.model_copy(update={"delivered": account.received, "rejected": {}, "merged": {}})
        for account in inputs.accounts
    )
    flawless = inputs.model_copy(update={"quarantined": (), "checks": (), "accounts": whole})
    for drift, level, said in (
        ((), "ready", []),
        ((change,), "care", ["1 change since the last file should be looked at."]),
        ((change, change), "care", ["2 changes since the last file should be looked at."]),
        ((change.model_copy(update={"severity": "info"}),), "ready", []),
    ):
        found = flawless.model_copy(update={"drift": drift})
        verdict = reach_verdict(found, [], summarise(found, {}))
        assert verdict.level == level
        assert [each for each in verdict.sentences if "last file" in each] == said


def test_the_parts_of_the_score_add_up_to_the_score(delivery: Delivery) -> None:
    words = page_of(delivery).words
    parts = re.findall(r"([\d.]+) [a-z]+ × (\d+) %", words)  # noqa: RUF001
    assert len(parts) == 5
    total = sum(float(value) * int(weight) for value, weight in parts) / 100
    assert f"{total * (6_313 + 41) / 6_514:.1f}of 100".replace(".0of", "of") in words


def test_the_accounting_is_printed_as_an_equation_that_adds_up(delivery: Delivery) -> None:
    words = page_of(delivery).words
    assert "customers1,204=1,159+4+41" in words
    assert "orders5,310=5,154+156+0" in words
    assert "All feeds6,514=6,313+160+41" in words
    equations = re.findall(r"([\d,]+)=([\d,]+)\+([\d,]+)\+([\d,]+)", words)
    assert len(equations) == 3
    for equation in equations:
        received, *parts = (int(number.replace(",", "")) for number in equation)
        assert received == sum(parts)
    for reason in ("90 rejected – “Amount” is not", "41 merged – same customer"):  # noqa: RUF001
        assert reason in words


def test_the_sections_come_in_the_promised_order(delivery: Delivery) -> None:
    headings = [text.strip() for level, text in page_of(delivery).headings if level == 2]
    assert headings == [
        "What matters most",
        "Questions for you",
        "What we changed",
        "Findings",
        "All questions",
        "Column by column",
        "Tests of the cleaned tables",
        "Since the last file",
        "Trend over deliveries",
        "Files received",
        "What you get",
        "Tier and method",
        "Versions",
    ]


def test_five_findings_with_counts_stand_on_page_one(
    delivery: Delivery, inputs: DeliveryInputs
) -> None:
    html = (delivery.path / "quality_report.html").read_text()
    first = html[html.index("What matters most") : html.index("Questions for you")]
    assert first.count("<li>") == 5
    assert "File set aside: orders_2026-09_corrected.xlsx" in first
    grave = [finding for finding in collect_findings(inputs) if finding.severity == "error"]
    assert len(grave) >= 3


def test_what_was_decided_and_refused_is_told(delivery: Delivery, inputs: DeliveryInputs) -> None:
    words = page_of(delivery).words
    for reading in inputs.files:
        assert reading.sha256 in words
        assert all(decision in words for decision in reading.decisions)
    for file in inputs.quarantined:
        assert file.reason in words
        assert file.fix in words
    assert "Line 1,207 not taken as data: a totals row" in words
    assert "meta: {from" not in words  # how it is accepted is ours
    assert "2026-05" in words


def test_examples_are_real_at_tier_3_but_never_of_personal_data(delivery: Delivery) -> None:
    words = page_of(delivery).words
    for value in ("€ ", "SHIPPED", "10/10/2026", "··Aaaaa"):
        assert value in words
    for name in ("Okafor", "Müller", "@Mail.example", "@mail.example", "+4930"):
        assert name not in words


def test_examples_are_shapes_at_tier_2_and_everything_says_sampled(
    build_at: Callable[[int], Delivery],
) -> None:
    delivery = build_at(2)
    page = page_of(delivery)
    changed = page.html[page.html.index('id="changed"') : page.html.index('id="findings"')]
    assert "99/99/9999" in changed
    assert "Ready to use, with care, as far as the sample shows" in page.words
    assert "✓ 6,514 sampled = 6,313 delivered" in page.words
    assert "10/10/2026" not in changed
    sections = [text for level, text in page.headings if level == 2]
    assert len([text for text in sections[2:] if "sampled" in text]) >= 9
    assert "sampled: 1,201 of 60,200 kept" in page.words
    assert "BLOCKED: \"store full rows of feed 'orders'\" requires tier 3" in page.words
    assert "defs.yaml" not in page.words, "what we do is nothing to the client"
    assert "sampled" in page_of(delivery, "mapping_document.html").words
    assert "sampled" in (delivery.path / "transform_log.csv").read_text()


def test_tier_1_is_a_data_model_assessment_without_a_value(
    build_at: Callable[[int], Delivery],
) -> None:
    page = page_of(build_at(1))
    assert "Data-model assessment" in page.words
    assert "BLOCKED:" in page.words
    assert "What we changed" not in page.words
    for value in ("SHIPPED", "C00017", "2026-10-10", "10/10/2026", "% fit", "leading zeros"):
        assert value not in page.html


def test_what_is_good_to_know_of_a_structure_has_not_to_be_looked_at(
    inputs_at: Callable[[int], DeliveryInputs],
) -> None:
    found = inputs_at(1)
    notes = [Finding(severity="info", source="profile", title=f"note {n}") for n in range(5)]
    grave = [Finding(severity="error", source="file", title="grave")]
    rest = "Whether the values are right can be told only from the values."
    one = f"1 thing about the structure is good to know. {rest}"
    for findings, told in (
        (notes, f"5 things about the structure are good to know. {rest}"),
        (
            grave + notes[:1],
            f"1 thing about the structure should be looked at. {one}",
        ),
        ([], rest),
    ):
        assert told in reach_verdict(found, findings, summarise(found, {})).sentences


def test_findings_of_columns_without_a_title_stand_in_the_order_of_the_file(
    inputs: DeliveryInputs,
) -> None:
    names = ["column_3", "column_10", "column_4"]
    issues = [
        Issue(feed="orders", column=name, issue_type="blank_values", severity="warn",
              evidence_count=1, detail="1 row has no value.", recommendation="")
        for name in names
    ]  # fmt: skip
    profile = inputs.profiles[0].model_copy(update={"issues": tuple(issues)})
    found = collect_findings(inputs.model_copy(update={"profiles": (profile,)}))
    places = [each.column for each in found if each.column in names]
    assert places == ["column_3", "column_4", "column_10"]


def test_nothing_of_the_page_comes_from_elsewhere(build_at: Callable[[int], Delivery]) -> None:
    for tier in (1, 2, 3):
        delivery = build_at(tier)
        files = {str(path.relative_to(delivery.path)) for path in delivery.path.rglob("*.*")}
        for name in ("quality_report.html", "mapping_document.html"):
            page = page_of(delivery, name)
            tags = {tag for tag, _ in page.elements}
            assert not tags & {"script", "link", "iframe", "object", "img", "form", "base"}
            attributes = [one for _, given in page.elements for one in given.items()]
            assert not [n for n, _ in attributes if n in {"src", "srcset"} or n.startswith("on")]
            links = {str(v) for n, v in attributes if n == "href" and not str(v).startswith("#")}
            # to each file that is delivered with the report, and to nothing else
            report = name == "quality_report.html"
            assert set(map(unquote, links)) == (files - {name} if report else set())
            style = page.html[page.html.index("<style>") : page.html.index("</style>")]
            assert "url(" not in style
            assert "@import" not in style
            assert "default-src 'none'" in page.html


def test_a_clients_words_are_never_markup(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    evil = "<img src=x onerror=alert(1)>\"'"
    column = inputs.profiles[0].columns[4].model_copy(update={"name": evil})
    profile = inputs.profiles[0].model_copy(
        update={
            "feed": evil,
            "columns": (column,),
            "accepted": (AcceptedFinding(column=evil, issue_type=evil, by=evil, rows=1),),
            "issues": (
                Issue(
                    feed=evil,
                    column=evil,
                    issue_type=evil,
                    severity="error",
                    detail=evil,
                    evidence_count=1,
                    examples=(evil,),
                    recommendation=evil,
                    question=evil,
                ),
            ),
        }
    )
    past = inputs.history[-1].model_copy(update={"period": evil})
    changes = {
        "client_name": evil,
        "profiles": (profile,),
        "blocked": (evil,),
        "history": (*inputs.history, past),
        "reasons": dict.fromkeys(inputs.reasons, evil),
        "versions": {evil: evil},
        "drift": tuple(d.model_copy(update={"detail": evil}) for d in inputs.drift),
        "mappings": (
            *inputs.mappings,
            ColumnMapping(feed=evil, source_columns=(evil,), dropped_because=evil),
        ),
    }
    delivery = build_delivery(
        inputs.model_copy(update=changes), folder=folder, tables=scenario.TABLES
    )
    for name in ("quality_report.html", "mapping_document.html"):
        page = page_of(delivery, name)
        assert "<img" not in page.html
        assert not [tag for tag, _ in page.elements if tag in {"img", "script"}]
        assert evil in page.words


def test_the_report_of_200_columns_is_well_under_a_megabyte(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    source: list[ColumnProfile] = [c for p in inputs.profiles for c in p.columns]
    profile = inputs.profiles[1]
    columns = tuple(
        source[n % len(source)].model_copy(update={"name": f"a rather long column name {n}"})
        for n in range(200)
    )
    issues = tuple(
        issue.model_copy(update={"column": column.name})
        for column in columns
        for issue in profile.issues[:4]
    )
    wide = profile.model_copy(update={"columns": columns, "issues": issues})
    checks = tuple(
        CheckOutcome(
            unique_id=f"{column.name}{n}",
            name=f"not_null_{column.name}",
            model="orders",
            column=column.name,
            severity="error",
            status="pass",
            failing_rows=0,
            description="No value is missing",
        )
        for column in columns
        for n in range(2)
    )
    changes = {"profiles": (wide,), "checks": checks}
    delivery = build_delivery(
        inputs.model_copy(update=changes), folder=folder, tables=scenario.TABLES
    )
    size = (delivery.path / "quality_report.html").stat().st_size
    assert 200_000 < size < 800_000


@pytest.mark.parametrize("name", ["quality_report.html", "mapping_document.html"])
@pytest.mark.parametrize("tier", [1, 2, 3])
def test_a_page_has_one_title_ordered_headings_and_named_parts(
    build_at: Callable[[int], Delivery], tier: int, name: str
) -> None:
    page = page_of(build_at(tier), name)
    levels = [level for level, _ in page.headings]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("main") == 1
    assert dict(page.elements[1][1] if page.elements[0][0] != "html" else page.elements[0][1])[
        "lang"
    ]
    for tag, given in page.elements:
        if tag == "th":
            assert given.get("scope") in {"col", "row"}
        if tag == "svg":
            assert given.get("role") == "img"
            assert given.get("aria-label")
    identities = [given["id"] for _, given in page.elements if "id" in given]
    assert len(identities) == len(set(identities))
    for tag, given in page.elements:
        if tag == "a":
            within, identity = str(given["href"]).startswith("#"), str(given["href"])[1:]
            assert identity in identities or not within


def test_colours_of_text_stand_out_from_their_ground() -> None:
    import consulting.delivery

    style = (Path(consulting.delivery.__file__).parent / "templates" / "style.css").read_text()
    colours = dict(re.findall(r"--([a-z]+):(#[0-9a-f]{3,6})", style))
    grounds = ("#ffffff", colours["panel"], "#f8ebe7", "#e4f1ee", "#dcebec")
    for name in ("ink", "soft", "brand", "good", "warn", "bad", "info"):
        for ground in grounds[:2] if name not in {"ink", "soft", "warn"} else grounds:
            assert contrast(colours[name], ground) >= 4.5, (name, ground)
    for chart in ("#3d7f8d", "#bf5a3c", colours["good"]):
        assert contrast(chart, "#ffffff") >= 3


def contrast(one: str, two: str) -> float:
    """WCAG 2.2, 1.4.3: the ratio of relative luminances."""
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_summary_is_what_the_report_says(delivery: Delivery) -> None:
    summary = json.loads((delivery.path / "manifest.json").read_text())["summary"]
    assert summary["received"] == 6_514
    assert summary["delivered"] + summary["rejected"] + summary["merged"] == 6_514
    words = page_of(delivery).words
    counts = summary["findings"]
    told = f"{counts['error']} “Must fix”, {counts['warn']} “Should check”, {counts['info']}"
    assert told in words


def test_what_was_accepted_before_is_said_with_the_names_and_what_is_of_no_use(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    found = (
        AcceptedFinding(column="a", issue_type="outliers", by="Ann", rows=3),
        AcceptedFinding(column="b", issue_type="lone_values", by="Bob", values=3, rows=2, idle=2),
    )
    first, *others = inputs.profiles
    changes = {"profiles": (first.model_copy(update={"accepted": found}), *others)}
    delivery = build_delivery(
        inputs.model_copy(update=changes), folder=folder, tables=scenario.TABLES
    )
    page = page_of(delivery)
    assert (
        "2 findings (5 rows) accepted before by Ann, Bob, and not told again. "
        "2 marks of what was accepted fit nothing." in page.words
    )


def test_each_open_finding_of_the_profile_says_what_can_be_answered(
    build_at: Callable[[int], Delivery],
) -> None:
    page = page_of(build_at(3))
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    anchors = {attributes.get("id") for _, attributes in page.elements}
    assert {"#fix", "#accept", "#rule"} <= {*links}
    assert {"fix", "accept", "rule"} <= anchors
    assert "Accept (mixed_units)" in page.words
    assert "consulting ask" not in page.words, "what we do is nothing to the client"
    below = page_of(build_at(2))
    assert "#rule" not in {attributes.get("href") for _, attributes in below.elements}
    assert "Accept" not in page_of(build_at(1)).words
