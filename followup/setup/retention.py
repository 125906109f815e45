"""Remove words when their time is over: kind by kind, in small batches at night, never what a legal hold covers.

How long words are kept is the law of the clinic's state, so nothing is removed unless the clinic file names days.
What is removed are words and files; rows, states, times and the audit chain stay. Patients in care, replies nobody
has finished with and raw events nobody could read are left alone whatever their age. How much was removed is on
record.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Subject, record
from followup.clinics.models import Clinic
from followup.db.session import Database
from followup.enrollment.models import Enrollment
from followup.enrollment.states import EnrollmentState
from followup.escalation.models import Escalation
from followup.escalation.states import EscalationState
from followup.intake.models import ProviderEvent
from followup.intake.waiting import QUARANTINED
from followup.kit.windows import to_local, zone
from followup.messaging.models import Message
from followup.messaging.states import MessageState
from followup.patients.hold import held_patients, is_held
from followup.replies.models import Reply, ReplyMedia
from followup.replies.states import MediaState, ReplyState
from followup.triage.models import Assessment

BATCH = 200
MOST_BATCHES = 20
# The clinic's own hours at night, by care time.
NIGHT = range(1, 5)
# What sealing adds to a text: id of the key, nonce and tag. An emptied text is no longer than that.
_SEALED_NOTHING = 32
_SEALED_EMPTY_JSON = 34
_UNDER_WAY = (MessageState.queued, MessageState.accepted)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of words: its rows, which of them are due before an instant, and how one is emptied."""

    row: type[Any]
    due: Callable[[datetime], Select[Any]]
    empty: Callable[[Any], None]


def retain(database: Database, *, now: datetime) -> int:
    """Remove what is due in every clinic where it is night; returns how many rows were emptied."""
    with database.engine() as looking:
        clinics = looking.execute(select(Clinic.id, Clinic.time_zone).order_by(Clinic.id)).all()
    return sum(
        sum(retain_clinic(database, each.id, now=now).values())
        for each in clinics
        if to_local(now, zone(each.time_zone)).hour in NIGHT
    )


def retain_clinic(database: Database, clinic_id: uuid.UUID, *, now: datetime) -> dict[str, int]:
    """Remove what is due in one clinic, at most some batches of each kind; returns how many rows of each kind."""
    with database.transaction(clinic_id) as session:
        limits = {} if is_held(session, clinic_id) else limits_of(session, clinic_id, now=now)
    done = {name: _empty_kind(database, clinic_id, KINDS[name], before) for name, before in limits.items()}
    done = {name: many for name, many in done.items() if many}
    if done:
        with database.transaction(clinic_id) as session:
            record(
                session, clinic_id, actor=SYSTEM, action="remove what is too old", now=now,
                subject=Subject("clinic", clinic_id), details=dict(done),
            )  # fmt: skip
    return done


def due_counts(session: Session, clinic_id: uuid.UUID, *, now: datetime) -> dict[str, int]:
    """Return how many rows of each kind would be emptied now; changes nothing."""
    if is_held(session, clinic_id):
        return {}
    return {
        name: session.scalar(select(func.count()).select_from(KINDS[name].due(before).subquery())) or 0
        for name, before in limits_of(session, clinic_id, now=now).items()
    }


def limits_of(session: Session, clinic_id: uuid.UUID, *, now: datetime) -> dict[str, datetime]:
    """Return the instant before which each kind is too old; a kind without days in the clinic file is kept."""
    days: Mapping[str, int | None] = session.get_one(Clinic, clinic_id).settings.get("retention") or {}
    return {name: now - timedelta(days=found) for name in KINDS if (found := days.get(name))}


def _empty_kind(database: Database, clinic_id: uuid.UUID, kind: Kind, before: datetime) -> int:
    done = 0
    for _ in range(MOST_BATCHES):
        with database.transaction(clinic_id) as session:
            # Asked again for every batch: a hold that is placed meanwhile counts.
            if is_held(session, clinic_id):
                return done
            rows = session.scalars(
                kind.due(before).limit(BATCH).with_for_update(skip_locked=True, of=kind.row)
            ).all()
            for row in rows:
                kind.empty(row)
        done += len(rows)
        if len(rows) < BATCH:
            break
    return done


def _may_end(patient_id: Any) -> ColumnElement[bool]:
    """Whether the patient of a row is neither held nor in care; a row of nobody may end."""
    in_care = select(Enrollment.patient_id).where(
        Enrollment.state.in_((EnrollmentState.active, EnrollmentState.paused))
    )
    open_case = select(Escalation.patient_id).where(
        Escalation.patient_id.is_not(None),
        Escalation.state.not_in((EscalationState.closed, EscalationState.merged)),
    )
    kept = held_patients().union_all(in_care, open_case).subquery()
    return or_(patient_id.is_(None), patient_id.not_in(select(kept.c[0])))


def _messages(before: datetime) -> Select[Any]:
    return select(Message).where(
        Message.queued_at < before, Message.state.not_in(_UNDER_WAY), _may_end(Message.patient_id),
        func.octet_length(Message.body_sealed) > _SEALED_NOTHING,
    )  # fmt: skip


def _replies(before: datetime) -> Select[Any]:
    return select(Reply).where(
        Reply.received_at < before, Reply.state.in_((ReplyState.filed, ReplyState.disposed)),
        _may_end(Reply.patient_id), func.octet_length(Reply.body_sealed) > _SEALED_NOTHING,
    )  # fmt: skip


def _assessments(before: datetime) -> Select[Any]:
    """What was concluded quotes the reply, so it ends with it."""
    return (
        select(Assessment)
        .join(Reply, Reply.id == Assessment.reply_id)
        .where(
            Reply.received_at < before, Reply.state.in_((ReplyState.filed, ReplyState.disposed)),
            _may_end(Reply.patient_id), func.octet_length(Assessment.decision_sealed) > _SEALED_EMPTY_JSON,
        )
    )  # fmt: skip


def _files(before: datetime) -> Select[Any]:
    return (
        select(ReplyMedia)
        .join(Reply, Reply.id == ReplyMedia.reply_id)
        .where(
            Reply.received_at < before, ReplyMedia.state.in_((MediaState.kept, MediaState.refused)),
            _may_end(Reply.patient_id), func.octet_length(ReplyMedia.address_sealed) > _SEALED_NOTHING,
        )
    )  # fmt: skip


def _events(before: datetime) -> Select[Any]:
    return (
        select(ProviderEvent)
        .outerjoin(Reply, Reply.provider_event_id == ProviderEvent.id)
        .where(
            ProviderEvent.received_at < before, ProviderEvent.processed_at.is_not(None),
            ProviderEvent.outcome.is_distinct_from(QUARANTINED), _may_end(Reply.patient_id),
            func.octet_length(ProviderEvent.payload_sealed) > _SEALED_EMPTY_JSON,
        )
    )  # fmt: skip


def _empty_message(row: Message) -> None:
    row.body = ""
    if row.subject is not None:
        row.subject = ""


def _empty_reply(row: Reply) -> None:
    row.body, row.answers = "", None


def _empty_assessment(row: Assessment) -> None:
    row.decision = {}


def _empty_file(row: ReplyMedia) -> None:
    row.content, row.address, row.state = None, "", MediaState.removed


def _empty_event(row: ProviderEvent) -> None:
    row.payload = {}


KINDS: Mapping[str, Kind] = {
    "messages": Kind(Message, _messages, _empty_message),
    "assessments": Kind(Assessment, _assessments, _empty_assessment),
    "replies": Kind(Reply, _replies, _empty_reply),
    "files": Kind(ReplyMedia, _files, _empty_file),
    "events": Kind(ProviderEvent, _events, _empty_event),
}
