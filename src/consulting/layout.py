"""Where a client's things live below `CONSULTING_DATA`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from consulting.errors import ConfigurationError

MANIFEST = "manifest.json"
"""What a folder holds that is a finished delivery, or what is kept of one."""
LINKS_VARIABLE = "CONSULTING_LINKS_URL"
"""Where browsers find what `consulting serve` shows."""


READ = ".read"
"""Below the scratch folder: what others than runs see of a client whose data a bucket holds."""


_BUCKET = re.compile(r"s3://[a-zA-Z0-9][\w.-]{2,62}((/[^/\s]([^/]*[^/\s])?)*)/?", re.ASCII)
_SIGNED_IN = re.compile(r"//[^/]*@")


def data_url() -> str | None:
    """`CONSULTING_DATA`, where it is a bucket's URL and no folder.

    Raises:
        ConfigurationError: If it is a URL of anything else, or no bucket and prefix.
    """
    value = os.environ.get("CONSULTING_DATA", "")
    if "://" not in value and not value.startswith("s3:"):
        return None
    found = _BUCKET.fullmatch(value)
    if not found or not value.isprintable() or {".", ".."} & {*found[1].split("/")}:
        raise ConfigurationError(
            f"CONSULTING_DATA is {_SIGNED_IN.sub('//…@', value)!r}, but it must be a local folder, "
            "or a bucket and a prefix in it: s3://bucket/prefix. A bucket's name is 3 to 63 "
            "letters, digits, dots and hyphens; no step of a prefix is empty, a dot or two, or "
            "begins or ends with a blank; keys stand in AWS's variables."
        )
    return value


def data_root() -> Path:
    """The folder that holds every client's files: `CONSULTING_DATA`, or `data` beside the project.

    Where a bucket holds them, this machine's working copies: `CONSULTING_SCRATCH`.

    Raises:
        ConfigurationError: If it is a URL of anything but a bucket.
    """
    variable = "CONSULTING_DATA" if data_url() is None else "CONSULTING_SCRATCH"
    return Path(os.environ.get(variable) or "data").absolute()


def address_of(path: Path) -> str:
    """The address that a link to something held leads to: where `consulting serve` shows it.

    A file's own address where `CONSULTING_LINKS_URL` does not say where that is.

    Args:
        path: Below the data root.
    """
    base, root = os.environ.get(LINKS_VARIABLE), data_root()
    if not base or not path.is_relative_to(root):
        return path.as_uri()
    base = base if "://" in base else f"http://{base}"
    below = path.relative_to(root / READ if path.is_relative_to(root / READ) else root)
    return f"{base.rstrip('/')}/{quote(below.as_posix())}"


def ledger_url() -> str:
    """The ledger's SQLAlchemy URL: `CONSULTING_LEDGER_URL`, or SQLite in the data root.

    Raises:
        ConfigurationError: If it is not set, and a bucket holds the data.
    """
    url = os.environ.get("CONSULTING_LEDGER_URL")
    if not url and data_url() is not None:
        raise ConfigurationError(
            f"CONSULTING_DATA is {data_url()}, and the ledger says what of it counts, for all "
            "machines: set CONSULTING_LEDGER_URL (postgresql://user:password@host/database)."
        )
    return url or f"sqlite:///{data_root() / 'ledger.db'}"


@dataclass(frozen=True)
class ClientFolder:
    """The places of one client; a run reads and writes below `path` only."""

    root: Path
    client_id: str

    @property
    def path(self) -> Path:
        """All that is held of this client."""
        return self.root / self.client_id

    @property
    def incoming(self) -> Path:
        """The drop folder of a `local` source."""
        return self.path / "incoming"

    @property
    def landing(self) -> Path:
        """Immutable copies, one folder per content hash."""
        return self.path / "landing"

    @property
    def warehouse(self) -> Path:
        """The client's own DuckDB file; dbt takes its catalog name from the file's name."""
        return self.path / "warehouse.duckdb"

    @property
    def quarantine(self) -> Path:
        """Files set aside, each with its reason beside it."""
        return self.path / "quarantine"

    @property
    def deliverables(self) -> Path:
        """One folder per delivery."""
        return self.path / "deliverables"

    @property
    def access_log(self) -> Path:
        """At tier 3: who read or wrote the client's full data, one JSON line each."""
        return self.path / "access.jsonl"

    @property
    def errors(self) -> Path:
        """At tier 3: the texts of libraries' errors, which may quote rows."""
        return self.path / "errors"

    def sample(self, tier: int) -> Path:
        """What is kept of a sample that was read at a tier."""
        return self.path / "sample" / f"tier_{tier}"

    @property
    def runs(self) -> Path:
        """One folder per batch."""
        return self.path / "runs"

    def run(self, batch_id: str) -> Path:
        """What the stages of one batch's run leave for each other."""
        return self.runs / batch_id

    def sent(self, delivery_id: str) -> Path:
        """What later runs need of a delivery: its manifest, and the rejects that may come back."""
        return self.run(delivery_id) / "sent"

    def as_sent(self, delivery_id: str) -> Path:
        """Where a delivery's manifest and rejects are read from: the delivery, if no run kept them.

        Release 0.1 did not, and a lowered tier removes what runs kept.
        """
        sent = self.sent(delivery_id)
        return sent if (sent / MANIFEST).is_file() else self.deliverables / delivery_id

    def deliveries(self) -> list[str]:
        """The deliveries made, by name, also those that no longer lie in `deliverables`.

        Other folders there, such as an archive's or one whose files were moved away, are passed
        over.
        """
        made = {path.parents[1].name for path in self.runs.glob(f"*/sent/{MANIFEST}")}
        made |= {path.parent.name for path in self.deliverables.glob(f"*/{MANIFEST}")}
        return sorted(name for name in made if not name.startswith("."))

    def delivery_named(self, said: str) -> str:
        """The delivery that somebody names by its number, or by how it alone begins.

        What names none or several comes back as it is.
        """
        known = self.deliveries()
        number = f"{int(said):05}" if said.isdecimal() else said
        begins = [each for each in known if each.startswith((said, f"{self.client_id}-{number}-"))]
        return begins[0] if said not in known and len(begins) == 1 else said
