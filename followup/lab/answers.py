"""Writes an answer of the API to the wire, whole or deformed as a fault asks.

Below HTTP where it must be: a reset, a body shorter than promised, a process stopped before the first byte.
Signals only the processes that the fault names.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, Final

from followup.lab import peers
from followup.lab.faults import Effect, Fault
from followup.lab.journal import Journal, Kind

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = tuple[tuple[bytes, bytes], ...]

JSON: Final = (b"content-type", b"application/json;charset=utf-8")
HTML: Final = (b"content-type", b"text/html;charset=utf-8")
OOPS: Final = b"<html><head><title>Service Unavailable</title></head><body><h1>Oops</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is written."""

    status: int
    body: bytes
    headers: Headers = (JSON,)


def of_json(status: int, value: dict[str, Any] | None, headers: Headers = ()) -> Answer:
    """A JSON answer; None makes an empty body."""
    return Answer(status, b"" if value is None else json.dumps(value).encode(), (JSON, *headers))


class Wire:
    """One exchange on one connection."""

    def __init__(self, receive: Receive, send: Send, journal: Journal, now: Callable[[], float]) -> None:
        self._receive = receive
        self._send = send
        self._journal = journal
        self._now = now

    async def write(self, answer: Answer) -> None:
        """Write the answer as it is."""
        length = (b"content-length", str(len(answer.body)).encode())
        start = {"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, length]}
        await self._send(start)
        await self._send({"type": "http.response.body", "body": answer.body})

    async def write_with(self, answer: Answer, fault: Fault) -> None:
        """Write the answer deformed by the fault."""
        match fault.do:
            case Effect.RESET:
                await self._reset()
            case Effect.HANG:
                await self._hang(fault.seconds)
            case Effect.DRIP:
                await self._drip(answer, every=fault.seconds or 2.0)
            case Effect.TRUNCATED:
                await self._truncate(answer)
            case Effect.FREEZE | Effect.KILL:
                await self._signal(answer, fault)
            case _:
                await self.write(_deformed(answer, fault))

    async def gone(self, within: float | None) -> bool:
        """Wait until the client leaves; False if it is still there after ``within`` seconds (None: for ever)."""
        try:
            async with asyncio.timeout(within):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            return False
        return True

    async def _hang(self, seconds: float | None) -> None:
        if not await self.gone(seconds):
            self._transport().abort()
            await self.gone(1.0)

    async def _reset(self) -> None:
        transport = self._transport()
        handle = transport.get_extra_info("socket").fileno()
        # Lingering for zero seconds makes the kernel answer with RST instead of a polite FIN.
        with socket.socket(fileno=os.dup(handle)) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await self.gone(1.0)

    async def _drip(self, answer: Answer, *, every: float) -> None:
        length = (b"content-length", str(len(answer.body)).encode())
        start = {"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, length]}
        await self._send(start)
        for place in range(len(answer.body)):
            last = place + 1 == len(answer.body)
            body = answer.body[place : place + 1]
            await self._send({"type": "http.response.body", "body": body, "more_body": not last})
            if not last and await self.gone(every):
                return

    async def _truncate(self, answer: Answer) -> None:
        half = answer.body[: len(answer.body) // 2]
        head = f"HTTP/1.1 {answer.status} Created\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(answer.body)}\r\n\r\n"
        transport = self._transport()
        transport.write(head.encode() + half)
        transport.close()
        await self.gone(1.0)

    async def _signal(self, answer: Answer, fault: Fault) -> None:
        """Stop the client, write the whole answer, then (kill) end it: it can never act on what it was told."""
        pids = fault.pids or peers.behind(self._transport().get_extra_info("peername")[1])
        await asyncio.gather(*(peers.stop(pid) for pid in pids))
        await self.write(answer)
        if fault.do is Effect.KILL:
            for pid in pids:
                peers.send(pid, signal.SIGKILL)
        self._journal.write(Kind.SIGNAL, self._now(), do=str(fault.do), pids=list(pids))

    def _transport(self) -> asyncio.Transport:
        # uvicorn hands its exchange to the application as a bound method; faults need the connection behind it.
        transport: asyncio.Transport = self._send.__self__.transport  # type: ignore[attr-defined]
        return transport


def _deformed(answer: Answer, fault: Fault) -> Answer:
    match fault.do:
        case Effect.SERVER_ERROR:
            return Answer(int(fault.status or 503), OOPS, (HTML,))
        case Effect.REDIRECT:
            return Answer(301, b"", ((b"location", fault.location.encode()),))
        case Effect.GARBAGE:
            return replace(answer, body=b'{"sid": "SM<<<\x00\xff not json')
        case Effect.EMPTY:
            return replace(answer, body=b"")
        case Effect.NULL_SID:
            return replace(answer, body=json.dumps(json.loads(answer.body) | {"sid": None}).encode())
        case _:
            return answer
