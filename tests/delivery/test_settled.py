"""What the cleaning has dealt with is told apart, and is claimed on evidence only."""

import re
from pathlib import Path

import duckdb
import pytest

from consulting.delivery import DeliveryInputs, ask_questions, collect_findings
from consulting.delivery.advice import ADVICE, advice_of_change
from consulting.delivery.findings import count_by_severity, findings_that_matter
from consulting.delivery.report import group_findings
from consulting.delivery.settled import find_remaining, settled
from consulting.layout import ClientFolder
from consulting.profiling import DriftFinding, FeedProfile, Issue
from consulting.records import CheckOutcome, ColumnMapping, Written

DOCS = Path(__file__).parents[2] / "docs"


def issue_of(inputs: DeliveryInputs, column: str, kind: str) -> tuple[Issue, str]:
    return next(
        (issue, profile.feed)
        for profile in inputs.profiles
        for issue in profile.issues
        if (issue.column, issue.issue_type) == (column, kind)
    )


def mapped(inputs: DeliveryInputs, column: str, **changes: object) -> DeliveryInputs:
    """The inputs with the mapping of a source column changed."""
    mappings = tuple(
        ColumnMapping.model_validate({**mapping.model_dump(), **changes})
        if mapping.source_columns == (column,)
        else mapping
        for mapping in inputs.mappings
    )
    return inputs.model_copy(update={"mappings": mappings})


def none_delivered(inputs: DeliveryInputs) -> DeliveryInputs:
    """The inputs with every row rejected."""
    accounts = tuple(
        account.model_copy(update={"delivered": 0, "rejected": {"id:not_a_number": 5000}})
        for account in inputs.accounts
    )
    return inputs.model_copy(update={"accounts": accounts})


def test_every_type_of_issue_has_a_title_and_an_advice_for_the_client() -> None:
    issues = (DOCS / "profile.md").read_text()
    documented = set(re.findall(r"^\| `(\w+)` \| (?:error|warn|info)", issues, re.MULTILINE))
    assert documented == set(ADVICE)
    consultants_words = re.compile(r"rule|model|null token|to_text|\bdbt\b|client", re.IGNORECASE)
    for words in ADVICE.values():
        assert not consultants_words.search(words.title + words.advice), words
        assert words.advice.endswith(".")


def test_every_change_has_an_advice_for_the_client() -> None:
    table = (DOCS / "drift.md").read_text()
    kinds = set(re.findall(r"^\| `(\w+)` \| (?:block|warn|info)", table, re.MULTILINE))
    assert len(kinds) > 10
    for kind in kinds - {"another_feed"}:  # always stops the delivery
        change = DriftFinding(
            feed="orders", kind=kind, severity="warn", detail="", recommendation="to_text"
        )
        words = advice_of_change(change)
        assert words.endswith(".")
        assert not re.search(r"rule|model|YAML|client", words)
        note = advice_of_change(change.model_copy(update={"severity": "info"}))
        assert bool(note) is (kind in {"missing_column", "new_column"})


def test_blanks_around_values_are_settled_where_no_delivered_value_has_them(
    folder: ClientFolder, inputs: DeliveryInputs
) -> None:
    issue, feed = issue_of(inputs, "Full Name", "untrimmed_values")
    with duckdb.connect(str(folder.warehouse)) as connection:
        remaining = find_remaining(connection, inputs)
        assert settled(issue, feed, inputs, remaining) == (
            "Delivered without them. Of these 132 rows 128 are delivered, 4 rejected or merged."
        )
        connection.execute(
            "UPDATE marts.customers SET full_name = ' ' || full_name WHERE _row_id = 9"
        )
        assert settled(issue, feed, inputs, find_remaining(connection, inputs)) == ""


def test_values_that_were_set_aside_are_settled_and_one_that_was_not_is_open(
    folder: ClientFolder, inputs: DeliveryInputs
) -> None:
    issue, feed = issue_of(inputs, "Amount", "type_mismatch")
    with duckdb.connect(str(folder.warehouse)) as connection:
        assert settled(issue, feed, inputs, find_remaining(connection, inputs)).startswith("Set")
        connection.execute(
            "INSERT INTO marts.orders SELECT order_id, customer_no, ordered_on, 1, status, "
            "weight_g, rep_code, _file, _row, 59 FROM marts.orders LIMIT 1"
        )
        assert settled(issue, feed, inputs, find_remaining(connection, inputs)) == ""


def test_a_dropped_columns_issues_are_settled_by_the_reason(inputs: DeliveryInputs) -> None:
    issue, feed = issue_of(inputs, "Legacy Flag", "constant_column")
    words = settled(issue, feed, inputs)
    assert words == "Not delivered: It holds the same value in every row."
    no_reason = mapped(inputs, "Legacy Flag", dropped_because=None)
    assert settled(issue, feed, no_reason) == ""


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("%Y-%m-%d %m/%d/%Y", "Read with the month first, as declared"),
        ("%d/%m/%Y", "Read with the day first, as declared"),
        ("%d/%m/%Y %m/%d/%Y", ""),
        ("?/?/%Y", ""),
        ("%Y-%m-%d", ""),
    ],
)
def test_dates_that_could_be_read_two_ways_are_settled_by_one_declared_order(
    folder: ClientFolder, inputs: DeliveryInputs, written: str, words: str
) -> None:
    issue = Issue(
        feed="orders",
        column="Order Date",
        issue_type="ambiguous_dates",
        severity="error",
        detail="3 dates could be read two ways.",
        evidence_count=3,
        recommendation="",
        question="Is 03/04 the 3rd of April or the 4th of March?",
    )

    def shown(profile: FeedProfile, day_first: bool | None) -> FeedProfile:  # noqa: FBT001 - a case
        columns = (
            column.model_copy(update={"day_first": day_first})
            if column.name == issue.column
            else column
            for column in profile.columns
        )
        return profile.model_copy(update={"columns": tuple(columns), "issues": (issue,)})

    profile = shown(inputs.profiles[1], None)
    read = Written(formats=tuple(written.split()))
    declared = mapped(inputs, "Order Date", written=read).model_copy(
        update={"profiles": (profile,)}
    )
    with duckdb.connect(str(folder.warehouse)) as connection:
        remaining = find_remaining(connection, declared)
    assert settled(issue, "orders", declared, remaining).startswith(words)
    assert bool(settled(issue, "orders", declared, remaining)) is bool(words)
    asked = [question.ask for question in ask_questions(declared, remaining)]
    assert (issue.question in asked) is not bool(words), "an answered question is not asked again"
    for day_first in (True, False):
        agrees = bool(words) and ("the day first" in words) is day_first
        proven = declared.model_copy(update={"profiles": (shown(profile, day_first),)})
        assert bool(settled(issue, "orders", proven, remaining)) is agrees, "read as others show"
    by_hand = mapped(declared, "Order Date", rule="sql")
    assert settled(issue, "orders", by_hand, remaining) == "", "what SQL does is counted only"


def test_what_no_feed_reads_is_a_question_of_its_kind(inputs: DeliveryInputs) -> None:
    words = "No feed reads the sheet 'March': if rows are in there, add a feed."
    first, *rest = inputs.files
    first = first.model_copy(update={"unread": (words,), "warnings": ("A sheet is hidden.",)})
    asked = ask_questions(inputs.model_copy(update={"files": (first, *rest)}))
    kinds = {one.ask: (one.kind, one.places[0].where) for one in asked}
    assert kinds[f"{words} Is that right?"] == ("unread", first.filename)
    assert kinds["A sheet is hidden. Is that right?"] == ("", first.filename)


@pytest.mark.parametrize(
    ("where", "most", "half"),
    [
        (
            None,
            "Of the 5,269 rows with a value 5,154 are delivered, 115 rejected or merged.",
            "Of the 5,269 rows with a value 2,576 are delivered, 2,693 rejected or merged.",
        ),
        (
            "_row_id < 100",
            "Of these 99 rows 98 are delivered, 1 rejected or merged.",
            "Of these 99 rows 49 are delivered, 50 rejected or merged.",
        ),
    ],
)
def test_what_a_rule_reads_is_settled_by_rows_that_are_delivered_with_a_value(
    folder: ClientFolder, inputs: DeliveryInputs, where: str | None, most: str, half: str
) -> None:
    issue = issue_of(inputs, "Order Date", "mixed_date_formats")[0]
    issue = issue.model_copy(update={"rows_where": where})
    profile = inputs.profiles[1].model_copy(update={"issues": (issue,)})
    given = inputs.model_copy(update={"profiles": (profile,)})

    def told() -> str:
        return settled(issue, "orders", given, find_remaining(connection, given))

    assert settled(issue, "orders", given) == "", "nobody counted"
    with duckdb.connect(str(folder.warehouse)) as connection:
        assert told() == f"Delivered in one form, YYYY-MM-DD. {most}"
        connection.execute("DELETE FROM marts.orders WHERE _row_id % 2 = 0")
        assert told() == f"Delivered in one form, YYYY-MM-DD. {half}"
        connection.execute("UPDATE marts.orders SET ordered_on = NULL")
        assert told() == "", "delivered, and without the date"
        connection.execute("DELETE FROM marts.orders")
        assert told() == "", "a rule that no row passed deals with nothing"


@pytest.mark.parametrize("question", [None, "Which currency are amounts without a sign in?"])
def test_several_currencies_are_settled_by_a_column_that_names_each(
    folder: ClientFolder, inputs: DeliveryInputs, question: str | None
) -> None:
    issue = issue_of(inputs, "Amount", "type_mismatch")[0].model_copy(
        update={"issue_type": "mixed_currencies", "rows_where": "_row_id < 9", "question": question}
    )
    profile = inputs.profiles[1].model_copy(update={"issues": (issue,)})
    amount = next(m for m in inputs.mappings if m.source_columns == ("Amount",))
    apart = {"target_column": "currency", "target_type": "VARCHAR", "rule": "to_currency"}
    mappings = (*inputs.mappings, amount.model_copy(update=apart))
    given = inputs.model_copy(update={"profiles": (profile,), "mappings": mappings})
    with duckdb.connect(str(folder.warehouse)) as connection:
        connection.execute("ALTER TABLE marts.orders ADD COLUMN currency VARCHAR DEFAULT 'EUR'")
        told = settled(issue, "orders", given, find_remaining(connection, given))
        alone = settled(issue, "orders", inputs, find_remaining(connection, inputs))
    words = "The currency of each amount is delivered beside it, in “currency”."
    assert (told, alone) == ("" if question else words, "")


def test_a_repeated_key_is_settled_by_a_passed_test_alone(inputs: DeliveryInputs) -> None:
    feed = "customers"
    issue = issue_of(inputs, "Full Name", "untrimmed_values")[0].model_copy(
        update={"column": "Customer No", "issue_type": "duplicate_key"}
    )
    assert settled(issue, feed, inputs).startswith("Each value is delivered once")
    failed = tuple(
        check.model_copy(update={"status": "fail"}) if check.name.startswith("unique") else check
        for check in inputs.checks
    )
    assert settled(issue, feed, inputs.model_copy(update={"checks": failed})) == ""
    assert settled(issue, feed, inputs.model_copy(update={"checks": ()})) == ""
    assert settled(issue, feed, none_delivered(inputs)) == "", "no row is no proof"


def test_repeated_rows_are_settled_where_they_were_merged_and_a_key_proves_it(
    inputs: DeliveryInputs,
) -> None:
    issue = next(i for i in inputs.profiles[0].issues if i.issue_type == "duplicate_rows")
    in_schema = tuple(
        account.model_copy(update={"table": f"marts.{account.table}"})
        for account in inputs.accounts
    )
    for given in (inputs, inputs.model_copy(update={"accounts": in_schema})):
        assert (
            settled(issue, "customers", given) == "Merged or set aside: each row is delivered once."
        )
    kept = tuple(account.model_copy(update={"merged": {}}) for account in inputs.accounts)
    assert settled(issue, "customers", inputs.model_copy(update={"accounts": kept})) == ""
    assert settled(issue, "customers", inputs.model_copy(update={"checks": ()})) == ""
    assert settled(issue, "customers", none_delivered(inputs)) == ""


def test_settled_findings_come_last_are_counted_apart_and_never_on_page_one(
    folder: ClientFolder, inputs: DeliveryInputs
) -> None:
    with duckdb.connect(str(folder.warehouse)) as connection:
        findings = collect_findings(inputs, find_remaining(connection, inputs))
    states = [bool(finding.settled) for finding in findings]
    assert states == sorted(states)
    counts = count_by_severity(findings)
    assert sum(counts.values()) == len(findings)
    assert counts["settled"] == sum(states) > 5
    assert not any(finding.settled for finding in findings_that_matter(findings[::-1]))


def test_of_equal_severity_tests_and_rejects_stand_before_what_the_profile_says(
    inputs: DeliveryInputs,
) -> None:
    open_ones = [f for f in collect_findings(inputs) if f.severity == "warn" and not f.settled]
    sources = list(dict.fromkeys(finding.source for finding in open_ones))
    assert sources == ["test", "rejects", "profile"]


def test_findings_of_one_kind_are_told_together_and_none_is_lost(inputs: DeliveryInputs) -> None:
    findings = collect_findings(inputs)
    groups = group_findings(findings, "warn")
    told = [finding for group in groups for finding in group.findings]
    wanted = [f for f in findings if f.severity == "warn" and not f.settled]
    assert sorted(told, key=findings.index) == wanted
    rejects = next(group for group in groups if group.first.source == "rejects")
    assert rejects.title == "Rows set aside"
    assert len(rejects.findings) == 5
    assert "“Amount” is not an amount of money. 90 rows, 1.7 %" in rejects.words(
        next(finding for finding in rejects.findings if finding.count == 90)
    )


def test_a_test_that_could_not_run_is_told_as_such(inputs: DeliveryInputs) -> None:
    broken = CheckOutcome(
        unique_id="t", name="t", model="orders", severity="error", status="error", failing_rows=0
    )
    findings = collect_findings(inputs.model_copy(update={"checks": (broken,)}))
    assert "Could not be tested: t" in [finding.title for finding in findings]


def test_years_of_two_digits_are_settled_unless_one_lies_ahead_of_the_file(
    folder: ClientFolder, inputs: DeliveryInputs
) -> None:
    (orders,) = (profile for profile in inputs.profiles if profile.feed == "orders")
    issue = orders.issues[0].model_copy(
        update={"issue_type": "two_digit_years", "column": "Order Date", "rows_where": "true"}
    )
    profiles = (orders.model_copy(update={"issues": (issue,)}),)
    asked = inputs.model_copy(update={"profiles": profiles})
    ahead = inputs.received_at.year + 2
    with duckdb.connect(str(folder.warehouse)) as connection:
        gone = find_remaining(connection, asked)
        assert settled(issue, "orders", asked, gone).startswith("Delivered with four digits.")
        connection.execute(
            f"UPDATE marts.orders SET ordered_on = DATE '{ahead}-01-01' WHERE _row_id = 9"
        )
        assert settled(issue, "orders", asked, find_remaining(connection, asked)) == ""
        connection.execute("DELETE FROM marts.orders")
        assert re.fullmatch(
            r"All [\d,]+ rows were rejected or merged\.",
            settled(issue, "orders", asked, find_remaining(connection, asked)),
        )


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("%Y-%m-%d %d/%m/%Y", ""),
        (
            "%Y-%d-%m %d/%m/%Y",
            "Read with day and month swapped back, as declared in the cleaning rules.",
        ),
    ],
)
def test_swapped_dates_are_settled_only_where_the_rule_swaps_them_back(
    folder: ClientFolder, inputs: DeliveryInputs, written: str, words: str
) -> None:
    issue, feed = issue_of(inputs, "Order Date", "mixed_date_formats")
    issue = issue.model_copy(update={"issue_type": "mixed_date_order"})
    profile = inputs.profiles[1].model_copy(update={"issues": (issue,)})
    declared = mapped(inputs, "Order Date", written=Written(formats=tuple(written.split())))
    declared = declared.model_copy(update={"profiles": (profile,)})
    with duckdb.connect(str(folder.warehouse)) as connection:
        told = settled(issue, feed, declared, find_remaining(connection, declared))
    assert told.startswith(words)
    assert bool(told) is bool(words)
