"""The lab's server: one event loop, one port for API and pages, a mail catcher beside it.

Binds to the address it is told (the machine itself by default) and never logs what passes through it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, MutableMapping
from typing import Any

import uvicorn

from followup.lab.answers import Receive, Send, Wire, of_json
from followup.lab.api import CarrierApi
from followup.lab.calls import Calls
from followup.lab.carrier import Carrier
from followup.lab.guard import refusal
from followup.lab.inbound import Inbox
from followup.lab.requests import Resources
from followup.lab.settings import LabSettings
from followup.lab.walk import Walk


class LabServer:
    """All parts of a lab, wired together."""

    def __init__(self, settings: LabSettings, loop: asyncio.AbstractEventLoop) -> None:
        from followup.lab.control import control_app
        from followup.lab.postbox import Postbox

        self.settings = settings
        self.carrier = Carrier(settings, loop)
        self.walk = Walk(self.carrier)
        self.inbox = Inbox(self.carrier, self.walk)
        self.calls = Calls(self.carrier)
        self.api = CarrierApi(self.carrier, Resources(self.carrier, self.walk, self.calls))
        self.postbox = Postbox(self.carrier)
        self.on_jump_to_next_due: Callable[[], str | None] | None = None
        self._pages = control_app(self)
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                self,
                lifespan="off",
                log_level="warning",
                access_log=False,
                ws="none",
                backlog=2048,
                proxy_headers=False,
                server_header=False,
                # A client that reuses a connection after a pause must not meet a reset that no script asked for.
                timeout_keep_alive=300,
            )
        )
        self._stopping = asyncio.Event()

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return self.carrier.url

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Lead a request to the API or to the pages."""
        if scope["path"].startswith("/2010-04-01/"):
            await self.api(scope, receive, send)
            return
        refused = refusal(dict(scope["headers"]), method=scope["method"], host=self.settings.host)
        if refused:
            wire = Wire(receive, send, self.carrier.journal, self.carrier.agenda.now)
            await wire.write(of_json(403, {"error": refused}))
        else:
            await self._pages(scope, receive, send)

    async def serve(self, when_ready: Callable[[], None]) -> None:
        """Serve until ``ask_to_stop``; ``when_ready`` is called once the port answers."""
        listening = _bound(self.settings.host, self.settings.port)
        self.carrier.url = f"http://{self.settings.host}:{listening.getsockname()[1]}"
        try:
            await self.postbox.start()
            await self._listen(listening)
            if self.settings.port_file:
                self.settings.port_file.write_text(f"{self.carrier.url}\n", encoding="utf-8")
            when_ready()
            await self._stopping.wait()
        finally:
            await self._close()
            listening.close()

    def ask_to_stop(self) -> None:
        """Let ``serve`` return; call it on the lab's loop."""
        self._stopping.set()

    async def _listen(self, listening: socket.socket) -> None:
        # uvicorn's own loop takes the signals of the program around it and sleeps on its way out; a lab inside
        # another program needs only its protocol.
        self._uvicorn.config.load()
        self._uvicorn.lifespan = self._uvicorn.config.lifespan_class(self._uvicorn.config)
        await self._uvicorn.startup(sockets=[listening])

    async def _close(self) -> None:
        """Drop everybody: whoever hangs on a fault must not hold up the end."""
        self.carrier.agenda.close()
        await self.postbox.stop()
        for server in getattr(self._uvicorn, "servers", ()):
            server.close()
        state = self._uvicorn.server_state
        for connection in list(state.connections):
            connection.transport.abort()
        if state.tasks:
            _, late = await asyncio.wait(state.tasks, timeout=1.0)
            for task in late:
                task.cancel()
        await self.carrier.webhooks.close()


def _bound(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening
