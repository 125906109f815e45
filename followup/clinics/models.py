"""Clinic and sender rows. A clinic's own name, hours and numbers are public, so they are not sealed."""

from __future__ import annotations

import uuid
from datetime import datetime, time
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from followup.clinics.states import Channel
from followup.db.base import ClinicRow, Row, states


class Clinic(Row):
    """One clinic: the tenant that every other row belongs to."""

    __tablename__ = "clinic"

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    # What texts call it: short, because every text carries it and every segment costs.
    short_name: Mapped[str]
    # What pages call it: staff phones show it on a lock screen.
    code: Mapped[str]
    time_zone: Mapped[str]
    # Weekday (0 = Monday) to a list of [from, until] local times, and dates when it is closed.
    open_hours: Mapped[dict[str, Any]] = mapped_column(default=dict)
    holidays: Mapped[list[Any]] = mapped_column(default=list)
    text_from: Mapped[time] = mapped_column(default=time(9, 0))
    text_until: Mapped[time] = mapped_column(default=time(20, 0))
    # Answered day and night, declared so by the clinic; every safety text names it.
    urgent_phone: Mapped[str]
    office_phone: Mapped[str]
    sending_paused_at: Mapped[datetime | None]
    sending_paused_reason: Mapped[str | None]
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Sender(ClinicRow):
    """A number, messaging service or mail address that one clinic sends from and is answered at."""

    __tablename__ = "sender"
    __table_args__ = (
        UniqueConstraint("channel", "address"),
        Index("ix_sender_clinic", "clinic_id", "channel"),
    )

    channel: Mapped[Channel] = mapped_column(states(Channel))
    address: Mapped[str]
    messaging_service_sid: Mapped[str | None]
    # Segments a second that the carrier lets this sender hand over.
    rate_per_second: Mapped[float] = mapped_column(default=1.0)
    # Machine time: when its budget of segments is whole again. The next pump starts with what the last one left.
    paced_until: Mapped[datetime | None]
    # Urgent senders carry safety texts and staff pages beside the routine ones; same number, own pump.
    lease_owner: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None]
    urgent_lease_owner: Mapped[uuid.UUID | None]
    urgent_lease_until: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    # Machine time: until when the carrier's own list of inbound texts was compared with what the webhook stored.
    inbound_listed_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None]


class Heartbeat(Row):
    """When a loop last went round: what ``/readyz`` and the auditor look at. Belongs to no clinic."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(unique=True)
    ticked_at: Mapped[datetime]


class Outage(Row):
    """A span in which a loop did not go round, written down by its first round afterwards. Belongs to no clinic.

    Machine time, which is care time wherever real patients are. A row per loop tells what stopped.
    """

    __tablename__ = "outage"
    __table_args__ = (Index("ix_outage_ended", "ended_at"),)

    loop: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
