"""What is due goes out; who stays silent is asked again."""

from __future__ import annotations

from followup.messaging.care_now import care_now
from followup.outreach.dispatch import dispatch_due
from followup.outreach.remind import remind_due
from workers.app import app, house


@app.task(name="messages.dispatch")
def dispatch(*_ids: str) -> None:
    """Queue every touchpoint whose time has come."""
    home = house()
    dispatch_due(home.database, now=care_now(home.database, home.clock))


@app.task(name="messages.remind")
def remind(*_ids: str) -> None:
    """Look after every question that was not answered in time."""
    home = house()
    remind_due(home.database, now=care_now(home.database, home.clock))
