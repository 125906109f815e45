"""A pathway version as it was when patients were put on it, pinned by the hash of its content."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from followup.db.base import ClinicRow


class PathwayVersion(ClinicRow):
    """One clinic's copy of one version: what was said to a patient stays provable after the folder changed."""

    __tablename__ = "pathway_version"
    __table_args__ = (UniqueConstraint("clinic_id", "name", "content_hash"),)

    name: Mapped[str]
    label: Mapped[str]
    content_hash: Mapped[str]
    content: Mapped[dict[str, Any]]
    pinned_at: Mapped[datetime]


class PathwaySignature(ClinicRow):
    """One person's word that this very content may be sent to patients. Two different people have to give it."""

    __tablename__ = "pathway_signature"
    __table_args__ = (UniqueConstraint("clinic_id", "content_hash", "staff_id"),)

    name: Mapped[str]
    label: Mapped[str]
    content_hash: Mapped[str]
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    # Whether a licensed person read it; kept as it was on that day.
    is_clinician: Mapped[bool]
    signed_at: Mapped[datetime]
