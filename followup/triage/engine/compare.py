"""Replay labelled or plain replies through two rulesets and show what changed, tier by tier.

A ruleset is named by a folder that holds ``lexicon/``, ``rules/`` and ``reader.json`` (an older release
unpacked), or by the word "shipped". Nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.corpus import Example
from followup.triage.engine.deciding import triage
from followup.triage.engine.decision import RANK
from followup.triage.engine.ruleset import Ruleset


def ruleset_at(place: str) -> Ruleset:
    """Return the shipped ruleset, or the one in a folder; raise FileNotFoundError when there is none."""
    if place == "shipped":
        return rulesets.default()
    folder = Path(place)
    if not (folder / "rules").is_dir():
        raise FileNotFoundError(f"{place} holds no rules folder")
    return rulesets.load_folder(folder)


def compare(old: Ruleset, new: Ruleset, examples: Sequence[Example], *, show_texts: bool = True) -> str:
    """Return a printed difference: counts by (old tier -> new tier), lowered tiers first."""
    moves: Counter[tuple[str, str]] = Counter()
    lines: list[str] = []
    for example in examples:
        before = triage(example.text, example.context, old).tier
        after = triage(example.text, example.context, new).tier
        if before is after:
            continue
        moves[before.value, after.value] += 1
        word = "lowered" if RANK[after] < RANK[before] else "raised"
        text = " / ".join(example.text.split("\n"))
        lines.append(f"{word} {before.value} -> {after.value} (label {example.tier.value})  {text}")
    head = [f"old {old.digest}, new {new.digest}: {sum(moves.values())} of {len(examples)} replies moved"]
    head += [f"  {count:>5}  {before} -> {after}" for (before, after), count in sorted(moves.items())]
    return "\n".join(head + (["", *sorted(lines)] if show_texts else [])) + "\n"
