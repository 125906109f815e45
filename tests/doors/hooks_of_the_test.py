"""A clinic's web server with nothing but the webhooks, as a carrier or a stranger reaches it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from followup.bootstrap import House
from followup.web.hooks import door, email, twilio


def app_of(house: House) -> FastAPI:
    """The webhooks of one house as an application."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await door.close(app.state)

    app = FastAPI(lifespan=life)
    app.state.house = house
    app.include_router(twilio.router)
    app.include_router(email.router)
    return app


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port of this machine; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none", access_log=False))
    ready = threading.Event()

    async def serve() -> None:
        task = asyncio.create_task(server.serve())
        while not server.started and not task.done():
            await asyncio.sleep(0.005)
        ready.set()
        await task

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="webhooks of the test")
    thread.start()
    ready.wait(20)
    try:
        yield f"http://127.0.0.1:{_port(server)}"
    finally:
        server.should_exit = True
        thread.join(20)


def _port(server: Any) -> int:
    return int(server.servers[0].sockets[0].getsockname()[1])
