"""What changes of a feed's columns are told by: its files, their rules, and their past."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consulting.profiling.past import Past
    from consulting.profiling.reads import Reads


class Changes:
    """The columns of a feed's files, each held against its rule and its past.

    Args:
        reads: What the models read, and the files.
        past: What earlier deliveries held.
    """

    def __init__(self, reads: Reads, past: Past) -> None:
        self._reads = reads
        self._current = reads.current
        self._past = past
