"""What is SFTP's own: keys, passwords, servers that are not what they seem."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import stat
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import asyncssh
import pytest
from pydantic import ValidationError

from consulting.config.engagement import EngagementConfig
from consulting.errors import (
    ConfigurationError,
    DropRefusedError,
    StoreAccessError,
    StoreUnavailableError,
)
from consulting.intake import FeedPattern, Intake, Ledger
from consulting.layout import ClientFolder
from consulting.sources.places import overlaps
from consulting.sources.sftp import SftpSource
from consulting.testing.sources import everything

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from consulting.testing.sources import SourcePlace

OTHER_KEY = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
SECRET = "hunter2-in-no-message"


@pytest.fixture
def place(new_place: Callable[[str], SourcePlace]) -> Any:
    return new_place("sftp")


def source_of(**changes: object) -> SftpSource:
    fields = {
        "type": "sftp",
        "host": "127.0.0.1",
        "username": "acme",
        "folder": "upload",
        "host_keys": [OTHER_KEY],
        "credentials_prefix": "ACME",
    }
    return SftpSource.model_validate(fields | changes)


def test_a_server_with_another_key_is_told_nothing(
    sftp_server: Any, place: Any, tmp_path: Path
) -> None:
    store = sftp_server.source(place.folder, host_keys=[OTHER_KEY]).open("acme", tmp_path)
    with pytest.raises(StoreAccessError, match=r"none of the keys in `source\.host_keys`"):
        everything(store)


def test_one_of_several_keys_is_enough(sftp_server: Any, place: Any, tmp_path: Path) -> None:
    place.put("orders.csv", b"x")
    keys = [OTHER_KEY, sftp_server.host_key]
    store = sftp_server.source(place.folder, host_keys=keys).open("acme", tmp_path)
    assert [file.key for file in everything(store)] == ["orders.csv"]


def test_a_refused_login_names_the_variables_and_no_secret(
    sftp_server: Any, place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    monkeypatch.setenv("ACME_SFTP_PRIVATE_KEY", stranger)
    store = sftp_server.source(place.folder).open("acme", tmp_path)
    with pytest.raises(StoreAccessError, match="ACME_SFTP_PRIVATE_KEY or ACME_SFTP_PASSWORD"):
        everything(store)
    monkeypatch.setenv("ACME_SFTP_PRIVATE_KEY", f"{SECRET} is no key")
    store = sftp_server.source(place.folder).open("acme", tmp_path)
    with pytest.raises(StoreAccessError, match="no private key that can be opened") as caught:
        everything(store)
    assert SECRET not in f"{caught.value}{caught.value.__cause__}"


def test_a_key_may_have_a_passphrase(
    sftp_server: Any, place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = asyncssh.import_private_key(sftp_server.private_key)
    closed = key.export_private_key(passphrase=SECRET, rounds=16).decode()
    monkeypatch.setenv("ACME_SFTP_PRIVATE_KEY", closed)
    monkeypatch.setenv("ACME_SFTP_PASSPHRASE", SECRET)
    assert everything(sftp_server.source(place.folder).open("acme", tmp_path)) == []
    monkeypatch.setenv("ACME_SFTP_PASSPHRASE", "wrong")
    with pytest.raises(StoreAccessError, match="ACME_SFTP_PASSPHRASE"):
        everything(sftp_server.source(place.folder).open("acme", tmp_path))


def test_without_a_secret_the_engagement_says_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ACME_SFTP_PASSWORD", raising=False)
    with pytest.raises(ConfigurationError, match=r"acme: .*ACME_SFTP_PRIVATE_KEY or ACME_SFTP_"):
        source_of().open("acme", tmp_path)


def test_a_server_that_is_not_there_is_an_outage(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACME_SFTP_PASSWORD", SECRET)
    store = source_of(port=9).open("acme", tmp_path)
    with pytest.raises(StoreUnavailableError, match=r"acme: .*can not be reached"):
        everything(store)


def test_a_lost_connection_is_made_again(sftp_server: Any, place: Any) -> None:
    place.put("orders.csv", b"x" * 3_000_000)
    store = place.store()
    (listed,) = everything(store)
    store._line.connection.abort()
    assert everything(store) == [listed]


def test_links_are_not_seen_and_not_followed(place: Any, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("secret")
    (place.folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (place.folder / "linked").symlink_to(tmp_path)
    place.put("a/orders.csv", b"x")
    store = place.store()
    (listed,) = everything(store)
    assert not store.exists("link.csv")
    assert not store.exists("linked/secret.csv")
    (place.folder / "a").rename(place.folder / "b")
    (place.folder / "a").symlink_to(place.folder / "b")
    with pytest.raises(Exception, match="changed after it was listed"):
        store.fetch(listed, tmp_path / "copy")


def test_a_name_that_is_not_utf_8_is_taken(place: Any, tmp_path: Path) -> None:
    with open(os.fsencode(place.folder) + b"/orders_\xff.csv", "wb") as file:  # noqa: PTH123
        file.write(b"content")
    store = place.store()
    (listed,) = everything(store)
    listed.key.encode()  # as any database stores it
    store.fetch(listed, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"content"


def test_names_that_mean_something_elsewhere_are_names(place: Any, tmp_path: Path) -> None:
    names = [
        "orders\n2026-01-01 ERROR globex: all is lost.csv", "orders\x1b[2J\r.csv", "..orders.csv",
        "..", "orders\u202evsc.exe", "*?[a-z]'; rm -rf.csv", f"{'o' * 251}.csv", "~", "$(id).csv",
    ]  # fmt: skip
    made = [name for name in names if name != ".."]
    for at, name in enumerate(made):
        (place.folder / name).write_text(str(at))
    store = place.store()
    listed = {each.key: each for each in everything(store)}
    assert sorted(listed) == sorted(made)
    for at, name in enumerate(made):
        store.fetch(listed[name], tmp_path / "copy")
        assert (tmp_path / "copy").read_text() == str(at)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"host_keys": []}, "at least 1 item"),
        ({"host_keys": ["sftp.example.com ssh-ed25519 AAAA"]}, "is not a public key"),
        ({"host_keys": [OTHER_KEY.replace("ssh-ed25519", "ssh-rsa")]}, "is not a public key"),
        ({"folder": "upload/../other"}, "leads upwards"),
        ({"host": "me@sftp.example.com"}, "pattern"),
        ({"credentials_prefix": "acme"}, "pattern"),
        ({"port": 70000}, "65535"),
    ],
)
def test_mistakes_are_told_when_the_engagement_is_read(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        source_of(**changes)


def test_an_engagement_may_say_sftp() -> None:
    source = source_of().model_dump(exclude_unset=True)
    config = EngagementConfig.model_validate(
        {"client_name": "x", "feeds": [{"name": "x", "files": "x"}], "source": source}
    )
    assert config.source == source_of()


def test_one_folder_of_one_login_belongs_to_one_client(tmp_path: Path) -> None:
    def refused(**changes: object) -> set[str]:
        places = {
            "acme": source_of().place(tmp_path),
            "globex": source_of(**changes).place(tmp_path),
        }
        return set(overlaps(places))

    assert refused(folder="upload/globex") == {"acme", "globex"}
    assert refused(host="127.0.0.1", folder="./upload/") == {"acme", "globex"}
    assert refused(username="globex") == set()
    assert refused(folder="upload2") == set()
    assert refused(folder="/upload") == set()  # another folder, unless the server says otherwise


def test_a_folder_is_one_by_whatever_name_a_client_has_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACME_SFTP_PASSWORD", SECRET)
    for folder in ("upload/globex", "upload2"):
        (tmp_path / "root" / folder).mkdir(parents=True)
    (tmp_path / "root/link").symlink_to("upload")

    def look(client_id: str, source: SftpSource) -> object:
        intake = Intake(
            ledger=Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}"),
            store=source.open(client_id, tmp_path),
            folder=ClientFolder(tmp_path, client_id),
            feeds=[FeedPattern(name="orders", glob="*")],
            place=source.place(tmp_path),
        )
        return intake.look(now=datetime(2026, 1, 5, tzinfo=UTC))

    root = str(tmp_path / "root")
    with serve(lambda chan: asyncssh.SFTPServer(chan, chroot=root)) as (port, key):

        def of(**changes: object) -> SftpSource:
            return source_of(port=port, host_keys=[key], **changes)

        look("acme", of())
        others = ("/upload", "/upload/globex", "link")
        for same in ({"host": "localhost"}, *({"folder": folder} for folder in others)):
            with pytest.raises(
                ConfigurationError, match=r"^globex: its source, sftp://acme@SHA256"
            ):
                look("globex", of(**same))
        look("globex", of(folder="/upload2"))
        look("acme", of())


class _Hostile(asyncssh.SFTPServer):
    """Names that no server of good will gives, and below `deep` folders without end."""

    def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        shown = {
            b"../../x.csv": 0o100644,
            b"a/b.csv": 0o100644,
            b"..": 0o40755,
            b"ok.csv": 0o100644,
        }
        if path.startswith(b"deep"):
            shown[b"d"] = 0o40755

        async def names() -> AsyncIterator[asyncssh.SFTPName]:
            for name, mode in shown.items():
                attributes = asyncssh.SFTPAttrs(permissions=mode, size=1, atime=1, mtime=1)
                yield asyncssh.SFTPName(name, attrs=attributes)

        return names()


class _ByPassword(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("acme", SECRET)


@contextmanager
def serve(sftp: Any) -> Iterator[tuple[int, str]]:
    """A server of our own making, whose answers can be anything; gives port and host key."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> Any:
        return await asyncssh.create_server(
            _ByPassword, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=sftp
        )

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(20)
    try:
        yield server.get_port(), key.export_public_key().decode().strip()
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(server: Any) -> None:
    server.close()
    await server.wait_closed()
    running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def test_a_password_opens_and_a_wrong_one_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "upload").mkdir()
    (tmp_path / "upload/orders.csv").write_text("x")
    with serve(lambda chan: asyncssh.SFTPServer(chan, chroot=str(tmp_path))) as (port, key):
        source = source_of(port=port, host_keys=[key])
        monkeypatch.setenv("ACME_SFTP_PASSWORD", SECRET)
        assert [file.key for file in everything(source.open("acme", tmp_path))] == ["orders.csv"]
        monkeypatch.setenv("ACME_SFTP_PASSWORD", "wrong")
        with pytest.raises(StoreAccessError, match="refuses acme's login") as caught:
            everything(source.open("acme", tmp_path))
        assert "wrong" not in str(caught.value)


class _Silent(asyncssh.SFTPServer):
    """Opens a folder and never says what is in it."""

    def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        async def names() -> AsyncIterator[asyncssh.SFTPName]:
            await asyncio.Event().wait()
            yield asyncssh.SFTPName(b"never")

        return names()


def test_a_server_that_falls_silent_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACME_SFTP_PASSWORD", SECRET)
    monkeypatch.setattr("consulting.sources.sftp.line.ANSWER_SECONDS", 3)
    with serve(_Silent) as (port, key), socket.create_server(("127.0.0.1", 0)) as tarpit:
        for each in (port, tarpit.getsockname()[1]):
            store = source_of(port=each, host_keys=[key]).open("acme", tmp_path)
            with pytest.raises(StoreUnavailableError, match=r"broke off \(TimeoutError\)"):
                everything(store)


@contextmanager
def cut_lines(port: int, after_bytes: int) -> Iterator[int]:
    """A line to a port that breaks after so many bytes of the other end."""

    def serve_cut() -> None:
        while True:
            with suppress(OSError):
                near, _ = proxy.accept()
                far = socket.create_connection(("127.0.0.1", port))
                threading.Thread(target=pass_on, args=(near, far, 1 << 40), daemon=True).start()
                pass_on(far, near, after_bytes)
            if proxy.fileno() < 0:
                return

    def pass_on(one: socket.socket, other: socket.socket, most_bytes: int) -> None:
        with suppress(OSError):
            while most_bytes > 0 and (some := one.recv(min(65536, most_bytes))):
                other.sendall(some)
                most_bytes -= len(some)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    with socket.create_server(("127.0.0.1", 0)) as proxy:
        threading.Thread(target=serve_cut, daemon=True).start()
        yield proxy.getsockname()[1]
        proxy.shutdown(socket.SHUT_RDWR)


def test_a_line_that_breaks_in_a_file_is_told_of_once(
    sftp_server: Any, place: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place.put("orders.csv", b"x" * 3_000_000)
    (listed,) = everything(place.store())
    with cut_lines(sftp_server.port, 20_000) as port:
        store = sftp_server.source(place.folder, port=port).open("acme", tmp_path)
        with pytest.raises(StoreUnavailableError, match="can not be reached, or broke off"):
            store.fetch(listed, tmp_path / "copy")
    gc.collect()
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []


def _untyped(name: asyncssh.SFTPName) -> None:
    name.longname, name.attrs.permissions = b"orders.csv", (name.attrs.permissions or 0) & 0o7777


def _by_line(name: asyncssh.SFTPName) -> None:
    kind = b"d" if stat.S_ISDIR(name.attrs.permissions or 0) else b"-"
    name.longname, name.attrs.permissions = kind + b"rwxr-xr-x   1 acme", None


def _unmeasured(name: asyncssh.SFTPName) -> None:
    name.attrs.size = None


class _Terse(asyncssh.SFTPServer):
    """Leaves out of its listing what SFTP allows to leave out."""

    leave_out: ClassVar[Callable[[asyncssh.SFTPName], None]]

    def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        async def names() -> AsyncIterator[asyncssh.SFTPName]:
            async for name in asyncssh.SFTPServer.scandir(self, path):
                type(self).leave_out(name)
                yield name

        return names()


class _Mute(_Terse):
    """Tells of nothing what it is."""

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs(size=1, atime=1, mtime=1)


@pytest.mark.parametrize("leave_out", [_untyped, _by_line, _unmeasured])
def test_what_a_listing_leaves_out_is_asked_for_and_never_taken_for_nothing(
    leave_out: Callable[[asyncssh.SFTPName], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACME_SFTP_PASSWORD", SECRET)
    monkeypatch.setattr(_Terse, "leave_out", staticmethod(leave_out), raising=False)
    (tmp_path / "upload/a").mkdir(parents=True)
    (tmp_path / "upload/a/orders.csv").write_text("id\n1\n")
    with serve(lambda chan: _Terse(chan, chroot=str(tmp_path))) as (port, key):
        store = source_of(port=port, host_keys=[key]).open("acme", tmp_path)
        (listed,) = everything(store)
        assert (listed.key, listed.size_bytes) == ("a/orders.csv", 5)
        store.fetch(listed, tmp_path / "copy")
        assert (tmp_path / "copy").read_text() == "id\n1\n"
    if leave_out is _untyped:
        with serve(lambda chan: _Mute(chan, chroot=str(tmp_path))) as (port, key):
            store = source_of(port=port, host_keys=[key]).open("acme", tmp_path)
            with pytest.raises(StoreUnavailableError, match="does not tell what of its folder is"):
                everything(store)


class _Shy(asyncssh.SFTPServer):
    """Lists files that it does not give, and a folder that it does not list."""

    def open(self, path: bytes, pflags: int, attrs: Any) -> object:
        if b"locked" in path:
            raise asyncssh.SFTPFailure("in use")
        if b"shut" in path:
            raise asyncssh.SFTPPermissionDenied("no")
        return super().open(path, pflags, attrs)

    def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        if path.rstrip(b"/").endswith(b"hidden"):
            raise asyncssh.SFTPPermissionDenied("no")
        return super().scandir(path)


def test_a_file_that_the_server_shows_and_does_not_give_is_named_and_others_are_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACME_SFTP_PASSWORD", SECRET)
    names = ("locked.csv", "open.csv", "shut.csv")
    (tmp_path / "upload").mkdir()
    for name in names:
        (tmp_path / "upload" / name).write_text(name)
    with serve(lambda chan: _Shy(chan, chroot=str(tmp_path))) as (port, key):
        store = source_of(port=port, host_keys=[key]).open("acme", tmp_path)
        locked, opened, shut = everything(store)
        for refused, why in ((locked, "SFTPFailure"), (shut, "SFTPPermissionDenied")):
            with pytest.raises(DropRefusedError) as caught:
                store.fetch(refused, tmp_path / "copy")
            assert str(caught.value) == (
                f"acme: '{refused.key}': The server shows it, and does not let acme read it "
                f"({why}). Have the server's owner allow this user to read the file."
            )
        assert not (tmp_path / "copy").exists()
        store.fetch(opened, tmp_path / "copy")
        assert (tmp_path / "copy").read_text() == "open.csv"
        (tmp_path / "upload/hidden").mkdir()
        with pytest.raises(StoreAccessError, match=r"/upload: acme may not list 'hidden/'\. Have"):
            everything(store)


def test_a_hostile_server_leads_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ACME_SFTP_PASSWORD", SECRET)
    with serve(_Hostile) as (port, key):
        source = source_of(port=port, host_keys=[key])
        assert [file.key for file in everything(source.open("acme", tmp_path))] == ["ok.csv"]
        deep = source.model_copy(update={"folder": "deep"}).open("acme", tmp_path)
        with pytest.raises(StoreUnavailableError, match=r"acme: .*more than 100 deep"):
            everything(deep)
