"""Clients at work: real files, a real ledger, real dbt, no Dagster."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import consulting
from consulting import chain
from consulting.chain.artifacts import Intake, Profile
from consulting.config.defaults import with_defaults
from consulting.config.engagement import EngagementConfig
from consulting.demo import write_demo_files
from consulting.layout import ClientFolder
from consulting.sources.local import LocalStore

if TYPE_CHECKING:
    from consulting.delivery import Delivery

CLIENTS = Path(consulting.__file__).parent / "defs" / "clients"
DBT = Path(__file__).parents[2] / "dbt"
AT_ONCE = {"settle_seconds": 0, "retry_seconds": 0}


def config_of(client_id: str, **changes: Any) -> EngagementConfig:
    """A demo client's configuration; its files need not settle."""
    document = yaml.safe_load((CLIENTS / client_id / "defs.yaml").read_text(encoding="utf-8"))
    given = with_defaults(document["attributes"], CLIENTS)
    return EngagementConfig.model_validate({**given, "intake": AT_ONCE, **changes})


class World:
    """One client, its folder and its ledger below a root of their own."""

    def __init__(
        self, root: Path, client_id: str = "acme_corp", *, dbt_dir: Path = DBT, **changes: Any
    ) -> None:
        self.root = root
        self.client_id = client_id
        self.dbt_dir = dbt_dir
        self.changes = changes
        self.said: list[str] = []
        self.folder = ClientFolder(root, client_id)
        self.folder.incoming.mkdir(parents=True, exist_ok=True)

    @property
    def engagement(self) -> chain.Engagement:
        """Opened anew each time, as each process does."""
        return chain.Engagement(
            client_id=self.client_id,
            config=config_of(self.client_id, **self.changes),
            folder=self.folder,
            store=LocalStore(self.folder.incoming, client_id=self.client_id),
            ledger_url=f"sqlite:///{self.root / 'ledger.db'}",
            dbt_dir=self.dbt_dir,
            clients_dir=CLIENTS,
        )

    def drop(self, name: str, content: str | bytes) -> Path:
        """Let a file arrive."""
        path = self.folder.incoming / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def drop_demo(self, *names: str) -> None:
        """Let the client's demo files arrive; those that begin with one of the names."""
        for path in write_demo_files(self.root / "demo"):
            if path.parent.parent.name == self.client_id and path.name.startswith(names or ""):
                shutil.copyfile(path, self.folder.incoming / path.name)
        shutil.rmtree(self.root / "demo")

    def receive(self, run_id: str, batch_id: str | None = None) -> Intake:
        """Look, claim and read."""
        return chain.receive(
            self.engagement, run_id=run_id, batch_id=batch_id, period=None, log=self.said.append
        )

    def after_receive(self, run_id: str, batch_id: str, *, begin: str = "profile") -> Delivery:
        """The stages from one on."""
        return run_stages(self.engagement, batch_id, run_id, self.said.append, begin=begin)

    def run(self, batch_id: str | None = None) -> Delivery:
        """The whole chain, as one run."""
        run_id = uuid.uuid4().hex
        received = self.receive(run_id, batch_id)
        return self.after_receive(run_id, received.batch.batch_id)

    def stopped(self, batch_id: str | None = None) -> str:
        """Why drift stops a run, by its profile or once the rules have read; as its job does it."""
        reason, _, _ = self._until_stopped(batch_id)
        assert reason, self.said
        return what_changed(reason, self.client_id)

    def tried(self, batch_id: str | None = None) -> str:
        """A run as its job does it: why drift stops it; empty where it delivers."""
        reason, run_id, batch_id = self._until_stopped(batch_id)
        if not reason:
            self.after_receive(run_id, batch_id, begin="validate")
        return reason

    def _until_stopped(self, batch_id: str | None) -> tuple[str, str, str]:
        """Why drift stops a run, or nothing after its rules have read; its id, and its batch's."""
        run_id = uuid.uuid4().hex
        batch_id = self.receive(run_id, batch_id).batch.batch_id
        named: dict[str, Any] = {"batch_id": batch_id, "run_id": run_id}
        for stage in (chain.profile, chain.clean):
            if reason := chain.drifted(
                self.client_id, stage(self.engagement, **named, log=self.said.append)
            ):
                chain.refuse(self.engagement, **named, reason=reason)
                return reason, run_id, batch_id
        return "", run_id, batch_id

    def profile_of(self, delivery: Delivery) -> Profile:
        """What `profiled` left."""
        path = self.folder.run(delivery.delivery_id) / "profile.json"
        return Profile.model_validate_json(path.read_bytes())

    def states(self) -> dict[str, str]:
        """File → its state in the ledger (of its newest version)."""
        stories = self.engagement.intake.history()
        return {story.drop.key: story.state.value for story in reversed(stories)}

    def deliveries(self) -> list[str]:
        """The finished deliveries in the folder."""
        if not self.folder.deliverables.is_dir():
            return []
        return sorted(p.name for p in self.folder.deliverables.iterdir() if p.name[0] != ".")

    def copy(self, root: Path, **changes: Any) -> World:
        """The same client with all that it holds, elsewhere."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return World(root, self.client_id, dbt_dir=self.dbt_dir, **{**self.changes, **changes})

    def copy_with_models(self, root: Path) -> World:
        """The same with the dbt project, which lies beside the data."""
        shutil.copytree(self.root.parent, root)
        return World(root / "data", self.client_id, dbt_dir=root / "dbt", **self.changes)


def what_changed(reason: str, client_id: str) -> str:
    """Why drift stops a run, without the next step that is told behind it."""
    takes = f" If they are right as they are, `consulting accept {client_id}` shows what takes them"
    takes += " so, and applies it."
    assert reason.endswith(takes)
    return reason.removesuffix(takes)


def run_stages(
    engagement: chain.Engagement, batch_id: str, run_id: str, log: Any, *, begin: str
) -> Delivery:
    """The stages after `file_received`, beginning with one of them."""
    names = ("profile", "clean", "validate", "deliver")
    todo = names[names.index(begin) :]
    named: dict[str, Any] = {"batch_id": batch_id, "run_id": run_id}
    if "profile" in todo:
        chain.profile(engagement, **named, log=log)
    if "clean" in todo:
        chain.clean(engagement, **named, log=log)
    if "validate" in todo:
        checks = chain.validate(engagement, **named, log=log)
        chain.refuse_failed(engagement, **named, checks=checks)
    return chain.deliver(engagement, **named, log=log)


class Delivered:
    """A client with a finished delivery; copied, never changed."""

    def __init__(self, world: World, delivery: Delivery) -> None:
        self.world = world
        self.delivery = delivery


@pytest.fixture(scope="module", autouse=True)
def _parsed_once(parsed_once: None) -> None:
    """What a chain does with models is tried here, not how dbt parses them."""


@pytest.fixture(scope="session")
def acme(tmp_path_factory: pytest.TempPathFactory, made_once: Any) -> Delivered:
    """The demo client Acme after its first delivery (tier 3)."""
    world = World(tmp_path_factory.mktemp("acme"), alerts={"channel": "#acme", "deliveries": True})

    def make() -> Delivery:
        world.drop_demo()
        return world.run()

    delivery = made_once("acme", world.root, make)
    lies = world.folder.deliverables / delivery.delivery_id
    return Delivered(world, delivery.model_copy(update={"path": lies}))


@pytest.fixture
def world(tmp_path: Path, customers_dbt: Path) -> World:
    """Acme before any file arrived; only its customers have models."""
    return World(tmp_path, dbt_dir=customers_dbt)


@pytest.fixture
def delivered(acme: Delivered, tmp_path: Path) -> World:
    """Acme after its first delivery, to do more with."""
    return acme.world.copy(tmp_path / "copy")


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory, customers_dbt: Path, made_once: Any) -> World:
    """Acme after a delivery of customers alone, five of them rejected; copied, never changed."""
    from .test_corrections import BAD_FILE

    world = World(tmp_path_factory.mktemp("desk"), dbt_dir=customers_dbt)

    def make() -> None:
        world.drop("customers_1.csv", BAD_FILE)
        world.run()

    made_once("master", world.root, make)
    return world
