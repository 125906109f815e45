"""What happens while a call is answered: fetching markup, speaking, waiting for keys.

Follows the markup as the carrier does; a webhook that fails ends the call with the carrier's apology.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from followup.lab import twiml
from followup.lab.agenda import Appointment
from followup.lab.carrier import Carrier
from followup.lab.records import CALL_OVER, Call, CallStatus
from followup.lab.twiml import Verb

APOLOGY: Final = "We are sorry, an application error has occurred. Goodbye."
MOST_DOCUMENTS: Final = 20


@dataclass(slots=True)
class _Question:
    """A ``<Gather>`` that waits for keys, and what follows when none come."""

    verb: Verb
    rest: tuple[Verb, ...]
    timeout: Appointment
    keys: str = ""


class Conversation:
    """Speaks and listens in answered calls."""

    def __init__(
        self, carrier: Carrier, move: Callable[[Call, CallStatus], None], note: Callable[[Call], None]
    ) -> None:
        self._carrier = carrier
        self._move = move
        self._note = note
        self._questions: dict[str, _Question] = {}
        self._scripted: dict[str, str] = {}
        self._documents: dict[str, int] = {}

    async def begin(self, call: Call, *, digits: str = "", by_machine: bool = False) -> None:
        """Follow the call's markup from its start."""
        if digits and not by_machine:
            self._scripted[call.sid] = digits
        if call.twiml:
            await self._read(call, call.twiml)
        elif call.url:
            await self._fetch(call, call.url)
        else:
            self._move(call, CallStatus.COMPLETED)

    async def press(self, call: Call, keys: str) -> None:
        """Keys pressed on the phone; answers the question once enough of them came."""
        question = self._questions.get(call.sid)
        if question is None or call.status is not CallStatus.IN_PROGRESS:
            return
        question.keys += keys
        wanted = int(question.verb.attributes.get("numDigits", "0"))
        finish = question.verb.attributes.get("finishOnKey", "#")
        ended = bool(finish) and question.keys.endswith(finish)
        if ended or (wanted and len(question.keys) >= wanted):
            self._carrier.agenda.cancel(question.timeout)
            await self._answered(call, question.keys.removesuffix(finish) if ended else question.keys)

    def form(self, call: Call) -> dict[str, str]:
        """The fields that every webhook about a call has."""
        form = {
            "CallSid": call.sid,
            "AccountSid": call.account_sid,
            "From": call.sender,
            "To": call.to,
            "Called": call.to,
            "Caller": call.sender,
            "CallStatus": str(call.status),
            "ApiVersion": "2010-04-01",
            "Direction": call.direction,
        }
        return form | ({"AnsweredBy": call.answered_by} if call.answered_by else {})

    async def _fetch(self, call: Call, url: str, **fields: str) -> None:
        self._documents[call.sid] = self._documents.get(call.sid, 0) + 1
        token = self._carrier.token_of(call.account_sid)
        answered = await self._carrier.webhooks.post(url, self.form(call) | fields, token=token, what="voice")
        if call.status in CALL_OVER:
            return
        call.url = url
        if not answered.is_good or self._documents[call.sid] > MOST_DOCUMENTS:
            self._carrier.alarm(11200, "The webhook did not answer well", url=url, sid=call.sid)
            self._apologize(call)
        else:
            await self._read(call, answered.text)

    async def _read(self, call: Call, document: str) -> None:
        try:
            verbs = twiml.read(document)
        except twiml.NotTwimlError as wrong:
            self._carrier.alarm(12100, str(wrong), sid=call.sid)
            self._apologize(call)
        else:
            await self._follow(call, verbs)

    async def _follow(self, call: Call, verbs: tuple[Verb, ...]) -> None:
        for place, verb in enumerate(verbs):
            if call.status in CALL_OVER:
                return
            match verb.name:
                case "Say" | "Play":
                    call.heard.append(verb.words)
                case "Gather":
                    await self._ask(call, verb, rest=verbs[place + 1 :])
                    return
                case "Redirect":
                    await self._fetch(call, urljoin(call.url or "", verb.words))
                    return
                case "Dial":
                    call.heard.append(f"[dialing {verb.words or ' '.join(n.words for n in verb.inside)}]")
                case "Hangup" | "Reject":
                    break
                case _:
                    pass
        self._move(call, CallStatus.COMPLETED)

    async def _ask(self, call: Call, verb: Verb, *, rest: tuple[Verb, ...]) -> None:
        call.heard.extend(part.words for part in verb.inside if part.name in {"Say", "Play"})
        wait = float(verb.attributes.get("timeout", self._carrier.settings.pace.gather))
        by_script = self._scripted.pop(call.sid, "")
        # A machine or a script says nothing more; only a person at the page is worth waiting for.
        alone = self._carrier.handset(call.to).on_call in {"answers", "voicemail"}
        timeout = self._carrier.agenda.after(
            0.0 if alone and not by_script else wait,
            lambda: self._unanswered(call),
            for_a_person=not alone,
        )
        self._questions[call.sid] = _Question(verb, rest, timeout)
        call.wants_digits = True
        self._note(call)
        if by_script:
            self._carrier.agenda.cancel(timeout)
            await self._answered(call, by_script)

    async def _answered(self, call: Call, keys: str) -> None:
        question = self._questions.pop(call.sid)
        call.wants_digits = False
        call.pressed.append(keys)
        self._note(call)
        action = urljoin(call.url or "", question.verb.attributes.get("action", ""))
        await self._fetch(call, action, Digits=keys, msg="Gather End", FinishedOnKey="")

    async def _unanswered(self, call: Call) -> None:
        question = self._questions.pop(call.sid, None)
        if question is None or call.status in CALL_OVER:
            return
        if question.keys:
            self._questions[call.sid] = question
            await self._answered(call, question.keys)
            return
        call.wants_digits = False
        if question.verb.attributes.get("actionOnEmptyResult", "").lower() == "true":
            action = urljoin(call.url or "", question.verb.attributes.get("action", ""))
            await self._fetch(call, action, Digits="", msg="Gather End")
        else:
            await self._follow(call, question.rest)

    def _apologize(self, call: Call) -> None:
        call.heard.append(APOLOGY)
        self._move(call, CallStatus.COMPLETED)
