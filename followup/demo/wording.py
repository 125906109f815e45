"""The words of the printed story for states that are codes in the rows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from followup.clinics.states import Channel
from followup.escalation.models import Page
from followup.escalation.states import PageState

TIER_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "emergency": "EMERGENCY",
        "urgent": "URGENT",
        "same_day": "same day: somebody calls",
        "unclear": "not understood: a person reads it",
        "routine": "routine",
    }
)
TASK_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "call_back": "calls back",
        "review_reply": "reads the reply",
        "call_silent": "calls",
        "call_missed_text": "calls instead of the text",
        "consent": "looks after the consent",
        "identity": "asks who wrote",
        "bad_number": "looks after the number",
    }
)
PAGE_WORDS: Mapping[Channel, str] = MappingProxyType(
    {Channel.sms: "text to", Channel.voice: "call to", Channel.email: "mail to"}
)
_ENDS: Mapping[tuple[bool, PageState], str] = MappingProxyType(
    {
        (False, PageState.delivered): "arrived",
        (False, PageState.undelivered): "not delivered",
        (True, PageState.delivered): "rang and was answered",
        (True, PageState.undelivered): "not answered",
    }
)


def page_words(page: Page, who: str) -> str:
    """Return what became of one page."""
    end = _ENDS.get((page.channel is Channel.voice, page.state), page.state.value)
    return f"{PAGE_WORDS[page.channel]} {who}: {end}"
