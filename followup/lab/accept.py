"""Whether the carrier takes a text: the checks of the real one, in its order, and the new record.

Must refuse what the real carrier refuses, with its code; must not be kinder than it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from followup.lab.carrier import Carrier
from followup.lab.faults import Fault, delivery_of
from followup.lab.numbers import MAGIC_FROM, MAGIC_GOOD_FROM, MAGIC_TO, is_number
from followup.lab.records import Direction, Service, Text, TextStatus, new_sid
from followup.lab.refusals import RefusedError
from followup.lab.segments import LIMIT, segments, smart_encoded

LONGEST_QUEUE: Final = 36_000.0
MOST_MEDIA: Final = 10

Form = Mapping[str, list[str]]


def new_text(carrier: Carrier, account_sid: str, form: Form, faults: tuple[Fault, ...]) -> Text:
    """Check a request to send and return the text, not yet kept.

    Raises RefusedError with the carrier's code.
    """
    body, media = _first(form, "Body"), tuple(form.get("MediaUrl", ()))
    if _first(form, "SmartEncoded").lower() == "true":
        body = smart_encoded(body)
    to = _recipient(form)
    _check_content(body, media)
    service, sender = _line(carrier, account_sid, form, to=to)
    _check_extras(form)
    if (to, service.sid if service else carrier.line_of(sender)) in carrier.blocked:
        raise RefusedError(21610)
    now = carrier.agenda.now()
    callback = _first(form, "StatusCallback") or _standing_callback(carrier, service, sender)
    return Text(
        sid=new_sid("MM" if media else "SM"),
        account_sid=account_sid,
        direction=Direction.OUTBOUND,
        sender=sender,
        to=to,
        body=body,
        status=TextStatus.ACCEPTED if service else TextStatus.QUEUED,
        created=now,
        num_segments=1 if media else segments(body),
        service_sid=service.sid if service else None,
        from_known=service is None,
        media=media,
        callback=callback or None,
        validity=float(_first(form, "ValidityPeriod") or LONGEST_QUEUE),
        delivery=delivery_of(faults),
        care_at=carrier.care_now(),
    )


def _first(form: Form, name: str) -> str:
    values = form.get(name)
    return values[0] if values else ""


def _recipient(form: Form) -> str:
    to = _first(form, "To").strip()
    if not to:
        raise RefusedError(21604)
    if to.isdigit() and len(to) <= 6:
        raise RefusedError(21265)
    if not is_number(to):
        raise RefusedError(21211)
    return to


def _check_content(body: str, media: tuple[str, ...]) -> None:
    if not body and not media:
        raise RefusedError(21602)
    if len(body) > LIMIT:
        raise RefusedError(21617)
    if len(media) > MOST_MEDIA:
        raise RefusedError(21623)
    if any(urlsplit(address).scheme not in {"http", "https"} for address in media):
        raise RefusedError(21620)


def _line(carrier: Carrier, account_sid: str, form: Form, *, to: str) -> tuple[Service | None, str]:
    wanted, sender = _first(form, "MessagingServiceSid"), _first(form, "From").strip()
    if wanted:
        service = carrier.services.get(wanted)
        if service is None or service.account_sid != account_sid:
            raise RefusedError(21701)
        if not service.senders:
            raise RefusedError(21704)
        # One number per patient, chosen by the patient's number: the carrier's "sticky sender".
        return service, sender or service.senders[int(to[1:]) % len(service.senders)]
    if not sender:
        raise RefusedError(21603)
    _check_sender(carrier, account_sid, sender)
    if carrier.settings.test_credentials and to in MAGIC_TO:
        raise RefusedError(MAGIC_TO[to])
    if sender == to:
        raise RefusedError(21266)
    return None, sender


def _check_sender(carrier: Carrier, account_sid: str, sender: str) -> None:
    if carrier.settings.test_credentials:
        if sender in MAGIC_FROM:
            raise RefusedError(MAGIC_FROM[sender])
        if sender == MAGIC_GOOD_FROM:
            return
    if not is_number(sender):
        raise RefusedError(21212)
    owned = carrier.senders.get(sender)
    if owned is None or owned.account_sid != account_sid:
        raise RefusedError(21606)
    if owned.free_at - carrier.agenda.now() > LONGEST_QUEUE:
        raise RefusedError(21611)


def _check_extras(form: Form) -> None:
    callback = _first(form, "StatusCallback")
    if callback and (urlsplit(callback).scheme not in {"http", "https"} or not urlsplit(callback).hostname):
        raise RefusedError(21609)
    validity = _first(form, "ValidityPeriod")
    if validity and not validity.isdigit():
        raise RefusedError(90014)
    if validity and not 1 <= int(validity) <= LONGEST_QUEUE:
        raise RefusedError(90007)


def _standing_callback(carrier: Carrier, service: Service | None, sender: str) -> str:
    if service:
        return service.status_url
    owned = carrier.senders.get(sender)
    return owned.status_url if owned else ""
