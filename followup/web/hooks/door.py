"""What every webhook of one app shares: the signature check, the account, the clock and the writer.

Built once from the house, on first use: the writer belongs to the event loop that serves the app. ``close`` ends
it when the app stops.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response

from followup.bootstrap import House
from followup.db.session import Bell
from followup.intake.writer import EventWriter
from followup.kit.clock import Clock
from followup.log import logger
from followup.web.hooks.reading import Form, Refusal, header, read_form
from followup.web.hooks.signature import SIGNATURE_BYTES, SignatureCheck

_log = logger("followup.security")
# A flood of forgeries must not become a flood of log lines.
_LINES_A_SECOND = 10


@dataclass(slots=True, kw_only=True)
class Verifier:
    """Verifies what carriers call with; needs no database."""

    check: SignatureCheck
    account_sid: str
    clock: Clock
    _log_second: int = 0
    _lines: int = 0
    _untold: int = field(default=0)

    async def verified(self, request: Request) -> Form:
        """Return the form of a request that the carrier signed for our account.

        Raises Refusal: 403 for whatever is not proved, 4xx for what can't be read at all.
        """
        signature = header(request, b"x-twilio-signature")
        if len(signature) != SIGNATURE_BYTES:
            raise Refusal(403, "no signature")
        form = await read_form(request)
        scope = request.scope
        path, query = scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
        try:
            is_signed = self.check.is_signed(path, query, form.fields, signature)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's bytes do to the check, it was not passed
            raise Refusal(403, f"the check failed with {type(error).__name__}") from None
        if not is_signed:
            raise Refusal(403, "a wrong signature")
        if form.one("AccountSid") != self.account_sid:
            raise Refusal(403, "another account")
        return form

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Answer with a bare status and write at most some lines a second to the security log, without content."""
        second = int(time.monotonic())
        if second != self._log_second:
            self._log_second, self._lines = second, 0
        if self._lines < _LINES_A_SECOND:
            self._lines += 1
            _log.warning(
                "webhook refused", status=refusal.status, why=refusal.why, route=route_name(request),
                client=request.client.host if request.client else "", not_logged=self._untold,
            )  # fmt: skip
            self._untold = 0
        else:
            self._untold += 1
        return Response(status_code=refusal.status)


@dataclass(slots=True, kw_only=True)
class HookDoor(Verifier):
    """Verifies and hands on what carriers call with."""

    writer: EventWriter


def route_name(request: Request) -> str:
    """Return the route's pattern: its path may hold a token, which no log may hold."""
    return str(getattr(request.scope.get("route"), "path", ""))


def door_of(request: Request) -> HookDoor:
    """Return the app's door, made from ``app.state.house`` on first use."""
    state: State = request.app.state
    door: HookDoor | None = getattr(state, "hook_door", None)
    if door is None:
        door = state.hook_door = _made(state.house)
    return door


async def close(state: State) -> None:
    """Finish what waits to be stored; called when the app stops."""
    door: HookDoor | None = getattr(state, "hook_door", None)
    if door is not None:
        await door.writer.close()


def _made(house: House) -> HookDoor:
    settings = house.settings
    return HookDoor(
        check=SignatureCheck(
            settings.public_url, tuple(token.get_secret_value() for token in settings.twilio_auth_token)
        ),
        account_sid=settings.twilio_account_sid or "",
        clock=house.clock,
        writer=EventWriter(
            house.database.url("intake"), on_stored=lambda: house.ringer([Bell("care.process_events")])
        ),
    )
