"""The board of escalations and the page of one case: accept, call, write down, close."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.audit.record import Subject
from followup.errors import FieldProblem, InvalidInput
from followup.escalation.acknowledge import accept, pass_up
from followup.escalation.close import close_case
from followup.escalation.contact import Attempt, log_attempt
from followup.escalation.rules import ATTEMPTS_BEFORE_UNREACHABLE, DISPOSITIONS
from followup.escalation.states import ContactOutcome, ContactWay
from followup.reporting.case_decisions import decisions
from followup.reporting.cases import case_page, recently_closed
from followup.reporting.hand_over import receivers, standing_offer
from followup.reporting.today import on_call, open_cases
from followup.staff.queries import names, staff_member
from followup.staff.rules import LICENSED, Permission
from followup.staff.states import StaffRole
from followup.web.answers import refuse_lost
from followup.web.deps import Desk, at_desk
from followup.web.forms import Fields, Posted
from followup.web.ids import Id
from followup.web.render import page
from followup.web.words import CLOCK_WORDS

NOTHING: Mapping[str, str] = MappingProxyType({})
DECISIONS: Mapping[str, str] = MappingProxyType(
    {
        "keep_trying": "Keep trying to call",
        "welfare_check": "Ask for a welfare check at the verified address",
        "sent_to_emergency": "Emergency services were sent",
    }
)
router = APIRouter(prefix="/escalations")


@router.get("")
def board(request: Request, desk: Desk = at_desk(Permission.see_escalations)) -> Response:
    """Show the open cases by how fast, who is on call, and what was closed last."""
    desk.saw("read escalations", Subject("escalation"))
    return page(
        request, "pages/escalations.html", desk=desk, cases=open_cases(desk.session),
        closed=recently_closed(desk.session), on_call=on_call(desk.session, desk.now),
        people=names(desk.session),
    )  # fmt: skip


@router.get("/{case_id}")
def show(request: Request, case_id: Id, desk: Desk = at_desk(Permission.see_escalations)) -> Response:
    """Show one case."""
    return show_case(request, desk, case_id)


@router.post("/{case_id}/accept")
def take(case_id: Id, desk: Desk = at_desk(Permission.accept_escalations)) -> Response:
    """Make the signed-in person the owner."""
    answer = accept(
        desk.session, case_id, _self(desk), how="page", now=desk.now,
        public_url=desk.house.settings.public_url,
    )  # fmt: skip
    refuse_lost(answer)
    return RedirectResponse(f"/escalations/{case_id}?done=accepted", status_code=303)


@router.post("/{case_id}/pass-up")
def decline(case_id: Id, fields: Posted, desk: Desk = at_desk(Permission.accept_escalations)) -> Response:
    """Hand the case to the next step of the ladder, now."""
    pass_up(
        desk.session, case_id, _self(desk), reason=fields.text("reason")[:300] or "passed up", now=desk.now
    )
    return RedirectResponse(f"/escalations/{case_id}", status_code=303)


@router.post("/{case_id}/attempts")
def attempt(
    request: Request, case_id: Id, fields: Posted, desk: Desk = at_desk(Permission.accept_escalations)
) -> Response:
    """Write down one try to speak with the patient."""
    try:
        with desk.attempt():
            log_attempt(
                desk.session, case_id, _attempt(fields), now=desk.now,
                staff=staff_member(desk.session, _self(desk)),
            )  # fmt: skip
    except InvalidInput as wrong:
        return show_case(request, desk, case_id, values=fields, problems=wrong.problems, status=422)
    return RedirectResponse(f"/escalations/{case_id}?done=attempt", status_code=303)


@router.post("/{case_id}/close")
def close(
    request: Request, case_id: Id, fields: Posted, desk: Desk = at_desk(Permission.accept_escalations)
) -> Response:
    """Close the case with what was done."""
    try:
        with desk.attempt():
            close_case(
                desk.session, case_id, disposition=fields.text("disposition"), note=fields.text("note"),
                staff=staff_member(desk.session, _self(desk)), now=desk.now,
            )  # fmt: skip
    except InvalidInput as wrong:
        return show_case(request, desk, case_id, values=fields, problems=wrong.problems, status=422)
    return RedirectResponse(f"/escalations/{case_id}?done=closed", status_code=303)


def _attempt(fields: Fields) -> Attempt:
    try:
        how, outcome = ContactWay(fields.text("how")), ContactOutcome(fields.text("outcome"))
    except ValueError:
        raise InvalidInput("outcome", "Choose how you tried and what came of it.") from None
    return Attempt(
        how, outcome, read_back=bool(fields.text("read_back")), note=fields.text("note")[:4000] or None
    )


def show_case(
    request: Request, desk: Desk, case_id: uuid.UUID, *, values: Mapping[str, str] = NOTHING,
    problems: Sequence[FieldProblem] = (), status: int = 200,
) -> Response:  # fmt: skip
    """Show one case, with what was typed and what is wrong with it."""
    found = case_page(desk.session, case_id)
    patient_id = found.patient.id if found.patient else None
    desk.saw("read escalation", Subject("escalation", case_id, patient_id))
    return page(
        request, "pages/case.html", status=status, desk=desk, found=found, values=values,
        errors={each.field: each.message for each in problems},
        people=names(desk.session), dispositions=list(DISPOSITIONS.items()), ways=list(ContactWay),
        outcomes=list(ContactOutcome), clock_words=CLOCK_WORDS, is_mine=found.case.owner_id == desk.actor.id,
        is_licensed=desk.role in LICENSED, is_physician=desk.role is StaffRole.physician,
        offer=standing_offer(desk.session, case_id), decisions=list(DECISIONS.items()),
        decided=decisions(desk.session, case_id),
        others=[each for each in open_cases(desk.session) if each.id != case_id],
        receivers=receivers(desk.session, found.case.owner_id, desk.now),
        attempts_before=ATTEMPTS_BEFORE_UNREACHABLE,
    )  # fmt: skip


def _self(desk: Desk) -> uuid.UUID:
    assert desk.actor.id
    return desk.actor.id
