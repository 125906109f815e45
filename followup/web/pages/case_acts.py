"""What else can be done with an open case: hand it over, decide about a patient nobody reaches, change its tier.

Each form is on the page of the case, works without a script, and says at the field what is missing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.errors import InvalidInput, NotFound
from followup.escalation.hand_over import accept_hand_over, decline_hand_over, offer_hand_over
from followup.escalation.merge import merge_case
from followup.escalation.move import lock_case
from followup.escalation.severity import lower_tier, raise_tier_by_hand
from followup.escalation.unreachable import Decision, decide_unreachable
from followup.staff.queries import staff_member
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk, person_of
from followup.web.forms import Fields, Posted
from followup.web.ids import Id
from followup.web.pages.escalations import show_case

LONGEST_REASON = 1000
_CHOOSE = {"to": "Choose somebody else who works here.", "into": "Choose the open case it belongs to."}
router = APIRouter(prefix="/escalations")


@router.post("/{case_id}/hand-over")
def offer(
    request: Request, case_id: Id, fields: Posted, desk: Desk = at_desk(Permission.accept_escalations)
) -> Response:
    """Offer one's case to somebody else; it stays one's own until they accept."""

    def act() -> None:
        offer_hand_over(
            desk.session, case_id, owner=staff_member(desk.session, _self(desk)), to_id=_chosen(fields, "to"),
            public_url=desk.house.settings.public_url, now=desk.now,
        )  # fmt: skip

    return _done(request, desk, case_id, act, fields=fields, notice="handed-over")


@router.post("/{case_id}/hand-over/accept")
def receive(case_id: Id, desk: Desk = at_desk(Permission.accept_escalations)) -> Response:
    """Take over a case that was offered to oneself."""
    accept_hand_over(
        desk.session,
        case_id,
        receiver=staff_member(desk.session, _self(desk)),
        public_url=desk.house.settings.public_url,
        now=desk.now,
    )
    return RedirectResponse(f"/escalations/{case_id}?done=accepted", status_code=303)


@router.post("/{case_id}/hand-over/decline")
def refuse(case_id: Id, desk: Desk = at_desk(Permission.accept_escalations)) -> Response:
    """Refuse a case that was offered to oneself; its owner hears at once."""
    decline_hand_over(
        desk.session,
        case_id,
        receiver=staff_member(desk.session, _self(desk)),
        public_url=desk.house.settings.public_url,
        now=desk.now,
    )
    return RedirectResponse(f"/escalations/{case_id}?done=not-taken-over", status_code=303)


@router.post("/{case_id}/decide")
def decide(
    request: Request, case_id: Id, fields: Posted, desk: Desk = at_desk(Permission.accept_escalations)
) -> Response:
    """Keep what a physician decides about a patient whom nobody reaches."""

    def act() -> None:
        try:
            decision = Decision(fields.text("decision"))
        except ValueError:
            raise InvalidInput("decision", "Choose what is to be done.") from None
        lock_case(desk.session, case_id)  # a case that is not there is not found, whoever asks
        decide_unreachable(
            desk.session,
            case_id,
            decision,
            reason=_reason(fields),
            physician=staff_member(desk.session, _self(desk)),
            now=desk.now,
        )

    return _done(request, desk, case_id, act, fields=fields, notice="decided")


@router.post("/{case_id}/raise")
def make_emergency(
    request: Request, case_id: Id, fields: Posted, desk: Desk = at_desk(Permission.see_escalations)
) -> Response:
    """Make a case an emergency; anybody who sees it may, with a reason."""

    def act() -> None:
        raise_tier_by_hand(
            desk.session, case_id, reason=_reason(fields, "raise_reason"),
            staff=staff_member(desk.session, _self(desk)), public_url=desk.house.settings.public_url, now=desk.now,
        )  # fmt: skip

    return _done(request, desk, case_id, act, fields=fields, notice="raised")


@router.post("/{case_id}/lower")
def make_urgent(
    request: Request, case_id: Id, fields: Posted, desk: Desk = at_desk(Permission.accept_escalations)
) -> Response:
    """Make an emergency urgent; only somebody with a license may, with a reason."""

    def act() -> None:
        lower_tier(
            desk.session,
            case_id,
            reason=_reason(fields, "lower_reason"),
            staff=staff_member(desk.session, _self(desk)),
            now=desk.now,
        )

    return _done(request, desk, case_id, act, fields=fields, notice="lowered")


@router.post("/{case_id}/merge")
def merge(
    request: Request, case_id: Id, fields: Posted, desk: Desk = at_desk(Permission.accept_escalations)
) -> Response:
    """Put a case of nobody known into the case it belongs to; its findings stand on that one from then on."""

    def act() -> None:
        lock_case(desk.session, case_id)
        try:
            merge_case(
                desk.session, case_id, _chosen(fields, "into"), now=desk.now,
                staff=staff_member(desk.session, _self(desk)), public_url=desk.house.settings.public_url,
            )  # fmt: skip
        except NotFound:
            raise InvalidInput("into", _CHOOSE["into"]) from None

    return _done(request, desk, case_id, act, fields=fields, notice="merged")


def _done(
    request: Request, desk: Desk, case_id: uuid.UUID, act: Callable[[], None], *, fields: Fields, notice: str
) -> Response:
    """Do it and go back to the case; if a field is wrong, show the case with everything that was typed."""
    try:
        with desk.attempt():
            act()
    except InvalidInput as wrong:
        problems = wrong.problems
        return show_case(request, desk, case_id, values=fields, problems=problems, status=422)
    return RedirectResponse(f"/escalations/{case_id}?done={notice}", status_code=303)


def _reason(fields: Fields, name: str = "reason") -> str:
    reason = fields.text(name)[:LONGEST_REASON]
    if not reason.strip():
        raise InvalidInput(name, "Say why.")
    return reason


def _chosen(fields: Fields, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(fields.text(name))
    except ValueError:
        raise InvalidInput(name, _CHOOSE[name]) from None


def _self(desk: Desk) -> uuid.UUID:
    return person_of(desk)[0]
