"""A score's course as a small drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 96, 26, 4
MOST_POINTS = 24
LEAST_SPAN = 10.0
"""A course that varies less is drawn as flat as it is, not blown up to full height."""


def sparkline(scores: Sequence[float]) -> Markup:
    """The last scores (0 to 100) as an inline SVG, which says in words what it shows."""
    shown = list(scores)[-MOST_POINTS:]
    if not shown:
        return Markup("")
    low, high = min(shown), max(shown)
    if high - low < LEAST_SPAN:
        middle = (high + low) / 2
        low, high = middle - LEAST_SPAN / 2, middle + LEAST_SPAN / 2
    step = (WIDTH - 2 * MARGIN) / max(1, len(shown) - 1)
    points = [
        (
            WIDTH - MARGIN - step * (len(shown) - 1 - index),
            MARGIN + (HEIGHT - 2 * MARGIN) * (high - score) / (high - low),
        )
        for index, score in enumerate(shown)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    end_x, end_y = points[-1]
    return Markup(
        '<svg class="spark" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-label="{label}"><polyline points="{line}"/>'
        '<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/></svg>'
    ).format(width=WIDTH, height=HEIGHT, label=in_words(shown), line=line, x=end_x, y=end_y)


def in_words(scores: Sequence[float]) -> str:
    """What the drawing shows: the last score, and how it came there."""
    last = f"Score {scores[-1]:g} of 100"
    if len(scores) == 1:
        return f"{last}, the first one"
    course = f"{scores[0]:g} to {scores[-1]:g} over {len(scores)} deliveries"
    return f"{last}; {course}, lowest {min(scores):g}, highest {max(scores):g}"
