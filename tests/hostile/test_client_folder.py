"""A client's own folder holds its models and tests; its type may be the project's; no more."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from consulting.templates import write_project

if TYPE_CHECKING:
    from warm_python import WarmPython

ROOT = Path(__file__).parents[2]
COMPONENTS = '''\
"""Components of this project."""
import dagster as dg
from consulting import Client, EngagementComponent


class Retainer(EngagementComponent):
    """An engagement that is billed to a cost centre."""

    cost_centre: str

    def build_delivered(self, client: Client) -> dg.AssetsDefinition:
        return super().build_delivered(client).map_asset_specs(
            lambda spec: spec.merge_attributes(metadata={"cost_centre": self.cost_centre})
        )


class Plain(dg.Component):
    """No engagement."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        return dg.Definitions()
'''
FEEDS = "  client_name: X\n  feeds: [{name: orders, files: 'orders*'}]\n"
PLAIN = f"type: consulting.components.EngagementComponent\nattributes:\n{FEEDS}"
RETAINER = f"type: acme_data.components.Retainer\nattributes:\n{FEEDS}"
YAML = """\
sources: [{name: raw, schema: raw, tables: [{name: orders, columns: [{name: id}]}]}]
models: [{name: orders, columns: [{name: id, meta: {from: id, rule: to_integer}}]}]
"""
ENGAGEMENTS = {
    "retainer": (RETAINER + "  cost_centre: CC-7\n", ""),
    "neighbour": (PLAIN, ""),
    "lacks": (RETAINER, "cost_centre"),
    "unheard": (PLAIN + "  cost_centre: CC-7\n", "'cost_centre' is not a field here"),
    "imports": (PLAIN.replace("consulting.components.Eng", "evil.Eng"), "is no engagement"),
    "elsewhere": (PLAIN.replace("consulting.components.E", "acme_data.evil.E"), "is no engagement"),
    "component": (PLAIN.replace("consulting.components.EngagementComponent",
        "acme_data.components.Plain"), "is no engagement"),
    "python": (PLAIN, "is a model in Python"),
    "linked": (PLAIN, "is not read"),
    "piped": (PLAIN, "is not a regular file"),
    "stage": (PLAIN, "has the name of a stage"),
    "macros": (PLAIN, "is not read"),
    "out": (PLAIN, "is a link out of"),
}  # fmt: skip
LOAD = """\
import json
from acme_data.definitions import defs
repository = defs().get_repository_def()
graph = repository.asset_graph
keys = graph.get_all_asset_keys()
print(json.dumps({
    "jobs": sorted(j.name for j in repository.get_all_jobs() if j.name.endswith("_cleaning")),
    "told": {k.path[0]: graph.get(k).description for k in keys if k.path[1] == "configuration"},
    "delivered": {
        k.path[0]: sorted(graph.get(k).metadata) for k in keys if k.path[1] == "delivered"
    },
    "checks": sorted(f"{k.asset_key.path[0]} {k.name}" for k in graph.asset_check_keys),
    "watched": sorted(k.path[1] for k in keys if k.path[0] == "consultancy"),
}))
"""


@pytest.mark.slow
def test_a_client_s_folder_is_its_own_and_no_other_s(
    tmp_path: Path, warm_python: WarmPython
) -> None:
    root = tmp_path / "acme-data"
    write_project(root)
    (root / "acme_data/components/__init__.py").write_text(COMPONENTS)
    touched = "import pathlib; pathlib.Path('TOUCHED').touch()\n"
    (root / "acme_data/evil.py").write_text(touched)
    (root / "evil.py").write_text(touched)
    clients = root / "acme_data/defs/clients"
    for client, (text, _) in ENGAGEMENTS.items():
        (clients / client / "models").mkdir(parents=True)
        (clients / client / "defs.yaml").write_text(text)
    for client in ("retainer", "neighbour"):
        (clients / client / "models/orders.yml").write_text(YAML)
        (clients / client / "models/orders.sql").write_text(
            "select * from {{ source('raw', 'orders') }}"
        )
        (clients / client / "tests").mkdir()
        test = clients / client / f"tests/own_of_{client}.sql"
        test.write_text("select * from {{ ref('orders') }} where id < 0")
    (root / "dbt/tests/clients/neighbour").mkdir(parents=True)
    old_place = root / "dbt/tests/clients/neighbour/old_place.sql"
    old_place.write_text("select * from {{ ref('orders') }} where id < 0")
    (clients / "python/models/m.py").write_text("def model(dbt, session): 1 / 0\n")
    (clients / "linked/models").rmdir()
    (clients / "linked/models").symlink_to("../retainer/models")
    os.mkfifo(clients / "piped/models/m.sql")
    (clients / "stage/models/cleaned.sql").write_text("select 1 as x")
    (clients / "macros/macros").mkdir()
    (clients / "out/models/m.sql").symlink_to(clients / "retainer/models/orders.sql")
    done = warm_python.start(
        "python", "-c", LOAD,
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}", "CONSULTING_DATA": str(root / "data")},
    ).wait()  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    broken = {client: told for client, (_, told) in ENGAGEMENTS.items() if told}
    wrong = {client: found["told"].get(client, "it loads") for client, told in broken.items()
             if told not in found["told"].get(client, "")}  # fmt: skip
    assert not wrong, json.dumps(wrong, indent=1)
    assert found["jobs"] == ["neighbour_cleaning", "retainer_cleaning"]
    assert "cost_centre" in found["delivered"]["retainer"]
    assert "cost_centre" not in found["delivered"]["neighbour"]
    own = [name for name in found["checks"] if "own_of" in name or "old_place" in name]
    assert own == ["neighbour old_place", "neighbour own_of_neighbour", "retainer own_of_retainer"]
    assert found["watched"] == ["alerts", "portfolio"]
    assert not list(root.rglob("TOUCHED"))
