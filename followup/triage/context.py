"""What is known about a patient when a reply is judged: the engine's context, read from rows.

Only facts that change the meaning of words: the question, the day, the language, what is usual for this patient,
what was said before. A fact that can't be read is left out; a reply is judged without it rather than not at all.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from followup.enrollment.models import Enrollment
from followup.kit.windows import to_local, zone
from followup.patients.models import Patient, Procedure
from followup.replies.models import Reply
from followup.replies.questions import Question, asked_before, question_at
from followup.replies.rules import TOGETHER, Timing, bind
from followup.triage.engine import Context, QuestionKind
from followup.triage.models import Assessment
from followup.triage.rules import FINDINGS_WITHIN

# The stage after this one owns the table; its open states are those of design and ``escalation/states``.
_HAS_OPEN_CASE = text(
    "SELECT EXISTS (SELECT 1 FROM escalation WHERE patient_id = :patient"
    " AND state IN ('paging', 'accepted', 'contacting', 'unreachable', 'contacted'))"
)
_NUMBERS = frozenset(["pain_score", "temperature"])
_MOST_EARLIER = 40
_USUAL_PARTS = re.compile(r"[,;\n]| and | y ")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The engine's context, and the question that the reply answers (None: no question, or an old one)."""

    context: Context
    question: Question | None = None
    timing: Timing | None = None


def surroundings_of(session: Session, reply: Reply) -> Surroundings:
    """Read what is known around a reply."""
    patient = session.get(Patient, reply.patient_id) if reply.patient_id else None
    enrollment = session.get(Enrollment, reply.enrollment_id) if reply.enrollment_id else None
    timing = _timing(session, reply)
    asked = question_at(session, reply.touchpoint_id, reply.received_at) if reply.touchpoint_id else None
    # An old question's number must not be read as today's; without a question a bare number is for a person.
    question = None if timing is Timing.late else asked
    procedure = session.get(Procedure, enrollment.procedure_id) if enrollment else None
    facts = (procedure.facts or {}) if procedure else {}
    context = Context(
        lang=patient.language if patient else None,
        channel=reply.channel.value,
        day=_day(enrollment, reply.received_at),
        question_kind=QuestionKind(question.kind) if question else QuestionKind.NONE,
        question_text=question.words if question else "",
        earlier_values=_earlier_values(session, reply),
        baseline_symptoms=_usual(str(facts.get("usual_symptoms") or "")),
        earlier_texts=_texts_within_minutes(session, reply),
        open_escalation=bool(patient and session.scalar(_HAS_OPEN_CASE, {"patient": patient.id})),
        same_day_findings=_same_day_findings(session, reply),
        harvest=procedure.harvest.value if procedure else None,
    )
    return Surroundings(context, question, timing)


def _timing(session: Session, reply: Reply) -> Timing | None:
    if reply.touchpoint_id is None or reply.patient_id is None:
        return None
    asked = asked_before(session, reply.patient_id, reply.received_at)
    binding = bind(asked, received_at=reply.received_at, threaded=reply.touchpoint_id)
    return binding.timing if binding else Timing.late


def _day(enrollment: Enrollment | None, at: datetime) -> int | None:
    if enrollment is None:
        return None
    return (to_local(at, zone(enrollment.time_zone)).date() - enrollment.performed_on).days


def _usual(words: str) -> tuple[str, ...]:
    return tuple(part for part in (each.strip() for each in _USUAL_PARTS.split(words)) if part)[:20]


def _earlier_values(session: Session, reply: Reply) -> tuple[tuple[int, str, float], ...]:
    if reply.enrollment_id is None:
        return ()
    rows = session.scalars(
        select(Reply)
        .where(
            Reply.enrollment_id == reply.enrollment_id,
            Reply.answers_sealed.is_not(None),
            Reply.id != reply.id,
        )
        .order_by(Reply.received_at.desc())
        .limit(_MOST_EARLIER)
    )
    found = (
        (int(answer["day"]), str(answer["kind"]), float(answer["value"]))
        for row in rows
        for answer in row.answers or ()
        if answer.get("kind") in _NUMBERS and answer.get("day") is not None
    )
    return tuple(sorted(found))


def _texts_within_minutes(session: Session, reply: Reply) -> tuple[str, ...]:
    """What the same sender wrote within minutes before: one message that was split, or sent in pieces."""
    rows: Iterable[Reply] = session.scalars(
        select(Reply)
        .where(
            Reply.from_blind == reply.sender_blind,
            Reply.id != reply.id,
            Reply.received_at <= reply.received_at,
            Reply.received_at > reply.received_at - TOGETHER,
            (Reply.received_at < reply.received_at) | (Reply.id < reply.id),
        )
        .order_by(Reply.received_at, Reply.id)
        .limit(10)
    )
    return tuple(row.body for row in rows if row.body.strip())


def _same_day_findings(session: Session, reply: Reply) -> int:
    """Count the patient's same-day findings of the last day, without those that belong to this very message."""
    if reply.patient_id is None:
        return 0
    counted = (
        select(func.count(func.distinct(Assessment.reply_id)))
        .join(Reply, Reply.id == Assessment.reply_id)
        .where(
            Assessment.patient_id == reply.patient_id,
            Assessment.tier == "same_day",
            Assessment.reply_id != reply.id,
            Reply.received_at > reply.received_at - FINDINGS_WITHIN,
            Reply.received_at <= reply.received_at - TOGETHER,
        )
    )
    return session.scalar(counted) or 0


def newest_tier(session: Session, reply_id: uuid.UUID) -> str | None:
    """Return the tier that counts for a reply: that of its newest assessment."""
    return session.scalar(
        select(Assessment.tier)
        .where(Assessment.reply_id == reply_id)
        .order_by(Assessment.assessed_at.desc(), Assessment.id.desc())
        .limit(1)
    )
