"""Turns the carrier's memory into what the page shows. Pure reading; never changes anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from followup.lab.carrier import Carrier
from followup.lab.numbers import in_national_form
from followup.lab.postbox import Mail
from followup.lab.records import CALL_OVER, Call, CallStatus, Direction, Handset, Owner, Text, TextStatus
from followup.lab.refusals import ending_message

GROUPS: Final = ((Owner.PATIENT, "Patients"), (Owner.STAFF, "Staff"), (Owner.OTHER, "Other phones"))
MOST_BUBBLES: Final = 200
MOST_NEWS: Final = 30


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text in a conversation. ``is_mine``: it was sent from the phone that is shown."""

    sid: str
    body: str
    is_mine: bool
    by_carrier: bool
    when: str
    state: str
    is_bad: bool
    who: str
    phone: str


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """One phone in the list."""

    number: str
    shown: str
    name: str
    preview: str
    when: str
    count: int
    is_ringing: bool


@dataclass(frozen=True, slots=True)
class CallCard:
    """One call in progress, or one that is over."""

    sid: str
    phone: str
    who: str
    status: CallStatus
    heard: tuple[str, ...]
    pressed: tuple[str, ...]
    wants_digits: bool
    is_over: bool
    when: str


class Views:
    """What the page shows of one carrier."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._zone = ZoneInfo(carrier.settings.time_zone)

    def when(self, care_at: str | None, at: float) -> str:
        """Care time where there is a clock, else the carrier's time, in the zone of the page."""
        instant = datetime.fromisoformat(care_at) if care_at else datetime.fromtimestamp(at, UTC)
        local = instant.astimezone(self._zone)
        return f"{local:%a %b} {local.day}, {local:%I}".replace(" 0", " ") + f":{local:%M %p}"

    def groups(self) -> list[tuple[str, list[PhoneLine]]]:
        """All phones by owner; the one that was used last comes first."""
        handsets = sorted(self._carrier.handsets.values(), key=self._last_use, reverse=True)
        grouped = [
            (title, [self.line(handset) for handset in handsets if handset.owner is owner])
            for owner, title in GROUPS
        ]
        return [(title, lines) for title, lines in grouped if lines]

    def line(self, handset: Handset) -> PhoneLine:
        """One phone in the list."""
        last = handset.texts[-1] if handset.texts else None
        preview = ""
        if last:
            preview = f"You: {last.body}" if last.sender == handset.number else last.body
        return PhoneLine(
            number=handset.number,
            shown=in_national_form(handset.number),
            name=handset.name or in_national_form(handset.number),
            preview=preview,
            when=self.when(last.care_at, last.created) if last else "",
            count=len(handset.texts),
            is_ringing=any(call.status not in CALL_OVER for call in handset.calls[-5:]),
        )

    def conversation(self, handset: Handset) -> list[Bubble]:
        """All texts of one phone, also those that never reached it; oldest first."""
        carrier, number = self._carrier, handset.number
        texts = {text.sid: text for text in handset.texts}
        texts |= {text.sid: text for text in carrier.texts_to.get(number, [])[-MOST_BUBBLES:]}
        ordered = sorted(texts.values(), key=lambda text: text.created)
        return [self.bubble(text, phone=number) for text in ordered[-MOST_BUBBLES:]]

    def news(self) -> list[Bubble]:
        """The newest texts over all phones, newest first."""
        texts = sorted(list(self._carrier.texts.values())[-MOST_NEWS:], key=lambda text: text.created)
        return [
            self.bubble(text, phone=text.sender if text.direction is Direction.INBOUND else text.to)
            for text in reversed(texts)
        ]

    def bubble(self, text: Text, *, phone: str) -> Bubble:
        """One text as it is shown on this phone."""
        is_bad = text.status in {TextStatus.UNDELIVERED, TextStatus.FAILED} or text.told.startswith("not")
        state = text.told if text.direction is Direction.INBOUND else str(text.status)
        if text.error_code:
            state = f"{text.status}: {ending_message(text.error_code)} ({text.error_code})"
        handset = self._carrier.handsets.get(phone)
        return Bubble(
            sid=text.sid,
            body=text.body,
            is_mine=text.sender == phone,
            by_carrier=text.by_carrier,
            when=self.when(text.care_at, text.created),
            state="from the carrier" if text.by_carrier else state,
            is_bad=is_bad,
            who=(handset.name if handset else "") or in_national_form(phone),
            phone=phone,
        )

    def calls(self, handset: Handset | None = None) -> list[CallCard]:
        """Calls that are going on; with a phone given, also its last calls that are over."""
        if handset:
            return [self._card(call, handset) for call in handset.calls[-5:]]
        return [
            self._card(call, owner)
            for owner in self._carrier.handsets.values()
            for call in owner.calls[-5:]
            if call.status not in CALL_OVER
        ]

    def mails(self, mails: list[Mail]) -> list[tuple[Mail, str]]:
        """The newest mails with their times, newest first."""
        return [(mail, self.when(mail.care_at, mail.at)) for mail in reversed(mails[-100:])]

    def clock(self) -> dict[str, str] | None:
        """What the clock shows; None without a clock file."""
        clock = self._carrier.clock
        if clock is None:
            return None
        local = clock.now().astimezone(self._zone)
        shown = f"{local:%a %b} {local.day}, {local:%Y} {local:%I:%M %p} {local.tzname()}"
        return {"shown": shown, "field": f"{local:%Y-%m-%dT%H:%M}", "speed": f"{clock.speed:g}"}

    def instant(self, field: str) -> datetime:
        """The instant of a local date and time as the page's form sends it. Raises ValueError."""
        return datetime.fromisoformat(field).replace(tzinfo=self._zone)

    def _card(self, call: Call, owner: Handset) -> CallCard:
        return CallCard(
            sid=call.sid,
            phone=owner.number,
            who=owner.name or in_national_form(owner.number),
            status=call.status,
            heard=tuple(call.heard),
            pressed=tuple(call.pressed),
            wants_digits=call.wants_digits,
            is_over=call.status in CALL_OVER,
            when=self.when(call.care_at, call.created),
        )

    @staticmethod
    def _last_use(handset: Handset) -> tuple[float, str]:
        return (handset.texts[-1].created if handset.texts else 0.0, handset.name)
