"""The work list: what a person has to do, by when, and the form that closes it with what was done."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.audit.record import Subject
from followup.reporting.today import open_task_lines
from followup.staff.rules import Permission
from followup.tasks.close import DISPOSITIONS, close_task
from followup.web.deps import Desk, at_desk
from followup.web.forms import Posted
from followup.web.ids import Id
from followup.web.render import page

router = APIRouter()

PAGE = 50


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
        dispositions=list(DISPOSITIONS.items()),
    )  # fmt: skip


@router.post("/tasks/{task_id}/close")
def close(task_id: Id, fields: Posted, desk: Desk = at_desk(Permission.close_tasks)) -> Response:
    """Close a task with what was done."""
    close_task(
        desk.session, task_id, disposition=fields.text("disposition"), note=fields.text("note")[:4000],
        now=desk.now, actor=desk.actor,
    )  # fmt: skip
    return RedirectResponse("/tasks?done=closed", status_code=303)
