"""Which column of a file is which of a template: scores, reasons, and the best of all together."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import dictionaries, floats, integers, tuples

from consulting.chain.questions import questions_of_fit
from consulting.profiling import FeedProfile, fitting, propose_feed
from consulting.profiling.fitting import best_fit, fit, following
from consulting.rules.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable

ORDERS = Template.model_validate(
    {
        "name": "retail_orders",
        "columns": [
            {"name": "order_id", "meta": {"synonyms": ["Order No", "Bestellnummer"]}},
            {"name": "placed_on", "meta": {"synonyms": ["Order Date"], "rule": "to_date"}},
            {"name": "shipped_on", "meta": {"synonyms": ["Ship Date"], "rule": "to_date"}},
            {"name": "amount", "meta": {"synonyms": ["Total"], "rule": "to_money"}},
            {
                "name": "channel",
                "meta": {"rule": "to_code", "codes": {"web": ["online"], "shop": []}},
            },
        ],
    }
)
DAYS = ["2026-01-02", "2026-01-13", "2026-02-20"] * 20
FILE = {
    "BestellNummer": [f"A-{n}" for n in range(60)],
    "Date": DAYS,
    "Ship-Date": DAYS,
    "Total (gross)": ["12.50 €", "9.00 €", "8.10 €"] * 20,
    "Sold through": ["online", "shop", "web"] * 20,
    "Total": ["none", "a bit", "much"] * 20,
}


def told(found: Any) -> dict[str, tuple[str, bool]]:
    return {match.target: (match.column, match.sure) for match in found.matches}


def test_headers_kinds_and_codes_say_which_column_is_which(
    profile: Callable[..., FeedProfile],
) -> None:
    found = fit(profile(FILE), ORDERS)
    assert told(found) == {
        "order_id": ("BestellNummer", True),
        "placed_on": ("Date", False),
        "shipped_on": ("Ship-Date", True),
        "amount": ("Total (gross)", False),
        "channel": ("Sold through", False),
    }
    assert (found.fits, found.missing, found.extra) == (True, (), ("Total",))
    lines = list(found.in_words())
    assert lines[0] == "orders: 5 of the 5 columns of template retail_orders"
    assert "  order_id ← BestellNummer (1.00: header is known: “Bestellnummer”, values" in lines[1]
    assert "100% of the rows hold one of its codes" in lines[5]
    assert lines[6] == "  not in the template: Total"


def test_a_feed_of_another_kind_follows_no_template(profile: Callable[..., FeedProfile]) -> None:
    other = profile({"sku": ["a", "b"], "stock": ["1", "2"]})
    found = best_fit(other, [ORDERS])
    assert found is not None
    assert not found.fits
    (line,) = found.in_words()
    assert line.startswith("orders: has 0 of the 5 columns of template retail_orders, too few")
    assert best_fit(other, []) is None


def test_of_several_templates_the_one_that_fits_best_is_followed(
    profile: Callable[..., FeedProfile],
) -> None:
    stock = Template.model_validate({"name": "stock", "columns": [{"name": "sku"}]})
    both = profile({**FILE, "sku": ["x"] * 60})
    found = best_fit(both, [ORDERS, stock])
    assert found is not None
    assert found.template == "stock", "all of its columns are there, and surely"


def test_two_columns_that_fit_alike_are_asked_about(profile: Callable[..., FeedProfile]) -> None:
    found = fit(profile({"Order Date": DAYS, "order_date": DAYS}), ORDERS)
    (match,) = [match for match in found.matches if match.target == "placed_on"]
    assert not match.sure
    assert "; as near: " in match.reason


@settings(max_examples=60, deadline=None)
@given(
    scores=dictionaries(tuples(integers(0, 4), integers(0, 4)), floats(0, 1, width=16), max_size=25)
)
def test_no_other_assignment_is_better(scores: dict[tuple[int, int], float]) -> None:
    """Each column goes to one target at most, and all together weigh the most there is."""
    columns, targets = "abcde", "vwxyz"

    def scored(column: Any, target: Any, _profile: Any) -> tuple[float, str]:
        at = columns.index(column.name), targets.index(target.name)
        return scores.get(at, 0.0), ""

    template = Template.model_validate({"name": "t", "columns": [{"name": n} for n in targets]})
    profile = FeedProfile.model_construct(feed="f", columns=tuple(_Named(name) for name in columns))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "_scored", scored)
        found = fit(profile, template)
    assert len({m.column for m in found.matches}) == len({m.target for m in found.matches})

    def weight(pairs: Any) -> int:
        each = (scores.get(pair, 0.0) for pair in pairs)
        return sum(round(1e6 * score**3) for score in each if score >= 0.5)

    best = max(weight(enumerate(order)) for order in permutations(range(5)))
    mine = [(columns.index(m.column), targets.index(m.target)) for m in found.matches]
    assert weight(mine) == best


class _Named:
    """A column with a name alone."""

    def __init__(self, name: str) -> None:
        self.name = name


@pytest.mark.parametrize(
    ("template", "values", "said"),
    [
        ("comma", ["12.50 €", "9.25 €"], "point"),
        ("point", ["12,50 €", "9,25 €"], "comma"),
        ("comma", ["12,50 €", "9,25 €"], None),
        (None, ["12.50 €", "9.25 €"], None),
        (None, ["12,50 €", "9,25 €"], "comma"),
    ],
)
def test_how_this_client_writes_a_value_is_said_where_the_template_says_otherwise(
    profile: Callable[..., FeedProfile], template: str | None, values: list[str], said: str | None
) -> None:
    meta = {"rule": "to_money"} | ({"decimal": template} if template else {})
    kind = Template.model_validate({"name": "t", "columns": [{"name": "total", "meta": meta}]})
    found = profile({"Total": values * 30})
    fitted = fit(found, kind)
    proposal = following(propose_feed(found, called=fitted.called), fitted, kind)
    (column,) = proposal.columns
    assert column.get("decimal") == said


def test_a_header_that_is_not_told_is_said_to_be_why_nothing_was_found(
    profile: Callable[..., FeedProfile],
) -> None:
    """Below tier 3, and where a file has no header."""
    file = {"Order No": FILE["BestellNummer"], "column_2": DAYS, "column_3": FILE["Sold through"]}
    found = fit(profile(file), ORDERS)
    assert told(found) == {"order_id": ("Order No", True), "channel": ("column_3", False)}
    *_, asked = questions_of_fit(found)
    assert asked.line == (
        "Which column of the file is placed_on, shipped_on or amount of retail_orders? "
        "No header is known of column_3 and column_2, so that no name can be compared."
    )
