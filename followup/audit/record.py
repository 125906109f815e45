"""Write audit and move rows, in the transaction of what they tell about: if this fails, the action fails."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.audit.models import SALT, AuditEvent, Move
from followup.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a staff member, an API key, a patient, or the system."""

    kind: str
    id: uuid.UUID | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind


SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is acted on."""

    kind: str
    id: uuid.UUID | None = None
    patient_id: uuid.UUID | None = None


def record(
    session: Session,
    clinic_id: uuid.UUID,
    *,
    actor: Actor,
    action: str,
    subject: Subject,
    now: datetime,
    reason: str | None = None,
    details: dict[str, object] | None = None,
) -> None:
    """Append one audit row. ``reason`` is the actor's own words for the record; it is sealed like ``details``."""
    details = {**(details or {}), SALT: secrets.token_hex(16)} if details or reason else None
    session.add(
        AuditEvent(
            clinic_id=clinic_id,
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            action=action,
            subject_kind=subject.kind,
            subject_id=subject.id,
            patient_id=subject.patient_id,
            reason=reason,
            words=details,
            words_digest=digest(reason, details),
        )
    )


def digest(reason: str | None, details: dict[str, object] | None) -> bytes | None:
    """Return what the chain keeps of the words of a row: random bits among them, so that nobody can guess them."""
    if details is None:
        return None
    words = json.dumps([reason, details], ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(words.encode()).digest()


def moved(
    session: Session,
    clinic_id: uuid.UUID,
    *,
    thing: str,
    thing_id: uuid.UUID,
    before: str | None,
    after: str,
    now: datetime,
    reason: str | None = None,
    actor: Actor = SYSTEM,
) -> None:
    """Append one move row. ``reason`` holds plain words without patient data."""
    session.add(
        Move(
            clinic_id=clinic_id,
            thing=thing,
            thing_id=thing_id,
            from_state=before,
            to_state=after,
            reason=reason,
            actor=str(actor),
            at=now,
        )
    )


_MOVES = text(
    """
    INSERT INTO move (id, clinic_id, thing, thing_id, from_state, to_state, reason, actor, at)
    SELECT id, :clinic, :thing, thing_id, :before, :after, :reason, :actor, :at
    FROM unnest(CAST(:ids AS uuid[]), CAST(:things AS uuid[])) AS u (id, thing_id)
    """
)


def moved_together(
    session: Session, clinic_id: uuid.UUID, *, thing: str, thing_ids: Sequence[uuid.UUID], before: str, after: str,
    now: datetime, reason: str | None = None,
) -> None:  # fmt: skip
    """Append the same machine move of many things of one clinic in one statement."""
    if thing_ids:
        session.execute(
            _MOVES,
            {
                "clinic": clinic_id, "thing": thing, "before": before, "after": after, "reason": reason,
                "actor": str(SYSTEM), "at": now, "ids": [new_id() for _ in thing_ids], "things": list(thing_ids),
            },
        )  # fmt: skip
