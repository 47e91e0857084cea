"""What becomes of a column below tier 3: hidden whole, hidden in part, or kept as proven harmless.

Every kept value is looked at, whole. What the engagement declares decides first, then what the
header announces, then what the values are; and what nothing proves harmless is hidden.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from consulting.privacy.content import find_personal, kind_of
from consulting.privacy.detection import detect_pii
from consulting.privacy.harmless import prove
from consulting.privacy.masking import mask
from consulting.records import ColumnTreatment, PiiFinding, Record
from consulting.rules.missing import is_null_like

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NOTHING: frozenset[str] = frozenset()


class Declared(Record):
    """What an engagement's YAML says of one column's values.

    Attributes:
        contains_pii: `contains_pii` of the column's meta: False keeps its texts, True hides it.
        known: Values that the YAML lists itself: codes, and what means true or false.
    """

    contains_pii: bool | None = None
    known: frozenset[str] = _NOTHING


def hide(
    column: str,
    values: Sequence[str | None],
    *,
    key: bytes | None = None,
    declared: Declared | None = None,
) -> tuple[list[str | None], ColumnTreatment]:
    """Hide what a tier below 3 may not keep of a column.

    Args:
        column: The header.
        values: All of the column's values that would be kept.
        key: `masking_key(...)` of the client.
        declared: What the engagement says of the column.

    Returns:
        The values as they may be kept, and what was done to them.
    """
    said = declared or Declared()
    rows = Counter(v for v in values if v is not None and not is_null_like(v))
    counts: Counter[str] = Counter()
    for value, n in rows.items():
        counts[value.strip()] += n
    finding, kept_as, how = _decide(column, counts, said)
    hidden = {value: how(value, key) for value in rows}
    changed = sum(n for value, n in rows.items() if hidden[value] != value)
    treatment = ColumnTreatment(
        column=column,
        pii=finding,
        kept_as=kept_as,
        cells=rows.total(),
        masked_cells=changed if kept_as else rows.total(),
    )
    return [v if v is None else hidden.get(v, v) for v in values], treatment


def _decide(
    column: str, counts: Counter[str], said: Declared
) -> tuple[PiiFinding | None, str | None, Callable[[str, bytes | None], str]]:
    """The finding, why the column is kept if it is, and what hides one of its values."""
    if said.contains_pii is False:
        return None, "declared free of personal data", mask_inside
    found = detect_pii(column, list(counts.elements()), declared=said.contains_pii)
    if found is not None and (found.by != "content" or found.kind != "free_text"):
        kind = found.kind
        return found, None, lambda value, key: str(mask(kind, value, key=key))
    proof = prove(column, counts, said.known)
    if proof is None:
        by = found or PiiFinding(
            column=column, kind="unproven", by="unproven", share=0.0, confidence=0.5
        )
        return by, None, _mask_whole
    keeps = proof.keeps

    def hide_unproven(value: str, key: bytes | None) -> str:
        return value if keeps(value.strip()) else _mask_whole(value, key)

    return None, proof.why, hide_unproven


def _mask_whole(value: str, key: bytes | None) -> str:
    return str(mask(kind_of(value) or "free_text", value, key=key))


def mask_inside(value: str, key: bytes | None = None) -> str:
    """A text with the personal data in it masked, and the rest as it was.

    Args:
        value: The text.
        key: `masking_key(...)` of the client.
    """
    parts: list[str] = []
    end = 0
    for found in find_personal(value):
        parts += [value[end : found.start],
                  str(mask(found.kind, value[found.start : found.end], key=key))]  # fmt: skip
        end = found.end
    return "".join([*parts, value[end:]])
