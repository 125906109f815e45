"""The roster: who is on call this week and why, how ready phones are, and the form that changes it for a while."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.errors import Conflict, FieldProblem, InvalidInput
from followup.kit.windows import to_local
from followup.staff.cover import Proof, proof_words, prove
from followup.staff.override import preview_override, save_override, withdraw_override
from followup.staff.paged_at import paged_at
from followup.staff.readiness import readiness_of_the_roster
from followup.staff.roster.schedule import Change, ChangeKind
from followup.staff.roster.wall import first, last
from followup.staff.roster_week import monday_of, override_lines, week, who_can_be_on_call
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.forms import Fields, Posted
from followup.web.ids import Id
from followup.web.render import page

router = APIRouter(prefix="/roster")

NOTHING: Mapping[str, str] = MappingProxyType({})
DUTIES = ("nurse", "physician", "manager")


@router.get("")
def show(
    request: Request, starts: date | None = None, desk: Desk = at_desk(Permission.see_escalations)
) -> Response:
    """Show one week, this one unless another is asked for."""
    return _page(request, desk, starts=starts)


@router.post("/overrides/preview")
def preview(request: Request, fields: Posted, desk: Desk = at_desk(Permission.manage_staff)) -> Response:
    """Show what an override would do to cover; saves nothing."""
    try:
        duty, change = _change(fields, desk)
        found = preview_override(desk.session, desk.clinic_id, duty, change, now=desk.now, actor=desk.actor)
    except (InvalidInput, Conflict) as wrong:
        return _page(request, desk, values=fields, problems=_problems(wrong), status=422)
    return _page(request, desk, values=fields, tried=found)


@router.post("/overrides")
def save(request: Request, fields: Posted, desk: Desk = at_desk(Permission.manage_staff)) -> Response:
    """Save an override, or say at which field it is wrong and when nobody would be on call."""
    try:
        with desk.attempt():
            duty, change = _change(fields, desk)
            save_override(
                desk.session, desk.clinic_id, duty, change, now=desk.now, actor=desk.actor,
                reason=fields.text("reason"),
            )  # fmt: skip
    except (InvalidInput, Conflict) as wrong:
        return _page(request, desk, values=fields, problems=_problems(wrong), status=422)
    return RedirectResponse("/roster?done=roster-changed", status_code=303)


@router.post("/overrides/{override_id}/withdraw")
def withdraw(request: Request, override_id: Id, desk: Desk = at_desk(Permission.manage_staff)) -> Response:
    """Take an override back."""
    try:
        with desk.attempt():
            withdraw_override(desk.session, desk.clinic_id, override_id, now=desk.now, actor=desk.actor)
    except (InvalidInput, Conflict) as wrong:
        return _page(request, desk, problems=_problems(wrong), status=422)
    return RedirectResponse("/roster?done=roster-changed", status_code=303)


def _change(fields: Fields, desk: Desk) -> tuple[str, Change]:
    problems: list[FieldProblem] = []
    begins = _wall(fields, "starts_at", problems)
    ends = _wall(fields, "ends_at", problems)
    staff = _person(fields, "staff", problems)
    kind = fields.text("kind")
    if kind not in set(ChangeKind):
        problems.append(FieldProblem("kind", "Choose what to change."))
    if fields.text("duty") not in DUTIES:
        problems.append(FieldProblem("duty", "Choose a duty."))
    instead_of = _person(fields, "instead_of", problems) if kind == ChangeKind.instead else None
    if problems or begins is None or ends is None or staff is None:
        raise InvalidInput(problems)
    change = Change(ChangeKind(kind), staff, first(begins, desk.zone), last(ends, desk.zone), instead_of)
    return fields.text("duty"), change


def _wall(fields: Fields, name: str, problems: list[FieldProblem]) -> datetime | None:
    try:
        found = datetime.fromisoformat(fields.text(name))
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or not date(2000, 1, 1) < found.date() < date(2100, 1, 1):
        problems.append(FieldProblem(name, "Give a day and a time, by the clinic's clock."))
        return None
    return found


def _person(fields: Fields, name: str, problems: list[FieldProblem]) -> uuid.UUID | None:
    try:
        return uuid.UUID(fields.text(name))
    except ValueError:
        problems.append(FieldProblem(name, "Choose a person."))
        return None


def _problems(wrong: InvalidInput | Conflict) -> Sequence[FieldProblem]:
    return wrong.problems if isinstance(wrong, InvalidInput) else [FieldProblem("staff", wrong.message)]


def _page(
    request: Request, desk: Desk, *, starts: date | None = None, values: Mapping[str, str] = NOTHING,
    problems: Sequence[FieldProblem] = (), tried: Proof | None = None, status: int = 200,
) -> Response:  # fmt: skip
    today = to_local(desk.now, desk.zone).date()
    wanted = starts if starts and abs(starts - today) < timedelta(days=400) else today
    monday = monday_of(wanted)
    proof = prove(desk.session, now=desk.now)
    errors: dict[str, str] = {}
    for each in problems:
        errors[each.field] = f"{errors.get(each.field, '')} {each.message}".strip()
    return page(
        request, "pages/roster.html", status=status, desk=desk, monday=monday,
        earlier=monday - timedelta(days=7), later=monday + timedelta(days=7),
        days=week(desk.session, monday, desk.zone, now=desk.now), now_on_call=paged_at(desk.session, desk.now),
        overrides=override_lines(desk.session, desk.now), people=who_can_be_on_call(desk.session),
        ready=readiness_of_the_roster(desk.session, desk.now), proof=proof,
        proof_words=proof_words(desk.session, proof), values=values, errors=errors, duties=DUTIES,
        tried=None if tried is None else proof_words(desk.session, tried), zone=desk.zone,
    )  # fmt: skip
