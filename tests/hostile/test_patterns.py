"""No pattern that is held against a client's text takes more than its share of time.

Each compiled pattern is taken from the modules themselves, so that a new one is attacked without
being named here. Attacks are pumped from the pattern's own
pieces: what it repeats, again and again, and then something that it can not match.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import signal
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

import pytest
from tests.rules.macros import read

import consulting
from consulting.intake.matching import FeedMatcher
from consulting.intake.records import FeedPattern
from consulting.regex import mistake_in
from consulting.rules.numbers import read_number
from consulting.rules.sums import summed
from consulting.timekeeping.periods import Partitioning

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (2_500, 10_000)
FREE_SECONDS = 0.02  # below, time says nothing
MOST_TIMES = 10  # four times the text may take four times as long, or a little more; not sixteen
LONGEST_SECONDS = 3
SUSPECTED = 4  # more measurements, before it is told; the shortest count


def patterns() -> list[tuple[str, re.Pattern[Any]]]:
    """Every compiled pattern that stands in a module of ours, in whatever container."""
    found: dict[tuple[Any, int], tuple[str, re.Pattern[Any]]] = {}
    for info in pkgutil.walk_packages(consulting.__path__, "consulting."):
        if not info.name.endswith((".__main__", ".migrations.env")):
            module = importlib.import_module(info.name)
            for name, value in vars(module).items():
                for each in _inside(value):
                    found.setdefault((each.pattern, each.flags), (f"{info.name}.{name}", each))
    return [(f"{name}:{at}", each) for at, (name, each) in enumerate(found.values())]


def _inside(value: Any, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 3 and type(value) in (tuple, list, frozenset, set):
        for each in value:
            yield from _inside(each, depth + 1)
    elif depth < 3 and type(value) is dict:
        for each in (*value.keys(), *value.values()):
            yield from _inside(each, depth + 1)


def pumps(pattern: str, flags: int) -> list[tuple[str, str]]:
    """(what stands before, what is repeated) of each repetition in a pattern, and of pairs."""
    pieces: list[tuple[str, str]] = []

    def walk(tree: Any, before: str) -> str:
        text = before
        for op, value in tree:
            name = str(op)
            if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
                low, high, inner = value
                one = _example(inner)
                if high > 20:
                    pieces.append((text, one))
                    pieces.extend((text, each) for each in _alternatives(inner))
                walk(inner, text)
                text += one * max(low, 1)
            elif name == "SUBPATTERN":
                walk(value[3], text)
                text += _example(value[3])
            elif name == "ATOMIC_GROUP":
                walk(value, text)
                text += _example(value)
            elif name == "BRANCH":
                for branch in value[1]:
                    walk(branch, text)
                text += _example(value[1][0])
            elif name in {"ASSERT", "ASSERT_NOT"}:
                walk(value[1], text)
            else:
                text += _example([(op, value)])
        return text

    whole = walk(_parser.parse(pattern, flags), "")
    pieces.append(("", whole))
    pieces.extend(("", part) for part in {one for _, one in pieces})
    pieces.extend(("", before) for before, _ in list(pieces) if before)
    pieces.extend(
        ("", char) for char in ("a", "A", "1", " ", ".", ",", "-", '"', "<", "a ", "1.", "a@")
    )
    return list(dict.fromkeys((b, p) for b, p in pieces if p))


def _alternatives(tree: Any) -> list[str]:
    return [
        _example(branch)
        for op, value in tree
        for branch in (
            value[1] if str(op) == "BRANCH" else value[3] if str(op) == "SUBPATTERN" else ()
        )
        if isinstance(branch, _parser.SubPattern)
    ]


def _example(tree: Any) -> str:
    """A text that the pattern matches, more or less."""
    made = ""
    for op, value in tree:
        name = str(op)
        if name == "LITERAL":
            made += chr(value)
        elif name == "NOT_LITERAL":
            made += "a" if value != ord("a") else "b"
        elif name == "ANY":
            made += "a"
        elif name == "IN":
            made += _member(value)
        elif name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            made += _example(value[2]) * max(1, min(value[0], 40))
        elif name == "SUBPATTERN":
            made += _example(value[3])
        elif name == "ATOMIC_GROUP":
            made += _example(value)
        elif name == "BRANCH":
            made += _example(value[1][0])
    return made


def _member(items: Any) -> str:
    """A character of a set."""
    negated = bool(items) and items[0][0] is sre.NEGATE
    for char in "a1A .,-_@\"'/:;<>=é☃":
        if _holds(items, char) != negated:
            return char
    return next(chr(code) for code in range(0x110000) if _holds(items, chr(code)) != negated)


def _holds(items: Any, char: str) -> bool:
    tests = {
        "CATEGORY_DIGIT": str.isdecimal,
        "CATEGORY_SPACE": str.isspace,
        "CATEGORY_WORD": lambda c: c.isalnum() or c == "_",
    }
    for op, value in items:
        name = str(op)
        if name == "LITERAL" and ord(char) == value:
            return True
        if name == "RANGE" and value[0] <= ord(char) <= value[1]:
            return True
        if name == "CATEGORY":
            wanted = "_NOT_" not in str(value)
            if bool(tests[str(value).replace("_NOT_", "_")](char)) is wanted:
                return True
    return False


class TooSlowError(Exception):
    pass


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def is_searched(name: str) -> bool:
    """Whether a pattern is looked for inside a text anywhere, and not only held against all of it.

    Of a pattern in a container only its module's own use is known.
    """
    module, _, variable = name.partition(":")[0].rpartition(".")
    path = Path(importlib.import_module(module).__file__ or "")
    own = path.read_text(encoding="utf-8")
    verbs = r"\.(?:search|finditer|findall|sub|subn|split)\("
    if isinstance(getattr(importlib.import_module(module), variable), re.Pattern):
        return re.search(rf"\b{variable}{verbs}", own) is not None
    return re.search(rf"\b(?:pattern|each|one|found){verbs}", own) is not None


def seconds_of(pattern: re.Pattern[Any], text: Any, *, searched: bool) -> float:
    """Processor time of matching a text whole, and of looking for the pattern everywhere in it."""
    began = time.process_time()
    pattern.match(text)
    pattern.fullmatch(text)
    for _ in pattern.finditer(text) if searched else ():
        pass
    return time.process_time() - began


def attack(pattern: re.Pattern[Any], *, searched: bool = True) -> str | None:
    """An attack under which a pattern's time grows faster than the text; None where none is."""
    binary = not isinstance(pattern.pattern, str)
    source = pattern.pattern.decode("latin-1") if binary else pattern.pattern
    for before, pump in pumps(source, pattern.flags & ~re.UNICODE if binary else pattern.flags):
        for after in ("", "\x00!"):
            texts = [before + pump * (size // len(pump)) + after for size in SIZES]
            made = [t.encode("latin-1", "replace") if binary else t for t in texts]
            said = f"{before!r} + {pump!r} * n + {after!r}"
            try:
                with limited(LONGEST_SECONDS):
                    large = seconds_of(pattern, made[1], searched=searched)
                    if large < FREE_SECONDS:
                        continue
                    small = seconds_of(pattern, made[0], searched=searched)
                    for _ in range(SUSPECTED):  # it may be the machine that was slow
                        large = min(large, seconds_of(pattern, made[1], searched=searched))
                        if large < FREE_SECONDS or large <= MOST_TIMES * small:
                            break
                        small = min(small, seconds_of(pattern, made[0], searched=searched))
            except TooSlowError:
                return f"{said}: more than {LONGEST_SECONDS} s"
            if large >= FREE_SECONDS and large > MOST_TIMES * small:
                return f"{said}: {small:.4f} s, then {large:.4f} s"
    return None


@pytest.mark.parametrize(("name", "pattern"), patterns(), ids=[name for name, _ in patterns()])
def test_a_pattern_takes_no_more_time_than_the_text_is_longer(
    name: str, pattern: re.Pattern[Any]
) -> None:
    assert attack(pattern, searched=is_searched(name)) is None


@pytest.mark.parametrize(
    "bad", [r"(a|aa)+\Z", r"(?:a+)+b", r"<row\b([^>]*?)(?:/>|>(.*?)</row>)", r"\w+@\w+\.x"]
)
def test_the_attack_finds_a_pattern_that_is_too_slow(bad: str) -> None:
    assert attack(re.compile(bad, re.DOTALL)) is not None


def test_patterns_are_found_in_every_room() -> None:
    names = {name for name, _ in patterns()}
    for room in ("intake.reading.sheetscan", "profiling", "privacy", "corrections", "rules"):
        assert any(name.startswith(f"consulting.{room}") for name in names), room


CATASTROPHES = [r"(?P<year>\d{4})(?P<month>\d\d)(a+)+$", r"(?P<year>(\d|\d\d)+)x(?P<month>\d)"]


@pytest.mark.parametrize("pattern", CATASTROPHES)
def test_no_pattern_of_an_engineer_holds_up_the_sensor_on_a_hostile_name(pattern: str) -> None:
    monthly = Partitioning(every="month", start="2026-01", period_from=pattern)
    seen = datetime(2026, 3, 2, tzinfo=UTC)
    for name in ("202601" + "a" * 4000 + "!", "1" * 4000, "\udcff" * 4000):
        with limited(LONGEST_SECONDS):
            assert monthly.placement(name, seen).period == "2026-03"


def test_groups_without_a_name_brackets_and_escapes_are_read_as_they_are_meant() -> None:
    pattern = r"(?i)(orders|\(inv)[(\])]?_(?P<year>\d{4})(-w(?P<week>\d\d)|(-(?P<month>\d\d)))"
    weekly = Partitioning(every="month", start="2020-01", period_from=pattern)
    seen = datetime(2026, 3, 2, tzinfo=UTC)
    assert weekly.placement("x/ORDERS_2025-11.csv", seen).period == "2025-11"
    assert weekly.placement("(inv]_2025-W07.csv", seen).period == "2025-02"
    assert weekly.placement("orders_2025-13", seen).by == "arrival"


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        (r"(?=x)(?P<year>\d{4})(?P<month>\d\d)", r"invalid perl operator: \(\?="),
        (r"(?P<year>\d{4})(?P<month>\d\d)(a)\3", r"invalid escape sequence: \\3"),
        (r"(?P<year>\d{4})(?P<month>\d{,2})", r"write \{0,n\} for \{,n\}"),
        (r"(?P<year>\d{4})(?P<month>\d\d)" + "x" * 500, "at most 500 are read"),
        (r"(?P<year>\d{4})(?P<month>\d\d)((\pL{1,99}){1,9}){1,9}", "too large|repetition"),
        (r"(?P<year>\d{4})(?P<month>\d\d", "missing"),
    ],
)
def test_a_pattern_that_is_not_linear_is_refused_when_it_is_checked(
    pattern: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Partitioning(every="month", start="2026-01", period_from=pattern)
    assert re.search(says, mistake_in(pattern) or "")


def test_a_glob_of_many_stars_is_held_against_a_long_name_in_linear_time() -> None:
    stars = FeedPattern(name="f", glob="*a" * 200 + "b")
    sets = FeedPattern(name="g", glob="*[ab]*" * 60 + "c")
    matcher = FeedMatcher([stars, sets], None)
    with limited(LONGEST_SECONDS):
        assert matcher.match("a" * 4000, datetime(2026, 3, 2, tzinfo=UTC)).feed is None


@pytest.mark.parametrize(
    "cell", ["(" + " " * 90 + "-", "-" + " " * 4_000 + "x", "1," * 4_000, "$ " * 3_000, "1" * 9_000]
)
def test_a_text_that_is_nearly_a_number_costs_the_profile_no_more_than_others(cell: str) -> None:
    with limited(LONGEST_SECONDS):
        for _ in range(100):
            assert read_number(cell) is None
            assert summed(cell) == []


def test_a_text_that_is_nearly_a_number_costs_the_rules_no_more_than_others() -> None:
    cells = [f"{'1' * 5_000}.{at}" for at in range(300)]
    for meta in ({"rule": "to_currency"}, {"rule": "to_money"}):
        with limited(LONGEST_SECONDS):
            assert read(meta, cells) == [None] * 300
