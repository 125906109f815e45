"""The staff of the printed story: who answers a page, what follows an acceptance, how Alma works her list.

They act through the same verbs as the pages; a page is accepted by a text from their phone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.clinics.hours import is_open, next_opening
from followup.clinics.models import Clinic
from followup.escalation.close import close_case
from followup.escalation.contact import Attempt, log_attempt
from followup.escalation.models import Escalation
from followup.escalation.states import OPEN_STATES, ContactOutcome, ContactWay
from followup.kit.windows import to_local, to_utc, zone
from followup.patients.models import Patient
from followup.replies.close_task import close_task
from followup.replies.models import Reply
from followup.staff.models import Staff
from followup.staff.states import StaffRole
from followup.tasks.models import Task
from followup.tasks.states import TaskKind, TaskState
from followup.triage.review import dispose

# Who accepts a case reads the answer first.
A_MOMENT = timedelta(seconds=20)
ACCEPTS_AFTER = timedelta(seconds=95)
# A physician is often with somebody; when both are paged, the nurse is quicker.
PHYSICIAN_ACCEPTS_AFTER = timedelta(seconds=140)
# Alma looks at her list during open hours; a new line waits this long for her.
ALMA_TAKES = timedelta(minutes=35)
# Whoever is on call reads what the machine did not understand.
READS_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Step:
    """What a clinician does some time after accepting: one try to reach the patient, or closing the case."""

    after: timedelta
    attempt: Attempt | None = None
    disposition: str = ""
    note: str = ""


def tried(minutes: int, outcome: ContactOutcome) -> Step:
    """Try to call without reaching the patient."""
    return Step(timedelta(minutes=minutes), Attempt(ContactWay.phone, outcome))


def reached(minutes: int, note: str) -> Step:
    """Speak with the patient, who repeats what to do."""
    attempt = Attempt(ContactWay.phone, ContactOutcome.reached, read_back=True, note=note)
    return Step(timedelta(minutes=minutes), attempt)


def closed(minutes: int, disposition: str, note: str) -> Step:
    """Close the case with what was done."""
    return Step(timedelta(minutes=minutes), disposition=disposition, note=note)


DEFAULT_CASE: Sequence[Step] = (
    reached(4, "Spoke with the patient. Nothing alarming; knows what to watch for."),
    closed(12, "advice", "As expected for this day. Will call if anything changes."),
)
CASES: Mapping[str, Sequence[Step]] = {
    "ines": (
        tried(3, ContactOutcome.no_answer),
        reached(
            8,
            "Left foot lifts more weakly than yesterday, numb to the ankle. No bladder or bowel trouble, no fever."
            " Comes in at 8:00 today; knows when to call 911.",
        ),
        closed(25, "seen_today", "Exam and imaging at 8:00 today with Dr. Osei. Husband drives."),
    ),
    "greta": (
        reached(3, "102.1 F since noon, chills, wound at the hip red. Understands that this cannot wait."),
        closed(20, "seen_today", "Seen at the emergency room today; asked for calls instead of texts."),
    ),
    "marcus": (
        reached(
            5,
            "Right leg gives way on the stairs, toes numb. No bladder or bowel trouble. Had waited for our call;"
            " told him why it was late.",
        ),
        closed(20, "seen_today", "Exam at 3:30 today with Dr. Osei. His wife drives."),
    ),
    "walter": (
        reached(2, "No urine since morning, numb in the saddle area. Ambulance called while on the phone."),
        closed(
            15, "emergency_services", "Sent to the emergency room by ambulance; Dr. Osei told the surgeon."
        ),
    ),
}

# Whose case is accepted by somebody who is called away before calling the patient, and for how long.
FORGOTTEN_AT_FIRST = frozenset({"marcus"})
CALLED_AWAY = timedelta(hours=1)

DEFAULT_CALL = ("reached_fine", "Well. No warning signs.")
READ = "Nothing to do about it."
# What came of Alma's calls, per patient in this order; then DEFAULT_CALL.
CALLS: Mapping[str, Sequence[tuple[str, str]]] = {
    "george": (
        ("reached_fine", "Home and well. Had the phone in the car."),
        ("not_reached", "Left a message at home and with his daughter Kate."),
        ("reached_fine", "Kate reads him the texts from now on. No warning signs."),
        ("reached_fine", "Was fishing, no signal. Well."),
    ),
    "rosa": (
        (
            "reached_advised",
            "Pain after carrying groceries. No warning signs. Rests, ice, calls if it grows.",
        ),
    ),
    "greta": (("reached_fine", "Home again with antibiotics, no fever. Wants calls, no texts."),),
    "marcus": (("reached_advised", "Swimming: asked the physician, may start gently in a week."),),
}


def answers_page(staff: Staff, local: datetime) -> timedelta | None:
    """Return after how long somebody answers a page at that local time; Bea does not hear it deep in the night."""
    if staff.key == "bea" and local.hour < 6:
        return None
    return PHYSICIAN_ACCEPTS_AFTER if staff.role is StaffRole.physician else ACCEPTS_AFTER


def case_of(session: Session, staff_id: object) -> Escalation | None:
    """Return the open case that this person accepted last."""
    return session.scalar(
        select(Escalation)
        .where(Escalation.owner_id == staff_id, Escalation.state.in_(OPEN_STATES))
        .order_by(Escalation.accepted_at.desc())
        .limit(1)
    )


def take(session: Session, case: Escalation, step: Step, *, staff: Staff, now: datetime) -> None:
    """Do one step of a case."""
    if step.attempt is not None:
        log_attempt(session, case.id, step.attempt, staff=staff, now=now)
    else:
        close_case(session, case.id, disposition=step.disposition, note=step.note, staff=staff, now=now)


def when_alma_comes_to_it(clinic: Clinic, opened_at: datetime) -> datetime:
    """Return when Alma deals with a task: some minutes later, in the clinic's open hours."""
    where = zone(clinic.time_zone)
    wanted = to_local(opened_at + ALMA_TAKES, where)
    if not is_open(clinic.open_hours, clinic.holidays, wanted):
        wanted = next_opening(clinic.open_hours, clinic.holidays, wanted) + timedelta(minutes=20)
    return to_utc(wanted.date(), wanted.time(), where).utc


def deal_with(session: Session, task: Task, call: tuple[str, str], *, actor: Actor, now: datetime) -> None:
    """Close a task with what came of the call; a reply that waited for it is disposed of with it."""
    disposition, note = call
    reply = session.get(Reply, task.subject_id) if task.subject_id else None
    if reply is not None and task.kind in (TaskKind.call_back, TaskKind.review_reply):
        is_call = task.kind is TaskKind.call_back
        dispose(
            session, reply.id, disposition="called" if is_call else "no_action", note=note if is_call else READ,
            now=now, actor=actor,
        )  # fmt: skip
    if task.state is TaskState.open:
        close_task(session, task.id, disposition=disposition, note=note, now=now, actor=actor)


def open_tasks(session: Session) -> Sequence[Task]:
    """Return the open tasks, oldest first."""
    return session.scalars(
        select(Task).where(Task.state == TaskState.open).order_by(Task.opened_at, Task.id)
    ).all()


def first_name(session: Session, patient_id: object) -> str:
    """Return the first name of a patient, by which the scripts are kept; empty without a patient."""
    patient = session.get(Patient, patient_id) if patient_id else None
    return patient.name.split()[0].casefold() if patient else ""
