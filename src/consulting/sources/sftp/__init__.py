"""A folder on an SFTP server."""

from __future__ import annotations

import base64
import binascii
import os
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from consulting.errors import ConfigurationError
from consulting.sources.places import Place, steps
from consulting.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from consulting.sources.store import Store

_EXAMPLE_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTEx"
_WORDS = 2  # of a key's line: its kind and the key; what follows is a comment
_LENGTH_BYTES = 4


class SftpSource(Source):
    """The client's files arrive in a folder on an SFTP server."""

    type: Literal["sftp"] = Field(description="Files arrive on an SFTP server.")
    host: str = Field(
        min_length=1,
        pattern=r"^[^\s/@]+$",
        description="The server's name or address.",
        examples=["sftp.example.com"],
    )
    port: int = Field(default=22, ge=1, le=65535, description="The server's port.")
    username: str = Field(min_length=1, description="Whom we log in as.", examples=["acme"])
    folder: str = Field(
        min_length=1,
        description="The folder, from where the login begins or, with a `/` before it, the root.",
        examples=["upload"],
    )
    host_keys: tuple[str, ...] = Field(
        min_length=1,
        description=(
            "The server's public keys, a line each as `ssh-keyscan <host>` prints them without "
            "the name before; a server that shows another is not talked to."
        ),
        examples=[[_EXAMPLE_KEY]],
    )
    credentials_prefix: str = Field(
        pattern=r"^[A-Z][A-Z0-9_]*$",
        description=(
            "Log in with the private key in `<PREFIX>_SFTP_PRIVATE_KEY` (its text; under "
            "`<PREFIX>_SFTP_PASSPHRASE` if it has one), or with `<PREFIX>_SFTP_PASSWORD`."
        ),
        examples=["ACME"],
    )

    own_fields: ClassVar[Mapping[str, Any]] = {
        "host": "each-client",
        "username": "each",
        "folder": "each",
        "host_keys": (_EXAMPLE_KEY,),
        "credentials_prefix": "EACH",
    }

    @field_validator("folder")
    @classmethod
    def _folder_stays_below(cls, folder: str) -> str:
        if ".." in folder.split("/"):
            raise ValueError(f"{folder!r} leads upwards. Name the folder without '..'.")
        return folder

    @field_validator("host_keys")
    @classmethod
    def _are_keys(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        for line in lines:
            if not _is_key(line):
                raise ValueError(
                    f"{line!r} is not a public key. Write its kind and the key, for example "
                    f"{_EXAMPLE_KEY!r}: `ssh-keyscan <host>` prints them after the server's name."
                )
        return tuple(" ".join(line.split()[:_WORDS]) for line in lines)

    def place(self, incoming: Path) -> Place:  # noqa: ARG002 - it has a place of its own
        """The folder, as far as it can be told without the server; it tells the rest itself."""
        host = f"{self.username}@{self.host.casefold()}:{self.port}"
        home = () if self.folder.startswith("/") else ("~",)
        return ("sftp", host, *home, *steps(self.folder))

    def variables(self) -> Mapping[str, str]:
        """What the names of its secrets begin with."""
        return {f"{self.credentials_prefix}_": "source.credentials_prefix"}

    def open(self, client_id: str, incoming: Path) -> Store:  # noqa: ARG002 - as above
        """The folder; the server is called at the first use.

        Raises:
            ConfigurationError: If no secret is set, or the package is not installed.
        """
        prefix = f"{self.credentials_prefix}_SFTP_"
        names = ("PRIVATE_KEY", "PASSPHRASE", "PASSWORD")
        key, passphrase, password = (os.environ.get(prefix + name) for name in names)
        if not key and not password:
            raise ConfigurationError(
                f"{client_id}: `source.credentials_prefix: {self.credentials_prefix}` logs in to "
                f"{self.host} with {prefix}PRIVATE_KEY or {prefix}PASSWORD, and neither is set. "
                "Set one where Dagster runs."
            )
        try:
            from consulting.sources.sftp.line import Login
            from consulting.sources.sftp.store import SftpStore
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f"{client_id}: files on an SFTP server are read with a package that is not "
                "installed. Install `consulting[sftp]`."
            ) from error
        login = Login(
            self.host, self.port, self.username, self.host_keys, key, passphrase, password, prefix
        )
        return SftpStore(login, self.folder, client_id=client_id)


def _is_key(line: str) -> bool:
    """Whether it is a public key as OpenSSH writes it: its kind stands in the key, too."""
    words = line.split()
    if len(words) < _WORDS or len(line.splitlines()) > 1:
        return False
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return False
    length = int.from_bytes(blob[:_LENGTH_BYTES])
    return blob[_LENGTH_BYTES : _LENGTH_BYTES + length] == words[0].encode()
