"""What was done to the columns of a file below tier 3, in words that say neither more nor less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from consulting.records import ColumnTreatment

_UNPROVEN = frozenset({"unproven", "free_text"})


def treatment_in_words(treatments: Sequence[ColumnTreatment]) -> str:
    """What was done, counted: columns and values.

    Args:
        treatments: Of all columns of a file.
    """
    whole = [t for t in treatments if t.kept_as is None]
    unproven = sum(t.pii is not None and t.pii.kind in _UNPROVEN for t in whole)
    part = [t for t in treatments if t.kept_as and t.masked_cells]
    kept = len(treatments) - len(whole) - len(part)
    values = sum(t.masked_cells for t in part)
    return (
        "Each value that is kept was looked at before anything was stored: "
        f"{counted(len(whole), 'column')} masked whole ({unproven} of them because nothing proves "
        f"{'it' if unproven == 1 else 'them'} harmless), {counted(len(part), 'column')} "
        f"masked in part ({counted(values, 'value')}), {counted(kept, 'column')} kept as they were."
    )


def columns_in_words(treatments: Iterable[ColumnTreatment]) -> dict[str, list[str]]:
    """The columns by what was done to them, each with its reason.

    Returns:
        "Masked whole", "Masked in part" and "Kept", each with its columns, where there are any.
    """
    told: dict[str, list[str]] = {"Masked whole": [], "Masked in part": [], "Kept": []}
    for one in treatments:
        if one.kept_as is None and one.pii is not None:
            told["Masked whole"].append(f"{one.column} ({_reason(one.pii.kind)})")
        elif one.masked_cells:
            told["Masked in part"].append(
                f"{one.column} ({one.masked_cells:,} of {one.cells:,} values; {one.kept_as})"
            )
        else:
            told["Kept"].append(f"{one.column} ({one.kept_as})")
    return {done: columns for done, columns in told.items() if columns}


def _reason(kind: str) -> str:
    return {
        "unproven": "not known to be harmless",
        "free_text": "text with personal data in it",
        "personal": "declared personal",
    }.get(kind, kind.replace("_", " "))
