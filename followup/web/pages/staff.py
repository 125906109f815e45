"""People and keys of a clinic: who works here, what they may do, which systems have a key, and who ended what.

For administrators. Everything that changes something asks for a proof that is minutes old. A link or a key is shown
once, on the page that made it, and nowhere else.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.audit.record import Subject
from followup.errors import Conflict, InvalidInput
from followup.kit.clock import SystemClock
from followup.staff import api_keys, people, sessions
from followup.staff.links import make_link
from followup.staff.rules import PERMISSIONS, Permission
from followup.staff.states import LinkKind, StaffRole
from followup.web.deps import Desk, at_desk, person_of
from followup.web.forms import Fields, Posted
from followup.web.ids import Id
from followup.web.pages.second_factor import prove_first
from followup.web.render import page

router = APIRouter()

MANAGER = Permission.manage_staff
CHANGES = {
    "disable": people.disable,
    "enable": people.enable,
    "end-sessions": people.end_sessions,
}


@router.get("/staff")
def show(request: Request, desk: Desk = at_desk(MANAGER)) -> Response:
    """List people and keys."""
    desk.saw("list staff", Subject("clinic", desk.clinic_id))
    return _page(request, desk)


@router.post("/staff")
def add(request: Request, fields: Posted, desk: Desk = at_desk(MANAGER)) -> Response:
    """Add somebody and show the link by which they choose a password."""
    if not _is_proved(desk):
        return prove_first("/staff")
    try:
        with desk.attempt():
            added = people.add_person(
                desk.session, desk.clinic_id, name=fields.text("name"), email=fields.text("email"),
                role=fields.text("role"), now=desk.now, actor=desk.actor,
            )  # fmt: skip
    except InvalidInput as wrong:
        return _page(request, desk, fields=fields, wrong=wrong)
    return _with_link(request, desk, added, LinkKind.invitation)


@router.post("/staff/{staff_id}/link")
def link(request: Request, staff_id: Id, fields: Posted, desk: Desk = at_desk(MANAGER)) -> Response:
    """Show a new link for somebody who has to choose a password, the first or another one."""
    if not _is_proved(desk):
        return prove_first("/staff")
    kind = LinkKind.reset if fields.text("kind") == LinkKind.reset else LinkKind.invitation
    return _with_link(request, desk, staff_id, kind)


@router.post("/staff/{staff_id}/role")
def role(request: Request, staff_id: Id, fields: Posted, desk: Desk = at_desk(MANAGER)) -> Response:
    """Give somebody another role."""
    if not _is_proved(desk):
        return prove_first("/staff")
    try:
        with desk.attempt():
            people.change_role(desk.session, staff_id, fields.text("role"), now=desk.now, actor=desk.actor)
    except (InvalidInput, Conflict) as wrong:
        return _page(request, desk, refused=wrong.message)
    return _done()


@router.post("/staff/{staff_id}/access/{change}")
def access(request: Request, staff_id: Id, change: str, desk: Desk = at_desk(MANAGER)) -> Response:
    """End somebody's access or sign-ins, or let them work here again."""
    if not _is_proved(desk):
        return prove_first("/staff")
    if change not in CHANGES:
        raise InvalidInput("change", "There is no such change.")
    try:
        with desk.attempt():
            CHANGES[change](desk.session, staff_id, now=desk.now, actor=desk.actor)
    except Conflict as wrong:
        return _page(request, desk, refused=wrong.message)
    return _done()


@router.post("/staff/keys")
def make_key(request: Request, fields: Posted, desk: Desk = at_desk(MANAGER)) -> Response:
    """Make a key for one of the clinic's own systems and show it, once."""
    if not _is_proved(desk):
        return prove_first("/staff")
    chosen = [value for name, value in fields.pairs if name == "scope"]
    try:
        with desk.attempt():
            key = api_keys.create(
                desk.session, desk.clinic_id, fields.text("key_name"), _role(fields), now=desk.now,
                actor=desk.actor, scopes=api_keys.scopes_of(chosen),
                expires_at=SystemClock().now() + timedelta(days=_days(fields)),
            )  # fmt: skip
    except InvalidInput as wrong:
        return _page(request, desk, fields=fields, wrong=wrong)
    return _page(request, desk, new_key=key)


@router.post("/staff/keys/{key_id}/revoke")
def revoke_key(key_id: Id, desk: Desk = at_desk(MANAGER)) -> Response:
    """End a key."""
    if not _is_proved(desk):
        return prove_first("/staff")
    api_keys.revoke(desk.session, key_id, now=desk.now, actor=desk.actor)
    return _done()


def _role(fields: Fields) -> StaffRole:
    try:
        return StaffRole(fields.text("key_role"))
    except ValueError:
        raise InvalidInput("key_role", "Choose one of the roles.") from None


def _days(fields: Fields) -> int:
    days = fields.whole("days", least=api_keys.USUAL_DAYS)
    if not 1 <= days <= api_keys.MOST_DAYS:
        raise InvalidInput("days", f"A key holds for 1 to {api_keys.MOST_DAYS} days.")
    return days


def _with_link(request: Request, desk: Desk, staff_id: Id, kind: LinkKind) -> Response:
    address = people.address_of(desk.session, staff_id)
    token = make_link(desk.session, address, kind=kind, now=desk.now, actor=desk.actor)
    return _page(
        request, desk, new_link=f"{desk.house.settings.public_url}/welcome/{token}", link_for=address
    )


def _is_proved(desk: Desk) -> bool:
    return sessions.is_proved(desk.session, person_of(desk)[1])


def _done() -> Response:
    return RedirectResponse("/staff?done=staff-changed", status_code=303)


def _page(
    request: Request, desk: Desk, *, fields: Fields | None = None, wrong: InvalidInput | None = None,
    refused: str = "", new_link: str = "", link_for: str = "", new_key: str = "",
) -> Response:  # fmt: skip
    errors = {each.field: each.message for each in wrong.problems} if wrong else {}
    return page(
        request, "pages/staff.html", status=422 if errors else 409 if refused else 200, desk=desk,
        everybody=people.everybody(desk.session), keys=api_keys.listed(desk.session), errors=errors,
        values=dict(fields or {}), refused=refused, new_link=new_link, link_for=link_for, new_key=new_key,
        roles=[(each.value, each.value.replace("_", " ")) for each in StaffRole],
        scopes=[(each.name, each.value) for each in Permission if each in api_keys.FOR_KEYS],
        permissions=PERMISSIONS, me=desk.actor.id, usual_days=api_keys.USUAL_DAYS,
    )  # fmt: skip
