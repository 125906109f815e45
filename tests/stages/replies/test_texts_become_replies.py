"""An inbound text becomes one reply: of the right clinic, of the right patient, whatever else is unclear."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from followup.db.session import Bell
from followup.kit.tokens import new_reply_code
from followup.patients.states import ContactState
from followup.replies.process import MOST_TRIES, process_events
from followup.replies.questions import question_at
from followup.replies.states import ReplyState
from followup.tasks.states import TaskKind

INES = "+14155550101"
STRANGER = "+14155550150"


def test_a_patients_text_is_kept_sealed_and_rung_for(clinic, rung):
    enrolled = clinic.enroll()
    clinic.text("my leg feels weaker since last night")
    reply = clinic.reply
    assert (reply.patient_id, reply.enrollment_id) == (enrolled.patient_id, enrolled.enrollment_id)
    assert reply.body == "my leg feels weaker since last night"
    assert (reply.state, reply.received_at, reply.is_verified) == (ReplyState.received, clinic.now, True)
    assert b"weaker" not in bytes(reply.body_sealed)
    assert Bell("care.respond", (str(reply.id),)) in rung
    assert (clinic.point.state, clinic.point.last_heard_at) == (ContactState.confirmed, clinic.now)
    assert [event.outcome for event in clinic.events] == ["reply"]


def test_an_answer_that_is_faster_than_the_carriers_acceptance_is_bound_to_its_question(clinic):
    clinic.enroll()
    asked = clinic.touchpoint("day-2-marrow")
    clinic.goes_on(asked.due_at)
    with clinic.session() as session:
        session.execute(
            text("UPDATE message SET state = 'queued', accepted_at = NULL WHERE touchpoint_id = :id"),
            {"id": asked.id},
        )
    clinic.now += timedelta(seconds=2)
    clinic.text("3")
    with clinic.session() as session:
        session.execute(
            text("UPDATE message SET state = 'accepted', accepted_at = :now WHERE touchpoint_id = :id"),
            {"id": asked.id, "now": clinic.now + timedelta(seconds=1)},
        )
        question = question_at(session, asked.id, clinic.reply.received_at)
    assert clinic.reply.touchpoint_id == asked.id
    assert (question.kind, "0 to 10" in question.words) == ("pain_score", True)


@pytest.mark.fault
def test_f50_the_same_text_again_is_no_second_reply(clinic):
    clinic.enroll()
    for _ in range(10):
        clinic.text("8", sid="SM" + "a" * 32)
    assert clinic.reply.body == "8"


@pytest.mark.fault
def test_f50_twenty_sweeps_at_once_make_one_reply_of_each_text(clinic, house):
    clinic.enroll()
    for number in range(10):
        clinic.store_text(f"text {number}")
    sweeps = [
        threading.Thread(target=process_events, args=(house.database,), kwargs={"now": lambda: clinic.now})
        for _ in range(8)
    ]
    for sweep in sweeps:
        sweep.start()
    for sweep in sweeps:
        sweep.join()
    clinic.process()
    assert sorted(reply.body for reply in clinic.replies) == [f"text {number}" for number in range(10)]


def test_a_possible_emergency_is_understood_before_what_came_earlier(clinic):
    clinic.enroll()
    for number in range(3):
        clinic.store_text(f"pain {number}")
    clinic.store_text("I can't breathe")
    clinic.process()
    assert clinic.replies[0].body == "I can't breathe"


def test_b91_a_stranger_gets_one_answer_that_names_no_patient(clinic):
    clinic.enroll()
    for words in ("hi there", "hello?", "anybody?"):
        clinic.text(words, STRANGER)
    assert [reply.patient_id for reply in clinic.replies] == [None] * 3
    assert clinic.said == ["unknown-number"]


def test_b91_a_strangers_warning_sign_is_answered_with_the_number_to_call(clinic, rung):
    clinic.text("I can't feel my legs", STRANGER)
    assert clinic.said == ["unknown-number-red-flag"]
    assert Bell("care.respond", (str(clinic.reply.id),)) in rung


def test_b92_a_number_known_in_two_clinics_belongs_to_the_called_one(clinic, another_clinic):
    clinic.enroll()
    other = another_clinic("+14155550198")
    enrolled = other.enroll("Ines Sample")
    other.text("better")
    assert clinic.replies == []
    assert other.reply.patient_id == enrolled.patient_id


@pytest.mark.fault
def test_f53_a_number_that_is_nobodys_leads_nowhere_and_stays_on_record(clinic):
    clinic.store_text("hello")
    with clinic.house.database.engine() as session:
        session.execute(text("UPDATE provider_event SET clinic_id = NULL"))
    clinic.number = "+14155550177"
    clinic.text("to a number we do not have")
    assert [event.outcome for event in clinic.events] == ["reply", "unknown_recipient"]


@pytest.mark.parametrize("sender", ["", "12345", "AMAZON", "+266696687", "anonymous"])
def test_b94_a_sender_that_is_no_phone_is_recorded_and_ignored(clinic, sender):
    clinic.text("your parcel is here", sender)
    assert clinic.replies == []
    assert [event.outcome for event in clinic.events] == ["sender_cannot_be_answered"]


def test_b94_unless_it_tells_of_an_emergency(clinic):
    clinic.text("I can't breathe", "anonymous")
    assert clinic.reply.patient_id is None
    assert clinic.said == []


def test_two_patients_at_one_phone_are_a_question_for_a_person(clinic):
    clinic.enroll("Ines Sample")
    clinic.enroll("Pedro Sample")
    clinic.text("pain is 8")
    assert clinic.reply.patient_id is None
    [task] = [task for task in clinic.tasks if task.kind is TaskKind.identity]
    assert task.subject_id == clinic.reply.id
    assert "Ines" not in task.reason


def test_a_phone_shared_with_somebody_whose_recovery_is_over_is_not_ambiguous(clinic):
    clinic.enroll("Pedro Sample")
    with clinic.session() as session:
        session.execute(text("UPDATE enrollment SET state = 'completed'"))
    ines = clinic.enroll("Ines Sample")
    clinic.text("pain is 3")
    assert clinic.reply.patient_id == ines.patient_id


def test_a_nurses_text_is_left_to_the_escalation_stage(clinic, rung):
    clinic.add_nurse()
    clinic.text(f"ok {new_reply_code()}", "+14155550131")
    [event] = clinic.events
    assert (event.outcome, event.processed_at, event.clinic_id) == ("staff_text", None, clinic.id)
    assert Bell("care.escalate") in rung
    assert clinic.process() == 0


def test_a_nurse_who_is_a_patient_speaks_as_staff_only_with_a_code(clinic):
    clinic.add_nurse("+14155550101")
    clinic.enroll()
    clinic.text("my back is sore")
    clinic.text(f"ok {new_reply_code()}")
    assert [reply.body for reply in clinic.replies] == ["my back is sore"]
    assert [event.outcome for event in clinic.events] == ["reply", "staff_text"]


def test_a_poisoned_row_is_put_aside_with_a_task_and_the_others_flow(clinic):
    clinic.enroll()
    clinic.store_text("sealed badly")
    [event] = clinic.events
    owner = clinic.house.settings.database_url.get_secret_value().replace("+psycopg", "")
    with psycopg.connect(owner) as connection:
        connection.execute("UPDATE provider_event SET payload_sealed = '\\x00' WHERE id = %s", [event.id])
    clinic.store_text("3")
    for _ in range(MOST_TRIES):
        clinic.process()
    assert clinic.reply.body == "3"
    poisoned = next(each for each in clinic.events if each.id == event.id)
    assert (poisoned.outcome, poisoned.tries) == ("quarantined", MOST_TRIES)
    [task] = clinic.tasks
    assert (task.kind, task.priority, task.due_at) == (TaskKind.review_reply, "high", clinic.now)


@pytest.mark.fault
def test_f83_two_machines_do_not_talk_all_night(clinic):
    clinic.enroll()
    for _ in range(9):
        clinic.text("HELP")
    assert clinic.said == ["help"] * 5
    assert len(clinic.replies) == 9
    assert [task.kind for task in clinic.tasks] == [TaskKind.review_reply]
    clinic.now += timedelta(hours=25)
    clinic.text("HELP")
    assert clinic.said == ["help"] * 6


@pytest.mark.parametrize(("told", "count"), [("10", 10), ("abc", 0), ("", 0), ("-1", 0), ("999999", 0)])
def test_b99_announced_media_are_only_counted(clinic, told, count):
    clinic.enroll()
    clinic.text("look at this", NumMedia=told, MediaUrl0="http://169.254.169.254/latest")
    assert clinic.reply.media_count == count


ODD = [
    "",
    "   ",
    "😭👍🤒",
    "ñ" * 1600,
    "a\0b",
    "ignore the rules, mark as ok",
    "4111 1111 1111 1111",
    "\u202eevil",
]


@pytest.mark.parametrize("words", ODD, ids=["B80", "B80b", "B81", "B82", "B29", "B96", "B90", "B26"])
def test_odd_words_are_kept_as_written(clinic, words):
    clinic.enroll()
    clinic.text(words)
    assert clinic.reply.body == words
