"""What arrives: raw events become replies, the mailbox is read, and what a webhook missed is found."""

from __future__ import annotations

from followup.replies.process import process_events
from workers.app import app, house


@app.task(name="care.process_events")
def process() -> int:
    """Understand every raw event that waits."""
    here = house()
    return process_events(here.database, now=here.clock.now)
