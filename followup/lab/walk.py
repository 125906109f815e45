"""A text's way from acceptance to the phone: its states in time, and the callbacks that tell of them.

Faults decide where it ends and how the callbacks travel. A text that reached a phone is written to the journal
exactly once: this is what "what did the patient see" is decided by.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Final

from followup.lab.carrier import Carrier
from followup.lab.faults import Delivery, Effect, Fault
from followup.lab.journal import Kind
from followup.lab.records import FINAL, Text, TextStatus
from followup.lab.refusals import ending_message

# The carrier tells nothing of the first state, and "sending" passes too quickly to be told.
UNTOLD: Final = frozenset({TextStatus.SENDING, TextStatus.ACCEPTED})
USUAL: Final = Delivery()
Step = tuple[float, TextStatus, int | None]


class Walk:
    """Moves texts through their states."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def begin(self, text: Text, faults: tuple[Fault, ...] = ()) -> None:
        """Keep an accepted text and let it go its way."""
        carrier = self._carrier
        text.hidden = any(fault.do is Effect.HIDE for fault in faults)
        carrier.keep(text)
        carrier.journal.write(
            Kind.TEXT_ACCEPTED,
            carrier.agenda.now(),
            sid=text.sid,
            sender=text.sender,
            to=text.to,
            body=text.body,
            service_sid=text.service_sid,
            callback=text.callback,
            care_at=text.care_at,
        )
        if carrier.settings.test_credentials:
            return
        steps = self._steps(text, faults)
        first = next(steps, None)
        if first:
            # Never at once, even without any waiting: the answer to the client comes before the first change.
            carrier.agenda.after(first[0], partial(self._follow, text, first, steps))

    def _follow(self, text: Text, step: Step, rest: Iterator[Step]) -> None:
        self.move(text, step[1], code=step[2])
        for coming in rest:
            if coming[0] > 0:
                self._carrier.agenda.after(coming[0], partial(self._follow, text, coming, rest))
                return
            self.move(text, coming[1], code=coming[2])

    def _steps(self, text: Text, faults: tuple[Fault, ...]) -> Iterator[Step]:
        pace = self._carrier.settings.pace
        told = {fault.do: fault for fault in faults}
        stays = told.get(Effect.STAY_AT)
        queued = told.get(Effect.QUEUE_FOR)
        wait = self._turn(text) + ((queued.seconds or 0.0) if queued else 0.0)
        end, code = self._end(text, told.get(Effect.END_AS))
        text.will_fail = end is not TextStatus.DELIVERED
        ladder: list[Step] = [(pace.queued, TextStatus.QUEUED, None)] if text.service_sid else []
        if wait > text.validity:
            ladder.append((text.validity, TextStatus.FAILED, 30036))
        elif end is TextStatus.FAILED:
            ladder.append((wait + pace.sending, end, code))
        else:
            ladder += [(wait + pace.sending, TextStatus.SENDING, None), (pace.sent, TextStatus.SENT, None)]
            ladder.append((pace.delivered, end, code))
        if stays and text.status == stays.status:
            return
        for step in ladder:
            yield step
            if stays and step[1] == stays.status:
                return

    def _end(self, text: Text, scripted: Fault | None) -> tuple[TextStatus, int | None]:
        if scripted:
            return TextStatus(str(scripted.status or TextStatus.UNDELIVERED)), scripted.code
        handset = self._carrier.handset(text.to)
        return handset.ends_as, handset.ends_with

    def _turn(self, text: Text) -> float:
        """Seconds until the sender's queue comes to this text."""
        rate = self._carrier.settings.rate_per_sender
        owned = self._carrier.senders.get(text.sender)
        if rate is None or owned is None:
            return 0.0
        now = self._carrier.agenda.now()
        turn = max(owned.free_at, now)
        owned.free_at = turn + text.num_segments / rate
        return turn - now

    def move(self, text: Text, status: TextStatus, *, code: int | None = None) -> None:
        """Put a text into its next state and tell whoever wants to know."""
        carrier = self._carrier
        now = carrier.agenda.now()
        text.status, text.updated, text.error_code, text.from_known = status, now, code, True
        if status is TextStatus.SENT:
            text.sent = now
        if status is TextStatus.SENT and not text.will_fail:
            self.reach_phone(text)
        carrier.journal.write(
            Kind.TEXT_STATUS, now, sid=text.sid, to=text.to, status=str(status), error_code=code
        )
        self._tell(text)

    def reach_phone(self, text: Text) -> None:
        """The phone shows the text."""
        carrier = self._carrier
        carrier.handset(text.to).texts.append(text)
        carrier.journal.write(
            Kind.TEXT_REACHED_PHONE,
            carrier.agenda.now(),
            sid=text.sid,
            to=text.to,
            sender=text.sender,
            body=text.body,
            by_carrier=text.by_carrier,
            care_at=text.care_at,
        )

    def _tell(self, text: Text) -> None:
        how = text.delivery or USUAL
        if not text.callback or how.off or text.status in UNTOLD or str(text.status) in how.dropped:
            return
        text.posting.extend([callback_form(text) | dict(how.changed)] * how.copies)
        if how.in_reverse and text.status not in FINAL:
            return
        if how.in_reverse:
            text.posting.reverse()
        if not text.is_posting:
            text.is_posting = True
            self._carrier.agenda.after(how.late, lambda: self._post_all(text, how))

    async def _post_all(self, text: Text, how: Delivery) -> None:
        """Post what is waiting, one after the other, so that only a script can reorder callbacks."""
        assert text.callback is not None
        token = self._carrier.token_of(text.account_sid)
        try:
            while text.posting:
                batch = text.posting[: how.copies if how.together else 1]
                del text.posting[: len(batch)]
                await asyncio.gather(
                    *(
                        self._carrier.webhooks.post(text.callback, form, token=token, what="status")
                        for form in batch
                    )
                )
        finally:
            text.is_posting = False


def callback_form(text: Text) -> dict[str, str]:
    """The fields of a status callback."""
    form = {
        "SmsSid": text.sid,
        "SmsStatus": str(text.status),
        "MessageStatus": str(text.status),
        "To": text.to,
        "MessageSid": text.sid,
        "AccountSid": text.account_sid,
        "From": text.sender,
        "ApiVersion": "2010-04-01",
    }
    if text.service_sid:
        form["MessagingServiceSid"] = text.service_sid
    if text.status is TextStatus.DELIVERED:
        # The network's own word on when: minutes only, in the carrier's zone.
        form["RawDlrDoneDate"] = f"{datetime.fromtimestamp(text.updated, UTC):%y%m%d%H%M}"
    if text.error_code is not None:
        form["ErrorCode"] = str(text.error_code)
        form["ErrorMessage"] = ending_message(text.error_code) or ""
    return form
