"""What a provider can tell us. Pure: rules and rows share these words."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """What the provider told us."""

    inbound_sms = "inbound_sms"
    inbound_email = "inbound_email"
    sms_status = "sms_status"
    voice_status = "voice_status"
    voice_input = "voice_input"
    bounce = "bounce"
    unsubscribe = "unsubscribe"
