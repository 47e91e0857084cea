"""A real OpenSSH server that serves SFTP, and places on it where a client uploads to."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh
from patience import PATIENCE_SECONDS, await_that

from consulting.sources.sftp import SftpSource
from consulting.testing.sources import UploadFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.sources.store import Store

_SETTINGS = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class SftpServer:
    """Where the server listens, its host key's line, and what a client's variables hold."""

    port: int
    folder: Path
    host_key: str
    private_key: str

    def new_place(self) -> SftpPlace:
        """A new, empty folder on the server, whose private key is in the environment."""
        return SftpPlace(self)

    def source(self, folder: Path, **changes: object) -> SftpSource:
        """A source of a folder of this server."""
        fields = {
            "type": "sftp",
            "host": "127.0.0.1",
            "port": self.port,
            "username": getpass.getuser(),
            "folder": str(folder),
            "host_keys": [self.host_key],
            "credentials_prefix": "ACME",
        }
        return SftpSource.model_validate(fields | changes)


class SftpPlace(UploadFolder):
    """A folder on the server, as the contract of sources wants it."""

    def __init__(self, server: SftpServer) -> None:
        self._server = server
        super().__init__(server.folder / f"upload-{uuid.uuid4().hex[:8]}")
        self.folder.mkdir()

    def store(self) -> Store:
        return self._server.source(self.folder).open("acme", self.folder)

    def missing(self) -> Store:
        return self._server.source(self.folder / "none").open("acme", self.folder)


@contextmanager
def serve_sftp(folder: Path, port: int) -> Iterator[SftpServer]:
    """Start a real OpenSSH server in a folder, and stop it."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    assert program, "OpenSSH's server is not installed: run .ci/system-packages."
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True, mode=0o755)
    keys = {name: asyncssh.generate_private_key("ssh-ed25519") for name in ("host", "login")}
    keys["host"].write_private_key(folder / "host")
    (folder / "host").chmod(0o600)
    keys["login"].write_public_key(folder / "authorized")
    (folder / "settings").write_text(_SETTINGS.format(port=port, folder=folder))
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [program, "-D", "-e", "-f", str(folder / "settings")], stderr=log
        )
        try:
            _await(folder / "log.txt", process)
            yield SftpServer(
                port,
                folder,
                keys["host"].export_public_key().decode().strip(),
                keys["login"].export_private_key().decode(),
            )
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def _await(log: Path, process: subprocess.Popen[bytes]) -> None:
    def listens() -> bool:
        assert process.poll() is None, log.read_text()
        return b"Server listening" in log.read_bytes()

    await_that(listens, log.read_text, every=0.05)
