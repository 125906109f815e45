"""Many cases, many engines, everybody says no: nothing doubled, nothing dropped, nothing that waits for itself."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import select, text

from followup.clinics.states import Channel
from followup.escalation.acknowledge import pass_up
from followup.escalation.models import ReplyCode
from followup.escalation.open import Finding, open_case
from followup.escalation.respond import respond
from followup.escalation.states import CaseTier, EscalationState, PageState
from followup.escalation.tick import tick
from followup.kit.ids import new_id
from followup.tasks.models import Task
from followup.tasks.states import TaskKind
from tests.stages.escalation.ward import PUBLIC_URL

URGENT = "My leg feels weaker since last night"
EMERGENCY = "I can't breathe and my chest hurts"


def in_parallel(*works) -> list[BaseException]:
    errors: list[BaseException] = []

    def guarded(work) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the test shows whatever it was
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def red_flags(ward, count: int, tier: CaseTier = CaseTier.urgent) -> None:
    for _ in range(count):
        with ward.transaction() as session:
            open_case(
                session, ward.clinic_id, Finding("reply", new_id(), tier, at=ward.now), public_url=PUBLIC_URL,
                now=ward.now,
            )  # fmt: skip


def test_scenario_9_two_engines_in_the_same_second_plan_each_page_once(ward) -> None:
    red_flags(ward, 40)
    engine = lambda: tick(ward.database, ward.clock, public_url=PUBLIC_URL)  # noqa: E731
    assert in_parallel(engine, engine, engine) == []
    pages = [(page.escalation_id, page.channel, page.staff_id) for page in ward.page_rows()]
    assert len(pages) == len(set(pages)) == 80
    assert {case.step for case in ward.cases()} == {1}


def test_two_workers_answer_each_reply_once(ward) -> None:
    for number in range(12):
        ward.add_patient(f"Patient {number}", f"+1415555{150 + number:04d}")
        ward.texts_in(ward.phones[f"Patient {number}"], URGENT)
    work = lambda: respond(ward.database, ward.clock, public_url=PUBLIC_URL)  # noqa: E731
    assert in_parallel(work, work) == []
    assert len(ward.cases()) == 12
    ward.tick()


def test_several_red_flags_of_one_patient_at_the_same_moment_are_one_case(ward) -> None:
    patient = ward.patients["Ines"]

    def flag() -> None:
        finding = Finding("reply", new_id(), CaseTier.urgent, at=ward.now, patient_id=patient)
        with ward.transaction() as session:
            open_case(session, ward.clinic_id, finding, public_url=PUBLIC_URL, now=ward.now)

    assert in_parallel(*[flag] * 6) == []
    assert len(ward.cases()) == 1
    ward.tick()


def test_f77_when_everybody_declines_the_line_is_called_and_it_goes_on(ward) -> None:
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    for name in ("Bea", "Osei", "Ruth"):
        with ward.transaction() as session:
            pass_up(session, ward.case().id, ward.people[name].id, reason="no", now=ward.now)
        ward.tick()
    assert ("line", "voice") in ward.pages()
    assert ward.told("Ines") == ["safety-emergency"]
    ward.after(minutes=10, every=10)
    assert ward.case().state is EscalationState.paging
    assert ward.case().round > 2


def test_f78_a_red_flag_at_three_in_the_morning_is_answered_and_paged_in_the_same_second(ward) -> None:
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    assert ward.now == ward.case().opened_at
    assert ward.told("Ines") == ["safety-emergency"]
    assert {page.due_at for page in ward.page_rows()} == {ward.now}


def test_after_an_outage_each_case_goes_on_where_it_stood(ward) -> None:
    red_flags(ward, 5)
    ward.tick()
    ward.clock.advance(timedelta(hours=2))
    ward.tick()
    newest = [page for page in ward.page_rows() if page.due_at == ward.now]
    assert {ward.who(page) for page in newest} >= {"Bea", "Osei"}
    assert len(newest) < 5 * 8


def test_f80_a_storm_of_red_flags_is_bundled_and_none_is_dropped(ward, carrier) -> None:
    red_flags(ward, 30)
    red_flags(ward, 2, CaseTier.emergency)
    bea = carrier.phone(ward.people["Bea"].phone)
    ward.deliver()
    texts = [text.body for text in bea.inbox]
    assert len(texts) == 2
    assert "2 EMERGENCY" in texts[0]
    pages = [page for page in ward.page_rows() if ward.who(page) == "Bea" and page.channel is Channel.sms]
    assert len(pages) == 32
    assert {page.state for page in pages} == {PageState.delivered}
    with ward.transaction() as session:
        codes = {
            row.escalation_id: row.code for row in session.scalars(select(ReplyCode)) if _is_for(row, pages)
        }
        storm = session.scalars(select(Task).where(Task.kind == TaskKind.staffing)).all()
    assert len(codes) == 32
    assert all(any(code in body for body in texts) for code in codes.values())
    assert any("Many red flags at once" in task.reason for task in storm)
    case_id, code = next(iter(codes.items()))
    bea.sends(code)
    ward.deliver()
    accepted = [case for case in ward.cases() if case.state is EscalationState.accepted]
    assert [case.id for case in accepted] == [case_id]


def test_a_phone_that_rings_is_not_called_at_the_same_time_for_another_case(ward, carrier) -> None:
    bea = carrier.phone(ward.people["Bea"].phone)
    red_flags(ward, 3, CaseTier.emergency)
    ward.deliver()
    assert len(bea.ringing) == 1
    bea.hangs_up(bea.ringing[0])
    with ward.transaction() as session:
        session.execute(
            text(
                "UPDATE page SET claimed_at = claimed_at - interval '1 min',"
                " lease_until = lease_until - interval '1 min' WHERE channel = 'voice'"
            )
        )
    ward.deliver()
    assert len(bea.ringing) == 1


def _is_for(row: ReplyCode, pages) -> bool:
    return row.staff_contact_point_id == pages[0].staff_contact_point_id
