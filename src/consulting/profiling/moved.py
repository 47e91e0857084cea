"""Rows whose cells moved by one column: a mark too many or too few when the file was written.

A single cell that does not fit its column is a slip. Where two cells of a row do not, and both are
what the columns beside theirs hold, the row was shifted: then all its cells up to the end are
wrong, those too that happen to look right.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from consulting.profiling.columns import pct
from consulting.profiling.forms import read_form
from consulting.profiling.model import Issue
from consulting.profiling.odd import coarse_shape
from consulting.profiling.source import at_places
from consulting.rules.missing import is_null_like, trim
from consulting.sql import quoted
from consulting.wording import inflected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consulting.profiling.accepted import AcceptedFindings
    from consulting.profiling.drafting import Viewed
    from consulting.profiling.source import FeedSource
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView

_LEAST = 2
"""Cells of a row that must stand in their neighbour's place."""
_MOST_VALUES = 5_000
_FEW_FORMS = 4
_LIST = 100
_REPEATED = 3


def moved_cells(viewed: Viewed) -> list[Issue]:
    """Issues of cells that stand one column too far left or right, one for each column."""
    feed, source, views, thresholds, accepted = viewed
    fits = [_fitting(view, thresholds) for view in views]
    strange = [_strange(view, fit) for view, fit in zip(views, fits, strict=True)]
    counted = [(v.name, s) for v, s in zip(views, strange, strict=True) if s]
    if len(counted) < _LEAST:
        return []
    odd = " + ".join(
        f"coalesce({quoted(name)} IN (SELECT unnest(${n + 1})), false)::INTEGER"
        for n, (name, _) in enumerate(counted)
    )
    names = ", ".join(quoted(view.name) for view in views)
    rows = source.query(
        f"SELECT _file, _row, {names} FROM feed WHERE {odd} >= {_LEAST} "
        f"ORDER BY 1, 2 LIMIT {thresholds.listed_rows}",
        [list(values) for _, values in counted],
    )
    places: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for file, row, *found in rows:
        cells = [trim(cell or "") for cell in found]
        for step in (1, -1):
            for at in _run(cells, fits, step):
                places.setdefault((at, step), []).append((file, row))
    issues = (_issue(feed, source, views, at, where, accepted) for at, where in places.items())
    return [issue for issue in issues if issue.evidence_count]


def _fitting(view: ColumnView, limits: Thresholds) -> Callable[[str], bool]:
    """What the column holds: its type, one of its few values or forms, or at least words."""
    if view.type.name not in {"text", "empty"}:
        return lambda text: view.type.fits(text, read_form(text))
    enough = (1 - limits.rare_share) * view.filled
    listed = {trim(t) for t, n in view.values.items() if n >= _REPEATED}
    known = sum(n for t, n in view.values.items() if trim(t) in listed)
    if view.complete and len(listed) <= _LIST and known >= enough:
        return listed.__contains__
    forms: Counter[str] = Counter()
    for text, n in view.values.items() if view.complete else view.typical:
        forms[coarse_shape(trim(text))] += n
    least = limits.odd_share * forms.total()
    usual = {form for form, n in forms.most_common(_FEW_FORMS) if n > least}
    coded = usual and all(any(c.isdigit() for c in form) for form in usual)
    if coded and sum(forms[f] for f in usual) >= (1 - limits.rare_share) * forms.total():
        return lambda text: coarse_shape(text) in usual
    kinds = view.tally.kinds
    rare = {k for k in ("number", "date") if kinds[k] <= limits.odd_share * kinds.total()}
    return lambda text: read_form(text).kind not in rare


def _strange(view: ColumnView, fits: Callable[[str], bool]) -> set[str]:
    """The values, as written, that the column does not hold elsewhere."""
    found = {text for text in list(view.values)[: 2 * _MOST_VALUES] if not fits(trim(text))}
    return found if len(found) <= _MOST_VALUES else set()


def _run(cells: Sequence[str], fits: Sequence[Callable[[str], bool]], step: int) -> list[int]:
    """The places of the cells that moved by a step: from the first to where a cell is at home."""
    said = [bool(cell) and not is_null_like(cell) for cell in cells]

    def at_home(at: int) -> bool:
        return not said[at] or fits[at](cells[at])

    def fits_beside(at: int) -> bool:
        return not said[at] or fits[at - step](cells[at])

    inner = range(1, len(cells)) if step > 0 else range(len(cells) - 1)
    moved = [at for at in inner if not at_home(at) and fits_beside(at)]
    if len(moved) < _LEAST:
        return []
    first, last = moved[0], moved[-1]
    if not all(map(fits_beside, range(first, last))):
        return []
    while last + 1 in inner and fits_beside(last + 1):
        last += 1
    before = first
    while step > 0 and before > 1 and cells[before] and fits_beside(before - 1):
        before -= 1
    gap = step > 0 and not cells[before - 1]
    return [*range(before if gap or not cells[before] else first, last + 1)]


def _issue(  # noqa: PLR0913, PLR0917 - what it tells of
    feed: str,
    source: FeedSource,
    views: Sequence[ColumnView],
    at: tuple[int, int],
    places: Sequence[tuple[str, int]],
    accepted: AcceptedFindings,
) -> Issue:
    place, step = at
    column, beside = views[place].name, views[place - step].name
    where = at_places(places)

    def count(also: str) -> int:
        return int(source.one(f"SELECT count(*) FROM feed WHERE ({where}) AND {also}")[0])

    spared = accepted.spare(column, "moved_cells", count)
    rows = count(f"true{spared}")
    return Issue(
        feed=feed, column=column, columns=(column, beside),
        issue_type="moved_cells", severity="warn",
        detail=inflected(
            f"{{n}} [row holds|rows hold] here what belongs to “{beside}”: the cells of the "
            "[row|rows] moved by one column.", rows,
        ),
        evidence_count=rows, evidence_pct=pct(rows, source.rows),
        recommendation="Correct the export: a mark between two cells is written too often or too "
        "seldom there.",
        rows_where=f"({where}){spared}",
    )  # fmt: skip
