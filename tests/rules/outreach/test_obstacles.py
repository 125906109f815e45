"""What stands in the way of a due contact, in the order a coordinator would want to hear it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from followup.enrollment.planning.reasons import Reason
from followup.outreach.rules import Standing, Way, obstacle

FREE = Standing(
    is_safety=False, enrollment_state="active", is_held=False, sending_paused=False, patient_died=False,
    has_address=True, opted_out=False,
)  # fmt: skip


def test_nothing_stands_in_the_way() -> None:
    assert obstacle(FREE) is None


@pytest.mark.parametrize(
    ("change", "way", "reason"),
    [
        ({"patient_died": True, "is_held": True}, Way.cancel, Reason.DIED),
        ({"enrollment_state": "withdrawn"}, Way.cancel, Reason.WITHDRAWN),
        ({"has_address": False, "is_safety": True}, Way.call_task, Reason.NO_CHANNEL),
        ({"has_address": False, "opted_out": True}, Way.skip, Reason.OPTED_OUT),
        ({"has_address": False}, Way.skip, Reason.NO_CHANNEL),
        ({"is_held": True}, Way.wait, Reason.HELD),
        ({"enrollment_state": "paused"}, Way.wait, Reason.PAUSED),
        ({"sending_paused": True}, Way.wait, Reason.SENDING_PAUSED),
    ],
)
def test_each_obstacle_has_its_way_and_reason(change: dict[str, object], way: Way, reason: Reason) -> None:
    found = obstacle(replace(FREE, **change))
    assert found is not None
    assert (found.way, found.reason) == (way, reason)
    assert found.sentence


def test_a_safety_contact_that_cannot_be_sent_is_never_nothing() -> None:
    found = obstacle(replace(FREE, is_safety=True, has_address=False, opted_out=True))
    assert found is not None
    assert found.way is Way.call_task
