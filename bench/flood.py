"""``python -m bench.flood``: what a stranger's flood costs, and whether real texts still get through.

A real web process on its own PostgreSQL. Forged webhooks come at a fixed rate with a signature of the right length,
so that each is read and checked; real ones come among them and their times count. Then invented people try to sign
in as fast as the server lets them, and its memory is watched. The one who floods shares the
machine with the service.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.world import ROOT, World, _owner, open_world
from followup.lab import ACCOUNT_SID, AUTH_TOKEN, SENDER
from followup.servers.port import free_port
from followup.staff.limits import SLOTS
from followup.web.hooks.signature import sign

CONNECTIONS = 64
REAL_A_SECOND = 2
SLOWEST_REAL_SECONDS = 2.0
# Four passwords are hashed at once; what is on top of that is the requests that wait.
MOST_GROWTH_MB = 400
FORGED = "A" * 27 + "="


@dataclass(slots=True)
class Counted:
    """What came back: statuses, and the seconds that each real text took."""

    statuses: dict[int, int] = field(default_factory=dict)
    real_seconds: list[float] = field(default_factory=list)

    def add(self, status: int) -> None:
        """Count one answer."""
        self.statuses[status] = self.statuses.get(status, 0) + 1


def webhook_flood(
    world: World, port: int, pid: int, *, rate: int, seconds: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Flood the webhook of texts; say and return what it cost."""
    before = _rows(world)
    counted = Counted()
    memory, cpu = _memory(pid), _cpu(pid)
    began = time.perf_counter()
    asyncio.run(_both(world, port, counted, rate=rate, seconds=seconds))
    took = time.perf_counter() - began
    per_forged = (_cpu(pid) - cpu) / max(counted.statuses.get(403, 0), 1)
    written = _rows(world) - before
    forged = counted.statuses.get(403, 0)
    slowest = max(counted.real_seconds, default=0.0)
    say(
        f"forged webhooks: {forged:,} refused in {took:.0f} s ({forged / took:,.0f}/s), other answers"
        f" { {status: many for status, many in counted.statuses.items() if status != 403} };"
        f" memory {memory:.0f} -> {_memory(pid):.0f} MB"
    )
    say(
        f"  real texts among them: {len(counted.real_seconds)}, median"
        f" {statistics.median(counted.real_seconds) * 1000:.0f} ms, slowest {slowest * 1000:.0f} ms"
        f"  bar < {SLOWEST_REAL_SECONDS * 1000:.0f} ms"
    )
    say(
        f"  {per_forged * 1000:.2f} ms of one core for a forged one: {per_forged * rate:.0%} of it"
        f" at {rate:,} a second"
    )
    say(f"  rows written: {written} for {len(counted.real_seconds)} real texts  bar: none for a forged one")
    return {
        "forged": forged, "cpu_seconds_per_forged": per_forged, "seconds": took,
        "real": len(counted.real_seconds), "slowest_real": slowest,
        "rows_written": written, "holds": written == len(counted.real_seconds) and slowest < SLOWEST_REAL_SECONDS,
    }  # fmt: skip


def sign_in_flood(
    world: World, port: int, pid: int, *, seconds: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Flood the sign-in with invented people; say and return how the memory grew."""
    before = _memory(pid)
    counted, peak = Counted(), before
    ends = time.monotonic() + seconds

    async def knock(connection: Connection) -> None:
        nonlocal peak
        while time.monotonic() < ends:
            body = urlencode({"email": f"{uuid.uuid4().hex}@x.example", "password": "p" * 200}).encode()
            counted.add(await connection.post("/sign-in", body, {"Sec-Fetch-Site": "same-origin"}))
            peak = max(peak, _memory(pid))

    asyncio.run(_many(port, knock))
    with contextlib.closing(_owner(world.owner_url)) as connection:
        slots = connection.execute("SELECT count(*) FROM sign_in_bucket").fetchone()[0]
    tried = sum(counted.statuses.values())
    say(
        f"sign-in flood: {tried} tries in {seconds} s by {CONNECTIONS} connections, answers {counted.statuses};"
        f" memory {before:.0f} -> at most {peak:.0f} MB  bar < +{MOST_GROWTH_MB} MB; {slots} rows of counting,"
        f" never more than {SLOTS:,}"
    )
    return {
        "tries": tried,
        "memory_mb": [before, peak],
        "rows": slots,
        "holds": peak - before < MOST_GROWTH_MB,
    }


class Connection:
    """One kept-alive connection that posts forms; opens itself anew when it was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """Post a form and return the status; 0 for a connection that broke."""
        lines = [
            f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", f"Content-Length: {len(body)}",
            "Content-Type: application/x-www-form-urlencoded",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]  # fmt: skip
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.partition(b":")[2])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                ),
                0,
            )
            await reader.readexactly(length)
            if b"connection: close" in head.lower():
                self.close()
            return int(head.split(b" ", 2)[1])
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return 0

    def close(self) -> None:
        """Drop the connection."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def _many(port: int, work: Callable[[Connection], Awaitable[None]], *, many: int = CONNECTIONS) -> None:
    connections = [Connection(port) for _ in range(many)]
    await asyncio.gather(*map(work, connections))
    for each in connections:
        each.close()


async def _both(world: World, port: int, counted: Counted, *, rate: int, seconds: int) -> None:
    ends = time.monotonic() + seconds
    forged = _form("I can't breathe")

    async def forge(connection: Connection) -> None:
        step = CONNECTIONS / rate
        due = time.monotonic()
        while (now := time.monotonic()) < ends:
            if now < due:
                await asyncio.sleep(due - now)
            due += step
            counted.add(await connection.post("/hooks/twilio/sms", forged, {"X-Twilio-Signature": FORGED}))

    async def write(connection: Connection) -> None:
        while time.monotonic() < ends:
            fields = {"MessageSid": f"SM{uuid.uuid4().hex}"}
            body = _form("Pain is 2 today", **fields)
            told = f"{world.settings.public_url}/hooks/twilio/sms" + "".join(
                name + value for name, value in sorted(_fields("Pain is 2 today", **fields).items())
            )
            began = time.perf_counter()
            status = await connection.post(
                "/hooks/twilio/sms", body, {"X-Twilio-Signature": sign(AUTH_TOKEN, told.encode()).decode()}
            )
            if status != 200:
                raise RuntimeError(f"a real text was answered {status}")
            counted.real_seconds.append(time.perf_counter() - began)
            await asyncio.sleep(1 / REAL_A_SECOND)

    await asyncio.gather(_many(port, forge), _many(port, write, many=1))


def _fields(words: str, **more: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT_SID, "MessageSid": "SM" + "f" * 32, "From": "+13125550155", "To": SENDER,
        "Body": words,         "NumMedia": "0", "ApiVersion": "2010-04-01", "SmsStatus": "received", **more,
    }  # fmt: skip


def _form(words: str, **more: str) -> bytes:
    return urlencode(_fields(words, **more)).encode()


def _rows(world: World) -> int:
    with contextlib.closing(_owner(world.owner_url)) as connection:
        return int(connection.execute("SELECT count(*) FROM provider_event").fetchone()[0])


def _memory(pid: int) -> float:
    """Megabytes that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def _cpu(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def _web(world: World, port: int) -> Iterator[int]:
    """Run the real web process; gives its process id."""
    settings = world.settings
    assert settings.database_url
    environment = os.environ | {
        "FOLLOWUP_ENVIRONMENT": "test", "FOLLOWUP_DATABASE_URL": settings.database_url.get_secret_value(),
        "FOLLOWUP_SECRET_KEYS": settings.secret_keys[0].get_secret_value(),
        "FOLLOWUP_ENCRYPTION_KEYS": settings.encryption_keys[0].get_secret_value(),
        "FOLLOWUP_TWILIO_ACCOUNT_SID": ACCOUNT_SID, "FOLLOWUP_TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "FOLLOWUP_PUBLIC_URL": settings.public_url, "FOLLOWUP_WEB_PORT": str(port),
        "FOLLOWUP_REDIS_URL": settings.redis_url.get_secret_value() if settings.redis_url else "",
    }  # fmt: skip
    command = [sys.executable, "-m", "followup.cli", "web"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
                break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def main() -> int:
    """Flood both doors; exit code 0 only if every bar holds."""
    parser = argparse.ArgumentParser(prog="python -m bench.flood", description=__doc__)
    parser.add_argument("--rate", type=int, default=1_000, help="forged webhooks a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--json", type=Path, help="keep what was found in this file")
    options = parser.parse_args()

    def say(line: str) -> None:
        print(line, flush=True)

    with open_world() as world:
        port = free_port()
        with _web(world, port) as pid:
            found = {
                "webhooks": webhook_flood(
                    world, port, pid, rate=options.rate, seconds=options.seconds, say=say
                ),
                "sign-in": sign_in_flood(world, port, pid, seconds=min(options.seconds, 30), say=say),
            }
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0 if all(each["holds"] for each in found.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
