"""What keeps the house in order: the audit chain, enrollments that have ended, rosters, what is too old."""

from __future__ import annotations

from followup.audit.seal import seal_all
from followup.bootstrap import sms_of
from followup.enrollment.complete import complete_due
from followup.escalation.synthetic import walk_synthetic_patients
from followup.gateways.deadman import tell_monitor
from followup.gateways.emptied import emptier
from followup.gateways.own_webhook import synthetic_texts
from followup.reporting.ready import readiness
from followup.setup.carrier_copies import empty_carrier_copies
from followup.setup.keep_rosters import keep_rosters
from followup.setup.retention import retain
from workers.app import app, house


@app.task(name="upkeep.seal_audit")
def seal_audit(*_ids: str) -> None:
    """Chain the audit rows that have settled."""
    seal_all(house().database)


@app.task(name="upkeep.complete")
def complete(*_ids: str) -> None:
    """Complete the enrollments that have nothing left to happen."""
    home = house()
    complete_due(home.database, now=home.clock.now())


@app.task(name="upkeep.keep_rosters")
def keep_every_roster(*_ids: str) -> None:
    """Freeze the past of every roster; make its shifts and prove its cover once a night."""
    home = house()
    keep_rosters(home.database, now=home.clock.now())


@app.task(name="upkeep.tell_monitor")
def tell_the_monitor(*_ids: str) -> None:
    """Let the monitor outside hear that all is well; when it hears nothing it wakes somebody."""
    home = house()
    is_well, told = readiness(home.database, home.clock.now()).is_well, home.settings
    tell_monitor(told.deadman_url, is_well=is_well, fail_url=told.deadman_fail_url)


@app.task(name="upkeep.retain")
def remove_what_is_too_old() -> None:
    """Remove words whose time is over, where it is night."""
    home = house()
    retain(home.database, now=home.clock.now())


@app.task(name="upkeep.empty_carrier_copies")
def empty_at_carrier() -> None:
    """Let the carrier forget the words of texts that went through weeks ago."""
    home = house()
    empty_carrier_copies(home.database, emptier(sms_of(home.settings)), now=home.clock.now())


@app.task(name="upkeep.synthetic_patient")
def walk_as_a_patient(*_ids: str) -> None:
    """Let the synthetic patients take the step that comes next; a house that keeps none does nothing."""
    home = house()
    walk_synthetic_patients(home.database, synthetic_texts(home.settings), now=home.clock.now())
