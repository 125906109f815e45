"""A reply is assessed once, with its question and all that is known; whatever fails, a person reads it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from followup.enrollment.states import TouchpointState
from followup.errors import ForbiddenState
from followup.replies.models import Reply
from followup.replies.states import ReplyState
from followup.triage.assess import assess
from followup.triage.engine import Tier
from followup.triage.models import Assessment


def assessed(clinic, **engine):
    """Assess the newest reply; returns the reply, the assessment and the decision."""
    reply_id = clinic.replies[-1].id
    with clinic.session() as session:
        reply = session.get(Reply, reply_id, with_for_update=True)
        assessment, decision = assess(session, reply, now=clinic.now, **engine)
        return reply, assessment, decision


def asked(clinic, key: str) -> None:
    """Let time pass until the step's text is with the patient, and a minute more."""
    clinic.goes_on(clinic.touchpoint(key).due_at)
    clinic.now += timedelta(minutes=1)


def test_a_warning_sign_is_urgent_with_its_evidence(clinic):
    enrolled = clinic.enroll()
    clinic.text("my leg feels weaker since last night")
    reply, assessment, decision = assessed(clinic)
    assert decision.tier in (Tier.URGENT, Tier.EMERGENCY)
    assert (assessment.tier, assessment.patient_id) == (decision.tier.value, enrolled.patient_id)
    assert (assessment.assessed_by, assessment.ruleset) == ("engine", decision.ruleset)
    assert assessment.decision == decision.as_dict()
    assert reply.state is ReplyState.assessed


def test_an_answer_is_bound_to_its_question_and_closes_the_check_in(clinic):
    clinic.enroll()
    asked(clinic, "day-2-marrow")
    clinic.text("3")
    reply, _, decision = assessed(clinic)
    touchpoint = clinic.touchpoint("day-2-marrow")
    assert reply.touchpoint_id == touchpoint.id
    assert [answer["value"] for answer in reply.answers] == [3]
    assert reply.answers[0]["day"] == 2
    assert decision.tier is Tier.ROUTINE
    assert reply.state is ReplyState.filed


def test_b84_last_weeks_question_does_not_make_todays_score(clinic):
    clinic.enroll()
    asked(clinic, "day-2-marrow")
    clinic.now += timedelta(days=6, hours=3)
    clinic.text("9")
    reply, _, decision = assessed(clinic)
    assert reply.answers is None
    assert reply.touchpoint_id == clinic.touchpoint("day-2-marrow").id
    assert decision.tier is not Tier.ROUTINE


def test_a_second_answer_to_the_same_question_is_read_as_one_too(clinic):
    clinic.enroll()
    asked(clinic, "day-2-marrow")
    clinic.text("3")
    assessed(clinic)
    clinic.now += timedelta(minutes=30)
    clinic.text("8")
    reply, _, decision = assessed(clinic)
    assert reply.answers[0]["value"] == 8
    assert decision.tier is not Tier.ROUTINE


def test_b83_a_text_split_in_two_is_judged_together(clinic):
    clinic.enroll()
    clinic.text("since this morning I can't feel")
    clinic.now += timedelta(minutes=1)
    clinic.text("my left foot")
    _, _, decision = assessed(clinic)
    assert decision.tier in (Tier.URGENT, Tier.EMERGENCY)


def test_a_text_after_the_pathway_ended_is_assessed_like_any_other(clinic):
    from sqlalchemy import text

    clinic.enroll()
    with clinic.session() as session:
        session.execute(text("UPDATE enrollment SET state = 'completed'"))
    clinic.text("I have chest pain and can't breathe")
    _, _, decision = assessed(clinic)
    assert decision.tier is Tier.EMERGENCY


def test_b93_after_stop_a_symptom_is_assessed_all_the_same(clinic):
    clinic.enroll()
    clinic.text("STOP")
    clinic.text("I can't pee and my groin is numb")
    _, _, decision = assessed(clinic)
    assert decision.tier is Tier.EMERGENCY


def test_a_strangers_warning_sign_is_assessed_without_a_patient(clinic):
    clinic.text("my chest hurts and I can't breathe", "+14155550150")
    _, assessment, decision = assessed(clinic)
    assert (assessment.patient_id, decision.tier) == (None, Tier.EMERGENCY)


def test_b97_a_picture_nobody_has_seen_is_for_a_person(clinic):
    clinic.enroll()
    asked(clinic, "day-2-marrow")
    clinic.text("2", NumMedia="1")
    reply, _, decision = assessed(clinic)
    assert (decision.tier, decision.priority, reply.state) == (Tier.UNCLEAR, "low", ReplyState.in_review)


def test_an_engine_that_fails_leaves_the_reply_to_a_person(clinic):
    def broken(*_):
        raise RecursionError

    clinic.enroll()
    clinic.text("3")
    reply, assessment, _ = assessed(clinic, engine=broken)
    assert (assessment.tier, assessment.priority) == ("unclear", "high")
    assert reply.state is ReplyState.in_review


def test_a_reply_is_assessed_once(clinic):
    clinic.enroll()
    clinic.text("3")
    assessed(clinic)
    with pytest.raises(ForbiddenState):
        assessed(clinic)
    assert len(clinic.all(Assessment)) == 1


@pytest.mark.parametrize("words", ["HELP", "stop."])
def test_a_wish_alone_is_no_answer_to_the_check_in(clinic, words):
    clinic.enroll()
    asked(clinic, "day-2-marrow")
    clinic.text(words)
    assessed(clinic)
    assert clinic.touchpoint("day-2-marrow").state is TouchpointState.dispatched


def test_a_high_score_closes_the_check_in_although_more_would_have_been_asked(clinic):
    clinic.enroll()
    asked(clinic, "day-2-marrow")
    clinic.text("10, nothing helps")
    _, _, decision = assessed(clinic)
    assert decision.tier in (Tier.URGENT, Tier.EMERGENCY)
    assert clinic.touchpoint("day-2-marrow").state is TouchpointState.answered
