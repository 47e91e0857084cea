"""How dates and times are written, and how one text is read: formats, zones, names of months.

The patterns stand here once: the profile reads with them, and so do the macros of the rules, which
write what varies (zones, fractions, halves of the day, names of months) one way before they parse.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

MONTHS = (
    "jan january januar januari jänner janvier janv enero ene gennaio gen janeiro stycznia sty",
    (
        "feb february februar februari février fevrier févr fevr febrero febbraio febr fevereiro "
        "fev lutego lut feber"
    ),
    "mar march märz maerz mrz mär mars marzo maart mrt marts março marco marca",
    "apr april avril avr abril abr aprile kwietnia kwi",
    "may mai mayo maggio mag mei maj maio maja",
    "jun june juni juin junio giugno giu junho czerwca cze",
    "jul july juli juillet juil julio luglio lug julho lipca lip",
    "aug august août aout agosto ago augustus augusti sierpnia sie",
    "sep sept september septembre septiembre settembre set setembro września wrzesnia wrz",
    (
        "oct october oktober okt octobre octubre ottobre ott outubro out października "
        "pazdziernika paź"
    ),
    "nov november novembre noviembre novembro listopada lis",
    (
        "dec december dezember dez décembre decembre déc diciembre dic dicembre dezembro "
        "desember des grudnia gru"
    ),
)
"""The names of the twelve months: English, German, French, Spanish, Italian, Dutch, Portuguese,
Swedish, Danish, Norwegian, Polish; short and long."""
MONTH_NUMBERS = {name: n for n, names in enumerate(MONTHS, start=1) for name in names.split()}
"""The number of a month by any of its names, in small letters."""
ENGLISH = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 - words

_ZONE = "Z|UTC|GMT|[+\u2212-][0-9]{2}(?::?[0-9]{2})?"
_HALF = "[AaPp][.]? ?[Mm][.]?"
_FRACTION = "[.,][0-9]{1,9}"
_WORD = r"[^\W\d_]{3,12}"
_TIME = (
    r"(?:(?P<gap>[T ]|, ?)(?P<time>[0-9]{1,2}:[0-9]{2}"
    rf"(?P<seconds>:[0-9]{{2}}(?P<fraction>{_FRACTION})?)?"
    rf"(?P<half> ?{_HALF})?)(?P<zone> ?(?:{_ZONE}))?)?"
)
_YEAR_FIRST = re.compile(
    rf"(?P<y>[0-9]{{4}})(?P<sep>[-/.])(?P<m>[0-9]{{1,2}})(?P=sep)(?P<d>[0-9]{{1,2}}){_TIME}"
)
_YEAR_LAST = re.compile(
    r"(?P<a>[0-9]{1,2})(?P<sep>[-/. ])(?P<b>[0-9]{1,2})(?P=sep)"
    rf"(?P<y>[0-9]{{4}}|[0-9]{{2}}){_TIME}"
)
_DAY_MONTH_WORD = re.compile(
    rf"(?P<d>[0-9]{{1,2}})(?P<dot>[.])?(?P<sep>[ -]?)(?P<word>{_WORD})(?P<short>[.])?"
    r"(?P<sep2>[ ,-]*)"
    rf"(?P<y>[0-9]{{4}}|[0-9]{{2}}){_TIME}"
)
_MONTH_WORD_DAY = re.compile(
    rf"(?P<word>{_WORD})(?P<short>[.])? (?P<d>[0-9]{{1,2}})(?P<comma>,?) (?P<y>[0-9]{{4}}){_TIME}"
)
COMPACT_DAY = "(?P<y>19[0-9]{2}|20[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"
"""Eight digits that may be a day."""
_COMPACT = re.compile(COMPACT_DAY)
TIME = f"[0-9]{{1,2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]+)?)?( ?{_HALF})?"
"""A time of day alone."""
_TIME_ALONE = re.compile(TIME)
_PIVOT = 69  # POSIX strptime: 69-99 are 1969-1999, 00-68 are 2000-2068
COMPACT = "%Y%m%d"

PARTS = {
    "%Y": r"[0-9]{4}", "%y": r"[0-9]{2}", "%m": r"[0-9]{1,2}", "%d": r"[0-9]{1,2}",
    "%H": "(?:[01]?[0-9]|2[0-3])", "%I": "(?:0?[1-9]|1[0-2])",
    "%M": "[0-5][0-9]", "%S": "[0-5][0-9]",
    ".%f": _FRACTION, " %p": f" {_HALF}", "%p": _HALF, "%b": r"\pL{3,12}[.]?",
    "%B": r"\pL{3,12}[.]?", "%z": f" ?(?:{_ZONE})", "?": r"[0-9]{1,2}",
}  # fmt: skip
"""The pattern of each part of a format, as DuckDB reads it."""

_NO_LETTER, _NO_LETTER_AFTER = "(^|[^a-zà-ž])", "($|[^a-zà-ž])"


def _longest_first(names: str) -> list[str]:
    return sorted(names.split(), key=lambda name: (-len(name), name))


GRAMMAR = {
    "months": [
        [f"(?i){_NO_LETTER}(?:{'|'.join(_longest_first(names))})[.]?{_NO_LETTER_AFTER}", short]
        for names, short in zip(MONTHS, ENGLISH, strict=True)
    ],
    "month_in_english": f"(?i)(?:^|[^a-zà-ž])(?:{'|'.join(ENGLISH)})(?:$|[^a-zà-ž.])",
    "half": "(?i)([0-9]) ?([ap])[.]? ?m[.]?",
    "fraction": "(:[0-9]{2})[.,]([0-9]{1,6})[0-9]*",
    "utc": "(?i)(:[0-9.]+)( ?[ap]m)? ?(?:Z|UTC|GMT)$",
    "offset": "(?i)(:[0-9.]+)( ?[ap]m)? ?([+-][0-9]{2}):?([0-9]{2})?$",
}  # fmt: skip

_WORDS = {
    COMPACT: "YYYYMMDD", "%Y": "YYYY", "%y": "YY", "%m": "MM", "%d": "DD", "%b": "Mon",
    "%B": "Month", "%H": "hh", "%I": "hh", "%M": "mm", "%S": "ss", "%f": "fraction",
    "%p": "am/pm", "%z": "±hh:mm",
}  # fmt: skip


def date_format(pattern: str, *, day_first: bool | None = None) -> str:
    """A date format as people write it: DD/MM/YYYY for `%d/%m/%Y`.

    Args:
        pattern: As in `FormatCount.format`; `?` stands for a day or a month.
        day_first: Which of them comes first, where that is known; both orders are said if not.
    """
    if pattern.startswith("?"):
        orders = [("%d", "%m"), ("%m", "%d")]
        if day_first is not None:
            orders = orders[:1] if day_first else orders[1:]
        forms = [pattern.replace("?", a, 1).replace("?", b, 1) for a, b in orders]
        return " or ".join(date_format(form) for form in forms)
    for code, word in _WORDS.items():
        pattern = pattern.replace(code, word)
    return pattern


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
    if match is None or match["word"].casefold() not in MONTH_NUMBERS:
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
    if sep == ".":
        return _of([day_first], day_first[0], match)
    return _of([day_first, month_first], f"?{sep}?{sep}{year_form}{tail}", match)


def _with_word(match: re.Match[str]) -> DateText:
    groups = match.groupdict()
    word = match["word"].casefold()
    year_form = "%Y" if len(match["y"]) == 4 else "%y"  # noqa: PLR2004 - digits of a year
    # "May" is short and long
    word_form = "%b" if match["short"] or len(word) <= 3 or word == "sept" else "%B"  # noqa: PLR2004
    tail = _time_format(match)
    if "comma" in groups:
        form = f"{word_form} %d{match['comma']} {year_form}{tail}"
    else:
        form = f"%d{match['dot'] or ''}{match['sep']}{word_form}{match['sep2']}{year_form}{tail}"
    return _of([(form, _year(match["y"]), MONTH_NUMBERS[word], int(match["d"]))], form, match)


def _of(forms: list[tuple[str, int, int, int]], pattern: str, match: re.Match[str]) -> DateText:
    real = forms if _is_on_a_clock(match) else []
    readings = [(form, day) for form, y, m, d in real if (day := _iso(y, m, d)) is not None]
    return DateText(
        readings=tuple(readings),
        pattern=pattern,
        has_time=match["time"] is not None,
        short_year="%y" in pattern,
    )


def _is_on_a_clock(match: re.Match[str]) -> bool:
    if match["time"] is None:
        return True
    hour, minute, *seconds = (int(part) for part in re.findall("[0-9]+", match["time"])[:3])
    hours = range(1, 13) if match["half"] else range(24)
    seconds = seconds if match["seconds"] else []
    return hour in hours and max(minute, *seconds, 0) < 60  # noqa: PLR2004 - minutes, seconds


def _time_format(match: re.Match[str]) -> str:
    if match["time"] is None:
        return ""
    hour = "%I" if match["half"] else "%H"
    seconds = ":%S" if match["seconds"] else ""
    fraction = ".%f" if match["fraction"] else ""
    half = (" %p" if match["half"].startswith(" ") else "%p") if match["half"] else ""
    zone = "%z" if match["zone"] else ""
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
