"""Globex: a German wholesaler. Invoices as semicolon CSV with decimal commas, products as xlsx."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from consulting.demo import people

_INVOICES = 760
_PRODUCTS = 520
_WORDS = {
    "Werkzeug": ("Hammer", "Zange", "Schraubendreher", "Säge", "Feile"),
    "Befestigung": ("Dübel", "Schraube", "Nagel", "Haken", "Winkel"),
    "Elektro": ("Kabel", "Steckdose", "Schalter", "Lampe", "Sicherung"),
    "Garten": ("Schaufel", "Rechen", "Gießkanne", "Schlauch", "Schere"),
}
_PREFIX = {"Werkzeug": "WZ", "Befestigung": "BF", "Elektro": "EL", "Garten": "GA"}
_SIZES = ("klein", "mittel", "groß", "Profi", "Set", "verzinkt", "rostfrei")
_PAYMENTS = ("Überweisung", "ÜBERWEISUNG", "SEPA", "Lastschrift", "Kreditkarte", "PayPal", "bar")
_FORMS = ("GmbH", "AG", "KG", "e. K.", "GmbH & Co. KG")


def _skus() -> list[tuple[str, str]]:
    """(SKU, category) of every product."""
    kinds = list(_PREFIX)
    return [
        (f"{_PREFIX[kinds[number % 4]]}-{number:04d}", kinds[number % 4])
        for number in range(1, _PRODUCTS + 1)
    ]


def invoices() -> list[list[Any]]:
    """Two lines of title, the header, the invoices of a month, and their sum."""
    random = Random(20260131)  # noqa: S311  # data that must come out the same, not a secret
    customers = [_customer(random, number) for number in range(1, 91)]
    skus = [sku for sku, _ in _skus()]
    rows = [_invoice(random, n, customers, skus) for n in range(1, _INVOICES + 1)]
    for row in random.sample(rows, 8):
        row[3] = f"XX-{random.randint(9000, 9999)}"
    for row in random.sample(rows, 5):
        row[5] = random.choice(("31.02.2026", "offen", "32.01.2026"))
    for row in random.sample(rows, 4):
        row[7] = random.choice(("siehe Vertrag", "", "k. A."))
    for row in random.sample(rows, 4):
        row[4] = random.choice(("0", "2,5", "zwei"))
    for row in random.sample(rows, 3):
        row[0] = random.choice(("", "RE-offen"))
    rows += [list(row) for row in random.sample(rows, 11)]
    header = ["Rechnungsnr", "Kundennr", "Kunde", "Artikelnr", "Menge", "Rechnungsdatum"]
    header += ["Fällig am", "Netto", "MwSt-Satz", "Brutto", "Bezahlt", "Zahlungsart", "Bemerkung"]
    name = "Globex GmbH – Rechnungsausgang Januar 2026"  # noqa: RUF001  # as Germans write it
    title = [[name], ["Erstellt am 02.02.2026"], []]
    total = ["Summe", "", "", "", "", "", "", "1.284.306,55", "", "1.528.324,79", "", "", ""]
    return [*title, header, *rows, total]


def products() -> list[list[Any]]:
    """The product list: header and rows."""
    random = Random(20260201)  # noqa: S311  # data that must come out the same, not a secret
    rows = [_product(random, sku, category) for sku, category in _skus()]
    for row in random.sample(rows, 5):
        row[3] = random.choice(("auf Anfrage", "1.250", None))
    for row in random.sample(rows, 3):
        row[3] = random.randint(2100, 4800)
    for row in random.sample(rows, 4):
        row[4] = -random.randint(1, 9)
    for row in random.sample(rows, 3):
        row[2] = "Sonstiges"
    for row in random.sample(rows, 6):
        row[2] = None
    rows += [list(row) for row in random.sample(rows, 7)]
    header = ["SKU", "Bezeichnung", "Kategorie", "Einzelpreis", "Lagerbestand", "Aktiv"]
    return [[*header, "Eingeführt am", "Lieferant"], *rows]


def _german(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def _customer(random: Random, number: int) -> tuple[str, str]:
    _, last = people.full_name(random)
    trade = random.choice(("Bau", "Handel", "Haustechnik", "Metallbau", "Gartenbau"))
    return f"{number:05d}", f"{last} {trade} {random.choice(_FORMS)}"


def _invoice(
    random: Random, number: int, customers: list[tuple[str, str]], skus: list[str]
) -> list[Any]:
    customer, name = random.choice(customers)
    day = date(2026, 1, 1) + timedelta(days=random.randrange(31))
    quantity = random.choices((1, 2, 5, 10, 50), (30, 25, 20, 15, 10))[0]
    net = round(random.lognormvariate(3.2, 0.9) * quantity, 2)
    if people.chance(random, 0.02):
        net = -net
    rate = random.choices((19, 7, 0), (80, 15, 5))[0]
    gross = round(net * (1 + rate / 100), 2)
    return [
        f"RE-2026-{number:05d}",
        random.choices((customer, customer.lstrip("0")), (94, 6))[0],
        people.untidy(random, name),
        random.choices((sku := random.choice(skus), sku.lower()), (95, 5))[0],
        str(quantity),
        random.choices((f"{day:%d.%m.%Y}", f"{day:%Y-%m-%d}"), (92, 8))[0],
        f"{day + timedelta(days=random.choice((14, 30))):%d.%m.%Y}",
        random.choices((_german(net), f"{_german(net)} €", f"EUR {_german(net)}"), (70, 22, 8))[0],
        random.choice((f"{rate} %", f"{rate}%", str(rate))),
        f"{_german(gross)} €",
        random.choices(("ja", "nein", "JA", "x", "offen", ""), (45, 25, 8, 8, 9, 5))[0],
        random.choice(_PAYMENTS),
        random.choices(("", "Skonto vereinbart", "Frau Keller anrufen; wg. Lieferung"), (90, 6, 4))[
            0
        ],
    ]


def _product(random: Random, sku: str, category: str) -> list[Any]:
    price = round(random.lognormvariate(3.0, 1.0), 2)
    stock = random.randrange(400)
    shown = random.choice((category, category.upper(), f"{category} "))
    day = date(2015, 1, 1) + timedelta(days=random.randrange(3900))
    return [
        random.choices((sku, sku.lower(), f"{sku} "), (90, 6, 4))[0],
        people.untidy(random, f"{random.choice(_WORDS[category])} {random.choice(_SIZES)}"),
        shown,
        random.choices((price, f"{_german(price)} €"), (88, 12))[0],
        random.choices((stock, f"{stock} Stk."), (88, 12))[0],
        random.choice(("ja", "nein", "x", "J")),
        random.choices((day, f"{day:%d.%m.%Y}", None), (85, 10, 5))[0],
        random.choice(("Nordhandel", "Weber & Söhne", None)),
    ]
