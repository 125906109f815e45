"""A phone in a test's hand: what it shows, what its owner does, what a test expects of it.

Expectations claim what they found, so that ``Lab.expect_nothing_else`` can tell what nobody expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from followup.lab.inbound import Handed
from followup.lab.records import CALL_OVER, Call, Direction, Handset, Text, TextStatus
from followup.lab.settings import SENDER

if TYPE_CHECKING:
    from followup.lab.lab import Lab

Media = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone."""

    lab: Lab
    handset: Handset

    @property
    def number(self) -> str:
        """Its number (E.164)."""
        return self.handset.number

    # -- texts -------------------------------------------------------------------------------------------------

    @property
    def inbox(self) -> list[Text]:
        """The texts that reached it, oldest first."""
        return [text for text in list(self.handset.texts) if text.direction is not Direction.INBOUND]

    def sends(self, body: str, *, to: str | None = None, media: Media = (), wait: bool = True) -> Handed:
        """Text the clinic (``to``: the number that texted last, or the lab's first sender).

        Returns what the webhook answered; with ``wait`` false it returns at once, while the webhook is posted.
        ``media`` are pairs (content type, content).
        """
        inbox = self.lab.server.inbox
        target = to or (self.inbox[-1].sender if self.inbox else SENDER)

        async def send() -> Handed:
            text = inbox.take(self.number, target, body, media=media)
            if wait:
                return await inbox.tell(text)
            self.lab.server.carrier.agenda.run(inbox.tell_quietly(text))
            return Handed(text.sid)

        return self.lab.call(send())

    def expects(self, *words: str, within: float = 10.0) -> Text:
        """Wait for a text with all these words (any case) that nobody claimed yet; claim and return it."""

        def look() -> Text | None:
            return next((text for text in self.inbox if self._is_news(text, words)), None)

        found: Text | None = self.lab.journal.wait_for(look, within=within)
        if found is None:
            got = [text.body for text in self.inbox if not self.lab.is_claimed(text.sid)]
            raise AssertionError(f"{self.number} got no text with {words!r} within {within:g} s, but {got!r}")
        self.lab.claim(found.sid)
        return found

    def expects_nothing(self) -> None:
        """Raise AssertionError if a text is there that nobody claimed. Waits until the lab is idle."""
        self.lab.wait_idle()
        got = [text.body for text in self.inbox if self._is_news(text, ())]
        if got:
            raise AssertionError(f"{self.number} was not meant to get {got!r}")

    def _is_news(self, text: Text, words: tuple[str, ...]) -> bool:
        if text.by_carrier or self.lab.is_claimed(text.sid):
            return False
        body = text.body.casefold()
        return all(word.casefold() in body for word in words)

    # -- how it behaves ----------------------------------------------------------------------------------------

    def cannot_be_reached(
        self, code: int = 30003, *, status: TextStatus | str = TextStatus.UNDELIVERED
    ) -> None:
        """From now on texts to it end with this code (30005 unknown number, 30006 landline, 30007 filtered …)."""
        self.handset.ends_as, self.handset.ends_with = TextStatus(status), code

    def can_be_reached(self) -> None:
        """Texts reach it again."""
        self.handset.ends_as, self.handset.ends_with = TextStatus.DELIVERED, None

    def answers_calls(self, digits: str = "") -> None:
        """From now on it answers calls and presses these keys at the first question."""
        self.handset.on_call, self.handset.digits = "answers", digits

    def lets_voicemail_answer(self) -> None:
        """From now on a machine answers its calls."""
        self.handset.on_call = "voicemail"

    def is_busy(self) -> None:
        """From now on calls to it are busy."""
        self.handset.on_call = "busy"

    def does_not_answer(self) -> None:
        """From now on calls to it ring out (at once, without the ringing time)."""
        self.handset.on_call = "no_answer"

    def rings(self) -> None:
        """From now on calls ring until somebody picks up (the default)."""
        self.handset.on_call = "rings"

    # -- calls -------------------------------------------------------------------------------------------------

    def expects_call(self, *words: str, within: float = 10.0) -> Call:
        """Wait for a call nobody claimed yet in which all these words were heard; claim and return it."""

        def look() -> Call | None:
            return next((call for call in list(self.handset.calls) if self._is_new_call(call, words)), None)

        found: Call | None = self.lab.journal.wait_for(look, within=within)
        if found is None:
            raise AssertionError(f"{self.number} got no call with {words!r} within {within:g} s")
        self.lab.claim(found.sid)
        return found

    def _is_new_call(self, call: Call, words: tuple[str, ...]) -> bool:
        heard = " ".join(call.heard).casefold()
        new = call.direction != "inbound" and not self.lab.is_claimed(call.sid)
        return new and all(word.casefold() in heard for word in words)

    def picks_up(self, call: Call, digits: str = "") -> None:
        """Answer a ringing call."""

        async def answer() -> None:
            self.lab.server.calls.answer(call, digits=digits)
            await self.lab.server.carrier.agenda.quiet()

        self.lab.call(answer())

    def presses(self, call: Call, keys: str) -> None:
        """Press keys in an answered call."""
        self.lab.call(self.lab.server.calls.conversation.press(call, keys))

    def hangs_up(self, call: Call) -> None:
        """End or decline a call."""

        async def end() -> None:
            self.lab.server.calls.hang_up(call)

        self.lab.call(end())

    def calls(self, to: str = SENDER) -> Call:
        """Call the clinic; returns when the call is over or asks for keys."""

        async def dial() -> Call:
            call = self.lab.server.calls.dial_in(self.number, to)
            await self.lab.server.carrier.agenda.quiet()
            return call

        return self.lab.call(dial())

    @property
    def ringing(self) -> list[Call]:
        """Calls that ring or are being answered now."""
        return [call for call in list(self.handset.calls) if call.status not in CALL_OVER]
