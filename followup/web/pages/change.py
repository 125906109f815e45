"""Change a running enrollment: pause, resume, withdraw, move the date. A move is shown before it is done."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.enrollment import change
from followup.enrollment.end import end
from followup.enrollment.planning.replan import Replan
from followup.enrollment.queries import EnrollmentView, enrollment_view
from followup.enrollment.rules import WithdrawalReason
from followup.errors import InvalidInput
from followup.kit.windows import to_local, zone
from followup.reporting.patients import head
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.forms import Fields, Posted
from followup.web.ids import Id
from followup.web.render import page

router = APIRouter(prefix="/enrollments/{enrollment_id}")


@router.post("/pause")
def pause(enrollment_id: Id, fields: Posted, desk: Desk = at_desk(Permission.change_enrollment)) -> Response:
    """Hold all planned texts."""
    reason = fields.text("reason")[:300] or "paused by the clinic"
    change.pause(desk.session, enrollment_id, reason=reason, now=desk.now, actor=desk.actor)
    return _back(desk, enrollment_id, "paused")


@router.post("/resume")
def resume(enrollment_id: Id, desk: Desk = at_desk(Permission.change_enrollment)) -> Response:
    """Let planned texts go on."""
    change.resume(desk.session, enrollment_id, now=desk.now, actor=desk.actor)
    return _back(desk, enrollment_id, "resumed")


@router.post("/withdraw")
def withdraw(
    enrollment_id: Id, fields: Posted, desk: Desk = at_desk(Permission.change_enrollment)
) -> Response:
    """End the enrollment; what the patient writes is still read."""
    try:
        reason = WithdrawalReason(fields.text("reason"))
    except ValueError:
        raise InvalidInput("reason", "Choose why the enrollment ends.") from None
    end(desk.session, enrollment_id, reason, now=desk.now, actor=desk.actor)
    return _back(desk, enrollment_id, "withdrawn")


@router.get("/move-date")
def show_move(
    request: Request, enrollment_id: Id, desk: Desk = at_desk(Permission.change_enrollment)
) -> Response:
    """Show the form for a new date."""
    current = enrollment_view(desk.session, enrollment_id)
    values = {
        "performed_on": current.performed_on.isoformat(), "performed_at": f"{current.performed_at:%H:%M}"
    }  # fmt: skip
    return _page(request, desk, current, values, {})


@router.post("/move-date")
def move(
    request: Request, enrollment_id: Id, fields: Posted, desk: Desk = at_desk(Permission.change_enrollment)
) -> Response:
    """Show what the new date would do, or apply what was shown."""
    current = enrollment_view(desk.session, enrollment_id)
    try:
        new = _new_date(desk, current, fields)
    except InvalidInput as wrong:
        errors = {each.field: each.message for each in wrong.problems}
        return _page(request, desk, current, fields, errors, status=422)
    if fields.text("action") != "apply":
        changes = change.preview_move(desk.session, enrollment_id, new, now=desk.now)
        mark = change.move_mark(desk.session, enrollment_id, changes)
        return _page(request, desk, current, fields, {}, changes=changes, mark=mark)
    change.move_date(
        desk.session, enrollment_id, new, now=desk.now, actor=desk.actor, version=fields.whole("version"),
        seen=fields.text("mark"),
    )  # fmt: skip
    return _back(desk, enrollment_id, "moved")


def _new_date(desk: Desk, current: EnrollmentView, fields: Fields) -> change.NewDate:
    return change.read_new_date(
        fields.text("performed_on"), fields.text("performed_at"), current=current.performed_at,
        today=to_local(desk.now, zone(current.time_zone)).date(), confirmed=bool(fields.text("confirmed")),
    )  # fmt: skip


def _page(  # noqa: PLR0917 - private, one call per outcome
    request: Request, desk: Desk, current: EnrollmentView, values: Mapping[str, str],
    errors: Mapping[str, str], *, changes: Replan | None = None, mark: str = "", status: int = 200,
) -> Response:  # fmt: skip
    return page(
        request, "pages/move_date.html", status=status, desk=desk, current=current, values=values,
        errors=errors, changes=changes, mark=mark, head=head(desk.session, current.patient_id),
    )  # fmt: skip


def _back(desk: Desk, enrollment_id: uuid.UUID, done: str) -> Response:
    patient_id = enrollment_view(desk.session, enrollment_id).patient_id
    return RedirectResponse(f"/patients/{patient_id}?done={done}", status_code=303)
