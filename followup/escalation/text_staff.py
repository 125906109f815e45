"""Write to a member of staff about no case: a code, a test, a reminder of a shift.

It goes out as a page does, by the same pump and with the same reports of the carrier, because that is what a test
has to prove. It says nothing about any case or patient.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.clinics.models import Clinic
from followup.db import sealed
from followup.doorbell import ring
from followup.escalation.models import Page
from followup.escalation.page_text import STAFF_LANGUAGE
from followup.escalation.states import PagePurpose, PageState
from followup.kit.ids import new_id
from followup.kit.tokens import random_token
from followup.messaging.say import house_texts
from followup.pathways.vocabulary import Channel as TextChannel
from followup.staff.models import StaffContactPoint

# Texts without a case have no order among them; the number only has to differ.
_NUMBERS = 2_000_000_011


def text_staff(
    session: Session, clinic_id: uuid.UUID, point: StaffContactPoint, *, key: str, now: datetime,
    values: Mapping[str, str] | None = None,
) -> uuid.UUID:  # fmt: skip
    """Queue one text or mail of the house to a contact point of staff; returns its id. Raises MissingValue."""
    clinic = session.get_one(Clinic, clinic_id)
    words = house_texts().render(
        key, language=STAFF_LANGUAGE, channel=TextChannel(point.channel.value),
        values={"clinic_name": clinic.code, **(values or {})},
    )  # fmt: skip
    page_id = new_id()
    place = sealed.place(Page.__tablename__, "to_sealed", page_id)
    session.add(
        Page(
            id=page_id, clinic_id=clinic_id, escalation_id=None, round=0, step=0, staff_id=point.staff_id,
            staff_contact_point_id=point.id, to_sealed=sealed.ring().seal(point.address, place),
            channel=point.channel, purpose=PagePurpose.answer, number=page_id.int % _NUMBERS,
            token=random_token(), link_token=random_token(), body=words.body, subject=words.subject,
            state=PageState.planned, due_at=now,
        )
    )  # fmt: skip
    moved(
        session, clinic_id, thing="page", thing_id=page_id, before=None, after=PageState.planned, now=now,
        reason=f"{key} by {point.channel}",
    )  # fmt: skip
    ring(session, "care.page")
    return page_id
