"""A client's files stop that client, and no other: not the code location, not `dg check defs`."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Project

GOOD = """\
type: consulting.components.EngagementComponent
attributes:
  client_name: Globex
  feeds:
    - {name: invoices, files: "invoices*.csv"}
"""
ENDLESS = (
    "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}"
    "{% endfor %}{% endfor %}{% endfor %}"
)
BOMB = "  owners: &o0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"  o{n}: &o{n} [{', '.join([f'*o{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
ENGAGEMENTS = {
    "endless_yaml": (GOOD.replace("Globex", f"'{ENDLESS}{{{{ 1 }}}}'"), "is not read here"),
    "shell": (
        GOOD.replace("Globex", "\"{{ lipsum.__globals__['os'].system('touch SHELL') }}\""),
        "defs.yaml:3:3: ",
    ),
    "foreign": (
        GOOD.replace("Globex", "'{{ env.GLOBEX_REGION }}'"),
        "`env.GLOBEX_REGION` is not one of this client's variables. They begin with FOREIGN_.",
    ),
    "own_secret": (
        GOOD.replace("Globex", "'{{ env.OWN_SECRET_TOKEN }}'"),
        "`env.OWN_SECRET_TOKEN` is not set where Dagster runs, belongs to another client, is not",
    ),
    "path": (GOOD.replace("Globex", "'{{ env.PATH }}'"), "`env.PATH` is not one of"),
    "called": (GOOD.replace("Globex", "\"{{ env('PATH') }}\""), "is not read here"),
    "bomb": (GOOD + BOMB, "its aliases unfold to more than 20,000 values"),
    "itself": (GOOD + "  owners: &a [*a]\n", "*a stands for what it is part of"),
    "deep": (GOOD + f"  owners: {'[' * 3000}{']' * 3000}\n", "nested more than 40 levels deep"),
    "twice": (
        GOOD + "  security_tier: 3\n  security_tier: 1\n",
        "defs.yaml:7:3: 'security_tier' is given twice (first in line 6)",
    ),
    "large": (GOOD + f"  # {'x' * 300_000}\n", "is larger than 256 kB"),
    "object": (
        GOOD + "  owners: !!python/object/apply:os.system [touch SHELL]\n",
        "defs.yaml:6:11 is not valid YAML: could not determine a constructor for the tag",
    ),
    "code": (
        GOOD.replace("attributes", "template_vars_module: .evil\nattributes"),
        "defs.yaml:2:1",
    ),
    "runs": (
        "type: dagster.PythonScriptComponent\nattributes: {execution: {name: x, path: x.py}}\n",
        "`type: dagster.PythonScriptComponent` is no engagement.",
    ),
    "consultancy": (GOOD, "'consultancy' is a name of what all clients share"),
}


def fifo(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(before)


PLACED: dict[str, tuple[Callable[[Path], None], str]] = {
    "a_pipe": (fifo, "defs.yaml is not a regular file"),
    "a_socket": (listening, "defs.yaml can not be opened"),
    "a_folder": (lambda path: path.mkdir(), "defs.yaml is not read"),
    "a_device": (lambda path: path.symlink_to("/dev/zero"), "defs.yaml is not a regular file"),
    "a_link": (lambda path: path.symlink_to("../globex/defs.yaml"), "defs.yaml is a link out of"),
    "nothing": (lambda path: path.with_name("x.py").write_text("1 / 0"), "x.py is not read"),
}  # fmt: skip
MODELS = {
    "endless_sql": ("a.sql", f"{ENDLESS} select 1 as x", "took more than 3 seconds"),
    "endless_header": (
        "a.yml",
        "models:\n- name: a\n  description: \"{{ modules.re.match('(a+)+b', 'a' * 60) }}\"\n",
        "took more than 3 seconds",
    ),
    "grows": ("a.sql", "{{ 'x' * 9999999999 }}", "grows: "),
    "bomb_below": (
        "a.yml",
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)),
        "a.yml:5:58: its aliases unfold to more than 20,000 values",
    ),
    "key_below": (
        "a.yml",
        "models:\n- name: a\n  name: b\n",
        "a.yml:3:3: 'name' is given twice (first in line 2)",
    ),
    "stage": ("cleaned.sql", "select 1 as x", "cleaned.sql has the name of a stage"),
    "spoken": ("a b\"'.sql", "select 1 as x", "a b\"'.sql can not be the name of a model"),
}

OWN_CHILDREN = {"CHILD_NURSERY": ""}
"""Their seconds are those of the process that started them."""
LOAD = """\
import json, os
import consulting.definitions as d
repository = d.defs().get_repository_def()
from dagster import AssetKey
graph = repository.asset_graph
print(json.dumps({
    "seconds": sum(os.times()[:4]),
    "jobs": sorted(j.name for j in repository.get_all_jobs() if j.name.endswith("_cleaning")),
    "told": {
        key.path[0]: graph.get(key).description
        for key in graph.get_all_asset_keys() if key.path[1] == "configuration"
    },
}))
"""


@pytest.fixture
def hostile(project: Project) -> Project:
    """A good client beside one of each kind of hostile one."""
    project.write("globex", GOOD)
    for client, (text, _) in ENGAGEMENTS.items():
        project.write(client, text)
    for client, (place, _) in PLACED.items():
        (project.clients / client).mkdir()
        place(project.clients / client / "defs.yaml")
    for client, (name, text, _) in MODELS.items():
        project.write(client, GOOD)
        folder = project.root / "dbt/models/clients" / client
        folder.mkdir(parents=True)
        (folder / "a.sql").write_text("select 1 as x")
        (folder / name).write_text(text)
    pipe = project.root / "dbt/models/clients/pipe_below"
    pipe.mkdir()
    os.mkfifo(pipe / "a.sql")
    project.write("pipe_below", GOOD)
    os.mkfifo(project.clients / "pipe.py")
    alerts = project.root / "dbt/models/clients/consultancy"
    alerts.mkdir()
    (alerts / "alerts.sql").write_text("select 1 as x")
    return project


@pytest.mark.slow
def test_each_hostile_client_is_broken_and_the_good_one_is_loaded(hostile: Project) -> None:
    environment = {
        **OWN_CHILDREN,
        "CONSULTING_PARSE_SECONDS": "3",
        "GLOBEX_REGION": "eu-central-1",
        "OWN_SECRET_TOKEN": "t0ken",
    }
    done = hostile.run("python", "-c", LOAD, **environment)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["jobs"] == ["globex_cleaning"]
    expected = (
        {client: told for client, (_, told) in ENGAGEMENTS.items()}
        | {client: told for client, (_, told) in PLACED.items()}
        | {client: told for client, (_, _, told) in MODELS.items()}
        | {"pipe_below": "a.sql is not a regular file"}
    )
    wrong = {
        client: found["told"].get(client, "it loads")
        for client, told in expected.items()
        if told not in found["told"].get(client, "")
    }
    assert not wrong
    assert found["told"].keys() == expected.keys()
    assert not list(hostile.root.rglob("SHELL"))
    assert "t0ken" not in done.stdout + done.stderr
    # what did not come back is remembered: the next process does not wait for it
    again = json.loads(hostile.run("python", "-c", LOAD, **environment).stdout.splitlines()[-1])
    assert again["told"] == found["told"]
    assert again["seconds"] < found["seconds"] - 2 * 3, "both endless ones were read again"


@pytest.mark.slow
def test_many_clients_that_do_not_end_share_one_budget_and_are_not_waited_for_again(
    project: Project,
) -> None:
    models = project.root / "dbt/models/clients"
    hostile = [f"a_{n}" for n in range(int(os.environ.get("HOSTILE_CLIENTS", "2")))]
    for client in (*hostile, "zz_good"):
        project.write(client, GOOD)
        (models / client).mkdir(parents=True)
        sql = "select 1 as x" if client == "zz_good" else f"{ENDLESS} select 1 as x"
        (models / client / "a.sql").write_text(sql)
    environment = OWN_CHILDREN | {"CONSULTING_PARSE_SECONDS": "60", "CONSULTING_LOAD_SECONDS": "6"}

    def load() -> Any:
        done = project.run("python", "-c", LOAD, **environment)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    first = load()
    assert first["jobs"] == ["zz_good_cleaning"]
    assert sorted(first["told"]) == sorted(hostile)
    for client, told in first["told"].items():
        assert "seconds that were left for it" in told
        assert f"`consulting check --models {client}` tries again at once" in told
    second = load()
    assert second["told"] == first["told"]
    spent = first["seconds"] - second["seconds"]
    assert spent < 6 + 6 * len(hostile) + 15, "beyond the budget"
    assert spent > 6, "they were read again"
    print(first, second)  # noqa: T201 - for who raises HOSTILE_CLIENTS
