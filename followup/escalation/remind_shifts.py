"""Send the reminders of shifts that begin soon. Somebody who can't be told is a task: another may be needed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.db.session import Database
from followup.escalation.text_staff import text_staff
from followup.kit.clock import Clock
from followup.staff.cover import clinic_zone
from followup.staff.models import Shift
from followup.staff.on_call import ways_to
from followup.staff.shift_reminders import HOURS_BEFORE, Reminding, due_reminders
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

LINK_PATH = "/s"


def remind_shifts(database: Database, clock: Clock, *, public_url: str) -> int:
    """Remind everybody whose shift begins in twelve hours or one; returns how many were reminded."""
    now = clock.now()
    with database.engine() as session:
        clinics = list(
            session.scalars(
                select(Shift.clinic_id)
                .where(Shift.starts_at > now, Shift.starts_at <= now + timedelta(hours=HOURS_BEFORE[0]))
                .distinct()
                .order_by(Shift.clinic_id)
            )
        )
    reminded = 0
    for clinic_id in clinics:
        with database.transaction(clinic_id) as session:
            for each in due_reminders(session, clinic_id, now=now):
                reminded += _remind(session, each, public_url=public_url, now=now)
    return reminded


def _remind(session: Session, each: Reminding, *, public_url: str, now: datetime) -> bool:
    row = each.row
    way = next((way for way in ways_to(session, row.staff_id) if way.channel is not Channel.voice), None)
    if way is None:
        open_task(
            session, row.clinic_id, kind=TaskKind.staffing, priority="high", now=now, due_at=now,
            subject_id=row.staff_id, reason="Somebody who is on call soon has no verified phone or address.",
        )  # fmt: skip
        return False
    starts = row.starts_at.astimezone(clinic_zone(session))
    text_staff(
        session, row.clinic_id, way.point, key="staff-shift-reminder", now=now,
        values={
            "clock_words": f"{starts:%-I:%M %p}", "shift_link": f"{public_url}{LINK_PATH}/{each.token}",
        },
    )  # fmt: skip
    row.sent_at = now
    return True
