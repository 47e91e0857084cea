"""In which order day, month and year stand in a column's dates: by its rule, and by all else.

A date of three numbers can be several days. Its rule reads it in one order. In another, the dates
may lie where those of the last delivery did, as a month's file does after the last month's.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from consulting.profiling.notations import OF_DATES
from consulting.rules.dates import COUNTED, ISO, are_days_of_months, day_form, orders_of, reordered

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from consulting.profiling.model import ColumnProfile, DayOrder
    from consulting.records import ReadColumn

    Extent = tuple[date, date]

_MONTH, _FAR = 31, 45
"""Days that a month's file lies within, and that are more than a month away."""
_TIMES, _NEAR = 4, 7
"""As often as near as the declared order is the other one, with some days' leave."""
_MOST, _PART = 0.9, 0.05
_FEW, _SOME = 5, 3
"""Fewer dates, or days of them, lie as they do by chance."""
_OF_ISO = day_form(ISO[0])


class Moved(NamedTuple):
    """Dates that are written in another order than that in which they are read.

    Attributes:
        form: How they are written.
        declared: The order in which their rule reads them, or the last ones were.
        order: The other one.
        sure: Whether it is no chance.
        by_rule: Whether a rule declares the order.
    """

    form: str
    declared: str
    order: str
    sure: bool
    by_rule: bool = True


def moved_orders(
    read: ReadColumn | None, now: ColumnProfile, before: ColumnProfile | None
) -> list[Moved]:
    """The forms of a column's dates that are read in a wrong order, or seem to be.

    Args:
        read: What reads the column, if anything does.
        now: Its profile.
        before: That of the last delivery; of a first one it is told by what proves it alone.
    """
    found = [_moved(read, now, before, form) for form in _forms(now)]
    return [one for one in found if one]


def turned_formats(
    read: ReadColumn | None, now: ColumnProfile, moved: Sequence[Moved]
) -> tuple[str, ...]:
    """The formats of a rule, those of dates that surely have another order turned to it."""
    orders = {one.form: one.order for one in moved if one.sure}
    known = read.formats if read else ()
    # a rule reads ISO 8601 without a format of it
    iso = [f.format for f in now.formats if day_form(f.format) == _OF_ISO]
    more = iso if orders.get(_OF_ISO) == "ydm" else ()
    return tuple(
        dict.fromkeys(
            reordered(one, orders[form]) if (form := day_form(one)) in orders else one
            for one in (*known, *more)
        )
    )


def declared_orders(read: ReadColumn | None, form: str) -> list[str]:
    """The orders in which a rule reads dates of a form: of the first format of them."""
    if read is None or read.rule not in OF_DATES:
        return []
    known = [one for one in read.formats if day_form(one) == form]
    return orders_of((known or [ISO[0]])[0]) if known or form == _OF_ISO else []


def may_be_misread(read: ReadColumn, column: ColumnProfile) -> bool:
    """Whether a rule could read dates of one file of a column in a wrong order."""
    forms = _forms(column) if read.rule in OF_DATES else []
    return len(forms) > 1 or any("%Y" not in form for form in forms)


def are_read_as_dates(read: ReadColumn, column: ColumnProfile) -> bool:
    """Whether most of a column's numbers are days or moments to its rule (20260317, 260317)."""
    if read.rule not in OF_DATES or column.inferred_type in {"date", "timestamp"}:
        return False
    numbers = column.numbers.quantiles[1:-1] if column.numbers else ()
    ways = [COUNTED[one] for one in read.formats if one in COUNTED and numbers]
    packed = (one.order in declared_orders(read, one.form) for one in column.day_orders)
    return any(packed) or any(all(way.read(f"{n:.15g}") for n in numbers) for way in ways)


def _moved(
    read: ReadColumn | None, now: ColumnProfile, before: ColumnProfile | None, form: str
) -> Moved | None:
    by_rule, last = declared_orders(read, form), _shown(before, form) if before else []
    if shown := _shown(now, form):
        against = [known for known in (by_rule, last) if known and shown[0] not in known]
        if not against:
            return None
        return Moved(form, against[0][0], shown[0], sure=True, by_rule=against[0] is by_rule)
    declared = by_rule or last
    if not declared:
        return None
    then = _extent(read, before) if before else None
    orders = {one.order: one for one in now.day_orders if one.form == form}
    others = [one for one in now.day_orders if one.form != form]
    nearer = _nearer(orders, declared, then, others)
    return nearer and Moved(form, declared[0], *nearer, by_rule=bool(by_rule))


def _nearer(
    orders: Mapping[str, DayOrder],
    declared: Collection[str],
    then: Extent | None,
    others: Sequence[DayOrder],
) -> tuple[str, bool] | None:
    """The order in which dates lie far nearer to others than as declared, and whether it is sure.

    Args:
        orders: The dates of one form, by order.
        declared: The orders that their rule reads.
        then: Between which days the last delivery lies.
        others: The dates of other forms.
    """
    full = max(one.count for one in orders.values())
    known = [orders[o] for o in declared if o in orders and 2 * orders[o].count >= full]
    possible = [one for o, one in orders.items() if o not in declared and one.count >= _MOST * full]
    year_first = possible and possible[0].form.startswith("%Y")
    if not possible or (year_first and not others and "ymd" in declared):
        return None  # by themselves they do not look swapped
    then = then or (_joined(others) if year_first else None)
    one = min(possible, key=lambda each: _away(each, then)[1])
    year_moved = all(one.order.index("y") != each.order.index("y") for each in known)
    parted = bool(year_first) and _are_parted([*orders.values()], others)
    if not (
        all(_is_far_nearer(one, each, then, year_moved=year_moved, parted=parted) for each in known)
        and (full >= _FEW or year_moved)
        and (then or _is_shown_alone(one, known))
    ):
        return None
    rivals = [each for each in possible if each.quantiles != one.quantiles]
    clear = all(_is_far_nearer(one, each, then) for each in rivals)
    if not known:  # the rule reads none of them: few are exceptions, which it rejects
        rows = full + max((each.count for each in others), default=0)
        return (one.order, True) if clear and full >= _PART * rows else None
    proven = not year_moved and all(one.count > each.count for each in known)
    varied = len({*_days(one)}) >= _SOME
    enough = full >= _FEW and (year_moved or (year_first and varied and then))
    return one.order, clear and (proven or bool(enough))


def _is_far_nearer(
    one: DayOrder,
    declared: DayOrder,
    then: Extent | None,
    *,
    year_moved: bool = True,
    parted: bool = False,
) -> bool:
    """Whether dates lie far nearer to those before, or together, in one order than as declared."""
    (wide, cost), (wide_declared, as_declared) = (_away(each, then) for each in (one, declared))
    far = as_declared > _TIMES * (cost + _NEAR) and as_declared > _FAR + _width(then) / 2
    apart = parted or (not year_moved and wide_declared > _TIMES * (wide + _MONTH))
    return far or (apart and cost < as_declared)


def _shown(column: ColumnProfile, form: str) -> list[str]:
    """The order that a column's dates with years of four digits prove; none where they do not."""
    if form.startswith("%Y"):
        counts = {o.order: o.count for o in column.day_orders if o.order in {"ymd", "ydm"}}
        alone = _forms(column) == [form] and len({*counts.values(), 0}) > len(counts) > 0
        return [max(counts, key=lambda order: counts[order])] if alone else []
    if not form.endswith("%Y"):
        return []
    if len(_forms(column)) > 1:  # dates of another form may come from another system
        counts = {o.order: o.count for o in column.day_orders if o.form == form}
        most = max(counts.values())
        orders = [order for order, count in counts.items() if count == most]
        return orders if len(orders) == 1 else []
    known = column.day_first
    return [] if known is None else ["dmy" if known else "mdy"]


def _is_shown_alone(one: DayOrder, known: Sequence[DayOrder]) -> bool:
    """Whether a first delivery shows an order by itself, against that of its rule."""
    if one.form.startswith("%Y"):
        return not known or len({*_days(one)}) >= _SOME
    if not any("ymd" in {one.order, each.order} for each in known):
        return all(one.count > each.count for each in known)
    days = [date.fromisoformat(day) for day in one.quantiles]
    return are_days_of_months([day.year for day in days], [day.day for day in days])


def _are_parted(made: Sequence[DayOrder], left: Sequence[DayOrder]) -> bool:
    """Whether all days before the thirteenth are written in one form, and all others in another.

    It is so where a spreadsheet program made dates of what it could read in its own order.
    """
    every = [one.count for one in made]
    if len(every) < 2 or len({*every}) > 1 or len({one.form for one in left}) != len(left):  # noqa: PLR2004 - orders
        return False
    each = ([day for one in some for day in _days(one)] for some in (made[:1], left))
    return all(len({*days}) >= _FEW and len({day.day for day in days}) >= _SOME for days in each)


def _extent(read: ReadColumn | None, before: ColumnProfile) -> Extent | None:
    """Between which days most dates of the last delivery lie, as its rule reads them now."""
    found = []
    total = sum(max(o.count for o in before.day_orders if o.form == f) for f in _forms(before))
    for form in _forms(before):
        some = [one for one in before.day_orders if one.form == form]
        full = max(one.count for one in some)
        declared = [o for o in some if o.order in declared_orders(read, form)]
        as_read = [one for one in declared if 2 * one.count >= full]
        if full >= _PART * total:
            found.append(min(as_read or some, key=lambda one: (full - one.count, _away(one))))
    return _joined(found) or _ends([date.fromisoformat(one[:10]) for one in before.date_quantiles])


def _forms(column: ColumnProfile) -> list[str]:
    return [*dict.fromkeys(one.form for one in column.day_orders)]


def _days(one: DayOrder) -> list[date]:
    """Days at 5, 10, … 95 percent: the first and the last may be a slip."""
    return [date.fromisoformat(day) for day in one.quantiles[1:-1]]


def _ends(days: Sequence[date]) -> Extent | None:
    return (min(days), max(days)) if days else None


def _joined(some: Sequence[DayOrder]) -> Extent | None:
    return _ends([day for one in some for day in _days(one)])


def _width(then: Extent | None) -> int:
    return (then[1] - then[0]).days if then else 0


def _away(one: DayOrder, then: Extent | None = None) -> tuple[int, float]:
    """How much wider dates lie than those before, or a month; and that with how far from them."""
    days = _days(one)
    wider = max(0, (days[-1] - days[0]).days - max(_MONTH, _width(then)))
    first, last = then or (date.min, date.max)
    away = sum(max(0, (first - day).days, (day - last).days) for day in days)
    return wider, wider + away / len(days)
