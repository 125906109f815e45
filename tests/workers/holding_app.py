"""A worker with this house's Celery settings and two tasks of the test: one that holds a thread, one that hears.

The test decides through Redis when a held thread goes free, so nothing here waits for a fixed time.
"""

from __future__ import annotations

import os

from celery import Celery
from redis import Redis

app = Celery("holding", config_source="celeryconfig")
app.conf.imports = ()
app.conf.task_routes = None
app.conf.task_default_queue = "holding"

MOST_SECONDS = 30


def told() -> Redis:
    return Redis.from_url(os.environ["FOLLOWUP_REDIS_URL"])


@app.task(name="hold")
def hold() -> None:
    """Say that a thread is held, and hold it until the test lets go."""
    told().rpush("held", 1)
    told().blpop(["let-go"], timeout=MOST_SECONDS)


@app.task(name="hear")
def hear() -> None:
    """Say that the bell was heard."""
    told().rpush("heard", 1)
