"""Reply rows: what a patient wrote, in the patient's own words, and the question it answers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from followup.clinics.addresses import address_blind
from followup.clinics.states import Channel
from followup.db.base import ClinicRow, states
from followup.db.sealed import Sealed, blind_column
from followup.kit.crypto import Blind
from followup.kit.files import KINDS
from followup.replies.states import MediaState, ReplyState


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
    # Who of the clinic had written to the patient last and waits for this answer.
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    opt: Mapped[str | None]  # opt_out, opt_in, help: what the words asked of us, beside what they told
    answers_sealed: Mapped[bytes | None]
    # When the carrier was told to forget the words; machine time.
    carrier_emptied_at: Mapped[datetime | None]

    sender_address: Sealed[str] = Sealed("from_sealed")
    body: Sealed[str] = Sealed("body_sealed")
    blind_columns: ClassVar = {"from_blind": lambda row: row.sender_blind}
    answers: Sealed[list[dict[str, Any]] | None] = Sealed("answers_sealed", as_json=True)

    @property
    def sender_blind(self) -> Blind:
        """The blind index of the sender, for finding rows of the same sender under every key."""
        return address_blind(self.channel, self.sender_address)


class ReplyMedia(ClinicRow):
    """One file that came with a text: fetched from the carrier after the words were read, never shown inline."""

    __tablename__ = "reply_media"
    __table_args__ = (
        UniqueConstraint("reply_id", "position"),
        Index("ix_reply_media_due", "due_at", "id", postgresql_where="state = 'waiting'"),
    )

    reply_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reply.id"))
    position: Mapped[int]
    # Where the carrier keeps it; what the webhook said, checked before anything is asked for.
    address_sealed: Mapped[bytes]
    state: Mapped[MediaState] = mapped_column(states(MediaState), default=MediaState.waiting)
    reason: Mapped[str | None]
    # Found by looking at the content; what the sender called it is not kept.
    kind: Mapped[str | None]
    size: Mapped[int] = mapped_column(default=0)
    content_sealed: Mapped[bytes | None]
    # Machine time: when it is fetched next. While it is being fetched, when somebody else may try.
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    tries: Mapped[int] = mapped_column(default=0)

    address: Sealed[str] = Sealed("address_sealed")
    # In base64: what is sealed is text.
    content: Sealed[str | None] = Sealed("content_sealed")

    @property
    def told(self) -> str:
        """What the file is or became, in words for a page."""
        if self.state is MediaState.kept and self.kind in KINDS:
            return f"{KINDS[self.kind].word} {self.position + 1} ({-(-self.size // 1024)} kB)"
        became = {
            MediaState.waiting: "is being fetched",
            MediaState.removed: "was removed when its time was over",
        }.get(self.state, f"was not kept: {self.reason}")
        return f"file {self.position + 1} {became}"
