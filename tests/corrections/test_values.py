"""Whether a cell is still the one we sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.corrections.values import is_damaged, is_same
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
