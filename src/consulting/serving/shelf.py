"""What there is to see: finished deliveries, file by file as their manifests list them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consulting.bucket import fetch_page
from consulting.chain.access import record_access
from consulting.chain.tier import refusal_of
from consulting.delivery import list_deliveries, read_manifest
from consulting.errors import ConsultingError
from consulting.layout import MANIFEST
from consulting.serving.door import NotAdmittedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from consulting.chain.engagement import Engagement

DELIVERABLES = "deliverables"
PAGES = ("portfolio.html", "alerts.html")
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Shelf:
    """What is held, as far as it may be seen.

    Attributes:
        root: The data root.
        client_ids: The clients of the project.
        engagement_of: Client → its engagement; raises a `ConsultingError` where it is broken.
    """

    root: Path
    client_ids: Callable[[], list[str]]
    engagement_of: Callable[[str], Engagement]

    def deliveries(self, client_id: str) -> list[dict[str, Any]]:
        """A client's deliveries in a line each, the newest first."""
        engagement = self._of(client_id)
        found = reversed(list_deliveries(engagement.folder))
        tier = engagement.config.security_tier
        lying = engagement.folder.deliverables
        return [
            each.model_dump(mode="json")
            for each in found
            if each.tier <= tier and (lying / each.delivery_id).is_dir()
        ]

    def files(self, client_id: str, delivery_id: str) -> list[str]:
        """The files of a delivery, in the order of their names."""
        _, manifest = self._delivery(client_id, delivery_id)
        return [*sorted(manifest["files"]), MANIFEST]

    def file(self, client_id: str, delivery_id: str, name: str) -> Path:
        """A file of a delivery.

        Raises:
            NotAdmittedError: If the manifest lists no such file.
        """
        folder, manifest = self._delivery(client_id, delivery_id)
        if name != MANIFEST and name not in manifest["files"]:
            raise not_there()
        record_access(
            self._of(client_id),
            by="consulting serve",
            operation="show file",
            subject=f"{delivery_id}/{name}",
        )
        return folder / name

    def has_page(self, name: str) -> bool:
        """Whether there is a page of all clients; the newest is brought here."""
        fetch_page(self.root / name)
        return (self.root / name).is_file()

    def _delivery(self, client_id: str, delivery_id: str) -> tuple[Path, Mapping[str, Any]]:
        engagement = self._of(client_id)
        folder = engagement.folder.deliverables / delivery_id
        if not _SAFE.fullmatch(delivery_id) or folder.is_symlink() or not folder.is_dir():
            raise not_there()
        try:
            manifest = read_manifest(folder)
        except ConsultingError as error:
            raise NotAdmittedError(404, str(error)) from None
        if manifest["security_tier"] > engagement.config.security_tier:
            raise NotAdmittedError(403, f"{delivery_id} was made at a higher tier than now holds.")
        return folder, manifest

    def _of(self, client_id: str) -> Engagement:
        if client_id not in self.client_ids():
            raise not_there()
        try:
            engagement = self.engagement_of(client_id)
        except ConsultingError:
            said = f"{client_id} can not be loaded: `consulting check {client_id}` says why."
            raise NotAdmittedError(503, said) from None
        if refusal := refusal_of(engagement):
            raise NotAdmittedError(403, str(refusal))
        return engagement


def not_there() -> NotAdmittedError:
    """What is answered for whatever is not there, or not to be seen."""
    return NotAdmittedError(404, "There is nothing here.")
