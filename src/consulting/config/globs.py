"""Whether two feeds' globs take the same files: decided on automata, for `fnmatch`'s own reading.

A glob is a line of steps: a star stays where it is, any other step takes one letter. What a letter
may be is asked of `fnmatch` itself, for the few letters that can make a difference to two globs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache, reduce
from itertools import pairwise, product
from typing import TYPE_CHECKING

from consulting.intake.matching import comparable

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_STATES = 2_000
"""More of them, and it is not known whether a glob covers another; no glob of use comes near."""
_NICE = "x1_"
"""Letters that an example is made of where any will do."""
_STABLE_WITHIN = 64
_STEP = re.compile(r"\*+|\[!?\]?[^\]]*\]|.", re.DOTALL)

_State = tuple[int, int]


@dataclass(frozen=True)
class _Step:
    """One step of a glob: the letters that it takes, and whether it takes any number of them."""

    pattern: re.Pattern[str]
    star: bool
    slash: bool

    def takes(self, letter: str) -> bool:
        return (letter != "/" or self.slash) and self.pattern.match(letter) is not None


class _Glob:
    """A glob as an automaton over whole paths: one without a slash is held against the name."""

    def __init__(self, glob: str) -> None:
        self.text = comparable(glob)
        on_path = "/" in glob
        steps = [_step(each, slash=on_path) for each in _STEP.findall(self.text)]
        folders = [_step("*", slash=True), _step("/", slash=True)]
        self.lines = [steps] if on_path else [steps, [*folders, *steps]]
        self.start = self._settled({(number, 0) for number in range(len(self.lines))})

    def after(self, states: Iterable[_State], letter: str) -> frozenset[_State]:
        """The states that a letter leads to."""
        found = set()
        for line, place in states:
            steps = self.lines[line]
            if place < len(steps) and steps[place].takes(letter):
                found.add((line, place if steps[place].star else place + 1))
        return self._settled(found)

    def fits(self, name: str) -> bool:
        """Whether it takes a name."""
        return self.ends(reduce(self.after, name, self.start))

    def ends(self, states: Iterable[_State]) -> bool:
        """Whether a name may end here."""
        return any(place == len(self.lines[line]) for line, place in states)

    def _settled(self, states: Iterable[_State]) -> frozenset[_State]:
        """The states, and those behind stars, which may stand for nothing."""
        found = set()
        for line, place in states:
            steps, at = self.lines[line], place
            found.add((line, at))
            while at < len(steps) and steps[at].star:
                at += 1
                found.add((line, at))
        return frozenset(found)


def _step(text: str, *, slash: bool) -> _Step:
    star = text.startswith("*")
    return _Step(re.compile(translate("?" if star else text)), star, slash)


@lru_cache(maxsize=4096)
def covers(earlier: str, later: str) -> bool:
    """Whether every file that `later` fits is taken by `earlier`.

    A glob with a slash is held against the whole path, another against the name.

    Args:
        earlier: The glob that is asked first.
        later: The glob that gets what is left.
    """
    one, two = _Glob(earlier), _Glob(later)
    plain = two.text.replace("*", "")
    if two.fits(plain) and not one.fits(plain):
        return False  # most pairs of globs differ in their letters, and no search is needed
    letters = _letters(one.text + two.text)
    waiting = [(state, one.start) for state in two.start]
    seen = set(waiting)
    for state, taken in waiting:
        if len(seen) > _MOST_STATES or (two.ends({state}) and not one.ends(taken)):
            return False
        for letter in letters:
            there = one.after(taken, letter)
            reached = {(each, there) for each in two.after({state}, letter)} - seen
            seen |= reached
            waiting += reached
    return True


def overlap(one: str, two: str) -> str | None:
    """A shortest name of a file that both globs fit; None where there is none."""
    first, second = _Glob(one), _Glob(two)
    letters = _letters(first.text + second.text)
    waiting = [("", pair) for pair in product(first.start, second.start)]
    seen = {pair for _, pair in waiting}
    for name, (state, other) in waiting:
        if name and first.ends({state}) and second.ends({other}):
            return name
        for letter in letters:
            reached = product(first.after({state}, letter), second.after({other}, letter))
            new = sorted(set(reached) - seen)
            seen.update(new)
            waiting += [(name + letter, pair) for pair in new]
    return None


def _letters(text: str) -> list[str]:
    """One letter of each kind that globs made of these letters can tell apart.

    A class such as `[a-f]` tells apart what lies before, between and behind its ends.
    """
    ends = sorted({ord(letter) for letter in text} | {ord("/")})
    between = [first for one, two in pairwise(ends) if (first := _stable(one + 1, two))]
    outside = [_stable(0x21, ends[0]), _stable(ends[-1] + 1, 0x10FFFF)]
    nice = [letter for letter in _NICE if letter not in text]
    known = [chr(end) for end in ends if comparable(chr(end)) == chr(end)]
    return [*known, *nice, *between, *filter(None, outside)]


def _stable(first: int, end: int) -> str | None:
    """The first letter from one on that names are spelt with."""
    codes = range(first, min(end, first + _STABLE_WITHIN))
    return next(
        (chr(c) for c in codes if comparable(chr(c)) == chr(c) and chr(c).isprintable()), None
    )
