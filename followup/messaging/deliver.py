"""Deliver what is queued: for every sender with due messages, run one pump through the right gateway.

Which senders have work is asked over all clinics; everything else happens inside the sender's own clinic.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import text

from followup.clinics.states import Channel
from followup.db.session import Database
from followup.kit.clock import Clock
from followup.kit.mail.build import MailError
from followup.log import logger
from followup.messaging.calling import Call
from followup.messaging.care_now import care_now
from followup.messaging.drain import running
from followup.messaging.mail import MailFrame, compose
from followup.messaging.pump import Pump, PumpLimits, PumpReport, Send
from followup.ports import EmailGateway, Outcome, OutgoingSms, Refusal, Refused, SmsGateway

_log = logger(__name__)

# The carrier retries a callback that we answer with an error; without this it would not (default: none).
CALLBACK_OVERRIDES = "#rc=5&rp=all"

# Somebody may have said STOP while we were away. Routine texts wait until what arrived at their number has been
# compared with the carrier's list (machine time) and understood; an outage ends with listening, not with talking.
COMPARED_WITHIN = timedelta(minutes=30)

_SENDERS_WITH_WORK = text(
    """
    SELECT s.id, s.clinic_id, s.channel, s.rate_per_second FROM sender s
    WHERE (:urgent OR s.paused_until IS NULL OR s.paused_until <= :now)
      AND (:urgent OR s.channel <> 'sms' OR s.inbound_listed_at IS NULL OR (
        s.inbound_listed_at > now() - make_interval(secs => :compared)
        AND NOT EXISTS (
          SELECT 1 FROM provider_event w WHERE w.kind = 'inbound_sms' AND w.our_address = s.address
            AND w.processed_at IS NULL AND w.outcome IS NULL)))
      AND EXISTS (
        SELECT 1 FROM message m WHERE m.sender_id = s.id AND m.is_urgent = :urgent AND m.state = 'queued'
          AND m.claimable AND m.not_before <= :now)
    ORDER BY s.id
    """
)


@dataclass(frozen=True, slots=True)
class Outside:
    """How messages leave the house. Gateways are opened per run, inside the loop that uses them."""

    open_sms: Callable[[], AbstractAsyncContextManager[SmsGateway]]
    email: EmailGateway | None
    mail_frame: MailFrame
    public_url: str


@dataclass(frozen=True, slots=True)
class Work:
    """One sender that has something due."""

    sender_id: uuid.UUID
    clinic_id: uuid.UUID
    channel: Channel
    rate_per_second: float


@dataclass(slots=True)
class Delivery:
    """Reports of one round, by sender."""

    reports: dict[uuid.UUID, PumpReport] = field(default_factory=dict)

    @property
    def called(self) -> int:
        """How many messages were handed to a carrier."""
        return sum(each.called for each in self.reports.values())


def senders_with_work(database: Database, *, urgent: bool, now: datetime) -> list[Work]:
    """List the senders that have due messages, over all clinics."""
    with database.engine() as session:
        rows = session.execute(
            _SENDERS_WITH_WORK,
            {"urgent": urgent, "now": now, "compared": COMPARED_WITHIN.total_seconds()},
        ).all()
    return [Work(row.id, row.clinic_id, Channel(row.channel), row.rate_per_second) for row in rows]


def deliver_due(
    database: Database, clock: Clock, outside: Outside, *, urgent: bool, limits: PumpLimits | None = None
) -> Delivery:
    """Run a pump for every sender with due messages, side by side; returns when nothing is due any more."""
    work = senders_with_work(database, urgent=urgent, now=care_now(database, clock))
    delivery = Delivery()
    if work:
        asyncio.run(_run(database, clock, outside, work, urgent, limits or PumpLimits(), delivery))
    return delivery


async def _run(  # noqa: PLR0917 - private, called once
    database: Database, clock: Clock, outside: Outside, work: list[Work], urgent: bool, limits: PumpLimits,
    delivery: Delivery,
) -> None:  # fmt: skip
    needs_sms = any(each.channel is Channel.sms for each in work)
    async with outside.open_sms() if needs_sms else nullcontext() as sms:
        pumps = {
            each.sender_id: Pump(
                database, clock, clinic_id=each.clinic_id, sender_id=each.sender_id, urgent=urgent,
                send=_sender(outside, sms, each.channel, clock),
                limits=replace(limits, rate_per_second=each.rate_per_second),
            )
            for each in work
            if each.channel is Channel.sms or outside.email is not None
        }  # fmt: skip
        with running(pumps.values()):
            # One that fails must not end the others in mid-call: all are waited for, then the first error speaks.
            ended = await asyncio.gather(*(pump.run() for pump in pumps.values()), return_exceptions=True)
    for sender_id, each in zip(pumps, ended, strict=True):
        if isinstance(each, PumpReport):
            delivery.reports[sender_id] = each
    for each in ended:
        if isinstance(each, BaseException):
            raise each


def _sender(outside: Outside, sms: SmsGateway | None, channel: Channel, clock: Clock) -> Send:
    async def send_sms(call: Call) -> Outcome:
        assert sms is not None
        return await sms.send(
            OutgoingSms(
                to=call.to,
                body=call.body,
                sender=call.sender,
                status_callback=status_url(outside.public_url, call.token),
                # What the carrier still holds when these hours end is dropped there, not delivered at night.
                validity_seconds=int((call.not_after - clock.now()).total_seconds()),
            )
        )

    async def send_email(call: Call) -> Outcome:
        assert outside.email is not None
        try:
            mail = compose(call, outside.mail_frame, now=clock.now())
        except MailError as error:
            # Nothing has left the house, so there is nothing to doubt: this mail can't be written.
            return Refused(Refusal.bad_text, f"mail {error.field}")
        except Exception as error:  # noqa: BLE001 - whatever breaks while writing, it breaks before anything is sent
            _log.error("mail not composed", error=type(error).__name__)
            return Refused(Refusal.unknown, "mail not composed")
        return await outside.email.send(mail)

    return send_sms if channel is Channel.sms else send_email


def status_url(public_url: str, token: str) -> str:
    """Return the callback address of one attempt, with the carrier's retries asked for."""
    return f"{public_url}/hooks/twilio/status/{token}{CALLBACK_OVERRIDES}"
