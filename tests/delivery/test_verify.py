"""A rebuilt delivery equals the delivered one, or the difference is named in words."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from consulting.delivery import DeliveryInputs, build_delivery
from consulting.delivery.verify import verify
from consulting.errors import DeliveryError
from consulting.layout import ClientFolder

Rebuild = Callable[[DeliveryInputs], Callable[[Path], None]]


@pytest.fixture
def delivered(folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType) -> Path:
    return build_delivery(inputs, folder=folder, tables=scenario.TABLES).path


@pytest.fixture
def rebuild(folder: ClientFolder, scenario: ModuleType) -> Rebuild:
    """Rebuild the delivery of given inputs from a copy of the client's warehouse and run folder."""

    def rebuild_of(inputs: DeliveryInputs) -> Callable[[Path], None]:
        def make(target: Path) -> None:
            there = ClientFolder(target, folder.client_id)
            there.path.mkdir()
            shutil.copy(folder.warehouse, there.warehouse)
            shutil.copytree(folder.path / "runs", there.path / "runs")
            build_delivery(inputs, folder=there, tables=scenario.TABLES)

        return make

    return rebuild_of


def test_an_honest_rebuild_has_no_difference(
    delivered: Path, rebuild: Rebuild, inputs: DeliveryInputs
) -> None:
    assert verify(delivered, rebuild(inputs)) == []


def test_other_data_is_named_by_file_and_column_and_not_by_value(
    delivered: Path, rebuild: Rebuild, inputs: DeliveryInputs, folder: ClientFolder
) -> None:
    with duckdb.connect(str(folder.warehouse)) as connection:
        connection.execute("UPDATE marts.orders SET amount_eur = 0 WHERE _row_id < 3")
    found = {one.file: one.detail for one in verify(delivered, rebuild(inputs))}
    assert set(found) == {"manifest.json", "tables/orders.csv", "tables/orders.parquet"}
    assert found["tables/orders.parquet"].startswith("has other values in amount_eur")
    assert found["tables/orders.csv"] == "2 of 5,155 lines differ, the first is line 2."
    assert "files › tables/orders.csv › sha256" in found["manifest.json"]  # noqa: RUF001


def test_another_version_of_the_code_is_named(
    delivered: Path, rebuild: Rebuild, inputs: DeliveryInputs
) -> None:
    newer = inputs.model_copy(update={"versions": {**inputs.versions, "dbt": "1.11.17"}})
    found = {one.file: one for one in verify(delivered, rebuild(newer))}
    assert set(found) == {"manifest.json", "quality_report.html", "transform_log.csv"}
    cause = "was made with the library dbt 1.11.16, now 1.11.17. It differs in "
    assert found["manifest.json"].detail.startswith(cause)


CAUSES = {
    "code": "other code of the stage profiled. ",
    "dbt": "other cleaning rules. ",
    "config": "another configuration. ",
    "input": "other input files. ",
}


@pytest.mark.parametrize("part", CAUSES)
def test_what_changed_is_said_and_where_no_other_byte_did_the_manifest_alone_tells_of_it(
    delivered: Path, rebuild: Rebuild, inputs: DeliveryInputs, folder: ClientFolder, part: str
) -> None:
    one, *others = inputs.files
    changes = {
        "code": {"code_fingerprints": {**inputs.code_fingerprints, "profiled": "1"}},
        "dbt": {"dbt_fingerprint": "1"},
        "config": {"config": {"source": {"bucket": "another"}}},
        "input": {"files": (one.model_copy(update={"sha256": "0" * 64}), *others)},
    }
    inner = folder.run(inputs.delivery_id) / "manifest.inner.json"
    kept = inner.with_name("kept.json")
    kept.write_bytes(inner.read_bytes())
    found = verify(delivered, rebuild(inputs.model_copy(update=changes[part])), inner=kept)
    told = {one.file: one.detail for one in found}
    assert told["manifest.json"].startswith(f"was made with {CAUSES[part]}")
    assert (set(told) == {"manifest.json"}) == (part != "input")
    if part == "config":
        assert "config › source › bucket" in told["manifest.json"]  # noqa: RUF001


def test_a_file_altered_removed_or_added_after_the_delivery_is_named(
    delivered: Path, rebuild: Rebuild, inputs: DeliveryInputs
) -> None:
    with (delivered / "tables" / "orders.csv").open("a") as file:
        file.write("x\n")
    (delivered / "transform_log.csv").unlink()
    (delivered / "notes.txt").write_text("mine")
    found = {one.file: (one.kind, str(one)) for one in verify(delivered, rebuild(inputs))}
    assert found == {
        "notes.txt": (
            "unexpected",
            "notes.txt: is in the folder, but not in the manifest: it was added later.",
        ),
        "tables/orders.csv": (
            "altered",
            "tables/orders.csv: was altered after the delivery: its hash is not the manifest's.",
        ),
        "transform_log.csv": (
            "missing",
            "transform_log.csv: is in the manifest, but no longer in the folder.",
        ),
    }


def test_a_file_the_rebuild_no_longer_makes_is_named(
    delivered: Path, rebuild: Rebuild, inputs: DeliveryInputs
) -> None:
    def without_log(target: Path) -> None:
        rebuild(inputs)(target)
        next(target.rglob("transform_log.csv")).unlink()

    found = verify(delivered, without_log)
    assert [(one.file, one.kind) for one in found] == [("transform_log.csv", "missing")]


def test_a_folder_without_a_manifest_is_no_delivery(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="not a finished delivery"):
        verify(tmp_path, lambda _: None)


def test_a_rebuild_that_makes_nothing_is_an_error(delivered: Path) -> None:
    with pytest.raises(DeliveryError, match="nothing to compare"):
        verify(delivered, lambda _: None)
