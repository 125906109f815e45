"""What is known about the patient may raise a tier, never lower one."""

from __future__ import annotations

import pytest

from followup.triage.engine import Context, QuestionKind, Tier, triage
from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.decision import RANK


def test_fragments_sent_within_minutes_are_judged_joined() -> None:
    alone = triage("my left leg", Context(day=3))
    joined = triage("my left leg", Context(day=3, earlier_texts=("i cant feel",)))
    assert joined.tier is Tier.EMERGENCY
    assert RANK[joined.tier] > RANK[alone.tier]


def test_a_joined_reading_never_lowers_what_the_last_text_says() -> None:
    decision = triage("i cant breathe", Context(day=3, earlier_texts=("all good", "thanks")))
    assert decision.tier is Tier.EMERGENCY


def test_a_score_that_follows_another_within_minutes_is_its_own_answer() -> None:
    asked = Context(day=3, question_kind=QuestionKind.PAIN_SCORE, earlier_texts=("6",))
    decision = triage("4", asked)
    assert decision.tier is Tier.SAME_DAY  # the 6 has not become untrue
    assert [each.value for each in decision.answers] == [4]


def test_a_second_same_day_finding_becomes_urgent() -> None:
    text, asked = "5", QuestionKind.PAIN_SCORE
    assert triage(text, Context(day=3, question_kind=asked)).tier is Tier.SAME_DAY
    assert triage(text, Context(day=3, question_kind=asked, same_day_findings=1)).tier is Tier.URGENT


def test_a_score_that_climbs_over_days_is_not_filed() -> None:
    rising = Context(day=8, question_kind=QuestionKind.PAIN_SCORE, earlier_values=((3, "pain_score", 1.0),))
    assert RANK[triage("4", rising).tier] >= RANK[Tier.SAME_DAY]


def test_the_same_as_a_bad_day_is_not_filed() -> None:
    context = Context(day=6, question_kind=QuestionKind.TREND, earlier_values=((5, "pain_score", 6.0),))
    assert RANK[triage("same", context).tier] >= RANK[Tier.SAME_DAY]


def test_a_symptom_known_from_before_is_still_shown_to_a_person() -> None:
    decision = triage("my usual numb toes", Context(day=3, baseline_symptoms=("numb toes",)))
    assert decision.tier is not Tier.ROUTINE


def test_a_day_that_is_not_known_never_helps_to_file_redness() -> None:
    assert triage("still red and swollen at the site", Context()).tier is not Tier.ROUTINE


@pytest.mark.parametrize("question", list(QuestionKind))
def test_an_emergency_is_an_emergency_after_every_question(question: QuestionKind) -> None:
    context = Context(day=3, question_kind=question, question_text="Any fever?")
    assert triage("i cant feel my legs and i wet myself", context).tier is Tier.EMERGENCY


def test_a_clinic_may_only_grow_more_cautious() -> None:
    assert rulesets.load(thresholds={"fever_f": 100.0}).threshold("fever_f") == 100.0
    with pytest.raises(ValueError, match="caution"):
        rulesets.load(thresholds={"fever_f": 101.5})
    with pytest.raises(ValueError, match="no threshold"):
        rulesets.load(thresholds={"mood": 1.0})


def test_a_changed_threshold_changes_the_name_of_the_ruleset() -> None:
    assert rulesets.load(thresholds={"severe_pain": 7.0}).digest != rulesets.load().digest
