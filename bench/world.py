"""What every comparison stands on: own PostgreSQL (fsync on) and Redis, one clinic, and the lab as carrier.

The lab is a process of its own and is not counted: it stands for the outside world. PostgreSQL is counted for every
design, because a design that asks it more should pay for it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from followup.bootstrap import House, build
from followup.db.migrate import WORKING_ROLES, upgrade
from followup.db.sealed import place, ring
from followup.kit.ids import new_id
from followup.lab import ACCOUNT_SID, AUTH_TOKEN, SENDER
from followup.servers.embedded import embedded
from followup.settings import Role, Settings, load
from followup.setup.apply import apply_clinic_file
from followup.setup.clinic_file import parse_clinic_file

ROOT = Path(__file__).resolve().parent.parent
BODY = "Riverbend Clinic: Checking in on day 3. Pain now, 0 to 10? Urgent, day or night: 312-555-0111"
TICKS = os.sysconf("SC_CLK_TCK")


def clinic_file(*, rate: int, rest: str) -> str:
    """Return the file of the clinic of a bench: its sender's rate, then its staff and whatever else it has."""
    return f"""
clinic:
  slug: bench
  name: Bench Clinic
  short_name: Bench Clinic
  code: BC
  time_zone: America/Chicago
  urgent_phone: "+13125550111"
  urgent_phone_answered: day and night
  office_phone: "+13125550100"
  open_hours: {{monday: ["08:00-17:00"]}}
senders:
  - {{channel: sms, address: "{SENDER}", rate_per_second: {rate}}}
{rest.strip()}
"""


CLINIC = clinic_file(
    rate=500,
    rest="""
staff:
  - {key: alma, name: Alma Reyes, role: coordinator, email: alma@followup.example}
""",
)


@dataclass(slots=True)
class World:
    """One house with one clinic on its own servers."""

    house: House
    settings: Settings
    clinic_id: uuid.UUID
    postmaster: int
    carrier_url: str
    owner_url: str

    def cpu(self) -> float:
        """Processor seconds used so far by this process, its children and PostgreSQL."""
        own = os.times()
        return own.user + own.system + own.children_user + own.children_system + _family(self.postmaster)

    def fill(self, many: int) -> None:
        """Put ``many`` due texts into an empty outbox; not timed."""
        self.empty()
        now = self.house.clock.now()
        with self.house.database.transaction(self.clinic_id) as session:
            sender = session.scalar(text("SELECT id FROM sender"))
            session.execute(
                text(
                    "INSERT INTO message (id, clinic_id, sender_id, channel, purpose, is_urgent, text_key,"
                    " cause_id, round, language, to_sealed, body_sealed, segments, state, claimable,"
                    " queued_at, not_before, not_after, attempts, calls, polls)"
                    " VALUES (:id, :clinic, :sender, 'sms', 'answer', false, 'bench', :cause, 1, 'en', :to, :body,"
                    " 1, 'queued', true, :now, :now, :after, 0, 0, 0)"
                ),
                [self._row(sender, number, now) for number in range(many)],
            )

    def _row(self, sender: uuid.UUID, number: int, now: object) -> dict[str, object]:
        message_id = new_id()
        seal = ring().seal
        return {
            "id": message_id,
            "clinic": self.clinic_id,
            "sender": sender,
            "cause": new_id(),
            "to": seal(f"+1312555{100 + number % 100:04d}", place("message", "to_sealed", message_id)),
            "body": seal(BODY, place("message", "body_sealed", message_id)),
            "now": now,
            "after": now + timedelta(hours=4),  # type: ignore[operator]
        }

    def empty(self) -> None:
        """Empty the outbox as the owner of the tables."""
        with contextlib.closing(_owner(self.owner_url)) as connection:
            connection.execute("TRUNCATE attempt, message, move CASCADE")

    def sent(self) -> int:
        """How many texts the carrier has taken, by our rows."""
        with self.house.database.transaction(self.clinic_id) as session:
            return int(
                session.scalar(text("SELECT count(*) FROM message WHERE provider_id IS NOT NULL")) or 0
            )


@contextlib.contextmanager
def open_world(*, latency_ms: int = 80, clinic: str = CLINIC, web_port: int | None = None) -> Iterator[World]:
    """Start the servers and the carrier, migrate, make the clinic; stop all of it at the end.

    With ``web_port`` carriers reach this house there, without a proxy.
    """
    with tempfile.TemporaryDirectory(prefix="followup-bench-") as folder, contextlib.ExitStack() as stack:
        home = Path(folder)
        servers = stack.enter_context(embedded(home / "data", settings={"shared_buffers": "256MB"}))
        carrier_url = stack.enter_context(_carrier(home, latency_ms))
        os.environ["FOLLOWUP_REDIS_URL"] = servers.redis_url
        settings = load(
            {},
            environment="test", database_url=servers.database_url, redis_url=servers.redis_url,
            secret_keys=("bench-secret-key-" + "0" * 32,), encryption_keys=("cd" * 32,),
            twilio_account_sid=ACCOUNT_SID, twilio_auth_token=(AUTH_TOKEN,), twilio_api_url=carrier_url,
            **({"web_port": web_port, "public_url": f"http://127.0.0.1:{web_port}"} if web_port else {}),
        )  # fmt: skip
        upgrade(
            servers.database_url,
            passwords={role: settings.role_password(Role(role)) for role in WORKING_ROLES},
        )
        house = build(settings, ringer=lambda _bells: None)
        stack.callback(house.database.dispose)
        file = parse_clinic_file(clinic, name="bench.yaml")
        applied = apply_clinic_file(house.database, file, now=house.clock.now())
        yield World(
            house,
            settings,
            applied.clinic_id,
            _postmaster(servers.database_url),
            carrier_url,
            servers.database_url,
        )


@contextlib.contextmanager
def _carrier(home: Path, latency_ms: int) -> Iterator[str]:
    told = home / "carrier"
    command = [
        *(
            sys.executable,
            "-m",
            "followup.lab",
            "--port",
            "0",
            "--port-file",
            str(told),
            "--no-smtp",
            "--instant",
        ),
        *("--latency-ms", str(latency_ms), "--sender", SENDER),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not told.exists() or not told.read_text(encoding="utf-8").strip():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the carrier did not start")
            time.sleep(0.05)
        yield told.read_text(encoding="utf-8").strip()
    finally:
        process.terminate()
        process.wait()


def _owner(url: str):  # type: ignore[no-untyped-def]
    import psycopg

    return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True)


def _postmaster(url: str) -> int:
    with contextlib.closing(_owner(url)) as connection:
        folder = connection.execute("SHOW data_directory").fetchone()[0]
        first = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()[0]
    assert folder
    return int(str(first).splitlines()[0])


def _family(parent: int) -> float:
    """Processor seconds of a process, its living children and those it has buried."""
    total = 0.0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(entry.name) == parent:
                total += sum(int(each) for each in fields[11:15]) / TICKS
            elif int(fields[1]) == parent:
                total += sum(int(each) for each in fields[11:13]) / TICKS
    return total
