"""What a patient may ask for: everything that is kept, and its removal with the skeleton of the record standing."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from followup.audit.record import SYSTEM
from followup.audit.seal import seal_all, verify
from followup.bootstrap import House
from followup.db.rotate import sealed_tables
from followup.enrollment.change import withdraw
from followup.enrollment.rules import WithdrawalReason
from followup.errors import Conflict, NotFound
from followup.intake.events import IncomingEvent
from followup.intake.states import EventKind
from followup.intake.store import store
from followup.outreach.dispatch import dispatch_due
from followup.patients.models import Patient
from followup.replies.process import process_events
from followup.setup.forget import export, forget
from tests.cast import INES, NUMBER, TOM, TUESDAY, ClinicOfTheTest, open_clinic

WORDS = "my plumbus aches"


def wrote(house: House, number: str) -> None:
    sid = f"SM{uuid.uuid4().hex}"
    payload = {"From": number, "To": NUMBER, "Body": WORDS, "MessageSid": sid, "NumMedia": "0"}
    with house.database.intake() as session:
        store(
            session,
            IncomingEvent(
                kind=EventKind.inbound_sms, provider_key=sid, payload=payload, received_at=TUESDAY,
                our_address=NUMBER,
            ),
        )  # fmt: skip
    process_events(house.database, now=lambda: TUESDAY)


@pytest.fixture
def clinic(house: House) -> ClinicOfTheTest:
    """Two patients who got texts and wrote."""
    opened = open_clinic(house)
    for person in (INES, TOM):
        opened.enroll(person)
        wrote(house, person.phone)
    dispatch_due(house.database, now=TUESDAY + timedelta(hours=1))
    return opened


def patient_of(clinic: ClinicOfTheTest, name: str) -> uuid.UUID:
    with clinic.session() as session:
        return next(each.id for each in session.query(Patient) if each.name == name)


def end_care(clinic: ClinicOfTheTest, patient_id: uuid.UUID) -> None:
    with clinic.session() as session:
        enrollment = session.execute(
            text("SELECT id FROM enrollment WHERE patient_id = :id"), {"id": patient_id}
        ).scalar_one()
        withdraw(session, enrollment, reason=WithdrawalReason.PATIENT_ASKED, now=TUESDAY, actor=SYSTEM)


def everything_opened(clinic: ClinicOfTheTest) -> str:
    """Every sealed value that the clinic's login can see, opened."""
    found = []
    with clinic.session() as session:
        for table in sealed_tables():
            if hasattr(table.row, "clinic_id"):
                for row in session.query(table.row):
                    found += [str(getattr(row, name)) for name in table.attributes]
    return " ".join(found)


def test_an_export_holds_what_is_kept_and_is_on_record(clinic: ClinicOfTheTest) -> None:
    ines = patient_of(clinic, INES.name)
    with clinic.session() as session:
        told = export(session, ines, now=TUESDAY, actor=SYSTEM)
    assert told["patient"][0]["name"] == INES.name
    assert told["contact_point"][0]["address"] == INES.phone
    assert told["reply"][0]["body"] == WORDS
    assert told["message"]
    assert TOM.name not in str(told)
    assert TOM.phone not in str(told)
    with clinic.session() as session:
        assert session.scalar(text("SELECT count(*) FROM audit_event WHERE action = 'export patient'")) == 1


def test_a_forgotten_patient_leaves_a_skeleton_and_a_chain_that_holds(
    clinic: ClinicOfTheTest, house: House, owner_url: str
) -> None:
    ines = patient_of(clinic, INES.name)
    end_care(clinic, ines)
    seal_all(house.database, settled_after=0)
    with clinic.session() as session:
        before = session.scalar(text("SELECT count(*) FROM message"))
    assert INES.phone in everything_opened(clinic)
    done = forget(owner_url, ines, now=TUESDAY, actor=SYSTEM, reason="asked in writing")
    assert done["patient"] == 1
    assert done["provider_event"] >= 1
    left = everything_opened(clinic)
    assert INES.name not in left
    assert INES.phone not in left
    assert TOM.name in left
    assert TOM.phone in left
    with clinic.session() as session:
        assert session.scalar(text("SELECT count(*) FROM message")) == before
        assert session.scalar(text("SELECT count(*) FROM audit_event WHERE action = 'forget patient'")) == 1
    seal_all(house.database, settled_after=0)
    with house.database.engine() as session:
        assert verify(session, clinic.id).holds


def test_a_patient_in_care_is_not_forgotten(clinic: ClinicOfTheTest, owner_url: str) -> None:
    ines = patient_of(clinic, INES.name)
    with pytest.raises(Conflict):
        forget(owner_url, ines, now=TUESDAY, actor=SYSTEM, reason="asked")
    assert INES.phone in everything_opened(clinic)


def test_nobody_of_another_clinic_is_exported(clinic: ClinicOfTheTest, house: House) -> None:
    ines = patient_of(clinic, INES.name)
    with pytest.raises(NotFound), house.database.transaction(uuid.uuid4()) as session:
        export(session, ines, now=TUESDAY, actor=SYSTEM)
