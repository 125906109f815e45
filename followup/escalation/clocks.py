"""What each clock of a case does when it runs out. Each is called once, under the lock of its case.

A clock that finds its case in another state than it was meant for does nothing: what was to happen happened.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from followup.escalation.climb import climb, on_call_now, page_again
from followup.escalation.hand_over import expire_hand_over
from followup.escalation.models import Escalation
from followup.escalation.move import flag, move_case, policy_of
from followup.escalation.plan_pages import notify, page_person
from followup.escalation.policy import Target
from followup.escalation.rules import NOT_REACHED_EVERY, NOT_REACHED_TEXTS, REPHYSICIAN
from followup.escalation.states import EscalationState, TimerKind
from followup.escalation.tell_patient import Hearer, Telling, Told, tell_patient
from followup.escalation.timers import set_timer
from followup.messaging.states import Purpose
from followup.staff.on_call import managers

S = EscalationState
NOBODY_REACHED = "nobody-reached-yet"
CANNOT_BE_TEXTED = "cannot be texted"


def run_clock(session: Session, case: Escalation, kind: TimerKind, *, public_url: str, now: datetime) -> None:
    """Do what a clock that ran out asks for."""
    states, act = _CLOCKS[kind]
    if case.state in states:
        act(session, case, public_url, now)


def _step(session: Session, case: Escalation, public_url: str, now: datetime) -> None:
    climb(session, case, public_url=public_url, now=now)


def _repage(session: Session, case: Escalation, public_url: str, now: datetime) -> None:
    page_again(session, case, public_url=public_url, now=now)


def _not_reached(session: Session, case: Escalation, _: str, now: datetime) -> None:
    """Tell the patient the truth: nobody has accepted yet, do not wait for us. At most three times."""
    if case.not_reached_texts >= NOT_REACHED_TEXTS or case.patient_id is None:
        return
    case.not_reached_texts += 1
    hearer = Hearer(case.clinic_id, case.patient_id, case.enrollment_id)
    telling = Telling(NOBODY_REACHED, Purpose.safety, case.id, round=case.not_reached_texts)
    if tell_patient(session, hearer, telling, now=now) is not Told.queued:
        flag(case, CANNOT_BE_TEXTED)
    if case.not_reached_texts < NOT_REACHED_TEXTS:
        set_timer(session, case, TimerKind.not_reached, due_at=now + NOT_REACHED_EVERY, now=now)


def _contact_warning(session: Session, case: Escalation, public_url: str, now: datetime) -> None:
    if case.owner_id is not None:
        page_person(
            session, case, case.owner_id, step=case.step, voice_after=None, key="staff-contact-warning",
            public_url=public_url, now=now,
        )  # fmt: skip


def _contact(session: Session, case: Escalation, public_url: str, now: datetime) -> None:
    """No contact in time: the acceptance is revoked, its owner hears it, and the next step is paged."""
    owner = case.owner_id
    move_case(
        session, case, S.paging, now=now, reason="no contact in time; the acceptance is revoked",
        owner_id=None, accepted_at=None,
    )  # fmt: skip
    if owner is not None:
        notify(session, case, [owner], key="staff-contact-due", public_url=public_url, now=now)
    # The patient has waited for the whole contact time: the truth is due now, not a round later.
    if case.not_reached_texts < NOT_REACHED_TEXTS:
        set_timer(session, case, TimerKind.not_reached, due_at=now, now=now)


def _document(session: Session, case: Escalation, public_url: str, now: datetime) -> None:
    """Contacted and not written down: the owner is asked, and from the second time on the managers too."""
    again = now + timedelta(seconds=policy_of(case).document)
    people = [case.owner_id] if case.owner_id else []
    if not flag(case, "documentation overdue"):
        people += [each.id for each in managers(session)]
    notify(session, case, people, key="staff-document-due", public_url=public_url, now=now)
    set_timer(session, case, TimerKind.document, due_at=again, now=now)


def _unreachable(session: Session, case: Escalation, public_url: str, now: datetime) -> None:
    """Page the physician, whose decision it is, again and again until there is one."""
    physicians = on_call_now(session, Target.physician, now=now) or [each.id for each in managers(session)]
    for staff_id in physicians or ([case.owner_id] if case.owner_id else []):
        page_person(
            session, case, staff_id, step=case.step, voice_after=120, key="staff-unreachable",
            public_url=public_url, now=now,
        )  # fmt: skip
    set_timer(session, case, TimerKind.unreachable, due_at=now + REPHYSICIAN, now=now)


def _hand_over(session: Session, case: Escalation, public_url: str, now: datetime) -> None:
    expire_hand_over(session, case, public_url=public_url, now=now)


_CLOCKS: dict[
    TimerKind, tuple[frozenset[EscalationState], Callable[[Session, Escalation, str, datetime], None]]
] = {
    TimerKind.step: (frozenset({S.paging}), _step),
    TimerKind.repage: (frozenset({S.paging}), _repage),
    TimerKind.not_reached: (frozenset({S.paging}), _not_reached),
    TimerKind.contact_warning: (frozenset({S.accepted, S.contacting}), _contact_warning),
    TimerKind.contact: (frozenset({S.accepted, S.contacting}), _contact),
    TimerKind.document: (frozenset({S.contacted}), _document),
    TimerKind.unreachable: (frozenset({S.unreachable}), _unreachable),
    TimerKind.hand_over: (
        frozenset({S.accepted, S.contacting, S.unreachable, S.contacted}), _hand_over,
    ),
}  # fmt: skip
