"""Close a case: with what was done, by a licensed person, and only after the patient was spoken to.

Closing is the only end a case has. It lets the patient's planned texts go on, and the replies it stood on are
marked as disposed of. No text and no key press ever closes a case.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, moved, record
from followup.errors import ForbiddenState, InvalidInput, NotAllowed
from followup.escalation.acknowledge import cancel_pages
from followup.escalation.hold import release_planned
from followup.escalation.models import Escalation, EscalationSignal
from followup.escalation.move import is_open, lock_case, move_case
from followup.escalation.rules import DISPOSITIONS, FALSE_ALARM
from followup.escalation.states import EscalationState
from followup.replies.models import Reply
from followup.replies.states import ReplyState
from followup.staff.models import Staff
from followup.staff.rules import LICENSED


def close_case(
    session: Session, case_id: uuid.UUID, *, disposition: str, note: str, staff: Staff, now: datetime
) -> Escalation:
    """Close a case with a disposition of the list and a note (sealed).

    Raises NotAllowed without a license, InvalidInput without disposition or note, ForbiddenState before the patient
    was contacted (a false alarm may be closed at any time, with the reason as its note).
    """
    if staff.role not in LICENSED:
        raise NotAllowed("Only a nurse or a physician may close a case.")
    if disposition not in DISPOSITIONS:
        raise InvalidInput("disposition", "Choose what was done.")
    if not note.strip():
        raise InvalidInput("note", "Write what was said and done, and what comes next.")
    case = lock_case(session, case_id)
    if not is_open(case):
        raise ForbiddenState("This case is closed already.")
    if case.state is not EscalationState.contacted and disposition != FALSE_ALARM:
        raise ForbiddenState("Speak with the patient first and write that down, or let a physician decide.")
    actor = Actor("staff", staff.id)
    case.note = note
    session.flush()
    move_case(
        session, case, EscalationState.closed, now=now, reason=disposition, actor=actor,
        disposition=disposition, closed_at=now, closed_by=str(actor),
    )  # fmt: skip
    cancel_pages(session, case, reason="the case is closed", now=now)
    record(
        session, case.clinic_id, actor=actor, action="close escalation", now=now, reason=disposition,
        subject=Subject("escalation", case.id, case.patient_id),
    )  # fmt: skip
    _dispose_replies(session, case, actor, now=now)
    if case.patient_id is not None:
        release_planned(session, case.clinic_id, case.patient_id, now=now)
    return case


def _dispose_replies(session: Session, case: Escalation, actor: Actor, *, now: datetime) -> None:
    causes = select(EscalationSignal.cause_id).where(
        EscalationSignal.escalation_id == case.id, EscalationSignal.kind == "reply"
    )
    before = session.execute(
        select(Reply.id, Reply.state).where(
            Reply.id.in_(causes), Reply.state.in_((ReplyState.assessed, ReplyState.in_review))
        )
    ).all()
    for reply_id, state in before:
        session.execute(
            update(Reply)
            .where(Reply.id == reply_id, Reply.state == state)
            .values(state=ReplyState.disposed)
            .execution_options(synchronize_session=False)
        )
        moved(
            session, case.clinic_id, thing="reply", thing_id=reply_id, before=state,
            after=ReplyState.disposed, now=now, reason="its case was closed", actor=actor,
        )  # fmt: skip
