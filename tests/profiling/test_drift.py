from __future__ import annotations

import math
import subprocess
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import pytest
from tests.rules import macros
from yaml import safe_load

from consulting.profiling import (
    DriftFinding,
    FeedProfile,
    Held,
    Thresholds,
    compare,
    profile_feed,
    unclear_columns,
)
from consulting.profiling.shift import chance_of_rise
from consulting.records import ReadColumn
from consulting.rules import column_rule

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.records import FileReading

Profile = Callable[..., FeedProfile]
YAML = """\
version: 2

models:
  - name: orders
    description: One row per order.
    columns:
      - name: order_id  # the key
        description: Number of the order.
        meta: {from: "Order ID", rule: to_text, required: true}
        data_tests: [unique]
      - name: amount
        description: Net amount.
        meta: {from: Amount, rule: to_decimal}
"""
N = 200
ORDERS = {
    "Order ID": [f"o{n}" for n in range(N)],
    "Amount": [f"{n % 17}.5" for n in range(N)],
    "Status": [("open", "paid")[n % 2] for n in range(N)],
}


def kinds(findings: list[DriftFinding]) -> dict[str, DriftFinding]:
    return {f.kind: f for f in findings}


def renamed(columns: dict[str, list[str]], old: str, new: str) -> dict[str, list[str]]:
    return {new if c == old else c: v for c, v in columns.items()}


def test_the_same_delivery_again_has_no_drift(profile: Profile) -> None:
    found = profile(ORDERS)
    assert compare(found, profile(ORDERS), list(ORDERS), models_yaml=YAML) == []
    assert compare(None, found) == []
    assert compare(None, found, list(ORDERS)) == []


def test_a_header_in_another_case_is_the_same_column(profile: Profile) -> None:
    now = profile({name.upper(): values for name, values in ORDERS.items()})
    files = {"a.csv": list(ORDERS), "b.csv": [name.upper() for name in ORDERS]}
    assert compare(profile(ORDERS), now, list(ORDERS), files=files, models_yaml=YAML) == []
    emptied = {**ORDERS, "STATUS": [""] * N}
    del emptied["Status"]
    (finding,) = compare(profile(ORDERS), profile(emptied), list(ORDERS))
    assert (finding.kind, finding.column, finding.severity) == ("null_jump", "STATUS", "block")


def test_a_column_that_the_yaml_drops_is_no_news_and_may_go(profile: Profile) -> None:
    read, known = ["Order ID", "Amount"], list(ORDERS)
    first = profile(ORDERS)
    assert compare(None, first, read, known=known) == []
    without = profile({name: values for name, values in ORDERS.items() if name != "Status"})
    assert compare(None, without, read, known=known) == []
    (finding,) = compare(first, without, read, known=known)
    assert (finding.kind, finding.severity) == ("missing_column", "warn")


def test_what_was_accepted_is_told_once_and_proposed_to_nobody(profile: Profile) -> None:
    now = profile({**renamed(ORDERS, "Amount", "Sum"), "Country": ["DE", "FR"] * (N // 2)})
    read = [
        ReadColumn(names=("Order ID",)),
        ReadColumn(names=("Sum", "Amount"), rule="to_decimal"),
        ReadColumn(names=("Sum", "Amount"), rule="to_currency"),
        ReadColumn(names=("Status",)),
        ReadColumn(names=("Country",), optional=True),
    ]
    found = compare(profile(ORDERS), now, read, files={"b.csv": [c.name for c in now.columns]})
    assert [(f.kind, f.severity, f.detail, f.accepted, f.patch) for f in found] == [
        ("new_column", "info", "“Country” is in b.csv, and was not in the last ones.", True, None),
        ("renamed_column", "info", "“Amount” is called “Sum” now, in b.csv.", True, None),
    ]
    assert compare(now, now, read) == []
    assert compare(None, now, read) == []


WORDS = ReadColumn(names=("Paid",), rule="to_boolean", texts=frozenset({"yes", "no", "0", "1"}))


@pytest.mark.parametrize(
    ("written", "read", "severity", "detail"),
    [
        ((("yes", "no"), ("1", "0")), WORDS, "info", "“0” or “1” now; {} “no” or “yes”."),
        ((("2024-01-25", "2024-02-26"), ("25.01.2024", "26.02.2024")),
         ReadColumn(names=("Paid",)), "info", "DD.MM.YYYY now; {} YYYY-MM-DD."),
        ((("1234.56", "34.50"), ("1.234,56", "34,50")),
         ReadColumn(names=("Paid",)), "info", "with a decimal comma now; {} with a decimal point."),
    ],
)  # fmt: skip
def test_a_column_that_is_written_in_another_way_is_told(
    profile: Profile, written: Sequence[Sequence[str]], read: ReadColumn, severity: str, detail: str
) -> None:  # fmt: skip
    files = [
        profile({"Order ID": ORDERS["Order ID"], "Paid": [*values] * (N // 2)})
        for values in written
    ]
    (found,) = compare(*files, [ReadColumn(names=("Order ID",)), read])
    assert (found.kind, found.severity) == ("rewritten_column", severity)
    was = "in the last delivery it was written"
    assert found.detail == f"“Paid” is written {detail.format(was)}"
    assert compare(files[0], files[0], [ReadColumn(names=("Order ID",)), read]) == []


def test_dates_of_another_month_are_written_as_before(profile: Profile) -> None:
    months = [("3 April 2024", "25 April 2024"), ("3 May 2024", "25 May 2024")]
    files = [profile({"Order ID": ORDERS["Order ID"], "Day": [*m] * (N // 2)}) for m in months]
    assert compare(*files, ["Order ID", "Day"]) == []


def test_a_new_column_is_proposed_with_a_patch(profile: Profile) -> None:
    more = {**ORDERS, "Country": [("DE", "FR")[n % 2] for n in range(N)]}
    (finding,) = compare(profile(ORDERS), profile(more), list(ORDERS), models_yaml=YAML)
    assert (finding.kind, finding.severity, finding.column) == ("new_column", "info", "Country")
    assert finding.patch == (
        "--- a/orders.yml\n"
        "+++ b/orders.yml\n"
        "@@ -11,3 +11,6 @@\n"
        "       - name: amount\n"
        "         description: Net amount.\n"
        "         meta: {from: Amount, rule: to_decimal}\n"
        "+      - name: country\n"
        "+        description: Text.\n"
        "+        meta: {from: Country, rule: to_text, optional: true}\n"
    )


def test_a_renamed_column_that_models_read_blocks_and_its_patch_changes_the_source(
    profile: Profile,
) -> None:
    now = profile(renamed(ORDERS, "Order ID", "OrderId"))
    (finding,) = compare(profile(ORDERS), now, list(ORDERS), models_yaml=YAML)
    assert (finding.kind, finding.severity) == ("renamed_column", "block")
    assert (finding.column, finding.previous_column) == ("OrderId", "Order ID")
    assert finding.value == 1.0  # the same words, the same values
    assert finding.patch is not None
    changed = [
        line for line in finding.patch.splitlines()
        if line.startswith(("+ ", "- ")) and "meta" in line
    ]  # fmt: skip
    assert changed == [
        '-        meta: {from: "Order ID", rule: to_text, required: true}',
        "+        meta: {from: [OrderId, Order ID], rule: to_text, required: true}",
    ]


RETURNS = {"Return ID": ORDERS["Order ID"], "Sum": ORDERS["Amount"], "Status": ORDERS["Status"]}


def read(*names: str, optional: str = "") -> list[ReadColumn]:
    return [ReadColumn(names=(name,), optional=name == optional) for name in names]


def test_a_file_that_holds_what_another_feed_reads_was_mixed_up_and_not_renamed(
    profile: Profile,
) -> None:
    others = {
        "stock": read("Item"),
        "returns": read("Return ID", "Sum", "Status", "Note", optional="Note"),
    }
    (finding,) = compare(
        profile(ORDERS), profile(RETURNS), read(*ORDERS),
        files={"march.xlsx": list(RETURNS)}, others=others, models_yaml=YAML,
    )  # fmt: skip
    assert (finding.kind, finding.severity, finding.patch) == ("another_feed", "block", None)
    assert finding.detail == (
        "march.xlsx holds what feed 'returns' reads (“Return ID” and “Sum”), and not “Order ID” "
        "and “Amount”."
    )


@pytest.mark.parametrize(
    ("columns", "others"),
    [
        # what it reads itself is no sign of another's
        (["Order ID", "Status"], {"states": ["Order ID", "Status"]}),
        (["OrderId", "Amount", "Status"], {"states": ["OrderId", "Status"]}),
        # a column that the other one needs is not there
        (["Return ID", "Status"], {"returns": ["Return ID", "Sum", "Status"]}),
    ],
)
def test_a_column_that_another_feed_reads_too_makes_no_file_that_feeds(
    profile: Profile, columns: list[str], others: dict[str, list[str]]
) -> None:
    now = profile(dict.fromkeys(columns, ORDERS["Status"]))
    found = compare(
        profile(ORDERS), now, read(*ORDERS), files={"march.csv": columns},
        others={name: read(*names) for name, names in others.items()}, models_yaml=YAML,
    )  # fmt: skip
    assert "another_feed" not in kinds(found)
    assert found


def test_a_patch_applies_to_the_file_it_was_made_for(profile: Profile, tmp_path: Path) -> None:
    file = tmp_path / "dbt" / "models" / "orders.yml"
    file.parent.mkdir(parents=True)
    file.write_text(YAML, encoding="utf-8")
    now = profile(renamed(ORDERS, "Order ID", "OrderId"))
    (finding,) = compare(profile(ORDERS), now, list(ORDERS), models_yaml=file)
    assert finding.patch is not None
    subprocess.run(
        ["git", "apply", "-"], cwd=tmp_path, input=finding.patch.encode(), check=True
    )  # fmt: skip
    assert file.read_text(encoding="utf-8") == YAML.replace('"Order ID"', "[OrderId, Order ID]")


def test_drift_names_the_file_and_a_column_read_under_an_earlier_name_has_none(
    profile: Profile,
) -> None:
    both = profile({**ORDERS, "Net": ORDERS["Amount"]})
    amount = ReadColumn(names=("Net", "Amount"), rule="to_decimal")
    read = [ReadColumn(names=("Order ID",)), amount, ReadColumn(names=("Status",), optional=True)]
    old, new, bare = ["Order ID", "Amount", "Status"], ["Order ID", "Net"], ["Order ID", "Status"]
    before = profile(ORDERS)
    assert compare(before, before, read, files={"a.csv": old}) == []

    found = compare(before, both, read, files={"a.csv": old, "b.csv": new, "c.csv": bare})
    assert [(f.kind, f.severity, f.column, f.detail) for f in found] == [
        ("missing_column", "block", "Net",
         "“Net” or “Amount” is not in c.csv, and the models read it."),
        ("missing_column", "info", "Status",
         "“Status” is not in b.csv; the client may leave it out."),
    ]  # fmt: skip
    (warned,) = compare(before, both, read, files={"d.csv": [*old, "Net"]})
    assert (warned.kind, warned.severity) == ("both_names", "warn")
    assert warned.detail.startswith("d.csv has “Net” and “Amount”, which are names of one column")


def test_the_place_of_a_column_without_a_title_is_the_last_of_its_names(profile: Profile) -> None:
    """In another file another column may stand there."""
    untitled = renamed(ORDERS, "Amount", "column_2")
    reads = [ReadColumn(names=("Order ID",)), ReadColumn(names=("Amount",), rule="to_decimal")]
    found = kinds(compare(profile(ORDERS), profile(untitled), reads, models_yaml=YAML))
    patch = found["renamed_column"].patch or ""
    assert "{from: [Amount, column_2], rule: to_decimal}" in patch
    both = profile({**ORDERS, "column_2": ["7"] * N})
    reads[1] = ReadColumn(names=("Amount", "column_2"), rule="to_decimal")
    found = kinds(compare(profile(ORDERS), both, reads, files={"a.csv": ["Amount", "column_2"]}))
    assert found["both_names"].severity == "block"


def test_a_column_of_other_values_is_no_rename(profile: Profile) -> None:
    now = {**renamed(ORDERS, "Status", "State"), "State": [f"{n}.25" for n in range(N)]}
    found = kinds(compare(profile(ORDERS), profile(now), ["Status"]))
    assert set(found) == {"missing_column", "new_column"}
    assert found["missing_column"].severity == "block"


def test_a_missing_column_blocks_only_where_a_model_reads_it(profile: Profile) -> None:
    before = profile(ORDERS)
    now = profile({c: v for c, v in ORDERS.items() if c != "Status"})
    (read,) = compare(before, now, list(ORDERS))
    (unread,) = compare(before, now, ["Order ID", "Amount"])
    assert (read.kind, read.severity, read.column) == ("missing_column", "block", "Status")
    assert (unread.kind, unread.severity) == ("missing_column", "warn")
    (first,) = compare(None, now, list(ORDERS))
    assert (first.kind, first.severity) == ("missing_column", "block")


@pytest.mark.parametrize(
    ("before", "now", "declared", "severity"),
    [
        ("7.5", "paid", True, "block"),
        ("7.5", "paid", False, "warn"),
        ("7", "7.5", True, "info"),  # both are numbers
        ("2024-01-31", "2024-01-31 10:00", True, "info"),
        ("7.5", "7", True, None),  # every whole number is a decimal
    ],
)
def test_a_column_of_another_type(
    profile: Profile,
    before: str,
    now: str,
    declared: bool,  # noqa: FBT001 - a case
    severity: str | None,
) -> None:
    ids = [f"o{n}" for n in range(20)]
    found = compare(
        profile({"id": ids, "x": [before] * 20}),
        profile({"id": ids, "x": [now] * 20}),
        ["id", "x"] if declared else ["id"],
    )
    assert [(f.kind, f.severity) for f in found] == (
        [("retyped_column", severity)] if severity else []
    )


@pytest.mark.parametrize(
    ("rule", "severity"),
    [("to_integer", "block"), ("to_date", "info"), ("to_text", "warn")],
)
def test_a_changed_type_is_accepted_by_giving_the_column_the_rule_for_it(
    profile: Profile, rule: str, severity: str
) -> None:
    ids = [f"o{n}" for n in range(20)]
    (found,) = compare(
        profile({"id": ids, "x": ["7"] * 20}),
        profile({"id": ids, "x": ["2024-01-31"] * 20}),
        [ReadColumn(names=("id",), rule="to_text"), ReadColumn(names=("x",), rule=rule)],
    )
    assert (found.kind, found.severity) == ("retyped_column", severity)
    assert ("rule to_date" in found.recommendation) is (rule != "to_date")


PROVEN = [f"{day:02}/07/2026" for day in range(1, 29)]
"""With the day first."""
OPEN = [f"07/{day:02}/2026" for day in range(1, 13)]
"""Within July with the month first; with the day first, the seventh of each month."""
AMERICAN = [f"07/{day:02}/2026" for day in range(1, 29)]
SEVENTH = [f"{day:02}/{month:02}/2026" for month in (1, 2, 3) for day in (1, 4, 7, 10)]
READ = [ReadColumn(names=("day",), rule="to_date")]


@pytest.mark.parametrize(
    ("before", "now", "reads", "severity", "said"),
    [
        (PROVEN, AMERICAN, READ, "block", "have the month first; those of the last delivery"),
        (AMERICAN, PROVEN, READ, "block", "have the day first; those of the last delivery"),
        (PROVEN, AMERICAN, [], "warn", "have the month first; those of the last delivery"),
        (PROVEN, OPEN, READ, "block", "seem to have the month first; those of"),
        (PROVEN, OPEN, [], "warn", "seem to have the month first; those of"),
        (OPEN, PROVEN, READ, None, ""),  # nothing was shown of the last one
        (PROVEN, PROVEN[:12], READ, None, ""),
        (AMERICAN, OPEN, READ, None, ""),
        (PROVEN, OPEN[:4], READ, None, ""),  # too few to say
        (PROVEN, SEVENTH, READ, None, ""),  # spread either way
        (OPEN, OPEN, READ, None, ""),
    ],
)
def test_day_and_month_that_changed_places_are_told(  # noqa: PLR0913, PLR0917 - a case
    profile: Profile,
    before: list[str],
    now: list[str],
    reads: list[ReadColumn],
    severity: str | None,
    said: str,
) -> None:
    found = compare(profile({"day": before}), profile({"day": now}), reads)
    changed = next((each for each in found if each.kind.startswith("date_order")), None)
    assert (changed and changed.severity) == severity
    assert changed is None or said in changed.detail
    if severity == "block":
        confirmed = "`consulting accept` delivers these files" in changed.recommendation
        assert confirmed is (now is OPEN)


def formats(*declared: str) -> list[ReadColumn]:
    return [ReadColumn(names=("day",), rule="to_date", formats=declared)]


DAY, MONTH = "%d/%m/%Y", "%m/%d/%Y"


@pytest.mark.parametrize(
    ("before", "now", "reads", "told"),
    [
        (None, AMERICAN, formats(DAY), ("block", "; its rule reads them with the day first.")),
        (None, PROVEN, formats(MONTH), ("block", "; its rule reads them with the month first.")),
        (OPEN, AMERICAN, formats(DAY), ("block", "; its rule reads them with the day first.")),
        (
            PROVEN,
            AMERICAN,
            formats(DAY),
            ("block", "have the month first; its rule reads them with the day first."),
        ),
        (AMERICAN, AMERICAN, formats(DAY), ("block", "; its rule reads them with the day first.")),
        (None, AMERICAN, formats("%Y-%m-%d", DAY, MONTH), ("block", "; its rule reads them")),
        # the rule was changed since
        (PROVEN, AMERICAN, formats(MONTH), ("info", "; those of the last delivery had the day")),
        (PROVEN, OPEN, formats(MONTH), None),
        (PROVEN, OPEN, formats(DAY), ("block", "seem to have the month first; its rule reads")),
        (None, AMERICAN, formats(MONTH), None),
        (None, OPEN, formats(DAY), None),  # proves nothing
        (None, AMERICAN, formats("?/?/%Y"), None),  # what could be either is rejected
        (None, AMERICAN, formats("%d.%m.%Y"), None),  # read by none
        (None, [*AMERICAN, *PROVEN], formats(DAY), None),  # an issue of its own
        (None, AMERICAN, READ, None),
        (PROVEN, PROVEN, formats(DAY), None),
    ],
)
def test_dates_that_prove_another_order_than_the_rule_says_are_told(
    profile: Profile,
    before: list[str] | None,
    now: list[str],
    reads: list[ReadColumn],
    told: tuple[str, str] | None,
) -> None:
    last = profile({"day": before}) if before else None
    found = compare(last, profile({"day": now}), reads)
    changed = next((each for each in found if each.kind.startswith("date_order")), None)
    assert (changed and changed.severity) == (told and told[0])
    assert told is None or (changed and told[1] in changed.detail)


def test_files_that_are_carried_forward_are_held_against_the_rule_alone(profile: Profile) -> None:
    now = profile({"day": PROVEN, "other": PROVEN})
    files = {"visits.csv (carried forward)": ["day", "other"]}
    (found,) = compare(None, now, formats(MONTH), files=files, part="carried")
    assert found.detail == (
        "The dates in “day” of visits.csv (carried forward) have the day first; its rule reads "
        "them with the month first."
    )
    assert found.recommendation == (
        "These files were delivered before, and the rule was changed since: have the client send "
        "them again as newer ones are written, or let its YAML read both."
    )
    assert compare(None, now, [*formats(DAY), ReadColumn(names=("gone",))], part="carried") == []


AMOUNT = ReadColumn(names=("amt",), rule="to_money", units=("kg", "lb"))
APART = AMOUNT.model_copy(update={"currency_apart": True})


@pytest.mark.parametrize(
    ("before", "now", "reads", "severity", "said"),
    [
        ("EUR {}", "JPY {}", [AMOUNT], "block", "are in JPY, where the last delivery had EUR"),
        ("EUR {}", "{} ¥", [AMOUNT], "block", "are in JPY, where the last delivery had EUR"),
        ("{} kr", "CHF {}", [AMOUNT], "block", "are in CHF, where the last delivery had kr"),
        ("{} kr", "SEK {}", [AMOUNT], None, ""),
        ("EUR {}", "JPY {}", [APART], "info", "are in JPY, where"),
        ("EUR {}", "JPY {}", [], "warn", "are in JPY, where"),
        ("EUR {}", "{}", [AMOUNT], "warn", "name no currency, where the last delivery had EUR"),
        ("EUR {}", "{} €", [AMOUNT], None, ""),
        ("{}", "EUR {}", [AMOUNT], None, ""),
    ],
)
def test_amounts_of_another_currency_stop_where_nothing_would_tell_it(  # noqa: PLR0913, PLR0917 - a case
    profile: Profile,
    before: str,
    now: str,
    reads: list[ReadColumn],
    severity: str | None,
    said: str,
) -> None:
    numbers = [f"{n}.50" for n in range(40)]
    then, today = (
        profile({"amt": [written.format(n) for n in numbers]}) for written in (before, now)
    )
    found = kinds(compare(then, today, reads)).get("currency_changed")
    assert (found and found.severity) == severity
    assert found is None or said in found.detail


def kilos(mark: Literal["point", "comma"] | None) -> list[ReadColumn]:
    return [ReadColumn(names=("kg",), rule="to_decimal", decimal=mark)]


COMMA = [f"{n},{n % 9 + 1}" for n in range(12, 52)]
POINT = [f"{n}.{n % 9 + 1}" for n in range(12, 52)]
THOUSANDTHS = [f"{n}.{n % 9 + 1}00" for n in range(12, 52)]
THOUSANDS = [f"{n},{n % 9 + 1}00" for n in range(12, 52)]
LARGE_COMMA = [f"{n}.{n % 9 + 1}00,50" for n in range(12, 52)]
LARGE_POINT = [f"{n},{n % 9 + 1}00.50" for n in range(12, 52)]


@pytest.mark.parametrize(
    ("before", "now", "mark", "kind"),
    [
        (None, POINT, "comma", "decimal_mark_changed"),
        (None, COMMA, "point", "decimal_mark_changed"),
        (POINT, [*POINT[:2], *THOUSANDTHS], "comma", "decimal_mark_changed"),
        (None, POINT, "point", None),
        (None, COMMA, "comma", None),
        (None, [*POINT, *COMMA], "comma", None),  # an issue of its own
        (None, POINT, None, None),  # either, or SQL
        (None, [*map(str, range(100, 139)), "1.5"], "comma", None),  # a slip, rejected
        (COMMA, THOUSANDTHS, "comma", "decimal_mark_unclear"),
        (POINT, THOUSANDS, "point", "decimal_mark_unclear"),
        (LARGE_COMMA, THOUSANDTHS, "comma", None),  # a month of round sums
        (LARGE_POINT, THOUSANDS, "point", None),
        (POINT, THOUSANDTHS, "point", None),
        (THOUSANDTHS, THOUSANDTHS, "comma", None),  # nothing was shown of the last one
        (None, THOUSANDTHS, "comma", None),
        (POINT, THOUSANDS[:19], "point", "decimal_mark_unclear"),
        (POINT, THOUSANDS[:2], "point", None),  # too few to say
        (COMMA, [*map(str, range(1000, 1030)), *THOUSANDTHS[:9]], "comma", None),
    ],
)
def test_numbers_with_another_decimal_mark_than_their_rule_reads_stop(
    profile: Profile,
    before: list[str] | None,
    now: list[str],
    mark: Literal["point", "comma"] | None,
    kind: str | None,
) -> None:
    last = profile({"kg": before}) if before else None
    found = compare(last, profile({"kg": now}), kilos(mark))
    stopped = [(each.kind, each.severity) for each in found if "decimal" in each.kind]
    assert stopped == ([(kind, "block")] if kind else [])


@pytest.mark.parametrize(
    ("earlier", "now", "kind", "said"),
    [
        (
            ["EUR {}"],
            "{} USD",
            "currency_changed",
            "are in USD, where the last delivery that named",
        ),
        (["{}", "{}", "EUR {}", "USD {}"], "{} USD", "currency_changed", "that named one had EUR."),
        (["{}", "EUR {}"], "{} €", "", ""),
        (["EUR {}"], "{}", "", ""),  # it was told when it went
        (["{}"], "EUR {}", "", ""),
        (
            ["{} kg"],
            "{} lb",
            "unit_changed",
            "“lb” now; in the last delivery that named one most had “kg”.",
        ),
        (["{} kg"], "{} kg", "", ""),
        (["{}"] * 12 + ["EUR {}"], "{} USD", "", ""),  # too long ago
        (["half EUR {}", "EUR {}"], "{} USD", "currency_changed", "that named one had EUR."),
    ],
)
def test_a_currency_and_a_unit_are_held_against_those_that_were_named_last(
    profile: Profile, earlier: list[str], now: str, kind: str, said: str
) -> None:
    numbers = [f"{n}.50" for n in range(40)]
    made = {
        written: profile(
            {
                "amt": [
                    written.replace("half EUR ", "EUR " * (at % 2)).format(n)
                    for at, n in enumerate(numbers)
                ]
            }
        )
        for written in {*earlier, now, "{}"}
    }
    found = compare(made["{}"], made[now], [AMOUNT], earlier=(made[each] for each in earlier))
    stopped = [(each.kind, each.severity) for each in found if each.severity != "info"]
    severity = "warn" if kind == "unit_changed" else "block"  # its rule says that it reads both
    assert stopped == ([(kind, severity)] if kind else [])
    assert not kind or said in found[0].detail


def test_the_patch_for_another_currency_delivers_it_in_a_column_of_its_own(
    profile: Profile,
) -> None:
    yaml = YAML.replace("rule: to_decimal", "rule: to_money")
    euro, yen = (
        profile({**ORDERS, "Amount": [f"{code} {n % 17}.50" for n in range(N)]})
        for code in ("EUR", "JPY")
    )
    reads = [ReadColumn(names=("Order ID",)), ReadColumn(names=("Amount",), rule="to_money")]
    (found,) = compare(euro, yen, reads, known=["Status"], models_yaml=yaml)
    added = [line for line in (found.patch or "").splitlines() if line.startswith("+")]
    assert [line.strip("+ ") for line in added[1:3]] == [
        "- name: amount_currency",
        "description: The currency written beside “Amount”.",
    ]
    assert "rule: to_currency" in added[3]
    reads[1] = reads[1].model_copy(update={"currency_apart": True})
    assert [f.severity for f in compare(euro, yen, reads, known=["Status"])] == ["info"]


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ("{}%", "0.{}", "no unit now; in the last delivery most had “%”"),
        ("{} kg", "{} lb", "“lb” now; in the last delivery most had “kg”"),
        ("{} bag", "{} box", "another unit now; in the last delivery most had one and the same"),
        ("{} kg", "{} kg", ""),
    ],
)
def test_numbers_that_lose_or_change_their_unit_are_told(
    profile: Profile, before: str, now: str, said: str
) -> None:
    then, today = (
        profile({"share": [written.format(n) for n in range(10, 50)]}) for written in (before, now)
    )
    reads = [ReadColumn(names=("share",), rule="to_decimal", units=("%", "kg", "lb", "bag", "box"))]
    found = kinds(compare(then, today, reads)).get("unit_changed")
    severity = "" if not said else "block" if said.startswith("no unit") else "warn"
    assert (found.severity if found else "") == severity
    assert (found.detail if found else "") == (
        f"The numbers in “share” have {said}." if said else ""
    )


@pytest.mark.parametrize(
    ("rows", "kind", "severity", "detail"),
    [
        (50, None, None, ""),
        (49, "volume_collapse", "warn", "49 rows, where the last delivery had 100."),
        (10, "volume_collapse", "warn", "10 rows, where the last delivery had 100."),
        (9, "volume_collapse", "block", "9 rows, where the last delivery had 100."),
        (1, "volume_collapse", "block", "1 row, where the last delivery had 100."),
        (300, None, None, ""),
        (1_301, "volume_surge", "warn", "1,301 rows, where the last delivery had 100."),
    ],
)
def test_far_fewer_or_more_rows_than_last_time(
    profile: Profile, rows: int, kind: str | None, severity: str | None, detail: str
) -> None:
    def orders(count: int) -> FeedProfile:
        return profile({"id": [f"o{n:04}" for n in range(count)]})

    found = compare(orders(100), orders(rows), ["id"])
    told = [(f.kind, f.severity, f.detail) for f in found]
    assert told == ([(kind, severity, detail)] if kind else [])
    if found:
        assert found[0].value == rows / 100


@pytest.mark.parametrize(
    ("missing", "severity"), [(29, None), (30, "warn"), (69, "warn"), (70, "block")]
)
def test_a_jump_of_missing_values(profile: Profile, missing: int, severity: str | None) -> None:
    def orders(blanks: int) -> FeedProfile:
        values = ["N/A"] * (blanks // 2) + [""] * (blanks - blanks // 2) + ["a"] * (100 - blanks)
        return profile({"id": [f"o{n}" for n in range(100)], "x": values})

    found = kinds(compare(orders(20), orders(missing), ["id", "x"]))
    jump = found.get("null_jump")
    assert (jump.severity if jump else None) == severity
    if jump:
        assert jump.value == round(missing / 100 - 0.2, 4)
        assert jump.detail == f"{missing} % of the rows have no “x”; in the last delivery 20 %."


@pytest.mark.parametrize(("share", "severity"), [(0.55, None), (0.66, "info"), (0.8, "warn")])
def test_a_shift_of_values_is_measured_by_the_population_stability_index(
    profile: Profile, share: float, severity: str | None
) -> None:
    def orders(first: float) -> FeedProfile:
        ids = [f"o{n}" for n in range(1_000)]
        return profile({"id": ids, "x": ["a" if n < 1_000 * first else "b" for n in range(1_000)]})

    found = compare(orders(0.5), orders(share), ["id", "x"])
    expected = (share - 0.5) * (math.log(share / 0.5) - math.log((1 - share) / 0.5))
    assert [(f.kind, f.severity) for f in found] == (
        [("distribution_shift", severity)] if severity else []
    )
    if found:
        assert found[0].value == pytest.approx(expected, abs=1e-4)


def test_numbers_that_moved_are_a_shift_and_few_rows_are_none(profile: Profile) -> None:
    def amounts(rows: int, start: int) -> FeedProfile:
        return profile({"id": [f"o{n}" for n in range(rows)],
                        "x": [str(start + n // 2) for n in range(rows)]})  # fmt: skip

    (finding,) = compare(amounts(2_000, 0), amounts(2_000, 300), ["id", "x"])
    # three of ten deciles are empty now (0.0005 stands for none), and the last holds four of them
    expected = 3 * (0.1 - 0.0005) * math.log(0.1 / 0.0005) + 0.3 * math.log(4)
    assert (finding.kind, finding.severity) == ("distribution_shift", "warn")
    assert finding.value == pytest.approx(expected, rel=0.05)
    assert compare(amounts(98, 0), amounts(98, 30), ["id", "x"]) == []


@pytest.mark.parametrize(
    ("rows", "factor", "kind"),
    [
        (40, 100, "distribution_shift"),
        (20, 0.001, "unit_changed"),
        (40, 5, None),
        (12, 100, None),
    ],
)
def test_numbers_of_another_order_are_a_shift_in_few_rows_too(
    profile: Profile, rows: int, factor: float, kind: str | None
) -> None:
    def rates(times: float) -> FeedProfile:
        return profile({"id": [f"o{n}" for n in range(rows)],
                        "x": [f"{(50.5 + n // 2) * times:.6f}" for n in range(rows)]})  # fmt: skip

    found = compare(rates(1), rates(factor), ["id", "x"])
    assert [f.kind for f in found if f.column == "x"] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("old", "new", "renames"),
    [
        ("Amount (EUR)", "Amount (USD)", False),
        ("amount_eur", "amount_gbp", False),
        ("Preis €", "Preis $", False),
        ("Price Euro", "Price CHF", False),
        ("Weight kg", "Weight lb", False),
        ("lengthCm", "lengthIn", False),
        ("Amount (EUR)", "Amount EUR", True),
        ("Amount", "Amount (EUR)", True),
        ("Preis €", "Preis EUR", True),
    ],
)
def test_a_name_of_another_currency_or_unit_is_of_another_column(
    profile: Profile, old: str, new: str, *, renames: bool
) -> None:
    before = renamed(ORDERS, "Amount", old)
    found = kinds(compare(profile(before), profile(renamed(ORDERS, "Amount", new)), [*before]))
    assert set(found) == ({"renamed_column"} if renames else {"missing_column", "new_column"})


def test_headers_alone_are_compared_by_their_names(
    land: Callable[..., FileReading], tmp_path: Path
) -> None:
    first = land({"Order ID": ["1"], "Amount": ["2"]}, rows_path=None)
    second = land({"OrderID": ["1"], "Price": ["2"]}, rows_path=None)
    before, now = (profile_feed("orders", [r], tmp_path) for r in (first, second))
    found = compare(before, now, ["Order ID", "Amount"])
    assert [(f.kind, f.column, f.severity) for f in found] == [
        ("missing_column", "Amount", "block"),
        ("renamed_column", "OrderID", "block"),
        ("new_column", "Price", "info"),
    ]


@pytest.mark.parametrize(
    ("before", "now", "scale", "severity", "said"),
    [
        (["1.25"], ["1.1251"], 4, None, ""),
        (["1.25"], ["1.12512"], 4, "warn", "up to 5 digits after the decimal mark, of which their"),
        (None, ["1.12512"], 4, None, ""),  # there is no last file
        (["1.5", "2,5"], ["1.234", "1.5", "2,5"], 2, None, ""),  # read by either mark it is none
        (["1.12512"], ["1.12512"], 4, None, ""),  # told once
        (["1.12512"], ["0.000012", "0.000041", "0"], 4, "block", "would be delivered as 0."),
        (["0.000012"], ["0.000012"], 4, "block", "digits after the decimal mark which"),
        (["1.5"], ["0.004", "12.5", "13.5"], 2, "warn", "keeps 2."),
        (["1.5"], ["1E-05", "1.5E-06"], 4, "block", "would be delivered as 0."),
        (["1.5"], ["2E-15"], 7, "block", "with the 7 digits"),
        (["1.5"], [*["0"] * 39, "0.00001"], 4, "warn", "keeps 4."),
        (["1.5"], ["0.30000000000000004"], 2, None, ""),  # what computers add
        (["1.5"], ["0", "0", "0"], 2, None, ""),
        (["1.5"], ["1.12512"], None, None, ""),  # SQL, or a rule of whole numbers
    ],
)
def test_digits_that_a_rule_cuts_are_told_once_and_stop_where_nought_is_left(  # noqa: PLR0913, PLR0917 - a case
    profile: Profile,
    before: list[str] | None,
    now: list[str],
    scale: int | None,
    severity: str | None,
    said: str,
) -> None:
    last = profile({"kg": before * 20}) if before else None
    reads = [ReadColumn(names=("kg",), rule="to_decimal", scale=scale)]
    found = kinds(compare(last, profile({"kg": now * 20}), reads)).get("digits_cut")
    assert (found and found.severity) == severity
    assert found is None or said in found.detail


TIMES = ["2026-01-05 13:05", "2026-01-06"]
"""One of two dates has a time."""


@pytest.mark.parametrize("limits", [Thresholds(), Thresholds(few_distinct=0)], ids=["few", "many"])
@pytest.mark.parametrize(
    ("before", "now", "formats", "told"),
    [
        (None, TIMES, ["%Y-%m-%d"], 20),
        (["2026-01-05"], ["2026-01-05T00:00:01.5Z"], ["%Y-%m-%d"], 40),
        (None, ["2026-01-05 12:00:00 PM", "2026-01-06 12:00:00 AM"], ["%Y-%m-%d"], 20),
        (None, ["20260105T131500", "20260105T000000"], ["%Y%m%d"], 20),
        (TIMES, TIMES, ["%Y-%m-%d"], 0),  # told once
        (None, TIMES, ["%Y-%m-%d", "%Y-%m-%d %H:%M"], 0),  # it was meant
        (None, ["2026-01-05 00:00:00", "2026-01-06 00:00:00.000"], ["%Y-%m-%d"], 0),
        (None, ["2026-01-05T00:00Z", "2026-01-06T00:00+01:00"], ["%Y-%m-%d"], 0),
        (None, ["20260105T000000", "20260106T000000"], ["%Y%m%d"], 0),
    ],
)  # fmt: skip
def test_a_time_that_a_rule_of_days_leaves_out_is_told_once(  # noqa: PLR0913, PLR0917 - a case
    profile: Profile,
    limits: Thresholds,
    before: list[str] | None,
    now: list[str],
    formats: list[str],
    told: int,
) -> None:
    yaml = YAML.replace("to_decimal}", f"to_date, formats: [{', '.join(map(repr, formats))}]}}")
    reads = [ReadColumn(names=("Amount",), rule="to_date", formats=tuple(formats))]
    last = profile({"Amount": before * 20}) if before else None
    rows = 40 // len(now)
    found = kinds(compare(last, profile({"Amount": now * rows}, limits), reads, models_yaml=yaml))
    cut = found.get("time_cut")
    assert (cut.value if cut else 0) == told
    if cut:
        assert cut.severity == "warn"
        assert f"have a time of day in {told} rows, which their rule leaves out" in cut.detail
        assert "rule: to_timestamp" in (cut.patch or "")
        assert all(one in (cut.patch or "") for one in formats)


FULL = {"kg": [f"{n},5 kg" for n in range(1, 41)], "note": ["x"] * 16 + [""] * 24}


@pytest.mark.parametrize(
    "small",
    [
        {"kg": [], "note": []},
        {"kg": ["", "n/a"], "note": ["", "x"]},
        {"kg": ["0", "0", "0"], "note": ["", "", ""]},
        {"kg": ["2,5 KG."], "note": ["x"]},
        {"kg": ["2,5 kgs", "3,5 Kg"], "note": ["x", "x"]},
    ],
)
def test_a_small_month_stops_for_its_rows_alone_and_the_one_after_for_nothing(
    profile: Profile, small: dict[str, list[str]]
) -> None:
    full, few = profile(FULL), profile(small)
    reads = [ReadColumn(names=(name,), rule="to_decimal", units=("kg", "lb")) for name in FULL]
    stops = {f.kind for f in compare(full, few, reads) if f.severity == "block"}
    assert stops == {"volume_collapse"}
    assert {f.kind for f in compare(few, full, reads, earlier=[full])} <= {"volume_surge"}


def test_after_a_small_month_changes_are_held_against_the_one_before(profile: Profile) -> None:
    full = profile(FULL)
    reads = [ReadColumn(names=(name,), rule="to_decimal", units=("kg", "lb")) for name in FULL]
    other = profile({"kg": [f"{n},5 lb" for n in range(1, 41)], "note": [""] * 40})
    for small in ({"kg": [], "note": []}, {"kg": ["2,5 kg"], "note": ["x"]}):
        found = kinds(compare(profile(small), other, reads, earlier=[full]))
        assert found["unit_changed"].severity == "warn"
        assert found["null_jump"].detail == (
            "100 % of the rows have no “note”; in an earlier delivery 60 %."
        )


@pytest.mark.parametrize(
    ("before", "now", "severity"),
    [
        ((0, 40), (2, 4), "warn"),
        ((6, 60), (3, 5), "warn"),
        ((8, 20), (4, 6), None),
        ((0, 40), (1, 1), "warn"),
        ((0, 40), (3, 3), "block"),
        ((0, 40), (5, 40), "warn"),
        ((0, 40), (20, 40), "block"),
        ((10, 30), (15, 30), None),
        ((1000, 10000), (2500, 10000), "warn"),
    ],
)
def test_missing_values_are_told_where_they_are_more_than_chance_brings(
    profile: Profile, before: tuple[int, int], now: tuple[int, int], severity: str | None
) -> None:
    then, today = (
        profile({"note": [""] * missing + ["x"] * (rows - missing), "id": map(str, range(rows))})
        for missing, rows in (before, now)
    )
    found = kinds(compare(then, today, ["id", "note"])).get("null_jump")
    assert (found and found.severity) == severity


def test_the_chance_of_a_rise_is_that_of_fishers_exact_test() -> None:
    # R: fisher.test(matrix(c(8, 2, 1, 5), 2), alternative = "greater")$p.value
    assert chance_of_rise((1, 6), (8, 10)) == pytest.approx(0.02447552)
    assert chance_of_rise((0, 40), (3, 3)) == pytest.approx(1 / math.comb(43, 3))
    assert chance_of_rise((0, 10**6), (10**5, 10**6)) == 0
    assert chance_of_rise((5 * 10**5, 10**6), (5 * 10**5, 10**6)) == pytest.approx(0.5, abs=1e-3)


def test_units_and_currencies_are_of_most_of_a_columns_numbers(profile: Profile) -> None:
    names = [f"Name {'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10]}" for n in range(99)]
    reads = [ReadColumn(names=("name",), rule="to_text")]
    then, today = (profile({"name": [*names, last]}) for last in ("471 IPA", "Name"))
    assert compare(then, today, reads) == []


FIRSTS = [f"01/{month:02}/2026" for month in range(1, 13)] * 3


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([*FIRSTS, "15/02/2026", "15/03/2026"], False),  # a habit of contracts
        ([f"{day:02}/04/2026" for day in range(1, 30)], True),
    ],
)
def test_first_days_of_months_prove_no_order_where_dates_lay_over_the_year(
    profile: Profile, before: list[str], *, told: bool
) -> None:
    now = profile({"day": [f"01/{month:02}/2026" for month in (4, 7, 10, 3, 4, 1, 9, 2)]})
    found = kinds(compare(profile({"day": before}), now, formats(DAY)))
    assert ("date_order_unclear" in found) == told


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        (["0"] * 28 + ["T"] * 3, None),  # snow, and traces of it
        (["0", "1", "0", "1"], None),
        (["0.1", "2.5", "3.5", "T", "0.2", "T", "1.5", "0.3"], "warn"),
        (["0.1", "T", "x", "low", "high"], "block"),
        (["<0,5"], "warn"),
        (["<0,5"] * 5, "block"),
        (["0.1", "2.5", "3.5", "T", "0.2", "T", "1.5", "0.3"] * 4, "block"),
        (["true", "false"] * 10, "block"),
    ],
)
def test_a_word_among_few_numbers_makes_no_other_type_of_them(
    profile: Profile, values: list[str], severity: str | None
) -> None:
    before = profile({"snow": [f"{n % 9}.5" for n in range(31)]})
    reads = [ReadColumn(names=("snow",), rule="to_decimal")]
    found = kinds(compare(before, profile({"snow": values}), reads)).get("retyped_column")
    assert (found and found.severity) == severity


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        (["yes", "no", "yxs"], "warn"),
        (["yes", "yxs"], "block"),
        (["yxs"], "warn"),
        (["sicher", "nicht"] * 3, "block"),
        (["yes", "no", "yxs"] * 10, "block"),
    ],
)
def test_a_slip_among_few_words_for_yes_and_no_makes_no_other_type_of_them(
    profile: Profile, values: list[str], severity: str
) -> None:
    """The rule rejects it."""
    before = profile({"open": ["yes", "no"] * 20})
    reads = [ReadColumn(names=("open",), rule="to_boolean", texts=frozenset({"yes", "no"}))]
    found = kinds(compare(before, profile({"open": values}), reads))["retyped_column"]
    assert found.severity == severity


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("{:05}", "{:05}", False),
        ("2{:04}", "{:05}", False),
        ("{:05}", "2{:04}", False),
        ("{:05}", "{}", True),  # a spreadsheet program took the noughts off
        ("{}", "0{}", False),
    ],
)
@pytest.mark.parametrize("rule", ["to_text", "to_code"])
def test_a_nought_in_front_is_of_the_same_labels_unless_they_lost_it(
    profile: Profile, before: str, now: str, rule: str, *, told: bool
) -> None:
    then, today = (
        profile({"zip": [form.format(n) for n in range(11, 51)]}) for form in (before, now)
    )
    found = kinds(compare(then, today, [ReadColumn(names=("zip",), rule=rule)]))
    assert ("retyped_column" in found) == (told and rule == "to_text")


@pytest.mark.parametrize(
    ("old", "new", "is_one"),
    [
        ("Weight kg", "Weight in kgs", True),
        ("Weight kilograms", "Weight (kg)", True),
        ("Weight kg", "Weight lb", False),
        ("Length in", "Length cm", False),
        ("Amount EUR", "Amount euros", True),
        ("Amount euros", "Amount dollars", False),
        ("Weight kg", "Weight pounds", False),
        ("Distance km", "Distance miles", False),
        ("Umsatz EUR", "Umsatz TEUR", False),
        ("Time (s)", "Time (sec)", True),
        ("Wait h", "Wait hrs", True),
        ("Amount EUR", "Amount in thousand EUR", False),
        ("Amount EUR", "Amount kEUR", False),
        ("Amount", "Amount T€", False),
        ("Umsatz Tsd. EUR", "Umsatz EUR", False),
    ],
)
def test_a_name_of_another_measure_is_no_renaming(
    profile: Profile, old: str, new: str, *, is_one: bool
) -> None:
    values = [f"{n}.5" for n in range(40)]
    then, now = (profile({"id": list("ab") * 20, name: values}) for name in (old, new))
    found = kinds(compare(then, now, ["id", old]))
    assert ("renamed_column" in found) == is_one


def test_a_renamed_column_is_held_against_what_it_was(profile: Profile) -> None:
    then, now = (
        profile({"id": list("ab") * 20, name: [f"{n}.50 {code}" for n in range(40)]})
        for name, code in (("Amount", "€"), ("Amount total", "$"))
    )
    accepted = ReadColumn(names=("Amount total", "Amount"), rule="to_money")
    found = kinds(compare(then, now, ["id", accepted]))
    assert found["currency_changed"].severity == "block"
    assert found["renamed_column"].severity == "info"


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (["12,000", "13,137", "14,250"], ["12.000", "13.137", "14.250"], "decimal_mark_unclear"),
        (["12,0", "13,1", "14,2"], ["12.137", "13.250", "11.986"], "decimal_mark_unclear"),
        (["12,0", "13,1", "14,2"], ["12.137", "13.250"], None),  # too few
        (["12,0", "13,1", "14000,5"], ["12.137", "13.250", "11.986"], None),  # so much was there
    ],
)
def test_a_mark_is_held_against_the_last_numbers_that_showed_one(
    profile: Profile, before: list[str], now: list[str], kind: str | None
) -> None:
    shown = profile({"kg": ["12,1", "13,2", "14,9"] * 14})
    last, today = (profile({"kg": values}) for values in (before * 7, now))
    found = compare(last, today, kilos("comma"), earlier=[shown])
    assert [f.kind for f in found if f.kind.startswith("decimal_mark")] == ([kind] if kind else [])


def test_accepted_order_of_dates_keeps_what_else_its_rule_says(profile: Profile) -> None:
    yaml = YAML.replace(
        "{from: Amount, rule: to_decimal}",
        '{from: day, rule: to_date, formats: ["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%y"], '
        "min: 2020-01-01}",
    )
    now = profile({"day": AMERICAN})
    reads = [ReadColumn(names=("day",), rule="to_date", formats=(DAY, "%Y-%m-%d", "%d.%m.%y"))]
    (found,) = compare(profile({"day": PROVEN}), now, reads, models_yaml=yaml)
    said = 'rule: to_date, min: 2020-01-01, formats: ["%m/%d/%Y", "%Y-%m-%d", "%d.%m.%y"]}'
    assert found.patch is not None
    assert said in found.patch


@pytest.mark.parametrize(
    ("rule", "before", "now", "severity", "formats"),
    [
        ("to_date", "{:02}.01.2026", "2026-01-{:02}", "info", ()),  # as workbooks have dates
        ("to_date", "{:02}.01.2026", "{:02}/01/2026", "block", ("%d.%m.%Y", "%d/%m/%Y")),
        ("to_date", "2026-01-{:02}", "{:02}.01.2026", "block", ("%d.%m.%Y",)),
        ("to_date", "{:02}.01.2026", "{:02} Jan 2026", "block", ("%d.%m.%Y", "%d %b %Y")),
        ("to_text", "{:02}.01.2026", "{:02}/01/2026", "info", ()),
    ],
)
def test_dates_in_a_form_that_their_rule_does_not_read_stop(  # noqa: PLR0913, PLR0917 - a case
    profile: Profile, rule: str, before: str, now: str, severity: str, formats: tuple[str, ...]
) -> None:
    declared = ("%d.%m.%Y",) if "." in before else ()
    said = ', formats: ["%d.%m.%Y"]' if declared else ""
    yaml = YAML.replace("{from: Amount, rule: to_decimal}", f"{{from: day, rule: {rule}{said}}}")
    then, today = (
        profile({"day": [written.format(n) for n in range(1, 29)]}) for written in (before, now)
    )
    reads = [ReadColumn(names=("day",), rule=rule, formats=declared)]
    (found,) = compare(then, today, reads, models_yaml=yaml)
    assert (found.kind, found.severity) == ("rewritten_column", severity)
    assert "DD/MM/YYYY or MM" not in found.detail
    written = ", ".join(f'"{one}"' for one in formats)
    assert (found.patch or "").endswith(f"formats: [{written}]}}\n" if formats else "")


@pytest.mark.parametrize(
    ("days", "kind"),
    [
        ([f"2026-02-{n:02}" for n in range(1, 29)], "date_order_changed"),
        ([f"2026-02-{n:02}" for n in range(1, 12)], "date_order_unclear"),
        (
            [f"2026-{n:02}-02" for n in range(1, 13)] + [f"{n}/02/2026" for n in range(13, 29)],
            None,  # swapped, as before
        ),
    ],
)
def test_dates_that_are_no_longer_swapped_stop(
    profile: Profile, days: list[str], kind: str | None
) -> None:
    yaml = YAML.replace(
        "{from: Amount, rule: to_decimal}",
        '{from: day, rule: to_date, formats: ["%d/%m/%Y", "%Y-%d-%m"]}',
    )
    reads = formats(DAY, "%Y-%d-%m")
    found = [
        each
        for each in compare(None, profile({"day": days}), reads, models_yaml=yaml)
        if each.kind.startswith("date_order")
    ]
    assert [(each.kind, each.severity) for each in found] == ([(kind, "block")] if kind else [])
    patched = kind == "date_order_changed"
    assert all(('["%d/%m/%Y", "%Y-%m-%d"]' in (each.patch or "")) == patched for each in found)


@pytest.mark.parametrize(
    ("rule", "before", "now", "severity"),
    [
        ("to_code", "YNU", "YN", None),
        ("to_code", "AB12", "12", None),
        ("to_text", "YNU", "YN", None),
        ("to_text", "YN", "YNU", None),
        ("to_text", "ABC", "123", "warn"),  # labels that lost their noughts
        ("to_text", "ABC", "1", None),  # of one value
        ("to_integer", "012", "01", None),
        ("to_boolean", "YN", "ABC", "block"),
    ],
)
def test_another_type_of_few_texts_is_told_where_the_rule_reads_a_type(
    profile: Profile, rule: str, before: str, now: str, severity: str | None
) -> None:
    then, today = (
        profile({"is paid": [*values] * (15 if values[1:] else 1)}) for values in (before, now)
    )
    found = compare(then, today, [ReadColumn(names=("is paid",), rule=rule)])
    retyped = kinds(found).get("retyped_column")
    assert (retyped and retyped.severity) == severity


def test_a_column_that_two_read_is_accepted_where_a_rule_has_the_argument(
    profile: Profile,
) -> None:
    yaml = YAML.replace("decimal}", "money, decimal: comma}") + (
        "      - {name: currency, description: Its own., meta: {from: Amount, rule: to_currency}}\n"
    )
    reads = [ReadColumn(names=("Amount",), rule="to_money", decimal="comma", currency_apart=True)]
    then, now = (profile({"Amount": [f"{n}{mark}5 €" for n in range(40)]}) for mark in (",", "."))
    found = kinds(compare(then, now, reads, models_yaml=yaml))["decimal_mark_changed"]
    changed = [line for line in (found.patch or "").splitlines() if line[:2] in {"+ ", "- "}]
    assert changed == [
        "-        meta: {from: Amount, rule: to_money, decimal: comma}",
        "+        meta: {from: Amount, rule: to_money, decimal: point}",
    ]
    gone = kinds(compare(then, profile({"id": ["a"] * 40}), reads, models_yaml=yaml))
    patch = gone["missing_column"].patch or ""
    assert patch.count("optional: true") == 2


@pytest.mark.parametrize(
    ("rule", "units", "now", "patch"),
    [
        ("to_decimal", ("kg",), "{}.5 lb", "unit: [kg, lb]"),
        ("to_decimal", (), "{}.5 kg", "unit: kg"),
        ("to_decimal", ("kg",), "{}.5 KGs.", None),
        ("to_decimal", ("kg",), "{}.5", None),
        ("to_decimal", ("kg",), "{}.5 bags", ""),  # may be a client's own word
        ("to_money", (), "{}.5 kg", "rule: to_decimal, unit: kg"),
        ("to_money", (), "{}.5 bags", ""),
        ("to_text", (), "{}.5 kg", None),
    ],
)
def test_numbers_whose_unit_their_rule_does_not_take_off_stop(
    profile: Profile, rule: str, units: tuple[str, ...], now: str, patch: str | None
) -> None:
    said = f", unit: {units[0]}" if units else ""
    yaml = YAML.replace("{from: Amount, rule: to_decimal}", f"{{from: kg, rule: {rule}{said}}}")
    today = profile({"kg": [now.format(n) for n in range(40)]})
    reads = [ReadColumn(names=("kg",), rule=rule, units=units)]
    found = kinds(compare(None, today, reads, models_yaml=yaml)).get("unit_unread")
    assert (found is None) == (patch is None)
    if found and patch is not None:
        assert found.severity == "block"
        assert not found.to_confirm
        assert patch in (found.patch or "")
        assert bool(found.patch) == bool(patch)


@pytest.mark.parametrize(
    ("said", "now", "becomes"),
    [
        (
            "rule: to_decimal, min: 0, max: 50, on_invalid: blank",
            "{}.52 €",
            "min: 0, max: 50, on_invalid: blank, rule: to_money}",
        ),
        ("rule: to_integer, min: 1, unit: kg", "{}.5", "min: 1, unit: kg, rule: to_decimal}"),
        ("rule: to_date, min: 2020-01-01", "{}.5", "rule: to_decimal}"),
        ('rule: to_integer, thousands: ","', "{}.52", "rule: to_decimal}"),
    ],
)
def test_the_rule_of_another_type_keeps_what_was_agreed_of_the_values(
    profile: Profile, said: str, now: str, becomes: str
) -> None:
    yaml = YAML.replace("rule: to_decimal", said)
    forms = "2026-01-{:02}" if "date" in said else "{}"
    then, today = (
        profile({"Amount": [form.format(n % 28 + 1) for n in range(40)]}) for form in (forms, now)
    )
    reads = [ReadColumn(names=("Amount",), rule=safe_load(f"{{{said}}}")["rule"])]
    found = kinds(compare(then, today, reads, models_yaml=yaml))["retyped_column"]
    assert becomes in (found.patch or "")


@pytest.mark.parametrize("now", ["5.6{:02}", "5,6{:02}"])
def test_no_patch_offers_a_rule_that_reads_none_of_the_values(profile: Profile, now: str) -> None:
    """A rule of either mark reads no number like 5.600."""
    today = profile({"Amount": [now.format(n) for n in range(40)]})
    then = profile({"Amount": [str(n) for n in range(5, 45)]})
    yaml = YAML.replace("rule: to_decimal", "rule: to_integer")
    reads = [ReadColumn(names=("Amount",), rule="to_integer")]
    found = kinds(compare(then, today, reads, models_yaml=yaml))
    assert all("either" not in (each.patch or "") for each in found.values())


def test_whole_numbers_with_points_between_thousands_stop_where_the_rule_reads_commas(
    profile: Profile,
) -> None:
    yaml = YAML.replace("to_decimal}", 'to_integer, thousands: ","}')
    now = profile({"Amount": ["1.234", "2.345.678"] * 20})
    reads = [ReadColumn(names=("Amount",), rule="to_integer", decimal="point")]
    (found,) = compare(None, now, reads, models_yaml=yaml)
    assert (found.kind, found.severity) == ("decimal_mark_changed", "block")
    assert found.patch is not None
    assert '{from: Amount, rule: to_integer, thousands: "."}' in found.patch


@pytest.mark.parametrize("between", [["01/02/2026", "02/02/2026", "03/02/2026"] * 3, []])
def test_an_order_that_seems_to_change_is_told_after_a_month_that_proves_none(
    profile: Profile, between: list[str]
) -> None:
    first, last, now = (
        profile({"day": days})
        for days in (PROVEN, between, [f"03/{n:02}/2026" for n in range(1, 13)] * 3)
    )
    (found,) = compare(last, now, formats(DAY), earlier=[first])[:1]
    assert (found.kind, found.severity) == ("date_order_unclear", "block")
    assert found.detail.endswith(
        "seem to have the month first; its rule reads them with the day first."
    )


@pytest.mark.parametrize(
    ("read", "before", "now", "kind"),
    [
        (ReadColumn(names=("c",), rule="to_integer"), "{}", "{}.5", "retyped_column"),
        (ReadColumn(names=("c",), rule="to_integer"), "{}", "{},5", "retyped_column"),
        (ReadColumn(names=("c",), rule="to_date"), "2026-01-{:02}", "2026-02-{:02} 10:03:00", None),
        (
            ReadColumn(names=("c",), rule="to_timestamp", formats=("%Y-%m-%d %H:%M:%S",)),
            "2026-01-{:02} 10:03:00",
            "2026-02-{:02}",
            None,
        ),
        (
            ReadColumn(names=("c",), rule="to_date", formats=("%d.%m.%Y",)),
            "{:02}.01.2026",
            "{}.2.26",
            "rewritten_column",
        ),
        (
            ReadColumn(names=("c",), rule="to_timestamp", formats=("%Y-%m-%dT%H:%M:%S%z",)),
            "2026-01-{:02}T10:03:00Z",
            "2026-02-{:02}T10:03:00.123Z",
            "rewritten_column",
        ),
    ],
)
def test_values_that_their_rule_can_not_read_stop(
    profile: Profile, read: ReadColumn, before: str, now: str, kind: str | None
) -> None:
    then, today = (
        profile({"c": [written.format(n) for n in range(1, 29)] * 2}) for written in (before, now)
    )
    stops = [f.kind for f in compare(then, today, [read]) if f.severity == "block"]
    assert stops == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("before", "now", "formats_added"),
    [
        (None, "{}.1.26", '"%d.%m.%Y", "%d.%m.%y"'),
        ("{:02}.01.2026", "{}.1.26", '"%d.%m.%Y", "%d.%m.%y"'),
        ("{:02}.01.2026", "2026-01-{:02}T10:00:00Z", '"%d.%m.%Y", "%Y-%m-%dT%H:%M:%S%z"'),
    ],
)
def test_dates_that_a_rule_does_not_read_stop_whatever_came_before(
    profile: Profile, before: str | None, now: str, formats_added: str
) -> None:
    yaml = YAML.replace(
        "{from: Amount, rule: to_decimal}", '{from: day, rule: to_date, formats: ["%d.%m.%Y"]}'
    )
    last = profile({"day": [before.format(n) for n in range(1, 13)]}) if before else None
    # two of them are as they were
    today = [*(now.format(n) for n in range(1, 13)), "12.01.2026", "11.01.2026"]
    found = compare(last, profile({"day": today}), formats("%d.%m.%Y"), models_yaml=yaml)
    (stop,) = (each for each in found if each.severity == "block")
    assert stop.kind == "rewritten_column"
    assert f"formats: [{formats_added}]" in (stop.patch or "")


@pytest.mark.parametrize(
    ("counted", "day"),
    [("%Y%m%d", "202603{:02}"), ("excel", "461{:02}"), ("epoch", "17724{:02}000")],
)
def test_digits_of_days_are_dates_to_their_rule_however_few(
    profile: Profile, counted: str, day: str
) -> None:
    """Days that do not repeat are whole numbers to the profile."""
    days = [day.format(n % 28 + 1) for n in range(40)]
    before, now = profile({"date": days}), profile({"w": days[:20]})
    before = before.model_copy(
        update={"columns": tuple(c.model_copy(update={"name": "w"}) for c in before.columns)}
    )
    reads = [ReadColumn(names=("w",), rule="to_date", formats=(counted,))]
    assert not [f for f in compare(before, now, reads) if f.severity == "block"]
    unread = [ReadColumn(names=("w",), rule="to_date", formats=("%d/%m/%Y",))]
    assert [f for f in compare(before, now, unread) if f.severity == "block"]


def test_days_as_excel_counts_them_are_read_by_one_more_format(profile: Profile) -> None:
    yaml = YAML.replace(
        "{from: Amount, rule: to_decimal}", '{from: when, rule: to_date, formats: ["%d.%m.%Y"]}'
    )
    then, now = (
        profile({"when": values})
        for values in (
            [f"{n:02}.01.2026" for n in range(1, 29)],
            [str(46023 + n * n) for n in range(28)],
        )
    )
    reads = [ReadColumn(names=("when",), rule="to_date", formats=("%d.%m.%Y",))]
    (stop,) = (f for f in compare(then, now, reads, models_yaml=yaml) if f.severity == "block")
    assert (stop.kind, stop.detail) == ("retyped_column", "“when” was date and is integer now.")
    assert '{from: when, rule: to_date, formats: ["%d.%m.%Y", excel]}' in (stop.patch or "")


@pytest.mark.parametrize(
    ("values", "patch"),
    [
        (["1.000", "2.000", "9.000"], 'thousands: "."'),
        (["1,234", "2,345", "3"], 'thousands: ","'),
        (["1", "2", "9.000"], None),  # rejected, and told
        (["1", "2", "9"], None),
    ],
)
def test_whole_numbers_with_marks_that_their_rule_rejects_stop(
    profile: Profile, values: list[str], patch: str | None
) -> None:
    yaml = YAML.replace("to_decimal", "to_integer")
    reads = [ReadColumn(names=("Amount",), rule="to_integer")]
    found = compare(None, profile({"Amount": values * 9}), reads, models_yaml=yaml)
    assert [(f.kind, f.severity) for f in found] == (
        [("decimal_mark_changed", "block")] if patch else []
    )
    assert all(f"rule: to_integer, {patch}" in (f.patch or "") for f in found)


@pytest.mark.parametrize("few_distinct", [1, 10_000])
def test_numbers_that_tell_no_mark_are_read_as_their_rule_reads_them(
    profile: Profile, few_distinct: int
) -> None:
    values = [f"{n},{n * 3:03}" for n in range(12, 52)]
    limits = Thresholds(few_distinct=few_distinct)
    for marks, median in (({}, 31093.0), ({"kg": "comma"}, 31.093)):
        column = profile({"kg": values}, limits, marks=marks).column("kg")
        assert column is not None
        assert column.numbers is not None
        assert column.numbers.quantiles[10] == median
        assert column.inferred_type == ("decimal" if marks else "integer")
        last = profile({"kg": COMMA})
        found = compare(last, profile({"kg": values}, limits, marks=marks), kilos("comma"))
        assert [f.kind for f in found if f.severity == "block"] == []
        points = profile({"kg": [v.replace(",", ".") for v in values]}, limits, marks=marks)
        found = compare(last, points, kilos("comma"))
        assert [f.kind for f in found if f.severity == "block"] == ["decimal_mark_unclear"]


@pytest.mark.parametrize(
    ("values", "scale", "patch"),
    [
        (["0.000012", "0.000041"], 4, "scale: 7"),
        (["2E-15", "3E-15"], 7, None),  # no number of digits keeps these
    ],
)
def test_a_patch_keeps_digits_enough_or_is_none(
    profile: Profile, values: list[str], scale: int, patch: str | None
) -> None:
    yaml = YAML.replace("to_decimal}", f"to_decimal, scale: {scale}}}")
    reads = [ReadColumn(names=("Amount",), rule="to_decimal", scale=scale)]
    found = kinds(compare(None, profile({"Amount": values * 20}), reads, models_yaml=yaml))
    said = found["digits_cut"].patch
    assert (said is None) == (patch is None)
    assert patch is None or f"rule: to_decimal, {patch}" in (said or "")


def test_a_currency_behind_numbers_of_a_rule_that_takes_none_off_stops(profile: Profile) -> None:
    yaml = YAML.replace("to_decimal}", "to_decimal, decimal: comma}")
    reads = [ReadColumn(names=("Amount",), rule="to_decimal", decimal="comma")]
    then, now = (
        profile({"Amount": [f"{n},{n % 90 + 10}{sign}" for n in range(40)]}) for sign in ("", " €")
    )
    for before in (then, None):
        found = kinds(compare(before, now, reads, models_yaml=yaml))["retyped_column"]
        assert found.severity == "block"
        assert "{from: Amount, rule: to_money, decimal: comma}" in (found.patch or "")
    half = profile({"Amount": ["2,50", "2,50 €"] * 20})
    assert unclear_columns(half, reads) == [], "no patch reads one file so; cleaning tells it"


def test_swapped_dates_of_few_days_are_as_they_were(profile: Profile) -> None:
    days = [f"2026-{n:02}-02" for n in range(1, 13)]  # 1 to 12 February
    reads = formats(DAY, "%Y-%d-%m")
    assert [f.kind for f in compare(None, profile({"day": days}), reads)] == []


@pytest.mark.parametrize(
    ("said", "now", "becomes"),
    [
        ("", ("ja", "nein"), 'means_true: ["true", t, "yes", "y", "1", ja], means_false: '),
        ("means_true: [ja], means_false: [nein]", ("J", "N"), '[ja, j], means_false: [nein, "n"]'),
        ("means_true: [ja], means_false: [nein]", ("1", "0"), '[ja, "1"], means_false: [nein, "0"'),
        ('means_true: ["0"], means_false: ["1"]', ("no", "yes"), ""),  # it says the reverse
        ("means_true: [ja], means_false: [nein]", ("ja", "N"), None),
        ("means_true: [ja], means_false: [nein]", ("Ja", "TRUE"), None),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_words_for_yes_and_no_that_their_rule_does_not_read_stop_with_a_patch(
    profile: Profile, said: str, now: tuple[str, str], becomes: str | None, *, first: bool
) -> None:
    rule = f"{{from: Paid, rule: to_boolean{said and ', '}{said}}}"
    yaml = YAML.replace("{from: Amount, rule: to_decimal}", rule)
    read = column_rule(safe_load(rule)).written()
    reads = [ReadColumn(names=("Paid",), rule="to_boolean", texts=read.texts)]
    then, today = (profile({"Paid": [*values] * 20}) for values in (("true", "false"), now))
    found = compare(None if first else then, today, reads, models_yaml=yaml)
    blocks = [f for f in found if f.severity == "block"]
    assert [f.kind for f in blocks] == ["rewritten_column"] * (becomes is not None)
    assert all((becomes or "") in (f.patch or "") for f in blocks)
    assert all(bool(f.patch) == bool(becomes) for f in blocks)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (["{} lb", "{}"], "have “lb” in a part of them now; in the last delivery most had “kg”."),
        (
            ["{} lb", "{} oz"],
            "have “lb” in a part of them now; in the last delivery most had “kg”.",
        ),
        (["{}"], "have no unit now; in the last delivery most had “kg”."),
        (
            ["{} widgets", "{}"],
            "have another unit in a part of them now; in the last delivery most had one",
        ),
    ],
)
def test_a_unit_of_a_part_of_the_numbers_is_not_told_as_none(
    profile: Profile, now: list[str], said: str
) -> None:
    then, today = (
        profile({"w": [forms[n % len(forms)].format(n) for n in range(2, 42)]})
        for forms in (["{} kg"], now)
    )
    reads = [ReadColumn(names=("w",), rule="to_decimal", units=("kg",))]
    assert said in kinds(compare(then, today, reads))["unit_changed"].detail


HALF_SWAPPED = [f"2026-{n:02}-02" for n in range(1, 13)] + [f"{n}/02/2026" for n in range(13, 29)]
"""February, as a program saved it that has the month first."""


@pytest.mark.parametrize(
    ("said", "stops", "becomes"),
    [
        (["%d/%m/%Y"], True, '["%d/%m/%Y", "%Y-%d-%m"]'),
        (["%d/%m/%Y", "%Y-%m-%d"], True, '["%d/%m/%Y", "%Y-%d-%m"]'),
        (["%d/%m/%Y", "%Y-%d-%m"], False, ""),
    ],
)
def test_dates_that_a_spreadsheet_program_swapped_stop_unless_their_rule_swaps_them_back(
    profile: Profile, said: list[str], becomes: str, *, stops: bool
) -> None:
    told = ", ".join(f'"{one}"' for one in said)
    rule = f"{{from: day, rule: to_date, formats: [{told}]}}"
    yaml = YAML.replace("{from: Amount, rule: to_decimal}", rule)
    now = profile({"day": HALF_SWAPPED})
    found = compare(None, now, formats(*said), models_yaml=yaml)
    assert [(f.kind, f.severity) for f in found] == [("date_order_changed", "block")] * stops
    assert all(becomes in (f.patch or "") for f in found)
    by_sql = compare(None, now, ["day"])
    assert not by_sql


@pytest.mark.parametrize(
    ("then", "now", "kind"),
    [
        ("2,{:03}", "2.{:03}", "decimal_mark_unclear"),
        ("2,{:03}", "2,{:03}", None),
        ("{}", "2{}.000", "decimal_mark_unclear"),  # 1 to 40, and then 21.000 to 240.000
        ("{}00", "2.{:03}", None),
    ],
)
def test_a_mark_is_held_against_numbers_that_their_rule_read(
    profile: Profile, then: str, now: str, kind: str | None
) -> None:
    last, today = (
        profile({"kg": [form.format(n) for n in range(1, 41)]}, marks={"kg": "comma"})
        for form in (then, now)
    )
    found = compare(last, today, kilos("comma"))
    assert [f.kind for f in found if f.kind.startswith("decimal_mark")] == ([kind] if kind else [])


@pytest.mark.parametrize("whole", [True, False])
def test_what_a_column_was_before_counts_more_than_the_others_of_its_files(
    profile: Profile, *, whole: bool
) -> None:
    reads = [
        ReadColumn(names=(name,), rule="to_decimal", decimal="comma") for name in ("kg", "other")
    ]
    large = [f"{n}.200" for n in range(1, 41)]
    then, now = (
        profile(
            {"kg": large if whole or at else [f"{n},2" for n in range(1, 41)], "other": other},
            marks={"kg": "comma", "other": "comma"},
        )
        for at, other in enumerate(([f"{n},25" for n in range(40)], [f"{n}.25" for n in range(40)]))
    )
    found = {f.column: f.kind for f in compare(then, now, reads) if f.severity == "block"}
    turned = {} if whole else {"kg": "decimal_mark_changed"}
    assert found == {"other": "decimal_mark_changed"} | turned


def test_what_was_confirmed_of_numbers_is_not_asked_again_of_the_next(profile: Profile) -> None:
    """A client begins to write whole amounts; the one delivery that shows its mark lies behind."""
    shown, whole, again = (
        profile({"kg": [form.format(n) for n in range(1, 41)]}, marks={"kg": "comma"})
        for form in ("{},5", "{}.200", "{}.300")
    )
    asked = kinds(compare(shown, whole, kilos("comma")))
    assert "decimal_mark_unclear" in asked
    assert not kinds(compare(whole, again, kilos("comma"), earlier=[shown])).keys() & asked.keys()


@pytest.mark.parametrize(
    ("v", "x", "kind"),
    [
        ("0.{:03}", "5,1", "decimal_mark_changed"),  # another column, of a rule with a point
        ("0,{:03}", "5.1", None),
        ("0.{:03}", "5.1", "decimal_mark_changed"),
    ],
)
def test_other_columns_of_the_same_files_show_the_mark_of_one_that_does_not(
    profile: Profile, v: str, x: str, kind: str | None
) -> None:
    yaml = YAML.replace("to_decimal}", "to_decimal, decimal: comma}")
    columns = {"v": v, "Amount": "1.{:03}", "x": x}
    reads = [
        ReadColumn(names=(name,), rule="to_decimal", decimal=mark)
        for name, mark in (("v", "comma"), ("Amount", "comma"), ("x", "point"))
    ]
    now = profile(
        {name: [form.format(n) for n in range(101, 141)] for name, form in columns.items()}
    )
    found = [f for f in compare(None, now, reads, models_yaml=yaml) if f.column == "Amount"]
    assert [f.kind for f in found] == ([kind] if kind else [])
    assert all("decimal: point}" in (f.patch or "") for f in found)


@pytest.mark.parametrize("unit", ["days", "Stk.", "%", "kgs", "hours", "lbs"])
def test_a_common_unit_is_taken_off_by_the_patch(profile: Profile, unit: str) -> None:
    yaml = YAML.replace("to_decimal}", "to_integer}")
    reads = [ReadColumn(names=("Amount",), rule="to_integer")]
    now = profile({"Amount": [f"{n} {unit}" for n in range(2, 42)]})
    found = kinds(compare(None, now, reads, models_yaml=yaml))["unit_unread"]
    assert "rule: to_integer, unit: " in (found.patch or "")


def test_decimals_of_another_order_are_told_though_each_is_another(profile: Profile) -> None:
    then, now = (
        profile({"v": [f"{n + 0.5:.1f}" for n in range(40)]}),
        profile({"v": [f"{100 * n + 50000.5:.1f}" for n in range(40)]}),
    )
    assert "distribution_shift" in kinds(compare(then, now))
    whole, cents = (profile({"v": [str(n * k) for n in range(12, 52)]}) for k in (1, 1000))
    assert "distribution_shift" in kinds(compare(whole, cents))
    ids = (profile({"v": [str(n + first) for n in range(1, 41)]}) for first in (0, 100_000))
    assert "distribution_shift" not in kinds(compare(*ids))


@pytest.mark.parametrize(
    ("then", "now", "apart", "stops"),
    [
        (["{}.50 €"], ["{}.50 €", "{}.50 $", "{}.50 $"], False, True),
        (None, ["{}.50 €", "{}.50 $"], False, True),
        (["{}.50 €", "{}.50 $"], ["{}.50 €", "{}.50 $"], False, False),  # somebody let it through
        (["{}.50 €"], ["{}.50 €", "{}.50 $"], True, False),
        (["{}.50 €"], ["{}.50 €"] * 39 + ["{}.50 $"], False, False),  # a slip, and an issue
        (["{}.50 USD"], ["{}.50 USD", "{}.50 $"], False, False),
        (["{}.50 €"] * 39 + ["{}.50 $"], ["{}.50 €", "{}.50 $"], False, True),  # nobody was asked
    ],
)
def test_amounts_in_several_currencies_stop_where_no_column_holds_which(
    profile: Profile, then: list[str] | None, now: list[str], *, apart: bool, stops: bool
) -> None:
    yaml = YAML.replace("to_decimal}", "to_money}")
    reads = [ReadColumn(names=("Amount",), rule="to_money", currency_apart=apart)]
    last, today = (
        forms and profile({"Amount": [forms[n % len(forms)].format(n) for n in range(40)]})
        for forms in (then, now)
    )
    found = [f for f in compare(last, today, reads, models_yaml=yaml) if f.severity == "block"]
    assert [f.kind for f in found] == ["currency_changed"] * stops
    assert all("are in EUR and USD, and no column holds" in f.detail for f in found)
    assert all("rule: to_currency" in (f.patch or "") for f in found)


@pytest.mark.parametrize("accepted", [True, False])
def test_what_one_of_two_files_has_under_a_new_name_is_not_missing(
    profile: Profile, *, accepted: bool
) -> None:
    then = profile({"id": [f"r{n}" for n in range(40)], "amt": [f"{n}.5" for n in range(40)]})
    values = [f"{n % 40}.5" for n in range(80)]
    now = profile(
        {
            "id": [f"r{n}" for n in range(80)],
            "amt": [*values[:40], *[None] * 40],
            "amount": [*[None] * 40, *values[40:]],
        }
    )
    names = ("amount", "amt") if accepted else ("amt",)
    reads = ["id", ReadColumn(names=names, rule="to_decimal")]
    files = {"a.csv": ["id", "amt"], "b.csv": ["id", "amount"]}
    found = compare(then, now, reads, files=files)
    assert "null_jump" not in kinds(found)
    lost = profile({"id": [f"r{n}" for n in range(80)], "amt": [*values[:40], *[None] * 40]})
    assert "null_jump" in kinds(compare(then, lost, reads))


@pytest.mark.parametrize(
    ("then", "now", "patch"),
    [
        ("{}", "{}.000", None),  # as large as before, with a decimal mark
        ("{}000", "{}.000", 'thousands: "."'),
        ("{}000", "{},000", 'thousands: ","'),
        ("{}", "{}.000.000", 'thousands: "."'),
    ],
)
def test_marks_that_may_stand_between_thousands_are_so_by_the_numbers_before(
    profile: Profile, then: str, now: str, patch: str | None
) -> None:
    yaml = YAML.replace("to_decimal}", "to_integer}")
    reads = [ReadColumn(names=("Amount",), rule="to_integer")]
    files = (
        profile({"Amount": [form.format(n) for n in range(1, 41)]}, marks={"Amount": "whole"})
        for form in (then, now)
    )
    (found,) = (f for f in compare(*files, reads, models_yaml=yaml) if f.severity == "block")
    assert found.column == "Amount"
    assert bool(found.patch) == bool(patch)
    assert (patch or "") in (found.patch or "")


@pytest.mark.parametrize(
    ("now", "others", "patch", "said"),
    [
        (["1,125", "2,250", "3,375"], ["120,50"], "comma", "other columns of these files have"),
        (["1.125", "2.250", "3.375"], ["120.50"], "point", "other columns of these files have"),
        (["1,125", "2,250", "0,375"], ["x"], "comma", "some of them have a decimal comma"),
        (["1,125", "2,250", "3,375"], ["120.50"], "", "no mark."),  # thousands
        (["1,125", "2,250", "3,375"], ["120.50", "1,5"], "", "no mark."),
        (["1,125", "2,250", "3,375,000"], ["120,50"], "", "no mark."),
        (["1,125", "2,250", "3,375"], ["12"], "", "no mark."),
    ],
)
def test_fractions_that_a_rule_of_whole_numbers_does_not_read_are_so_by_the_same_files(
    profile: Profile, now: list[str], others: list[str], patch: str, said: str
) -> None:
    yaml = YAML.replace("to_decimal}", "to_integer, min: 0}")
    reads = [ReadColumn(names=("Amount",), rule="to_integer")]
    table = {"Amount": now * 20, "Total": (others * 60)[:60]}
    found = compare(None, profile(table), reads, models_yaml=yaml)
    (stop,) = (f for f in found if f.severity == "block")
    assert said in stop.detail
    wanted = f"min: 0, rule: to_decimal, decimal: {patch}}}" if patch else "to_integer, min: 0, th"
    assert wanted in (stop.patch or "")
    assert stop.recommendation == f"{stop.by_hand} `consulting accept` applies the patch."
    before = profile({"Amount": [str(1000 + n) for n in range(40)]})
    found = compare(before, profile(table), reads, models_yaml=yaml)
    (near,) = (f for f in found if f.severity == "block")
    assert ("thousands:" in (near.patch or "")) == ("some of them" not in said), "as large as those"
    assert "applies the patch" not in stop.by_hand


@pytest.mark.parametrize(("declared", "other"), [(".", ","), (",", ".")])
def test_thousands_with_another_mark_than_their_rule_reads_stop_with_the_patch(
    profile: Profile, declared: str, other: str
) -> None:
    """The rule rejects them; there is nothing to confirm."""
    yaml = YAML.replace("to_decimal}", f'to_integer, thousands: "{declared}"}}')
    mark: Literal["point", "comma"] = "comma" if declared == "." else "point"
    reads = [ReadColumn(names=("Amount",), rule="to_integer", decimal=mark)]
    small, now = (
        profile(
            {"Amount": [form.format(n) for n in range(1, 41)]},
            marks={"Amount": "comma"} if declared == "." else {},
        )
        for form in ("{}03", f"{{}}{other}010")
    )
    for before in (small, None):
        (stop,) = (
            f for f in compare(before, now, reads, models_yaml=yaml) if f.severity == "block"
        )
        assert (stop.kind, stop.to_confirm) == ("decimal_mark_changed", "")
        assert f'thousands: "{other}"}}' in (stop.patch or "")
        assert (
            f"with the {'point' if declared == '.' else 'comma'} between thousands" in stop.detail
        )


@pytest.mark.parametrize(("thousands", "mark"), [(".", "comma"), (",", "whole")])
def test_thousands_as_their_rule_declares_them_are_no_decimals(
    profile: Profile, thousands: str, mark: str
) -> None:
    small, large = (
        profile({"w": [form.format(n) for n in range(1, 41)]}, marks={"w": mark})
        for form in ("{}03", f"{{}}{thousands}010")
    )
    declared: Literal["point", "comma"] = "comma" if thousands == "." else "point"
    reads = [ReadColumn(names=("w",), rule="to_integer", decimal=declared)]
    assert not [f for f in compare(small, large, reads) if f.severity == "block"]


@pytest.mark.parametrize(
    ("said", "now", "becomes"),
    [
        ('["%d-%m-%y"]', "26-02-{:02}", '["%y-%m-%d"]'),
        ('["%d/%m/%Y", "%d-%m-%y"]', "26-02-{:02}", '["%d/%m/%Y", "%y-%m-%d"]'),
        ('["%y-%m-%d"]', "{:02}-02-26", '["%d-%m-%y"]'),
        ('["%d-%m-%y"]', "{:02}-02-26", None),
        ('["%d.%m.%y"]', "26.02.{:02}", '["%y.%m.%d"]'),
        ('["%d/%m/%y", "%d.%m.%y"]', "26/02/{:02}", '["%y/%m/%d", "%d.%m.%y"]'),
        ('["%d.%m.%y"]', "{:02}.02.26", None),
        ('["?-?-?"]', "26-02-{:02}", None),
    ],
)
def test_years_of_two_digits_at_the_other_end_stop(
    profile: Profile, said: str, now: str, becomes: str | None
) -> None:
    yaml = YAML.replace(
        "{from: Amount, rule: to_decimal}", f"{{from: day, rule: to_date, formats: {said}}}"
    )
    before, today = (
        profile({"day": [form.format(n) for n in range(1, 29)]}) for form in ("2026-01-{:02}", now)
    )
    reads = formats(*safe_load(said))
    found = [
        each for each in compare(before, today, reads, models_yaml=yaml) if each.severity == "block"
    ]
    assert [f.kind for f in found] == ["date_order_changed"] * bool(becomes)
    assert all((becomes or "") in (f.patch or "") for f in found)


@pytest.mark.parametrize(
    ("declared", "days"),
    [
        ("%d-%m-%y", [f"01-{n % 12 + 1:02}-{n % 13 + 16}" for n in range(30)]),
        ("%d-%m-%y", [f"01-03-{n % 13 + 16}" for n in range(30)]),
        ("%d.%m.%y", [f"01.03.{n % 13 + 16}" for n in range(30)]),
    ],
)
def test_the_first_days_of_months_of_many_years_are_no_years(
    profile: Profile, declared: str, days: list[str]
) -> None:
    mark = declared[2]
    then = profile({"day": [f"{n % 28 + 1:02}{mark}05{mark}{n % 13 + 16}" for n in range(40)]})
    found = compare(then, profile({"day": days}), formats(declared))
    assert not [each for each in found if each.severity == "block"]


@pytest.mark.parametrize(
    ("rule", "declared", "written"),
    [
        ("to_timestamp", "%Y-%m-%dT%H:%M:%SZ", "2026-01-{:02}T10:00:00Z"),
        ("to_timestamp", "%Y-%m-%d %H:%M:%S UTC", "2026-01-{:02} 10:00:00 UTC"),
        ("to_timestamp", "%d/%m/%Y %I:%M%p", "{:02}/01/2026 10:00 PM"),
        ("to_timestamp", "%d/%m/%Y %H:%M:%S,%f", "{:02}/01/2026 10:00:00.123"),
        ("to_date", "%Y-%m-%dT%H:%M:%S%z", "2026-01-{:02}T10:00:00"),
        ("to_date", "%d %B %Y", "{:02} Jan. 2026"),
    ],
)
def test_formats_that_read_alike_are_one(
    profile: Profile, rule: str, declared: str, written: str
) -> None:
    now = profile({"day": [written.format(n) for n in range(1, 29)]})
    reads = [ReadColumn(names=("day",), rule=rule, formats=(declared,))]
    assert [f.kind for f in compare(None, now, reads) if f.severity == "block"] == []
    texts = [written.format(n) for n in (1, 2)]
    assert None not in macros.read({"rule": rule, "formats": [declared]}, texts)


def test_formats_said_by_an_anchor_have_no_patch_and_the_finding_is_told(profile: Profile) -> None:
    yaml = YAML.replace("version: 2", 'version: 2\nx-days: &days ["%d.%m.%Y"]').replace(
        "{from: Amount, rule: to_decimal}", "{from: day, rule: to_date, formats: *days}"
    )
    now = profile({"day": [f"{n:02}/01/2026" for n in range(1, 29)]})
    (found,) = compare(None, now, formats("%d.%m.%Y"), models_yaml=yaml)
    assert (found.kind, found.severity, found.patch) == ("rewritten_column", "block", None)


@pytest.mark.parametrize("mark", ["-", "/"])
@pytest.mark.parametrize(("order", "stops"), [("%d{0}%m", False), ("%m{0}%d", True)])
def test_dates_with_the_day_behind_the_year_prove_it(
    profile: Profile, mark: str, order: str, *, stops: bool
) -> None:
    now = profile({"day": [f"2026{mark}{n % 28 + 1:02}{mark}02" for n in range(40)]})
    formats = (f"%Y{mark}{order.format(mark)}",)
    reads = [ReadColumn(names=("day",), rule="to_date", formats=formats)]
    for before in (None, now):
        found = [f.kind for f in compare(before, now, reads) if f.severity == "block"]
        assert found == ["date_order_changed"] * stops


@pytest.mark.parametrize("slips", [1, 8])
def test_a_few_dates_that_no_order_of_the_rule_reads_are_exceptions(
    profile: Profile, slips: int
) -> None:
    """An impossible month, which the rule rejects."""
    days = [f"{n % 12 + 1:02}/{n % 28 + 1:02}/20{22 + n % 3}" for n in range(400)]
    now = profile({"day": [*days, *["2024-13-01"] * slips]})
    reads = [ReadColumn(names=("day",), rule="to_date", formats=("%m/%d/%Y",))]
    assert not [f for f in compare(None, now, reads) if f.severity == "block"]


CENTS = [10_007 + 4_391 * n for n in range(60)]


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        (
            [f"{n / 100:.2f}" for n in CENTS],
            [f"{n + 31}" for n in CENTS],
            (
                "The numbers in “Amount” are whole, and those of the last delivery had 2 digits "
                "after a decimal mark: they are about 100 times as large, as if the mark were "
                "left out."
            ),
        ),
        (
            [f"{n}" for n in CENTS],
            [f"{n / 100:.2f}" for n in CENTS],
            (
                "The numbers in “Amount” have 2 digits after a decimal mark, and those of the last "
                "delivery were whole: these were about 100 times as large, as if the mark were "
                "left out."
            ),
        ),
        # no digits are sent any more, or some are now
        ([f"{n / 100:.2f}" for n in CENTS], [f"{n // 100}" for n in CENTS], ""),
        ([f"{n}" for n in CENTS], [f"{n}.25" for n in CENTS], ""),
        # a hundred times as much, honestly
        ([f"{n}.25" for n in CENTS], [f"{n * 100}.75" for n in CENTS], ""),
        ([f"{n}" for n in CENTS], [f"{n * 100}" for n in CENTS], ""),
        # nor is ten times as much: it may be so
        ([f"{n / 10:.1f}" for n in CENTS], [f"{n}" for n in CENTS], ""),
        # nine times as large is no mark left out, nor are nineteen numbers many
        ([f"{n / 100:.2f}" for n in CENTS], [f"{n // 11}" for n in CENTS], ""),
        ([f"{n / 100:.2f}" for n in CENTS[:19]], [f"{n}" for n in CENTS[:19]], ""),
    ],
)
def test_amounts_whose_mark_was_left_out_stop(
    profile: Profile, then: list[str], now: list[str], said: str
) -> None:
    reads = [ReadColumn(names=("Amount",), rule="to_decimal", decimal="point")]
    found = compare(profile({"Amount": then}), profile({"Amount": now}), reads)
    stops = [(f.kind, f.detail) for f in found if f.severity == "block"]
    assert stops == ([("decimal_mark_unclear", said)] if said else [])


def test_amounts_that_are_all_different_are_no_keys(profile: Profile) -> None:
    then = [f"{100 + n * 7.13:.2f}" for n in range(200)]
    now = [f"{100 + n * 21.39:.2f}" for n in range(200)]
    (found,) = compare(profile({"Amount": then}), profile({"Amount": now}))
    assert (found.kind, found.severity) == ("distribution_shift", "warn")


def test_cells_that_the_sample_had_are_missed_by_a_first_delivery_and_stop_nothing(
    profile: Profile,
) -> None:
    then, now = ({"note": ["x"] * full + [""] * (40 - full)} for full in (40, 10))
    (found,) = compare(Held(profile(then), of_sample=True), profile(now), ["note"])
    assert (found.kind, found.severity) == ("null_jump", "warn")
    assert found.detail == "75 % of the rows have no “note”; in the sample 0 %."


@pytest.mark.parametrize(
    ("change", "said", "severity"),
    [
        (lambda n: n * 1000, "are about 1,000 times as large as those of", "block"),
        (lambda n: n / 1000, "are about a thousandth of those of", "block"),
        (lambda n: -n, "are as large, with the other sign, as those of", "warn"),
        (lambda n: n * 1.7, "", ""),
        (lambda n: n * 100, "", ""),
        (lambda n: -n * 50, "", ""),
    ],
)
def test_numbers_a_thousand_times_as_large_or_of_the_other_sign_are_told(
    profile: Profile, change: Callable[[float], float], said: str, severity: str
) -> None:
    amounts = [n + 0.25 for n in CENTS]
    reads = [ReadColumn(names=("Amount",), rule="to_decimal", decimal="point")]
    for then, now in (
        (amounts, [change(n + 31) for n in amounts]),
        ([-n for n in amounts], [-change(n + 31) for n in amounts]),
    ):
        files = [profile({"Amount": [f"{n:.4f}" for n in each]}) for each in (then, now)]
        found = [f for f in compare(*files, reads) if f.kind == "unit_changed"]
        assert [f.severity for f in found] == [severity] * bool(said)
        assert all(said in f.detail for f in found)
    keys = [
        profile({"Amount": [str(n) for n in each]}) for each in (CENTS, [c * 1000 for c in CENTS])
    ]
    assert "unit_changed" not in kinds(compare(*keys, reads)), "a key goes on"


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ("A-{:06}", "{:06}", True),
        ("A-{:06}", "A-{}", True),
        ("A-{:06}", "a-{:06}", True),
        ("A-{:06}", "A-{:07}", False),
        ("A-{:06}", "A-{:06}", False),
        ("A-{:x}", "A-{}", False),
        ("2025/{}", "26/{}", False),
    ],
)
def test_a_key_that_lost_letters_or_noughts_is_told(
    profile: Profile, then: str, now: str, *, told: bool
) -> None:
    files = [
        profile({"Order No": [form.format(n) for n in range(first, first + 60)], "x": ["1"] * 60})
        for form, first in ((then, 2001), (now, 3001))
    ]
    found = kinds(compare(*files, ["Order No", "x"])).get("rewritten_column")
    assert (found is not None and found.severity == "warn") == told
    if found:
        assert "in the last delivery every value was like A-999999, and none" in found.detail


@pytest.mark.parametrize(
    ("months", "severity"),
    [
        ((["01/26"] * 200, ["02/26"] * 200, ["03/26"] * 200), "info"),
        ((["open", "paid"] * 100, ["open", "paid"] * 100, ["lost", "paid"] * 100), "warn"),
        ((["open", "paid"] * 100, ["lost", "paid"] * 100, ["open", "paid"] * 100), "info"),
    ],
)
def test_what_shifts_in_each_delivery_is_a_note(
    profile: Profile, months: tuple[list[str], ...], severity: str
) -> None:
    first, second, third = (profile({"Month": each}) for each in months)
    found = kinds(compare(second, third, ["Month"], earlier=[first]))["distribution_shift"]
    assert found.severity == severity


@pytest.mark.parametrize(("texts", "stops"), [(44, False), (56, False), (150, True)])
def test_a_few_texts_more_beside_numbers_are_no_other_type(
    profile: Profile, texts: int, *, stops: bool
) -> None:
    then, now = (
        profile({"x": [f"{n}.5" for n in range(250 - some)] + ["free"] * some})
        for some in (42, texts)
    )
    reads = [ReadColumn(names=("x",), rule="to_decimal", decimal="point")]
    found = [f.kind for f in compare(then, now, reads) if f.severity == "block"]
    assert found == ["retyped_column"] * stops


def test_a_number_that_goes_on_and_a_sign_that_turns_are_no_other_unit(profile: Profile) -> None:
    def months(*several: list[float]) -> list[FeedProfile]:
        return [profile({"x": [f"{n:.2f}" for n in each for _ in "ab"]}) for each in several]

    reads = [ReadColumn(names=("x",), rule="to_decimal", decimal="point")]
    running = months([4512 + n for n in range(60)], [2_600_001 + n for n in range(60)])
    assert "unit_changed" not in kinds(compare(*running, reads))
    up, down = [2.25 + n for n in range(40)], [-3.25 - n for n in range(40)]
    first, second, third = months(up, down, [n + 1 for n in up])
    assert "unit_changed" in kinds(compare(first, second, reads))
    assert "unit_changed" not in kinds(compare(second, third, reads, earlier=[first]))


def test_one_of_several_files_has_texts_of_another_type_and_numbers_told(profile: Profile) -> None:
    """Few texts are of a type by chance; that they became numbers is none."""
    phones = [f"+49 30 {n}12345" for n in range(10, 40)]
    words, numbers = [f"K-{n}" for n in range(30)], [str(n) for n in range(30)]
    before, texts, cut = (profile({"id": values}) for values in (phones, words, numbers))
    types = [each.columns[0].inferred_type for each in (before, texts, cut)]
    assert types == ["phone", "text", "integer"]
    reads = [ReadColumn(names=("id",), rule="to_text")]
    found = [compare(before, each, reads, part="namesake") for each in (texts, cut)]
    assert [[each.kind for each in of if each.kind == "retyped_column"] for of in found] == [
        [],
        ["retyped_column"],
    ]
