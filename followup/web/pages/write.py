"""Write to a patient in one's own words: looked over first, with its parts and hints, then sent once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.audit.record import Subject
from followup.errors import InvalidInput
from followup.kit.ids import new_id
from followup.kit.windows import to_local, zone
from followup.outreach.write import look, write
from followup.reporting.patients import head
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.forms import Posted
from followup.web.ids import Id, read_id
from followup.web.render import page

router = APIRouter(prefix="/patients/{patient_id}/write")

# Texts to a sleeping patient wake them; a person decides, but knows.
NIGHT_FROM, NIGHT_UNTIL = 21, 8


@router.get("")
def show(request: Request, patient_id: Id, desk: Desk = at_desk(Permission.review_replies)) -> Response:
    """Show the form."""
    return _page(request, desk, patient_id, values={"channel": "sms", "form": str(new_id())})


@router.post("")
def send(
    request: Request, patient_id: Id, fields: Posted, desk: Desk = at_desk(Permission.review_replies)
) -> Response:
    """Show what would be sent, or send what was shown. Raises NotFound."""
    words, channel = fields.text("words"), fields.text("channel")
    try:
        shown = look(desk.session, patient_id, words=words, channel=channel)
        if fields.text("action") == "send":
            write(
                desk.session, patient_id, words=words, channel=channel, form=_form(fields.text("form")),
                now=desk.now, actor=desk.actor,
            )  # fmt: skip
            return RedirectResponse(f"/patients/{patient_id}?done=written#now", status_code=303)
    except InvalidInput as wrong:
        errors = {each.field: each.message for each in wrong.problems}
        return _page(request, desk, patient_id, values=fields, errors=errors, status=422)
    return _page(request, desk, patient_id, values=fields, shown=shown)


def _form(typed: str) -> uuid.UUID:
    try:
        return read_id(typed)
    except ValueError:
        raise InvalidInput("words", "This form was not whole. Look at it and send it again.") from None


def _page(
    request: Request, desk: Desk, patient_id: uuid.UUID, *, values: Mapping[str, str], status: int = 200,
    errors: Mapping[str, str] | None = None, shown: Any = None,
) -> Response:  # fmt: skip
    about = head(desk.session, patient_id)
    desk.saw("read patient", Subject("patient", patient_id, patient_id))
    local = to_local(desk.now, zone(about.time_zone))
    return page(
        request, "pages/write.html", status=status, desk=desk, head=about, values=values, errors=errors or {},
        shown=shown, night=local if local.hour >= NIGHT_FROM or local.hour < NIGHT_UNTIL else None,
    )  # fmt: skip
