"""Past deliveries in calendar order: which counts for its period, and what it took the place of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from consulting.timekeeping import nearest_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.delivery.inputs import DeliveryInputs, DeliverySummary
    from consulting.records import CheckOutcome

SERIES_LENGTH = 12
"""Periods shown, the newest ones."""
_MANY = 5
"""Rows that do not pass a test, up to which more than last time can be chance."""
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Period:
    """One period, with its deliveries in the order in which their files arrived.

    Attributes:
        name: As the reader knows it: the period, or the day of a delivery without one; with the
            time, where there were several that day.
        versions: The last one counts; it took the place of the others. A month between two
            delivered ones for which nothing was delivered has none.
        current: Whether the report's own delivery is among them.
    """

    name: str
    versions: tuple[DeliverySummary, ...]
    current: bool

    @property
    def counts(self) -> DeliverySummary | None:
        """The delivery that counts for the period."""
        return self.versions[-1] if self.versions else None


MADE_WITH = {
    "code": "the program",
    "dbt": "the cleaning rules",
    "config": "the configuration",
    "library": "versions of libraries",
}
"""What a delivery is made with beside its files, and the words for it."""


def superseded(inputs: DeliveryInputs, this: DeliverySummary) -> DeliverySummary | None:
    """Return the delivery whose place this one takes: of the same period, or of the same files."""
    same = [past for past in inputs.history if _key(past) == _key(this)]
    return same[-1] if same else None


def before(inputs: DeliveryInputs, this: DeliverySummary) -> DeliverySummary | None:
    """Return the delivery that this one is compared with: whose place it takes, or the last."""
    return superseded(inputs, this) or _nearest(inputs.history, this)


def last_of_another(inputs: DeliveryInputs, this: DeliverySummary) -> DeliverySummary | None:
    """Return the last delivery whose place this one does not take, else the one whose it takes."""
    others = [past for past in inputs.history if _key(past) != _key(this)]
    replaced = superseded(inputs, this)
    if replaced and this.period:
        others = [past for past in others if (past.period or "") < this.period]
    return _nearest(others, this) or replaced


def _nearest(history: Sequence[DeliverySummary], this: DeliverySummary) -> DeliverySummary | None:
    """Return the last delivery of the period next to this one's, as its files are held against."""
    if this.period:
        of_period = {past.period: past for past in history if past.period}
        for period in nearest_first(this.period, of_period):
            return of_period[period]
    return next(reversed(history), None)


class WorseTest(NamedTuple):
    """A test that far more rows do not pass than in an earlier delivery, and how many did not."""

    check: CheckOutcome
    then: int


def worse_tests(inputs: DeliveryInputs, this: DeliverySummary) -> list[WorseTest]:
    """Return the tests that more than twice as many rows do not pass as in the last delivery."""
    earlier = last_of_another(inputs, this)
    then = earlier.failing_rows if earlier else {}
    return [
        WorseTest(check, then[check.unique_id])
        for check in inputs.checks
        if check.status in {"warn", "fail"}
        and check.unique_id in then
        and check.failing_rows > max(2 * then[check.unique_id], _MANY)
    ]


def made_otherwise(earlier: DeliverySummary | None, this: DeliverySummary) -> list[str]:
    """Name what two deliveries were made with that is not the same, as far as it was noted."""
    if earlier is None:
        return []
    return [
        words
        for what, words in MADE_WITH.items()
        if earlier.made_with.get(what, this.made_with.get(what)) != this.made_with.get(what)
    ]


def _key(one: DeliverySummary) -> str:
    """What deliveries have in common of which only the newest counts."""
    return one.period or one.made_with.get("input") or _place(one)


def _place(one: DeliverySummary) -> str:
    """Where it stands in calendar order; a month is a place of its own."""
    return one.period or f"{one.received_at:%Y-%m-%d %H:%M:%S} {one.delivery_id}"


def in_calendar_order(history: Sequence[DeliverySummary], this: DeliverySummary) -> list[Period]:
    """Return the last periods, oldest first; that of this delivery is always among them.

    Args:
        history: Earlier deliveries, in the order of arrival.
        this: The report's own delivery: the newest to arrive, whatever its period.
    """
    alike: dict[str, list[DeliverySummary]] = {}
    for one in (*history, this):
        alike.setdefault(_key(one), []).append(one)
    versions = {_place(found[0]): found for found in alike.values()}
    own = next(key for key, found in versions.items() if this in found)
    ordered = list(_without_gaps(sorted(versions)))
    shown = ordered[-SERIES_LENGTH:]
    if own not in shown:
        shown = [own, *shown[1:]]
    names = [_name(key, versions.get(key, ())) for key in shown]
    return [
        Period(
            name=_name(key, versions.get(key, ()), "%d %b %H:%M")
            if names.count(name) > 1
            else name,
            versions=tuple(versions.get(key, ())),
            current=key == own,
        )
        for key, name in zip(shown, names, strict=True)
    ]


def _name(key: str, versions: Sequence[DeliverySummary], moment: str = "%d %b %Y") -> str:
    named = not versions or versions[0].period is not None
    return key if named else versions[0].received_at.strftime(moment).lstrip("0")


def _without_gaps(keys: Sequence[str]) -> Iterator[str]:
    """The keys, with the months between them: one that is missing is seen."""
    for position, key in enumerate(keys):
        yield key
        following = keys[position + 1] if position + 1 < len(keys) else key
        if _MONTH.fullmatch(key) and _MONTH.fullmatch(following):
            missing = _next_month(key)
            while missing < following:
                yield missing
                missing = _next_month(missing)


def _next_month(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02}"
