"""Machines that share no disk: a bucket holds a client's files, PostgreSQL the ledger.

Whatever is killed, or wakes up late, the next machine goes on from what counts.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from patience import PATIENCE_SECONDS

from consulting import chain
from consulting.bucket import Objects, without_rows
from consulting.chain.attempt import attempt
from consulting.chain.checked_out import share_key
from consulting.chain.replay import verify_delivery
from consulting.chain.tier import lower_tier
from consulting.errors import (
    BatchHeldError,
    ConfigurationError,
    StoreAccessError,
    StoreMissingError,
    TierLoweredError,
    UnforeseenError,
)
from consulting.intake import BatchStatus
from consulting.intake.intake import Intake
from consulting.privacy import masking_key
from consulting.privacy.tiers import FULL_TIER
from consulting.sources.local import LocalStore

from .conftest import World
from .test_delivering import HEADER, customer
from .test_trouble import bring_back

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Machine(World):
    """One with a disk of its own; what arrives, the bucket and the ledger are all machines'."""

    def __init__(
        self, root: Path, shared: Path, server: Any, bucket: str, ledger_url: str, **more: Any
    ) -> None:
        super().__init__(root, **more)
        self.shared, self.ledger_url = shared, ledger_url
        self.server, self.bucket = server, bucket
        self.connect()
        shared.mkdir(exist_ok=True)

    def connect(self) -> None:
        """Have connections to the bucket of one's own: a fork has its parent's, in use."""
        self.objects = Objects(self.server.client(), self.bucket, "data/").of("acme_corp")

    @property
    def engagement(self) -> chain.Engagement:
        return replace(
            super().engagement,
            store=LocalStore(self.shared, client_id=self.client_id),
            ledger_url=self.ledger_url,
            objects=self.objects,
        )

    def drop(self, name: str, content: str | bytes) -> Path:
        path = self.shared / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


@pytest.fixture
def machine(
    tmp_path: Path, s3_server: Any, s3_bucket: str, postgres_url: str, customers_dbt: Path
) -> Callable[..., Machine]:
    def made(name: str, **changes: Any) -> Machine:
        shared = tmp_path / "incoming"
        given = (shared, s3_server, s3_bucket, postgres_url)
        return Machine(tmp_path / name, *given, dbt_dir=customers_dbt, **changes)

    return made


def write(
    machine: Machine, batch_id: str, text: str, then: Callable[[], None] = lambda: None
) -> None:
    """A stage that writes a file, and then goes on with something."""
    with attempt(machine.engagement, batch_id, text):
        (machine.folder.path / "loaded_batch").write_text(text)
        then()


def _fail() -> None:
    raise ZeroDivisionError


def stored(machine: Machine) -> set[str]:
    """The names of the client's stored files."""
    names = [name for name in machine.objects.names() if not name.startswith("access/")]
    return {name.partition("/")[2] for name in names}


def _killed(machine: Machine, stage: str, batch_id: str, at: str) -> None:
    """In a process of its own: one stage, killed where an object is written or the ledger told."""
    machine.connect()
    write = Objects.write

    def writing(self: Objects, name: str, body: Any) -> None:
        if name.endswith(at):
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, name, body)

    def telling(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if at in {"put_in_force", "delivered"}:
        setattr(Intake, at, telling)
    Objects.write = writing  # type: ignore[method-assign]
    named: dict[str, Any] = {"batch_id": batch_id, "run_id": "killed", "log": print}
    if stage == "receive":
        chain.receive(machine.engagement, period=None, **named)
    getattr(chain, stage)(machine.engagement, **named)


def kill(machine: Machine, stage: str, batch_id: str, at: str) -> None:
    process = multiprocessing.get_context("fork").Process(
        target=_killed, args=(machine, stage, batch_id, at)
    )
    process.start()
    process.join(PATIENCE_SECONDS)
    assert process.exitcode == -signal.SIGKILL


def test_each_machine_dies_and_the_next_goes_on_with_one_delivery(machine: Any) -> None:
    a = machine("a")
    a.drop("customers.csv", HEADER + "".join(map(customer, range(1, 6))))
    batch_id = bring_back(a)
    kill(a, "receive", batch_id, "runs/" + batch_id + "/intake.json")
    b = machine("b")
    assert bring_back(b) == batch_id
    b.receive("b", batch_id)
    c = machine("c")  # another machine takes the run up in the middle
    bring_back(c)
    named = {"batch_id": batch_id, "run_id": "c", "log": c.said.append}
    chain.profile(c.engagement, **named)
    chain.clean(c.engagement, **named)
    d = machine("d")
    bring_back(d)
    chain.validate(d.engagement, batch_id=batch_id, run_id="d", log=d.said.append)
    for number, at in enumerate(("customers.csv", ".tree.json", "put_in_force", "delivered")):
        killed = machine(f"killed-{number}")
        bring_back(killed)
        assert d.states() == {"customers.csv": "claimed"}
        kill(killed, "deliver", batch_id, at)
    last = machine("last")
    bring_back(last)
    delivery = last.after_receive("last", batch_id, begin="deliver")
    assert delivery.summary.delivered == 5
    assert last.deliveries() == [batch_id]
    assert last.states() == {"customers.csv": "delivered"}
    # nothing is left of those that died
    here = {path for path in last.folder.path.rglob("*") if path.is_file()}
    here = {str(path.relative_to(last.folder.path)) for path in here}
    here.remove(f"deliverables/{batch_id}/manifest.json")  # one object with `sent/`, of one content
    assert stored(last) == {each for each in here if each[0] != "."} | {".tree.json"}
    # who has nothing sees it, and rebuilds it
    fresh = machine("fresh")
    fresh.engagement.checked_out.see()
    assert verify_delivery(fresh.engagement, batch_id, log=print) == []
    # a client's second file goes on from the first, on the machine that died first
    a.drop("customers_2.csv", HEADER + "".join(map(customer, range(1, 8))))
    second = a.run(bring_back(a))
    assert second.summary.delivered == 7
    assert a.deliveries() == [batch_id, second.delivery_id]


def _run_until_write(machine: Machine, batch_id: str, at: int) -> None:
    """In a process of its own: a whole run, killed where it writes its n-th object."""
    machine.connect()
    write, seen = Objects.write, []

    def writing(self: Objects, name: str, body: Any) -> None:
        seen.append(name)
        if len(seen) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, name, body)

    Objects.write = writing  # type: ignore[method-assign]
    machine.run(batch_id)
    os._exit(0)


@pytest.mark.skipif(not os.environ.get("CONSULTING_LONG_TESTS"), reason="minutes of CPU")
def test_killed_at_any_write_of_a_run_the_next_machine_delivers_once(machine: Any) -> None:
    for number, at in enumerate(range(1, 100, 4), start=1):
        killed, following, fresh = (machine(f"{name} {at}") for name in ("killed", "next", "fresh"))
        killed.drop(f"customers_{at}.csv", HEADER + "".join(map(customer, range(1, 1 + at))))
        batch_id = bring_back(killed)
        process = multiprocessing.get_context("fork").Process(
            target=_run_until_write, args=(killed, batch_id, at)
        )
        process.start()
        process.join(PATIENCE_SECONDS)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        assert bring_back(following) == batch_id
        assert following.run(batch_id).summary.delivered == at
        assert set(following.states().values()) == {"delivered"}
        fresh.engagement.checked_out.see()
        assert len(fresh.deliveries()) == number
        assert verify_delivery(fresh.engagement, batch_id, log=print) == []
    assert at > 24


def test_a_folder_that_was_the_data_root_moves_in_with_the_clients_next_run(
    master: World, tmp_path: Path, machine: Any
) -> None:
    """As `CONSULTING_SCRATCH` of one machine; the ledger goes where it was."""
    master.copy(tmp_path / "a")
    url = f"sqlite:///{tmp_path / 'a' / 'ledger.db'}"
    a, b = machine("a"), machine("b")
    a.ledger_url = b.ledger_url = url
    (delivery,) = a.deliveries()
    a.drop("customers_2.csv", HEADER + customer(1))
    write(a, bring_back(a), "moved in")
    b.engagement.checked_out.see()
    assert b.deliveries() == [delivery]
    assert verify_delivery(b.engagement, delivery, log=print) == []


def test_a_machine_that_wakes_up_late_stores_nothing_that_counts(machine: Any) -> None:
    a, b = machine("a"), machine("b")
    a.drop("customers.csv", HEADER + customer(1))
    batch_id = bring_back(a)

    def sleep() -> None:  # and its sign of life is missed
        assert bring_back(b) == batch_id
        write(b, batch_id, "of b")

    with pytest.raises(BatchHeldError, match="checked the client's files out since"):
        write(a, batch_id, "of a", sleep)
    c = machine("c")
    c.engagement.checked_out.see()
    assert (c.folder.path / "loaded_batch").read_text() == "of b"
    (standing,) = c.engagement.intake.state().batches
    assert standing.status == BatchStatus.RUNNING, "it is still b's"
    # a's own copy is what counts again, once it is its turn
    bring_back(a)
    write(a, batch_id, "of a again")
    c.engagement.checked_out.see()
    assert (c.folder.path / "loaded_batch").read_text() == "of a again"


def test_what_a_failed_stage_left_is_there_for_who_looks(machine: Any) -> None:
    a = machine("a")
    a.drop("customers.csv", HEADER + customer(1))
    a.drop("orders_1.xlsx", b"PK\x03\x04 this is no workbook")
    batch_id = bring_back(a)
    received = a.receive("a", batch_id)
    with pytest.raises(UnforeseenError):
        write(a, batch_id, "a", _fail)
    b = machine("b")
    b.engagement.checked_out.see(without_rows)
    assert (b.folder.path / "loaded_batch").read_text() == "a"
    assert "ZeroDivisionError" in next(b.folder.errors.iterdir()).read_text()
    assert [file.filename for file in received.quarantined] == ["orders_1.xlsx"]
    assert len(list(b.folder.quarantine.glob("*/*.xlsx"))) == 1
    assert not b.folder.landing.exists()


def test_quarantine_is_stored_before_the_ledger_says_so(machine: Any) -> None:
    a, b = machine("a"), machine("b")
    a.drop("orders_1.xlsx", b"PK\x03\x04 this is no workbook")
    batch_id = bring_back(a)
    kill(a, "receive", batch_id, "orders_1.xlsx.reason.json")
    assert b.states() == {"orders_1.xlsx": "claimed"}
    assert bring_back(b) == batch_id
    b.receive("b", batch_id)
    assert b.states() == {"orders_1.xlsx": "quarantined"}
    c = machine("c")
    c.engagement.checked_out.see()
    assert len(list(c.folder.quarantine.rglob("*.reason.json"))) == 1


def test_a_lowered_tier_removes_what_is_stored_for_good(machine: Any) -> None:
    a = machine("a")
    a.drop("customers.csv", HEADER + customer(1))
    a.receive("a", bring_back(a))
    assert {"landing", "runs", "warehouse.duckdb"} <= {each.partition("/")[0] for each in stored(a)}
    lower = machine("b", security_tier=2)
    lower.engagement.checked_out.see()
    with pytest.raises(BatchHeldError, match="a run of it is at work"):
        lower_tier(lower.engagement, now=datetime.now(UTC))
    batch_id = bring_back(a)
    with pytest.raises(TierLoweredError):
        lower.receive("b", batch_id)
    lower_tier(lower.engagement, now=datetime.now(UTC))
    assert stored(a) == {".tree.json"}
    assert not lower.folder.landing.exists()


def test_a_lowered_tier_removes_what_no_tree_names_and_is_not_noted_before(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run was killed before anything of it counted."""
    a = machine("a")
    a.drop("customers.csv", HEADER + customer(1))
    batch_id = bring_back(a)
    kill(a, "receive", batch_id, "put_in_force")
    assert "customers.csv" in {each.rpartition("/")[2] for each in stored(a)}
    bring_back(a)
    lower = machine("b", security_tier=2)
    with monkeypatch.context() as patch:
        refused = {"Errors": [{"Code": "AccessDenied"}]}
        patch.setattr(lower.objects.client, "delete_objects", lambda **_: refused)
        with pytest.raises(StoreAccessError, match="did not remove"):
            lower_tier(lower.engagement, now=datetime.now(UTC))
    assert lower.engagement.intake.held_tier() == FULL_TIER
    lower_tier(lower.engagement, now=datetime.now(UTC))
    assert stored(a) == set()


def test_a_second_ledger_takes_nothing_of_the_firsts(machine: Any, tmp_path: Path) -> None:
    """Of a machine with a ledger of its own, as SQLite is, or of another project."""
    a, b = machine("a"), machine("b")
    a.drop("customers.csv", HEADER + customer(1))
    a.receive("a", bring_back(a))
    before = stored(a)
    b.ledger_url = f"sqlite:///{tmp_path / 'own.db'}"
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"acme_corp: .* another ledger"):
            b.engagement.checked_out.take_idle(datetime.now(UTC))
    assert stored(a) == before


def test_machines_share_one_masking_key(machine: Any) -> None:
    a, b = machine("a"), machine("b")
    for each in (a, b):
        share_key(each.folder.path, each.objects, needed=False)
        assert not (each.folder.path / "masking.key").exists()
    for each in (a, b):
        share_key(each.folder.path, each.objects, needed=True)
    assert masking_key(a.folder.path) == masking_key(b.folder.path)


def test_a_bucket_that_lost_an_object_is_told_and_nothing_is_delivered_without_it(
    machine: Any,
) -> None:
    a, b = machine("a"), machine("b")
    a.drop("customers.csv", HEADER + customer(1))
    batch_id = bring_back(a)
    a.receive("a", batch_id)
    lost = [each for each in a.objects.names() if each.endswith("warehouse.duckdb")]
    a.objects.remove(lost)
    bring_back(b)
    with pytest.raises(StoreMissingError, match=r"acme_corp: s3://.*Restore the bucket"):
        b.after_receive("b", batch_id)
