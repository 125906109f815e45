"""The lab's page: phones to look at and answer from, calls, mails, and the clock.

Plain HTML that works without scripts; a small script only refreshes it. Everything a person types or a text says is
escaped, and the page loads nothing from anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from followup.errors import FollowupError
from followup.lab.records import CALL_OVER, Call, TextStatus
from followup.lab.refusals import RefusedError
from followup.lab.views import Views

if TYPE_CHECKING:
    from followup.lab.server import LabServer

HERE: Final = Path(__file__).parent
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MAIL_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"
SAFE: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers then send "Origin: null" with the page's own forms, which the guard refuses.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
STATIC: Final = {"lab.css": "text/css", "refresh.js": "text/javascript"}
STEPS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
BEHAVIORS: Final = {
    "rings": "rings until answered",
    "no_answer": "nobody answers",
    "busy": "is busy",
    "voicemail": "voicemail answers",
}


class Pages:
    """The pages of one lab."""

    def __init__(self, server: LabServer) -> None:
        self._server = server
        self._carrier = server.carrier
        self._views = Views(server.carrier)
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )

    def routes(self) -> list[Route]:
        """All pages and the forms on them."""
        return [
            Route("/", self.home),
            Route("/lab", self.page),
            Route("/lab/pulse", self.pulse),
            Route("/lab/static/{name}", self.static),
            Route("/lab/phones/{number}/answer", self.answer, methods=["POST"]),
            Route("/lab/phones/{number}/behavior", self.behavior, methods=["POST"]),
            Route("/lab/phones/{number}/call", self.call_clinic, methods=["POST"]),
            Route("/lab/calls/{sid}/{verb}", self.call, methods=["POST"]),
            Route("/lab/mails/{mail_id}/html", self.mail_html),
            Route("/lab/mails/{mail_id}/answer", self.answer_mail, methods=["POST"]),
            Route("/lab/clock", self.clock, methods=["POST"]),
        ]

    async def home(self, _request: Request) -> Response:
        """The way in."""
        return RedirectResponse("/lab", 303)

    async def page(self, request: Request) -> Response:
        """Phones and mails; with ``phone`` or ``mail`` in the query, one of them open."""
        query = request.query_params
        views, postbox = self._views, self._server.postbox
        number, mail = query.get("phone"), postbox.mail(query.get("mail", ""))
        handset = self._carrier.handsets.get(number) if number else None
        html = self._templates.get_template("lab.html").render(
            groups=views.groups(),
            mails=views.mails(postbox.mails),
            mail=mail,
            mail_when=views.when(mail.care_at, mail.at) if mail else "",
            handset=handset,
            line=views.line(handset) if handset else None,
            conversation=views.conversation(handset) if handset else [],
            phone_calls=views.calls(handset) if handset else [],
            calls=[card for card in views.calls() if handset is None or card.phone != handset.number],
            news=views.news(),
            senders=list(self._carrier.senders.values()),
            reply_to=self._last_sender(number) if number else "",
            clock=views.clock(),
            can_jump=self._server.on_jump_to_next_due is not None,
            behaviors=BEHAVIORS,
            told=query.get("told", ""),
            entries=len(self._carrier.journal),
        )
        return HTMLResponse(html, headers=SAFE)

    async def pulse(self, _request: Request) -> Response:
        """What the script looks at to know whether anything changed."""
        clock = self._views.clock()
        told = {"entries": len(self._carrier.journal), "clock": clock["shown"] if clock else ""}
        return JSONResponse(told, headers=SAFE)

    async def static(self, request: Request) -> Response:
        """The stylesheet and the script."""
        name = request.path_params["name"]
        if name not in STATIC:
            return Response(status_code=404)
        return FileResponse(HERE / "static" / name, media_type=STATIC[name])

    async def answer(self, request: Request) -> Response:
        """A text from a phone; the page comes back at once, while the webhook is posted."""
        number, form = request.path_params["number"], await _form(request)
        inbox, told = self._server.inbox, ""
        if form.get("body", "").strip():
            try:
                text = inbox.take(number, form.get("to", ""), form["body"])
            except RefusedError as refused:
                told = refused.refusal.message
            else:
                self._carrier.agenda.run(inbox.tell_quietly(text))
        return _back(phone=number, told=told)

    async def behavior(self, request: Request) -> Response:
        """How a phone behaves from now on."""
        form = await _form(request)
        handset = self._carrier.handset(request.path_params["number"])
        if form.get("on_call") in BEHAVIORS:
            handset.on_call = form["on_call"]
        reachable = form.get("texts") != "unreachable"
        handset.ends_as = TextStatus.DELIVERED if reachable else TextStatus.UNDELIVERED
        handset.ends_with = None if reachable else 30003
        return _back(phone=handset.number)

    async def call_clinic(self, request: Request) -> Response:
        """A phone calls the clinic."""
        number, told = request.path_params["number"], ""
        try:
            self._server.calls.dial_in(number, (await _form(request)).get("to", ""))
        except RefusedError as refused:
            told = refused.refusal.message
        return _back(phone=number, told=told)

    async def call(self, request: Request) -> Response:
        """Pick up, press a key, or hang up."""
        form = await _form(request)
        call = self._carrier.calls.get(request.path_params["sid"])
        if call is not None and call.status not in CALL_OVER:
            await self._do(call, request.path_params["verb"], keys=form.get("keys", "")[:32])
        return _back(phone=form.get("phone", ""))

    async def _do(self, call: Call, verb: str, *, keys: str) -> None:
        calls = self._server.calls
        if verb == "pick-up":
            calls.answer(call)
            # The first words are there when the page comes back.
            await self._carrier.agenda.quiet()
        elif verb == "press":
            await calls.conversation.press(call, keys)
        elif verb == "hang-up":
            calls.hang_up(call)

    async def mail_html(self, request: Request) -> Response:
        """The HTML part of a mail, shut in: no scripts, nothing loaded."""
        mail = self._server.postbox.mail(request.path_params["mail_id"])
        headers = SAFE | {"Content-Security-Policy": MAIL_POLICY}
        return HTMLResponse(mail.body("html"), headers=headers) if mail else Response(status_code=404)

    async def answer_mail(self, request: Request) -> Response:
        """A mail back to the clinic: an answer, an automatic answer, or a bounce."""
        form = await _form(request)
        postbox = self._server.postbox
        mail = postbox.mail(request.path_params["mail_id"])
        if mail is None:
            return _back()
        if form.get("kind") == "bounce":
            postbox.bounce(mail)
        elif form.get("kind") == "away":
            postbox.reply(
                mail, "I am away and read my mail next week.", headers={"Auto-Submitted": "auto-replied"}
            )
        elif form.get("body", "").strip():
            postbox.reply(mail, form["body"])
        return _back(mail=mail.id, told="It lies in the clinic's mailbox.")

    async def clock(self, request: Request) -> Response:
        """Set the clock, move it, change its speed, or jump to what is due next."""
        form, clock, told = await _form(request), self._carrier.clock, ""
        back = {"phone": form.get("phone", ""), "mail": form.get("mail", "")}
        if clock is None:
            return _back(told="This lab has no clock to move.", **back)
        if form.get("do") == "jump":
            hook = self._server.on_jump_to_next_due
            told = await run_in_threadpool(_jump, hook)
        elif form.get("do") == "speed":
            clock.run_at(max(0.0, min(float(form["speed"]), 86_400.0)))
        elif form.get("do") in STEPS:
            clock.advance(STEPS[form["do"]])
        elif form.get("instant"):
            clock.set(self._views.instant(form["instant"]))
        return _back(told=told, **back)

    def _last_sender(self, number: str) -> str:
        came = [text for text in self._carrier.handset(number).texts if text.sender != number]
        return came[-1].sender if came else next(iter(self._carrier.senders), "")


def _jump(hook: Callable[[], str | None] | None) -> str:
    try:
        return (hook() if hook else None) or ""
    except FollowupError as wrong:
        return str(wrong)


async def _form(request: Request) -> Mapping[str, str]:
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _back(**query: Any) -> Response:
    shown = "&".join(f"{name}={quote(str(value))}" for name, value in query.items() if value)
    return RedirectResponse(f"/lab?{shown}" if shown else "/lab", 303)
