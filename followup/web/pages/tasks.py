"""The work list: what a person has to do, by when, and the form that closes it with what was done."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.audit.record import Subject
from followup.errors import InvalidInput
from followup.kit.windows import to_utc
from followup.replies.close_task import close_task
from followup.reporting.today import open_task_lines
from followup.staff.queries import colleagues, person
from followup.staff.rules import Permission
from followup.tasks.close import DISPOSITIONS
from followup.tasks.put_off import put_off
from followup.tasks.states import RAISED_WHEN_OVERDUE
from followup.tasks.take import take
from followup.web.deps import Desk, at_desk
from followup.web.forms import Posted
from followup.web.ids import Id, read_id
from followup.web.render import page

router = APIRouter()

PAGE = 50


def _morning(days: int) -> Callable[[datetime, ZoneInfo], datetime]:
    """The opening of the clinic's day, that many days on."""
    return lambda now, zone: to_utc(now.astimezone(zone).date() + timedelta(days=days), time(9), zone).utc


WAITS: Mapping[str, tuple[str, Callable[[datetime, ZoneInfo], datetime]]] = {
    "hour": ("one hour", lambda now, _: now + timedelta(hours=1)),
    "four": ("four hours", lambda now, _: now + timedelta(hours=4)),
    "morning": ("until tomorrow at 9", _morning(1)),
    "two-days": ("until the day after, at 9", _morning(2)),
}


@router.get("/tasks")
def show(
    request: Request,
    after: Id | None = None,
    due: datetime | None = None,
    desk: Desk = at_desk(Permission.close_tasks),
) -> Response:
    """Show the open tasks, the most overdue first."""
    start = (due, after) if due and due.tzinfo and after else None
    found = open_task_lines(desk.session, after=start, limit=PAGE + 1)
    desk.saw("read tasks", Subject("task"))
    return page(
        request, "pages/tasks.html", desk=desk, tasks=found[:PAGE], more=len(found) > PAGE,
        dispositions=list(DISPOSITIONS.items()), waits=[(name, words) for name, (words, _) in WAITS.items()],
        colleagues=colleagues(desk.session), raised=RAISED_WHEN_OVERDUE,
    )  # fmt: skip


@router.post("/tasks/{task_id}/owner")
def give(task_id: Id, fields: Posted, desk: Desk = at_desk(Permission.close_tasks)) -> Response:
    """Take a task, give it to a colleague, or give it back to all."""
    take(desk.session, task_id, owner_id=_owner(desk, fields.text("owner")), now=desk.now, actor=desk.actor)
    return RedirectResponse(f"/tasks?done=assigned#task-{task_id}", status_code=303)


@router.post("/tasks/{task_id}/put-off")
def wait(task_id: Id, fields: Posted, desk: Desk = at_desk(Permission.close_tasks)) -> Response:
    """Let a task be due later, with the reason."""
    _, until = WAITS.get(fields.text("until"), ("", None))
    if until is None:
        raise InvalidInput("until", "Choose how long it can wait.")
    put_off(
        desk.session, task_id, until=until(desk.now, desk.zone), reason=fields.text("reason"), now=desk.now,
        actor=desk.actor,
    )  # fmt: skip
    return RedirectResponse("/tasks?done=put-off", status_code=303)


@router.post("/tasks/{task_id}/close")
def close(task_id: Id, fields: Posted, desk: Desk = at_desk(Permission.close_tasks)) -> Response:
    """Close a task with what was done."""
    close_task(
        desk.session, task_id, disposition=fields.text("disposition"), note=fields.text("note")[:4000],
        now=desk.now, actor=desk.actor,
    )  # fmt: skip
    return RedirectResponse("/tasks?done=closed", status_code=303)


def _owner(desk: Desk, typed: str) -> uuid.UUID | None:
    if not typed:
        return None
    try:
        found = person(desk.session, read_id(typed))
    except ValueError:
        found = None
    if found is None:
        raise InvalidInput("owner", "Choose somebody who works here.")
    return found.id
