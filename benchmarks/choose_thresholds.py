"""Up to which share of a column a finding is an exception, and a warning: by cross-validation.

    python benchmarks/choose_thresholds.py --packages-in DIR [--every 2]

Each table of "choose" (see `errors.py`) is profiled once, clean and with errors, by thresholds so
loose that all that may be told is. Then the shares are chosen from what was found: what a choice is
worth on a table is the F1 of its errors less ten times the share of the same clean table that is
pointed at. For each of five folds of tables (a table and what was made of it are in one fold) the
best share of the other four is taken; what it is worth on the fold is what choosing so promises for
tables nobody saw, beside what the share that stands in `Thresholds` is worth there.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parent))

import clean_tables
import errors
from injected import inject

from consulting.profiling import Thresholds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHARES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 1.0)
THRESHOLD_OF = {
    "missing_values": "missing_rare", "outliers": "outlier_share", "broken_law": "law_error",
    "broken_dependency": "dependency_error", "unusual_combination": "dependency_error",
    "odd_shapes": "odd_share", "lone_values": "lone_share", "untrimmed_values": "other_share",
    "imputed_values": "habit_share", "null_like_values": "", "placeholder_values": "habit_share",
    "escape_residue": "other_share", "out_of_order": "order_error",
}  # fmt: skip
LOOSE = Thresholds(
    missing_rare=1.0, outlier_share=0.2, sign_share=0.2, law_error=0.2, dependency_error=0.2,
    misplaced_purity=0.0, odd_share=0.1, lone_share=0.05, habit_share=0.4, other_share=1.0,
    order_error=0.3,
)  # fmt: skip
FOLDS = 5
CRIES = 10
"""How many times worse a false cell on a clean table is than a cell missed: nobody reads on."""


class Found(NamedTuple):
    """What was found in one table: for each cell its issues, by type and share of the rows."""

    name: str
    wrong: frozenset[errors.Cell]
    dirty: dict[errors.Cell, list[tuple[str, float]]]
    clean: dict[errors.Cell, list[tuple[str, float]]]
    cells: int

    def worth(self, most: Mapping[str, float]) -> float:
        """What it is worth to warn up to some shares by type."""
        told = _told(self.dirty, most)
        return errors.scores(told, set(self.wrong))[2] - CRIES * len(_told(self.clean, most)) / max(
            1, self.cells
        )

    @property
    def fold(self) -> int:
        """The same for a table and what was made of it."""
        return hashlib.sha256(self.name.partition("+")[0].encode()).digest()[1] % FOLDS


def _told(
    found: Mapping[errors.Cell, list[tuple[str, float]]], most: Mapping[str, float]
) -> set[errors.Cell]:
    return {
        cell
        for cell, issues in found.items()
        if any(share <= most.get(code, 1.0) for code, share in issues)
    }


def look(every: int, packages: Path | None) -> Iterator[Found]:
    """Everything that may be told of the tables."""
    tables = clean_tables.tables(errors.default_folder(), packages)
    mine = [(n, t) for n, t in tables if clean_tables.part(n) == "choose"]
    for name, table in mine[::every]:
        dirty, wrong = inject(table, random.Random(name))  # noqa: S311 - to be the same each time
        both = [errors.look(name, t, {}, thresholds=LOOSE) for t in (dirty, table)]
        cells = [
            {
                cell: [(i.issue_type, i.evidence_pct / 100) for i in issues if i.severity != "info"]
                for cell, issues in one.found.items()
            }
            for one in both
        ]
        yield Found(name, frozenset(wrong), *cells, both[1].cells)


def mean(tables: list[Found], most: Mapping[str, float]) -> float:
    """What some shares are worth on some tables."""
    return statistics.fmean(one.worth(most) for one in tables)


def best(tables: list[Found], code: str, most: Mapping[str, float]) -> float:
    """The share that is worth most for a type, the others as they are."""
    return max(SHARES, key=lambda share: mean(tables, {**most, code: share}))


def main() -> None:
    """Prints a line for each issue type."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages-in", type=Path)
    parser.add_argument("--every", type=int, default=1)
    chosen = parser.parse_args()
    tables = list(look(chosen.every, chosen.packages_in))
    standing = Thresholds()
    most = {c: getattr(standing, name, 1.0) for c, name in THRESHOLD_OF.items()}
    print(f"{len(tables)} tables, as it stands {mean(tables, most):.4f}")
    for code in THRESHOLD_OF:
        by_share = "  ".join(f"{s:g}: {mean(tables, {**most, code: s}):.4f}" for s in SHARES)
        folds, promised, now = [], [], []
        for out in range(FOLDS):
            rest = [one for one in tables if one.fold != out]
            folds.append(best(rest, code, most))
            held = [one for one in tables if one.fold == out]
            promised += [one.worth({**most, code: folds[-1]}) for one in held]
            now += [one.worth(most) for one in held]
        print(f"{code:<22}{by_share}")
        print(
            f"{'':<22}folds choose {folds}, which promises {statistics.fmean(promised):.4f}; "
            f"{most[code]:g} stands: {statistics.fmean(now):.4f}"
        )


if __name__ == "__main__":
    main()
