"""Whose place is whose: no client's files come from inside another's."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Place = tuple[str, ...]
"""The steps from a root to a place; what begins with them lies inside it."""


def steps(path: str) -> Place:
    """The steps of a path; two spellings that some file system takes for one are equal."""
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
    return tuple(step for step in text.split("/") if step not in {"", "."})


def overlaps(
    sources: Mapping[str, Place], folders: Mapping[str, Place] | None = None
) -> dict[str, str]:
    """Which clients' sources lie in another client's, or hold it.

    Args:
        sources: Where each client's files come from.
        folders: Each client's own data, which no other may take its files from.

    Returns:
        For each such client, why it is refused; both of a pair are.
    """
    places = [(place, client, "source") for client, place in sources.items()]
    places += [(place, client, "data") for client, place in (folders or {}).items()]
    found: dict[str, str] = {}
    above: list[tuple[Place, str, str]] = []
    # in this order, whatever lies inside a place follows it
    for place, client, kind in sorted(places):
        while above and place[: len(above[-1][0])] != above[-1][0]:
            above.pop()
        for other_place, other, other_kind in above:
            if other != client and "source" in {kind, other_kind}:
                found.setdefault(client, _refusal(client, place, kind, other, other_place))
                found.setdefault(other, _refusal(other, other_place, other_kind, client, place))
        above.append((place, client, kind))
    return found


def _refusal(client: str, place: Place, kind: str, other: str, other_place: Place) -> str:
    what = "its source" if kind == "source" else "its own data"
    return (
        f"{client}: {what}, {_said(place)}, and the place of {other}, {_said(other_place)}, lie "
        f"inside one another, so that one would deliver the other's rows. Give {client} and "
        f"{other} a `source` of their own in each defs.yaml."
    )


def _said(place: Place) -> str:
    return ("/" if place[0] == "local" else f"{place[0]}://") + "/".join(place[1:])
