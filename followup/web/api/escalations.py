"""Escalations for the clinic's own systems: see them, and act in the name of a named person.

A key is nobody whom a patient can be told about, so whoever takes a case is named with ``staff_id``, and that
person's own role decides.
"""

from __future__ import annotations

import uuid
from typing import Literal

from followup.audit.record import Subject
from followup.escalation.acknowledge import accept
from followup.escalation.close import close_case
from followup.escalation.contact import Attempt, log_attempt
from followup.reporting.cases import case_record, case_records
from followup.reporting.records import Wanted
from followup.staff.queries import acting_for
from followup.staff.rules import Permission
from followup.web.answers import refuse_lost
from followup.web.api import show
from followup.web.api.answers import EscalationOut
from followup.web.api.paging import Asked, Page, page_of
from followup.web.api.requests import AcceptIn, AttemptIn, DispositionIn
from followup.web.api.router import router_of
from followup.web.deps import Desk, with_key
from followup.web.ids import Id

router = router_of("escalations")


@router.get("/escalations")
def list_escalations(
    asked: Asked,
    state: Literal["open", "closed"] | None = None,
    patient_id: Id | None = None,
    desk: Desk = with_key(Permission.see_escalations),
) -> Page[EscalationOut]:
    """List escalations; ``state=open`` are those that still need somebody."""
    wanted = Wanted(patient_id=patient_id, after=asked.after, limit=asked.limit)
    found = case_records(desk.session, wanted, state=state)
    desk.saw("list escalations", Subject("escalation", None, patient_id))
    return page_of(found, asked, show.escalation, lambda each: each.case.id)


@router.get("/escalations/{escalation_id}")
def get(escalation_id: Id, desk: Desk = with_key(Permission.see_escalations)) -> EscalationOut:
    """Return one escalation with what it stands on and what was tried."""
    return _shown(desk, escalation_id)


@router.post("/escalations/{escalation_id}/accept")
def take(
    escalation_id: Id, body: AcceptIn, desk: Desk = with_key(Permission.accept_escalations)
) -> EscalationOut:
    """Make a person the owner; 409 with the name of the owner if somebody was quicker."""
    case_record(desk.session, escalation_id)
    staff = acting_for(desk.session, body.staff_id)
    answer = accept(
        desk.session, escalation_id, staff.id, how="api", now=desk.now,
        public_url=desk.house.settings.public_url,
    )  # fmt: skip
    refuse_lost(answer)
    return _shown(desk, escalation_id)


@router.post("/escalations/{escalation_id}/attempts", status_code=201)
def attempt(
    escalation_id: Id, body: AttemptIn, desk: Desk = with_key(Permission.accept_escalations)
) -> EscalationOut:
    """Write down one try to speak with the patient."""
    case_record(desk.session, escalation_id)
    tried = Attempt(body.how, body.outcome, read_back=body.read_back, note=body.note)
    log_attempt(
        desk.session, escalation_id, tried, staff=acting_for(desk.session, body.staff_id), now=desk.now
    )
    return _shown(desk, escalation_id)


@router.post("/escalations/{escalation_id}/disposition")
def close(
    escalation_id: Id, body: DispositionIn, desk: Desk = with_key(Permission.accept_escalations)
) -> EscalationOut:
    """Close an escalation with what was done; only a nurse or a physician can."""
    case_record(desk.session, escalation_id)
    close_case(
        desk.session, escalation_id, disposition=body.disposition, note=body.note,
        staff=acting_for(desk.session, body.staff_id), now=desk.now,
    )  # fmt: skip
    return _shown(desk, escalation_id)


def _shown(desk: Desk, case_id: uuid.UUID) -> EscalationOut:
    desk.session.flush()
    found = case_record(desk.session, case_id)
    desk.saw("read escalation", Subject("escalation", case_id, found.case.patient_id))
    return show.escalation(found)
