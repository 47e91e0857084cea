"""How much personal data a tier-2 sample leaves in clear, by kind and by where it stands.

Makes up columns of persons with names of 20 languages, hides each as tier 2 does, and looks for the
persons in what would be stored. Prints recall by kind and context, and the share that was masked of
columns that are harmless.

    python benchmarks/masking.py --rows 500 --seed 1
"""

# ruff: noqa: E501, SIM905, RUF001, PLR2004, S311 - made-up data, a line for each kind

from __future__ import annotations

import argparse
import random
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stdnum import luhn

from consulting.privacy import hide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = b"a key for measuring, of 32 bytes"
NAMES = {
    "en": ("Oliver Amelia George Harriet Callum", "Whitfield Ashdown Pemberton Locke Hargreaves"),
    "de": ("Jürgen Wiebke Detlef Anneliese Björn", "Schröder Weiß Obermüller Kowalewski Fuchs"),
    "fr": ("Thibault Maëlle Étienne Solène Loïc", "Lefèvre Dupont-Moretti Guérin Chauvet Roux"),
    "es": ("Íñigo Begoña Joaquín Rocío Gonzalo", "Ibáñez Zurita Carrascosa Peñalver Quiroga"),
    "it": (
        "Gianluca Ornella Niccolò Fiorella Dario",
        "Bianchetti D'Amico Pellegrini Lo-Presti Sorrentino",
    ),
    "pt": ("João Conceição Thiago Benedita Nuno", "Guimarães Araújo Nóbrega Teixeira Falcão"),
    "nl": ("Sjoerd Marijke Joost Femke Wouter", "Dijkstra Hoekstra Vermeulen Schouten Bakker"),
    "pl": ("Grażyna Zbigniew Łukasz Małgorzata Wit", "Wójcik Szczepański Dąbrowska Kozłowski Żak"),
    "cs": ("Jiří Božena Zdeněk Květa Luboš", "Dvořák Novotná Procházka Šťastný Kříž"),
    "hu": ("Zoltán Erzsébet Csaba Gyöngyi Előd", "Szabó Kovács Horváth Takács Sipos"),
    "ro": ("Ștefan Ioana Răzvan Mihaela Costel", "Popescu Dumitrașcu Țurcanu Munteanu Stoica"),
    "tr": ("Özgür Şule İbrahim Çiğdem Yiğit", "Yıldırım Öztürk Çelik Şahin Güneş"),
    "ru": ("Дмитрий Людмила Владислав Оксана Пётр", "Соколов Кузнецова Шевченко Лебедев Зайцева"),
    "el": (
        "Γιώργος Ελένη Νίκος Δέσποινα Σπύρος",
        "Παπαδόπουλος Οικονόμου Βλάχος Καραγιάννης Ντούλη",
    ),
    "ar": ("محمد فاطمة يوسف خديجة عمر", "الحسيني الزهراني بن‌علي القحطاني المصري"),
    "hi": ("राजेश सुनीता अर्जुन कविता विकास", "शर्मा पटेल अग्रवाल चौधरी मिश्रा"),
    "zh": ("伟强 秀英 建国 丽华 志明", "王 李 欧阳 赵 诸葛"),
    "ja": ("太郎 花子 健一 美咲 翔太", "佐藤 鈴木 高橋 渡辺 小笠原"),
    "ko": ("민준 서연 지훈 하은 영수", "김 이 박 최 남궁"),
    "vi": ("Đức Hương Quốc Thị-Lan Tuấn", "Nguyễn Phạm Đặng Bùi Lê"),
}
STREETS = (
    "Lindenstraße {n}|Am Alten Graben {n}|{n} Rosewood Lane|{n} rue des Lilas|Calle Mayor {n}|Via Garibaldi {n}"
    "|ul. Długa {n}|Keizersgracht {n}|ул. Ленина, д. {n}|中山路{n}号|Atatürk Cad. No:{n}|東京都港区芝公園{n}-2-8"
).split("|")
DIAGNOSES = (
    "Diabetes mellitus|Asthma bronchiale|Depressive Episode|Hypertonie|Epilepsie|HIV|Migräne|E11.9|F32.1|J45.0"
).split("|")
PROSE = (
    "Called on Monday, please ring back: {v}.|Kunde meldet sich unter {v} nächste Woche|{v} – a rappelé hier"
    '|Mit freundlichen Grüßen\n{v}\nVertrieb|{{"contact": "{v}", "ok": true}}|ref {v} / see attachment'
).split("|")


@dataclass(frozen=True)
class Person:
    """One made-up person: a value for each kind of personal data."""

    values: dict[str, str]


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _card(rng: random.Random) -> str:
    number = rng.choice(["4", "51", "37"])
    number += _digits(rng, (14 if number == "37" else 15) - len(number))
    number += luhn.calc_check_digit(number)
    return number if rng.random() < 0.5 else " ".join(number[i : i + 4] for i in range(0, 16, 4))


def _iban(rng: random.Random) -> str:
    body = _digits(rng, 18)
    number = f"DE{98 - int(body + '131400') % 97:02}{body}"
    return number if rng.random() < 0.5 else " ".join(number[i : i + 4] for i in range(0, 22, 4))


def _phone(rng: random.Random) -> str:
    return rng.choice(
        [
            f"+49 17{_digits(rng, 1)} {_digits(rng, 7)}",
            f"0{rng.randint(201, 989)}/{_digits(rng, 6)}",
            f"({rng.randint(201, 989)}) {rng.randint(200, 999)}-{_digits(rng, 4)}",
            f"+33{rng.choice('67')}{_digits(rng, 8)}",
            f"07{_digits(rng, 3)} {_digits(rng, 6)}",
            f"1{rng.choice('3589')}{_digits(rng, 9)}",
            f"{rng.randint(500, 799)} {rng.randint(100, 999)} {rng.randint(100, 999)}",
            f"+7 9{_digits(rng, 2)} {_digits(rng, 3)}-{_digits(rng, 2)}-{_digits(rng, 2)}",
        ]
    )


def _birth(rng: random.Random) -> str:
    y, m, d = rng.randint(1932, 2019), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice(
        [
            f"{y}-{m:02}-{d:02}",
            f"{d:02}.{m:02}.{y}",
            f"{m:02}/{d:02}/{y}",
            f"{d}. März {y}",
            f"{y}{m:02}{d:02}",
        ]
    )


def _national(rng: random.Random) -> str:
    pesel = f"{rng.randint(40, 99)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{_digits(rng, 4)}"
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    check = -sum(int(a) * b for a, b in zip(pesel, weights, strict=True)) % 10
    dni = rng.randint(10_000_000, 99_999_999)
    return rng.choice(
        [
            f"{pesel}{check}",
            f"{dni}{'TRWAGMYFPDXBNJZSQVHLCKE'[dni % 23]}",
            f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}",
            f"{rng.choice('ABCEGHJ')}{rng.choice('ABCEGHJ')}{_digits(rng, 6)}{rng.choice('ABCD')}",
        ]
    )


def _plate(rng: random.Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHJKLMNPRSTVWXYZ") for _ in range(6))
    return rng.choice(
        [
            f"{letters[0]}-{letters[1:3]} {rng.randint(1, 9999)}",
            f"{letters[:2]}{_digits(rng, 2)} {letters[2:5]}",
            f"{letters[:2]}-{_digits(rng, 3)}-{letters[2:4]}",
            f"{_digits(rng, 4)} {letters[:3]}",
            f"{rng.randint(10, 81)} {letters[:3]} {_digits(rng, 3)}",
        ]
    )


def person(rng: random.Random, language: str) -> Person:
    """A person of a language."""
    given, family = (rng.choice(listed.split(" ")) for listed in NAMES[language])
    eastern = language in {"zh", "ja", "ko"}
    full = (
        f"{family}{given}" if eastern else rng.choice([f"{given} {family}", f"{family}, {given}"])
    )
    local = rng.choice([f"{given}.{family}", f"{given[0]}{family}{rng.randint(1, 99)}"]).casefold()
    return Person(
        {
            "name": full,
            "family name": family,
            "given name": given,
            "email": f"{local}@{rng.choice(['müller.de', 'example.org', 'mail.co.uk', 'почта.рф'])}",
            "phone": _phone(rng),
            "date of birth": _birth(rng),
            "national id": _national(rng),
            "iban": _iban(rng),
            "card": _card(rng),
            "ip address": rng.choice([f"{rng.randint(11, 200)}.{rng.randint(0, 255)}.3.{rng.randint(1, 254)}",
                                      f"2001:db8::{rng.randint(4096, 65535):x}"]),
            "address": rng.choice(STREETS).format(n=rng.randint(1, 180)),
            "plate": _plate(rng),
            "user name": f"{given}{rng.choice(['_', '.', ''])}{family}".casefold() + str(rng.randint(1, 99)),
            "diagnosis": rng.choice(DIAGNOSES),
        }
    )  # fmt: skip


# Headers that announce each kind, and such that announce nothing.
HEADERS = {
    "name": "Name|Kunde|Ad Soyad|氏名|Imię i nazwisko|ФИО", "family name": "Nachname|Apellido|Soyadı|姓",
    "given name": "Vorname|Prénom|Tên|Imię", "email": "E-Mail|Correo|Почта|邮箱", "phone": "Telefon|Cep Tel|手机|Hp",
    "date of birth": "Geburtsdatum|Doğum Tarihi|Ngày sinh|Né le|生年月日", "national id": "PESEL|DNI|SSN|身份证",
    "iban": "IBAN|Konto|Bankverbindung", "card": "Karte|Card No|卡号", "ip address": "IP|client_ip|Adr",
    "address": "Straße|Adres|住所|Anschrift 1", "plate": "Kennzeichen|Plaka|Plate", "user name": "Login|Benutzer|user",
    "diagnosis": "Diagnose|Befund|ICD|Grund",
}  # fmt: skip
UNKNOWN = ["Kd", "F7", "x", "Col 12", "zzz", "Merkmal", "H-K2", "val", "Feld", "データ"]


def _contexts(
    rng: random.Random, kind: str, people: list[Person]
) -> Iterator[tuple[str, str, list[str]]]:
    """The same values in each place where personal data stands: (context, header, values)."""
    values = [p.values[kind] for p in people]
    yield "own column", rng.choice(HEADERS[kind].split("|")), values
    yield "unknown header", rng.choice(UNKNOWN), values
    few = rng.sample(sorted(set(values)), min(9, len(set(values))))
    yield "few, repeated", rng.choice(UNKNOWN), [rng.choice(few) for _ in values]
    mixed = [
        v if rng.random() < 0.25 else rng.choice(["42", "7.5", "red", "yes", "2024-03-01", "A"])
        for v in values
    ]
    yield "attribute/value", rng.choice(["value", "Wert", "valor"]), mixed
    rare = [v if rng.random() < 0.03 else str(rng.randint(1, 900)) for v in values]
    yield "rare in numbers", rng.choice(UNKNOWN), rare
    yield (
        "prose",
        rng.choice(["Notes", "Bemerkung", "text"]),
        [rng.choice(PROSE).format(v=v) for v in values],
    )


def _days(rng: random.Random, rows: int) -> list[str]:
    return [f"2024-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}" for _ in range(rows)]


HARMLESS: dict[str, tuple[str, Callable[[random.Random, int], list[str]]]] = {
    "whole numbers": ("quantity", lambda r, n: [str(r.randint(0, 5000)) for _ in range(n)]),
    "amounts": ("net_amount", lambda r, n: [f"{r.uniform(1, 90000):,.2f}" for _ in range(n)]),
    "amounts, German": ("Betrag", lambda r, n: [f"{r.randint(1, 999)}.{r.randint(100, 999)},{r.randint(10, 99)} €" for _ in range(n)]),
    "large numbers": ("population", lambda r, n: [str(r.randint(10**6, 10**9)) for _ in range(n)]),
    "order numbers": ("Order ID", lambda r, n: [f"SO-{r.randint(10000, 99999)}" for _ in range(n)]),
    "customer numbers": ("Kundennr", lambda r, n: [str(r.randint(10**7, 10**8)) for _ in range(n)]),
    "article numbers": ("SKU", lambda r, n: [f"{r.choice('ABCDEF')}{r.choice('XYZ')}{r.randint(100, 999)}" for _ in range(n)]),
    "numbers in sequence": ("F1", lambda _, n: [f"RE-{20240000 + i}" for i in range(n)]),
    "uuids": ("x", lambda r, n: [f"{r.getrandbits(32):08x}-1234-4321-8765-{r.getrandbits(48):012x}" for _ in range(n)]),
    "order dates": ("Bestelldatum", _days),
    "dates": ("Date", _days),
    "timestamps": ("F3", lambda r, n: [f"{d} {r.randint(0, 23):02}:{r.randint(1, 59):02}:11" for d in _days(r, n)]),
    "booleans": ("ok", lambda r, n: [r.choice(["ja", "nein"]) for _ in range(n)]),
    "status": ("Status", lambda r, n: [r.choice(["open", "in progress", "Shipped", "zurückgestellt"]) for _ in range(n)]),
    "status, unknown header": ("S1", lambda r, n: [r.choice(["open", "paid", "cancelled"]) for _ in range(n)]),
    "countries": ("Land", lambda r, n: [r.choice(["Deutschland", "Österreich", "France", "Polska"]) for _ in range(n)]),
    "currencies": ("cur", lambda r, n: [r.choice(["EUR", "USD", "CHF"]) for _ in range(n)]),
    "percentages": ("p", lambda r, n: [f"{r.randint(0, 100)} %" for _ in range(n)]),
    "weights": ("w", lambda r, n: [f"{r.randint(1, 100)} kg" for _ in range(n)]),
    "years": ("year", lambda r, n: [str(r.randint(1990, 2024)) for _ in range(n)]),
    "product names": ("Product", lambda r, n: [f"{r.choice(['Oak', 'Steel', 'Glass'])} {r.choice(['table', 'chair', 'lamp'])} {r.randint(1, 40)}" for _ in range(n)]),
    "cities": ("City", lambda r, n: [r.choice(["Berlin", "Leipzig", "Köln", "Paris", "Lyon"]) for _ in range(n)]),
}  # fmt: skip


Recall = dict[tuple[str, str], tuple[int, int]]


def measure(rows: int, seed: int) -> tuple[Recall, dict[str, float]]:
    """What is hidden.

    Args:
        rows: Of each column.
        seed: Another seed makes up other persons.

    Returns:
        By (kind, context): persons' data hidden, and all there were; and by harmless column the
        share of its values that was masked.
    """
    rng = random.Random(seed)
    recall: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for language in NAMES:
        people = [person(rng, language) for _ in range(max(20, rows // 10))]
        for kind in HEADERS:
            data = {p.values[kind] for p in people}
            for context, header, values in _contexts(rng, kind, people):
                hidden, _ = hide(header, values, key=KEY)
                for value, stored in zip(values, hidden, strict=True):
                    own = value if value in data else next((d for d in data if d in value), None)
                    if own is not None:
                        recall[kind, context][0] += own not in (stored or "")
                        recall[kind, context][1] += 1
    masked = {}
    for name, (header, make) in HARMLESS.items():
        values = make(rng, rows)
        hidden, _ = hide(header, values, key=KEY)
        masked[name] = sum(a != b for a, b in zip(values, hidden, strict=True)) / rows
    return {key: (found, total) for key, (found, total) in recall.items()}, masked


def main() -> None:
    """Prints the tables of `docs/tiers.md`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    started = time.process_time()
    recall, masked = measure(args.rows, args.seed)
    contexts = list(dict.fromkeys(c for _, c in recall))
    print("| kind |", " | ".join(contexts), "|")
    for kind in HEADERS:
        cells = [recall[kind, c] for c in contexts]
        print(f"| {kind} |", " | ".join(f"{100 * a / b:.1f}" for a, b in cells), "|")
    print("| harmless column | masked, % |")
    for name, share in masked.items():
        print(f"| {name} | {100 * share:.1f} |")
    print(f"{time.process_time() - started:.1f} CPU s")


if __name__ == "__main__":
    main()
