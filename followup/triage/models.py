"""Assessments: what was concluded about a reply, by which rule or person. Append-only; the newest one counts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from followup.db.base import ClinicRow
from followup.db.sealed import Sealed


class Assessment(ClinicRow):
    """One conclusion about one reply. The decision quotes the patient's words, so it is sealed."""

    __tablename__ = "assessment"
    __table_args__ = (
        Index("ix_assessment_reply", "clinic_id", "reply_id", "assessed_at"),
        Index("ix_assessment_patient", "clinic_id", "patient_id", "assessed_at"),
    )

    reply_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reply.id"))
    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patient.id"))
    tier: Mapped[str]
    priority: Mapped[str]
    ruleset: Mapped[str]
    assessed_by: Mapped[str]  # engine, or staff:<id>
    reason: Mapped[str | None]
    decision_sealed: Mapped[bytes]
    assessed_at: Mapped[datetime]

    decision: Sealed[dict[str, Any]] = Sealed("decision_sealed", as_json=True)
