"""Which feed and which period a file's name belongs to, and which names are no files yet."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consulting.corrections import rejects_name
from consulting.intake.records import NO_FEED, NO_PERIOD, NoPeriod, of_row
from consulting.privacy import Names
from consulting.records import Drop
from consulting.timekeeping.periods import period_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from consulting.intake.records import FeedPattern, PeriodOf

BY_CONTENT = "by_content"
"""The code of a corrections file: its content names its feed and period, not its own name."""


@dataclass(frozen=True)
class Match:
    """The feed and period of a name, or the reason why it has none."""

    feed: str | None = None
    period: str | None = None
    code: str | None = None
    reason: str | None = None
    fix: str | None = None


@dataclass(frozen=True)
class Share:
    """A feed that reads its own part of a file that belongs to another.

    Attributes:
        feed: The feed.
        required: Whether the file must hold its part; not so where it merely matches its glob, too.
    """

    feed: str
    required: bool


class FeedMatcher:
    """Sorts names to feeds: the first pattern in the order of the engagement wins.

    Where none matches, a name that begins like a rejects file of ours belongs to that feed: the
    workbook of a feed that is sent as CSV must come back too.
    """

    def __init__(
        self, feeds: Sequence[FeedPattern], period_of: PeriodOf | None, names: Names | None = None
    ) -> None:
        said = {text for feed in feeds for text in (feed.name, feed.glob)}
        self.names = (names or Names()).model_copy(update={"known": frozenset(said)})
        self._feeds = [(feed, "/" in feed.glob, _compile([feed.glob])) for feed in feeds]
        self._period_of = period_of

    def drop(self, row: Mapping[Any, Any]) -> Drop:
        """A drop as other rooms see it: under its name as the tier tells it."""
        return of_row(Drop, {**row, "key": self.names.told(row["key"])})

    def match(self, key: str, seen: datetime) -> Match:
        """Finds the feed and the period of a file.

        Args:
            key: Its path below the source.
            seen: When it was first seen.
        """
        whole = comparable(key)
        name = whole.rpartition("/")[2]
        for feed, on_path, pattern in self._feeds:
            if pattern.match(whole if on_path else name):
                return self._with_period(feed, key, seen)
        for feed, _, _ in self._feeds:
            if _rejects_rest(name, feed.name) is not None:
                return self._with_period(feed, key, seen)
        known = ", ".join(f"{feed.name} ({feed.glob})" for feed, _, _ in self._feeds) or "none"
        return Match(
            code=NO_FEED,
            reason=f"The file's name matches no feed. The feeds are: {known}.",
            fix="Rename the file, or add a feed (or widen its `files`) in the client's defs.yaml; "
            "it is then taken at the next look. A corrected rejects file keeps its name: "
            "<feed>_rejects, with any ending.",
        )

    def sharing(self, key: str, feed: str | None) -> list[Share]:
        """The feeds that read a file beside the one that it belongs to: each a part of its own.

        Args:
            key: The file's path below the source.
            feed: The feed it belongs to.
        """
        whole = comparable(key)
        name = whole.rpartition("/")[2]
        owner = next((each for each, _, _ in self._feeds if each.name == feed), None)
        if owner is None:
            return []
        taken = {(None, None), (owner.member, owner.sheet)}
        found: list[Share] = []
        for each, on_path, pattern in self._feeds:
            part = (each.member, each.sheet)
            if part not in taken and pattern.match(whole if on_path else name):
                taken.add(part)
                found.append(Share(each.name, required=each.glob == owner.glob))
        return found

    def lenders(self, feed: str) -> list[str]:
        """The feeds whose files a feed may have read: its own, and all where it shares files."""
        parts = {each.name: (each.member, each.sheet) for each, _, _ in self._feeds}
        alone = parts.get(feed, (None, None)) == (None, None)
        return [feed] if alone else list(parts)

    def _with_period(self, feed: FeedPattern, key: str, seen: datetime) -> Match:
        period_of = feed.period_of or self._period_of
        if period_of is None:
            return Match(feed=feed.name)
        found = period_of(key, seen)
        like = None if isinstance(found, NoPeriod) else found
        period = _period_of_rejects(key, feed.name, like=like)
        if period is None and isinstance(found, NoPeriod):
            return Match(feed=feed.name, code=NO_PERIOD, reason=found.reason, fix=found.fix)
        if period is not None:
            return Match(feed=feed.name, period=period)
        return Match(
            feed=feed.name,
            code=NO_PERIOD,
            reason=f"The file's name tells no period, and feed '{feed.name}' is partitioned.",
            fix="Rename the file so that its period can be read from it, or correct "
            "`partitions.period_from` in the client's defs.yaml.",
        )


def _rejects_rest(name: str, feed: str) -> str | None:
    """What follows in a name that begins like the feed's rejects file; None if it does not."""
    start = comparable(rejects_name(feed))
    return name[len(start) :] if name.startswith(start) else None


def _period_of_rejects(key: str, feed: str, *, like: str | None) -> str | None:
    """The period in the name of a rejects file of ours, else the one that was found.

    Args:
        key: The file's path.
        feed: Its feed.
        like: What the engagement's own rule finds: periods here are written the same way.
    """
    rest = _rejects_rest(comparable(key).rpartition("/")[2], feed)
    if rest is None:
        return like
    shape = r"\d{4}-w?\d{2}(?:-\d{2})?"
    if like is not None:
        shape = re.escape(re.sub(r"\d", "0", like)).replace("0", r"\d")
    found = re.match(rf"_({shape})(?!\d)", rest, re.IGNORECASE)
    if found is None:
        return like
    period = found[1].upper()
    try:
        period_window(period, "UTC")
    except ValueError:
        return like
    return period


class TemporaryNames:
    """Names of files and folders that are not, or not yet, a client's file."""

    def __init__(self, patterns: Iterable[str], done_marker: str | None) -> None:
        listed = list(patterns)
        if done_marker is not None:
            listed.append(re.sub(r"\{(name|stem)\}", "*", done_marker))
        self._pattern = _compile(listed) if listed else None

    def covers(self, key: str) -> bool:
        """Whether the key, or a folder on its way, has such a name."""
        if not key or key.endswith("/"):
            return True  # S3 shows empty folders as files
        if self._pattern is None:
            return False
        return any(self._pattern.match(part) for part in comparable(key).split("/"))


def marker_of(key: str, done_marker: str) -> str:
    """The key of the file that must be there before `key` is taken."""
    folder, slash, name = key.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return folder + slash + done_marker.replace("{name}", name).replace("{stem}", stem)


def comparable(key: str) -> str:
    """Return a key or a glob as they are compared: without case, accents put together."""
    # one name has several spellings in Unicode (macOS takes accents apart)
    return key.casefold() if key.isascii() else unicodedata.normalize("NFC", key).casefold()


def _compile(globs: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{fnmatch.translate(comparable(glob))})" for glob in globs))
