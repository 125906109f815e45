"""The page behind the link in a text to staff. Opening it accepts nothing; the button does.

Mail scanners, link previews and curious fingers open links. The link says for whom it was sent, so the button
needs no sign-in at three in the morning; what the case is about is shown only after one.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from followup.errors import NotFound
from followup.escalation.acknowledge import Result, StaffAnswer, accept
from followup.reporting.cases import FoundLink, LinkedCase, find_link, linked_case
from followup.reporting.clinic import clinic_facts
from followup.web.deps import engine_of, house_of
from followup.web.render import page

router = APIRouter()


@router.get("/c/{code}")
def show(request: Request, code: str) -> Response:
    """Show the case's code and a button; changes nothing."""
    found = _found(request, code)
    with house_of(request).database.transaction(found.clinic_id) as session:
        case = linked_case(session, found, clinic_facts(session, found.clinic_id).code)
    return _page(request, code, case, None)


@router.post("/c/{code}")
def take(request: Request, code: str) -> Response:
    """Make the person the link was sent to the owner of the case."""
    house, found = house_of(request), _found(request, code)
    with house.database.transaction(found.clinic_id) as session:
        clinic = clinic_facts(session, found.clinic_id)
        staff_id = linked_case(session, found, clinic.code).staff_id
        if staff_id is None:
            raise NotFound("This link belongs to the clinic's line. Sign in to take the case.")
        answer = accept(
            session, found.case_id, staff_id, how="link", now=house.clock.now(),
            public_url=house.settings.public_url,
        )  # fmt: skip
        session.flush()
        case = linked_case(session, found, clinic.code)
    return _page(request, code, case, answer)


def _found(request: Request, code: str) -> FoundLink:
    with engine_of(request) as looking:
        found = find_link(looking, code)
    if found is None:
        raise NotFound("This link is not valid any more. Sign in to see the open cases.")
    return found


def _page(request: Request, code: str, case: LinkedCase, answer: StaffAnswer | None) -> Response:
    is_lost = answer is not None and answer.result not in (Result.accepted, Result.yours_already)
    return page(
        request, "pages/accept.html", status=409 if is_lost else 200, case=case, answer=answer, code=code,
        is_yours=case.owner_id is not None and case.owner_id == case.staff_id,
    )  # fmt: skip
