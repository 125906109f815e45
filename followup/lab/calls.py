"""Phone calls: ringing, answering, and their end, with signed progress callbacks.

A phone behaves as its owner was scripted, or rings until a person at the page answers. What is said and pressed
during a call is ``conversation``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from followup.lab.carrier import Carrier
from followup.lab.conversation import Conversation
from followup.lab.faults import Effect, Fault
from followup.lab.journal import Kind
from followup.lab.numbers import is_number
from followup.lab.records import CALL_OVER, Call, CallStatus, new_sid
from followup.lab.refusals import RefusedError

EVENT_OF: Final = {
    CallStatus.QUEUED: "initiated",
    CallStatus.RINGING: "ringing",
    CallStatus.IN_PROGRESS: "answered",
}
WITHOUT_ANSWER: Final = {
    "busy": CallStatus.BUSY,
    "no_answer": CallStatus.NO_ANSWER,
    "fails": CallStatus.FAILED,
}
LONGEST_RING: Final = 600.0


class Calls:
    """Places calls and moves them through their states."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self.conversation = Conversation(carrier, self.move, self._note)

    def one(self, account_sid: str, sid: str) -> Call:
        """One call of an account. Raises RefusedError (20404)."""
        call = self._carrier.calls.get(sid)
        if call is None or call.account_sid != account_sid:
            raise RefusedError(20404)
        return call

    def new(self, account_sid: str, form: Mapping[str, list[str]]) -> Call:
        """Check a request to call and return the call, not yet placed. Raises RefusedError."""
        told = {name: values[0] for name, values in form.items()}
        to, sender = told.get("To", "").strip(), told.get("From", "").strip()
        if not to:
            raise RefusedError(21201)
        if not sender:
            raise RefusedError(21213)
        if not is_number(to):
            raise RefusedError(21211)
        owned = self._carrier.senders.get(sender)
        if owned is None or owned.account_sid != account_sid:
            raise RefusedError(21210)
        if not told.get("Url", "").startswith(("http://", "https://")) and not told.get("Twiml"):
            raise RefusedError(21205)
        return Call(
            sid=new_sid("CA"),
            account_sid=account_sid,
            direction="outbound-api",
            sender=sender,
            to=to,
            status=CallStatus.QUEUED,
            created=self._carrier.agenda.now(),
            url=told.get("Url"),
            method=told.get("Method", "POST").upper(),
            twiml=told.get("Twiml"),
            callback=told.get("StatusCallback"),
            events=_events(form.get("StatusCallbackEvent", [])),
            ring_for=min(float(told.get("Timeout") or self._carrier.settings.pace.ring), LONGEST_RING),
            detect_machine=bool(told.get("MachineDetection")),
            care_at=self._carrier.care_now(),
        )

    def place(self, call: Call, faults: tuple[Fault, ...] = ()) -> None:
        """Start ringing at the other end."""
        carrier = self._carrier
        carrier.calls[call.sid] = call
        carrier.handset(call.to).calls.append(call)
        self._note(call)
        self.tell(call, "initiated")
        ends = next((fault for fault in faults if fault.do is Effect.END_AS), None)
        carrier.agenda.after(0.0, lambda: self._ring(call, ends))

    def dial_in(self, phone: str, to: str) -> Call:
        """A phone calls one of the clinic's numbers. Raises RefusedError (21606) for a number nobody owns."""
        carrier = self._carrier
        owned = carrier.senders.get(to)
        if owned is None:
            raise RefusedError(21606)
        call = Call(
            sid=new_sid("CA"),
            account_sid=owned.account_sid,
            direction="inbound",
            sender=phone,
            to=to,
            status=CallStatus.RINGING,
            created=carrier.agenda.now(),
            url=owned.voice_url,
            care_at=carrier.care_now(),
        )
        carrier.calls[call.sid] = call
        carrier.handset(phone).calls.append(call)
        self._note(call)
        self.answer(call)
        return call

    def _ring(self, call: Call, scripted: Fault | None) -> None:
        if call.status in CALL_OVER:
            return
        handset = self._carrier.handset(call.to)
        if scripted:
            self.move(call, CallStatus(str(scripted.status or CallStatus.FAILED)))
        elif handset.on_call in WITHOUT_ANSWER:
            self.move(call, WITHOUT_ANSWER[handset.on_call])
        else:
            self.move(call, CallStatus.RINGING)
            if handset.on_call in {"answers", "voicemail"}:
                self.answer(call, digits=handset.digits, by_machine=handset.on_call == "voicemail")
            else:
                self._carrier.agenda.after(call.ring_for, lambda: self._give_up(call), for_a_person=True)

    def _give_up(self, call: Call) -> None:
        if call.status is CallStatus.RINGING:
            self.move(call, CallStatus.NO_ANSWER)

    def answer(self, call: Call, *, digits: str = "", by_machine: bool = False) -> None:
        """Pick up; ``digits`` are pressed at the first question. Nothing happens to a call that is over."""
        if call.status not in {CallStatus.RINGING, CallStatus.QUEUED}:
            return
        if call.detect_machine:
            call.answered_by = "machine_start" if by_machine else "human"
        call.started = self._carrier.agenda.now()
        self.move(call, CallStatus.IN_PROGRESS)
        self._carrier.agenda.run(self.conversation.begin(call, digits=digits, by_machine=by_machine))

    def hang_up(self, call: Call) -> None:
        """End the call from the phone: a ringing one is declined, a running one is completed."""
        if call.status is CallStatus.RINGING:
            self.move(call, CallStatus.BUSY)
        elif call.status is CallStatus.IN_PROGRESS:
            self.move(call, CallStatus.COMPLETED)

    def change(self, call: Call, form: Mapping[str, list[str]]) -> None:
        """Cancel, end or redirect a call, as the API allows. Raises RefusedError (21220)."""
        told = {name: values[0] for name, values in form.items()}
        if told.get("Status") == "canceled" and call.status in {CallStatus.QUEUED, CallStatus.RINGING}:
            self.move(call, CallStatus.CANCELED)
        elif told.get("Status") == "completed" and call.status not in CALL_OVER:
            over = CallStatus.COMPLETED if call.status is CallStatus.IN_PROGRESS else CallStatus.CANCELED
            self.move(call, over)
        elif (told.get("Url") or told.get("Twiml")) and call.status is CallStatus.IN_PROGRESS:
            call.url, call.twiml = told.get("Url"), told.get("Twiml")
            self._carrier.agenda.run(self.conversation.begin(call))
        elif not told.get("Status"):
            raise RefusedError(21220)

    def move(self, call: Call, status: CallStatus) -> None:
        """Put a call into its next state and tell its callback; an ended call stays ended."""
        if call.status in CALL_OVER:
            return
        now = self._carrier.agenda.now()
        call.status, call.updated = status, now
        if status in CALL_OVER:
            call.ended, call.wants_digits = now, False
        self._note(call)
        self.tell(call, EVENT_OF.get(status, "completed"))

    def tell(self, call: Call, event: str) -> None:
        """Post a progress callback if the client asked for this event."""
        if not call.callback or event not in call.events:
            return
        carrier = self._carrier
        form = self.conversation.form(call) | {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(call.sequence),
        }
        call.sequence += 1
        if call.status in CALL_OVER and call.started is not None and call.ended is not None:
            form["CallDuration"] = str(int(call.ended - call.started))
        call.posting.append(form)
        if not call.is_posting:
            call.is_posting = True
            carrier.agenda.run(self._post_all(call, call.callback))

    async def _post_all(self, call: Call, url: str) -> None:
        """Post what is waiting, one after the other."""
        token = self._carrier.token_of(call.account_sid)
        try:
            while call.posting:
                await self._carrier.webhooks.post(url, call.posting.pop(0), token=token, what="call-status")
        finally:
            call.is_posting = False

    def _note(self, call: Call) -> None:
        carrier = self._carrier
        carrier.journal.write(
            Kind.CALL,
            carrier.agenda.now(),
            sid=call.sid,
            to=call.to,
            sender=call.sender,
            status=str(call.status),
            heard=list(call.heard),
            pressed=list(call.pressed),
            care_at=call.care_at,
        )


def _events(asked: list[str]) -> tuple[str, ...]:
    # The SDK sends the field once per event; a form made by hand may hold them in one value.
    return tuple(event for value in asked for event in value.split()) or ("completed",)
