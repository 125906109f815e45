"""Staff, their sign-in, their phones, and who is on call when."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from followup.clinics.addresses import address_blind
from followup.clinics.states import Channel
from followup.db.base import ClinicRow, Row, states
from followup.db.sealed import Sealed, blind, blind_column
from followup.staff.states import LinkKind, StaffRole


class Staff(ClinicRow):
    """A person who works at the clinic. Disabled people keep their row: the record names them."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("email_blind"),
        UniqueConstraint("clinic_id", "key"),
        Index("ix_staff_clinic", "clinic_id"),
    )

    # The name used in the clinic file, so that applying it twice finds the same person.
    key: Mapped[str]
    name: Mapped[str]
    role: Mapped[StaffRole] = mapped_column(states(StaffRole))
    email_sealed: Mapped[bytes]
    email_blind: Mapped[bytes] = blind_column("email_blind")
    password_hash: Mapped[str | None]
    disabled_at: Mapped[datetime | None]
    # The second factor: its secret, since when it counts, and the last 30-second step that was used. Machine time.
    factor_sealed: Mapped[bytes | None]
    factor_since: Mapped[datetime | None]
    factor_step: Mapped[int | None]

    email: Sealed[str] = Sealed("email_sealed")
    factor: Sealed[str | None] = Sealed("factor_sealed")
    blind_columns: ClassVar = {"email_blind": lambda row: blind("email", row.email.lower())}


class StaffContactPoint(ClinicRow):
    """A phone or address that pages reach; only verified ones count as cover."""

    __tablename__ = "staff_contact_point"
    __table_args__ = (
        UniqueConstraint("clinic_id", "channel", "address_blind", "staff_id"),
        Index("ix_staff_contact_point_staff", "clinic_id", "staff_id"),
        Index("ix_staff_contact_point_address", "address_blind"),
    )

    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    channel: Mapped[Channel] = mapped_column(states(Channel))
    position: Mapped[int] = mapped_column(default=0)
    address_sealed: Mapped[bytes]
    address_blind: Mapped[bytes] = blind_column("address_blind")
    verified_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]
    hard_failures: Mapped[int] = mapped_column(default=0)

    address: Sealed[str] = Sealed("address_sealed")
    blind_columns: ClassVar = {"address_blind": lambda row: address_blind(row.channel, row.address)}


class StaffSession(ClinicRow):
    """A sign-in that can be listed and ended; the token itself is never stored. Machine time throughout."""

    __tablename__ = "staff_session"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("ix_staff_session_staff", "clinic_id", "staff_id"),
    )

    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # False while only the password was given: such a session opens the page of the second factor and nothing else.
    is_open: Mapped[bool] = mapped_column(default=True)
    # When the person last proved who they are, password or second factor; sensitive changes ask for a recent proof.
    proved_at: Mapped[datetime | None]


class RecoveryCode(ClinicRow):
    """A code that stands in for a lost second factor, once. 80 random bits, so a fast hash is enough."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("staff_id", "code_hash"),)

    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]


class StaffLink(ClinicRow):
    """An invitation or a password reset: 128 random bits, once, for some hours. Machine time."""

    __tablename__ = "staff_link"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_staff_link_staff", "clinic_id", "staff_id"))

    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[LinkKind] = mapped_column(states(LinkKind))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInBucket(Row):
    """How many tries are left for one address or place: a fixed number of rows, whoever knocks. Machine time."""

    __tablename__ = "sign_in_bucket"
    __table_args__ = (UniqueConstraint("slot"),)

    slot: Mapped[int]
    tries_left: Mapped[float]
    counted_at: Mapped[datetime]


class ApiKey(ClinicRow):
    """A key for the clinic's own systems; shown once, stored hashed. Machine time throughout."""

    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("key_hash"), Index("ix_api_key_clinic", "clinic_id"))

    name: Mapped[str]
    role: Mapped[StaffRole] = mapped_column(states(StaffRole))
    # Permissions that the key may use, of those that its role includes.
    scopes: Mapped[list[Any]] = mapped_column(default=list)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hint: Mapped[str]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Shift(ClinicRow):
    """One person on call for one duty in one half-open interval ``[starts_at, ends_at)``, in UTC."""

    __tablename__ = "shift"
    __table_args__ = (Index("ix_shift_duty", "clinic_id", "duty", "starts_at"),)

    duty: Mapped[str]  # nurse, physician, manager
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(default="clinic file")
