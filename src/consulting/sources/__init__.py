"""Where clients' files arrive: each kind of place is one folder here, or in a package of others.

A source is a subclass of `Source`, found by the entry point group `consulting.sources`; ours are
registered in the same way. Its fields are what `source:` in `defs.yaml` may say, and it opens the
`Store` that the intake lists and reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.plugins import plugins
from consulting.sources.source import Source
from consulting.sources.store import Listed, ListingPage, Store

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Listed", "ListingPage", "Source", "Store", "all_sources"]


def all_sources() -> Mapping[str, type[Source]]:
    """Every kind of source by its `type`; raises as `plugins` does."""
    return plugins("consulting.sources")
