"""What dbt works out at each command or model, though it stays the same or nobody asks for it.

It looks through all installed packages for plug-ins, and reads the source of every function that
led to the declaration of a flag, to name the module of the last one. Together that is a sixth of
a command that runs a few models. A quarter of a model without many rows are messages for a log that
there is not, and the names of all macros, looked up one by one.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import cache, cached_property
from typing import Any

from jinja2.utils import LRUCache

_MOST_CODES = 500


@cache
def remember_dbt() -> None:
    """Have dbt work it out once in this process; doing it again changes nothing."""
    import parsedatetime
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.macros import MacroNamespaceBuilder
    from dbt.context.manifest import ManifestContext
    from dbt.plugins.manager import PluginManager
    from dbt_common.behavior_flags import BehaviorFlagRendered
    from dbt_common.clients.jinja import MacroFuzzEnvironment
    from dbt_common.events.base_types import BaseEvent
    from dbt_common.events.event_manager import EventManager

    PluginManager.get_prefixed_modules = staticmethod(_plugins)  # type: ignore[method-assign]
    BehaviorFlagRendered._default_source = staticmethod(_calling_module)  # type: ignore[method-assign]  # noqa: SLF001
    EventManager.fire_event = _heard(EventManager.fire_event)  # type: ignore[method-assign]
    _put_off_messages(BaseEvent)
    MacroGenerator.__init__ = _be_macro  # type: ignore[method-assign]
    MacroNamespaceBuilder.build_namespace = _named_macros  # type: ignore[method-assign,assignment]
    ManifestContext.to_dict = _with_macros  # type: ignore[method-assign]
    MacroFuzzEnvironment.compile = _compiled_once(MacroFuzzEnvironment.compile)  # type: ignore[method-assign]
    # of each table that a query gives, for dates in words
    parsedatetime.Constants = cache(parsedatetime.Constants)


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


def _heard(fire: Any) -> Any:
    """How dbt tells of an event; one for debugging is put into words only where there is a log."""

    def tell(
        self: Any,
        e: Any,
        level: Any = None,
        node: Any = None,
        force_warn_or_error_handling: bool = False,  # noqa: FBT001, FBT002 - as dbt has it
    ) -> None:
        known = force_warn_or_error_handling or (level or e.level_tag()).value != "debug"
        if known or self.loggers:
            fire(self, e, level, node, force_warn_or_error_handling)

    return tell


def _put_off_messages(event: Any) -> None:
    """Have an event for debugging make its message when it is read."""
    from dbt_common.events.base_types import DebugLevel

    begin = event.__init__

    def keep(self: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(self, DebugLevel):
            self.__dict__["_given"] = args, kwargs
        else:
            begin(self, *args, **kwargs)

    def make(self: Any) -> Any:
        args, kwargs = self.__dict__["_given"]
        begin(self, *args, **kwargs)
        return self.__dict__["pb_msg"]

    event.__init__ = keep
    event.pb_msg = cached_property(make)
    event.pb_msg.__set_name__(event, "pb_msg")


def _be_macro(
    self: Any, macro: Any, context: Any = None, node: Any = None, stack: Any = None
) -> None:
    """What the constructors of a macro and of what it inherits from do: there are 600 a model."""
    self.context, self.macro, self.node, self.stack = context, macro, node, stack


def _named_macros(self: Any, by_package: dict[str, dict[str, Any]], context: Any) -> Any:
    """The macros that a model can call, in one pass over each package."""
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.macros import MacroNamespace

    made = {
        package: {
            name: MacroGenerator(macro, context, self.node, self.thread_ctx)
            for name, macro in macros.items()
        }
        for package, macros in by_package.items()
    }
    own = {p: macros for p, macros in made.items() if p not in self.internal_package_names}
    of_dbt: dict[str, Any] = {}
    for package in reversed(self.internal_package_names_order):  # the first wins
        of_dbt |= made.get(package, {})
    is_own = self.search_package == self.root_package
    return MacroNamespace(
        global_namespace={} if is_own else own.get(self.root_package, {}),
        local_namespace=own.get(self.search_package, {}),
        global_project_namespace=of_dbt,
        packages=own,
    )


def _compiled_once(compile_: Any) -> Any:
    """How dbt compiles a text as Jinja: all tests of one kind are the same text.

    What comes of a text depends on the kind of environment alone; dbt makes one for each text.
    """
    codes = LRUCache(_MOST_CODES)

    def compiled(self: Any, source: Any, *others: Any, **named: Any) -> Any:
        if not isinstance(source, str) or others or named:
            return compile_(self, source, *others, **named)
        code = codes.get((type(self), source))
        if code is None:
            code = codes[type(self), source] = compile_(self, source)
        return code

    return compiled


def _with_macros(self: Any) -> dict[str, Any]:
    """All that a model can name: the macros by packages, what is found first last."""
    from dbt.context.configured import ConfiguredContext
    from dbt.context.macro_resolver import TestMacroNamespace

    named: dict[str, Any] = ConfiguredContext.to_dict(self)
    macros = self.namespace
    parts = (
        (macros.local_namespace, macros.project_namespace)
        if isinstance(macros, TestMacroNamespace)
        else reversed([*macros._search_order()])  # noqa: SLF001
    )
    for part in parts:
        named |= part
    return named
