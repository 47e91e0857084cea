"""Whether a cell is still the one we sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.corrections.values import is_damaged, is_respelled, is_same
from consulting.formulas import neutralise


@given(st.text(), st.sampled_from(("", " ", "\n")))
def test_what_we_sent_is_the_same_with_or_without_our_apostrophe(text: str, space: str) -> None:
    assert is_same(text, text)
    assert is_same(text + space, text)
    assert is_same(neutralise(text.strip()) + space, text)


@pytest.mark.parametrize(
    ("returned", "sent"),
    [("USA", "usa"), ("12", "12.0"), ("=1", "1"), ("", "x"), ("x", None), ("'a", "a")],
)
def test_another_value_is_a_change(returned: str, sent: str | None) -> None:
    assert not is_same(returned, sent)
    assert not is_damaged(returned, sent)


@pytest.mark.parametrize(
    ("returned", "sent"),
    [
        ("123", "00123"),
        ("0", "000"),
        ("1.23457E+15", "1234567890123456"),
        ("1,23457E+15", "1234567890123456"),
        ("9E+11", "899999999999"),
    ],
)
def test_what_a_spreadsheet_makes_of_digits_is_told_from_a_correction(
    returned: str, sent: str
) -> None:
    assert is_damaged(returned, sent)
    assert not is_same(returned, sent)


@pytest.mark.parametrize(
    ("returned", "sent"),
    [("00124", "00123"), ("124", "00123"), ("1.3E+15", "1234567890123456"), ("1E5", "100000")],
)
def test_other_digits_are_a_correction(returned: str, sent: str) -> None:
    assert not is_damaged(returned, sent)


@pytest.mark.parametrize(
    ("returned", "sent", "respelled"),
    [
        ("1/4/2026", "2026-01-04", True),
        ("04.01.2026", "2026-01-04", True),
        ("1/22/26", "2026-01-22", True),
        ("1/5/2026", "2026-01-04", False),
        ("3/4/2026", "03/04/2026", True),
        ("4/3/2026", "03/04/2026", False),
        ("2026-04-03", "03/04/2026", False),  # somebody says which it is
        ("21.01.2026", "21.01.26", True),
        ("1/9/2026 8:30", "2026-01-09 08:30:00", True),
        ("1/9/2026 8:31", "2026-01-09 08:30:00", False),
        ("4-Mar", "3/4", True),
        ("2-Jan", "1-2", True),
        ("4-May", "3/4", False),
        ("1.00E+05", "1E5", True),
        ("3.1", "3.10", True),
        ("3.2", "3.10", False),
        ("3.10", "3.10", False),
        ("x", "3.10", False),
    ],
)
def test_what_a_spreadsheet_writes_otherwise_is_told_from_another_value(
    returned: str, sent: str, *, respelled: bool
) -> None:
    assert is_respelled(returned, sent) is respelled
