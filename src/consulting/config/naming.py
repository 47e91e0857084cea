"""What the names of a sample's files say: which of them are one feed, its glob, its rhythm.

A name is words, and what varies from file to file: dates, counters, weekdays. Files with the same
words and the same ending are one feed.
"""

from __future__ import annotations

import fnmatch
import glob
import re
import unicodedata
from datetime import UTC, date, datetime
from itertools import islice, pairwise
from statistics import median
from typing import TYPE_CHECKING

from consulting.privacy.names import BLANK
from consulting.records import Record
from consulting.rules import months
from consulting.rules.months import months_of
from consulting.timekeeping import Partitioning, Placement, period_start
from consulting.timekeeping.periods import Every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_WEEKDAY = re.compile("(?:mon|tues|wednes|thurs|fri|satur|sun)day")
_SHORT = re.compile("mon|tues?|wed|thu(?:rs?)?|fri|sat|sun|q|h|w|kw|wk|week|v")
"""Words that vary only where a number stands beside them; so do short names of months."""
_SHORT_MONTHS = frozenset({*map(str.lower, months.ENGLISH), "sept"})
_LEAST_LETTERS, _LEAST_ALONE = 4, 5
"""Letters of a month's name that no list above has, and of one that varies without a number."""
_OTHER_WORDS = frozenset({"march", "mart", "mars"})
"""Names of months that are other words, too."""
_PIECE = re.compile(rf"\d+|[^\W\d_]+|{BLANK}+|(?:[^\w{BLANK}]|_)+")
_WORD = re.compile(r"[^\W\d_]+")
_MOST_DIGITS = {"q": 1, "h": 1, "w": 2, "kw": 2, "wk": 2, "week": 2}
"""A quarter has one digit, a week two."""
_COPY = re.compile(r"(?<![ _-])(?:[ _-]*+\(\d++\)|[ _-]++copy)$", re.IGNORECASE)
_COUNTER = 2
"""A number of so few digits in the midst of a word, as in `covid19_cases`, is part of the word."""
_ENDING = re.compile(
    r"(?<=.)(?:\.[A-Za-z][A-Za-z0-9]{0,7}(?:\.(?:gz|zip|zst|bz2))?|\.\d?[a-z]{2})$"
)
_LONGEST_NAME = 40
_OF_MODELS = re.compile(r"(?:stg|int|merged|rejects)_")
_DIGITS, _ANY = "[0-9]*", "*"
_OF_SHEETS = frozenset("sheet tabelle feuille feuil hoja foglio blad arkusz list table".split())  # noqa: SIM905
"""What programs call a sheet that nobody has named."""
_NEVER = datetime(1900, 1, 1, tzinfo=UTC)

_YEAR = r"(?P<year>20\d{2})"
_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = r"(?P<day>0[1-9]|[12]\d|3[01])"
_TIME = r"(?:\D|$|\d{4}(?:\d\d)?(?:\D|$))"  # the digits of a time may follow
_PERIODS: tuple[tuple[Every, str], ...] = (
    ("day", rf"(?:^|\D){_YEAR}[-_. ]?{_MONTH}[-_. ]?{_DAY}{_TIME}"),
    ("day", rf"(?:^|\D){_DAY}[-_. ]?{_MONTH}[-_. ]?{_YEAR}(?:\D|$)"),
    ("day", rf"(?:^|\D){_MONTH}[-_. ]?{_DAY}[-_. ]?{_YEAR}(?:\D|$)"),
    ("week", rf"(?i)(?:^|\D){_YEAR}[-_. ]?(?:k?w|week)[-_. ]?(?P<week>[0-4]\d|5[0-3])(?:\D|$)"),
    ("month", rf"(?:^|\D){_YEAR}[-_. ]?{_MONTH}(?:\D|$)"),
    ("month", rf"(?:^|\D){_MONTH}[-_. ]{_YEAR}(?:\D|$)"),
)
"""How a period is written in names; the more exact stand first."""
_IN_WORDS = (
    rf"(?i)(?:^|[^\p{{L}}])(?P<month>@names@)[-_. ]?{_YEAR}(?:\D|$)",
    rf"(?i)(?:^|\D){_YEAR}[-_. ]?(?P<month>@names@)(?:[^\p{{L}}]|$)",
)
_PLAIN: dict[str, str] = {
    "year": r"(?P<year>20\d{2})",
    "month": r"(?P<month>\d{2})",
    "day": r"(?P<day>\d{2})",
    "week": r"W(?P<week>\d{2})",
}
_RHYTHMS: tuple[tuple[Every, float, float], ...] = (
    ("day", 1, 3),
    ("week", 6, 8),
    ("month", 27, 32),
)
"""Between two files lie so many days."""


class NamedFeed(Record):
    """Files that are one feed, by their names.

    Attributes:
        name: The feed's name.
        glob: Over the name of a file, or its path where it has a slash.
        files: Their paths below the source.
        sheet: The sheet of each that it reads, by name or number; None where no other is.
        member: The same of a file in each zip.
    """

    name: str
    glob: str
    files: tuple[str, ...]
    sheet: str | int | None = None
    member: str | None = None

    @property
    def said(self) -> dict[str, str | int]:
        """As `defs.yaml` says it."""
        told = {"name": self.name, "files": self.glob, "sheet": self.sheet, "member": self.member}
        return {key: value for key, value in told.items() if value is not None}


class Rhythm(Record):
    """The periods that all names tell.

    Attributes:
        every: How long one is.
        start: The first.
        period_from: What finds it in a name, as `partitions.period_from`.
        periods: All of them, in order.
        certain: Whether the names leave no doubt: several periods at even distances, and one way
            only to read them.
    """

    every: Every
    start: str
    period_from: str
    periods: tuple[str, ...]
    certain: bool

    @property
    def partitions(self) -> dict[str, str]:
        """As `defs.yaml` says it."""
        return {"every": self.every, "start": self.start, "period_from": self.period_from}


def name_feeds(
    paths: Iterable[str], *, apart: Callable[[str], object] = lambda _path: None
) -> list[NamedFeed]:
    """The feeds of a sample, in an order in which the first glob that fits a file is its own.

    Args:
        paths: The files, below the source; with `/` between folders, and `BLANK` for each character
            that may not be told, which a glob leaves open.
        apart: What else keeps files apart that are named alike, such as their columns; each then
            is a feed of its own.
    """
    groups: dict[object, list[str]] = {}
    for path in sorted(paths):
        stem, ending = _split(path)
        groups.setdefault((*_words(_parts(stem)), ending.casefold()), []).append(path)
    together = [
        part
        for files in groups.values()
        for part in ([files] if len({*map(apart, files)}) == 1 else [[file] for file in files])
    ]
    exact = {file for group in together for file in group if len(groups[_key(file)]) > len(group)}
    taken: set[str] = set()
    return _ordered([_feed(files, taken, exact=files[0] in exact) for files in together], taken)


def name_part(feed: NamedFeed, part: str, taken: set[str]) -> str:
    """The name of a feed that reads a part of the files of another.

    Args:
        feed: The feed that has the files.
        part: What the part is called.
        taken: The names that others have; its own is added.
    """
    stem, ending = _split(part)
    words = [word.casefold() for word in _words(_parts(stem))]
    plain = all(word in _OF_SHEETS or _is_short(word) for word in words)
    name = _name("_".join(words) if words else stem, ending, set())
    if plain or name in taken:
        name = _name(f"{feed.name} {stem}", ending, taken)
    taken.add(name)
    return name


def varies(name: str) -> bool:
    """Whether a part of a name is one that changes from file to file."""
    return any(part in {_DIGITS, _ANY} for part in _parts(_split(name)[0]))


def rhythm_of(paths: Sequence[str], *, now: datetime) -> Rhythm | None:
    """The rhythm that all names keep; None where some tell no period.

    Args:
        paths: The files of all feeds.
        now: A period that has not begun yet leaves doubt.
    """
    ways = [*_PERIODS, *(("month", pattern) for pattern in _in_words(paths))]
    found = [rhythm for each in ways if (rhythm := _rhythm(paths, *each))]
    if not found:
        return None
    first = found[0]
    rivals = [r for r in found[1:] if r.periods != first.periods and r.every != "month"]
    early = any(period_start(period) > now.date() for period in first.periods)
    return first.model_copy(update={"certain": first.certain and not rivals and not early})


def _in_words(paths: Sequence[str]) -> Iterator[str]:
    """Patterns of a month in words, in the first language in which each name has one."""
    named = [{word for word in _WORD.findall(path.lower()) if months_of(word)} for path in paths]
    languages = (
        code
        for code in months.LANGUAGES
        if all(any(code in months.month_names()[word] for word in words) for words in named)
    )
    for code in islice(languages, 1):
        names = months.pattern_of(code)
        yield from (pattern.replace("@names@", names) for pattern in _IN_WORDS)


def _rhythm(paths: Sequence[str], every: Every, pattern: str) -> Rhythm | None:
    written = Partitioning(every=every, start="0001-01-01", period_from=pattern)
    placed = [written.placement(path, _NEVER) for path in paths]
    if not placed or any(one.by != "name" or one.period is None for one in placed):
        return None
    days = sorted({period_start(one.period) for one in placed if one.period})
    length = _length(days, every)
    parts = Partitioning(every=length or every, start=days[0].isoformat(), period_from=pattern)
    periods = tuple(dict.fromkeys(map(parts.key, days)))
    return Rhythm(
        every=parts.every,
        start=periods[0],
        period_from=_plain(pattern, paths, written, placed),
        periods=periods,
        certain=length is not None and len(periods) > 1,
    )


def _plain(
    pattern: str, paths: Sequence[str], written: Partitioning, placed: Sequence[Placement]
) -> str:
    """The plainest pattern that reads the same of all names."""
    parts = [_PLAIN[name] for name in re.findall(r"\?P<(\w+)>", pattern)]
    for separator in ("-", "_", r"\.", ""):
        plain = written.model_copy(update={"period_from": separator.join(parts)})
        if [plain.placement(path, _NEVER) for path in paths] == list(placed):
            return separator.join(parts)
    return pattern


def _length(days: Sequence[date], every: Every) -> Every | None:
    """How far apart the files are, at least as far as a period that their names can tell."""
    if len(days) < 2:  # noqa: PLR2004 - one file has no distance
        return None
    middle = median((later - earlier).days for earlier, later in pairwise(days))
    found = next((length for length, low, high in _RHYTHMS if low <= middle <= high), None)
    return None if found is None or (every == "month" and found != "month") else found


def _split(path: str) -> tuple[str, str]:
    """The name of a file and its ending, that of a packed one included."""
    name = unicodedata.normalize("NFC", path.rpartition("/")[2])
    found = _ENDING.search(name)
    return (name[: found.start()], found.group()) if found else (name, "")


def _key(path: str) -> tuple[str, ...]:
    stem, ending = _split(path)
    return (*_words(_parts(stem)), ending.casefold())


def _parts(stem: str) -> list[str]:
    """The name in parts: globs for what varies, escaped text for the rest."""
    pieces = _PIECE.findall(_COPY.sub("", stem))
    varying = [_varying(pieces, at) for at in range(len(pieces))]
    parts: list[str] = []
    for at, (piece, how) in enumerate(zip(pieces, varying, strict=True)):
        inside = not piece.isalnum() and any(varying[:at]) and any(varying[at + 1 : at + 2])
        if (how or inside) and parts and parts[-1] in {_DIGITS, _ANY}:
            continue  # one varying part goes on
        parts.append(how or glob.escape(piece))
    return parts


def _varying(pieces: list[str], at: int) -> str | None:
    """The glob of a piece that varies from file to file."""
    piece = pieces[at].casefold()
    beside = [pieces[n] for n in (at - 2, at - 1, at + 1, at + 2) if 0 <= n < len(pieces)]
    if piece.isdigit():
        glued = at > 0 and pieces[at - 1].isalpha() and not _is_short(pieces[at - 1].lower())
        more = any(p.isalpha() and not _is_short(p.lower()) for p in pieces[at + 1 :])
        # other digits than 0 to 9 are letters to a glob
        return (
            None if not piece.isascii() or (glued and more and len(piece) <= _COUNTER) else _DIGITS
        )
    if piece[0] == BLANK:
        return _ANY
    near = pieces[max(0, at - 1) : at] + pieces[at + 1 : at + 2]
    of_time = piece == "t" and len(near) > 1 and all(each.isdecimal() for each in near)
    short = _MOST_DIGITS.get(piece)
    beside = [n for n in beside if short is None or len(n) <= short]
    numbered = (of_time or _is_short(piece)) and any(n.isdecimal() for n in beside)
    return _ANY if _WEEKDAY.fullmatch(piece) or _is_month(piece, _LEAST_ALONE) or numbered else None


def _is_short(piece: str) -> bool:
    """Whether a word, in small letters, varies where a number stands beside it."""
    known = _SHORT.fullmatch(piece) or piece in _SHORT_MONTHS or piece == "march"
    return bool(known) or _is_month(piece, _LEAST_LETTERS)


def _is_month(piece: str, least: int) -> bool:
    return len(piece) >= least and piece not in _OTHER_WORDS and bool(months_of(piece))


def _words(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(p.casefold() for p in parts if p not in {_DIGITS, _ANY} and p[0].isalnum())


def _feed(files: Sequence[str], taken: set[str], *, exact: bool) -> NamedFeed:
    stem, ending = _split(files[0])
    fixed = [part for part in _parts(stem) if part not in {_DIGITS, _ANY}]
    name = _name(stem if exact else "".join(fixed), ending, taken)
    return NamedFeed(
        name=name, glob=exact_glob(files[0]) if exact else _glob(files), files=tuple(files)
    )


def _name(words: str, ending: str, taken: set[str]) -> str:
    """A feed's name of the words of its files'."""
    plain = unicodedata.normalize("NFKD", words.lower()).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    base = base if base[:1].isalpha() else f"data_{base}".rstrip("_")
    base = (f"feed_{base}" if _OF_MODELS.match(base) else base)[:_LONGEST_NAME].rstrip("_")
    kind = ending.lower().split(".")[1] if ending else ""
    names = [base, f"{base}_{kind}", *(f"{base}_{n}" for n in range(2, len(taken) + 3))]
    name = next(
        name for name in names if name not in taken and re.fullmatch(r"[a-z][a-z0-9_]*", name)
    )
    taken.add(name)
    return name


def exact_glob(path: str) -> str:
    """The glob that only this path fits, but for characters that may not be told."""
    return glob.escape(path).replace(BLANK, "?")


def _glob(files: Sequence[str]) -> str:
    """What all files of a feed fit, and the next ones."""
    stems = [_parts(_split(file)[0]) for file in files]
    ending = glob.escape(_split(files[0])[1])
    parts = stems[0]
    if any([p.casefold() for p in other] != [p.casefold() for p in parts] for other in stems):
        first = [_ANY] if any(not _words(stem[:1]) for stem in stems) else []
        parts = [*first, *_ANY.join(_words(parts))]
    tail = "" if parts[-1:] in ([_DIGITS], [_ANY]) else _ANY
    return "".join(parts) + tail + ending


def _ordered(feeds: list[NamedFeed], taken: set[str]) -> list[NamedFeed]:
    """The feeds, those with more words first; one that takes another's files is named exactly."""
    for _ in range(len(feeds)):
        feeds.sort(key=lambda f: (-len(re.sub(r"\[0-9\]|\*", "", f.glob)), f.name))
        thief = next(
            (t for f in feeds for file in f.files if (t := _first(feeds, file)) is not f), None
        )
        if thief is None or thief.glob == exact_glob(thief.files[0]):
            break
        feeds.remove(thief)
        taken.discard(thief.name)
        feeds += [_feed([file], taken, exact=True) for file in thief.files]
    return feeds


def _first(feeds: Sequence[NamedFeed], path: str) -> NamedFeed | None:
    whole = unicodedata.normalize("NFC", path).casefold()
    return next(
        (
            f
            for f in feeds
            if fnmatch.fnmatchcase(
                whole if "/" in f.glob else whole.rpartition("/")[2], f.glob.casefold()
            )
        ),
        None,
    )
