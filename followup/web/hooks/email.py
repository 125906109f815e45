"""The unsubscribe link of mails: a GET shows a button, a POST acts (RFC 8058), without cookies or a sign-in.

The page names no clinic and no person: whoever holds a forwarded mail may open it. Both languages stand on it,
because the link does not say which one its reader speaks.
"""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from followup.bootstrap import House
from followup.errors import NotFound
from followup.kit.clock import SystemClock
from followup.kit.tokens import TokenError
from followup.replies.unsubscribe import contact_point_of, unsubscribe

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title></head>
<body><main>
{words}
</main></body></html>
"""
_ASK = """<h1>Stop these emails?</h1>
<p>You will get no more emails from us at this address. Your care goes on: call your clinic with any question.
In an emergency, call 911.</p>
<form method="post"><button type="submit">Stop emails</button></form>
<h2 lang="es">¿No recibir más correos?</h2>
<p lang="es">No recibirá más correos nuestros en esta dirección. Su atención sigue: llame a su clínica si tiene
preguntas. En una emergencia, llame al 911.</p>
<form method="post" lang="es"><button type="submit">No recibir más correos</button></form>"""
_DONE = """<h1>You will get no more emails from us</h1>
<p>Your care goes on: call your clinic with any question. In an emergency, call 911.</p>
<p lang="es">No recibirá más correos nuestros. Su atención sigue: llame a su clínica si tiene preguntas. En una
emergencia, llame al 911.</p>"""
_NOT_VALID = """<h1>This link can't be used</h1>
<p>It is too old or not complete. Answer any of our emails with the word STOP instead.</p>
<p lang="es">Este enlace ya no sirve. Responda a cualquiera de nuestros correos con la palabra STOP.</p>"""


@router.get("/u/{token}")
def ask(request: Request, token: str) -> Response:
    """Show the button; changes nothing, however often a scanner opens it."""
    house: House = request.app.state.house
    try:
        contact_point_of(house.seal("unsubscribe"), token, machine_now=SystemClock().now())
    except TokenError:
        return _page("Unsubscribe", _NOT_VALID, status=404)
    return _page("Unsubscribe", _ASK)


@router.post("/u/{token}")
async def act(request: Request, token: str) -> Response:
    """End mails to the address of the link; repeating it changes nothing. The body is not read."""
    house: House = request.app.state.house
    try:
        point = contact_point_of(house.seal("unsubscribe"), token, machine_now=SystemClock().now())
        await run_in_threadpool(unsubscribe, house.database, point, now=house.clock.now())
    except (TokenError, NotFound):
        return _page("Unsubscribe", _NOT_VALID, status=404)
    return _page("Unsubscribed", _DONE)


def _page(title: str, words: str, *, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=escape(title), words=words), status_code=status)
