"""Errors as people and systems make them, put into a clean table: what was changed is known.

Each kind changes some cells of a table in place and says which. Rates are those of real files: from
a few cells to one in twenty of a column, few columns at a time, mostly several kinds together.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

Table = dict[str, list[str]]
Changed = list[tuple[str, int]]
Kind = "Callable[[Table, random.Random], Changed]"

_NEIGHBOURS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(.*)", re.DOTALL)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2,4})")
_GARBLED = {
    "é": "Ã©",
    "ü": "Ã¼",
    "ö": "Ã¶",
    "ä": "Ã¤",
    "è": "Ã¨",
    "ñ": "Ã±",
    "á": "Ã¡",
    "\u2019": "â€™",
}


def is_number(text: str) -> bool:
    """Whether a cell is a plain number."""
    return _NUMBER.fullmatch(text) is not None


def _columns(table: Table, wanted: Callable[[str], bool], share: float = 0.7) -> list[str]:
    """The columns most of whose filled cells are as wanted, and that hold two values or more."""
    found = []
    for name, cells in table.items():
        filled = [c for c in cells if c]
        if len(set(filled)) > 1 and sum(map(wanted, filled)) >= share * len(filled):
            found.append(name)
    return found


def _numbers(table: Table) -> list[str]:
    """Measures: numbers of more than a handful of values."""
    return [c for c in _columns(table, is_number, 0.95) if len(set(table[c])) > 12]  # noqa: PLR2004


def _texts(table: Table) -> list[str]:
    return _columns(table, lambda t: not is_number(t) and sum(map(str.isalpha, t)) > 1)


def _dates(table: Table) -> list[str]:
    return _columns(table, lambda t: bool(_ISO.fullmatch(t) or _SLASHED.fullmatch(t)), 0.9)


def _rate(rows: int, chance: random.Random) -> int:
    """How many cells of a column: mostly a few in a thousand up to one in twenty-five, by size.

    One column in four is worse, up to one cell in four: an export that went wrong.
    """
    worse = chance.random() < 0.25  # noqa: PLR2004
    return max(
        2, round(rows * 10 ** (chance.uniform(-1.4, -0.6) if worse else chance.uniform(-2.6, -1.4)))
    )


def _each(
    table: Table, chance: random.Random, columns: list[str], change: Callable[[str], str]
) -> Changed:
    """Changes some cells, of up to three of the columns."""
    changed: Changed = []
    for name in chance.sample(columns, min(len(columns), chance.randint(1, 3))):
        rows = [r for r, cell in enumerate(table[name]) if cell]
        for row in chance.sample(rows, min(len(rows), _rate(len(rows), chance))):
            after = change(table[name][row])
            if after != table[name][row]:
                table[name][row] = after
                changed.append((name, row))
    return changed


def typo(table: Table, chance: random.Random) -> Changed:
    """A letter left out, doubled, swapped with the next, or its neighbour on the keyboard."""

    def slip(text: str) -> str:
        places = [i for i, c in enumerate(text) if c.isalpha()]
        if not places:
            return text
        at = chance.choice(places)
        keys = next((k for k in _NEIGHBOURS if text[at].lower() in k), "aeio")
        near = keys[
            min(len(keys) - 1, max(0, keys.find(text[at].lower()) + chance.choice((-1, 1))))
        ]
        near = near.upper() if text[at].isupper() else near
        pair = text[at + 1 : at + 2] + text[at]
        return text[:at] + chance.choice(
            (text[at + 1 :], text[at] * 2 + text[at + 1 :], pair + text[at + 2 :],
             near + text[at + 1 :], near + text[at:])
        )  # fmt: skip

    return _each(table, chance, _texts(table), slip)


def digits_swapped(table: Table, chance: random.Random) -> Changed:
    """Two neighbouring digits of a code or number in each other's place."""

    def swap(text: str) -> str:
        places = [
            i for i in range(len(text) - 1)
            if text[i].isdigit() and text[i + 1].isdigit() and text[i] != text[i + 1]
        ]  # fmt: skip
        at = chance.choice(places) if places else -1
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :] if places else text

    return _each(table, chance, _columns(table, lambda t: any(map(str.isdigit, t))), swap)


def digit_slipped(table: Table, chance: random.Random) -> Changed:
    """A digit left out or typed twice."""

    def slip(text: str) -> str:
        places = [i for i, c in enumerate(text) if c.isdigit()]
        if len(places) < 2:  # noqa: PLR2004 - one is left
            return text
        at = chance.choice(places)
        return text[:at] + chance.choice(("", text[at] * 2)) + text[at + 1 :]

    return _each(table, chance, _columns(table, lambda t: any(map(str.isdigit, t))), slip)


def magnitude(table: Table, chance: random.Random) -> Changed:
    """A decimal point lost or moved, thousands for units."""

    def scaled(text: str) -> str:
        factor = chance.choice((10, 100, 1000, 0.1, 0.01))
        return f"{float(text) * factor:.10g}" if is_number(text) and float(text) else text

    return _each(table, chance, _numbers(table), scaled)


def sign(table: Table, chance: random.Random) -> Changed:
    """A minus too many."""
    return _each(table, chance, _numbers(table), lambda t: t[1:] if t[0] == "-" else f"-{t}")


def day_and_month(table: Table, chance: random.Random) -> Changed:
    """Day and month in each other's place, or a month that does not exist."""

    def swap(text: str) -> str:
        iso, slashed = _ISO.fullmatch(text), _SLASHED.fullmatch(text)
        if iso:
            return f"{iso[1]}-{iso[3]}-{iso[2]}{iso[4]}"
        return f"{slashed[2]}/{slashed[1]}/{slashed[3]}" if slashed else text

    return _each(table, chance, _dates(table), swap)


def year_slipped(table: Table, chance: random.Random) -> Changed:
    """A year of another century or decade."""

    def slip(text: str) -> str:
        iso = _ISO.fullmatch(text)
        if not iso:
            return re.sub(r"(\d{2})(\d{2})$", lambda m: f"{int(m[1]) - 1}{m[2]}", text)
        years = (int(iso[1]) - 100, int(iso[1]) + 100, int(iso[1]) + 10, int(iso[1]) - 1000)
        return f"{chance.choice(years):04}-{iso[2]}-{iso[3]}{iso[4]}"

    return _each(table, chance, _dates(table), slip)


def default_spike(table: Table, chance: random.Random) -> Changed:
    """A form's default in place of what was not entered."""
    changed: Changed = []
    for name in chance.sample(list(table), min(2, len(table))):
        filled = [c for c in table[name] if c]
        if not filled:
            continue
        numeric = sum(map(is_number, filled)) > len(filled) / 2
        defaults = ("0", "999", "9999", "-1") if numeric else ("Unknown", "test", "Other", "none")
        if name in _dates(table):
            defaults = ("1900-01-01", "1970-01-01")
        default = chance.choice(defaults)
        for row in chance.sample(range(len(table[name])), _rate(len(filled), chance)):
            if table[name][row] and table[name][row] != default:
                table[name][row] = default
                changed.append((name, row))
    return changed


def imputed(table: Table, chance: random.Random) -> Changed:
    """The mean in place of some measures, to as many digits as a computer gives."""
    columns = _numbers(table)
    if not columns:
        return []
    name = chance.choice(columns)
    numbers = [float(c) for c in table[name] if is_number(c)]
    mean = f"{sum(numbers) / len(numbers):.{chance.choice((1, 2, 4))}f}"
    rows = chance.sample(range(len(table[name])), _rate(len(numbers), chance))
    changed = [(name, r) for r in rows if table[name][r] and table[name][r] != mean]
    for _, row in changed:
        table[name][row] = mean
    return changed


def blanked(table: Table, chance: random.Random) -> Changed:
    """Nothing, where there was something."""
    full = [n for n, cells in table.items() if sum(map(bool, cells)) > 0.9 * len(cells)]
    return _each(table, chance, full, lambda _t: "")


def word_for_nothing(table: Table, chance: random.Random) -> Changed:
    """A word for "no value"."""
    return _each(table, chance, list(table), lambda _t: chance.choice(("N/A", "unknown", "?", "-")))


def garbled(table: Table, chance: random.Random) -> Changed:
    """Letters read in another encoding, and what escapes left behind."""

    def garble(text: str) -> str:
        hit = [c for c in text if c in _GARBLED]
        if hit:
            return text.replace(hit[0], _GARBLED[hit[0]])
        places = [i for i, c in enumerate(text) if c in " '&,-"] or [chance.randrange(len(text))]
        at = chance.choice(places)
        residue = {
            "'": ("&#39;", "\\'", "â€™"), "&": ("&amp;",), " ": ("%20", "&nbsp;", "\\n"),
            ",": ("\\,", "%2C"), "-": ("â€“", "&ndash;"),
        }.get(text[at], ("\ufffd", "&amp;"))  # fmt: skip
        return text[:at] + chance.choice(residue) + text[at + 1 :]

    return _each(table, chance, _texts(table), garble)


def shifted(table: Table, chance: random.Random) -> Changed:
    """Rows whose cells moved by one column, as by a mark too many."""
    names, changed = list(table), []
    rows = len(table[names[0]])
    for row in chance.sample(range(rows), max(2, _rate(rows, chance) // 3)):
        start = chance.randrange(1, max(2, len(names) - 2))
        cells = [table[n][row] for n in names]
        moved = [*cells[:start], "", *cells[start:-1]]
        for name, before, after in zip(names, cells, moved, strict=True):
            if before != after:
                table[name][row] = after
                changed.append((name, row))
    return changed


def other_format(table: Table, chance: random.Random) -> Changed:
    """Some rows as another system writes them: dates, numbers with units or commas, codes."""

    def written(text: str) -> str:
        iso, slashed = _ISO.fullmatch(text), _SLASHED.fullmatch(text)
        if iso:
            return f"{iso[3]}.{iso[2]}.{iso[1]}{iso[4]}"
        if slashed:
            return f"{slashed[3]}-{int(slashed[1]):02}-{int(slashed[2]):02}"
        if is_number(text):
            return style(text)
        return re.sub(r"[-/ ]", "", text) if re.fullmatch(r"[\w./-]+", text) else text

    style: Callable[[str], str] = chance.choice(
        (lambda t: f"{t} pcs", lambda t: f"${t}", lambda t: t.replace(".", ","), lambda t: f"{t}.0")
    )
    return _each(table, chance, [*_dates(table), *_numbers(table), *_texts(table)], written)


def casing(table: Table, chance: random.Random) -> Changed:
    """Other capitals, or a mark more."""
    changes = (str.upper, str.lower, str.title, lambda t: f"{t}.", lambda t: t.replace(" ", "-"))
    return _each(table, chance, _texts(table), chance.choice(changes))


def spaces(table: Table, chance: random.Random) -> Changed:
    """White space at an end or doubled."""
    return _each(table, chance, _texts(table), lambda t: chance.choice((f" {t}", f"{t} ")))


def _decided(table: Table) -> list[tuple[str, str]]:
    """Columns that decide others: each value of the first has one of the second."""
    pairs: list[tuple[str, str]] = []
    rows = len(next(iter(table.values())))
    usable = [n for n, c in table.items() if 2 < len(set(c)) <= rows / 4]  # noqa: PLR2004
    for a in usable:
        groups = Counter(table[a])
        pairs += [
            (a, b) for b in usable
            if a != b and len(set(zip(table[a], table[b], strict=True))) == len(groups)
        ]  # fmt: skip
    return pairs


def other_value(table: Table, chance: random.Random) -> Changed:
    """A value of another row, where another column decides which it must be."""
    columns = sorted({b for _, b in _decided(table)})
    changed: Changed = []
    for name in chance.sample(columns, min(len(columns), 2)):
        values = sorted(set(table[name]))
        for row in chance.sample(range(len(table[name])), _rate(len(table[name]), chance)):
            after = chance.choice(values)
            if after not in ("", table[name][row]):
                table[name][row] = after
                changed.append((name, row))
    return changed


def unit(table: Table, chance: random.Random) -> Changed:
    """Some rows in another unit: grams for kilograms, inches for centimetres, cents."""
    factor = chance.choice((1000, 100, 2.54, 0.4536, 60, 0.001))
    return _each(
        table, chance, _numbers(table),
        lambda t: f"{float(t) * factor:.6g}" if is_number(t) and float(t) else t,
    )  # fmt: skip


def _days(text: str) -> int:
    found = _ISO.fullmatch(text)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).toordinal() if found else 0
    except ValueError:
        return 0


def order(table: Table, chance: random.Random) -> Changed:
    """An end before its beginning, in columns whose order holds in all rows."""
    dates = [n for n in _dates(table) if all(map(_days, table[n]))]
    pairs = [
        (a, b) for a in dates for b in dates
        if a != b and all(_days(x) <= _days(y) for x, y in zip(table[a], table[b], strict=True))
    ]  # fmt: skip
    if not pairs:
        return []
    first, last = chance.choice(pairs)
    changed: Changed = []
    for row in chance.sample(range(len(table[first])), _rate(len(table[first]), chance)):
        after = date.fromordinal(_days(table[first][row]) - chance.randint(1, 30)).isoformat()
        table[last][row] = after
        changed.append((last, row))
    return changed


def sum_and_parts(table: Table, chance: random.Random) -> Changed:
    """A number that is no longer the sum or product of its parts (see `with_total`)."""
    if "total" not in table:
        return []
    changed: Changed = []
    for row in chance.sample(range(len(table["total"])), _rate(len(table["total"]), chance)):
        number = float(table["total"][row])
        table["total"][row] = f"{number + chance.choice((-1, 1)) * max(1, abs(number) * 0.1):.6g}"
        changed.append(("total", row))
    return changed


def disagreeing(table: Table, chance: random.Random) -> Changed:
    """A fact that one of several sources tells otherwise (see `with_sources`)."""
    if "source" not in table:
        return []
    key = next(n for n in table if n != "source")
    others = [n for n in table if n not in {"source", key}]
    changed: Changed = []
    for name in chance.sample(others, min(3, len(others))):
        values = sorted({c for c in table[name] if c})
        for row in chance.sample(range(len(table[name])), 2 * _rate(len(table[name]), chance)):
            after = chance.choice(values) if values else ""
            if after != table[name][row] and table[name][row]:
                table[name][row] = after
                changed.append((name, row))
    return changed


def exception(table: Table, chance: random.Random) -> Changed:
    """A value where another column's value leaves but one, nought and nothing among them.

    Rates are nought where there is no tax, days are blank where nothing happened.
    """
    rows = len(next(iter(table.values())))
    groups: list[tuple[str, list[int]]] = []
    for a in (n for n, cells in table.items() if len(set(cells)) <= rows / 20):
        places: dict[str, list[int]] = {}
        for row, cell in enumerate(table[a]):
            places.setdefault(cell, []).append(row)
        for held in (p for p in places.values() if len(p) >= 30):  # noqa: PLR2004
            groups += [
                (b, held) for b, cells in table.items()
                if b != a and len({cells[r] for r in held}) == 1 < len(set(cells))
            ]  # fmt: skip
    changed: Changed = []
    for name, held in chance.sample(groups, min(len(groups), 3)):
        values = sorted({v for v in table[name] if v})
        for row in chance.sample(held, min(len(held) // 10, _rate(len(held), chance))):
            after = chance.choice(values)
            if after != table[name][row]:
                table[name][row] = after
                changed.append((name, row))
    return changed


_PARTS = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})")


def scrambled(table: Table, chance: random.Random) -> Changed:
    """Year, month and day in another order, with the same marks between them."""
    orders = [(2, 0, 1), (1, 0, 2), (2, 1, 0)]
    order = chance.choice(orders)

    def other(text: str) -> str:
        found = _PARTS.fullmatch(text)
        if not found:
            return text
        parts = (found[1], found[3], found[4])
        return found[2].join(parts[at] for at in order)

    columns = _columns(table, lambda t: bool(_PARTS.fullmatch(t)), 0.7)
    return _each(table, chance, columns, other)


def other_source(table: Table, chance: random.Random) -> Changed:
    """Rows that another system wrote: several of their columns look otherwise."""

    def written(text: str) -> str:
        iso = _ISO.fullmatch(text)
        if iso and not iso[4]:
            return f"{iso[3]}/{iso[2]}/{iso[1]}"
        if is_number(text):
            return f"{float(text):.2f}" if "." not in text else text.replace(".", ",")
        digits = sum(map(str.isdigit, text))
        if digits > len(text) / 2:
            return re.sub(r"[^\w]", "", text)
        return text.upper() if text != text.upper() else text.title()

    names = chance.sample(list(table), max(2, min(len(table), chance.randint(2, 6))))
    rows = len(table[names[0]])
    changed: Changed = []
    for row in chance.sample(range(rows), _rate(rows, chance)):
        for name in names:
            after = written(table[name][row])
            if after != table[name][row]:
                table[name][row] = after
                changed.append((name, row))
    return changed


def list_slipped(table: Table, chance: random.Random) -> Changed:
    """In a list within a cell: another mark between, one left empty, or cut off at the end."""

    def slip(text: str) -> str:
        mark = ";" if ";" in text else ","
        parts = text.split(mark)
        at = chance.randrange(len(parts))
        return chance.choice((
            text.replace(mark, "|"), mark.join([*parts[:at], "", *parts[at:]]),
            f"{text}{mark}", mark.join(parts)[: max(3, len(text) - chance.randint(2, 6))],
        ))  # fmt: skip

    listed = _columns(table, lambda t: t.count(";") > 0 or t.count(",") > 1, 0.5)
    return _each(table, chance, listed, slip)


KINDS: dict[str, Callable[[Table, random.Random], Changed]] = {
    kind.__name__: kind
    for kind in (
        typo, digits_swapped, digit_slipped, magnitude, sign, day_and_month, year_slipped,
        default_spike, imputed, blanked, word_for_nothing, garbled, shifted, other_format, casing,
        spaces, other_value, unit, order, sum_and_parts, disagreeing, exception, scrambled,
        other_source,
        list_slipped,
    )
}  # fmt: skip


def with_sources(table: Table, chance: random.Random) -> Table:
    """The same things told by several sources: each row of a few hundred again and again."""
    rows = range(len(next(iter(table.values()))))
    chosen = chance.sample(rows, min(len(rows), 120))
    told = [(r, s) for r in chosen for s in range(9) if chance.random() < 0.8]  # noqa: PLR2004
    return {
        "thing": [f"T{r}" for r, _ in told],
        "source": [f"source {s}" for _, s in told],
        **{name: [cells[r] for r, _ in told] for name, cells in table.items()},
    }


def with_total(table: Table, chance: random.Random) -> Table:
    """A table with parts and their sum."""
    rows = len(next(iter(table.values())))
    net = [round(chance.lognormvariate(4, 1), 2) for _ in range(rows)]
    tax = [round(n * chance.choice((0.07, 0.19)), 2) for n in net]
    return table | {
        "net": [f"{n:.2f}" for n in net],
        "tax": [f"{t:.2f}" for t in tax],
        "total": [f"{n + t:.2f}" for n, t in zip(net, tax, strict=True)],
    }


def with_days(table: Table, chance: random.Random) -> Table:
    """A table with a beginning and an end."""
    rows = len(next(iter(table.values())))
    starts = [date(2023, 1, 1).toordinal() + chance.randrange(700) for _ in range(rows)]
    ends = [s + int(chance.expovariate(0.15)) for s in starts]
    return table | {
        "ordered": [date.fromordinal(s).isoformat() for s in starts],
        "shipped": [date.fromordinal(e).isoformat() for e in ends],
    }


def inject(table: Table, chance: random.Random) -> tuple[Table, dict[tuple[str, int], str]]:
    """A dirty copy with one to four kinds of errors, and which cell has which.

    Args:
        table: A clean table.
        chance: What decides; the same gives the same.
    """
    dirty = {name: list(cells) for name, cells in table.items()}
    wrong: dict[tuple[str, int], str] = {}
    kinds = chance.sample(sorted(KINDS), len(KINDS))
    wanted = chance.randint(1, 4)
    for kind in kinds:
        before = {name: list(cells) for name, cells in dirty.items()}
        changed = KINDS[kind](dirty, chance)
        for name, row in changed:
            if dirty[name][row] != before[name][row]:
                wrong.setdefault((name, row), kind)
        wanted -= bool(changed)
        if not wanted:
            break
    same = [cell for cell in wrong if dirty[cell[0]][cell[1]] == table[cell[0]][cell[1]]]
    for cell in same:
        del wrong[cell]
    return dirty, wrong
