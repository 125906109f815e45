"""Pin a pathway version for a clinic, and read pinned versions back.

Patients finish the version they began. A pinned row is never changed, so what was read once stays in memory.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from followup.errors import NotFound
from followup.kit.ids import new_id
from followup.pathways.library import from_json, to_json
from followup.pathways.models import PathwayVersion
from followup.pathways.pathway import Pathway

# By content: the same version pinned by two clinics is read once.
_pinned: dict[str, Pathway] = {}


def pin(session: Session, clinic_id: uuid.UUID, pathway: Pathway, *, now: datetime) -> uuid.UUID:
    """Return the id of this clinic's pinned copy of this very version, making it if need be."""
    made: uuid.UUID | None = session.scalar(
        insert(PathwayVersion)
        .values(
            id=new_id(),
            clinic_id=clinic_id,
            name=pathway.id,
            label=pathway.version,
            content_hash=pathway.content_hash,
            content=json.loads(_content(pathway)),
            pinned_at=now,
        )
        .on_conflict_do_nothing()
        .returning(PathwayVersion.id)
    )
    if made is not None:
        return made
    return session.scalars(
        select(PathwayVersion.id).where(
            PathwayVersion.name == pathway.id, PathwayVersion.content_hash == pathway.content_hash
        )
    ).one()


def pinned(session: Session, version_id: uuid.UUID) -> Pathway:
    """Return a pinned version; raises NotFound for one of another clinic or none at all."""
    # Read under row-level security first: memory must not answer for another clinic's row.
    content_hash = session.scalar(select(PathwayVersion.content_hash).where(PathwayVersion.id == version_id))
    if content_hash is None:
        raise NotFound("This pathway version is not known here.")
    if content_hash not in _pinned:
        row = session.get_one(PathwayVersion, version_id)
        _pinned[content_hash] = from_json(json.dumps(row.content))
    return _pinned[content_hash]


def _content(pathway: Pathway) -> str:
    return to_json(pathway)
