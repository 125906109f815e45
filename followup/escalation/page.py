"""Send the pages that are due: claim, commit, call the carrier, record; never a transaction open during a call.

Pages have their own loop and their own connections: a morning of routine texts must never delay one. Every call has
a hard deadline, after which nobody knows whether it was made, and that is a state of its own.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Protocol

from followup.clinics.states import Channel
from followup.db.session import Database
from followup.escalation.follow_page import record_page
from followup.escalation.page_claim import ClaimedPage, DuePage, claim_pages, due_pages
from followup.escalation.staff_texts import process_staff_events
from followup.escalation.sweep_pages import act_on_silence, pages_without_news
from followup.kit.clock import Clock
from followup.kit.mail.build import MailDraft, build_mail, new_message_id
from followup.kit.way import goes_first
from followup.log import logger
from followup.ports import (
    Accepted,
    EmailGateway,
    InDoubt,
    Outcome,
    OutgoingCall,
    OutgoingEmail,
    OutgoingSms,
    Refusal,
    Refused,
    SmsGateway,
    VoiceGateway,
)

_log = logger(__name__)

CALL_SECONDS = 8.0
BATCH = 200
MOST_ROUNDS = 20
# A page that waits in the carrier's queue for longer than this is worth nothing; the ladder has gone on.
VALID_SECONDS = 300
CALLBACK_OVERRIDES = "#rc=5&rp=all"


class Carrier(SmsGateway, VoiceGateway, Protocol):
    """A carrier that texts and calls."""


@dataclass(frozen=True, slots=True)
class PageOutside:
    """How pages leave the house. The carrier is opened per run, inside the loop that uses it."""

    open_carrier: Callable[[], AbstractAsyncContextManager[Carrier]]
    email: EmailGateway | None
    public_url: str


def send_pages(database: Database, clock: Clock, outside: PageOutside) -> int:
    """Send every due page of every clinic, after acting on those without news; returns how many calls were made."""
    # What is known by now comes first: a report or an acceptance may have made a page needless.
    process_staff_events(database, clock, public_url=outside.public_url)
    _act_on_silence(database, clock, outside)
    called = 0
    for _ in range(MOST_ROUNDS):
        with database.engine() as session:
            due = due_pages(session, now=clock.now(), many=BATCH)
        with goes_first():
            claimed = _claim(database, clock, due)
        if not claimed:
            break
        called += len(claimed)
        outcomes = asyncio.run(_call_all(outside, claimed, clock))
        for page, outcome in zip(claimed, outcomes, strict=True):
            _record(database, page, outcome, public_url=outside.public_url, now=clock.now())
    return called


def _record(
    database: Database, page: ClaimedPage, outcome: Outcome, *, public_url: str, now: datetime
) -> None:
    with database.transaction(page.clinic_id) as session:
        record_page(session, page.id, outcome, public_url=public_url, now=now)
    # What one text carried shares its fate, but not the carrier's id, which is unique.
    shared = replace(outcome, provider_id="") if isinstance(outcome, Accepted) else outcome
    for page_id in page.carries:
        with database.transaction(page.clinic_id) as session:
            record_page(session, page_id, shared, public_url=public_url, now=now)


def _claim(database: Database, clock: Clock, due: list[DuePage]) -> list[ClaimedPage]:
    by_clinic: dict[uuid.UUID, list[DuePage]] = defaultdict(list)
    for each in due:
        by_clinic[each.clinic_id].append(each)
    claimed: list[ClaimedPage] = []
    for clinic_id, pages in by_clinic.items():
        with database.transaction(clinic_id) as session:
            claimed += claim_pages(session, pages, now=clock.now())
    return claimed


def _act_on_silence(database: Database, clock: Clock, outside: PageOutside) -> None:
    with database.engine() as session:
        waited = pages_without_news(session)
    for page_id, clinic_id in waited:
        with database.transaction(clinic_id) as session:
            act_on_silence(session, page_id, public_url=outside.public_url, now=clock.now())


async def _call_all(outside: PageOutside, pages: list[ClaimedPage], clock: Clock) -> list[Outcome]:
    needs_carrier = any(each.channel is not Channel.email for each in pages)
    async with outside.open_carrier() if needs_carrier else nullcontext() as carrier:
        return list(await asyncio.gather(*(_call(outside, carrier, each, clock) for each in pages)))


async def _call(outside: PageOutside, carrier: Carrier | None, page: ClaimedPage, clock: Clock) -> Outcome:
    try:
        async with asyncio.timeout(CALL_SECONDS):
            return await _hand_over(outside, carrier, page, clock)
    except TimeoutError:
        return InDoubt("no answer in time")
    except Exception as error:  # noqa: BLE001 - one page that breaks must not keep the others from their record
        _log.error("page not sent", page_id=str(page.id), error=type(error).__name__)
        return InDoubt(type(error).__name__)


async def _hand_over(
    outside: PageOutside, carrier: Carrier | None, page: ClaimedPage, clock: Clock
) -> Outcome:
    base = f"{outside.public_url}/hooks/twilio"
    if page.channel is Channel.email:
        if outside.email is None:
            return Refused(Refusal.configuration, "no mail server")
        return await outside.email.send(_mail(page, clock))
    assert carrier is not None
    if page.channel is Channel.voice:
        return await carrier.call(
            OutgoingCall(
                to=page.to,
                sender=page.sender,
                instructions_url=f"{base}/voice/page/{page.token}",
                status_callback=f"{base}/voice/status/{page.token}{CALLBACK_OVERRIDES}",
            )
        )
    return await carrier.send(
        OutgoingSms(
            to=page.to,
            body=page.body,
            sender=page.sender,
            status_callback=f"{base}/status/{page.token}{CALLBACK_OVERRIDES}",
            validity_seconds=VALID_SECONDS,
        )
    )


def _mail(page: ClaimedPage, clock: Clock) -> OutgoingEmail:
    message_id = new_message_id(page.token, page.sender.rpartition("@")[2])
    html = "".join(f"<p>{escape(each)}</p>" for each in page.body.split("\n\n"))
    mail = build_mail(
        MailDraft(
            sender=page.sender, to=page.to, subject=page.subject or "followup", text=page.body, html=html,
            message_id=message_id, sent_at=clock.now(), sender_name="followup",
        )
    )  # fmt: skip
    return OutgoingEmail(sender=page.sender, to=page.to, raw=mail.as_bytes(), message_id=message_id)
