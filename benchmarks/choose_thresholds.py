"""Which thresholds find most errors and cry wolf least, by cross-validation over tables.

    python benchmarks/choose_thresholds.py --packages-in DIR [--every 2] [--only outlier_share]

Each threshold is changed alone, on the tables of "choose" (see `errors.py`), clean and with errors.
What a value is worth on a table is the F1 of its errors less ten times the share of the same clean
table that is pointed at. For each of five folds of tables (a table and what was made of it are in
one fold) the best value of the other four is taken; what it is worth on the fold is what choosing
so promises for tables nobody saw, beside the value that stands in `Thresholds` today.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parent))

import clean_tables
import errors
from injected import inject

from consulting.profiling import Thresholds

VALUES: dict[str, tuple[float, ...]] = {
    "law_error": (0.05, 0.1, 0.2),
    "outlier_share": (0.02, 0.05, 0.1),
    "case_purity": (0.98, 0.99, 0.995, 1.0),
    "misplaced_purity": (0.95, 0.85, 0.7),
    "missing_rare": (0.02, 0.05, 0.1),
    "sign_share": (0.01, 0.05, 0.1),
    "dependency_error": (0.05, 0.1, 0.2),
    "rare_share": (0.05, 0.15),
    "odd_share": (0.02, 0.05, 0.1, 0.2),
    "outlier_reach": (3.5, 4, 5),
    "lone_share": (0.01, 0.05),
    "typo_ratio": (3, 5, 8),
}
FOLDS = 5
CRIES = 10
"""How many times worse a false cell on a clean table is than a cell missed: nobody reads on."""
Worth = dict[str, float]


def worth(thresholds: Thresholds, every: int, packages: Path | None) -> Worth:
    """What some thresholds are worth on each table."""
    found: Worth = {}
    tables = clean_tables.tables(errors.default_folder(), packages)
    mine = [(n, t) for n, t in tables if clean_tables.part(n) == "choose"]
    for name, table in mine[::every]:
        clean = errors.look(name, table, {}, thresholds=thresholds)
        dirty, wrong = inject(table, random.Random(name))  # noqa: S311 - to be the same each time
        one = errors.look(name, dirty, wrong, thresholds=thresholds)
        f1 = errors.scores(one.warned(), set(wrong))[2]
        found[name] = f1 - CRIES * len(clean.warned()) / clean.cells
    return found


def fold(name: str) -> int:
    """The fold of a table."""
    return hashlib.sha256(name.partition("+")[0].encode()).digest()[1] % FOLDS


def choose(by_value: dict[float, Worth]) -> tuple[float, list[float]]:
    """What choosing promises, and the value that each fold would have."""
    promised, chosen = [], []
    for out in range(FOLDS):
        means: dict[float, float] = {}
        for value, found in by_value.items():
            means[value] = statistics.fmean(w for n, w in found.items() if fold(n) != out)
        best = max(means, key=lambda v: means[v])
        chosen.append(best)
        promised += [w for n, w in by_value[best].items() if fold(n) == out]
    return statistics.fmean(promised), chosen


def main() -> None:
    """Prints a line for each threshold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages-in", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", action="append", choices=sorted(VALUES))
    chosen = parser.parse_args()
    standing = Thresholds()
    today = worth(standing, chosen.every, chosen.packages_in)
    print(f"{len(today)} tables, today {statistics.fmean(today.values()):.4f}", flush=True)
    for name in chosen.only or VALUES:
        by_value: dict[float, Worth] = defaultdict(dict)
        for value in VALUES[name]:
            same = value == getattr(standing, name)
            other = standing.model_copy(update={name: value})
            by_value[value] = today if same else worth(other, chosen.every, chosen.packages_in)
        means = "  ".join(f"{v}: {statistics.fmean(w.values()):.4f}" for v, w in by_value.items())
        promised, folds = choose(by_value)
        print(f"{name:<18}{means}  | by folds {folds} promises {promised:.4f}", flush=True)


if __name__ == "__main__":
    main()
