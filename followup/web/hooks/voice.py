"""The carrier's webhooks for calls that page staff: what is said, which key was pressed, how the call went.

A pressed key is stored raw before it is acted on; it is acted on at once because a nurse waits on the phone for the
answer. What fails ends in words that name another way to accept, never in silence.
"""

from __future__ import annotations

import re
from typing import Annotated
from xml.sax.saxutils import escape, quoteattr

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from followup.bootstrap import House
from followup.db.session import Bell
from followup.escalation.answer_call import Spoken, answer_call
from followup.intake.events import IncomingEvent
from followup.intake.states import EventKind
from followup.intake.writer import NotStored
from followup.log import logger
from followup.web.hooks.door import HookDoor, door_of
from followup.web.hooks.reading import Form, Refusal

router = APIRouter(prefix="/hooks/twilio/voice", include_in_schema=False)

_log = logger(__name__)

ASK_SECONDS = 8
TIMES = 2
_CALL_SID = re.compile(r"CA[0-9a-f]{32}")
_DIGITS = re.compile(r"[0-9*#]{0,8}")
_WORD = re.compile(r"[a-z-]{1,30}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
_OVER_WITHOUT_ANSWER = frozenset({"busy", "no-answer", "failed", "canceled"})
_TROUBLE = Spoken(
    "Something went wrong here. Please accept by text or by the link in it. Goodbye.", asks=False
)

Token = Annotated[str, Path(max_length=200)]


@router.post("/page/{token}")
async def say_page(request: Request, token: Token) -> Response:
    """Say the page and ask for a key."""
    door = door_of(request)
    try:
        _form(await door.verified(request), token)
    except Refusal as refusal:
        return door.refuse(request, refusal)
    return await _spoken(request, token)


@router.post("/keys/{token}")
async def take_key(request: Request, token: Token) -> Response:
    """Store the pressed key, act on it, and say what came of it."""
    door = door_of(request)
    try:
        form = _form(await door.verified(request), token)
        digits = _field(form, "Digits", _DIGITS)
    except Refusal as refusal:
        return door.refuse(request, refusal)
    event = _event(form, door, token, kind=EventKind.voice_input, what=digits)
    if not await _stored(door, event):
        return _xml(_TROUBLE, token)
    return await _spoken(request, token, digits[:1])


@router.post("/status/{token}")
async def call_report(request: Request, token: Token) -> Response:
    """Take one report about a call."""
    door = door_of(request)
    try:
        form = _form(await door.verified(request), token)
        status = _field(form, "CallStatus", _WORD)
    except Refusal as refusal:
        return door.refuse(request, refusal)
    event = _event(form, door, token, kind=EventKind.voice_status, what=status)
    if not await _stored(door, event):
        return Response(status_code=503)
    if status in _OVER_WITHOUT_ANSWER:
        # The next channel or person is due now, not at the next tick.
        house: House = request.app.state.house
        await run_in_threadpool(house.ringer, [Bell("care.page")])
    return Response(status_code=204)


def _form(form: Form, token: str) -> Form:
    if not _TOKEN.fullmatch(token):
        raise Refusal(404, "no token of ours")
    if not _CALL_SID.fullmatch(form.one("CallSid")):
        raise Refusal(400, "no call id")
    return form


def _field(form: Form, name: str, pattern: re.Pattern[str]) -> str:
    value = form.one(name)
    if not pattern.fullmatch(value):
        raise Refusal(400, f"a strange {name}")
    return value


def _event(form: Form, door: HookDoor, token: str, *, kind: EventKind, what: str) -> IncomingEvent:
    return IncomingEvent(
        kind=kind,
        provider_key=f"{form.one('CallSid')}:{what}",
        payload=form.as_dict(),
        received_at=door.clock.now(),
        token=token,
    )


async def _stored(door: HookDoor, event: IncomingEvent) -> bool:
    try:
        await door.writer.store(event)
    except NotStored:
        return False
    return True


async def _spoken(request: Request, token: str, key: str = "") -> Response:
    house: House = request.app.state.house
    try:
        spoken = await run_in_threadpool(
            answer_call, house.database, token, key=key, public_url=house.settings.public_url,
            now=house.clock.now(),
        )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - somebody is on the phone and has to hear another way
        _log.error("call not answered", error=type(error).__name__)
        spoken = _TROUBLE
    return _xml(spoken, token)


def _xml(spoken: Spoken, token: str) -> Response:
    say = f"<Say>{escape(spoken.words)}</Say>"
    if spoken.asks:
        action = quoteattr(f"/hooks/twilio/voice/keys/{token}")
        ask = f'<Gather numDigits="1" finishOnKey="" timeout="{ASK_SECONDS}" action={action}>{say}</Gather>'
        body = ask * TIMES + "<Say>No key was pressed. Goodbye.</Say><Hangup/>"
    else:
        body = f"{say}<Hangup/>"
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{body}</Response>', media_type="text/xml"
    )
