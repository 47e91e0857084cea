"""Text that a spreadsheet could run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.formulas import is_formula_like, neutralise, restore


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "+49 30 1", "--1"],  # noqa: RUF001
)
def test_text_that_a_spreadsheet_might_run_gets_an_apostrophe(text: str) -> None:
    assert neutralise(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-12", "-12.50", "-1e5", "12", "a=b", "O'Neill", "", " plain"])
def test_numbers_and_plain_text_stay_as_they_are(text: str) -> None:
    assert neutralise(text) == text


@given(st.text())
def test_a_neutralised_text_is_harmless_and_can_be_restored(text: str) -> None:
    assert not is_formula_like(neutralise(text))
    assert restore(neutralise(text)) == text or text.startswith("'")
