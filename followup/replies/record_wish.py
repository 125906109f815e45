"""Write down what a patient asked a person: no more texts, or texts again; by phone, in person, on paper, by mail.

Revocation by any reasonable means counts at once, and telling the clinic is one (47 CFR 64.1200(a)(10)). It has the
same effect as a STOP by text. No confirmation is sent: whoever has just said it to a person needs no text about it.
The carrier can't be told; our own record is what stops us.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.clinics.states import Channel
from followup.errors import Conflict, InvalidInput, NotFound
from followup.messaging.rules import OPTED_OUT
from followup.patients.consent import record_consent, record_opt_out
from followup.patients.models import ContactPoint, Patient
from followup.patients.states import ContactState
from followup.replies.obey import cancel_queued

EVERYTHING = "everything"
CHANNELS: Mapping[str, str] = {
    Channel.sms: "no more texts", Channel.email: "no more emails", EVERYTHING: "nothing more at all",
}  # fmt: skip
HOWS: Mapping[str, str] = {
    "phone": "on the phone", "in_person": "in person", "paper": "on paper", "letter": "by letter or email",
}  # fmt: skip
LONGEST_WORDS = 500


def record_stop(
    session: Session, patient_id: uuid.UUID, *, channel: str, how: str, words: str, now: datetime, actor: Actor
) -> int:  # fmt: skip
    """Record that a patient asked a person to be written to no more; returns how many addresses that ended.

    ``words`` are the patient's own, as far as somebody kept them. Raises NotFound, InvalidInput, and Conflict where
    it was known for every address.
    """
    points = _points(session, patient_id, channel=channel, how=how)
    wording = " ".join(words.split())[:LONGEST_WORDS] or "told to staff"
    ended = [
        point.id
        for point in points
        if record_opt_out(session, point.id, wording=wording, how=how, now=now, actor=actor)
    ]
    cancel_queued(session, [point.id for point in points], reason=OPTED_OUT, now=now)
    if not ended:
        raise Conflict("That was known already: nothing is sent there.")
    return len(ended)


def record_agreement(
    session: Session, patient_id: uuid.UUID, *, channel: str, how: str, words: str, now: datetime, actor: Actor
) -> int:  # fmt: skip
    """Record that a patient who had asked for no more agreed to be written to again; returns how many addresses.

    Raises NotFound, InvalidInput, and Conflict where nothing had been stopped. A number that is blocked at the
    carrier stays so until its owner texts START; the next text finds that out and a task tells it.
    """
    points = [each for each in _points(session, patient_id, channel=channel, how=how) if each.opted_out_at]
    if not points:
        raise Conflict("The patient had not asked for no more there.")
    wording = " ".join(words.split())[:LONGEST_WORDS]
    if not wording:
        raise InvalidInput("words", "Write down what the patient agreed to.")
    for point in points:
        record_consent(
            session, point, wording=wording, wording_version="-", how=how, obtained_by=str(actor), now=now,
            actor=actor,
        )  # fmt: skip
    return len(points)


def _points(session: Session, patient_id: uuid.UUID, *, channel: str, how: str) -> Sequence[ContactPoint]:
    """Lock what is meant, in one order, so that two people who write it down can't lock each other."""
    if session.get(Patient, patient_id) is None:
        raise NotFound
    if channel not in CHANNELS:
        raise InvalidInput("channel", "Choose what the patient means.")
    if how not in HOWS:
        raise InvalidInput("how", "Choose how the patient said it.")
    # A helper's number is the helper's own: only "everything" reaches it.
    query = select(ContactPoint).where(
        ContactPoint.patient_id == patient_id,
        ContactPoint.state.not_in([ContactState.wrong_person, ContactState.replaced]),
    )
    if channel != EVERYTHING:
        query = query.where(ContactPoint.channel == channel, ContactPoint.label.is_(None))
    return session.scalars(query.order_by(ContactPoint.id).with_for_update()).all()
