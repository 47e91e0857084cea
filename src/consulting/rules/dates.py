"""How dates and times are written, and how one text is read: formats, zones, names of months.

The patterns stand here once: the profile reads with them, and so do the macros of the rules, which
write what varies (zones, fractions, halves of the day, names of months) one way before they parse.
"""

# ruff: noqa: RUF001, RUF003 - letters of any alphabet

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from consulting.rules import months

if TYPE_CHECKING:
    from collections.abc import Collection

_ZONE = "Z|UTC|GMT|[+\u2212-][0-9]{2}(?::?[0-9]{2})?"
_HALF = "[AaPp][.]? ?[Mm][.]?"
_FRACTION = "[.,][0-9]{1,9}"
_WORD = r"[^\W\d_]{3,12}"
_AFTER = "(?P<after>[ \u00a0\u202f]?[гр][.]?|[.])?"  # "2024 г.", and "2024." in Croatian
_TIME = (
    r"(?:(?P<gap>[T ]|, ?)(?P<time>[0-9]{1,2}:[0-9]{2}"
    rf"(?P<seconds>:[0-9]{{2}}(?P<fraction>{_FRACTION})?)?"
    rf"(?P<half> ?{_HALF})?)(?P<zone> ?(?:{_ZONE}))?)?"
)
_YEAR_FIRST = re.compile(
    r"(?P<y>[0-9]{4})(?P<sep>[-/]|[.] ?)(?P<m>[0-9]{1,2})(?P=sep)(?P<d>[0-9]{1,2})"
    rf"(?P<after>[.])?{_TIME}"
)
_YEAR_LAST = re.compile(
    r"(?P<a>[0-9]{1,2})(?P<sep>[-/ ]|[.] ?)(?P<b>[0-9]{1,2})(?P=sep)"
    rf"(?P<y>[0-9]{{4}}|[0-9]{{2}}){_AFTER}{_TIME}"
)
_DAY_MONTH_WORD = re.compile(
    r"(?P<d>[0-9]{1,2})(?P<dot>[.])?(?P<sep> de | d['\u2019]|[ -]?)"
    rf"(?P<word>{_WORD})(?P<short>[.])?(?P<sep2> del? |[ ,-]*)"
    rf"(?P<y>[0-9]{{4}}|[0-9]{{2}}){_AFTER}{_TIME}"
)
_YEAR_WORD_DAY = re.compile(
    rf"(?P<y>[0-9]{{4}})(?P<sep>[.]? |-)(?P<word>{_WORD})(?P<short>[.])?(?P<sep2>[ -])"
    rf"(?P<d>[0-9]{{1,2}})(?P<dot>[.])?{_TIME}"
)
_MONTH_WORD_DAY = re.compile(
    rf"(?P<word>{_WORD})(?P<short>[.])? (?P<d>[0-9]{{1,2}})(?P<comma>,?) (?P<y>[0-9]{{4}}){_TIME}"
)
COMPACT_DAY = "(?P<y>19[0-9]{2}|20[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"
"""Eight digits that may be a day."""
_COMPACT_MOMENT = re.compile(
    rf"{COMPACT_DAY}(?P<gap>[T ])(?P<time>[0-9]{{4}}(?P<seconds>[0-9]{{2}})?)(?P<zone>{_ZONE})?"
)
TIME = f"[0-9]{{1,2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]+)?)?( ?{_HALF})?"
"""A time of day alone."""
_NO_SECONDS = "(?::00(?:[.,]0+)?)?"
MIDNIGHT = f"(?:12:00{_NO_SECONDS} ?[aA]|(?:00?:00{_NO_SECONDS}|0000(?:00)?)(?:[^0-9:.,]|$))"
"""How a time of day begins that is 00:00, as Python and DuckDB read it."""
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

_EPOCH, _EXCEL = datetime(1970, 1, 1), datetime(1899, 12, 30)  # noqa: DTZ001 - in UTC, as all are


class Counted(NamedTuple):
    """A way to write a moment as a number.

    Attributes:
        format: What a rule's `formats` calls it.
        pattern: Such numbers, from 1954 to 2100.
        words: For people.
        day: SQL over `{v}`: a text of the same day, so that there are few.
        zero: The moment that is 0.
        units: How many make a second; None where the digits are those of year, month, day, …
        timed: Whether it has a time of day.
    """

    format: str
    pattern: str
    words: str
    day: str
    zero: datetime = _EPOCH
    units: float | None = None
    timed: bool = True

    def read(self, text: str) -> datetime | None:
        """The moment, to the second for days of Excel; None where the text is none."""
        match = re.fullmatch(self.pattern, text)
        try:
            if match is None:
                return None
            if self.units is None:
                return datetime(*(int(part) for part in match.groups() if part))  # type: ignore[arg-type]  # noqa: DTZ001
            seconds = float(text) / self.units
            return self.zero + timedelta(seconds=round(seconds, 0 if self.units < 1 else 6))
        except ValueError:
            return None


def _since_epoch(name: str, words: str, digits: str, units: int) -> Counted:
    whole, day = "CAST(split_part({v}, '.', 1) AS BIGINT)", 86400 * units
    return Counted(
        name, f"[1-9][0-9]{{{digits}}}(?:[.][0-9]{{1,6}})?", words,
        f"CAST({whole} // {day} * {day} AS VARCHAR)", units=units)  # fmt: skip


_DAY_AND_HOUR = f"{COMPACT_DAY}([01][0-9]|2[0-3])([0-5][0-9])"
COUNTED = {
    counted.format: counted
    for counted in (
        Counted(COMPACT, COMPACT_DAY, "YYYYMMDD", "{v}", timed=False),
        Counted(f"{COMPACT}%H%M%S", f"{_DAY_AND_HOUR}([0-5][0-9])", "YYYYMMDDhhmmss",
                "left({v}, 8) || '000000'"),
        Counted(f"{COMPACT}%H%M", _DAY_AND_HOUR, "YYYYMMDDhhmm", "left({v}, 8) || '0000'"),
        Counted("excel", "(?:[2-6][0-9]{4}|7[0-2][0-9]{3})(?:[.][0-9]+)?",
                "the days that Excel counts",
                "split_part({v}, '.', 1) || CASE WHEN contains({v}, '.') THEN '.5' ELSE '' END",
                _EXCEL, 1 / 86400, timed=False),
        _since_epoch("epoch", "seconds since 1970", "8,9", 1),
        _since_epoch("epoch_ms", "milliseconds since 1970", "11,12", 1000),
        _since_epoch("epoch_us", "microseconds since 1970", "14,15", 1_000_000),
    )
}  # fmt: skip
"""Each way by its format, the surer ones first."""

ISO = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f",
)  # fmt: skip
"""What a rule reads beside its own formats, unless one of these has the day after the year."""

SWAPPED = "%Y-%d-%m"
"""How a rule begins that reads dates of which a spreadsheet program swapped day and month."""

GRAMMAR: dict[str, Any] = {
    "iso": [*ISO],
    "months": months.clear_patterns,
    "months_of": months.patterns_of_languages,
    "unclear_month": months.unclear_pattern,
    "month_in_english": months.english_pattern,
    "half": "(?i)([0-9]) ?([ap])[.]? ?m[.]?",
    "fraction": "(:[0-9]{2})[.,]([0-9]{1,6})[0-9]*",
    "utc": "(?i)((?::|T[0-9]{4}| [0-9]{4})[0-9.]*)( ?[ap]m)? ?(?:Z|UTC|GMT)$",
    "offset": "(?i)((?::|T[0-9]{4}| [0-9]{4})[0-9.]*)( ?[ap]m)? ?([+-][0-9]{2}):?([0-9]{2})?$",
    "counted": {
        name: [f"^(?:{counted.pattern})$", (_EPOCH - counted.zero).days, 1 / counted.units]
        for name, counted in COUNTED.items()
        if counted.units
    },
}

_SHORT = "[0-9]{4}|[0-9]{1,2}"
_NUMBERED = re.compile(
    rf"(?P<a>{_SHORT})(?P<sep>[-/ ]|[.] ?)(?P<b>[0-9]{{1,2}})(?P=sep)(?P<c>{_SHORT})(?![0-9])"
    "|(?P<packed>[0-9]{6}$)"
)
_DAY_OF_FORMAT = re.compile(
    r"(?:%[dmyY]|[?])([-/ ]|[.] ?|)(?:%[dmy]|[?])\1(?:%[dmyY]|[?])"
    r"|(?:%[dy]|[?])[^%?]*%b[^%?]*(?:%[dy]|[?])"
)
_PART = re.compile("%[dmyYb]|[?]")
_SLOT = re.compile("%[dmy]|[?]")
_YEAR_DIGITS = (2, 4)
_EARLY, _LATE, _LAST, _VARIED = 3, 27, 31, 8
"""Days at the begin and at the end of a month, and how many of them are many."""

_WORDS = {
    COMPACT: "YYYYMMDD", "%Y": "YYYY", "%y": "YY", "%m": "MM", "%d": "DD", "%b": "Mon",
    "%B": "Month", "%H": "hh", "%I": "hh", "%M": "mm", "%S": "ss", "%f": "fraction",
    "%p": "am/pm", "%z": "±hh:mm",
}  # fmt: skip


def with_order(pattern: str, *, day_first: bool) -> str:
    """A format whose `?` are the day and the month, and a short year after them, in this order."""
    for part in ("%d", "%m", "%y") if day_first else ("%m", "%d", "%y"):
        pattern = pattern.replace("?", part, 1)
    return pattern


def days_by_order(text: str) -> tuple[str, dict[str, str]]:
    """How a date of three numbers is written, as `day_form`, and the day it is by order of parts.

    Six digits are one, too. In an order in which it is no day it has none.
    """
    match = _NUMBERED.match(text)
    if match is None:
        return "", {}
    packed = match["packed"] or ""
    parts = (packed[:2], packed[2:4], packed[4:]) if packed else match.group("a", "b", "c")
    form = (match["sep"] or "").join("%Y" if len(part) > 2 else "?" for part in parts)  # noqa: PLR2004
    found = {}
    for order in orders_of(form):
        part = dict(zip(order, parts, strict=True))
        if len(part["y"]) in _YEAR_DIGITS:
            found[order] = _iso(_year(part["y"]), int(part["m"]), int(part["d"]))
    return form, {order: day for order, day in found.items() if day}


def worded_days(day: DateText) -> tuple[str, dict[str, str]]:
    """The same of a date with the name of a month, where its year has two digits."""
    form = day_form(day.pattern)
    if not (form and day.month and day.short_year and len(day.readings) == 1):
        return "", {}
    year, month, number = day.readings[0][1].split("-")
    turned = _iso(_year(number), int(month), int(year[2:]))
    found = {"dmy": day.readings[0][1], "ymd": turned}
    return form, {order: iso for order, iso in found.items() if iso}


def are_days_of_months(first: Collection[int], last: Collection[int]) -> bool:
    """Whether the last ones of dates of three numbers are the days, though it could be the first.

    They reach over a month, and few stand first: years. Years of contracts do not reach so far.
    """
    over = last and min(last) <= _EARLY and _LATE <= max(last) <= _LAST
    return bool(over) and len({*last}) >= max(_VARIED, 3 * len({*first}))


def day_form(pattern: str) -> str:
    """The day of a format, without the order of its parts: `?.?.%Y`; "" if it has none."""
    match = _DAY_OF_FORMAT.match(bare_format(pattern))
    return _SLOT.sub("?", match[0]) if match else ""


def orders_of(pattern: str) -> list[str]:
    """The orders of day, month and year that a format leaves open, the one it has, or none."""
    match = _DAY_OF_FORMAT.match(bare_format(pattern))
    if match is None:
        return []
    letters = "".join(_PART.findall(match[0])).replace("%", "").replace("?", ".").lower()
    letters = letters.replace("b", "m")
    known = ("dmy", "mdy", "ymd", *(("ydm",) if "%Y" in match[0] else ()))
    return [order for order in known if re.fullmatch(letters, order)]


def reordered(pattern: str, order: str) -> str:
    """A format with the parts of its day in another order; a long year or a name stays."""
    kept = {"y": "%Y" in pattern, "m": "%b" in pattern or "%B" in pattern}
    parts = [part for part in order if not kept.get(part)]
    found = iter(parts)
    return _SLOT.sub(lambda _: f"%{next(found)}", pattern, count=len(parts))


def bare_format(pattern: str) -> str:
    """A format as `bare_date` of the rules writes it, so that two that read alike are one."""
    for part, bare in (("%B", "%b"), ("%b.", "%b"), (",%f", ".%f"), (" %p", "%p"), (" %z", "%z")):
        pattern = pattern.replace(part, bare)
    for zone in (" UTC", "Z"):
        if pattern.endswith(zone):
            pattern = f"{pattern.removesuffix(zone)}%z"
    return pattern


def date_format(pattern: str, *, day_first: bool | None = None) -> str:
    """A date format as people write it: DD/MM/YYYY for `%d/%m/%Y`.

    Args:
        pattern: As in `FormatCount.format`; `?` stands for a day or a month.
        day_first: Which of them comes first, where that is known; both orders are said if not.
    """
    if pattern in COUNTED:
        return COUNTED[pattern].words
    if pattern.startswith("?"):
        orders = [("%d", "%m", "%y"), ("%m", "%d", "%y"), ("%y", "%m", "%d")]
        if pattern.count("?") == 2:  # noqa: PLR2004 - day and month
            orders = orders[:2] if day_first is None else [orders[not day_first]]
        forms = []
        for order in orders:
            form = pattern
            for part in order:
                form = form.replace("?", part, 1)
            forms.append(form)
        return " or ".join(date_format(form) for form in forms)
    for code, word in _WORDS.items():
        pattern = pattern.replace(code, word)
    return pattern


class DateText(NamedTuple):
    """A text read as a date.

    Attributes:
        readings: (format, ISO date) for each reading that names a real day; two where day and
            month could be either way round and differ; none where no such day exists (31/02).
        pattern: The format up to the order of day and month ("?/?/%Y" where it is open; "?/?/?"
            where the year has two digits).
        has_time: Whether a time of day follows.
        short_year: Whether the year has two digits.
        past_midnight: Whether that time is another than 00:00.
        month: The name of its month, in small letters; readings of other months are in other
            languages.
        ends: The first and the last of three numbers of two digits.
    """

    readings: tuple[tuple[str, str], ...]
    pattern: str
    has_time: bool
    short_year: bool
    past_midnight: bool = False
    month: str | None = None
    ends: tuple[str, str] | None = None

    @property
    def orders(self) -> str:
        """What may come first: letters of "dmy"; "s" where day and month are the same.

        "" where it is no day in any order, "x" where it is one and the order is no question.
        """
        days = {form[1]: day for form, day in self.readings}
        if not self.pattern.startswith("?") or not days:
            return "x" if days else ""
        if "m" in days and days.get("d") == days["m"]:
            del days["m"]
            days["s"] = days.pop("d")
        return "".join(sorted(days))


def read_date(text: str) -> DateText | None:
    """Reads a trimmed text as a date, with or without a time; None where it is written as none."""
    if (match := _YEAR_FIRST.fullmatch(text)) is not None:
        sep, tail = match["sep"], (match["after"] or "") + _time_format(match)
        form = f"%Y{sep}%m{sep}%d{tail}"
        return _of([(form, int(match["y"]), int(match["m"]), int(match["d"]))], form, match)
    if (match := _YEAR_LAST.fullmatch(text)) is not None:
        return _day_and_month(match)
    if (match := _COMPACT_MOMENT.fullmatch(text)) is not None:
        return _compact_moment(match)
    for worded in (_DAY_MONTH_WORD, _MONTH_WORD_DAY, _YEAR_WORD_DAY):
        if (match := worded.fullmatch(text)) and months.months_of(match["word"]):
            return _with_word(match)
    return None


def _compact_moment(match: re.Match[str]) -> DateText:
    form = f"%Y%m%d{match['gap']}%H%M{'%S' if match['seconds'] else ''}"
    counted = COUNTED[form.replace(match["gap"], "", 1)]
    found = counted.read(match[0][:8] + match["time"])
    pattern = form + ("%z" if match["zone"] else "")
    readings = ((pattern, found.date().isoformat()),) if found else ()
    past = not is_midnight(match["time"])
    return DateText(readings, pattern, has_time=True, short_year=False, past_midnight=past)


def is_midnight(time: str) -> bool:
    """Whether a time of day is 00:00."""
    return re.match(MIDNIGHT, time) is not None


def is_time(text: str) -> bool:
    """Whether a text is a time of day."""
    return _TIME_ALONE.fullmatch(text) is not None


def _day_and_month(match: re.Match[str]) -> DateText:
    sep, tail = match["sep"], (match["after"] or "") + _time_format(match)
    a, b, c = match["a"], match["b"], match["y"]
    short = len(c) == 2  # noqa: PLR2004 - digits of a year
    year_form = "%y" if short else "%Y"
    first, second, year = int(a), int(b), _year(c)
    day_first = (f"%d{sep}%m{sep}{year_form}{tail}", year, second, first)
    forms = [day_first, (f"%m{sep}%d{sep}{year_form}{tail}", year, first, second)]
    year_first = []
    # other marks are written so where the first number shows it
    if short and ((sep == "-" and len(a) == len(b) == 2) or first > 31):  # noqa: PLR2004
        year_first = [(f"%y{sep}%m{sep}%d{tail}", _year(a.zfill(2)), second, int(c))]
    pattern = f"?{sep}?{sep}{'?' if short else year_form}{tail}"
    # a point between the numbers is written where the day comes first
    if sep[0] == ".":
        forms = year_first or [day_first]
        pattern, year_first = forms[0][0], []
    return _of([*forms, *year_first], pattern, match)._replace(
        short_year=short, ends=(a, c) if short else None
    )


def _with_word(match: re.Match[str]) -> DateText:
    groups = match.groupdict()
    word = match["word"].lower()
    year = "%Y" if len(match["y"]) == 4 else "%y"  # noqa: PLR2004 - digits of a year
    # "May" is short and long
    name = "%b" if match["short"] or len(word) <= 3 or word == "sept" else "%B"  # noqa: PLR2004
    if "comma" in groups:
        form = f"{name} %d{match['comma']} {year}"
    elif match.re is _YEAR_WORD_DAY:
        form = f"{year}{match['sep']}{name}{match['sep2']}%d{match['dot'] or ''}"
    else:
        form = (
            f"%d{match['dot'] or ''}{match['sep']}{name}{match['sep2']}{year}{match['after'] or ''}"
        )
    form += _time_format(match)
    day = int(match["d"])
    forms = [(form, _year(match["y"]), month, day) for month in months.months_of(word)]
    return _of(forms, form, match)._replace(month=word)


def _of(forms: list[tuple[str, int, int, int]], pattern: str, match: re.Match[str]) -> DateText:
    real = forms if _is_on_a_clock(match) else []
    readings = [(form, day) for form, y, m, d in real if (day := _iso(y, m, d)) is not None]
    return DateText(
        readings=tuple(readings),
        pattern=pattern,
        has_time=match["time"] is not None,
        short_year="%y" in pattern,
        past_midnight=match["time"] is not None and not is_midnight(match["time"]),
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
