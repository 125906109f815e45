"""STOP from a staff phone: the point is disabled, whoever waits for it is paged another way, and somebody is told.

The carrier acts on the word by itself, so ignoring it would only mean pages into the void.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.clinics.states import Channel
from followup.escalation.models import Escalation, Page
from followup.escalation.move import lock_case
from followup.escalation.next_way import use_next_way
from followup.escalation.states import EscalationState, PagePurpose
from followup.staff.models import StaffContactPoint
from followup.staff.on_call import OPTED_OUT
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind


def stop_texts(
    session: Session, points: Sequence[StaffContactPoint], *, public_url: str, now: datetime
) -> None:
    """Disable texts to these points and use the next way for every case that pages them now."""
    ids = [each.id for each in points]
    # Cases first, then points: the order in which a carrier's report locks them.
    cases = {case_id: lock_case(session, case_id) for case_id in _cases_paging(session, ids)}
    for point in session.scalars(
        select(StaffContactPoint)
        .where(StaffContactPoint.id.in_(ids))
        .order_by(StaffContactPoint.id)
        .with_for_update()
    ):
        if point.disabled_at is None:
            point.disabled_at, point.disabled_reason = now, OPTED_OUT
        record(
            session, point.clinic_id, actor=Actor("staff", point.staff_id), action="stop texts to staff",
            now=now, subject=Subject("staff_contact_point", point.id),
        )  # fmt: skip
        open_task(
            session, point.clinic_id, kind=TaskKind.staffing, priority="high", now=now, due_at=now,
            subject_id=point.id,
            reason="A member of staff stopped our texts: pages can't reach this phone by text any more.",
        )  # fmt: skip
    session.flush()
    for case in cases.values():
        page = _latest_page(session, case, ids)
        if page is not None and case.state is EscalationState.paging:
            use_next_way(session, case, page, public_url=public_url, now=now)


def start_texts(session: Session, points: Sequence[StaffContactPoint], *, now: datetime) -> bool:
    """Page this phone by text again, if it was STOP that ended it; False if nothing was to be undone."""
    stopped = session.scalars(
        select(StaffContactPoint)
        .where(
            StaffContactPoint.id.in_([each.id for each in points]),
            StaffContactPoint.disabled_reason == OPTED_OUT,
        )
        .order_by(StaffContactPoint.id)
        .with_for_update()
    ).all()
    for point in stopped:
        point.disabled_at = point.disabled_reason = None
        record(
            session, point.clinic_id, actor=Actor("staff", point.staff_id), action="texts to staff again",
            now=now, subject=Subject("staff_contact_point", point.id),
        )  # fmt: skip
    return bool(stopped)


def _cases_paging(session: Session, ids: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
    return session.scalars(
        select(Escalation.id)
        .join(Page, Page.escalation_id == Escalation.id)
        .where(Escalation.state == EscalationState.paging, Page.staff_contact_point_id.in_(ids))
        .distinct()
        .order_by(Escalation.id)
    ).all()


def _latest_page(session: Session, case: Escalation, ids: Sequence[uuid.UUID]) -> Page | None:
    return session.scalar(
        select(Page)
        .where(
            Page.escalation_id == case.id,
            Page.staff_contact_point_id.in_(ids),
            Page.purpose == PagePurpose.page,
            Page.channel == Channel.sms,
        )
        .order_by(Page.due_at.desc(), Page.id.desc())
        .limit(1)
    )
