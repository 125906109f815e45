"""Enroll through the API, and change what runs."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Response

from followup.audit.record import Subject
from followup.enrollment import change
from followup.enrollment.end import end
from followup.enrollment.enroll import enroll
from followup.enrollment.queries import enrollment_view, touchpoints_of
from followup.enrollment.request import EnrollmentRequest
from followup.enrollment.rules import WithdrawalReason
from followup.errors import InvalidInput
from followup.kit.windows import to_local, zone
from followup.reporting import records
from followup.staff.rules import Permission
from followup.web.api import show
from followup.web.api.answers import EnrollmentOut, MoveDateOut
from followup.web.api.paging import Asked, Page, page_of
from followup.web.api.requests import EnrollmentIn, MoveDateIn, PauseIn, WithdrawIn
from followup.web.api.router import router_of
from followup.web.api.strict import note_ignored
from followup.web.deps import Desk, with_key
from followup.web.ids import Id

router = router_of("enrollments")

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@router.post("/enrollments", status_code=201)
def create(
    body: EnrollmentIn,
    answer: Response,
    idempotency_key: Annotated[
        str | None, Header(description="Repeating a request with the same key enrolls once.")
    ] = None,
    desk: Desk = with_key(Permission.enroll),
) -> EnrollmentOut:
    """Enroll a patient: record consent, plan every touchpoint. The same procedure twice is a 409 with the first."""
    enrolled = enroll(
        desk.session, desk.clinic_id, _request(body), library=desk.library, now=desk.now, actor=desk.actor,
        request_key=_request_key(desk, idempotency_key),
    )  # fmt: skip
    desk.session.flush()
    answer.headers["location"] = f"/api/v1/enrollments/{enrolled.enrollment_id}"
    return _shown(desk, enrolled.enrollment_id, warnings=enrolled.warnings)


@router.get("/enrollments")
def list_enrollments(
    asked: Asked, patient_id: Id | None = None, desk: Desk = with_key(Permission.see_patients)
) -> Page[EnrollmentOut]:
    """List enrollments, without their touchpoints."""
    wanted = records.Wanted(patient_id=patient_id, after=asked.after, limit=asked.limit)
    views = [enrollment_view(desk.session, each) for each in records.enrollment_ids(desk.session, wanted)]
    desk.saw("list enrollments", Subject("enrollment", None, patient_id))
    return page_of(views, asked, show.enrollment, lambda each: each.id)


@router.get("/enrollments/{enrollment_id}")
def get(enrollment_id: Id, desk: Desk = with_key(Permission.see_patients)) -> EnrollmentOut:
    """Return one enrollment with its calendar."""
    shown = _shown(desk, enrollment_id)
    desk.saw("read enrollment", Subject("enrollment", shown.id, shown.patient_id))
    return shown


@router.post("/enrollments/{enrollment_id}/pause")
def pause(
    enrollment_id: Id, body: PauseIn, desk: Desk = with_key(Permission.change_enrollment)
) -> EnrollmentOut:
    """Hold all planned texts until somebody resumes."""
    change.pause(desk.session, enrollment_id, reason=body.reason, now=desk.now, actor=desk.actor)
    return _shown(desk, enrollment_id)


@router.post("/enrollments/{enrollment_id}/resume")
def resume(enrollment_id: Id, desk: Desk = with_key(Permission.change_enrollment)) -> EnrollmentOut:
    """Let planned texts go on; what became too late meanwhile follows its lateness rule."""
    change.resume(desk.session, enrollment_id, now=desk.now, actor=desk.actor)
    return _shown(desk, enrollment_id)


@router.post("/enrollments/{enrollment_id}/withdraw")
def withdraw(
    enrollment_id: Id, body: WithdrawIn, desk: Desk = with_key(Permission.change_enrollment)
) -> EnrollmentOut:
    """End an enrollment early; what the patient writes is still read."""
    end(desk.session, enrollment_id, read_reason(body.reason), now=desk.now, actor=desk.actor)
    return _shown(desk, enrollment_id)


@router.post("/enrollments/{enrollment_id}/move-date")
def move_date(
    enrollment_id: Id, body: MoveDateIn, desk: Desk = with_key(Permission.change_enrollment)
) -> MoveDateOut:
    """Move the procedure's date with what is still planned, or only show what that would do."""
    current = enrollment_view(desk.session, enrollment_id)
    new = change.read_new_date(
        body.performed_on, body.performed_at, today=_today(desk, current.time_zone),
        current=current.performed_at, confirmed=body.confirmed,
    )  # fmt: skip
    if body.preview:
        changes = change.preview_move(desk.session, enrollment_id, new, now=desk.now)
        mark = change.move_mark(desk.session, enrollment_id, changes)
        return show.moved(changes, applied=False, version=current.version, mark=mark)
    changes = change.move_date(
        desk.session, enrollment_id, new, now=desk.now, actor=desk.actor, version=body.version,
        seen=body.mark or None,
    )  # fmt: skip
    desk.session.flush()
    version = enrollment_view(desk.session, enrollment_id).version
    return show.moved(changes, applied=True, version=version)


def read_reason(text: str) -> WithdrawalReason:
    """Read why an enrollment ends; raises InvalidInput."""
    try:
        return WithdrawalReason(text)
    except ValueError:
        choice = ", ".join(each.value for each in WithdrawalReason)
        raise InvalidInput("reason", f"Choose one of: {choice}.") from None


def _today(desk: Desk, time_zone: str) -> Any:
    local: datetime = to_local(desk.now, zone(time_zone))
    return local.date()


def _request(body: EnrollmentIn) -> EnrollmentRequest:
    for name, part in (("enrollment", body), ("patient", body.patient), ("procedure", body.procedure)):
        note_ignored(part.model_extra, known=name)
    note_ignored(body.consent.model_extra, known="consent")
    return EnrollmentRequest.from_nested(_known(body))


def _known(body: EnrollmentIn) -> dict[str, Any]:
    parts = {"patient": body.patient, "procedure": body.procedure, "consent": body.consent}
    nested: dict[str, Any] = {
        name: {field: getattr(part, field) for field in type(part).model_fields}
        for name, part in parts.items()
    }
    return nested | {"pathway": body.pathway, "channel": body.channel, "confirmed": body.confirmed}


def _request_key(desk: Desk, key: str | None) -> str | None:
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidInput("Idempotency-Key", "Use up to 200 visible characters.")
    return f"{desk.actor}:{key}"


def _shown(desk: Desk, enrollment_id: uuid.UUID, *, warnings: tuple[str, ...] = ()) -> EnrollmentOut:
    desk.session.flush()
    view = enrollment_view(desk.session, enrollment_id)
    return show.enrollment(view, touchpoints_of(desk.session, enrollment_id), warnings)
