"""A whole town for the journeys: the house, a clinic, the carrier, the web door, and real worker processes.

Nothing is replaced: Celery workers and beat are processes of their own, Redis and PostgreSQL are servers, the SDK
speaks HTTP to the lab, and the lab posts signed webhooks to the real application.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import redis
from pydantic import SecretStr
from sqlalchemy import select

from followup.bootstrap import House, build
from followup.db.session import Bell
from followup.escalation.models import Escalation
from followup.kit.clock import ClockFile
from followup.lab import Lab
from followup.messaging.models import Attempt, Message
from followup.settings import Settings
from followup.web.app import create_app
from tests.cast import NUMBER, TUESDAY, ClinicOfTheTest, open_clinic
from tests.doors.hooks_of_the_test import served

ROOT = Path(__file__).resolve().parents[2]
PUBLIC_URL = "https://followup.example"
EARLY = TUESDAY - timedelta(
    hours=1, minutes=40
)  # 9:20 in Chicago: texts may go out, the day's check-in is to come
CHECK_IN = TUESDAY - timedelta(hours=1, minutes=20)  # a quarter of an hour after a welcome at the latest


@dataclass
class Town:
    """Everything of one journey. Workers are started by the test that needs them."""

    house: House
    lab: Lab
    clinic: ClinicOfTheTest
    environment: dict[str, str]
    folder: Path
    stack: ExitStack
    logs: list[Path] = field(default_factory=list)

    @property
    def clock(self) -> ClockFile:
        """The clock that every process follows."""
        assert isinstance(self.house.clock, ClockFile)
        return self.house.clock

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a Celery process; it is stopped at the end of the journey."""
        log = self.folder / f"process-{len(self.logs)}.log"
        self.logs.append(log)
        output = self.stack.enter_context(log.open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "workers.app", *words],
            cwd=ROOT, env=self.environment, stdout=output, stderr=output,
        )  # fmt: skip
        self.stack.callback(_stop, process)
        return process

    def worker(
        self, *, with_beat: bool = True, queues: str = "care,messages,upkeep"
    ) -> subprocess.Popen[bytes]:
        """Start a worker for these queues, with the beat inside unless told otherwise."""
        beat = ["--beat", "--schedule", str(self.folder / f"beat-{len(self.logs)}")] if with_beat else []
        return self.start(
            "worker", *beat, "--queues", queues, "--pool", "threads", "--concurrency", "4",
            "--hostname", f"worker{len(self.logs)}@%h", "--without-gossip", "--without-mingle",
        )  # fmt: skip

    def beat(self) -> subprocess.Popen[bytes]:
        """Start a beat of its own."""
        return self.start("beat", "--schedule", str(self.folder / f"beat-{len(self.logs)}"), "--pidfile", "")

    def goes_on_to_the_check_in(self) -> None:
        """Let care time jump to the minute of the day's check-in."""
        self.clock.set(CHECK_IN, speed=1.0)

    def ring(self, *names: str) -> None:
        """Ring bells as a stage would."""
        self.house.ringer([Bell(name) for name in names])

    def forget_all_rings(self) -> None:
        """Empty Redis, as a crash of it would."""
        with redis.Redis.from_url(self.environment["FOLLOWUP_REDIS_URL"]) as connection:
            connection.flushall()

    def messages(self, *, text_key: str = "") -> list[Message]:
        """The messages of the clinic, oldest first; one text only if named."""
        with self.clinic.session() as session:
            found = session.scalars(select(Message).order_by(Message.queued_at, Message.id)).all()
        return [each for each in found if not text_key or each.text_key == text_key]

    def attempts(self) -> list[Attempt]:
        """The calls to the carrier, oldest first."""
        with self.clinic.session() as session:
            return list(session.scalars(select(Attempt).order_by(Attempt.claimed_at, Attempt.id)))

    def case(self) -> Escalation | None:
        """The one case of the clinic, if there is one."""
        with self.clinic.session() as session:
            return session.scalars(select(Escalation)).one_or_none()


@contextmanager
def a_town(settings: Settings, lab: Lab, folder: Path) -> Iterator[Town]:
    """Set everything up but the workers; the clock runs from a Tuesday morning in Chicago."""
    wired = settings.model_copy(
        update={
            "twilio_account_sid": lab.account.sid,
            "twilio_auth_token": (SecretStr(lab.auth_token),),
            "twilio_api_url": lab.url,
            "smtp_url": SecretStr(lab.smtp_url),
            "mailbox_url": SecretStr(lab.mailbox_url),
            "public_url": PUBLIC_URL,
        }
    )
    environment = _environment(wired)
    with ExitStack() as stack:
        house = build(wired, ringer=_ringer(environment))
        stack.callback(house.database.dispose)
        clock = house.clock
        assert isinstance(clock, ClockFile)
        clock.set(EARLY, speed=1.0)
        url = stack.enter_context(served(create_app(house)))
        lab.sender(NUMBER, inbound_url=f"{PUBLIC_URL}/hooks/twilio/sms#rc=5&rp=all")
        lab.route(PUBLIC_URL, url)
        yield Town(house, lab, open_clinic(house, now=EARLY), environment, folder, stack)


def _environment(settings: Settings) -> dict[str, str]:
    told = {
        "ENVIRONMENT": "test", "CLOCK_FILE": settings.clock_file, "DATA_FOLDER": settings.data_folder,
        "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url,
        "SECRET_KEYS": settings.secret_keys[0], "ENCRYPTION_KEYS": settings.encryption_keys[0],
        "TWILIO_ACCOUNT_SID": settings.twilio_account_sid, "TWILIO_AUTH_TOKEN": settings.twilio_auth_token[0],
        "TWILIO_API_URL": settings.twilio_api_url, "SMTP_URL": settings.smtp_url,
        "MAILBOX_URL": settings.mailbox_url, "PUBLIC_URL": PUBLIC_URL, "TICK_SECONDS": "0.5",
        "LOG_FORMAT": "plain",
    }  # fmt: skip
    plain = {
        f"FOLLOWUP_{name}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in told.items()
        if value is not None
    }
    return {**os.environ, **plain}


def _ringer(environment: dict[str, str]) -> Callable[[list[Bell]], None]:
    """The real bell, on this test's own broker: its address is read when the bell is made."""
    from celery import Celery

    from followup.gateways.bell import CeleryBell

    app = Celery("town", config_source="celeryconfig")
    app.conf.broker_url = environment["FOLLOWUP_REDIS_URL"].replace("unix://", "redis+socket://", 1)
    return CeleryBell(app)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(25)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
