"""Texts that came while the database was away: sealed into files, and read back as the raw events they are.

A file is bound to its name by the seal, like a value to its row. Nothing of a patient is in a name: a text is kept
under the carrier's id, the memory of a number that was told under its blind index.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from followup.db import sealed
from followup.intake.events import IncomingEvent
from followup.intake.first_look import may_be_urgent
from followup.intake.states import EventKind
from followup.kit.crypto import SealError
from followup.kit.spool import Spool, SpoolError

# Fields that are added to the carrier's own, so that what follows knows how the text came.
SPOOLED_AT = "SpooledAt"
SAFETY_TEXT = "SafetyTextGiven"
WITH_THIS, BEFORE = "with_this", "before"
TOLD_FOLDER = "told"
_TOLD_BYTES = 16 * 1_048_576


@dataclass(frozen=True, slots=True)
class TextSpool:
    """The spool of one service."""

    texts: Spool
    told: Spool

    @staticmethod
    def at(folder: Path, *, most_bytes: int) -> TextSpool:
        """Return the spool in a folder."""
        return TextSpool(Spool(folder, most_bytes), Spool(folder / TOLD_FOLDER, _TOLD_BYTES))

    def keep(self, sid: str, fields: Mapping[str, str], *, at: datetime, told: str = "") -> bool:
        """Keep one text until the database is back; False if it is kept already. Raises SpoolError.

        ``told``: its sender gets the standing safety text with the answer, or got it before in this outage.
        """
        more = {SPOOLED_AT: at.isoformat()} | ({SAFETY_TEXT: told} if told else {})
        words = json.dumps(dict(fields) | more, ensure_ascii=False)
        return self.texts.put(sid, sealed.ring().seal(words, _place(sid)))

    def tells(self, sid: str) -> bool:
        """Whether the answer to this text carries the safety text: asked again, it is given again."""
        return self.event(sid).payload.get(SAFETY_TEXT) == WITH_THIS

    def note_told(self, number: str, *, at: datetime) -> bool:
        """Note that a number gets the safety text; False if it had it in this outage. Raises SpoolError."""
        names = _names(number)
        if any(self.told.has(name) for name in names):
            return False
        return self.told.put(names[0], sealed.ring().seal(at.isoformat(), _place(names[0])))

    def forget_told(self, number: str) -> None:
        """Take that back: the text could not be kept, so nothing was answered."""
        for name in _names(number):
            self.told.remove(name)

    def event(self, sid: str) -> IncomingEvent:
        """Return one kept text as the raw event it is. Raises SpoolError, also for one that can't be opened."""
        try:
            fields: dict[str, str] = json.loads(sealed.ring().open(self.texts.read(sid), _place(sid)))
            at = datetime.fromisoformat(fields[SPOOLED_AT])
        except (SealError, ValueError, KeyError) as error:
            raise SpoolError(f"a kept text can't be opened: {type(error).__name__}") from None
        return IncomingEvent(
            kind=EventKind.inbound_sms, provider_key=sid, payload=fields, received_at=at,
            our_address=_printable(fields.get("To", "")), urgent_look=may_be_urgent(fields.get("Body", "")),
        )  # fmt: skip

    def end_outage(self, *, now: datetime, after: timedelta) -> None:
        """Forget who was told longer ago than ``after``: the next outage is another one."""
        for name in self.told.names():
            try:
                at = datetime.fromisoformat(sealed.ring().open(self.told.read(name), _place(name)))
            except (SealError, SpoolError, ValueError):
                self.told.remove(name)
                continue
            if now - at >= after:
                self.told.remove(name)


def _names(number: str) -> list[str]:
    """Return the name of a number under every key, the newest first: keys may be changed in an outage."""
    return [each.hex() for each in sealed.blind("phone", number).every]


def _place(name: str) -> str:
    return f"spool.text:{name}"


def _printable(address: str) -> str:
    return "".join(char for char in address[:64] if char.isprintable())
