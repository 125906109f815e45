"""Sets the stage: servers, lab, clock, clinic and processes, started with a line for each and stopped together.

It starts from nothing every time and leaves nothing behind. Settings of a real service in the environment are put
aside first: the demo must never reach a real carrier or a real database.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from followup.bootstrap import House, build
from followup.db.migrate import WORKING_ROLES, upgrade
from followup.kit.clock import ClockFile
from followup.lab import Lab, Pace
from followup.servers import embedded
from followup.servers.children import ServerFailed
from followup.servers.port import need_free_port
from followup.servers.processes import house_processes
from followup.servers.supervisor import Supervisor
from followup.settings import PREFIX, Role, Settings, load
from followup.setup.apply import apply_clinic_file
from followup.setup.clinic_file import ClinicFile, read_clinic_file

CLINIC_FILE = Path(__file__).with_name("riverbend.yaml")
WEB_READY_SECONDS = 60.0
GIVES_UP_AFTER = 3
BUSY_MACHINE_THREADS = 4

# The demo begins anew each time, so nothing has to survive a power cut, and waiting for the disk is half the time.
NOTHING_IS_KEPT = {"fsync": "off", "synchronous_commit": "off"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How to set the stage. ``public_url`` None: the plain local address of the web process."""

    folder: Path
    web_port: int
    lab_port: int
    begins: datetime
    speed: float
    public_url: str | None = None
    tick_seconds: int = 1
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that runs."""

    house: House
    clock: ClockFile
    lab: Lab
    clinic: ClinicFile
    clinic_id: uuid.UUID
    supervisor: Supervisor
    web_url: str
    folder: Path

    @property
    def sender(self) -> str:
        """The number that the clinic texts from."""
        return next(iter(self.lab.server.carrier.senders))


Progress = Callable[[str], None]


def tell(line: str) -> None:
    """Say what happens now, beside the output."""
    sys.stderr.write(f"- {line}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def world(plan: Plan, *, say: Progress = tell) -> Iterator[World]:
    """Start everything; stop all of it at the end, however the block ends. Raises PortTaken, ServerFailed."""
    _forget_real_settings()
    need_free_port(plan.web_port, command="./run demo")
    shutil.rmtree(plan.folder, ignore_errors=True)
    plan.folder.mkdir(mode=0o700, parents=True)
    clinic = read_clinic_file(CLINIC_FILE)
    clock = ClockFile(plan.folder / "clock")
    clock.set(plan.begins, speed=plan.speed)
    with contextlib.ExitStack() as stack:
        say("starting PostgreSQL and Redis")
        servers = stack.enter_context(embedded(plan.folder, settings=NOTHING_IS_KEPT))
        lab = stack.enter_context(_lab(plan, clinic))
        settings = _settings(plan, lab, database_url=servers.database_url, redis_url=servers.redis_url)
        say("making the tables")
        upgrade(
            settings.database_url_of(Role.owner),
            passwords={role: settings.role_password(Role(role)) for role in WORKING_ROLES},
        )
        environment = {**_environment(settings), f"{PREFIX}TICK_SECONDS": str(plan.tick_seconds)}
        os.environ.update(environment)  # the bell of this process reads it too
        house = build(settings)
        stack.callback(house.database.dispose)
        applied = apply_clinic_file(house.database, clinic, now=clock.now())
        say("starting web, workers and beat")
        supervisor = stack.enter_context(_processes(plan, environment))
        web_url = f"http://127.0.0.1:{plan.web_port}"
        _wait_for_web(web_url, supervisor)
        yield World(
            house=house, clock=clock, lab=lab, clinic=clinic, clinic_id=applied.clinic_id,
            supervisor=supervisor, web_url=web_url, folder=plan.folder,
        )  # fmt: skip


@contextlib.contextmanager
def _lab(plan: Plan, clinic: ClinicFile) -> Iterator[Lab]:
    numbers = tuple(_plain(each.address) for each in clinic.senders if each.channel == "sms")
    changes = {
        "port": plan.lab_port, "senders": numbers, "pace": plan.pace, "clock_file": plan.folder / "clock",
        "time_zone": clinic.clinic.time_zone,
    }  # fmt: skip
    with Lab.started(None, **changes) as lab:
        local = f"http://127.0.0.1:{plan.web_port}"
        public = plan.public_url or local
        if public != local:
            lab.route(public, local)
        for number in numbers:
            lab.sender(
                number, name=clinic.clinic.name, inbound_url=f"{public}/hooks/twilio/sms#rc=5&rp=all",
                voice_url=f"{public}/hooks/twilio/voice",
            )  # fmt: skip
        for person in clinic.staff:
            for point in person.contact_points:
                if point.channel == "sms":
                    lab.phone(_plain(point.address), name=person.name, owner="staff")
        lab.phone(clinic.clinic.urgent_phone, name="Urgent line (answered day and night)", owner="staff")
        yield lab


def _plain(number: str) -> str:
    return "+" + "".join(filter(str.isdigit, number))


def _settings(plan: Plan, lab: Lab, *, database_url: str, redis_url: str) -> Settings:
    key_sid, secret = next(iter(lab.account.api_keys.items()))
    return load(
        {},
        environment="demo",
        database_url=database_url,
        redis_url=redis_url,
        public_url=plan.public_url or f"http://127.0.0.1:{plan.web_port}",
        secret_keys=(secrets.token_hex(32),),
        encryption_keys=(secrets.token_hex(32),),
        twilio_account_sid=lab.account.sid,
        twilio_auth_token=(lab.auth_token,),
        twilio_api_key=key_sid,
        twilio_api_secret=secret,
        twilio_api_url=lab.url,
        smtp_url=lab.smtp_url,
        mailbox_url=lab.mailbox_url,
        mail_from="care@riverbend.example",
        clock_file=plan.folder / "clock",
        data_folder=plan.folder,
        web_port=plan.web_port,
        log_format="plain",
    )


def _environment(settings: Settings) -> dict[str, str]:
    """Write settings as the children read them: the three working logins, never the owner's."""
    told: dict[str, str] = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is None or value == () or name.startswith("database"):
            continue
        told[PREFIX + name.upper()] = _written(value)
    for role in (Role.app, Role.engine, Role.intake):
        told[f"{PREFIX}DATABASE_{role.upper()}_URL"] = settings.database_url_of(role)
    return told


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(_written(each) for each in value)
    reveal = getattr(value, "get_secret_value", None)
    return str(reveal() if reveal else value)


@contextlib.contextmanager
def _processes(plan: Plan, environment: Mapping[str, str]) -> Iterator[Supervisor]:
    logs = plan.folder / "logs"
    logs.mkdir()
    processes = house_processes(
        plan.folder, environment=environment, logs=logs, concurrency=BUSY_MACHINE_THREADS
    )
    with Supervisor(processes, data_folder=plan.folder, gives_up_after=GIVES_UP_AFTER) as supervisor:
        yield supervisor


def _wait_for_web(url: str, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + WEB_READY_SECONDS

    def answers() -> bool:
        if time.monotonic() > deadline:
            raise ServerFailed("the web process does not answer; its log is in the folder 'logs'")
        return _answers(f"{url}/healthz")

    if not supervisor.wait(until=answers):
        raise KeyboardInterrupt


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _forget_real_settings() -> None:
    for name in [each for each in os.environ if each.startswith(PREFIX)]:
        del os.environ[name]
