"""Who may read what we write."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from consulting.writing import write_project_text, write_text

if TYPE_CHECKING:
    from pathlib import Path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o644, 0o664, 0o600])
def test_a_file_of_the_project_stays_readable_for_those_who_could(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "orders.yml"
    path.write_text("a: 1\n")
    path.chmod(mode)
    write_project_text(path, "a: 2\n")
    assert (path.read_text(), mode_of(path)) == ("a: 2\n", mode)


@pytest.mark.parametrize(("folder", "file"), [(0o755, 0o644), (0o775, 0o664), (0o700, 0o600)])
def test_a_new_one_is_read_by_those_who_read_its_folder(
    tmp_path: Path, folder: int, file: int
) -> None:
    tmp_path.chmod(folder)
    assert mode_of(write_project_text(tmp_path / "new.yml", "a: 1\n")) == file


def test_what_is_of_a_client_is_its_owner_s_alone_even_over_an_open_file(tmp_path: Path) -> None:
    path = tmp_path / "portfolio.html"
    path.write_text("old")
    path.chmod(0o644)
    assert mode_of(write_text(path, "new")) == 0o600
