"""Accept, decline, pass up: by code, key or button; the first wins, the others hear it, nothing else accepts."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from followup.errors import NotAllowed
from followup.escalation.acknowledge import Result, accept, pass_up
from followup.escalation.close import close_case
from followup.escalation.hand_over import accept_hand_over, offer_hand_over
from followup.escalation.states import EscalationState, PagePurpose
from followup.intake.events import IncomingEvent
from followup.intake.states import EventKind
from followup.intake.store import store
from followup.staff.states import StaffRole
from tests.stages.escalation.ward import PUBLIC_URL

URGENT = "My leg feels weaker since last night"
EMERGENCY = "I can't breathe and my chest hurts"


def accept_as(ward, name: str, how: str = "button"):
    with ward.transaction() as session:
        return accept(
            session, ward.cases()[-1].id, ward.people[name].id, how=how, public_url=PUBLIC_URL, now=ward.now
        )


def answers(ward) -> list[str]:
    return [page.body for page in ward.page_rows(purpose=PagePurpose.answer)]


def test_a_nurse_accepts_by_keypad_and_the_physician_hears_it(ward, carrier) -> None:
    bea = carrier.phone(ward.people["Bea"].phone)
    bea.answers_calls(digits="4")
    ward.patient_texts("Ines", EMERGENCY)
    ward.deliver()
    call = bea.expects_call("EMERGENCY case", "is yours")
    assert call.pressed == ["4"]
    assert ward.case().owner_id == ward.people["Bea"].id
    carrier.phone(ward.people["Osei"].phone).expects("EMERGENCY case")
    ward.deliver()
    carrier.phone(ward.people["Osei"].phone).expects("Bea accepted case", "need to do nothing")


def test_a_key_that_was_stored_but_not_acted_on_is_acted_on_by_the_next_tick(ward) -> None:
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    page = next(
        each for each in ward.page_rows() if ward.who(each) == "Bea" and each.channel.value == "voice"
    )
    event = IncomingEvent(
        kind=EventKind.voice_input, provider_key="CA1:4", payload={"CallSid": "CA1", "Digits": "4"},
        received_at=ward.now, token=page.token,
    )  # fmt: skip
    with ward.database.intake() as session:
        store(session, event)
    ward.tick()
    assert ward.case().owner_id == ward.people["Bea"].id


def test_star_repeats_and_noise_on_the_keypad_changes_nothing(ward, carrier) -> None:
    bea = carrier.phone(ward.people["Bea"].phone)
    bea.answers_calls(digits="9")
    ward.patient_texts("Ines", EMERGENCY)
    ward.deliver()
    call = bea.expects_call("EMERGENCY case")
    assert len([words for words in call.heard if "EMERGENCY case" in words]) > 1
    assert ward.case().state is EscalationState.paging


def test_five_passes_the_case_to_the_next_person_at_once(ward, carrier) -> None:
    bea = carrier.phone(ward.people["Bea"].phone)
    bea.answers_calls(digits="5")
    ward.patient_texts("Ines", URGENT)
    ward.deliver()
    ward.clock.advance(timedelta(minutes=2))
    ward.deliver()
    bea.expects_call("goes on to the next person")
    carrier.phone(ward.people["Osei"].phone).expects("URGENT case")


def test_a_call_to_the_line_that_is_confirmed_still_waits_for_a_named_person(ward, carrier) -> None:
    line = carrier.phone("+14155550111")
    line.answers_calls(digits="4")
    ward.patient_texts("Ines", EMERGENCY)
    ward.deliver()
    ward.after(minutes=6, every=60)
    line.expects_call("stays open until")
    assert ward.case().state is EscalationState.paging
    assert "the urgent line has heard" in ward.case().flags


def test_scenario_13_two_who_accept_at_the_same_moment_make_one_owner(ward) -> None:
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    results = {}
    ready = threading.Barrier(2)

    def run(name: str) -> None:
        ready.wait()
        results[name] = accept_as(ward, name)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("Bea", "Osei")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.result for answer in results.values()) == [Result.accepted, Result.taken]
    winner = next(name for name, answer in results.items() if answer.result is Result.accepted)
    loser = next(answer for answer in results.values() if answer.result is Result.taken)
    assert ward.case().owner_id == ward.people[winner].id
    assert loser.taken.staff_name == winner


def test_scenario_14_a_bare_ok_with_two_open_cases_asks_for_a_code(ward) -> None:
    ward.add_patient("Tom", "+14155550102")
    ward.patient_texts("Ines", URGENT)
    ward.patient_texts("Tom", URGENT)
    ward.tick()
    for word in ("ok", "Ack", "yes!", "4"):
        ward.texts_in(ward.people["Bea"].phone, word)
    ward.tick()
    assert {case.state for case in ward.cases()} == {EscalationState.paging}
    assert all("That code is not open" in body for body in answers(ward))


def test_scenario_14_a_code_of_a_closed_case_is_refused_and_names_no_patient(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    code = ward.code_of("Bea")
    with ward.transaction() as session:
        close_case(
            session, ward.case().id, disposition="false_alarm", note="Wrong person wrote.",
            staff=ward.staff(session, "Bea"), now=ward.now,
        )  # fmt: skip
    ward.texts_in(ward.people["Bea"].phone, code)
    ward.tick()
    (answer,) = answers(ward)
    assert "is closed" in answer
    assert "Ines" not in answer
    assert ward.case().state is EscalationState.closed


def test_a_code_that_lived_for_a_week_is_refused(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    code = ward.code_of("Bea")
    ward.clock.advance(timedelta(days=8))
    ward.texts_in(ward.people["Bea"].phone, code)
    with ward.transaction() as session:
        from followup.escalation.staff_texts import process_staff_texts

        process_staff_texts(session, ward.clinic_id, public_url=PUBLIC_URL, now=ward.now)
    assert ward.case().state is EscalationState.paging
    assert "That code is not open" in answers(ward)[0]
    ward.tick()


@pytest.mark.parametrize("typed", ["{code}", "ok {code} thanks", "{lower}", "{spaced}"])
def test_a_code_is_read_as_a_tired_nurse_types_it(ward, typed: str) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    code = ward.code_of("Bea")
    ward.texts_in(
        ward.people["Bea"].phone, typed.format(code=code, lower=code.lower(), spaced=f"{code[:2]}-{code[2:]}")
    )
    ward.tick()
    assert ward.case().owner_id == ward.people["Bea"].id


def test_somebody_elses_code_accepts_nothing(ward) -> None:
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    ward.texts_in(ward.people["Osei"].phone, ward.code_of("Bea"))
    ward.tick()
    assert ward.case().state is EscalationState.paging
    assert "That code is not open" in answers(ward)[0]


def test_a_code_from_a_stranger_accepts_nothing_and_says_nothing(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    ward.texts_in("+14155550199", ward.code_of("Bea"))
    ward.tick()
    assert ward.cases()[0].state is EscalationState.paging
    assert answers(ward) == []


def test_no_with_a_code_pages_the_next_person_at_once(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    ward.texts_in(ward.people["Bea"].phone, f"No, {ward.code_of('Bea')}")
    ward.tick()
    assert ward.case().state is EscalationState.paging
    assert "Osei" in {who for who, _ in ward.pages()}
    assert "goes on to the next person" in answers(ward)[0]


def test_two_codes_in_one_text_change_nothing(ward) -> None:
    ward.add_patient("Tom", "+14155550102")
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    first = ward.code_of("Bea")
    ward.clock.advance(timedelta(seconds=5))
    ward.patient_texts("Tom", URGENT)
    ward.tick()
    ward.texts_in(ward.people["Bea"].phone, f"{first} {ward.code_of('Bea')}")
    ward.tick()
    assert {case.state for case in ward.cases()} == {EscalationState.paging}


def test_a_coordinator_cannot_own_a_case(ward) -> None:
    ward.add_staff("Alma", StaffRole.coordinator, "+14155550134")
    ward.patient_texts("Ines", URGENT)
    assert accept_as(ward, "Alma").result is Result.not_allowed
    ward.tick()


def test_an_owner_who_gives_back_a_case_pages_the_next_step(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    assert accept_as(ward, "Bea").result is Result.accepted
    with ward.transaction() as session:
        given = pass_up(session, ward.case().id, ward.people["Bea"].id, reason="in surgery", now=ward.now)
    assert given.result is Result.passed_on
    ward.tick()
    assert "Osei" in {who for who, _ in ward.pages()}


def test_scenario_18_a_case_changes_hands_only_when_the_other_person_accepts(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    accept_as(ward, "Bea")
    with ward.transaction() as session:
        offer_hand_over(
            session, ward.case().id, owner=ward.staff(session, "Bea"), to_id=ward.people["Osei"].id,
            public_url=PUBLIC_URL, now=ward.now,
        )  # fmt: skip
    assert ward.case().owner_id == ward.people["Bea"].id
    with ward.transaction() as session:
        accept_hand_over(
            session, ward.case().id, receiver=ward.staff(session, "Osei"), public_url=PUBLIC_URL, now=ward.now
        )
    assert ward.case().owner_id == ward.people["Osei"].id
    assert "hand_over" not in ward.clocks()


def test_scenario_18_an_offer_that_nobody_answers_stays_with_its_owner_and_tells_both(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    accept_as(ward, "Bea")
    with ward.transaction() as session:
        offer_hand_over(
            session, ward.case().id, owner=ward.staff(session, "Bea"), to_id=ward.people["Osei"].id,
            public_url=PUBLIC_URL, now=ward.now,
        )  # fmt: skip
    ward.after(minutes=11, every=30)
    assert ward.case().owner_id == ward.people["Bea"].id
    notices = [page.body for page in ward.page_rows(purpose=PagePurpose.notice) if ward.who(page) == "Bea"]
    assert any("still yours" in body for body in notices)


def test_only_the_owner_hands_over(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    with ward.transaction() as session, pytest.raises(NotAllowed):
        offer_hand_over(
            session, ward.case().id, owner=ward.staff(session, "Bea"), to_id=ward.people["Osei"].id,
            public_url=PUBLIC_URL, now=ward.now,
        )  # fmt: skip


def test_scenario_18_whoever_comes_on_at_seven_is_paged_at_seven(ward) -> None:
    from sqlalchemy import delete

    from followup.staff.models import Shift

    seven = ward.now + timedelta(minutes=3)
    with ward.transaction() as session:
        session.execute(delete(Shift).where(Shift.duty == "nurse"))
    ward.on_call("Bea", "nurse", end=seven)
    ward.add_staff("Cleo", StaffRole.nurse, "+14155550135")
    ward.on_call("Cleo", "nurse", start=seven)
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    ward.after(minutes=3)
    assert next(page.due_at for page in ward.page_rows() if ward.who(page) == "Cleo") == seven
