"""Initech: an employer whose data may not be held at all. Staff as UTF-16 CSV, departments as xlsx.

The rows are here so that a test can show that none of them is ever stored.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from consulting.demo import people

_EMPLOYEES = 560
_DEPARTMENTS = 510
_PLACES = ("Austin", "Denver", "Portland", "Remote", "Boston")
_AREAS = ("Sales", "Support", "Research", "Finance", "Logistics", "Legal", "Platform", "People")
_TEAMS = ("Central", "North", "South", "East", "West", "Field", "Night Shift")


def employees() -> list[list[Any]]:
    """The staff list: header and rows."""
    random = Random(20260110)  # noqa: S311  # data that must come out the same, not a secret
    header = ["Employee Number", "First Name", "Last Name", "Work Email", "Dept", "Hire Date"]
    header += ["Annual Salary", "FT/PT", "SSN", "Home Address"]
    return [header, *(_employee(random, number) for number in range(1, _EMPLOYEES + 1))]


def departments() -> list[list[Any]]:
    """The chart of departments: header and rows."""
    random = Random(20260111)  # noqa: S311  # data that must come out the same, not a secret
    header = ["Code", "Name", "Location", "Cost Center", "Manager No.", "Budget (USD)"]
    return [header, *(_department(random, number) for number in range(1, _DEPARTMENTS + 1))]


def _employee(random: Random, number: int) -> list[Any]:
    first, last = people.full_name(random)
    hired = date(2008, 1, 1) + timedelta(days=random.randrange(6500))
    street = f"{random.randint(1, 180)} {random.choice(people.STREETS)} St"
    return [
        f"{number:05d}",
        first,
        people.untidy(random, last),
        people.email(random, first, last, number),
        f"D{random.randint(1, _DEPARTMENTS):03d}",
        random.choices((f"{hired:%m/%d/%Y}", f"{hired:%Y-%m-%d}"), (85, 15))[0],
        f"${random.randrange(38_000, 190_000, 500):,}",
        random.choices(("FT", "PT"), (86, 14))[0],
        # numbers from 900 up are never given out
        f"9{random.randint(0, 99):02d}-{random.randint(10, 99)}-{random.randint(1000, 9999)}",
        f"{street}, {random.choice(_PLACES)}",
    ]


def _department(random: Random, number: int) -> list[Any]:
    return [
        f"D{number:03d}",
        f"{random.choice(_AREAS)} {random.choice(_TEAMS)} {number}",
        random.choice(_PLACES),
        40_000 + number,
        f"{random.randint(1, _EMPLOYEES):05d}",
        random.randrange(100_000, 4_000_000, 1000),
    ]
