"""Which operation a request asks for, and the doing of it: messages, calls, phone numbers, media.

Returns plain values; never writes to the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from followup.lab import bodies, listing
from followup.lab.accept import new_text
from followup.lab.answers import Answer
from followup.lab.calls import Calls
from followup.lab.carrier import Carrier
from followup.lab.faults import Fault
from followup.lab.records import FINAL, Sender, TextStatus
from followup.lab.refusals import RefusedError
from followup.lab.walk import Walk

Result = tuple[int, dict[str, Any] | Answer | None]

NAMES: Final = {
    "Messages": "messages",
    "Calls": "calls",
    "IncomingPhoneNumbers": "numbers",
    "Media": "media",
}
VERBS: Final = {
    ("POST", False): "create",
    ("GET", False): "list",
    ("GET", True): "fetch",
    ("POST", True): "update",
    ("DELETE", True): "delete",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request, understood as far as its address goes."""

    method: str
    path: str
    operation: str
    account_sid: str
    sid: str
    parent: str
    query: dict[str, str]
    form: dict[str, list[str]]
    authorization: bytes

    @classmethod
    def of(
        cls,
        method: str,
        path: str,
        query: dict[str, str],
        form: dict[str, list[str]],
        *,
        authorization: bytes,
    ) -> Request:
        """Understand an address such as ``/2010-04-01/Accounts/AC…/Messages/SM….json``."""
        steps = path.removesuffix(".json").split("/")[2:]
        account = steps[1] if len(steps) > 1 and steps[0] == "Accounts" else ""
        rest = steps[2:]
        name, sid = (
            (rest[-2], rest[-1]) if len(rest) % 2 == 0 and rest else (rest[-1] if rest else "Account", "")
        )
        parent = rest[1] if len(rest) > 2 else ""
        verb = VERBS.get((method, bool(sid)), "unknown")
        operation = f"{NAMES.get(name, name.lower())}.{verb}"
        return cls(method, path, operation, account, sid, parent, query, form, authorization)

    @property
    def facts(self) -> dict[str, str]:
        """What faults can match on: the form's first values, or the query."""
        return {name: values[0] for name, values in self.form.items()} or self.query

    def first(self, name: str) -> str | None:
        """The first value of a form field; None where the field is missing."""
        values = self.form.get(name)
        return values[0] if values else None


class Resources:
    """Does what a request asks for."""

    def __init__(self, carrier: Carrier, walk: Walk, calls: Calls) -> None:
        self._carrier = carrier
        self._walk = walk
        self._calls = calls
        self._last_sids: list[str] = []
        self._doing: dict[str, Callable[[Request, tuple[Fault, ...]], Result]] = {
            "messages.create": self._create_text,
            "messages.list": lambda r, _: (200, listing.texts(carrier, r.account_sid, r.query)),
            "messages.fetch": lambda r, _: (200, bodies.text(carrier.text(r.account_sid, r.sid))),
            "messages.update": self._update_text,
            "messages.delete": self._delete_text,
            "media.list": self._list_media,
            "media.fetch": self._fetch_media,
            "calls.create": self._create_call,
            "calls.list": lambda r, _: (200, listing.calls(carrier, r.account_sid, r.query)),
            "calls.fetch": lambda r, _: (200, bodies.call(calls.one(r.account_sid, r.sid))),
            "calls.update": self._update_call,
            "numbers.list": lambda r, _: (200, listing.senders(carrier, r.account_sid, r.query)),
            "numbers.fetch": lambda r, _: (200, bodies.sender(self._sender(r))),
            "numbers.update": self._update_sender,
            "account.list": lambda r, _: (200, bodies.account(r.account_sid)),
        }

    def do(self, request: Request, faults: tuple[Fault, ...]) -> Result:
        """Return the status and the value. Raises RefusedError."""
        doing = self._doing.get(request.operation)
        if doing is None:
            raise RefusedError(20404)
        return doing(request, faults)

    def earlier_sid(self, sid: str) -> str:
        """The SID of the text before this one, for the fault that answers with a SID twice."""
        earlier = [known for known in self._last_sids if known != sid]
        return earlier[-1] if earlier else sid

    def _create_text(self, request: Request, faults: tuple[Fault, ...]) -> Result:
        text = new_text(self._carrier, request.account_sid, request.form, faults)
        body = bodies.text(text)
        self._walk.begin(text, faults)
        self._last_sids = [*self._last_sids[-1:], text.sid]
        return 201, body

    def _update_text(self, request: Request, _faults: tuple[Fault, ...]) -> Result:
        text = self._carrier.text(request.account_sid, request.sid)
        if request.first("Status") == "canceled":
            raise RefusedError(20009)
        if request.first("Body") == "":
            if text.status not in FINAL and text.status is not TextStatus.SENT:
                raise RefusedError(20009)
            text.is_emptied, text.updated = True, self._carrier.agenda.now()
        return 200, bodies.text(text)

    def _delete_text(self, request: Request, _faults: tuple[Fault, ...]) -> Result:
        text = self._carrier.text(request.account_sid, request.sid)
        if text.status not in FINAL and text.status is not TextStatus.SENT:
            raise RefusedError(20009)
        self._carrier.forget(text)
        return 204, None

    def _list_media(self, request: Request, _faults: tuple[Fault, ...]) -> Result:
        text = self._carrier.text(request.account_sid, request.parent)
        files = [self._carrier.media[sid] for sid in text.media if sid in self._carrier.media]
        return 200, {"media_list": [bodies.media(text, file) for file in files], "page": 0, "page_size": 50}

    def _fetch_media(self, request: Request, _faults: tuple[Fault, ...]) -> Result:
        text = self._carrier.text(request.account_sid, request.parent)
        sid = request.sid
        if sid not in text.media or sid not in self._carrier.media:
            raise RefusedError(20404)
        if request.path.endswith(".json"):
            return 200, bodies.media(text, self._carrier.media[sid])
        # The real one sends the reader on to a short-lived address at another host.
        return 307, Answer(307, b"", ((b"location", f"{self._carrier.url}/lab/media/{sid}".encode()),))

    def _create_call(self, request: Request, faults: tuple[Fault, ...]) -> Result:
        call = self._calls.new(request.account_sid, request.form)
        body = bodies.call(call)
        self._calls.place(call, faults)
        return 201, body

    def _update_call(self, request: Request, _faults: tuple[Fault, ...]) -> Result:
        call = self._calls.one(request.account_sid, request.sid)
        self._calls.change(call, request.form)
        return 200, bodies.call(call)

    def _sender(self, request: Request) -> Sender:
        for sender in self._carrier.senders.values():
            if sender.sid == request.sid and sender.account_sid == request.account_sid:
                return sender
        raise RefusedError(20404)

    def _update_sender(self, request: Request, _faults: tuple[Fault, ...]) -> Result:
        sender = self._sender(request)
        fields = {
            "SmsUrl": "inbound_url",
            "SmsFallbackUrl": "fallback_url",
            "VoiceUrl": "voice_url",
            "StatusCallback": "status_url",
            "FriendlyName": "name",
        }
        for field, attribute in fields.items():
            value = request.first(field)
            if value is not None:
                setattr(sender, attribute, value)
        return 200, bodies.sender(sender)
