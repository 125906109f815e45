"""What follows from an assessed reply: a case, a task with a due time, or a place on the timeline; and a text.

The case comes first: whatever goes wrong with the text to the patient, the case is open, and says that the patient
may not have been told.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.clinics.models import Clinic
from followup.escalation.clocks import CANNOT_BE_TEXTED
from followup.escalation.late_words import TOLD_MEANWHILE, note_lateness, was_told_meanwhile
from followup.escalation.models import Escalation
from followup.escalation.move import flag
from followup.escalation.open import Finding, Opened, open_case, published_policy
from followup.escalation.opt_out_words import confirm_with_warning
from followup.escalation.policy import read_policy
from followup.escalation.promise_rules import Hours, review_due, same_day_promise
from followup.escalation.states import CaseTier
from followup.escalation.tell_patient import Hearer, Telling, Told, tell_patient
from followup.kit.windows import to_local, to_utc, zone
from followup.log import logger
from followup.messaging.models import Message
from followup.messaging.queue import Address
from followup.messaging.states import Purpose
from followup.outreach.follow_up import ask_next
from followup.patients.models import ContactPoint, Patient
from followup.patients.states import ContactState
from followup.replies.limit import may_answer
from followup.replies.models import Reply
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind
from followup.triage.engine import Decision, Tier

_log = logger(__name__)

NOT_TOLD = "patient may not have been told: call now"
THANKS = "routine-thanks"
_SAFETY = {"emergency": "safety-emergency", "self_harm": "safety-self-harm", "urgent": "safety-urgent"}


@dataclass(frozen=True, slots=True)
class Desk:
    """What every answer needs: the clinic's public address, the instant (care time)."""

    public_url: str
    now: datetime


def answer_reply(session: Session, reply: Reply, decision: Decision, *, desk: Desk) -> Opened | None:
    """Do what the tier of an assessed reply asks for; returns the case if there is one."""
    if decision.tier in (Tier.EMERGENCY, Tier.URGENT):
        return _alarm(session, reply, decision, desk)
    if decision.tier is Tier.SAME_DAY:
        _call_back(session, reply, desk)
    elif decision.tier is Tier.UNCLEAR:
        _review(session, reply, decision, desk)
    asked = _ask_on(session, reply, decision, desk)
    if decision.tier is Tier.ROUTINE and not asked:
        _thank(session, reply, desk)
    return None


def open_for_reply(session: Session, reply: Reply, tier: CaseTier, *, rule: str | None, desk: Desk) -> Opened:
    """Open or raise a case for a reply, without writing to the patient; also for a tier that a person chose."""
    finding = Finding(
        "reply", reply.id, tier, at=desk.now, rule=rule, patient_id=reply.patient_id,
        enrollment_id=reply.enrollment_id,
    )  # fmt: skip
    return open_case(session, reply.clinic_id, finding, public_url=desk.public_url, now=desk.now)


def answer_raised(
    session: Session, reply_id: uuid.UUID, tier: CaseTier, *, desk: Desk, actor: Actor
) -> Opened:
    """Do what a tier that a person gave to a reply asks for: the case, and the same words to the patient at once.

    The advice belongs to the tier, not to who chose it: whoever is told late to call 911 is told all the same. What
    the patient was told for this reply already is not said twice.
    """
    reply = session.get_one(Reply, reply_id)
    finding = Finding(
        "reply", reply.id, tier, at=reply.received_at, rule="raised by a person", patient_id=reply.patient_id,
        enrollment_id=reply.enrollment_id,
    )  # fmt: skip
    opened = open_case(
        session, reply.clinic_id, finding, public_url=desk.public_url, now=desk.now, actor=actor
    )
    _warn(session, reply, _SAFETY[tier.value], opened=opened, desk=desk)
    return opened


def _alarm(session: Session, reply: Reply, decision: Decision, desk: Desk) -> Opened:
    rule = next((each.rule for each in decision.evidence), None)
    opened = open_for_reply(session, reply, CaseTier(decision.tier.value), rule=rule, desk=desk)
    key = _SAFETY.get(decision.message_key, _SAFETY[decision.tier.value])
    if reply.opt == "opt_out":
        confirm_with_warning(session, reply, now=desk.now)
    note_lateness(opened.case, reply, now=desk.now)
    # One who may harm themselves gets the line that answers them, whatever else they were told.
    if key != _SAFETY["self_harm"] and was_told_meanwhile(session, reply):
        flag(opened.case, TOLD_MEANWHILE)
        return opened
    _warn(session, reply, key, opened=opened, desk=desk)
    return opened


def _warn(session: Session, reply: Reply, key: str, *, opened: Opened, desk: Desk) -> None:
    told = _tell(session, _hearer(session, reply), Telling(key, Purpose.safety, reply.id), desk)
    _note_untold(opened.case, told)


def _call_back(session: Session, reply: Reply, desk: Desk) -> None:
    clinic = session.get_one(Clinic, reply.clinic_id)
    promise = same_day_promise(_hours(clinic), read_policy(published_policy(session)), desk.now)
    open_task(
        session, clinic.id, kind=TaskKind.call_back, now=desk.now, due_at=promise.due_at,
        patient_id=reply.patient_id, subject_id=reply.id,
        reason="A reply tells of something that needs a call the same day.",
    )  # fmt: skip
    if reply.patient_id is not None and reply.opt is None:
        _tell(session, _hearer(session, reply), Telling(promise.text_key, Purpose.answer, reply.id), desk)


def _review(session: Session, reply: Reply, decision: Decision, desk: Desk) -> None:
    clinic = session.get_one(Clinic, reply.clinic_id)
    policy = read_policy(published_policy(session))
    open_task(
        session, clinic.id, kind=TaskKind.review_reply, now=desk.now, priority=decision.priority,
        due_at=review_due(_hours(clinic), policy, decision.priority, desk.now),
        patient_id=reply.patient_id, subject_id=reply.id,
        reason="A reply was not understood: please read it.",
    )  # fmt: skip
    if reply.patient_id is not None and reply.opt is None and may_answer(session, reply, now=desk.now):
        key = "media-received" if reply.media_count else "safety-unclear"
        _tell(session, _hearer(session, reply), Telling(key, Purpose.answer, reply.id), desk)


def _ask_on(session: Session, reply: Reply, decision: Decision, desk: Desk) -> bool:
    """Ask the step's next question, if the reply allows it; a question that can't be asked breaks nothing."""
    if reply.touchpoint_id is None or reply.opt is not None:
        return False
    try:
        with session.begin_nested():
            return ask_next(
                session, reply.touchpoint_id, tier=decision.tier.value, cause_id=reply.id, now=desk.now,
                sender_id=reply.sender_id,
            )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - the reply is assessed; a broken question must not undo that
        _log.error("follow-up not asked", reply_id=str(reply.id), error=type(error).__name__)
        return False


def _thank(session: Session, reply: Reply, desk: Desk) -> None:
    """Thank at most once a day of the patient's, and never with a verdict."""
    if reply.patient_id is None or reply.opt is not None or _was_thanked(session, reply.patient_id, desk.now):
        return
    if may_answer(session, reply, now=desk.now):
        _tell(session, _hearer(session, reply), Telling(THANKS, Purpose.answer, reply.id), desk)


def _was_thanked(session: Session, patient_id: uuid.UUID, now: datetime) -> bool:
    where = zone(session.get_one(Patient, patient_id).time_zone)
    midnight = to_utc(to_local(now, where).date(), time(0, 0), where).utc
    thanked = select(Message.id).where(
        Message.patient_id == patient_id, Message.text_key == THANKS, Message.queued_at >= midnight
    )
    return session.scalar(thanked.limit(1)) is not None


def _tell(session: Session, hearer: Hearer, telling: Telling, desk: Desk) -> Told | None:
    """Queue a text, or None if that went wrong: then the record says so and the rest stands."""
    try:
        with session.begin_nested():
            return tell_patient(session, hearer, telling, now=desk.now)
    except Exception as error:  # noqa: BLE001 - the case is open whatever happens to the text
        _log.error("patient not told", cause_id=str(telling.cause_id), error=type(error).__name__)
        return None


def _note_untold(case: Escalation, told: Told | None) -> None:
    if told is None:
        flag(case, NOT_TOLD)
    elif told is not Told.queued:
        flag(case, CANNOT_BE_TEXTED)


def _hearer(session: Session, reply: Reply) -> Hearer:
    if reply.patient_id is not None:
        return Hearer(
            reply.clinic_id, reply.patient_id, reply.enrollment_id, reply.contact_point_id, reply.sender_id
        )
    # A phone that several patients share is answered without saying which of them is meant; if all of them asked us
    # to stop, the call will see that and say so, and the case tells that nobody can be texted.
    shared = session.scalar(
        select(ContactPoint)
        .where(
            ContactPoint.address_blind == reply.sender_blind,
            ContactPoint.state.not_in((ContactState.bad, ContactState.wrong_person, ContactState.replaced)),
        )
        .order_by(ContactPoint.opted_out_at.is_not(None), ContactPoint.id)
        .limit(1)
    )
    address = Address(reply.channel, reply.sender_address, shared.id if shared else None)
    return Hearer(reply.clinic_id, sender_id=reply.sender_id, stranger=address)


def _hours(clinic: Clinic) -> Hours:
    return Hours(clinic.open_hours, tuple(clinic.holidays), zone(clinic.time_zone))
