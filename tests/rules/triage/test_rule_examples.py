"""Every rule carries sentences that must and must not make it fire; each is a test."""

from __future__ import annotations

from typing import Any

import pytest

from followup.triage.engine import Context, QuestionKind, Tier
from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.judging import hits_of
from followup.triage.engine.understanding import understand

RULES = rulesets.default().rules


def fires(rule_id: str, example: dict[str, Any]) -> bool:
    """Say whether the rule fires on the example."""
    rules = rulesets.default()
    context = Context(
        day=example.get("day", 3),
        question_kind=QuestionKind(example.get("question_kind", "none")),
        question_text=example.get("question_text", ""),
    )
    understood = understand(example["text"], context, rules)
    return any(hit.rule.id == rule_id for hit in hits_of(understood.facts, context, rules))


@pytest.mark.parametrize(
    ("rule_id", "example"),
    [(rule.id, item) for rule in RULES for item in rule.match],
    ids=lambda part: str(part)[:60],
)
def test_a_rule_fires_on_its_own_example(rule_id: str, example: dict[str, Any]) -> None:
    assert fires(rule_id, example)


@pytest.mark.parametrize(
    ("rule_id", "example"),
    [(rule.id, item) for rule in RULES for item in rule.no_match],
    ids=lambda part: str(part)[:60],
)
def test_a_rule_stays_silent_on_its_counterexample(rule_id: str, example: dict[str, Any]) -> None:
    assert not fires(rule_id, example)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_why_and_on_whose_word_and_shows_both_kinds_of_example(rule: rulesets.Rule) -> None:
    assert rule.reason.endswith(".")
    assert rule.source
    assert rule.match
    assert rule.no_match


def test_rule_names_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_every_name_a_rule_uses_exists_in_the_lexicon_or_among_the_values() -> None:
    rules = rulesets.default()
    values = {
        "score_severe",
        "score_moderate",
        "score_low",
        "temp_high_fever",
        "temp_fever",
        "temp_near_fever",
    }
    values |= {"temp_normal", "temp_low", "temp_implausible", "answer_worse", "answer_same", "answer_better"}
    values |= {"exercises_count", "not_ok"}
    known = set(rules.lexicon.findings) | {f.concept for f in rules.lexicon.findings.values()} | values
    used = {name.split(":")[0] for rule in RULES for name in (*rule.any_of, *rule.together, *rule.without)}
    assert used <= known


def test_no_rule_that_lowers_a_day_window_touches_a_grave_finding() -> None:
    """Day windows may only lower expected local findings."""
    local = {"redness", "swelling", "soreness", "stiffness", "bruising", "fatigue", "pain"}
    for rule in RULES:
        if rule.days is not None and rule.tier in {Tier.ROUTINE, Tier.UNCLEAR}:
            assert set(rule.any_of) <= local, rule.id
