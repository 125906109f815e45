"""Hands a text to our own webhook, signed as the carrier signs: for the synthetic patient only.

It goes by the public address, so that the way through the proxy is part of what is tried. Never raises for a house
that does not answer: that is what the synthetic patient is there to notice.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping

import aiohttp
from twilio.request_validator import RequestValidator

from followup.log import logger
from followup.settings import Settings

_log = logger(__name__)

SECONDS = 15.0


def own_webhook(
    public_url: str, account_sid: str, auth_token: str, *, through: str = ""
) -> Callable[[str, str, str], bool]:
    """Return what hands in one text (from, to, body) and says whether the house took it.

    ``through``: the address to connect to where the public one is not known to this machine.
    """
    path = "/hooks/twilio/sms"
    url = public_url + path

    def hand_in(sender: str, to: str, body: str) -> bool:
        sid = f"SM{uuid.uuid4().hex}"
        form = {
            "MessageSid": sid, "SmsSid": sid, "AccountSid": account_sid, "From": sender, "To": to,
            "Body": body, "NumMedia": "0", "NumSegments": "1",
        }  # fmt: skip
        signature = str(RequestValidator(auth_token).compute_signature(url, form))
        try:
            status = asyncio.run(_post((through or public_url) + path, form, signature))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _log.error("own webhook not reached", error=type(error).__name__)
            return False
        return 200 <= status < 300

    return hand_in


def synthetic_texts(settings: Settings) -> Callable[[str, str, str], bool]:
    """Return the way to our own webhook that these settings describe; without a carrier no text is taken."""
    if not settings.twilio_account_sid or not settings.twilio_auth_token:
        return lambda _sender, _to, _body: False
    token = settings.twilio_auth_token[0].get_secret_value()
    return own_webhook(settings.public_url, settings.twilio_account_sid, token)


async def _post(url: str, form: Mapping[str, str], signature: str) -> int:
    limits = aiohttp.ClientTimeout(total=SECONDS)
    headers = {"X-Twilio-Signature": signature}
    async with (
        aiohttp.ClientSession(timeout=limits) as session,
        session.post(url, data=dict(form), headers=headers) as answer,
    ):
        return answer.status
