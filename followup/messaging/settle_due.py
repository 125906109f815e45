"""Go round all clinics and settle what is open: expired claims, doubts, and texts nobody reported on.

The carrier is asked between transactions, never inside one.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.db.session import Database
from followup.kit.clock import Clock
from followup.log import logger
from followup.messaging.carrier_errors import classify
from followup.messaging.deliver import Outside
from followup.messaging.rules import POLL_AFTER, UNCONFIRMED_AFTER
from followup.messaging.settle import Doubt, doubts, settle_by_rule, settle_from_list, sweep_expired
from followup.messaging.track import Report, track_by_provider_id
from followup.ports import CarrierMessage
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

_log = logger(__name__)

_CLINICS_WITH_OPEN_ATTEMPTS = text(
    "SELECT DISTINCT clinic_id FROM attempt WHERE state = 'in_doubt'"
    " OR (state IN ('claimed', 'calling') AND lease_until < now())"
)
_CLINICS_WITH_SILENT_TEXTS = text(
    "SELECT DISTINCT clinic_id FROM message WHERE state IN ('accepted', 'sent') AND accepted_at < :before"
    " AND channel = 'sms'"
)
_SILENT = text(
    """
    SELECT id, provider_id, accepted_at, polls, patient_id, touchpoint_id FROM message
    WHERE state IN ('accepted', 'sent') AND channel = 'sms' AND provider_id IS NOT NULL AND polls <= :most
      AND accepted_at < :before
    ORDER BY accepted_at, id LIMIT 200
    """
)


@dataclass(slots=True)
class Settled:
    """What one round settled."""

    released: int = 0
    doubted: int = 0
    found: int = 0
    decided: int = 0
    polled: int = 0


def settle_due(database: Database, clock: Clock, outside: Outside) -> Settled:
    """Settle everything that is open, over all clinics."""
    settled = Settled()
    with database.engine() as session:
        open_clinics = list(session.scalars(_CLINICS_WITH_OPEN_ATTEMPTS))
        silent_clinics = list(
            session.scalars(_CLINICS_WITH_SILENT_TEXTS, {"before": clock.now() - POLL_AFTER[0]})
        )
    for clinic_id in open_clinics:
        _settle_clinic(database, clock, outside, clinic_id, settled=settled)
    for clinic_id in silent_clinics:
        settled.polled += _poll_clinic(database, clock, outside, clinic_id)
    return settled


def _settle_clinic(
    database: Database, clock: Clock, outside: Outside, clinic_id: uuid.UUID, *, settled: Settled
) -> None:
    with database.transaction(clinic_id) as session:
        released, doubted = sweep_expired(session)
    settled.released += released
    settled.doubted += doubted
    with database.transaction(clinic_id) as session:
        waiting = doubts(session)
    for doubt in waiting:
        listed = _ask_for(outside, doubt)
        with database.transaction(clinic_id) as session:
            if listed and settle_from_list(session, doubt, listed, now=clock.now()):
                settled.found += 1
            elif settle_by_rule(session, doubt, now=clock.now()):
                settled.decided += 1


def _ask_for(outside: Outside, doubt: Doubt) -> Sequence[CarrierMessage]:
    """Ask the carrier for its list; while it does not answer the doubt stays open until its limit."""
    if doubt.channel != "sms":
        return ()

    async def ask() -> Sequence[CarrierMessage]:
        async with outside.open_sms() as gateway:
            return await gateway.sent_to(doubt.to, since=doubt.called_at - timedelta(minutes=5))

    try:
        return asyncio.run(asyncio.wait_for(ask(), 20))
    except Exception as error:  # noqa: BLE001 - whatever the carrier does, the doubt is still there next time
        _log.warning("carrier list not read", error=type(error).__name__)
        return ()


def _poll_clinic(database: Database, clock: Clock, outside: Outside, clinic_id: uuid.UUID) -> int:
    """Ask about texts without a report: after ten minutes, an hour, a day; after three days a person is told."""
    now = clock.now()
    with database.transaction(clinic_id) as session:
        rows = session.execute(_SILENT, {"before": now - POLL_AFTER[0], "most": len(POLL_AFTER)}).all()
    due = [row for row in rows if _is_due(row.polls, now - row.accepted_at)]
    if not due:
        return 0
    answers = asyncio.run(_fetch(outside, [row.provider_id for row in due]))
    for row in due:
        with database.transaction(clinic_id) as session:
            session.execute(text("UPDATE message SET polls = polls + 1 WHERE id = :id"), {"id": row.id})
            answer = answers.get(row.provider_id)
            if answer is not None:
                track_by_provider_id(session, _report(answer), now=now)
            if row.polls == len(POLL_AFTER) and _is_open(session, row.id):
                _tell_a_person(session, clinic_id, row.id, patient_id=row.patient_id, now=now)
    return len(due)


def _is_due(polls: int, age: timedelta) -> bool:
    limits = (*POLL_AFTER, UNCONFIRMED_AFTER)
    return polls < len(limits) and age >= limits[polls]


def _is_open(session: Session, message_id: uuid.UUID) -> bool:
    state = session.scalar(text("SELECT state FROM message WHERE id = :id"), {"id": message_id})
    return state in ("accepted", "sent")


async def _fetch(outside: Outside, ids: Sequence[str]) -> dict[str, CarrierMessage]:
    found: dict[str, CarrierMessage] = {}
    try:
        async with outside.open_sms() as gateway:
            for provider_id in ids:
                answer = await asyncio.wait_for(gateway.fetch(provider_id), 20)
                if answer is not None:
                    found[provider_id] = answer
    except Exception as error:  # noqa: BLE001 - asked again at the next limit
        _log.warning("carrier not asked", error=type(error).__name__)
    return found


def _report(message: CarrierMessage) -> Report:
    code = message.error_code
    return Report(message.provider_id, message.status, code, classify(code) if code else None)


def _tell_a_person(
    session: Session,
    clinic_id: uuid.UUID,
    message_id: uuid.UUID,
    *,
    patient_id: uuid.UUID | None,
    now: datetime,
) -> None:
    open_task(
        session, clinic_id, kind=TaskKind.unconfirmed_send, now=now, due_at=now + timedelta(hours=4),
        subject_id=message_id, patient_id=patient_id,
        reason="The carrier took a text three days ago and never said whether it arrived. Please check.",
    )  # fmt: skip
