"""Send out what is due: each touchpoint whose time has come becomes a queued message, or keeps the reason why not.

Claimed with skip-locked rows, so any number of workers may do this at once. A text that cannot be written (a value
is missing) is not sent half: it becomes a task. The slot of the day is taken by the message itself.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from followup.clinics.models import Clinic
from followup.db.session import Database
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.clinic_calendar import calendar_of
from followup.enrollment.models import Touchpoint
from followup.enrollment.planning.from_pathway import WELCOME_KEY
from followup.enrollment.planning.lateness import Verdict
from followup.enrollment.planning.reasons import SENTENCES, Reason
from followup.enrollment.planning.silence import next_look
from followup.enrollment.states import TouchpointState
from followup.errors import FollowupError
from followup.kit.windows import Window, to_local, zone
from followup.log import logger
from followup.messaging.queue import Address, Draft, Queued, queue
from followup.messaging.say import say_step
from followup.messaging.states import Purpose
from followup.outreach.due import DueContact, Outcome, due_rows, gather, hours_end, outcomes
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

_log = logger(__name__)

CALL_DUE = timedelta(hours=4)
BATCH = 200
TRY_AGAIN = timedelta(hours=1)

_CLINICS_WITH_WORK = text(
    "SELECT clinic_id, min(look_at) AS oldest FROM touchpoint WHERE state = 'planned' AND look_at <= :now"
    " GROUP BY clinic_id ORDER BY oldest"
)


@dataclass(slots=True)
class Dispatched:
    """How many touchpoints went which way in one round."""

    sent: int = 0
    waiting: int = 0
    settled: int = 0
    put_aside: int = 0


def dispatch_due(database: Database, *, now: datetime) -> Dispatched:
    """Dispatch everything due, clinic by clinic, the one that waits longest first; none holds up another."""
    total = Dispatched()
    with database.engine() as session:
        clinics = [row.clinic_id for row in session.execute(_CLINICS_WITH_WORK, {"now": now})]
    for clinic_id in clinics:
        many = BATCH
        while many:
            many = _round(database, clinic_id, many=many, now=now, total=total)
    return total


def _round(database: Database, clinic_id: uuid.UUID, *, many: int, now: datetime, total: Dispatched) -> int:
    """Dispatch a batch; returns how many patients the next one may hold, 0 when the clinic is done.

    A batch that breaks is taken again patient by patient, and who breaks it alone is put aside for a person.
    """
    tally = Dispatched()
    try:
        with database.transaction(clinic_id) as session:
            found = dispatch(session, clinic_id, now=now, total=tally, many=many)
    except DBAPIError as error:
        # The database was away or chose us in a deadlock: nobody's fault, and the next tick finds the same rows.
        _log.warning("contacts not dispatched yet", clinic_id=str(clinic_id), error=type(error).__name__)
        return 0
    except Exception as error:  # noqa: BLE001 - one broken row must not keep a clinic's texts back
        _log.error("batch of contacts broke", clinic_id=str(clinic_id), many=many, error=type(error).__name__)
        if many > 1:
            return 1
        return _put_aside(database, clinic_id, now=now, total=total)
    for name in ("sent", "waiting", "settled"):
        setattr(total, name, getattr(total, name) + getattr(tally, name))
    return many if found >= many else 0


def _put_aside(database: Database, clinic_id: uuid.UUID, *, now: datetime, total: Dispatched) -> int:
    """Give the first patient's due contacts to a person, so that the others flow; returns the next batch's size."""
    with database.transaction(clinic_id) as session:
        rows = due_rows(session, now=now, many=1)
        for row in rows:
            advance_touchpoint(
                session, row.id, to=TouchpointState.call_task, now=now,
                reason="it could not be prepared; a person was asked to call",
            )  # fmt: skip
            _ask_for_a_call(session, row, "it could not be prepared", now=now)
    total.put_aside += len(rows)
    return BATCH if rows else 0


def dispatch(
    session: Session, clinic_id: uuid.UUID, *, now: datetime, total: Dispatched | None = None,
    many: int = BATCH,
) -> int:  # fmt: skip
    """Dispatch the due touchpoints of up to ``many`` patients of one clinic; returns how many were looked at."""
    clinic = session.get_one(Clinic, clinic_id)
    total = total or Dispatched()
    rows = due_rows(session, now=now, many=many)
    by_patient: dict[uuid.UUID, list[DueContact]] = defaultdict(list)
    for row in rows:
        by_patient[row.patient_id].append(gather(session, row))
    for contacts in by_patient.values():
        for outcome in outcomes(session, clinic, contacts, now=now):
            _carry_out(session, clinic, outcome, total=total, now=now)
    return len(rows)


def _carry_out(
    session: Session, clinic: Clinic, outcome: Outcome, *, total: Dispatched, now: datetime
) -> None:
    match outcome.verdict:
        case Verdict.SEND:
            if _send(session, clinic, outcome.contact, now=now):
                total.sent += 1
            else:
                total.settled += 1
        case Verdict.WAIT:
            assert outcome.look_at is not None
            _wait(outcome.contact.touchpoint, outcome.look_at, outcome.sentence)
            total.waiting += 1
        case _:
            _settle(session, outcome, now=now)
            total.settled += 1


def _send(session: Session, clinic: Clinic, contact: DueContact, *, now: datetime) -> bool:
    point, row = contact.reach.point, contact.touchpoint
    assert point is not None
    try:
        said = say_step(
            session, contact.enrollment, pathway=contact.pathway, text_key=contact.text_key,
            channel=point.channel, now=now,
        )  # fmt: skip
    except FollowupError as error:
        _unwritable(session, row, error, now=now)
        return False
    # Past these hours it is decided anew, not sent at night; the carrier drops what it still holds by then.
    closes = hours_end(clinic, contact, now) or row.not_after
    draft = Draft(
        purpose=Purpose.welcome if row.key == WELCOME_KEY else Purpose.planned, text_key=row.key,
        language=contact.enrollment.language, body=said.body, subject=said.subject, not_before=now,
        not_after=min(row.not_after, closes), patient_id=row.patient_id, enrollment_id=row.enrollment_id,
        touchpoint_id=row.id, round=row.round,
        local_day=to_local(now, zone(row.time_zone)).date() if row.slot else None, slot=row.slot or None,
    )  # fmt: skip
    placed = queue(session, clinic.id, draft=draft, to=Address.of(point), now=now)
    if placed.result is Queued.slot_taken:
        # Somebody else's text took the day between our look and the key; decided anew in an hour.
        _wait(row, now + TRY_AGAIN, SENTENCES[Reason.DAY_FULL])
        return False
    advance_touchpoint(
        session, row.id, to=TouchpointState.dispatched, now=now, reason="handed to the outbox",
        dispatched_at=now, remind_at=_first_look(clinic, contact, now),
        asked=[contact.step.question_key] if contact.step and contact.step.question_key else [],
    )  # fmt: skip
    return True


def _first_look(clinic: Clinic, contact: DueContact, now: datetime) -> datetime | None:
    hours = contact.enrollment.preferences.get("hours")
    look = next_look(
        contact.plan, sent_at=now, reminders=0, clinic=calendar_of(clinic),
        patient_zone=contact.touchpoint.time_zone, preferred_hours=Window.parse(hours) if hours else None,
    )  # fmt: skip
    return look.at if look else None


def _wait(row: Touchpoint, look_at: datetime, sentence: str) -> None:
    row.look_at = look_at
    row.reason = sentence


def _settle(session: Session, outcome: Outcome, *, now: datetime) -> None:
    row = outcome.contact.touchpoint
    if outcome.verdict is Verdict.CALL_TASK:
        to = TouchpointState.call_task
    else:
        to = TouchpointState.cancelled if outcome.is_cancelled else TouchpointState.skipped
    advance_touchpoint(session, row.id, to=to, now=now, reason=outcome.sentence, code=outcome.reason)
    if to is TouchpointState.call_task:
        _ask_for_a_call(session, row, outcome.sentence, now=now)


def _ask_for_a_call(session: Session, row: Touchpoint, because: str, *, now: datetime) -> None:
    open_task(
        session, row.clinic_id, kind=TaskKind.call_missed_text, now=now, due_at=now + CALL_DUE,
        subject_id=row.id, patient_id=row.patient_id,
        reason=f"Please call: the contact {row.key} was not sent, because {because}.",
    )  # fmt: skip


def _unwritable(session: Session, row: Touchpoint, error: FollowupError, *, now: datetime) -> None:
    _log.error("text not written", touchpoint=str(row.id), code=error.code)
    open_task(
        session, row.clinic_id, kind=TaskKind.content, now=now, due_at=now, subject_id=row.id,
        patient_id=row.patient_id, priority="high",
        reason=f"The text {row.key} could not be written: {error.message} Please call the patient.",
    )  # fmt: skip
    advance_touchpoint(
        session, row.id, to=TouchpointState.call_task, now=now,
        reason="the text could not be written; a person was asked to call",
    )  # fmt: skip
