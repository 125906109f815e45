"""Export what is kept about a patient, and remove it when the patient asks and the law allows.

What is removed are words, names, numbers and addresses: every sealed value and every blind index, found by the row
classes themselves. What stays is the skeleton: that there was an enrollment, that texts were sent, that a case was
closed, and the audit chain, which covers digests and still verifies. It can't be undone.

Removal runs with the owner's login, because no working login may rewrite records; export runs as the app.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, create_engine, or_, select
from sqlalchemy.orm import Session

from followup.audit.models import AuditEvent
from followup.audit.record import Actor, Subject, record
from followup.db.rotate import SealedTable, sealed_tables
from followup.enrollment.models import Enrollment
from followup.enrollment.states import EnrollmentState
from followup.errors import Conflict, NotFound
from followup.escalation.models import Escalation
from followup.escalation.states import EscalationState
from followup.intake.models import ProviderEvent
from followup.messaging.models import Attempt, Message
from followup.patients.hold import is_held
from followup.patients.models import Patient
from followup.replies.models import Reply

_BLIND_BYTES = 16


def export(session: Session, patient_id: uuid.UUID, *, now: datetime, actor: Actor) -> dict[str, Any]:
    """Return everything that is kept about a patient, opened, table by table. Raises NotFound."""
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise NotFound
    record(
        session, patient.clinic_id, actor=actor, action="export patient", now=now,
        subject=Subject("patient", patient_id, patient_id),
    )  # fmt: skip
    session.flush()
    return {
        table.name: [_opened(table, row) for row in session.scalars(select(table.row).where(of_patient))]
        for table, of_patient in _about(patient_id)
        if table.row is not ProviderEvent
    }


def forget(
    owner_url: str, patient_id: uuid.UUID, *, now: datetime, actor: Actor, reason: str
) -> dict[str, int]:
    """Remove a patient's words, names and addresses; returns how many rows of each table were emptied.

    Raises NotFound, and Conflict while an enrollment is active or a case is open: care comes first.
    """
    engine = create_engine(owner_url)
    try:
        with Session(engine) as session, session.begin():
            patient = session.get(Patient, patient_id, with_for_update=True)
            if patient is None:
                raise NotFound
            _refuse_in_care(session, patient_id)
            done = {
                table.name: sum(
                    _empty(table, row) for row in session.scalars(select(table.row).where(of_patient))
                )
                for table, of_patient in _about(patient_id)
            }
            record(
                session, patient.clinic_id, actor=actor, action="forget patient", now=now, reason=reason,
                subject=Subject("patient", patient_id),
            )  # fmt: skip
            return done
    finally:
        engine.dispose()


def _refuse_in_care(session: Session, patient_id: uuid.UUID) -> None:
    if is_held(session, session.get_one(Patient, patient_id).clinic_id, patient_id):
        raise Conflict("A legal hold stands on this patient: nothing may be removed.")
    going_on = select(Enrollment.id).where(
        Enrollment.patient_id == patient_id,
        Enrollment.state.in_((EnrollmentState.active, EnrollmentState.paused)),
    )
    open_case = select(Escalation.id).where(
        Escalation.patient_id == patient_id,
        Escalation.state.not_in((EscalationState.closed, EscalationState.merged)),
    )
    if session.scalar(going_on.limit(1)) or session.scalar(open_case.limit(1)):
        raise Conflict("This patient is in care: withdraw the enrollment and close the case first.")


def _about(patient_id: uuid.UUID) -> Iterator[tuple[SealedTable, ColumnElement[bool]]]:
    """Every table with something sealed about a patient, and which of its rows are meant."""
    replies = select(Reply.id).where(Reply.patient_id == patient_id)
    cases = select(Escalation.id).where(Escalation.patient_id == patient_id)
    tokens = select(Attempt.token).join(Message, Message.id == Attempt.message_id)
    for table in sealed_tables():
        row: Any = table.row
        if row is Patient:
            yield table, Patient.id == patient_id
        elif row is ProviderEvent:
            events = select(Reply.provider_event_id).where(Reply.patient_id == patient_id)
            yield (
                table,
                or_(
                    ProviderEvent.id.in_(events),
                    ProviderEvent.token.in_(tokens.where(Message.patient_id == patient_id)),
                ),
            )
        elif hasattr(row, "patient_id"):
            yield table, row.patient_id == patient_id
        elif hasattr(row, "reply_id"):
            yield table, row.reply_id.in_(replies)
        elif hasattr(row, "escalation_id") and table.name != "page":
            yield table, row.escalation_id.in_(cases)


def _empty(table: SealedTable, row: Any) -> int:
    for attribute, column in zip(table.attributes, table.columns, strict=True):
        if getattr(row, column) is not None:
            setattr(row, attribute, None if _may_be_null(table, column) else _nothing(table, attribute))
    for column in table.row.blind_columns:
        setattr(row, column, [] if isinstance(getattr(row, column), list) else os.urandom(_BLIND_BYTES))
    return 1


def _may_be_null(table: SealedTable, column: str) -> bool:
    return bool(table.row.__table__.c[column].nullable)


def _nothing(table: SealedTable, attribute: str) -> Any:
    return {} if table.is_json(attribute) else ""


def _opened(table: SealedTable, row: Any) -> dict[str, Any]:
    hidden = {*table.columns, *table.row.blind_columns, "hash", "previous_hash", "words_digest"}
    plain = {
        column.name: getattr(row, column.name)
        for column in table.row.__table__.columns
        if column.name not in hidden
    }
    words = {name: getattr(row, name) for name in table.attributes}
    if isinstance(row, AuditEvent):
        words["words"] = row.details
    return {**plain, **words}
