"""A text from a phone to the clinic: kept in the carrier's list first, then told to the webhook.

The list has it even when the webhook failed; that is what lets a clinic find what it missed. Carries out STOP,
START and HELP as the carrier does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from followup.lab import optout, twiml
from followup.lab.accept import new_text
from followup.lab.carrier import Carrier
from followup.lab.faults import Delivery, delivery_of
from followup.lab.journal import Kind
from followup.lab.numbers import country
from followup.lab.records import Direction, Media, Text, TextStatus, new_sid
from followup.lab.refusals import RefusedError
from followup.lab.segments import segments
from followup.lab.settings import OptOut
from followup.lab.walk import Walk
from followup.lab.webhooks import Answered


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a text that a phone sent: its SID and the webhook's answers (one for each copy posted)."""

    sid: str
    answers: tuple[Answered, ...] = ()

    @property
    def status(self) -> int | None:
        """The HTTP status of the last answer; None when nobody answered or nothing was posted."""
        return self.answers[-1].status if self.answers else None


class Inbox:
    """Takes texts from phones."""

    def __init__(self, carrier: Carrier, walk: Walk) -> None:
        self._carrier = carrier
        self._walk = walk

    def take(self, phone: str, to: str, body: str, *, media: tuple[tuple[str, bytes], ...] = ()) -> Text:
        """Keep a text in the carrier's list; ``media`` are pairs (content type, content).

        Raises RefusedError (21606) for a number that no account owns.
        """
        carrier = self._carrier
        sender = carrier.senders.get(to)
        if sender is None:
            raise RefusedError(21606)
        service = carrier.service_of(to)
        now = carrier.agenda.now()
        files = [Media(new_sid("ME"), kind, content) for kind, content in media]
        carrier.media.update((file.sid, file) for file in files)
        text = Text(
            sid=new_sid("MM" if media else "SM"),
            account_sid=sender.account_sid,
            direction=Direction.INBOUND,
            sender=phone,
            to=to,
            body=body,
            status=TextStatus.RECEIVED,
            created=now,
            sent=now,
            num_segments=segments(body),
            service_sid=service.sid if service else None,
            media=tuple(file.sid for file in files),
            care_at=carrier.care_now(),
        )
        carrier.keep(text)
        carrier.handset(phone).texts.append(text)
        carrier.journal.write(
            Kind.TEXT_FROM_PHONE, now, sid=text.sid, sender=phone, to=to, body=body, care_at=text.care_at
        )
        return text

    async def tell(self, text: Text) -> Handed:
        """Answer keywords, then post the webhook and do what its answer says."""
        carrier = self._carrier
        sender = carrier.senders[text.to]
        service = carrier.service_of(text.to)
        keyword = self._keyword(text)
        form = inbound_form(text) | self._media_fields(text)
        if keyword and carrier.settings.opt_out is OptOut.ADVANCED:
            form["OptOutType"] = str(keyword)
        facts = {"To": text.to, "From": text.sender, "Body": text.body}
        faults = carrier.faults.take("inbound", facts)
        url = (service.inbound_url if service else "") or sender.inbound_url
        if not url:
            text.told = "not told: the number has no webhook"
            return Handed(text.sid)
        how = delivery_of(faults) or Delivery()
        if how.off:
            text.told = "not told: the webhook was lost"
            return Handed(text.sid)
        post = partial(self._post, text, url, form=form, how=how)
        if how.late:
            carrier.agenda.after(how.late, lambda: _only_do(post()))
            return Handed(text.sid)
        return Handed(text.sid, await post())

    async def tell_quietly(self, text: Text) -> None:
        """As ``tell``, for whoever does not wait for the answer."""
        await self.tell(text)

    async def _post(
        self, text: Text, url: str, *, form: dict[str, str], how: Delivery
    ) -> tuple[Answered, ...]:
        webhooks, token = self._carrier.webhooks, self._carrier.token_of(text.account_sid)
        form |= dict(how.changed)
        copies = [webhooks.post(url, form, token=token, what="inbound") for _ in range(how.copies)]
        answers = list(await asyncio.gather(*copies)) if how.together else [await copy for copy in copies]
        fallback = self._carrier.senders[text.to].fallback_url
        if not answers[-1].is_good and fallback:
            failed = form | {"ErrorCode": "11200", "ErrorUrl": url}
            answers.append(await webhooks.post(fallback, failed, token=token, what="fallback"))
        last = answers[-1]
        text.told = (
            "received by the clinic" if last.is_good else f"not received ({last.status or 'no answer'})"
        )
        self._obey(text, last, url)
        return tuple(answers)

    def _keyword(self, text: Text) -> optout.Keyword | None:
        carrier = self._carrier
        keyword = None if carrier.settings.opt_out is OptOut.OFF else optout.meaning(text.body)
        if keyword is None:
            return None
        line = carrier.line_of(text.to)
        changed = carrier.blocked.apply(keyword, phone=text.sender, line=line)
        silent = (text.sender, line) in carrier.blocked and keyword is optout.Keyword.HELP
        if changed or (keyword is optout.Keyword.HELP and not silent):
            self._say(text, optout.ANSWERS[keyword])
        return keyword

    def _media_fields(self, text: Text) -> dict[str, str]:
        base = f"{self._carrier.url}/2010-04-01/Accounts/{text.account_sid}/Messages/{text.sid}/Media"
        fields = {}
        for place, sid in enumerate(text.media):
            fields[f"MediaUrl{place}"] = f"{base}/{sid}"
            fields[f"MediaContentType{place}"] = self._carrier.media[sid].kind
        return fields

    def _say(self, text: Text, words: str) -> None:
        """The carrier's own answer reaches the phone; it is in no list and starts no callback."""
        answer = Text(
            sid=new_sid("SM"),
            account_sid=text.account_sid,
            direction=Direction.REPLY,
            sender=text.to,
            to=text.sender,
            body=words,
            status=TextStatus.DELIVERED,
            created=self._carrier.agenda.now(),
            num_segments=segments(words),
            by_carrier=True,
            care_at=text.care_at,
        )
        self._walk.reach_phone(answer)

    def _obey(self, text: Text, answered: Answered, url: str) -> None:
        carrier = self._carrier
        if not answered.is_good:
            carrier.alarm(11200, "The webhook did not answer well", url=url, sid=text.sid)
            return
        if answered.status == 204:
            return
        if "xml" not in answered.kind:
            carrier.alarm(12300, "The answer is not XML", url=url, sid=text.sid, kind=answered.kind)
            return
        try:
            replies = twiml.messages(answered.text)
        except twiml.NotTwimlError:
            carrier.alarm(12100, "The answer cannot be read", url=url, sid=text.sid)
            return
        for words in replies:
            form = {"To": [text.sender], "From": [text.to], "Body": [words]}
            try:
                reply = new_text(carrier, text.account_sid, form, ())
            except RefusedError as refused:
                carrier.alarm(refused.refusal.code, refused.refusal.message, sid=text.sid)
                continue
            reply.direction = Direction.REPLY
            self._walk.begin(reply)


async def _only_do(errand: Coroutine[Any, Any, object]) -> None:
    await errand


def inbound_form(text: Text) -> dict[str, str]:
    """All the fields that the carrier usually posts for a text to the clinic."""
    form = {
        "ToCountry": country(text.to),
        "ToState": "CA",
        "SmsMessageSid": text.sid,
        "NumMedia": str(len(text.media)),
        "ToCity": "",
        "FromZip": "",
        "SmsSid": text.sid,
        "FromState": "CA",
        "SmsStatus": "received",
        "FromCity": "",
        "Body": text.body,
        "FromCountry": country(text.sender),
        "To": text.to,
        "ToZip": "",
        "NumSegments": str(text.num_segments),
        "MessageSid": text.sid,
        "AccountSid": text.account_sid,
        "From": text.sender,
        "ApiVersion": "2010-04-01",
    }
    if text.service_sid:
        form["MessagingServiceSid"] = text.service_sid
    return form
