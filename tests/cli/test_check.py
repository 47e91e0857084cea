"""`consulting check`: each client's mistakes with their places, and every client is looked at."""

from __future__ import annotations

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
MODELS = """\
sources:
- name: raw
  tables:
  - name: invoces
models:
- name: totals
  columns:
  - name: total
  - name: totl
  - name: total
- name: invoices
  columns:
  - name: invoice_id
    meta: {from: ID, pattern: "[0-9"}
"""


@pytest.mark.slow
def test_every_client_is_checked_and_each_mistake_has_its_place(project: Project) -> None:
    for client in ("acme", "tidy", "hooli"):
        project.write(client, GOOD.replace("Globex", client))
    project.write("first", GOOD + "  sample_rows: many\n")
    project.write("last", GOOD + "  shedule: {cron: '0 6 * * 1'}\n")
    for client, folder in (("one", "/drop/x"), ("other", "/drop/x/y")):
        project.write(client, GOOD + f"  source: {{type: local, folder: {folder}}}\n")
    project.write("both", GOOD + '    - {name: totals, files: "*_2024.csv"}\n')
    project.write("twin", GOOD)
    models = project.root / "dbt/models/clients/acme"
    models.mkdir()
    (models / "all.yml").write_text(MODELS.partition("- name: invoices")[0])
    (models / "totals.sql").write_text(
        "select 1 as id, sum(x) as total from {{ source('raw', 'invoces') }}"
    )
    (models / "broken.sql").write_text("select 1 as id,\nfrom (select 2 as x")
    patterns = project.root / "dbt/models/clients/hooli"
    patterns.mkdir()
    (patterns / "all.yml").write_text(
        "models:\n- name: invoices" + MODELS.rpartition("invoices")[2]
    )
    (patterns / "invoices.sql").write_text("select 'x' as invoice_id")
    done = project.run("consulting", "check", "--models")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    where = project.clients

    def said(start: str) -> str:
        (line,) = [line for line in lines if line.startswith(start)]
        return line

    assert f"first: {where}/first/defs.yaml:6:3: sample_rows is a whole number" in done.stderr
    assert f"last: {where}/last/defs.yaml:6:3: 'shedule' is not a field here." in done.stderr
    for client in ("one", "other"):
        assert "lie inside one another" in said(f"{client}: its source, /drop/x")
    below = "acme: dbt/models/clients/acme"
    source = said(f"{below}/all.yml, line 4, invoces: models of 'invoces', which is no feed")
    assert "Did you mean 'invoices'?" in source
    column = said(f"{below}/all.yml, line 9, totals.totl: ")
    assert "totals.sql does not make this column. Did you mean 'total'? It makes: id" in column
    twice = said(f"{below}/all.yml, line 8, totals.total: the column is declared twice, and only")
    assert twice.endswith("the last counts. Give each a name of its own.")
    assert "is not SQL: " in said(f"{below}/broken.sql:2:")
    assert (
        "hooli: dbt/models/clients/hooli/all.yml, line 4, invoices.invoice_id: `pattern` is "
        in (done.stderr)
    )
    doubt = said(f"warning: both: {where}/both/defs.yaml:6:")
    assert "both fit some names, for example 'invoices_2024.csv'. 'invoices' stands first" in doubt
    twins = said("warning: both, twin: all are called 'Globex'")
    assert twins.endswith(", so portfolio and alerts do not tell them apart")
    assert "tidy" not in done.stderr
    one = project.run("consulting", "check", "tidy")
    assert (one.returncode, one.stdout) == (0, "1 of 1 clients: nothing is wrong.\n"), one.stderr
