"""What is packed or encrypted is refused as no text; text with a few control characters is read."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.intake.reading.conftest import read_bytes

from consulting.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Callable

CONTROLS = {chr(code) for code in range(32)} - {"\t", "\r", "\n"}


@pytest.mark.parametrize("least", [0, 1], ids=["any byte", "no NUL"])
@settings(derandomize=True, deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), size=st.integers(50, 2000))
def test_random_bytes_are_refused_or_hold_no_control_character(
    least: int, seed: int, size: int
) -> None:
    chance = random.Random(seed)
    data = bytes(chance.randint(least, 255) for _ in range(size))
    with tempfile.TemporaryDirectory() as folder:
        try:
            got = read_bytes(Path(folder), data)
        except UnreadableFileError as error:
            refusal = (error.code, "not text" in str(error))
        else:
            refusal = None
    if refusal:
        assert refusal == ("binary_file", True)
        return
    texts = [*got.columns, *(cell or "" for row in got.rows for cell in row)]
    assert not CONTROLS & set("".join(texts))
    assert not CONTROLS & set("".join(str(reject) for reject in got.rejects))


@pytest.mark.parametrize(
    ("text", "encoding", "cells"),
    [
        ("id;name\n1;Käse\x14\n2;Brot\x1c\n", "cp1252", ["Käse\x14", "Brot\x1c"]),
        ("id;name\n1;Käse\n2;Brot\x1a", "cp1252", ["Käse", "Brot\x1a"]),
        ("þidþ\x14þnameþ\nþ1þ\x14þKäseþ\nþ2þ\x14þÖlþ\n", "cp1252", ["Käse", "Öl"]),
        ("id\x14name\n1\x14Чай зелёный\n2\x14Чай\n", "cp1251", ["Чай зелёный", "Чай"]),  # noqa: RUF001 - Cyrillic
        ("id\x1fname\n1\x1fチーズ\n2\x1fパン\n", "shift_jis", ["チーズ", "パン"]),
        ("id;name\n1;Käse" + "\x00" * 40 + "\n2;Öl" + "\x00" * 40 + "\n", "cp1252", ["Käse", "Öl"]),
    ],
)
def test_text_with_a_few_control_characters_is_read(
    read: Callable[..., Any], text: str, encoding: str, cells: list[str]
) -> None:
    got = read(text.encode(encoding), encoding=encoding)
    assert [row[1] for row in got.rows] == cells


def test_long_russian_text_with_a_stray_control_character_is_read(read: Callable[..., Any]) -> None:
    rows = [f"{n};Чай зелёный;Москва, улица Ленина\n" for n in range(40)]
    rows[7] = "7;Чай\x14 зелёный;Москва\x05, улица Ленина\n"
    got = read("".join(["номер;товар;адрес\n", *rows]).encode("cp1251"))
    assert got.columns == ["номер", "товар", "адрес"]
    assert got.rows[7] == ("7", "Чай\x14 зелёный", "Москва\x05, улица Ленина")
