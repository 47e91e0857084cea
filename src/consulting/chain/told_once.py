"""What all files of a feed show together, and each of them by itself, told once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from consulting.profiling import DriftFinding

_MIXED = frozenset({"decimal_mark_unclear", "null_jump", "part_of_period", "unit_changed"})
"""What all files may show for being others than last time, or of other sizes."""
_BY_CHANCE = frozenset({"distribution_shift", "null_jump"})
"""What chance brings in one of several files: a warning of one only where all show it."""
_SPREAD = "distribution_shift"
_SIZE = frozenset({"volume_collapse", "volume_surge"})
_SHAPE = frozenset(
    {
        "another_feed",
        "another_period",
        "both_names",
        "missing_column",
        "missing_file",
        "new_column",
        "renamed_column",
    }
)
"""What is no matter of the values in the files' columns."""
_AS_BEFORE = " Each of these files has it as the one that was called so before."


class Alone(NamedTuple):
    """One of the files by itself.

    Attributes:
        findings: What it shows.
        is_known: Whether it was held against the one of its name, or delivered before.
    """

    findings: Sequence[DriftFinding]
    is_known: bool


def told_once(
    together: Sequence[DriftFinding], alone: Sequence[Alone], *, by_itself: bool
) -> list[DriftFinding]:
    """What all files show, and of each alone what is not told so already.

    What stops all of them and no one that is held against its own past is a note. What lies in the
    files is held against their own past alone where it is one file, or what comes is as it comes:
    the last delivery was of others.

    Args:
        together: What all of them show against the last delivery.
        alone: What each shows.
        by_itself: Whether each delivery stands for itself, for the client has no periods.
    """
    known = bool(alone) and all(each.is_known for each in alone)
    of_others = known and (by_itself or len(alone) == 1)
    if of_others:
        size = () if by_itself else _SIZE
        together = [each for each in together if each.kind in {*_SHAPE, *size}]
    every = [*_of_each(together, alone, of_others=of_others, by_itself=by_itself)]
    clear = _columns_of(every)
    together = [each for each in together if each.kind != _SPREAD or each.column not in clear]
    changes = [*_of_all(together, alone, every)]
    told = {*map(_key, changes)}
    stops = {_key(change) for change in changes if change.severity == "block"}
    # what stops is told of one file, too, where of all it is a note
    more = (
        each for each in every if _key(each) not in (stops if each.severity == "block" else told)
    )
    return [*changes, *more]


def _of_each(
    together: Sequence[DriftFinding], alone: Sequence[Alone], *, of_others: bool, by_itself: bool
) -> Iterator[DriftFinding]:
    """What each shows, but for what chance brings in one of several."""
    found = [each for one in alone for each in one.findings]
    clear, shown = _columns_of(found), Counter(map(_key, found))
    warned = {_key(change) for change in together if change.severity == "warn"}
    if of_others:
        warned = {key for key, count in shown.items() if count == len(alone)}
    for each in found:
        if each.kind in _SIZE:
            if each.severity == "block" and shown[_key(each)] < len(alone):
                yield each.model_copy(update={"severity": "warn"})
            elif by_itself and shown[_key(each)] == len(alone):
                yield each
        elif (
            each.kind not in _BY_CHANCE
            or each.severity == "block"
            or (_key(each) in warned and (each.kind != _SPREAD or each.column not in clear))
        ):
            yield each


def _columns_of(found: Iterable[DriftFinding]) -> set[str | None]:
    """The columns of which something is told that is more than chance."""
    return {
        column
        for each in found
        if each.severity != "info" and each.kind not in _BY_CHANCE
        for column in (each.column, each.previous_column)
    }


def _of_all(
    together: Sequence[DriftFinding], alone: Sequence[Alone], every: Sequence[DriftFinding]
) -> Iterator[DriftFinding]:
    """What all show; what only some do is told of these, with a patch that there is."""
    known = bool(alone) and all(each.is_known for each in alone)
    for change in together:
        some = [each for each in every if _key(each) == _key(change)]
        grave = [each for each in some if each.severity == "block"]
        if change.severity != "info" and known and not some and change.kind in _MIXED:
            detail = f"{change.detail}{_AS_BEFORE}"
            yield change.model_copy(update={"severity": "info", "detail": detail})
        elif change.severity == "block":
            if len(grave) in {0, len(alone)}:
                yield change
            elif not all(each.patch for each in grave):
                yield change.model_copy(update={"detail": " ".join(c.detail for c in grave)})
        elif not grave and (change.kind not in _BY_CHANCE or len(some) in {0, len(alone)}):
            yield change


def _key(change: DriftFinding) -> tuple[str, str | None]:
    return change.kind, change.column
