"""Acme Corp: an American shop. Customers as cp1252 CSV, orders as a workbook with a totals row."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from consulting.demo import people

_CUSTOMERS = 640
_ORDERS = 1480
_COUNTRIES = {
    "US": ("USA", "usa", "United States", "U.S.", "US", "United States of America"),
    "CA": ("Canada", "canada", "CAN", "CA"),
    "GB": ("United Kingdom", "UK", "uk", "GB"),
    "DE": ("Germany", "germany", "Deutschland", "DE"),
}
_STATUSES = ("active", "Active", "ACTIVE", "inactive", "Inactive", "churned", "Churned", "prospect")
_NOTES = (
    "called twice, no answer",
    "prefers e-mail",
    "asked for a discount – 5 % given",  # noqa: RUF001  # what Windows makes of a dash
    "says “never again”",
    "VIP",
)
_PHONES = ("({a}) {b}-{c}", "{a}-{b}-{c}", "{a}.{b}.{c}", "+1 {a} {b} {c}", "1-{a}-{b}-{c}")


def customers() -> list[list[Any]]:
    """The customer list: header, then rows with all the mess a shop's export has."""
    random = Random(20260105)  # noqa: S311  # data that must come out the same, not a secret
    rows = [_customer(random, number) for number in range(1, _CUSTOMERS + 1)]
    for row in random.sample(rows, 6):
        row[2] = random.choice(("not given", "john.doe@", "none@none", "ann at example.com"))
    for row, text in zip(
        random.sample(rows, 5), ("555-0101", "12", "call me", "0", "n.n."), strict=True
    ):
        row[3] = text
    for row in random.sample(rows, 4):
        row[4] = random.choice(("Atlantis", "Unknown"))
    for row in random.sample(rows, 4):
        row[5] = random.choice(("02/30/2024", "13/13/2023", "soon", "1899-12-31"))
    for row in random.sample(rows, 3):
        row[6] = random.choice(("1.234", "12,345"))
    for row in random.sample(rows, 3):
        row[6] = f"({random.randint(5, 90)}.50)"
    for row in random.sample(rows, 3):
        row[0] = ""
    for row in random.sample(rows, 2):
        row[8] = "actve"
    rows += [list(row) for row in random.sample(rows, 12)]
    rows += [_later_state(random, row) for row in random.sample(rows[:600], 18)]
    rows += [_under_new_number(row, 900 + i) for i, row in enumerate(random.sample(rows[:600], 5))]
    random.shuffle(rows)
    header = ["Customer ID", "Full Name", "Email", "Phone", "Country", "Signup Date"]
    header += ["Lifetime Value", "Marketing Opt-In", "Status", "Last Updated", "Notes"]
    return [header, *rows]


def orders() -> list[list[Any]]:
    """The order list: header, rows, and the totals row that the client's macro appends."""
    random = Random(20260106)  # noqa: S311  # data that must come out the same, not a secret
    rows = [_order(random, number) for number in range(1, _ORDERS + 1)]
    for number, row in enumerate(random.sample(rows, 12)):
        row[1] = f"{880000 + number}"
    for row in random.sample(rows, 9):
        row[4] = random.choice(("two", "0", "1.5", None))
    for row in random.sample(rows, 6):
        row[5] = random.choice(("tbc", "see invoice", None))
    for row in random.sample(rows, 4):
        row[5] = random.randint(50_500, 80_000)
    for row in random.sample(rows, 3):
        row[2] = random.choice(("2025-02-30", "last week"))
    for row in random.sample(rows, 5):
        row[2], row[3] = date(2025, 11, 20), date(2025, 11, random.randint(1, 15))
    for row in random.sample(rows, 2):
        row[0] = "pending"
    rows += [list(row) for row in random.sample(rows, 16)]
    total = sum(row[5] for row in rows if isinstance(row[5], int | float))
    header = ["Order ID", "Customer ID", "Order Date", "Ship Date", "Qty", "Amount", "Channel"]
    return [header, *rows, ["TOTAL", None, None, None, None, round(total, 2), None]]


def _customer(random: Random, number: int) -> list[Any]:
    first, last = people.full_name(random)
    country = random.choices(list(_COUNTRIES), weights=(70, 14, 9, 7))[0]
    signed_up = date(2019, 1, 1) + timedelta(days=random.randrange(2500))
    address = people.email(random, first, last, number)
    updated = date(2025, 6, 1) + timedelta(days=random.randrange(210))
    return [
        f"{number:06d}",
        people.untidy(random, f"{first} {last}", 0.15),
        random.choices((address, address.upper(), f" {address}", "n/a"), (78, 10, 6, 6))[0],
        random.choices((_phone(random), "", "N/A"), (84, 12, 4))[0],
        random.choice(_COUNTRIES[country]),
        _written_date(random, signed_up),
        _written_money(random),
        random.choices(("Yes", "No", "Y", "n", "TRUE", "0", ""), (40, 30, 8, 8, 5, 4, 5))[0],
        random.choices(_STATUSES, (40, 15, 5, 12, 5, 10, 5, 8))[0],
        f"{updated} {random.randrange(24):02d}:{random.randrange(60):02d}:00",
        random.choices(("", random.choice(_NOTES)), (85, 15))[0],
    ]


def _later_state(random: Random, row: list[Any]) -> list[Any]:
    """The same customer, exported again after a change."""
    later = list(row)
    later[8] = random.choice(("inactive", "churned", "active"))
    later[9] = f"2026-01-{random.randint(1, 4):02d} 09:{random.randrange(60):02d}:00"
    return later


def _under_new_number(row: list[Any], number: int) -> list[Any]:
    """The same person, entered twice under two numbers."""
    return [f"{number:06d}", row[1].upper(), *row[2:]]


def _phone(random: Random) -> str:
    if people.chance(random, 0.08):
        return random.choice(("+44 20 7946 0{:03d}", "+49 30 555 {:04d}")).format(
            random.randrange(999)
        )
    area, middle, last = random.randint(201, 989), 555, random.randrange(10_000)
    text = random.choice(_PHONES).format(a=area, b=middle, c=f"{last:04d}")
    return f"{text} x{random.randint(10, 99)}" if people.chance(random, 0.05) else text


def _written_date(random: Random, day: date) -> str:
    shapes = (
        f"{day:%Y-%m-%d}",
        f"{day:%m/%d/%Y}",
        f"{day.day} {day:%b %Y}",
        f"{day:%B} {day.day}, {day.year}",
    )
    return random.choices((*shapes, ""), (52, 30, 9, 5, 4))[0]


def _written_money(random: Random) -> str:
    value = round(random.lognormvariate(6.3, 1.1), 2)
    american = f"{value:,.2f}"
    european = american.translate(str.maketrans(",.", ".,"))
    shapes = (
        f"${american}",
        f"{value:.2f}",
        f"{european} €",
        f"USD {american}",
        f"€ {european}",
        "-",
    )
    return random.choices(shapes, (58, 20, 10, 5, 3, 4))[0]


def _order(random: Random, number: int) -> list[Any]:
    ordered = date(2025, 7, 1) + timedelta(days=random.randrange(185))
    shipped = ordered + timedelta(days=random.randint(0, 12))
    price = round(random.lognormvariate(4.4, 0.9), 2)
    quantity = random.choices((1, 2, 3, 5, 10), (60, 20, 10, 7, 3))[0]
    amount: Any = round(price * quantity, 2)
    customer: Any = f"{random.randint(1, _CUSTOMERS):06d}"
    return [
        random.choices((f"SO-{number:05d}", f"so-{number:05d}", f" SO-{number:05d} "), (94, 4, 2))[
            0
        ],
        # typed into a cell as a number, it loses its zeros
        random.choices((customer, int(customer)), (92, 8))[0],
        random.choices((ordered, f"{ordered:%m/%d/%Y}", f"{ordered:%d-%b-%Y}"), (84, 10, 6))[0],
        random.choices((shipped, f"{shipped:%m/%d/%Y}", "pending", None), (82, 8, 6, 4))[0],
        quantity,
        random.choices((amount, f"${amount:,.2f}"), (90, 10))[0],
        random.choices(
            ("web", "Online", "phone", "In-Store", "shop", "partner"), (50, 12, 14, 10, 8, 6)
        )[0],
    ]
