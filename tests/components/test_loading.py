"""One client's mistake is told with its place, and never stops another's."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

GOOD = """\
type: consulting.components.EngagementComponent
attributes:
  client_name: Globex
  feeds:
    - {name: invoices, files: "invoices*.csv"}
"""

BROKEN = {
    "a typo": (
        GOOD + "  shedule: {cron: '0 6 * * 1'}\n",
        ":6:3: 'shedule' is not a field here. Did you mean 'schedule'?",
    ),
    "a wrong type": (
        GOOD + "  sample_rows: many\n",
        ":6:3: sample_rows is a whole number, such as 5, not 'many'.",
    ),
    "an invalid cron": (
        GOOD + "  schedule:\n    cron: 0 25 * * 1\n",
        ":7:5: '0 25 * * 1' is not a cron schedule (Bad hour).",
    ),
    "an unknown time zone": (
        GOOD + "  schedule: {cron: '0 6 * * 1', timezone: Europe/Berln}\n",
        ":6:33: 'Europe/Berln' is not a timezone. Did you mean Europe/Berlin?",
    ),
    "an unknown source": (
        GOOD + "  source: {type: ftp}\n",
        ":6:3: type 'ftp' is not known. Did you mean 'sftp'? Allowed types: 'local', 's3', 'sftp'.",
    ),
    "two engagements in one file": (
        GOOD + "---\n" + GOOD,
        "two engagements have the id 'globex'.",
    ),
    "no YAML": (GOOD + "  owners: [\n", "is not valid YAML"),
    "an empty file": (
        "# later\n",
        (
            "it is empty. Write `type: consulting.components.EngagementComponent` and, below "
            "`attributes:`, its fields (`consulting fields` lists them); or remove the folder."
        ),
    ),
    "a typo above all": (
        GOOD.replace("attributes:", "atributes:"),
        (
            ":2:1: 'atributes' is not read in a client's defs.yaml, which holds `type` and "
            "`attributes`. Did you mean 'attributes'?"
        ),
    ),
    "a tab": (GOOD + "\towners: []\n", "start any token. It is a tab: use blanks"),
    "a channel without quotes": (
        GOOD + "  alerts: {channel: #acme}\n  sla: weekly\n",
        "The # in line 6 begins a comment: write a text with one in quotes",
    ),
    "a backslash in double quotes": (
        GOOD + '  partitions: {every: month, start: 2026-01, period_from: "(\\d)"}\n',
        ". A backslash stands for itself in single quotes only: write the text in those",
    ),
    "another component": (
        "type: consulting.components.Engagement\n",
        ":1:1: `type: consulting.components.Engagement` is no engagement.",
    ),
}


@pytest.fixture
def checked(project: Project) -> dict[str, str]:
    """What `dg check defs` says of a project with each of the mistakes, client by client."""
    project.write("initech", GOOD.replace("Globex", "Initech"))
    for number, (text, _) in enumerate(BROKEN.values()):
        project.write(f"broken_{number}", text)
    project.write("Globex_EU", GOOD)
    done = project.run("dg", "check", "defs", "--no-check-yaml")
    assert done.returncode == 1
    return {"said": done.stdout + done.stderr, "root": str(project.clients)}


JOBS = (
    "import consulting.definitions as d\n"
    "repository = d.defs().get_repository_def()\n"
    "print(sorted(j.name for j in repository.get_all_jobs() if j.name.endswith('_cleaning')))\n"
)


def test_check_defs_names_client_file_line_value_and_what_is_allowed_of_every_mistake(
    checked: dict[str, str],
) -> None:
    said = checked["said"]
    for number, (mistake, (_, message)) in enumerate(BROKEN.items()):
        client = f"broken_{number}"
        lines = [line for line in said.splitlines() if f"{client}: " in line]
        assert lines, f"{mistake}: nothing is said of {client} in\n{said}"
        assert f"{checked['root']}/{client}/defs.yaml" in lines[0], mistake
        assert message.replace("'globex'", repr(client)) in "\n".join(lines), mistake
    assert "'Globex_EU' can not be a client's id. Rename its folder" in said
    assert "initech" not in said.replace("defs/clients/initech", ""), "nothing is wrong with it"
    assert "Traceback" not in said


def test_a_broken_client_stands_in_the_ui_with_its_mistake_and_all_others_load(
    project: Project,
) -> None:
    project.write("initech", GOOD)
    project.write("globex", BROKEN["a typo"][0])
    script = (
        "import consulting.definitions as d\n"
        "repo = d.defs().get_repository_def()\n"
        "print('JOBS', sorted(job.name for job in repo.get_all_jobs()))\n"
        "print('SENSORS', sorted(s.name for s in repo.sensor_defs))\n"
        "spec = repo.asset_graph.get(__import__('dagster').AssetKey(['globex', 'configuration']))\n"
        "print('TOLD', spec.description)\n"
    )
    done = project.run("python", "-c", script)
    assert done.returncode == 0, done.stderr
    assert "'initech_cleaning'" in done.stdout
    assert "'globex_cleaning'" not in done.stdout
    assert "'globex_configuration_error'" in done.stdout
    assert "'initech_files'" in done.stdout
    assert "Did you mean 'schedule'?" in done.stdout
    assert "globex is not loaded, all other clients are." in done.stderr


@pytest.mark.parametrize(
    ("wanted", "jobs"),
    [
        ({"CONSULTING_CLIENTS": "globex, initech"}, ["globex_cleaning", "initech_cleaning"]),
        # as the run's container is started: a run costs its own client, whatever the number of all
        ({"DAGSTER_RUN_JOB_NAME": "initech_cleaning"}, ["initech_cleaning"]),
        # as the launcher starts a backfill's run: what its assets need
        ({"CONSULTING_RUN_CLIENTS": "globex,hooli"}, ["globex_cleaning", "hooli_cleaning"]),
        # the portfolio looks at all clients
        (
            {"CONSULTING_RUN_CLIENTS": "consultancy,globex"},
            ["globex_cleaning", "hooli_cleaning", "initech_cleaning"],
        ),
    ],
)
def test_only_the_clients_that_the_environment_names_are_loaded(
    project: Project, wanted: dict[str, str], jobs: list[str]
) -> None:
    for client in ("initech", "globex", "hooli"):
        project.write(client, GOOD)
    done = project.run("python", "-c", JOBS, **wanted)
    assert done.returncode == 0, done.stderr
    assert str(jobs) in done.stdout


def test_a_client_that_the_environment_names_and_nobody_knows_is_refused(project: Project) -> None:
    project.write("initech", GOOD)
    done = project.run("python", "-c", JOBS, CONSULTING_CLIENTS="initec")
    assert "CONSULTING_CLIENTS names 'initec', which is no client." in done.stderr
    assert "Did you mean 'initech'?" in done.stderr


def test_the_definitions_are_loaded_once_in_a_process_however_often_dagster_asks(
    project: Project,
) -> None:
    project.write("initech", GOOD)
    done = project.run(
        "python", "-c", "from consulting.definitions import defs as d; assert d() is d()"
    )
    assert done.returncode == 0, done.stderr


def test_a_process_that_loaded_the_project_and_dbt_ends_without_a_word_of_leaks(
    project: Project,
) -> None:
    project.write("initech", GOOD)
    script = (
        "import consulting.definitions as d; d.defs(); import dbt.adapters.duckdb; import duckdb"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project.root,
        env=project.environment({}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "nanobind" not in done.stdout + done.stderr
