"""One fault on one small clinic: injected, ended, and how long until everything is normal again.

The loops are stepped in this process, so that a test says when something happens. Care time moves by the test;
machine time is made to pass by moving the open attempts' marks, as a minute of waiting would.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from followup.bootstrap import sms_of
from followup.escalation.respond import respond
from followup.gateways.inbound_list import lister
from followup.intake.reconcile import reconcile_inbound
from followup.kit.clock import SystemClock
from followup.lab import Lab, Text
from followup.messaging.deliver import Delivery
from followup.messaging.pump import PumpLimits
from followup.replies.process import process_events
from tests.faults.invariants import Eye
from tests.household import INES, QUICK, Household

PUBLIC = "https://followup.example"
STEP = timedelta(seconds=15)
MOST = timedelta(minutes=5)


@dataclass(slots=True)
class Case:
    """A household with something going wrong."""

    home: Household
    eye: Eye
    injected_at: datetime | None = None
    marks: dict[str, tuple[float, datetime]] = field(default_factory=dict)
    at_rest: bool = True
    is_broken_on_purpose: bool = False

    @property
    def lab(self) -> Lab:
        """The carrier."""
        return self.home.lab

    # -- the clinic's day ----------------------------------------------------------------------------------------

    def queue_welcome(self, **fields: Any) -> None:
        """Enroll somebody, and queue the welcome; nothing is called yet."""
        self.home.enroll(**fields)
        self.home.dispatch()

    def deliver(self, *, limits: PumpLimits = QUICK, urgent: bool = False) -> Delivery:
        """Run the pumps once and let the carrier come to rest."""
        done = self.home.deliver(limits=limits, urgent=urgent)
        self.lab.wait_idle()
        return done

    def texts(self, number: str = INES) -> list[Text]:
        """What a patient's phone shows from us."""
        self.lab.wait_idle()
        return [each for each in self.lab.phone(number).inbox if not each.by_carrier]

    def tick(self) -> None:
        """Let every loop go round once, as the beat would."""
        home, house = self.home, self.home.house
        reconcile_inbound(house.database, lister(sms_of(house.settings)), now=home.clock.now)
        process_events(house.database, now=home.clock.now)
        respond(house.database, home.clock, public_url=PUBLIC)
        home.dispatch()
        home.deliver(urgent=True)
        home.deliver()
        self.lab.wait_idle()
        process_events(house.database, now=home.clock.now)
        home.settle()

    def tick_without_delivery(self) -> None:
        """What arrived is understood and answered, and nothing leaves yet."""
        self.lab.wait_idle()
        process_events(self.home.house.database, now=self.home.clock.now)
        respond(self.home.house.database, self.home.clock, public_url=PUBLIC)

    def machine_time_passes(self, minutes: float) -> None:
        """Let the open attempts be ``minutes`` older than they are."""
        self.home.change(
            "UPDATE attempt SET claimed_at = claimed_at - make_interval(secs => :secs),"
            " calling_at = calling_at - make_interval(secs => :secs),"
            " lease_until = lease_until - make_interval(secs => :secs)"
            " WHERE state IN ('claimed', 'calling', 'in_doubt')",
            secs=minutes * 60,
        )

    def leases_end(self) -> None:
        """Let the leases of pumps that are dead run out, as a minute of waiting would."""
        self.home.change(
            "UPDATE sender SET lease_until = lease_until - interval '2 minutes',"
            " urgent_lease_until = urgent_lease_until - interval '2 minutes'"
        )

    # -- the fault -----------------------------------------------------------------------------------------------

    def injected(self) -> None:
        """The fault begins now."""
        self.injected_at = SystemClock().now()

    def over(self) -> None:
        """The fault ends now."""
        self.marks["over"] = time.monotonic(), self.home.now

    def recovers(self, is_normal: Callable[[], bool]) -> None:
        """Step the loops until ``is_normal``, for at most five minutes of care time; note how long that took."""
        self.injected_at = self.injected_at or SystemClock().now()
        if "over" not in self.marks:
            self.over()
        ends = self.home.now + MOST
        while True:
            self.tick()
            if is_normal():
                break
            assert self.home.now < ends, "I12: not normal again five minutes after the fault ended"
            self.home.pass_time(STEP)
        self.normal()

    def normal(self) -> None:
        """Everything is normal again now."""
        self.injected_at = self.injected_at or SystemClock().now()
        if "over" not in self.marks:
            self.over()
        self.marks["normal"] = time.monotonic(), self.home.now

    def recovered_after(self) -> float | None:
        """Seconds between the fault's end and normal: the larger of care time and machine time."""
        if "over" not in self.marks or "normal" not in self.marks:
            return None
        (machine, care), (machine_after, care_after) = self.marks["over"], self.marks["normal"]
        return max(machine_after - machine, (care_after - care).total_seconds())

    # -- what is asserted most -----------------------------------------------------------------------------------

    def state(self) -> tuple[str, str | None]:
        """State of the newest message and of its newest attempt."""
        rows = self.home.rows(
            "SELECT m.state, a.state FROM message m LEFT JOIN attempt a ON a.message_id = m.id"
            " ORDER BY m.queued_at DESC, m.round DESC, a.number DESC NULLS LAST LIMIT 1"
        )
        return rows[0][0], rows[0][1]

    def open_tasks(self) -> set[str]:
        """Kinds of tasks that wait for a person."""
        return {row.kind for row in self.home.rows("SELECT kind FROM task WHERE state = 'open'")}
