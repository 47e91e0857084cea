"""The command line's verbs on a client's files: plain errors, and dry runs that change nothing."""

from __future__ import annotations

import errno
import json
import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner, Result

from consulting.cli import main, terminal
from consulting.cli.engagements import open_engagement
from consulting.cli.main import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGE_NOTHING = {
    "explain", "check", "preview", "ledger", "diff", "verify", "serve", "fields", "rules",
    "template check", "impact",
}  # fmt: skip
"""Verbs that need no dry run."""
TRIED = [
    "explain acme_corp", "check acme_corp", "ledger acme_corp --events", "fields", "rules",
    "tier acme_corp --dry-run", "upgrade --dry-run", "demo --dry-run", "shards 2 --dry-run",
    "new ../acme-data --dry-run", "prepare acme_corp --dry-run", "discard acme_corp 1 --dry-run",
    "template learn acme_corp orders probe --dry-run", "accept acme_corp --dry-run",
]  # fmt: skip


def say(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def quarantined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """A file of Acme's in quarantine; its number in the ledger."""
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    intake = open_engagement("acme_corp").intake
    (tmp_path / "acme_corp/incoming/no_feed.txt").write_text("nobody's")
    for minutes in (0, 1):  # seen, then settled
        intake.look(now=datetime.now(UTC) + timedelta(minutes=minutes))
    return intake.history()[0].drop.drop_id


def test_the_ledger_shows_each_file_with_its_state_and_reason(quarantined: int) -> None:
    said = say("ledger", "acme_corp")
    assert said.exit_code == 0
    assert "1 quarantined" in said.output
    assert f"{quarantined}  quarantined  no_feed.txt (version 1)" in said.output


def test_a_port_that_is_taken_is_told_before_anything_is_said_to_be_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = say("serve", "--port", str(port))
    assert said.exit_code == 1
    assert f"port {port} is in use: take another one, with `--port {port + 1}`" in said.output
    assert "Deliveries" not in said.output


@pytest.mark.parametrize("verb", ["reprocess", "release", "discard"])
def test_a_name_where_a_number_belongs_is_told_where_the_number_is(verb: str) -> None:
    said = say(verb, "acme_corp", "orders.csv")
    assert said.exit_code == 2
    told = "'orders.csv' is no number of a drop. Take it from `consulting ledger acme_corp`."
    assert told in " ".join(said.output.replace("│", " ").split())


@pytest.mark.parametrize("arguments", [("ledger",), ("ledger", "acme_corp")])
def test_a_ledger_is_not_made_in_a_mistyped_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path / "dta"))
    said = say(*arguments)
    assert said.exit_code == 1
    assert f"CONSULTING_DATA is '{tmp_path / 'dta'}', and there is no such folder" in said.output
    assert not (tmp_path / "dta").exists()


def test_the_ledger_says_how_a_file_is_released_that_no_look_takes_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    intake, now = open_engagement("acme_corp").intake, datetime.now(UTC)
    for name in ("customers_1.csv", "nobodys.txt"):
        (tmp_path / "acme_corp/incoming" / name).write_text("id\n1\n")
    for minutes in (0, 1):
        intake.look(now=now + timedelta(minutes=minutes))
    intake.claim(now=now, trigger="sensor")
    (batch,) = intake.pending_requests()
    batch = intake.begin(batch.batch_id, "run", now=now)
    intake.quarantine(
        batch, batch.drops[0], code="delimiter_wrong", reason="No.", fix="Mend it.", now=now,
        keep_copy=False,
    )  # fmt: skip
    lines = [line.strip() for line in say("ledger", "acme_corp").output.splitlines()]
    released = [line for line in lines if "consulting release" in line]
    assert released == [f"mended? consulting release acme_corp {batch.drops[0].drop_id}"]


def test_the_ledger_without_a_client_has_a_line_for_each(quarantined: int, tmp_path: Path) -> None:
    lines = say("ledger").output.splitlines()
    assert lines == [
        "acme_corp: 1 quarantined",
        f"globex: no file was seen yet (the data lies in {tmp_path})",
        f"initech: no file was seen yet (the data lies in {tmp_path})",
    ]
    told = json.loads(say("ledger", "--json").stdout)
    assert [each["client"] for each in told] == ["acme_corp", "globex", "initech"]
    assert told[0]["counts"]["quarantined"] == 1


def test_the_ledger_leads_from_a_repeat_to_the_delivery_that_holds_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    intake, now = open_engagement("acme_corp").intake, datetime.now(UTC)
    batches = []
    for name in ("customers_1.csv", "customers_again.csv"):
        (tmp_path / "acme_corp/incoming" / name).write_text("id\n1\n")
        for _ in range(2):  # seen, then settled
            now += timedelta(minutes=1)
            intake.look(now=now)
        intake.claim(now=now, trigger="sensor")
        (batch,) = intake.pending_requests()
        batch = intake.begin(batch.batch_id, name, now=now)
        intake.land(batch, batch.drops[0])
        intake.delivered(batch.batch_id, name, now=now)
        batches.append(batch.batch_id)
    said = say("ledger", "acme_corp").output
    assert f"customers_again.csv (version 1), repeat of drop 1, in delivery {batches[0]}\n" in said
    assert batches[1] not in said, "it has no delivery of its own"


def test_the_ledger_says_which_batch_is_stuck(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    intake, now = open_engagement("acme_corp").intake, datetime.now(UTC)
    (tmp_path / "acme_corp/incoming/customers_1.csv").write_text("id\n1\n")
    intake.look(now=now)
    for attempt in range(1, 9):
        now += timedelta(days=1)
        intake.reconcile(lambda _: None, now=now)
        intake.look(now=now)
        intake.claim(now=now, trigger="sensor")
        (batch,) = intake.pending_requests()
        intake.begin(batch.batch_id, f"run-{attempt}", now=now)
        intake.failed(batch.batch_id, f"run-{attempt}", reason="disk full", now=now)
        if attempt == 7:
            assert "waiting, attempt 8, 1 file, disk full" in say("ledger", "acme_corp").output
    assert "waiting, attempt 9 (stuck), 1 file, disk full" in say("ledger", "acme_corp").output


@pytest.mark.parametrize("verb", ["reprocess", "release", "discard"])
def test_a_dry_run_changes_nothing(quarantined: int, verb: str) -> None:
    before = say("ledger", "acme_corp", "--events").output
    said = say(verb, "acme_corp", str(quarantined), "--dry-run")
    assert said.output.strip()
    assert "Traceback" not in said.output
    assert say("ledger", "acme_corp", "--events").output == before


def test_a_client_s_settings_are_explained_by_their_lines_and_its_calendar_is_told() -> None:
    said = say("explain", "acme_corp", "--own", "--ahead", "1")
    assert said.exit_code == 0, said.output
    lines = [" ".join(line.split()) for line in said.output.splitlines()]
    place = "src/consulting/defs/clients/acme_corp/defs.yaml"
    assert f"schedule.cron 0 6 * * 1 [own {place}:10:14]" in lines
    assert 'owners ["team:data"] [inherited src/consulting/defs/clients/defaults.yaml:2:1]' in lines
    assert not any("[default" in line for line in lines)
    assert lines[-1].startswith("Mon ")
    assert lines[-1].endswith("run `0 6 * * 1` in America/New_York")
    told = json.loads(say("explain", "acme_corp", "--json").output)
    assert {each["source"] for each in told["settings"]} >= {"own", "inherited", "default"}
    assert [each["what"] for each in told["ahead"]] == ["run"] * 5


def test_a_discarded_file_is_settled_and_nothing_is_to_be_done(quarantined: int) -> None:
    (story,) = open_engagement("acme_corp").intake.history()
    assert story.reason
    assert story.fix
    assert story.fix in say("ledger", "acme_corp").output
    assert say("discard", "acme_corp", str(quarantined)).exit_code == 0
    said = say("ledger", "acme_corp").output
    assert "1 discarded" in said
    assert story.reason in said
    assert story.fix not in said


def test_a_file_that_stays_in_a_delivery_is_told_so_when_it_is_discarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    intake, now = open_engagement("acme_corp").intake, datetime.now(UTC)
    (tmp_path / "acme_corp/incoming/customers_1.csv").write_text("id\n1\n")
    for minutes in (0, 1):
        intake.look(now=now + timedelta(minutes=minutes))
    batches = []
    for run in ("first", "again"):
        intake.claim(now=now, trigger="sensor")
        (batch,) = intake.pending_requests()
        batches.append(intake.begin(batch.batch_id, run, now=now))
        if run == "first":
            intake.land(batches[0], batches[0].drops[0])
            intake.delivered(batch.batch_id, run, now=now)
            intake.reprocess([1], dry_run=False, now=now)
        else:
            intake.failed(batch.batch_id, run, reason="drift", now=now, cause="data")
    assert say("discard", "acme_corp", "1").exit_code == 0
    told = f"in delivery {batches[0].batch_id}; it is not delivered again\n"
    assert f"discarded    customers_1.csv (version 1), {told}" in say("ledger", "acme_corp").output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ledger", "acme_crop"), "There is no client 'acme_crop'. Did you mean 'acme_corp'?"),
        (("verify", "acme_corp", "x"), "acme_corp has no delivery 'x'. Its deliveries: none yet."),
        (("models", "acme_corp"), "acme_corp has no profile yet."),
        (("models", "acme_corp", "orderz"), "acme_corp has no feed 'orderz'. Did you mean"),
        (("release", "acme_corp", "99"), "Take the numbers from `consulting ledger acme_corp`."),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    quarantined: int, arguments: tuple[str, ...], words: str
) -> None:
    assert quarantined
    said = say(*arguments)
    assert said.exit_code == 1
    assert words in said.output
    assert "Traceback" not in said.output


def test_nothing_is_said_where_nobody_reads_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("click.echo", broken)
    said = CliRunner().invoke(main, ["rules"])
    assert (said.exit_code, said.output) == (1, "")


def test_help_is_a_table_of_contents_that_leaves_no_verb_out() -> None:
    said = say("--help").output
    listed = re.findall(r"^  (\w+) {2,}\S", said, re.MULTILINE)
    assert set(main.commands) <= set(listed)  # type: ignore[attr-defined]
    assert len(listed) == len(set(listed))
    assert [line for line in said.splitlines() if re.fullmatch(r"[A-Z][a-z ]+:", line)] == [
        "Options:",
        *(f"{title}:" for title in SECTIONS),
    ]


def verbs(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every verb of the command and of its groups, as it is typed."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from verbs(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def test_every_verb_tells_json_and_can_be_tried_dry() -> None:
    assert isinstance(main, click.Group)
    found = dict(verbs(main))
    assert set(found) >= CHANGE_NOTHING
    for name, command in found.items():
        options = {option: each for each in command.params for option in each.opts}
        assert options["--json"].callback is terminal._remember, name
        assert ("--dry-run" in options) != (name in CHANGE_NOTHING), name


@pytest.mark.parametrize("typed", TRIED)
def test_json_stands_alone_on_standard_output_and_a_dry_run_leaves_no_file(
    quarantined: int, typed: str, tmp_path: Path
) -> None:
    assert quarantined == 1
    before = held(tmp_path)
    said = say(*typed.split(), "--json")
    assert said.exit_code == 0, said.output
    json.loads(said.stdout)
    assert held(tmp_path) == before
    assert not Path("../acme-data").exists()


def held(folder: Path) -> list[Path]:
    """The files below a folder, but for SQLite's of readers."""
    return [p for p in sorted(folder.rglob("*")) if not p.name.endswith(("-shm", "-wal"))]
