"""Enrolling a patient: everything at once, or nothing and every problem named."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from sqlalchemy import text

from followup.audit.record import Actor
from followup.enrollment.change import NewDate, move_date, pause, preview_move, resume, withdraw
from followup.enrollment.enroll import enroll, preview
from followup.enrollment.planning.replan import ChangeKind
from followup.enrollment.queries import touchpoints_of
from followup.enrollment.rules import WithdrawalReason
from followup.errors import AlreadyEnrolled, Conflict, ForbiddenState, InvalidInput
from followup.kit.ids import new_id
from followup.outreach.queries import whys
from tests.household import INES, TOM, Household, enrollment_request

WHO = Actor("system")
NINE = time(9, 0)


def test_enrolling_plans_the_welcome_and_every_step_of_the_pathway(home: Household) -> None:
    made = home.enroll()
    with home.house.database.transaction(home.clinic_id) as session:
        planned = touchpoints_of(session, made.enrollment_id)
    steps = home.house.library.get("stem-cell-back").steps
    assert len(planned) == 1 + sum(step.harvest.value in ("any", "bone_marrow") for step in steps)
    assert planned[0].key == "welcome"
    assert all(each.state == "planned" and each.why for each in planned)


def test_names_and_numbers_are_nowhere_in_the_rows_in_clear(home: Household) -> None:
    home.enroll("Ines Duarte")
    for table in ("patient", "contact_point", "enrollment", "touchpoint", "procedure", "audit_event"):
        for row in home.rows(f"SELECT t::text FROM {table} t"):
            assert "Duarte" not in row[0]
            assert INES not in row[0]


@pytest.mark.parametrize("name", ["Ines Duarte", "INES DUARTE", "Duarte, Inés"])
def test_the_same_patient_for_the_same_procedure_is_refused_with_the_first_one(
    home: Household, name: str
) -> None:
    first = home.enroll("Ines Duarte")
    with pytest.raises(AlreadyEnrolled) as refused:
        home.enroll(name, patient__phone="312 555 0101")
    assert refused.value.enrollment_id == str(first.enrollment_id)
    assert home.only("SELECT count(*) FROM enrollment") == 1


def test_somebody_else_on_the_same_phone_is_enrolled_with_a_warning(home: Household) -> None:
    home.enroll("Ines Duarte")
    other = home.enroll("Jorge Duarte")
    assert any("Another patient has this number" in each for each in other.warnings)
    assert home.only("SELECT count(*) FROM patient") == 2


def test_a_repeated_request_returns_the_first_enrollment(home: Household) -> None:
    made = []
    for _ in range(2):
        with home.house.database.transaction(home.clinic_id) as session:
            made.append(
                enroll(
                    session, home.clinic_id, enrollment_request("Ines Duarte"), library=home.house.library,
                    now=home.now, actor=WHO, request_key="form-1",
                ).enrollment_id
            )  # fmt: skip
    assert made[0] == made[1]


def test_every_problem_is_named_at_its_field_and_nothing_is_stored(home: Household) -> None:
    with pytest.raises(InvalidInput) as refused:
        home.enroll(
            "", patient__phone="911", patient__language="xx", procedure__performed_on="02/30/2026",
            patient__time_zone="EST5EDT", consent__obtained_by="",
        )  # fmt: skip
    assert {each.field for each in refused.value.problems} == {
        "patient.name", "patient.phone", "patient.language", "patient.time_zone", "procedure.performed_on",
        "consent.obtained_by",
    }  # fmt: skip
    assert home.only("SELECT count(*) FROM patient") == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"consent__sms": False}, "consent.sms"),
        ({"patient__phone": ""}, "patient.phone"),
        ({"channel": "email"}, "patient.email"),
        ({"channel": "email", "patient__email": "a@example.com", "consent__email": False}, "consent.email"),
        ({"channel": "pigeon"}, "channel"),
        ({"pathway": "heart"}, "pathway"),
        ({"procedure__harvest": "liver"}, "procedure.harvest"),
        ({"patient__preferred_hours": "20-9"}, "patient.preferred_hours"),
        ({"patient__phone": "+14155550199"}, "patient.phone"),
        ({"procedure__conditions": "x\x00y"}, "procedure.conditions"),
    ],
)
def test_nothing_is_enrolled_that_could_not_be_written_to(
    home: Household, fields: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        home.enroll(**fields)
    assert [each.field for each in refused.value.problems] == [field]


def test_a_preview_shows_the_calendar_and_stores_nothing(home: Household) -> None:
    with home.house.database.transaction(home.clinic_id) as session:
        seen = preview(
            session,
            home.clinic_id,
            enrollment_request("Ines Duarte"),
            library=home.house.library,
            now=home.now,
        )
    assert seen.plan.touchpoint("day-0").is_planned
    assert home.only("SELECT count(*) FROM patient") == 0


def test_b71_a_procedure_in_the_past_blasts_nothing(home: Household) -> None:
    home.enroll(procedure__performed_on="2026-10-30")
    home.dispatch()
    home.deliver()
    home.lab.wait_idle()
    assert len(home.lab.phone(INES).inbox) == 1  # the welcome
    skipped = home.rows("SELECT reason FROM touchpoint WHERE state = 'skipped'")
    assert skipped
    assert all(row[0] for row in skipped)


def test_f67_a_moved_date_keeps_what_was_sent_and_moves_the_rest(home: Household) -> None:
    made = home.enroll()
    home.dispatch()
    new = NewDate(performed_on=home.now.date() + timedelta(days=11), performed_at=NINE)
    with home.house.database.transaction(home.clinic_id) as session:
        shown = preview_move(session, made.enrollment_id, new, now=home.now)
    with home.house.database.transaction(home.clinic_id) as session:
        done = move_date(session, made.enrollment_id, new, now=home.now, actor=WHO, version=1)

    assert [each.words for each in shown.changes] == [each.words for each in done.changes]
    assert [each.key for each in done.of_kind(ChangeKind.SENT)] == ["welcome"]
    assert home.only("SELECT local_date FROM touchpoint WHERE key = 'day-0'") == new.performed_on
    home.dispatch()
    home.deliver()
    assert home.only("SELECT count(*) FROM message") == 1


def test_a_move_seen_before_somebody_elses_change_is_refused(home: Household) -> None:
    made = home.enroll()
    new = NewDate(performed_on=home.now.date() + timedelta(days=11), performed_at=NINE)
    with home.house.database.transaction(home.clinic_id) as session:
        pause(session, made.enrollment_id, reason="in hospital", now=home.now, actor=WHO)
    with pytest.raises(Conflict), home.house.database.transaction(home.clinic_id) as session:
        move_date(session, made.enrollment_id, new, now=home.now, actor=WHO, version=1)


def test_f68_a_patient_who_has_died_gets_nothing_more(home: Household) -> None:
    made = home.enroll()
    home.dispatch()  # the welcome is queued
    with home.house.database.transaction(home.clinic_id) as session:
        withdraw(session, made.enrollment_id, reason=WithdrawalReason.DIED, now=home.now, actor=WHO)
    home.deliver()
    assert home.lab.phone(INES).inbox == []
    assert home.rows("SELECT DISTINCT state FROM touchpoint WHERE key <> 'welcome'") == [("cancelled",)]
    with pytest.raises(ForbiddenState), home.house.database.transaction(home.clinic_id) as session:
        resume(session, made.enrollment_id, now=home.now, actor=WHO)


def test_a_pause_holds_texts_and_resuming_lets_them_go(home: Household) -> None:
    made = home.enroll()
    with home.house.database.transaction(home.clinic_id) as session:
        pause(session, made.enrollment_id, reason="in hospital", now=home.now, actor=WHO)
    home.dispatch()
    home.deliver()
    assert home.lab.phone(INES).inbox == []

    home.pass_time(timedelta(hours=1))
    with home.house.database.transaction(home.clinic_id) as session:
        resume(session, made.enrollment_id, now=home.now, actor=WHO)
    home.dispatch()
    home.deliver()
    home.lab.wait_idle()
    assert len(home.lab.phone(INES).inbox) == 1


def test_every_touchpoint_answers_why(home: Household) -> None:
    made = home.enroll(procedure__performed_on="2026-11-18")
    home.dispatch()
    with home.house.database.transaction(home.clinic_id) as session:
        sentences = whys(session, made.enrollment_id)
    assert len(sentences) == home.only("SELECT count(*) FROM touchpoint")
    assert all(each.endswith(".") and "None" not in each for each in sentences.values())


def test_another_clinic_sees_none_of_it(home: Household) -> None:
    home.enroll()
    home.enroll("Tom Ward", patient__phone=TOM)
    with home.house.database.transaction(new_id()) as session:
        for table in ("patient", "enrollment", "touchpoint", "message", "audit_event"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0
