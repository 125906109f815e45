"""What a person is asked to do, and whether it is done. Pure: rules and rows share these words."""

from __future__ import annotations

from enum import StrEnum


class TaskKind(StrEnum):
    """What a person is asked to do."""

    call_back = "call_back"  # same-day finding: call the patient today
    review_reply = "review_reply"  # a reply nobody understood
    call_silent = "call_silent"  # a check-in that matters was not answered
    call_missed_text = "call_missed_text"  # a step that could not be sent
    bad_number = "bad_number"
    wrong_person = "wrong_person"
    unconfirmed_send = "unconfirmed_send"  # doubt that the carrier could not settle
    consent = "consent"
    identity = "identity"  # two patients share the phone
    content = "content"  # a text that could not be rendered
    sending_paused = "sending_paused"
    staffing = "staffing"  # nobody is on call, or a page cannot reach somebody who is


RAISED_WHEN_OVERDUE = frozenset(
    {TaskKind.call_back, TaskKind.review_reply, TaskKind.call_silent, TaskKind.identity}
)
"""Overdue, these may hide a patient in danger and become an urgent case: their time is an alarm, not a wish."""


class TaskState(StrEnum):
    """Whether it still waits for a person."""

    open = "open"
    done = "done"
