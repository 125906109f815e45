"""The link at the foot of every mail: one click ends mails to that address (RFC 8058), without a sign-in.

The signed link names a contact point and nothing else. Only a POST acts: scanners and previews open every link.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.db.session import Database
from followup.errors import NotFound
from followup.kit.tokens import Seal, TokenError
from followup.patients.consent import record_opt_out
from followup.patients.models import ContactPoint
from followup.replies.obey import cancel_queued

_CLINIC_OF = text("SELECT clinic_id FROM contact_point WHERE id = :point")


def contact_point_of(seal: Seal, token: str, *, machine_now: datetime) -> uuid.UUID:
    """Return the contact point of a link. Raises TokenError (forged, for another purpose, or expired)."""
    try:
        return uuid.UUID(str(seal.read(token, now=machine_now)))
    except TokenError:
        raise
    except ValueError:
        raise TokenError("invalid") from None


def unsubscribe(database: Database, contact_point_id: uuid.UUID, *, now: datetime) -> bool:
    """End mails to a contact point, in its own clinic; False if that was done before. Raises NotFound."""
    with database.engine() as engine:
        clinic_id = engine.scalar(_CLINIC_OF, {"point": contact_point_id})
    if clinic_id is None:
        raise NotFound
    with database.transaction(clinic_id) as session:
        return _end(session, contact_point_id, now=now)


def _end(session: Session, contact_point_id: uuid.UUID, *, now: datetime) -> bool:
    point = session.get_one(ContactPoint, contact_point_id)
    changed = record_opt_out(
        session, point.id, wording="the unsubscribe link of a mail", how="email", now=now,
        actor=Actor("patient", point.patient_id),
    )  # fmt: skip
    cancel_queued(session, [point.id], reason="the patient asked us to stop writing here", now=now)
    return changed
