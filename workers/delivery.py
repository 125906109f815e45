"""Queued messages leave the house; what was left open is settled. Safety texts have a pump of their own."""

from __future__ import annotations

from typing import Any

from celery import signals

from followup.messaging.deliver import deliver_due
from followup.messaging.drain import stop_pumps
from followup.messaging.settle_due import settle_due
from workers.app import app, house


@app.task(name="messages.deliver")
def deliver(*_ids: str) -> None:
    """Send what is queued and routine."""
    home = house()
    deliver_due(home.database, home.clock, home.outside, urgent=False)


@app.task(name="care.deliver_urgent")
def deliver_urgent(*_ids: str) -> None:
    """Send safety texts, which nothing routine may delay."""
    home = house()
    deliver_due(home.database, home.clock, home.outside, urgent=True)


@app.task(name="messages.settle")
def settle(*_ids: str) -> None:
    """Settle expired claims, doubts and texts without a report."""
    home = house()
    settle_due(home.database, home.clock, home.outside)


@signals.worker_shutting_down.connect
def drain(**_: Any) -> None:
    """Finish the calls under way and give back what was only claimed, within the worker's grace time."""
    stop_pumps()
