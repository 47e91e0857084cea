"""The pages of all clients: written by one machine, shown by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.bucket.objects import objects_at
from consulting.layout import data_url
from consulting.writing import write_whole

if TYPE_CHECKING:
    from pathlib import Path


def publish_page(page: Path) -> None:
    """Let other machines see a page of the data root, where a bucket holds the data."""
    if (url := data_url()) is not None:
        objects_at(url).write(page.name, page)


def fetch_page(page: Path) -> None:
    """Bring a page of the data root up to what was published, where a bucket holds the data."""
    url = data_url()
    held = objects_at(url).read(page.name) if url is not None else None
    if held is not None:
        write_whole(page, [held])
