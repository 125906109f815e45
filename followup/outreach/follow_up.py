"""Ask the next question of a step after the patient has replied, if the reply allows it.

After an emergency or urgent reply the patient has a safety text to act on: nothing may push it up the screen. A
follow-up answers the patient, so it goes at any hour and takes no slot of the day.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from followup.enrollment.models import Enrollment, Touchpoint
from followup.messaging.queue import Address, Draft, queue
from followup.messaging.say import say_step
from followup.messaging.states import Purpose
from followup.outreach.address import where_to
from followup.pathways.pathway import Step
from followup.pathways.pin import pinned

# Past this the patient's reply is history; asking on would be odd.
ASK_WITHIN = timedelta(hours=12)


def ask_next(
    session: Session, touchpoint_id: uuid.UUID, *, tier: str, cause_id: uuid.UUID, now: datetime,
    sender_id: uuid.UUID | None = None,
) -> bool:  # fmt: skip
    """Queue the step's next follow-up question; True if one was asked. ``cause_id`` is the reply."""
    touchpoint = session.get(Touchpoint, touchpoint_id, with_for_update=True)
    if touchpoint is None:
        return False
    enrollment = session.get_one(Enrollment, touchpoint.enrollment_id)
    pathway = pinned(session, enrollment.pathway_version_id)
    step = next((each for each in pathway.steps if each.key == touchpoint.key), None)
    question = _next_question(step, touchpoint.asked, tier)
    reach = where_to(session, touchpoint.patient_id, touchpoint.channel)
    if question is None or reach.point is None:
        return False
    said = say_step(
        session, enrollment, pathway=pathway, text_key=question, channel=reach.point.channel, now=now
    )
    draft = Draft(
        purpose=Purpose.answer, text_key=question, language=enrollment.language, body=said.body,
        subject=said.subject, not_before=now, not_after=now + ASK_WITHIN, patient_id=touchpoint.patient_id,
        enrollment_id=enrollment.id, touchpoint_id=touchpoint.id, cause_id=cause_id,
    )  # fmt: skip
    queue(
        session, touchpoint.clinic_id, draft=draft, to=Address.of(reach.point), now=now, sender_id=sender_id
    )
    touchpoint.asked = [*touchpoint.asked, question]
    touchpoint.pending_question = question
    return True


def _next_question(step: Step | None, asked: list[str], tier: str) -> str | None:
    if step is None:
        return None
    for follow_up in step.follow_ups:
        if follow_up.ask not in asked:
            return follow_up.ask if tier in {each.value for each in follow_up.after} else None
    return None
