"""The inbox: replies that a person has to read, and one form that says what was done."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.audit.record import Subject
from followup.errors import InvalidInput
from followup.escalation.answer_reply import Desk as AnswerDesk
from followup.escalation.answer_reply import answer_raised
from followup.escalation.states import CaseTier
from followup.reporting.inbox import waiting
from followup.staff.queries import names
from followup.staff.rules import LICENSED, Permission
from followup.triage.review import dispose, retier
from followup.triage.rules import TIERS, Disposition
from followup.web.deps import Desk, at_desk
from followup.web.forms import Posted
from followup.web.ids import Id
from followup.web.render import page

router = APIRouter()

PAGING_TIERS = frozenset(tier.value for tier in CaseTier)


@router.get("/inbox")
def show(request: Request, desk: Desk = at_desk(Permission.review_replies)) -> Response:
    """Show what waits, the most urgent first."""
    found = waiting(desk.session)
    desk.saw("read inbox", Subject("reply"))
    return _page(request, desk, found)


@router.post("/inbox/{reply_id}/dispose")
def done(reply_id: Id, fields: Posted, desk: Desk = at_desk(Permission.review_replies)) -> Response:
    """Say what was done about a reply; it leaves the inbox."""
    dispose(
        desk.session, reply_id, disposition=fields.text("disposition"), note=fields.text("note"),
        now=desk.now, actor=desk.actor,
    )  # fmt: skip
    return RedirectResponse("/inbox?done=reviewed", status_code=303)


@router.post("/inbox/{reply_id}/tier")
def change_tier(reply_id: Id, fields: Posted, desk: Desk = at_desk(Permission.review_replies)) -> Response:
    """Give a reply another tier, with a reason; one that pages also tells the patient what to do."""
    tier = fields.text("tier")
    if tier not in TIERS:
        raise InvalidInput("tier", "Choose how fast a person must look.")
    retier(
        desk.session, reply_id, tier=tier, reason=fields.text("reason"), now=desk.now, actor=desk.actor,
        role=desk.role,
    )  # fmt: skip
    if tier in PAGING_TIERS:
        answer_raised(
            desk.session, reply_id, CaseTier(tier), actor=desk.actor,
            desk=AnswerDesk(desk.house.settings.public_url, desk.now),
        )  # fmt: skip
    return RedirectResponse("/inbox?done=reviewed", status_code=303)


def _page(request: Request, desk: Desk, found: object) -> Response:
    return page(
        request, "pages/inbox.html", desk=desk, found=found, tiers=list(reversed(TIERS)),
        dispositions=[(each.name, each.value) for each in Disposition],
        is_licensed=desk.role in LICENSED, people=names(desk.session),
    )  # fmt: skip
