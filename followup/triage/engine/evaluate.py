"""Score the engine on labelled replies and print what it got right, per language, tier, question kind and writer.

With ``totals_only`` nothing of any text, id or single row is printed: that is the only way a sealed file
may be scored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.corpus import SEALED, Example, read_file
from followup.triage.engine.deciding import triage
from followup.triage.engine.decision import RANK, Decision, Tier
from followup.triage.engine.measures import ORDER, WARNINGS, Pair, confusion, shares
from followup.triage.engine.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class Scored:
    """One labelled reply and what the engine decided."""

    example: Example
    decision: Decision

    @property
    def pair(self) -> Pair:
        """(truth, decided)."""
        return self.example.tier, self.decision.tier


def score(examples: Iterable[Example], ruleset: Ruleset | None = None) -> list[Scored]:
    """Return the decision for every example."""
    rules = ruleset if ruleset is not None else rulesets.default()
    return [Scored(example, triage(example.text, example.context, rules)) for example in examples]


def evaluate(paths: Sequence[Path], *, totals_only: bool = False, ruleset: Ruleset | None = None) -> str:
    """Return the printed evaluation of these files together.

    A file in the sealed folder is always scored totals only; raise ValueError when a row cannot be read.
    """
    sealed = any(SEALED in path.resolve().parents for path in paths)
    examples = [example for path in paths for example in read_file(path)]
    rules = ruleset if ruleset is not None else rulesets.default()
    scored = score(examples, rules)
    lines = [f"ruleset {rules.digest}, {len(scored)} replies", ""]
    lines += totals(scored)
    lines += _by("language", scored, lambda s: s.example.context.lang or "?")
    lines += _by("question kind", scored, lambda s: s.example.context.question_kind.value)
    lines += _by("writer", scored, lambda s: s.example.writer)
    if not (totals_only or sealed):
        lines += ["", "Misses, worst first", *_misses(scored)]
    return "\n".join(lines) + "\n"


def totals(scored: Sequence[Scored]) -> list[str]:
    """Return the headline measures and the confusion matrix as lines."""
    pairs = [item.pair for item in scored]
    lines = [share.line() for share in shares(pairs)]
    lines += [
        "",
        "confusion (rows: label, columns: decision)",
        " " * 11 + "".join(f"{t.value:>11}" for t in ORDER),
    ]
    for tier, row in zip(ORDER, confusion(pairs), strict=True):
        lines.append(f"{tier.value:<11}" + "".join(f"{count:>11}" for count in row))
    return lines


def _by(title: str, scored: Sequence[Scored], key: Callable[[Scored], str]) -> list[str]:
    lines = ["", f"by {title}"]
    for name in sorted({key(item) for item in scored}):
        pairs = [item.pair for item in scored if key(item) == name]
        found = {share.name: share for share in shares(pairs)}
        parts = [
            f"{label} {found[full].value:.1%}" if found[full].total else f"{label} -"
            for label, full in (
                ("exact", "exact tier"),
                ("alert", "alert sensitivity"),
                ("safety", "safety sensitivity"),
                ("specificity", "specificity"),
            )
        ]
        grave = found["emergency or urgent filed as routine"].hits
        lines.append(f"  {name:<20} n={len(pairs):<5} {'  '.join(parts)}  grave filed {grave}")
    return lines


def _misses(scored: Sequence[Scored]) -> list[str]:
    wrong = [item for item in scored if item.pair[0] is not item.pair[1]]
    wrong.sort(key=lambda item: (_harm(item), item.example.id))
    lines = []
    for item in wrong:
        evidence = "; ".join(
            f"{e.concept} {e.status} {e.text!r} {e.rule}".strip() for e in item.decision.evidence if e.rule
        )
        text = " / ".join(item.example.text.split("\n"))
        lines.append(f"{item.pair[0].value} -> {item.pair[1].value}  {item.example.id}  {text}  [{evidence}]")
    return lines


def _harm(item: Scored) -> int:
    truth, decided = item.pair
    if truth in WARNINGS and decided is Tier.ROUTINE:
        return -10 - RANK[truth]
    return RANK[decided] - RANK[truth] if RANK[decided] < RANK[truth] else RANK[decided]
