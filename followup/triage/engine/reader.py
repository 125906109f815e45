"""The learned second reader: a linear model over words, letters, word classes and findings.

It may raise a tier, veto filing, or turn an unclear reply without any finding into a routine one; it may
never lower what a rule found. Its weights are data (``reader.json``), trained by one command from the
corpus whose hash they carry.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from followup.triage.engine.decision import Tier

TIERS = (Tier.EMERGENCY, Tier.URGENT, Tier.SAME_DAY, Tier.UNCLEAR, Tier.ROUTINE)


@dataclass(frozen=True, slots=True)
class Reading:
    """Probabilities of the five tiers, and the features that spoke loudest for the likeliest."""

    chances: dict[Tier, float]
    reasons: tuple[str, ...] = ()

    def at_least(self, tier: Tier) -> float:
        """Return the probability of this tier or a more dangerous one (unclear counts as neither)."""
        order = (Tier.EMERGENCY, Tier.URGENT, Tier.SAME_DAY)
        return sum(self.chances[t] for t in order[: order.index(tier) + 1])


@dataclass(frozen=True, slots=True)
class Model:
    """Weights by feature (five integers each, in ``step`` units), biases, group scales and learned thresholds."""

    weights: dict[str, tuple[int, ...]]
    bias: tuple[float, ...]
    step: float
    scales: dict[str, float]
    thresholds: dict[str, float]
    corpus: str
    familiar: frozenset[str] = frozenset()

    def logits(self, groups: dict[str, list[str]]) -> list[float]:
        """Return the five raw scores."""
        totals = list(self.bias)
        weights = self.weights
        for group, names in groups.items():
            rows = [weights[name] for name in names if name in weights]
            if not rows:
                continue
            scale = self.step * self.scales[group] / math.sqrt(len(names))
            for place, total in enumerate(map(sum, zip(*rows, strict=True))):
                totals[place] += total * scale
        return totals

    def strange(self, words: Iterable[str]) -> int:
        """Count the different words that routine replies do not use often enough to be sure of them."""
        return len({word for word in words if len(word) > 1 and word.isalpha() and word not in self.familiar})

    def read(self, groups: dict[str, list[str]], *, reasons: bool = False) -> Reading:
        """Return the probabilities of the five tiers for one reply's features."""
        raw = self.logits(groups)
        top = max(raw)
        powers = [math.exp(value - top) for value in raw]
        total = sum(powers)
        chances = {tier: power / total for tier, power in zip(TIERS, powers, strict=True)}
        return Reading(chances, self._reasons(groups, chances) if reasons else ())

    def _reasons(self, groups: dict[str, list[str]], chances: dict[Tier, float]) -> tuple[str, ...]:
        place = TIERS.index(max(chances, key=lambda tier: chances[tier]))
        scored: list[tuple[float, str]] = []
        for group, names in groups.items():
            scale = self.scales[group] / math.sqrt(max(len(names), 1))
            for name in names:
                row = self.weights.get(name)
                if row:
                    scored.append((row[place] * scale, name))
        return tuple(name for value, name in sorted(scored, reverse=True)[:6] if value > 0)


@lru_cache(maxsize=1)
def shipped() -> Model | None:
    """Return the model shipped with this version, read once; None while there is none."""
    path = files("followup.triage.engine").joinpath("reader.json")
    if not path.is_file():
        return None
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Model:
    """Read a model file."""
    body = json.loads(text)
    weights = {name: tuple(row) for name, row in body["weights"].items()}
    return Model(
        weights,
        tuple(body["bias"]),
        body["step"],
        body["scales"],
        body["thresholds"],
        body["corpus"],
        frozenset(body["familiar"]),
    )
