"""An opt-out that came with a red flag: the one confirmation that may still be sent has to say "call".

The confirmation was chosen by a quick first look when the text came in. If triage finds a red flag that the look
missed, a plain confirmation that has not left yet is exchanged; one that has left stays the only one (47 CFR
64.1200(a)(12) allows one), and the case says that the patient cannot be texted.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.escalation.tell_patient import Hearer, Telling, tell_patient
from followup.messaging.models import Message
from followup.messaging.states import MessageState, Purpose
from followup.replies.models import Reply

PLAIN = "opt-out-confirmed"
WITH_WARNING = "opt-out-red-flag"


def confirm_with_warning(session: Session, reply: Reply, *, now: datetime) -> bool:
    """Exchange the plain confirmation of an opt-out for the one with 911; False if there is none to exchange."""
    exchanged = session.scalar(
        update(Message)
        .where(
            Message.cause_id == reply.id, Message.purpose == Purpose.consent, Message.text_key == PLAIN,
            Message.state == MessageState.queued, Message.claimable,
        )
        .values(
            state=MessageState.cancelled, claimable=False, final_at=now,
            reason="a warning sign was found; the confirmation that says so goes instead",
        )
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if exchanged is None:
        return False
    moved(
        session, reply.clinic_id, thing="message", thing_id=exchanged, before=MessageState.queued,
        after=MessageState.cancelled, now=now, reason="exchanged for the one with a warning",
    )  # fmt: skip
    hearer = Hearer(
        reply.clinic_id, reply.patient_id, reply.enrollment_id, reply.contact_point_id, reply.sender_id
    )
    tell_patient(session, hearer, Telling(WITH_WARNING, Purpose.consent, reply.id), now=now)
    return True
