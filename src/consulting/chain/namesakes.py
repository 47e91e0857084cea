"""The files of earlier deliveries that are called as those of now, but for numbers and months."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.rules.months import month_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from consulting.chain.measure import Earlier
    from consulting.profiling import FeedProfile

_LETTERS = re.compile(r"[^\W\d_]+")
_NUMBERED = re.compile(r"[^\W\d_]+\d{1,3}(?!\d)|[^\W\d_]+")
"""Words of a name; in the second, a short number belongs to the word before it (store12)."""
_HIDDEN = re.compile(r"~[0-9a-f]{6}(?:\.|$)")
"""The id of a name below tier 3, of which parts are hidden."""
_LOOK_BACK = 40
"""Deliveries that are looked at: others' may lie between."""


def namesakes(name: str, now: Sequence[str], earlier: Iterable[Earlier]) -> Iterator[Earlier]:
    """What the files of a name held in earlier deliveries, the last first.

    A delivery without one is passed over, and so is one whose place the files of now take.

    Args:
        name: A file.
        now: All files that it came with, itself among them.
        earlier: The feed's deliveries, the last first.
    """
    for each in islice(earlier, _LOOK_BACK):
        found = None if each.replaced else namesake_in(each.names, name, now)
        profile = _files_in(each).get(found) if found else None
        if found and profile:
            yield each._replace(held=each.held._replace(profile=profile, file=found))


def without_namesake(now: Sequence[str], earlier: Iterable[Earlier], period: str) -> list[str]:
    """The files of the last delivery of which none of now has the name, and one before it had.

    Of deliveries of periods before one, with several files; none where no file of now is known.

    Args:
        now: All files.
        earlier: The feed's deliveries, the last first; at most two of them are read.
        period: That of the files of now.
    """
    before = (each for each in earlier if each.held.period and each.held.period < period)
    last = next(before, None)
    if last is None or len(last.names) <= 1:
        return []
    told_by = {name: next(_told_by(name, last.names), None) for name in last.names}
    left = [
        name
        for name, words in told_by.items()
        if words and all(_words(each, words) != _words(name, words) for each in now)
    ]
    # the delivery before it is read from disk, and most runs do not need it
    second = next(before, None) if 0 < len(left) < len(last.names) else None
    return [name for name in left if second and namesake_in(second.names, name, last.names)]


def _files_in(earlier: Earlier) -> Mapping[str, FeedProfile]:
    """The profile of each of a delivery's files, by its name, as far as they were kept."""
    if len(earlier.names) == 1:
        return {earlier.names[0]: earlier.held.profile}
    path = earlier.folder / artifacts.FILES
    if not path.exists():
        return {}
    state = path.stat()
    return _read(path, (state.st_mtime_ns, state.st_size)).of.get(earlier.held.profile.feed, {})


@lru_cache(maxsize=2)
def _read(path: Path, _state: tuple[int, int]) -> artifacts.Files:
    """As each of many files is held against it."""
    return artifacts.read(path, artifacts.Files)


def namesake_in(then: Collection[str], name: str, now: Sequence[str]) -> str | None:
    """The one file of other ones that is called as a file of now, and no other is."""
    for words in _told_by(name, now):
        found = [each for each in then if _words(each, words) == _words(name, words)]
        if len(found) == 1:
            return found[0]
    return None


def _told_by(name: str, all_files: Sequence[str]) -> Iterator[re.Pattern[str]]:
    """By which words a file is told from all others that it came with."""
    for words in (_LETTERS, _NUMBERED):
        key = _words(name, words)
        if key and [_words(each, words) for each in all_files].count(key) == 1:
            yield words


@lru_cache(maxsize=10_000)
def _words(name: str, words: re.Pattern[str]) -> tuple[str, ...]:
    if _HIDDEN.search(name):
        return ()  # what is not told of it may be what tells it from others
    return tuple(word for word in words.findall(name.casefold()) if word not in month_names())
