"""What waits to be understood, and for which clinic: the engine's view of raw events.

Emergencies by first sight come first, then the oldest. Routing writes the clinic onto the row; from there on only
that clinic's own transactions see it. An event whose clinic can't be told is closed with its reason, never lost.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.intake.states import EventKind

# Outcomes that leave a row to another stage, whose verb closes it.
STAFF_TEXT = "staff_text"
PAGE_STATUS = "page_status"
QUARANTINED = "quarantined"
# Kinds that the escalation stage reads by itself.
NOT_OURS = (EventKind.voice_status, EventKind.voice_input)

_WAITING = text(
    """
    SELECT id, clinic_id, kind, token, our_address, tries, urgent_look FROM provider_event
    WHERE processed_at IS NULL AND outcome IS NULL AND kind <> ALL(:not_ours)
    ORDER BY urgent_look DESC, received_at, id LIMIT :many
    """
)
_CLINIC_OF_NUMBER = text("SELECT clinic_id FROM sender WHERE channel = 'sms' AND address = :address")
_CLINIC_OF_SERVICE = text(
    "SELECT DISTINCT clinic_id FROM sender WHERE messaging_service_sid = :service LIMIT 2"
)
_CLINIC_OF_ATTEMPT = text("SELECT clinic_id FROM attempt WHERE token = :token")
_CLINIC_OF_PAGE = text("SELECT clinic_id FROM page WHERE token = :token")
_ROUTE = text(
    "UPDATE provider_event SET clinic_id = :clinic, outcome = COALESCE(outcome, :outcome)"
    " WHERE id = :event AND clinic_id IS NULL"
)
_CLOSE = text(
    "UPDATE provider_event SET outcome = :outcome, processed_at = :now WHERE id = :event AND processed_at IS NULL"
)
_TRY = text("UPDATE provider_event SET tries = tries + 1 WHERE id = :event RETURNING tries")
_OLDEST = text(
    "SELECT EXTRACT(EPOCH FROM now() - min(recorded_at)) FROM provider_event"
    " WHERE processed_at IS NULL AND kind <> ALL(:not_ours)"
)


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """One raw event that nobody has understood yet."""

    id: uuid.UUID
    clinic_id: uuid.UUID | None
    kind: EventKind
    token: str | None
    our_address: str | None
    tries: int
    is_urgent: bool = False


def waiting(engine: Session, *, many: int) -> Sequence[WaitingEvent]:
    """Return up to ``many`` waiting events, possible emergencies first, then the oldest."""
    rows = engine.execute(_WAITING, {"many": many, "not_ours": [kind.value for kind in NOT_OURS]})
    return [
        WaitingEvent(
            row.id, row.clinic_id, EventKind(row.kind), row.token, row.our_address, row.tries, row.urgent_look
        )
        for row in rows
    ]


def clinic_of_number(engine: Session, address: str) -> uuid.UUID | None:
    """Return the clinic that one of our numbers belongs to."""
    found: uuid.UUID | None = engine.scalar(_CLINIC_OF_NUMBER, {"address": address})
    return found


def clinic_of_service(engine: Session, service_sid: str) -> uuid.UUID | None:
    """Return the clinic of a messaging service; None if unknown, or not of one clinic only."""
    found = engine.scalars(_CLINIC_OF_SERVICE, {"service": service_sid}).all()
    return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Route:
    """Where a delivery report belongs."""

    clinic_id: uuid.UUID | None
    of_page: bool = False


def route_by_token(engine: Session, event: WaitingEvent) -> Route:
    """Find a delivery report's clinic by our token; one about a page is left to the escalation stage."""
    of_attempt: uuid.UUID | None = engine.scalar(_CLINIC_OF_ATTEMPT, {"token": event.token})
    if of_attempt is not None:
        assign(engine, event.id, of_attempt)
        return Route(of_attempt)
    of_page: uuid.UUID | None = engine.scalar(_CLINIC_OF_PAGE, {"token": event.token})
    if of_page is not None:
        assign(engine, event.id, of_page, outcome=PAGE_STATUS)
    return Route(of_page, of_page=of_page is not None)


def assign(engine: Session, event_id: uuid.UUID, clinic_id: uuid.UUID, *, outcome: str | None = None) -> None:
    """Give an event to a clinic; an outcome leaves it to the stage that waits for that."""
    engine.execute(_ROUTE, {"event": event_id, "clinic": clinic_id, "outcome": outcome})


def close(engine: Session, event_id: uuid.UUID, *, outcome: str, now: datetime) -> None:
    """Close an event that leads to nothing, with its reason."""
    engine.execute(_CLOSE, {"event": event_id, "outcome": outcome, "now": now})


def count_try(engine: Session, event_id: uuid.UUID) -> int:
    """Count one failed try to understand an event; return how many there were."""
    return int(engine.scalar(_TRY, {"event": event_id}) or 0)


def oldest_waiting_seconds(engine: Session) -> float:
    """Return for how many seconds (machine time) the oldest event waits; 0 if none does."""
    return float(engine.scalar(_OLDEST, {"not_ours": [kind.value for kind in NOT_OURS]}) or 0.0)
