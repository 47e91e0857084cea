"""One line read against the rules of quoting, where that makes a record of the right width."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_JOINED = 100  # how many delimiters a field of a line to be mended may hold
MAX_BROKEN = 2  # with more stray quotes than that, a line is not mended


def grouped(
    pieces: Sequence[str], width: int, quote: str, delimiter: str, *, skip_space: bool
) -> list[str] | None:
    """Join the pieces between delimiters to exactly `width` fields, breaking the fewest rules.

    A field is one piece, or several from an opening quote to a closing one. A piece with a quote
    that neither opens nor closes breaks a rule; so does a quote inside a field that is not doubled.
    """
    if skip_space:
        pieces = [piece.lstrip(" ") for piece in pieces]
    count = len(pieces)
    best: list[dict[int, tuple[int, int]]] = [{} for _ in range(count + 1)]
    best[0][0] = (0, 0)
    for start in range(count):
        for end, cost in _fields_from(pieces, start, quote):
            # each piece that is left gives one field at most
            least = width - (count - end)
            for used, (so_far, _) in best[start].items():
                if so_far + cost > MAX_BROKEN:
                    continue
                if least <= used + 1 <= width and (
                    used + 1 not in best[end] or best[end][used + 1][0] > so_far + cost
                ):
                    best[end][used + 1] = (so_far + cost, start)
    if width not in best[count] or best[count][width][0] > MAX_BROKEN:
        return None
    fields: list[str] = []
    at = count
    for used in range(width, 0, -1):
        start = best[at][used][1]
        fields.append(_unquoted(delimiter.join(pieces[start:at]), quote))
        at = start
    return fields[::-1]


def _fields_from(pieces: Sequence[str], start: int, quote: str) -> Iterator[tuple[int, int]]:
    """(where it ends, rules it breaks) of each field that may begin with a piece."""
    first = pieces[start]
    if quote not in first:
        yield start + 1, 0
        return
    closed = len(first) > 1 and first.startswith(quote) and first.endswith(quote)
    whole = closed and not _has_lone(quote, first[1:-1])
    yield start + 1, 0 if whole else 1
    # what is a whole field is not taken for the beginning of a longer one
    if not first.startswith(quote) or (whole and len(first) > 2):  # noqa: PLR2004 - more than two quotes
        return
    broken = _has_lone(quote, first[1:])
    for end in range(start + 1, min(len(pieces), start + MAX_JOINED)):
        piece = pieces[end]
        if piece.endswith(quote):
            yield end + 1, 1 if broken or _has_lone(quote, piece[:-1]) else 0
        broken = broken or _has_lone(quote, piece)


def _has_lone(quote: str, text: str) -> bool:
    """Whether a quote stands in a text that is not doubled."""
    return quote in text and quote in text.replace(quote * 2, "")


def _unquoted(text: str, quote: str) -> str:
    if len(text) > 1 and text.startswith(quote) and text.endswith(quote):
        return text[1:-1].replace(quote * 2, quote)
    return text
