"""What the service still has to do, now and next: how the story steps from one due instant to the next.

Asked of the rows themselves with the engine role, which sees when and where, never who and what. Nothing is done
here: the bells ring the same Celery tasks that the beat does, only sooner.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from followup.db.session import Bell, Database
from followup.demo.world import World
from followup.errors import FollowupError
from followup.escalation.raise_overdue import RAISED
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
# Kinds of tasks whose being overdue makes an urgent case.
RAISED_KINDS = tuple(each.value for each in RAISED)
POLL_SECONDS = 0.03
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


# One statement, so that all of it is seen at one instant: between two a reply could turn into a text unseen.
_ALL = text(
    "SELECT " + ", ".join(f"({query})" for query in (*_DUE.values(), *(each for _, each in _UNDER_WAY)))
)


def look(database: Database) -> Agenda:
    """Ask the rows."""
    with database.engine() as session:
        found = session.execute(_ALL, {"raised_kinds": list(RAISED_KINDS)}).one()
    due = dict(zip(_DUE, found, strict=False))
    under_way = zip((name for name, _ in _UNDER_WAY), found[len(_DUE) :], strict=True)
    return Agenda(
        {name: at for name, at in due.items() if at is not None}, {name for name, many in under_way if many}
    )


def come_to_rest(world: World, *, patience: float = 60.0) -> Agenda:
    """Ring for everything that is due now until nothing is left to do; return what is due next.

    Raises NotQuiet, naming what does not end, after ``patience`` seconds, and KeyboardInterrupt when asked to stop.
    """
    deadline = time.monotonic() + patience
    # A call that is under way needs no settling; it is settled only if it stays.
    rung: dict[str, float] = {"messages.settle": time.monotonic()}
    while True:
        world.lab.wait_idle(within=patience)
        written = len(world.lab.journal)
        # Mail first: what is read in between is among the rows by then, and not the other way round.
        unread = _unread_mail(world)
        agenda, now = look(world.house.database), world.clock.now()
        waiting = agenda.waiting(now) | unread
        if not waiting and _nothing_happened(world.lab, since=written, patience=patience):
            return agenda
        if time.monotonic() > deadline:
            raise NotQuiet(f"after {patience:g} s this still waits at {now.isoformat()}: {sorted(waiting)}")
        world.supervisor.look_after()
        for name in waiting:
            if time.monotonic() - rung.get(name, 0.0) > RING_AGAIN_SECONDS:
                rung[name] = time.monotonic()
                world.house.ringer([Bell(name)])
        time.sleep(POLL_SECONDS)


def _unread_mail(world: World) -> set[str]:
    """Mail lies in the mailbox until somebody reads it; the rows know only what was read."""
    with world.house.database.engine() as session:
        read = session.scalar(text("SELECT count(*) FROM provider_event WHERE kind = 'inbound_email'"))
    return {"upkeep.read_mailbox"} if len(world.lab.server.postbox.mailbox) > (read or 0) else set()


def _nothing_happened(lab: Lab, *, since: int, patience: float) -> bool:
    """Whether the carrier has been idle all along: its journal is as long as before."""
    lab.wait_idle(within=patience)
    return len(lab.journal) == since
