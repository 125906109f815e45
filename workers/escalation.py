"""The care of red flags: thin tasks that answer bells and ticks. Each opens the house and calls one verb."""

from __future__ import annotations

from followup.bootstrap import sms_of
from followup.escalation.audit_cases import audit_cases
from followup.escalation.page import PageOutside, send_pages
from followup.escalation.raise_overdue import raise_overdue
from followup.escalation.remind_shifts import remind_shifts
from followup.escalation.respond import respond
from followup.escalation.tick import tick
from workers.app import app, house
from workers.lanes import LONGEST_SWEEP_SECONDS, sweep


def outside() -> PageOutside:
    """Return how pages leave this house."""
    here = house()
    return PageOutside(sms_of(here.settings), here.outside.email, here.settings.public_url)


@app.task(name="care.respond")
@sweep(at_once=1)
def answer_replies(*_ids: str) -> None:
    """Assess received replies and do what they ask for."""
    here = house()
    respond(here.database, here.clock, public_url=here.settings.public_url, for_seconds=LONGEST_SWEEP_SECONDS)


@app.task(name="care.escalate")
@sweep(at_once=1)
def run_clocks(*_ids: str) -> None:
    """Answer staff and run every clock that is due."""
    here = house()
    tick(here.database, here.clock, public_url=here.settings.public_url)


@app.task(name="care.page")
@sweep(at_once=1)
def page_staff(*_ids: str) -> None:
    """Send the pages that are due."""
    here = house()
    send_pages(here.database, here.clock, outside())


@app.task(name="care.raise_overdue")
def raise_what_is_overdue(*_ids: str) -> None:
    """Turn overdue tasks into urgent cases."""
    here = house()
    raise_overdue(here.database, here.clock, public_url=here.settings.public_url)


@app.task(name="upkeep.audit_invariants")
def audit(*_ids: str) -> None:
    """Ask whether anybody was forgotten, and mend what can be mended."""
    here = house()
    audit_cases(here.database, here.clock, public_url=here.settings.public_url)


@app.task(name="care.remind_shifts")
def remind_staff(*_ids: str) -> None:
    """Remind people of the shifts that begin soon."""
    here = house()
    remind_shifts(here.database, here.clock, public_url=here.settings.public_url)
