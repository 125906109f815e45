"""A worker is killed, Redis forgets, two beats tick, reports come twice and backwards: sent once, told rightly."""

from __future__ import annotations

import signal

from sqlalchemy import select

from followup.audit.models import Move
from followup.lab import Kind
from followup.messaging.states import AttemptState, MessageState
from tests.cast import INES, TOM
from tests.journeys.town import Town
from tests.waiting import wait_for

PATIENCE = 60.0


def reached(town: Town, number: str) -> int:
    """How many texts reached a phone, by the carrier's own account."""
    return len(town.lab.journal.entries(Kind.TEXT_REACHED_PHONE, to=number))


def test_a_worker_killed_between_the_carriers_answer_and_our_commit_sends_nothing_twice(town: Town) -> None:
    doomed = town.worker(with_beat=False)
    town.lab.fault("kill", pids=(doomed.pid,), body_has="STOP to end")
    town.clinic.enroll(INES)
    assert doomed.wait(PATIENCE) == -signal.SIGKILL

    town.worker()
    wait_for(
        lambda: [each.state for each in town.messages(text_key="welcome")] == [MessageState.delivered],
        what="the settling of the lost answer",
    )
    town.lab.wait_idle()
    bodies = [each.body for each in town.lab.phone(INES.phone).inbox]
    assert len([each for each in bodies if "STOP to end" in each]) == 1
    first = town.attempts()[0]
    assert (first.state, first.settled_by) == (AttemptState.accepted, "callback")


def test_a_flushed_redis_costs_a_tick_and_no_text(town: Town) -> None:
    town.clinic.enroll(INES)
    town.clinic.enroll(TOM)
    town.forget_all_rings()
    town.worker()
    for person in (INES, TOM):
        town.lab.phone(person.phone).expects("STOP", within=PATIENCE)
    town.goes_on_to_the_check_in()
    for person in (INES, TOM):
        town.lab.phone(person.phone).expects("Pain now", within=PATIENCE)
    town.forget_all_rings()
    town.lab.phone(INES.phone).sends("3")
    town.lab.phone(INES.phone).expects("Any of these", within=PATIENCE)
    town.lab.expect_nothing_else()


def test_two_beats_and_two_workers_send_every_text_once(town: Town) -> None:
    town.beat()
    town.beat()
    town.worker(with_beat=False)
    town.worker(with_beat=False)
    for person in (INES, TOM):
        town.clinic.enroll(person)
    for person in (INES, TOM):
        town.lab.phone(person.phone).expects("STOP", within=PATIENCE)
    town.goes_on_to_the_check_in()
    for person in (INES, TOM):
        town.lab.phone(person.phone).expects("Pain now", within=PATIENCE)
        town.lab.phone(person.phone).sends("2")
        town.lab.phone(person.phone).expects("Any of these", within=PATIENCE)
    town.lab.expect_nothing_else()
    assert len(town.messages()) == 6


def test_reports_that_come_twice_and_backwards_leave_a_delivered_text_delivered(town: Town) -> None:
    town.lab.fault("callbacks_copied", copies=3, times=None)
    town.lab.fault("callbacks_reversed", times=None)
    town.worker()
    town.clinic.enroll(INES)
    town.lab.phone(INES.phone).expects("STOP", within=PATIENCE)
    town.goes_on_to_the_check_in()
    wait_for(lambda: len(town.messages()) == 2 and {each.state for each in town.messages()} == {"delivered"})
    town.lab.wait_idle()
    assert reached(town, INES.phone) == 2
    assert {each.state for each in town.messages()} == {MessageState.delivered}
    for message in town.messages():
        with town.clinic.session() as session:
            moves = session.scalars(
                select(Move.to_state).where(Move.thing_id == message.id).order_by(Move.recorded_at, Move.id)
            ).all()
        assert moves.count("delivered") == 1
        assert moves[-1] == "delivered"
    town.lab.expect_webhooks_answered()
