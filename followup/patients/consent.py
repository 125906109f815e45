"""Consent and its revocation: append a row, and copy the outcome to the contact point for set-based sending.

Source: 47 CFR 64.1200(a)(10)-(12): revocation by any reasonable means counts at once; the history is kept.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import NotFound
from followup.patients.models import Consent, ContactPoint
from followup.patients.states import ConsentDecision


def record_consent(
    session: Session, point: ContactPoint, *, wording: str, wording_version: str, how: str, obtained_by: str,
    now: datetime, actor: Actor,
) -> Consent:  # fmt: skip
    """Record that the patient agreed to be written to at this address; ends an earlier opt-out of it."""
    point.consented_at = now
    point.opted_out_at = None
    return _append(
        session, point, decision=ConsentDecision.granted, wording=wording, wording_version=wording_version,
        how=how, obtained_by=obtained_by, now=now, actor=actor,
    )  # fmt: skip


def record_opt_out(
    session: Session, contact_point_id: uuid.UUID, *, wording: str, how: str, now: datetime, actor: Actor
) -> bool:
    """Record that the patient asked us to stop writing to this address; False if that was known already.

    The row lock makes an opt-out wait for a text whose call is being committed, and stops every later one.
    Raises NotFound for an address of another clinic.
    """
    point = session.get(ContactPoint, contact_point_id, with_for_update=True, populate_existing=True)
    if point is None:
        raise NotFound
    if point.opted_out_at is not None:
        return False
    point.opted_out_at = now
    _append(
        session, point, decision=ConsentDecision.revoked, wording=wording, wording_version="-", how=how,
        obtained_by=str(actor), now=now, actor=actor,
    )  # fmt: skip
    return True


def _append(
    session: Session, point: ContactPoint, *, decision: ConsentDecision, wording: str, wording_version: str,
    how: str, obtained_by: str, now: datetime, actor: Actor,
) -> Consent:  # fmt: skip
    row = Consent(
        clinic_id=point.clinic_id, patient_id=point.patient_id, contact_point_id=point.id,
        channel=point.channel, decision=decision, wording=wording, wording_version=wording_version, how=how,
        obtained_by=obtained_by, at=now,
    )  # fmt: skip
    session.add(row)
    record(
        session, point.clinic_id, actor=actor, action=f"consent {decision}", now=now, reason=how,
        subject=Subject("contact_point", point.id, point.patient_id),
    )  # fmt: skip
    return row
