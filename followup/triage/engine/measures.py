"""The measures of triage and their exact confidence intervals; pure arithmetic, no plotting and no files.

Three measures, never one: alert sensitivity (a warning reply is raised), safety sensitivity (a warning reply is not
filed) and specificity (a routine reply is filed). A warning reply is one labelled emergency, urgent or same_day.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from followup.triage.engine.decision import Tier

ORDER = (Tier.EMERGENCY, Tier.URGENT, Tier.SAME_DAY, Tier.UNCLEAR, Tier.ROUTINE)
WARNINGS = frozenset({Tier.EMERGENCY, Tier.URGENT, Tier.SAME_DAY})
Pair = tuple[Tier, Tier]


@dataclass(frozen=True, slots=True)
class Share:
    """``hits`` of ``total`` with its exact (Clopper-Pearson) 95 % interval."""

    name: str
    hits: int
    total: int

    @property
    def value(self) -> float:
        """The share itself; NaN when there is nothing to count."""
        return self.hits / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The exact 95 % interval; (0, 1) when there is nothing to count."""
        return exact_interval(self.hits, self.total)

    def line(self) -> str:
        """Return one line of print: percent, interval, counts."""
        if not self.total:
            return f"{self.name:<44} -"
        low, high = self.interval
        counts = f"{self.hits}/{self.total}"
        return f"{self.name:<44} {self.value:6.1%}  [{low:.1%}, {high:.1%}]  {counts}"


def exact_interval(hits: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a share, by bisection on the binomial tail."""
    if not total:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: _at_least(hits, total, p) - tail)
    high = 1.0 if hits == total else _solve(lambda p: tail - _at_most(hits, total, p))
    return low, high


def _solve(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if rising(middle) > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _at_most(hits: int, total: int, p: float) -> float:
    return math.fsum(_mass(k, total, p) for k in range(hits + 1))


def _at_least(hits: int, total: int, p: float) -> float:
    return math.fsum(_mass(k, total, p) for k in range(hits, total + 1))


def _mass(k: int, total: int, p: float) -> float:
    if p <= 0.0 or p >= 1.0:
        return 1.0 if (k == 0 and p <= 0.0) or (k == total and p >= 1.0) else 0.0
    log = math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1)
    return math.exp(log + k * math.log(p) + (total - k) * math.log1p(-p))


def _share(
    name: str, pairs: Sequence[Pair], among: Callable[[Tier], bool], hit: Callable[[Pair], bool]
) -> Share:
    chosen = [pair for pair in pairs if among(pair[0])]
    return Share(name, sum(1 for pair in chosen if hit(pair)), len(chosen))


def shares(pairs: Sequence[Pair]) -> list[Share]:
    """Return every headline measure of (truth, decided) pairs, in the order of a report."""
    grave = {Tier.EMERGENCY, Tier.URGENT}
    return [
        _share(
            "emergency or urgent filed as routine", pairs, grave.__contains__, lambda p: p[1] is Tier.ROUTINE
        ),
        _share("safety sensitivity", pairs, WARNINGS.__contains__, lambda p: p[1] is not Tier.ROUTINE),
        _share("alert sensitivity", pairs, WARNINGS.__contains__, lambda p: p[1] in WARNINGS),
        _share(
            "emergency raised as emergency or urgent",
            pairs,
            lambda t: t is Tier.EMERGENCY,
            lambda p: p[1] in grave,
        ),
        _share("emergency raised as emergency", pairs, lambda t: t is Tier.EMERGENCY, lambda p: p[1] is p[0]),
        _share("specificity", pairs, lambda t: t is Tier.ROUTINE, lambda p: p[1] is Tier.ROUTINE),
        _share("exact tier", pairs, lambda _: True, lambda p: p[1] is p[0]),
        _share("read by a person", pairs, lambda _: True, lambda p: p[1] is not Tier.ROUTINE),
    ]


def confusion(pairs: Sequence[Pair]) -> list[list[int]]:
    """Return counts, rows by truth and columns by decision, both in ``ORDER``."""
    table = [[0] * len(ORDER) for _ in ORDER]
    for truth, decided in pairs:
        table[ORDER.index(truth)][ORDER.index(decided)] += 1
    return table
