"""What a case says about words that reached us late: how late, and whether the patient was told meanwhile.

A text that waited in the fallback receiver, or was found in the carrier's list, may be an hour old when it is read.
The clocks of its case start when it is opened; whoever accepts it has to know that the patient has waited longer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from followup.escalation.models import Escalation
from followup.escalation.move import flag
from followup.intake.models import ProviderEvent
from followup.intake.spool import SAFETY_TEXT
from followup.replies.models import Reply

# Normal is seconds; a reply that is not assessed within a minute is an alarm of its own.
LATE_AFTER = timedelta(minutes=2)
TOLD_MEANWHILE = "the patient got the standing safety text when this was written"


def note_lateness(case: Escalation, reply: Reply, *, now: datetime) -> None:
    """Flag a case whose words were written long before they could be read; ``now`` is care time."""
    age = now - reply.received_at
    if age >= LATE_AFTER:
        flag(case, f"written {late_words(age)} before it could be read")


def was_told_meanwhile(session: Session, reply: Reply) -> bool:
    """Whether the fallback receiver gave the sender its safety text in the outage in which this was written."""
    event = session.get(ProviderEvent, reply.provider_event_id)
    return event is not None and bool(event.payload.get(SAFETY_TEXT))


def late_words(age: timedelta) -> str:
    """Return an age as people say it: minutes up to two hours, then hours."""
    minutes = int(age.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
