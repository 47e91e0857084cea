"""Personal data in other clothes, below tier 3: as programs, spreadsheets and habits write it."""

from __future__ import annotations

import base64
import random

import pytest

from consulting.privacy import hide

DRAW = random.Random(5)
PHONES = [f"49171{DRAW.randrange(10**6, 10**7)}" for _ in range(60)]
NAMES = ["MUELLER", "SCHMIDT", "FISCHER", "KOWALSK", "LINDNER", "HARTMAN", "KRUEGER"]
NAMED = [DRAW.choice(NAMES) for _ in range(60)]
DAYS = [
    f"{DRAW.randrange(1950, 2005)}{DRAW.randrange(1, 13):02}{DRAW.randrange(1, 29):02}"
    for _ in range(60)
]
# Nine digits, of which nothing proves that they are not social security numbers.
IDENTITIES = [
    f"{DRAW.randrange(100, 666)}{DRAW.randrange(1, 100):02}{DRAW.randrange(1, 10_000):04}"
    for _ in range(60)
]
MACHINES = [str(DRAW.randrange(2**24, 2**32 - 2**29)) for _ in range(60)]
NUMBERS = [str(DRAW.randrange(100_000_000, 999_999_999)) for _ in range(60)]
INITIALS = [f"{DRAW.choice('ABCDEFGH')}{DRAW.choice('JKLMNPRS')}" for _ in range(60)]
YEARS = [str(DRAW.randrange(1940, 2006)) for _ in range(60)]

DISGUISES: dict[str, tuple[str, list[str]]] = {
    "phones as fractions": ("Anlage", [f"{p}.0" for p in PHONES]),
    "phones as fractions, German": ("Wert", [f"{p},0" for p in PHONES]),
    "phones as powers of ten": ("x", [f"{p[0]}.{p[1:]}E+11" for p in PHONES]),
    "phones with a currency": ("x", [f"{p} EUR" for p in PHONES]),
    "phones with a plus and a unit": ("x", [f"+{p} kg" for p in PHONES]),
    "phones in groups of three": ("x", [f"{int(p):,}" for p in PHONES]),
    "phones with apostrophes": ("x", [f"{int(p):,}".replace(",", "'") for p in PHONES]),
    "phones as order numbers": ("Order No", PHONES),
    "phones with a slash as references": ("Ref", [f"{p[:4]}/{p[4:]}" for p in PHONES]),
    "phones with points": ("Ref", [f"{p[:3]}.{p[3:6]}.{p[6:9]}.{p[9:]}" for p in PHONES]),
    "phones as times": ("x", [f"{p[:2]}:{p[2:4]}:{p[4:6]}.{p[6:]}" for p in PHONES]),
    "phones as uuids": ("x", [f"00000000-0000-0000-0000-{p}" for p in PHONES]),
    "phones in words": ("Code", ["null eins sieben eins", "zwei drei vier"] * 30),
    "names with a number": ("Code", [f"{n}{at % 90 + 10}" for at, n in enumerate(NAMED)]),
    "names in customer numbers": ("Kd Nr", [f"KD-{n}-{at}" for at, n in enumerate(NAMED)]),
    "names in hexadecimal": ("Code", [n.lower().encode().hex() for n in NAMED]),
    "names in base64": ("Code", [base64.b64encode(n.encode()).decode() for n in NAMED]),
    "logins": ("Code", ["jmuelle1", "kschmid2", "afische3"] * 20),
    "capital logins": ("Code", ["JMUELLER", "KSCHMIDT", "AFISCHER"] * 20),
    "names with no-width spaces": ("Typ", ["M\u00fc\u200bller", "Schm\u200bidt"] * 30),
    "names in HTML": ("Typ", ["J&uuml;rgen", "M&uuml;ller"] * 30),
    "names in URLs": ("Typ", ["J%C3%BCrgen", "M%C3%BCller"] * 30),
    "names in UTF-7": ("Typ", ["J+APw-rgen", "M+APw-ller"] * 30),
    "names after a postcode": ("x", ["12345 M\u00fcller", "54321 Schmidt"] * 30),
    "names after a currency": ("x", ["EUR M\u00fcller", "USD Schmidt"] * 30),
    "names in JSON": ("x", ['{"n":"M\u00fcller"}'] * 60),
    "days of birth as codes": ("Code", DAYS),
    "days of birth, short": ("Code", [f"{d[6:]}{d[4:6]}{d[2:4]}" for d in DAYS]),
    "tax numbers as numbers": ("Nr", ["86095742719", "47036892816", "65929970489"] * 20),
    "cards as codes": ("Code", ["4111111111111111", "5500000000000004"] * 30),
    "accounts as codes": ("Code", ["DE89370400440532013000"] * 60),
    "a place in degrees": ("x", ["52.5200, 13.4050", "48.1371, 11.5754"] * 30),
    "plates as codes": ("Code", ["B-AB 123", "M-XY 99"] * 30),
    "identities as an id": ("ID", IDENTITIES),
    "identities of customers": ("Kundennr", IDENTITIES),
    "identities as an amount": ("amount", IDENTITIES),
    "identities as fractions": ("Ref No", [f"{i}.0" for i in IDENTITIES]),
    "identities in groups": ("x", [f"{int(i):,}" for i in IDENTITIES]),
    "identities as money": ("x", [f"{int(i):,}.00" for i in IDENTITIES]),
    "identities in Indian groups": (
        "x",
        [f"{i[:2]},{i[2:4]},{i[4:6]},{i[6:]}" for i in IDENTITIES],
    ),
    "identities behind a prefix": ("Customer ID", [f"P{i}" for i in IDENTITIES]),
    "identities behind a prefix, in order": ("x", [f"P{i}" for i in sorted(IDENTITIES)]),
    "identities with a slash": ("Nr", [f"{i[:3]}/{i[3:5]}/{i[5:]}" for i in IDENTITIES]),
    "three identities": ("Id", IDENTITIES[:3]),
    "machines as numbers": ("Ref", MACHINES),
    "machines as numbers of customers": ("client_id", MACHINES),
    "a block of telephones": ("Nr", [str(4_930_123_400 + n) for n in range(60)]),
    "initials and a year": ("ID", [i + y for i, y in zip(INITIALS, YEARS, strict=True)]),
    "initials, a dash and a year": (
        "Code",
        [f"{i}-{y}" for i, y in zip(INITIALS, YEARS, strict=True)],
    ),
    "initials with dots": ("Status", ["J.S. 1984", "A. M. 1967"] * 10 + ["open", "paid"] * 20),
    "one pair of initials": ("Id", ["JS1984", "JS1985", "JS1951"] * 20),
    "initials and a day": ("ID", [f"{i}{d[2:]}" for i, d in zip(INITIALS, DAYS, strict=True)]),
    "days of six digits": ("x", [d[2:] for d in DAYS]),
    "days of six digits, the day first": (
        "Wert",
        [f"{d[6:]}{d[4:6]}{d[2:4]}".lstrip("0") for d in DAYS],
    ),
    "identities as order numbers": ("Order No", IDENTITIES),
    "identities as order numbers, the 0 lost": (
        "Order No",
        [
            f"{DRAW.randrange(20, 666)}{DRAW.randrange(1, 100):02}{DRAW.randrange(1, 10_000):04}"
            for _ in range(90)
        ],
    ),
    "identities with a currency": ("x", [f"${i}" for i in IDENTITIES]),
    "identities with a currency, in groups": ("amount", [f"${int(i):,}" for i in IDENTITIES]),
    "identities with a currency behind": ("Betrag", [f"{i} EUR" for i in IDENTITIES]),
    "local telephones": ("x", [str(DRAW.randrange(200_000, 999_999)) for _ in range(60)]),
    "machines as amounts": ("amount", MACHINES),
    "days of birth in Excel": ("x", [str(DRAW.randrange(14_000, 38_500)) for _ in range(60)]),
    "days in Excel": ("Datum", [str(DRAW.randrange(14_000, 38_500)) for _ in range(60)]),
    "days of birth in seconds": (
        "timestamp",
        [str(DRAW.randrange(10**7, 8 * 10**8)) for _ in range(60)],
    ),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_no_value_of_a_disguise_is_kept(disguise: str) -> None:
    header, values = DISGUISES[disguise]
    hidden, _ = hide(header, values, key=b"k" * 32)
    assert [a for a, b in zip(values, hidden, strict=True) if a == b] == []


def test_a_condition_among_states_is_hidden_and_the_states_are_kept() -> None:
    values = ["open", "paid"] * 40 + ["HIV positiv", "Diabetes"] * 3
    hidden, _ = hide("Status", values, key=b"k" * 32)
    assert hidden[:80] == values[:80]
    assert not set(hidden[80:]) & set(values)


HONEST: dict[str, tuple[str, list[str]]] = {
    "amounts": ("Betrag", [f"{n * 7919 % 99_991 / 100:.2f}" for n in range(60)]),
    "amounts as fractions": ("Betrag", [f"{n * 7919 % 999_983}.0" for n in range(60)]),
    "amounts with a currency": ("x", [f"{n * 7919 % 99_991 / 100:.2f} EUR" for n in range(60)]),
    "millions": ("Umsatz", [f"{n * 10_007 % 9_999_991:,}" for n in range(60)]),
    "order numbers": ("Order No", [f"{10_000_000 + n}" for n in range(60)]),
    "article numbers": ("SKU", [f"AB-{n * 7919 % 10_000:04}" for n in range(60)]),
    "uuids": ("id", [f"{n:08x}-12ab-4cde-8f01-23456789abcd" for n in range(60)]),
    "times": ("Uhrzeit", [f"{n % 24}:{n % 60:02}" for n in range(60)]),
    "order days": ("Bestelldatum", [f"2023{n % 12 + 1:02}{n % 28 + 1:02}" for n in range(60)]),
    "measures": ("x", [f"{n + 1}.5e-5" for n in range(9)] * 6),
    "numbers of orders without a sequence": ("order_id", NUMBERS),
    "compounds": ("Artikelnummer", NUMBERS),
    "few numbers of orders": ("order_id", IDENTITIES[:30]),
    "numbers of orders in blocks": (
        "Order No",
        [f"{4_711_00000 + n * 7919 % 1_000_000}" for n in range(60)],
    ),
    "revenues with a currency": ("x", [f"${int(10 ** (5 + n / 15)):,}" for n in range(60)]),
    "budgets with a currency": ("x", [f"€ {n * 7919 % 99_991}000" for n in range(10_000, 10_060)]),
    "one large amount": ("x", ["$12", "$123456789", "$99.50"]),
    "large amounts": ("amount", [str(int(10 ** (7.3 + n / 30))) for n in range(70)]),
    "days of orders in Excel": ("Bestelldatum", [str(n) for n in range(44_000, 46_000, 33)]),
    "sales days in Excel": ("x", [str(44_900 + n % 30) for n in range(90)]),
    "customers in sequence": ("Customer ID", [f"C-{10_000 + 7 * n}" for n in range(60)]),
    "customers of five digits": ("Kundennr", [str(10_000 + n * 7919 % 90_000) for n in range(60)]),
    "few prefixes": ("ID", [f"{p}{n * 7919 % 9_999:04}" for n, p in enumerate("ABC" * 20)]),
    "invoices of days": ("Nr", [f"RE-202403{n + 1:02}-{n * 13}" for n in range(30)]),
    "populations": ("population", [str(int(10 ** (4 + n / 12))) for n in range(60)]),
    "seconds since 1970": ("timestamp", [str(1_700_000_000 + n * 77_777) for n in range(60)]),
    "budgets": ("Budget", [f"{n * 7919 % 99_991}000" for n in range(10_000, 10_060)]),
    "numbers of six digits": ("x", [str(100_000 + n * 7919 % 900_000) for n in range(60)]),
}


@pytest.mark.parametrize("kind", HONEST)
def test_what_is_honest_is_kept(kind: str) -> None:
    header, values = HONEST[kind]
    hidden, _ = hide(header, values, key=b"k" * 32)
    assert hidden == values
