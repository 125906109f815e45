"""The web process: one application with its three doors, made from a house.

``create_app`` wires; it opens nothing and decides nothing. Every route asks for a person or a key, or is
named in ``PUBLIC_ROUTES`` with the reason why nobody has to; a test compares the two.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from followup import log
from followup.bootstrap import House, open_house
from followup.db.session import PoolSize
from followup.pathways.library import Library
from followup.web import api, pages, problems
from followup.web.hooks import door as hook_door
from followup.web.hooks import email as email_hooks
from followup.web.hooks import twilio as twilio_hooks
from followup.web.hooks import voice as voice_hooks
from followup.web.render import STATIC
from followup.web.security import Guard

PUBLIC_ROUTES: Mapping[str, str] = {
    "/sign-in": "nobody is signed in yet",
    "/welcome/{token}": "a one-time link to choose a password; it opens a form, and only the form acts",
    "/healthz": "says that the process runs, nothing else",
    "/readyz": "ages and yes or no, for the load balancer; no clinic, no patient",
    "/metrics": "counts and ages with ids only; kept inside the network by the proxy",
    "/api/v1/openapi.json": "the description of the API; the same for everybody",
    "/c/{code}": "shows a case code and a button to whoever holds the signed link; no detail before sign-in",
    "/s/{token}": "shows a shift and a button to whoever holds the link that was sent to its phone",
    "/hooks/": "carriers sign what they send; the routes check it themselves",
    "/u/": "a signed link in a mail that ends the mails; the law asks that it works without a sign-in",
    "/static": "style sheets and one script",
}


def create_app(house: House, *, library: Library | None = None) -> FastAPI:
    """Build the application of one process; it reads the pathways once, unless they are handed in."""
    app = FastAPI(
        title="followup",
        version="1",
        summary="Follow patients up after an outpatient procedure.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_life,
        middleware=[Middleware(Guard, public_url=house.settings.public_url, room=PoolSize().app)],
        redirect_slashes=False,
    )
    app.state.house = house
    app.state.library = house.library if library is None else library
    problems.install(app)
    # Carriers first: a route is found by going through the list, and these are asked hundreds of times a second.
    for door in (twilio_hooks, voice_hooks, email_hooks):
        app.include_router(door.router, include_in_schema=False)
    app.include_router(pages.router, include_in_schema=False)
    app.include_router(api.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def app() -> FastAPI:
    """Build from the environment; what ``uvicorn --factory followup.web.app:app`` calls."""
    house = open_house()
    log.configure(form=house.settings.log_format)
    return create_app(house)


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    """Finish what the webhooks still hold when the process stops."""
    yield
    await hook_door.close(app.state)
