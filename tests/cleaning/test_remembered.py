"""What we remember for dbt is what the installed dbt works out itself."""

from __future__ import annotations

import importlib.util
from typing import Any

from dbt.plugins.manager import PluginManager
from dbt_common import behavior_flags

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
