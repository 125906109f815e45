"""What a patient asked a person: no more texts or emails, or texts again. Written down here, in force at once."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from followup.replies.record_wish import record_agreement, record_stop
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.forms import Posted
from followup.web.ids import Id

router = APIRouter(prefix="/patients/{patient_id}")


@router.post("/stop")
def stop(patient_id: Id, fields: Posted, desk: Desk = at_desk(Permission.change_enrollment)) -> Response:
    """Record that the patient wants nothing more, on one channel or on all."""
    record_stop(
        desk.session, patient_id, channel=fields.text("channel"), how=fields.text("how"),
        words=fields.text("words"), now=desk.now, actor=desk.actor,
    )  # fmt: skip
    return RedirectResponse(f"/patients/{patient_id}?done=stopped", status_code=303)


@router.post("/agree")
def agree(patient_id: Id, fields: Posted, desk: Desk = at_desk(Permission.change_enrollment)) -> Response:
    """Record that the patient agreed to be written to again."""
    record_agreement(
        desk.session, patient_id, channel=fields.text("channel"), how=fields.text("how"),
        words=fields.text("words"), now=desk.now, actor=desk.actor,
    )  # fmt: skip
    return RedirectResponse(f"/patients/{patient_id}?done=agreed-again", status_code=303)
