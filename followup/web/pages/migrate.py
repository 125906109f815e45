"""Move everybody who is on an older version of a pathway to the one in force, after seeing what that does."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.enrollment.migrate_version import migrate_all, preview_all
from followup.errors import Conflict, InvalidInput
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.forms import Posted
from followup.web.render import page

router = APIRouter()


@router.get("/pathways/{name}/migrate")
def show(request: Request, name: str, desk: Desk = at_desk(Permission.change_enrollment)) -> Response:
    """Show who would be moved, and what changes for each of them."""
    return _page(request, desk, name)


@router.post("/pathways/{name}/migrate")
def migrate(
    request: Request, name: str, fields: Posted, desk: Desk = at_desk(Permission.change_enrollment)
) -> Response:
    """Move all of them as shown, or nobody."""
    try:
        with desk.attempt():
            migrate_all(
                desk.session, name, library=desk.library, now=desk.now, actor=desk.actor,
                seen=fields.text("mark"),
            )  # fmt: skip
    except Conflict as refused:
        return _page(request, desk, name, refused=refused.message, status=409)
    return RedirectResponse(f"/pathways/{name}?done=changed#versions", status_code=303)


def _page(request: Request, desk: Desk, name: str, *, refused: str = "", status: int = 200) -> Response:
    try:
        many = preview_all(desk.session, name, library=desk.library, now=desk.now)
    except InvalidInput as unsigned:
        many, refused, status = None, unsigned.problems[0].message, 409
    pathway = desk.library.get(name)
    return page(
        request, "pages/migrate.html", status=status, desk=desk, pathway=pathway, many=many, refused=refused
    )
