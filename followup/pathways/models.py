"""A pathway version as it was when patients were put on it, pinned by the hash of its content."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

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
