"""Enroll a patient: one form, the calendar before anything is saved, then one button.

The form is checked by the same verb that enrolls. A key in the form makes a double click, a reload or the
back button enroll once.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.enrollment.enroll import CONSENT_WORDING, enroll, preview
from followup.enrollment.queries import enrollment_view
from followup.enrollment.request import HOW_OBTAINED, EnrollmentRequest
from followup.errors import AlreadyEnrolled, InvalidInput
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.forms import Fields, Posted
from followup.web.render import page

router = APIRouter()

ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico",
)  # fmt: skip


@router.get("/enroll")
def show(request: Request, desk: Desk = at_desk(Permission.enroll)) -> Response:
    """Show an empty form."""
    return _form(request, desk, _usual(desk), {})


@router.post("/enroll")
def post(request: Request, fields: Posted, desk: Desk = at_desk(Permission.enroll)) -> Response:
    """Show the calendar, go back to the form, or enroll, as the pressed button says."""
    values = _asked(fields)
    match fields.text("action"):
        case "edit":
            return _form(request, desk, values, {})
        case "save":
            return _save(request, desk, values)
        case _:
            return _preview(request, desk, values)


def _preview(request: Request, desk: Desk, values: dict[str, str]) -> Response:
    try:
        seen = preview(
            desk.session, desk.clinic_id, EnrollmentRequest(values), library=desk.library, now=desk.now
        )
    except InvalidInput as wrong:
        return _form(request, desk, values, _by_field(wrong), status=422)
    already = enrollment_view(desk.session, seen.already) if seen.already else None
    return page(
        request, "pages/enroll_preview.html", desk=desk, seen=seen, values=values, already=already,
        wording=CONSENT_WORDING,
    )  # fmt: skip


def _save(request: Request, desk: Desk, values: dict[str, str]) -> Response:
    try:
        with desk.attempt():
            done = enroll(
                desk.session, desk.clinic_id, EnrollmentRequest(values), library=desk.library, now=desk.now,
                actor=desk.actor, request_key=f"form:{values['form']}" if values.get("form") else None,
            )  # fmt: skip
    except InvalidInput as wrong:
        return _form(request, desk, values, _by_field(wrong), status=422)
    except AlreadyEnrolled:
        return _preview(request, desk, values)
    return RedirectResponse(f"/patients/{done.patient_id}?done=enrolled", status_code=303)


def _form(
    request: Request, desk: Desk, values: Mapping[str, str], errors: Mapping[str, str], *, status: int = 200
) -> Response:
    pathways = [
        (each.id, f"{each.title} (draft)" if each.is_draft else each.title)
        for each in desk.library.pathways.values()
    ]
    return page(
        request, "pages/enroll.html", status=status, desk=desk, values=values, errors=errors, pathways=pathways,
        zones=dict.fromkeys((desk.clinic.time_zone, *ZONES)), how=HOW_OBTAINED, wording=CONSENT_WORDING,
    )  # fmt: skip


def _usual(desk: Desk) -> dict[str, str]:
    first = next(iter(desk.library.pathways), "")
    return {
        "form": secrets.token_urlsafe(16), "pathway": first, "channel": "sms", "patient.language": "en",
        "patient.time_zone": desk.clinic.time_zone, "consent.obtained_by": desk.name,
        "consent.how": "in_person", "procedure.performed_at": "09:00",
    }  # fmt: skip


def _asked(fields: Fields) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name != "action"}


def _by_field(wrong: InvalidInput) -> dict[str, Any]:
    return {each.field: each.message for each in reversed(wrong.problems)}
