"""Words are removed when their time is over: by kind, at night, counted, and never under a legal hold."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from followup.audit.record import SYSTEM
from followup.audit.seal import seal_all, verify
from followup.bootstrap import House, sms_of
from followup.clinics.models import Clinic
from followup.db import sealed
from followup.enrollment.change import withdraw
from followup.enrollment.models import Enrollment
from followup.enrollment.rules import WithdrawalReason
from followup.errors import Conflict, InvalidInput, NotFound
from followup.gateways.emptied import emptier
from followup.lab import Lab
from followup.patients.hold import lift_hold, place_hold
from followup.replies.models import Reply, ReplyMedia
from followup.replies.states import MediaState
from followup.settings import Settings
from followup.setup.carrier_copies import empty_carrier_copies
from followup.setup.clinic_file import parse_clinic_file
from followup.setup.forget import forget
from followup.setup.retention import due_counts, retain, retain_clinic
from tests.cast import CLINIC, INES, TOM, TUESDAY, ClinicOfTheTest, open_clinic
from tests.household import Household, move_in
from tests.stages.keeping.test_patients_can_be_forgotten import WORDS, wrote

LATER = TUESDAY + timedelta(days=100)
AT_NIGHT = LATER.replace(hour=8)  # three in the morning in Chicago
DAYS = {"messages": 60, "replies": 60, "assessments": 60, "files": 60, "events": 30, "carrier": 14}


@pytest.fixture
def clinic(house: House) -> ClinicOfTheTest:
    """A patient who wrote, sent a photo and went; the clinic keeps words for some weeks."""
    opened = open_clinic(house)
    for person in (INES, TOM):
        opened.enroll(person)
        wrote(house, person.phone)
    with opened.session() as session:
        session.execute(text("UPDATE reply SET state = 'filed'"))
        clinic = session.get_one(Clinic, opened.id)
        clinic.settings = {**clinic.settings, "retention": DAYS}
        for reply in session.scalars(select(Reply)):
            session.add(
                ReplyMedia(
                    clinic_id=opened.id, reply_id=reply.id, position=0, address="https://x", state=MediaState.kept,
                    kind="image/jpeg", size=3, content=base64.b64encode(b"abc").decode(),
                )
            )  # fmt: skip
    return opened


def goes(clinic: ClinicOfTheTest, name: str = INES.name) -> uuid.UUID:
    """The patient leaves care; returns their id."""
    with clinic.session() as session:
        from followup.patients.models import Patient

        patient = next(each for each in session.scalars(select(Patient)) if each.name == name)
        enrollment = session.scalars(select(Enrollment).where(Enrollment.patient_id == patient.id)).one()
        withdraw(session, enrollment.id, reason=WithdrawalReason.PATIENT_ASKED, now=TUESDAY, actor=SYSTEM)
        return patient.id


def bodies(clinic: ClinicOfTheTest) -> list[str]:
    with clinic.session() as session:
        return sorted(each.body for each in session.scalars(select(Reply)))


def test_what_is_too_old_is_emptied_counted_and_the_record_still_holds(
    house: House, clinic: ClinicOfTheTest
) -> None:
    goes(clinic)
    with clinic.session() as session:
        foreseen = due_counts(session, clinic.id, now=LATER)
    done = retain_clinic(house.database, clinic.id, now=LATER)
    assert {name: many for name, many in foreseen.items() if many} == done
    assert done["replies"] == done["files"] == 1
    assert done["events"] == 1
    assert bodies(clinic) == ["", WORDS]
    with clinic.session() as session:
        told = session.scalars(
            text("SELECT action FROM audit_event WHERE action = 'remove what is too old'")
        ).all()
        assert len(told) == 1
        assert (
            session.scalar(
                text("SELECT count(*) FROM reply_media WHERE state = 'removed' AND content_sealed IS NULL")
            )
            == 1
        )
    assert retain_clinic(house.database, clinic.id, now=LATER) == {}
    seal_all(house.database, settled_after=0)
    with house.database.engine() as session:
        assert verify(session, clinic.id).holds


def test_a_patient_in_care_and_a_reply_that_waits_are_left_alone(
    house: House, clinic: ClinicOfTheTest
) -> None:
    with clinic.session() as session:
        session.execute(text("UPDATE reply SET state = 'in_review'"))
    goes(clinic)
    done = retain_clinic(house.database, clinic.id, now=LATER)
    assert "replies" not in done
    assert bodies(clinic) == [WORDS, WORDS]


def test_a_dry_run_changes_nothing_and_nothing_is_removed_without_days(
    house: House, clinic: ClinicOfTheTest
) -> None:
    goes(clinic)
    with clinic.session() as session:
        assert sum(due_counts(session, clinic.id, now=LATER).values()) > 0
    assert bodies(clinic) == [WORDS, WORDS]
    with clinic.session() as session:
        session.execute(text("UPDATE clinic SET settings = settings - 'retention'"))
    assert retain_clinic(house.database, clinic.id, now=LATER) == {}


def test_a_hold_on_a_patient_or_on_the_clinic_stops_everything_until_it_is_lifted(
    house: House, clinic: ClinicOfTheTest, owner_url: str
) -> None:
    patient_id = goes(clinic)
    goes(clinic, TOM.name)
    with clinic.session() as session:
        place_hold(session, clinic.id, patient_id, reason="a letter of the court", now=LATER, actor=SYSTEM)
    retain_clinic(house.database, clinic.id, now=LATER)
    assert bodies(clinic) == ["", WORDS]
    with pytest.raises(Conflict):
        forget(owner_url, patient_id, now=LATER, actor=SYSTEM, reason="asked")
    with clinic.session() as session:
        place_hold(session, clinic.id, None, reason="an insurer", now=LATER, actor=SYSTEM)
        lift_hold(session, clinic.id, patient_id, reason="the case ended", now=LATER, actor=SYSTEM)
    assert retain_clinic(house.database, clinic.id, now=LATER) == {}
    with clinic.session() as session:
        lift_hold(session, clinic.id, None, reason="settled", now=LATER, actor=SYSTEM)
    retain_clinic(house.database, clinic.id, now=LATER)
    assert bodies(clinic) == ["", ""]


def test_a_hold_needs_a_reason_and_something_to_hold(clinic: ClinicOfTheTest) -> None:
    with clinic.session() as session:
        with pytest.raises(InvalidInput):
            place_hold(session, clinic.id, None, reason=" ", now=LATER, actor=SYSTEM)
        with pytest.raises(NotFound):
            place_hold(session, clinic.id, uuid.uuid4(), reason="x", now=LATER, actor=SYSTEM)
        with pytest.raises(NotFound):
            lift_hold(session, clinic.id, None, reason="x", now=LATER, actor=SYSTEM)


def test_it_happens_at_night_only(house: House, clinic: ClinicOfTheTest) -> None:
    goes(clinic)
    assert retain(house.database, now=AT_NIGHT + timedelta(hours=6)) == 0
    assert retain(house.database, now=AT_NIGHT) > 0


def test_the_right_to_empty_a_record_can_put_no_words_into_it(clinic: ClinicOfTheTest) -> None:
    row_id = uuid.uuid4()
    forged = sealed.ring().seal(
        '{"Body": "I never wrote this"}', sealed.place("provider_event", "payload_sealed", row_id)
    )
    with pytest.raises(DBAPIError, match="only be emptied"), clinic.session() as session:
        session.execute(text("UPDATE provider_event SET payload_sealed = :forged"), {"forged": forged})


@pytest.mark.parametrize(
    ("part", "wrong"), [("replies: 3", "replies"), ("carrier: 0", "carrier"), ("letters: 90", "letters")]
)
def test_a_clinic_file_that_names_too_few_days_is_refused(part: str, wrong: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_clinic_file(f"{CLINIC}\nretention: {{{part}}}\n", name="riverbend.yaml")
    assert wrong in refused.value.problems[0].message
    kept = parse_clinic_file(f"{CLINIC}\nretention: {{replies: 2555}}\n", name="riverbend.yaml")
    assert kept.retention.replies == 2555


# -- the carrier's copies ---------------------------------------------------------------------------------------


@pytest.fixture
def household(settings: Settings, lab: Lab) -> Iterator[Household]:
    made = move_in(settings, lab)
    made.enroll()
    made.go_to(made.now + timedelta(days=5))
    made.dispatch()
    made.deliver()
    lab.wait_idle()
    yield made
    made.house.database.dispose()


def emptied(household: Household) -> int:
    empty = emptier(sms_of(household.house.settings))
    return empty_carrier_copies(household.house.database, empty, now=household.now)


def test_words_are_emptied_at_the_carrier_weeks_after_they_went_through_and_kept_here(
    household: Household, lab: Lab
) -> None:
    household.change("UPDATE message SET state = 'delivered' WHERE provider_id IS NOT NULL")
    many = household.only("SELECT count(*) FROM message WHERE provider_id IS NOT NULL")
    assert many
    assert emptied(household) == 0
    household.pass_time(timedelta(days=20))
    assert emptied(household) == many
    assert emptied(household) == 0
    listed = lab.call(_bodies(lab))
    assert set(listed) == {""}
    assert household.only("SELECT count(*) FROM message WHERE octet_length(body_sealed) > 60") >= many


def test_a_text_the_carrier_lost_counts_as_empty_and_one_it_refuses_is_tried_again(
    household: Household, lab: Lab
) -> None:
    household.change("UPDATE message SET state = 'delivered' WHERE provider_id IS NOT NULL")
    household.pass_time(timedelta(days=20))
    assert emptier(sms_of(household.house.settings))(["SM" + "0" * 32]) == ["SM" + "0" * 32]
    lab.fault("refuse", on="messages.update", status=500, code=20500)
    assert emptied(household) == 0
    lab.clear_faults()
    assert emptied(household) > 0


async def _bodies(lab: Lab) -> list[str]:
    from followup.lab import bodies as written

    return [
        written.text(each)["body"]
        for each in lab.server.carrier.texts.values()
        if each.direction != "inbound"
    ]
