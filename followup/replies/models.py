"""Reply rows: what a patient wrote, in the patient's own words, and the question it answers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from followup.clinics.addresses import address_blind
from followup.clinics.states import Channel
from followup.db.base import ClinicRow, states
from followup.db.sealed import Sealed, blind_column
from followup.kit.crypto import Blind
from followup.replies.states import ReplyState


class Reply(ClinicRow):
    """One inbound text or mail. Without a known patient it is kept and triaged all the same."""

    __tablename__ = "reply"
    __table_args__ = (
        UniqueConstraint("provider_event_id"),
        Index("ix_reply_patient", "clinic_id", "patient_id", "received_at"),
        Index("ix_reply_unassessed", "received_at", "id", postgresql_where="state = 'received'"),
        Index("ix_reply_review", "clinic_id", "received_at", "id", postgresql_where="state = 'in_review'"),
        Index("ix_reply_from", "clinic_id", "from_blind", "received_at"),
    )

    provider_event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("provider_event.id"))
    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patient.id"))
    enrollment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("enrollment.id"))
    contact_point_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contact_point.id"))
    sender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sender.id"))
    # The touchpoint whose question it answers.
    touchpoint_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("touchpoint.id"))
    channel: Mapped[Channel] = mapped_column(states(Channel))
    from_sealed: Mapped[bytes]
    from_blind: Mapped[bytes] = blind_column("from_blind")
    body_sealed: Mapped[bytes]
    media_count: Mapped[int] = mapped_column(default=0)
    is_verified: Mapped[bool] = mapped_column(
        default=True
    )  # a mail's From can be forged; a signed text cannot
    email_message_id: Mapped[str | None]
    received_at: Mapped[datetime]
    state: Mapped[ReplyState] = mapped_column(states(ReplyState), default=ReplyState.received)
    opt: Mapped[str | None]  # opt_out, opt_in, help: what the words asked of us, beside what they told
    answers_sealed: Mapped[bytes | None]

    sender_address: Sealed[str] = Sealed("from_sealed")
    body: Sealed[str] = Sealed("body_sealed")
    blind_columns: ClassVar = {"from_blind": lambda row: row.sender_blind}
    answers: Sealed[list[dict[str, Any]] | None] = Sealed("answers_sealed", as_json=True)

    @property
    def sender_blind(self) -> Blind:
        """The blind index of the sender, for finding rows of the same sender under every key."""
        return address_blind(self.channel, self.sender_address)
