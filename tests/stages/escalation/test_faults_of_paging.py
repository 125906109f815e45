"""F05, F11 and F75 for pages and cases: a sender that slept, an engine that stood still, two who act at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import text

from followup.audit.record import Actor
from followup.clinics.states import Channel
from followup.errors import Conflict, FollowupError
from followup.escalation.acknowledge import accept
from followup.escalation.close import close_case
from followup.escalation.contact import Attempt, log_attempt
from followup.escalation.follow_page import record_page
from followup.escalation.page import send_pages
from followup.escalation.page_claim import claim_pages, due_pages
from followup.escalation.states import ContactOutcome, ContactWay, EscalationState, PageState
from followup.kit.ids import new_id
from followup.ports import Accepted
from followup.tasks.close import close_task
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind
from tests.stages.escalation.ward import PUBLIC_URL

EMERGENCY = "I can't breathe and my chest hurts"
URGENT = "My leg feels weaker since last night"


def both(*works: Callable[[], object]) -> list[BaseException]:
    """Run these at the same moment; returns what they raised."""
    ready, errors = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        ready.wait(30)
        try:
            work()
        except FollowupError as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return errors


def test_f05_a_sender_of_pages_that_slept_through_its_claim_keeps_the_carriers_id_and_undoes_nothing(
    ward, carrier
) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    with ward.database.engine() as engine:
        due = due_pages(engine, now=ward.now, many=10)
    with ward.transaction() as session:
        (slept,) = claim_pages(session, due, now=ward.now)
    for _ in range(2):  # the claim runs out, then the grace of the page that nobody knows about
        with ward.transaction() as session:
            session.execute(text("UPDATE page SET lease_until = lease_until - interval '10 minutes'"))
        send_pages(ward.database, ward.clock, ward.outside)
        carrier.wait_idle()
    assert len(carrier.phone(ward.people["Bea"].phone).inbox) == 1
    with ward.transaction() as session:
        late = Accepted("SM" + new_id().hex, "queued")
        record_page(session, slept.id, late, public_url=PUBLIC_URL, now=ward.now)
    ward.deliver()
    pages = [page for page in ward.page_rows() if page.channel is Channel.sms]
    assert PageState.delivered in {page.state for page in pages}
    assert len(carrier.phone(ward.people["Bea"].phone).inbox) == 1


def test_f11_an_engine_that_stood_still_goes_on_from_the_stored_step(ward, carrier) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.deliver()
    assert ward.case().step == 1
    # Nothing runs for half an hour: no tick, no sender. What is stored is all that is left.
    ward.clock.advance(timedelta(minutes=30))
    assert [name for name, _ in ward.pages() if name != "Bea"] == []
    ward.deliver()
    assert {name for name, channel in ward.pages() if channel == "sms"} >= {"Bea", "Osei"}
    assert ward.case().state is EscalationState.paging
    assert carrier.phone(ward.people["Osei"].phone).inbox[0].body.startswith("followup: URGENT case")


def test_f75_of_two_coordinators_who_close_one_task_one_wins_and_the_other_sees_it(ward) -> None:
    with ward.transaction() as session:
        task_id = open_task(
            session, ward.clinic_id, kind=TaskKind.call_back, reason="Please call.", due_at=ward.now,
            now=ward.now, patient_id=ward.patients["Ines"],
        )  # fmt: skip

    def close_as(name: str) -> None:
        with ward.transaction() as session:
            close_task(
                session, task_id, disposition="reached_fine", now=ward.now,
                actor=Actor("staff", ward.people[name].id),
            )  # fmt: skip

    errors = both(lambda: close_as("Bea"), lambda: close_as("Ruth"))
    assert [type(error) for error in errors] == [Conflict]
    with ward.transaction() as session:
        moves = session.scalar(text("SELECT count(*) FROM move WHERE thing = 'task' AND to_state = 'done'"))
    assert moves == 1


def test_f75_of_two_who_close_one_case_one_wins_and_the_other_sees_it(ward) -> None:
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    case_id = ward.case().id
    with ward.transaction() as session:
        accept(session, case_id, ward.people["Bea"].id, how="code", public_url=PUBLIC_URL, now=ward.now)
        reached = Attempt(ContactWay.phone, ContactOutcome.reached, read_back=True)
        log_attempt(session, case_id, reached, staff=ward.staff(session, "Bea"), now=ward.now)

    def close_as(name: str) -> None:
        with ward.transaction() as session:
            close_case(
                session, case_id, disposition="emergency_services", note="Went by ambulance.",
                staff=ward.staff(session, name), now=ward.now,
            )  # fmt: skip

    errors = both(lambda: close_as("Bea"), lambda: close_as("Osei"))
    assert len(errors) == 1
    assert ward.case().state is EscalationState.closed
    with ward.transaction() as session:
        closed = text("SELECT count(*) FROM move WHERE thing = 'escalation' AND to_state = 'closed'")
        assert session.scalar(closed) == 1
