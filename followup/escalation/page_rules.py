"""Decisions about pages: which channels at once, which next when one fails, when to try again. Pure.

The order is text, call, mail. A person without a phone that takes texts is called at once; mail is for those who
have nothing else, and for when nothing else worked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from followup.clinics.states import Channel
from followup.escalation.rules import MOST_TRIES, RETRY_SECONDS
from followup.ports import Refusal

ORDER = (Channel.sms, Channel.voice, Channel.email)

# What the carrier says about the number itself: this channel is over for it.
_NUMBER_IS_WRONG = frozenset({Refusal.bad_number, Refusal.opted_out, Refusal.blocked})
_MAY_WORK_SOON = frozenset({Refusal.not_processed, Refusal.temporary})


def first_wave(
    channels: Iterable[Channel], *, voice_after: int | None, now: datetime
) -> dict[Channel, datetime]:
    """Return when each channel of one person is used in a step (care time); ``voice_after`` is in seconds."""
    known = set(channels)
    wave: dict[Channel, datetime] = {}
    if Channel.sms in known:
        wave[Channel.sms] = now
    if Channel.voice in known and (voice_after is not None or not wave):
        wave[Channel.voice] = now + timedelta(seconds=voice_after or 0) if wave else now
    if not wave and Channel.email in known:
        wave[Channel.email] = now
    return wave


def next_channel(channels: Collection[Channel], used: Collection[Channel]) -> Channel | None:
    """Return the channel to use when those in ``used`` did not work, or None if none is left."""
    return next((each for each in ORDER if each in channels and each not in used), None)


def retry_after(refusal: Refusal, tries: int) -> int | None:
    """Return after how many seconds the same channel is tried again, None if the next one is due now."""
    if refusal not in _MAY_WORK_SOON or tries >= MOST_TRIES:
        return None
    return RETRY_SECONDS[min(tries - 1, len(RETRY_SECONDS) - 1)]


def is_about_the_number(refusal: Refusal) -> bool:
    """Whether the refusal ends this channel for this number, rather than telling about our account or the day."""
    return refusal in _NUMBER_IS_WRONG
