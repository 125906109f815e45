"""Another number or address while a follow-up runs: shown first, then done, and each text sent once."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.clinics.states import Channel
from followup.enrollment.change_contact import change_contact, preview_contact, read_contact
from followup.enrollment.planning.replan import ChangeKind
from followup.enrollment.shown import Shown
from followup.errors import InvalidInput
from followup.messaging import claim as claims
from followup.messaging.calling import start_calling
from followup.patients.replace_address import NewAddress
from tests.household import INES, TOM, Household

BY = Actor("staff:alma")
NEW = "+13125550108"


def number(
    session: Session, home: Household, text: str = NEW, *, agreed: bool = True, who: str = "Alma Reyes"
) -> NewAddress:
    return read_contact(session, home.clinic_id, Channel.sms, address=text, agreed=agreed, obtained_by=who)


def patient_of(home: Household) -> uuid.UUID:
    return uuid.UUID(str(home.only("SELECT id FROM patient")))


def gives_number(home: Household, text: str = NEW, *, agreed: bool = True) -> Shown:
    with home.house.database.transaction(home.clinic_id) as session:
        new = number(session, home, text, agreed=agreed)
        shown = preview_contact(session, patient_of(home), new)
        return change_contact(session, patient_of(home), new, now=home.now, actor=BY, seen=shown.mark)


def claimed(home: Household) -> tuple[uuid.UUID, list[uuid.UUID]]:
    pump, sender = uuid.uuid4(), home.only("SELECT sender_id FROM message WHERE state = 'queued'")
    with home.house.database.transaction(home.clinic_id) as session:
        found = claims.claim(session, sender, pump=pump, urgent=False, many=10, now=home.now)
    return pump, [each.attempt_id for each in found]


def texts(home: Household, phone: str) -> int:
    home.lab.wait_idle()
    return len([each for each in home.lab.phone(phone).inbox if not each.by_carrier])


def audited(home: Household) -> list[str]:
    return [row[0] for row in home.rows("SELECT action FROM audit_event ORDER BY at, id")]


# -- number and address -------------------------------------------------------------------------------------------


def test_f69_a_text_claimed_for_the_old_number_goes_to_the_new_one_only(home: Household) -> None:
    home.enroll()
    home.dispatch()
    pump, attempts = claimed(home)
    gives_number(home)
    with home.house.database.transaction(home.clinic_id) as session:
        assert start_calling(session, attempts, pump=pump, now=home.now) == []
    home.dispatch()
    home.deliver()
    assert (texts(home, INES), texts(home, NEW)) == (0, 1)
    assert home.only("SELECT count(*) FROM message WHERE state <> 'cancelled'") == 1


def test_f69_a_text_whose_call_had_started_stays_where_it_went(home: Household) -> None:
    home.enroll()
    home.dispatch()
    pump, attempts = claimed(home)
    with home.house.database.transaction(home.clinic_id) as session:
        assert len(start_calling(session, attempts, pump=pump, now=home.now)) == 1
    gives_number(home)
    home.dispatch()
    home.deliver()
    assert texts(home, NEW) == 0
    assert home.only("SELECT count(*) FROM message WHERE touchpoint_id IS NOT NULL") == 1


def test_what_was_sent_to_the_old_number_is_shown_and_not_sent_to_the_new_one(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.deliver()
    shown = gives_number(home)
    assert len(shown.calendars[0].replan.of_kind(ChangeKind.SENT)) == 1
    home.dispatch()
    home.deliver()
    assert (texts(home, INES), texts(home, NEW)) == (1, 0)
    assert [row[0] for row in home.rows("SELECT state FROM contact_point WHERE channel = 'sms' ORDER BY id")] == [
        "replaced", "stated",
    ]  # fmt: skip
    assert "change number" in audited(home)
    assert "consent granted" in audited(home)


def test_a_number_without_consent_gets_no_planned_text(home: Household) -> None:
    home.enroll()
    shown = gives_number(home, agreed=False)
    assert any("No consent for the new number" in each for each in shown.notes)
    home.dispatch()
    home.deliver()
    assert (texts(home, INES), texts(home, NEW)) == (0, 0)
    assert home.only("SELECT state FROM touchpoint WHERE key = 'welcome'") != "planned"


def test_going_back_to_the_first_number_makes_it_usable_again(home: Household) -> None:
    home.enroll()
    gives_number(home)
    gives_number(home, INES)
    assert home.only("SELECT count(*) FROM contact_point WHERE channel = 'sms'") == 2
    home.dispatch()
    home.deliver()
    assert (texts(home, INES), texts(home, NEW)) == (1, 0)


def test_another_mail_address_takes_the_place_of_the_first(home: Household) -> None:
    home.enroll(patient__email="ines@mail.example", channel="email")
    with home.house.database.transaction(home.clinic_id) as session:
        new = read_contact(
            session, home.clinic_id, Channel.email, address="duarte@post.example", agreed=True,
            obtained_by="Alma Reyes",
        )  # fmt: skip
        change_contact(session, patient_of(home), new, now=home.now, actor=BY)
    home.dispatch()
    home.deliver()
    assert [each.to for each in home.lab.mails] == [("duarte@post.example",)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (INES, "number we have"), ("911", "Emergency"), ("312 555 0101 x4", "extension"), ("", "phone number"),
        ("+13125550100", "own texting number"), ("+34 612 345 678", "does not text there"),
    ],
)  # fmt: skip
def test_a_number_that_cannot_be_used_is_refused_at_its_field(home: Household, text: str, says: str) -> None:
    home.enroll()
    with (
        pytest.raises(InvalidInput, match=says) as refused,
        home.house.database.transaction(home.clinic_id) as session,
    ):
        preview_contact(session, patient_of(home), number(session, home, text))
    assert [each.field for each in refused.value.problems] == ["phone"]


def test_a_consent_that_nobody_heard_is_refused(home: Household) -> None:
    with (
        pytest.raises(InvalidInput, match="who heard"),
        home.house.database.transaction(home.clinic_id) as session,
    ):
        number(session, home, who=" ")


def test_a_number_of_another_patient_is_shown_as_shared(home: Household) -> None:
    home.enroll()
    ines = patient_of(home)
    home.enroll("Tom Berg", patient__phone=TOM)
    with home.house.database.transaction(home.clinic_id) as session:
        shown = preview_contact(session, ines, number(session, home, TOM))
    assert any("Another patient has this number" in each for each in shown.notes)
