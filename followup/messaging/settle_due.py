"""Go round all clinics and settle what is open: expired claims, doubts, and texts nobody reported on.

The carrier is asked between transactions, never inside one.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.db.session import Database
from followup.kit.clock import Clock
from followup.log import logger
from followup.messaging.carrier_errors import classify
from followup.messaging.deliver import Outside
from followup.messaging.put_back import put_aside_deadly
from followup.messaging.rules import MOST_DEATHS, POLL_AFTER, UNCONFIRMED_AFTER
from followup.messaging.settle import Doubt, doubts, settle_by_rule, settle_from_list, sweep_expired
from followup.messaging.track import Report, track_by_provider_id
from followup.ports import CarrierMessage, SmsGateway
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

_log = logger(__name__)
T = TypeVar("T")

_CLINICS_WITH_OPEN_ATTEMPTS = text(
    "SELECT DISTINCT clinic_id FROM attempt WHERE state = 'in_doubt'"
    " OR (state IN ('claimed', 'calling') AND lease_until < now())"
)
_CLINICS_WITH_SILENT_TEXTS = text(
    "SELECT DISTINCT clinic_id FROM message WHERE state IN ('accepted', 'sent') AND accepted_at < :before"
    " AND channel = 'sms'"
)
# Which are due is asked here, not in memory: older ones that wait for their next limit must not hide younger ones.
_SILENT = text(
    """
    SELECT id, provider_id, polls, patient_id FROM message
    WHERE state IN ('accepted', 'sent') AND channel = 'sms' AND provider_id IS NOT NULL AND polls <= :most
      AND accepted_at < (CAST(:limits AS timestamptz[]))[polls + 1]
    ORDER BY accepted_at, id LIMIT 200
    """
)
# A round ends in time for the next tick: a carrier that hangs must not hold every thread of the worker.
ROUND_SECONDS = 25.0


@dataclass(slots=True)
class Settled:
    """What one round settled."""

    released: int = 0
    doubted: int = 0
    found: int = 0
    decided: int = 0
    polled: int = 0
    put_aside: int = 0
    failed_clinics: int = 0


def settle_due(database: Database, clock: Clock, outside: Outside) -> Settled:
    """Settle everything that is open, over all clinics; a clinic that fails does not hold up the others."""
    settled, ends = Settled(), time.monotonic() + ROUND_SECONDS
    with database.engine() as session:
        open_clinics = list(session.scalars(_CLINICS_WITH_OPEN_ATTEMPTS))
        silent_clinics = list(
            session.scalars(_CLINICS_WITH_SILENT_TEXTS, {"before": clock.now() - POLL_AFTER[0]})
        )
    asker = Asker(outside, ends)
    for do, clinics in ((_settle_clinic, open_clinics), (_poll_clinic, silent_clinics)):
        for clinic_id in clinics:
            try:
                do(database, clock, clinic_id, asker=asker, settled=settled)
            except Exception as error:  # noqa: BLE001 - the next round finds the same rows
                settled.failed_clinics += 1
                _log.error("clinic not settled", clinic_id=str(clinic_id), error=type(error).__name__)
    return settled


def _settle_clinic(
    database: Database, clock: Clock, clinic_id: uuid.UUID, *, asker: Asker, settled: Settled
) -> None:
    with database.transaction(clinic_id) as session:
        released, doubted = sweep_expired(session)
        settled.put_aside += put_aside_deadly(session, most=MOST_DEATHS, now=clock.now())
    settled.released += released
    settled.doubted += doubted
    with database.transaction(clinic_id) as session:
        waiting = doubts(session)
    for doubt in waiting:
        listed = asker.sent_to(doubt)
        with database.transaction(clinic_id) as session:
            if listed and settle_from_list(session, doubt, listed, now=clock.now()):
                settled.found += 1
            elif settle_by_rule(session, doubt, now=clock.now()):
                settled.decided += 1


@dataclass(slots=True)
class Asker:
    """Asks the carrier, one question at a time; after one that failed it asks no more in this round."""

    outside: Outside
    ends: float
    is_silent: bool = False

    def sent_to(self, doubt: Doubt) -> Sequence[CarrierMessage]:
        """Ask what was sent to the number of a doubt; nothing while the carrier does not answer."""
        if doubt.channel != "sms":
            return ()
        since = doubt.called_at - timedelta(minutes=5)
        return self._ask(lambda gateway: gateway.sent_to(doubt.to, since=since)) or ()

    def fetch(self, provider_id: str) -> CarrierMessage | None:
        """Ask for one message; None if it is not known, or if the carrier does not answer."""
        return self._ask(lambda gateway: gateway.fetch(provider_id))

    def _ask(self, what: Callable[[SmsGateway], Awaitable[T]]) -> T | None:
        if self.is_silent or time.monotonic() > self.ends:
            self.is_silent = True
            return None

        async def ask() -> T:
            async with self.outside.open_sms() as gateway:
                return await what(gateway)

        try:
            return asyncio.run(asyncio.wait_for(ask(), 20))
        except Exception as error:  # noqa: BLE001 - whatever the carrier does, the question is still there next time
            self.is_silent = True
            _log.warning("carrier not asked", error=type(error).__name__)
            return None


def _poll_clinic(
    database: Database, clock: Clock, clinic_id: uuid.UUID, *, asker: Asker, settled: Settled
) -> None:
    """Ask about texts without a report: after ten minutes, an hour, a day; after three days a person is told."""
    now = clock.now()
    limits = [now - limit for limit in (*POLL_AFTER, UNCONFIRMED_AFTER)]
    with database.transaction(clinic_id) as session:
        due = session.execute(_SILENT, {"limits": limits, "most": len(POLL_AFTER)}).all()
    for row in due:
        answer = asker.fetch(row.provider_id)
        if asker.is_silent and row.polls < len(POLL_AFTER):
            return
        with database.transaction(clinic_id) as session:
            session.execute(text("UPDATE message SET polls = polls + 1 WHERE id = :id"), {"id": row.id})
            if answer is not None:
                track_by_provider_id(session, _report(answer), now=now)
            if row.polls == len(POLL_AFTER) and _is_open(session, row.id):
                _tell_a_person(session, clinic_id, row.id, patient_id=row.patient_id, now=now)
        settled.polled += 1


def _is_open(session: Session, message_id: uuid.UUID) -> bool:
    state = session.scalar(text("SELECT state FROM message WHERE id = :id"), {"id": message_id})
    return state in ("accepted", "sent")


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
