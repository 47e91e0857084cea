"""One number for the quality of what was received, and one for what of it could be delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from consulting.profiling.model import FeedProfile
    from consulting.records import FeedAccount

FORMULA = (
    "The score is the weighted mean of five shares, each from 0 to 100: complete (cells that hold "
    "a value, columns that are empty throughout left out; weight 25), valid (values that fit the "
    "type of their column; 30), consistent (values written like the others of their column, not "
    "misspelt, of an unclear meaning or garbled; 20), unique (rows that repeat neither a row nor a "
    "key; 15) and readable (records of the files that could be read; 10). Shares are over all "
    "feeds together."
)
DELIVERY_FORMULA = (
    f"{FORMULA} The mean is multiplied by the share of rows used: delivered or merged."
)
_INCONSISTENT = frozenset(
    "casing_variants similar_values lone_values mixed_date_formats mixed_date_order "  # noqa: SIM905 - words
    "ambiguous_dates mixed_number_formats ambiguous_numbers mixed_units mixed_currencies "
    "odd_shapes mixed_types garbled_text digits_lost broken_dependency "
    "disputed_values escape_residue other_marks replaced_values".split()
)
_NO_VALUE = frozenset({"missing_values", "null_like_values", "empty_column", "blank_but_known"})
_UNFIT = frozenset({"type_mismatch", "impossible_dates"})
_REPEATED = frozenset({"duplicate_rows", "duplicate_key"})


class ScorePart(Record):
    """One share of the score.

    Attributes:
        name: "complete", "valid", "consistent", "unique" or "readable".
        weight: Of 100.
        value: 0 to 100.
        good: The cells, values, rows or records that are as they should be.
        total: All of them.
    """

    name: str
    weight: int
    value: float
    good: int
    total: int


class Score(Record):
    """The quality of files, or of the delivery made of them.

    Attributes:
        value: 0 to 100, with one decimal; None where no rows may be looked at (tier 1), or where
            there are no rules yet by which any could be delivered.
        formula: How it is calculated, in words.
        parts: The shares that the quality of the files is the mean of.
        used: Of a delivery: the share of the rows received that could be used, 0 to 100.
    """

    value: float | None
    formula: str = FORMULA
    parts: tuple[ScorePart, ...] = ()
    used: float | None = None


def quality_score(profiles: Sequence[FeedProfile]) -> Score:
    """The score of a run's feeds; profiles from headers only are passed over."""
    looked_at = [p for p in profiles if p.basis != "headers" and p.row_count]
    if not looked_at:
        return Score(value=None)
    parts = (
        _part("complete", 25, map(_complete, looked_at)),
        _part("valid", 30, map(_valid, looked_at)),
        _part("consistent", 20, map(_consistent, looked_at)),
        _part("unique", 15, map(_unique, looked_at)),
        _part("readable", 10, map(_readable, looked_at)),
    )
    value = sum(part.weight * part.value for part in parts) / sum(part.weight for part in parts)
    return Score(value=round(value, 1), parts=parts)


def delivery_score(files: Score, accounts: Sequence[FeedAccount]) -> Score:
    """The score of a delivery: that of its files, times the share of their rows it could use.

    Args:
        files: From `quality_score`.
        accounts: Where every row went.
    """
    ruled = [a for a in accounts if a.table is not None]
    if files.value is None or not ruled:
        return files.model_copy(update={"value": None, "formula": DELIVERY_FORMULA})
    received = sum(account.received for account in accounts)
    used = sum(account.delivered + sum(account.merged.values()) for account in ruled)
    share = used / received if received else 0.0
    return files.model_copy(
        update={
            "value": round(files.value * share, 1),
            "formula": DELIVERY_FORMULA,
            "used": round(100 * share, 2),
        }
    )


def _part(name: str, weight: int, counts: Iterable[tuple[int, int]]) -> ScorePart:
    pairs = list(counts)
    good, total = sum(g for g, _ in pairs), sum(t for _, t in pairs)
    value = round(100 * good / total, 2) if total else 100.0
    return ScorePart(name=name, weight=weight, value=value, good=good, total=total)


def _filled(profile: FeedProfile) -> int:
    missing = sum(c.null_count + c.null_like_count for c in profile.columns)
    return profile.row_count * len(profile.columns) - missing


def _complete(profile: FeedProfile) -> tuple[int, int]:
    """Cells that are right without a value count as those that have one."""
    used = [c for c in profile.columns if c.inferred_type != "empty"]
    right = sum(
        min(profile.accepted_rows(c.name, _NO_VALUE), c.null_count + c.null_like_count)
        for c in used
    )
    return _filled(profile) + right, profile.row_count * len(used)


def _valid(profile: FeedProfile) -> tuple[int, int]:
    good = total = 0
    for column in profile.columns:
        values = profile.row_count - column.null_count - column.null_like_count
        total += values
        right = profile.accepted_rows(column.name, _UNFIT)
        good += min(values, round(values * column.type_pct / 100) + right)
    return good, total


def _consistent(profile: FeedProfile) -> tuple[int, int]:
    """A column's worst issue counts, for two issues may be about the same rows."""
    total = _filled(profile)
    worst: dict[str, int] = {}
    for issue in profile.issues:
        if issue.issue_type in _INCONSISTENT and issue.severity != "info" and issue.column:
            worst[issue.column] = max(worst.get(issue.column, 0), issue.evidence_count)
    return max(0, total - sum(worst.values())), total


def _unique(profile: FeedProfile) -> tuple[int, int]:
    repeated = [i.evidence_count for i in profile.issues if i.issue_type in _REPEATED]
    return profile.row_count - max(repeated, default=0), profile.row_count


def _readable(profile: FeedProfile) -> tuple[int, int]:
    unread = sum(f.unparsed_rows for f in profile.file_metadata)
    return profile.row_count, profile.row_count + unread
