"""What the service still has to do, now and next: how the story steps from one due instant to the next.

Asked of the rows themselves with the engine role, which sees when and where, never who and what. Nothing is done
here: the bells ring the same Celery tasks that the beat does, only sooner.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.bootstrap import House
from followup.db.session import Bell, Database
from followup.errors import FollowupError
from followup.lab import Lab

# Due times of rows (care time), with the task that answers them.
_DUE = {
    "messages.dispatch": "SELECT min(look_at) FROM touchpoint WHERE state = 'planned'",
    "messages.remind": (
        "SELECT min(remind_at) FROM touchpoint WHERE state = 'dispatched' AND remind_at IS NOT NULL"
    ),
    "messages.deliver": (
        "SELECT min(not_before) FROM message WHERE state = 'queued' AND claimable AND NOT is_urgent"
    ),
    "care.deliver_urgent": (
        "SELECT min(not_before) FROM message WHERE state = 'queued' AND claimable AND is_urgent"
    ),
    "care.escalate": (
        "SELECT min(due_at) FROM escalation_timer WHERE fired_at IS NULL AND cancelled_at IS NULL"
    ),
    "care.page": "SELECT min(due_at) FROM page WHERE state = 'planned'",
    "care.raise_overdue": (
        "SELECT min(due_at) FROM task WHERE state = 'open' AND raised_at IS NULL AND kind = ANY(:raised_kinds)"
    ),
}
# Work under way, whatever the clock says, with the task that goes on with it.
_EVENTS = "SELECT count(*) FROM provider_event WHERE processed_at IS NULL"
_UNDER_WAY = (
    ("care.process_events", f"{_EVENTS} AND outcome IS NULL AND kind NOT IN ('voice_status', 'voice_input')"),
    ("care.escalate", f"{_EVENTS} AND (outcome = 'staff_text' OR kind = 'voice_input')"),
    ("care.page", f"{_EVENTS} AND (outcome = 'page_status' OR kind LIKE 'voice_%')"),
    ("care.page", "SELECT count(*) FROM page WHERE state IN ('claimed', 'unknown')"),
    ("care.respond", "SELECT count(*) FROM reply WHERE state = 'received'"),
    ("messages.settle", "SELECT count(*) FROM attempt WHERE state IN ('claimed', 'calling', 'in_doubt')"),
)
# Kinds of tasks whose being overdue makes an urgent case, as escalation decides.
RAISED_KINDS = ("call_back", "review_reply", "call_silent")
POLL_SECONDS = 0.02
# A bell that was rung while its task was just ending is rung again; the beat would do it a second later.
RING_AGAIN_SECONDS = 0.5


class NotQuiet(FollowupError):
    """The service did not come to rest."""

    code = "not-quiet"


@dataclass(frozen=True, slots=True)
class Agenda:
    """When each task has work next (care time), and what is under way."""

    due: dict[str, datetime]
    under_way: set[str]

    def next_due(self) -> datetime | None:
        """Return the next due instant, None if nothing is planned."""
        return min(self.due.values(), default=None)

    def waiting(self, now: datetime) -> set[str]:
        """Return the tasks that have something to do now."""
        return {name for name, at in self.due.items() if at <= now} | self.under_way


def look(database: Database) -> Agenda:
    """Ask the rows."""
    with database.engine() as session:
        due = {name: at for name, query in _DUE.items() if (at := _scalar(session, query)) is not None}
        under_way = {name for name, query in _UNDER_WAY if _scalar(session, query)}
    return Agenda(due, under_way)


def _scalar(session: Session, query: str) -> Any:
    values: dict[str, object] = {"raised_kinds": list(RAISED_KINDS)} if ":raised_kinds" in query else {}
    return session.execute(text(query), values).scalar()


def come_to_rest(house: House, lab: Lab, *, now: datetime, patience: float = 30.0) -> Agenda:
    """Ring for everything that is due at ``now`` until nothing is left to do; return what is due next.

    Raises NotQuiet, naming what does not end, after ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    rung: dict[str, float] = {}
    while True:
        lab.wait_idle(within=patience)
        agenda = look(house.database)
        waiting = agenda.waiting(now)
        if not waiting and lab.call(_is_idle(lab)):
            return agenda
        if time.monotonic() > deadline:
            raise NotQuiet(f"after {patience:g} s this still waits at {now.isoformat()}: {sorted(waiting)}")
        for name in waiting:
            if time.monotonic() - rung.get(name, 0.0) > RING_AGAIN_SECONDS:
                rung[name] = time.monotonic()
                house.ringer([Bell(name)])
        time.sleep(POLL_SECONDS)


async def _is_idle(lab: Lab) -> bool:
    return lab.server.carrier.agenda.is_idle()
