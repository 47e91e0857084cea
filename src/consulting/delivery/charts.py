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
    points: Sequence[tuple[str, float]],
    *,
    label: str,
    low: float | None = None,
    high: float | None = None,
) -> Markup:
    """Return a line over deliveries, the last point named.

    Args:
        points: (name below the axis, value), oldest first.
        label: What the chart shows, in words.
        low: The foot of the scale; the least value where it is None.
        high: The top of the scale; the greatest value where it is None.
    """
    width, height = 560, 150
    if len(points) < 2:  # noqa: PLR2004 - one point is no trend
        return Markup("")
    values = [value for _, value in points]
    foot = min(values) if low is None else low
    top = max(values) if high is None else high
    spread = (top - foot) or 1.0
    left, right, upper, lower = 46, width - 46, 16, height - 30
    places = [
        (
            left + (right - left) * position / (len(points) - 1),
            lower - (lower - upper) * (value - foot) / spread,
        )
        for position, value in enumerate(values)
    ]
    line = "M" + "L".join(f"{_short(x)} {_short(y)}" for x, y in places)
    grid = "".join(
        f'<path class="grid" d="M{left} {_short(y)}H{right}"/>'
        f'<text class="scale" x="{left - 8}" y="{_short(y + 4)}" text-anchor="end">'
        f"{number(round(value, 1))}</text>"
        for y, value in ((upper, top), (lower, foot))
    )
    dots = "".join(
        f'<circle class="dot" cx="{_short(x)}" cy="{_short(y)}" r="3.5"/>' for x, y in places
    )
    every = max(1, -(-len(points) // 8))
    names = "".join(
        f'<text class="scale" x="{_short(x)}" y="{height - 8}" text-anchor="middle">'
        f"{Markup.escape(name)}</text>"
        for position, ((x, _), (name, _)) in enumerate(zip(places, points, strict=True))
        if (len(points) - 1 - position) % every == 0
    )
    x, y = places[-1]
    place = f'x="{_short(x + 9)}" y="{_short(y + 4)}"'
    last = f'<text class="last" {place}>{number(round(values[-1], 1))}</text>'
    return _svg(
        f'{grid}<path class="line" d="{line}"/>{dots}{names}{last}', label, (width, height), "trend"
    )


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
