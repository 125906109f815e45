"""Pathways as patients will see them: the whole calendar, its rules, its versions and what changed between two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.errors import NotFound
from followup.pathways.approve import approval, sign
from followup.pathways.booklet import booklet
from followup.pathways.difference import difference
from followup.pathways.pathway import Pathway
from followup.pathways.pin import pinned
from followup.pathways.preview import DRAFT
from followup.pathways.vocabulary import Channel, Harvest
from followup.reporting.pathways import versions
from followup.staff.queries import names
from followup.staff.rules import LICENSED, Permission
from followup.staff.sessions import is_proved
from followup.triage.engine.ruleset import default as default_ruleset
from followup.web.deps import Desk, at_desk, person_of
from followup.web.forms import Posted
from followup.web.ids import Id
from followup.web.pages.second_factor import prove_first
from followup.web.render import page

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Choice:
    """For whom the calendar is written out."""

    language: str
    harvest: Harvest
    channel: Channel


@router.get("/pathways")
def list_pathways(request: Request, desk: Desk = at_desk(Permission.see_patients)) -> Response:
    """List what can be enrolled into, and what was refused with its reasons."""
    return page(request, "pages/pathways.html", desk=desk, library=desk.library)


@router.get("/pathways/{name}")
def show(request: Request, name: str, desk: Desk = at_desk(Permission.see_patients)) -> Response:
    """Show one pathway's calendar for one kind of patient."""
    pathway = _current(desk, name)
    choice = _choice(pathway, request.query_params)
    return page(
        request,
        "pages/pathway.html",
        desk=desk,
        pathway=pathway,
        choice=choice,
        harvests=[Harvest.BONE_MARROW, Harvest.FAT],
        channels=[Channel.SMS, Channel.EMAIL],
        booklet=booklet(pathway, choice.language, choice.harvest, channel=choice.channel),
        versions=versions(desk.session, pathway.id),
        approval=approval(desk.session, pathway),
        library=desk.library,
        people=names(desk.session),
        rules=default_ruleset(),
        draft=DRAFT,
    )


@router.post("/pathways/{name}/sign")
def sign_it(name: str, fields: Posted, desk: Desk = at_desk(Permission.sign_pathways)) -> Response:
    """Sign the version that was read; only somebody who proved minutes ago who they are."""
    pathway = _current(desk, name)
    person, session_id = person_of(desk)
    if not is_proved(desk.session, session_id):
        return prove_first(f"/pathways/{pathway.id}")
    sign(
        desk.session, desk.clinic_id, pathway, seen=fields.text("content_hash"), staff_id=person,
        is_clinician=desk.role in LICENSED, now=desk.now, actor=desk.actor,
    )  # fmt: skip
    return RedirectResponse(f"/pathways/{pathway.id}?done=signed#approval", status_code=303)


@router.get("/pathways/{name}/changes")
def show_changes(
    request: Request, name: str, old: Id, *, new: Id | None = None,
    desk: Desk = at_desk(Permission.see_patients),
) -> Response:  # fmt: skip
    """Show what changed between two pinned versions, or since a pinned one."""
    current = _current(desk, name)
    before = pinned(desk.session, old)
    after = pinned(desk.session, new) if new else current
    if {before.id, after.id} != {current.id}:
        raise NotFound
    return page(
        request, "pages/pathway_changes.html", desk=desk, pathway=current, before=before, after=after,
        changes=difference(before, after),
    )  # fmt: skip


def _current(desk: Desk, name: str) -> Pathway:
    """The version in the folder. Raises NotFound, also for one that was refused."""
    found = desk.library.pathways.get(name)
    if found is None:
        raise NotFound
    return found


def _choice(pathway: Pathway, asked: Mapping[str, str]) -> Choice:
    """What was asked for; whatever is not known becomes the first of its kind."""
    language = asked.get("language", "")
    return Choice(
        language=language if language in pathway.languages else pathway.languages[0],
        harvest=Harvest.FAT if asked.get("harvest") == Harvest.FAT.value else Harvest.BONE_MARROW,
        channel=Channel.EMAIL if asked.get("channel") == Channel.EMAIL.value else Channel.SMS,
    )
