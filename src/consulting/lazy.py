"""Packages whose names are imported when they are first used.

Loading the definitions of a thousand clients needs what the rooms are called, not DuckDB, pyarrow,
SQLAlchemy or dbt; those are for runs. A package's `__getattr__` (PEP 562) makes the difference.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazy_exports(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package that exports names of its modules.

    Args:
        package: The package's `__name__`.
        modules: Exported name → the module below the package that has it.
    """

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{modules[name]}"), name)

    return get
