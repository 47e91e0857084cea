"""The scenario and its deliveries as fixtures: test modules import nothing from each other."""

import importlib.util
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from consulting.cleaning import open_tables, with_changes
from consulting.delivery import Delivery, DeliveryInputs, build_delivery
from consulting.layout import ClientFolder


@pytest.fixture(scope="session")
def scenario() -> ModuleType:
    name = "delivery_scenario"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("scenario.py"))
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def master(scenario: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> ClientFolder:
    """The client's folder before any delivery: to be copied, not written to."""
    folder: ClientFolder = scenario.make_folder(tmp_path_factory.mktemp("master"))
    return folder


@pytest.fixture
def folder(master: ClientFolder, tmp_path: Path) -> ClientFolder:
    """A client's folder of one's own."""
    shutil.copytree(master.path, tmp_path / "data" / master.client_id)
    return ClientFolder(tmp_path / "data", master.client_id)


@pytest.fixture(scope="session")
def inputs(scenario: ModuleType, master: ClientFolder) -> DeliveryInputs:
    with open_tables(master.warehouse) as tables:
        mappings = with_changes(tables, scenario.MAPPINGS)
    made: DeliveryInputs = scenario.make_inputs(
        profiles=scenario.profiles(master), mappings=mappings
    )
    return made


@pytest.fixture(scope="session")
def inputs_at(scenario: ModuleType, inputs: DeliveryInputs) -> Callable[[int], DeliveryInputs]:
    """The scenario's inputs at a tier."""

    def at(tier: int) -> DeliveryInputs:
        made: DeliveryInputs = scenario.at_tier(inputs, tier)
        return made

    return at


@pytest.fixture(scope="session")
def build_at(
    scenario: ModuleType,
    master: ClientFolder,
    inputs_at: Callable[[int], DeliveryInputs],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[int], Delivery]:
    """The scenario's delivery at a tier, built once for all tests that only read it."""
    built: dict[int, Delivery] = {}

    def build(tier: int) -> Delivery:
        if tier not in built:
            root = tmp_path_factory.mktemp(f"tier{tier}")
            shutil.copytree(master.path, root / master.client_id)
            folder = ClientFolder(root, master.client_id)
            built[tier] = build_delivery(inputs_at(tier), folder=folder, tables=scenario.TABLES)
        return built[tier]

    return build


@pytest.fixture(scope="session")
def delivery(build_at: Callable[[int], Delivery]) -> Delivery:
    """The scenario's delivery at tier 3."""
    return build_at(3)
