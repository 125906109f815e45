"""Answer what staff phones send us: codes, STOP, words; and apply the carrier's reports about pages.

The raw rows are left to this stage by the one that receives (outcome ``staff_text`` or ``page_status``) or by the
voice webhook. Each is understood once, under the lock of its row. A red flag in a text of staff is never lost: it
opens a case of its own, because a nurse may be quoting a patient or be in danger herself.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from followup.db.sealed import blind
from followup.db.session import Database
from followup.escalation.acknowledge import Result, StaffAnswer
from followup.escalation.answer_call import ACCEPT, press
from followup.escalation.follow_page import PageReport, track_page
from followup.escalation.models import Escalation, Page
from followup.escalation.open import Finding, open_case
from followup.escalation.plan_pages import answer_staff
from followup.escalation.staff_codes import Sender, answer_codes, is_bare, is_start, is_stop, sender_of
from followup.escalation.staff_stop import start_texts, stop_texts
from followup.escalation.states import CaseTier, PagePurpose
from followup.intake.models import ProviderEvent
from followup.intake.states import EventKind
from followup.kit.clock import Clock
from followup.log import logger
from followup.messaging.carrier_errors import classify
from followup.staff.verify import confirm_by_text
from followup.triage.engine import Context, Tier, triage

_log = logger(__name__)

MOST_TRIES = 5
# An autoresponder on a staff phone must not be fed all night; what acts is always answered.
MOST_IDLE_ANSWERS = 5
_IDLE_WINDOW = timedelta(hours=1)

_WAITING = text(
    """
    SELECT e.id, COALESCE(e.clinic_id, p.clinic_id) AS clinic_id FROM provider_event e
    LEFT JOIN page p ON p.token = e.token
    WHERE e.processed_at IS NULL AND e.tries < :most
      AND (e.outcome IN ('staff_text', 'page_status') OR e.kind IN ('voice_status', 'voice_input'))
    ORDER BY e.received_at, e.id LIMIT 200
    """
)
_ASSIGN = text("UPDATE provider_event SET clinic_id = :clinic WHERE id = :event AND clinic_id IS NULL")
_CLOSE = text("UPDATE provider_event SET processed_at = :now, outcome = 'unknown_page' WHERE id = :event")
_TRY = text("UPDATE provider_event SET tries = tries + 1 WHERE id = :event")

_KEYS: Mapping[Result, str] = {
    Result.accepted: "staff-accepted",
    Result.yours_already: "staff-accepted",
    Result.taken: "staff-already-accepted",
    Result.passed_on: "staff-passed-on",
    Result.closed: "staff-closed",
}
HELP = "staff-code-unknown"


def process_staff_events(database: Database, clock: Clock, *, public_url: str) -> int:
    """Understand every waiting event of staff phones and pages; returns how many."""
    with database.engine() as session:
        waiting = [(row.id, row.clinic_id) for row in session.execute(_WAITING, {"most": MOST_TRIES})]
        for event_id, clinic_id in waiting:
            if clinic_id is None:
                session.execute(_CLOSE, {"event": event_id, "now": clock.now()})
            else:
                session.execute(_ASSIGN, {"event": event_id, "clinic": clinic_id})
    done = 0
    for event_id, clinic_id in waiting:
        if clinic_id is None:
            continue
        try:
            with database.transaction(clinic_id) as session:
                done += understand(session, event_id, public_url=public_url, now=clock.now())
        except Exception as error:  # noqa: BLE001 - one event that breaks must not keep the others waiting
            _log.error("staff event failed", event_id=str(event_id), error=type(error).__name__)
            with database.engine() as session:
                session.execute(_TRY, {"event": event_id})
    return done


def process_staff_texts(session: Session, clinic_id: uuid.UUID, *, public_url: str, now: datetime) -> int:
    """Understand the waiting events of one clinic that were routed to it already; returns how many."""
    ids = session.scalars(
        select(ProviderEvent.id)
        .where(
            ProviderEvent.clinic_id == clinic_id,
            ProviderEvent.processed_at.is_(None),
            ProviderEvent.outcome.in_(("staff_text", "page_status")),
        )
        .order_by(ProviderEvent.received_at, ProviderEvent.id)
    ).all()
    return sum(understand(session, each, public_url=public_url, now=now) for each in ids)


def understand(session: Session, event_id: uuid.UUID, *, public_url: str, now: datetime) -> bool:
    """Understand one event under its lock and close it; False if somebody else has it or had it."""
    event = session.scalar(
        select(ProviderEvent)
        .where(ProviderEvent.id == event_id, ProviderEvent.processed_at.is_(None))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if event is None or event.clinic_id is None:
        return False
    if event.kind is EventKind.inbound_sms:
        _text(session, event, public_url=public_url, now=now)
    elif event.kind is EventKind.voice_input:
        _key(session, event, public_url=public_url, now=now)
    else:
        track_page(session, event.token or "", _report(event), public_url=public_url, now=now)
        event.outcome = event.outcome or "page_status"
    event.processed_at = now
    return True


def handle_staff_text(
    session: Session, clinic_id: uuid.UUID, *, from_blind: bytes, body: str, cause_id: uuid.UUID,
    public_url: str, now: datetime, was_stop: bool = False,
) -> StaffAnswer:  # fmt: skip
    """Do what a text from a staff phone asks for, without answering it; ``cause_id`` is its raw event."""
    sender = sender_of(session, from_blind)
    if sender is None:
        return StaffAnswer(Result.unknown_code)
    if was_stop or is_stop(body):
        stop_texts(session, sender.points, public_url=public_url, now=now)
        return StaffAnswer(Result.is_stop)
    if is_start(body) and start_texts(session, sender.points, now=now):
        return StaffAnswer(Result.is_start)
    if confirm_by_text(session, sender.point_ids, body, now):
        return StaffAnswer(Result.is_verified)
    answer = answer_codes(session, sender, body, public_url=public_url, now=now)
    if answer is None and is_bare(body):
        answer = StaffAnswer(Result.no_code)
    return answer or _read(session, clinic_id, body, cause_id=cause_id, public_url=public_url, now=now)


def _read(
    session: Session, clinic_id: uuid.UUID, body: str, *, cause_id: uuid.UUID, public_url: str, now: datetime
) -> StaffAnswer:
    """Triage the words of a member of staff as if a patient had written them."""
    decision = triage(body, Context(lang="en"))
    if decision.tier in (Tier.EMERGENCY, Tier.URGENT):
        rule = next((each.rule for each in decision.evidence), None)
        finding = Finding("staff_text", cause_id, CaseTier(decision.tier.value), at=now, rule=rule)
        opened = open_case(session, clinic_id, finding, public_url=public_url, now=now)
        return StaffAnswer(Result.help, opened.case.id)
    return StaffAnswer(Result.help)


def _text(session: Session, event: ProviderEvent, *, public_url: str, now: datetime) -> None:
    assert event.clinic_id is not None
    fields = event.payload
    from_blind = blind("phone", fields.get("From", ""))
    answer = handle_staff_text(
        session, event.clinic_id, from_blind=from_blind, body=fields.get("Body", ""), cause_id=event.id,
        public_url=public_url, now=now, was_stop=fields.get("OptOutType", "") == "STOP",
    )  # fmt: skip
    sender = sender_of(session, from_blind)
    # The carrier answers STOP and START itself; a verified phone shows on the account page.
    needs_no_answer = answer.result in (Result.is_stop, Result.is_start, Result.is_verified)
    if needs_no_answer or sender is None or _is_fed(session, sender, answer, now=now):
        return
    key = _KEYS.get(answer.result, HELP)
    case = session.get(Escalation, answer.case_id) if answer.case_id and key != HELP else None
    answer_staff(
        session, event.clinic_id, sender.points[0], key=key, case=case, taken=answer.taken,
        public_url=public_url, now=now,
    )  # fmt: skip


def _key(session: Session, event: ProviderEvent, *, public_url: str, now: datetime) -> None:
    """See that a pressed "accept" took effect, should the webhook have failed after it stored the key.

    Accepting twice is accepting once; passing on twice would skip a person, so that is not repeated.
    """
    event.outcome = "voice_input"
    page_id = session.scalar(select(Page.id).where(Page.token == (event.token or "")))
    if page_id is not None and event.payload.get("Digits", "")[:1] == ACCEPT:
        press(session, page_id, ACCEPT, public_url=public_url, now=now)


def _is_fed(session: Session, sender: Sender, answer: StaffAnswer, *, now: datetime) -> bool:
    if answer.changed:
        return False
    answered = session.scalar(
        select(func.count()).where(
            Page.staff_contact_point_id.in_(sender.point_ids),
            Page.purpose == PagePurpose.answer,
            Page.due_at > now - _IDLE_WINDOW,
        )
    )
    return (answered or 0) >= MOST_IDLE_ANSWERS


def _report(event: ProviderEvent) -> PageReport:
    fields = event.payload
    is_call = event.kind is EventKind.voice_status
    status = fields.get("CallStatus" if is_call else "MessageStatus", "")
    code = fields.get("ErrorCode") or None
    return PageReport(
        provider_id=fields.get("CallSid" if is_call else "MessageSid", ""),
        status=status,
        error_code=code,
        refusal=classify(code) if code and status in ("failed", "undelivered", "canceled") else None,
    )
