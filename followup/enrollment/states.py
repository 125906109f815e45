"""Where enrollments and touchpoints stand. Pure: rules and rows share these words."""

from __future__ import annotations

from enum import StrEnum


class EnrollmentState(StrEnum):
    """Where an enrollment stands; the allowed moves are in ``enrollment/rules``."""

    active = "active"
    paused = "paused"
    completed = "completed"
    withdrawn = "withdrawn"


class TouchpointState(StrEnum):
    """Where a planned contact stands."""

    planned = "planned"
    dispatched = "dispatched"
    answered = "answered"
    unanswered = "unanswered"
    skipped = "skipped"
    cancelled = "cancelled"
    call_task = "call_task"
