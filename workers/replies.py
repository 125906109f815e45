"""What arrives: raw events become replies, the mailbox is read, and what a webhook missed is found."""

from __future__ import annotations

from typing import Any

from celery import signals

from followup.bootstrap import media_of, sms_of, spool_of
from followup.db.session import Bell
from followup.gateways.bell import CeleryBell
from followup.gateways.inbound_list import lister
from followup.gateways.mailbox import mailbox_of
from followup.intake.collect import collect_mails
from followup.intake.reconcile import reconcile_inbound
from followup.intake.unspool import import_spool, keep_lines
from followup.messaging.watch_inbound import watch_inbound
from followup.replies.media import fetch_due
from followup.replies.process import process_events
from workers.app import app, house
from workers.lanes import LONGEST_SWEEP_SECONDS, sweep


@app.task(name="care.process_events")
@sweep(at_once=1)
def process(*_ids: str) -> None:
    """Understand every raw event that waits."""
    here = house()
    process_events(here.database, now=here.clock.now, for_seconds=LONGEST_SWEEP_SECONDS)


@app.task(name="upkeep.read_mailbox")
def read_mailbox(*_ids: str) -> None:
    """Store what reached the mailbox."""
    here = house()
    collect_mails(here.database, mailbox_of(here.settings.mailbox_url), now=here.clock.now())


@app.task(name="upkeep.reconcile_inbound")
def reconcile(*_ids: str) -> None:
    """Store the texts that no webhook brought; tell a person when the carrier's list can't be had."""
    here = house()
    # First what came in our own hands, so that a text is known to have been answered before it is read.
    import_spool(here.database, spool_of(here.settings), now=here.clock.now())
    watch_inbound(here.database, now=here.clock.now())
    reconcile_inbound(here.database, lister(sms_of(here.settings)), now=here.clock.now)


@app.task(name="upkeep.import_spool")
def import_kept(*_ids: str) -> None:
    """Store the texts that the fallback receiver kept; write down whose number is whose for the next time."""
    here = house()
    spool = spool_of(here.settings)
    import_spool(here.database, spool, now=here.clock.now())
    keep_lines(here.database, spool.texts.folder)


@app.task(name="upkeep.fetch_media")
def fetch_media(*_ids: str) -> None:
    """Fetch the files that came with texts, after the texts themselves were read."""
    home = house()
    fetch_due(home.database, media_of(home.settings))


@signals.beat_init.connect
def listen_first(**_: Any) -> None:
    """Compare with the carrier's list as the house starts: after an outage everything routine waits for that."""
    CeleryBell(app)([Bell("upkeep.reconcile_inbound")])
