"""Delimited text: what each oddity comes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consulting.errors import UnreadableFileError

Reader = Callable[..., Any]


def test_leading_zeros_and_exponents_stay_as_they_are(read: Reader) -> None:
    got = read(b"id,code\n00123,1E5\n00124,007\n")
    assert got.rows == [("00123", "1E5"), ("00124", "007")]
    assert got.lines == [2, 3]


def test_an_empty_file_is_refused_with_its_code(read: Reader) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(b"")
    assert caught.value.code == "empty_file"
