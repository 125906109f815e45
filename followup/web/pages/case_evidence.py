"""The timeline of one case to print or keep for a quality review. It names no patient and quotes no message."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from followup.audit.record import Subject
from followup.reporting.case_evidence import evidence
from followup.staff.queries import names
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.ids import Id
from followup.web.render import page

router = APIRouter(prefix="/escalations")


@router.get("/{case_id}/evidence")
def show(request: Request, case_id: Id, desk: Desk = at_desk(Permission.see_escalations)) -> Response:
    """Show when each thing happened, how long it took, and the hash that closes the record."""
    found = evidence(desk.session, case_id)
    desk.saw("read evidence", Subject("escalation", case_id, found.case.patient_id))
    return page(request, "pages/case_evidence.html", desk=desk, found=found, people=names(desk.session))
