"""Two people read what patients will be sent, before anybody is sent it: signatures on the content of a version.

In production a version is used for new enrollments once two different people of the clinic signed its content
hash, one of them licensed. Whoever changes a letter has a new hash and no signature. Patients who are on a version
that was signed finish it. Demo and test need no signature, and their pages say so.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import Conflict, InvalidInput
from followup.kit.ids import new_id
from followup.pathways.library import Library
from followup.pathways.models import PathwaySignature
from followup.pathways.pathway import Pathway

PEOPLE_NEEDED = 2


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, whether they are licensed, and when (care time)."""

    staff_id: uuid.UUID
    is_clinician: bool
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """How far a version is from being used."""

    signatures: Sequence[Signature]

    @property
    def is_given(self) -> bool:
        """Whether two different people signed, a clinician among them."""
        people = {each.staff_id for each in self.signatures}
        return len(people) >= PEOPLE_NEEDED and any(each.is_clinician for each in self.signatures)

    @property
    def missing(self) -> str:
        """What is missing, in words; empty if nothing is."""
        if self.is_given:
            return ""
        if len(self.signatures) < PEOPLE_NEEDED - 1:
            return "two people have to sign it, a nurse or physician among them"
        licensed = any(each.is_clinician for each in self.signatures)
        return "a second person has to sign it" + ("" if licensed else ", a nurse or physician")


def approval(session: Session, pathway: Pathway) -> Approval:
    """Return who of this clinic signed this very content, oldest first."""
    rows = session.execute(
        select(PathwaySignature.staff_id, PathwaySignature.is_clinician, PathwaySignature.signed_at)
        .where(PathwaySignature.content_hash == pathway.content_hash, PathwaySignature.name == pathway.id)
        .order_by(PathwaySignature.signed_at, PathwaySignature.id)
    )
    return Approval([Signature(*row) for row in rows])


def sign(
    session: Session, clinic_id: uuid.UUID, pathway: Pathway, *, seen: str, staff_id: uuid.UUID, is_clinician: bool,
    now: datetime, actor: Actor,
) -> Approval:  # fmt: skip
    """Sign what was read; ``seen`` is the hash of the content that the person looked at.

    Raises Conflict if the content changed since, or if this person signed it before: nobody is two people.
    """
    if seen != pathway.content_hash:
        raise Conflict("The pathway changed since you read it. Read it again before you sign.")
    made = session.scalar(
        insert(PathwaySignature)
        .values(
            id=new_id(), clinic_id=clinic_id, name=pathway.id, label=pathway.version, content_hash=seen,
            staff_id=staff_id, is_clinician=is_clinician, signed_at=now,
        )
        .on_conflict_do_nothing()
        .returning(PathwaySignature.id)
    )  # fmt: skip
    if made is None:
        raise Conflict("You signed this version already. Somebody else has to sign it, too.")
    record(
        session, clinic_id, actor=actor, action="sign pathway", now=now, subject=Subject("pathway_signature", made),
        reason=f"{pathway.id} {pathway.version} {seen}",
    )  # fmt: skip
    return approval(session, pathway)


def usable(session: Session, library: Library, wanted: str) -> Pathway:
    """Return the pathway a new patient may be put on. Raises NotFound, PathwayRefused, InvalidInput."""
    pathway = library.get(wanted)
    if library.needs_signatures and not (found := approval(session, pathway)).is_given:
        raise InvalidInput("pathway", f"This version can't be used yet: {found.missing}.")
    return pathway
