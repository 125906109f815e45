"""Many patients and many due texts: what a fault does to a clinic's busiest morning.

``./run faults --full`` takes the sizes that the matrix names; without it they are a fifth, so that a whole run
stays short on two cores.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from followup.db.sealed import place, ring
from followup.kit.ids import new_id
from tests.faults.case import Case

IS_FULL = os.environ.get("FOLLOWUP_FAULTS_FULL") == "1"
AREAS = (312, 480, 602, 623, 702, 725, 808, 907, 206, 253, 360, 425, 503, 541, 458, 971, 208)
BODY = "Riverbend Clinic: thank you, we got your answer. Urgent, day or night: 312-555-0111"

_QUEUED = text(
    "INSERT INTO message (id, clinic_id, sender_id, channel, purpose, is_urgent, text_key, cause_id, round,"
    " language, to_sealed, body_sealed, segments, state, claimable, queued_at, not_before, not_after, attempts,"
    " calls, polls)"
    " VALUES (:id, :clinic, :sender, 'sms', 'answer', false, 'thanks', :cause, 1, 'en', :to, :body, 1, 'queued',"
    " true, :now, :now, :after, 0, 0, 0)"
)


def sized(full: int) -> int:
    """Return how many a row takes: all that the matrix names, or a fifth."""
    return full if IS_FULL else full // 5


def numbers(many: int) -> list[str]:
    """Return invented numbers, all different."""
    found = [f"+1{area}555{line:04d}" for area in AREAS for line in range(140, 200)][:many]
    assert len(found) == many
    return found


def enroll_many(case: Case, many: int, *, start: int = 0, **fields: Any) -> list[str]:
    """Enroll many patients by the verb that enrolls everybody; returns their numbers (``start``: after so many)."""
    found = numbers(many)[start:]
    for each, phone in enumerate(found, start):
        word = "".join(chr(97 + (each // 26**place) % 26) for place in range(3))
        case.home.enroll(name=f"Ann No{word}", patient__phone=phone, **fields)
    return found


def queue_many(case: Case, many: int) -> list[str]:
    """Put many due texts into the outbox, each to a number and with words of its own; returns the words."""
    home, seal = case.home, ring().seal
    sender = home.only("SELECT id FROM sender WHERE channel = 'sms'")
    before = home.only("SELECT count(*) FROM message")
    words = [f"{BODY} ({before + number})" for number in range(many)]
    rows = []
    for number, body in enumerate(words):
        message_id = new_id()
        rows.append(
            {
                "id": message_id, "clinic": home.clinic_id, "sender": sender, "cause": new_id(),
                "to": seal(f"+1872555{100 + number % 100:04d}", place("message", "to_sealed", message_id)),
                "body": seal(body, place("message", "body_sealed", message_id)),
                "now": home.now, "after": home.now + timedelta(hours=4),
            }
        )  # fmt: skip
    with home.house.database.transaction(home.clinic_id) as session:
        session.execute(_QUEUED, rows)
    return words
