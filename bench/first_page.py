"""Reply to first page: emergencies among routine replies, while a morning's routine texts are due.

Real web process, beat and the three workers, as in production; the carrier and its patients are processes of their
own. For each emergency the time from the webhook's 2xx to the carrier's journal entry of the first text to staff
that covers its case: its own, or one that lists its code among others.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.patients import move_in
from bench.world import ROOT, World, clinic_file, open_world
from followup.kit.ids import new_id
from followup.lab import ACCOUNT_SID, AUTH_TOKEN, SENDER
from followup.servers.processes import house_processes
from followup.servers.supervisor import Supervisor
from followup.settings import Role

CLINIC = clinic_file(
    rate=20,
    rest="""
staff:
  - key: bea
    name: Bea Santos
    role: nurse
    email: bea@followup.example
    contact_points: [{channel: sms, address: "+13125550131", verified: true}]
  - key: osei
    name: Dr Osei
    role: physician
    email: osei@followup.example
    contact_points: [{channel: sms, address: "+13125550132", verified: true}]
roster:
  - {duty: nurse, staff: bea}
  - {duty: physician, staff: osei}
roster_weeks: 4
""",
)
ROUTINE = ("Pain is 2 today", "3", "Feeling good, thank you", "walking fine, pain 1", "Todo bien, dolor 2")
EMERGENCY = "I can't breathe and my chest hurts"
P99_SECONDS, MOST_SECONDS = 2.0, 5.0
EMERGENCIES_A_SECOND = 2
PATIENCE_SECONDS = 60.0
LOOKED_AT_SECONDS = 10.0

_LOGINS = (Role.app, Role.engine, Role.intake)
_COVERED = text(
    """
    SELECT v.provider_key AS sid, COALESCE(lead.token, p.token) AS token, r.recorded_at AS kept,
           e.recorded_at AS opened, p.claimed_at AS claimed
    FROM provider_event v JOIN reply r ON r.provider_event_id = v.id
    JOIN escalation_signal s ON s.cause_id = r.id JOIN escalation e ON e.id = s.escalation_id
    JOIN page p ON p.escalation_id = e.id AND p.purpose = 'page' AND p.channel = 'sms'
    LEFT JOIN page lead ON lead.id = p.bundle_id
    """
)
_LEFT = text("SELECT count(*) FROM provider_event WHERE kind = 'inbound_sms' AND processed_at IS NULL")
_UNREAD = text("SELECT count(*) FROM reply WHERE state = 'received'")


@dataclass(frozen=True, slots=True)
class Load:
    """What comes in: routine replies a second, for how long, and how many routine texts are due beside them."""

    rate: int = 200
    seconds: int = 60
    due: int = 5_000


def first_page(load: Load, *, say: Callable[[str], None]) -> dict[str, Any]:
    """Run one load, say what was found, and return it with every emergency's time."""
    say(
        f"First page: {EMERGENCIES_A_SECOND} emergencies a second among {load.rate} routine replies/s for"
        f" {load.seconds} s, {load.due:,} routine texts due"
    )
    with open_world(clinic=CLINIC, web_port=_free_port()) as world, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        texts = _texts(load, move_in(world, load.seconds * (load.rate + EMERGENCIES_A_SECOND)))
        with _house(world, home):
            world.fill(load.due)
            handed = _called(world, home, texts)
            left = _left(world)
            reads = _settled(world, sum(each["is_emergency"] for each in texts))
            found = _measure(world, texts, handed)
        found |= {"waiting_at_the_end": left, "read_per_second": reads, **_load_of(handed, load)}
    for line in _lines(found):
        say(line)
    return found


def _texts(load: Load, phones: list[str]) -> list[dict[str, Any]]:
    chance = random.Random(5)
    texts = []
    for number, phone in enumerate(phones):
        is_emergency = number % (load.rate + EMERGENCIES_A_SECOND) < EMERGENCIES_A_SECOND
        texts.append(
            {
                "sid": f"SM{new_id().hex}", "from": phone, "is_emergency": is_emergency,
                "at": chance.random() * load.seconds,
                "body": EMERGENCY if is_emergency else chance.choice(ROUTINE),
            }
        )  # fmt: skip
    return sorted(texts, key=lambda each: float(each["at"]))


@contextlib.contextmanager
def _house(world: World, home: Path) -> Iterator[None]:
    logs = home / "logs"
    logs.mkdir()
    keep = os.environ.get("FOLLOWUP_BENCH_LOGS")
    processes = house_processes(
        home, environment=_environment(world, home), logs=Path(keep) if keep else logs
    )
    with Supervisor(processes, data_folder=home, gives_up_after=3) as supervisor:
        deadline = time.monotonic() + 90

        def is_ready() -> bool:
            if time.monotonic() > deadline:
                raise RuntimeError("the house did not get ready")
            with contextlib.suppress(OSError):
                url = f"{world.settings.public_url}/readyz"
                return bool(urllib.request.urlopen(url, timeout=2).status == 200)
            return False

        supervisor.wait(until=is_ready)
        yield


def _environment(world: World, home: Path) -> dict[str, str]:
    told = world.settings
    assert told.redis_url
    values = {
        **{f"DATABASE_{role.upper()}_URL": told.database_url_of(role) for role in _LOGINS},
        "REDIS_URL": told.redis_url.get_secret_value(), "ENVIRONMENT": "test", "LOG_FORMAT": "plain",
        "SECRET_KEYS": told.secret_keys[0].get_secret_value(),
        "ENCRYPTION_KEYS": told.encryption_keys[0].get_secret_value(),
        "TWILIO_API_URL": told.twilio_api_url, "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "PUBLIC_URL": told.public_url, "WEB_PORT": str(told.web_port), "DATA_FOLDER": str(home),
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOLLOWUP_")}
    return kept | {f"FOLLOWUP_{name}": value for name, value in values.items()}


def _called(world: World, home: Path, texts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    plan, result = home / "plan.json", home / "result.json"
    told = {
        "host": "127.0.0.1", "port": world.settings.web_port, "auth_token": AUTH_TOKEN, "account": ACCOUNT_SID,
        "to": SENDER, "texts": texts,
    }  # fmt: skip
    plan.write_text(json.dumps(told), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "bench.callers", str(plan), str(result)], cwd=ROOT, check=True)
    found: list[dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))
    return found


def _left(world: World) -> int:
    """How many replies nobody has understood or assessed yet."""
    with world.house.database.engine() as session:
        return int((session.scalar(_LEFT) or 0) + (session.scalar(_UNREAD) or 0))


def _settled(world: World, emergencies: int) -> float:
    """Wait until every emergency's page left, or the patience ends; returns how many replies a second are read."""
    began, before = time.monotonic(), _left(world)
    while time.monotonic() - began < PATIENCE_SECONDS:
        took = time.monotonic() - began
        if len(_paged(world)) >= emergencies and (took > LOOKED_AT_SECONDS or not _left(world)):
            break
        time.sleep(1)
    return (before - _left(world)) / (time.monotonic() - began)


def _paged(world: World) -> dict[str, dict[str, float]]:
    """When the carrier had the first text that covers each emergency, and our own steps before it, by its sid."""
    url = f"{world.carrier_url}/lab/journal?kind=text-accepted&limit=1000000"
    with urllib.request.urlopen(url, timeout=60) as answer:
        taken = {
            str(each["callback"] or "").rpartition("/")[2].partition("#")[0]: float(each["at"])
            for each in json.load(answer)["entries"]
        }
    found: dict[str, dict[str, float]] = {}
    with world.house.database.transaction(world.clinic_id) as session:
        for row in session.execute(_COVERED):
            at = taken.get(row.token)
            if at is not None and at < found.get(row.sid, {"paged": float("inf")})["paged"]:
                found[row.sid] = {
                    "paged": at, "kept": row.kept.timestamp(), "opened": row.opened.timestamp(),
                    "claimed": row.claimed.timestamp() if row.claimed else at,
                }  # fmt: skip
    return found


def _measure(world: World, texts: list[dict[str, Any]], handed: list[dict[str, Any]]) -> dict[str, Any]:
    paged = _paged(world)
    accepted = {each["sid"]: float(each["accepted"]) for each in handed if each["status"] // 100 == 2}
    emergencies = [each["sid"] for each in texts if each["is_emergency"]]
    hops = [
        {name: at - accepted[sid] for name, at in paged[sid].items()}
        for sid in emergencies
        if sid in accepted and sid in paged
    ]
    took = sorted(each["paged"] for each in hops)
    return {
        "emergencies": len(emergencies), "without_a_page": len(emergencies) - len(hops), "hops": hops,
        "p50": statistics.median(took) if took else None, "most": took[-1] if took else None,
        "p99": took[min(int(len(took) * 0.99), len(took) - 1)] if took else None,
        "median_hops": {name: statistics.median(each[name] for each in hops) for name in hops[0]} if hops else {},
    }  # fmt: skip


def _load_of(handed: list[dict[str, Any]], load: Load) -> dict[str, Any]:
    answers = sorted(float(each["accepted"]) - float(each["sent"]) for each in handed)
    late = sorted(float(each["late"]) for each in handed)
    return {
        "texts": len(handed), "refused": sum(each["status"] // 100 != 2 for each in handed),
        "rate": len(handed) / load.seconds, "late_p99": late[int(len(late) * 0.99)],
        "answer_p50": statistics.median(answers), "answer_p99": answers[int(len(answers) * 0.99)],
    }  # fmt: skip


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"  handed over {found['texts']:,} texts, {found['rate']:.0f}/s, {found['refused']} not taken"
    yield (
        f"  answered in {found['answer_p50'] * 1000:.0f} ms (p50) and {found['answer_p99'] * 1000:.0f} ms (p99),"
        f" sent {found['late_p99'] * 1000:.0f} ms late (p99)"
    )
    yield (
        f"  {found['waiting_at_the_end']:,} replies not read yet when the last came; from then on"
        f" {found['read_per_second']:.0f}/s were read"
    )
    if found["p99"] is None:
        yield "  NO PAGE reached the carrier"
        return
    met = found["p99"] <= P99_SECONDS and found["most"] <= MOST_SECONDS and not found["without_a_page"]
    yield (
        f"  first page: p50 {found['p50']:.2f} s, p99 {found['p99']:.2f} s, most {found['most']:.2f} s,"
        f" {found['without_a_page']} of {found['emergencies']} without"
        f"  bar p99 <= {P99_SECONDS:.0f} s, most <= {MOST_SECONDS:.0f} s: {'met' if met else 'NOT MET'}"
    )
    yield "  median after the webhook's answer: " + ", ".join(
        f"{name} {seconds:.2f} s" for name, seconds in found["median_hops"].items()
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
