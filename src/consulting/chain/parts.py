"""The parts of a sample's files: each sheet or file of a zip that is a table becomes a feed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consulting.chain.apart import child_of
from consulting.config.naming import NamedFeed, exact_glob, name_feeds, name_part, varies
from consulting.errors import UnreadableFileError
from consulting.intake.reading import ReadingApart, fits_member
from consulting.intake.reading.parts import BEYOND
from consulting.privacy import Names
from consulting.privacy.tiers import FULL_TIER
from consulting.profiling.wording import enumerated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from consulting.chain.engagement import Engagement
    from consulting.intake.reading import Part

Place = tuple[str | None, str | int | None]
"""A part as a feed declares it: its `member` and its `sheet`."""
_SHOWN = 12


@dataclass(frozen=True)
class TellsOfParts:
    """What is to be known of the parts of some files.

    Attributes:
        feeds: The feeds that read them.
        line: What it is, with a question that the client can answer.
    """

    feeds: tuple[str, ...]
    line: str


def split_by_parts(
    engagement: Engagement, feeds: Sequence[NamedFeed], paths: Mapping[str, Path]
) -> tuple[list[NamedFeed], list[TellsOfParts]]:
    """The feeds, one for each table, where files of theirs hold several.

    Args:
        engagement: The client, with these feeds.
        feeds: The feeds, each for whole files.
        paths: The files that may have parts, by their keys.

    Returns:
        The feeds in their order, and what is left out, or to be asked. A feed whose files have one
        table each is as it was, if that is the part that is read without a word.
    """
    reader, door = ReadingApart(child_of()), engagement.door
    known = frozenset((engagement.client_id, engagement.config.client_name))
    names = Names(hidden=door.tier < FULL_TIER, key=door.key, known=known)
    taken = {feed.name for feed in feeds}
    found: list[NamedFeed] = []
    tells: list[TellsOfParts] = []
    for feed in feeds:
        files: dict[str, tuple[Part, ...]] = {}
        options = engagement.read_options(engagement.feed(feed.name))
        for key in feed.files:
            try:
                files[key] = (
                    reader.find_parts(paths[key], names.told(key), options, door)
                    if key in paths
                    else ()
                )
            except UnreadableFileError:
                files[key] = ()  # it is told where it is read
        mine = _Feed(feed, files, names, taken)
        split = mine.feeds()
        found += split
        tells += mine.tells(split)
    return found, tells


class _Feed:
    """One feed whose files may have parts."""

    def __init__(
        self,
        feed: NamedFeed,
        files: Mapping[str, tuple[Part, ...]],
        names: Names,
        taken: set[str],
    ) -> None:
        self._feed = feed
        self._files = files
        self._names = names
        self._taken = taken
        self._places = {key: dict(self._placed(parts)) for key, parts in files.items()}
        everywhere = [set(places) for places in self._places.values()]
        self._shared = set.intersection(*everywhere) if everywhere else set()

    def feeds(self) -> list[NamedFeed]:
        """A feed for each table that all files have."""
        tables = self._tables()
        if not tables or (len(tables) == 1 and self._is_read_anyway(tables[0])):
            return [self._feed]
        if len(tables) == 1:
            member, sheet = tables[0]
            return [self._feed.model_copy(update={"member": member, "sheet": sheet})]
        self._taken.discard(self._feed.name)
        return [
            self._feed.model_copy(
                update={
                    "name": name_part(self._feed, self._title(place), self._taken),
                    "member": place[0],
                    "sheet": place[1],
                }
            )
            for place in tables
        ]

    def tells(self, feeds: Sequence[NamedFeed]) -> Iterator[TellsOfParts]:
        """What is left out, by the first file that has it, and which parts are alike."""
        of, told = tuple(feed.name for feed in feeds), set[tuple[Place, str]]()
        for key, places in self._places.items():
            further = [p for p in places if places[p].left == BEYOND and (p, BEYOND) not in told]
            if len(further) > 1:
                told |= {(place, BEYOND) for place in further}
                named = self._named(key, places[further[0]])
                rest = f"{len(further) - 1:,} further ones are too many, and are left out"
                yield TellsOfParts(of, f"{named} and {rest}. Is that right?")
            for place, part in places.items():
                why = part.left
                if why is None and place not in self._shared:
                    why = "is in some of the files only"
                if why and why != "is empty" and (place, why) not in told:
                    told.add((place, why))
                    line = f"{self._named(key, part)} {why}, and is left out. Is that right?"
                    yield TellsOfParts(of, line)
        yield from self._alike(feeds)

    def _alike(self, feeds: Sequence[NamedFeed]) -> Iterator[TellsOfParts]:
        key, first = next(iter(self._places.items()), ("", {}))
        groups: dict[tuple[str, ...], list[NamedFeed]] = {}
        for feed in feeds if len(feeds) > 1 else ():
            columns = tuple(name.casefold() for name in first[feed.member, feed.sheet].columns)
            groups.setdefault(columns, []).append(feed)
        for group in groups.values():
            if len(group) > 1:
                parts = [first[feed.member, feed.sheet] for feed in group]
                named = [repr(self._names.told(p.sheet or p.member or "")) for p in parts]
                more = [*named[:_SHOWN], *(["others"] if len(named) > _SHOWN else [])]
                kind = "sheets" if all(part.sheet for part in parts) else "files"
                yield TellsOfParts(
                    tuple(feed.name for feed in group),
                    f"The {kind} {enumerated(more)} of {self._names.told(key)} have the same "
                    f"columns. Will there be more such {kind}?",
                )

    def _tables(self) -> list[Place]:
        """The parts that all files have, and that are tables in one of them at least."""
        first = next(iter(self._places.values()), {})
        return [
            place
            for place in first
            if place in self._shared
            and any(places[place].left is None for places in self._places.values())
        ]

    def _is_read_anyway(self, place: Place) -> bool:
        """Whether a part is the first that holds anything, and no name of a zip's file."""
        return place[0] is None and all(
            next((p for p, part in places.items() if _holds_cells(part)), None) == place
            for places in self._places.values()
        )

    def _title(self, place: Place) -> str:
        """What a part is called, as far as that may be told."""
        member, sheet = place
        if sheet is None:
            return str(member).rpartition("/")[2].replace("?", "")
        return f"{member.rpartition('/')[2].partition('.')[0]} {sheet}" if member else str(sheet)

    def _named(self, key: str, part: Part) -> str:
        inside = [
            f"the file {self._names.told(part.member)!r}" if part.member else "",
            f"the sheet {self._names.told(part.sheet)!r}" if part.sheet else "",
        ]
        return f"{self._names.told(key)}: {', '.join(filter(None, inside))}"

    def _placed(self, parts: Sequence[Part]) -> Iterator[tuple[Place, Part]]:
        """Each part with how a feed declares it."""
        members = list(dict.fromkeys(part.member for part in parts if part.member))
        globs = _globs(members, self._names.blanked)
        alone = sum(part.left is None for part in parts) == 1
        for part in parts:
            sheet = self._sheet(part, alone=alone)
            if part.member is None or part.member in globs:
                yield (globs.get(part.member or ""), sheet), part
            else:
                told = "can not be told from others by a name that may be written here"
                yield (part.member, sheet), part.model_copy(update={"left": told})

    def _sheet(self, part: Part, *, alone: bool) -> str | int | None:
        """A sheet's name, or its number where the name may not be told, or changes."""
        if part.sheet is None or self._names.blanked(part.sheet) != part.sheet:
            return part.place
        everywhere = all(
            any(p.sheet == part.sheet for p in parts) for parts in self._files.values()
        )
        changes = len(self._files) == 1 and alone and varies(part.sheet)
        return part.sheet if everywhere and not changes else part.place


def _holds_cells(part: Part) -> bool:
    return part.left not in {"is empty", "is hidden"}


def _globs(members: Sequence[str], blanked: Callable[[str], str]) -> dict[str, str]:
    """Each file of a zip with the `member` that no other fits; none where there is no such."""
    told: dict[str, list[str]] = {}
    for member in members:
        told.setdefault(blanked(member), []).append(member)
    found: dict[str, str] = {}
    # files that are named alike can't be read together: each keeps its exact name
    for group in name_feeds(told, apart=lambda name: name):
        for name in group.files:
            exact = exact_glob(name)
            for pattern in (group.glob, exact):
                alike = [m for m in members if fits_member(m, pattern)]
                fitting = [m for m in alike if m == pattern] or alike
                if len(fitting) == 1:
                    found[fitting[0]] = pattern
                    break
    return found
