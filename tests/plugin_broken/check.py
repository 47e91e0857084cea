"""Run by the tests in a process that has the package installed; nothing of `src` knows it."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from consulting_broken import (
    SECRET,
    BrokenChannel,
    BrokenFormat,
    BrokenSource,
    ToBroken,
    does,
    fail,
)

from consulting import bounded_child
from consulting.alerting import AlertDesk, AlertRoute, nothing_arrived
from consulting.bounded_child import BoundedChild, Bounds
from consulting.channels import Means, sender_of
from consulting.channels.page import PageSender
from consulting.cleaning import open_tables, with_changes
from consulting.components.border import bordered
from consulting.components.clients import load_client, load_clients
from consulting.delivery import build_delivery
from consulting.errors import DeliveryError
from consulting.foreign import ErrorLog, in_our_words
from consulting.intake.reading import Door, ReadOptions, read_file
from consulting.layout import ClientFolder
from consulting.profiling.propose import propose_columns
from consulting.project import Project
from consulting.shared_child import end_shared_child
from consulting.sources import ListingPage
from consulting.sources.store import Listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consulting.delivery import Delivery, DeliveryInputs
    from consulting.records import FileReading

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ENVELOPE: Any = None
SOURCE = "source “broken” of consulting-broken 1.0"
FORMAT = "format “broken” of consulting-broken 1.0"
RULE = "cleaning rule “to_broken” of consulting-broken 1.0"
CHANNEL = "channel “broken” of consulting-broken 1.0"
TABLE = "deliverable “broken_table” of consulting-broken 1.0"
LETTER = "deliverable “broken_letter” of consulting-broken 1.0"


@pytest.fixture(autouse=True)
def _does_nothing() -> Iterator[None]:
    does.clear()
    yield
    does.clear()


def _store() -> Any:
    return BrokenSource(type="broken").open("acme", Path("acme/incoming"))


def _sender() -> Any:
    return BrokenChannel(type="broken").open(Means("sqlite://"))


def _rule() -> ToBroken:
    return ToBroken.model_validate({"from": "w", "rule": "to_broken"})


@dataclass(frozen=True)
class Call:
    """A method of a plug-in.

    Attributes:
        called: Whose it is, in words.
        call: Calls it as our code does.
        answers: Whether None is a right answer.
        anything: Whether each is.
    """

    called: str
    call: Callable[[], object]
    answers: bool = False
    anything: bool = False


CALLS = {
    "place": Call(SOURCE, lambda: BrokenSource(type="broken").place(Path("acme/incoming"))),
    "open_source": Call(SOURCE, _store),
    "told_by": Call(SOURCE, lambda: BrokenSource(type="broken").told_by(), answers=True),
    "source_variables": Call(SOURCE, lambda: BrokenSource(type="broken").variables()),
    "describe": Call(SOURCE, lambda: _store().describe()),
    "list_page": Call(SOURCE, lambda: _store().list_page(None, 10)),
    "exists": Call(SOURCE, lambda: _store().exists("a.csv")),
    "fetch": Call(SOURCE, lambda: _store().fetch(Listed("a.csv", 1, "1"), Path("a.csv"))),
    "name_of": Call(
        FORMAT, lambda: BrokenFormat(type="broken").name_of(ENVELOPE, b"", ENVELOPE), answers=True
    ),
    "read": Call(
        FORMAT, lambda: BrokenFormat(type="broken").read(*[ENVELOPE] * 2, "broken", *[ENVELOPE] * 2)
    ),
    "arguments": Call(RULE, ToBroken.arguments),
    "unfit_reason": Call(RULE, ToBroken.unfit_reason, answers=True),
    "macro_files": Call(RULE, ToBroken.macro_files),
    "proposed": Call(RULE, lambda: ToBroken.proposed(ENVELOPE), answers=True),
    "conversion": Call(RULE, lambda: _rule().conversion()),
    "limits": Call(RULE, lambda: _rule().limits(), answers=True),
    "written": Call(RULE, lambda: _rule().written()),
    "address": Call(CHANNEL, lambda: BrokenChannel(type="broken").address),
    "at": Call(CHANNEL, lambda: BrokenChannel.at("x")),
    "open_channel": Call(CHANNEL, _sender),
    "channel_variables": Call(CHANNEL, lambda: BrokenChannel(type="broken").variables()),
    "post": Call(CHANNEL, lambda: _sender().post(ENVELOPE)),
    "update": Call(
        CHANNEL, lambda: _sender().update(ENVELOPE, ENVELOPE), answers=True, anything=True
    ),
    "find": Call(CHANNEL, lambda: _sender().find(ENVELOPE), answers=True),
}
NAMED = {SystemExit: "SystemExit", None: "NoneType", 4711: "int"}
WRONG = {
    "raises": (KeyError, "KeyError"),
    "ends": (SystemExit, "a wrong answer (SystemExit)"),
    "none": (None, "a wrong answer (NoneType)"),
    "number": (4711, "a wrong answer (int)"),
}


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("wrong", WRONG)
def test_whatever_a_plug_in_raises_or_answers_is_told_with_its_name_and_without_a_text(
    method: str, wrong: str
) -> None:
    asked, (what, kind) = CALLS[method], WRONG[wrong]
    does[method] = what
    if (what is None and asked.answers) or (what == 4711 and asked.anything):
        asked.call()
        return
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever it is
        asked.call()
    told = str(in_our_words(raised.value, "acme", ErrorLog()))
    assert told.startswith(
        f"acme: an error that was not foreseen in the {asked.called}: {kind}, at "
    )
    assert told.endswith("to those who maintain that package.")
    assert SECRET not in told


@pytest.mark.parametrize(
    "page",
    [
        ListingPage([("a.csv", "12", "1", None)], None),  # type: ignore[list-item]
        ListingPage([(7, 12, "1", None)], None),  # type: ignore[list-item]
        ListingPage([("a.csv", 12, "1", 9)], None),  # type: ignore[list-item]
        ListingPage([], 7),  # type: ignore[arg-type]
    ],
)
def test_a_page_of_wrong_items_is_a_wrong_answer(page: ListingPage) -> None:
    does["list_page"] = page
    with pytest.raises(Exception, match="a wrong answer"):
        _store().list_page(None, 10)
    does["fetch"] = "no hash"
    with pytest.raises(Exception, match=r"a wrong answer \(str\)"):
        CALLS["fetch"].call()


def test_a_plug_in_is_named_across_processes_and_one_that_is_not_installed_is_not() -> None:
    with BoundedChild() as child:
        bounds = Bounds(seconds=20, memory_bytes=1024**3)
        for package, named in (("consulting-broken", FORMAT), ("others", None)):
            with pytest.raises(Exception) as raised:  # noqa: PT011
                child.call(bounds, int, fail, FORMAT.replace("consulting-broken", package))
            told = str(in_our_words(raised.value, "acme", ErrorLog()))
            assert ("“broken”" in told) == bool(named)
            assert "ValueError" in told


@pytest.mark.parametrize("what", [KeyError, SystemExit, 4711])
def test_a_format_that_fails_at_its_question_stops_no_file_of_others(
    tmp_path: Path, what: Any
) -> None:
    does["name_of"] = what
    told = _read(tmp_path, None)
    assert (told.format, told.received_rows) == ("csv", 2)
    kind = "KeyError" if what is KeyError else f"a wrong answer ({NAMED[what]})"
    assert told.decisions[0] == (
        f"The {FORMAT} could not tell whether the file is its own ({kind}), and was passed over."
    )
    assert SECRET not in told.model_dump_json()
    with pytest.raises(Exception) as raised:  # noqa: PT011 - where a feed declares it, it stops
        _read(tmp_path, BrokenFormat(type="broken"))
    assert FORMAT in str(in_our_words(raised.value, "acme", ErrorLog()))


def _read(folder: Path, declared: BrokenFormat | None) -> FileReading:
    (folder / "landed").write_bytes(b"id;w\n1;a\n2;b\n")
    return read_file(
        folder / "landed",
        filename="a.csv",
        feed="a",
        sha256="0" * 64,
        run_folder=folder / "acme/runs/b1",
        options=ReadOptions(format=declared),
        door=Door(tier=3, client_id="acme"),
    )


@pytest.mark.parametrize(
    ("method", "what"),
    [
        *((m, KeyError) for m in ("at", "open_channel", "post")),
        *((m, SystemExit) for m in ("at", "open_channel", "post")),
        *((m, None) for m in ("at", "open_channel", "post")),
        *((m, 4711) for m in ("at", "open_channel", "post")),
    ],
)
def test_a_channel_that_fails_is_told_of_in_the_default_one_and_holds_back_no_alert(
    tmp_path: Path, method: str, what: Any
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    desk = AlertDesk(url)
    for client, channels in (("acme", ("broken:x",)), ("globex", ())):
        route = AlertRoute(client_id=client, client_name=client.title(), channels=channels)
        desk.report(nothing_arrived(route, key="2026-03-02", due_at=NOW), NOW)
    does[method] = what
    own = PageSender(tmp_path)
    report = desk.dispatch(own, NOW, others=lambda name: sender_of(name, Means(url)))
    assert (report.posted, desk.heartbeat_status(NOW).waiting) == (2, 0)
    (told,) = report.errors
    kind = "KeyError" if what is KeyError else f"a wrong answer ({NAMED[what]})"
    assert f"{kind} in the {CHANNEL}, at consulting/" in told
    page = (tmp_path / "alerts.html").read_text()
    assert "Sent here because <code>broken:x</code> could not be used" in page
    assert SECRET not in page + told


def test_a_channel_that_fails_at_a_change_or_a_look_up_is_asked_again_later(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    desk = AlertDesk(url)
    for client, channels in (("acme", ("broken:x",)), ("globex", ())):
        route = AlertRoute(client_id=client, client_name=client.title(), channels=channels)
        desk.report(nothing_arrived(route, key="2026-03-02", due_at=NOW), NOW)
    others: Any = lambda name: sender_of(name, Means(url))  # noqa: E731
    assert desk.dispatch(PageSender(tmp_path), NOW, others=others).posted == 2
    for client in ("acme", "globex"):
        assert desk.resolve(client, "nothing_arrived", "2026-03-02", NOW)
    does["update"] = KeyError
    report = desk.dispatch(PageSender(tmp_path), NOW + timedelta(minutes=5), others=others)
    assert (report.updated, report.posted) == (1, 2)
    assert SECRET not in str(report.errors)
    does.clear()
    report = desk.dispatch(PageSender(tmp_path), NOW + timedelta(hours=1), others=others)
    assert (report.updated, report.errors) == (1, [])


@pytest.fixture
def _forked_from_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Children come from this process: what was started without the package does not know it."""
    end_shared_child()
    monkeypatch.setattr(bounded_child, "_spares", [])
    for _client in range(2):
        bounded_child.keep_spare()
    yield
    end_shared_child()
    for spare in bounded_child._spares:
        spare.line.close()
        spare.process.kill()
        spare.process.wait()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _forked_from_here: None) -> Project:
    """Two clients, of which one has a source and a channel of the package."""
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path / "data"))
    project = Project(tmp_path, tmp_path / "src/acme_data/defs")
    project.dbt.mkdir()
    (project.dbt / "dbt_project.yml").write_text(
        "name: acme\nmodel-paths: [\"models/clients/{{ var('client') }}\"]\n"
    )
    (tmp_path / "pyproject.toml").write_text('[tool.dg.project]\nroot_module = "acme_data"\n')
    for client, more in (
        ("acme", "  source: {type: broken}\n  alerts: {channels: [{type: broken}]}\n"),
        ("globex", ""),
    ):
        (project.clients / client).mkdir(parents=True)
        (project.clients / client / "defs.yaml").write_text(
            "type: consulting.components.EngagementComponent\nattributes:\n"
            f"  client_name: {client}\n"
            '  feeds: [{name: invoices, files: "invoices*.csv"}]\n' + more
        )
    return project


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("method", ["place", "told_by", "source_variables", "address"])
def test_a_plug_in_that_fails_at_loading_stops_its_own_client_alone(
    project: Project, method: str, wrong: str
) -> None:
    does[method], kind = WRONG[wrong]
    found, broken = load_clients(project, project.client_folders())
    if method == "told_by" and wrong == "none":
        assert (set(found), broken) == ({"acme", "globex"}, {})
        return
    assert (set(found), set(broken)) == ({"globex"}, {"acme"})
    called = CHANNEL if method == "address" else SOURCE
    assert f"acme: an error that was not foreseen in the {called}: {kind}, at " in broken["acme"]
    assert SECRET not in broken["acme"]


def test_what_dagster_is_told_of_a_source_that_fails_quotes_nothing(project: Project) -> None:
    client = load_client(project, "acme").client

    @bordered(client)
    def look() -> None:
        client.config.source.open("acme", Path("acme/incoming")).list_page(None, 10)

    for method, (what, kind) in [
        (m, w) for m in ("open_source", "list_page") for w in WRONG.values()
    ]:
        does.clear()
        does[method] = what
        with pytest.raises(dg.Failure) as raised:
            look()
        told = raised.value.description or ""
        assert told.startswith(f"acme: an error that was not foreseen in the {SOURCE}: {kind}, at ")
        assert SECRET not in told
        assert raised.value.__cause__ is raised.value.__context__ is None


@pytest.fixture(scope="module")
def scenario() -> Any:
    """The delivery of the delivery's own tests."""
    path = Path(__file__).parents[1] / "delivery/scenario.py"
    spec = importlib.util.spec_from_file_location("scenario", path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["scenario"] = scenario = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scenario)
    return scenario


@pytest.fixture(scope="module")
def master(scenario: Any, tmp_path_factory: pytest.TempPathFactory) -> ClientFolder:
    """The client's folder before any delivery: to be copied, not written to."""
    folder: ClientFolder = scenario.make_folder(tmp_path_factory.mktemp("master"))
    return folder


@pytest.fixture(scope="module")
def inputs(scenario: Any, master: ClientFolder) -> DeliveryInputs:
    """What a delivery with the package's document is made of."""
    with open_tables(master.warehouse) as tables:
        mappings = with_changes(tables, scenario.MAPPINGS)
    made: DeliveryInputs = scenario.make_inputs(
        profiles=scenario.profiles(master), mappings=mappings, documents=("broken_letter",)
    )
    return made


@pytest.fixture
def deliver(
    scenario: Any, master: ClientFolder, inputs: DeliveryInputs, tmp_path: Path
) -> Callable[[], Delivery]:
    """Makes a delivery with the package's document and format."""
    shutil.copytree(master.path, tmp_path / master.client_id)
    folder = ClientFolder(tmp_path, master.client_id)
    wanted = [each.model_copy(update={"formats": ("broken_table",)}) for each in scenario.TABLES]
    return lambda: build_delivery(inputs, folder=folder, tables=wanted)


WRONG_TABLES = {
    "wrote none": (lambda target: (), "did not write customers.broken, or wrote others beside it"),
    "another": (
        lambda target: (target.write_text("1"), (target.parent / "more.csv").write_text("1"), ())[
            2
        ],
        "did not write customers.broken, or wrote others beside it",
    ),
    "changed": (
        lambda target: (target.write_text("1"), target.with_suffix(".parquet").write_text("1"), ())[
            2
        ],
        "changed customers.parquet, which is not its own",
    ),
    "link": (
        lambda target: (target.symlink_to("/etc/passwd"), ())[1],
        "left something that is no file",
    ),
}


@pytest.mark.parametrize("case", WRONG_TABLES)
def test_a_format_of_tables_writes_its_own_file_and_touches_no_other(
    deliver: Callable[[], Delivery], case: str
) -> None:
    does["write_table"], problem = WRONG_TABLES[case]
    does["leaves"] = True
    with pytest.raises(DeliveryError) as raised:
        deliver()
    assert str(raised.value) == (
        f"brightwater: nothing is delivered, for the {TABLE} {problem}. Report it to those who "
        "maintain that package, or take it out of `deliverables` in the client's defs.yaml."
    )


WRONG_LETTERS = {
    "none": (lambda folder: None, "wrote no file"),
    "ours": (
        lambda folder: (folder / "quality_report.html").write_text("mine"),
        "changed quality_report.html, which is not its own",
    ),
    "link": (
        lambda folder: (folder / "letter.txt").symlink_to("/etc/passwd"),
        "left something that is no file",
    ),
}


@pytest.mark.parametrize("case", WRONG_LETTERS)
def test_a_document_adds_files_and_touches_no_other(
    deliver: Callable[[], Delivery], case: str
) -> None:
    does["write_letter"], problem = WRONG_LETTERS[case]
    with pytest.raises(DeliveryError) as raised:
        deliver()
    assert f"for the {LETTER} {problem}. Report it" in str(raised.value)


@pytest.mark.parametrize(
    ("method", "what", "called"),
    [
        ("write_table", KeyError, f"{TABLE}: KeyError"),
        ("write_table", None, f"{TABLE}: a wrong answer (NoneType)"),
        ("write_table", "abc", f"{TABLE}: a wrong answer (str)"),
        ("write_table", (1,), f"{TABLE}: a wrong answer (tuple)"),
        ("write_table", SystemExit, f"{TABLE}: a wrong answer (SystemExit)"),
        ("write_letter", KeyError, f"{LETTER}: KeyError"),
    ],
)
def test_a_deliverable_that_fails_is_named(
    deliver: Callable[[], Delivery], method: str, what: Any, called: str
) -> None:
    does[method] = what
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever it is
        deliver()
    told = str(in_our_words(raised.value, "brightwater", ErrorLog()))
    assert told.startswith(f"brightwater: an error that was not foreseen in the {called}, at ")
    assert SECRET not in told


def test_what_does_right_is_delivered(deliver: Callable[[], Delivery]) -> None:
    assert {"letter.txt", "tables/customers.broken"} <= set(deliver().files)


@pytest.mark.parametrize("what", [KeyError, SystemExit, 4711])
def test_a_rule_that_fails_to_propose_leaves_a_column_a_text(
    inputs: DeliveryInputs, caplog: pytest.LogCaptureFixture, what: Any
) -> None:
    profile = inputs.profiles[0]
    column = profile.columns[0].model_copy(update={"inferred_type": "time"})
    profile = profile.model_copy(update={"columns": (column,)})
    assert [each["rule"] for each in propose_columns(profile)] == ["to_broken"]
    does["proposed"] = what
    assert [each["rule"] for each in propose_columns(profile)] == ["to_text"]
    assert f"A column stays text, for the {RULE} failed: " in caplog.text
    assert SECRET not in caplog.text
