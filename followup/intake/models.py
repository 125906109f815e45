"""Raw provider events: inbound texts and mails, delivery reports, calls. Unique by the provider's own id."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from followup.db.base import Row, states
from followup.db.sealed import Sealed
from followup.intake.states import EventKind


class ProviderEvent(Row):
    """One thing a provider told us, verified and stored before it was answered.

    ``provider_key`` is the provider's id of the event (message sid, or sid + status + error): a copy of the same
    event hits the unique constraint and has no effect. The clinic is found later, from the called number or the
    attempt's token.
    """

    __tablename__ = "provider_event"
    __table_args__ = (
        UniqueConstraint("kind", "provider_key"),
        Index("ix_provider_event_waiting", "received_at", "id", postgresql_where="processed_at IS NULL"),
        Index("ix_provider_event_clinic", "clinic_id", "received_at"),
    )

    clinic_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("clinic.id"))
    kind: Mapped[EventKind] = mapped_column(states(EventKind))
    provider_key: Mapped[str]
    # Our own token from the callback address: settles a call whose answer was lost.
    token: Mapped[str | None]
    # The number or address of ours that was written to; public, so it is not sealed.
    our_address: Mapped[str | None]
    payload_sealed: Mapped[bytes]
    # First cheap look at the text: an emergency does not wait behind a thousand routine replies.
    urgent_look: Mapped[bool] = mapped_column(default=False)
    received_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0)

    payload: Sealed[dict[str, str]] = Sealed("payload_sealed", as_json=True)
