"""The versions of a clinic's pathways: which are pinned, since when, and how many patients are on each."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from followup.enrollment.models import Enrollment
from followup.enrollment.states import EnrollmentState
from followup.pathways.models import PathwayVersion


@dataclass(frozen=True, slots=True)
class Version:
    """One pinned version. ``patients`` counts those whose recovery is under way on it."""

    id: uuid.UUID
    label: str
    content_hash: str
    pinned_at: datetime
    patients: int


def versions(session: Session, name: str) -> Sequence[Version]:
    """Return this clinic's pinned versions of one pathway, newest first."""
    under_way = (
        select(Enrollment.pathway_version_id, func.count().label("many"))
        .where(Enrollment.state.in_([EnrollmentState.active, EnrollmentState.paused]))
        .group_by(Enrollment.pathway_version_id)
        .subquery()
    )
    rows = session.execute(
        select(
            PathwayVersion.id, PathwayVersion.label, PathwayVersion.content_hash, PathwayVersion.pinned_at,
            func.coalesce(under_way.c.many, 0),
        )
        .outerjoin(under_way, under_way.c.pathway_version_id == PathwayVersion.id)
        .where(PathwayVersion.name == name)
        .order_by(PathwayVersion.pinned_at.desc(), PathwayVersion.id.desc())
    )  # fmt: skip
    return [Version(*row) for row in rows]
