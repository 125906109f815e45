"""Opt-out, opt-in, help and "wrong person" take effect in the transaction that stores the reply."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from followup.audit.models import Move
from followup.audit.record import Actor
from followup.enrollment.models import Enrollment
from followup.enrollment.states import TouchpointState
from followup.messaging.models import Message
from followup.messaging.states import MessageState, Purpose
from followup.patients.models import Consent, ContactPoint
from followup.patients.states import ConsentDecision, ContactState
from followup.replies.close_task import close_task
from followup.tasks.models import Task
from followup.tasks.states import TaskKind

INES = "+14155550101"


def confirmations(clinic) -> list[str]:
    return [each.text_key for each in clinic.all(Message, Message.purpose == Purpose.consent)]


@pytest.mark.parametrize("words", ["stop.", "STOP!!", "opt out", "no más", "please stop texting me", "basta"])
def test_b73_b74_an_opt_out_counts_at_once_and_is_confirmed_once(clinic, words):
    clinic.enroll()
    clinic.text(words)
    clinic.text(words)
    assert clinic.point.opted_out_at == clinic.now
    assert clinic.replies[0].opt == "opt_out"
    assert confirmations(clinic) == ["opt-out-confirmed"]
    consents = clinic.all(Consent, Consent.decision == ConsentDecision.revoked)
    assert [consent.how for consent in consents] == ["text"]
    assert words not in consents[0].wording


@pytest.mark.parametrize(
    ("words", "fields"), [("STOP", {}), ("stop", {}), ("arret", {"OptOutType": "STOP"}), ("END", {})]
)
def test_where_the_carrier_answers_we_do_not(clinic, words, fields):
    clinic.enroll()
    clinic.text(words, **fields)
    assert confirmations(clinic) == []


def test_a_clinic_whose_carrier_is_silent_confirms_by_itself(clinic):
    clinic.enroll()
    with clinic.session() as session:
        session.execute(text("UPDATE clinic SET settings = '{\"carrier_answers_keywords\": false}'"))
    clinic.text("STOP")
    assert confirmations(clinic) == ["opt-out-confirmed"]


def test_b76_an_opt_out_with_a_warning_sign_says_whom_to_call(clinic, rung):
    clinic.enroll()
    clinic.text("STOP I have a fever of 103")
    assert clinic.point.opted_out_at == clinic.now
    assert confirmations(clinic) == ["opt-out-red-flag"]
    [said] = clinic.all(Message, Message.purpose == Purpose.consent)
    assert "911" in said.body
    assert ("care.respond", (str(clinic.reply.id),)) in [(bell.name, bell.ids) for bell in rung]


@pytest.mark.parametrize("words", ["STOP the bleeding won't", "can't stop vomiting"])
def test_b75_a_symptom_is_no_opt_out(clinic, words):
    clinic.enroll()
    clinic.text(words)
    assert (clinic.point.opted_out_at, clinic.reply.opt) == (None, None)


def test_b77_a_misspelt_stop_is_left_to_a_person(clinic):
    clinic.enroll()
    clinic.text("stpo")
    assert (clinic.point.opted_out_at, clinic.reply.opt) == (None, None)


def test_what_was_queued_is_cancelled_with_its_reason(clinic):
    clinic.enroll()
    with clinic.session() as session:
        session.execute(text("UPDATE touchpoint SET look_at = due_at"))
    from followup.outreach.dispatch import dispatch_due

    dispatch_due(clinic.house.database, now=clinic.now)
    assert clinic.all(Message, Message.state == MessageState.queued)
    clinic.text("stop please")
    waiting = clinic.all(Message, Message.purpose != Purpose.consent)
    assert {each.state for each in waiting} == {MessageState.cancelled}
    assert {each.reason for each in waiting} == {"the patient asked us to stop writing here"}
    moves = clinic.all(Move, Move.thing == "message", Move.to_state == "cancelled")
    assert {move.thing_id for move in moves} == {each.id for each in waiting}


def test_planned_contacts_are_skipped_with_their_reason_when_their_turn_comes(clinic):
    clinic.enroll(email="")
    clinic.text("stop texting me")
    clinic.goes_on(clinic.now + timedelta(days=6))
    states = {each.state for each in clinic.all(type(clinic.touchpoint("day-4")))}
    assert TouchpointState.dispatched not in states


def test_an_opt_out_holds_for_everybody_at_that_phone(clinic):
    clinic.enroll("Ines Sample")
    clinic.enroll("Pedro Sample")
    clinic.text("stop texting us... I mean me, stop texting me")
    assert all(point.opted_out_at for point in clinic.all(ContactPoint))
    assert len(confirmations(clinic)) == 1


def test_everything_stops_mail_too(clinic):
    clinic.enroll(email="ines@mail.example")
    clinic.text("no more texts or emails")
    assert [point.opted_out_at for point in clinic.all(ContactPoint)] == [clinic.now] * 2


def test_a_stop_on_the_phone_leaves_mail_alone(clinic):
    clinic.enroll(email="ines@mail.example")
    clinic.text("STOP")
    by_channel = {point.channel.value: point.opted_out_at for point in clinic.all(ContactPoint)}
    assert by_channel == {"sms": clinic.now, "email": None}


@pytest.mark.parametrize("words", ["start again", "Unstop", "YES", "sí"])
def test_b78_an_opted_out_patient_may_come_back_and_the_consent_is_logged(clinic, words):
    clinic.enroll()
    clinic.text("STOP")
    clinic.text(words)
    assert clinic.point.opted_out_at is None
    assert clinic.replies[-1].opt == "opt_in"
    decisions = [consent.decision for consent in clinic.all(Consent, Consent.channel == "sms")]
    assert decisions == [ConsentDecision.granted, ConsentDecision.revoked, ConsentDecision.granted]


@pytest.mark.parametrize("words", ["START", "YES", "si"])
def test_b78_from_any_other_patient_these_are_answers(clinic, words):
    clinic.enroll()
    clinic.text(words)
    assert clinic.reply.opt is None
    assert len(clinic.all(Consent, Consent.channel == "sms")) == 1


def test_b79_help_is_information_and_names_the_numbers(clinic):
    clinic.enroll()
    clinic.text("HELP")
    [said] = clinic.all(Message, Message.text_key == "help")
    assert (said.purpose, said.language) == (Purpose.answer, "en")
    assert "415-555-0111" in said.body


def test_b79_the_carriers_own_help_is_not_doubled(clinic):
    clinic.enroll()
    clinic.text("HELP", OptOutType="HELP")
    assert clinic.said == []


@pytest.mark.parametrize("words", ["help me", "HELP I can't feel my legs"])
def test_b79_a_cry_for_help_is_no_request_for_information(clinic, words):
    clinic.enroll()
    clinic.text(words)
    assert (clinic.said, clinic.reply.opt) == ([], None)


def test_the_answer_is_in_the_patients_language(clinic):
    clinic.enroll(language="es")
    clinic.text("ayuda")
    [said] = clinic.all(Message, Message.text_key == "help")
    assert said.language == "es"


def test_somebody_else_at_the_number_stops_everything_to_it(clinic):
    clinic.enroll()
    clinic.text("you have the wrong number")
    assert clinic.point.state is ContactState.wrong_person
    assert clinic.said == []
    [task] = clinic.tasks
    assert (task.kind, task.subject_id, task.priority) == (TaskKind.wrong_person, clinic.point.id, "high")
    clinic.text("hello?")
    assert clinic.replies[-1].patient_id is None
    assert clinic.said == []


@pytest.mark.parametrize("words", ["who is this?", "wrong number but I can't breathe"])
def test_a_doubt_who_writes_holds_planned_texts_and_asks_a_person(clinic, words):
    clinic.enroll()
    clinic.text(words)
    assert clinic.point.state is ContactState.confirmed
    [enrollment] = clinic.all(Enrollment)
    assert enrollment.held_since == clinic.now
    assert [task.kind for task in clinic.tasks] == [TaskKind.wrong_person]


def test_what_may_be_an_opt_out_pauses_and_asks_a_person(clinic):
    clinic.enroll()
    clinic.text("enough")
    [enrollment] = clinic.all(Enrollment)
    assert enrollment.held_since == clinic.now
    assert [task.kind for task in clinic.tasks] == [TaskKind.consent]
    assert clinic.point.opted_out_at is None


def test_a_stranger_who_says_stop_is_heard_and_left_alone(clinic):
    clinic.text("STOP", "+14155550150")
    clinic.text("stop texting me", "+14155550150")
    assert len(clinic.replies) == 2
    assert clinic.said == []


@pytest.mark.parametrize("words", ["who is this?", "not interested"])
def test_a_closed_task_about_who_writes_lets_planned_texts_go_on(clinic, words):
    clinic.enroll()
    clinic.text(words)
    assert clinic.all(Enrollment)[0].held_since == clinic.now
    (task,) = clinic.all(Task)
    with clinic.session() as session:
        close_task(session, task.id, disposition="reached_fine", now=clinic.now, actor=Actor("system"))
    (released,) = clinic.all(Enrollment)
    assert (released.held_since, released.hold_reason) == (None, None)


def test_a_hold_for_an_open_case_is_not_released_with_a_task(clinic):
    clinic.enroll()
    clinic.text("who is this?")
    with clinic.session() as session:
        session.execute(text("UPDATE enrollment SET hold_reason = 'an open escalation'"))
    (task,) = clinic.all(Task)
    with clinic.session() as session:
        close_task(session, task.id, disposition="reached_fine", now=clinic.now, actor=Actor("system"))
    assert clinic.all(Enrollment)[0].hold_reason == "an open escalation"
