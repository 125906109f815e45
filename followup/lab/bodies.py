"""The JSON that the carrier answers with. Shapes only: no state, no decisions."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from typing import Any, Final

from followup.lab.numbers import in_national_form
from followup.lab.records import Call, Media, Sender, Text
from followup.lab.refusals import Refusal, ending_message

VERSION: Final = "2010-04-01"


@lru_cache(maxsize=256)
def _second(instant: int) -> str:
    return formatdate(instant, usegmt=False).replace("-0000", "+0000")


def date(instant: float | None) -> str | None:
    """RFC 2822 in UTC, as the carrier writes dates."""
    return None if instant is None else _second(int(instant))


def text(message: Text) -> dict[str, Any]:
    """A message resource."""
    path = f"/{VERSION}/Accounts/{message.account_sid}/Messages/{message.sid}"
    return {
        "account_sid": message.account_sid,
        "api_version": VERSION,
        "body": "" if message.is_emptied else message.body,
        "date_created": date(message.created),
        "date_sent": date(message.sent),
        "date_updated": date(message.updated or message.created),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": ending_message(message.error_code),
        "from": message.sender if message.from_known else None,
        "messaging_service_sid": message.service_sid,
        "num_media": str(len(message.media)),
        "num_segments": str(message.num_segments) if message.from_known else "0",
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{path}/Media.json"},
        "to": message.to,
        "uri": f"{path}.json",
    }


def call(record: Call) -> dict[str, Any]:
    """A call resource."""
    path = f"/{VERSION}/Accounts/{record.account_sid}/Calls/{record.sid}"
    lasted = int(record.ended - record.started) if record.started and record.ended else None
    return {
        "account_sid": record.account_sid,
        "answered_by": record.answered_by,
        "api_version": VERSION,
        "caller_name": None,
        "date_created": date(record.created),
        "date_updated": date(record.updated or record.created),
        "direction": record.direction,
        "duration": None if lasted is None else str(lasted),
        "end_time": date(record.ended),
        "forwarded_from": None,
        "from": record.sender,
        "from_formatted": in_national_form(record.sender),
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": record.sid,
        "start_time": date(record.started),
        "status": record.status,
        "subresource_uris": {
            name: f"{path}/{name.title().replace('_', '')}.json"
            for name in ("notifications", "recordings", "payments", "events", "siprec", "streams")
        },
        "to": record.to,
        "to_formatted": in_national_form(record.to),
        "trunk_sid": None,
        "uri": f"{path}.json",
    }


def sender(number: Sender) -> dict[str, Any]:
    """An incoming phone number resource (the fields that a client of ours may look at)."""
    path = f"/{VERSION}/Accounts/{number.account_sid}/IncomingPhoneNumbers/{number.sid}"
    return {
        "account_sid": number.account_sid,
        "api_version": VERSION,
        "beta": False,
        "capabilities": {"fax": False, "mms": True, "sms": True, "voice": True},
        "date_created": None,
        "date_updated": None,
        "friendly_name": number.name or in_national_form(number.number),
        "origin": "twilio",
        "phone_number": number.number,
        "sid": number.sid,
        "sms_fallback_method": "POST",
        "sms_fallback_url": number.fallback_url,
        "sms_method": "POST",
        "sms_url": number.inbound_url,
        "status": "in-use",
        "status_callback": number.status_url,
        "status_callback_method": "POST",
        "uri": f"{path}.json",
        "voice_method": "POST",
        "voice_url": number.voice_url,
    }


def error(refusal: Refusal) -> dict[str, Any]:
    """An error of the carrier's API."""
    return {
        "code": refusal.code,
        "message": refusal.message,
        "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
        "status": refusal.status,
    }


def page(
    name: str,
    rows: Iterable[dict[str, Any]],
    *,
    number: int,
    size: int,
    uri: str,
    first: str,
    following: str | None,
) -> dict[str, Any]:
    """One page of a list resource; ``following`` is the relative address of the next page."""
    listed = list(rows)
    start = number * size
    return {
        "end": start + max(len(listed) - 1, 0),
        "first_page_uri": first,
        name: listed,
        "next_page_uri": following,
        "page": number,
        "page_size": size,
        "previous_page_uri": None,
        "start": start,
        "uri": uri,
    }


def media(message: Text, file: Media) -> dict[str, Any]:
    """A media resource."""
    path = f"/{VERSION}/Accounts/{message.account_sid}/Messages/{message.sid}/Media/{file.sid}"
    return {
        "account_sid": message.account_sid,
        "content_type": file.kind,
        "date_created": date(message.created),
        "date_updated": date(message.created),
        "parent_sid": message.sid,
        "sid": file.sid,
        "uri": f"{path}.json",
    }


def account(sid: str) -> dict[str, Any]:
    """The account itself, as a check of credentials asks for it. The real one's secret is never told."""
    return {
        "auth_token": "",
        "date_created": date(0),
        "date_updated": date(0),
        "friendly_name": "followup lab",
        "owner_account_sid": sid,
        "sid": sid,
        "status": "active",
        "subresource_uris": {"messages": f"/{VERSION}/Accounts/{sid}/Messages.json"},
        "type": "Full",
        "uri": f"/{VERSION}/Accounts/{sid}.json",
    }
