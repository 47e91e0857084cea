"""The type of a column, decided from what all its values are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consulting.privacy.column_names import kind_by_name, words
from consulting.privacy.content import could_be_phone
from consulting.rules.dates import read_compact_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from consulting.profiling.forms import Form
    from consulting.profiling.tally import Tally

_DATE_WORDS = frozenset(
    "date dates datum day dob birth fecha data dt jour tag born expiry due".split()  # noqa: SIM905 - words
)
_DAYS = 10
"""Eight digits that name so many days, some of them again and again, are dates by any name."""
_FLAG_WORDS = frozenset({"is", "has", "flag", "active", "enabled", "deleted", "valid"})
_COMPACT_SHARE = 0.95
_CODE_SHARE = 0.01
_RARE_UNITS = 0.05  # fewer are letters that slipped into a number
_MOST_UNITS = 3
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
    """

    name: str
    fitting: int
    fits: Callable[[str, Form], bool]
    written: int = 0


def decide_type(column: str, tally: Tally, type_share: float) -> TypeDecision:
    """Decides the type that at least `type_share` of the values fit; text where none does."""
    if not tally.total:
        return TypeDecision("empty", 0, lambda _text, _form: True)
    for decide in (_boolean, _compact_date, _phone, _lone_kind, _date, _number):
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

    def fits(text: str, form: Form) -> bool:
        return form.kind == "boolean" or text in binary

    return TypeDecision("boolean", _rows(tally.forms, fits), fits)


def _compact_date(column: str, tally: Tally) -> TypeDecision | None:
    if tally.notations["plain"] < _COMPACT_SHARE * tally.total:
        return None
    repeated = _DAYS <= len(tally.forms) < tally.total
    if not repeated and not _DATE_WORDS & set(words(column)):
        return None

    def fits(text: str, _form: Form) -> bool:
        return read_compact_date(text) is not None

    fitting = _rows(tally.forms, fits)
    return TypeDecision("date", fitting, fits) if fitting >= _COMPACT_SHARE * tally.total else None


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
    real = count - tally.impossible

    def fits(_text: str, form: Form) -> bool:
        return form.date is not None and bool(form.date.readings)

    return TypeDecision(name, real, fits, written=count)


def _number(_column: str, tally: Tally) -> TypeDecision | None:
    count = tally.kinds["number"]
    if not count:
        return None
    without_units = tally.units.total() < _RARE_UNITS * count or _scattered(tally.units)
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


def _scattered(units: Counter[str]) -> bool:
    """Whether letters behind numbers are too many to be units: the codes 12AB, 13CD, 14EF."""
    spelled: Counter[str] = Counter()
    for unit, count in units.items():
        spelled[unit.casefold().rstrip(".")] += count
    return len(spelled) > _MOST_UNITS and 2 * max(spelled.values()) < units.total()
