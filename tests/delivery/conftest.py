"""The scenario as a fixture: test modules import nothing from each other."""

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from consulting.layout import ClientFolder


def _load_scenario() -> Any:
    name = "delivery_scenario"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("scenario.py"))
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def scenario() -> Any:
    return _load_scenario()


@pytest.fixture(scope="session")
def warehouse_master(scenario: Any, tmp_path_factory: pytest.TempPathFactory) -> "ClientFolder":
    """The client's folder before any delivery; tests copy it."""
    return scenario.make_folder(tmp_path_factory.mktemp("master"))
