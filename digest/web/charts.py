"""Small charts as templates draw them in SVG: where each bar and each point lies. Pure.

Time runs as the language does: right to left, the newest is at the left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 640
HEIGHT = 120
#: Share of a column that its bar fills.
_FILLED = 0.72


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One part of a column, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    #: What it stands for: `sent`.
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What stands above one step of time."""

    label: str
    bars: tuple[Bar, ...]


def columns(
    steps: Sequence[tuple[str, Mapping[str, int]]], direction: str, width: int = WIDTH, height: int = HEIGHT
) -> list[Column]:
    """Return a column for each step, oldest first: its label, and its parts from the ground up."""
    most = max((sum(parts.values()) for _, parts in steps), default=0) or 1
    wide = width / max(len(steps), 1)
    found = []
    for number, (label, parts) in enumerate(steps):
        place = len(steps) - 1 - number if direction == "rtl" else number
        ground, bars = float(height), []
        for kind, count in parts.items():
            high = count / most * height
            ground -= high
            x = place * wide + wide * (1 - _FILLED) / 2
            bars.append(
                Bar(
                    x=round(x, 1),
                    y=round(ground, 1),
                    width=round(wide * _FILLED, 1),
                    height=round(high, 1),
                    kind=kind,
                )
            )
        found.append(Column(label=label, bars=tuple(bar for bar in bars if bar.height)))
    return found


def line(values: Sequence[int], direction: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return the points of a line through the values, the oldest first, as SVG's polyline takes them; 0 is the ground.

    >>> line([0, 1, 2], "ltr", 10, 10), line([0, 1, 2], "rtl", 10, 10)
    ('0.0,10.0 5.0,5.0 10.0,0.0', '10.0,10.0 5.0,5.0 0.0,0.0')
    """
    most, steps = max(values, default=0) or 1, max(len(values) - 1, 1)
    points = []
    for number, value in enumerate(values):
        share = number / steps
        x = (1 - share if direction == "rtl" else share) * width
        points.append(f"{round(x, 1)},{round(height - value / most * height, 1)}")
    return " ".join(points)
