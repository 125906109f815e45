"""Find the lowest point of a smooth, convex loss: limited-memory BFGS with a fixed number of rounds.

Written out because the same bytes have to come out every time, on every machine of the same library; a general
optimizer changes its stopping rules between releases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def minimize(loss: Callable[[Any], tuple[float, Any]], start: Any, rounds: int) -> Any:
    """Minimize by limited-memory BFGS with a halving line search."""
    import numpy as np

    point = start
    memory: list[tuple[Any, Any, float]] = []
    value, slope = loss(point)
    for _ in range(rounds):
        direction = -_two_loops(slope, memory)
        length, gain = 1.0, float(slope @ direction)
        if not memory:
            length = min(1.0, 1.0 / max(float(np.abs(slope).sum()), 1e-9))
        for _ in range(20):
            candidate = point + length * direction
            next_value, next_slope = loss(candidate)
            if next_value <= value + 1e-4 * length * gain:
                break
            length /= 2
        step, change = candidate - point, next_slope - slope
        curvature = float(step @ change)
        if curvature > 1e-10:
            memory = [*memory[-9:], (step, change, 1.0 / curvature)]
        done = abs(value - next_value) < 1e-5 * abs(value)
        point, value, slope = candidate, next_value, next_slope
        if done:
            break
    return point


def _two_loops(slope: Any, memory: list[tuple[Any, Any, float]]) -> Any:
    direction = slope.copy()
    alphas: list[float] = []
    for step, change, inverse in reversed(memory):
        alpha = inverse * float(step @ direction)
        alphas.append(alpha)
        direction -= alpha * change
    if memory:
        step, change, inverse = memory[-1]
        direction *= 1.0 / (inverse * float(change @ change))
    for (step, change, inverse), alpha in zip(memory, reversed(alphas), strict=True):
        direction += step * (alpha - inverse * float(change @ direction))
    return direction
