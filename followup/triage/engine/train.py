"""Train the learned reader from the development corpus, the same bytes every time.

Needs numpy, which only the development environment has; reading a reply does not. Margins come from leave-
one-writer-out reading: every development reply is scored by a model that never saw its writer.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.corpus import AUTHOR, Example, corpus_hash, development, paraphrases
from followup.triage.engine.decision import Tier
from followup.triage.engine.features import GROUPS, features
from followup.triage.engine.margins import Chosen, choose
from followup.triage.engine.minimize import minimize
from followup.triage.engine.reader import TIERS
from followup.triage.engine.ruleset import Ruleset
from followup.triage.engine.understanding import understand

SCALES = {"w": 2.5, "c": 1.5, "k": 1.5, "f": 2.0}
LEAST_SEEN = 2
RIDGE = 1.0
ROUNDS = 80
STEP = 0.01
#: What a mistake costs beside its frequency: rows of these tiers weigh more in training.
COSTS = {Tier.EMERGENCY: 1.2, Tier.URGENT: 1.2, Tier.SAME_DAY: 1.0, Tier.UNCLEAR: 1.0, Tier.ROUTINE: 1.0}


@dataclass(slots=True)
class Matrix:
    """Sparse rows (features by reply) in compressed form, with the labels and who wrote them."""

    names: list[str]
    indices: Any
    values: Any
    starts: Any
    labels: Any
    writers: list[str]


Groups = dict[str, list[str]]


def groups_of(examples: Sequence[Example], ruleset: Ruleset) -> list[Groups]:
    """Return the features of every example, by group, exactly as the reader will see them."""
    found: list[Groups] = []
    for example in examples:
        seen = understand(example.text, example.context, ruleset)
        found.append(features(seen.scan, seen.facts, seen.bound, example.context))
    return found


def _frequent(groups: Sequence[Groups]) -> list[str]:
    counts: dict[str, int] = {}
    for row in groups:
        for name in itertools.chain.from_iterable(row[group] for group in GROUPS):
            counts[name] = counts.get(name, 0) + 1
    return sorted(name for name, count in counts.items() if count >= LEAST_SEEN)


def matrix(groups: Sequence[Groups], examples: Sequence[Example], names: list[str] | None = None) -> Matrix:
    """Lay the features out for training; ``names`` fixes the columns, else those seen at least twice are kept."""
    import numpy as np

    names = names if names is not None else _frequent(groups)
    column = {name: place for place, name in enumerate(names)}
    indices: list[int] = []
    values: list[float] = []
    starts = [0]
    for row in groups:
        for group in GROUPS:
            scale = SCALES[group] / max(len(row[group]), 1) ** 0.5
            for name in row[group]:
                place = column.get(name)
                if place is not None:
                    indices.append(place)
                    values.append(scale)
        starts.append(len(indices))
    labels = np.array([TIERS.index(example.tier) for example in examples], dtype=np.int64)
    return Matrix(
        names,
        np.array(indices, dtype=np.int64),
        np.array(values, dtype=np.float64),
        np.array(starts, dtype=np.int64),
        labels,
        [example.writer for example in examples],
    )


def fit(
    data: Matrix, keep: Any | None = None, *, rounds: int = ROUNDS, ridge: float = RIDGE
) -> tuple[Any, Any]:
    """Return (weights: features x 5, bias: 5) of a balanced multinomial logistic regression.

    ``keep`` is a boolean mask of the rows to learn from. Plain arithmetic in a fixed order: the same rows give the
    same bytes.
    """
    import numpy as np

    rows = np.ones(len(data.labels), dtype=bool) if keep is None else keep
    weight = _row_weights(data.labels, rows)
    row_of = np.repeat(np.arange(len(data.labels)), np.diff(data.starts))
    used = rows[row_of]
    indices, values, row_of = data.indices[used], data.values[used], row_of[used]
    size, places = len(data.names), len(TIERS)
    target = np.zeros((len(data.labels), places))
    target[np.arange(len(data.labels)), data.labels] = 1.0

    def loss(flat: Any) -> tuple[float, Any]:
        weights = flat[: size * places].reshape(places, size)
        bias = flat[size * places :]
        logits = np.empty((len(data.labels), places))
        for place in range(places):
            products = weights[place][indices] * values
            logits[:, place] = np.bincount(row_of, products, minlength=len(data.labels)) + bias[place]
        logits -= logits.max(axis=1, keepdims=True)
        powers = np.exp(logits)
        chances = powers / powers.sum(axis=1, keepdims=True)
        picked = np.log(np.maximum((chances * target).sum(axis=1), 1e-12))
        value = -(weight * picked).sum() + 0.5 * ridge * (weights**2).sum()
        errors = (chances - target) * weight[:, None]
        slope = np.empty_like(flat)
        for place in range(places):
            pull = np.bincount(indices, errors[row_of, place] * values, minlength=size)
            slope[place * size : (place + 1) * size] = pull + ridge * weights[place]
        slope[size * places :] = errors.sum(axis=0)
        return float(value), slope

    best = minimize(loss, np.zeros(size * places + places), rounds)
    return best[: size * places].reshape(places, size).T, best[size * places :]


def _row_weights(labels: Any, rows: Any) -> Any:
    import numpy as np

    weight = np.zeros(len(labels))
    for place, tier in enumerate(TIERS):
        mine = rows & (labels == place)
        if mine.any():
            weight[mine] = COSTS[tier] * (rows.sum() / (len(TIERS) * mine.sum())) ** 0.5
    return weight


def chances_of(data: Matrix, weights: Any, bias: Any) -> Any:
    """Return the five probabilities of every row."""
    import numpy as np

    row_of = np.repeat(np.arange(len(data.labels)), np.diff(data.starts))
    logits = np.empty((len(data.labels), len(TIERS)))
    for place in range(len(TIERS)):
        products = weights[:, place][data.indices] * data.values
        logits[:, place] = np.bincount(row_of, products, minlength=len(data.labels)) + bias[place]
    logits -= logits.max(axis=1, keepdims=True)
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


def leave_one_writer_out(groups: Sequence[Groups], examples: Sequence[Example]) -> Any:
    """Return the probabilities of every example from a model that never saw its writer."""
    import numpy as np

    data = matrix(groups, examples)
    out = np.zeros((len(examples), len(TIERS)))
    writers = np.array(data.writers)
    for writer in sorted(set(data.writers) - {AUTHOR}):
        hidden = writers == writer
        weights, bias = fit(data, ~hidden)
        out[hidden] = chances_of(data, weights, bias)[hidden]
    return out


def word_sets(examples: Sequence[Example], ruleset: Ruleset) -> list[set[str]]:
    """Return the different words of every example, as the engine spells them."""
    found = []
    for example in examples:
        words = understand(example.text, example.context, ruleset).scan.words
        found.append({word for word in words if len(word) > 1 and word.isalpha()})
    return found


def familiar_words(examples: Sequence[Example], words: Sequence[set[str]], without: str = "") -> set[str]:
    """Return the words that routine replies use at least half as often as all others; ``without`` skips a
    writer."""
    routine: dict[str, int] = {}
    other: dict[str, int] = {}
    for example, mine in zip(examples, words, strict=True):
        if example.writer != without:
            counts = routine if example.tier is Tier.ROUTINE else other
            for word in mine:
                counts[word] = counts.get(word, 0) + 1
    return {word for word, count in routine.items() if (count + 1) / (other.get(word, 0) + 1) >= 0.5}


def model_text(
    data: Matrix,
    weights: Any,
    bias: Any,
    *,
    thresholds: dict[str, float],
    corpus: str,
    familiar: set[str],
) -> str:
    """Return the model file: integer weights, features whose weights all round to nothing left out."""
    import numpy as np

    rounded = np.rint(weights / STEP).astype(int)
    rows = {
        name: [int(value) for value in row]
        for name, row in zip(data.names, rounded, strict=True)
        if np.abs(row).max() >= 2
    }
    body = {
        "about": "weights of the learned reader; made by `followup triage train`, never by hand",
        "corpus": corpus,
        "tiers": [tier.value for tier in TIERS],
        "step": STEP,
        "scales": SCALES,
        "bias": [round(float(value), 4) for value in bias],
        "thresholds": thresholds,
        "familiar": sorted(familiar),
        "weights": rows,
    }
    return (
        json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).replace('],"', '],\n"')
        + "\n"
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """The corpus as the reader sees it, and what a reader that never saw a writer says of that writer."""

    rules: Ruleset
    examples: list[Example]
    groups: list[Groups]
    words: list[set[str]]
    chances: Any
    chosen: Chosen


def prepare() -> Prepared:
    """Read the development corpus, score it by leave-one-writer-out and choose the margins."""
    rules = rulesets.load()
    examples = development() + paraphrases()
    groups = groups_of(examples, rules)
    words = word_sets(examples, rules)
    chances = leave_one_writer_out(groups, examples)
    writers = sorted({example.writer for example in examples} - {AUTHOR})
    familiar = {writer: familiar_words(examples, words, writer) for writer in writers}
    return Prepared(rules, examples, groups, words, chances, choose(examples, chances, familiar, rules))


def train_shipped(target: Path | None = None, prepared: Prepared | None = None) -> str:
    """Train on the development corpus with margins from leave-one-writer-out; return what to print."""
    ready = prepared if prepared is not None else prepare()
    data = matrix(ready.groups, ready.examples)
    weights, bias = fit(data)
    text = model_text(
        data,
        weights,
        bias,
        thresholds=ready.chosen.limits,
        corpus=corpus_hash(ready.examples),
        familiar=familiar_words(ready.examples, ready.words),
    )
    place = target or Path(__file__).resolve().parent / "reader.json"
    place.write_text(text, encoding="utf-8")
    return f"{len(ready.examples)} replies, {len(data.names)} features -> {place.name}\n{ready.chosen.note}"
