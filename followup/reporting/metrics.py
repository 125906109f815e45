"""Numbers for a monitor, computed from the database when asked, so that they are right in every process.

Labels are states, channels and names of loops: never a clinic's name, never anything about a patient.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from followup.clinics.models import Heartbeat, Sender
from followup.clinics.states import Channel
from followup.enrollment.models import Enrollment, Touchpoint
from followup.enrollment.states import TouchpointState
from followup.escalation.models import Escalation, Page
from followup.escalation.states import OPEN_STATES
from followup.escalation.synthetic import newest_runs
from followup.messaging.models import Attempt, Message
from followup.messaging.states import AttemptState, MessageState
from followup.replies.models import Reply
from followup.replies.states import ReplyState
from followup.reporting.ready import ages
from followup.tasks.models import Task
from followup.tasks.states import TaskState

CONTENT_TYPE = CONTENT_TYPE_LATEST

# Only what is open or waiting is counted by state: those sets stay small, and each has a partial index.
_COUNTS: tuple[tuple[str, str, tuple[str, ...], Select[*tuple[Any, ...]]], ...] = (
    (
        "followup_messages_waiting", "messages that have not been handed to a carrier", ("channel", "purpose"),
        select(Message.channel, Message.purpose, func.count())
        .where(Message.state == MessageState.queued)
        .group_by(Message.channel, Message.purpose),
    ),
    (
        "followup_attempts_open", "calls to carriers that are not settled", ("state",),
        select(Attempt.state, func.count())
        .where(Attempt.state.in_([AttemptState.claimed, AttemptState.calling, AttemptState.in_doubt]))
        .group_by(Attempt.state),
    ),
    (
        "followup_replies_open", "replies that wait for triage or a person", ("state",),
        select(Reply.state, func.count())
        .where(Reply.state.in_([ReplyState.received, ReplyState.in_review]))
        .group_by(Reply.state),
    ),
    (
        "followup_tasks_open", "tasks that wait for a person", ("kind",),
        select(Task.kind, func.count()).where(Task.state == TaskState.open).group_by(Task.kind),
    ),
    (
        "followup_escalations_open", "cases that are not closed", ("state", "tier"),
        select(Escalation.state, Escalation.tier, func.count())
        .where(Escalation.state.in_(OPEN_STATES))
        .group_by(Escalation.state, Escalation.tier),
    ),
    (
        "followup_pages_open", "pages to staff that are not settled", ("state",),
        select(Page.state, func.count())
        .where(Page.state.in_(["planned", "claimed", "unknown", "submitted", "sent"]))
        .group_by(Page.state),
    ),
    (
        "followup_enrollments", "enrollments by state", ("state",),
        select(Enrollment.state, func.count()).group_by(Enrollment.state),
    ),
)  # fmt: skip


class _FromDatabase(Collector):
    def __init__(self, looking: Session, now: datetime) -> None:
        self._looking = looking
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, meaning, labels, query in _COUNTS:
            family = GaugeMetricFamily(name, meaning, labels=labels)
            for row in self._looking.execute(query):
                *values, count = row
                family.add_metric([str(value) for value in values], float(count))
            yield family
        yield self._touchpoints_late()
        yield from self._ages()
        yield self._synthetic()
        yield self._compared()
        yield self._ticks()

    def _touchpoints_late(self) -> GaugeMetricFamily:
        late = self._looking.scalar(
            select(func.count()).select_from(
                select(Touchpoint.id)
                .where(Touchpoint.state == TouchpointState.planned, Touchpoint.look_at <= self._now)
                .subquery()
            )
        )
        return GaugeMetricFamily("followup_touchpoints_due", "touchpoints due now", value=late or 0)

    def _ages(self) -> Iterator[GaugeMetricFamily]:
        found = ages(self._looking, self._now)
        for name, value in (
            ("due_touchpoint", found.due_touchpoint),
            ("due_message", found.due_message),
            ("unassessed_reply", found.unassessed_reply),
            ("unaccepted_escalation", found.unaccepted_escalation),
        ):
            yield GaugeMetricFamily(
                f"followup_oldest_{name}_age_seconds",
                "age of the oldest; 0 if there is none",
                value=value or 0,
            )

    def _synthetic(self) -> GaugeMetricFamily:
        meaning = "what each hop of the synthetic patient's newest run took"
        family = GaugeMetricFamily("followup_synthetic_hop_seconds", meaning, labels=["hop"])
        slowest: dict[str, float] = {}
        for _, run, _ in newest_runs(self._looking):
            for hop, seconds in run.hops().items():
                slowest[hop] = max(seconds, slowest.get(hop, 0.0))
        for hop, seconds in slowest.items():
            family.add_metric([hop], seconds)
        return family

    def _compared(self) -> GaugeMetricFamily:
        age = self._looking.scalar(
            select(func.extract("epoch", func.now() - func.min(Sender.inbound_listed_at))).where(
                Sender.channel == Channel.sms
            )
        )
        meaning = "since the sender that waits longest was compared with the carrier's list of inbound texts"
        return GaugeMetricFamily("followup_inbound_compared_age_seconds", meaning, value=float(age or 0))

    def _ticks(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "followup_tick_age_seconds", "since a loop last went round", labels=["loop"]
        )
        rows = self._looking.execute(
            select(Heartbeat.name, func.extract("epoch", func.now() - Heartbeat.ticked_at))
        )
        for name, age in rows:
            family.add_metric([name], float(age))
        return family


def exposition(looking: Session, now: datetime) -> bytes:
    """Return all numbers in the text format; the engine role looks, ``now`` is care time."""
    registry = CollectorRegistry()
    registry.register(_FromDatabase(looking, now))
    return generate_latest(registry)
