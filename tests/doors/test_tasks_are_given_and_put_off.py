"""A task can be taken, given, given back and put off; what is about safety keeps its time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from followup.escalation.raise_overdue import RAISED
from followup.tasks.close import close_task
from followup.tasks.open import open_task
from followup.tasks.states import RAISED_WHEN_OVERDUE, TaskKind
from tests.doors.conftest import NOW, Story


def opened(story: Story, kind: TaskKind = TaskKind.bad_number, priority: str = "normal") -> str:
    with story.house.database.transaction(story.clinic.id) as session:
        found = open_task(
            session, story.clinic.id, kind=kind, reason="a number that does not work", priority=priority,
            due_at=NOW + timedelta(hours=2), now=NOW,
        )  # fmt: skip
    return str(found)


def id_of(story: Story, role: str) -> str:
    [row] = story.rows(f"SELECT id FROM staff WHERE key = '{role}'")
    return str(row.id)


def test_a_task_is_taken_given_to_a_colleague_and_given_back(coordinator: TestClient, story: Story) -> None:
    task, me, nurse = opened(story), id_of(story, "coordinator"), id_of(story, "nurse")
    for owner, words in ((me, "Give it back"), (nurse, "with Nurse of riverbend"), ("", "Take it")):
        answer = coordinator.post(f"/tasks/{task}/owner", data={"owner": owner})
        assert answer.status_code == 303
        assert words in coordinator.get("/tasks").text
        assert [str(each.owner_id or "") for each in story.rows("SELECT owner_id FROM task")] == [owner]
    actions = [
        each.action
        for each in story.rows("SELECT action FROM audit_event WHERE action LIKE '%task' ORDER BY seq")
    ]
    assert actions == ["assign task", "assign task", "give back task"]


@pytest.mark.parametrize("owner", ["nobody", "01890000-0000-7000-8000-000000000000"])
def test_a_task_is_not_given_to_somebody_who_does_not_work_here(
    coordinator: TestClient, story: Story, owner: str
) -> None:
    task = opened(story)
    assert coordinator.post(f"/tasks/{task}/owner", data={"owner": owner}).status_code == 422
    assert [each.owner_id for each in story.rows("SELECT owner_id FROM task")] == [None]


def test_what_can_wait_is_put_off_with_its_reason_on_record(coordinator: TestClient, story: Story) -> None:
    task = opened(story)
    assert "Put it off" in coordinator.get("/tasks").text
    put = coordinator.post(
        f"/tasks/{task}/put-off", data={"until": "morning", "reason": "the office is closed"}
    )
    assert put.status_code == 303
    [row] = story.rows("SELECT due_at FROM task")
    # Nine on the next morning in Los Angeles, on Wednesday the fourth.
    assert row.due_at.isoformat() == "2026-03-04T17:00:00+00:00"
    assert ("put off task",) in story.rows("SELECT action FROM audit_event")


@pytest.mark.parametrize(
    ("kind", "priority"),
    [(kind, "normal") for kind in sorted(RAISED_WHEN_OVERDUE)] + [(TaskKind.consent, "high")],
)
def test_what_is_about_safety_keeps_its_time(
    coordinator: TestClient, story: Story, kind: TaskKind, priority: str
) -> None:
    task = opened(story, kind, priority)
    assert "Put it off" not in coordinator.get("/tasks").text
    answer = coordinator.post(f"/tasks/{task}/put-off", data={"until": "hour", "reason": "lunch"})
    assert answer.status_code == 409
    assert [each.due_at for each in story.rows("SELECT due_at FROM task")] == [NOW + timedelta(hours=2)]


@pytest.mark.parametrize("typed", [{"until": "never", "reason": "x"}, {"until": "hour", "reason": " "}, {}])
def test_putting_off_needs_a_time_and_a_reason(
    coordinator: TestClient, story: Story, typed: dict[str, str]
) -> None:
    task = opened(story)
    assert coordinator.post(f"/tasks/{task}/put-off", data=typed).status_code == 422
    assert [each.due_at for each in story.rows("SELECT due_at FROM task")] == [NOW + timedelta(hours=2)]


def test_what_was_closed_meanwhile_is_neither_given_nor_put_off(
    coordinator: TestClient, story: Story
) -> None:
    task = opened(story)
    with story.house.database.transaction(story.clinic.id) as session:
        from uuid import UUID

        from followup.audit.record import SYSTEM

        close_task(session, UUID(task), disposition="gone", now=NOW, actor=SYSTEM)
    assert coordinator.post(f"/tasks/{task}/owner", data={}).status_code == 409
    late = coordinator.post(f"/tasks/{task}/put-off", data={"until": "hour", "reason": "x"})
    assert late.status_code == 409


def test_the_kinds_whose_time_is_an_alarm_are_those_that_are_raised() -> None:
    assert set(RAISED) == RAISED_WHEN_OVERDUE
