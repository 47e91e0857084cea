"""Names, streets and companies that no one bears together."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_FIRST = (
    "Amelia Arjun Beatriz Benoît Carla Chloé Daniel Deborah Elena Erik Fatima Felix Gabriela "
    "George Hannah Henrik Ines Isaac Jana José Julia Kenji Laura Liam Lucía Marcus Maya Milan "
    "Nadia Noah Olga Oscar Priya Quentin Rachel René Samir Sofia Theo Ursula Victor Wei Ximena "
    "Yusuf Zoë"
)
FIRST = tuple(_FIRST.split())
_LAST = (
    "Abbott Acosta Andersen Bauer Bennett Brontë Castillo Chen Costa Dubois Eriksen Farrow "
    "Fernández Fischer García Grant Haddad Hoffmann Ibáñez Ivanova Jansen Keller Kowalski "
    "Lambert Larsen Laurent Lindqvist Lopez Marchetti Mbeki Meyer Müller Nakamura Novak Núñez "
    "O'Brien Okafor Olsen Park Pereira Petrov Quist Rahman Romero Schäfer Silva Singh Sørensen "
    "Tanaka Thompson Ueda Vargas Weber Wright Yilmaz Zhang"
)
LAST = tuple(_LAST.split())
_STREETS = "Oak Maple Harbour Station Mill Church Lake Hill Garden Market"
STREETS = tuple(_STREETS.split())
DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com")


def full_name(random: Random) -> tuple[str, str]:
    """A first and a last name."""
    return random.choice(FIRST), random.choice(LAST)


def email(random: Random, first: str, last: str, number: int) -> str:
    """An address made of a name and a number that keeps it unlike all others."""
    shape = random.choice(("{f}.{l}{n}", "{f}{n}", "{i}{l}{n}"))
    local = shape.format(f=_plain(first), l=_plain(last), i=_plain(first)[:1], n=number)
    return f"{local}@{random.choice(DOMAINS)}"


def chance(random: Random, share: float) -> bool:
    """True in that share of all calls."""
    return random.random() < share


def untidy(random: Random, text: str, share: float = 0.12) -> str:
    """The text, now and then with blanks around or inside it."""
    if not chance(random, share):
        return text
    return random.choice((f" {text}", f"{text}  ", text.replace(" ", "  "), f"\u00a0{text}"))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("Ø", "O"))
    return "".join(letter for letter in folded if letter.isalnum() and letter.isascii()).lower()
