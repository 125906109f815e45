"""Audit rows (what people do and read) and event rows (every move a machine makes). Neither is ever changed."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from followup.db.base import ClinicRow
from followup.db.sealed import Sealed

SALT = "_salt"


class AuditEvent(ClinicRow):
    """One thing a person, a key or the system did or read."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_clinic_seq", "clinic_id", "seq"),
        Index("ix_audit_event_subject", "clinic_id", "subject_id"),
        Index("ix_audit_event_unchained", "clinic_id", "seq", postgresql_where="hash IS NULL"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    at: Mapped[datetime]
    actor_kind: Mapped[str]  # staff, api_key, patient, system
    actor_id: Mapped[uuid.UUID | None]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[uuid.UUID | None]
    patient_id: Mapped[uuid.UUID | None]
    reason_sealed: Mapped[bytes | None]
    details_sealed: Mapped[bytes | None]
    # Covers reason and details, with random bits among them. The chain covers this instead of what is sealed, so
    # that it still holds after the keys were changed, and after a patient who asked for it was forgotten.
    words_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Filled once by the sealer: a chain inside every transaction would serialize the clinic.
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)

    reason: Sealed[str | None] = Sealed("reason_sealed")
    words: Sealed[dict[str, object] | None] = Sealed("details_sealed", as_json=True)

    @property
    def details(self) -> dict[str, object]:
        """What was recorded beside the reason, without the random bits."""
        return {key: value for key, value in (self.words or {}).items() if key != SALT}


class Move(ClinicRow):
    """One change of state of one thing, written in the transaction that made it."""

    __tablename__ = "move"
    __table_args__ = (Index("ix_move_thing", "clinic_id", "thing_id", "at"),)

    thing: Mapped[str]  # touchpoint, message, attempt, escalation, page, enrollment, reply, task
    thing_id: Mapped[uuid.UUID]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    reason: Mapped[str | None]
    actor: Mapped[str]
    at: Mapped[datetime]
