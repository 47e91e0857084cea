"""Each of our sources holds the contract of sources, and so does each after a kill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from consulting.testing.sources import SourceContract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consulting.testing.sources import SourcePlace


class TestLocal(SourceContract):
    @pytest.fixture
    def place(self, new_place: Callable[[str], SourcePlace]) -> SourcePlace:
        return new_place("local")


class TestS3(SourceContract):
    @pytest.fixture
    def place(self, new_place: Callable[[str], SourcePlace]) -> SourcePlace:
        return new_place("s3")


class TestSftp(SourceContract):
    @pytest.fixture
    def place(self, new_place: Callable[[str], SourcePlace]) -> SourcePlace:
        return new_place("sftp")


@pytest.mark.parametrize("kind", ["s3", "sftp"])
def test_a_kill_neither_loses_nor_repeats_a_file_of_any_source(
    killing: Any, tmp_path: Path, new_place: Callable[[str], SourcePlace], kind: str
) -> None:
    """Each boundary of a local folder is tried in the intake's own tests."""
    root = tmp_path / "world"
    kills = killing.matrix_of(
        root, f"sqlite:///{root / 'ledger.db'}", every=17, new_place=lambda: new_place(kind)
    )
    assert kills > 5
