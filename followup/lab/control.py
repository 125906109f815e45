"""The lab's own HTTP doors for programs: faults, journal, phones, senders, mailbox.

JSON in and out. Never part of the simulated API; signals over HTTP only when the lab was started to allow them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from followup.lab.faults import SIGNALS, Fault
from followup.lab.journal import Kind
from followup.lab.pages import Pages
from followup.lab.records import Owner
from followup.lab.refusals import RefusedError

if TYPE_CHECKING:
    from followup.lab.server import LabServer


class Control:
    """The doors of one lab."""

    def __init__(self, server: LabServer) -> None:
        self._server = server
        self._carrier = server.carrier

    def routes(self) -> list[Route]:
        """All doors."""
        return [
            Route("/lab/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/lab/journal", self.journal),
            Route("/lab/phones", self.phones, methods=["GET", "POST"]),
            Route("/lab/phones/{number}/texts", self.texts, methods=["GET", "POST"]),
            Route("/lab/senders", self.senders, methods=["GET", "POST"]),
            Route("/lab/time", self.time, methods=["POST"]),
            Route("/lab/mailbox", self.mailbox, methods=["GET", "POST"]),
            Route("/lab/mailbox/{number:int}", self.raw_mail),
            Route("/lab/media/{sid}", self.media),
            Route("/lab/health", self.health),
        ]

    async def health(self, _request: Request) -> Response:
        """Whether the lab answers, and whether anything is still to happen."""
        return JSONResponse(
            {"is_idle": self._carrier.agenda.is_idle(), "entries": len(self._carrier.journal)}
        )

    async def faults(self, request: Request) -> Response:
        """List, add (one fault or a list of them) or lift faults."""
        book = self._carrier.faults
        if request.method == "POST":
            told = await request.json()
            numbers = []
            for fields in told if isinstance(told, list) else [told]:
                fault = Fault(**fields)
                if fault.do in SIGNALS and not self._carrier.settings.allow_signals:
                    return _refused("signals are not allowed over HTTP in this lab", 403)
                numbers.append(book.add(fault))
            return JSONResponse({"numbers": numbers}, 201)
        if request.method == "DELETE":
            book.clear(_whole(request.query_params.get("number")))
        return JSONResponse({"faults": book.listed()})

    async def journal(self, request: Request) -> Response:
        """Entries after ``since`` (a number), of one ``kind``, at most ``limit`` (1000)."""
        query = request.query_params
        kind = query.get("kind")
        entries = self._carrier.journal.entries(
            Kind(kind) if kind else None,
            since=_whole(query.get("since")) or 0,
            limit=_whole(query.get("limit")) or 1000,
        )
        last = len(self._carrier.journal)
        return JSONResponse({"entries": [entry.plain() for entry in entries], "last": last})

    async def phones(self, request: Request) -> Response:
        """List phones, or label some: ``{"number","name","owner"}`` or a list of them."""
        if request.method == "POST":
            told = await request.json()
            for fields in told if isinstance(told, list) else [told]:
                self._carrier.label(
                    fields["number"], name=fields["name"], owner=Owner(fields.get("owner", "other"))
                )
        listed = [
            {"number": h.number, "name": h.name, "owner": str(h.owner), "texts": len(h.texts)}
            for h in self._carrier.handsets.values()
        ]
        return JSONResponse({"phones": listed})

    async def texts(self, request: Request) -> Response:
        """What one phone shows, or (POST ``{"body","to"}``) a text from it; answers when the webhook did."""
        handset = self._carrier.handset(request.path_params["number"])
        if request.method == "POST":
            told = await request.json()
            text = self._server.inbox.take(handset.number, told["to"], told["body"])
            handed = await self._server.inbox.tell(text)
            return JSONResponse({"sid": handed.sid, "status": handed.status}, 201)
        listed = [
            {"sid": t.sid, "direction": str(t.direction), "from": t.sender, "to": t.to, "body": t.body,
             "status": str(t.status), "care_at": t.care_at}
            for t in handset.texts
        ]  # fmt: skip
        return JSONResponse({"texts": listed})

    async def senders(self, request: Request) -> Response:
        """List the clinic's numbers, or add some: ``{"number","inbound_url","voice_url","status_url","name"}``."""
        if request.method == "POST":
            told = await request.json()
            for fields in told if isinstance(told, list) else [told]:
                sender = self._carrier.add_sender(fields["number"])
                for name in ("inbound_url", "fallback_url", "voice_url", "status_url", "name"):
                    setattr(sender, name, fields.get(name, getattr(sender, name)))
        listed = [
            {"number": s.number, "name": s.name, "inbound_url": s.inbound_url, "voice_url": s.voice_url}
            for s in self._carrier.senders.values()
        ]
        return JSONResponse({"senders": listed})

    async def time(self, request: Request) -> Response:
        """Let the carrier's time pass: ``{"advance": seconds or null}``; or wait: ``{"idle": true}``."""
        told = await request.json()
        if told.get("idle"):
            await self._carrier.agenda.idle()
        else:
            await self._carrier.agenda.advance(told.get("advance"))
        return JSONResponse({"now": self._carrier.agenda.now()})

    async def mailbox(self, request: Request) -> Response:
        """The clinic's mailbox: mails after number ``since``; POST takes a raw mail into it."""
        postbox = self._server.postbox
        if request.method == "POST":
            return JSONResponse({"number": postbox.deliver_raw(await request.body())}, 201)
        since = _whole(request.query_params.get("since")) or 0
        mails = [
            {"number": number, "size": len(raw), "url": f"{self._server.url}/lab/mailbox/{number}"}
            for number, raw in enumerate(postbox.mailbox, start=1)
            if number > since
        ]
        return JSONResponse({"mails": mails, "last": len(postbox.mailbox)})

    async def raw_mail(self, request: Request) -> Response:
        """One mail of the mailbox, raw."""
        number = request.path_params["number"]
        mailbox = self._server.postbox.mailbox
        if not 1 <= number <= len(mailbox):
            return _refused("no such mail", 404)
        return Response(mailbox[number - 1], media_type="message/rfc822")

    async def media(self, request: Request) -> Response:
        """The file behind a media resource (the real one lies at another host for a few hours)."""
        file = self._carrier.media.get(request.path_params["sid"])
        return Response(file.content, media_type=file.kind) if file else _refused("no such file", 404)


def _whole(text: str | None) -> int | None:
    return int(text) if text else None


def _refused(words: str, status: int) -> JSONResponse:
    return JSONResponse({"error": words}, status)


async def _bad_input(_request: Request, wrong: Exception) -> Response:
    words = wrong.refusal.message if isinstance(wrong, RefusedError) else f"{type(wrong).__name__}: {wrong}"
    return _refused(words, 400)


def control_app(server: LabServer) -> Starlette:
    """The application with all doors."""
    handlers: dict[Any, Any] = dict.fromkeys(
        (ValueError, TypeError, KeyError, json.JSONDecodeError, RefusedError), _bad_input
    )
    routes = [*Pages(server).routes(), *Control(server).routes()]
    return Starlette(routes=routes, exception_handlers=handlers)
