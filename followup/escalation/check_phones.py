"""Ask a phone of staff to prove itself: send the code, or send a test. What came of it is the carrier's report.

A line that can't be texted is called, and hears the code digit by digit.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.clinics.states import Channel
from followup.errors import InvalidInput, NotFound
from followup.escalation.text_staff import text_staff
from followup.staff.models import StaffContactPoint
from followup.staff.verify import Code, new_code


def send_code(
    session: Session, point_id: uuid.UUID, *, staff_id: uuid.UUID, now: datetime, actor: Actor
) -> None:
    """Send a code to one's own phone or address, or say it on one's own line. Raises what ``new_code`` raises."""
    code = new_code(session, point_id, staff_id=staff_id, now=now, actor=actor)
    text_staff(
        session, code.point.clinic_id, code.point, key="staff-verify-number", now=now,
        values={"sign_in_code": _spoken(code) if code.point.channel is Channel.voice else code.digits},
    )  # fmt: skip


def send_test(
    session: Session, point_id: uuid.UUID, *, staff_id: uuid.UUID, now: datetime, actor: Actor
) -> None:
    """Send a test to one's own verified phone or address. Raises NotFound, InvalidInput."""
    point = session.get(StaffContactPoint, point_id)
    if point is None or point.staff_id != staff_id:
        raise NotFound
    if point.verified_at is None:
        raise InvalidInput("point", "Verify it first; a test goes to a verified phone or address.")
    text_staff(session, point.clinic_id, point, key="staff-test-page", now=now)
    record(
        session, point.clinic_id, actor=actor, action="send test page", now=now,
        subject=Subject("staff_contact_point", point_id),
    )  # fmt: skip


def _spoken(code: Code) -> str:
    """A number is read aloud as one; digits with commas are read one by one."""
    return ", ".join(code.digits)
