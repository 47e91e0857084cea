"""The type of a column, decided from what all its values are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from consulting.privacy.column_names import kind_by_name, words
from consulting.privacy.content import could_be_phone
from consulting.rules.dates import COUNTED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from consulting.profiling.forms import Form
    from consulting.profiling.tally import Tally
    from consulting.rules.dates import Counted

_DATE_WORDS = frozenset(
    "date dates datum day dob birth fecha data dt jour tag born expiry due".split()  # noqa: SIM905 - words
)
_MOMENT_WORDS = _DATE_WORDS | frozenset(
    "timestamp time ts epoch unix created updated modified changed at zeit zeitpunkt hora".split()  # noqa: SIM905 - words
)
_DAY_WORDS = (_DATE_WORDS | {"timestamp", "zeitpunkt"}) - {"due", "tag", "data", "day", "jour"}
"""Amounts due are of five digits, too."""
_DAYS = 10
"""Eight digits that name so many days, some of them again and again, are dates by any name."""
_LABEL_WORDS = frozenset({"id", "key", "no", "nr", "number", "code", "ref", "invoice", "order"})
_MOMENTS = 3
"""As few of 12 or 14 digits that are a time on a clock each, unless they are called a label."""
_AMONG_DATES, _NEAR = 0.1, timedelta(days=730)
"""Numbers near the dates of a column are dates of Excel, where so many are written as dates."""
_FLAG_WORDS = frozenset({"is", "has", "flag", "active", "enabled", "deleted", "valid"})
_COMPACT_SHARE = 0.95
_CODE_SHARE = 0.01
_RARE_UNITS = 0.05  # fewer are letters that slipped into a number
_MOST_UNITS = 3
_DENSE = 0.8  # so many of the steps up to the last of what counts up are there
_LONE_KINDS = ("email", "url", "uuid", "phone", "time")


@dataclass(frozen=True)
class TypeDecision:
    """A column's type and which values fit it.

    Attributes:
        name: "empty", "boolean", "integer", "decimal", "money", "code" (digits that are a label),
            "date", "timestamp", "time", "email", "phone", "url", "uuid" or "text".
        fitting: Rows whose value fits.
        fits: Whether a trimmed value of a form fits.
        written: Rows written as this type, those that fit and those that only try (31/02).
        counted: Dates that are written as numbers, by their name in `COUNTED`.
    """

    name: str
    fitting: int
    fits: Callable[[str, Form], bool]
    written: int = 0
    counted: Mapping[str, int] = field(default_factory=dict)


def decide_type(column: str, tally: Tally, type_share: float) -> TypeDecision:
    """Decides the type that at least `type_share` of the values fit; text where none does."""
    if not tally.total:
        return TypeDecision("empty", 0, lambda _text, _form: True)
    for decide in (_boolean, _counted_date, _phone, _lone_kind, _date, _number):
        decision = decide(column, tally)
        if decision and max(decision.written, decision.fitting) >= type_share * tally.total:
            return decision
    return TypeDecision("text", tally.total, lambda _text, _form: True)


def _rows(forms: Mapping[str, tuple[Form, int]], fits: Callable[[str, Form], bool]) -> int:
    return sum(count for text, (form, count) in forms.items() if fits(text, form))


def _boolean(column: str, tally: Tally) -> TypeDecision | None:
    binary = {"0", "1"} & tally.forms.keys()
    flagged = len(binary) == 2 and bool(_FLAG_WORDS & set(words(column)))  # noqa: PLR2004 - 0 and 1
    if not tally.kinds["boolean"] and not flagged:
        return None
    # "T" among numbers is a word for one of them, not true among 0 and 1
    numbers = any(form.number and text not in binary for text, (form, _) in tally.forms.items())
    if numbers and not flagged and tally.kinds["number"] > tally.kinds["boolean"]:
        return None

    def fits(text: str, form: Form) -> bool:
        return form.kind == "boolean" or text in binary

    return TypeDecision("boolean", _rows(tally.forms, fits), fits)


def _counted_date(column: str, tally: Tally) -> TypeDecision | None:
    """Digits of a day, and numbers that the header calls a day or a moment."""
    bare = tally.notations["plain"] + tally.notations["point"]
    if bare - tally.units.total() - tally.currencies.total() < _COMPACT_SHARE * tally.total:
        return None
    header = set(words(column))
    several = len(tally.forms) >= _MOMENTS
    repeated = _DAYS <= len(tally.forms) < tally.total
    for name, counted in COUNTED.items():
        if counted.units is None:
            sure = repeated or (counted.timed and several and not _LABEL_WORDS & header)
            named = _MOMENT_WORDS if counted.timed else _DATE_WORDS
        else:
            sure, named = False, _MOMENT_WORDS if counted.timed else _DAY_WORDS
        if not sure and not named & header:
            continue

        def fits(text: str, _form: Form, counted: Counted = counted) -> bool:
            return counted.read(text) is not None

        fitting = _rows(tally.forms, fits)
        if fitting >= _COMPACT_SHARE * tally.total:
            timed = counted.timed or any("." in text for text in tally.forms)
            kind = "timestamp" if timed else "date"
            return TypeDecision(kind, fitting, fits, counted={name: fitting})
    return None


def _phone(column: str, tally: Tally) -> TypeDecision | None:
    if kind_by_name(column) != "phone":
        return None

    def fits(text: str, _form: Form) -> bool:
        return could_be_phone(text)

    return TypeDecision("phone", _rows(tally.forms, fits), fits)


def _lone_kind(_column: str, tally: Tally) -> TypeDecision | None:
    kind, count = max(((k, tally.kinds[k]) for k in _LONE_KINDS), key=lambda pair: pair[1])
    return TypeDecision(kind, count, lambda _text, form: form.kind == kind) if count else None


def _date(_column: str, tally: Tally) -> TypeDecision | None:
    count = tally.kinds["date"]
    if not count:
        return None
    name = "timestamp" if 2 * tally.with_time >= count else "date"
    serials = _serials(tally)
    numbered = sum(tally.forms[text][1] for text in serials)

    def fits(text: str, form: Form) -> bool:
        return text in serials or (form.date is not None and bool(form.date.readings))

    counted = {"excel": numbered} if numbered else {}
    real = count + numbered - tally.impossible
    return TypeDecision(name, real, fits, written=count + numbered, counted=counted)


def _serials(tally: Tally) -> frozenset[str]:
    """Numbers that are days near the column's dates, as Excel counts them."""
    if not tally.kinds["number"] or tally.kinds["date"] < _AMONG_DATES * tally.total:
        return frozenset()
    forms = [form.date for form, _ in tally.forms.values() if form.date and form.date.readings]
    days = sorted(map(tally.day_reader(), forms))
    if not days:
        return frozenset()
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    numbers = (text for text, (form, _) in tally.forms.items() if form.number)
    read = {text: at.date() for text in numbers if (at := COUNTED["excel"].read(text))}
    near = all(first - _NEAR <= day <= last + _NEAR for day in read.values())
    return frozenset(read) if near else frozenset()


def _number(_column: str, tally: Tally) -> TypeDecision | None:
    count = tally.kinds["number"]
    if not count or _counts_on(tally):
        return None
    without_units = tally.units.total() < _RARE_UNITS * count or _scattered(tally)
    without_units = without_units or bool(tally.currencies)
    bare = count - (tally.units.total() if without_units else 0)
    scientific = tally.notations["scientific"]
    if tally.leading_zeros >= _CODE_SHARE * count and tally.notations["plain"] == count:
        name = "code"
    elif tally.currencies:
        name = "money"
    elif tally.whole_numbers + scientific == count and without_units and 2 * scientific <= count:
        name = "integer"
    else:
        name = "decimal"

    def fits(_text: str, form: Form) -> bool:
        return form.number is not None and not (without_units and form.number.unit)

    return TypeDecision(name, bare, fits)


def _scattered(tally: Tally) -> bool:
    """Whether letters behind numbers are no units: codes.

    They are too many (12AB, 13CD, 14EF), or each of three stands with one number (0-none, 1-few).
    """
    spelled: Counter[str] = Counter()
    for unit, count in tally.units.items():
        spelled[unit.casefold().rstrip(".")] += count
    pairs = {(n.unit, n.value) for form, _ in tally.forms.values() if (n := form.number) and n.unit}
    listed = 2 < len(pairs) == len(spelled) == len({value for _, value in pairs})  # noqa: PLR2004
    many = len(spelled) > _MOST_UNITS and 2 * max(spelled.values()) < tally.units.total()
    return many or listed


def _counts_on(tally: Tally) -> bool:
    """Whether what stands after the point is counted, past nine: 1.9, 1.10, 1.11 are versions."""
    if tally.typed or not any(text.endswith("0") and "." in text for text in tally.forms):
        return False
    counted: dict[str, set[str]] = {}
    for text, (form, _) in tally.forms.items():
        if form.number is None or form.number.notation != "point":
            continue
        before, _, after = text.partition(".")
        if not after.isdecimal() or (after[0] == "0" and after != "0"):
            return False
        counted.setdefault(before, set()).add(after)
    steps = sum(max(map(int, found)) for found in counted.values())
    dense = sum(map(len, counted.values())) >= _DENSE * steps
    return dense and any({"1", "9", "10", "11"} <= found for found in counted.values())
