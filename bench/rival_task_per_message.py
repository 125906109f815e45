"""The rival: one Celery task per message, plain SQL, the SDK's synchronous client with a pool of connections.

Tuned as its manuals advise: threads, late acknowledgement, prefetch 1, a pool as large as the number of threads. It
checks, opens and records what ours does; it claims, calls and records one message at a time.
"""

from __future__ import annotations

import os
import threading

import psycopg
import redis
from celery import Celery
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from followup.kit.crypto import KeyRing
from followup.lab import ACCOUNT_SID, AUTH_TOKEN, SENDER

app = Celery("rival", config_source="celeryconfig")
app.conf.imports = ()
app.conf.task_acks_late = True
app.conf.task_reject_on_worker_lost = True
app.conf.broker_transport_options = {**app.conf.broker_transport_options, "max_connections": 250}

_here = threading.local()
_ring = KeyRing.from_texts([os.environ.get("BENCH_KEY", "cd" * 32)])
_client: Client | None = None
_lock = threading.Lock()

_CLAIM = """
    UPDATE message m SET claimable = false, attempts = attempts + 1
    FROM clinic c WHERE m.id = %s AND m.state = 'queued' AND m.claimable AND c.id = m.clinic_id
      AND c.sending_paused_at IS NULL AND m.not_after > now()
      AND NOT EXISTS (SELECT 1 FROM contact_point p WHERE p.id = m.contact_point_id AND p.opted_out_at IS NOT NULL)
    RETURNING m.to_sealed, m.body_sealed
"""
_RECORD = "UPDATE message SET state = 'accepted', provider_id = %s, accepted_at = now() WHERE id = %s"


def _connection() -> psycopg.Connection[tuple[object, ...]]:
    if not hasattr(_here, "connection"):
        url = os.environ["BENCH_DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
        _here.connection = psycopg.connect(url)
    return _here.connection


def _carrier() -> Client:
    global _client  # noqa: PLW0603 - one client per process, as the SDK's manual advises
    with _lock:
        if _client is None:
            http = TwilioHttpClient(timeout=10, pool_connections=True)
            from requests.adapters import HTTPAdapter

            http.session.mount("http://", HTTPAdapter(pool_connections=4, pool_maxsize=128))
            _client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http, environment={})
            _client.api.base_url = os.environ["BENCH_CARRIER"]
    return _client


@app.task(name="bench.ready")
def ready() -> None:
    """Tell that this worker takes tasks."""
    redis.Redis.from_url(os.environ["FOLLOWUP_REDIS_URL"]).set("bench-ready", "1")


@app.task(name="bench.send")
def send(message_id: str) -> None:
    """Claim, call and record one message."""
    connection = _connection()
    clinic = os.environ["BENCH_CLINIC"]
    with connection.transaction():
        connection.execute("SELECT set_config('followup.clinic_id', %s, true)", [clinic])
        row = connection.execute(_CLAIM, [message_id]).fetchone()
    if row is None:
        return
    to = _ring.open(bytes(row[0]), f"message.to_sealed:{message_id}")  # type: ignore[arg-type]
    body = _ring.open(bytes(row[1]), f"message.body_sealed:{message_id}")  # type: ignore[arg-type]
    sent = _carrier().messages.create(
        to=to, from_=SENDER, body=body, status_callback="https://followup.example/x", validity_period=3600
    )
    with connection.transaction():
        connection.execute("SELECT set_config('followup.clinic_id', %s, true)", [clinic])
        connection.execute(_RECORD, [sent.sid, message_id])
