"""Each value in force is told with the line that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from consulting.config.explained import Setting, project_settings, settings_of
from consulting.config.reading import read_engagement
from consulting.project import Project

if TYPE_CHECKING:
    from pathlib import Path

OWN = """\
type: consulting.components.EngagementComponent
attributes:
  client_name: Acme
  source: {type: s3, bucket: "{{ env.ACME_BUCKET }}", prefix: in/}
  feeds:
    - name: orders
      files: "orders*.csv"
      max_rows: 5
  sla: weekly
  alerts: {deliveries: true}
"""
INHERITED = """\
owners: ["team:data"]
alerts: {channel: "#all", deliveries: false}
intake:
  settle_seconds: 90
"""


@pytest.fixture
def told(tmp_path: Path) -> dict[str, Setting]:
    folder = tmp_path / "clients" / "acme"
    folder.mkdir(parents=True)
    (folder / "defs.yaml").write_text(OWN)
    (folder.parent / "defaults.yaml").write_text(INHERITED)
    config = read_engagement(folder, {"ACME_BUCKET": "uploads"}).config
    return {each.field: each for each in settings_of(folder, config)}


def test_own_inherited_and_default_values_are_told_apart(told: dict[str, Setting]) -> None:
    def of(field: str) -> tuple[object, str, str | None]:
        found = told[field]
        return found.value, found.source, found.where and found.where.rpartition("/")[2]

    assert of("client_name") == ("Acme", "own", "defs.yaml:3:3")
    assert of("feeds.orders.files") == ("orders*.csv", "own", "defs.yaml:7:7")
    assert of("feeds.orders.max_rows") == (5, "own", "defs.yaml:8:7")
    assert of("alerts.deliveries") == (True, "own", "defs.yaml:10:12")
    assert of("alerts.channel") == ("#all", "inherited", "defaults.yaml:2:10")
    assert of("owners") == (["team:data"], "inherited", "defaults.yaml:1:1")
    assert of("intake.settle_seconds") == (90, "inherited", "defaults.yaml:4:3")
    assert of("security_tier") == (2, "default", None)
    assert of("limits.max_rows")[1] == "default"


def test_a_template_and_a_word_for_several_values_are_told_beside_what_they_come_to(
    told: dict[str, Setting],
) -> None:
    bucket, due = told["source.bucket"], told["sla.due"]
    assert (bucket.value, bucket.written) == ("uploads", "{{ env.ACME_BUCKET }}")
    assert (due.value, due.source, due.written) == ("0 0 * * 1", "own", "weekly")
    assert told["sla.fail_after"].value == "7d"
    assert told["client_name"].written is None


def test_a_feed_s_limits_are_the_engagement_s_where_it_has_none(told: dict[str, Setting]) -> None:
    assert "feeds.orders.max_columns" not in told


def test_a_mapping_of_another_type_inherits_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "clients" / "acme"
    folder.mkdir(parents=True)
    (folder / "defs.yaml").write_text(OWN)
    (folder.parent / "defaults.yaml").write_text("source: {type: sftp, host: files.example}\n")
    config = read_engagement(folder, {"ACME_BUCKET": "uploads"}).config
    found = [each for each in settings_of(folder, config) if each.field.startswith("source")]
    assert {each.source for each in found} == {"own", "default"}


def test_the_project_s_own_values_name_their_variables_and_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_LEDGER_URL", "postgresql://us:hush-hush@db/ledger")
    monkeypatch.delenv("CONSULTING_MEMORY_LIMIT", raising=False)
    project = Project(root=tmp_path, defs=tmp_path)
    told = {each.field: each for each in project_settings(project)}
    assert told["CONSULTING_LEDGER_URL"].value == "postgresql://us:***@db/ledger"
    assert told["CONSULTING_LEDGER_URL"].where == "environment variable CONSULTING_LEDGER_URL"
    assert told["CONSULTING_MEMORY_LIMIT"].source == "default"
