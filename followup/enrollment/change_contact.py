"""Change a patient's number or mail address while texts are planned, queued or on their way.

What the carrier was called for stays where it went. A text that was handed over and not called yet is stopped in
the transaction that would have called, and planning sends it to the new address: nobody is told something twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.clinics.models import Clinic, Sender
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.doorbell import ring
from followup.enrollment.calendar_change import existing_of
from followup.enrollment.enroll import CONSENT_VERSION, CONSENT_WORDING
from followup.enrollment.models import Enrollment
from followup.enrollment.planning.replan import kept
from followup.enrollment.request import HOW_OBTAINED
from followup.enrollment.shown import Shown, calendar, hold_to, patient_of, running_of
from followup.errors import FieldProblem, InvalidInput
from followup.kit.mail.address import MailAddressError, parse_address
from followup.kit.names import PersonNameError, normalize_name
from followup.kit.phone import PhoneError, mask_phone, parse_phone
from followup.patients.models import ContactPoint, Patient
from followup.patients.register import others_at
from followup.patients.replace_address import (
    WORDS,
    NewAddress,
    own_points,
    refuse_if_known,
    replace_address,
)
from followup.staff.models import StaffContactPoint

CONTACT = {Channel.sms: "phone", Channel.email: "email"}


def read_contact(
    session: Session, clinic_id: uuid.UUID, channel: Channel, *, address: str, agreed: bool,
    obtained_by: str, how: str = "",
) -> NewAddress:  # fmt: skip
    """Check what somebody typed; raises InvalidInput with every problem at its field."""
    problems: list[FieldProblem] = []
    field, found, heard_by = CONTACT[channel], "", ""
    try:
        found = _phone(session, clinic_id, address) if channel is Channel.sms else parse_address(address)
    except (PhoneError, MailAddressError) as problem:
        problems.append(FieldProblem(field, problem.message))
    if agreed:
        try:
            heard_by = normalize_name(obtained_by) if obtained_by.strip() else ""
        except PersonNameError as problem:
            problems.append(FieldProblem("obtained_by", problem.message))
        if not obtained_by.strip():
            problems.append(FieldProblem("obtained_by", "Say who heard the patient agree."))
        if how and how not in HOW_OBTAINED:
            problems.append(FieldProblem("how", f"Choose {', '.join(HOW_OBTAINED)}."))
    if problems:
        raise InvalidInput(problems)
    return NewAddress(
        channel=channel, address=found, agreed=agreed, wording=CONSENT_WORDING,
        wording_version=CONSENT_VERSION, how=how or "phone", obtained_by=heard_by,
    )  # fmt: skip


def _phone(session: Session, clinic_id: uuid.UUID, text: str) -> str:
    clinic = session.get_one(Clinic, clinic_id)
    own = session.scalars(select(Sender.address).where(Sender.channel == Channel.sms))
    numbers = frozenset([*own, clinic.urgent_phone, clinic.office_phone])
    return parse_phone(text, allowed_regions=frozenset({"US"}), own_numbers=numbers).e164


def preview_contact(session: Session, patient_id: uuid.UUID, new: NewAddress) -> Shown:
    """Show what another number or address would do; changes nothing. Raises NotFound, InvalidInput."""
    patient = patient_of(session, patient_id)
    return _shown(session, patient, new, running_of(session, patient_id))


def change_contact(
    session: Session, patient_id: uuid.UUID, new: NewAddress, *, now: datetime, actor: Actor,
    seen: str | None = None,
) -> Shown:  # fmt: skip
    """Use another number or address from now on; ``seen`` is the mark of the preview.

    Raises NotFound, InvalidInput, or Conflict if what was shown is no longer what would happen.
    """
    patient = patient_of(session, patient_id, lock=True)
    enrollments = running_of(session, patient_id, lock=True)
    shown = _shown(session, patient, new, enrollments)
    hold_to(shown, seen)
    replace_address(session, patient, new, now=now, actor=actor)
    for each in enrollments:
        each.version += 1
    ring(session, "messages.dispatch")
    ring(session, "messages.deliver")
    return shown


def _shown(session: Session, patient: Patient, new: NewAddress, enrollments: Sequence[Enrollment]) -> Shown:
    points = own_points(session, patient.id, new.channel)
    refuse_if_known(points, new)
    where = mask_phone(new.address) if new.channel is Channel.sms else new.address
    return Shown(
        f"The {WORDS[new.channel]} becomes {where}. Nothing more is sent to the old one.",
        tuple(calendar(each, kept(existing_of(session, each.id))) for each in enrollments),
        tuple(_notes(session, patient, new, points)),
    )


def _notes(
    session: Session, patient: Patient, new: NewAddress, points: Sequence[ContactPoint]
) -> Iterable[str]:
    word = WORDS[new.channel]
    yield (
        f"A text that is waiting to be sent goes to the new {word}; one that the carrier was called for is not"
        " repeated."
    )
    yield f"An answer from the old {word} is read at once, and a person asks who wrote before it is filed."
    if not new.agreed:
        yield f"No consent for the new {word}: planned texts go another way that was agreed to, or a person calls."
    if any(each.opted_out_at for each in points) and new.agreed:
        yield f"The patient asked for no more messages at the old {word}. This records a new consent."
    if others_at(session, new.channel, new.address, besides=patient.id):
        yield f"Another patient has this {word}: answers from it will be asked whom they are about."
    staff = select(StaffContactPoint.id).where(StaffContactPoint.address_blind == blind("phone", new.address))
    if session.scalar(staff.limit(1)):
        yield "This number belongs to a member of staff."
