"""What people are asked to do."""

from __future__ import annotations

from typing import Literal

from followup.audit.record import Subject
from followup.replies.close_task import close_task
from followup.reporting import records
from followup.staff.rules import Permission
from followup.web.api import show
from followup.web.api.answers import TaskOut
from followup.web.api.paging import Asked, Page, page_of
from followup.web.api.requests import CloseTaskIn
from followup.web.api.router import router_of
from followup.web.deps import Desk, with_key
from followup.web.ids import Id

router = router_of("tasks")


@router.get("/tasks")
def list_tasks(
    asked: Asked,
    state: Literal["open", "done"] | None = None,
    patient_id: Id | None = None,
    desk: Desk = with_key(Permission.see_patients),
) -> Page[TaskOut]:
    """List tasks; ``due_at`` says which come first."""
    wanted = records.Wanted(patient_id=patient_id, after=asked.after, limit=asked.limit)
    found = records.tasks(desk.session, wanted, state=state)
    desk.saw("list tasks", Subject("task", None, patient_id))
    return page_of(found, asked, show.task, lambda each: each.id)


@router.post("/tasks/{task_id}/close")
def close(task_id: Id, body: CloseTaskIn, desk: Desk = with_key(Permission.close_tasks)) -> TaskOut:
    """Close a task with what was done; a second time is 409."""
    closed = close_task(
        desk.session, task_id, disposition=body.disposition, now=desk.now, actor=desk.actor, note=body.note
    )
    return show.task(closed)
