"""What a format is: which files are its own, and how one of them is read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import NoneType
from typing import TYPE_CHECKING, ClassVar

from consulting.config_model import ConfigModel
from consulting.intake.reading.outcome import Outcome
from consulting.plugins import Answer, PlugIn, plugins

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.intake.reading.options import ReadOptions
    from consulting.intake.reading.outcome import StoreFactory
    from consulting.intake.reading.sources import ByteSource
    from consulting.sealed import SealedFile


class FileFormat(PlugIn, ConfigModel):
    """One way in which files are written; a subclass adds what a feed may say of it.

    Attributes:
        type: Its name in `defs.yaml`; a subclass narrows it to a `Literal` of one word.
        names: What a file of it is, by the name that a reading records, in words.
        extensions: Endings of file names, by the same name; another ending is remarked on.
        rank: Whose turn it is: those of packages are asked before ours.
    """

    type: str

    names: ClassVar[Mapping[str, str]] = {}
    extensions: ClassVar[Mapping[str, frozenset[str]]] = {}
    rank: ClassVar[int] = 0
    answers: ClassVar[Mapping[str, Answer]] = {"name_of": (str, NoneType), "read": Outcome}

    @abstractmethod
    def name_of(self, source: ByteSource, head: bytes, options: ReadOptions) -> str | None:
        """Which of its `names` a file is, told by content; None if it is no file of this kind.

        Args:
            source: The file's bytes, unpacked.
            head: The first of them.
            options: What reading it may take.

        Raises:
            UnreadableFileError: If the file is of this kind and can't be read.
        """

    @abstractmethod
    def read(
        self,
        path: Path | SealedFile,
        source: ByteSource,
        name: str,
        options: ReadOptions,
        store: StoreFactory,
    ) -> Outcome:
        """Read a file: hand its rows to the store, and count them a second way.

        Args:
            path: The landed copy, where it is no archive.
            source: The file's bytes, unpacked.
            name: What `name_of` said.
            options: What is known of the file, and what reading it may take.
            store: Makes the store of the rows once the columns are known.

        Raises:
            UnreadableFileError: With a code of its own, or one that `docs/reading.md` lists.
        """


def all_formats() -> Mapping[str, type[FileFormat]]:
    """Every format by its `type`; raises as `plugins` does."""
    return plugins("consulting.formats")
