"""Change a patient or a plan: one page for every kind, which shows what would happen before it is done."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.enrollment.change_channel import LANGUAGES
from followup.enrollment.queries import enrollment_view, enrollments_of
from followup.enrollment.request import HOW_OBTAINED
from followup.enrollment.rules import WithdrawalReason
from followup.enrollment.shown import Shown
from followup.errors import AlreadyEnrolled, Conflict, ForbiddenState, InvalidInput
from followup.patients.states import Harvest
from followup.reporting.patients import head
from followup.staff.rules import Permission
from followup.web.changes import KINDS, Kind, carry_out
from followup.web.deps import Desk, at_desk
from followup.web.forms import Fields, Posted
from followup.web.ids import Id
from followup.web.render import page

router = APIRouter()

# What the form asks for is shown at once, because it asks for nothing.
_ASKS_NOTHING = frozenset({"death", "cancelled-procedure", "version"})
_HARVESTS = [(each.value, each.value.replace("_", " ").capitalize()) for each in Harvest]


def _show(request: Request, desk: Desk, kind: Kind, subject_id: uuid.UUID) -> Response:
    patient_id = _patient_of(desk, kind, subject_id)
    if kind.name in _ASKS_NOTHING:
        return _answer(request, desk, kind, subject_id, Fields([]))
    return _page(request, desk, kind, subject_id, patient_id, values=_present(desk, patient_id))


def _answer(request: Request, desk: Desk, kind: Kind, subject_id: uuid.UUID, fields: Fields) -> Response:  # noqa: PLR0917
    patient_id = _patient_of(desk, kind, subject_id)
    told = {name: fields.text(name) for name in fields}
    try:
        with desk.attempt():
            shown, is_done = carry_out(kind, desk, subject_id, told)
    except InvalidInput as wrong:
        errors = {_field(each.field): each.message for each in wrong.problems}
        return _page(request, desk, kind, subject_id, patient_id, values=told, errors=errors, status=422)
    except (ForbiddenState, AlreadyEnrolled) as refused:
        return _page(
            request, desk, kind, subject_id, patient_id, values=told, refused=refused.message, status=409
        )
    except Conflict as refused:
        told.pop("action", None)
        with desk.attempt():
            shown, _ = carry_out(kind, desk, subject_id, told)
        return _page(
            request, desk, kind, subject_id, patient_id, values=told, shown=shown, refused=refused.message,
            status=409,
        )  # fmt: skip
    if is_done:
        return RedirectResponse(f"/patients/{patient_id}?done=changed", status_code=303)
    return _page(request, desk, kind, subject_id, patient_id, values=told, shown=shown)


def _page(  # noqa: PLR0917 - private, one call per outcome
    request: Request, desk: Desk, kind: Kind, subject_id: uuid.UUID, patient_id: uuid.UUID, *,
    values: Mapping[str, str], errors: Mapping[str, str] | None = None, shown: Shown | None = None,
    refused: str = "", status: int = 200,
) -> Response:  # fmt: skip
    choices: dict[str, Any] = {
        "languages": list(LANGUAGES.items()), "harvests": _HARVESTS, "ways": [("sms", "Text"), ("email", "Email")],
        "pathways": [(each.id, each.title) for each in desk.library.pathways.values()],
        "reasons": [(each.value, each.value.replace("_", " ").capitalize()) for each in WithdrawalReason],
        "hows": [(each, each.replace("_", " ").capitalize()) for each in HOW_OBTAINED],
    }  # fmt: skip
    return page(
        request, "pages/change.html", status=status, desk=desk, kind=kind, subject_id=subject_id,
        action=f"{'/enrollments' if kind.of_enrollment else '/patients'}/{subject_id}/change/{kind.name}",
        values=values, errors=errors or {}, shown=shown, refused=refused, head=head(desk.session, patient_id),
        **choices,
    )  # fmt: skip


def _patient_of(desk: Desk, kind: Kind, subject_id: uuid.UUID) -> uuid.UUID:
    return enrollment_view(desk.session, subject_id).patient_id if kind.of_enrollment else subject_id


def _present(desk: Desk, patient_id: uuid.UUID) -> dict[str, str]:
    """What stands now, as a beginning; an address is typed anew, never mended."""
    known = head(desk.session, patient_id)
    values = {"time_zone": known.time_zone, "language": known.language}
    newest = next(iter(enrollments_of(desk.session, patient_id)), None)
    if newest is not None:
        values |= {"channel": newest.channel, "pathway": newest.pathway}
    return values


def _field(name: str) -> str:
    """The name of a problem's field on the form: a request of several parts names them with a dot."""
    return name.rpartition(".")[2]


def _add(kind: Kind) -> None:
    permission = Permission.enroll if kind.name == "second-procedure" else Permission.change_enrollment
    if kind.of_enrollment:

        def show_it(request: Request, enrollment_id: Id, desk: Desk = at_desk(permission)) -> Response:
            return _show(request, desk, kind, enrollment_id)

        def take_it(
            request: Request, enrollment_id: Id, fields: Posted, desk: Desk = at_desk(permission)
        ) -> Response:
            return _answer(request, desk, kind, enrollment_id, fields)

        path = f"/enrollments/{{enrollment_id}}/change/{kind.name}"
        router.add_api_route(path, show_it, methods=["GET"])
        router.add_api_route(path, take_it, methods=["POST"])
        return

    def show(request: Request, patient_id: Id, desk: Desk = at_desk(permission)) -> Response:
        return _show(request, desk, kind, patient_id)

    def take(request: Request, patient_id: Id, fields: Posted, desk: Desk = at_desk(permission)) -> Response:
        return _answer(request, desk, kind, patient_id, fields)

    path = f"/patients/{{patient_id}}/change/{kind.name}"
    router.add_api_route(path, show, methods=["GET"])
    router.add_api_route(path, take, methods=["POST"])


for _kind in KINDS.values():
    _add(_kind)
