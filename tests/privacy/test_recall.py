"""Personal data that a tier below 3 must not keep: other names and forms than it was built on.

None of the names, numbers and headers here stands in `benchmarks/masking.py` or in a list of ours.
"""

# ruff: noqa: E501, SIM905, RUF001 - made-up data, a line for each kind

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from consulting.privacy import hide

KEY = b"k" * 32
ROWS = 100

VALUES: dict[str, list[str]] = {
    "name": (
        "Aoife Ní Bhraonáin|Tadhg O'Sullivan-Reyes|Wolfgang Amadé Knüpffer|Kjersti Aamodt|Dr. H. van Houten"
        "|Xiomara Villavicencio|Gwenaël Le Goff|Søren Åkjær|Mª Ángeles Etxeberria|Żaneta Gżegżółka"
        "|Ľudmila Červeňáková|Gergő Nyíregyházi|Sânziana Ghiță|Nazlı Büyükanıt|Svyatoslav Kryvoruchko"
        "|Ярослав Кривонос|Αλκμήνη Τσιριγώτη|حنان الدوسري|नन्दिनी कृष्णमूर्ति|司馬光|陳怡君|五十嵐 さくら"
        "|제갈윤서|Trịnh Công Vĩ|สมชาย ใจดี|אביגיל בן-דוד|Mwangi wa Kariũki|MUSTERMANN ERIKA|mcdonald, ronald"
    ).split("|"),
    "family name": "Knüpffer|Aamodt|Åkjær|Gżegżółka|Nyíregyházi|Büyükanıt|Кривонос|Τσιριγώτη|الدوسري|司馬|제갈".split("|"),
    "email": (
        "jürgen@müller.de|o'neil+tag@sub.mail.co.uk|用户@例子.中国|ana＠correo.es|\"quoted\"@host.com"
        "|kim@localhost.localdomain|пётр@почта.рф|X_Y-Z@EXAMPLE.COM|mailto:a.b@c.io|lena (at) firma.de"
    ).split("|"),
    "phone": (
        "+41 44 668 18 00|0041446681800|(0)30/23 12 50|555-0143|(555) 123-4567 ext. 9|０９０-1234-5678"
        "|+90 (532) 123 45 67|8 (495) 123-45-67|11 91234-5678|+84 91 234 56 78|010-1234-5678"
        "|٠٥٠١٢٣٤٥٦٧|06.12.34.56.78|0221-9987-0|02 9374 4000|98765 43210|601234567"
    ).split("|"),
    "date of birth": (
        "1961-07-04|04/07/61|4 July 1961|04.07.1961|19610704|1961年7月4日|1984-11-30 00:00:00|2 мая 1977"
        "|12 mars 1969|July 4, 1992|30-Nov-1958|1973/1/9|9.1.73|22 Ağustos 1981"
    ).split("|"),
    "national id": (
        "44051401359|AB 12 34 56 C|1234567-L|12345678Z|X1234567L|860504-1234|880326-1234567|11010519491231002X"
        "|RSSMRA85T10A562S|2 55 08 14 168 025 38|756.9217.0769.85|529.982.247-25|10000000146|010190-123A"
        "|C01X00T47|7108054321087|BEML920313HMCLNS09|8501011234567"
    ).split("|"),
    "iban": "CH93 0076 2011 6238 5295 7|GB29NWBK60161331926819|FR14 2004 1010 0505 0001 3M02 606|NL91ABNA0417164300|PL61109010140000071219812874|TR33 0006 1005 1978 6457 8413 26".split("|"),
    "card": "5555 5555 5555 4444|4242424242424242|3782-822463-10005|6011 1111 1111 1117|30569309025904|6200 0000 0000 0005".split("|"),
    "ip address": "81.2.69.142|2a00:1450:4001:82a::200e|fe80::1ff:fe23:4567:890a|00:1A:2B:3C:4D:5E|172.217.22.14".split("|"),
    "address": (
        "Schönhauser Allee 167c|1600 Amphitheatre Pkwy|10, Downing St|12 bis rue de la Paix|Gran Vía, 28, 3º B"
        "|Corso Vittorio Emanuele II 154|Nowy Świat 6/12|Damrak 70-72|Невский проспект, 28|东城区景山前街4号"
        "|서울특별시 중구 세종대로 110|İstiklal Caddesi No: 12 D: 3|Váci út 1-3|Flat 2, The Old Mill|Postfach 12 34"
    ).split("|"),
    "plate": "HH-ZK 4711|S-MX 2024E|KA 05 MJ 9999|7ABC123|BX24 KLM|京A·88888|А123ВС 77|34 ZZ 1234|AB-987-XY|WX 98765".split("|"),
    "user name": "sk8erboi_77|@knuepffer|h.aamodt|MbappeFan99|nazli.b|u_3kryvo|jdoe".split("|"),
    "diagnosis": "Morbus Crohn|Z. n. Myokardinfarkt|schizoaffektive Störung|C50.9|Schwangerschaft 12. SSW|HIV positiv|Rückenschmerzen|ADHS|K21.0".split("|"),
    "free text": (
        "Frau Knüpffer bittet um Rückruf unter 0176/9988776, sie ist im 5. Monat schwanger."
        '|-- \nKjersti Aamodt\nHR Manager\nM: +47 905 12 345|{"kunde": {"vorname": "Nazlı", "plz": "34433"}}'
        "|Paid by card 4242 4242 4242 4242 exp 11/27|see Tadhg's email (tadhg at osullivan dot ie)"
        "|Geb. 4.7.61, wohnhaft Schönhauser Allee 167c, Berlin|Lehrer beschwert sich über Schüler Ghiță"
    ).split("|"),
}  # fmt: skip
HEADERS = "Kd|F12|ZZ|vm_1|Kolumna|欄1|attr_c|Spalte9".split("|")
FILLERS = ["17", "3.25", "no", "EUR", "2024-05-01 10:15:00", "blue", "12 kg"]


def own(rng: random.Random, values: list[str]) -> list[str]:
    return [rng.choice(values) for _ in range(ROWS)]


Make = Callable[[random.Random, list[str]], list[str]]


def mixed(share: float) -> Make:
    def make(rng: random.Random, values: list[str]) -> list[str]:
        return [
            rng.choice(values) if rng.random() < share else rng.choice(FILLERS) for _ in range(ROWS)
        ]

    return make


def few(rng: random.Random, values: list[str]) -> list[str]:
    return own(rng, rng.sample(values, min(4, len(values))))


def deep(rng: random.Random, values: list[str]) -> list[str]:
    """Behind 2,500 characters of a text that is nobody's."""
    return ["lorem ipsum " * 210 + v for v in own(rng, values)]


def in_prose(rng: random.Random, values: list[str]) -> list[str]:
    return [f"as agreed, {v}: please check" for v in own(rng, values)]


CONTEXTS = {
    "unknown header": own,
    "a quarter of a column": mixed(0.25),
    "one in thirty": mixed(0.03),
    "few, repeated": few,
    "late in a long text": deep,
    "prose": in_prose,
}


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("kind", VALUES)
def test_no_personal_value_is_kept_under_a_header_that_says_nothing(
    kind: str, context: str
) -> None:
    for seed in range(2):
        rng = random.Random(f"{kind} {context} {seed}")
        column = CONTEXTS[context](rng, VALUES[kind])
        hidden, _ = hide(rng.choice(HEADERS), column, key=KEY)
        kept = {
            (value, datum)
            for value, stored in zip(column, hidden, strict=True)
            for datum in VALUES[kind]
            if datum in value and stored is not None and datum in stored
        }
        assert not kept


@pytest.mark.parametrize(
    "header", ["ID", "Kundennr", "Status", "type", "Order Date", "amount", "Ref No"]
)
@pytest.mark.parametrize("kind", ["name", "family name", "email", "phone", "iban", "diagnosis", "user name", "free text"])  # fmt: skip
def test_a_header_that_promises_codes_or_a_list_hides_nobody(kind: str, header: str) -> None:
    rng = random.Random(7)
    column = own(rng, VALUES[kind])
    hidden, _ = hide(header, column, key=KEY)
    kept = {a for a, b in zip(column, hidden, strict=True) if a == b}
    assert not kept
