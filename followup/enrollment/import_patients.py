"""Enroll the patients of a file, row by row, through the verb that the form and the API use.

Each row is all or nothing, in a savepoint; the door commits a batch at a time, so that a killed import has whole
rows behind it and goes on when the same file is given again. A row is known again by its own content, not by its
file or its place in it. It must never enroll a person twice, and never blast: what a past date has made stale is
skipped by the lateness rules of the pathway.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.clinics.models import Clinic
from followup.db.sealed import blind
from followup.enrollment.enroll import enroll, preview
from followup.enrollment.imports.columns import CLINIC, SAME_PERSON
from followup.enrollment.models import Enrollment, Touchpoint
from followup.enrollment.request import EnrollmentRequest
from followup.enrollment.same_person import ask_if_same
from followup.errors import AlreadyEnrolled, Conflict, FieldProblem, InvalidInput
from followup.pathways.library import Library

BATCH = 50
_IDENTITY = ("patient.name", "patient.phone", "patient.email", "procedure.performed_on", "pathway")
TWO_IMPORTS = (
    "Another import of this clinic is running. What this one has enrolled is kept: start it again afterwards."
)
OTHER_CLINIC = "This row names another clinic. It is not enrolled here."


class Outcome(StrEnum):
    """What became of a row."""

    enrolled = "enrolled"
    already = "already there"
    refused = "refused"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file and the line it begins on."""

    line: int
    request: EnrollmentRequest
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one row, with every problem at its field if it was refused."""

    line: int
    outcome: Outcome
    problems: tuple[FieldProblem, ...] = ()
    warnings: tuple[str, ...] = ()
    enrollment_id: uuid.UUID | None = None


def import_rows(
    session: Session, clinic_id: uuid.UUID, rows: Sequence[Row], *, library: Library, now: datetime, actor: Actor,
    dry_run: bool = False, seen: set[str] | None = None,
) -> list[Done]:  # fmt: skip
    """Enroll one batch of rows, in their order; a refused row leaves nothing behind and stops no other.

    With ``dry_run`` everything is checked and planned and nothing is saved; ``seen`` then carries the rows of
    earlier batches, so that a row that is there twice counts once. Raises Conflict while another import of this
    clinic runs: two that know the same numbers in another order would wait for each other for ever.
    """
    _alone(session, clinic_id)
    clinic = session.get_one(Clinic, clinic_id)
    keys = [fingerprints(row.request) for row in rows]
    asked = [key for every in keys for key in every]
    known = set() if seen is None else seen
    known.update(
        key
        for key in session.scalars(select(Enrollment.request_key).where(Enrollment.request_key.in_(asked)))
        if key is not None
    )
    done = []
    for row, every in zip(rows, keys, strict=True):
        if not row.problem and known.intersection(every):
            done.append(Done(row.line, Outcome.already))
            continue
        each = _one(session, clinic, row, every[0], library=library, now=now, actor=actor, dry_run=dry_run)
        if each.outcome is Outcome.enrolled:
            known.add(every[0])
        done.append(each)
    return done


def what_waits(session: Session, done: Sequence[Done]) -> Counter[str]:
    """Count the touchpoints of enrolled rows by state: after past dates most are skipped, none goes out at once."""
    made = [each.enrollment_id for each in done if each.enrollment_id]
    states = session.scalars(select(Touchpoint.state).where(Touchpoint.enrollment_id.in_(made)))
    return Counter(state.value for state in states)


def fingerprints(request: EnrollmentRequest) -> tuple[str, ...]:
    """Return the key of a row under every encryption key, newest first.

    It is the same in every file, and says nothing of the patient to whoever reads the column.
    """
    parts = ["".join(str(request.fields.get(name, "")).split()).casefold() for name in _IDENTITY]
    every = blind("import", chr(31).join(parts)).every
    return tuple(f"import:{each.hex()}" for each in every)


def _one(
    session: Session, clinic: Clinic, row: Row, key: str, *, library: Library, now: datetime, actor: Actor,
    dry_run: bool,
) -> Done:  # fmt: skip
    try:
        _refuse_misfit(clinic, row)
        with session.begin_nested():
            if row.request.text(SAME_PERSON) != "no":
                ask_if_same(session, clinic.id, row.request, library=library, now=now)
            if dry_run:
                seen = preview(session, clinic.id, row.request, library=library, now=now)
                outcome = Outcome.already if seen.already else Outcome.enrolled
                return Done(row.line, outcome, warnings=seen.warnings)
            made = enroll(
                session, clinic.id, row.request, library=library, now=now, actor=actor, request_key=key
            )
            return Done(row.line, Outcome.enrolled, (), made.warnings, made.enrollment_id)
    except AlreadyEnrolled:
        return Done(row.line, Outcome.already)
    except InvalidInput as wrong:
        return Done(row.line, Outcome.refused, wrong.problems)


def _alone(session: Session, clinic_id: uuid.UUID) -> None:
    got = session.scalar(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"import:{clinic_id}"}
    )
    if not got:
        raise Conflict(TWO_IMPORTS)


def _refuse_misfit(clinic: Clinic, row: Row) -> None:
    """A row that does not fit the header, or is meant for somebody else, is not read at all."""
    if row.problem:
        raise InvalidInput("row", row.problem)
    told = row.request.text(CLINIC).casefold()
    own = {clinic.slug, clinic.code, clinic.name, clinic.short_name, str(clinic.id)}
    if told and told not in {each.casefold() for each in own}:
        raise InvalidInput(CLINIC, OTHER_CLINIC)
