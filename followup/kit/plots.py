"""Where the marks of a small plot go: axes, bars and curves as numbers, drawn by a template as SVG.

Plots are drawn on the server, so that a page works without a script and prints; they use the page's own colors and
come with a table of the same numbers. Nothing here knows what is plotted. Lengths are units of the SVG's view box.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 34
_FLOOR = HEIGHT - BOTTOM
_NICE = (1, 2, 2.5, 5, 10)
MOST_LABELS = 12


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across or a label below: where it is, and what it says."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; ``label`` is told to who points at it or hears it."""

    x: float
    y: float
    width: float
    height: float
    label: str
    part: int = 0


@dataclass(frozen=True, slots=True)
class Dot:
    """One measured point."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A finished plot. ``line`` and ``band`` are paths or empty; ``levels`` are heights to compare with."""

    across: tuple[Tick, ...]
    below: tuple[Tick, ...]
    bars: tuple[Bar, ...] = ()
    dots: tuple[Dot, ...] = ()
    line: str = ""
    band: str = ""
    levels: tuple[Tick, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    floor: int = _FLOOR


def nice_ticks(highest: float, *, about: int = 4) -> tuple[float, ...]:
    """Return round steps from 0 to at least ``highest`` (more than 0)."""
    rough = max(highest, 1e-9) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in _NICE if each * power >= rough * (1 - 1e-9))
    return tuple(round(step * number, 10) for number in range(math.ceil(highest / step - 1e-9) + 1))


def bars(
    names: Sequence[str], stacks: Sequence[Sequence[float]], *, highest: float | None = None, unit: str = "",
    parts: Sequence[str] = (), levels: Sequence[tuple[float, str]] = (),
) -> Plot:  # fmt: skip
    """Return one bar per name, each a stack of parts from the floor up. All values are 0 or more.

    ``highest`` fixes the top of the axis, such as 100 for a share.
    """
    tallest = max([sum(stack) for stack in stacks] + [value for value, _ in levels], default=0.0)
    ticks = nice_ticks(highest or tallest or 1.0)
    pitch = (WIDTH - LEFT - RIGHT) / max(len(names), 1)
    width = min(pitch * 0.7, 48.0)
    drawn: list[Bar] = []
    for place, (name, stack) in enumerate(zip(names, stacks, strict=True)):
        below = 0.0
        for part, value in enumerate(stack):
            height = _rise(value, ticks[-1])
            title = f"{name}: {_number(value)}{unit}" + (f" {parts[part]}" if parts else "")
            x = LEFT + pitch * (place + 0.5) - width / 2
            drawn.append(
                Bar(
                    round(x, 1),
                    round(_FLOOR - below - height, 1),
                    round(width, 1),
                    round(height, 1),
                    title,
                    part,
                )
            )
            below += height
    every = math.ceil(len(names) / MOST_LABELS)
    return Plot(
        across=_across(ticks, unit),
        below=tuple(
            Tick(round(LEFT + pitch * (place + 0.5), 1), name)
            for place, name in enumerate(names)
            if place % every == 0
        ),
        bars=tuple(each for each in drawn if each.height > 0),
        levels=tuple(Tick(round(_FLOOR - _rise(value, ticks[-1]), 1), words) for value, words in levels),
    )


def curve(
    points: Sequence[tuple[float, float]], *, highest: float, ends: tuple[float, float], unit: str = "",
    band: Sequence[tuple[float, float, float]] = (), step: float | None = None,
) -> Plot:  # fmt: skip
    """Return measured points joined by a line; ``band`` holds (x, low, high) of what others had.

    ``ends`` are the first and the last x of the axis; ``step`` is its spacing of labels, a round one if None.
    """
    low, high = ends
    span = max(high - low, 1e-9)

    def across(x: float) -> float:
        return round(LEFT + (x - low) / span * (WIDTH - LEFT - RIGHT), 1)

    def up(y: float) -> float:
        return round(_FLOOR - _rise(y, ticks[-1]), 1)

    ticks = nice_ticks(highest)
    spacing = step or nice_ticks(span, about=8)[1]
    labels = [low + spacing * number for number in range(int(span / spacing + 1e-9) + 1)]
    top = [f"{across(x)},{up(most)}" for x, _, most in band]
    bottom = [f"{across(x)},{up(least)}" for x, least, _ in reversed(band)]
    places = [(across(x), up(y)) for x, y in points]
    return Plot(
        across=_across(ticks, unit),
        below=tuple(Tick(across(x), _number(x)) for x in labels),
        dots=tuple(
            Dot(place[0], place[1], f"{_number(x)}: {_number(y)}{unit}")
            for place, (x, y) in zip(places, points, strict=True)
        ),
        line="M" + " L".join(f"{x},{y}" for x, y in places) if len(places) > 1 else "",
        band="M" + " L".join([*top, *bottom]) + " Z" if len(band) > 1 else "",
    )


def _across(ticks: Sequence[float], unit: str) -> tuple[Tick, ...]:
    return tuple(Tick(round(_FLOOR - _rise(each, ticks[-1]), 1), f"{_number(each)}{unit}") for each in ticks)


def _rise(value: float, highest: float) -> float:
    """How high above the floor a value is; what is above the axis ends at its top."""
    return min(max(value, 0.0) / highest, 1.0) * (_FLOOR - TOP)


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")
