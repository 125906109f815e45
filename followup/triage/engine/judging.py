"""Apply the declarative rules to the facts of one reply.

The highest tier wins and every rule that fired is reported. Day windows only ever lower expected local
findings; they are written as rules, never hidden in code.
"""

from __future__ import annotations

from dataclasses import dataclass

from followup.triage.engine.decision import Context, Tier
from followup.triage.engine.modifiers import PRESENT_LIKE, Fact
from followup.triage.engine.ruleset import Rule, Ruleset


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that fired and the fact it fired on."""

    rule: Rule
    fact: Fact


def hits_of(facts: list[Fact], context: Context, ruleset: Ruleset) -> list[Hit]:
    """Return every rule that fires, each with the fact that made it fire."""
    present = {key for fact in facts if fact.status in PRESENT_LIKE for key in keys(fact)}
    everything = {f"{key}:{fact.status}" for fact in facts for key in keys(fact)}
    return [
        Hit(rule, fact)
        for fact in facts
        for key in keys(fact)
        for rule in ruleset.by_name.get(key, ())
        if _holds(rule, fact, context) and _company(rule, fact, facts, names=present | everything)
    ]


def keys(fact: Fact) -> tuple[str, ...]:
    """Return the names a rule may use for a fact: the finding's own and its concept's."""
    concept = fact.finding.concept
    return (fact.name,) if concept == fact.name else (fact.name, concept)


def _holds(rule: Rule, fact: Fact, context: Context) -> bool:
    if fact.status not in rule.status:
        return False
    conditions = (
        (rule.grade, fact.grade or "plain"),
        (rule.trend, fact.trend or "plain"),
        (rule.questions, context.question_kind.value),
    )
    if any(wanted and value not in wanted for wanted, value in conditions):
        return False
    if rule.days:
        # An unknown day is read as the most dangerous one: a window that lowers a tier needs a known day.
        if context.day is None:
            return rule.tier not in {Tier.ROUTINE, Tier.UNCLEAR}
        return rule.days[0] <= context.day <= rule.days[1]
    return True


def _company(rule: Rule, fact: Fact, facts: list[Fact], *, names: set[str]) -> bool:
    if rule.together and not _beside(rule.together, fact, facts):
        return False
    if not names.isdisjoint(rule.without):
        return False
    return not (rule.alone and _has_other(fact, facts))


def _beside(names: tuple[str, ...], fact: Fact, facts: list[Fact]) -> bool:
    """Say whether another present fact has one of these names (a fact does not accompany itself)."""
    own = set(keys(fact))
    return any(
        other.status in PRESENT_LIKE
        and not own.intersection(keys(other))
        and set(names).intersection(keys(other))
        for other in facts
    )


def _has_other(fact: Fact, facts: list[Fact]) -> bool:
    return any(
        other is not fact
        and other.status in PRESENT_LIKE
        and not other.finding.benign
        and other.name != fact.name
        for other in facts
    )
