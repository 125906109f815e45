"""The carrier's webhooks for texts: inbound and delivery reports. Verify, store raw, answer, ring.

What a text means is found out later from its row, so that nothing here can fail for what it says. A text is never
answered 2xx before it is committed: the carrier retries everything else (``#rc=5&rp=all`` on our addresses), and
what it gives up on is found by reconciliation. The answer holds no text: a ``<Message>`` here would bypass the
outbox, opt-outs and the record.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from followup.intake.events import IncomingEvent
from followup.intake.first_look import may_be_urgent
from followup.intake.states import EventKind
from followup.intake.writer import NotStored
from followup.web.hooks.door import HookDoor, door_of
from followup.web.hooks.reading import Form, Refusal

router = APIRouter(prefix="/hooks/twilio", include_in_schema=False)

NO_TEXT = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
_MESSAGE_SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
_WORD = re.compile(r"[a-z_]{1,30}")
_ERROR_CODE = re.compile(r"\d{0,10}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")


@router.post("/sms")
async def inbound_text(request: Request) -> Response:
    """Take one inbound text."""
    door = door_of(request)
    try:
        form = await door.verified(request)
        event = _text(form, door)
    except Refusal as refusal:
        return door.refuse(request, refusal)
    if not await _stored(door, event):
        return Response(status_code=503)
    return Response(NO_TEXT, media_type="text/xml")


@router.post("/status/{token}")
async def delivery_report(request: Request, token: Annotated[str, Path(max_length=200)]) -> Response:
    """Take one delivery report; the token in the address is our attempt's."""
    door = door_of(request)
    try:
        form = await door.verified(request)
        event = _report(form, token, door)
    except Refusal as refusal:
        return door.refuse(request, refusal)
    return Response(status_code=204 if await _stored(door, event) else 503)


async def _stored(door: HookDoor, event: IncomingEvent) -> bool:
    try:
        await door.writer.store(event)
    except NotStored:
        return False
    return True


def message_sid(form: Form) -> str:
    """Return the carrier's id of a text; raises Refusal (400)."""
    sid = form.one("MessageSid")
    if not _MESSAGE_SID.fullmatch(sid):
        raise Refusal(400, "no message id")
    return sid


def _text(form: Form, door: HookDoor) -> IncomingEvent:
    sid, body = message_sid(form), form.one("Body")
    form.one("From")
    form.one("OptOutType")
    return IncomingEvent(
        kind=EventKind.inbound_sms,
        provider_key=sid,
        payload=form.as_dict(),
        received_at=door.clock.now(),
        our_address=_printable(form.one("To")),
        urgent_look=may_be_urgent(body),
    )


def _report(form: Form, token: str, door: HookDoor) -> IncomingEvent:
    sid, status, code = message_sid(form), form.one("MessageStatus"), form.one("ErrorCode")
    if not _WORD.fullmatch(status) or not _ERROR_CODE.fullmatch(code) or not _TOKEN.fullmatch(token):
        raise Refusal(400, "no status, code or token as we know them")
    return IncomingEvent(
        kind=EventKind.sms_status,
        # Deduplicating on the id alone would swallow "delivered" after "sent".
        provider_key=f"{sid}:{status}:{code}",
        payload=form.as_dict(),
        received_at=door.clock.now(),
        token=token,
    )


def _printable(address: str) -> str:
    """Our number as a plain column holds it; the sealed payload keeps what came."""
    return "".join(char for char in address[:64] if char.isprintable())
