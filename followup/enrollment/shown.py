"""What a change of a person or a plan would do, as it is shown first, and the mark that proves that it was shown.

A preview is pure: it writes nothing. Its mark is a digest of everything that it says; applying makes the preview
again under locks, and a mark that differs means that the person decided on something that is no longer true.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.enrollment.models import Enrollment
from followup.enrollment.planning.replan import Change, Replan
from followup.enrollment.states import EnrollmentState
from followup.errors import Conflict, NotFound
from followup.patients.models import Patient

MEANWHILE = "This has changed meanwhile. Please look at what would happen again."
RUNNING = (EnrollmentState.active, EnrollmentState.paused)


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """What happens to the texts of one enrollment; a new one has no id yet. ``version``: the one looked at."""

    enrollment_id: uuid.UUID | None
    pathway: str
    version: int
    replan: Replan


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview: what changes in one sentence, the calendars it touches, what a person should know."""

    summary: str
    calendars: tuple[CalendarChange, ...]
    notes: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """The digest of what was shown. Minutes are left out: what is late moves with the clock and stays late."""
        told = [self.summary, *self.notes]
        for each in self.calendars:
            told.append(f"{each.enrollment_id} {each.version}")
            told += [_told(change) for change in each.replan.changes]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:24]


def _told(change: Change) -> str:
    before, after = change.before, change.after
    return " ".join(
        str(each)
        for each in (
            change.key, change.kind, before and before.state, before and before.local_date,
            after and after.local_date, after and after.channel, after and after.state,
        )
    )  # fmt: skip


def hold_to(shown: Shown, seen: str | None) -> None:
    """Raise Conflict unless ``seen`` is the mark of what would be done now; None: nobody looked before."""
    if seen is not None and seen != shown.mark:
        raise Conflict(MEANWHILE)


def calendar(enrollment: Enrollment, replan: Replan) -> CalendarChange:
    """Return what happens to the texts of one enrollment."""
    return CalendarChange(enrollment.id, enrollment.pathway, enrollment.version, replan)


def mark_of(enrollment: Enrollment, replan: Replan) -> str:
    """Return the mark of a preview that is a calendar and nothing else."""
    return Shown("", (calendar(enrollment, replan),)).mark


def patient_of(session: Session, patient_id: uuid.UUID, *, lock: bool = False) -> Patient:
    """Return a patient of the clinic, locked if the change is to be applied; raises NotFound."""
    query = select(Patient).where(Patient.id == patient_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound
    return found


def running_of(session: Session, patient_id: uuid.UUID, *, lock: bool = False) -> Sequence[Enrollment]:
    """Return the enrollments of a patient that have not ended, oldest procedure first, locked in that order."""
    query = (
        select(Enrollment)
        .where(Enrollment.patient_id == patient_id, Enrollment.state.in_(RUNNING))
        .order_by(Enrollment.performed_on, Enrollment.id)
    )
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(query).all()
