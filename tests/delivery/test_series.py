"""A long series: periods in calendar order, whatever came late, again, or not at all."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from consulting.delivery import Delivery, DeliveryInputs, DeliverySummary, build_delivery
from consulting.delivery.charts import trend
from consulting.delivery.past import before, in_calendar_order, last_of_another

START = datetime(2025, 2, 3, 6, tzinfo=UTC)
ARRIVALS = (
    *(f"2025-{month:02}" for month in range(1, 11) if month != 8),
    "2025-06",  # again
    "2025-11",
    "2025-08",  # late
    "2026-01",  # 2025-12 is missing
    "2026-02",
    "2025-06",  # a third time
)


def summary(number: int, period: str | None, **changes: object) -> DeliverySummary:
    given: dict[str, object] = {
        "delivery_id": f"b-{number:02}",
        "client_id": "brightwater",
        "period": period,
        "received_at": START + timedelta(days=29 * number),
        "tier": 3,
        "score": 70 + number,
        "received": 1_000 + number,
        "delivered": 990,
        "rejected": 10 + number,
    }
    return DeliverySummary.model_validate({**given, **changes})


HISTORY = tuple(summary(number, period) for number, period in enumerate(ARRIVALS))


@pytest.fixture(scope="session")
def series(
    inputs: DeliveryInputs, scenario: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Delivery:
    """The report of 2025-06, delivered for the fourth time, after fourteen periods."""
    folder = scenario.make_folder(tmp_path_factory.mktemp("series"))
    changes = {"period": "2025-06", "history": HISTORY}
    return build_delivery(inputs.model_copy(update=changes), folder=folder, tables=scenario.TABLES)


def rows_of(delivery: Delivery) -> list[str]:
    html = (delivery.path / "quality_report.html").read_text()
    section = html[html.index('id="trend"') : html.index('id="files"')]
    body = section[section.index("<tbody>") :]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in rows]


def test_the_table_goes_by_the_calendar_and_tells_what_supersedes_what(series: Delivery) -> None:
    rows = rows_of(series)
    months = [row.split()[0] for row in rows]
    assert months == [
        "2026-02",
        "2026-01",
        "2025-12",
        "2025-11",
        "2025-10",
        "2025-09",
        "2025-08",
        "2025-07",
        *["2025-06"] * 4,
        "2025-05",
        "2025-04",
        "2025-03",
    ]
    assert rows[2] == "2025-12 Nothing delivered yet."
    assert rows[8].startswith("2025-06 this delivery 4th delivery 3 November 2026 6,514")
    assert rows[9].startswith("2025-06 3rd delivery, superseded")
    assert rows[11].startswith("2025-06 1st delivery, superseded")


def test_page_one_says_which_delivery_this_one_takes_the_place_of(series: Delivery) -> None:
    html = (series.path / "quality_report.html").read_text()
    first = html[: html.index('<nav class="contents"')]
    assert (
        "<strong>Corrected:</strong> this delivery takes the place of b-14, whose files for "
        "2025-06 arrived on 16 March 2026. "
        "Then 1,014 rows were received and 990 delivered; now 6,514 and 6,313." in first
    )
    manifest = json.loads((series.path / "manifest.json").read_text())
    assert manifest["supersedes"] == "b-14"


def test_page_one_does_not_call_files_that_arrived_before_a_correction(
    inputs: DeliveryInputs, scenario: ModuleType, tmp_path: Path
) -> None:
    later = summary(14, "2025-06", received_at=inputs.received_at + timedelta(days=1))
    delivery = build_delivery(
        inputs.model_copy(update={"period": "2025-06", "history": (later,)}),
        folder=scenario.make_folder(tmp_path),
        tables=scenario.TABLES,
    )
    html = (delivery.path / "quality_report.html").read_text()
    assert "<strong>Earlier files again:</strong> this delivery takes the place of b-14" in html


def test_a_delivery_of_a_new_period_replaces_nothing(delivery: Delivery) -> None:
    assert json.loads((delivery.path / "manifest.json").read_text())["supersedes"] is None
    assert (
        "takes the place of"
        not in (delivery.path / "quality_report.html").read_text().split('<nav class="contents"')[0]
    )


def test_the_charts_show_the_delivery_that_counts_and_a_gap_for_a_missing_month(
    series: Delivery,
) -> None:
    html = (series.path / "quality_report.html").read_text()
    label = next(text for text in re.findall(r'aria-label="([^"]+)"', html) if "2025-12" in text)
    assert label == (
        "Quality score by period: 2025-03 72, 2025-04 73, 2025-05 74, 2025-06 83, 2025-07 76, "
        "2025-08 81, 2025-09 77, 2025-10 78, 2025-11 80, 2025-12 none, 2026-01 82, 2026-02 83"
    )
    chart = html[html.index(label) :]
    line = re.search(r'class="line" d="([^"]+)"', chart)
    assert line is not None
    assert line.group(1).count("M") == 2, "two pieces: the line is broken at the missing month"
    assert chart.index('class="mark"') < chart.index("</svg>")


@pytest.mark.parametrize(
    ("period", "replaced", "another"),
    [
        ("2025-06", "b-14", "b-04"),  # delivered again: beside the month before, not the last made
        ("2025-01", "b-00", "b-00"),  # the first: beside what it replaces
        ("2025-12", "b-10", "b-10"),  # late: beside the month before
        ("2024-12", "b-00", "b-00"),  # before all others: beside the next
        ("2026-03", "b-13", "b-13"),
    ],
)
def test_a_delivery_is_compared_with_that_of_the_nearest_period(
    inputs: DeliveryInputs, period: str, replaced: str, another: str
) -> None:
    history = inputs.model_copy(update={"history": HISTORY})
    this = summary(20, period)
    found = before(history, this), last_of_another(history, this)
    assert [one and one.delivery_id for one in found] == [replaced, another]


def test_a_period_older_than_the_series_is_shown_with_it() -> None:
    late = summary(99, "2024-03")
    shown = in_calendar_order(HISTORY, late)
    assert len(shown) == 12
    assert (shown[0].name, shown[0].current, shown[-1].name) == ("2024-03", True, "2026-02")


def test_deliveries_without_periods_stand_each_for_itself() -> None:
    day = START + timedelta(days=1)
    past = [summary(n, None, received_at=day + timedelta(hours=17 * n)) for n in range(3)]
    shown = in_calendar_order(past, summary(3, None, received_at=day + timedelta(hours=51)))
    named = ["4 Feb 06:00", "4 Feb 23:00", "5 Feb 2025", "6 Feb 2025"]
    assert [(one.name, len(one.versions)) for one in shown] == [(name, 1) for name in named]
    assert [one.current for one in shown] == [False, False, False, True]


def test_weeks_and_a_change_of_rhythm_are_taken_as_they_are() -> None:
    past = [summary(1, "2025-W51"), summary(2, "2026-W02"), summary(3, None)]
    names = [one.name for one in in_calendar_order(past, summary(4, "2026-W01"))]
    assert names == ["1 May 2025", "2025-W51", "2026-W01", "2026-W02"]


def test_a_chart_of_one_value_and_gaps_is_not_drawn() -> None:
    assert trend([("a", 1.0), ("b", None)], label="x") == ""
    assert trend([("a", 0.0), ("b", None), ("c", 0.0)], low=0, label="x").count("dot") == 2
