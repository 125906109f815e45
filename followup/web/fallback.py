"""The receiver of last resort: takes texts while the database or the web process is away. A process of its own.

The carrier calls it when the first address did not answer well. It verifies the signature, keeps the text sealed on
its own disk, and only then answers; with the first text of a number in an outage goes one standing safety text, in
the carrier's own answer, because nothing else of ours may be able to send. It reads no meaning, pages nobody (the
monitor outside does, within two minutes) and knows no patient. What it keeps is imported when the database is back.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from followup import log
from followup.bootstrap import clock_of, install_keys, spool_of
from followup.intake.first_look import may_be_urgent
from followup.intake.spool import BEFORE, WITH_THIS, TextSpool
from followup.intake.unspool import lines_of
from followup.kit.spool import SpoolError
from followup.pathways.system import LANGUAGES, SystemTexts, load_system_texts
from followup.pathways.values import phone_words
from followup.pathways.vocabulary import Channel
from followup.replies import opt
from followup.settings import Settings, load, missing
from followup.web.hooks.door import Verifier
from followup.web.hooks.reading import Form, Refusal
from followup.web.hooks.signature import SignatureCheck
from followup.web.hooks.twilio import NO_TEXT, message_sid

PATH = "/hooks/twilio/fallback"
KEY = "service-down"
_log = log.logger(__name__)
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SILENT = frozenset({opt.Ask.opt_out, opt.Ask.maybe_opt_out, opt.Ask.wrong_person})
# What we say for a number of ours that nobody wrote down: still true, and still whom to call.
_UNNAMED = (
    "We can't read texts right now. If this may be an emergency, call 911 now. For anything else call your clinic.",
    "Ahora no podemos leer sus mensajes. Si puede ser una emergencia, llame ya al 911. Si no, llame a su clinica.",
)


@dataclass(slots=True)
class Receiver:
    """What the process needs: the check of signatures, the spool, the words."""

    door: Verifier
    spool: TextSpool
    texts: SystemTexts

    def take(self, form: Form) -> str | None:
        """Keep one verified text; returns the safety text to answer with, None for none. Raises SpoolError."""
        sid, number, at = message_sid(form), form.one("From"), self.door.clock.now()
        told = ""
        if _may_be_told(form):
            # Whether this can be remembered decides only who is told; whether the text can be kept is asked below.
            with contextlib.suppress(SpoolError):
                told = WITH_THIS if self.spool.note_told(number, at=at) else BEFORE
        try:
            is_new = self.spool.keep(sid, form.as_dict(), at=at, told=told)
        except SpoolError:
            if told == WITH_THIS:
                self.spool.forget_told(number)
            raise
        if told and (told == WITH_THIS if is_new else self.spool.tells(sid)):
            return self.words(form.one("To"))
        return None

    def words(self, our_number: str) -> str:
        """Return the safety text in both languages: the one of the patient is in the database."""
        line = lines_of(self.spool.texts.folder).get(our_number)
        if line is None:
            return "\n".join(_UNNAMED)
        values = {**line, "urgent_phone": phone_words(line["urgent_phone"])}
        return "\n".join(
            self.texts.render(KEY, language=language, channel=Channel.SMS, values=values).body
            for language in LANGUAGES
        )


def _may_be_told(form: Form) -> bool:
    """Whether a person's phone wrote, and not only to have no more texts."""
    body = form.one("Body")
    wish = opt.read(body)
    asks_for_silence = (wish.ask in _SILENT or form.one("OptOutType") == "STOP") and not may_be_urgent(body)
    return bool(_E164.fullmatch(form.one("From"))) and not asks_for_silence


async def _receive(request: Request) -> Response:
    receiver: Receiver = request.app.state.receiver
    try:
        form = await receiver.door.verified(request)
        words = await run_in_threadpool(receiver.take, form)
    except Refusal as refusal:
        return receiver.door.refuse(request, refusal)
    except SpoolError as error:
        _log.error("text not kept", why=str(error))
        return Response(status_code=503)
    if words is None:
        return Response(NO_TEXT, media_type="text/xml")
    message = f"<Message>{escape(words)}</Message>"
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>', media_type="text/xml"
    )


async def _health(request: Request) -> Response:
    receiver: Receiver = request.app.state.receiver
    kept = receiver.spool.texts
    can_keep = await run_in_threadpool(kept.can_be_written)
    told: Mapping[str, object] = {"can_keep": can_keep, "kept": len(kept.names())}
    return JSONResponse(told, status_code=200 if can_keep else 503)


def create_app(settings: Settings) -> Starlette:
    """Build the receiver; raises ConfigurationError for a missing key, token or text. Opens no connection."""
    install_keys(settings)
    tokens = tuple(token.get_secret_value() for token in settings.twilio_auth_token)
    if not settings.twilio_account_sid:
        raise missing("TWILIO_ACCOUNT_SID", "the carrier account texts come from", "AC…")
    if not tokens:
        raise missing("TWILIO_AUTH_TOKEN", "what proves that a text comes from the carrier", "the console's")
    app = Starlette(
        routes=[Route(PATH, _receive, methods=["POST"]), Route("/healthz", _health, methods=["GET"])]
    )
    app.state.receiver = Receiver(
        door=Verifier(
            check=SignatureCheck((settings.fallback_url or settings.public_url).rstrip("/"), tokens),
            account_sid=settings.twilio_account_sid,
            clock=clock_of(settings),
        ),
        spool=spool_of(settings),
        texts=load_system_texts(settings.templates_folder / "system"),
    )
    return app


def app() -> Starlette:
    """Build from the environment; what ``uvicorn --factory followup.web.fallback:app`` calls."""
    settings = load()
    log.configure(form=settings.log_format)
    return create_app(settings)
