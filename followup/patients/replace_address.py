"""Give a patient another number or address: the old one is kept for the record, and nothing is sent there any more.

Consent belongs to an address. It does not move along: the patient agrees to the new one, or nothing planned goes
there. Source: 47 CFR 64.1200(a)(9)(iv), consent is given by providing the number.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.clinics.addresses import address_blind
from followup.clinics.states import Channel
from followup.errors import InvalidInput
from followup.patients.consent import record_consent
from followup.patients.models import ContactPoint, Patient
from followup.patients.states import ContactState

GIVEN_UP = "the patient gave another one"
WORDS = {Channel.sms: "number", Channel.email: "address"}
_WRITABLE = (ContactState.stated, ContactState.confirmed)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAddress:
    """A checked number (E.164) or mail address, and the consent given for it; no words, no consent."""

    channel: Channel
    address: str
    agreed: bool
    wording: str
    wording_version: str
    how: str = "phone"
    obtained_by: str = ""


def own_points(
    session: Session, patient_id: uuid.UUID, channel: Channel, *, lock: bool = False
) -> Sequence[ContactPoint]:
    """Return the patient's own addresses of a channel, oldest first; a helper's are not among them."""
    query = (
        select(ContactPoint)
        .where(
            ContactPoint.patient_id == patient_id,
            ContactPoint.channel == channel,
            ContactPoint.label.is_(None),
        )
        .order_by(ContactPoint.recorded_at, ContactPoint.id)
    )
    if lock:
        # A text whose call is being committed holds these rows: it goes out as it is, every later one sees us.
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).all()


def refuse_if_known(points: Sequence[ContactPoint], new: NewAddress) -> None:
    """Raise InvalidInput if the patient is written to there already."""
    wanted = address_blind(new.channel, new.address)
    in_use = [each for each in points if each.state in _WRITABLE]
    if len(in_use) == 1 and in_use[0].address_blind in wanted.every:
        raise InvalidInput(_FIELD[new.channel], f"This is the {WORDS[new.channel]} we have.")


_FIELD = {Channel.sms: "phone", Channel.email: "email"}


def replace_address(
    session: Session, patient: Patient, new: NewAddress, *, now: datetime, actor: Actor
) -> ContactPoint:
    """Retire the patient's own addresses of this channel and use the new one from now on."""
    wanted = address_blind(new.channel, new.address)
    points = own_points(session, patient.id, new.channel, lock=True)
    refuse_if_known(points, new)
    for each in points:
        if each.address_blind not in wanted.every and each.state is not ContactState.wrong_person:
            each.state, each.state_reason = ContactState.replaced, GIVEN_UP
    point = next((each for each in points if each.address_blind in wanted.every), None)
    if point is None:
        point = ContactPoint(
            clinic_id=patient.clinic_id, patient_id=patient.id, channel=new.channel, address=new.address,
            address_blind=wanted,
        )  # fmt: skip
        session.add(point)
    point.state, point.state_reason = ContactState.stated, None
    session.flush()
    if new.agreed:
        record_consent(
            session, point, wording=new.wording, wording_version=new.wording_version, how=new.how,
            obtained_by=new.obtained_by, now=now, actor=actor,
        )  # fmt: skip
    record(
        session, patient.clinic_id, actor=actor, action=f"change {WORDS[new.channel]}", now=now,
        subject=Subject("contact_point", point.id, patient.id),
    )  # fmt: skip
    return point
