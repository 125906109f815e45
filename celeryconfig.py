"""Values of Celery: queues, acknowledgement, time-outs and the beat table. No logic.

Celery carries wake-ups, never content: every task finds its work in PostgreSQL, so a lost, repeated or late
message changes nothing. ``care`` has its own worker: a morning of routine texts must never delay a page.
"""

import os

# The broker's library spells the address of a socket, and of a database behind it, in a way of its own.
broker_url = (
    os.environ.get("FOLLOWUP_REDIS_URL", "redis://127.0.0.1:6379/0")
    .replace("unix://", "redis+socket://", 1)
    .replace("?db=", "?virtual_host=", 1)
)
broker_connection_retry_on_startup = True
# A Redis that takes no writes (full, read-only, without its replicas) says so to the reader of a queue as well: the
# worker waits for it as for one that is away.
broker_channel_error_retry = True
broker_transport_options = {
    "global_keyprefix": os.environ.get("FOLLOWUP_BROKER_PREFIX", "followup:"),
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    "health_check_interval": 25,
    "max_connections": 50,
}
visibility_timeout = 600

task_serializer = "json"
result_serializer = "json"
accept_content = ["json"]
result_backend = None
task_ignore_result = True

# A wake-up is acknowledged as it arrives: recovery comes from the rows and the next tick, not from redelivery.
task_acks_late = False
# A worker whose credit is used up asks the broker again only after its poll of up to two seconds, and a page would
# wait that long behind nothing. Wake-ups are empty and brief, so a worker may hold many; none is tied to a thread.
worker_prefetch_multiplier = 16
worker_hijack_root_logger = False
worker_send_task_events = False
worker_soft_shutdown_timeout = 20.0
worker_cancel_long_running_tasks_on_connection_loss = True
worker_pool = "threads"
timezone = "UTC"
enable_utc = True

task_default_queue = "upkeep"
task_create_missing_queues = True
# First match wins: the name of a bell or tick says whose work it is.
task_routes = [
    [
        ("care.*", {"queue": "care"}),
        ("messages.*", {"queue": "messages"}),
        ("upkeep.*", {"queue": "upkeep"}),
    ]
]

_TICK = float(os.environ.get("FOLLOWUP_TICK_SECONDS", "5"))


def _every(seconds: float, task: str) -> dict[str, object]:
    # A wake-up that waited longer than one tick is stale: the next one finds the same rows.
    return {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 1.0)}}


beat_schedule = {
    "events": _every(_TICK, "care.process_events"),
    "replies": _every(_TICK, "care.respond"),
    "escalations": _every(_TICK, "care.escalate"),
    "pages": _every(_TICK, "care.page"),
    "safety": _every(_TICK, "care.deliver_urgent"),
    "touchpoints": _every(_TICK * 2, "messages.dispatch"),
    "delivery": _every(_TICK, "messages.deliver"),
    "silence": _every(_TICK * 6, "messages.remind"),
    "settle": _every(_TICK * 6, "messages.settle"),
    "overdue": _every(_TICK * 6, "care.raise_overdue"),
    "mailbox": _every(_TICK * 3, "upkeep.read_mailbox"),
    "files": _every(_TICK * 3, "upkeep.fetch_media"),
    "spool": _every(_TICK * 2, "upkeep.import_spool"),
    "reconcile": _every(300.0, "upkeep.reconcile_inbound"),
    "ended": _every(_TICK * 6, "upkeep.complete"),
    "rosters": _every(300.0, "upkeep.keep_rosters"),
    "shifts": _every(60.0, "care.remind_shifts"),
    "audit-chain": _every(_TICK, "upkeep.seal_audit"),
    "auditor": _every(60.0, "upkeep.audit_invariants"),
    "retention": _every(900.0, "upkeep.retain"),
    "carrier-copies": _every(900.0, "upkeep.empty_carrier_copies"),
    "monitor": _every(60.0, "upkeep.tell_monitor"),
    "synthetic": _every(_TICK * 2, "upkeep.synthetic_patient"),
}
beat_scheduler = "celery.beat:Scheduler"
