"""Choose the learned reader's margins from leave-one-writer-out chances; safety first, then the person's load.

Every development reply is judged with the chances of a model, and a list of familiar words, that never saw
its writer. The filing margin is the lowest at which hardly any emergency or urgent reply would be filed and
at most one warning in two hundred is. Nothing here reads a sealed file.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from followup.triage.engine.corpus import AUTHOR, Example
from followup.triage.engine.deciding import Judged, judge
from followup.triage.engine.decision import RANK, Tier
from followup.triage.engine.filing import calmness
from followup.triage.engine.measures import WARNINGS, shares
from followup.triage.engine.reader import TIERS, Reading
from followup.triage.engine.ruleset import Ruleset

GRAVE = frozenset({Tier.EMERGENCY, Tier.URGENT})
#: Emergency or urgent replies of unseen writers, per thousand, that the filing margin may let through.
GRAVE_PER_THOUSAND = 0.0
UNSAFE_PER_THOUSAND = 5.0
#: How much more a reply counts toward filing, in log-odds, when the rules explain every word, or know no reason.
BONUSES = (1.0, 2.0, 3.0)
WITHOUT_REASON = -0.7
CHARGES = (0.3, 0.5, 0.7, 0.9, 1.2)
DANGER = {"danger": 0.3, "danger_covered": 0.8}
ALERTS = {
    "emergency": (0.35, 0.4, 0.45, 0.5),
    "urgent": (0.4, 0.45, 0.5),
    "same_day": (0.35, 0.4, 0.45, 0.5),
    "over": (0.5, 0.6, 0.7, 0.8),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One development reply as the margins see it."""

    truth: Tier
    found: Tier | None
    kind: str
    strange: int
    reading: Reading

    def calm(self, charge: float) -> float:
        """Return the filing margin at this charge per unfamiliar word."""
        return calmness(self.reading.chances[Tier.ROUTINE], self.strange, charge)


def cases_of(
    examples: Sequence[Example], chances: Any, familiar: dict[str, set[str]], rules: Ruleset
) -> list[Case]:
    """Return the cases of independent writers; ``familiar`` maps a writer to the words known without them."""
    cases: list[Case] = []
    for example, row in zip(examples, chances, strict=True):
        if example.writer == AUTHOR:
            continue
        judged = judge(example.text, example.context, rules)
        reading = Reading(dict(zip(TIERS, (float(value) for value in row), strict=True)))
        words = {w for w in judged.understood.scan.words if len(w) > 1 and w.isalpha()}
        strange = 0 if judged.filing.covered else len(words - familiar[example.writer])
        found = judged.tier if judged.tier in WARNINGS else None
        cases.append(Case(example.tier, found, _kind(judged), strange, reading))
    return cases


def _kind(judged: Judged) -> str:
    if judged.filing.blocked:
        return "blocked"
    if judged.filing.covered:
        return "file_covered"
    return "file" if judged.filing.positive else "file_without_reason"


def filing_margins(cases: Sequence[Case]) -> dict[str, float]:
    """Return the filing margins and the charge per unfamiliar word that file most within the bounds of safety."""
    tried = [_margins_at(cases, charge, bonus) for charge in CHARGES for bonus in BONUSES]
    return max(tried, key=lambda pair: pair[0])[1]


def _margins_at(cases: Sequence[Case], charge: float, bonus: float) -> tuple[int, dict[str, float]]:
    warnings = sum(1 for case in cases if case.truth in WARNINGS)
    grave = sum(1 for case in cases if case.truth in GRAVE)
    evidence = {"file_covered": bonus, "file": 0.0, "file_without_reason": WITHOUT_REASON}
    free = [case for case in cases if case.found is None and case.kind != "blocked" and _calm_enough(case)]
    moved = sorted(((case.calm(charge) + evidence[case.kind], case.truth) for case in free), reverse=True)
    unsafe = gone = filed = 0
    limit = 9.0
    for place, (value, truth) in enumerate(moved):
        unsafe += truth in WARNINGS
        gone += truth in GRAVE
        if unsafe > UNSAFE_PER_THOUSAND * warnings / 1000 or gone > GRAVE_PER_THOUSAND * grave / 1000:
            break
        filed += truth is Tier.ROUTINE
        following = moved[place + 1][0] if place + 1 < len(moved) else value - 1
        limit = (value + following) / 2
    limits = {name: round(limit - by, 3) for name, by in evidence.items()}
    return filed, {**limits, "strange_word": charge}


def _calm_enough(case: Case) -> bool:
    bound = DANGER["danger_covered" if case.kind == "file_covered" else "danger"]
    return case.reading.at_least(Tier.URGENT) <= bound


def decide(case: Case, limits: dict[str, float]) -> Tier:
    """Return the tier a case gets with these margins (the same order as ``deciding``)."""
    files = (
        case.found is None
        and case.kind != "blocked"
        and case.calm(limits["strange_word"]) >= limits[case.kind]
    )
    danger = limits["danger_covered" if case.kind == "file_covered" else "danger"]
    if files and case.reading.at_least(Tier.URGENT) <= danger:
        return Tier.ROUTINE
    suffix = "_over" if case.found is not None else ""
    for tier in (Tier.EMERGENCY, Tier.URGENT, Tier.SAME_DAY):
        if case.found is not None and RANK[case.found] >= RANK[tier]:
            return case.found
        if case.reading.at_least(tier) >= limits[tier.value + suffix]:
            return tier
    return Tier.UNCLEAR


def choose(
    examples: Sequence[Example], chances: Any, familiar: dict[str, set[str]], rules: Ruleset
) -> Chosen:
    """Return the margins, the cases they were chosen on, and what they cost on unseen writers."""
    cases = cases_of(examples, chances, familiar, rules)
    limits = {**filing_margins(cases), **DANGER, "same_day_over": 1.0}
    best: tuple[float, dict[str, float]] = (-1e9, limits)
    for emergency, urgent, same_day, over in itertools.product(*ALERTS.values()):
        tried = {**limits, "emergency": emergency, "urgent": urgent, "same_day": same_day}
        tried |= {"emergency_over": over, "urgent_over": over}
        best = max(best, (_worth(cases, tried), tried), key=lambda pair: pair[0])
    return Chosen(best[1], cases, _note(cases, best[1]))


@dataclass(frozen=True, slots=True)
class Chosen:
    """Margins, the cases behind them, and a printed note."""

    limits: dict[str, float]
    cases: list[Case]
    note: str


def _worth(cases: Sequence[Case], limits: dict[str, float]) -> float:
    """Value a set of margins: exact tiers, less a charge for a warning that is not raised high enough."""
    total = 0.0
    for case in cases:
        got = decide(case, limits)
        total += got is case.truth
        if case.truth is Tier.EMERGENCY and got not in GRAVE:
            total -= 1.0
        if case.truth in WARNINGS and got not in WARNINGS:
            total -= 1.0
        if case.truth is Tier.ROUTINE and got in GRAVE:
            total -= 0.4
    return total


def _note(cases: Sequence[Case], limits: dict[str, float]) -> str:
    pairs = [(case.truth, decide(case, limits)) for case in cases]
    lines = ["leave-one-writer-out, both readers (the rules have seen part of these writers):"]
    lines += ["  " + share.line() for share in shares(pairs)]
    return "\n".join(lines) + f"\nmargins: {limits}\n"
