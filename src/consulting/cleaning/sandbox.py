"""What a client's Jinja may call while dbt renders it: what models are written with, and no more.

dbt's own sandbox hides names that begin with `_`. What is left leads from a model to any file of
this process: tables that queries give write and read CSV (agate), nodes and manifests write
themselves where they are told to. So what may be called is listed, by where it comes from.
"""

from __future__ import annotations

import functools
import types
from typing import Any

_FROM = (
    "jinja2.runtime", "jinja2.utils", "jinja2.sandbox", "dbt.context.", "dbt.clients.jinja",
    "dbt_common.clients.jinja", "dbt.exceptions", "dbt_common.exceptions", "pytz",
    "dbt.adapters.base.", "dbt.adapters.sql.", "dbt.adapters.duckdb.impl",
    "dbt.adapters.duckdb.relation", "dbt.adapters.duckdb.column", "dbt.adapters.protocol",
    "dbt.adapters.contracts.relation", "dbt.adapters.relation_configs", "dbt.adapters.exceptions",
)  # fmt: skip
"""Where what a model calls is written: macros, dbt's functions, relations, columns, time zones."""
_PLAIN = frozenset(
    {"builtins", "collections", "datetime", "decimal", "itertools", "re", "zoneinfo", "_decimal"}
)
_NO_BUILTINS = frozenset(
    {"breakpoint", "compile", "eval", "exec", "input", "open", "print", "type", "__import__"}
)
_OF_TABLES = frozenset(
    """
    select exclude where find limit distinct order_by rename group_by join merge homogenize
    normalize denormalize pivot bins having get keys values items dict count index values_distinct
    values_sorted values_without_nulls values_without_nulls_sorted cast
    """.split()  # noqa: SIM905 - words
)
"""What agate's tables, columns and rows do that stays in memory."""
_NEVER = frozenset({"store_relation", "submit_python_job"})
_METHODS = (types.MethodDescriptorType, types.MethodWrapperType, types.WrapperDescriptorType)
_FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, type)


def confine_jinja() -> None:
    """Let dbt's Jinja call in this process only what is listed; doing it again changes nothing."""
    from dbt_common.clients.jinja import MacroFuzzEnvironment

    MacroFuzzEnvironment.is_safe_callable = _is_safe_callable  # type: ignore[method-assign,assignment]


def _is_safe_callable(_environment: Any, called: Any) -> bool:
    if getattr(called, "unsafe_callable", False):
        return False
    if isinstance(called, functools.partial):
        return _is_safe_callable(_environment, called.func)
    written = called if isinstance(called, _FUNCTIONS) else type(called)
    name = getattr(written, "__name__", "")
    where = getattr(written, "__module__", None) or type(getattr(called, "__self__", 0)).__module__
    if where.partition(".")[0] == "agate":
        return name in _OF_TABLES
    if where in _PLAIN or isinstance(called, _METHODS):
        return name not in _NO_BUILTINS
    return where.startswith(_FROM) and name not in _NEVER
