"""Sentences on which simple readers fail, each with the tier it must get.

A tier below the expected one is a danger and fails. A tier above it is an over-alert: allowed only for the
few rows named in ``OVER_ALERTS``, so that a new one is noticed.
"""

from __future__ import annotations

import pytest

from followup.triage.engine import Context, QuestionKind, Tier, triage
from followup.triage.engine.decision import RANK

E, U, S, R, X = Tier.EMERGENCY, Tier.URGENT, Tier.SAME_DAY, Tier.ROUTINE, Tier.UNCLEAR
PITFALLS = [
    (1, 2, "no fever but my legs feel weak", U),
    (2, 6, "my husband has a fever", X),
    (3, 2, "is it normal to have a headache?", S),
    (4, 2, "pain was 9 yesterday now 3", R),
    (5, 4, "Yesterday pain 3, today 9", U),
    (6, 9, "not getting better", S),
    (7, 3, "can't feel my feet lol jk", U),
    (8, 4, "100.2", X),
    (9, 2, "I can't pee", E),
    (10, 5, "STOP hurting", X),
    (11, 3, "dnt feel my left leg", E),
    (12, 3, "fiebre no, pero no puedo orinar", E),
    (13, 3, "No, tengo fiebre", U),
    (14, 3, "no tengo fiebre", R),
    (15, 4, "No. Chills all night", U),
    (16, 2, "never had pain like this before", U),
    (17, 3, "no relief from the meds", U),
    (18, 3, "nothing helps the pain", U),
    (19, 5, "couldn't be better", R),
    (20, 5, "can't complain", R),
    (21, 4, "can't stop shaking", U),
    (22, 3, "I can't feel any pain", R),
    (23, 3, "no feeling in my foot", E),
    (24, 5, "not numb anymore", R),
    (25, 5, "not only numb but weak too", U),
    (26, 6, "no doubt its infected", U),
    (27, 4, "no worse than yesterday", R),
    (28, 4, "had a fever of 102 last night, fine now", S),
    (29, 3, "my back is on fire", S),
    (30, 3, "im burning up", U),
    (31, 5, "see you next weak", X),
    (32, 3, "blood pressure 150/90", S),
    (33, 2, "the pain is killing me", U),
    (34, 6, "if this doesn't stop im gonna end it", E),
    (35, 3, "me muero del dolor", U),
    (36, 2, "texting for my dad, he can't walk", E),
    (37, 4, "he has a fever since last night", U),
    (38, 3, "my mom had a stroke years ago", R),
    (39, 3, "temp 38,4", U),
    (40, 3, "my temp is 1012", X),
    (41, 2, "pain 11/10", U),
    (42, 3, "pain is an eight", U),
    (43, 3, "still 8 but better than yesterday", U),
    (44, 4, "0 fever 0 numbness", R),
    (45, 6, "fever no, numbness yes", U),
    (46, 4, "swelling? none. redness? none. fever? yes 101", U),
    (47, 3, "I have a favor of 102", U),
    (48, 3, "whats ur number", R),
    (49, 3, "can we push my appointment", R),
    (50, 3, "no me siento bien", S),
    (51, 3, "sin fuerza en las piernas", U),
    (52, 3, "llevo el dia sin poder caminar", E),
    (53, 3, "ya no aguanto", U),
    (54, 4, "ya no puedo caminar", E),
    (55, 4, "ya no tengo fiebre", R),
    (56, 4, "no me baja la fiebre", U),
    (57, 4, "tengo 2 anos de casado", X),
    (58, 4, "estoy constipada", S),
    (59, 0, "me pica la garganta y no puedo tragar", E),
    (60, 3, "me da pena molestar pero tengo fiebre", U),
    (61, 2, "thanks so much! also I can't move my toes", E),
    (62, 3, "Great, just great. Now I can't walk", E),
    (63, 3, "i cant f***ing walk", E),
    (64, 3, "cantbreathe", E),
    (65, 3, "I can’t breathe", E),
    (66, 3, "I fell down the stairs last night", U),
    (67, 5, "doctor said no infection", R),
    (68, 2, "if I get a fever I'll call", R),
    (69, 2, "what if my legs go numb?", R),
    (70, 2, "pain is off the charts", U),
    (71, 2, "this pain is no joke", U),
    (72, 3, "I don't think I have a fever", X),
    (73, 3, "haven't checked my temp but I feel hot", U),
    (74, 5, "calf raises felt good", R),
    (75, 2, "only hurts when I laugh", R),
    (76, 1, "numbing medicine was great", R),
    (77, 7, "I want it all to end", E),
    (78, 3, "Can I take ibuprofen with my blood thinner?", S),
    (79, 6, "feeling lost", X),
    (80, 6, "went to the ER, they said infection", U),
    (81, 4, "everything ok except i leak when i cough", E),
    (82, 3, "ok", R),
    (83, 2, "😭😭😭", X),
]
#: Rows whose decision is higher than asked for: too many alerts, never too few.
OVER_ALERTS: set[int] = {38, 75}

QUESTIONS = [
    (1, QuestionKind.PAIN_SCORE, "Pain 0-10?", "10", U),
    (2, QuestionKind.EXERCISES, "How many of the 10 exercises did you do?", "10", R),
    (3, QuestionKind.PAIN_SCORE, "Pain 0-10?", "7-8", U),
    (4, QuestionKind.PAIN_SCORE, "Pain 0-10?", "it was a 9 but the pill got it to 3", R),
    (5, QuestionKind.PAIN_SCORE, "Pain 0-10?", "2 but my foot is numb", U),
    (6, QuestionKind.TEMPERATURE, "Temperature?", "100.2", S),
    (7, QuestionKind.TEMPERATURE, "Temperature?", "98", R),
    (8, QuestionKind.TEMPERATURE, "Temperature?", "38", U),
    (9, QuestionKind.YES_NO_SYMPTOM, "Any fever? Y/N", "N", R),
    (10, QuestionKind.YES_NO_SYMPTOM, "Any fever? Y/N", "no but chills", U),
    (11, QuestionKind.YES_NO_SYMPTOM, "Any fever? Y/N", "yes", U),
    (12, QuestionKind.YES_NO_OK, "Can you pass urine normally? Y/N", "no", E),
    (13, QuestionKind.YES_NO_SYMPTOM, "Any new numbness, weakness or fever? Y/N", "yes", U),
    (14, QuestionKind.TREND, "Better, same or worse?", "worse", S),
    (15, QuestionKind.TREND, "Better, same or worse?", "same", R),
    (16, QuestionKind.YES_NO_OK, "Are you OK?", "no", X),
    (18, QuestionKind.YES_NO_OK, "Are you able to walk around the house?", "👍", R),
    (20, QuestionKind.NONE, "", "7", X),
]
OVER_ALERTED_ANSWERS: set[int] = {4}


@pytest.mark.parametrize(
    ("number", "day", "text", "expected"), PITFALLS, ids=[f"P{row[0]}" for row in PITFALLS]
)
def test_a_pitfall_gets_the_tier_it_must_get(number: int, day: int, text: str, expected: Tier) -> None:
    """Never lower than expected; higher only where the table says so."""
    decided = triage(text, Context(day=day)).tier
    assert RANK[decided] >= RANK[expected]
    if number not in OVER_ALERTS:
        assert decided is expected


@pytest.mark.parametrize(
    ("number", "kind", "question", "text", "expected"), QUESTIONS, ids=[f"Q{q[0]}" for q in QUESTIONS]
)
def test_an_answer_is_read_by_its_question(
    number: int, kind: QuestionKind, question: str, text: str, expected: Tier
) -> None:
    """The question carries the polarity."""
    context = Context(day=3, question_kind=kind, question_text=question)
    decided = triage(text, context).tier
    assert RANK[decided] >= RANK[expected]
    if number not in OVER_ALERTED_ANSWERS:
        assert decided is expected


def test_an_ok_while_an_escalation_is_open_is_filed_and_closes_nothing() -> None:
    """Q17: the decision is about the text; closing is a clinician's act."""
    decision = triage("ok thx", Context(day=3, open_escalation=True))
    assert decision.tier is R


def test_stop_alone_is_an_opt_out_that_a_person_sees() -> None:
    """Q19: the whole reply is the carrier keyword."""
    decision = triage("STOP", Context(day=3))
    assert decision.tier is X
    assert decision.concepts == ("opt_out",)


def test_an_unanswered_doubt_about_the_person_is_read_soon() -> None:
    """P2 and P72 go to a person within the half hour."""
    assert triage("my husband has a fever", Context(day=6)).priority == "high"
    assert triage("I don't think I have a fever", Context(day=3)).priority == "high"
