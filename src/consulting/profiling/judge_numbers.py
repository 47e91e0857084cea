"""Issues of numbers: notations, units, currencies, lost digits, leading zeros, outliers."""

from __future__ import annotations

from collections import Counter
from operator import eq, gt, lt
from typing import TYPE_CHECKING

from consulting.profiling.wording import enumerated, figure
from consulting.records import PERCENT
from consulting.rules.currencies import TOLD, may_be_one
from consulting.rules.missing import trim
from consulting.rules.numbers import NOTATIONS
from consulting.rules.units import spelled_alike
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from consulting.profiling.drafting import Drafting
    from consulting.profiling.model import Issue
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView
    from consulting.rules.numbers import NumberText

_NUMERIC = frozenset({"integer", "decimal", "money", "code"})
_COMMA = frozenset(name for name, n in NOTATIONS.items() if n.says == "comma")
_POINT = frozenset(name for name, n in NOTATIONS.items() if n.says == "point")
_UNCLEAR = {"unclear": "1,234", "unclear_point": "1.234"}
_ENOUGH_ROWS = 20
_IMPUTED_ROWS = 3
_BY_CHANCE = 3.0
"""Standard errors that the mean of some rows may differ from that of the others."""
_SPIKE = 5
_MANY_VALUES = 30
"""Of so many different numbers nought may be frequent for a reason of its own."""
_ENOUGH_DISTINCT = 8
_ENDING_IN_NOUGHT = 0.03
"""One number in ten ends in 0 by chance, if noughts are written: a third of that proves it."""
_MOSTLY = 0.7
_EXACT = 2.0**53
"""Of greater numbers a float does not hold each, nor how far apart two are."""
_FEW, _FAR, _NEAR = 5, 10, 3
_SHOWN = 5
"""Units that a sentence names."""
_CUSTOMARY = 3
"""So few different fractions are prices or quarters among whole numbers."""


def number_issues(draft: Drafting) -> Iterator[Issue]:
    """All issues of a column of numbers."""
    if draft.view.type.name not in _NUMERIC:
        return
    for rule in (
        _notations,
        _unclear,
        _units,
        _currencies,
        _shown,
        _scientific,
        _leading_zeros,
        _outliers,
        _fractions,
        _imputed,
    ):
        yield from rule(draft)


def _values(draft: Drafting, wanted: Callable[[NumberText], bool]) -> dict[str, int]:
    view = draft.view
    return {
        text: n
        for text, n in view.values.items()
        if (found := view.tally.forms.get(trim(text)))
        and found[0].number
        and wanted(found[0].number)
    }


def _notations(draft: Drafting) -> Iterator[Issue]:
    notations = draft.view.tally.notations
    commas = sum(notations[n] for n in _COMMA)
    points = sum(notations[n] for n in _POINT)
    if commas and points:
        rare = _COMMA if commas <= points else _POINT
        yield draft.issue(
            "mixed_number_formats", "error",
            f"{counted(points, 'number')} with a decimal point, {commas:,} with a decimal comma.",
            "Ask for one notation; a number read in the wrong one is off by a factor of 1,000.",
            values=_values(draft, lambda x: x.notation in rare), count=min(commas, points),
            question="Which decimal mark does your system write?",
        )  # fmt: skip
    elif commas and not draft.view.tally.typed:
        yield draft.issue(
            "decimal_comma", "info", "{n} [number is|numbers are] written with a decimal comma.",
            "Declare it in the column's rule (decimal: comma).",
            values=_values(draft, lambda x: x.notation in _COMMA), count=commas,
        )  # fmt: skip


def _unclear(draft: Drafting) -> Iterator[Issue]:
    tally = draft.view.tally
    if tally.mark == "unclear":
        like = next(text for name, text in _UNCLEAR.items() if tally.notations[name])
        yield draft.issue(
            "ambiguous_numbers", "warn",
            f"{{n}} [number|numbers] like “{like}” could be a thousand and more, or one and "
            "a fraction.",
            "Ask, then declare the decimal mark in the column's rule (decimal: point or comma); "
            "until then the proposed rule rejects [it|them].",
            values=_values(draft, lambda x: x.notation in _UNCLEAR),
            count=sum(tally.notations[name] for name in _UNCLEAR),
            question=f"Is “{like}” more than a thousand?",
        )  # fmt: skip
        return
    sort = {"comma": "unclear_point", "point": "unclear"}.get(tally.mark or "", "")
    if sort and _are_fractions(draft, tally.mark or "", sort):
        like = _UNCLEAR[sort]
        yield draft.issue(
            "ambiguous_numbers", "error",
            f"{{n}} [number|numbers] like “{like}” [is|are] a thousand times as large as the "
            f"others with the decimal {tally.mark} that these have, and among them with the other.",
            "Ask which they are: numbers of two systems may have been put into one table.",
            values=_values(draft, lambda x: x.notation == sort), count=tally.notations[sort],
            question=f"Is “{like}” more than a thousand?",
        )  # fmt: skip


def _are_fractions(draft: Drafting, mark: str, sort: str) -> bool:
    """Whether numbers like 1.234 lie among those that show their mark, if theirs is the other.

    None of these may be so large that it has a mark between thousands.
    """
    numbers = [form.number for form, _ in draft.view.tally.forms.values() if form.number]
    shown = [abs(one.value) for one in numbers if one.notation == mark]
    others = [abs(one.read_with(mark)) for one in numbers if one.notation == sort]
    rest = [abs(one.value) for one in numbers if one.notation not in {mark, sort}]
    if min(len(shown), len(others)) < _FEW:
        return False
    largest = max(*shown, *rest)
    return min(others) > _FAR * largest and max(others) / 1000 <= _NEAR * largest


def _units(draft: Drafting) -> Iterator[Issue]:
    written, total = draft.view.tally.units, draft.view.tally.kinds["number"]
    units = spelled_alike(written)
    if draft.view.private:
        return  # "12 Main" is an address, and not a number of mains
    if units.total() < draft.thresholds.rare_share * max(1, total):
        return  # letters that slipped in: a type mismatch
    by_spelling = Counter(written)
    if bare := total - units.total():
        by_spelling[""] = units[""] = bare
    spelt = sorted(by_spelling, key=lambda unit: (-by_spelling[unit], unit))
    yield draft.issue(
        "units_in_values", "info",
        "{n} [number carries|numbers carry] a unit in the cell{told}.",
        "Keep numbers only, and name the unit in the column's name.",
        values=_values(draft, lambda x: x.unit is not None), count=total - bare,
        told=f" ({', '.join(f'“{unit}”' for unit in spelt[:_SHOWN] if unit)})",
    )  # fmt: skip
    several, alike = len(units) > 1, len(by_spelling) == len(units)
    if not several and alike:
        return
    main = min(units, key=lambda unit: (-units[unit], unit))
    named = [
        f"{by_spelling[unit]:,} {f'in “{unit}”' if unit else 'without a unit'}"
        for unit in spelt[:_SHOWN]
    ]
    yield draft.issue(
        "mixed_units", "warn",
        "{n} [number has|numbers have] another unit than most{told}." if alike else
        "{n} [number has|numbers have] another unit than most, or [spells|spell] it "
        "otherwise{told}." if several else
        "{n} [number spells|numbers spell] the unit otherwise than most{told}.",
        "Convert to one unit, and spell it one way." if several else "Spell the unit one way.",
        values=_values(draft, lambda x: (x.unit or "") != main), count=total - by_spelling[main],
        told=f" ({enumerated(named)})",
        question="Are the numbers without a unit in the same unit?" if bare else None,
    )  # fmt: skip


def _currencies(draft: Drafting) -> Iterator[Issue]:
    currencies, total = draft.view.tally.currencies, draft.view.tally.kinds["number"]
    shown = {
        mark: n for mark, n in draft.source.shown.get(draft.view.name, {}).items() if mark in TOLD
    }
    if len({*shown, *currencies}) > 1 and shown:
        return  # told of the formats
    bare = max(0, total - currencies.total() - sum(shown.values()))
    if len(currencies) > 1 or (currencies and bare):
        main = min(currencies, key=lambda c: (-currencies[c], c))
        few_have = currencies.total() < bare
        yield draft.issue(
            "mixed_currencies", "error" if len(currencies) > 1 else "warn",
            _of_currencies(currencies, main, bare, few_have=few_have),
            "Split amount and currency into two columns; sums over this column mean nothing.",
            values=_values(
                draft,
                (lambda x: x.currency is not None) if few_have else (lambda x: x.currency != main),
            ),
            count=currencies.total() if few_have else currencies.total() - currencies[main] + bare,
            question="Which currency are amounts without a sign in?" if bare else None,
        )  # fmt: skip
    elif currencies:
        yield draft.issue(
            "currency_in_values", "info",
            f"Every amount carries its currency ({next(iter(currencies))}).",
            "Use the money rule: it keeps the number, and the currency in the column's name.",
            count=currencies.total(),
        )  # fmt: skip


def _of_currencies(currencies: Counter[str], main: str, bare: int, *, few_have: bool) -> str:
    """What an issue says of amounts in another currency than most, or with one where few have."""
    others = {code: n for code, n in currencies.items() if few_have or code != main}
    listed = [f"{others[code]:,} in {code}" for code in sorted(others)]
    if few_have:
        told = f"do: {enumerated(listed)}" if len(listed) > 1 else f"[is|are] in {main}"
        return f"Most amounts name no currency; {{n}} {told}."
    if not others:
        return f"Amounts are in {main}; {{n}} [names|name] no currency."
    without = [f"{bare:,} without a currency"] if bare else []
    told = f"Amounts are in {enumerated(sorted(currencies))}. {{n}} [is|are] not in {main}"
    return f"{told} as most: {enumerated([*listed, *without])}."


def _shown(draft: Drafting) -> Iterator[Issue]:
    """Formats of cells that show several currencies or units, or percent of some numbers only."""
    view = draft.view
    shown = Counter(draft.source.shown.get(view.name, {}))
    shown[""] -= view.numbers.zeros if view.numbers else 0  # typed without a format
    if not any(shown):
        return
    # what is written in other cells counts as well
    beside = shown + view.tally.currencies + view.tally.units
    found = {mark: n for mark, n in beside.items() if mark or PERCENT in shown}
    others = {mark: n for mark, n in found.items() if mark not in TOLD}
    kinds = {*(found.keys() & TOLD), *spelled_alike(others)}
    if len(kinds) < 2 or (len(kinds) == 2 and may_be_one(*kinds)):  # noqa: PLR2004 - several
        return
    marks = [mark or "a bare number" for mark in sorted(found, key=lambda m: (-found[m], m))]
    yield draft.issue(
        "mixed_currencies" if TOLD.issuperset(found) else "mixed_units", "error",
        "Cells show these numbers as {told}, by their format or in text; what is read is the "
        "number alone, so that {n} [counts|count] something else than most.",
        "Have currency, unit or percentage written into a column of its own; sums over this column "
        "mean nothing.",
        count=min(sum(found.values()) - max(found.values()), view.filled),
        told=enumerated(marks),
        question="What does each number of this column count? A file can not tell it from the "
        "number alone.",
    )  # fmt: skip


def _scientific(draft: Drafting) -> Iterator[Issue]:
    notations = draft.view.tally.notations
    total = draft.view.tally.kinds["number"]
    if 0 < notations["scientific"] <= total / 2 and draft.view.type.name in {"integer", "code"}:
        yield draft.issue(
            "digits_lost", "error",
            "{n} whole [number is|numbers are] in scientific notation (1.23E+11), as Excel writes "
            "long ones: the last digits are lost.",
            "Ask for the column again, exported as text.",
            values=_values(draft, lambda x: x.notation == "scientific"),
            count=notations["scientific"],
        )  # fmt: skip


def _leading_zeros(draft: Drafting) -> Iterator[Issue]:
    zeros = draft.view.tally.leading_zeros
    if zeros:
        rare = zeros <= draft.thresholds.rare_share * draft.view.filled
        yield draft.issue(
            "leading_zeros", "warn" if rare else "info",
            "{n} [value is|values are] digits with a leading zero: a label, not a number.",
            "Keep the column as text (rule to_text); a number would lose the zeros.",
            values=_values(draft, lambda x: x.leading_zero), count=zeros,
            where="regexp_full_match({t}, '0\\d+')",
        )  # fmt: skip


def _outliers(draft: Drafting) -> Iterator[Issue]:
    view, numbers = draft.view, draft.view.numbers
    if numbers is None or view.near is None or view.pii or view.type.name == "code":
        return
    if numbers.count < _ENOUGH_ROWS or view.distinct < _ENOUGH_DISTINCT:
        return
    if max(map(abs, numbers.quantiles[1:-1])) > _EXACT:
        return
    low, high = view.near
    if view.named_like_key or _counts_up(view):
        # a number that names a thing is not near another, but it has a sign or none
        low, high = 0.0 if low >= 0 else numbers.quantiles[0], numbers.quantiles[-1]
    mark = view.tally.read_mark
    values = _values(draft, lambda x: not low <= x.read_with(mark) <= high)
    count = view.known.get("outliers", sum(values.values()))
    limits = draft.thresholds
    few = limits.unit_share if view.complete else limits.outlier_share
    if not 0 < count <= few * numbers.count:
        return
    # a range is told where a document may show the column's values
    ends = "" if view.masked else f", which go from {figure(low)} to {figure(high)}"
    yield draft.issue(
        "outliers", "warn",
        f"{{n}} [value lies|values lie] far from all others{ends}.",
        "Check [it|them] against the source: a digit too many, another unit, a lost sign or point.",
        values=values if view.complete else None, count=count,
        where=None if view.complete else f"NOT ({view.number}) BETWEEN {low!r} AND {high!r}",
    )  # fmt: skip


def _fractions(draft: Drafting) -> Iterator[Issue]:
    """Numbers written to another digit than nearly all: another system, or another unit."""
    view = draft.view
    if not view.complete:
        return
    read = {t: (f.number, n) for t, (f, n) in view.tally.forms.items() if f.number}
    odd = odd_fractions(read, draft.thresholds)
    if odd:
        yield draft.issue(
            "odd_shapes", "warn",
            "{n} [value is|values are] written to another digit after the decimal mark than the "
            "others.",
            "Check [it|them] at the source: another unit, or another system's way to write.",
            values={t: n for t, n in view.values.items() if trim(t) in odd},
        )  # fmt: skip


def odd_fractions(read: Mapping[str, tuple[NumberText, int]], limits: Thresholds) -> set[str]:
    """The numbers with more digits after the decimal mark than the others, or with fewer.

    Of numbers with so many digits nine in ten end in another digit than nought. So those that a
    column is written to are many; halves and quarters, which end in 5, are a digit longer by
    nature, and so is the odd price in cents: few different fractions. Fewer digits are odd only
    where the others keep their noughts at the end.

    Args:
        read: Texts with their numbers and rows.
        limits: `other_share`, and `digit_share` where they keep none.
    """
    digits: Counter[int] = Counter()
    for number, n in read.values():
        digits[number.fraction] += n
    usual = max(digits, key=lambda d: (digits[d], d), default=0)
    others, finer, coarser = (
        {t: n for t, (x, n) in read.items() if at(x.fraction, usual)} for at in (eq, gt, lt)
    )
    ends = {t: _fraction(t, x) for t, (x, _) in read.items()}
    noughts = sum(n for t, n in others.items() if ends[t].endswith("0"))
    fixed = noughts > _ENDING_IN_NOUGHT * digits[usual]
    whole = all(set(ends[t]) == {"0"} for t in finer)
    often = limits.other_share * digits.total()
    most = often if whole or fixed else limits.digit_share * digits.total()
    odd: set[str] = set()
    floats = usual > 0 and _is_float(finer, others)
    by_nature = floats or _is_customary([ends[t] for t in finer], usual)
    if 0 < sum(finer.values()) <= most and (whole or not by_nature):
        odd |= set(finer)
    if fixed and 0 < sum(coarser.values()) <= often:
        odd |= set(coarser)
    return odd


def _fraction(text: str, number: NumberText) -> str:
    """The digits after the decimal mark."""
    return "".join(filter(str.isdigit, text))[-number.fraction :] if number.fraction else ""


def _is_customary(fractions: Sequence[str], usual: int) -> bool:
    """Whether numbers with more digits than usual are halves, or prices among whole numbers."""
    halves = sum(f.endswith("5") for f in fractions)
    return 2 * halves > len(fractions) or (not usual and len(set(fractions)) <= _CUSTOMARY)


def _is_float(finer: Mapping[str, int], others: Mapping[str, int]) -> bool:
    """Whether numbers are all written to as many digits in all, as computers do: 9.876, 10.12."""
    (most, rows), *_ = _digits_in_all(others).most_common(1)
    finest = _digits_in_all(finer)
    longer = sum(n for digits, n in finest.items() if digits > most)
    return rows >= _MOSTLY * sum(others.values()) and longer < sum(finer.values()) / 2


def _digits_in_all(texts: Mapping[str, int]) -> Counter[int]:
    found: Counter[int] = Counter()
    for text, n in texts.items():
        found[len("".join(filter(str.isdigit, text)).lstrip("0"))] += n
    return found


def _imputed(draft: Drafting) -> Iterator[Issue]:
    """The mean of a column in place of values that were not there.

    It is nearly the mean of the others (off by what chance gives the rows it stands in), repeats,
    and is written with more digits than nearly all others or stands far more often than any.
    """
    view, numbers = draft.view, draft.view.numbers
    if numbers is None or not view.complete or view.pii or numbers.count < _ENOUGH_ROWS:
        return
    mark = view.tally.read_mark
    read = {t: (f.number, n) for t, (f, n) in view.tally.forms.items() if f.number}
    limits = draft.thresholds
    most = sorted(
        (n for x, n in read.values() if x.value or len(read) < _MANY_VALUES), reverse=True
    )
    for text, (number, rows) in read.items():
        others = numbers.count - rows
        value = number.read_with(mark)
        few = _IMPUTED_ROWS <= rows <= limits.habit_share * numbers.count
        if not few or not value or not numbers.stddev:
            continue  # nought, and what many rows have, are values of their own
        mean = (numbers.mean * numbers.count - value * rows) / others
        by_chance = _BY_CHANCE * numbers.stddev * rows**0.5 / others + 10.0**-number.fraction
        finer = sum(n for x, n in read.values() if x.fraction >= number.fraction) - rows
        fine = number.fraction and finer <= limits.odd_share * numbers.count
        seldom = rows <= limits.rare_share * numbers.count
        times = _SPIKE if seldom else _SPIKE**2
        spike = rows == most[0] and rows >= times * (most[1] if most[1:] else 1)
        told = "" if view.masked else f", {text}"
        if abs(value - mean) <= by_chance and (fine or spike):
            yield draft.issue(
                "imputed_values", "warn",
                "{n} [row has|rows have] the mean of the others{told}: it may stand for values "
                "that were not there.",
                "Ask whether a system fills gaps with the mean; if so, read it as missing.",
                values={t: n for t, n in view.values.items() if trim(t) == text},
                question="Does a system of yours fill gaps with the mean?", told=told,
            )  # fmt: skip
            return


def _counts_up(view: ColumnView) -> bool:
    return view.distinct == view.rows and view.type.name == "integer"  # a key means nothing
