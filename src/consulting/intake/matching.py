"""Which feed and which period a file's name belongs to, and which names are no files yet."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consulting.intake.records import NoPeriod

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from consulting.intake.records import FeedPattern, PeriodOf

NO_FEED = "no_feed"
NO_PERIOD = "no_period"


@dataclass(frozen=True)
class Match:
    """The feed and period of a name, or the reason why it has none."""

    feed: str | None = None
    period: str | None = None
    code: str | None = None
    reason: str | None = None
    fix: str | None = None


class FeedMatcher:
    """Sorts names to feeds: the first pattern in the order of the engagement wins."""

    def __init__(self, feeds: Sequence[FeedPattern], period_of: PeriodOf | None) -> None:
        self._feeds = [(feed, "/" in feed.glob, _compile([feed.glob])) for feed in feeds]
        self._period_of = period_of

    def match(self, key: str, seen: datetime) -> Match:
        """Finds the feed and the period of a file.

        Args:
            key: Its path below the source.
            seen: When it was first seen.
        """
        whole = _comparable(key)
        name = whole.rpartition("/")[2]
        for feed, on_path, pattern in self._feeds:
            if pattern.match(whole if on_path else name):
                return self._with_period(feed, key, seen)
        known = ", ".join(f"{feed.name} ({feed.glob})" for feed, _, _ in self._feeds) or "none"
        return Match(
            code=NO_FEED,
            reason=f"The file's name matches no feed. The feeds are: {known}.",
            fix="Rename the file, or add a feed (or widen its `files`) in the client's defs.yaml; "
            "it is then taken at the next look.",
        )

    def _with_period(self, feed: FeedPattern, key: str, seen: datetime) -> Match:
        period_of = feed.period_of or self._period_of
        if period_of is None:
            return Match(feed=feed.name)
        period = period_of(key, seen)
        if isinstance(period, NoPeriod):
            return Match(feed=feed.name, code=NO_PERIOD, reason=period.reason, fix=period.fix)
        if period is not None:
            return Match(feed=feed.name, period=period)
        return Match(
            feed=feed.name,
            code=NO_PERIOD,
            reason=f"The file's name tells no period, and feed '{feed.name}' is partitioned.",
            fix="Rename the file so that its period can be read from it, or correct "
            "`partitions.period_from` in the client's defs.yaml.",
        )


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
        return any(self._pattern.match(part) for part in _comparable(key).split("/"))


def marker_of(key: str, done_marker: str) -> str:
    """The key of the file that must be there before `key` is taken."""
    folder, slash, name = key.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return folder + slash + done_marker.replace("{name}", name).replace("{stem}", stem)


def _comparable(key: str) -> str:
    # One name has several spellings in Unicode (macOS takes accents apart).
    return key.casefold() if key.isascii() else unicodedata.normalize("NFC", key).casefold()


def _compile(globs: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{fnmatch.translate(_comparable(glob))})" for glob in globs))
