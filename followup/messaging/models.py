"""Message and attempt rows. A message is what we want to say; an attempt is one call to a carrier for it."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from followup.clinics.states import Channel
from followup.db.base import ClinicRow, states
from followup.db.sealed import Sealed
from followup.messaging.states import AttemptState, MessageState, Purpose


class Message(ClinicRow):
    """One text or mail to a patient."""

    __tablename__ = "message"
    __table_args__ = (
        # What a pump claims: oldest first within its sender. Times are care time.
        Index(
            "ix_message_queue", "sender_id", "is_urgent", "not_before", "id",
            postgresql_where="state = 'queued' AND claimable",
        ),
        Index("ix_message_patient", "clinic_id", "patient_id", "queued_at"),
        Index("ix_message_touchpoint", "touchpoint_id"),
        Index("ix_message_recent", "clinic_id", "queued_at"),
        Index("uq_message_provider", "provider_id", unique=True),
        Index(
            "ix_message_unsettled", "accepted_at", "id",
            postgresql_where="state IN ('accepted', 'sent')",
        ),
        # Caps by a key, not by counting: one planned text per contact point, local day and slot.
        Index(
            "uq_message_slot", "contact_point_id", "local_day", "slot",
            unique=True, postgresql_where="local_day IS NOT NULL AND state <> 'cancelled'",
        ),
        # At most one message for one touchpoint and purpose: a planned text is never queued twice.
        Index(
            "uq_message_touchpoint_purpose", "touchpoint_id", "purpose", "round",
            unique=True,
            postgresql_where="touchpoint_id IS NOT NULL AND purpose IN ('planned', 'reminder', 'welcome')",
        ),
        Index("uq_message_cause", "cause_id", "purpose", "text_key", "round", unique=True),
    )  # fmt: skip

    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patient.id"))
    enrollment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("enrollment.id"))
    touchpoint_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("touchpoint.id"))
    # Null only for the one answer to a number we do not know.
    contact_point_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contact_point.id"))
    to_sealed: Mapped[bytes]
    sender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sender.id"))
    channel: Mapped[Channel] = mapped_column(states(Channel))
    purpose: Mapped[Purpose] = mapped_column(states(Purpose))
    # Carried by the pump that routine texts cannot delay.
    is_urgent: Mapped[bool] = mapped_column(default=False)
    # Which text it is (step key or system text), and what caused it (a reply): repeating the cause queues nothing.
    text_key: Mapped[str]
    cause_id: Mapped[uuid.UUID | None]
    # Who of the clinic wrote it in their own words; the patient's next answer finds them.
    written_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    # A text that the carrier lost is sent again as a new row of the next round: rows never go backwards.
    round: Mapped[int] = mapped_column(default=1)
    language: Mapped[str]
    subject_sealed: Mapped[bytes | None]
    body_sealed: Mapped[bytes]
    segments: Mapped[int] = mapped_column(default=1)
    state: Mapped[MessageState] = mapped_column(states(MessageState), default=MessageState.queued)
    reason: Mapped[str | None]
    # False while an attempt is under way or in doubt: the doubt lives on the attempt.
    claimable: Mapped[bool] = mapped_column(default=True)
    queued_at: Mapped[datetime]
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    local_day: Mapped[date | None]
    slot: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    # Calls that count against the tries of this message; a refusal for our own settings burns none.
    calls: Mapped[int] = mapped_column(default=0)
    provider_id: Mapped[str | None]
    email_message_id: Mapped[str | None] = mapped_column(index=True)
    # The mail this one answers, so that a reader shows them as one thread.
    in_reply_to: Mapped[str | None]
    # When the carrier was last called for it: an answer may be here before its acceptance is written down.
    called_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    # How often the carrier was asked what became of it, because no report came.
    polls: Mapped[int] = mapped_column(default=0)
    final_at: Mapped[datetime | None]
    error_code: Mapped[str | None]
    # When the carrier was told to forget the words; machine time.
    carrier_emptied_at: Mapped[datetime | None]

    to: Sealed[str] = Sealed("to_sealed")
    subject: Sealed[str | None] = Sealed("subject_sealed")
    body: Sealed[str] = Sealed("body_sealed")


class Attempt(ClinicRow):
    """One call to a carrier for one message. Its token is part of the status-callback address. Machine time."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("message_id", "number"),
        UniqueConstraint("token"),
        Index(
            "ix_attempt_open", "lease_until", "id",
            postgresql_where="state IN ('claimed', 'calling', 'in_doubt')",
        ),
    )  # fmt: skip

    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("message.id"))
    number: Mapped[int]
    token: Mapped[str]
    state: Mapped[AttemptState] = mapped_column(states(AttemptState), default=AttemptState.claimed)
    claimed_by: Mapped[uuid.UUID]
    claimed_at: Mapped[datetime]
    lease_until: Mapped[datetime]
    calling_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]  # answer, callback, list, rule, lease, person
    provider_id: Mapped[str | None]
    refusal: Mapped[str | None]
    error_code: Mapped[str | None]
