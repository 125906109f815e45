"""Find what a webhook missed: compare the carrier's own list of inbound texts with what is stored.

A text whose webhook failed is in the carrier's list all the same, and it may be the one that counts. Each sender is
listed from where the last comparison ended, minus an overlap; a sender that can't be listed keeps its place and is
listed from there the next time. Storing the same text twice is impossible, so comparing too much does no harm.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.db.session import Database
from followup.intake.events import IncomingEvent
from followup.intake.first_look import may_be_urgent
from followup.intake.states import EventKind
from followup.intake.store import store
from followup.log import logger
from followup.ports import CarrierMessage

_log = logger(__name__)

ListInbound = Callable[[Mapping[str, datetime]], Mapping[str, Sequence[CarrierMessage]]]

# A text may be in the list only some time after it was sent to us.
OVERLAP = timedelta(minutes=30)
# How far back the first comparison of a sender looks, and the longest outage that is made up for.
FIRST_LOOK_BACK = timedelta(hours=24)
LONGEST_LOOK_BACK = timedelta(days=14)

_SENDERS = text(
    "SELECT id, clinic_id, address, inbound_listed_at, now() AS machine_now FROM sender WHERE channel = 'sms'"
    " ORDER BY inbound_listed_at NULLS FIRST, id"
)
_LISTED = text("UPDATE sender SET inbound_listed_at = :until WHERE id = :sender")


@dataclass(frozen=True, slots=True)
class Listing:
    """One sender to compare, in machine time."""

    sender_id: uuid.UUID
    number: str
    since: datetime
    until: datetime


def reconcile_inbound(database: Database, list_inbound: ListInbound, *, now: Callable[[], datetime]) -> int:
    """Compare every sender with the carrier's list; returns how many missing texts were stored.

    ``list_inbound`` asks the carrier; a number that could not be listed is missing in its answer. ``now`` is the
    care clock: a text that is found late was received as long ago as the carrier says.
    """
    with database.engine() as session:
        listings = _listings(session)
    if not listings:
        return 0
    listed = list_inbound({each.number: each.since for each in listings})
    return sum(
        _store_missing(database, each, listed[each.number], now=now())
        for each in listings
        if each.number in listed
    )


def _listings(session: Session) -> Sequence[Listing]:
    return [
        Listing(
            sender_id=row.id,
            number=row.address,
            since=max(
                (row.inbound_listed_at or row.machine_now - FIRST_LOOK_BACK) - OVERLAP,
                row.machine_now - LONGEST_LOOK_BACK,
            ),
            until=row.machine_now,
        )
        for row in session.execute(_SENDERS)
    ]


def _store_missing(
    database: Database, listing: Listing, texts: Sequence[CarrierMessage], *, now: datetime
) -> int:
    """Store what is missing, oldest first, and move the sender's mark, in one transaction."""
    with database.engine() as session:
        missing = [each for each in reversed(texts) if store(session, _event(each, listing, now=now))]
        session.execute(_LISTED, {"sender": listing.sender_id, "until": listing.until})
    if missing:
        _log.warning(
            "inbound texts found that no webhook brought",
            texts=len(missing),
            sender_id=str(listing.sender_id),
        )
    return len(missing)


def _event(found: CarrierMessage, listing: Listing, *, now: datetime) -> IncomingEvent:
    age = max(listing.until - found.created_at, timedelta(0))
    return IncomingEvent(
        kind=EventKind.inbound_sms,
        provider_key=found.provider_id,
        payload={
            "MessageSid": found.provider_id,
            "From": found.sender,
            "To": found.to,
            "Body": found.body,
            # The list does not tell; a picture is found when somebody looks at the text at the carrier.
            "NumMedia": "1" if found.provider_id.startswith("MM") else "0",
            "FoundBy": "list",
        },
        received_at=now - age,
        our_address=listing.number,
        urgent_look=may_be_urgent(found.body),
    )
