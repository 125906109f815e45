"""The list of patients, the search, and one patient's timeline.

A search is posted, so that a name never stands in an address, a history or a proxy's log.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response

from followup.audit.record import Subject
from followup.enrollment.queries import EnrollmentView, enrollments_of
from followup.errors import InvalidInput
from followup.kit.plots import Plot, curve
from followup.replies.record_wish import CHANNELS, HOWS
from followup.reporting import patients
from followup.reporting.timeline import timeline
from followup.staff.queries import names
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.forms import Posted
from followup.web.ids import Id, read_id
from followup.web.render import page

router = APIRouter()


@router.get("/patients")
def show_all(
    request: Request, before: Id | None = None, desk: Desk = at_desk(Permission.see_patients)
) -> Response:
    """Show the newest patients and the search field."""
    found = patients.newest_patients(desk.session, before=before)
    desk.saw("list patients", Subject("patient"))
    return page(request, "pages/patients.html", desk=desk, found=found, q="", errors={})


@router.post("/patients/search")
def search(request: Request, fields: Posted, desk: Desk = at_desk(Permission.see_patients)) -> Response:
    """Show the patients that fit what was typed."""
    typed = fields.text("q")
    try:
        found = patients.search(desk.session, typed, before=_place(fields.text("before")))
    except InvalidInput as wrong:
        nothing = patients.PatientPage((), None)
        errors = {"q": wrong.problems[0].message}
        return page(
            request, "pages/patients.html", status=422, desk=desk, found=nothing, q=typed, errors=errors
        )
    desk.saw("search patients", Subject("patient"))
    return page(request, "pages/patients.html", desk=desk, found=found, q=typed, errors={})


@router.get("/patients/{patient_id}")
def show(request: Request, patient_id: Id, desk: Desk = at_desk(Permission.see_patients)) -> Response:
    """Show everything that happened and is planned for one patient."""
    head, line = patients.head(desk.session, patient_id), timeline(desk.session, patient_id, desk.now)
    enrollments = enrollments_of(desk.session, patient_id)
    scores = _by_day(line.pain, enrollments, ZoneInfo(head.time_zone))
    desk.saw("read patient", Subject("patient", patient_id, patient_id))
    return page(
        request, "pages/timeline.html", desk=desk, head=head, line=line, enrollments=enrollments,
        people=names(desk.session),
        scores=scores, pain_plot=_plot(scores), wishes=CHANNELS, hows=HOWS,
    )  # fmt: skip


def _by_day(
    pain: Sequence[tuple[datetime, float]], enrollments: Sequence[EnrollmentView], zone: ZoneInfo
) -> list[tuple[int, float]]:
    """Pain scores by the patient's calendar day since the newest procedure, oldest first."""
    if not enrollments:
        return []
    since = max(each.performed_on for each in enrollments)
    return [((at.astimezone(zone).date() - since).days, value) for at, value in pain]


def _plot(scores: Sequence[tuple[int, float]]) -> Plot | None:
    """Two scores at least: one is a number, and the thread shows it."""
    if len(scores) < 2:
        return None
    days = [day for day, _ in scores]
    return curve(scores, highest=10, ends=(min(0, *days), max(7, *days)))


def _place(text: str) -> uuid.UUID | None:
    try:
        return read_id(text) if text else None
    except ValueError:
        return None
