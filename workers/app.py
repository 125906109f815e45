"""The Celery application, and the table of which task answers which bell.

A task body has three statements; an ``if`` belongs to a rule. Tasks carry ids, never content.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import structlog
from celery import Celery, signals

from followup import log
from followup.bootstrap import House, open_house
from followup.clinics.heartbeat import Pulse
from workers.broker import expect_strangers

app = Celery("followup", config_source="celeryconfig")
expect_strangers(app.conf)
app.conf.imports = (
    "workers.dispatch",
    "workers.delivery",
    "workers.replies",
    "workers.escalation",
    "workers.upkeep",
)

# Bell name (as rung by a stage) to the work it hastens. The name is the task's name, so routing follows from it.
BELLS = {
    "care.process_events": "raw events became readable",
    "care.respond": "a patient's reply was received",
    "care.escalate": "a case has something due",
    "care.page": "a page waits to be sent",
    "care.deliver_urgent": "a safety text waits to be sent",
    "care.raise_overdue": "an unanswered check-in is urgent at once",
    "messages.dispatch": "touchpoints became due",
    "messages.deliver": "a message was queued",
}


def house() -> House:
    """Return this worker's house: settings, database, clock and gateways, opened once per process."""
    return open_house()


# A loop that goes round less often would make /readyz wait for it; its own task says when it fails.
SLOWEST_NOTED_SECONDS = 60.0


@functools.cache
def pulse() -> Pulse:
    """Return what notes that the loops of the beat table go round."""
    ticks = app.conf.beat_schedule.values()
    return Pulse(
        house().database, {each["task"] for each in ticks if each["schedule"] <= SLOWEST_NOTED_SECONDS}
    )


# How far a worker stands back for others on the same machine when it carries nothing of care (Unix niceness).
STANDS_BACK = 10


@signals.celeryd_init.connect
def _make_way(options: dict[str, Any], **_: Any) -> None:
    """Let webhooks and red flags have the processor first: a morning of routine texts can wait a moment."""
    queues = options.get("queues") or ()
    queues = queues.split(",") if isinstance(queues, str) else queues
    if queues and "care" not in queues:
        os.nice(STANDS_BACK)


@signals.setup_logging.connect
def _log_like_the_house(**_: Any) -> None:
    log.configure(form=open_house().settings.log_format)


@signals.task_prerun.connect
def _bind(task_id: str, task: Any, **_: Any) -> None:
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)


@signals.task_postrun.connect
def _unbind(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()


@signals.task_success.connect
def _tick(sender: Any, **_: Any) -> None:
    pulse().went_round(sender.name)
