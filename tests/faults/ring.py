"""Rings the real workers of a test, as the product's bell does."""

from __future__ import annotations

from celery import Celery

from tests.faults.case import Case


def broker_of(case: Case) -> Celery:
    """Return an app that sends to the workers of this house, and to nobody else's."""
    url = case.home.house.settings.redis_url
    assert url
    app = Celery("ring", broker=url.get_secret_value().replace("unix://", "redis+socket://", 1))
    app.conf.broker_transport_options = {"global_keyprefix": f"faults-{case.home.clinic_id}:"}
    return app


def ring(case: Case, name: str) -> None:
    """Send one wake-up to the workers of this house."""
    with broker_of(case) as app:
        app.send_task(name, queue=name.partition(".")[0], expires=10)
