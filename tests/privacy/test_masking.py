from __future__ import annotations

import re
import stat
from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.errors import ConfigurationError
from consulting.privacy import detect_pii, mask, masking_key, shape
from consulting.rules.missing import is_null_like

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"k" * 32
KINDS = ["email", "phone", "name", "card", "iban", "date_of_birth", "ip_address", "free_text"]


@given(st.sampled_from(KINDS), st.text(max_size=40))
def test_a_mask_is_the_same_for_the_same_key_and_text(kind: str, value: str) -> None:
    assert mask(kind, value, key=KEY) == mask(kind, value, key=KEY)


@given(st.sampled_from(["phone", "name", "address", "national_id", "free_text"]), st.text())
def test_a_mask_keeps_length_and_punctuation(kind: str, value: str) -> None:
    masked = mask(kind, value, key=KEY)
    assert masked is not None
    assert len(masked) == len(value)
    kept = [(a, b) for a, b in zip(value, masked, strict=True) if not a.isalnum()]
    assert all(a == b for a, b in kept)


@given(st.from_regex(r"[a-z]{8,12}", fullmatch=True))
def test_case_and_punctuation_variants_of_a_value_stay_variants(word: str) -> None:
    plain, shouted = mask("name", word, key=KEY), mask("name", f" {word.upper()}", key=KEY)
    if not is_null_like(word):
        assert plain is not None
        assert shouted == f" {plain.upper()}"


def test_masks_of_different_values_differ_and_so_do_keys() -> None:
    values = [f"customer{n:04}@acme.com" for n in range(2_000)]
    masks = {mask("email", v, key=KEY) for v in values}
    assert len(masks) == len(values)
    assert not masks & {mask("email", v, key=b"o" * 32) for v in values}


def test_no_letter_of_the_value_can_be_read_off_the_mask() -> None:
    texts = [f"{a}{a}{a}{a}{a}{a}{a}{a}" for a in "abcdefghijklmnopqrstuvwxyz"]
    kept = sum(a == b for v in texts for a, b in zip(v, str(mask("name", v, key=KEY)), strict=True))
    assert kept / (8 * len(texts)) < 0.1  # by chance 1 in 26


@pytest.mark.parametrize(
    ("kind", "value", "form"),
    [
        ("email", "Jane.Doe@acme.co.uk", r"[A-Z][a-z]{3}\.[A-Z][a-z]{2}@[a-z.]{7}\.example"),
        ("email", "no at sign", r"[a-z]{2} [a-z]{2} [a-z]{4}"),
        ("phone", "+1 (205) 325-8100", r"\+\d \(\d{3}\) \d{3}-\d{4}"),
        ("phone", "030 901820", r"0\d\d \d{6}"),
        ("card", "4111 1111 1111 1111", r"9\d{3} \d{4} \d{4} \d{4}"),
        ("iban", "DE89370400440532013000", r"XX\d{20}"),
        ("date_of_birth", "17/03/1984", r"(1[3-9]|2[0-8])/(0[1-9]|1[0-2])/(19[4-9]\d|200[0-5])"),
        ("date_of_birth", "1984-03-07", r"(19[4-9]\d|200[0-5])-(0[1-9]|1[0-2])-(0[1-9]|1[0-2])"),
        ("date_of_birth", "17-Mar-1984", r"\d\d-[A-Z][a-z]{2}-\d{4}"),
        ("ip_address", "192.168.1.77", r"10\.\d{1,3}\.\d{1,3}\.\d{1,3}"),
        ("ip_address", "2001:db8::1", r"fd00:.+"),
    ],
)  # fmt: skip
def test_the_mask_of_each_kind_keeps_its_form(kind: str, value: str, form: str) -> None:
    masked = mask(kind, value, key=KEY)
    assert masked is not None
    assert re.fullmatch(form, masked)
    assert masked != value


def _days(text: str) -> list[date]:
    """The days that a text of year, month and day in numbers may be."""
    found = []
    for form in ("%d.%m.%Y", "%m.%d.%Y", "%Y.%m.%d", "%Y.%d.%m", "%Y%m%d"):
        with suppress(ValueError):
            found.append(datetime.strptime(re.sub("[-/]", ".", text), form).date())  # noqa: DTZ007
    return found


@pytest.mark.parametrize(
    "value",
    ["30.02.2025", "2/30/2025", "2025-02-30", "31.04.2025", "13/13/2025", "20250230", "00.05.2025",
     "29.02.2025", "30.02.2025 10:30"],
)  # fmt: skip
def test_a_date_of_no_calendar_stays_one_and_no_other_becomes_one(value: str) -> None:
    day, time = value.partition(" ")[::2]
    for key in (b"a" * 32, b"b" * 32, b"c" * 32):
        masked = mask("date_of_birth", value, key=key)
        assert masked is not None
        assert len(masked) == len(value)
        assert masked != value
        assert _days(masked.partition(" ")[0]) == []
        real = day.replace("30", "28").replace("31", "21").replace("29", "27")
        again = mask("date_of_birth", f"{real} {time}".strip(), key=key) or ""
        assert bool(_days(again.partition(" ")[0])) == bool(_days(real))


def test_a_masked_card_is_no_real_card_and_a_masked_iban_no_account() -> None:
    for n in range(200):
        card = mask("card", f"411111111111{n:04}", key=KEY)
        iban = mask("iban", f"DE8937040044053201{n:04}", key=KEY)
        assert detect_pii("field", [card, iban]) is None


@pytest.mark.parametrize("value", [None, "", "  ", "N/A", "unknown"])
def test_what_is_no_value_stays(value: str | None) -> None:
    assert mask("email", value) == value


def test_without_a_key_masks_hold_within_the_process() -> None:
    assert mask("name", "Jane Doe") == mask("name", "Jane Doe") != "Jane Doe"


def test_a_client_keeps_one_key_that_only_its_owner_can_read(tmp_path: Path) -> None:
    key = masking_key(tmp_path / "acme")
    assert masking_key(tmp_path / "acme") == key
    assert masking_key(tmp_path / "globex") != key
    assert stat.S_IMODE((tmp_path / "acme" / "masking.key").stat().st_mode) == 0o600
    assert [p.name for p in (tmp_path / "acme").iterdir()] == ["masking.key"]


def test_a_damaged_key_is_named_with_its_client(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "masking.key").write_bytes(b"short")
    with pytest.raises(ConfigurationError, match=r"acme: the masking key .* holds 5 bytes"):
        masking_key(tmp_path / "acme")


def test_a_shape_tells_kinds_of_characters_only() -> None:
    assert shape("Jane.Doe7@acme.com") == "Aaaa.Aaa9@aaaa.aaa"
