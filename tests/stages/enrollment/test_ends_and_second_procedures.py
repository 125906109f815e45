"""A procedure is cancelled, a patient dies, a second procedure comes: shown first, then done."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.enrollment.end import end, preview_death, preview_end, record_death
from followup.enrollment.planning.replan import ChangeKind
from followup.enrollment.rules import WithdrawalReason
from followup.enrollment.second_procedure import NextProcedure, enroll_again, preview_second
from followup.enrollment.shown import Shown
from followup.errors import AlreadyEnrolled, Conflict, ForbiddenState, InvalidInput, NotFound
from followup.kit.ids import new_id
from tests.household import INES, Household

BY = Actor("staff:alma")
CANCELLED = WithdrawalReason.PROCEDURE_CANCELLED
LATER = NextProcedure(
    performed_on="2026-12-15", performed_at="10:30", harvest="fat", pathway="stem-cell-back"
)


def sent(home: Household) -> int:
    home.dispatch()
    home.deliver()
    home.lab.wait_idle()
    return len(home.lab.phone(INES).inbox)


def patient_of(home: Household) -> uuid.UUID:
    return uuid.UUID(str(home.only("SELECT id FROM patient")))


def again(home: Household, asked: NextProcedure = LATER) -> tuple[uuid.UUID, Shown]:
    with home.house.database.transaction(home.clinic_id) as session:
        patient_id, library = patient_of(home), home.house.library
        shown = preview_second(session, patient_id, asked, library=library, now=home.now)
        return enroll_again(
            session, patient_id, asked, library=library, now=home.now, actor=BY, seen=shown.mark
        )


# -- the procedure is cancelled -----------------------------------------------------------------------------------


def test_f68_a_cancelled_procedure_stops_what_is_queued_and_says_what_was_sent(home: Household) -> None:
    made = home.enroll()
    assert sent(home) == 1
    home.go_to(home.only("SELECT min(due_at) FROM touchpoint WHERE state = 'planned'"))
    home.dispatch()
    with home.house.database.transaction(home.clinic_id) as session:
        shown = preview_end(session, made.enrollment_id, CANCELLED)
        changes = shown.calendars[0].replan
        assert len(changes.of_kind(ChangeKind.SENT)) == 2
        assert "the appointment was cancelled" in changes.of_kind(ChangeKind.CANCELLED)[0].words
        end(session, made.enrollment_id, CANCELLED, now=home.now, actor=BY, seen=shown.mark)
    home.deliver()
    assert len(home.lab.phone(INES).inbox) == 1
    assert home.only("SELECT cancelled_at FROM procedure") == home.now
    assert home.rows("SELECT 1 FROM touchpoint WHERE state = 'planned'") == []
    assert home.only("SELECT count(*) FROM audit_event WHERE action = 'enrollment withdrawn'") == 1


def test_an_end_that_is_not_the_one_shown_is_refused(home: Household) -> None:
    made = home.enroll()
    with home.house.database.transaction(home.clinic_id) as session:
        shown = preview_end(session, made.enrollment_id, CANCELLED)
    home.dispatch()
    with pytest.raises(Conflict), home.house.database.transaction(home.clinic_id) as session:
        end(session, made.enrollment_id, CANCELLED, now=home.now, actor=BY, seen=shown.mark)
    assert home.only("SELECT state FROM enrollment") == "active"


def test_what_has_ended_cannot_end_again_and_nobody_ends_what_nobody_knows(home: Household) -> None:
    made = home.enroll()
    with home.house.database.transaction(home.clinic_id) as session:
        end(session, made.enrollment_id, CANCELLED, now=home.now, actor=BY)
    for enrollment_id, error in ((made.enrollment_id, ForbiddenState), (new_id(), NotFound)):
        with pytest.raises(error), home.house.database.transaction(home.clinic_id) as session:
            end(session, enrollment_id, CANCELLED, now=home.now, actor=BY)


# -- the patient died ---------------------------------------------------------------------------------------------


def test_f68_a_death_ends_every_follow_up_of_the_patient_at_once(home: Household) -> None:
    home.enroll()
    again(home)
    home.dispatch()
    with home.house.database.transaction(home.clinic_id) as session:
        shown = preview_death(session, patient_of(home))
        assert len(shown.calendars) == 2
        record_death(session, patient_of(home), now=home.now, actor=BY, seen=shown.mark)
    assert sent(home) == 0
    assert {row[0] for row in home.rows("SELECT state FROM enrollment")} == {"withdrawn"}
    assert home.rows("SELECT 1 FROM message WHERE state <> 'cancelled'") == []
    with pytest.raises(ForbiddenState), home.house.database.transaction(home.clinic_id) as session:
        record_death(session, patient_of(home), now=home.now, actor=BY)


def test_ending_one_follow_up_because_of_a_death_records_the_death(home: Household) -> None:
    made = home.enroll()
    again(home)
    with home.house.database.transaction(home.clinic_id) as session:
        shown = preview_end(session, made.enrollment_id, WithdrawalReason.DIED)
        end(session, made.enrollment_id, WithdrawalReason.DIED, now=home.now, actor=BY, seen=shown.mark)
    assert home.only("SELECT died_at FROM patient") == home.now
    assert home.rows("SELECT 1 FROM enrollment WHERE state = 'active'") == []


# -- a second procedure -------------------------------------------------------------------------------------------


def test_a_second_procedure_uses_the_patient_the_addresses_and_the_consent_on_record(home: Household) -> None:
    home.enroll()
    consents = home.only("SELECT count(*) FROM consent")
    made, shown = again(home)
    assert len(shown.calendars[0].replan.of_kind(ChangeKind.ADDED)) > 5
    assert home.only("SELECT count(*) FROM patient") == 1
    assert home.only("SELECT count(*) FROM consent") == consents
    assert home.only("SELECT count(*) FROM enrollment WHERE state = 'active'") == 2
    assert (
        home.only("SELECT performed_on FROM enrollment WHERE id = :id", id=made).isoformat() == "2026-12-15"
    )


def test_two_follow_ups_never_fill_one_day_twice(home: Household) -> None:
    home.enroll()
    again(home, NextProcedure(performed_on="2026-11-25", harvest="fat", pathway="stem-cell-back"))
    doubled = home.rows(
        "SELECT local_date FROM touchpoint WHERE state = 'planned' AND slot > 0"
        " GROUP BY patient_id, local_date, slot HAVING count(*) > 1"
    )
    assert doubled == []


def test_a_second_procedure_may_take_the_place_of_the_first_and_has_its_days(home: Household) -> None:
    first = home.enroll()
    asked = NextProcedure(
        performed_on="2026-11-25", harvest="bone_marrow", pathway="stem-cell-back", ends_earlier=True
    )
    made, shown = again(home, asked)
    assert len(shown.calendars[1].replan.of_kind(ChangeKind.CANCELLED)) > 5
    assert home.only("SELECT state FROM enrollment WHERE id = :id", id=first.enrollment_id) == "withdrawn"
    given_way = "SELECT count(*) FROM touchpoint WHERE enrollment_id = :id AND reason_code = 'day_full'"
    assert home.only(given_way, id=made) == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"performed_on": "02/30/2026"}, InvalidInput), ({"performed_on": "2026-11-24"}, AlreadyEnrolled),
        ({"pathway": "nothing"}, InvalidInput), ({"harvest": ""}, InvalidInput), ({"channel": "fax"}, InvalidInput),
        ({"performed_on": "2036-11-24"}, InvalidInput),
    ],
    ids=["B44", "twice", "pathway", "harvest", "channel", "B48"],
)  # fmt: skip
def test_a_second_procedure_is_checked_like_the_first(
    home: Household, changes: dict[str, Any], error: type[Exception]
) -> None:
    home.enroll()
    usual = {"performed_on": "2026-12-15", "harvest": "bone_marrow", "pathway": "stem-cell-back"}
    with pytest.raises(error):
        again(home, NextProcedure(**(usual | changes)))


def test_a_patient_who_opted_out_is_not_enrolled_again_by_an_old_consent(home: Household) -> None:
    home.enroll()
    home.change("UPDATE contact_point SET opted_out_at = now()")

    def ask(session: Session) -> Shown:
        return preview_second(session, patient_of(home), LATER, library=home.house.library, now=home.now)

    with pytest.raises(InvalidInput), home.house.database.transaction(home.clinic_id) as session:
        ask(session)


def test_a_preview_of_a_second_procedure_grows_stale_when_the_first_moves_on(home: Household) -> None:
    home.enroll()
    with home.house.database.transaction(home.clinic_id) as session:
        shown = preview_second(session, patient_of(home), LATER, library=home.house.library, now=home.now)
    home.dispatch()
    with pytest.raises(Conflict), home.house.database.transaction(home.clinic_id) as session:
        enroll_again(
            session, patient_of(home), LATER, library=home.house.library, now=home.now, actor=BY,
            seen=shown.mark,
        )  # fmt: skip
