"""Small charts as inline SVG: no script, no font, no request; each says in words what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from consulting.delivery.pages import number

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORMAT = "{:.1f}"


def histogram(counts: Sequence[int], *, label: str, width: int = 168, height: int = 40) -> Markup:
    """Return bars over equal steps, drawn as one path: 200 of them still make a small page."""
    top = max(counts, default=0)
    if not top:
        return Markup("")
    step = width / len(counts)
    gap = 1 if step > 3 else 0  # noqa: PLR2004 - thin bars touch
    moves = []
    for position, count in enumerate(counts):
        if count:
            tall = max(1.0, (height - 1) * count / top)
            moves.append(
                f"M{_short(position * step)} {_short(height - tall)}h{_short(step - gap)}"
                f"v{_short(tall)}h-{_short(step - gap)}z"
            )
    path = "".join(moves)
    body = f'<path class="bar" d="{path}"/><path class="base" d="M0 {height - 0.5:.1f}h{width}"/>'
    return _svg(body, label, (width, height), "histogram")


def share_bar(parts: Sequence[tuple[str, int]], *, label: str, height: int = 14) -> Markup:
    """Return one bar of the parts of a whole: (style class, amount)."""
    whole = sum(amount for _, amount in parts)
    if not whole:
        return Markup("")
    width, left = 1000, 0.0
    body = ""
    for style, amount in parts:
        if amount:
            # a part of a few rows among millions must still be seen
            wide = max(4.0, width * amount / whole)
            place = f'x="{_short(left)}" width="{_short(wide)}" height="{height}"'
            body += f'<rect class="{style}" {place}/>'
            left += wide
    body = f'<g transform="scale({width / left:.5f} 1)">{body}</g>'
    return _svg(body, label, (width, height), "share-bar", stretch=True)


def dial(value: float, *, label: str) -> Markup:
    """Return a ring filled to a value from 0 to 100."""
    radius, circumference = 52, 2 * 3.14159265 * 52
    filled = circumference * max(0.0, min(100.0, value)) / 100
    body = (
        f'<circle class="ring" cx="60" cy="60" r="{radius}"/>'
        f'<circle class="arc" cx="60" cy="60" r="{radius}" '
        f'stroke-dasharray="{_short(filled)} {_short(circumference)}" '
        'transform="rotate(-90 60 60)"/>'
    )
    return _svg(body, label, (120, 120), "dial")


def trend(
    points: Sequence[tuple[str, float | None]],
    *,
    label: str,
    low: float | None = None,
    high: float | None = None,
    mark: int | None = None,
) -> Markup:
    """Return a line over periods, the last value named.

    Args:
        points: (name below the axis, value), oldest first; without a value the line has a gap.
        label: What the chart shows, in words.
        low: The foot of the scale; the least value where it is None.
        high: The top of the scale; the greatest value where it is None.
        mark: The point to draw a ring around.
    """
    width, height = 560, 150
    values = [value for _, value in points if value is not None]
    if len(values) < 2:  # noqa: PLR2004 - one point is no trend
        return Markup("")
    foot = min(values) if low is None else low
    top = max(values) if high is None else high
    spread = (top - foot) or 1.0
    left, right, upper, lower = 46, width - 46, 16, height - 30
    across = [left + (right - left) * n / (len(points) - 1) for n in range(len(points))]
    places = [
        None if value is None else (x, lower - (lower - upper) * (value - foot) / spread)
        for x, (_, value) in zip(across, points, strict=True)
    ]
    grid = "".join(
        f'<path class="grid" d="M{left} {_short(y)}H{right}"/>'
        f'<text class="scale" x="{left - 8}" y="{_short(y + 4)}" text-anchor="end">'
        f"{number(round(value, 1))}</text>"
        for y, value in ((upper, top), (lower, foot))
    )
    every = max(1, -(-len(points) // 7))
    names = "".join(
        f'<text class="scale" x="{_short(x)}" y="{height - 8}" text-anchor="middle">'
        f"{Markup.escape(name)}</text>"
        for position, (x, (name, _)) in enumerate(zip(across, points, strict=True))
        if (len(points) - 1 - position) % every == 0
    )
    body = f'{grid}<path class="line" d="{_line(places)}"/>{_dots(places, mark)}{names}'
    last = max(position for position, place in enumerate(places) if place)
    x, y = places[last] or (0.0, 0.0)
    place = f'x="{_short(x + 9)}" y="{_short(y + 4)}"'
    body += f'<text class="last" {place}>{number(round(points[last][1] or 0, 1))}</text>'
    return _svg(body, label, (width, height), "trend")


def _line(places: Sequence[tuple[float, float] | None]) -> str:
    moves, pen = [], "M"
    for place in places:
        if place is None:
            pen = "M"
        else:
            moves.append(f"{pen}{_short(place[0])} {_short(place[1])}")
            pen = "L"
    return "".join(moves)


def _dots(places: Sequence[tuple[float, float] | None], mark: int | None) -> str:
    dots = "".join(
        f'<circle class="dot" cx="{_short(place[0])}" cy="{_short(place[1])}" r="3.5"/>'
        for place in places
        if place
    )
    ring = places[mark] if mark is not None else None
    if ring is None:
        return dots
    return f'{dots}<circle class="mark" cx="{_short(ring[0])}" cy="{_short(ring[1])}" r="7"/>'


def _svg(
    body: str, label: str, size: tuple[int, int], style: str, *, stretch: bool = False
) -> Markup:
    width, height = size
    keep = ' preserveAspectRatio="none"' if stretch else ""
    return Markup(  # noqa: S704 - numbers and escaped text only
        f'<svg class="{style}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{Markup.escape(label)}"{keep}>{body}</svg>'
    )


def _short(value: float) -> str:
    return _FORMAT.format(value).removesuffix(".0")
