"""Clean tables made up with the structure of real ones: what decides what, and how it is written.

Public clean tables of measures and lists are many; of records as clients send them (people with
addresses, departures told by several sites, papers with authors, films, invoices, tariffs by state,
sensors) hardly any is clean. So they are made: the same name gives the same table.
"""

from __future__ import annotations

import random
import string
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from injected import Table

Row = dict[str, object]
_SYLLABLES = [
    "ba",
    "be",
    "bo",
    "ca",
    "co",
    "da",
    "de",
    "do",
    "fa",
    "fi",
    "ga",
    "go",
    "ha",
    "he",
    "ja",
    "jo",
    "ka",
    "ke",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "ni",
    "no",
    "pa",
    "pe",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "si",
    "so",
    "ta",
    "te",
    "ti",
    "to",
    "va",
    "ve",
    "vi",
    "wa",
    "we",
    "wi",
    "za",
    "zo",
]
_ENDS = ("n", "r", "s", "l", "ton", "ham", "berg", "ley", "ford", "man", "ini", "ov", "ez", "sen")
_STREETS = ("Street", "Avenue", "Road", "Lane", "Drive", "Boulevard")
_WORDS = [
    "analysis",
    "study",
    "effect",
    "model",
    "risk",
    "patients",
    "treatment",
    "clinical",
    "review",
    "trial",
    "growth",
    "theory",
    "long",
    "term",
    "early",
    "care",
    "outcome",
    "data",
    "large",
    "new",
    "method",
    "control",
    "acute",
    "chronic",
    "children",
    "women",
    "surgery",
]
_SPAN = 2_000


class Maker:
    """Draws names, places and numbers; one for each table."""

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - to be the same each time
        self.pick = self.chance.choice
        self.int = self.chance.randint

    def name(self) -> str:
        """A word like a surname or town."""
        syllables = "".join(self.pick(_SYLLABLES) for _ in range(self.int(1, 3)))
        return (syllables + self.pick(_ENDS)).title()

    def names(self, count: int) -> list[str]:
        """Different names."""
        found: dict[str, None] = {}
        while len(found) < count:
            found[self.name()] = None
        return list(found)

    def digits(self, count: int) -> str:
        """That many digits, the first of them none."""
        return str(self.int(10 ** (count - 1), 10**count - 1))

    def skewed(self, values: list[str]) -> str:
        """One of them, the first ones far more often."""
        return values[min(int(self.chance.expovariate(4 / len(values))), len(values) - 1)]

    def day(self, first: date = date(2012, 1, 1), span: int = _SPAN) -> date:
        """A day in some years."""
        return first + timedelta(days=self.int(0, span))

    def clock(self, minutes: int) -> str:
        """A time of day as sites write it."""
        hour, minute = divmod(minutes % 1440, 60)
        return f"{(hour - 1) % 12 + 1}:{minute:02} {'a.m.' if hour < 12 else 'p.m.'}"  # noqa: PLR2004


def departures(m: Maker) -> Iterator[Row]:
    """Flights of which many sites tell, each once."""
    sites = [f"{n.lower()}.com" for n in m.names(30)]
    for carrier in m.names(6):
        for _ in range(9):
            leaves, takes, late = m.int(300, 1300), m.int(50, 300), m.int(-10, 40)
            flight = f"{carrier[:2].upper()}-{m.digits(4)}-{m.pick(['ORD', 'PHX', 'MIA', 'DFW'])}"
            for site in sites:
                if m.chance.random() < 0.85:  # noqa: PLR2004
                    yield {
                        "site": site,
                        "flight": flight,
                        "planned_departure": m.clock(leaves),
                        "departure": m.clock(leaves + late),
                        "planned_arrival": m.clock(leaves + takes),
                        "arrival": m.clock(leaves + takes + late),
                    }


def tariffs(m: Maker) -> Iterator[Row]:
    """People whose rates and allowances follow from their state and family."""
    states = [
        a + b for a, b in zip(string.ascii_uppercase, "LKZAOTYXIDNSVREHWPMQBFJCGU", strict=True)
    ]
    rate = {s: m.pick(["0", "0", "3", "4.5", "5.25", "6", "7.1", "2.8"]) for s in states}
    single = {s: "0" if rate[s] == "0" else m.pick(["0", "1500", "2000", "2750"]) for s in states}
    child = {s: "0" if rate[s] == "0" else m.pick(["0", "300", "1000"]) for s in states}
    towns = [(n, m.pick(states), m.digits(5), m.digits(3)) for n in m.names(150)]
    for _ in range(1_400):
        town, state, postcode, area = m.pick(towns)
        alone, parent = m.chance.random() < 0.5, m.chance.random() < 0.5  # noqa: PLR2004
        yield {
            "first_name": m.name(),
            "surname": m.name(),
            "sex": m.pick("MF"),
            "area_code": area,
            "phone": f"{m.digits(3)}-{m.digits(4)}",
            "city": town,
            "state": state,
            "zip": postcode,
            "marital_status": "S" if alone else "M",
            "has_child": "Y" if parent else "N",
            "salary": m.int(4, 180) * 500,
            "rate": rate[state],
            "single_allowance": single[state] if alone else "0",
            "married_allowance": "0" if alone else str(2 * int(single[state])),
            "child_allowance": child[state] if parent else "0",
        }


def papers(m: Maker) -> Iterator[Row]:
    """Articles with their journals and authors."""
    journals = []
    for _ in range(70):
        words = [w.title() for w in m.chance.sample(_WORDS, 3)]
        issn = f"{m.digits(4)}-{m.digits(4)}"
        journals.append(
            (f"{words[0]} of {words[1]} and {words[2]}", " ".join(w[:4] for w in words), issn)
        )
    people = [
        f"{n}, {m.pick(string.ascii_uppercase)}. {m.pick(string.ascii_uppercase)}."
        for n in m.names(500)
    ]
    for at in range(900):
        journal, short, issn = m.pick(journals)
        first = m.int(1, 900)
        yield {
            "id": at + 1,
            "title": " ".join(m.pick(_WORDS) for _ in range(m.int(5, 10))).capitalize(),
            "language": m.skewed(["eng", "eng", "eng", "fre", "spa"]),
            "journal": journal,
            "abbreviation": short,
            "issn": issn,
            "volume": m.int(1, 90),
            "issue": m.int(1, 12),
            "pages": f"{first}-{first + m.int(2, 14)}",
            "published": f"{m.day():%-m/%-d/%y}",
            "authors": "; ".join(m.chance.sample(people, m.int(1, 6))),
        }


def films(m: Maker) -> Iterator[Row]:
    """Films with their lengths, ratings and takings."""
    genres = ["Drama", "Comedy", "Action", "Horror", "Crime", "Family", "Romance"]
    for at in range(1_100):
        released = m.day(date(1990, 1, 1), 9_000)
        yield {
            "id": f"tt{at * 37 + 1000000}",
            "name": " ".join(m.name() for _ in range(m.int(1, 3))),
            "year": released.year,
            "released": f"{released:%-d %B %Y}",
            "country": m.skewed(["USA", "USA", "UK", "France", "India", "Japan"]),
            "language": m.skewed(["English", "English", "French", "Hindi", "Japanese"]),
            "duration": f"{int(m.chance.gauss(105, 15))} min",
            "rating": f"{m.chance.gauss(6.3, 1):.1f}",
            "votes": f"{int(m.chance.lognormvariate(8, 2)) + 5:,}",
            "genre": ",".join(m.chance.sample(genres, m.int(1, 3))),
            "director": f"{m.name()} {m.name()}",
            "cast": ",".join(f"{m.name()} {m.name()}" for _ in range(3)),
            "takings": f"${m.chance.lognormvariate(2, 1.2):.1f}M",
        }


def kitchens(m: Maker) -> Iterator[Row]:
    """Restaurants with addresses and telephones."""
    towns = [(n, m.digits(3), m.digits(3), m.pick(["CA", "NY", "GA"])) for n in m.names(25)]
    kinds = ["italian", "french", "american", "delis", "thai", "steakhouses", "cafes", "mexican"]
    streets = [f"{n} {m.pick(_STREETS)}" for n in m.names(120)]
    for _ in range(800):
        town, area, post, state = towns[min(24, int(m.chance.expovariate(0.15)))]
        yield {
            "name": f"{m.name()} {m.pick(['Cafe', 'Grill', 'House', 'Bistro', 'Kitchen'])}",
            "address": f"{m.int(1, 9900)} {m.pick(streets)}",
            "city": town,
            "state": state,
            "zip": f"{post}{m.int(1, 30):02}",
            "phone": f"{area}-{m.digits(3)}-{m.digits(4)}",
            "type": m.skewed(kinds),
            "stars": m.int(1, 5),
            "opens": f"{m.int(6, 12):02}:00",
        }


def sensors(m: Maker) -> Iterator[Row]:
    """Readings of a few devices every ten minutes."""
    at = date(2024, 3, 1)
    base = {f"mote{n:02}": (m.chance.gauss(21, 3), m.chance.gauss(40, 6)) for n in range(1, 10)}
    for step in range(160):
        for mote, (warm, humid) in base.items():
            wave = 3 * (step % 144 - 72) / 72
            yield {
                "day": at + timedelta(days=step // 144),
                "time": f"{step % 144 // 6:02}:{step % 6}0:00",
                "device": mote,
                "temperature": f"{warm + wave + m.chance.gauss(0, 0.3):.2f}",
                "humidity": f"{humid - wave + m.chance.gauss(0, 0.6):.2f}",
                "voltage": f"{m.chance.gauss(2.65, 0.03):.4f}",
                "light": f"{max(0, m.chance.gauss(150, 60)):.1f}",
                "status": "ok",
            }


def orders(m: Maker) -> Iterator[Row]:
    """Lines of orders: what the product decides, sums, days in order."""
    goods = [
        (
            f"{m.pick('ABC')}-{m.digits(4)}",
            f"{m.name()} {m.pick(['lamp', 'chair', 'desk', 'shelf'])}",
            m.pick(["Light", "Seat", "Store"]),
            round(m.chance.lognormvariate(3.5, 0.8), 2),
        )
        for _ in range(80)
    ]
    buyers = [
        (
            f"C{m.digits(5)}",
            f"{n} {m.pick(['Ltd', 'GmbH', 'Inc'])}",
            m.pick(["DE", "US", "GB", "FR"]),
        )
        for n in m.names(140)
    ]
    for at in range(1_300):
        (sku, good, group, price), (number, buyer, land) = m.pick(goods), m.pick(buyers)
        quantity, ordered = m.int(1, 24), m.day(date(2023, 1, 1), 700)
        shipped = ordered + timedelta(days=m.int(0, 12))
        yield {
            "order": f"SO-{at // 2 + 20000}",
            "customer_no": number,
            "customer": buyer,
            "country": land,
            "sku": sku,
            "product": good,
            "group": group,
            "quantity": quantity,
            "price": f"{price:.2f}",
            "total": f"{price * quantity:.2f}",
            "ordered": ordered,
            "shipped": shipped,
            "due": shipped + timedelta(days=30),
            "status": m.skewed(["delivered", "delivered", "open", "returned"]),
        }


def staff(m: Maker) -> Iterator[Row]:
    """Employees: codes that decide names, days in order, addresses made of names."""
    parts = [(f"D{n}0", m.name(), m.name()) for n in range(10, 24)]
    grades = {g: 24_000 + 7_000 * n for n, g in enumerate("ABCDEF")}
    for at in range(900):
        first, last, (code, part, head) = m.name(), m.name(), m.pick(parts)
        grade, born = m.pick("ABCDEF"), m.day(date(1960, 1, 1), 14_000)
        yield {
            "employee": 10_000 + at,
            "given_name": first,
            "family_name": last,
            "email": f"{first}.{last}@example.com".lower(),
            "department_code": code,
            "department": part,
            "manager": head,
            "grade": grade,
            "salary": grades[grade] + m.int(0, 6) * 500,
            "born": f"{born:%d/%m/%Y}",
            "hired": f"{born + timedelta(days=m.int(7_000, 12_000)):%d/%m/%Y}",
            "left": "" if m.chance.random() < 0.8 else f"{m.day(date(2024, 1, 1), 300):%d/%m/%Y}",  # noqa: PLR2004
            "active": m.pick("YN"),
        }


def songs(m: Maker) -> Iterator[Row]:
    """Songs of a shop."""
    albums = [
        (
            f"{m.name()} {m.name()}",
            m.name(),
            f"{m.day():%B %-d, %Y}",
            m.pick(["Country", "Dance", "Hip-Hop/Rap", "Pop", "Rock"]),
        )
        for _ in range(110)
    ]
    for at in range(1_000):
        artist, album, released, genre = m.pick(albums)
        yield {
            "id": at,
            "title": " ".join(m.pick(_WORDS) for _ in range(m.int(1, 4))).title(),
            "artist": artist,
            "album": album,
            "genre": genre,
            "released": released,
            "price": m.skewed(["$1.29", "$1.29", "$0.99", "$0.69"]),
            "time": f"{m.int(2, 6)}:{m.int(0, 59):02}",
            "label": f"{released[-4:]} {artist} Records",
        }


def schools(m: Maker) -> Iterator[Row]:
    """Schools by county and district, with counts that make a ratio and a sum."""
    counties = [(n, f"{at:03}") for at, n in enumerate(m.names(22), 1)]
    districts = [(f"{n} Unified", *m.pick(counties), m.digits(7)) for n in m.names(60)]
    for at in range(700):
        district, county, code, number = m.pick(districts)
        girls, boys = m.int(40, 500), m.int(40, 500)
        yield {
            "school_id": f"{number}{at:05}",
            "school": f"{m.name()} {m.pick(['Elementary', 'High', 'Middle'])}",
            "district": district,
            "district_code": number,
            "county": county,
            "county_code": code,
            "girls": girls,
            "boys": boys,
            "total": girls + boys,
            "teachers": (girls + boys) // m.int(14, 24),
            "charter": m.skewed(["N", "N", "N", "Y"]),
            "phone": f"({m.digits(3)}) {m.digits(3)}-{m.digits(4)}",
        }


def cars(m: Maker) -> Iterator[Row]:
    """Used cars: the model decides much, and units stand in the cells."""
    models = [
        (
            f"{m.name()} {m.pick(['GL', 'LX', 'VDi', 'Sport'])}",
            m.pick(["Petrol", "Diesel", "CNG"]),
            m.pick([998, 1197, 1248, 1498, 1995]),
            m.int(4, 7),
        )
        for _ in range(60)
    ]
    for at in range(1_000):
        model, fuel, engine, seats = m.pick(models)
        year = m.int(2004, 2020)
        yield {
            "no": at,
            "model": model,
            "place": m.skewed(["Pune", "Delhi", "Kochi", "Mumbai", "Jaipur"]),
            "year": year,
            "driven": (2021 - year) * m.int(6_000, 18_000) + m.int(0, 999),
            "fuel": fuel,
            "gears": m.skewed(["Manual", "Manual", "Automatic"]),
            "owner": m.skewed(["First", "First", "Second", "Third"]),
            "mileage": f"{m.chance.gauss(19, 3):.1f} kmpl",
            "engine": f"{engine} CC",
            "seats": seats,
            "price": f"{m.chance.lognormvariate(1.7, 0.6):.2f}",
        }


def loans(m: Maker) -> Iterator[Row]:
    """Loans: a grade that its own subgrade tells, rates by grade, blanks that mean something."""
    for at in range(1_200):
        grade, step = m.skewed(list("BACDE")), m.int(1, 5)
        issued = m.day(date(2019, 1, 1), 1_400)
        failed = m.chance.random() < 0.15  # noqa: PLR2004
        yield {
            "loan": f"L-{at + 5000}",
            "amount": m.int(2, 70) * 500,
            "term": m.pick(["36 months", "60 months"]),
            "grade": grade,
            "subgrade": f"{grade}{step}",
            "rate": f"{5 + 3 * 'ABCDE'.index(grade) + 0.6 * step:.2f}%",
            "purpose": m.skewed(["debt", "card", "home", "car", "medical"]),
            "issued": issued,
            "matures": issued + timedelta(days=1_095),
            "status": "charged off" if failed else "current",
            "recovered": m.int(10, 900) if failed else "0",
            "charged_off": issued + timedelta(days=m.int(90, 900)) if failed else "",
        }


def invoices(m: Maker) -> Iterator[Row]:
    """Invoices: net, tax and total, one rate for each country."""
    rates = {"Germany": 19, "France": 20, "Sweden": 25, "Italy": 22, "Swiss": 8, "Export": 0}
    sellers = [(n, m.pick(list(rates)), m.digits(9)) for n in m.names(90)]
    for at in range(1_100):
        seller, land, number = m.pick(sellers)
        net = round(m.chance.lognormvariate(6, 1), 2)
        tax = round(net * rates[land] / 100, 2)
        sent = m.day(date(2022, 1, 1), 900)
        yield {
            "invoice": f"{sent:%Y}/{at:05}",
            "seller": seller,
            "tax_number": number,
            "country": land,
            "tax_rate": rates[land],
            "net": f"{net:.2f}",
            "tax": f"{tax:.2f}",
            "total": f"{net + tax:.2f}",
            "currency": "CHF" if land == "Swiss" else "EUR",
            "sent": sent,
            "due": sent + timedelta(days=m.pick([14, 30])),
            "paid": "" if m.chance.random() < 0.3 else sent + timedelta(days=m.int(0, 60)),  # noqa: PLR2004
        }


def trials(m: Maker) -> Iterator[Row]:
    """Registrations of the same trials in several lands, with answers that exclude each other."""
    for at in range(160):
        number = f"20{m.int(5, 20):02}-{at:06}-{m.int(10, 90)}"
        sponsor, masked, active = (
            m.name(),
            m.pick(["none", "single", "double"]),
            m.pick(["Yes", "No"]),
        )
        adults, elders = m.pick(["Yes", "No"]), m.pick(["Yes", "No"])
        for land in m.chance.sample(
            ["AT", "BE", "DE", "ES", "FR", "GB", "IT", "NL", "PL"], m.int(2, 8)
        ):
            yield {
                "registration": f"{number}-{land}",
                "trial": number,
                "land": land,
                "sponsor": sponsor,
                "open": "Yes" if masked == "none" else "No",
                "single_blind": "Yes" if masked == "single" else "No",
                "double_blind": "Yes" if masked == "double" else "No",
                "masking": {"none": "0-open", "single": "1-single", "double": "2-double"}[masked],
                "placebo": active,
                "adults": adults,
                "elders": elders,
                "status": m.skewed(["Completed", "Ongoing", "Restarted"]),
            }


def inspections(m: Maker) -> Iterator[Row]:
    """The same shops visited again and again."""
    shops = [
        (
            m.digits(7),
            f"{m.name().upper()} {m.pick(['FOODS', 'MARKET', 'GRILL'])}",
            m.pick(["Restaurant", "Grocery", "School"]),
            f"{m.int(1, 9900)} W {m.name().upper()} ST",
            m.digits(5),
        )
        for _ in range(220)
    ]
    for at in range(1_300):
        licence, name, kind, address, post = m.pick(shops)
        yield {
            "inspection": 2_000_000 + at * 3,
            "licence": licence,
            "name": name,
            "kind": kind,
            "risk": {
                "Restaurant": "Risk 1 (High)",
                "Grocery": "Risk 2 (Medium)",
                "School": "Risk 3 (Low)",
            }[kind],
            "address": address,
            "city": "CHICAGO",
            "state": "IL",
            "zip": post,
            "date": f"{m.day():%m/%d/%Y}",
            "result": m.skewed(["Pass", "Pass", "Pass w/ Conditions", "Fail"]),
        }


def offers(m: Maker) -> Iterator[Row]:
    """The same goods as several shops describe them."""
    shops = m.names(12)
    for _ in range(110):
        code, brand, maker = m.digits(13), m.name(), m.name()
        weight, pack = m.pick([100, 250, 500, 1000]), m.pick(["box", "bag", "can"])
        for shop in shops:
            if m.chance.random() < 0.8:  # noqa: PLR2004
                yield {
                    "shop": shop,
                    "ean": code,
                    "brand": brand,
                    "maker": maker,
                    "pack": pack,
                    "weight": f"{weight} g",
                    "origin": "EU" if weight < 500 else "non-EU",  # noqa: PLR2004
                    "price": f"{weight / 100 * m.chance.uniform(0.9, 1.4):.2f}",
                }


KINDS: dict[str, Callable[[Maker], Iterator[Row]]] = {
    kind.__name__: kind
    for kind in (
        departures,
        tariffs,
        papers,
        films,
        kitchens,
        sensors,
        orders,
        staff,
        songs,
        schools,
        cars,
        loans,
        invoices,
        trials,
        inspections,
        offers,
    )
}
ROUNDS = 3
"""Tables of each kind, each with names, numbers and errors of its own."""


def made_tables() -> Iterator[tuple[str, Table]]:
    """All of them, with their names."""
    for name, kind in KINDS.items():
        for again in range(ROUNDS):
            rows = list(kind(Maker(f"{name}{again}")))
            table = {column: [str(row[column]) for row in rows] for column in rows[0]}
            yield f"made_{name}+{again}", table
