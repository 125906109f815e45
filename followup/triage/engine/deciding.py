"""The decision itself: two readers, one answer, and never silence.

The rules find warnings and may raise; the learned reader may raise, veto filing, or let an unclear text without any
finding be filed. Filing takes both. Any failure, and any text that costs too much to read, is unclear with high
priority: a person reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.decision import (
    RANK,
    Context,
    Decision,
    Evidence,
    Tier,
    message_for,
)
from followup.triage.engine.features import features
from followup.triage.engine.filing import Filing, may_file
from followup.triage.engine.gate import keyword, opens_with_opt_out
from followup.triage.engine.judging import Hit, hits_of
from followup.triage.engine.modifiers import PRESENT_LIKE
from followup.triage.engine.reader import Reading
from followup.triage.engine.ruleset import Ruleset
from followup.triage.engine.tokens import tokenize
from followup.triage.engine.understanding import Understood, understand

_PRIORITY = {Tier.EMERGENCY: "high", Tier.URGENT: "high", Tier.SAME_DAY: "normal", Tier.ROUTINE: "low"}
_ALERTS = (Tier.EMERGENCY, Tier.URGENT, Tier.SAME_DAY)


@dataclass(slots=True)
class Judged:
    """One text with everything both readers said about it (what ``explain`` shows)."""

    understood: Understood
    hits: list[Hit]
    reading: Reading | None
    filing: Filing
    tier: Tier
    priority: str
    raised_by_reader: bool = False


def triage(text: str, context: Context, ruleset: Ruleset | None = None) -> Decision:
    """Decide how fast a person must look at ``text``; never raises.

    Texts sent within minutes before (``context.earlier_texts``) are judged alone and joined; the higher tier wins.
    A failure of any kind is tier unclear with priority high.
    """
    digest = ruleset.digest if ruleset is not None else ""
    try:
        rules = ruleset if ruleset is not None else rulesets.default()
        digest = rules.digest
        alone = _decide(text, context, rules)
        if not context.earlier_texts:
            return alone
        before = "\n".join(context.earlier_texts[-6:]) + "\n"
        joined = _decide(before + text, context, rules)
        return _higher(alone, _shifted(joined, len(before)))
    except Exception:  # noqa: BLE001 - a reply that breaks the engine must reach a person, not a log
        return Decision(Tier.UNCLEAR, "high", message_key="unclear", ruleset=digest)


def _higher(alone: Decision, joined: Decision) -> Decision:
    if RANK[joined.tier] > RANK[alone.tier]:
        concepts = tuple(dict.fromkeys(alone.concepts + joined.concepts))
        # What this text itself answers stays its answer: "6" and then "4" is two scores, not 6 twice.
        answers = alone.answers or joined.answers
        return replace(
            joined, concepts=concepts, answers=answers, message_key=message_for(joined.tier, concepts)
        )
    return alone


def _shifted(decision: Decision, by: int) -> Decision:
    """Move offsets from the joined texts to the last one; what stands in an earlier text keeps only its words."""
    moved = tuple(
        replace(item, start=max(item.start - by, 0), end=max(item.end - by, 0)) for item in decision.evidence
    )
    return replace(decision, evidence=moved)


def judge(text: str, context: Context, rules: Ruleset, *, reasons: bool = False) -> Judged:
    """Read and judge one text with both readers; may raise (``triage`` turns that into unclear)."""
    understood = understand(text, context, rules)
    hits = hits_of(understood.facts, context, rules)
    reading = None
    if rules.model is not None:
        groups = features(understood.scan, understood.facts, understood.bound, context)
        reading = rules.model.read(groups, reasons=reasons)
    filing = may_file(text, understood, hits, reading=reading, context=context, rules=rules)
    found = _highest(hits)
    settled = found is None and (filing.allowed or _told_to_ask(understood, hits))
    tier, raised = (found, False) if settled else _raise(found, reading, rules)
    tier = _joking(tier, understood)
    tier = _context_raise(tier, understood, context)
    if tier is None:
        tier = Tier.ROUTINE if filing.allowed else Tier.UNCLEAR
    priority = _PRIORITY.get(tier) or ("high" if filing.worrying else "low")
    return Judged(understood, hits, reading, filing, tier, priority, raised)


def _told_to_ask(understood: Understood, hits: list[Hit]) -> bool:
    """Say whether a rule already sends these very few words to a person at once, with nothing else to read."""
    return understood.positions <= 4 and any(hit.rule.tier is Tier.UNCLEAR for hit in hits)


def _joking(tier: Tier | None, understood: Understood) -> Tier | None:
    """A joke marker may lower an emergency to urgent, never further, and never where life or self-harm is meant."""
    if tier is not Tier.EMERGENCY or not understood.scan.places.get("joke"):
        return tier
    named = {fact.finding.concept for fact in understood.facts if fact.status in PRESENT_LIKE}
    return Tier.URGENT if named and named <= _JOKABLE else tier


_JOKABLE = frozenset({"numbness", "weakness", "pain", "soreness", "severe_pain", "pain_score"})


def _highest(hits: list[Hit]) -> Tier | None:
    tiers = [hit.rule.tier for hit in hits if hit.rule.tier in _ALERTS]
    return max(tiers, key=lambda tier: RANK[tier]) if tiers else None


def _raise(found: Tier | None, reading: Reading | None, rules: Ruleset) -> tuple[Tier | None, bool]:
    """Let the learned reader lift the tier the rules found; it has no way to lower it."""
    if reading is None or rules.model is None:
        return found, False
    limits = rules.model.thresholds
    suffix = "_over" if found is not None else ""
    for tier in _ALERTS:
        if found is not None and RANK[found] >= RANK[tier]:
            break
        if reading.at_least(tier) >= limits.get(tier.value + suffix, limits[tier.value]):
            return tier, True
    return found, False


def _context_raise(tier: Tier | None, understood: Understood, context: Context) -> Tier | None:
    """Raise by what is known from before: repeated findings, a score that climbs over days."""
    if tier is Tier.SAME_DAY and context.same_day_findings >= 1:
        return Tier.URGENT
    if tier in {None, Tier.SAME_DAY}:
        for answer in understood.bound:
            if answer.kind == "pain_score" and _climbing(float(answer.value), context):
                return Tier.URGENT if tier is Tier.SAME_DAY else Tier.SAME_DAY
    same = any(answer.kind == "trend" and answer.value == "same" for answer in understood.bound)
    scores = [value for _, kind, value in context.earlier_values if kind == "pain_score"]
    if tier is None and same and scores and scores[-1] >= 5:
        return Tier.SAME_DAY
    return tier


def _climbing(value: float, context: Context) -> bool:
    scores = [value for _, kind, value in sorted(context.earlier_values) if kind == "pain_score"]
    late = context.day is None or context.day >= 5
    return bool(scores) and late and value >= min(scores[-3:]) + 3


def _decide(text: str, context: Context, rules: Ruleset) -> Decision:
    plain = tokenize(text[:80]).plain if len(text) < 2000 else []
    word = keyword(plain) if len(text) <= 80 else ""
    if word:
        high = word == "help" or context.open_escalation
        return Decision(
            Tier.UNCLEAR, "high" if high else "low", (word,), message_key="unclear", ruleset=rules.digest
        )
    decision = decision_of(judge(text, context, rules), rules)
    if opens_with_opt_out(text, plain) and "opt_out" not in decision.concepts:
        tier = Tier.UNCLEAR if decision.tier is Tier.ROUTINE else decision.tier
        decision = replace(decision, tier=tier, concepts=("opt_out", *decision.concepts))
        decision = replace(decision, message_key=message_for(tier, decision.concepts))
    return decision


def decision_of(judged: Judged, rules: Ruleset) -> Decision:
    """Return the public decision of a judged text."""
    understood = judged.understood
    concepts = _concepts(judged)
    return Decision(
        tier=judged.tier,
        priority=judged.priority,
        concepts=concepts,
        evidence=_evidence(judged),
        unexplained=judged.filing.unexplained,
        answers=tuple(answer for item in understood.bound for answer in item.answers()),
        message_key=message_for(judged.tier, concepts),
        ruleset=rules.digest,
    )


def _concepts(judged: Judged) -> tuple[str, ...]:
    found = [
        fact.finding.concept
        for fact in judged.understood.facts
        if (fact.status in PRESENT_LIKE or fact.status == "resolved") and not fact.finding.benign
    ]
    return tuple(dict.fromkeys(name for name in found if not name.startswith("answer_")))


def _evidence(judged: Judged) -> tuple[Evidence, ...]:
    tokens = judged.understood.scan.tokens
    rules: dict[int, list[str]] = {}
    for hit in judged.hits:
        rules.setdefault(id(hit.fact), []).append(hit.rule.id)
    items: list[Evidence] = []
    for fact in judged.understood.facts:
        if fact.last >= len(tokens.starts):
            continue
        quoted, start, end = tokens.quote(fact.first, fact.last)
        names = sorted(set(rules.get(id(fact), [])))
        items.append(Evidence(fact.finding.concept, fact.status, quoted, start, end, " ".join(names)))
    if judged.raised_by_reader:
        whole = tokens.text.strip()
        start = tokens.text.find(whole)
        items.append(Evidence("learned_reader", "present", whole, start, start + len(whole), "READER"))
    return tuple(items)
