"""The carrier's REST API 2010-04-01 as an ASGI application: messages, calls, phone numbers, media.

Plain ASGI, because it is the peer in benchmarks and because faults reach below HTTP. Checks who calls, asks the
faults, does what is asked, writes the answer and the journal.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl

from followup.lab import bodies
from followup.lab.answers import Answer, Headers, Receive, Send, Wire, of_json
from followup.lab.carrier import Carrier
from followup.lab.faults import ON_ANSWER, Effect, Fault
from followup.lab.journal import Kind
from followup.lab.records import new_sid
from followup.lab.refusals import RefusedError
from followup.lab.requests import Request, Resources

LONGEST_BODY: Final = 1_000_000
METHODS: Final = {"GET", "POST", "DELETE"}


class CarrierApi:
    """Answers requests below ``/2010-04-01/``."""

    def __init__(self, carrier: Carrier, resources: Resources) -> None:
        self._carrier = carrier
        self._resources = resources
        self._known: dict[bytes, str] = {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        carrier = self._carrier
        wire = Wire(receive, send, carrier.journal, carrier.agenda.now)
        carrier.requests_in_flight += 1
        try:
            request = await self._read(scope, receive)
            faults = carrier.faults.take(request.operation, request.facts)
            for fault in faults:
                if fault.do is Effect.WAIT and await wire.gone(fault.seconds or 0.0):
                    return
            if carrier.latency and await wire.gone(carrier.latency):
                return
            trouble = next((fault for fault in faults if fault.do in ON_ANSWER), None)
            answer = self._answer(request, faults, trouble)
            self._note(request, answer, trouble)
            if trouble is None or trouble.do in {Effect.REFUSE, Effect.TOO_MANY, Effect.SAME_SID}:
                await wire.write(answer)
            else:
                await wire.write_with(answer, trouble)
        finally:
            carrier.requests_in_flight -= 1

    def _answer(self, request: Request, faults: tuple[Fault, ...], trouble: Fault | None) -> Answer:
        headers: Headers = (
            (b"twilio-concurrent-requests", str(self._carrier.requests_in_flight).encode()),
            (b"twilio-request-id", new_sid("RQ").encode()),
            (b"x-api-domain", b"api.twilio.com"),
            (b"x-home-region", b"us1"),
        )
        try:
            self._check_caller(request)
            self._check_load()
            if trouble and not trouble.takes_the_text:
                return _untaken(trouble, headers)
            status, value = self._resources.do(request, faults)
        except RefusedError as refused:
            extra = ((b"retry-after", b"1"),) if refused.refusal.status == 429 else ()
            return of_json(refused.refusal.status, bodies.error(refused.refusal), headers + extra)
        if isinstance(value, Answer):
            return value
        if value is not None and trouble and trouble.do is Effect.SAME_SID:
            value = value | {"sid": self._resources.earlier_sid(str(value["sid"]))}
        return of_json(status, value, headers)

    async def _read(self, scope: MutableMapping[str, Any], receive: Receive) -> Request:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body") or len(body) > LONGEST_BODY:
                break
        headers = dict(scope["headers"])
        asked = scope["query_string"]
        query = dict(parse_qsl(asked.decode(), keep_blank_values=True)) if asked else {}
        form: dict[str, list[str]] = {}
        if headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded"):
            form = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
        return Request.of(
            scope["method"], scope["path"], query, form, authorization=headers.get(b"authorization", b"")
        )

    def _check_caller(self, request: Request) -> None:
        """Raise 20003 unless the credentials open the account in the path."""
        known = self._known.get(request.authorization)
        if known is None:
            known = self._account_of(request.authorization)
            if known:
                self._known[request.authorization] = known
        if not known or known != request.account_sid:
            raise RefusedError(20003)
        if request.method not in METHODS:
            raise RefusedError(20004)

    def forget_credentials(self) -> None:
        """Look at every credential anew (after a token was rotated)."""
        self._known.clear()

    def _account_of(self, authorization: bytes) -> str:
        scheme, _, told = authorization.partition(b" ")
        if scheme.lower() != b"basic":
            return ""
        try:
            user, _, secret = base64.b64decode(told, validate=True).decode().partition(":")
        except ValueError:
            return ""
        for account in self._carrier.accounts.values():
            opens = account.auth_tokens if user == account.sid else (account.api_keys.get(user, ""),)
            if any(good and hmac.compare_digest(good.encode(), secret.encode()) for good in opens):
                return account.sid
        return ""

    def _check_load(self) -> None:
        most = self._carrier.settings.max_concurrent
        if most is not None and self._carrier.requests_in_flight > most:
            raise RefusedError(20429)

    def _note(self, request: Request, answer: Answer, trouble: Fault | None) -> None:
        self._carrier.journal.write(
            Kind.REQUEST,
            self._carrier.agenda.now(),
            operation=request.operation,
            method=request.method,
            path=request.path,
            query=request.query,
            form=request.form,
            status=answer.status,
            fault=str(trouble.do) if trouble else None,
        )


def _untaken(fault: Fault, headers: Headers) -> Answer:
    """The answer to a request that the carrier did not take."""
    match fault.do:
        case Effect.TOO_MANY:
            error = bodies.error(RefusedError(20429).refusal)
            return of_json(429, error, (*headers, (b"retry-after", f"{fault.seconds or 1:g}".encode())))
        case Effect.REFUSE:
            status = int(fault.status) if fault.status else None
            refusal = RefusedError(fault.code or 20001, status=status).refusal
            return of_json(refusal.status, bodies.error(refusal), headers)
        case _:
            return of_json(200, {})
