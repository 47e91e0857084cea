"""No byte of a delivery depends on the machine: time zone, locale, cores or hash seed."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from parsed_once import take_macros

from consulting.cleaning import write_feed_models

from .conftest import CLIENTS, DBT, World

ROOT = Path(__file__).parents[2]
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
MACHINES = (
    {"TZ": "America/New_York", "PYTHONHASHSEED": "1", "cores": "1", **ASCII},
    {"TZ": "Asia/Kolkata", "PYTHONHASHSEED": "2", "cores": "7", "LC_ALL": "C.UTF-8"},
)
"""This process is the third, with the time zone and locale of whoever runs the tests."""
MOMENTS = [
    {"name": "id", "from": "Id"},
    {
        "name": "at",
        "from": "At",
        "rule": "to_timestamp",
        "formats": ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M"],
    },
]


def test_a_delivery_is_the_same_in_three_time_zones_two_locales_and_on_any_cores(
    tmp_path: Path,
) -> None:
    dbt_dir = tmp_path / "dbt"
    shutil.copytree(DBT, dbt_dir, ignore=shutil.ignore_patterns("target", "globex", "initech"))
    take_macros(dbt_dir)
    write_feed_models(dbt_dir, "acme_corp", "moments", MOMENTS)
    feeds = yaml.safe_load((CLIENTS / "acme_corp/defs.yaml").read_text())["attributes"]["feeds"]
    feeds = [*feeds, {"name": "moments", "files": "moments*.csv"}]
    world = World(tmp_path / "data", dbt_dir=dbt_dir, feeds=feeds)
    world.drop_demo()
    world.drop(
        "moments.csv",
        "Id;At\n1;2024-03-02T01:30:01+01:00\n2;2024-03-02T01:30:01Z\n3;2024-11-03T01:30:00-0500\n"
        "4;2024-03-31 02:30\n5;2024-03-02T01:30:01Z\n",
    )
    delivery = world.run()
    with (delivery.path / "tables/moments.csv").open(encoding="utf-8-sig") as file:
        assert [row["at"].removesuffix("+00") for row in csv.DictReader(file)] == [
            "2024-03-02 00:30:01",
            "2024-03-02 01:30:01",
            "2024-11-03 06:30:00",
            "2024-03-31 02:30:00",
            "2024-03-02 01:30:01",
        ]
    told = [rebuilt_on(machine, world, feeds) for machine in MACHINES]
    assert [one.communicate()[0] for one in told] == ["", ""]
    assert [one.returncode for one in told] == [0, 0]


def rebuilt_on(machine: dict[str, str], world: World, feeds: object) -> subprocess.Popen[str]:
    """The only delivery of a client rebuilt by another process; it prints what differs."""
    variables = {name: value for name, value in machine.items() if name != "cores"}
    return subprocess.Popen(
        [sys.executable, Path(__file__).with_name("everywhere.py"), world.root, world.dbt_dir,
         *world.deliveries(), json.dumps(feeds), machine["cores"]],
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
