"""``python -m bench.callers PLAN RESULT``: patients' texts at the webhook, as the carrier hands them over.

A process of its own, which is not counted: it stands for the outside world. The load is open: every text is sent at
its own instant, whether the ones before it were answered or not. What is measured begins when the house has
answered 2xx, which is when it has taken a text over.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

PATH = "/hooks/twilio/sms"
PATIENCE_SECONDS = 15.0
"""How long a carrier waits for an answer."""


@dataclass(slots=True)
class Line:
    """One connection that is kept open, as a carrier's proxy keeps its own."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def post(self, request: bytes) -> int:
        """Send one request and return the status of its answer."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        await self.reader.readexactly(length)
        return int(head.split(b" ", 2)[1])


@dataclass(slots=True)
class Caller:
    """Hands texts over to one web process."""

    host: str
    port: int
    validator: RequestValidator
    account: str
    to: str
    free: list[Line] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)

    async def hand_over(self, text: dict[str, Any], due: float) -> None:
        """Send one text at its instant and note what became of it (seconds since the epoch)."""
        sent = time.time()
        try:
            status = await asyncio.wait_for(self._post(self._request(text)), PATIENCE_SECONDS)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            status = 0
        self.results.append(
            {"sid": text["sid"], "status": status, "late": sent - due, "sent": sent, "accepted": time.time()}
        )

    async def _post(self, request: bytes) -> int:
        while True:
            is_kept = bool(self.free)
            line = self.free.pop() if is_kept else Line(*await asyncio.open_connection(self.host, self.port))
            try:
                status = await line.post(request)
            except BaseException as error:
                line.writer.close()
                # The other side may close a line that was idle; then a fresh one is taken.
                if is_kept and isinstance(error, OSError | asyncio.IncompleteReadError):
                    continue
                raise
            self.free.append(line)
            return status

    def _request(self, text: dict[str, Any]) -> bytes:
        form = {
            "MessageSid": text["sid"], "SmsSid": text["sid"], "AccountSid": self.account, "From": text["from"],
            "To": self.to, "Body": text["body"], "NumMedia": "0", "NumSegments": "1",
        }  # fmt: skip
        address = f"http://{self.host}:{self.port}{PATH}"
        body = urlencode(form).encode()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"X-Twilio-Signature: {self.validator.compute_signature(address, form)}\r\n\r\n"
        )
        return head.encode() + body


async def call(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Hand over every text of a plan; ``at`` is in seconds from the beginning."""
    caller = Caller(
        plan["host"], plan["port"], RequestValidator(plan["auth_token"]), plan["account"], plan["to"]
    )
    began, tasks = time.time() + 0.5, []
    for text in plan["texts"]:
        due = began + text["at"]
        await asyncio.sleep(max(due - time.time(), 0))
        tasks.append(asyncio.create_task(caller.hand_over(text, due)))
    await asyncio.gather(*tasks)
    for line in caller.free:
        with contextlib.suppress(OSError):
            line.writer.close()
    return caller.results


def main() -> int:
    """Read the plan, follow it, write the result."""
    plan, result = Path(sys.argv[1]), Path(sys.argv[2])
    found = asyncio.run(call(json.loads(plan.read_text(encoding="utf-8"))))
    result.write_text(json.dumps(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
