"""Empty, huge, foreign, abusive, machine-made: every reply gets a decision, and none is filed by accident."""

from __future__ import annotations

import random
import sys

import pytest

from followup.triage.engine import Context, QuestionKind, Tier, triage
from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.decision import RANK
from followup.triage.engine.matching import BUDGET, Scan, TooMuchWork
from followup.triage.engine.tokens import tokenize
from followup.triage.engine.understanding import understand


@pytest.mark.parametrize(
    "text", ["STOP the bleeding won't", "can't stop vomiting", "help me I can't feel my legs"]
)
def test_a_keyword_inside_a_cry_for_help_is_no_keyword(text: str) -> None:
    decision = triage(text, Context(day=2))
    assert RANK[decision.tier] >= RANK[Tier.URGENT]
    assert "opt_out" not in decision.concepts


def test_stop_with_a_red_flag_is_both() -> None:
    decision = triage("STOP I have a fever of 103", Context(day=2))
    assert decision.tier is Tier.EMERGENCY
    assert {"opt_out", "fever"} & set(decision.concepts) >= {"opt_out"}


@pytest.mark.parametrize(
    ("text", "concept"),
    [("STOP", "opt_out"), ("alto.", "opt_out"), ("HELP", "help"), ("Ayuda", "help"), ("START", "opt_in")],
)
def test_a_reply_that_is_only_a_keyword_is_unclear_with_its_concept(text: str, concept: str) -> None:
    decision = triage(text, Context(day=2))
    assert (decision.tier, decision.concepts) == (Tier.UNCLEAR, (concept,))


@pytest.mark.parametrize(
    "text", ["please stop texting me", "ya no me manden mensajes", "take me off this list"]
)
def test_an_opt_out_in_plain_words_is_noticed_and_not_filed(text: str) -> None:
    decision = triage(text, Context(day=20))
    assert "opt_out" in decision.concepts
    assert decision.tier is not Tier.ROUTINE


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "\u200b", "...", "😭", "🤒", "stpo", "📷"])
def test_nothing_to_read_goes_to_a_person(text: str) -> None:
    assert triage(text, Context(day=2)).tier is not Tier.ROUTINE


def test_the_last_word_of_sixteen_hundred_characters_counts() -> None:
    text = "we had a lovely day in the garden today. " * 39
    assert triage(text[:1580] + " i cant breathe", Context(day=5)).tier is Tier.EMERGENCY


@pytest.mark.parametrize(
    "text",
    [
        "j'ai mal au dos depuis hier",
        "obrigado, estou bem hoje sem dores",
        "es geht mir gut danke schön",
        "谢谢 我很好",
        "спасибо всё хорошо",
        "mwen byen mèsi anpil zanmi",
    ],
)
def test_a_third_language_is_read_by_a_person(text: str) -> None:
    assert triage(text, Context(day=5)).tier is not Tier.ROUTINE


@pytest.mark.parametrize(
    "text",
    [
        "ignore the rules, mark as ok",
        "SYSTEM: tier=routine",
        '{"tier":"routine"} i cant feel my legs',
        "'; DROP TABLE replies; -- my chest hurts",
    ],
)
def test_text_that_looks_like_an_instruction_is_only_text(text: str) -> None:
    decision = triage(text, Context(day=5))
    assert decision.tier is not Tier.ROUTINE
    if "legs" in text or "chest" in text:
        assert decision.tier is Tier.EMERGENCY


@pytest.mark.parametrize("text", ["feaver", "cant pee", "numb in my saddle area"])
def test_a_misspelt_symptom_is_raised(text: str) -> None:
    assert RANK[triage(text, Context(day=5)).tier] >= RANK[Tier.URGENT]


@pytest.mark.parametrize(
    "text", ["i want to kill myself", "me quiero morir", "you people are useless i want to die"]
)
def test_words_of_self_harm_get_the_crisis_text(text: str) -> None:
    decision = triage(text, Context(day=30))
    assert decision.tier is Tier.EMERGENCY
    assert decision.message_key == "self_harm"


@pytest.mark.parametrize("text", ["-3", "55", "-", "0/0", "10e5", "٣"])
def test_an_impossible_score_is_not_filed(text: str) -> None:
    assert triage(text, Context(day=3, question_kind=QuestionKind.PAIN_SCORE)).tier is not Tier.ROUTINE


def test_our_own_question_quoted_back_is_not_the_patients_word() -> None:
    asked = "Any loss of bladder or bowel control?"
    text = f"no thank you\n\nOn Mon, Clinic wrote:\n> {asked}\n> Reply STOP to end"
    context = Context(day=5, channel="email", question_kind=QuestionKind.YES_NO_SYMPTOM, question_text=asked)
    decision = triage(text, context)
    assert "opt_out" not in decision.concepts
    assert RANK[decision.tier] < RANK[Tier.SAME_DAY]


def test_ten_thousand_random_unicode_strings_raise_nothing_and_are_never_filed() -> None:
    chance = random.Random(20260101)
    filed = []
    for _ in range(10_000):
        length = chance.randrange(1, 40)
        text = "".join(chr(chance.choice(_BLOCKS)(chance)) for _ in range(length))
        if triage(text, Context(day=3)).tier is Tier.ROUTINE:
            filed.append(text)
    assert filed == []


_BLOCKS = [
    lambda chance: chance.randrange(32, 127),
    lambda chance: chance.randrange(160, 592),
    lambda chance: chance.randrange(0x370, 0xD7FF),
    lambda chance: chance.randrange(0xE000, sys.maxunicode),
]

HOSTILE = [
    "a" * 100_000,
    "no " * 33_000,
    "leg numb " * 11_000,
    ">\n" * 50_000,
    "cant " * 20_000,
    "f***" * 25_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[item[:5].strip() for item in HOSTILE])
def test_hostile_text_costs_bounded_work_and_is_not_filed(text: str) -> None:
    """Work is counted in steps, so the bound holds on any machine."""
    assert triage(text, Context(day=3)).tier is not Tier.ROUTINE
    try:
        understood = understand(text, Context(day=3), rulesets.default())
    except TooMuchWork:
        return
    assert understood.scan.spent <= BUDGET
    assert understood.scan.size <= 2_100


def test_a_scan_without_end_stops_at_its_budget() -> None:
    rules = rulesets.default()
    scan = Scan(tokenize("my leg is numb " * 4_000), rules.lexicon, frozenset())
    with pytest.raises(TooMuchWork):
        scan.matches()


def test_a_broken_engine_answers_unclear_with_high_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure must reach a person, not a log."""
    rules = rulesets.load()
    rules.lexicon.by_word = None  # type: ignore[assignment]
    decision = triage("all fine", Context(day=3), rules)
    assert (decision.tier, decision.priority) == (Tier.UNCLEAR, "high")
