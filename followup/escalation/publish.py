"""Publish an escalation policy: checked, kept for ever as it was, and in force for cases that open from now on."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.escalation.models import EscalationPolicy
from followup.escalation.policy import read_policy


def publish_policy(
    session: Session, clinic_id: uuid.UUID, content: Mapping[str, Any], *, now: datetime, actor: Actor
) -> bool:
    """Put a policy into force; False if that very one is in force already.

    Open cases keep the policy they were opened under. Raises InvalidInput with every field that is wrong.
    """
    read_policy(content)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    newest = select(EscalationPolicy.content_hash).order_by(
        EscalationPolicy.published_at.desc(), EscalationPolicy.id.desc()
    )
    if session.scalar(newest.limit(1)) == digest:
        return False
    row = EscalationPolicy(clinic_id=clinic_id, content=dict(content), content_hash=digest, published_at=now)
    session.add(row)
    session.flush()
    record(
        session, clinic_id, actor=actor, action="publish escalation policy", now=now,
        subject=Subject("escalation_policy", row.id),
    )  # fmt: skip
    return True
