"""Answer the bell "raw events became readable": route every waiting event to its clinic and understand it there.

Any number of these may run at once; rows that another one holds are skipped. A row that fails again and again is
put aside with a task for a person, and the others flow on. A database that is away is nobody's fault and counts
against no row.
"""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from followup.db.session import Database
from followup.doorbell import ring
from followup.intake import waiting as events
from followup.intake.models import ProviderEvent
from followup.intake.states import EventKind
from followup.intake.waiting import QUARANTINED, WaitingEvent
from followup.kit.way import give_way, goes_first
from followup.log import logger
from followup.replies.queries import alarm_if_unassessed
from followup.replies.receive import receive
from followup.replies.receive_mail import clinic_of_mail
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

_log = logger(__name__)

BATCH = 200
# After so long (machine time) the rest of a batch waits, and an emergency that came meanwhile is looked for.
LOOK_AGAIN_SECONDS = 0.2
MOST_TRIES = 5
# Reports come in thousands and are small: they share a transaction. Each reply has its own.
REPORTS_TOGETHER = 40

# The database itself: gone, going, full, or asking for a second try. None of these is a row's fault.
_AWAY = ("08", "53", "57P", "40", "55P03")

Now = Callable[[], datetime]


def process_events(database: Database, *, now: Now, for_seconds: float = math.inf) -> int:
    """Understand what waits, possible emergencies first; returns how many events were understood or closed.

    ``now`` is the care clock, asked again for each piece of work. Ends when nothing waits or a whole batch failed;
    after ``for_seconds`` (machine time) it rings for the rest: a sweep that never ends tells no heartbeat.
    """
    done, began = 0, time.monotonic()
    while True:
        routed, found = _route_batch(database, now=now())
        handled, is_whole = _handle_for_a_while(database, routed, now=now)
        done += found - len(routed) + handled
        if is_whole and (found < BATCH or found - len(routed) + handled == 0):
            break
        if time.monotonic() - began > for_seconds:
            with database.engine() as session:
                ring(session, "care.process_events")
            break
    with database.engine() as session:
        alarm_if_unassessed(session)
    return done


def _handle_for_a_while(database: Database, routed: Sequence[WaitingEvent], *, now: Now) -> tuple[int, bool]:
    """Understand a batch until it is time to look again; returns how many, and whether that was all of it."""
    began, handled = time.monotonic(), 0
    for group in _groups(routed):
        # Something has to be done in each round, or a slow machine would look and never work.
        if handled and time.monotonic() - began > LOOK_AGAIN_SECONDS:
            return handled, False
        if group[0].is_urgent:
            with goes_first():
                handled += _handle(database, group, now=now)
        else:
            give_way()
            handled += _handle(database, group, now=now)
    return handled, True


def _route_batch(database: Database, *, now: datetime) -> tuple[list[WaitingEvent], int]:
    """Give every event of a batch its clinic; returns those left for us, and how many there were."""
    with database.engine() as session:
        batch = events.waiting(session, many=BATCH)
        routed = [found for event in batch if (found := _route(session, event, now=now))]
    return routed, len(batch)


def _route(session: Session, event: WaitingEvent, *, now: datetime) -> WaitingEvent | None:
    """Find an event's clinic; None if there is nothing for us to do with it afterwards."""
    if event.clinic_id is not None:
        return event
    if event.kind is EventKind.sms_status:
        route = events.route_by_token(session, event)
        if route.of_page:
            ring(session, "care.page")
            return None
        clinic_id = route.clinic_id
    else:
        clinic_id = _clinic_of_words(session, event)
        if clinic_id is not None:
            events.assign(session, event.id, clinic_id)
    if clinic_id is None:
        _log.warning("event for nobody", event_id=str(event.id), kind=event.kind.value)
        events.close(session, event.id, outcome="unknown_recipient", now=now)
        return None
    return replace(event, clinic_id=clinic_id)


def _clinic_of_words(session: Session, event: WaitingEvent) -> uuid.UUID | None:
    if event.kind is EventKind.inbound_sms:
        found = events.clinic_of_number(session, event.our_address or "")
        service = "" if found else _payload(session, event).get("MessagingServiceSid", "")
        return events.clinic_of_service(session, service) if service else found
    if event.kind in (EventKind.inbound_email, EventKind.bounce):
        return clinic_of_mail(session, _payload(session, event))
    return None


def _payload(session: Session, event: WaitingEvent) -> dict[str, str]:
    try:
        return session.scalars(select(ProviderEvent).where(ProviderEvent.id == event.id)).one().payload
    except Exception:  # noqa: BLE001 - a payload that can't be opened leads nowhere; closed with its reason
        return {}


def _groups(routed: Sequence[WaitingEvent]) -> Iterator[Sequence[WaitingEvent]]:
    """What may share a transaction: reports of one clinic, after everything that people wrote."""
    reports: dict[uuid.UUID | None, list[WaitingEvent]] = {}
    for event in routed:
        if event.kind is EventKind.sms_status:
            reports.setdefault(event.clinic_id, []).append(event)
        else:
            yield [event]
    for of_clinic in reports.values():
        for start in range(0, len(of_clinic), REPORTS_TOGETHER):
            yield of_clinic[start : start + REPORTS_TOGETHER]


def _handle(database: Database, group: Sequence[WaitingEvent], *, now: Now) -> int:
    """Understand a group in one transaction; if that fails, one by one, so that a bad row stands alone."""
    try:
        return _understand(database, group, now=now())
    except Exception as error:  # noqa: BLE001 - whatever a payload does to us, the others have to flow
        if _is_away(error):
            _log.warning("events not understood yet", events=len(group), error=type(error).__name__)
            return 0
        if len(group) > 1:
            return sum(_handle(database, [event], now=now) for event in group)
        return _failed(database, group[0], error, now=now())


def _is_away(error: Exception) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or str(state).startswith(_AWAY)


def _understand(database: Database, group: Sequence[WaitingEvent], *, now: datetime) -> int:
    clinic_id = group[0].clinic_id
    assert clinic_id is not None
    with database.transaction(clinic_id) as session:
        rows = session.scalars(
            select(ProviderEvent)
            .where(
                ProviderEvent.id.in_([event.id for event in group]),
                ProviderEvent.processed_at.is_(None),
                ProviderEvent.outcome.is_(None),
            )
            # One order for all: two sweeps must not wait for each other's messages.
            .order_by(ProviderEvent.provider_key)
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            receive(session, row, now=now)
        return len(rows)


def _failed(database: Database, event: WaitingEvent, error: Exception, *, now: datetime) -> int:
    """Count a failure; after some, put the row aside and ask a person. Returns 1 once nothing more is tried."""
    _log.error(
        "event not understood", event_id=str(event.id), kind=event.kind.value, error=type(error).__name__
    )
    with database.engine() as session:
        tries = events.count_try(session, event.id)
    if tries < MOST_TRIES:
        return 0
    assert event.clinic_id is not None
    is_words = event.kind in (EventKind.inbound_sms, EventKind.inbound_email)
    with database.transaction(event.clinic_id) as session:
        open_task(
            session, event.clinic_id, now=now, due_at=now, subject_id=event.id, priority="high",
            kind=TaskKind.review_reply if is_words else TaskKind.unconfirmed_send,
            reason="A message or report arrived that could not be read. It may be from a patient: look for it at"
            " the carrier, and tell whoever looks after this service.",
        )  # fmt: skip
        row = session.get_one(ProviderEvent, event.id)
        row.outcome, row.processed_at = QUARANTINED, now
    return 1
