"""What a page says on the phone, and what a key pressed there does: 4 accepts, 5 passes on, anything else repeats.

Nothing identifying is said, so no PIN is asked for; details need a sign-in. Voicemail presses no key, so it never
accepts. The clinic's line belongs to nobody in particular: it can say that it heard, and the ladder goes on until a
named person accepts.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Subject, record
from followup.clinics.models import Clinic
from followup.clinics.states import Channel
from followup.db.session import Database
from followup.escalation.acknowledge import Result, StaffAnswer, accept, pass_up
from followup.escalation.models import Escalation, Page
from followup.escalation.move import flag, is_open, lock_case
from followup.escalation.page_text import PageFacts, page_words

ACCEPT, PASS_UP = "4", "5"
LINE_HEARD = "the urgent line has heard"

_KEYS = {
    Result.accepted: "staff-accepted",
    Result.yours_already: "staff-accepted",
    Result.taken: "staff-already-accepted",
    Result.passed_on: "staff-passed-on",
    Result.closed: "staff-closed",
}
_LINE_THANKS = (
    "Thank you. This case stays open until a nurse or a physician accepts it."
    " Please get one of them on the phone now."
)
_NOT_ALLOWED = "You may not take this case. It goes on to the next person."
_GONE = "This page is no longer open. Goodbye."

_BY_TOKEN = text("SELECT id, clinic_id FROM page WHERE token = :token AND channel = 'voice'")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said next; ``asks`` for a key afterwards, or hangs up."""

    words: str
    asks: bool


def answer_call(database: Database, token: str, *, key: str, public_url: str, now: datetime) -> Spoken:
    """Say the page that a token of the carrier's request belongs to, or do what a pressed key asks for."""
    with database.engine() as session:
        row = session.execute(_BY_TOKEN, {"token": token}).first()
    if row is None:
        return Spoken(_GONE, asks=False)
    with database.transaction(row.clinic_id) as session:
        if not key:
            return speak(session, row.id)
        return press(session, row.id, key, public_url=public_url, now=now)


def speak(session: Session, page_id: uuid.UUID) -> Spoken:
    """Return what the call says; a case that needs nobody any more says so and hangs up."""
    page = session.get_one(Page, page_id)
    if page.escalation_id is None:
        return Spoken(
            page.body, asks=True
        )  # a code or a test for this phone; no key does anything but repeat it
    case = session.get(Escalation, page.escalation_id)
    if case is None or not is_open(case):
        return Spoken(_GONE, asks=False)
    return Spoken(page.body, asks=True)


def press(session: Session, page_id: uuid.UUID, key: str, *, public_url: str, now: datetime) -> Spoken:
    """Do what a pressed key asks for; any other key only repeats the question."""
    page = session.get_one(Page, page_id)
    if page.escalation_id is None or key not in (ACCEPT, PASS_UP):
        return speak(session, page_id)
    if page.staff_id is None:
        return _line(session, page.escalation_id, now=now)
    if key == ACCEPT:
        answer = accept(
            session, page.escalation_id, page.staff_id, how="keypad", public_url=public_url, now=now
        )
    else:
        answer = pass_up(session, page.escalation_id, page.staff_id, reason="passed on by keypad", now=now)
    return _said(session, answer, public_url=public_url)


def _line(session: Session, case_id: uuid.UUID, *, now: datetime) -> Spoken:
    case = lock_case(session, case_id)
    if not is_open(case):
        return Spoken(_GONE, asks=False)
    flag(case, LINE_HEARD)
    record(
        session, case.clinic_id, actor=SYSTEM, action="the urgent line heard a page", now=now,
        subject=Subject("escalation", case.id, case.patient_id),
    )  # fmt: skip
    return Spoken(_LINE_THANKS, asks=False)


def _said(session: Session, answer: StaffAnswer, *, public_url: str) -> Spoken:
    key = _KEYS.get(answer.result)
    if key is None or answer.case_id is None:
        return Spoken(_NOT_ALLOWED, asks=False)
    case = session.get_one(Escalation, answer.case_id)
    facts = PageFacts(
        tier=case.tier, clinic_code=session.get_one(Clinic, case.clinic_id).code, case_code=case.code,
        link=f"{public_url}/c",
    )  # fmt: skip
    channel = Channel.sms if key == "staff-closed" else Channel.voice
    return Spoken(page_words(key, channel, facts, taken=answer.taken).body, asks=False)
