"""What dbt works out at each command, though it stays the same while a process lives.

It looks through all installed packages for plug-ins, and reads the source of every function that
led to the declaration of a flag, to name the module of the last one. Together that is a sixth of
a command that runs a few models.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import cache
from typing import Any


def remember_dbt() -> None:
    """Have dbt work it out once in this process; doing it again changes nothing."""
    from dbt.plugins.manager import PluginManager
    from dbt_common.behavior_flags import BehaviorFlagRendered

    PluginManager.get_prefixed_modules = staticmethod(_plugins)  # type: ignore[method-assign]
    BehaviorFlagRendered._default_source = staticmethod(_calling_module)  # type: ignore[method-assign]  # noqa: SLF001


@cache
def _plugins() -> dict[str, Any]:
    """Dbt's plug-ins by name, found as dbt finds them."""
    from dbt.plugins.manager import PluginManager

    prefix = PluginManager.PLUGIN_MODULE_PREFIX
    names = [module.name for module in pkgutil.iter_modules() if module.name.startswith(prefix)]
    return {name: importlib.import_module(name) for name in names}


def _calling_module() -> str:
    """The name of the module that declares a flag, as dbt's own function gives it."""
    frame = sys._getframe()  # noqa: SLF001
    passed = {__name__, "dbt_common.behavior_flags"}
    while frame.f_back is not None and frame.f_globals["__name__"] in passed:
        frame = frame.f_back
    return str(frame.f_globals["__name__"])
