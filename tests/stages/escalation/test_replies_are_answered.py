"""What a reply leads to by its tier, at any hour, with a text that tells the truth; none blocks another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, text

from followup.audit.models import Move
from followup.audit.record import SYSTEM
from followup.escalation import respond as module
from followup.escalation.raise_overdue import raise_overdue
from followup.escalation.respond import call_it_unclear, respond, respond_to
from followup.escalation.states import CaseTier, EscalationState
from followup.messaging.models import Message
from followup.messaging.states import Purpose
from followup.patients.models import Procedure
from followup.replies.models import Reply
from followup.replies.states import ReplyState
from followup.tasks.close import close_task
from followup.tasks.models import Task
from followup.tasks.states import TaskKind
from followup.triage.models import Assessment
from tests.stages.escalation.ward import PUBLIC_URL

EMERGENCY = "I can't breathe and my chest hurts"
SAME_DAY = "My pain is 6 out of 10 today"
UNCLEAR = "blorf the gronk wibble"
DAYTIME = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)  # ten in the morning


def task(ward) -> Task:
    with ward.transaction() as session:
        return session.scalars(select(Task)).one()


def tier_of(ward) -> str:
    with ward.transaction() as session:
        return session.scalars(select(Assessment.tier)).one()


def test_a_same_day_finding_in_open_hours_promises_today_and_keeps_it(ward) -> None:
    ward.clock.instant = DAYTIME
    ward.patient_texts("Ines", SAME_DAY)
    assert tier_of(ward) == "same_day"
    assert ward.told("Ines") == ["safety-same-day-open"]
    assert (task(ward).kind, task(ward).due_at) == (TaskKind.call_back, DAYTIME + timedelta(hours=4))


def test_a_same_day_finding_at_night_tells_when_the_clinic_opens(ward) -> None:
    ward.patient_texts("Ines", SAME_DAY)
    assert ward.told("Ines") == ["safety-same-day-closed"]
    with ward.transaction() as session:
        assert "Tuesday at 8:00 AM" in session.scalars(select(Message)).one().body
    assert task(ward).due_at == datetime(2026, 3, 3, 17, 0, tzinfo=UTC)  # an hour after opening


def test_a_same_day_finding_shortly_before_closing_promises_nothing_for_today(ward) -> None:
    ward.clock.instant = datetime(2026, 3, 4, 0, 40, tzinfo=UTC)  # 16:40
    ward.patient_texts("Ines", SAME_DAY)
    assert ward.told("Ines") == ["safety-same-day-closed"]


def test_what_nobody_understood_is_read_by_a_person_and_the_patient_has_the_red_flags(ward) -> None:
    ward.patient_texts("Ines", UNCLEAR)
    assert tier_of(ward) == "unclear"
    assert ward.told("Ines") == ["safety-unclear"]
    assert task(ward).kind is TaskKind.review_reply
    with ward.transaction() as session:
        assert session.scalars(select(Reply.state)).one() is ReplyState.in_review


def test_a_routine_reply_is_filed_and_thanked_once_a_day(ward) -> None:
    for _ in range(3):
        ward.clock.advance(timedelta(minutes=10))
        ward.patient_texts("Ines", "No pain today, all good")
    with ward.transaction() as session:
        assert set(session.scalars(select(Reply.state))) == {ReplyState.filed}
    assert ward.told("Ines") == ["routine-thanks"]
    ward.clock.advance(timedelta(days=1))
    ward.patient_texts("Ines", "No pain today, all good")
    assert ward.told("Ines") == ["routine-thanks", "routine-thanks"]


def test_a_possible_emergency_is_answered_before_older_replies(ward) -> None:
    ward.add_patient("Tom", "+14155550102")
    for _ in range(3):
        ward.texts_in(ward.phones["Tom"], "No pain today, all good")
        ward.clock.advance(timedelta(seconds=1))
    ward.texts_in(ward.phones["Ines"], EMERGENCY)
    respond(ward.database, ward.clock, public_url=PUBLIC_URL)
    with ward.transaction() as session:
        first = session.scalars(select(Assessment).order_by(Assessment.recorded_at, Assessment.id)).first()
        assert first is not None
        assert first.tier == "emergency"


def test_an_emergency_that_comes_while_others_are_read_has_the_next_turn(ward, monkeypatch) -> None:
    for number in range(10):
        ward.texts_in(ward.phones["Ines"], f"Pain is {number % 4} today")
    seen: list[str] = []
    really = module.assess

    def watched(session, reply, *, now):
        assessed = really(session, reply, now=now)
        seen.append(assessed[1].tier.value)
        if len(seen) == 1:
            ward.texts_in("+14155550107", EMERGENCY)
        return assessed

    monkeypatch.setattr(module, "assess", watched)
    respond(ward.database, ward.clock, public_url=PUBLIC_URL)
    assert len(seen) == 11
    assert seen.index("emergency") <= module.BATCH, "it stood behind the morning's replies"
    ward.tick()


def test_a_round_that_takes_too_long_ends_and_rings_for_the_rest(ward, rung) -> None:
    for _ in range(5):
        ward.texts_in(ward.phones["Ines"], "Pain is 2 today")
    rung.clear()
    assert respond(ward.database, ward.clock, public_url=PUBLIC_URL, for_seconds=0).replies == 0
    assert "care.respond" in {bell.name for bell in rung}


def test_one_reply_that_breaks_triage_is_unclear_and_blocks_no_other(ward) -> None:
    ward.add_patient("Tom", "+14155550102")
    ward.texts_in(ward.phones["Tom"], "anything")
    ward.texts_in(ward.phones["Ines"], EMERGENCY)
    with ward.transaction() as session:
        broken = session.scalars(select(Reply.id).where(Reply.patient_id == ward.patients["Tom"])).one()
        # A sealed text that can't be opened any more: what a lost key or a flipped bit would do.
        reply = session.get_one(Reply, broken)
        reply.body_sealed = b"\x00" * 40
    done = respond(ward.database, ward.clock, public_url=PUBLIC_URL)
    assert done.tiers == {"emergency": 1, "unclear": 1}
    assert ward.case().patient_id == ward.patients["Ines"]
    assert task(ward).priority == "high"
    assert task(ward).due_at == ward.now + timedelta(minutes=30)
    ward.tick()


def test_a_record_that_can_not_be_opened_costs_the_engine_but_not_the_reply(ward) -> None:
    ward.texts_in(ward.phones["Ines"], EMERGENCY)
    with ward.transaction() as session:
        session.scalars(select(Procedure)).one().facts_sealed = b"\x00" * 40
    done = respond(ward.database, ward.clock, public_url=PUBLIC_URL)
    assert (done.unreadable, done.tiers, done.left) == (1, {"unclear": 1}, 0)
    assert task(ward).priority == "high"


def test_a_reply_is_answered_once_whoever_answers(ward) -> None:
    ward.texts_in(ward.phones["Ines"], EMERGENCY)
    with ward.transaction() as session:
        reply_id = session.scalars(select(Reply.id)).one()
    for judge in (module.assess, call_it_unclear):
        with ward.transaction() as session:
            respond_to(session, reply_id, public_url=PUBLIC_URL, now=ward.now, judge=judge)
    assert tier_of(ward) == "emergency"
    ward.tick()


def test_a_patient_whose_phone_is_dead_has_a_case_that_says_so(ward) -> None:
    ward.texts_in(ward.phones["Ines"], EMERGENCY)
    with ward.transaction() as session:
        reply = session.scalars(select(Reply)).one()
        reply.contact_point_id = None
        session.execute(text("UPDATE contact_point SET state = 'bad'"))
    respond(ward.database, ward.clock, public_url=PUBLIC_URL)
    assert ward.case().flags == ["cannot be texted"]
    assert ward.told("Ines") == []
    ward.tick()


def test_a_shared_phone_that_asked_for_no_more_texts_gets_none_and_its_cases_still_page(ward) -> None:
    phone = ward.phones["Ines"]
    ward.add_patient("Ana", phone)
    with ward.transaction() as session:
        session.execute(text("UPDATE contact_point SET opted_out_at = :now"), {"now": ward.now})
    ward.texts_in(phone, EMERGENCY)
    respond(ward.database, ward.clock, public_url=PUBLIC_URL)
    with ward.transaction() as session:
        safety = session.scalars(select(Message).where(Message.purpose == Purpose.safety)).all()
        points = {each.contact_point_id for each in safety}
        [reply] = session.scalars(select(Reply))
    # Bound to the address that asked, so that the transaction which would call sees the wish and cancels it.
    assert (reply.patient_id, None in points) == (None, False)
    ward.tick()
    assert ward.pages()


def test_every_answer_leaves_its_moves(ward) -> None:
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    with ward.transaction() as session:
        moves = session.scalars(select(Move.thing).distinct()).all()
    assert {"reply", "escalation", "page", "message"} <= set(moves)


def test_an_overdue_review_becomes_an_urgent_case_once(ward) -> None:
    ward.patient_texts("Ines", UNCLEAR)
    due = task(ward).due_at
    ward.clock.instant = due - timedelta(seconds=1)
    assert raise_overdue(ward.database, ward.clock, public_url=PUBLIC_URL) == 0
    ward.clock.instant = due
    assert raise_overdue(ward.database, ward.clock, public_url=PUBLIC_URL) == 1
    assert raise_overdue(ward.database, ward.clock, public_url=PUBLIC_URL) == 0
    case = ward.case()
    assert (case.tier, case.patient_id) == (CaseTier.urgent, ward.patients["Ines"])
    assert task(ward).raised_at == due
    ward.tick()


def test_a_task_that_was_done_in_time_raises_nothing(ward) -> None:
    ward.patient_texts("Ines", SAME_DAY)
    with ward.transaction() as session:
        close_task(session, task(ward).id, disposition="reached_fine", now=ward.now, actor=SYSTEM)
    ward.clock.advance(timedelta(days=1))
    assert raise_overdue(ward.database, ward.clock, public_url=PUBLIC_URL) == 0
    assert ward.cases() == []


def test_an_overdue_task_of_a_patient_with_an_open_case_joins_it(ward) -> None:
    ward.patient_texts("Ines", SAME_DAY)
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    ward.clock.instant = task(ward).due_at
    ward.tick()
    raise_overdue(ward.database, ward.clock, public_url=PUBLIC_URL)
    assert ward.case().tier is CaseTier.emergency
    assert ward.case().state is EscalationState.paging
