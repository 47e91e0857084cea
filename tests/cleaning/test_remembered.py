"""What we remember for dbt is what the installed dbt works out itself."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from dbt.clients.jinja import MacroStack
from dbt.context import macros, manifest
from dbt.plugins.manager import PluginManager
from dbt_common import behavior_flags
from dbt_common.clients import jinja
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.types import Note, SystemCouldNotWrite
from dbt_common.exceptions import CompilationError, EventCompilationError

from consulting.cleaning.remembered import remember_dbt


def as_installed(name: str) -> Any:
    """A module anew, with none of what this process changed in it."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def declaring(flags: Any) -> str:
    declared = flags.Behavior([{"name": "a", "default": False, "docs_url": "b"}], {})
    return str(declared.a._behavior_change_event.flag_source)


def test_a_flag_is_of_the_module_that_declares_it() -> None:
    remember_dbt()
    installed = as_installed("dbt_common.behavior_flags")
    assert [declaring(installed), declaring(behavior_flags)] == [__name__, __name__]


def test_the_plug_ins_are_those_that_dbt_finds() -> None:
    remember_dbt()
    found = as_installed("dbt.plugins.manager").PluginManager.get_prefixed_modules()
    assert "dbt_common" in found
    assert PluginManager.get_prefixed_modules() == found
    assert PluginManager.get_prefixed_modules() is PluginManager.get_prefixed_modules()


def told_of(event: Any, *, log: bool = False, **how: Any) -> list[tuple[str, str]]:
    """What dbt tells whoever listens, by a manager as `remember_dbt` leaves it."""
    heard: list[tuple[str, str]] = []

    class Log:
        def filter(self, _message: Any) -> bool:
            return True

        def write_line(self, message: Any) -> None:
            heard.append(("log", message.info.msg))

    remember_dbt()
    manager = EventManager()
    manager.add_callback(lambda message: heard.append((message.info.name, message.info.msg)))
    manager.loggers = [Log()] if log else []  # type: ignore[list-item]
    manager.fire_event(event, **how)
    return heard


def test_what_is_for_debugging_alone_is_told_where_there_is_a_log() -> None:
    failed = {"path": "a.sql", "reason": "b", "exc": "c"}
    assert SystemCouldNotWrite(**failed).path == "a.sql"
    assert told_of(SystemCouldNotWrite(**failed)) == []
    words = SystemCouldNotWrite(**failed).message()
    assert told_of(SystemCouldNotWrite(**failed), log=True) == [
        ("log", words),
        ("SystemCouldNotWrite", words),
    ]
    assert "a.sql" in words


def test_all_else_is_told_as_ever() -> None:
    assert told_of(Note(msg="a")) == [("Note", "a")]
    assert told_of(SystemCouldNotWrite(path="a"), level=EventLevel.WARN)[0][0] == (
        "SystemCouldNotWrite"
    )
    manager = EventManager()
    manager.warn_error = True
    with pytest.raises(EventCompilationError):
        manager.fire_event(SystemCouldNotWrite(path="a"), force_warn_or_error_handling=True)


@pytest.mark.parametrize("of", ["mine", "packaged", "dbt"])
def test_a_model_finds_the_macros_that_dbt_finds(of: str) -> None:
    remember_dbt()
    named = {
        "mine": ("a", "b", "dbt_is_mine"),
        "packaged": ("a", "c"),
        "dbt": ("a", "b", "d", "run_query"),
        "dbt_duckdb": ("d", "run_query"),
    }
    by_package = {
        package: {name: Macro(package, name) for name in names} for package, names in named.items()
    }

    def found_by(module: Any) -> dict[str, Any]:
        stack, node = MacroStack(), object()
        builder = module.MacroNamespaceBuilder("mine", of, stack, ["dbt_duckdb", "dbt"], node)
        made = builder.build_namespace(by_package, {"x": 1})
        found = {name: made[name] for name in made}
        for name in ("mine", "packaged", "dbt"):
            found |= {f"{name}.{macro}": m for macro, m in found.pop(name).items()}
        assert all(m.stack is stack for m in found.values())
        assert all(m.node is node for m in found.values())
        assert all(m.context == {"x": 1} for m in found.values())
        return {name: m.macro for name, m in found.items()}

    installed = found_by(as_installed("dbt.context.macros"))
    assert found_by(macros) == installed
    assert installed["d"] == Macro("dbt_duckdb", "d")


def test_what_a_model_names_is_what_is_nearest() -> None:
    remember_dbt()

    def named(module: Any) -> dict[str, Any]:
        context = object.__new__(module.ManifestContext)
        vars(context).update(
            _ctx={},
            cli_vars={},
            require_vars=False,
            config=SimpleNamespace(project_name="p"),
            target_dict={},
            macro_stack=None,
        )
        context.namespace = macros.MacroNamespace({"a": 1}, {"a": 2, "b": 3}, {"c": 4}, {"p": {}})
        found = module.ManifestContext.to_dict(context)
        return {name: found[name] for name in ("a", "b", "c", "p", "dbt")}

    expected = {"a": 2, "b": 3, "c": 4, "p": {}, "dbt": {"c": 4}}
    assert named(manifest) == named(as_installed("dbt.context.manifest")) == expected


@pytest.mark.parametrize("text", ["{{ 1 + a }}", "{% do b %}{{ a | as_native }}", "{{ '1' }}"])
def test_a_text_is_rendered_as_its_environment_renders_it(text: str) -> None:
    remember_dbt()
    installed = as_installed("dbt_common.clients.jinja")

    def rendered(module: Any, *, native: bool) -> list[Any]:
        return [module.get_template(text, {"a": a}, native=native).render({"a": a}) for a in (1, 2)]

    for _ in range(2):
        for native in (True, False):
            assert rendered(jinja, native=native) == rendered(installed, native=native)
    with pytest.raises(CompilationError):
        jinja.get_template("{% if %}", {})


class Macro(NamedTuple):
    package_name: str
    name: str
