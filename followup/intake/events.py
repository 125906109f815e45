"""What is handed to the intake: one verified event, and its row with the payload sealed.

The payload is the provider's own fields, unchanged; nothing here interprets them. The row's id is made before the
insert because the seal is bound to it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followup.db import sealed
from followup.intake.models import ProviderEvent
from followup.intake.states import EventKind
from followup.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """One event as a provider told it. ``received_at`` is care time, aware.

    ``provider_key`` is unique per kind: a copy of the same event has the same key and is stored once.
    ``our_address`` is the number or address of ours that was written to, ``token`` ours from the callback address.
    """

    kind: EventKind
    provider_key: str
    payload: Mapping[str, str]
    received_at: datetime
    token: str | None = None
    our_address: str | None = None
    urgent_look: bool = False


def row_of(event: IncomingEvent) -> dict[str, Any]:
    """Return the column values of one event; raises RuntimeError without encryption keys."""
    row_id: uuid.UUID = new_id()
    place = sealed.place(ProviderEvent.__tablename__, "payload_sealed", row_id)
    return {
        "id": row_id,
        "kind": event.kind.value,
        "provider_key": event.provider_key,
        "token": event.token,
        "our_address": event.our_address,
        "payload_sealed": sealed.ring().seal(json.dumps(dict(event.payload), ensure_ascii=False), place),
        "urgent_look": event.urgent_look,
        "received_at": event.received_at,
        "tries": 0,
    }
