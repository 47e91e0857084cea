"""How one text is a date: the formats it could be in, and whether such a day exists."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier janv enero ene gennaio januari",
            "feb february februar février fevrier févr fevr febrero febbraio februari",
            "mar march märz maerz mrz mars marzo maart",
            "apr april avril avr abril abr aprile",
            "may mai mayo maggio mei maj",
            "jun june juni juin junio giugno",
            "jul july juli juillet juil julio luglio",
            "aug august août aout agosto ago augustus",
            "sep sept september septembre septiembre settembre",
            "oct october oktober okt octobre octubre ottobre",
            "nov november novembre noviembre",
            "dec december dezember dez décembre decembre diciembre dic dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_ENGLISH = frozenset(
    "jan feb mar apr may jun jul aug sep oct nov dec january february march april june july "  # noqa: SIM905 - words
    "august september october november december".split()
)
_TIME = (
    r"(?:(?P<gap>[T ]|, ?)(?P<time>\d{1,2}:\d{2}(?P<seconds>:\d{2}(?P<fraction>[.,]\d{1,9})?)?"
    r"(?P<half> ?[AaPp]\.?[Mm]\.?)?)(?P<zone> ?Z| ?[+-]\d{2}:?\d{2}| UTC)?)?"
)
_YEAR_FIRST = re.compile(
    rf"(?P<y>\d{{4}})(?P<sep>[-/.])(?P<m>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}}){_TIME}"
)
_YEAR_LAST = re.compile(
    rf"(?P<a>\d{{1,2}})(?P<sep>[-/. ])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d{{2}}){_TIME}"
)
_DAY_MONTH_WORD = re.compile(
    rf"(?P<d>\d{{1,2}})(?P<dot>\.)?(?P<sep>[ -]?)(?P<word>[^\W\d_]{{3,10}})\.?(?P<sep2>[ ,-]*)"
    rf"(?P<y>\d{{4}}|\d{{2}}){_TIME}"
)
_MONTH_WORD_DAY = re.compile(
    rf"(?P<word>[^\W\d_]{{3,10}})\.? (?P<d>\d{{1,2}})(?P<comma>,?) (?P<y>\d{{4}}){_TIME}"
)
_COMPACT = re.compile(r"(?P<y>19\d\d|20\d\d)(?P<m>\d\d)(?P<d>\d\d)")
_TIME_ALONE = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?")
_PIVOT = 69  # POSIX strptime: 69-99 are 1969-1999, 00-68 are 2000-2068


class DateText(NamedTuple):
    """A text read as a date.

    Attributes:
        readings: (format, ISO date) for each reading that names a real day; two where day and
            month could be either way round and differ; none where no such day exists (31/02).
        pattern: The format up to the order of day and month ("?/?/%Y" where it is open).
        has_time: Whether a time of day follows.
        short_year: Whether the year has two digits.
    """

    readings: tuple[tuple[str, str], ...]
    pattern: str
    has_time: bool
    short_year: bool

    @property
    def ambiguous(self) -> bool:
        """Whether it names two different days, by the order of day and month."""
        return len({day for _, day in self.readings}) > 1


def read_date(text: str) -> DateText | None:
    """Reads a trimmed text as a date, with or without a time; None where it is written as none."""
    if (match := _YEAR_FIRST.fullmatch(text)) is not None:
        sep, tail = match["sep"], _time_format(match)
        form = f"%Y{sep}%m{sep}%d{tail}"
        return _of([(form, int(match["y"]), int(match["m"]), int(match["d"]))], form, match)
    if (match := _YEAR_LAST.fullmatch(text)) is not None:
        return _day_and_month(match)
    match = _DAY_MONTH_WORD.fullmatch(text) or _MONTH_WORD_DAY.fullmatch(text)
    if match is None or match["word"].casefold() not in _MONTHS:
        return None
    return _with_word(match)


def read_compact_date(text: str) -> str | None:
    """The ISO date of eight digits that name a day (20240131), or None."""
    match = _COMPACT.fullmatch(text)
    return _iso(int(match["y"]), int(match["m"]), int(match["d"])) if match else None


def is_time(text: str) -> bool:
    """Whether a text is a time of day."""
    return _TIME_ALONE.fullmatch(text) is not None


def _day_and_month(match: re.Match[str]) -> DateText:
    sep, tail = match["sep"], _time_format(match)
    year_form = "%Y" if len(match["y"]) == 4 else "%y"  # noqa: PLR2004 - digits of a year
    first, second, year = int(match["a"]), int(match["b"]), _year(match["y"])
    day_first = (f"%d{sep}%m{sep}{year_form}{tail}", year, second, first)
    month_first = (f"%m{sep}%d{sep}{year_form}{tail}", year, first, second)
    # a point between the numbers is written where the day comes first
    forms = [day_first] if sep == "." else [day_first, month_first]
    return _of(forms, f"?{sep}?{sep}{year_form}{tail}", match)


def _with_word(match: re.Match[str]) -> DateText:
    groups = match.groupdict()
    word = match["word"].casefold()
    year_form = "%Y" if len(match["y"]) == 4 else "%y"  # noqa: PLR2004 - digits of a year
    word_form = "%b" if len(word) == 3 else "%B"  # noqa: PLR2004 - "Jan"
    if word not in _ENGLISH:
        word_form = f"({word_form} not English)"
    tail = _time_format(match)
    if "comma" in groups:
        form = f"{word_form} %d{match['comma']} {year_form}{tail}"
    else:
        form = f"%d{match['dot'] or ''}{match['sep']}{word_form}{match['sep2']}{year_form}{tail}"
    return _of([(form, _year(match["y"]), _MONTHS[word], int(match["d"]))], form, match)


def _of(forms: list[tuple[str, int, int, int]], pattern: str, match: re.Match[str]) -> DateText:
    readings = [(form, day) for form, y, m, d in forms if (day := _iso(y, m, d)) is not None]
    return DateText(
        readings=tuple(readings),
        pattern=pattern,
        has_time=match["time"] is not None,
        short_year="%y" in pattern,
    )


def _time_format(match: re.Match[str]) -> str:
    if match["time"] is None:
        return ""
    hour = "%I" if match["half"] else "%H"
    seconds = ":%S" if match["seconds"] else ""
    fraction = ".%f" if match["fraction"] else ""
    half = (" %p" if match["half"].startswith(" ") else "%p") if match["half"] else ""
    zone = ""
    if match["zone"]:
        zone = "Z" if match["zone"].strip() == "Z" else "%z"
    return f"{match['gap']}{hour}:%M{seconds}{fraction}{half}{zone}"


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:  # noqa: PLR2004 - digits of a year
        return year
    return year + (1900 if year >= _PIVOT else 2000)


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
