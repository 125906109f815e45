"""Move running enrollments from the pathway version they began to the one that is in force now.

Nobody is moved by editing a folder: a patient finishes the version they began unless a person decides otherwise,
after seeing which steps move, come, go or are past already, and which words changed. A step that was sent is never
sent again, also if its words are new; a step of the new version that is past is left out or becomes a call.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.doorbell import ring
from followup.enrollment.calendar_change import ChangedFacts, calendar_after, write_calendar
from followup.enrollment.models import Enrollment
from followup.enrollment.shown import MEANWHILE, RUNNING, Shown, calendar, hold_to
from followup.errors import Conflict, ForbiddenState, NotFound
from followup.pathways.approve import usable
from followup.pathways.difference import difference
from followup.pathways.library import Library
from followup.pathways.models import PathwayVersion
from followup.pathways.pathway import Pathway
from followup.pathways.pin import pin, pinned

MOST_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class OldVersion:
    """One pinned version that patients are still on, and how many of them."""

    label: str
    content_hash: str
    patients: int


@dataclass(frozen=True, slots=True)
class ShownMany:
    """What moving every patient of a pathway would do; ``skipped`` could not be planned on the new version."""

    shown: tuple[Shown, ...]
    versions: tuple[OldVersion, ...]
    skipped: int = 0

    @property
    def mark(self) -> str:
        """The digest of all previews together."""
        return hashlib.sha256("".join(each.mark for each in self.shown).encode()).hexdigest()[:24]


def preview_version(session: Session, enrollment_id: uuid.UUID, *, library: Library, now: datetime) -> Shown:
    """Show what moving one patient does. Raises NotFound, ForbiddenState, InvalidInput for an unsigned version."""
    enrollment = session.get(Enrollment, enrollment_id)
    if enrollment is None:
        raise NotFound
    return _shown(session, enrollment, usable(session, library, enrollment.pathway), now=now)


def migrate_version(
    session: Session, enrollment_id: uuid.UUID, *, library: Library, now: datetime, actor: Actor,
    seen: str | None = None,
) -> Shown:  # fmt: skip
    """Move one patient to the version in force. Raises Conflict if that is not what was shown."""
    enrollment = session.scalar(
        select(Enrollment)
        .where(Enrollment.id == enrollment_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if enrollment is None:
        raise NotFound
    new = usable(session, library, enrollment.pathway)
    shown = _shown(session, enrollment, new, now=now)
    hold_to(shown, seen)
    before = pinned(session, enrollment.pathway_version_id).version
    enrollment.pathway_version_id = pin(session, enrollment.clinic_id, new, now=now)
    enrollment.version += 1
    write_calendar(session, enrollment, shown.calendars[0].replan.changes, pathway=new, now=now, actor=actor)
    record(
        session, enrollment.clinic_id, actor=actor, action="migrate pathway version", now=now,
        reason=f"from {before} to {new.version}",
        subject=Subject("enrollment", enrollment.id, enrollment.patient_id),
    )  # fmt: skip
    ring(session, "messages.dispatch")
    return shown


def preview_all(session: Session, name: str, *, library: Library, now: datetime) -> ShownMany:
    """Show what moving everybody who is on an older version of a pathway does. Raises NotFound."""
    new = usable(session, library, name)
    behind = _behind(session, new)
    able = [each for each in behind if each.language in new.languages]
    return ShownMany(
        tuple(_shown(session, each, new, now=now) for each in able),
        _versions(session, behind),
        skipped=len(behind) - len(able),
    )


def migrate_all(
    session: Session, name: str, *, library: Library, now: datetime, actor: Actor, seen: str
) -> ShownMany:
    """Move everybody in one transaction: all as shown, or nobody and Conflict."""
    many = preview_all(session, name, library=library, now=now)
    if many.mark != seen:
        raise Conflict(MEANWHILE)
    for each in many.shown:
        enrollment_id = each.calendars[0].enrollment_id
        assert enrollment_id is not None
        migrate_version(session, enrollment_id, library=library, now=now, actor=actor, seen=each.mark)
    return many


def _behind(session: Session, new: Pathway) -> Sequence[Enrollment]:
    return session.scalars(
        select(Enrollment)
        .join(PathwayVersion, PathwayVersion.id == Enrollment.pathway_version_id)
        .where(
            Enrollment.pathway == new.id, Enrollment.state.in_(RUNNING),
            PathwayVersion.content_hash != new.content_hash,
        )
        .order_by(Enrollment.id)
        .limit(MOST_AT_ONCE)
    ).all()  # fmt: skip


def _versions(session: Session, behind: Sequence[Enrollment]) -> tuple[OldVersion, ...]:
    counts: dict[uuid.UUID, int] = {}
    for each in behind:
        counts[each.pathway_version_id] = counts.get(each.pathway_version_id, 0) + 1
    found = [(pinned(session, version_id), many) for version_id, many in counts.items()]
    return tuple(OldVersion(each.version, each.content_hash, many) for each, many in found)


def _shown(session: Session, enrollment: Enrollment, new: Pathway, *, now: datetime) -> Shown:
    if enrollment.state not in RUNNING:
        raise ForbiddenState("This enrollment has ended; it keeps the version it was on.")
    old = pinned(session, enrollment.pathway_version_id)
    if old.content_hash == new.content_hash:
        raise ForbiddenState(f"This follow-up is on version {new.version} already.")
    if enrollment.language not in new.languages:
        raise ForbiddenState(f"Version {new.version} has no texts in the patient's language.")
    planned = calendar_after(session, enrollment, ChangedFacts(pathway=new), now=now)
    files = [each.name for each in difference(old, new)]
    return Shown(
        f"The follow-up goes on with version {new.version}, content {new.content_hash[:8]}, instead of version"
        f" {old.version}, content {old.content_hash[:8]}.",
        (calendar(enrollment, planned),),
        (f"Files that differ: {', '.join(files)}.", "What was sent stays as it was written and is not repeated."),
    )  # fmt: skip
