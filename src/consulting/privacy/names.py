"""Names that strangers chose for files, sheets, members and fields, as the tier tells them.

At tier 3 they are told as they are. Below, a name may hold what no row may: only the parts that
name no person are told, and an id that the client's key makes of the whole tells it from others.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from consulting.privacy.column_names import kind_by_name
from consulting.privacy.common_words import is_common, month_names
from consulting.privacy.content import find_personal
from consulting.privacy.labels import judge, shown_labels
from consulting.privacy.masking import masking_key
from consulting.privacy.person_names import is_surely_person
from consulting.privacy.plain import plain
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

BLANK = "\0"
"""Stands for a character that is not told; no file's name can hold it."""
_ID_LENGTH = 6
_PARTS = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_ENDING = re.compile(r"\.([A-Za-z][A-Za-z0-9]{0,6})$")
_ENDINGS = frozenset(
    "csv tsv tab txt dat asc xlsx xlsm xlsb xls ods json jsonl ndjson parquet gz zip xml pgp gpg "  # noqa: SIM905 - words
    "done bak".split()
)
_DAY = re.compile(
    r"(?<!\d)20[1-9]\d(?:([-_./]?)(?:0[1-9]|1[0-2])(?:\1(?:0[1-9]|[12]\d|3[01])"
    r"(?:[T_ -]?(?:[01]\d|2[0-3])[-:]?[0-5]\d[-:]?[0-5]\d(?:\d{3})?Z?)?)?)?(?!\d)"
)
"""A day of business, a month or a year: from 2010 on, as prose is read."""
_SHORT = 3
_TABLES = frozenset("sheet tabelle feuille feuil hoja foglio blad arkusz list table lapas".split())  # noqa: SIM905


class Names(Record):
    """How names that strangers chose are told.

    Attributes:
        hidden: Whether their unknown parts are hidden: below tier 3.
        key: `masking_key(...)` of the client, which makes the ids, or the folder that it lies in.
        known: Texts that the engagement says itself: globs, sheets, members, feeds.
    """

    hidden: bool = False
    key: bytes | Path = Field(default=b"", repr=False)
    known: frozenset[str] = frozenset()

    def told(self, name: str) -> str:
        """The name of a file, sheet, member or field as it may be told.

        Args:
            name: Its name; the parts of a path are told each by itself.

        Returns:
            The name where all of it is known to be harmless; else its harmless parts with `*` for
            the others, and the id: `customers_*~3f9a2c.csv`.
        """
        blanked = self.blanked(name)
        if blanked == name:
            return name
        body, end = _split(blanked)
        told = re.sub(r"\*(?:[\W\d_]*\*)+", "*", body.replace(BLANK, "*"))
        return f"{told}~{self._id(name)}{end}"

    def blanked(self, name: str) -> str:
        """The name with `BLANK` for each character that may not be told."""
        if not self.hidden or name in self.known:
            return name
        body, end = _split(name)
        return self._harmless(body) + end

    def told_all(self, names: Sequence[str]) -> list[str]:
        """Several names, each as it may be told."""
        return [self.told(name) for name in names]

    def labels(self, titles: Sequence[str], known: Sequence[str] = ()) -> list[str]:
        """The titles of a table's columns; empty where one may not be told."""
        return shown_labels(titles, frozenset(known)) if self.hidden else list(titles)

    def _id(self, name: str) -> str:
        key = masking_key(self.key) if isinstance(self.key, Path) else self.key
        whole = name.encode("utf-8", "surrogatepass")
        return hmac.new(key, whole, hashlib.sha256).hexdigest()[:_ID_LENGTH]

    def _harmless(self, body: str) -> str:
        days = [found.span() for found in _DAY.finditer(body)]
        personal = [(found.start, found.end) for found in find_personal(body)] + _mixed(body)
        personal = [
            (start, end)
            for start, end in personal
            if not any(s <= start and end <= e for s, e in days)
        ]
        if is_surely_person(re.sub(r"[\W\d_]+", " ", body).strip()):
            personal = [(0, len(body))]
        out: list[str] = []
        for part in _PARTS.finditer(body):
            text = part[0]
            keep = not any(start < part.end() and part.start() < end for start, end in personal)
            keep = keep and (
                any(start <= part.start() and part.end() <= end for start, end in days)
                or not any(c.isalnum() for c in text)
                or (_is_counted(body, part) if text.isdecimal() else self._is_known(text))
            )
            out.append(_without_controls(text) if keep else BLANK * len(text))
        return "".join(out)

    def _is_known(self, word: str) -> bool:
        lowered = plain(word)
        return (
            lowered in self._words
            or lowered in _TABLES
            or lowered in month_names()
            or len(lowered) == 1
            or (_says_what(word) and kind_by_name(word) != "special_category")
        )

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(plain(w) for text in self.known for w in re.findall(r"[^\W\d_]+", text))


def _split(name: str) -> tuple[str, str]:
    """A name and its endings, as far as they only say what kind of file it is."""
    body, end = name, ""
    while (ending := _ENDING.search(body)) and ending[1].lower() in _ENDINGS:
        body, end = body[: ending.start()], ending[0] + end
    return body, end


def _says_what(word: str) -> bool:
    """Whether a word is one that columns are called by, or an ordinary one."""
    found = judge(word)
    return found == "label" or (found == "word" and (len(word) > _SHORT or is_common(word)))


def _mixed(body: str) -> list[tuple[int, int]]:
    """Where letters and digits are mixed as in codes: more than one turn from one to the other."""
    runs = re.finditer(r"[^\W_]+", body)
    return [r.span() for r in runs if len(re.findall(r"[^\W\d_]+|\d+", r[0])) > 2]  # noqa: PLR2004


def _is_counted(body: str, part: re.Match[str]) -> bool:
    """Whether a number counts: it is short, and no part of a date or a telephone number."""
    before = re.search(r"\d[-_. /()]{0,2}$", body[: part.start()])
    after = re.match(r"[-_. /()]{0,2}\d", body[part.end() :])
    return len(part[0]) <= _SHORT and before is None and after is None


def _without_controls(text: str) -> str:
    return "".join(c if c.isprintable() else BLANK for c in text)
