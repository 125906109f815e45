"""The audit trail for auditors and administrators: a page, and a file for their own programs."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from followup.audit.record import Subject
from followup.audit.seal import verify
from followup.kit.cells import table
from followup.reporting import audit_trail
from followup.staff.queries import names
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.forms import Posted
from followup.web.ids import Id
from followup.web.render import page

router = APIRouter()

HEAD = ("number", "at", "who", "action", "subject", "patient", "reason", "chained")
_LARGEST = 2**63 - 1


@router.get("/audit")
def show(
    request: Request, before: int | None = None, patient: Id | None = None,
    desk: Desk = at_desk(Permission.see_audit),
) -> Response:  # fmt: skip
    """Show the newest lines, of everybody or of one patient."""
    before = None if before is None else max(0, min(before, _LARGEST))
    found = audit_trail.trail(desk.session, before=before, patient_id=patient)
    chain = verify(desk.session, desk.clinic_id) if before is None else None
    desk.saw("read audit trail", Subject("audit", patient, patient))
    return page(
        request,
        "pages/audit.html",
        desk=desk,
        found=found,
        people=names(desk.session),
        chain=chain,
        patient=patient,
    )


@router.post("/audit/export")
def export(_fields: Posted, desk: Desk = at_desk(Permission.see_audit)) -> Response:
    """Give the whole trail as a file; that somebody took it is on record first."""
    desk.saw("export audit trail", Subject("audit"))
    people = names(desk.session)
    found = audit_trail.trail(desk.session, many=audit_trail.MOST_EXPORTED)
    rows = (
        (
            each.number, each.at.isoformat(), people.get(each.who, each.who), each.action, each.subject,
            each.patient_id, each.reason, "yes" if each.is_chained else "not yet",
        )
        for each in found.lines
    )  # fmt: skip
    return Response(
        table(HEAD, rows), media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="audit-trail.csv"'},
    )  # fmt: skip
