"""F34 and safety texts: what the lost hours may have sent waits for the comparison; a new cry for help does not."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from followup.audit.record import SYSTEM
from followup.bootstrap import sms_of
from followup.db.restore import PAUSED
from followup.escalation.respond import respond
from followup.gateways.sent_list import sent_lister
from followup.intake.events import IncomingEvent
from followup.intake.states import EventKind
from followup.intake.store import store
from followup.lab import SENDER, Lab
from followup.messaging.pause import resume_sending
from followup.outreach.after_restore import compare
from followup.replies.process import process_events
from followup.settings import Settings
from tests.household import INES, TOM, Household, move_in

HELP = "I have chest pain and I can't breathe"


@pytest.fixture
def home(settings: Settings, lab: Lab) -> Iterator[Household]:
    made = move_in(settings, lab)
    made.enroll()
    made.enroll(name="Tom Berg", patient__phone=TOM)
    yield made
    made.house.database.dispose()


def writes(home: Household, number: str) -> None:
    """A patient writes; the reply is triaged and the safety text is queued."""
    sid = f"SM{uuid.uuid4().hex}"
    payload = {"From": number, "To": SENDER, "Body": HELP, "MessageSid": sid, "NumMedia": "0"}
    with home.house.database.engine() as session:
        event = IncomingEvent(
            kind=EventKind.inbound_sms,
            provider_key=sid,
            payload=payload,
            received_at=home.now,
            our_address=SENDER,
        )
        store(session, event)
    process_events(home.house.database, now=home.house.clock.now)
    respond(home.house.database, home.house.clock, public_url="https://followup.example")


def safety_texts(home: Household, number: str) -> int:
    home.deliver(urgent=True)
    home.lab.wait_idle()
    return sum("911" in each.body for each in home.lab.phone(number).inbox)


def is_restored(home: Household) -> None:
    """As the restore leaves a clinic, minutes after the backup was made."""
    home.pass_time(timedelta(minutes=5))
    home.change(
        "UPDATE clinic SET sending_paused_at = :now, sending_paused_reason = :why", now=home.now,
        why=f"{PAUSED} of {(home.now - timedelta(minutes=10)).isoformat()}",
    )  # fmt: skip
    home.pass_time(timedelta(minutes=1))


def go_on(home: Household) -> int:
    """Compare with the carrier and let sending go on; returns how many were sent already."""
    with home.house.database.transaction(home.clinic_id) as session:
        done = compare(
            session, home.clinic_id, sent_lister(sms_of(home.house.settings)), since=home.now - timedelta(days=1),
            now=home.now, actor=SYSTEM,
        )  # fmt: skip
        resume_sending(session, home.clinic_id, now=home.now, actor=SYSTEM, reason="compared")
    home.pass_time(timedelta(minutes=2))
    return done.sent_already


def test_a_safety_text_of_the_lost_hours_waits_and_is_sent_once_if_the_carrier_does_not_know_it(
    home: Household,
) -> None:
    writes(home, INES)
    is_restored(home)
    assert safety_texts(home, INES) == 0
    assert go_on(home) == 0
    assert safety_texts(home, INES) == 1


def test_a_safety_text_that_the_lost_hours_sent_is_not_repeated(home: Household) -> None:
    writes(home, INES)
    before = home.rows("SELECT id FROM message WHERE purpose = 'safety'")
    assert safety_texts(home, INES) == 1
    # The backup is older than the sending: in it the text is still queued.
    for (row,) in before:
        home.change(
            "UPDATE message SET state = 'queued', claimable = true, provider_id = NULL, attempts = 5,"
            " accepted_at = NULL, final_at = NULL WHERE id = :id",
            id=row,
        )
    is_restored(home)
    assert safety_texts(home, INES) == 1
    assert go_on(home) == 1
    assert safety_texts(home, INES) == 1


def test_who_writes_after_the_restore_gets_the_safety_text_at_once(home: Household) -> None:
    writes(home, INES)
    is_restored(home)
    writes(home, TOM)
    assert safety_texts(home, TOM) == 1
    assert safety_texts(home, INES) == 0
